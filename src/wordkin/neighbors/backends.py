"""The libraries that make approximate indexes: one class for each, all with the same methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, final

import numpy as np

from wordkin.errors import InputError, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray


class Backend(Protocol):
    """A library's index of unit vectors."""

    def build(self, blocks: Iterable[NDArray[np.float32]], size: int) -> None:
        """Take all rows, of `size` numbers each."""

    def search(self, units: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Return the rows of candidates, shape (B, count), -1 where there are no more."""

    def dump(self) -> bytes:
        """Return the index as bytes."""

    def restore(self, data: bytes) -> None:
        """Take the index from bytes."""


@final
class _Usearch:
    """A hierarchical navigable small world (Malkov and Yashunin 2018) by usearch."""

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        "dtype": "f16", "connectivity": 16, "expansion_search": 128,
    }  # fmt: skip

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        self._package = require("usearch.index", extra="index")
        self._settings = {**self.DEFAULTS, **settings}
        self._index: Any = None

    def build(self, blocks: Iterable[NDArray[np.float32]], size: int) -> None:
        self._index = self._package.Index(ndim=size, metric="ip", **self._settings)
        start = 0
        for block in blocks:
            self._index.add(np.arange(start, start + len(block)), block)
            start += len(block)

    def search(self, units: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        count = min(count, len(self._index))
        found = self._index.search(units, count)
        keys = np.asarray(found.keys).reshape(len(units), -1).astype(np.int64)
        if len(units) > 1:
            keys[np.arange(keys.shape[1]) >= np.asarray(found.counts)[:, None]] = -1
        return keys

    def dump(self) -> bytes:
        return bytes(self._index.save())

    def restore(self, data: bytes) -> None:
        self._index = self._package.Index.restore(data)
        self._index.expansion_search = self._settings["expansion_search"]


@final
class _Faiss:
    """The same structure by faiss; `pip install faiss-cpu`."""

    DEFAULTS: ClassVar[Mapping[str, Any]] = {"connectivity": 32, "expansion_search": 128}

    def __init__(self, *, connectivity: int, expansion_search: int) -> None:
        self._package = require("faiss", extra="index")
        self._connectivity, self._expansion = connectivity, expansion_search
        self._index: Any = None

    def build(self, blocks: Iterable[NDArray[np.float32]], size: int) -> None:
        faiss = self._package
        self._index = faiss.IndexHNSWFlat(size, self._connectivity, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efSearch = self._expansion
        for block in blocks:
            self._index.add(block)

    def search(self, units: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        rows: NDArray[np.int64] = self._index.search(units, min(count, self._index.ntotal))[1]
        return rows

    def dump(self) -> bytes:
        return bytes(self._package.serialize_index(self._index).tobytes())

    def restore(self, data: bytes) -> None:
        self._index = self._package.deserialize_index(np.frombuffer(data, np.uint8))


BACKENDS: dict[str, Any] = {"usearch": _Usearch, "faiss": _Faiss}


def check_known(name: str) -> None:
    """Refuse a library that is none of these.

    Parameters
    ----------
    name : str
        What was asked for.

    Raises
    ------
    InputError
        If there is no such backend.
    """
    if name not in BACKENDS:
        raise InputError(f"An index is one of {', '.join(BACKENDS)}; got {name!r}.")


def make(name: str, settings: Mapping[str, Any]) -> Backend:
    """Make a backend without an index in it.

    Parameters
    ----------
    name : {"usearch", "faiss"}
        The library.
    settings : mapping
        What differs from its `DEFAULTS`.

    Returns
    -------
    Backend
        To be filled by `build` or `restore`.

    Raises
    ------
    InputError
        If there is no such backend.
    MissingExtraError
        If its package is not installed.
    """
    check_known(name)
    kind = BACKENDS[name]
    backend: Backend = kind(**{**kind.DEFAULTS, **settings})
    return backend
