"""What readers of labelled data hand on, and how they make text of bytes."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, NamedTuple

from wordkin.errors import FormatError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Record(NamedTuple):
    """A text, its label, and where it came from."""

    text: str
    label: str
    name: str


class Decoder:
    """Bytes to text, counting what can't be decoded.

    Parameters
    ----------
    encoding : str
        How characters are stored.

    Raises
    ------
    InputError
        If there is no such encoding.
    """

    def __init__(self, encoding: str) -> None:
        try:
            "".encode(encoding)
            self.encoding = codecs.lookup(encoding).name
        except LookupError as error:
            raise InputError(
                f"There is no encoding {encoding!r}. Common ones: utf-8, latin-1, cp1252."
            ) from error
        self._undecodable = 0

    def __call__(self, data: bytes) -> str:
        r"""Decode a text; ``\r\n`` and ``\r`` become ``\n``.

        Parameters
        ----------
        data : bytes
            All of it.

        Returns
        -------
        str
            Where bytes are no text, U+FFFD.
        """
        data = data.removeprefix(codecs.BOM_UTF8)
        try:
            text = data.decode(self.encoding)
        except UnicodeDecodeError:
            self._undecodable += 1
            text = data.decode(self.encoding, errors="replace")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text

    def lines(self, stream: Iterable[bytes]) -> Iterator[str]:
        """Decode a file line by line.

        Parameters
        ----------
        stream : iterable of bytes
            An open file.

        Yields
        ------
        str
            A line, perhaps with its end.
        """
        if self.encoding.startswith(("utf-16", "utf-32")):  # a line feed has several bytes there
            yield from io.StringIO(self(b"".join(stream)))
        else:
            yield from map(self, stream)

    def peek(self, head: bytes) -> str:
        """Decode the beginning of a file, for a look at it; nothing is counted.

        Parameters
        ----------
        head : bytes
            Its first bytes, perhaps cut within a character.

        Returns
        -------
        str
            Where bytes are no text, U+FFFD.
        """
        return head.decode(self.encoding, errors="replace")

    def account(self) -> dict[str, int]:
        """Tell what could not be decoded.

        Returns
        -------
        dict
            Empty if everything could.
        """
        return {"with undecodable bytes": self._undecodable} if self._undecodable else {}


def as_label(value: object, where: str) -> str:
    """Make a label of a cell.

    Parameters
    ----------
    value : object
        A str, a whole number or a bool.
    where : str
        Where it stands, for the message.

    Returns
    -------
    str
        The label.

    Raises
    ------
    FormatError
        If it is anything else: missing, a fraction, a list.
    """
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int):  # bool too
        return str(value)
    raise FormatError(f"{where} has no label that is a word or a whole number; it has {value!r}.")


def as_text(value: object, where: str) -> str:
    """Make a text of a cell.

    Parameters
    ----------
    value : object
        A str, perhaps empty.
    where : str
        Where it stands, for the message.

    Returns
    -------
    str
        The text.

    Raises
    ------
    FormatError
        If it is anything else, such as None.
    """
    if isinstance(value, str):
        return value
    raise FormatError(f"{where} has no text but {value!r:.60}. Remove it, or write an empty one.")
