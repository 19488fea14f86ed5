"use strict";
// What fingers, mouse and keys do to a map.

function followPointers(map) {
  const held = new Map();
  let from = null, travelled = 0, spread = 0;
  const at = (event) => {
    const { left, top } = map.ink.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  map.ink.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    map.ink.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at(event));
    travelled = held.size > 1 ? Infinity : 0;
    from = event.shiftKey && held.size === 1 ? at(event) : null;
    spread = 0;
  });
  map.ink.addEventListener("pointermove", (event) => {
    const [x, y] = at(event), before = held.get(event.pointerId);
    if (!before) return map.point(x, y);
    travelled += Math.hypot(x - before[0], y - before[1]);
    held.set(event.pointerId, [x, y]);
    if (from) return map.outline(from, [x, y]);
    const others = [...held.values()];
    if (others.length === 2) {
      const [a, b] = others, wide = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (spread) map.zoomBy(wide / spread, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, false);
      spread = wide;
    }
    map.shift((x - before[0]) / others.length, (y - before[1]) / others.length);
  });
  const end = (event) => {
    const last = held.get(event.pointerId);
    held.delete(event.pointerId);
    spread = 0;
    if (!last || event.type === "pointercancel") return map.outline();
    if (from && travelled > 4) map.told.onSelect(map.inside(from, last));
    else if (travelled < 5) {
      const row = map.nearest(...last);
      if (row >= 0) map.told.onPick(row);
    }
    from = null;
    map.outline();
  };
  map.ink.addEventListener("pointerup", end);
  map.ink.addEventListener("pointercancel", end);
  map.ink.addEventListener("pointerleave", () => map.point(-1e4, -1e4));
  map.ink.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode ? 16 : 1; // some mice count in lines
    map.zoomBy(Math.exp(-event.deltaY * lines * 0.0016), ...at(event), false);
  }, { passive: false });
}

function followKeys(map) {
  map.ink.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 60;
    const acts = {
      ArrowLeft: () => map.shift(step, 0), ArrowRight: () => map.shift(-step, 0),
      ArrowUp: () => map.shift(0, step), ArrowDown: () => map.shift(0, -step),
      "+": () => map.zoomBy(1.4), "=": () => map.zoomBy(1.4), "-": () => map.zoomBy(1 / 1.4),
      0: () => map.fitAll(true, true),
      Enter: () => {
        const row = map.nearest(map.width / 2, map.height / 2, Infinity);
        if (row >= 0) map.told.onPick(row);
      },
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  });
}
