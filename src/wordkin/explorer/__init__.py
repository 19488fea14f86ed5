"""A page to look around in vectors: search, neighbours, analogies, a map, two files side by side.

The page comes from a small server on this machine (`server`), or it is one file that holds all it
needs (`single`). Either way it asks nothing of the network, and shows words as text whatever they
hold. Read on in `shelf`: what is known of one set of vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, overload

from wordkin.errors import InputError
from wordkin.explorer.places import check_map
from wordkin.explorer.server import Explorer
from wordkin.explorer.shelf import Shelf
from wordkin.explorer.single import DEFAULT_WORDS, write_single
from wordkin.vectors import WordVectors
from wordkin.vocabulary.checks import check_at_least

if TYPE_CHECKING:
    import os

__all__ = ["Explorer", "explore"]

_MOST_FILES = 2


@overload
def explore(
    vectors: WordVectors | Mapping[str, WordVectors], *, output: None = ...,
    words: int | None = ..., method: str = ..., seed: int = ..., port: int = ...,
    browser: bool = ...,
) -> Explorer: ...  # fmt: skip
@overload
def explore(
    vectors: WordVectors | Mapping[str, WordVectors], *, output: str | os.PathLike[str],
    words: int | None = ..., method: str = ..., seed: int = ..., port: int = ...,
    browser: bool = ...,
) -> Path: ...  # fmt: skip
def explore(
    vectors: WordVectors | Mapping[str, WordVectors],
    *,
    output: str | os.PathLike[str] | None = None,
    words: int | None = None,
    method: str = "pca",
    seed: int = 1,
    port: int = 0,
    browser: bool = True,
) -> Explorer | Path:
    """Open a page to look around in vectors, or write it to a file.

    The page searches as one types, lists the nearest words, answers analogies, shows a map that
    moves, and compares two sets of vectors. It is served on 127.0.0.1 only, for as long as this
    process lives or until `close`; nothing leaves the machine.

    Parameters
    ----------
    vectors : WordVectors, or mapping of str to WordVectors
        What to look at; a mapping names one or two that are to be compared.
    output : path-like, optional
        Write one HTML file that holds everything, and start no server.
    words : int, optional
        In a file: hold the first so many words only; by default 50,000. Of a server: show so many
        on the map; by default 500,000 for "pca" and 10,000 for the others.
    method : {"pca", "tsne", "umap"}
        How the map is made. Principal components take a second for 400,000 words; t-SNE and UMAP
        need the extra ``map``, and minutes for 10,000 words.
    seed : int
        Fixes the colours of the map, t-SNE and UMAP.
    port : int
        The port of the server; 0 takes a free one.
    browser : bool
        Open the page in a browser.

    Returns
    -------
    Explorer or Path
        The server, with `url`, `wait` and `close`; or the file.

    Raises
    ------
    InputError
        If there are no vectors or more than two, a number is out of range, or the file would be
        too large for a browser.
    MissingExtraError
        If the package for the method is not installed.
    FileError
        If the file can't be written, or the port is not free.

    Examples
    --------
    >>> import wordkin as wk
    >>> vectors = wk.WordVectors(["cat", "dog", "car"], [[2, 1], [2, 2], [0, -1]])
    >>> with wk.explore(vectors, browser=False) as explorer:
    ...     explorer.url.startswith("http://127.0.0.1:")
    True
    """
    named = _named(vectors)
    check_at_least("seed", seed, 0)
    check_at_least("port", port, 0)
    if words is not None:
        check_at_least("words", words, 1)
    check_map(method)
    if output is not None:
        shelves = [
            Shelf(name, each, method=method, n_words=words or DEFAULT_WORDS, seed=seed)
            for name, each in named.items()
        ]
        write_single(shelves, Path(output))
        return Path(output)
    shelves = [
        Shelf(name, each, method=method, n_words=words, seed=seed) for name, each in named.items()
    ]
    explorer = Explorer(shelves, port=port)
    if browser:
        explorer.open_browser()
    return explorer


def _named(vectors: WordVectors | Mapping[str, WordVectors]) -> dict[str, WordVectors]:
    """Look at what came before a server answers for it."""
    named = dict(vectors if isinstance(vectors, Mapping) else {"vectors": vectors})
    if not 1 <= len(named) <= _MOST_FILES:
        raise InputError(f"The explorer shows one set of vectors or two; got {len(named)}.")
    for name, each in named.items():
        if not isinstance(name, str) or not isinstance(each, WordVectors):
            raise InputError(
                "The explorer shows WordVectors, such as wordkin.load(path), or a mapping of names "
                f"to two of them; got {name!r:.40}: {each!r:.60}."
            )
        if not len(each):
            raise InputError(f"There are no words in {name!r}: nothing to look at.")
    return named
