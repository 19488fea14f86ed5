"""Pieces: what each kind of input is cut into before its words become numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from typing import TYPE_CHECKING, Any, NamedTuple

from wordkin.errors import InputError
from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wordkin.text.columns import Column
    from wordkin.text.sources import Source
    from wordkin.text.tokenizers import Tokenizer


class Piece(NamedTuple):
    """Some tokens, and what is to be told about them.

    Parameters
    ----------
    tokens : list of str
        The tokens.
    ends : list of int
        Where sentences end: before the token of this number. What follows the last end belongs
        to the sentence that the next piece ends.
    dropped : int
        Tokens that the tokenizer read and dropped.
    bytes_read : int
        Bytes of text that were read from files for this.
    undecodable : int
        Those of them that are no text.
    """

    tokens: list[str]
    ends: list[int]
    dropped: int = 0
    bytes_read: int = 0
    undecodable: int = 0


def of_source(source: Source, tokenizer: Tokenizer) -> Iterator[Piece]:
    """Cut a text into tokens.

    Parameters
    ----------
    source : Source
        Where it comes from.
    tokenizer : Tokenizer
        What cuts it.

    Yields
    ------
    Piece
        One for each block of the source.
    """
    for block in source:
        sentences, undecodable = block.sentences()
        tokens: list[str] = []
        ends: list[int] = []
        dropped = 0
        for sentence in sentences:
            words, lost = tokenizer.split(sentence)
            tokens += words
            dropped += lost
            ends.append(len(tokens))
        if not block.ends_sentence:
            ends.pop()
        yield Piece(tokens, ends, dropped, block.bytes_read, undecodable)


def of_token_lists(column: Column, batches: Iterable[Any]) -> Iterator[Piece]:
    """Take the rows of a column that are cut already.

    Parameters
    ----------
    column : Column
        The column.
    batches : iterable
        What it gave when reading began.

    Yields
    ------
    Piece
        One for each batch.
    """
    for tokens, ends in column.token_lists(batches):
        yield Piece(tokens, ends)


def of_sentences(sentences: Iterable[Iterable[str]]) -> Iterator[Piece]:
    """Check the form of sentences that are cut already; tokens are checked when numbered.

    Parameters
    ----------
    sentences : iterable of iterables of str
        The tokens of each sentence.

    Yields
    ------
    Piece
        One for each sentence.

    Raises
    ------
    InputError
        If there are strings where lists should be.
    """
    if isinstance(sentences, str | bytes) or not isinstance(sentences, Iterable):
        raise InputError(
            f"from_sentences takes a list of lists of words; got {sentences!r:.60}. For texts use "
            "Corpus.from_texts([text, ...]), for a file or folder Corpus.from_path(path)."
        )
    total = len(sentences) if isinstance(sentences, Sized) else None
    with task("reading sentences", total, "sentences") as advance:
        for number, sentence in enumerate(sentences):
            if not isinstance(sentence, Iterable) or isinstance(sentence, str | bytes | Mapping):
                raise InputError(
                    f"Sentence {number} is no list of words but {type(sentence).__name__}: "
                    f"{sentence!r:.60}. Corpus.from_texts cuts strings into words, and "
                    "Corpus.from_rows takes a column of a table."
                )
            tokens = list(sentence)
            yield Piece(tokens, [len(tokens)])
            advance(1)
