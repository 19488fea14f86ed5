"""Corpus: sentences as ids, in memory or mapped from disk, and the account of what was dropped.

A text is read once. Its tokens get provisional numbers (`interning`), which are kept in memory or,
past a bound, in a temporary file (`draft`); at the end, when all counts are known, they are
replaced by ids, most frequent word first, and what is pruned falls out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.corpus import pieces, reading, store
from wordkin.corpus.account import Account as Account  # noqa: TC001 (for users)
from wordkin.corpus.choosing import Choice
from wordkin.corpus.draft import Draft
from wordkin.text.sources import Texts, open_source
from wordkin.text.tokenizers import get_tokenizer
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.corpus.reading import Reading
    from wordkin.text.tokenizers import Tokenizer
    from wordkin.vocabulary import TokenizerSpec

    StrPath = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Corpus:
    """Sentences as ids: what training reads.

    Make one with `from_path`, `from_texts` or `from_sentences`.

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

    def __post_init__(self) -> None:
        store.check(self._parts())

    def _parts(self) -> store.Parts:
        return store.Parts(self.ids, self.starts, self.vocabulary, self.account)

    @classmethod
    def _of(cls, parts: store.Parts) -> Corpus:
        """Make a corpus of what is known to be right, without looking through it again."""
        corpus = object.__new__(cls)
        corpus.__dict__.update(parts._asdict())
        return corpus

    @classmethod
    def from_path(
        cls,
        path: StrPath | Sequence[StrPath],
        *,
        tokenizer: TokenizerSpec | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        vocabulary: Vocabulary | None = None,
        encoding: str = "utf-8",
        store: StrPath | None = None,
    ) -> Corpus:
        """Read files; each line is a sentence.

        Parameters
        ----------
        path : path-like or list of path-like
            Files or folders (everything in them, in order of the names); compressed ones are read
            as they are.
        tokenizer : str, re.Pattern, callable or Tokenizer, optional
            What cuts a line into words, as `wordkin.get_tokenizer` takes it. By default that of
            the given vocabulary, or "words".
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most, the most frequent ones.
        vocabulary : Vocabulary, optional
            Take these words, with the counts they have, instead of choosing some: to train on with
            vectors that are there. Other words are left out.
        encoding : str
            Of the files.
        store : path-like, optional
            A folder to keep the corpus in, from which it is mapped instead of taking memory.

        Returns
        -------
        Corpus
            The corpus.

        Raises
        ------
        FileError
            If there is no such file, or it can't be read, or the store can't be written.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If `min_count` or `max_vocab` is out of range, or given with a vocabulary.
        InputError
            If an argument is of a wrong kind.
        """
        source = open_source(path, encoding=encoding)
        cut = _tokenizer(tokenizer, vocabulary)
        choice = Choice(
            tokenizer=cut, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        return cls._of(_build(reading.of_files(source, cut), choice, store))

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        *,
        tokenizer: TokenizerSpec | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        vocabulary: Vocabulary | None = None,
        store: StrPath | None = None,
    ) -> Corpus:
        """Read texts; each text is a sentence, and line breaks in it are white space.

        Parameters
        ----------
        texts : iterable of str
            The texts; an iterator that can be read only once will do.
        tokenizer : str, re.Pattern, callable or Tokenizer, optional
            What cuts a text into words, as `wordkin.get_tokenizer` takes it. By default that of
            the given vocabulary, or "words".
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most, the most frequent ones.
        vocabulary : Vocabulary, optional
            Take these words, with the counts they have, instead of choosing some: to train on with
            vectors that are there. Other words are left out.
        store : path-like, optional
            A folder to keep the corpus in, from which it is mapped instead of taking memory.

        Returns
        -------
        Corpus
            The corpus.

        Raises
        ------
        InputError
            If `texts` is one string, or holds something else than strings.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If `min_count` or `max_vocab` is out of range, or given with a vocabulary.
        FileError
            If the store can't be written.
        """
        cut = _tokenizer(tokenizer, vocabulary)
        choice = Choice(
            tokenizer=cut, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        text = pieces.of_source(Texts(texts), cut)
        return cls._of(_build(reading.of_pieces(text), choice, store))

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Iterable[str]],
        *,
        min_count: int = 5,
        max_vocab: int | None = None,
        vocabulary: Vocabulary | None = None,
        store: StrPath | None = None,
    ) -> Corpus:
        """Take sentences that are cut into words already.

        Parameters
        ----------
        sentences : iterable of iterables of str
            The tokens of each sentence; an iterator that can be read only once will do.
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most, the most frequent ones.
        vocabulary : Vocabulary, optional
            Take these words, with the counts they have, instead of choosing some: to train on with
            vectors that are there. Other words are left out.
        store : path-like, optional
            A folder to keep the corpus in, from which it is mapped instead of taking memory.

        Returns
        -------
        Corpus
            The corpus; its vocabulary has no tokenizer, unless it was given with one.

        Raises
        ------
        InputError
            If a sentence is a string, or a token is none.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If `min_count` or `max_vocab` is out of range, or given with a vocabulary.
        FileError
            If the store can't be written.
        """
        choice = Choice(
            tokenizer=None, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        return cls._of(_build(reading.of_pieces(pieces.of_sentences(sentences)), choice, store))

    @property
    def n_tokens(self) -> int:
        """The number N of tokens."""
        return len(self.ids)

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


def _tokenizer(spec: TokenizerSpec | None, vocabulary: Vocabulary | None) -> Tokenizer:
    """What the user says, or what the vocabulary was made with, or "words"."""
    if spec is None and isinstance(vocabulary, Vocabulary):
        spec = vocabulary.tokenizer
    return get_tokenizer("words" if spec is None else spec)


def _build(text: Reading, choice: Choice, folder: StrPath | None) -> store.Parts:
    """Read a text, and make a corpus of it in memory or in a folder."""
    # temporary files go where the corpus will be: there must be room for it
    target = None if folder is None else Path(folder).resolve()
    with Draft(target and target.parent) as draft:
        draft.read(text.chunks)
        parts = choice.finish(draft, text)
    if target is None:
        return parts
    store.write(target, parts)
    return store.read(target)
