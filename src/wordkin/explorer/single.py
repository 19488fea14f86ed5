"""The explorer as one file: page, words, places and vectors, for a browser without a server.

Vectors travel with one byte for each number, each row scaled to its largest: cosines are then off
by 0.002 or so, and the nearest words are nearly always the same. Sections are compressed (gzip) and
written in base64, each in an element of its own; a browser unpacks them in a moment.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import InputError
from wordkin.explorer.answers import SCRIPTS, asset
from wordkin.files import atomic_write
from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from wordkin.explorer.shelf import Shelf

DEFAULT_WORDS = 50_000
_LARGEST = 150_000_000  # numbers in all vectors: 200 MB of page, which a browser still opens
_FINE = 32_767  # places are whole numbers up to this


def write_single(shelves: Sequence[Shelf], path: Path) -> None:
    """Write a page that needs no server.

    Parameters
    ----------
    shelves : sequence of Shelf
        What it shows: of each the words that are on its map.
    path : Path
        The file; it is there whole or not at all.

    Raises
    ------
    InputError
        If it would be too large for a browser.
    FileError
        If it can't be written.
    """
    numbers = sum(shelf.n_mapped * shelf.vectors.vector_size for shelf in shelves)
    if numbers > _LARGEST:
        raise InputError(
            f"A page of {shelves[0].n_mapped:,} words would hold {numbers:,} numbers, and a "
            f"browser opens {_LARGEST:,} at most. Give fewer words."
        )
    with task("making the page"):
        text = _page(shelves)
        with atomic_write(path) as file:
            file.write(text.encode("utf-8", "backslashreplace"))


def _page(shelves: Sequence[Shelf]) -> str:
    style, script = asset("page.css"), "\n".join(map(asset, SCRIPTS))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    data = "\n".join(
        f'<script type="text/plain" id="{name}-{number}">{text}</script>'
        for number, shelf in enumerate(shelves)
        for name, text in _sections(shelf)
    )
    page = asset("page.html").replace(
        '<meta charset="utf-8">',
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">',
    )
    page = page.replace('<link rel="stylesheet" href="page.css">', f"<style>{style}</style>")
    # the scripts look for the data, so the data come before them
    page, n_scripts = re.subn(r'<script src="[a-z]+\.js"></script>\n', "", page)
    if n_scripts != len(SCRIPTS):
        raise InputError("The page does not name its scripts.")
    title = html.escape(" and ".join(shelf.name for shelf in shelves))
    page = re.sub("<title>.*</title>", lambda _: f"<title>{title}</title>", page)
    return page.replace("</body>", f"{data}\n<script>{script}</script>\n</body>")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _sections(shelf: Shelf) -> Iterator[tuple[str, str]]:
    n, vectors = shelf.n_mapped, shelf.vectors
    places = shelf.places
    reach = float(np.abs(places.xy).max()) or 1.0
    about = shelf.about() | {"held": n, "told": places.told, "reach": reach}
    counts = vectors.vocabulary.counts
    yield "about", _packed(json.dumps(about).encode())
    yield "words", _packed(json.dumps(list(vectors.index_to_key[:n])).encode())
    yield "vectors", _packed(rounded(vectors.vectors[:n]).tobytes())
    fine = np.round(places.xy * (_FINE / reach)).astype("<i2")
    yield "places", _packed(fine.tobytes())
    yield "colours", _packed(places.colours.tobytes())
    if counts is not None:
        yield "counts", _packed(counts[:n].astype("<f8").tobytes())


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")


def rounded(matrix: NDArray[np.float32]) -> NDArray[np.int8]:
    """Round each row to whole numbers from -127 to 127, the largest of which is one of these.

    Parameters
    ----------
    matrix : ndarray
        Shape (n, D), float32.

    Returns
    -------
    ndarray
        Shape (n, D), int8: nearly the same directions. Zero rows stay zero.

    Examples
    --------
    >>> rounded(np.array([[0.5, -0.25], [0, 0]], dtype=np.float32))
    array([[127, -64],
           [  0,   0]], dtype=int8)
    """
    out = np.empty(matrix.shape, np.int8)
    for start in range(0, len(matrix), 1 << 15):
        block = matrix[start : start + (1 << 15)].astype(np.float64)
        largest = np.abs(block).max(axis=1, keepdims=True)
        np.round(block * (127 / np.where(largest > 0, largest, 1)), out=block)
        out[start : start + len(block)] = block
    return out
