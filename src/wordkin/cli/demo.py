"""``wordkin demo``: the whole way on an embedded corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="Where to save the vectors."),
    ] = Path("wordkin-demo.safetensors"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads.", show_default="all cores")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes all random choices.")] = 1,
) -> None:
    """Show the whole way on a corpus that is here already.

    The corpus is the documentation on this machine: that of Python and of its installed packages.
    """
    from wordkin.cli.outputs import check_output
    from wordkin.cli.screen import Screen
    from wordkin.demo import run

    check_output(output)
    run(Screen(), output, seed=seed, workers=workers)
