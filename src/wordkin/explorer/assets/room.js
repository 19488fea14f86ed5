"use strict";
// Which places of a map are taken: labels keep clear of one another, and of marked points.

const CELL = 4; // pixels: the grid on which that is kept

class Room {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.wide = Math.ceil(width / CELL);
    this.high = Math.ceil(height / CELL);
    this.taken = new Uint8Array(this.wide * this.high);
  }

  isTaken(x, y) {
    return this.taken[Math.floor(y / CELL) * this.wide + Math.floor(x / CELL)];
  }

  isFree([left, top], width, height) {
    if (left < 0 || left + width > this.width || top < 0 || top + height > this.height) return false;
    for (const [from, to] of this.cells([left, top], width, height))
      for (let cell = from; cell < to; cell++) if (this.taken[cell]) return false;
    return true;
  }

  take(corner, width, height) {
    for (const [from, to] of this.cells(corner, width, height)) this.taken.fill(1, from, to);
  }

  // The parts of the grid under a rectangle, line by line.
  cells([left, top], width, height) {
    const x0 = Math.max(0, Math.floor(left / CELL));
    const x1 = Math.min(this.wide - 1, Math.floor((left + width) / CELL));
    const last = Math.min(this.high - 1, Math.floor((top + height) / CELL));
    const lines = [];
    for (let y = Math.max(0, Math.floor(top / CELL)); y <= last; y++)
      if (x1 >= x0) lines.push([y * this.wide + x0, y * this.wide + x1 + 1]);
    return lines;
  }
}
