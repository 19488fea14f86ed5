"""``wordkin evaluate``: how good vectors are, with error bars."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wordkin.cli.outputs import check_file
from wordkin.errors import InputError

if TYPE_CHECKING:
    from wordkin.cli.screen import Screen
    from wordkin.evaluation import Evaluation

_Sets = list[Path] | None


class Rule(StrEnum):
    """How analogies are answered."""

    cosadd = "3cosadd"
    cosmul = "3cosmul"


def _sets(what: str) -> typer.models.OptionInfo:
    return typer.Option(metavar="FILE", help=f"A set of {what}; may be given again.")  # type: ignore[no-any-return]


def evaluate(  # noqa: PLR0913 (each is an option of the command line)
    files: Annotated[
        list[Path], typer.Argument(metavar="VECTORS...", help="Files of vectors, of any format.")
    ],
    *,
    similarity: Annotated[_Sets, _sets("word pairs with scores")] = None,
    analogies: Annotated[_Sets, _sets("analogies, as Google's questions-words.txt")] = None,
    odd: Annotated[_Sets, _sets("groups of words, of which the last is the odd one")] = None,
    categories: Annotated[_Sets, _sets("words with their categories")] = None,
    restrict_vocab: Annotated[
        int, typer.Option(min=1, help="Use the first (most frequent) words only.")
    ] = 300_000,
    case_sensitive: Annotated[
        bool, typer.Option("--case-sensitive", help="Tell words apart by case.")
    ] = False,
    method: Annotated[Rule, typer.Option(help="For analogies.")] = Rule.cosadd,
    topk: Annotated[
        int, typer.Option(min=1, help="Count an analogy if the answer is among the first K.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Fixes the resamples of the intervals.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that a browser shows.")
    ] = None,
) -> None:
    """Measure vectors on test sets; compare several files with the first."""
    from wordkin.cli.screen import Screen, shown
    from wordkin.evaluation import KINDS, GoldSet
    from wordkin.evaluation import evaluate as measure
    from wordkin.vectors import load

    given = (similarity, analogies, odd, categories)
    check_file(html, [*files, *(path for paths in given for path in paths or ())])
    sets = [
        GoldSet(path, kind)
        for kind, paths in zip(KINDS, given, strict=True)
        for path in paths or ()
    ]
    if not sets:
        raise InputError(
            "Give at least one test set: --similarity, --analogies, --odd or --categories."
        )
    screen = Screen()
    names = _names(files)
    with screen.busy(f"measuring {', '.join(map(shown, names))}"):
        result = measure(
            {name: load(file) for name, file in zip(names, files, strict=True)},
            *sets,
            restrict_vocab=restrict_vocab,
            case_insensitive=not case_sensitive,
            method=method.value,
            topk=topk,
            seed=seed,
        )
        if html is not None:
            result.to_html(html)
    if as_json:
        screen.json(result.to_dict())
    else:
        _print(screen, result)


def _names(files: list[Path]) -> list[str]:
    """Short names where they tell the files apart, else the paths, else numbers."""
    for names in ([file.name for file in files], [str(file) for file in files]):
        if len(set(names)) == len(names):
            return names
    return [f"{file} ({number})" for number, file in enumerate(files, 1)]


def _print(screen: Screen, result: Evaluation) -> None:
    from wordkin.cli.screen import shown
    from wordkin.evaluation.report import percent

    screen.table([tuple(map(shown, row)) for row in result.rows()], "<<<><>", indent=0)
    for score in result.scores:
        if score.parts:
            screen.heading(shown(f"{score.test_set}: {score.vectors}"))
            rows = [
                (shown(part.name), percent(part.value), f"{part.covered:,} of {part.items:,}")
                for part in score.parts
            ]
            screen.table(rows, "<>>")
    if result.comparisons:
        screen.heading("compared on the items that both cover")
        screen.table([tuple(map(shown, row)) for row in result.comparison_rows()], "<<<><>>")
