"""``wordkin download``: public data by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from wordkin.cli.screen import Screen


def download(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="What to fetch; without it, the list.")
    ] = None,
) -> None:
    """Fetch public vectors, texts and test sets; data only, never code.

    A download that broke off goes on where it stopped. Files are kept in WORDKIN_HOME, or in the
    user's cache folder.
    """
    from wordkin import downloads
    from wordkin.cli.screen import Screen
    from wordkin.downloads.transfer import checksum

    screen = Screen()
    if name is None:
        _list(screen)
        return
    resource = downloads.find(name)
    try:
        with screen.busy(f"downloading {resource.file_name}"):
            path = downloads.download(resource)
    except KeyboardInterrupt as interrupt:
        raise type(interrupt)("what has come is kept: give the same command again.") from None
    screen.line(str(path))
    known = "as known" if resource.sha256 else "none is known to compare it with"
    screen.table(
        [
            ("licence", resource.licence),
            ("cite", resource.citation),
            ("SHA-256", f"{checksum(path)} ({known})"),
        ]
    )


def _list(screen: Screen) -> None:
    from wordkin.cli.screen import size_of
    from wordkin.downloads import RESOURCES, home

    screen.table(
        [
            (known.name, size_of(known.n_bytes) if known.n_bytes else "", known.what)
            for known in RESOURCES
        ],
        "<>",
        indent=0,
    )
    screen.line()
    screen.line(f"Downloads are kept in {home()}.")
