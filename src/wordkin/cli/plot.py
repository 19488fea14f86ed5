"""``wordkin plot``: pictures of vectors and of their training."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.labelled import parts
from wordkin.cli.outputs import check_file
from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wordkin.vectors import WordVectors

_File = Annotated[Path, typer.Argument(metavar="VECTORS", help="A file of vectors, of any format.")]
_Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="FILE", help="Where to save it: .png or .svg.")
]
_K = Annotated[int, typer.Option("-k", min=1, help="How many neighbours of each word.")]


class Method(StrEnum):
    """How many dimensions become two."""

    pca = "pca"
    tsne = "tsne"
    umap = "umap"


def commands() -> typer.Typer:
    """Make the group of commands.

    Returns
    -------
    typer.Typer
        To be added to the app.
    """
    app = typer.Typer(help="Draw vectors, and how they were trained.", no_args_is_help=True)
    app.command("map")(plot_map)
    app.command("neighbors")(plot_neighbors)
    app.command("analogy")(plot_analogy)
    app.command("axis")(plot_axis)
    app.command("training")(plot_training)
    return app


def plot_map(
    file: _File,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="Draw these with their neighbours."),
    ] = None,
    *,
    output: _Output,
    n: Annotated[
        int, typer.Option("--top", min=2, help="Without words: draw so many of the most frequent.")
    ] = 150,
    k: Annotated[int, typer.Option("-k", min=0, help="How many neighbours of each word.")] = 10,
    method: Annotated[Method, typer.Option(help="tsne and umap need the extra map.")] = Method.pca,
    seed: Annotated[int, typer.Option(min=0, help="Fixes all random choices.")] = 1,
) -> None:
    """Draw a map, on which words that are alike lie together."""
    from wordkin import plotting

    chosen: Any = words or n
    _draw(
        output, file,
        lambda vectors: plotting.plot_map(
            vectors, chosen, topn=k, method=method.value, seed=seed, path=output
        ),
    )  # fmt: skip


def plot_neighbors(
    file: _File,
    *,
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words to look up.")],
    output: _Output,
    k: _K = 10,
) -> None:
    """Draw the nearest words of words as bars."""
    from wordkin import plotting

    _draw(output, file, lambda v: plotting.plot_neighbors(v, words, topn=k, path=output))


def plot_analogy(
    file: _File,
    *,
    pairs: Annotated[
        list[str],
        typer.Argument(metavar="PAIR", help="man:king woman:queen; a word alone is asked about."),
    ],
    output: _Output,
) -> None:
    """Draw an arrow from each word to its partner."""
    from wordkin import plotting

    given = [_pair(pair) for pair in pairs]
    _draw(output, file, lambda v: plotting.plot_analogy(v, given, path=output))


def _pair(text: str) -> tuple[str, str] | str:
    first, colon, second = text.strip(":").partition(":")
    if not colon:
        return text
    if ":" in second:
        raise InputError(f"A pair is two words with a colon between them; got {text!r}.")
    return first, second


def plot_axis(
    file: _File,
    *,
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words to place.")],
    low: Annotated[
        str, typer.Option("--from", metavar="WORDS", help="One pole; several with commas.")
    ],
    high: Annotated[
        str, typer.Option("--to", metavar="WORDS", help="The other pole; several with commas.")
    ],
    output: _Output,
) -> None:
    """Draw where words lie between two poles."""
    from wordkin import plotting

    poles = (parts(low), parts(high))
    _draw(output, file, lambda v: plotting.plot_axis(v, words, poles=poles, path=output))


def plot_training(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="VECTORS...", help="Files of vectors that wordkin trained."),
    ],
    *,
    output: _Output,
) -> None:
    """Draw loss and words a second over the training; of several files side by side."""
    from wordkin import plotting
    from wordkin.cli.screen import Screen, shown
    from wordkin.plotting.page import check_path
    from wordkin.vectors import load

    check_path(output)
    check_file(output, files)
    screen = Screen()
    short = len({file.stem for file in files}) == len(files)
    with screen.waiting():
        runs: Any = {file.stem if short else str(file): load(file) for file in files}
        plotting.plot_training(runs if len(runs) > 1 else next(iter(runs.values())), path=output)
    screen.line(shown(str(output)))


def _draw(output: Path, file: Path, draw: Callable[[WordVectors], Any]) -> None:
    """Open the vectors, draw, and tell where the picture is."""
    from wordkin.cli.screen import Screen, shown
    from wordkin.plotting.page import check_path
    from wordkin.vectors import load

    check_path(output)
    check_file(output, [file])
    screen = Screen()
    with screen.busy("drawing"):
        draw(load(file))
    screen.line(shown(str(output)))
