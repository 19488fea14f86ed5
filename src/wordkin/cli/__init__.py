"""The command line: parse, call, print. Start reading in `app`."""

from __future__ import annotations


def main() -> None:
    """Run the command line, as ``wordkin`` in a shell does."""
    from wordkin.cli.app import run

    run()
