"""Analogies as arrows: from each word to its partner, parallel where the relation is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.lettering import lettering
from wordkin.plotting import page
from wordkin.plotting.flattening import principal
from wordkin.plotting.placing import MARGIN, Room, place, put
from wordkin.vocabulary.checks import listed

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.vectors import WordVectors

    Floats = NDArray[np.float64]
    Pair = tuple[str, str]

_EDGE, _FOOT = 0.12, 0.3  # inches


def plot_analogy(
    vectors: WordVectors,
    pairs: Iterable[tuple[str, str] | str],
    *,
    size: tuple[float, float] = (6.5, 5.0),
    path: str | os.PathLike[str] | None = None,
) -> Any:  # noqa: ANN401
    """Draw an arrow from each word to its partner.

    The page holds the two principal components of all the words. On it arrows can look more
    parallel than they are, or less; so the line below tells what is true of the whole vectors: the
    mean cosine between the differences of two pairs (1: parallel, 0: nothing in common).

    Parameters
    ----------
    vectors : WordVectors
        The vectors; each counts with length 1.
    pairs : iterable of (str, str) or str
        Pairs of one relation, such as ``("man", "king"), ("woman", "queen")``. A word alone is
        asked about: its partner is the first answer to "what is to it as the second word of the
        first pair is to the first", and its arrow is dashed.
    size : tuple of float
        Width and height in inches, of 200 pixels each.
    path : path-like, optional
        Save it here, as .png or .svg.

    Returns
    -------
    matplotlib.figure.Figure
        The arrows.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If `vectors` are no WordVectors, there is no pair, or no word for an answer; or the path is
        no picture's.
    MissingExtraError
        If Matplotlib is not installed.
    FileError
        If the file can't be written.

    Examples
    --------
    >>> import wordkin as wk
    >>> words = ["man", "king", "woman", "queen"]
    >>> vectors = wk.WordVectors(words, [[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
    >>> figure = wk.plot_analogy(vectors, [("man", "king"), "woman"])
    >>> sorted(text.get_text() for text in figure.axes[0].texts if text.get_text())
    ['king', 'man', 'queen', 'woman']
    """
    page.check_vectors(vectors)
    page.check_path(path)
    given, asked = _sorted(pairs)
    known = given + [(word, _answer(vectors, given[0], word)) for word in asked]
    words = list(dict.fromkeys(word for pair in known for word in pair))
    rows = np.array([vectors.get_vector(word, norm=True) for word in words], np.float64)
    places = principal(rows)[0]
    at = {word: i for i, word in enumerate(words)}
    ends = np.array([[at[a], at[b]] for a, b in known])
    figure = page.new_page(*size)
    axes = _axes(figure, places)
    letters = lettering(words)
    for number, (start, stop) in enumerate(ends.tolist()):
        axes.annotate(
            "", xy=places[stop], xytext=places[start], zorder=2,
            arrowprops={
                "arrowstyle": "-|>,head_width=0.18,head_length=0.4", "linewidth": 1.1,
                "color": page.COLOURS[0 if number < len(given) else 1], "shrinkA": 3, "shrinkB": 3,
                "linestyle": "-" if number < len(given) else (0, (4, 2)),
            },
        )  # fmt: skip
    axes.plot(places[:, 0], places[:, 1], "o", markersize=4, color=page.INK, markeredgewidth=0)
    _label(figure, axes, places, words=[letters.drawn(word) for word in words], ends=ends,
           families=letters.families)  # fmt: skip
    told = "principal components"
    if len(known) > 1:
        told += f"; the differences of two pairs have a mean cosine of {_parallel(rows, ends):.2f}"
    figure.text(0.5, _FOOT / 2 / size[1], told, ha="center", va="center", fontsize=8,
                color=page.PALE, family="DejaVu Sans")  # fmt: skip
    return page.finish(figure, path)


def _sorted(pairs: Iterable[tuple[str, str] | str]) -> tuple[list[Pair], list[str]]:
    """Tell pairs from words that are asked about."""
    given: list[Pair] = []
    asked: list[str] = []
    for each in listed(pairs):
        if isinstance(each, str):
            asked.append(each)
        elif isinstance(each, tuple | list) and len(each) == 2:
            given.append((each[0], each[1]))
        else:
            raise InputError(f"Give pairs of words, or a word to ask about; got {each!r}.")
    if not given:
        raise InputError('Give a pair of words first, such as [("man", "king"), "woman"].')
    return given, asked


def _answer(vectors: WordVectors, pair: Pair, word: str) -> str:
    found = vectors.analogy(pair[0], pair[1], word, topn=1)
    if not found:
        raise InputError(f"There is no other word that could be the partner of {word!r}.")
    return found[0][0]


def _parallel(rows: Floats, ends: NDArray[np.int64]) -> float:
    """The mean cosine between the differences of two pairs."""
    offsets = rows[ends[:, 1]] - rows[ends[:, 0]]
    lengths = np.linalg.norm(offsets, axis=1, keepdims=True)
    units = offsets / np.where(lengths > 0, lengths, 1.0)
    cosines = units @ units.T
    return float(cosines[np.triu_indices(len(units), 1)].mean())


def _axes(figure: Any, places: Floats) -> Any:  # noqa: ANN401
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (_EDGE / width, _FOOT / height, 1 - 2 * _EDGE / width, 1 - (_EDGE + _FOOT) / height),
        facecolor="white",
    )
    low, high = places.min(axis=0), places.max(axis=0)
    spread = np.maximum(high - low, 0.05 * float((high - low).max()) or 1.0)
    # labels need an inch at the sides; arrows need no scale that is the same in both directions
    share = np.array([0.8 / width, 0.4 / height])
    pad = spread * share / (1 - 2 * share)
    axes.set(xlim=(low[0] - pad[0], high[0] + pad[0]), ylim=(low[1] - pad[1], high[1] + pad[1]))
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color(page.GRID)
    return axes


def _label(
    figure: Any,  # noqa: ANN401
    axes: Any,  # noqa: ANN401
    places: Floats,
    *,
    words: list[str],
    ends: NDArray[np.int64],
    families: list[str],
) -> None:
    """Place a label beside each point, and off all arrows."""
    texts = [
        axes.text(0, 0, word, fontsize=9.5, color=page.INK, family=families, ha="left",
                  va="bottom", parse_math=False)
        for word in words
    ]  # fmt: skip
    pixels = axes.transData.transform(places) - axes.bbox.min
    renderer = figure.canvas.get_renderer()
    sizes = np.array([text.get_window_extent(renderer).size for text in texts]) + 2 * MARGIN
    along = np.linspace(0, 1, 100)[None, :, None]
    shafts = pixels[ends[:, :1]] * (1 - along) + pixels[ends[:, 1:]] * along
    room = Room(axes.bbox.width, axes.bbox.height, 3.2 * figure.dpi / 72, figure.dpi / 100)
    placed = place(pixels, sizes, room, obstacles=shafts.reshape(-1, 2))
    put(axes, texts, placed)
