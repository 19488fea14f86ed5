"""Approximate search: an index by another library, with the recall it was measured to have.

A library finds candidates; their scores are computed here from the vectors, so that they are those
of the exact search. What an index misses is measured when it is built.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from wordkin.errors import ConfigError, FormatError
from wordkin.files import atomic_write
from wordkin.formats.rows import naming
from wordkin.neighbors.backends import BACKENDS, check_known, make
from wordkin.neighbors.compiled import exact_cosines
from wordkin.neighbors.exact import check_count, nearest_rows, unit_rows
from wordkin.neighbors.keys import listed, sum_of_units
from wordkin.progress import in_pieces, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.neighbors.backends import Backend
    from wordkin.neighbors.keys import Key, Terms
    from wordkin.table import VectorTable

_LOG = logging.getLogger(__name__)
_MAGIC = b"wordkin index 1\n"
_SAMPLE, _AT = 200, 10  # words whose first neighbours tell the recall
_QUERIES = 1 << 12  # answered at once
_BLOCK = 1 << 14  # rows that are scaled and handed over at once
_HEADER_LIMIT = 1 << 16


@final
class ApproximateIndex:
    """Finds most of the nearest words in a fraction of the time.

    Make it by `build` or `open`, or by ``vectors.index("usearch")``.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    backend : Backend
        The index of their unit vectors.
    facts : dict
        The name of the backend, its settings, and the recall that was measured.
    """

    def __init__(self, table: VectorTable, backend: Backend, facts: dict[str, Any]) -> None:
        self._table, self._backend = table, backend
        self.facts = facts

    @classmethod
    def build(
        cls,
        table: VectorTable,
        backend: str = "usearch",
        *,
        seed: int = 1,
        **settings: Any,  # noqa: ANN401 (the library's own)
    ) -> ApproximateIndex:
        """Build an index and measure its recall.

        Parameters
        ----------
        table : VectorTable
            The vectors.
        backend : {"usearch", "faiss"}
            The library.
        seed : int
            Fixes the 200 words that the recall is measured with.
        **settings
            As the library takes them: `connectivity`, `expansion_search` ...

        Returns
        -------
        ApproximateIndex
            Its `recall` says which share of the ten nearest words it finds.

        Raises
        ------
        InputError
            If there is no such backend.
        MissingExtraError
            If its package is not installed.
        """
        made = make(backend, settings)
        made.build(_unit_blocks(table.matrix), table.dimensions)
        facts: dict[str, Any] = {
            "backend": backend, "settings": settings, "checksum": _checksum(table),
        }  # fmt: skip
        index = cls(table, made, facts)
        facts["recall"] = index._measure(seed)
        _LOG.info("%r", index)
        return index

    @classmethod
    def kept(
        cls,
        table: VectorTable,
        backend: str,
        path: str | os.PathLike[str],
        *,
        seed: int = 1,
        **settings: Any,  # noqa: ANN401 (the library's own)
    ) -> ApproximateIndex:
        """Open the index in a file; if there is none, build it and save it there.

        Parameters
        ----------
        table : VectorTable
            The vectors.
        backend : {"usearch", "faiss"}
            The library.
        path : str or path-like
            The file.
        seed : int
            Fixes the 200 words that the recall is measured with, if it is built.
        **settings
            As for `build`.

        Returns
        -------
        ApproximateIndex
            The index.

        Raises
        ------
        ConfigError
            If the index in the file is another library's, or has other settings than those given.
        InputError
            If there is no such backend.
        FileError
            If the file can't be read or written.
        FormatError
            If it is no index, or one of other vectors.
        MissingExtraError
            If the library is not installed.
        """
        if Path(path).exists():
            check_known(backend)
            index = cls.open(table, path)
            _check_wishes(index.facts, backend, settings, path=path)
            return index
        index = cls.build(table, backend, seed=seed, **settings)
        index.save(path)
        return index

    @classmethod
    def open(cls, table: VectorTable, path: str | os.PathLike[str]) -> ApproximateIndex:
        """Read an index that was saved.

        Parameters
        ----------
        table : VectorTable
            The vectors it was made from.
        path : str or path-like
            The file.

        Returns
        -------
        ApproximateIndex
            The index.

        Raises
        ------
        FileError
            If it can't be read.
        FormatError
            If it is no index, or one of other vectors.
        MissingExtraError
            If its package is not installed.
        """
        with naming(path), Path(path).open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise FormatError("This is no index of wordkin's.")
            facts = _facts(file.readline(_HEADER_LIMIT))
            data = file.read()
            mark = [len(data), zlib.crc32(data)]
            if facts["checksum"] != _checksum(table) or facts["bytes"] != mark:
                raise FormatError("This is damaged or an index of other vectors. Build it again.")
            try:
                backend = make(facts["backend"], facts["settings"])
                backend.restore(data)
            except TypeError as error:
                raise FormatError(f"The settings are damaged: {error}.") from error
        return cls(table, backend, facts)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the index, whole or not at all; the vectors are not in it.

        Parameters
        ----------
        path : str or path-like
            The file, by custom beside the vectors.

        Raises
        ------
        FileError
            If it can't be written.
        """
        data = self._backend.dump()
        facts = self.facts | {"bytes": [len(data), zlib.crc32(data)]}
        with atomic_write(path) as file:
            file.write(_MAGIC + json.dumps(facts).encode() + b"\n")
            file.write(data)

    @property
    def recall(self) -> float:
        """The share of the ten nearest words that it found for 200 words when it was built."""
        return float(self.facts["recall"])

    def __repr__(self) -> str:
        return (
            f"<ApproximateIndex by {self.facts['backend']} of {len(self._table):,} words: finds "
            f"{self.recall:.1%} of the {_AT} nearest>"
        )

    def most_similar(
        self,
        positive: Terms = None,
        negative: Terms = None,
        topn: int = 10,
    ) -> list[tuple[str, float]]:
        """Find near words, as `wordkin.neighbors.most_similar` does but not always all.

        Parameters
        ----------
        positive : word, vector, or iterable of them, optional
            What to be near to.
        negative : word, vector, or iterable of them, optional
            What to be far from.
        topn : int
            How many words to return.

        Returns
        -------
        list of (str, float)
            Words and exact cosines, nearest first.
        """
        pair = sum_of_units(self._table, positive, negative)
        return self._answers([pair], topn)[0]

    def most_similar_batch(
        self, keys: Iterable[Key], topn: int = 10, *, progress: bool = False
    ) -> list[list[tuple[str, float]]]:
        """Find near words of many words.

        Parameters
        ----------
        keys : iterable of words or vectors
            What to search for, one search each.
        topn : int
            How many words to return for each.
        progress : bool
            Show how far it has come.

        Returns
        -------
        list of lists of (str, float)
            For each of `keys` what `most_similar` returns.
        """
        pairs = [sum_of_units(self._table, [key]) for key in listed(keys)]
        with shown(progress):
            parts = in_pieces(len(pairs), _QUERIES, "searching", unit="words")
            return [answer for some in parts for answer in self._answers(pairs[some], topn)]

    def _answers(
        self, pairs: list[tuple[NDArray[np.float64], list[int]]], topn: int
    ) -> list[list[tuple[str, float]]]:
        check_count("topn", topn)
        units = unit_rows(np.array([query for query, _ in pairs]))
        most_out = max(len(asked) for _, asked in pairs)
        rows = self._candidates(units, topn + most_out)
        cosines = exact_cosines(self._table.matrix, rows, units)
        words = self._table.vocabulary.words
        answers = []
        for i, (_, asked) in enumerate(pairs):
            order = np.lexsort((rows[i], -cosines[i]))
            found = [
                (words[int(rows[i, j])], float(cosines[i, j]))
                for j in order.tolist()
                if rows[i, j] >= 0 and rows[i, j] not in asked
            ]
            answers.append(found[:topn])
        return answers

    def _candidates(self, units: NDArray[np.float64], count: int) -> NDArray[np.int64]:
        if not len(self._table):  # which no library takes for a search
            return np.empty((len(units), 0), np.int64)
        return self._backend.search(units.astype(np.float32), count)

    def _measure(self, seed: int) -> float:
        table = self._table
        rng = np.random.default_rng(seed)
        sample = rng.choice(len(table), min(_SAMPLE, len(table)), replace=False)
        queries = table.matrix[sample].astype(np.float64)
        alone = [[row] for row in sample.tolist()]
        exact = nearest_rows(table.matrix, queries, topn=_AT, exclude=alone)
        units = unit_rows(queries)
        found = self._candidates(units, _AT + 1)
        cosines = exact_cosines(table.matrix, found, units)
        cosines[(found < 0) | (found == sample[:, None])] = -2
        hits = total = 0
        for (rows, best), own in zip(exact, cosines, strict=True):
            if len(rows):
                total += len(rows)
                # a row as near as the last of the exact ones is as good as it
                hits += min(len(rows), int((own >= best[-1]).sum()))
        return hits / total if total else 1.0


def _check_wishes(
    facts: dict[str, Any], name: str, settings: dict[str, Any], *, path: str | os.PathLike[str]
) -> None:
    """Refuse an index that is not what is asked for; what is not said may be as it is."""
    made, has = facts["backend"], {**BACKENDS[facts["backend"]].DEFAULTS, **facts["settings"]}
    if name != made:
        asked, found = f"made by {name}", made
    else:
        other = [key for key in settings if key not in has or has[key] != settings[key]]
        if not other:
            return
        asked = "with " + ", ".join(f"{key} {settings[key]!r}" for key in other)
        found = ", ".join(f"{key} {has.get(key, 'not set')!r}" for key in other)
    raise ConfigError(
        f"An index {asked} is asked for, and the one in {os.fspath(path)!r} has {found}. Ask for "
        "what it has, give another path, or delete the file to build it anew."
    )


def _facts(header: bytes) -> dict[str, Any]:
    """Read the header of a file, and see that it has what is needed to open an index."""
    kinds = {"backend": str, "settings": dict, "checksum": str, "recall": float, "bytes": list}
    try:
        facts: dict[str, Any] = json.loads(header)
        fits = all(type(facts[name]) is kind for name, kind in kinds.items())
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"The header is damaged: {error}.") from error
    if not fits or facts["backend"] not in BACKENDS or not 0 <= facts["recall"] <= 1:
        raise FormatError(f"The header is damaged: {facts!s:.80}.")
    return facts


def _unit_blocks(matrix: NDArray[np.float32]) -> Iterable[NDArray[np.float32]]:
    for some in in_pieces(len(matrix), _BLOCK, "building the index", unit="words"):
        yield unit_rows(matrix[some].astype(np.float64)).astype(np.float32)


def _checksum(table: VectorTable) -> str:
    """Of the words and their vectors."""
    return f"{table.vocabulary.fingerprint()[:32]}-{zlib.crc32(table.matrix.data):08x}"
