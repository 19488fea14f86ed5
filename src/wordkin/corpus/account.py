"""Account: tokens read = tokens kept + tokens dropped, by reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from wordkin.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where each token that was read went.

    Parameters
    ----------
    read : int
        Tokens that came in, those that the tokenizer dropped by its own rule included.
    kept : int
        Tokens that are in the corpus.
    dropped : mapping of str to int
        Tokens that are not, by reason.
    types : int
        Different words among those that the tokenizer let through. If words were forgotten while
        counting (`undercount` is not 0, or a vocabulary was given and the text has more than a
        million other words), so many at most: one that comes again counts again.
    sentences : int
        Sentences in the corpus.
    empty_sentences : int
        Sentences (in a file: lines) of which nothing was kept.
    bytes_read : int
        Bytes of text, decompressed, of files and columns of tables; 0 for texts and sentences.
    undecodable_bytes : int
        Bytes that are no text in the encoding that was given, and were replaced by U+FFFD.
    nulls : int
        Cells of a table that were null, and null tokens within lists of tokens.
    undercount : int
        0 if all counts are exact. Otherwise rare words were forgotten while counting (see
        `max_vocab_size`), and no count is short by more than this.
    short_words : int
        Words of the vocabulary whose count may be short.
    left_out_up_to : int
        If counts may be short: no word that was left out as too rare occurred more often. Where
        this is not below `min_count`, words may be missing that belong here.

    Raises
    ------
    InputError
        If the account does not balance: read = kept + dropped; or it does not count by reason.
    """

    read: int
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    types: int = 0
    sentences: int = 0
    empty_sentences: int = 0
    bytes_read: int = 0
    undecodable_bytes: int = 0
    nulls: int = 0
    undercount: int = 0
    short_words: int = 0
    left_out_up_to: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.dropped, Mapping):
            raise InputError(f"What was dropped is told by reason; got {self.dropped!r:.60}.")
        numbers = [getattr(self, each.name) for each in fields(self) if each.name != "dropped"]
        for number in (*numbers, *self.dropped.values()):
            if type(number) is not int or not 0 <= number < 1 << 63:
                raise InputError(f"The account counts with whole numbers; got {number!r:.60}.")
        if self.read != self.kept + sum(self.dropped.values()):
            raise InputError(
                f"The account does not balance: {self.read} tokens read, {self.kept} kept, "
                f"{dict(self.dropped)} dropped."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain values, for JSON.

        Returns
        -------
        dict
            By the names of the parameters.
        """
        return asdict(self) | {"dropped": dict(self.dropped)}

    def __str__(self) -> str:
        lines = [("tokens read", self.read)]
        lines += [(f"- {reason}", n) for reason, n in self.dropped.items() if n]
        lines += [("= tokens kept", self.kept)]
        lines.append((f"different words{', at most' if self.undercount else ' read'}", self.types))
        lines += [("sentences", self.sentences), ("empty sentences", self.empty_sentences)]
        if self.bytes_read:
            lines.append(("bytes read", self.bytes_read))
        if self.undecodable_bytes:
            lines.append(("undecodable bytes", self.undecodable_bytes))
        if self.nulls:
            lines.append(("null cells and tokens", self.nulls))
        if self.undercount:
            lines.append(("counts short by at most", self.undercount))
            lines.append(("words that may be short", self.short_words))
            lines.append(("left out, at most so often", self.left_out_up_to))
        return "\n".join(f"{name:<26}{n:>16,}" for name, n in lines)
