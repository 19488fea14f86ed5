"""DocumentModel: what `train` learns of documents with `Doc2Vec`, and vectors of new ones."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.documents.inferring import Inferrer
from wordkin.documents.reading import Reader
from wordkin.documents.report import Counted, EncodingReport, report_on
from wordkin.documents.saving import read_documents, write_documents
from wordkin.documents.texts import checked_texts, list_of
from wordkin.errors import ConfigError, InputError, RowError, UnknownWordError
from wordkin.given import check_unmasked
from wordkin.neighbors import Searcher, checked_vector
from wordkin.neighbors.exact import check_count
from wordkin.progress import shown, task

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from wordkin.config import Doc2Vec
    from wordkin.documents.reading import Documents
    from wordkin.table import VectorTable

    Tag = str | int


class _Learned(NamedTuple):
    """What new documents get their vectors from."""

    words: VectorTable
    context: NDArray[np.float32]  # (V, D): the rows that are predicted
    config: Doc2Vec


class DocumentModel:
    """Vectors of documents, and what makes vectors of new ones.

    `train` makes one, as `TrainedModel.documents`. Documents are numbered from 0, in the order in
    which their texts came; one of which no word was left has a zero vector. They may have tags, by
    which they are named then.

    Parameters
    ----------
    vectors : ndarray of float32
        Shape (n, D): a row for each document.
    words : VectorTable
        The vectors of the V words.
    context : ndarray of float32
        Shape (V, D): the rows of words that vectors of documents predict.
    config : Doc2Vec
        What was trained.
    tags : sequence of str, optional
        A name for each document.

    Raises
    ------
    InputError
        If the arrays don't fit, or tags are no different names for all documents.

    Examples
    --------
    >>> import wordkin as wk
    >>> texts = ["the cat sat on the mat", "a dog ran after the cat", "shares fell in Paris"] * 20
    >>> corpus = wk.Corpus.from_texts(texts, min_count=1)
    >>> config = wk.Doc2Vec(vector_size=8, sample=0, epochs=40)
    >>> model = wk.train(corpus, config, workers=1).documents
    >>> model.vectors.shape, model.infer(["a cat ran"]).shape
    ((60, 8), (1, 8))
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        words: VectorTable,
        *,
        context: NDArray[np.float32],
        config: Doc2Vec,
        tags: Sequence[str] | None = None,
    ) -> None:
        check_unmasked([vectors, context])
        shape = (len(words), words.dimensions)
        if context.shape != shape or vectors.ndim != 2 or vectors.shape[1] != shape[1]:
            raise InputError(
                f"Documents {vectors.shape}, words {shape} and rows to predict {context.shape} "
                "don't fit: they must have the same dimensions, and the last two the same rows."
            )
        self.vectors = vectors
        self.tags = None if tags is None else _checked_tags(tags, len(vectors))
        self._learned = _Learned(words, context, config)

    @property
    def words(self) -> VectorTable:
        """The vectors of words."""
        return self._learned.words

    @property
    def context(self) -> NDArray[np.float32]:
        """The rows of words that documents predict: shape (V, D)."""
        return self._learned.context

    @property
    def config(self) -> Doc2Vec:
        """What was trained."""
        return self._learned.config

    @property
    def vector_size(self) -> int:
        """The length D of each vector."""
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.vectors)

    def __repr__(self) -> str:
        return (
            f"<DocumentModel: {len(self):,} documents, {len(self.words):,} words, "
            f"{self.vector_size} dimensions>"
        )

    def tagged(self, tags: Iterable[str]) -> DocumentModel:
        """Give the documents names.

        Parameters
        ----------
        tags : iterable of str
            A different name for each of the n documents, in their order.

        Returns
        -------
        DocumentModel
            With the same arrays.

        Raises
        ------
        InputError
            If there are more or less than documents, or one comes twice.
        """
        learned = self._learned._asdict()
        return DocumentModel(self.vectors, **learned, tags=list_of(tags, "tags", "give them all"))

    # ----------------------------------------------------------------------------- by their tags

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {tag: i for i, tag in enumerate(self.tags or ())}

    def number(self, tag: Tag) -> int:
        """Return the number of a document.

        Parameters
        ----------
        tag : str or int
            Its tag, or its number itself.

        Returns
        -------
        int
            From 0 to n - 1.

        Raises
        ------
        UnknownWordError
            If there is no such tag.
        RowError
            If there is no such number.
        InputError
            If it is neither, or a tag where documents have none.
        """
        if isinstance(tag, str):
            return self._numbered(tag)
        if isinstance(tag, bool) or not isinstance(tag, int | np.integer):
            raise InputError(
                f"Of a document a tag is a str, a number a whole one; got {tag!r:.80}."
            )
        if not 0 <= tag < len(self):
            raise RowError(f"There are documents 0 to {len(self) - 1}; got {tag!r}.")
        return int(tag)

    def _numbered(self, tag: str) -> int:
        if self.tags is None:
            raise InputError(
                f"The documents have no tags, only numbers; got {tag!r:.80}. tagged(tags) gives "
                "them names; infer([text]) makes vectors of new texts."
            )
        if tag not in self._numbers:
            raise UnknownWordError(tag)
        return self._numbers[tag]

    def __getitem__(self, tag: Tag) -> NDArray[np.float32]:
        """Return the vector (D,) of a document, read-only."""
        row: NDArray[np.float32] = self.vectors[self.number(tag)]
        row.flags.writeable = False
        return row

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self.vectors)

    def most_similar(
        self, document: Tag | NDArray[np.floating], topn: int = 10
    ) -> list[tuple[Tag, float]]:
        """Find the documents that are nearest to a document.

        Parameters
        ----------
        document : str, int or ndarray
            A tag or number, or a vector (D,) such as one that `infer` made.
        topn : int
            How many to return.

        Returns
        -------
        list of (str or int, float)
            Tags (numbers, where there are none) and cosines, nearest first, without the document
            itself; nothing for a document without a known word, whose vector is zero.

        Raises
        ------
        UnknownWordError
            If there is no such tag.
        RowError
            If there is no such number.
        InputError
            If a vector is none, or `topn` is no number from 1 upwards.
        """
        if isinstance(document, np.ndarray):
            query, asked = checked_vector(document, self.vector_size), []
        else:
            number = self.number(document)
            query, asked = self.vectors[number].astype(np.float64), [number]
        if not query.any():  # to which all are equally near
            check_count("topn", topn)
            return []
        ((rows, cosines),) = self._searcher.nearest([query], topn=topn, exclude=[asked])
        names: Sequence[Tag] = range(len(self)) if self.tags is None else self.tags
        return [(names[i], c) for i, c in zip(rows.tolist(), cosines.tolist(), strict=True)]

    # --------------------------------------------------------------------------------- new texts

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.words.vocabulary)

    def infer(
        self,
        texts: Iterable[str],
        *,
        seed: int = 1,
        epochs: int | None = None,
        alpha: float | None = None,
        min_alpha: float | None = None,
        workers: int | None = None,
        progress: bool = False,
    ) -> NDArray[np.float32]:
        """Make vectors of new texts, while words stay as they are.

        A text gets the same vector each time: it depends on the words of the text and the seed, not
        on the other texts nor on threads.

        Parameters
        ----------
        texts : iterable of str
            m texts, cut into words as those of the training were.
        seed : int
            Fixes the random choices.
        epochs : int, optional
            Passes over each text; by default as in training.
        alpha, min_alpha : float, optional
            Learning rate at the start and at the end; by default as in training.
        workers : int, optional
            Threads; all cores by default.
        progress : bool
            Show how far it has come.

        Returns
        -------
        ndarray of float32
            Shape (m, D); zeros for a text without a known word.

        Raises
        ------
        InputError
            If texts are no strings.
        ConfigError
            If a number is out of its range.
        """
        course: dict[str, Any] = {"epochs": epochs, "alpha": alpha, "min_alpha": min_alpha}
        given = {name: value for name, value in course.items() if value is not None}
        if "min_alpha" not in given and isinstance(alpha, int | float | np.floating):
            given["min_alpha"] = min(self.config.min_alpha, alpha)
        config = dataclasses.replace(self.config, **given)
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ConfigError(f"seed must be a whole number from 0 on; got {seed!r}.")
        with shown(progress):
            with task("reading texts"):
                documents = self._known_words(self._reader.read(checked_texts(texts)))
            return self._inferrer.infer(documents, config, seed=int(seed), workers=workers)

    def report(self, texts: Iterable[str]) -> EncodingReport:
        """Tell how many words of texts are known, and which texts have none.

        Parameters
        ----------
        texts : iterable of str
            m texts.

        Returns
        -------
        EncodingReport
            Its ``without`` are those that `infer` makes zero vectors of.
        """
        documents = self._reader.read(checked_texts(texts))
        known = self._known_words(documents)
        return report_on([Counted.of(documents, known.lengths(), len(self.words))])

    def _known_words(self, documents: Documents) -> Documents:
        known = documents.ids < len(self.words)
        starts = np.concatenate(([0], np.cumsum(known)))[documents.starts]
        return documents._replace(ids=documents.ids[known], starts=starts, unknown=())

    @cached_property
    def _inferrer(self) -> Inferrer:
        return Inferrer(self.words, self.context, self.config)

    # ------------------------------------------------------------------------------------- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save all of it as one safetensors file; no code is in it.

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
            If the tokenizer is a function, or a tag is no UTF-8.
        """
        write_documents(
            path,
            self.words,
            context=self.context,
            vectors=self.vectors,
            tags=self.tags,
            settings=self.config.settings(),
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Load a model from the file that `save` wrote.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        DocumentModel
            Its arrays are mapped from the file, and read-only.

        Raises
        ------
        FileError
            If there is no such file, or it can't be read.
        FormatError
            If it holds no such model, or is damaged.
        """
        vectors, rest = read_documents(path)
        return cls(vectors, **rest)


def _checked_tags(tags: Sequence[Any], n: int) -> Sequence[str]:
    texts = {tag for tag in tags if isinstance(tag, str)}
    if len(tags) != n or len(texts) != n:
        raise InputError(
            f"There are {n:,} documents, which need as many different strings as tags; got "
            f"{len(tags):,}, of which {len(texts):,} are different strings."
        )
    return tags
