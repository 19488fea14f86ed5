"use strict";
// The search field: what is asked in it, and the words that it offers while one types.

const FOUND = 12; // words offered

// "king - man + woman": signs stand between spaces, so that "well-known" is a word.
function parsed(text) {
  const parts = ` ${text.trim().replace(/^([+\-\u2212])\s+/, " $1 ")}`.split(/\s([+\-\u2212])(?:\s+|$)/);
  const plus = [], minus = [];
  for (let i = 0; i < parts.length; i += 2) {
    const word = parts[i].trim();
    if (word) (i && parts[i - 1] !== "+" ? minus : plus).push(word);
  }
  return { plus, minus };
}

class Search {
  // `find` looks words up in all files; `onAsk` gets a sum, `onLeave` a key that leads out of here.
  constructor({ find, onAsk, onLeave }) {
    this.told = { find, onAsk, onLeave };
    this.field = document.getElementById("ask");
    this.list = document.getElementById("found");
    this.offered = -1; // the line that is chosen
    this.typed = 0;    // what is found for older letters is not shown
    this.field.addEventListener("input", () => this.offer());
    this.field.addEventListener("focus", () => this.field.value && this.offer());
    this.field.addEventListener("blur", () => setTimeout(() => this.close(), 150)); // a click comes first
  }

  async offer() {
    const ticket = ++this.typed, text = this.field.value;
    const { plus, minus } = parsed(text), last = text.trim().split(/\s[+\-\u2212]\s/).pop();
    if (!plus.length && !minus.length) return this.close();
    const answers = await this.told.find(last.trim(), FOUND);
    if (ticket !== this.typed) return;
    const found = new Map();
    for (const words of answers)
      for (const [row, word] of words) if (!found.has(word)) found.set(word, row);
    const lines = [...found].slice(0, FOUND).map(([word, row], number) => {
      const line = made("li", { id: `found-${number}`, onclick: () => this.take(word) });
      line.setAttribute("role", "option");
      line.dataset.word = word;
      line.append(made("bdi", { textContent: word }), made("small", { textContent: (row + 1).toLocaleString("en") }));
      return line;
    });
    this.list.replaceChildren(...lines);
    this.list.hidden = !lines.length;
    this.field.setAttribute("aria-expanded", String(lines.length > 0));
    this.choose(-1);
  }

  choose(number) {
    const lines = [...this.list.children];
    this.offered = Math.max(-1, Math.min(number, lines.length - 1));
    lines.forEach((line, i) => line.setAttribute("aria-selected", String(i === this.offered)));
    if (this.offered < 0) return this.field.removeAttribute("aria-activedescendant");
    lines[this.offered].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", lines[this.offered].id);
  }

  close() {
    this.typed++;
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.offered = -1;
  }

  // Take a word in the place of what was being typed last.
  take(word) {
    const before = this.field.value.match(/^(.*\s[+\-\u2212]\s+|\s*[+\-\u2212]\s+)?/)[0] || "";
    const { plus, minus } = parsed(before);
    (/[-\u2212]\s+$/.test(before) ? minus : plus).push(word);
    this.field.value = before + word;
    this.close();
    this.told.onAsk(plus, minus);
  }

  submit() {
    const line = this.list.children[this.offered];
    if (line && !this.list.hidden) return this.take(line.dataset.word);
    const { plus, minus } = parsed(this.field.value);
    this.close();
    if (plus.length || minus.length) this.told.onAsk(plus, minus);
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  key(event) {
    const acts = {
      ArrowDown: () => (this.list.hidden ? this.told.onLeave() : this.choose(this.offered + 1)),
      ArrowUp: () => this.choose(this.offered - 1),
      Enter: () => this.submit(),
      Escape: () => (this.list.hidden ? this.field.blur() : this.close()),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }
}
