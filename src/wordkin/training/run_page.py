"""A page of a run: the curve, and a slider over what was near to what.

It is one file, asks no network (the page itself forbids it), and shows words as text whatever they
hold: data travel as JSON in which no ``<`` is left, and reach the page as text nodes.
"""

from __future__ import annotations

import html
import json
import math
from typing import TYPE_CHECKING, Any

from wordkin.errors import InputError
from wordkin.files import atomic_write

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from wordkin.training.recording import RunRecord, Snapshot

    Points = Sequence[tuple[float, float]]

_MOST_POINTS = 600  # of a curve; a wide screen shows no more
_COLOURS = 6  # of curves; after these they come again, dotted
_SPREAD = 0.06  # of a curve's height, left free above and below


def write_page(
    record: RunRecord, path: str | os.PathLike[str] | None = None, *, title: str = ""
) -> str:
    """Make the page of a run.

    Parameters
    ----------
    record : RunRecord
        What happened.
    path : path-like, optional
        Where to save it, whole or not at all.
    title : str
        What was trained.

    Returns
    -------
    str
        The page.

    Raises
    ------
    InputError
        If nothing has been recorded.
    FileError
        If it can't be written.
    """
    if not record.points:
        raise InputError("Nothing has been recorded: give the record to train(..., callbacks=[…]).")
    text = _page(record, title or "A training run")
    if path is not None:
        with atomic_write(path) as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    return text


def _page(record: RunRecord, title: str) -> str:
    last = record.points[-1]
    facts = [
        (f"{last.words:,}", "words of text, all epochs"),
        (f"{last.loss:.3f}", "loss, in nats"),
        (f"{last.words / max(last.seconds, 1e-9):,.0f}", "words a second"),
        (_clock(last.seconds), "h:min:s of training"),
    ]
    boxes = "".join(f"<li><b>{value}</b><span>{name}</span></li>" for value, name in facts)
    words = ""
    if any(each.nearest for each in record.snapshots):
        words = _words(record.snapshots, most=last.words)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style></head>\n<body>\n<main>\n"
        f"<h1>{html.escape(title)}</h1>\n<ul class=facts>{boxes}</ul>\n"
        f"{words}{_curves(record)}</main>\n"
        f"<script>{_SCRIPT}</script>\n</body></html>\n"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _words(snapshots: Sequence[Snapshot], *, most: int) -> str:
    """The slider, what it moves over, and for who runs no scripts the last state as a table."""
    data = [
        {
            "words": each.words,
            "share": each.share,
            "at": each.words / most,  # how far along the curves
            "nearest": [
                [probe, [[word, round(cosine, 3)] for word, cosine in found]]
                for probe, found in each.nearest.items()
            ],
        }
        for each in snapshots
    ]
    rows = "".join(
        f"<tr><th scope=row>{html.escape(probe)}<td>"
        + html.escape(", ".join(word for word, _ in found))
        for probe, found in snapshots[-1].nearest.items()
    )
    return (
        "<h2>Nearest words</h2>\n"
        '<div class=controls hidden><button type=button id=play aria-label="Play">▶</button>'
        f"<input type=range id=at min=0 max={len(data) - 1} value=0 "
        'aria-label="Moment of the training"><output id=when for=at></output></div>\n'
        f"<table id=nearest><tbody>{rows}</tbody></table>\n"
        "<p class=note>Underlined: among the nearest at the end, too.</p>\n"
        f'<script type="application/json" id=data>{_json(data)}</script>\n'
    )


def _json(value: Any) -> str:  # noqa: ANN401
    """JSON that can't end the element it stands in."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _curves(record: RunRecord) -> str:
    points = record.points
    held_out = [(p.words, p.validation_loss) for p in points if p.validation_loss is not None]
    lines: dict[str, Points] = {"training": [(p.words, p.loss) for p in points]}
    if held_out:
        lines["held-out text"] = held_out
    speed = [(p.words, p.words_per_second) for p in points]
    most = points[-1].words
    made = [
        _chart("Loss", lines, most=most),
        _chart("Words a second", {"": speed}, most=most, from_zero=True),
    ]
    scores = record.scores()
    if scores:
        made.append(_chart("Scores", scores, most=most))
    return "".join(made)


def _chart(name: str, lines: Mapping[str, Points], *, most: int, from_zero: bool = False) -> str:
    """Draw lines over the words of the text; letters stand beside the drawing, which is stretched.

    Only so are they as large on a phone as on a wall. A run that has exploded ends in numbers that
    are not finite, and can't be drawn.
    """
    lines = {each: [p for p in points if math.isfinite(p[1])] for each, points in lines.items()}
    values = [y for points in lines.values() for _, y in points] or [0.0]
    low, high = min(values), max(values)
    edge = (high - low) * _SPREAD or 0.5
    low, high = min(low, 0.0) if from_zero else low - edge, high + edge
    paths = "".join(
        f'<polyline class="{_look(number)}" points="{_points(points, most, low=low, high=high)}"/>'
        for number, points in enumerate(lines.values())
    )
    marks = _marks(low, high)
    labels = "".join(
        f'<span style="top:{100 - 100 * (mark - low) / (high - low):.1f}%">{_short(mark)}</span>'
        for mark in marks
    )
    grid = "".join(
        f'<line x1="0" x2="1000" y1="{y:.1f}" y2="{y:.1f}"/>'
        for y in (400 - 400 * (mark - low) / (high - low) for mark in marks)
    )
    legend = "".join(
        f'<li class="{_look(number)}">{html.escape(each)}'
        for number, each in enumerate(lines)
        if each
    )
    return (
        f"<h2>{name}</h2>\n<ul class=legend>{legend if len(lines) > 1 else ''}</ul>\n"
        f'<div class=chart role=img aria-label="{name} over the words of the text">'
        f"<div class=y>{labels}</div>"
        f'<svg viewBox="0 0 1000 400" preserveAspectRatio="none"><g class=grid>{grid}</g>{paths}'
        '<line class=cursor x1="1000" x2="1000" y1="0" y2="400"/></svg>'
        f"<div class=x><span>0</span><span>{_short(most / 2)}</span>"
        f"<span>{_short(most)} words</span></div></div>\n"
    )


def _look(number: int) -> str:
    """The classes of a curve: no two of the first twelve look alike."""
    colour = f"l{number % _COLOURS}"
    return colour if number < _COLOURS else f"{colour} again"


def _marks(low: float, high: float) -> list[float]:
    """Choose round numbers in a range, two to six.

    Examples
    --------
    >>> _marks(2.37, 3.55), _marks(0, 700_000)
    ([2.5, 3.0, 3.5], [0.0, 200000.0, 400000.0, 600000.0])
    """
    size = 10.0 ** math.floor(math.log10((high - low) / 2))
    step = next(n * size for n in (5, 2, 1) if n * size <= (high - low) / 2)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _points(points: Points, most: int, *, low: float, high: float) -> str:
    step = max(1, len(points) // _MOST_POINTS)
    kept = [*points[::step], points[-1]] if step > 1 else points
    return " ".join(
        f"{1000 * x / max(most, 1):.1f},{400 - 400 * (y - low) / (high - low):.1f}" for x, y in kept
    )


def _short(value: float) -> str:
    """Return a number in three digits.

    Examples
    --------
    >>> _short(2_345_000), _short(40_000), _short(2.3456), _short(0)
    ('2.35 M', '40 k', '2.35', '0')
    """
    for size, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:.3g}"


_STYLE = """
:root{color-scheme:light dark;--ink:#1c1e21;--pale:#5f6368;--paper:#fff;--line:#dcdfe3;
--a:#0072b2;--b:#b34f00;--c:#007a59;--d:#9c3d8f;--e:#75650a;--f:#c2264a}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--pale:#a3a9b0;--paper:#15181c;
--line:#353a41;--a:#56b4e9;--b:#f08a3c;--c:#3cc79a;--d:#d98fd0;--e:#d3c13f;--f:#ff8096}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.45 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;margin:.3rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
ul{list-style:none;margin:0;padding:0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem}
.facts li{border:1px solid var(--line);border-radius:.4rem;padding:.4rem .7rem}
.facts b{display:block;font-size:1.15rem}.facts span,.note{color:var(--pale);font-size:.85rem}
.controls{display:flex;gap:.7rem;align-items:center;flex-wrap:wrap;margin:.2rem 0 .6rem}
.controls[hidden]{display:none}
#at{flex:1 1 12rem;min-width:0;height:2rem;accent-color:var(--a)}
#when{flex:0 0 auto;min-width:13rem;font-variant-numeric:tabular-nums;font-size:.9rem}
button{width:2.6rem;height:2.6rem;border:1px solid var(--line);border-radius:.4rem;
background:none;color:inherit;font-size:1rem;cursor:pointer}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;vertical-align:top;padding:.35rem .5rem;border-top:1px solid var(--line);
unicode-bidi:plaintext;overflow-wrap:anywhere}
th{width:8rem;max-width:30vw}td{min-height:1.5em}
td span{display:inline-block;margin-inline-end:.8em}
td .stays{text-decoration:underline 2px var(--a);text-underline-offset:.2em}
td small{color:var(--pale);font-size:.72em;margin-inline-start:.25em}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.85rem}
.legend li::before{content:"";display:inline-block;width:1.4em;border-top:3px solid;
vertical-align:middle;margin-right:.4em}
.l0{--mine:var(--a)}.l1{--mine:var(--b)}.l2{--mine:var(--c)}.l3{--mine:var(--d)}
.l4{--mine:var(--e)}.l5{--mine:var(--f)}
.legend li::before{border-color:var(--mine)}
.legend .l1::before,.legend .l4::before{border-top-style:dashed}
.legend .again::before{border-top-style:dotted}
.chart{display:grid;grid-template-columns:3.6rem 1fr;font-size:.78rem;color:var(--pale)}
.y{position:relative}.y span{position:absolute;right:.5rem;transform:translateY(-50%)}
svg{width:100%;height:11rem;border-left:1px solid var(--line);border-bottom:1px solid var(--line)}
.x{grid-column:2;display:flex;justify-content:space-between;padding-top:.2rem}
polyline{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke:var(--mine)}
polyline.l1,polyline.l4{stroke-dasharray:6 4}polyline.again{stroke-dasharray:2 3}
.grid line{stroke:var(--line);vector-effect:non-scaling-stroke}
.cursor{stroke:var(--ink);stroke-width:1;stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
"""

_SCRIPT = """
"use strict";
const source = document.getElementById("data");
if (source) {
  const moments = JSON.parse(source.textContent), last = moments.length - 1;
  const at = document.getElementById("at"), when = document.getElementById("when");
  const body = document.querySelector("#nearest tbody"), play = document.getElementById("play");
  const end = new Map(moments[last].nearest.map(([p, l]) => [p, new Set(l.map(([w]) => w))]));
  const made = (name, text, kind) => {
    const element = document.createElement(name);
    element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };
  const show = () => {
    const moment = moments[Number(at.value)];
    const share = (100 * moment.share).toFixed(moment.share < 0.1 ? 1 : 0);
    when.textContent = moment.words.toLocaleString("en") + " words, " + share + " %";
    body.replaceChildren(...moment.nearest.map(([probe, list]) => {
      const row = document.createElement("tr"), cell = document.createElement("td");
      const head = made("th", probe);
      head.scope = "row";
      for (const [word, cosine] of list) {
        const box = document.createElement("span");
        box.append(made("bdi", word, end.get(probe).has(word) ? "stays" : ""));
        box.append(made("small", cosine.toFixed(2)));
        cell.append(box, " ");
      }
      row.append(head, cell);
      return row;
    }));
    for (const line of document.querySelectorAll(".cursor"))
      for (const end of ["x1", "x2"])
        line.setAttribute(end, 1000 * moment.at);
  };
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; play.textContent = "\\u25b6";
                       play.setAttribute("aria-label", "Play"); };
  const step = () => { if (Number(at.value) >= last) return stop();
                       at.value = Number(at.value) + 1; show(); };
  play.onclick = () => {
    if (timer) return stop();
    if (Number(at.value) >= last) { at.value = 0; show(); }
    timer = setInterval(step, 400);
    play.textContent = "\\u23f8";
    play.setAttribute("aria-label", "Pause");
  };
  at.oninput = () => { stop(); show(); };
  document.querySelector(".controls").hidden = false;
  show();
}
"""
