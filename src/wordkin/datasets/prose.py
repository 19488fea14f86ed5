"""English of docstrings, line by line and by these rules only.

- examples are left out: doctests, fenced code, literal blocks after ``::``, directives;
- headings and the ``name : type`` lines of parameter lists are left out, and tables and formulas:
  lines in which more than 15 of 100 characters are digits or signs that prose seldom has;
- marks are taken off words: backquotes, ``:role:`` names, ``:param x:``, bullets, emphasis,
  citations, addresses;
- the lines of a paragraph and of an item of a list are joined. It is left out when it came before,
  in this docstring or another, or when it has fewer than five words.
"""

from __future__ import annotations

import inspect
import re

_MIN_WORDS = 5  # of a paragraph

_CODE = re.compile(r"^(```|~~~).*?(^\1|\Z)", re.MULTILINE | re.DOTALL)
_DOCTEST = re.compile(r"^[ \t]*>>>.*(\n[ \t]*\S.*)*", re.MULTILINE)
# the line that ends in "::", and all that is empty or indented deeper than it
_LITERAL = re.compile(r"^([ \t]*)(.*)::[^\n]*((?:\n[ \t]*$|\n\1[ \t]+\S.*)*)", re.MULTILINE)
_PARAMETER = re.compile(r"\s*\*{0,2}\w+(, ?\*{0,2}\w+)*(, \.\.\.)? : ?[^.]*$")
_HEADING = re.compile(r"\s*[A-Z]\w*( \w+)?:$")
_UNDERLINE = re.compile(r"\s*([-=~^*#+_\"])\1{2,}\s*$")
_ITEM = re.compile(r"\s*(#+ |[-*+•] |\(?\w{1,2}[.)] |:\w+ [\w*]+: |:\w+: |\.\. \[\w+\] |(?=\w+: ))")
_MARKS = re.compile(
    r"\[(?=[^]]{1,99}\]\()|\]\(\S*\)|https?://\S+|:[a-z:]+:(?=`)|\s<[\w.-]+>(?=`)|`+|\*+"
    r"|\[[\w-]+\]_|\|(?=\w)|(?<=\w)\|"
)
_ODD = re.compile(r"[\d_]|[^\w\s.,;:'\"()-]")  # characters that English prose has few of


def english(docstring: str) -> str:
    r"""Reduce a docstring to its prose, by the rules that the head of this file lists.

    Parameters
    ----------
    docstring : str
        The docstring as it stands in the source.

    Returns
    -------
    str
        One paragraph in each line; empty if nothing is left.

    Examples
    --------
    >>> english('''Return the ``sum`` of two :class:`Number` objects.
    ...
    ...     Parameters
    ...     ----------
    ...     a, b : int
    ...         The numbers that
    ...         are added.
    ...
    ...     >>> add(1, 2)
    ...     3
    ...     ''')
    'Return the sum of two Number objects.\nThe numbers that are added.'
    """
    text = inspect.cleandoc(docstring)
    if "```" in text or "~~~" in text:
        text = _CODE.sub("", text)
    if ">>>" in text:
        text = _DOCTEST.sub("", text)
    if "::" in text:
        text = _LITERAL.sub(_before_literal, text)
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        _add_line(line, paragraphs)
    joined = (" ".join(lines).split() for lines in paragraphs)
    return "\n".join(" ".join(words) for words in joined if len(words) >= _MIN_WORDS)


def _before_literal(match: re.Match[str]) -> str:
    """Keep the sentence that announces a literal block; a directive goes with its block."""
    indent, sentence = match[1], match[2]
    return "" if sentence.startswith("..") else f"{indent}{sentence}:\n"


def _add_line(line: str, paragraphs: list[list[str]]) -> None:
    """Add a line to the last paragraph, or begin a new one, or leave the line out."""
    if not line or line.isspace() or _HEADING.match(line):
        paragraphs.append([])
    elif _UNDERLINE.match(line):  # what stands above it is a heading
        paragraphs[-1] = paragraphs[-1][:-1]
        paragraphs.append([])
    elif _PARAMETER.match(line):
        paragraphs.append([])
    else:
        item = _ITEM.match(line)
        if item:
            paragraphs.append([])
            line = line[item.end() :]
        line = _MARKS.sub("", line)
        if len(_ODD.findall(line)) <= 0.15 * len(line):
            paragraphs[-1].append(line)
