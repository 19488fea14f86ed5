"""What the page may ask, and the answers: from a path and its parameters to bytes.

There is nothing to write or to change, and nothing of the file system to be had: a path is looked
up in a table of names.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from wordkin.errors import InputError, UnknownWordError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wordkin.explorer.shelf import Shelf

    Parameters = dict[str, list[str]]

# in this order: each uses those before
SCRIPTS = (
    "drawing.js", "room.js", "gestures.js", "map.js", "ask.js", "search.js", "taking.js", "page.js",
)  # fmt: skip
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_MOST_FOUND = 1000
_MOST_TERMS = 50
_MOST_PARAMETERS = 120
_LONGEST_WORD = 2000  # characters


class Answer(NamedTuple):
    """What is sent back.

    Parameters
    ----------
    status : int
        As HTTP counts.
    kind : str
        The media type.
    body : bytes
        The answer.
    """

    status: int
    kind: str
    body: bytes


def asset(name: str) -> str:
    """Read a part of the page.

    Parameters
    ----------
    name : str
        Its file.

    Returns
    -------
    str
        What is in it.
    """
    return (files("wordkin.explorer") / "assets" / name).read_text("utf-8")


@cache
def _assets() -> dict[str, Answer]:
    names = {"/": "page.html", "/page.css": "page.css"} | {f"/{name}": name for name in SCRIPTS}
    return {
        path: Answer(200, f"{_KINDS[name.rsplit('.')[-1]]}; charset=utf-8", asset(name).encode())
        for path, name in names.items()
    }


def problem(status: int, told: str, **more: Any) -> Answer:  # noqa: ANN401 (of JSON's kinds)
    """Answer that something is wrong.

    Parameters
    ----------
    status : int
        As HTTP counts.
    told : str
        What is wrong.
    **more
        Of JSON's kinds.

    Returns
    -------
    Answer
        As JSON.
    """
    return _json({"error": told, **more}, status)


def _json(value: Any, status: int = 200) -> Answer:  # noqa: ANN401
    # escaped, so that half a surrogate pair in a word can be sent, too
    body = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Answer(status, "application/json", body.encode("ascii"))


def answer(shelves: Sequence[Shelf], path: str, query: str) -> Answer:
    """Answer a request.

    Parameters
    ----------
    shelves : sequence of Shelf
        The sets of vectors.
    path : str
        What is asked for.
    query : str
        Its parameters, as they stand behind the question mark.

    Returns
    -------
    Answer
        What was asked for, or what is wrong with the question.
    """
    if path in _assets():
        return _assets()[path]
    if path not in _QUESTIONS:
        return problem(404, "There is no such page.")
    try:
        given = parse_qs(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
        return _QUESTIONS[path](shelves, given)
    except UnknownWordError as error:
        return problem(404, str(error), word=error.word, suggestions=error.suggestions)
    except (InputError, ValueError) as error:
        return problem(400, str(error))


def _about(shelves: Sequence[Shelf], given: Parameters) -> Answer:
    return _json({"files": [shelf.about() for shelf in shelves]})


def _search(shelves: Sequence[Shelf], given: Parameters) -> Answer:
    text = given.get("q", [""])[0]
    n = _number(given, "n", low=1, high=_MOST_FOUND, default=12)
    return _json({"words": _shelf(shelves, given).search(_word(text), n)})


def _nearest(shelves: Sequence[Shelf], given: Parameters) -> Answer:
    plus, minus = given.get("plus", []), given.get("minus", [])
    if not 1 <= len(plus) + len(minus) <= _MOST_TERMS:
        raise InputError(f"Ask with 1 to {_MOST_TERMS} words.")
    shelf = _shelf(shelves, given)
    top = _number(given, "top", low=1, high=1 << 40, default=len(shelf.vectors))
    n = _number(given, "n", low=1, high=_MOST_FOUND, default=20)
    return _json(shelf.nearest([*map(_word, plus)], [*map(_word, minus)], n=n, top=top))


def _words(shelves: Sequence[Shelf], given: Parameters) -> Answer:
    """The first words of the map, for its labels."""
    shelf = _shelf(shelves, given)
    n = _number(given, "n", low=1, high=shelf.n_mapped, default=shelf.n_mapped)
    return _json(list(shelf.vectors.index_to_key[:n]))


def _map(shelves: Sequence[Shelf], given: Parameters) -> Answer:
    """Float32 x and y of each word, then a byte for each: its colour."""
    places = _shelf(shelves, given).places
    body = places.xy.astype("<f4").tobytes() + places.colours.tobytes()
    return Answer(200, "application/octet-stream", body)


def _told(shelves: Sequence[Shelf], given: Parameters) -> Answer:
    return _json({"told": _shelf(shelves, given).places.told})


_QUESTIONS: dict[str, Callable[[Sequence[Shelf], Parameters], Answer]] = {
    "/about": _about,
    "/search": _search,
    "/nearest": _nearest,
    "/words": _words,
    "/map": _map,
    "/told": _told,
}


def _shelf(shelves: Sequence[Shelf], given: Parameters) -> Shelf:
    return shelves[_number(given, "file", low=0, high=len(shelves) - 1, default=0)]


def _number(given: Parameters, name: str, *, low: int, high: int, default: int) -> int:
    text = given.get(name, [str(default)])[0]
    if not (text.isascii() and text.isdigit() and len(text) < 15 and low <= int(text) <= high):
        raise InputError(f"{name} must be a whole number from {low} to {high}; got {text[:40]!r}.")
    return int(text)


def _word(text: str) -> str:
    if len(text) > _LONGEST_WORD:
        raise InputError(f"A word has {_LONGEST_WORD} characters at most; got {len(text)}.")
    return text
