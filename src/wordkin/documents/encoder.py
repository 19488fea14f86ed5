"""DocumentEncoder: raw strings in, one vector for each out, from the vectors of their words."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from wordkin.documents import saving
from wordkin.documents.checks import check_settings, table_of
from wordkin.documents.index import DocumentIndex
from wordkin.documents.reading import Reader
from wordkin.documents.report import Counted, EncodingReport, report_on
from wordkin.documents.summing import Rows, Sums, means_of, sum_rows
from wordkin.documents.texts import checked_texts
from wordkin.documents.transformer import Transformer
from wordkin.documents.weighting import (
    Weights,
    common_directions,
    document_frequencies,
    inverse_document_frequency,
    take_off,
    weights_of,
    word_counts,
)
from wordkin.errors import InputError
from wordkin.given import number, whole
from wordkin.neighbors import unit_rows
from wordkin.progress import in_pieces, shown
from wordkin.text.tokenizers import Words, get_tokenizer
from wordkin.vocabulary.finding import are_cased

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

    from numpy.typing import NDArray

    from wordkin.documents.checks import HasTable
    from wordkin.documents.reading import Documents
    from wordkin.table import VectorTable
    from wordkin.vocabulary import TokenizerSpec, Vocabulary

    Texts = Iterable[str]

_AT_ONCE = 1 << 16  # texts whose words are held in memory at the same time


@dataclass(eq=False, repr=False)
class DocumentEncoder(Transformer):
    """Make a vector of each text: the weighted mean of the vectors of its words.

    It follows the conventions of a transformer of scikit-learn (and does not need it). A text
    without a word that has a vector becomes a zero vector; a report counts these. Words that the
    vectors don't know count where the vectors have rows of n-grams (fastText, floret), and are
    left out otherwise.

    Parameters
    ----------
    vectors : WordVectors or VectorTable
        The vectors of words.
    weighting : {"mean", "sif", "idf"}
        "mean" lets all words count alike. "sif" (Arora et al. 2017) weighs a word by a / (a + p),
        p its share of all text, and takes off the directions that the texts given to `fit` have in
        common. "idf" weighs words by the inverse document frequency among the texts given to `fit`.
    tokenizer : str, re.Pattern, callable or Tokenizer, optional
        What cuts texts into words (see `get_tokenizer`); by default that of the vectors, or
        "words" ("words-cased" if there are words with capitals among the most frequent ones).
    counts : mapping of str to int, or Vocabulary, optional
        How often words occur, for "sif"; by default what the vectors know, or else counts from the
        texts given to `fit`.
    a : float
        Of "sif": a word whose share is `a` counts half. The paper takes 1e-3 to 1e-4.
    remove : int, optional
        How many common directions (principal components) `fit` finds, to be taken off; by default
        1 with "sif", and none otherwise. Before `fit` none is taken off.
    normalize : bool
        Scale vectors to length 1.
    empty : {"zero", "raise"}
        What becomes of a text without a known word.
    workers : int, optional
        Threads; all cores by default. The vectors don't depend on it.

    Attributes
    ----------
    weights_ : ndarray of float32
        Shape (V,): how much each word counts (after `fit`).
    components_ : ndarray of float32
        Shape (k, D): the directions that are taken off (after `fit`).

    Examples
    --------
    >>> import wordkin as wk
    >>> vectors = wk.WordVectors(["good", "bad", "film"], [[1, 0], [-1, 0], [0, 2]])
    >>> DocumentEncoder(vectors).encode(["A good film!", "film film", "?"])
    array([[0.5, 1. ],
           [0. , 2. ],
           [0. , 0. ]], dtype=float32)
    """

    vectors: VectorTable | HasTable
    _: KW_ONLY
    weighting: Literal["mean", "sif", "idf"] = "mean"
    tokenizer: TokenizerSpec | None = None
    counts: Mapping[str, int] | Vocabulary | None = None
    a: float = 1e-3
    remove: int | None = None
    normalize: bool = False
    empty: Literal["zero", "raise"] = "zero"
    workers: int | None = None

    # ------------------------------------------------------------------------------- learning

    def fit(self, texts: Texts, y: object = None) -> Self:
        """Learn how much words count, and what the texts have in common.

        Parameters
        ----------
        texts : iterable of str
            n texts.
        y : object
            For scikit-learn; not looked at.

        Returns
        -------
        DocumentEncoder
            Itself.

        Raises
        ------
        InputError
            If texts are no strings, or none of them has a known word.
        ConfigError
            If a setting is out of range.
        """
        del y
        table, reader = self._checked()
        listed = checked_texts(texts)
        if not listed:
            raise InputError("There is no text to learn from.")
        weights = self._learned_weights(table, reader, listed)
        k = self._n_components()
        components = np.zeros((0, table.dimensions), np.float32)
        if k:
            square = np.zeros((table.dimensions,) * 2)
            for documents in _some(reader, listed, "finding common directions"):
                part = means_of(self._sums(table, documents, weights), by_weight=self._by_weight())
                square += part.T.astype(np.float64) @ part
            components = common_directions(square, k)
        self._take(weights, components, table)
        return self

    def _learned_weights(self, table: VectorTable, reader: Reader, texts: list[str]) -> Weights:
        counts = None
        if self.weighting == "sif":
            counts = word_counts(self.counts, table.vocabulary)
        if self.weighting == "mean" or counts is not None:
            return weights_of(counts, len(table), self.a)
        frequencies, seen = np.zeros((2, len(table)), np.int64)
        for documents in _some(reader, texts, "counting words"):
            known = documents.ids[documents.ids < len(table)]
            seen += np.bincount(known, minlength=len(table))
            if self.weighting == "idf":
                frequencies += document_frequencies(documents, len(table))
        if not seen.any():
            common_directions(np.zeros((1, 1)), 1)  # tells that there is nothing
        if self.weighting == "sif":
            return weights_of(seen.astype(np.float64), len(table), self.a)
        weights = inverse_document_frequency(frequencies, len(texts))
        return Weights(weights, float(inverse_document_frequency(0, len(texts))))

    def _take(self, weights: Weights, components: NDArray[np.float32], table: VectorTable) -> None:
        self._weights, self._words = weights, table.vocabulary
        self._of_fit = {"weighting": self.weighting, "a": self.a, "remove": self.remove}
        self.weights_ = weights.known
        self.components_ = components

    # ------------------------------------------------------------------------------- encoding

    @overload
    def encode(
        self, texts: Texts, *, report: Literal[False] = ..., progress: bool = ...
    ) -> NDArray[np.float32]: ...
    @overload
    def encode(
        self, texts: Texts, *, report: Literal[True], progress: bool = ...
    ) -> tuple[NDArray[np.float32], EncodingReport]: ...
    def encode(
        self, texts: Texts, *, report: bool = False, progress: bool = False
    ) -> NDArray[np.float32] | tuple[NDArray[np.float32], EncodingReport]:
        """Make the vectors of texts.

        Parameters
        ----------
        texts : iterable of str
            n texts.
        report : bool
            Also tell how many words were known, and which texts have none.
        progress : bool
            Show how far it has come.

        Returns
        -------
        ndarray of float32, or that and EncodingReport
            Shape (n, D).

        Raises
        ------
        InputError
            If texts are no strings; if one has no known word, and ``empty="raise"``; or if the
            weights have to be learned by `fit` first.
        ConfigError
            If a setting is out of range.
        """
        table, reader = self._checked()
        listed = checked_texts(texts)
        weights, components = self._learned(table)
        out = np.zeros((len(listed), table.dimensions), np.float32)
        counted: list[Counted] = []
        done = 0
        with shown(progress):
            for documents in _some(reader, listed, "encoding texts"):
                sums = self._sums(table, documents, weights)
                vectors = means_of(sums, by_weight=self._by_weight())
                take_off(components, vectors)
                if self.normalize:
                    vectors = unit_rows(vectors.astype(np.float64)).astype(np.float32)
                out[done : done + len(vectors)] = vectors
                done += len(vectors)
                counted.append(Counted.of(documents, sums.words, len(table)))
        told = report_on(counted)
        if self.empty == "raise" and len(told.without):
            raise InputError(told.complaint(listed))
        return (out, told) if report else out

    def similarity(self, first: Texts, second: Texts) -> NDArray[np.float32]:
        """Return the cosine between texts, each with the one at the same place.

        Parameters
        ----------
        first, second : iterable of str
            n texts each.

        Returns
        -------
        ndarray of float32
            Shape (n,): -1 to 1; 0 where a text has no known word.

        Raises
        ------
        InputError
            If there are more of one than of the other.
        """
        a, b = (unit_rows(self.encode(each).astype(np.float64)) for each in (first, second))
        if len(a) != len(b):
            raise InputError(f"Give as many texts of both; there are {len(a):,} and {len(b):,}.")
        return np.asarray(np.einsum("nd,nd->n", a, b), np.float32)

    def index(self, texts: Texts) -> DocumentIndex:
        """Encode texts, and keep them for searches.

        Parameters
        ----------
        texts : iterable of str
            n texts, numbered from 0.

        Returns
        -------
        DocumentIndex
            With `search`.
        """
        return DocumentIndex(self.encode(texts), self.encode)

    # ---------------------------------------------------------------------------------- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save vectors, weights and directions as one safetensors file; no code is in it.

        `wordkin.load` opens it as vectors of words.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced when the new one is complete.

        Raises
        ------
        FileError
            If it can't be written.
        InputError
            If the tokenizer is a function, or the vectors are others than those of `fit`.
        """
        table, reader = self._checked()
        settings = self._as_of_fit()
        for name in ("vectors", "tokenizer", "counts", "workers"):
            del settings[name]
        weights, components = self._learned(table)
        saving.write_encoder(
            path,
            table,
            reader.vocabulary,
            saved=saving.Saved(settings, weights.known, weights.unknown, components),
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load an encoder from the file that `save` wrote.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        DocumentEncoder
            Ready to encode.

        Raises
        ------
        FileError
            If there is no such file, or it can't be read.
        FormatError
            If it holds no encoder, or is damaged.
        """
        table, saved = saving.read_encoder(path, known=[n for n in cls._names() if n != "vectors"])
        encoder = cls(table, **saved.settings)
        encoder._take(Weights(saved.weights, saved.unknown), saved.components, table)
        return encoder

    # ----------------------------------------------------------------------------- what it uses

    def _checked(self) -> tuple[VectorTable, Reader]:
        """The vectors, and what reads texts by their words; kept until they change."""
        check_settings(self)
        table = table_of(self.vectors)
        key = (table, self.tokenizer)
        kept = getattr(self, "_kept", None)
        if kept is None or any(a is not b for a, b in zip(kept[0], key, strict=True)):
            spec = self.tokenizer
            if spec is None:
                cased = are_cased(table.vocabulary.words)
                spec = table.vocabulary.tokenizer or Words(lower=not cased)
            kept = self._kept = key, Reader(table.vocabulary.with_tokenizer(get_tokenizer(spec)))
        return table, kept[1]

    def _learned(self, table: VectorTable) -> tuple[Weights, NDArray[np.float32]]:
        nothing = np.zeros((0, table.dimensions), np.float32)
        if hasattr(self, "components_"):
            same = self._words is table.vocabulary or self._words == table.vocabulary
            if self.components_.shape[1] != table.dimensions or not same:
                raise InputError("The vectors are others than those of fit. Call fit(texts) again.")
            return self._weights, self.components_
        if self.weighting == "mean":
            return weights_of(None, len(table), self.a), nothing
        counts = word_counts(self.counts, table.vocabulary) if self.weighting == "sif" else None
        if counts is None:
            raise InputError(
                f'weighting="{self.weighting}" has to learn from texts how frequent words are: '
                "call fit(texts)"
                + (", or give counts=, such as corpus.vocabulary" * (self.weighting == "sif"))
                + "."
            )
        return weights_of(counts, len(table), self.a), nothing

    def _n_dimensions(self) -> int:
        return table_of(self.vectors).dimensions

    def _needs_fit(self) -> bool:
        return self.weighting != "mean"

    def _n_components(self) -> int:
        return int(self.weighting == "sif") if self.remove is None else self.remove

    def _as_of_fit(self) -> dict[str, Any]:
        """The settings; of those that `fit` looks at, what it saw."""
        settings = self.get_params() | getattr(self, "_of_fit", {})
        # checked already; a file has no numbers of NumPy
        remove = whole(settings["remove"])
        return settings | {"a": number(settings["a"]), "remove": remove}

    def _by_weight(self) -> bool:
        """Whether sums are divided by the weights; SIF divides by the number of words."""
        return bool(self._as_of_fit()["weighting"] == "idf")

    def _sums(self, table: VectorTable, documents: Documents, weights: Weights) -> Sums:
        others = Rows(np.zeros((0, table.dimensions), np.float32), np.zeros(0, np.float32))
        if table.subwords is not None and len(documents.unknown):
            made, found = table.subwords.vectors(documents.unknown)
            others = Rows(made, np.where(found, np.float32(weights.unknown), np.float32(0)))
        known = Rows(table.matrix, weights.known)
        return sum_rows(documents, known, others, workers=self.workers)


def _some(reader: Reader, texts: list[str], what: str) -> Iterator[Documents]:
    """Read texts, so many at a time that memory is bounded."""
    for some in in_pieces(len(texts), _AT_ONCE, what, unit="texts"):
        yield reader.read(texts[some])
