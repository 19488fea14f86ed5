"""Corpus: sentences as ids, in memory or mapped from disk, and the account of what was dropped.

A text is read once. Its tokens get provisional numbers (`interning`), which are kept in memory or,
past a bound, in a temporary file (`draft`); at the end, when all counts are known, they are
replaced by ids, most frequent word first, and what is pruned falls out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wordkin.corpus import pieces, reading, store
from wordkin.corpus.account import Account as Account
from wordkin.corpus.draft import Draft
from wordkin.errors import EmptyCorpusError
from wordkin.text.sources import Texts, open_source
from wordkin.text.tokenizers import get_tokenizer
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.order import check_pruning, frequency_order

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
        tokenizer: TokenizerSpec = "words",
        min_count: int = 5,
        max_vocab: int | None = None,
        encoding: str = "utf-8",
        store: StrPath | None = None,
    ) -> Corpus:
        """Read files; each line is a sentence.

        Parameters
        ----------
        path : path-like or list of path-like
            Files or folders (everything in them, in order of the names); compressed ones are read
            as they are.
        tokenizer : str, re.Pattern, callable or Tokenizer
            What cuts a line into words, as `wordkin.get_tokenizer` takes it.
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most, the most frequent ones.
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
            If `min_count` or `max_vocab` is out of range.
        InputError
            If an argument is of a wrong kind.
        """
        source = open_source(path, encoding=encoding)
        cut = get_tokenizer(tokenizer)
        plan = _Plan(cut, min_count, max_vocab, store)
        return cls._of(_build(reading.of_files(source, cut), plan))

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        *,
        tokenizer: TokenizerSpec = "words",
        min_count: int = 5,
        max_vocab: int | None = None,
        store: StrPath | None = None,
    ) -> Corpus:
        """Read texts; each text is a sentence, and line breaks in it are white space.

        Parameters
        ----------
        texts : iterable of str
            The texts; an iterator that can be read only once will do.
        tokenizer : str, re.Pattern, callable or Tokenizer
            What cuts a text into words, as `wordkin.get_tokenizer` takes it.
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most, the most frequent ones.
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
            If `min_count` or `max_vocab` is out of range.
        FileError
            If the store can't be written.
        """
        cut = get_tokenizer(tokenizer)
        plan = _Plan(cut, min_count, max_vocab, store)
        text = pieces.of_source(Texts(texts), cut)
        return cls._of(_build(reading.of_pieces(text), plan))

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Iterable[str]],
        *,
        min_count: int = 5,
        max_vocab: int | None = None,
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
        store : path-like, optional
            A folder to keep the corpus in, from which it is mapped instead of taking memory.

        Returns
        -------
        Corpus
            The corpus; its vocabulary has no tokenizer.

        Raises
        ------
        InputError
            If a sentence is a string, or a token is none.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If `min_count` or `max_vocab` is out of range.
        FileError
            If the store can't be written.
        """
        plan = _Plan(None, min_count, max_vocab, store)
        return cls._of(_build(reading.of_pieces(pieces.of_sentences(sentences)), plan))

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


class _Plan(NamedTuple):
    """What becomes of a draft."""

    tokenizer: Tokenizer | None
    min_count: int
    max_vocab: int | None
    store: StrPath | None


def _build(text: Reading, plan: _Plan) -> store.Parts:
    """Read a text, and make a corpus of it in memory or in the store."""
    check_pruning(plan.min_count, plan.max_vocab)
    # temporary files go where the corpus will be: there must be room for it
    folder = None if plan.store is None else Path(plan.store).resolve()
    with Draft(folder and folder.parent) as draft:
        draft.read(text.chunks)
        parts = _finish(draft, text, plan)
    if folder is None:
        return parts
    store.write(folder, parts)
    return store.read(folder)


def _finish(draft: Draft, text: Reading, plan: _Plan) -> store.Parts:
    """Choose the words, and replace provisional numbers by ids."""
    types = text.types()
    order = frequency_order(draft.counts, min_count=plan.min_count, max_vocab=plan.max_vocab)
    if not len(order):
        raise EmptyCorpusError(_nothing_left(draft, types, plan))
    words = [types[i] for i in order.tolist()]
    vocabulary = Vocabulary(words, draft.counts[order], tokenizer=plan.tokenizer)
    ids, starts = draft.ranked(order, text.rank)
    rare = int(draft.counts[draft.counts < plan.min_count].sum())
    dropped = {
        "dropped by the tokenizer": draft.dropped,
        "below min_count": rare,
        "over max_vocab": draft.tokens - len(ids) - rare,
    }
    account = Account(
        read=draft.tokens + draft.dropped,
        kept=len(ids),
        dropped=dropped,
        types=len(types),
        sentences=len(starts) - 1,
        empty_sentences=draft.sentences - (len(starts) - 1),
        bytes_read=draft.bytes_read,
        undecodable_bytes=draft.undecodable,
    )
    return store.Parts(ids, starts, vocabulary, account)


def _nothing_left(draft: Draft, types: list[str], plan: _Plan) -> str:
    if draft.tokens:
        top = int(draft.counts.argmax())
        return (
            f"No word is left: {draft.tokens} tokens of {len(types)} types were read, the most "
            f"frequent, {types[top]!r}, {draft.counts[top]} times, but min_count is "
            f"{plan.min_count}. Give more text, or a min_count of {draft.counts[top]} or less."
        )
    cause = "the text is empty"
    if draft.dropped:
        cause = f"the tokenizer dropped all of {draft.dropped} tokens; use another one"
    elif draft.bytes_read:
        cause = f"the tokenizer finds no word in {draft.bytes_read} bytes; use another one"
    return f"0 tokens of 0 types were read: {cause}."
