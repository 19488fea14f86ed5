"""A map: words as points on a page, near ones near, each with its label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.errors import InputError
from wordkin.evaluation.groups import spherical_clusters
from wordkin.lettering import lettering
from wordkin.neighbors import row_of
from wordkin.plotting import page
from wordkin.plotting.flattening import check_method, flatten
from wordkin.plotting.placing import MARGIN, Room, place, put
from wordkin.vocabulary.checks import check_at_least, listed

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.lettering import Lettering
    from wordkin.vectors import WordVectors

    Floats = NDArray[np.float64]
    Chosen = int | Iterable[str] | Mapping[str, Iterable[str]]

_SMALL, _LARGE = 7.0, 8.5  # points
_EDGE, _FOOT, _HEAD = 0.12, 0.28, 0.34  # inches: around the map, for a line of text, for names
_MOST_GROUPS = 7  # clusters; as many as there are colours


class _Words(NamedTuple):
    words: list[str]
    groups: NDArray[np.int64]  # of each word
    names: list[str]  # of the groups; empty if they have none
    leaders: frozenset[str]  # words that are drawn bold


def plot_map(
    vectors: WordVectors,
    words: Chosen = 150,
    *,
    topn: int = 10,
    method: str = "pca",
    seed: int = 1,
    size: tuple[float, float] = (8.0, 6.0),
    path: str | os.PathLike[str] | None = None,
) -> Any:  # noqa: ANN401
    """Draw words on a page so that words that are alike lie together.

    Labels never cover one another or a point. Where there is no room for some, the line below the
    map tells how many are without.

    Parameters
    ----------
    vectors : WordVectors
        The vectors; each counts with length 1.
    words : int, iterable of str, or mapping of str to iterable of str
        A number: the most frequent words, coloured by seven clusters (spherical k-means of the
        whole vectors). Words: these and the nearest of each, in a colour for each. A mapping: words
        by the names of their groups.
    topn : int
        How many nearest words for each of the chosen; 0 for none.
    method : {"pca", "tsne", "umap"}
        Principal components, by NumPy; t-SNE or UMAP with the extra ``map``.
    seed : int
        Fixes clusters, t-SNE and UMAP.
    size : tuple of float
        Width and height in inches, of 200 pixels each.
    path : path-like, optional
        Save it here, as .png or .svg.

    Returns
    -------
    matplotlib.figure.Figure
        The map; a notebook shows it.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If `vectors` are no WordVectors, there are fewer than two words, no such method, or the path
        is no picture's.
    MissingExtraError
        If Matplotlib, or what does the method, is not installed.
    FileError
        If the file can't be written.

    Examples
    --------
    >>> import wordkin as wk
    >>> vectors = wk.WordVectors(["cat", "dog", "car"], [[2, 1], [2, 2], [0, -1]])
    >>> figure = wk.plot_map(vectors, {"animals": ["cat", "dog"], "things": ["car"]})
    >>> sorted(text.get_text() for text in figure.axes[0].texts)
    ['car', 'cat', 'dog']
    """
    page.check_vectors(vectors)
    page.check_path(path)
    check_method(method)
    words = int(words) if isinstance(words, np.integer) else words
    chosen = _chosen(vectors, words, topn=topn, seed=seed)
    if len(chosen.words) < 2:
        raise InputError(f"A map takes two words or more; got {chosen.words}.")
    places, told = flatten(_units(vectors, chosen.words), method, seed=seed)
    figure = page.new_page(*size)
    letters = lettering([*chosen.words, *chosen.names])
    head = _HEAD if chosen.names else _EDGE
    axes = _axes(figure, places, head)
    n_left = _draw_words(figure, axes, places, chosen=chosen, letters=letters)
    if chosen.names:
        _draw_names(figure, chosen.names, letters)
    if isinstance(words, int):
        told += f"; colours: {int(chosen.groups.max()) + 1} clusters of the whole vectors"
    if n_left:
        told += f"; no room for the labels of {n_left} of {len(places)} words"
    figure.text(0.5, _FOOT / 2 / size[1], told, ha="center", va="center", fontsize=7.5,
                color=page.PALE, family=letters.families)  # fmt: skip
    return page.finish(figure, path)


def _chosen(vectors: WordVectors, words: Chosen, *, topn: int, seed: int) -> _Words:
    """Find the words and their groups."""
    check_at_least("topn", topn, 0)
    if isinstance(words, int):
        check_at_least("words", words, 2)
        first = list(vectors.index_to_key[:words])
        if len(first) < 2:
            return _Words(first, np.zeros(len(first), np.int64), [], frozenset())
        units = _units(vectors, first)
        n_groups = min(_MOST_GROUPS, max(1, len(first) // 4))
        clusters = spherical_clusters(units, n_groups, np.random.default_rng(seed))
        return _Words(first, _by_size(clusters), [], frozenset())
    if isinstance(words, Mapping):
        by_name = {str(name): list(listed(group)) for name, group in words.items()}
        leaders: frozenset[str] = frozenset()
    else:
        centres = list(dict.fromkeys(listed(words)))
        by_name = {word: [word] for word in centres}
        leaders = frozenset(centres) if topn else frozenset()
        _add_nearest(vectors, by_name, topn)
    places: dict[str, int] = {}
    for number, group in enumerate(by_name.values()):
        for word in group:
            row_of(vectors.table, word)
            places.setdefault(word, number)
    groups = np.array([*places.values()], np.int64)
    return _Words([*places], groups, list(by_name), leaders)


def _add_nearest(vectors: WordVectors, by_name: dict[str, list[str]], topn: int) -> None:
    """Add to each word its nearest; a word that is near to several goes to the nearest."""
    centres = list(by_name)
    if not topn:
        return
    best: dict[str, tuple[float, str]] = {}
    for centre, found in zip(centres, vectors.most_similar_batch(centres, topn=topn), strict=True):
        for word, cosine in found:
            if word not in by_name:
                best[word] = max(best.get(word, (-2.0, "")), (cosine, centre))
    for word, (_, centre) in best.items():
        by_name[centre].append(word)


def _by_size(clusters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number clusters from the largest on."""
    order = np.argsort(-np.bincount(clusters), kind="stable")
    return np.asarray(np.argsort(order)[clusters], np.int64)


def _units(vectors: WordVectors, words: list[str]) -> Floats:
    rows = vectors[words].astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))


def _axes(figure: Any, places: Floats, head: float) -> Any:  # noqa: ANN401
    """Make axes that fill the page, on which an inch is as long upwards as to the side."""
    width, height = figure.get_size_inches()
    inner = np.array([width - 2 * _EDGE, height - head - _FOOT])
    axes = figure.add_axes(
        (_EDGE / width, _FOOT / height, inner[0] / width, inner[1] / height), facecolor="white"
    )
    low, high = places.min(axis=0), places.max(axis=0)
    # labels need room beyond the outermost points
    inches = inner - (1.5, 0.6)
    scale = float(np.max((high - low) / np.maximum(inches, 0.5))) or 1.0
    middle, half = (low + high) / 2, inner * scale / 2
    axes.set(xlim=(middle[0] - half[0], middle[0] + half[0]))
    axes.set(ylim=(middle[1] - half[1], middle[1] + half[1]), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color(page.GRID)
    return axes


def _draw_words(
    figure: Any,  # noqa: ANN401
    axes: Any,  # noqa: ANN401
    places: Floats,
    *,
    chosen: _Words,
    letters: Lettering,
) -> int:
    """Draw points, labels and lines between them; return how many found no room."""
    dot = 3.2  # points of 1/72 inch
    for group in range(int(chosen.groups.max()) + 1):
        inside = places[chosen.groups == group]
        axes.plot(inside[:, 0], inside[:, 1], linestyle="none", markersize=dot, clip_on=False,
                  color=_colour(group), marker=_marker(group), markeredgewidth=0)  # fmt: skip
    pixels = axes.transData.transform(places) - axes.bbox.min
    texts = [
        axes.text(0, 0, letters.drawn(word), family=letters.families, ha="left", va="bottom",
                  fontsize=_LARGE if word in chosen.leaders else _SMALL,
                  weight="bold" if word in chosen.leaders else "normal",
                  color=page.darker(_colour(group)), parse_math=False)
        for word, group in zip(chosen.words, chosen.groups.tolist(), strict=True)
    ]  # fmt: skip
    renderer = figure.canvas.get_renderer()
    extents = np.array([text.get_window_extent(renderer).size for text in texts])
    room = Room(axes.bbox.width, axes.bbox.height, 0.8 * dot * figure.dpi / 72, figure.dpi / 100)
    first = [i for i, word in enumerate(chosen.words) if word in chosen.leaders]
    placed = place(pixels, extents + 2 * MARGIN, room, first=first)
    return put(axes, texts, placed)


def _draw_names(figure: Any, names: list[str], letters: Lettering) -> None:  # noqa: ANN401
    """Name the groups in a line above the map, as many as there is room for."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="none", marker=_marker(group), color=_colour(group), markersize=4,
               markeredgewidth=0)
        for group in range(len(names))
    ]  # fmt: skip
    page.add_legend(
        figure, handles, [letters.drawn(name) for name in names], families=letters.families,
        loc="center", bbox_to_anchor=(0.5, 1 - _HEAD / 2 / figure.get_figheight()),
        ncols=len(handles), borderpad=0.3, handletextpad=0.1, columnspacing=1.4, borderaxespad=0,
    )  # fmt: skip


def _colour(group: int) -> str:
    return page.COLOURS[group % len(page.COLOURS)]


def _marker(group: int) -> str:
    # an eighth group has the first colour again, but not the first marker
    return page.MARKERS[(group + group // len(page.COLOURS)) % len(page.MARKERS)]
