"""``wordkin convert``: from one format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wordkin.cli.outputs import check_different, check_folder


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A file of vectors, of any format; a.zip#member names one of several.",
        ),
    ],
    *,
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file to write; its ending tells the format.")
    ],
    format: Annotated[
        str | None, typer.Option(help="The format to write, where the ending does not tell.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Take the first so many words only.")
    ] = None,
) -> None:
    """Convert a file of vectors to another format, and say what was repaired on the way.

    What is lost depends on the formats: most hold words and numbers only.
    """
    from wordkin import formats
    from wordkin.archives import archive_and_member
    from wordkin.cli.screen import Screen, shown, size_of
    from wordkin.files import size_on_disk
    from wordkin.formats.batches import repairs

    screen = Screen()
    formats.writer(target, format)  # tells before the work that there is none
    check_different(target, [Path(archive_and_member(str(source))[0])])
    check_folder(target)
    with screen.busy(f"converting {shown(str(source))}"):
        table = formats.read(source, limit=limit)
        formats.write(table, target, format=format)
    size = size_of(size_on_disk(target)) if target.is_file() else "a folder"
    screen.line(
        f"{shown(str(target))}: {len(table):,} words, {table.dimensions} dimensions, {size}"
    )
    repaired = repairs(table.settings)
    if repaired:
        screen.line(f"repaired or left out: {repaired}")
