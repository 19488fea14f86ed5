"""``wordkin explore``: a page to look around in vectors."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer looks at the annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from wordkin.cli.outputs import check_file
from wordkin.cli.plot import Method

if TYPE_CHECKING:
    from wordkin.vectors import WordVectors


def explore(
    file: Annotated[Path, typer.Argument(metavar="VECTORS", help="A file of vectors.")],
    other: Annotated[
        Path | None, typer.Argument(metavar="[OTHER]", help="Another one, to compare.")
    ] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PAGE", help="Write one HTML file; start no server."
        ),
    ] = None,
    words: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Show so many words on the map; in a file, hold only these.",
            show_default="500,000; with tsne or umap 10,000; in a file 50,000",
        ),
    ] = None,
    method: Annotated[Method, typer.Option(help="tsne and umap need the extra map.")] = Method.pca,
    seed: Annotated[int, typer.Option(min=0, help="Fixes colours, t-SNE and UMAP.")] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the server listens; 0: a free port.")
    ] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Look around in vectors: a page on this machine, with search, neighbours and a map."""
    from wordkin.cli.screen import Screen, shown, size_of
    from wordkin.explorer import explore as start
    from wordkin.explorer.places import check_map

    files = [file] if other is None else [file, other]
    check_file(output, files)
    check_map(method.value)
    screen = Screen()
    with screen.waiting():
        vectors = _opened(files)
        if output is not None:
            start(vectors, output=output, words=words, method=method.value, seed=seed)
    if output is not None:
        screen.line(f"{shown(str(output))} ({size_of(output.stat().st_size)})")
        return
    with start(
        vectors, words=words, method=method.value, seed=seed, port=port, browser=browser
    ) as explorer:
        screen.line(explorer.url)
        screen.note("Only this machine can open it. Ctrl-C ends it.")
        try:
            explorer.wait()
        except KeyboardInterrupt:
            screen.note("Ended.")


def _opened(files: list[Path]) -> dict[str, WordVectors]:
    """Open files, by names that tell them apart."""
    from wordkin.vectors import load

    short = len({path.name for path in files}) == len(files)
    named = {path.name if short else str(path): load(path) for path in files}
    if len(named) < len(files):  # one file twice
        named[f"{files[1]} again"] = named[str(files[0])]
    return named
