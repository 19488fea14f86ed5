"""The app: its commands, and what becomes of errors.

Nothing heavy is imported here: ``wordkin --help`` has to be quick. Each command imports what it
needs when it is called.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

import wordkin
from wordkin.cli.classify import commands as classify_commands
from wordkin.cli.compare import compare
from wordkin.cli.convert import convert
from wordkin.cli.demo import demo
from wordkin.cli.download import download
from wordkin.cli.encode import encode
from wordkin.cli.evaluate import evaluate
from wordkin.cli.explore import explore
from wordkin.cli.interrupt import Terminated, noting_interrupts
from wordkin.cli.look import info, nearest, similarity
from wordkin.cli.plot import commands as plot_commands
from wordkin.cli.train import train
from wordkin.errors import ConfigError, WordkinError

if TYPE_CHECKING:
    from collections.abc import Sequence

# as shells count
_FAILED, _USAGE, _INTERRUPTED, _NOBODY_READS, _TERMINATED = 1, 2, 130, 141, 143


class _Commands(TyperGroup):
    """The commands; what they raise becomes one line and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 (typer's own kind of click)
        return list(self.commands)  # in the order of a user's way, not of the alphabet

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _read_by_nobody()
            raise typer.Exit(_NOBODY_READS) from None
        except KeyboardInterrupt as interrupt:
            _forget_where_it_hit()
            word, code = _how_it_ended(interrupt)
            typer.echo(f"{word}; {str(interrupt) or 'nothing was saved.'}", err=True)
            raise typer.Exit(code) from None
        except ConfigError as error:
            _complain(error)
            raise typer.Exit(_USAGE) from None
        except (WordkinError, OSError) as error:
            _complain(error)
            raise typer.Exit(_FAILED) from None
        except MemoryError:
            _complain("there is not enough memory for this.")
            raise typer.Exit(_FAILED) from None
        return result


def _forget_where_it_hit() -> None:
    """Let Python end with our exit code.

    Where Ctrl-C leaves code that is made of text, such as that of named tuples, CPython notes that
    nobody handled it, and ``python -m`` kills itself by SIGINT in the end instead of returning an
    exit code. The note is taken away where the next such code begins.
    """
    exec("")


def _how_it_ended(interrupt: KeyboardInterrupt) -> tuple[str, int]:
    terminated = isinstance(interrupt, Terminated)
    return ("Terminated", _TERMINATED) if terminated else ("Interrupted", _INTERRUPTED)


def _complain(what: object) -> None:
    """Say it in one line, whatever it holds."""
    typer.echo("wordkin: " + " ".join(str(what).split()), err=True)


def _show_warning(message: object, *_where: object, **_rest: object) -> None:
    """Show a warning in one line, without the place in our code."""
    _complain(f"warning: {message}")


def _read_by_nobody() -> None:
    """Let Python's last flush of standard output go nowhere, instead of complaining."""
    with contextlib.suppress(OSError):  # of a stream that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wordkin {wordkin.__version__}")
        raise typer.Exit


def _make_app() -> typer.Typer:
    terminal = sys.stdout.isatty() and sys.stderr.isatty()
    app = typer.Typer(
        name="wordkin",
        cls=_Commands,
        help="Text to word vectors, and word vectors to working models.",
        epilog="Begin with: wordkin demo",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if terminal else None,
    )

    @app.callback()
    def _options(
        version: Annotated[
            bool,
            typer.Option(
                "--version", callback=_show_version, is_eager=True, help="Show the version."
            ),
        ] = False,
    ) -> None:
        pass

    looking = (nearest, similarity, explore, evaluate, info)
    for command in (demo, train, *looking, convert, encode, download, compare):
        app.command()(command)
    app.add_typer(plot_commands(), name="plot")
    app.add_typer(classify_commands(), name="classify")
    return app


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``wordkin`` in the shell; by default what the shell gave.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # a word that the terminal's encoding lacks is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    try:
        with noting_interrupts(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            _make_app()(arguments, prog_name="wordkin")
    except KeyboardInterrupt as interrupt:  # before the command began
        sys.exit(_how_it_ended(interrupt)[1])
