"use strict";
// Two who know the answers: a server on this machine, or the data that the page itself holds.

class Problem extends Error {
  constructor(message, suggestions = []) {
    super(message);
    this.suggestions = suggestions;
  }
}

class Server {
  async files() {
    return (await this.get("about")).files;
  }

  async search(file, text, n) {
    return (await this.get("search", [["file", file], ["q", text], ["n", n]])).words;
  }

  nearest(file, plus, minus, n, top) {
    return this.get("nearest", [
      ["file", file], ["n", n], ["top", top],
      ...plus.map((word) => ["plus", word]), ...minus.map((word) => ["minus", word]),
    ]);
  }

  async map(file) {
    const data = await (await this.fetch("map", [["file", file]])).arrayBuffer();
    const n = data.byteLength / 9; // two floats and a byte for each word
    return {
      places: new Float32Array(data, 0, 2 * n),
      colours: new Uint8Array(data, 8 * n),
      told: (await this.get("told", [["file", file]])).told,
    };
  }

  words(file, n) {
    return this.get("words", [["file", file], ["n", n]]);
  }

  async get(name, parameters = []) {
    return (await this.fetch(name, parameters)).json();
  }

  async fetch(name, parameters) {
    let answer;
    try {
      answer = await fetch(`${name}?${new URLSearchParams(parameters)}`);
    } catch {
      throw new Problem("The server does not answer. Is wordkin explore still running?");
    }
    if (answer.ok) return answer;
    const told = await answer.json();
    throw new Problem(told.error, told.suggestions);
  }
}

class Page {
  constructor() {
    this.held = [];
  }

  async files() {
    const found = [];
    for (let file = 0; document.getElementById(`about-${file}`); file++) {
      const about = JSON.parse(await this.text("about", file));
      this.held.push({ about, words: JSON.parse(await this.text("words", file)) });
      found.push(about);
    }
    return found;
  }

  async bytes(name, file) {
    const element = document.getElementById(`${name}-${file}`);
    const text = atob(element.textContent);
    element.remove(); // it won't be needed again
    const packed = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  async text(name, file) {
    return new TextDecoder().decode(await this.bytes(name, file));
  }

  words(file, n) {
    return this.held[file].words.slice(0, n);
  }

  async map(file) {
    const { reach, told } = this.held[file].about;
    const fine = new Int16Array(await this.bytes("places", file));
    return {
      places: Float32Array.from(fine, (number) => number * reach / 32767),
      colours: new Uint8Array(await this.bytes("colours", file)),
      told,
    };
  }

  async search(file, text, n) {
    return this.spelled(file, text, n);
  }

  // As the server does it: the word itself, words that begin so, words that hold it.
  spelled(file, text, n) {
    const held = this.held[file], wanted = text.toLowerCase().replaceAll("\n", " ");
    if (!wanted) return [];
    if (!held.folded) {
      const lower = held.words.map((word) => word.toLowerCase().replaceAll("\n", " "));
      held.folded = `\n${lower.join("\n")}\n`;
      held.starts = new Uint32Array(lower.length);
      lower.reduce((at, word, row) => (held.starts[row] = at) + word.length + 1, 1);
      held.rows = new Map(held.words.map((word, row) => [word, row]));
    }
    const rows = new Set(), { folded, starts } = held;
    if (held.rows.has(text)) rows.add(held.rows.get(text));
    for (const pattern of [`\n${wanted}\n`, `\n${wanted}`, wanted])
      for (let at = folded.indexOf(pattern); at >= 0 && rows.size < n;) {
        const row = lastAtMost(starts, pattern[0] === "\n" ? at + 1 : at);
        rows.add(row);
        at = folded.indexOf(pattern, row + 1 < starts.length ? starts[row + 1] - 1 : folded.length - 1);
      }
    return [...rows].map((row) => [row, held.words[row]]);
  }

  async nearest(file, plus, minus, n, top) {
    const held = this.held[file], size = held.about.dimensions;
    held.preparing ||= this.prepare(held, file, size); // once, however many ask
    await held.preparing;
    this.spelled(file, "-", 1); // makes the index
    const { vectors, lengths, counts } = held;
    const told = (row) => (counts ? counts[row] : null);
    const terms = [...plus.map((word) => [word, 1]), ...minus.map((word) => [word, -1])]
      .map(([word, sign]) => {
        const row = held.rows.get(word);
        if (row === undefined)
          throw new Problem(`The word '${word}' is not on this page.`,
            this.spelled(file, word, 5).map((pair) => pair[1]));
        return { word, sign, row, count: told(row) };
      });
    const query = new Float32Array(size), asked = new Set(terms.map((term) => term.row));
    for (const { row, sign } of terms)
      for (let i = 0; i < size; i++) query[i] += sign * vectors[row * size + i] / (lengths[row] || 1);
    const length = Math.hypot(...query) || 1, best = [];
    for (let row = 0, at = 0; row < Math.min(top, held.words.length); row++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += query[i] * vectors[at++];
      const cosine = sum / (length * (lengths[row] || 1));
      if ((best.length === n && cosine <= best[n - 1].cosine) || asked.has(row)) continue;
      let place = best.length;
      while (place && best[place - 1].cosine < cosine) place--;
      best.splice(place, 0, { row, word: held.words[row], cosine, count: told(row) });
      if (best.length > n) best.pop();
    }
    return { terms, nearest: best };
  }

  async prepare(held, file, size) {
    held.vectors = new Int8Array(await this.bytes("vectors", file));
    if (held.about.counts) held.counts = new Float64Array(await this.bytes("counts", file));
    held.lengths = new Float32Array(held.words.length);
    for (let row = 0, at = 0; row < held.lengths.length; row++) {
      let sum = 0;
      for (let i = 0; i < size; i++, at++) sum += held.vectors[at] ** 2;
      held.lengths[row] = Math.sqrt(sum);
    }
  }
}

// The last place of a rising array whose value is at most this.
function lastAtMost(rising, value) {
  let low = 0, high = rising.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rising[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
