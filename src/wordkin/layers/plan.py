"""The rows of a layer, ready in NumPy: a framework's file has only to hold and to look them up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.corpus import Corpus
from wordkin.embedding import embedding_matrix
from wordkin.errors import ConfigError, InputError, RowError
from wordkin.given import array_of
from wordkin.layers.rows import PAD_ROW, SPECIALS, UNK_ROW, check_in_range, check_specials
from wordkin.layers.settings import LayerSettings
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from wordkin.embedding import EmbeddingReport, Vectors
    from wordkin.layers.settings import Only

_AT_ONCE = 1024  # rows that are rounded at a time
_PROBES = 16
_LARGEST_HALF = int(np.finfo(np.float16).max)


@dataclass(frozen=True)
class LayerPlan:
    """What a layer holds.

    Parameters
    ----------
    table : ndarray
        Shape (n_rows, D): row 0 padding and zero, row 1 unknown, words from row 2 on. float32, or
        int8 if there are scales.
    scales : ndarray or None
        Shape (n_rows,), float32: what a row of whole numbers is multiplied with.
    vocabulary : Vocabulary
        Says which word has which row.
    report : EmbeddingReport
        Hits and misses.
    settings : LayerSettings
        What was asked for.
    """

    table: NDArray[np.float32] | NDArray[np.int8]
    scales: NDArray[np.float32] | None
    vocabulary: Vocabulary
    report: EmbeddingReport
    settings: LayerSettings

    @property
    def n_rows(self) -> int:
        """How many rows there are, padding and unknown included."""
        return int(self.table.shape[0])

    @property
    def dimensions(self) -> int:
        """The length D of a vector."""
        return int(self.table.shape[1])

    def lookup(self, ids: ArrayLike) -> NDArray[np.float32]:
        """Look up vectors in NumPy: what the layer of every framework has to give.

        Parameters
        ----------
        ids : array_like of int
            Shape (...).

        Returns
        -------
        ndarray
            Shape (..., D), float32: multiplied out, at most as long as ``max_norm`` allows.

        Raises
        ------
        RowError
            If an id is out of range.
        """
        rows = array_of(ids)
        check_in_range(rows, self.n_rows)
        found: NDArray[np.float32] = self.table[rows].astype(np.float32)
        if self.scales is not None:
            found *= self.scales[rows][..., None]
        if self.settings.max_norm is not None:
            limit = np.float32(self.settings.max_norm)
            squares = np.square(found).sum(axis=-1, keepdims=True)
            found *= limit / np.sqrt(np.maximum(squares, limit * limit))
        return found

    def probes(self) -> NDArray[np.int32]:
        """Return the ids of up to 18 rows, spread over the table, to try a finished layer with.

        Returns
        -------
        ndarray
            Shape (n,), int32: padding, unknown, the first word, the last, and some between.
        """
        words = np.linspace(len(SPECIALS), self.n_rows - 1, _PROBES).astype(np.int32)
        ids = [PAD_ROW, UNK_ROW, *words[words >= len(SPECIALS)].tolist()]
        return np.unique(np.array(ids, np.int32))

    def check(self, found: ArrayLike, *, half: bool = False) -> None:
        """Check what a finished layer gave for `probes`.

        Parameters
        ----------
        found : array_like
            Shape (n, D), in the dtype that the layer computes in.
        half : bool
            Whether that is half precision, where NumPy lacks it and `found` was made wider.

        Raises
        ------
        RowError
            If it is not what `lookup` gives, to the last bit where vectors come out as they went
            in, and to the precision of the dtype where they are rounded or scaled.
        """
        got, ids = np.asarray(found), self.probes()
        expected = self.lookup(ids)
        half = half or got.dtype.itemsize < 4
        exact = not half and self.scales is None and self.settings.max_norm is None
        close = 0.0 if exact else 1e-2 if half else 1e-5
        size = np.abs(expected).max(axis=1, keepdims=True, initial=0)
        # half precision has no steps finer than that
        least = 6e-8 if half else 0.0
        right = got.shape == expected.shape and (
            np.abs(got.astype(np.float32) - expected) <= close * size + least
        ).all(axis=1)
        if not np.all(right):
            bad = int(ids[np.argmin(right)]) if np.ndim(right) else 0
            name = self.vocabulary.decode([bad], skip_specials=False)[0]
            raise RowError(
                f"The layer does not return the vector of {name!r} for its id {bad}. This is a "
                "fault of wordkin: please report it."
            )


def plan_rows(
    vectors: Vectors,
    vocabulary: Vocabulary | None = None,
    settings: LayerSettings | None = None,
) -> LayerPlan:
    """Make the rows of a layer from word vectors.

    Parameters
    ----------
    vectors : VectorTable or WordVectors
        The vectors.
    vocabulary : Vocabulary, optional
        The words, in order, that the layer shall know, such as those of a training set. By
        default all that have vectors.
    settings : LayerSettings, optional
        What the layer is to be like.

    Returns
    -------
    LayerPlan
        It shares no memory with `vectors`, and is the only copy of them.

    Raises
    ------
    InputError
        If an argument is not what it should be, or they contradict each other.
    UnknownWordError
        If ``pad`` or ``unk`` names a word without a vector.

    Examples
    --------
    >>> from wordkin.table import VectorTable
    >>> words = Vocabulary(["[PAD]", "[UNK]", "cat", "sat"])
    >>> table = VectorTable.from_arrays(words, [[9, 9], [5, 5], [1, 2], [3, 4]])
    >>> plan = plan_rows(table, settings=LayerSettings(pad="[PAD]", unk="[UNK]", only=["sat"]))
    >>> plan.table
    array([[0., 0.],
           [5., 5.],
           [3., 4.]], dtype=float32)
    """
    settings = settings or LayerSettings()
    words = _vocabulary(vectors.vocabulary, vocabulary, settings)
    rows, report = embedding_matrix(
        vectors,
        words,
        missing=settings.missing,
        unknown=settings.unknown if settings.unk is None else "zero",
        seed=settings.seed,
    )
    if settings.unk is not None:
        rows[UNK_ROW] = _matrix(vectors)[vectors.vocabulary.id(settings.unk)]
        if not rows[UNK_ROW].any():
            raise InputError(f"The vector of unk={settings.unk!r} is zero, as padding is.")
        report = replace(report, unknown=f"as {settings.unk!r}")
    _check_size(rows, settings)
    if settings.quantized is None:
        return LayerPlan(rows, None, words, report, settings)
    return LayerPlan(*rounded(rows), words, report, settings)


def _check_size(rows: NDArray[np.float32], settings: LayerSettings) -> None:
    """Refuse what half precision would make infinite."""
    if settings.dtype not in ("float16", "mixed_float16"):
        return
    largest = max(-rows.min(), rows.max())
    if largest > _LARGEST_HALF:
        raise InputError(
            f"dtype={settings.dtype!r} ends at {_LARGEST_HALF:,}, and the largest number of these "
            f"vectors is {largest:,.0f}. Use 'bfloat16', or scale the vectors."
        )


def rounded(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round rows to one byte a number, each row by its own scale.

    Parameters
    ----------
    rows : ndarray
        Shape (n, D), float32.

    Returns
    -------
    codes : ndarray
        Shape (n, D), int8, from -127 to 127.
    scales : ndarray
        Shape (n,), float32: the largest number of each row by 127. ``codes * scales`` is off by
        half a scale at most.
    """
    codes = np.empty(rows.shape, np.int8)
    scales = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        scales[part] = np.abs(rows[part]).max(axis=1) / np.float32(127)
        # a row of zeros, or of numbers too small for a scale, stays zero
        step = np.where(scales[part] > 0, scales[part], np.float32(np.inf))
        codes[part] = np.clip(np.rint(rows[part] / step[:, None]), -127, 127)
    return codes, scales


def _vocabulary(
    source: Vocabulary, vocabulary: Vocabulary | None, settings: LayerSettings
) -> Vocabulary:
    taken = [word for word in (settings.pad, settings.unk) if word is not None]
    for word in taken:
        source.id(word)  # says which words are spelled alike
    if vocabulary is not None:
        _check_own(vocabulary, taken, settings.only)
        return vocabulary
    if settings.only is None and not taken:
        return source.with_specials(SPECIALS)
    return _chosen(source, settings.only, taken)


def _check_own(vocabulary: Vocabulary, taken: list[str], only: Only | None) -> None:
    if only is not None:
        raise ConfigError(
            "vocabulary= already says which words get a row; leave out only=, or vocabulary= for "
            "just those words in use that have a vector."
        )
    if not isinstance(vocabulary, Vocabulary):
        raise InputError(
            f"vocabulary must be a Vocabulary; got {type(vocabulary).__name__}. A list of words "
            "becomes one by Vocabulary(words)."
        )
    check_specials(vocabulary)
    for word in taken:
        if word in vocabulary:
            raise InputError(
                f"{word!r} stands for padding or unknown words here, but the vocabulary counts it "
                "among its words, with a row of its own. Make the vocabulary without it."
            )


def _chosen(source: Vocabulary, only: Only | None, taken: list[str]) -> Vocabulary:
    """Choose words in their old order; counts are those of the words in use, where known."""
    if isinstance(only, Corpus):
        only = only.vocabulary
    used = source.words if only is None else only.words if isinstance(only, Vocabulary) else only
    ids = source.ids(list(used))
    keep = np.zeros(len(source), dtype=bool)
    keep[ids[ids >= 0]] = True
    keep[source.ids(taken)] = False
    if not keep.any():
        raise InputError("None of the words of only= has a vector; there is nothing to look up.")
    words = [source.words[i] for i in np.flatnonzero(keep).tolist()]
    counts, tokenizer = source.counts, source.tokenizer
    counts = None if counts is None else counts[keep]
    if isinstance(only, Vocabulary):
        tokenizer = tokenizer if only.tokenizer is None else only.tokenizer
        if only.counts is not None:
            counts = only.counts[only.ids(words)]
    return Vocabulary(words, counts, specials=SPECIALS, tokenizer=tokenizer)


def _matrix(vectors: Vectors) -> NDArray[np.float32]:
    matrix: Any = getattr(vectors, "matrix", None)
    if matrix is None:
        matrix = getattr(vectors, "vectors", None)
    return np.asarray(matrix)
