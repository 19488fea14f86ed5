"""How the commands are told where labelled texts are: options that several of them share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from wordkin.classification.labelled import Labelled
    from wordkin.cli.screen import Screen

_DATA = "Data"


class Kind(StrEnum):
    """The kinds of labelled data."""

    folder = "folder"
    csv = "csv"
    tsv = "tsv"
    jsonl = "jsonl"
    json = "json"
    parquet = "parquet"
    fasttext = "fasttext"
    lines = "lines"


Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="A folder (or tar or zip archive) with a folder for each class; CSV, TSV, JSON lines, "
        "JSON or Parquet; fastText's __label__ lines.",
    ),
]
KindOption = Annotated[
    Kind | None,
    typer.Option(help="What DATA is.", show_default="seen from it", rich_help_panel=_DATA),
]
TextOption = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The column of texts: its name, or its number from 0 where there are no names.",
        show_default="text",
        rich_help_panel=_DATA,
    ),
]
LabelOption = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="The column of labels.", show_default="label", rich_help_panel=_DATA
    ),
]
StripOption = Annotated[
    str,
    typer.Option(
        metavar="PARTS",
        help="Parts of mail or news to take off: headers, quotes, footers, until-blank, with "
        "commas between.",
        show_default="none",
        rich_help_panel=_DATA,
    ),
]
EncodingOption = Annotated[
    str, typer.Option(help="How characters are stored.", rich_help_panel=_DATA)
]
DigitsOption = Annotated[
    bool,
    typer.Option(
        "--digits-only",
        help="In folders, read only files whose names are numbers.",
        rich_help_panel=_DATA,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def reading(
    *,
    kind: Kind | None,
    text: str | None,
    label: str | None,
    strip: str,
    encoding: str,
    digits_only: bool,
) -> dict[str, Any]:
    """Return what `read_labelled` shall do with data.

    Parameters
    ----------
    kind, text, label, strip, encoding, digits_only
        The options of the command.

    Returns
    -------
    dict
        Its arguments, by name.
    """
    return {
        "kind": None if kind is None else kind.value,
        "text": column(text),
        "label": column(label),
        "strip": parts(strip),
        "encoding": encoding,
        "digits_only": digits_only,
    }


def column(given: str | None) -> str | int | None:
    """Take a number for a number.

    Parameters
    ----------
    given : str, optional
        A name or a number from 0.

    Returns
    -------
    str, int or None
        The same.

    Examples
    --------
    >>> column("text"), column("1"), column(None)
    ('text', 1, None)
    """
    return int(given) if given is not None and given.isdecimal() else given


def parts(given: str) -> tuple[str, ...]:
    """Cut at commas.

    Parameters
    ----------
    given : str
        Names.

    Returns
    -------
    tuple of str
        The names.

    Examples
    --------
    >>> parts("headers, quotes"), parts("")
    (('headers', 'quotes'), ())
    """
    return tuple(name.strip() for name in given.split(",") if name.strip())


def tell_of(screen: Screen, data: Labelled) -> None:
    """Tell what was read, and what was left out.

    Parameters
    ----------
    screen : Screen
        Gets it on standard error.
    data : Labelled
        The texts.
    """
    screen.note(f"{len(data):,} texts of {len(data.counts()):,} classes")
    for reason, number in data.account.items():
        if reason != "texts":
            screen.note(f"{number:,} {reason}")
