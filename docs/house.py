"""Draw the house of how-it-is-built.md from the import contract in pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

_DOCS = Path(__file__).parent
FILE = _DOCS / "_pictures" / "house.svg"
_FLOORS = {  # by the lowest room of each, the top floor first
    "datasets": "what you start",
    "classification": "pictures, and models from strings to labels",
    "pairs": "learning",
    "embedding": "vectors, and their ways into models",
    "formats": "what is done with a table of vectors",
    "engines": "what learns",
    "text": "texts, words, rows",
    "errors": "the ground",
}
_COLUMNS, _ROOM, _HEIGHT, _GAP, _TITLE, _EDGE = 4, 112, 30, 8, 22, 14


def rooms() -> list[str]:
    """Name the rooms, the top one first.

    Returns
    -------
    list of str
        As the contract has them.

    Examples
    --------
    >>> found = rooms()
    >>> found[-1], found.index("training") < found.index("engines") < found.index("kernels")
    ('errors', True)
    """
    project = tomllib.loads((_DOCS.parent / "pyproject.toml").read_text("utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    return [room for room in contract["layers"] if room != "__main__"]


def floors() -> list[tuple[str, list[str]]]:
    """Sort the rooms into floors.

    Returns
    -------
    list of (str, list of str)
        What a floor is for, and its rooms, the top floor first.

    Examples
    --------
    >>> sum((rooms_there for _, rooms_there in floors()), []) == rooms()
    True
    """
    found: list[tuple[str, list[str]]] = []
    above: list[str] = []
    for room in rooms():
        above.append(room)
        if room in _FLOORS:
            found.append((_FLOORS[room], above))
            above = []
    return found


def drawing() -> str:
    """Draw it.

    Returns
    -------
    str
        An SVG: a line of boxes for each floor.

    Examples
    --------
    >>> all(f">{room}</text>" in drawing() for room in rooms())
    True
    """
    parts, y = [], _EDGE
    for title, there in floors():
        parts.append(f'<text x="{_EDGE}" y="{y + 13}" class="floor">{title}</text>')
        y += _TITLE
        for number, room in enumerate(there):
            x = _EDGE + number % _COLUMNS * (_ROOM + _GAP)
            top = y + number // _COLUMNS * (_HEIGHT + _GAP)
            parts.append(
                f'<rect x="{x}" y="{top}" width="{_ROOM}" height="{_HEIGHT}" rx="4"/>'
                f'<text x="{x + _ROOM / 2}" y="{top + 20}" class="room">{room}</text>'
            )
        y += -(-len(there) // _COLUMNS) * (_HEIGHT + _GAP) + _GAP
    width = 2 * _EDGE + _COLUMNS * (_ROOM + _GAP) - _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}">'
        "<style>text{font-family:sans-serif;fill:#222}.floor{font-size:13px;fill:#555}"
        ".room{font-size:14px;text-anchor:middle}rect{fill:#e8f1f8;stroke:#0072b2}"
        ".page{fill:#fff;stroke:none}</style>"
        f'<rect class="page" width="{width}" height="{y}"/>{"".join(parts)}</svg>\n'
    )


def draw() -> None:
    """Write the drawing where the pages look for it."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(drawing(), encoding="utf-8")


if __name__ == "__main__":
    draw()
