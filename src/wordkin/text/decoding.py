"""What can't be decoded: bytes and halves of characters that are no text, replaced and counted."""

from __future__ import annotations

import codecs
import re
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTING = "wordkin-count"
"""How `counted` wants errors of a codec to be dealt with."""
HALVES = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, as broken JSON leaves them: no text, though Python takes them."""
_count = threading.local()


def without_halves(text: str) -> tuple[str, int]:
    """Replace halves of surrogate pairs, so that a text can be UTF-8.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    text : str
        With U+FFFD in the place of each half.
    n_bytes : int
        How many bytes the halves would have been.
    """
    try:
        text.encode("utf-8")  # three times as fast as searching
    except UnicodeEncodeError:
        pass
    else:
        return text, 0
    text, halves = HALVES.subn("\ufffd", text)
    return text, 3 * halves


def counted(decode: Callable[[], str]) -> tuple[str, int]:
    r"""Decode, and count the bytes that could not be.

    Parameters
    ----------
    decode : callable
        Decodes with ``errors=COUNTING``.

    Returns
    -------
    text : str
        What was decoded, with U+FFFD where that could not be.
    n_bytes : int
        How many bytes these places had.

    Examples
    --------
    >>> counted(lambda: b"one \xff".decode("utf-8", COUNTING))
    ('one \ufffd', 1)
    """
    _count.bytes = 0
    return decode(), _count.bytes


def _replace_and_count(error: UnicodeError) -> tuple[str, int]:
    """Do what errors="replace" does, and count the bytes: codecs tell nobody how many."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    _count.bytes += error.end - error.start
    return "\ufffd", error.end


codecs.register_error(COUNTING, _replace_and_count)
