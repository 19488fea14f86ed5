"""From vectors to the rows of a model: padding, unknown words, and those without a vector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from wordkin.errors import InputError, RowError
from wordkin.vocabulary import PAD, UNK, Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rule = Literal["mean", "zero", "random"]
    MissingRule = Literal["mean", "zero", "random", "subword"]

_RULES = ("mean", "zero", "random")
_SAMPLE = 20  # missing words that a report names
_PROBES = 32
_AT_ONCE = 1024  # rows that are copied at a time
_SPREAD_ROWS = 50_000  # the most frequent words tell well enough how far vectors spread


class Vectors(Protocol):
    """Words with vectors, in ``matrix`` (`VectorTable`) or ``vectors`` (`WordVectors`)."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The V words."""
        ...


@dataclass(frozen=True, kw_only=True)
class EmbeddingReport:
    """What `embedding_matrix` found.

    Parameters
    ----------
    n_words : int
        Words of the vocabulary, special rows not counted.
    hits, misses : int
        Words that have a vector, and words that have none.
    hit_tokens, miss_tokens : int or None
        How often they occur, by the counts of the vocabulary; None where it has none.
    missing_words : tuple of str
        The first words without a vector (the most frequent ones, if the vocabulary is sorted so).
    zero_words : int
        Words whose own vector is zero, so that a model can't tell them from padding.
    missing, unknown : str
        The rules that filled the rows of missing words and of unknown words.
    made : int
        Words among the misses whose vector was made from their n-grams.
    n_rows, dimensions : int
        The shape of the matrix.
    pad_row, unk_row : int or None
        The special rows.
    fingerprint : str
        Of the vocabulary whose rows these are.
    """

    n_words: int
    hits: int
    misses: int
    hit_tokens: int | None
    miss_tokens: int | None
    missing_words: tuple[str, ...]
    zero_words: int
    missing: MissingRule
    unknown: str
    n_rows: int
    dimensions: int
    pad_row: int | None
    unk_row: int | None
    fingerprint: str
    made: int = 0

    def __str__(self) -> str:
        rows = {"padding": self.pad_row, f"unknown words ({self.unknown})": self.unk_row}
        special = [f"row {row} {name}" for name, row in rows.items() if row is not None]
        lines = [
            f"{self.n_rows:,} rows of {self.dimensions} numbers: "
            + ", ".join([*special, f"{self.n_words:,} words"]),
            f"words with a vector:   {_share(self.hits, self.n_words)}",
        ]
        if self.hit_tokens is not None and self.miss_tokens is not None:
            tokens = self.hit_tokens + self.miss_tokens
            lines.append(f"tokens with a vector:  {_share(self.hit_tokens, tokens)}")
        if self.misses:
            more = ", ..." if self.misses > len(self.missing_words) else ""
            named = ", ".join(self.missing_words) + more
            lines.append(f"words without ({self.missing}): {self.misses:,}: {named}")
        if self.made:
            lines.append(f"  of which made from their n-grams: {self.made:,}")
        if self.zero_words:
            lines.append(f"words whose vector is zero, as padding is: {self.zero_words:,}")
        return "\n".join(lines)


def embedding_matrix(
    vectors: Vectors,
    vocabulary: Vocabulary | None = None,
    *,
    missing: MissingRule = "mean",
    unknown: Rule = "mean",
    seed: int = 0,
) -> tuple[NDArray[np.float32], EmbeddingReport]:
    """Make the rows of a model's embedding from word vectors.

    Parameters
    ----------
    vectors : VectorTable or WordVectors
        Anything with a ``vocabulary`` and a ``matrix`` (or ``vectors``) of shape (V, D).
    vocabulary : Vocabulary, optional
        The words of the model, such as those of a classifier's texts. By default all words of
        `vectors`, behind a row for padding (0) and one for unknown words (1).
    missing : {"mean", "zero", "random", "subword"}
        The row of a word that has no vector: the mean of all vectors; zero, which is what padding
        is; or numbers drawn as the vectors are spread (normal, dimension by dimension). With
        ``"subword"``, the vector of its n-grams, if the file had them (fastText, floret), and the
        mean for words that have none.
    unknown : {"mean", "zero", "random"}
        The row of unknown words, likewise.
    seed : int
        For ``"random"``.

    Returns
    -------
    matrix : ndarray of float32
        Shape (``vocabulary.n_rows``, D); row r belongs to what ``vocabulary.encode`` calls r.
        The row of padding is zero.
    report : EmbeddingReport
        Hits and misses.

    Raises
    ------
    InputError
        If an argument is none of the above, if values are not finite, or if a rule other than
        ``"zero"`` would give zeros, as padding has.
    RowError
        If the rows do not pass `check_rows`.

    Examples
    --------
    >>> from wordkin.table import VectorTable
    >>> table = VectorTable.from_arrays(Vocabulary(["cat", "dog"]), [[1, 2], [3, 4]])
    >>> embedding_matrix(table)[0]
    array([[0., 0.],
           [2., 3.],
           [1., 2.],
           [3., 4.]], dtype=float32)
    >>> matrix, report = embedding_matrix(table, Vocabulary(["dog", "emu"]), missing="zero")
    >>> print(report)
    4 rows of 2 numbers: row 0 padding, row 1 unknown words (mean), 2 words
    words with a vector:   1 of 2 (50.0 %)
    words without (zero): 1: emu
    """
    for name, rule, known in (
        ("missing", missing, (*_RULES, "subword")),
        ("unknown", unknown, _RULES),
    ):
        if rule not in known:
            raise InputError(f"{name} must be one of {', '.join(known)}; got {rule!r}.")
    source, table = _parts(vectors)
    target = _target(vocabulary, source)
    ids = _ids(source, target)
    hit = ids >= 0
    rows = np.zeros((target.n_rows, table.shape[1]), dtype=np.float32)
    words = rows[target.first_row :]  # a view
    for start in range(0, len(ids), _AT_ONCE):  # rows[hit] = table[...] would make a second copy
        part = slice(start, start + _AT_ONCE)
        words[part][hit[part]] = table[ids[part][hit[part]]]
    random = np.random.default_rng(seed)
    if target.unk_row is not None:
        rows[[target.unk_row]] = _filler(table, unknown, (1, rows.shape[1]), random=random)
    filled = hit
    if missing == "subword":
        filled = _fill_from_subwords(words, target, hit, vectors=vectors)
    if not filled.all():
        rule = "mean" if missing == "subword" else missing
        shape = (int((~filled).sum()), rows.shape[1])
        words[~filled] = _filler(table, rule, shape, random=random)
    _check_finite(rows, target)
    check_rows(rows, vectors, target)
    report = _report(target, rows, hit, rules=(missing, unknown))
    return rows, replace(report, made=int((filled & ~hit).sum()))


def check_rows(rows: NDArray[np.float32], vectors: Vectors, vocabulary: Vocabulary) -> None:
    """Check that a model's rows are where its vocabulary says, by looking up probe words.

    Every export to a model runs this on what the model itself returns.

    Parameters
    ----------
    rows : ndarray of float32
        Shape (``vocabulary.n_rows``, D): the rows as the model has them.
    vectors : VectorTable or WordVectors
        What they were made from.
    vocabulary : Vocabulary
        The words of the model.

    Raises
    ------
    RowError
        If there are too many or too few rows, the row of padding is not zero, or a word has not
        exactly its vector.
    """
    source, table = _parts(vectors)
    if rows.shape != (vocabulary.n_rows, table.shape[1]):
        raise RowError(
            f"The model has rows of shape {rows.shape}; its vocabulary and vectors make "
            f"{(vocabulary.n_rows, table.shape[1])}."
        )
    if vocabulary.pad_row is not None and rows[vocabulary.pad_row].any():
        raise RowError(f"Row {vocabulary.pad_row} is for padding and should be zero; it is not.")
    common = np.flatnonzero(_ids(source, vocabulary) >= 0)
    # first, last, and evenly between: a shift by one row shows everywhere
    for i in [*common[:: max(1, len(common) // _PROBES)], *common[-1:]]:
        word = vocabulary.words[i]
        row = int(vocabulary.encode([word], unknown="error")[0])
        if not np.array_equal(rows[row], table[source.id(word)].astype(np.float32)):
            raise RowError(f"Row {row} of the model should be the vector of {word!r}; it is not.")


def _parts(vectors: Vectors) -> tuple[Vocabulary, NDArray[np.float32]]:
    words: Any = getattr(vectors, "vocabulary", None)
    table: Any = getattr(vectors, "matrix", None)
    if table is None:
        table = getattr(vectors, "vectors", None)
    if not isinstance(words, Vocabulary) or not isinstance(table, np.ndarray):
        raise InputError(
            f"embedding_matrix takes WordVectors or a VectorTable; got {type(vectors).__name__}. "
            "Your own arrays become one by WordVectors(words, matrix)."
        )
    return words, table


def _ids(source: Vocabulary, target: Vocabulary) -> NDArray[np.int32]:
    """Look up the words of one vocabulary in the other; at once where they are the same list."""
    if target.words is source.words:
        return np.arange(len(source), dtype=np.int32)
    return source.ids(target.words)


def _target(vocabulary: Vocabulary | None, source: Vocabulary) -> Vocabulary:
    if vocabulary is None:
        return source.with_specials((PAD, UNK))
    if not isinstance(vocabulary, Vocabulary):
        raise InputError(
            f"vocabulary must be a Vocabulary; got {type(vocabulary).__name__}. A list of words "
            "becomes one by Vocabulary(words)."
        )
    return vocabulary


def _fill_from_subwords(
    words: NDArray[np.float32], target: Vocabulary, hit: NDArray[np.bool_], *, vectors: Vectors
) -> NDArray[np.bool_]:
    """Give words without a vector that of their n-grams, and tell which words have one now."""
    holder: Any = getattr(vectors, "table", vectors)
    subwords = getattr(holder, "subwords", None)
    if subwords is None:
        raise InputError(
            "missing='subword' needs rows of n-grams, which these vectors don't have. Load a "
            "fastText .bin or .floret file, or use 'mean', 'zero' or 'random'."
        )
    missing = np.flatnonzero(~hit)
    made, found = subwords.vectors([target.words[int(i)] for i in missing])
    words[missing[found]] = made[found]
    filled = hit.copy()
    filled[missing[found]] = True
    return filled


def _filler(
    table: NDArray[np.float32], rule: Rule, shape: tuple[int, int], *, random: np.random.Generator
) -> NDArray[np.float32]:
    """Rows for words without a vector, to be broadcast to a shape (n, D)."""
    if rule == "zero":
        return np.zeros(shape[1:], dtype=np.float32)
    if not len(table):
        raise InputError("These vectors have no words to take a mean of. Use unknown='zero'.")
    mean = table.mean(axis=0, dtype=np.float64)
    spread = _spread(table[:_SPREAD_ROWS])
    # centred vectors have a mean of almost nothing, which a model can't tell from padding
    if rule == "mean" and np.linalg.norm(mean) < 1e-6 * np.linalg.norm(spread) + 1e-30:
        raise InputError("The mean of the vectors is zero, as padding is. Use 'random' or 'zero'.")
    if rule == "mean":
        return np.asarray(mean, dtype=np.float32)
    if not (spread.any() or mean.any()):
        raise InputError("All vectors are zero, as padding is; there is nothing to draw from.")
    drawn = random.standard_normal(shape, dtype=np.float32)
    drawn *= spread.astype(np.float32)
    drawn += mean.astype(np.float32)
    return drawn


def _spread(table: NDArray[np.float32]) -> NDArray[np.float64]:
    """Standard deviation by dimension, a few rows at a time: a copy in float64 would be large."""
    mean = table.mean(axis=0, dtype=np.float64)
    squares = np.zeros(table.shape[1])
    for start in range(0, len(table), _AT_ONCE):
        squares += np.square(table[start : start + _AT_ONCE] - mean).sum(axis=0)
    spread: NDArray[np.float64] = np.sqrt(squares / max(len(table), 1))
    return spread


def _check_finite(rows: NDArray[np.float32], target: Vocabulary) -> None:
    # float64 sums of float32 rows can't overflow, and one bad value spoils its row's sum
    bad = np.flatnonzero(~np.isfinite(rows.sum(axis=1, dtype=np.float64)))
    if len(bad):
        named = target.decode(bad[:5], skip_specials=False)
        raise InputError(
            f"{len(bad)} rows hold NaN or infinity: {', '.join(named)} ... Repair the vectors."
        )


def _report(
    target: Vocabulary,
    rows: NDArray[np.float32],
    hit: NDArray[np.bool_],
    *,
    rules: tuple[MissingRule, Rule],
) -> EmbeddingReport:
    counts = target.counts
    hits = int(hit.sum())
    words = rows[target.first_row :]
    return EmbeddingReport(
        n_words=len(target),
        hits=hits,
        misses=len(target) - hits,
        hit_tokens=None if counts is None else int(counts[hit].sum()),
        miss_tokens=None if counts is None else int(counts[~hit].sum()),
        missing_words=tuple(target.words[i] for i in np.flatnonzero(~hit)[:_SAMPLE]),
        zero_words=int((hit & ~words.any(axis=1)).sum()),
        missing=rules[0],
        unknown=rules[1],
        n_rows=target.n_rows,
        dimensions=rows.shape[1],
        pad_row=target.pad_row,
        unk_row=target.unk_row,
        fingerprint=target.fingerprint(),
    )


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({100 * part / whole if whole else 0:.1f} %)"
