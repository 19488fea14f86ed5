"use strict";
// What is taken along from the page: the words of its lists, as lines or as a table.

// Tabs and line ends inside a word would break the table.
const flat = (text) => String(text ?? "").replace(/[\t\r\n]+/g, " ");

// What begins like a formula is run by spreadsheets; behind an apostrophe it is text to them.
const cell = (text) => flat(text).replace(/^(?=\s*[=+\-@])(?!-?[\d.]+$)/, "'");

function asLines(results) {
  const words = results.flatMap((result) => result.nearest.map((one) => one.word));
  return [...new Set(words)].map(flat).join("\n") + "\n";
}

function asTable(results, files) {
  const head = ["file", "word", "cosine", "rank", "count"];
  const lines = results.flatMap((result, number) => result.nearest.map((one) =>
    [files[number].name, one.word, one.cosine?.toFixed(4), one.row + 1, one.count].map(cell).join("\t")));
  return [head.join("\t"), ...lines].join("\n") + "\n";
}

function save(text, name) {
  const link = made("a", { href: URL.createObjectURL(new Blob([text])), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
