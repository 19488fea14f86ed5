"""Mail and news: what of a message is not its text (headers, quotes, signature), and taking it off.

A classifier that sees these learns who wrote, not what was written about.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# RFC 5322, section 2.2: a field's name is printable ASCII without the colon
_FIELD = re.compile(r"[!-9;-~]+:(?=\s|$)")
_QUOTED = re.compile(r"\s{0,3}(?:[A-Za-z]{0,3}>|[|:]\s)")
_ATTRIBUTION = re.compile(
    r"^\s*(?:in (?:article|message)\s+\S*[<@]|in a previous article\b|quoted from\b)"
    r"|\b(?:writes|wrote|says|said)(?: in [^:]*)?(?::|\.\.\.)\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*[-_=*~#+]{2,}\s*$")
# what is before the "@" counts from its last character on: looking for its first would go over a
# long word once for each of its letters
_ADDRESS = re.compile(r"(?<=[\w.+!%-])@[\w-]+\.[\w.-]")
_SIGNATURE_LINES = 12  # McQuary's limit is 4; people of 1993 wrote three times as many


def strip_parts(text: str, parts: Iterable[str]) -> str:
    r"""Take parts off a message.

    Parameters
    ----------
    text : str
        A mail or a news post, with line feeds as line ends.
    parts : iterable of str
        Of ``"headers"`` (the lines ``Name: value`` at the top, to the first empty line),
        ``"quotes"`` (lines behind ``>`` and the like, and the lines that announce them),
        ``"footers"`` (the signature), and ``"until-blank"`` (all before the first empty line,
        whatever it is).

    Returns
    -------
    str
        What is left, perhaps nothing.

    Raises
    ------
    InputError
        If there is no part of this name.

    Examples
    --------
    >>> post = "From: ann@a.org\nSubject: Bikes\n\nBob writes:\n> It runs.\nNo.\n\n-- \nAnn\n"
    >>> strip_parts(post, ["headers", "quotes", "footers"]).strip()
    'No.'
    """
    for part in checked_parts(parts):
        text = _STRIPPERS[part](text)
    return text


def checked_parts(parts: Iterable[str]) -> tuple[str, ...]:
    """Return the parts in the order in which they come off.

    Parameters
    ----------
    parts : iterable of str
        Their names.

    Returns
    -------
    tuple of str
        Each once, from the top of a message to its end.

    Raises
    ------
    InputError
        If there is no part of this name.
    """
    wanted = (parts,) if isinstance(parts, str) else tuple(parts)
    unknown = [part for part in wanted if part not in _STRIPPERS]
    if unknown:
        known = ", ".join(map(repr, _STRIPPERS))
        raise InputError(f"A message has no part {unknown[0]!r}. There are {known}.")
    return tuple(part for part in _STRIPPERS if part in wanted)


def without_headers(text: str) -> str:
    r"""Take off the lines ``Name: value`` at the top, and the empty line behind them.

    Parameters
    ----------
    text : str
        A message.

    Returns
    -------
    str
        The body; the text itself if it does not begin with headers.

    Examples
    --------
    >>> without_headers("From: a\n b\n\nbody"), without_headers("Note: well\nthis is no mail\n\n!")
    ('body', 'Note: well\nthis is no mail\n\n!')
    """
    lines = text.split("\n")
    at = 1 if lines[0].startswith("From ") else 0  # what begins a message in a mailbox file
    first = at
    while at < len(lines) and lines[at].strip():
        continues = at > first and lines[at][0] in " \t"
        if not (continues or _FIELD.match(lines[at])):
            return text
        at += 1
    return text if at == first else "\n".join(lines[at + 1 :])


def without_first_block(text: str) -> str:
    r"""Take off all that is before the first empty line; the empty line stays.

    This is the rule of F. Chollet's article on pre-trained embeddings (2016):
    ``i = t.find("\n\n"); t = t[i:] if 0 < i else t``.

    Parameters
    ----------
    text : str
        A message.

    Returns
    -------
    str
        The rest; the text itself where no empty line is, or it begins with one.
    """
    at = text.find("\n\n")
    return text[at:] if at > 0 else text


def without_quotes(text: str) -> str:
    r"""Take off quoted lines, and the lines that announce them.

    Parameters
    ----------
    text : str
        A message, or its body.

    Returns
    -------
    str
        What the author wrote.

    Examples
    --------
    >>> without_quotes("In article <1@x> ann@a.org\n(Ann) writes:\n>> Why?\n> So.\nI see.")
    'I see.'
    """
    return "\n".join(
        line
        for line in text.split("\n")
        if not (_QUOTED.match(line) or (len(line) < 200 and _ATTRIBUTION.search(line)))
    )


def without_footer(text: str) -> str:
    r"""Take off the signature.

    It begins at a line of dashes or other rules among the last lines. Where there is none, a short
    last paragraph with a mail address in it is taken for one.

    Parameters
    ----------
    text : str
        A message, or its body.

    Returns
    -------
    str
        The text above the signature.

    Examples
    --------
    >>> without_footer("Hello.\n-- \nAnn"), without_footer("Hello.\n\nAnn <ann@a.org>")
    ('Hello.', 'Hello.')
    """
    lines = text.rstrip().split("\n")
    first = max(1, len(lines) - _SIGNATURE_LINES)
    rules = [at for at in range(first, len(lines)) if _RULE.match(lines[at])]
    if rules:
        # a box has a rule above and one below
        return "\n".join(lines[: rules[0]]).rstrip()
    blank = max((at for at in range(first, len(lines)) if not lines[at].strip()), default=0)
    if blank and any(map(_ADDRESS.search, lines[blank:])):
        return "\n".join(lines[:blank]).rstrip()
    return text


_STRIPPERS: dict[str, Callable[[str], str]] = {
    "until-blank": without_first_block,
    "headers": without_headers,
    "quotes": without_quotes,
    "footers": without_footer,
}
