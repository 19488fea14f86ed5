"use strict";
// A map of words: moves, zooms, names what there is room for, and tells what is clicked.

const NEAR = 12;          // pixels: how far from a point a click may be
const MOST_TRIED = 60000; // words in view that labels are tried for

class WordMap {
  constructor(box, { onPick, onSelect, onMove }) {
    this.box = box;
    this.told = { onPick, onSelect, onMove };
    this.dots = made("canvas", { className: "dots" });
    this.ink = made("canvas", { className: "ink", tabIndex: 0 });
    this.ink.setAttribute("role", "application");
    this.ink.setAttribute("aria-label", "Map of the words; arrows move it, plus and minus zoom");
    this.note = made("p", { className: "told", textContent: "The map is being made ..." });
    this.frame = made("div", { className: "frame", hidden: true });
    box.append(this.dots, this.ink, this.frame, this.note, this.buttons());
    this.points = pointsOn(this.dots);
    this.pen = this.ink.getContext("2d");
    this.view = { x: 0, y: 0, scale: 300 };
    this.places = null;
    this.words = [];
    this.top = Infinity;
    this.centres = [];
    this.near = [];
    this.hover = -1;
    this.widths = new Map();
    this.restyle();
    followPointers(this);
    followKeys(this);
    new ResizeObserver(() => this.resize()).observe(box);
    this.dots.addEventListener("restored", () => this.redraw());
  }

  buttons() {
    const zoom = made("div", { className: "zoom" });
    for (const [text, label, act] of [
      ["+", "Zoom in", () => this.zoomBy(1.6)],
      ["\u2212", "Zoom out", () => this.zoomBy(1 / 1.6)],
      ["\u2922", "Show all", () => this.fitAll(true, true)],
    ]) {
      const button = made("button", { type: "button", textContent: text, title: label, onclick: act });
      button.setAttribute("aria-label", label);
      zoom.append(button);
    }
    return zoom;
  }

  // --- what is shown ---

  show(places, colours) {
    this.places = places;
    this.colours = colours;
    this.points.load(places, colours);
    if (!this.kept) this.fitAll(false);
    if (!this.kept) this.follow(false);
    this.redraw();
  }

  name(words) {
    this.words = words;
    this.redraw();
  }

  limit(top) {
    this.top = top;
    this.redraw();
  }

  mark(centres, near) {
    const on = (row) => row !== null && row >= 0;
    this.centres = centres.filter(on);
    this.near = near.filter(on);
    this.redraw();
  }

  restyle() {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(name).trim();
    this.hues = Array.from({ length: N_COLOURS }, (_, i) => get(`--c${i}`));
    const parts = (hue) => [1, 3, 5].map((at) => parseInt(hue.slice(at, at + 2), 16));
    this.palette = this.hues.map(parts);
    this.paper = get("--paper");
    this.ground = parts(this.paper);
    this.dark = get("--ink");
    this.pale = get("--pale");
    this.strong = get("--strong");
    this.redraw();
  }

  // --- where it is ---

  get n() {
    return this.places ? Math.min(this.top, this.colours.length) : 0;
  }

  resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height) return;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.width = width;
    this.height = height;
    for (const canvas of [this.dots, this.ink]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    if (this.waiting) this.waiting();
    this.draw(); // at once: a canvas that changes its size is empty
  }

  toPage(row) {
    return [
      this.width / 2 + (this.places[2 * row] - this.view.x) * this.view.scale,
      this.height / 2 - (this.places[2 * row + 1] - this.view.y) * this.view.scale,
    ];
  }

  fitAll(moving = true, byUser = false) {
    this.whenSized(() => {
      const scale = 0.46 * Math.min(this.width, this.height);
      this.go({ x: 0, y: 0, scale }, moving, byUser);
    });
  }

  whenSized(act) {
    if (this.width) return act();
    this.waiting = () => { this.waiting = null; act(); };
  }

  // Bring marked words into view, and come no nearer than needed to see a crowd around them.
  follow(moving = true) {
    const rows = [...this.centres, ...this.near].filter((row) => row < this.n);
    if (!this.places || !rows.length) return;
    this.whenSized(() => {
      const middle = this.centres.filter((row) => row < this.n);
      const heart = middle.length ? middle.slice(0, 1) : rows;
      const mean = (axis) => heart.reduce((sum, row) => sum + this.places[2 * row + axis], 0) / heart.length;
      const x = mean(0), y = mean(1);
      const far = rows.map((row) => Math.max(
        Math.abs(this.places[2 * row] - x) / this.width,
        Math.abs(this.places[2 * row + 1] - y) / this.height)).sort((a, b) => a - b);
      const reach = far[Math.floor(0.9 * (far.length - 1))];
      const least = 0.46 * Math.min(this.width, this.height);
      this.go({ x, y, scale: Math.min(Math.max(0.4 / (reach || 1e-3), least), 40 * least) }, moving);
    });
  }

  // Of its own accord, or because the user moves it; only that is told.
  go(view, moving = true, byUser = false) {
    cancelAnimationFrame(this.flight);
    if (!moving || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.view = view;
      return this.moved(byUser);
    }
    const from = this.view, began = performance.now();
    const step = (now) => {
      const part = Math.min(1, (now - began) / 350), eased = part * part * (3 - 2 * part);
      const scale = from.scale * (view.scale / from.scale) ** eased;
      // moves evenly on the page while the scale changes
      const done = view.scale === from.scale ? eased
        : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / view.scale);
      this.view = { x: from.x + (view.x - from.x) * done, y: from.y + (view.y - from.y) * done, scale };
      this.moved(byUser);
      if (part < 1) this.flight = requestAnimationFrame(step);
    };
    this.flight = requestAnimationFrame(step);
  }

  zoomBy(factor, px = this.width / 2, py = this.height / 2, moving = true) {
    const { x, y, scale } = this.view;
    const next = Math.min(Math.max(scale * factor, 20), 1e6);
    const right = px - this.width / 2, up = this.height / 2 - py;
    this.go({
      x: x + right / scale - right / next,
      y: y + up / scale - up / next,
      scale: next,
    }, moving, true);
  }

  shift(dx, dy) {
    cancelAnimationFrame(this.flight);
    this.view = {
      ...this.view,
      x: this.view.x - dx / this.view.scale,
      y: this.view.y + dy / this.view.scale,
    };
    this.moved(true);
  }

  moved(byUser) {
    this.redraw();
    if (byUser) this.told.onMove();
  }

  // --- what is pointed at ---

  point(x, y) {
    const row = this.nearest(x, y);
    this.ink.style.cursor = row >= 0 ? "pointer" : "";
    if (row === this.hover) return;
    this.hover = row;
    this.redraw();
  }

  // The point nearest to a place on the page; of labels that hold the place, the topmost wins.
  nearest(px, py, near = NEAR) {
    const label = (this.labels || []).find(({ left, top, width, height }) =>
      px >= left && px <= left + width && py >= top && py <= top + height);
    if (label) return label.row;
    const x = this.view.x + (px - this.width / 2) / this.view.scale;
    const y = this.view.y + (this.height / 2 - py) / this.view.scale;
    let best = -1, limit = (near / this.view.scale) ** 2;
    for (let row = 0, n = this.n; row < n; row++) {
      const dx = this.places[2 * row] - x, dy = this.places[2 * row + 1] - y;
      const far = dx * dx + dy * dy;
      if (far < limit) [best, limit] = [row, far];
    }
    return best;
  }

  outline(a, b) {
    this.frame.hidden = !a;
    if (!a) return;
    const style = this.frame.style;
    style.left = `${Math.min(a[0], b[0])}px`;
    style.top = `${Math.min(a[1], b[1])}px`;
    style.width = `${Math.abs(a[0] - b[0])}px`;
    style.height = `${Math.abs(a[1] - b[1])}px`;
  }

  inside(a, b) {
    const rows = [];
    for (let row = 0, n = this.n; row < n; row++) {
      const [x, y] = this.toPage(row);
      if ((x - a[0]) * (x - b[0]) <= 0 && (y - a[1]) * (y - b[1]) <= 0) rows.push(row);
    }
    return rows;
  }

  // --- drawing ---

  redraw() {
    this.frameAsked ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frameAsked);
    this.frameAsked = 0;
    if (!this.width) return;
    const zoom = this.view.scale / (0.46 * Math.min(this.width, this.height));
    const crowd = Math.max(1, this.n / zoom ** 2); // points that are in view, about
    const marked = this.centres.length > 0;
    this.points.draw(this.view, {
      width: this.width, height: this.height, ratio: this.ratio,
      first: this.n,
      size: Math.min(8, Math.max(2, 48 / crowd ** 0.27)),
      alpha: Math.min(0.9, Math.max(0.3, 9 / crowd ** 0.26)) * (marked ? 0.5 : 1),
      palette: this.palette, paper: this.ground,
    });
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.pen.clearRect(0, 0, this.width, this.height);
    if (this.places) this.write();
  }

  write() {
    const room = new Room(this.width, this.height);
    this.labels = [];
    const here = (row) => row < this.colours.length;
    const centres = this.centres.filter(here), near = this.near.filter(here);
    this.join(centres, near);
    for (const row of [...centres, ...near]) {
      const [x, y] = this.toPage(row);
      room.take([x - 4, y - 4], 8, 8);
    }
    if (this.hover >= 0 && here(this.hover)) this.label(this.hover, 14, room, true);
    for (const row of centres) this.label(row, 16, room, true);
    for (const row of near) this.label(row, 13, room);
    const few = near.length ? 90 : 45; // a crowd of labels would hide those that matter
    const most = this.width * this.height / (150 * few) + this.labels.length;
    for (let row = 0, n = this.n, tried = 0; row < n && tried < MOST_TRIED; row++) {
      if (this.labels.length >= most) break;
      const [x, y] = this.toPage(row);
      if (x < 0 || y < 0 || x > this.width || y > this.height) continue;
      tried++;
      if (room.isTaken(x, y)) continue;
      this.label(row, 12, room);
    }
  }

  join(centres, near) {
    const pen = this.pen;
    pen.lineWidth = 1;
    pen.strokeStyle = this.strong;
    pen.globalAlpha = 0.35;
    pen.beginPath();
    if (centres.length === 1)
      for (const row of near) {
        pen.moveTo(...this.toPage(centres[0]));
        pen.lineTo(...this.toPage(row));
      }
    pen.stroke();
    pen.globalAlpha = 1;
    for (const [rows, radius] of [[near, 4], [centres, 6.5]])
      for (const row of rows) {
        const [x, y] = this.toPage(row);
        pen.beginPath();
        pen.arc(x, y, radius, 0, 7);
        pen.fillStyle = this.hues[this.colours[row]];
        pen.strokeStyle = this.paper;
        pen.lineWidth = 1.5;
        pen.fill();
        pen.stroke();
      }
  }

  // Write a word beside its point, where there is nothing yet; one that has to be anyhow.
  label(row, size, room, always = false) {
    const word = this.words[row];
    if (word === undefined || this.labels.some((label) => label.row === row)) return;
    const text = word.length > 40 ? word.slice(0, 39) + "\u2026" : word;
    const width = this.widthOf(text, size), height = size + 3;
    const [x, y] = this.toPage(row), gap = size > 12 ? 8 : 5;
    const right = [x + gap, y - height / 2], left = [x - gap - width, y - height / 2];
    // small labels stand to the right or not at all: to try more costs time, and makes a crowd
    const sides = size < 13 ? [right] : [right, left, [x - width / 2, y - height - 9], [x - width / 2, y + 9]];
    const side = sides.find((corner) => room.isFree(corner, width, height)) || (always && right);
    if (!side) return;
    room.take(side, width, height);
    const pen = this.pen, faint = size < 13 && this.centres.length > 0;
    const [start, middle] = [side[0], side[1] + height / 2];
    pen.font = fontOf(size);
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = this.paper;
    pen.strokeText(text, start, middle);
    pen.fillStyle = faint ? this.pale : this.dark;
    pen.fillText(text, start, middle);
    this.labels.push({ row, left: side[0], top: side[1], width, height });
  }

  widthOf(text, size) {
    const key = size + text;
    if (!this.widths.has(key)) {
      if (this.widths.size > 20000) this.widths.clear();
      this.pen.font = fontOf(size);
      this.widths.set(key, this.pen.measureText(text).width);
    }
    return this.widths.get(key);
  }
}

const fontOf = (size) => `${size > 12 ? 650 : 400} ${size}px system-ui, sans-serif`;

// An element with properties; words only ever go in as textContent.
function made(kind, properties = {}) {
  return Object.assign(document.createElement(kind), properties);
}
