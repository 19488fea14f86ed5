"use strict";
// The page: what is asked, what is shown, and the address that keeps both.

const $ = (id) => document.getElementById(id);
const source = $("about-0") ? new Page() : new Server();
const MOST_N = 200;       // words of a list
const MOST_LISTED = 5000; // words of a rectangle

let files = [], maps = [], results = [], largest = 1;
let state = { plus: [], minus: [], n: 20, top: null };
let asked = 0;           // answers to older questions are not shown

// --- the address ---

function address() {
  const kept = new URLSearchParams();
  for (const word of state.plus) kept.append("plus", word);
  for (const word of state.minus) kept.append("minus", word);
  if (state.n !== 20) kept.set("n", state.n);
  if (state.top) kept.set("top", state.top);
  maps.forEach((map, file) => {
    if (map.kept) kept.set(`map${file}`, map.kept);
  });
  return `#${kept}`;
}

function readAddress() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const number = (name, other) => (/^[1-9]\d{0,8}$/.test(kept.get(name)) ? Number(kept.get(name)) : other);
  state = {
    plus: kept.getAll("plus").filter(Boolean).slice(0, 20),
    minus: kept.getAll("minus").filter(Boolean).slice(0, 20),
    n: Math.min(number("n", 20), MOST_N), top: number("top", null),
  };
  maps.forEach((map, file) => {
    const view = (kept.get(`map${file}`) || "").split(",").map(Number);
    map.kept = view.length === 3 && view.every(Number.isFinite) && view[2] > 0 ? view.join() : "";
    if (map.kept) map.go({ x: view[0], y: view[1], scale: view[2] }, false);
  });
}

// A new question is a step that Back undoes; a setting or a look around is not.
function keep(step) {
  const now = address();
  if (now === (location.hash || "#")) return;
  history[step ? "pushState" : "replaceState"](null, "", now);
}

let keeping = 0;
function keepView(file) {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    const { x, y, scale } = maps[file].view;
    maps[file].kept = [x.toPrecision(6), y.toPrecision(6), scale.toPrecision(5)].map(Number).join();
    keep(false);
  }, 400);
}

// --- asking ---

function ask(plus, minus = []) {
  state = { ...state, plus, minus };
  for (const map of maps) map.kept = "";
  keep(true);
  return refresh();
}

async function refresh({ follow = true } = {}) {
  const ticket = ++asked, { plus, minus } = state;
  for (const map of maps) map.limit(state.top || Infinity);
  showSettings();
  showTerms();
  if (!plus.length && !minus.length) return showBeginning();
  $("message").textContent = "";
  const answers = await Promise.all(files.map((file, number) =>
    source.nearest(number, plus, minus, state.n, state.top || file.words).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      return { problem: error, terms: [], nearest: [] };
    })));
  if (ticket !== asked) return;
  results = answers;
  document.title = `${sum()} \u2013 ${namesOfFiles()}`;
  maps.forEach((map, number) => {
    map.mark(results[number].terms.map((term) => term.row), results[number].nearest.map((one) => one.row));
    if (follow && !map.kept) map.follow();
  });
  showResults();
}

const namesOfFiles = () => files.map((file) => file.name).join(", ");

function sum() {
  const parts = [...state.plus.map((word) => `+ ${word}`), ...state.minus.map((word) => `- ${word}`)];
  return parts.join(" ").replace(/^\+ /, "");
}

function addTerm(word, sign) {
  const plus = state.plus.filter((one) => one !== word), minus = state.minus.filter((one) => one !== word);
  (sign > 0 ? plus : minus).push(word);
  ask(plus, minus);
}

function dropTerm(word) {
  const others = (list) => list.filter((one) => one !== word);
  ask(others(state.plus), others(state.minus));
}

const search = new Search({
  find: (text, n) => Promise.all(files.map((_, file) => source.search(file, text, n).catch(() => []))),
  onAsk: ask,
  onLeave: () => step(1),
});

// --- the panel ---

function showTerms() {
  const chip = (word, sign) => {
    const box = made("span", { className: sign > 0 ? "term" : "term minus" });
    const drop = made("button", { type: "button", textContent: "\u00d7", title: "Take it away",
                                  onclick: () => dropTerm(word) });
    drop.setAttribute("aria-label", `Take ${word} away`);
    box.append(made("bdi", { textContent: word }), drop);
    return box;
  };
  const parts = [];
  for (const [list, sign] of [[state.plus, 1], [state.minus, -1]])
    for (const word of list) {
      if (parts.length || sign < 0)
        parts.push(made("span", { className: "sign", textContent: sign > 0 ? "+" : "\u2212" }));
      parts.push(chip(word, sign));
    }
  $("terms").replaceChildren(...parts);
}

function showSettings() {
  const top = state.top ? Math.min(state.top, largest) : largest;
  $("top").value = largest > 100 ? Math.round(100 * Math.log(top / 100) / Math.log(largest / 100)) : 100;
  $("top-told").textContent = state.top ? top.toLocaleString("en") : "all";
  if (![...$("n").options].some((option) => option.value === String(state.n)))
    $("n").append(made("option", { textContent: state.n }));
  $("n").value = String(state.n);
}

function topOf(place) {
  if (place >= 100 || largest <= 100) return null;
  const exact = 100 * (largest / 100) ** (place / 100);
  return Number(exact.toPrecision(2));
}

function showBeginning() {
  results = files.map((_, number) => ({
    terms: [],
    nearest: maps[number].words.slice(0, state.n).map((word, row) => ({ row, word })),
  }));
  for (const map of maps) map.mark([], []);
  document.title = namesOfFiles();
  $("message").textContent = "Search for a word or click one on the map. These are the first of the file.";
  showResults();
}

function showResults() {
  const lists = results.map((result) => new Set(result.nearest.map((one) => one.word)));
  const both = lists.length > 1 ? [...lists[0]].filter((word) => lists[1].has(word)) : [];
  $("columns").replaceChildren(...results.map((result, number) => column(result, number, new Set(both))));
  const n = results.reduce((all, result) => all + result.nearest.length, 0);
  $("account").textContent = lists.length > 1
    ? `${both.length} of ${Math.max(...lists.map((list) => list.size))} in both`
    : `${n.toLocaleString("en")} word${n === 1 ? "" : "s"}`;
}

function column(result, number, both) {
  const box = made("div", { className: "column" });
  if (files.length > 1) box.append(made("h2", { textContent: files[number].name }));
  if (result.problem) box.append(trouble(result.problem));
  const list = made("ol"), least = Math.min(0, ...result.nearest.map((one) => one.cosine ?? 0));
  for (const one of result.nearest) list.append(item(one, number, both.has(one.word), least));
  box.append(list);
  return box;
}

function trouble(problem) {
  const box = made("p", { className: "none", textContent: problem.message });
  for (const word of problem.suggestions || [])
    box.append(" ", made("button", { type: "button", textContent: word, onclick: () => ask([word]) }));
  return box;
}

function item(one, number, inBoth, least) {
  const line = made("li"), word = made("button", { type: "button", className: "word" });
  const dot = made("span", { className: "dot" });
  const colours = maps[number].colours;
  if (colours && one.row < colours.length) dot.style.background = `var(--c${colours[one.row]})`;
  word.append(dot, made("bdi", { textContent: one.word, className: inBoth ? "both" : "" }));
  if (one.count != null)
    word.append(made("small", { className: "count", textContent: one.count.toLocaleString("en") }));
  if (one.cosine != null) {
    word.append(made("small", { textContent: one.cosine.toFixed(3) }));
    const bar = made("span", { className: "bar" });
    bar.style.setProperty("--share", Math.max(0, one.cosine - least) / (1 - least));
    line.append(bar);
  }
  word.title = `Word ${(one.row + 1).toLocaleString("en")} of the file`;
  word.onclick = () => ask([one.word]);
  word.onmouseenter = word.onfocus = () => { maps[number].hover = one.row; maps[number].redraw(); };
  word.onmouseleave = word.onblur = () => { maps[number].hover = -1; maps[number].redraw(); };
  line.append(word);
  if (state.plus.length || state.minus.length)
    for (const [sign, text] of [[1, "+"], [-1, "\u2212"]]) {
      const add = made("button", { type: "button", className: "add", textContent: text, tabIndex: -1,
        title: sign > 0 ? "Add it" : "Subtract it", onclick: () => addTerm(one.word, sign) });
      add.setAttribute("aria-label", `${add.title.split(" ")[0]} ${one.word}`);
      line.append(add);
    }
  return line;
}

// --- what is taken along ---

const fileName = (ending) => `${(sum() || "words").replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60)}.${ending}`;
const saveWords = () => save(asLines(results), fileName("txt"));
const saveTable = () => save(asTable(results, files), fileName("tsv"));

async function copy() {
  try {
    await navigator.clipboard.writeText(asLines(results));
    $("account").textContent = "copied";
  } catch {
    $("account").textContent = "the browser does not allow it";
  }
}

// --- light and dark ---

const THEME = "wordkin-theme";

function setTheme(dark) {
  document.documentElement.classList.toggle("dark", dark);
  for (const map of maps) map.restyle();
}

function turnTheme() {
  const dark = !document.documentElement.classList.contains("dark");
  setTheme(dark);
  try {
    localStorage.setItem(THEME, dark ? "dark" : "light");
  } catch { /* a browser may forbid it: then it lasts as long as the page */ }
}

function firstTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  let saved = null;
  try {
    saved = localStorage.getItem(THEME);
  } catch { /* as above */ }
  setTheme(saved ? saved === "dark" : system.matches);
  if (!saved) system.addEventListener("change", () => setTheme(system.matches));
}

// --- keys ---

function listWords() {
  return [...document.querySelectorAll("#columns .word")];
}

function step(by) {
  const all = listWords(), now = all.indexOf(document.activeElement);
  (all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + by))] || search.field).focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const target = event.target, key = event.key;
  if (target === search.field) return search.key(event);
  if (/^(INPUT|SELECT)$/.test(target.tagName) && key !== "Escape" && key !== "/") return;
  const line = target.closest?.("#columns li");
  const word = line?.querySelector(".word bdi").textContent;
  const acts = {
    "/": () => search.focus(),
    "?": () => $("keys").showModal(),
    d: turnTheme, c: copy, e: saveTable,
    m: () => maps[0].ink.focus(),
    j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    Escape: () => ask([], []),
    ...(line && { "+": () => addTerm(word, 1), "-": () => addTerm(word, -1) }),
  };
  if (!Object.hasOwn(acts, key)) return;
  event.preventDefault();
  acts[key]();
}

// --- the beginning ---

function onSelect(file, rows) {
  const listed = rows.slice(0, MOST_LISTED);
  asked++;
  state = { ...state, plus: [], minus: [] }; // neither the address nor a file is called by them
  keep(true);
  document.title = namesOfFiles();
  results = files.map((_, number) => ({
    terms: [],
    nearest: number === file
      ? listed.map((row) => ({ row, word: maps[number].words[row] })) : [],
  }));
  maps.forEach((map, number) => map.mark([], number === file ? listed.slice(0, 200) : []));
  $("terms").replaceChildren();
  $("message").textContent = `${rows.length.toLocaleString("en")} words of the rectangle` +
    (rows.length > MOST_LISTED ? `, of which the first ${MOST_LISTED.toLocaleString("en")}` : "");
  showResults();
}

function makeMap(file, number) {
  const box = made("div", { className: "map" });
  $("maps").append(box);
  const map = new WordMap(box, {
    onPick: (row) => ask([map.words[row]]),
    onSelect: (rows) => onSelect(number, rows),
    onMove: () => map.places && keepView(number),
  });
  if (files.length > 1) box.append(made("p", { className: "name", textContent: file.name }));
  return map;
}

async function fill(map, number) {
  try {
    const { places, colours, told } = await source.map(number);
    map.show(places, colours);
    map.note.textContent = told + (colours.length < files[number].words
      ? `; the first ${colours.length.toLocaleString("en")} words` : "") + "; colours: clusters of all dimensions";
    map.name(await source.words(number, colours.length));
  } catch (error) {
    map.note.textContent = error instanceof Problem ? error.message : "The map could not be made.";
    if (!(error instanceof Problem)) throw error;
  }
}

async function begin() {
  firstTheme();
  try {
    files = await source.files();
  } catch (error) {
    $("message").textContent = `This page could not be read: ${error.message}`;
    throw error;
  }
  largest = Math.max(...files.map((file) => file.held ?? file.words));
  $("title").textContent = files.map((file) => file.name).join(" and ");
  $("title").append(made("small", { textContent: files.map((file) =>
    `${file.words.toLocaleString("en")} words, ${file.dimensions} dimensions` +
    (file.held < file.words ? `; here the first ${file.held.toLocaleString("en")}` : "")).join("; ") }));
  document.querySelector("main").classList.toggle("two", files.length > 1);
  maps = files.map(makeMap);
  readAddress();
  // the list first: the map takes longer
  await Promise.all(maps.map(async (map, file) =>
    map.name(await source.words(file, Math.min(files[file].mapped, MOST_N)))));
  await refresh();
  await Promise.all(maps.map(fill));
  await refresh(); // now with colours, and the first words
  document.documentElement.dataset.ready = "true";
}

$("top").addEventListener("input", () => {
  $("top-told").textContent = (topOf(Number($("top").value)) ?? "all").toLocaleString("en");
  for (const map of maps) map.limit(topOf(Number($("top").value)) ?? Infinity);
});
$("top").addEventListener("change", () => {
  state.top = topOf(Number($("top").value));
  keep(false);
  refresh({ follow: false });
});
$("n").addEventListener("change", () => {
  state.n = Number($("n").value);
  keep(false);
  refresh({ follow: false });
});
$("theme").addEventListener("click", turnTheme);
$("help").addEventListener("click", () => $("keys").showModal());
$("copy").addEventListener("click", copy);
$("save-text").addEventListener("click", saveWords);
$("save-table").addEventListener("click", saveTable);
document.addEventListener("keydown", onKey);
addEventListener("popstate", () => { readAddress(); refresh(); });
addEventListener("hashchange", () => { readAddress(); refresh(); });
begin();
