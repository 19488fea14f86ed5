"""Account: tokens read = tokens kept + tokens dropped, by reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        Different words among those that the tokenizer let through.
    sentences : int
        Sentences in the corpus.
    empty_sentences : int
        Sentences (in a file: lines) of which nothing was kept.
    bytes_read : int
        Bytes of text, decompressed; 0 where the text did not come from files.
    undecodable_bytes : int
        Bytes that are no text in the encoding that was given, and were replaced by U+FFFD.

    Raises
    ------
    InputError
        If the account does not balance: read = kept + dropped.
    """

    read: int
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    types: int = 0
    sentences: int = 0
    empty_sentences: int = 0
    bytes_read: int = 0
    undecodable_bytes: int = 0

    def __post_init__(self) -> None:
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
        lines += [("= tokens kept", self.kept), ("different words read", self.types)]
        lines += [("sentences", self.sentences), ("empty sentences", self.empty_sentences)]
        if self.bytes_read:
            lines.append(("bytes read", self.bytes_read))
        if self.undecodable_bytes:
            lines.append(("undecodable bytes", self.undecodable_bytes))
        return "\n".join(f"{name:<26}{n:>16,}" for name, n in lines)
