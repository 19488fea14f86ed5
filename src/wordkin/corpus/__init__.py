"""Corpus: sentences as ids, in memory or mapped from disk, and the account of what was dropped.

A text is read once. Its tokens get provisional numbers (`interning`), which are kept in memory or,
past a bound, in a temporary file (`draft`); at the end, when all counts are known, they are
replaced by ids, most frequent word first, and what is pruned falls out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.corpus import store
from wordkin.corpus.account import Account as Account  # noqa: TC001 (for users)
from wordkin.corpus.making import Making
from wordkin.text.tokenizers import Phrased

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.text.phrases import Phrases
    from wordkin.vocabulary import Vocabulary

    StrPath = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Corpus(Making):
    """Sentences as ids: what training reads.

    Make one with `from_path`, `from_texts`, `from_sentences` or `from_sequences`.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (N,): the id (0..V-1) of each token; maybe mapped from disk, read-only.
    starts : ndarray of int64
        Shape (S + 1,): sentence s is ``ids[starts[s]:starts[s + 1]]``; no sentence is empty.
    vocabulary : Vocabulary
        The V words, most frequent first, with their counts in `ids`.
    account : Account
        What was read, and what became of it.
    empty : ndarray of int64, optional
        Numbers of the texts (or lines, or sentences) of which no word is left, ascending; they
        are no sentences here. Texts are counted from 0. None: not known.

    Raises
    ------
    FormatError
        If the arrays do not fit each other or the vocabulary.

    Examples
    --------
    >>> corpus = Corpus.from_texts(["A rose is a rose.", "Is it?"], min_count=2)
    >>> corpus.vocabulary.words, corpus.ids, corpus.starts
    (['a', 'rose', 'is'], array([0, 1, 2, 0, 1, 2], dtype=int32), array([0, 5, 6]))
    >>> corpus.account.dropped["below min_count"]
    1
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    vocabulary: Vocabulary
    account: Account
    empty: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        store.check(self._parts())

    def _parts(self) -> store.Parts:
        return store.Parts(self.ids, self.starts, self.vocabulary, self.account, self.empty)

    @classmethod
    def _of(cls, parts: store.Parts) -> Corpus:
        """Make a corpus of what is known to be right, without looking through it again."""
        corpus = object.__new__(cls)
        corpus.__dict__.update(parts._asdict())
        return corpus

    @property
    def n_tokens(self) -> int:
        """The number N of tokens."""
        return len(self.ids)

    @property
    def phrases(self) -> Phrases | None:
        """The phrases that were joined, if any."""
        cut = self.vocabulary.tokenizer
        return cut.phrases if isinstance(cut, Phrased) else None

    def __len__(self) -> int:
        """Return the number S of sentences."""
        return len(self.starts) - 1

    def __repr__(self) -> str:
        return (
            f"<Corpus of {self.n_tokens:,} tokens in {len(self):,} sentences; "
            f"{len(self.vocabulary):,} words>"
        )

    def sentences(self) -> Iterator[list[str]]:
        """Give the sentences back in words, without what was dropped.

        Yields
        ------
        list of str
            The words of a sentence.
        """
        words = self.vocabulary.words
        for s in range(len(self)):
            yield [words[i] for i in self.ids[self.starts[s] : self.starts[s + 1]].tolist()]

    def save(self, folder: StrPath) -> None:
        """Write the corpus into a folder (its format: ``docs/corpus-format.md``).

        Parameters
        ----------
        folder : path-like
            The folder to make. One that holds a corpus is replaced when the new one is complete.

        Raises
        ------
        FileError
            If it can't be written, or holds something else.
        """
        store.write(Path(folder), self._parts())

    @classmethod
    def open(cls, folder: StrPath) -> Corpus:
        """Open a corpus that was saved; ids are mapped from disk, not read into memory.

        Parameters
        ----------
        folder : path-like
            The folder.

        Returns
        -------
        Corpus
            The corpus.

        Raises
        ------
        FileError
            If there is no such folder, or it can't be read.
        FormatError
            If it holds no corpus, or a damaged one.
        """
        return cls._of(store.read(Path(folder)))
