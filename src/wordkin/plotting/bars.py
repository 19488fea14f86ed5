"""The nearest words as bars, and words on a line between two poles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.lettering import lettering
from wordkin.plotting import page
from wordkin.vocabulary.checks import check_at_least, listed

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.lettering import Lettering
    from wordkin.vectors import WordVectors

    Floats = NDArray[np.float64]
    Pole = str | Iterable[str]

_ROW = 0.23  # inches
_BARS = 2.5  # inches: of the bars of a word, beside their labels


def plot_neighbors(
    vectors: WordVectors,
    words: str | Iterable[str],
    *,
    topn: int = 10,
    path: str | os.PathLike[str] | None = None,
) -> Any:  # noqa: ANN401
    """Draw the nearest words of a word as bars, as long as their cosines.

    Parameters
    ----------
    vectors : WordVectors
        The vectors.
    words : str or iterable of str
        A word, or several, which stand side by side.
    topn : int
        How many nearest words.
    path : path-like, optional
        Save it here, as .png or .svg.

    Returns
    -------
    matplotlib.figure.Figure
        One axes for each word.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If `vectors` are no WordVectors, there is no word, or none to be near to it; or the path is
        no picture's.
    MissingExtraError
        If Matplotlib is not installed.
    FileError
        If the file can't be written.

    Examples
    --------
    >>> import wordkin as wk
    >>> vectors = wk.WordVectors(["cat", "dog", "car"], [[2, 1], [2, 2], [0, -1]])
    >>> figure = wk.plot_neighbors(vectors, "cat")
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['dog', 'car']
    """
    page.check_vectors(vectors)
    page.check_path(path)
    check_at_least("topn", topn, 1)
    asked = [words] if isinstance(words, str) else list(dict.fromkeys(listed(words)))
    if not asked:
        raise InputError("Give a word whose nearest words are to be drawn.")
    found = vectors.most_similar_batch(asked, topn=topn)
    if not all(found):
        raise InputError(f"There are no other words to draw near {asked[0]!r}.")
    letters = lettering([*asked, *(word for near in found for word, _ in near)])
    columns = 2 if len(asked) == 4 else min(len(asked), 3)
    rows = -(-len(asked) // columns)
    height = _ROW * max(len(near) for near in found) + 0.75
    longest = max(len(letters.drawn(word)) for near in found for word, _ in near)
    width = _BARS + 0.085 * max(longest, 8) + (0.8 if columns == 1 else 0)
    figure = page.new_page(width * columns, height * rows)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.08)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(asked) :]:
        axes.remove()
    low = min(0.0, *(cosine for near in found for _, cosine in near))
    for axes, word, near in zip(grid, asked, found, strict=False):
        _draw_nearest(axes, near, letters)
        axes.set_xlim(low * 1.05, 1.14)  # all alike, so that words can be compared
        axes.set_title(letters.drawn(word), fontsize=11, weight="bold", color=page.INK,
                       family=letters.families, loc="left", parse_math=False)  # fmt: skip
    return page.finish(figure, path)


def _draw_nearest(axes: Any, near: list[tuple[str, float]], letters: Lettering) -> None:  # noqa: ANN401
    page.plain_axes(axes)
    cosines = np.array([cosine for _, cosine in near])
    places = np.arange(len(near))
    axes.barh(places, cosines, height=0.68, color=page.COLOURS[0])
    for place, cosine in zip(places.tolist(), cosines.tolist(), strict=True):
        axes.annotate(
            f"{cosine:.2f}", (max(cosine, 0.0), place), xytext=(4, 0), textcoords="offset points",
            va="center_baseline", fontsize=8, color=page.INK, family="DejaVu Sans",
        )  # fmt: skip
    axes.axvline(0, color="#999999", linewidth=0.6)
    axes.spines["left"].set_visible(False)
    _name_rows(axes, [word for word, _ in near], letters)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.spines["bottom"].set_bounds(min(0.0, float(cosines.min())), 1)
    axes.set_xlabel("cosine", fontsize=8, color=page.PALE, family="DejaVu Sans", x=0.5 / 1.14)


def _name_rows(axes: Any, words: list[str], letters: Lettering) -> None:  # noqa: ANN401
    axes.set_yticks(range(len(words)), [letters.drawn(word) for word in words], fontsize=9,
                    family=letters.families, parse_math=False)  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(words) - 0.4, -0.6)  # the first on top


def plot_axis(
    vectors: WordVectors,
    words: Iterable[str],
    *,
    poles: tuple[Pole, Pole],
    path: str | os.PathLike[str] | None = None,
) -> Any:  # noqa: ANN401
    """Draw where words lie between two poles, such as "small" and "large".

    The axis runs from the mean of the words of one pole to that of the other, all of length 1. A
    word's place is the cosine of its vector and the axis, counted from the middle between the
    poles: left of 0 it is nearer to the first pole, right of it to the second (Grand et al. 2022,
    "Semantic projection recovers rich human knowledge of multiple object features from word
    embeddings", project on such an axis).

    Parameters
    ----------
    vectors : WordVectors
        The vectors.
    words : iterable of str
        The words to place.
    poles : tuple of (str or iterable of str)
        The two ends; several words for an end say better what is meant.
    path : path-like, optional
        Save it here, as .png or .svg.

    Returns
    -------
    matplotlib.figure.Figure
        The words sorted, the nearest to the second pole on top.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If `vectors` are no WordVectors, there are no words, not two poles, or the poles are one;
        or the path is no picture's.
    MissingExtraError
        If Matplotlib is not installed.
    FileError
        If the file can't be written.

    Examples
    --------
    >>> import wordkin as wk
    >>> vectors = wk.WordVectors(["cold", "hot", "ice", "tea"], [[-1, 1], [1, 1], [-2, 1], [2, 2]])
    >>> figure = wk.plot_axis(vectors, ["ice", "tea"], poles=("cold", "hot"))
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['tea', 'ice']
    """
    page.check_vectors(vectors)
    page.check_path(path)
    asked = list(dict.fromkeys(listed(words)))
    ends = _ends(poles)
    if not asked:
        raise InputError("Give words to place between the poles.")
    places = axis_places(vectors, asked, ends)
    order = np.argsort(-places, kind="stable").tolist()
    asked, places = [asked[i] for i in order], places[order]
    names = [" · ".join(end) for end in ends]
    letters = lettering([*asked, *names])
    figure = page.new_page(6.0, _ROW * len(asked) + 0.95)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    page.plain_axes(axes)
    axes.spines["left"].set_visible(False)
    rows = np.arange(len(asked))
    axes.axvline(0, color="#999999", linewidth=0.6)
    colours = [page.COLOURS[0 if place > 0 else 1] for place in places.tolist()]
    axes.hlines(rows, 0, places, colors=colours, linewidth=1.6)
    for right, colour in ((True, page.COLOURS[0]), (False, page.COLOURS[1])):
        side = (places > 0) == right
        axes.plot(places[side], rows[side], "o", color=colour, markersize=5, markeredgewidth=0)
    reach = 1.15 * max(float(np.abs(places).max()), 0.1)
    axes.hlines(rows, -reach, np.minimum(places, 0), colors=page.GRID, linewidth=0.6, zorder=0)
    axes.set_xlim(-reach, reach)
    _name_rows(axes, asked, letters)
    for name, side, arrow in ((names[0], "left", "← {}"), (names[1], "right", "{} →")):
        axes.set_title(arrow.format(letters.drawn(name)), loc=side, fontsize=10, weight="bold",
                       color=page.INK, family=letters.families, parse_math=False)  # fmt: skip
    axes.set_xlabel("cosine with the axis, from the middle of the poles", fontsize=8,
                    color=page.PALE, family="DejaVu Sans")  # fmt: skip
    return page.finish(figure, path)


def _ends(poles: tuple[Pole, Pole]) -> list[list[str]]:
    if isinstance(poles, str) or len(poles) != 2:
        raise InputError(f"An axis has two poles; got {poles!r}.")
    ends = [[pole] if isinstance(pole, str) else list(listed(pole)) for pole in poles]
    if not all(ends):
        raise InputError("Each pole needs a word.")
    return ends


def axis_places(vectors: WordVectors, words: list[str], ends: list[list[str]]) -> Floats:
    """Return where words lie on an axis.

    Parameters
    ----------
    vectors : WordVectors
        The vectors.
    words : list of str
        The n words.
    ends : list of list of str
        The words of the two poles.

    Returns
    -------
    ndarray
        Shape (n,): 0 is the middle, below it is nearer to the first pole.

    Raises
    ------
    InputError
        If the two poles have the same vector.
    """
    low, high = (_units(vectors, end).mean(axis=0) for end in ends)
    axis = high - low
    length = float(np.linalg.norm(axis))
    if length < 1e-6:
        raise InputError(f"The poles {ends[0]} and {ends[1]} have the same vector.")
    return np.asarray((_units(vectors, words) - (low + high) / 2) @ (axis / length))


def _units(vectors: WordVectors, words: list[str]) -> Floats:
    return np.array([vectors.get_vector(word, norm=True) for word in words], np.float64)
