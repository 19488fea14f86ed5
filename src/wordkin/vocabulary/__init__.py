"""Vocabulary: words and their row numbers, counts, encoding and decoding.

Two numbers belong to a word. Its *id*, 0..V-1, is its row in a bare matrix of vectors (most
frequent word first). Its *model row* is the id plus the number of special rows in front: row 0 for
padding and row 1 for unknown words, unless the vocabulary says otherwise. Everything that goes into
a network holds model rows; nobody but this class adds the one to the other.
"""

from __future__ import annotations

from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

import numpy as np

from wordkin.errors import InputError, UnknownWordError
from wordkin.text.tokenizers import get_tokenizer
from wordkin.vocabulary import checks, finding, order, spelling, wordlist
from wordkin.vocabulary.checks import PAD as PAD
from wordkin.vocabulary.checks import UNK as UNK
from wordkin.vocabulary.padding import pad

if TYPE_CHECKING:
    import os
    import re
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from wordkin.text.tokenizers import Tokenizer
    from wordkin.vocabulary.padding import Side

    StrPath = str | os.PathLike[str]
    TokenizerSpec = str | re.Pattern[str] | Callable[[str], list[str]] | Tokenizer

Unknown = Literal["unk", "drop", "error"]


@final
class Vocabulary:
    """An unchangeable list of words with their row numbers.

    Parameters
    ----------
    words : sequence of str
        The V words, each once; word i has id i. `PackedWords` are taken as they are.
    counts : array_like of int, optional
        Shape (V,): how often each word occurred.
    specials : sequence of str
        The rows in front of the words, in this order: ``"<pad>"``, ``"<unk>"``, both, or none.
    tokenizer : str, re.Pattern, callable or Tokenizer, optional
        What `encode` cuts a text with (see `wordkin.get_tokenizer`). By default it cuts at white
        space, and then at punctuation what is no word as it stands.

    Raises
    ------
    InputError
        If a word comes twice or is no `str`, or the counts do not fit.

    Examples
    --------
    >>> vocabulary = Vocabulary(["the", "cat", "sat"])
    >>> vocabulary.key_to_index["cat"], len(vocabulary), vocabulary.n_rows
    (1, 3, 5)
    >>> vocabulary.encode("the cat purrs")
    array([2, 3, 1], dtype=int32)
    >>> vocabulary.decode([2, 3, 1, 0], skip_specials=False)
    ['the', 'cat', '<unk>', '<pad>']
    """

    def __init__(
        self,
        words: Sequence[str],
        counts: ArrayLike | None = None,
        *,
        specials: Sequence[str] = (PAD, UNK),
        tokenizer: TokenizerSpec | None = None,
    ) -> None:
        self._words, self._index = checks.checked_words(words)
        self._counts = None if counts is None else checks.checked_counts(counts, len(self._words))
        self._specials = checks.checked_specials(specials)
        self._tokenizer = None if tokenizer is None else get_tokenizer(tokenizer)

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int] | tuple[Sequence[str], ArrayLike],
        *,
        min_count: int = 1,
        max_vocab: int | None = None,
        specials: Sequence[str] = (PAD, UNK),
        tokenizer: TokenizerSpec | None = None,
    ) -> Vocabulary:
        """Choose the frequent words: most frequent first, equals in the order they came.

        Parameters
        ----------
        counts : mapping of str to int, or (words, counts)
            How often each word occurs.
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most (special rows not counted).

        Returns
        -------
        Vocabulary
            With the counts of its words.

        Examples
        --------
        >>> Vocabulary.from_counts({"b": 2, "a": 2, "c": 3, "d": 1}, min_count=2).words
        ['c', 'b', 'a']
        """
        everything, numbers = checks.counted_words(counts)
        ranks = order.frequency_order(numbers, min_count=min_count, max_vocab=max_vocab)
        words = [everything[i] for i in ranks.tolist()]
        return cls(words, numbers[ranks], specials=specials, tokenizer=tokenizer)

    @classmethod
    def from_json(
        cls,
        path: StrPath,
        *,
        specials: Sequence[str] = (PAD, UNK),
        tokenizer: TokenizerSpec | None = None,
    ) -> Vocabulary:
        """Read the words from a JSON object ``{word: id}`` with ids from 0 to V-1.

        Returns
        -------
        Vocabulary
            The words in order of their ids, without counts.
        """
        return cls(wordlist.read_json(Path(path)), specials=specials, tokenizer=tokenizer)

    def to_json(self, path: StrPath) -> None:
        """Write a JSON object ``{word: id}``, in order of the ids: the rows of the bare matrix.

        Counts, special rows and tokenizer are not written. The file is replaced whole or, when
        there is an error, not at all.
        """
        wordlist.write_json(Path(path), self._words)

    @property
    def words(self) -> Sequence[str]:
        """The V words in order of their ids: a list, or what behaves and compares like one."""
        return self._words

    index_to_key = idx2word = words

    @property
    def key_to_index(self) -> Mapping[str, int]:
        """The id of each word: its row in the bare matrix. A dict, or what behaves like one."""
        return self._index

    word2idx = key_to_index

    @property
    def counts(self) -> NDArray[np.int64] | None:
        """How often each word occurred: shape (V,), read-only; None where nobody knows."""
        return self._counts

    @property
    def specials(self) -> tuple[str, ...]:
        """The names of the rows in front of the words."""
        return self._specials

    @property
    def tokenizer(self) -> Tokenizer | None:
        """What `encode` cuts a text with; None if that is not known: at white space, at least."""
        return self._tokenizer

    @property
    def first_row(self) -> int:
        """The model row of the word with id 0."""
        return len(self._specials)

    @property
    def n_rows(self) -> int:
        """How many rows a model needs: special rows and words."""
        return len(self._specials) + len(self._words)

    @property
    def pad_row(self) -> int | None:
        """The model row of padding; None if there is none."""
        return self._specials.index(PAD) if PAD in self._specials else None

    @property
    def unk_row(self) -> int | None:
        """The model row of unknown words; None if there is none."""
        return self._specials.index(UNK) if UNK in self._specials else None

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: object) -> bool:
        if isinstance(word, bytes):  # "not in" would be the wrong answer to b"the"
            raise InputError(checks.not_a_word(word))
        return word in self._index

    def __eq__(self, other: object) -> bool:
        """Tell whether the same words have the same rows; counts and tokenizer don't matter."""
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._specials == other._specials and self._words == other._words

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self):,} words, specials {self._specials}>"

    def with_specials(self, specials: Sequence[str]) -> Vocabulary:
        """Return the same words behind other special rows, named as for `Vocabulary`.

        Returns
        -------
        Vocabulary
            A new object that shares words and counts with this one.
        """
        return self._with(_specials=checks.checked_specials(specials))

    def with_tokenizer(self, tokenizer: TokenizerSpec | None) -> Vocabulary:
        """Return the same words with another tokenizer for `encode`; None stands for the default.

        Returns
        -------
        Vocabulary
            A new object that shares words and counts with this one.
        """
        return self._with(_tokenizer=None if tokenizer is None else get_tokenizer(tokenizer))

    def _with(self, **changed: object) -> Vocabulary:
        twin = object.__new__(Vocabulary)
        twin.__dict__.update(self.__dict__, **changed)
        return twin

    def fingerprint(self) -> str:
        """Return a checksum of everything that decides which row a word has.

        Returns
        -------
        str
            SHA-256 over the special rows and the words in order, as 64 hexadecimal digits.
        """
        return wordlist.checksum(self._specials, self._words)

    def id(self, word: str) -> int:
        """Return the id of a word: its row in the bare matrix.

        Returns
        -------
        int
            0..V-1.

        Raises
        ------
        UnknownWordError
            If the word is not here; it suggests words that are spelled alike.
        """
        return int(self._known([word])[0])

    def ids(self, tokens: Iterable[str]) -> NDArray[np.int32]:
        """Look up the ids of many words.

        Returns
        -------
        ndarray of int32
            Shape (n,): the ids, -1 for unknown words.

        Examples
        --------
        >>> Vocabulary(["the", "cat"]).ids(["cat", "the", "dog"])
        array([ 1,  0, -1], dtype=int32)
        """
        listed = checks.listed(tokens)
        try:
            found = np.fromiter(map(self._index.get, listed, repeat(-1)), np.int32, len(listed))
        except TypeError as error:  # what can't be looked up
            raise InputError(f"Words must be strings: {error}.") from error
        for i in np.flatnonzero(found < 0).tolist():
            if not isinstance(listed[i], str):
                raise InputError(checks.not_a_word(listed[i]))
        return found

    def _tokens(self, text: str) -> list[str]:
        return finding.cut(text, self._index) if self._tokenizer is None else self._tokenizer(text)

    def _known(self, tokens: Sequence[str]) -> NDArray[np.int32]:
        """Look up words that must be there."""
        found = self.ids(tokens)
        if len(found) and found.min() < 0:
            word = tokens[int((found < 0).argmax())]
            raise UnknownWordError(word, spelling.nearest_spellings(word, self._index))
        return found

    def encode(self, text: str | Iterable[str], *, unknown: Unknown = "unk") -> NDArray[np.int32]:
        """Turn a text into model rows.

        Parameters
        ----------
        text : str or iterable of str
            A text, which the tokenizer cuts, or its tokens.
        unknown : {"unk", "drop", "error"}
            What becomes of words that are not here: the unknown row, nothing, or an error.

        Returns
        -------
        ndarray of int32
            Shape (n,): model rows (id + `first_row`).

        Raises
        ------
        UnknownWordError
            If a word is unknown and `unknown` is ``"error"``.
        """
        checks.check_choice("unknown", unknown, ("unk", "drop", "error"))
        tokens = self._tokens(text) if isinstance(text, str) else checks.listed(text)
        rows = self._known(tokens) if unknown == "error" else self.ids(tokens)
        missing = rows < 0
        rows += np.int32(self.first_row)
        if unknown == "drop":
            return rows[~missing]
        if missing.any():
            if self.unk_row is None:
                raise InputError("Unknown words have no row here: drop them, or use with_specials.")
            rows[missing] = self.unk_row
        return rows

    def encode_batch(
        self,
        texts: Iterable[str | Iterable[str]],
        *,
        max_length: int | None = None,
        padding: Side = "right",
        truncating: Side = "right",
        unknown: Unknown = "unk",
    ) -> NDArray[np.int32]:
        """Turn texts into one matrix of model rows, padded and cut to one length.

        Parameters
        ----------
        texts : iterable of str, or of iterables of str
            n texts, or their tokens.
        max_length : int, optional
            The length of each row; by default that of the longest text, at least 1.
        padding, truncating : {"right", "left"}
            The side on which short texts are filled up, and on which long texts lose words.
        unknown : {"unk", "drop", "error"}
            What becomes of unknown words, as in `encode`.

        Returns
        -------
        ndarray of int32
            Shape (n, max_length).

        Examples
        --------
        >>> Vocabulary(["the", "cat", "sat"]).encode_batch(["the dog sat", "cat"], max_length=4)
        array([[2, 1, 4, 0],
               [3, 0, 0, 0]], dtype=int32)
        """
        if self.pad_row is None:
            raise InputError("There is no row for padding. Use with_specials(('<pad>', '<unk>')).")
        encoded = [self.encode(text, unknown=unknown) for text in checks.listed(texts)]
        return pad(
            encoded, self.pad_row, max_length=max_length, padding=padding, truncating=truncating
        )

    def decode(self, rows: ArrayLike, *, skip_specials: bool = True) -> list[str]:
        """Turn model rows back into words.

        Parameters
        ----------
        rows : array_like of int
            Shape (n,): model rows.
        skip_specials : bool
            Leave out padding and unknown words, or show the names of their rows.

        Returns
        -------
        list of str
            The words.

        Raises
        ------
        RowError
            If there is no such row.
        """
        first = self.first_row
        listed = checks.checked_rows(rows, self.n_rows)
        if skip_specials:
            return [self._words[row - first] for row in listed if row >= first]
        return [self._words[r - first] if r >= first else self._specials[r] for r in listed]
