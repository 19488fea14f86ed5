"""Vocabulary: words and their row numbers, counts, encoding and decoding.

Two numbers belong to a word. Its *id*, 0..V-1, is its row in a bare matrix of vectors (most
frequent word first). Its *model row* is the id plus the number of special rows in front: row 0 for
padding and row 1 for unknown words, unless the vocabulary says otherwise. Everything that goes into
a network holds model rows; nobody but this class adds the one to the other.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from wordkin.errors import (
    ConfigError,
    FileError,
    FormatError,
    InputError,
    RowError,
    UnknownWordError,
)
from wordkin.files import atomic_write
from wordkin.text.tokenizers import get_tokenizer

if TYPE_CHECKING:
    import os
    import re
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from wordkin.text.tokenizers import Tokenizer

    TokenizerSpec = str | re.Pattern[str] | Callable[[str], Sequence[str]] | Tokenizer

PAD = "<pad>"
UNK = "<unk>"

Unknown = Literal["unk", "drop", "error"]
Side = Literal["left", "right"]


class Vocabulary:
    """An unchangeable list of words with their row numbers.

    Parameters
    ----------
    words : sequence of str
        The V words, each once; word i has id i.
    counts : array_like of int, optional
        Shape (V,): how often each word occurred.
    specials : sequence of str
        The rows in front of the words, in this order: ``"<pad>"``, ``"<unk>"``, both, or none.
    tokenizer : str, re.Pattern, callable or Tokenizer, optional
        What `encode` cuts a text with. Without one a text is cut at white space.

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
        self._words = _checked_words(words)
        self._index = dict(zip(self._words, range(len(self._words)), strict=True))
        if len(self._index) != len(self._words):
            raise InputError(_duplicate_message(self._words, self._index))
        self._counts = None if counts is None else _checked_counts(counts, len(self._words))
        self._specials = _checked_specials(specials)
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
        """Make the vocabulary of the frequent words: most frequent first, ties as they came.

        Parameters
        ----------
        counts : mapping of str to int, or (words, counts)
            How often each word occurs.
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most (special rows not counted).
        specials : sequence of str
            The rows in front of the words.
        tokenizer : str, re.Pattern, callable or Tokenizer, optional
            What `encode` cuts a text with.

        Returns
        -------
        Vocabulary
            With the counts of its words.

        Raises
        ------
        ConfigError
            If `min_count` or `max_vocab` is out of range.
        InputError
            If the words or counts are not what they should be.

        Examples
        --------
        >>> Vocabulary.from_counts({"b": 2, "a": 2, "c": 3, "d": 1}, min_count=2).words
        ['c', 'b', 'a']
        """
        if isinstance(counts, Mapping):
            every = cls(list(counts), list(counts.values()))
        else:
            every = cls(*counts)
        assert every._counts is not None
        order = frequency_order(every._counts, min_count=min_count, max_vocab=max_vocab)
        words = [every._words[i] for i in order]
        return cls(words, every._counts[order], specials=specials, tokenizer=tokenizer)

    @classmethod
    def from_json(
        cls,
        path: str | os.PathLike[str],
        *,
        specials: Sequence[str] = (PAD, UNK),
        tokenizer: TokenizerSpec | None = None,
    ) -> Vocabulary:
        """Read the words from a JSON object ``{word: id}``.

        Parameters
        ----------
        path : path-like
            The file. The ids must be exactly 0..V-1, in any order.
        specials : sequence of str
            The rows in front of the words.
        tokenizer : str, re.Pattern, callable or Tokenizer, optional
            What `encode` cuts a text with.

        Returns
        -------
        Vocabulary
            The words in order of their ids, without counts.

        Raises
        ------
        FileError
            If the file can't be read.
        FormatError
            If it is not such an object.
        """
        return cls(_words_of_json(Path(path)), specials=specials, tokenizer=tokenizer)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the words as a JSON object ``{word: id}``, in order of the ids.

        The ids are the rows of the bare matrix. Counts, special rows and tokenizer are not
        written; the formats of `wordkin.formats` keep everything together.

        Parameters
        ----------
        path : path-like
            The file to write; it is replaced whole or not at all.

        Raises
        ------
        FileError
            If the file can't be written.
        """
        try:
            data = json.dumps(self._index, ensure_ascii=False, indent=0).encode("utf-8")
        except UnicodeEncodeError:  # a lone surrogate in a word can only be written escaped
            data = json.dumps(self._index, indent=0).encode("ascii")
        with atomic_write(path) as file:
            file.write(data)

    @property
    def words(self) -> list[str]:
        """The V words in order of their ids."""
        return self._words

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
        """What `encode` cuts a text with; None stands for white space."""
        return self._tokenizer

    @property
    def key_to_index(self) -> dict[str, int]:
        """The id of each word: its row in the bare matrix."""
        return self._index

    word2idx = key_to_index

    @property
    def index_to_key(self) -> list[str]:
        """The word of each id; the same as `words`."""
        return self._words

    idx2word = index_to_key

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
        if isinstance(word, bytes):
            raise InputError(_not_a_word(word))
        return word in self._index

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __eq__(self, other: object) -> bool:
        """Tell whether the same words have the same rows; counts and tokenizer don't matter."""
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._specials == other._specials and self._words == other._words

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    def __repr__(self) -> str:
        first = ", ".join(map(repr, self._words[:3])) + (", ..." if len(self) > 3 else "")
        return f"<Vocabulary of {len(self)} words: {first}; specials {self._specials}>"

    def with_specials(self, specials: Sequence[str]) -> Vocabulary:
        """Return the same words behind other special rows.

        Parameters
        ----------
        specials : sequence of str
            ``"<pad>"``, ``"<unk>"``, both in either order, or none.

        Returns
        -------
        Vocabulary
            A new object that shares words and counts with this one.

        Raises
        ------
        InputError
            If a name is unknown or comes twice.
        """
        other = self._twin()
        other._specials = _checked_specials(specials)
        return other

    def with_tokenizer(self, tokenizer: TokenizerSpec | None) -> Vocabulary:
        """Return the same words with another tokenizer for `encode`.

        Parameters
        ----------
        tokenizer : str, re.Pattern, callable, Tokenizer or None
            As `wordkin.get_tokenizer` takes it; None cuts at white space.

        Returns
        -------
        Vocabulary
            A new object that shares words and counts with this one.

        Raises
        ------
        InputError
            If there is no such tokenizer.
        """
        other = self._twin()
        other._tokenizer = None if tokenizer is None else get_tokenizer(tokenizer)
        return other

    def _twin(self) -> Vocabulary:
        twin = object.__new__(Vocabulary)
        twin.__dict__.update(self.__dict__)
        return twin

    def fingerprint(self) -> str:
        """Return a checksum of everything that decides which row a word has.

        Returns
        -------
        str
            SHA-256 over the words in order and the special rows, as 64 hexadecimal digits.
        """
        digest = hashlib.sha256()
        for group in (self._specials, self._words):
            encoded = [word.encode("utf-8", "surrogatepass") for word in group]
            # with the lengths before them, ("ab", "c") and ("a", "bc") differ
            lengths = np.fromiter(map(len, encoded), dtype="<i8", count=len(encoded))
            digest.update(len(encoded).to_bytes(8, "little") + lengths.tobytes())
            digest.update(b"".join(encoded))
        return digest.hexdigest()

    def id(self, word: str) -> int:
        """Return the id of a word: its row in the bare matrix.

        Parameters
        ----------
        word : str
            The word.

        Returns
        -------
        int
            0..V-1.

        Raises
        ------
        UnknownWordError
            If the word is not here; it suggests words that are spelled alike.
        InputError
            If it is no `str`.
        """
        try:
            return self._index[word]
        except (KeyError, TypeError):
            if not isinstance(word, str):
                raise InputError(_not_a_word(word)) from None
            raise UnknownWordError(word, self.nearest_spellings(word)) from None

    def ids(self, tokens: Iterable[str]) -> NDArray[np.int32]:
        """Look up many words.

        Parameters
        ----------
        tokens : iterable of str
            The words.

        Returns
        -------
        ndarray of int32
            Shape (n,): the ids, -1 for unknown words.

        Raises
        ------
        InputError
            If `tokens` is one string, or a token is no `str`.

        Examples
        --------
        >>> Vocabulary(["the", "cat"]).ids(["cat", "the", "dog"])
        array([ 1,  0, -1], dtype=int32)
        """
        if isinstance(tokens, str | bytes):
            raise InputError(f"Give a list of words, not one string: [{tokens!r}].")
        if not isinstance(tokens, Sequence | np.ndarray):
            tokens = list(tokens)
        try:
            found = np.fromiter(map(self._index.get, tokens, repeat(-1)), np.int32, len(tokens))
        except TypeError as error:
            raise InputError(f"Words must be strings: {error}.") from error
        for i in np.flatnonzero(found < 0):
            if not isinstance(tokens[i], str):
                raise InputError(_not_a_word(tokens[i]))
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
        InputError
            If the text is `bytes` or a token is no `str`, the policy has no such name, or there
            is no unknown row to use.
        UnknownWordError
            If a word is unknown and `unknown` is ``"error"``.
        """
        if unknown not in ("unk", "drop", "error"):
            raise InputError(f"unknown must be 'unk', 'drop' or 'error'; got {unknown!r}.")
        tokens = self._tokens(text)
        rows = self.ids(tokens)
        missing = rows < 0
        rows += np.int32(self.first_row)
        if not missing.any():
            return rows
        if unknown == "drop":
            return rows[~missing]
        if unknown == "error":
            word = tokens[int(missing.argmax())]
            raise UnknownWordError(word, self.nearest_spellings(word))
        if self.unk_row is None:
            raise InputError(
                "There is an unknown word and no row for it. Use with_specials(('<pad>', '<unk>')),"
                " or unknown='drop' or 'error'."
            )
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
            The length of each row; by default that of the longest text.
        padding : {"right", "left"}
            The side on which short texts are filled up.
        truncating : {"right", "left"}
            The side on which long texts lose words.
        unknown : {"unk", "drop", "error"}
            What becomes of unknown words, as in `encode`.

        Returns
        -------
        ndarray of int32
            Shape (n, max_length).

        Raises
        ------
        InputError
            If `texts` is one string, an argument is none of the above, or there is no pad row.
        UnknownWordError
            If a word is unknown and `unknown` is ``"error"``.

        Examples
        --------
        >>> Vocabulary(["the", "cat", "sat"]).encode_batch(["the dog sat", "cat"], max_length=4)
        array([[2, 1, 4, 0],
               [3, 0, 0, 0]], dtype=int32)
        """
        if isinstance(texts, str | bytes):
            raise InputError(f"Give a list of texts, not one string: [{texts[:40]!r}].")
        for name, side in (("padding", padding), ("truncating", truncating)):
            if side not in ("right", "left"):
                raise InputError(f"{name} must be 'right' or 'left'; got {side!r}.")
        if self.pad_row is None:
            raise InputError("There is no row for padding. Use with_specials(('<pad>', '<unk>')).")
        encoded = [self.encode(text, unknown=unknown) for text in texts]
        if max_length is None:
            max_length = max(map(len, encoded), default=0)
        else:
            _check_at_least("max_length", max_length, 1)
        batch = np.full((len(encoded), max_length), self.pad_row, dtype=np.int32)
        for row, ids in zip(batch, encoded, strict=True):
            kept = ids[:max_length] if truncating == "right" else ids[-max_length:]
            start = 0 if padding == "right" else max_length - len(kept)
            row[start : start + len(kept)] = kept
        return batch

    def _tokens(self, text: str | Iterable[str]) -> Sequence[str]:
        if isinstance(text, bytes):
            raise InputError(_not_a_word(text))
        if isinstance(text, str):
            return text.split() if self._tokenizer is None else self._tokenizer(text)
        if not isinstance(text, Iterable):
            raise InputError(f"Give a text or a list of words; got {text!r}.")
        return text if isinstance(text, Sequence) else list(text)

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
        InputError
            If `rows` is not a one-dimensional array of whole numbers.
        RowError
            If there is no such row.
        """
        array = np.asarray(rows)
        if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
            raise InputError(
                f"Rows come as one line of whole numbers; got an array of shape {array.shape} and "
                f"dtype {array.dtype}. Decode a batch row by row."
            )
        bad = (array < 0) | (array >= self.n_rows)
        if bad.any():
            raise RowError(f"There is no row {array[bad][0]}: rows go from 0 to {self.n_rows - 1}.")
        first = self.first_row
        names = [self._words[r - first] if r >= first else None for r in array.tolist()]
        if skip_specials:
            return [name for name in names if name is not None]
        pairs = zip(names, array.tolist(), strict=True)
        return [self._specials[r] if name is None else name for name, r in pairs]

    def nearest_spellings(self, word: str, *, n: int = 3) -> list[str]:
        """Suggest words that are spelled like another.

        Looks for words one edit away (by trying the edits), then among the most frequent words, so
        that the time it takes does not grow with the vocabulary.

        Parameters
        ----------
        word : str
            The word that was asked for.
        n : int
            How many words to suggest at most.

        Returns
        -------
        list of str
            Words of this vocabulary.
        """
        cased = [word.lower(), word.title(), word.upper(), word.strip()]
        letters = sorted(set("".join(self._words[:2000])))[:100]
        edits = _one_edit(word, letters) if len(word) <= 40 else set()
        near = {w for w in cased if w in self._index}
        near |= {w for w in edits if w in self._index}
        found = sorted(near - {word}, key=lambda w: (w not in cased, self._index[w]))[:n]
        if not found and len(word) <= 40:
            found = difflib.get_close_matches(word, self._words[:5000], n, cutoff=0.75)
        return found


def frequency_order(
    counts: NDArray[np.integer], *, min_count: int = 1, max_vocab: int | None = None
) -> NDArray[np.int64]:
    """Rank words by frequency: most frequent first, equals in the order they came.

    Parameters
    ----------
    counts : ndarray of int
        Shape (n,): how often each word occurs.
    min_count : int
        Rarer words are left out.
    max_vocab : int, optional
        Keep this many words at most.

    Returns
    -------
    ndarray of int64
        Shape (V,): the positions of the kept words in `counts`, by rank.

    Raises
    ------
    ConfigError
        If `min_count` or `max_vocab` is no whole number from 1 upwards.

    Examples
    --------
    >>> frequency_order(np.array([2, 5, 2, 1]), min_count=2)
    array([1, 0, 2])
    """
    check_pruning(min_count, max_vocab)
    order = np.argsort(-counts.astype(np.int64), kind="stable")
    kept = int(np.count_nonzero(counts >= min_count))
    return order[: kept if max_vocab is None else min(kept, max_vocab)].astype(np.int64)


def check_pruning(min_count: int, max_vocab: int | None) -> None:
    """Check the two settings that prune a vocabulary.

    Parameters
    ----------
    min_count : int
        Must be 1 or more.
    max_vocab : int or None
        Must be 1 or more, or None.

    Raises
    ------
    ConfigError
        If one of them is not.
    """
    _check_at_least("min_count", min_count, 1)
    if max_vocab is not None:
        _check_at_least("max_vocab", max_vocab, 1)


def _check_at_least(name: str, value: object, low: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ConfigError(f"{name} must be a whole number from {low} upwards; got {value!r}.")


def _one_edit(word: str, letters: Sequence[str]) -> set[str]:
    """All strings that one typing error makes of a word."""
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    deleted = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    replaced = {a + c + b[1:] for a, b in cuts if b for c in letters}
    return deleted | swapped | replaced | {a + c + b for a, b in cuts for c in letters}


def _not_a_word(word: object) -> str:
    hint = " Decode it first: .decode('utf-8')." if isinstance(word, bytes) else ""
    return f"Words and texts must be str; got {type(word).__name__} {word!r:.60}.{hint}"


def _checked_words(words: Sequence[str]) -> list[str]:
    if isinstance(words, str | bytes | AbstractSet | Mapping):
        raise InputError(
            f"Words come as a list, in the order of their rows; got a {type(words).__name__}."
        )
    listed = list(words)
    if set(map(type, listed)) <= {str}:
        return listed
    for word in listed:
        if not isinstance(word, str):
            raise InputError(_not_a_word(word))
    return list(map(str, listed))  # numpy.str_ and other subclasses


def _duplicate_message(words: Sequence[str], last: Mapping[str, int]) -> str:
    first = next(i for i, word in enumerate(words) if last[word] != i)
    return (
        f"Each word may come only once, but {words[first]!r} is at {first} and at "
        f"{last[words[first]]} ({len(words) - len(last)} repetitions in all). Remove them first."
    )


def _checked_counts(counts: ArrayLike, n_words: int) -> NDArray[np.int64]:
    array = np.asarray(counts)
    if array.shape != (n_words,) or (array.dtype.kind not in "iu" and n_words):
        raise InputError(
            f"Counts are one whole number for each of the {n_words} words; got an array of shape "
            f"{array.shape} and dtype {array.dtype}."
        )
    checked = array.astype(np.int64)
    if n_words and checked.min() < 0:
        raise InputError(f"Counts can't be negative; got {checked.min()}.")
    checked.flags.writeable = False
    return checked


def _checked_specials(specials: Sequence[str]) -> tuple[str, ...]:
    names = (specials,) if isinstance(specials, str) else tuple(specials)
    if len(set(names)) != len(names) or not set(names) <= {PAD, UNK}:
        raise InputError(f"specials may hold {PAD!r} and {UNK!r}, each once; got {specials!r}.")
    return names


def _words_of_json(path: Path) -> list[str]:
    """Read a JSON object {word: id} and bring its words in order."""
    try:
        # objects become tuples (lists are arrays), so that a repeated key can't hide another
        pairs = json.loads(path.read_bytes(), object_pairs_hook=tuple)
    except OSError as error:
        raise FileError(f"{path} can't be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is no JSON file: {error}.") from error
    if not isinstance(pairs, tuple) or any(type(i) is not int for _, i in pairs):
        raise FormatError(f'{path} should hold one JSON object of the form {{"word": id, ...}}.')
    pairs = sorted(pairs, key=lambda pair: pair[1])
    if [i for _, i in pairs] != list(range(len(pairs))):
        low, high = pairs[0][1], pairs[-1][1]
        hint = " Ids that start at 1 (as in Keras' word_index) need 1 subtracted." * (low == 1)
        raise FormatError(
            f"{path}: the ids of {len(pairs)} words should be exactly 0 to {len(pairs) - 1}, each "
            f"once; these go from {low} to {high}.{hint}"
        )
    return [word for word, _ in pairs]
