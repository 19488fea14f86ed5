"""``wordkin compare``: the honest bake-off, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wordkin.cli.labelled import (
    Data,
    DigitsOption,
    EncodingOption,
    KindOption,
    LabelOption,
    StripOption,
    TextOption,
    parts,
    reading,
    tell_of,
)
from wordkin.cli.outputs import check_file


def compare(  # noqa: PLR0913 (the options of the command)
    data: Data,
    *,
    test: Annotated[
        str,
        typer.Option(
            metavar="SHARE|DATA",
            help="A share to test with, chosen at random; or other data of the same kind.",
        ),
    ] = "0.2",
    split: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Split as this file says: lines train<TAB>name, test<TAB>name."
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="majority, tfidf-lr, tfidf-svm; mean, cnn, gru, with nothing, -frozen or -tuned "
            "behind it; with commas between.",
            show_default="all but gru",
        ),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Pretrained vectors for -frozen and -tuned."),
    ] = None,
    leaks: Annotated[bool, typer.Option(help="Look for what makes the test too easy.")] = True,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table with all digits.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table in Markdown.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Fixes the split, the models and the resamples.")] = 1,
    kind: KindOption = None,
    text: TextOption = None,
    label: LabelOption = None,
    strip: StripOption = "",
    encoding: EncodingOption = "utf-8",
    digits_only: DigitsOption = False,
) -> None:
    """Compare classifiers on one split of labelled texts: accuracy, error bars, costs, leaks."""
    from wordkin.classification.comparing import compare as run
    from wordkin.classification.comparison import ALIGN
    from wordkin.classification.reading import read_labelled
    from wordkin.cli.screen import Screen, shown
    from wordkin.errors import ConfigError
    from wordkin.vectors import load

    share = _share(test)
    check_file(csv, [data, split, vectors, Path(test) if share is None else None])
    screen = Screen()
    settings = reading(
        kind=kind, text=text, label=label, strip=strip, encoding=encoding, digits_only=digits_only
    )
    with screen.busy(f"reading {data}"):
        found = read_labelled(data, **settings)
    tell_of(screen, found)
    if split is not None:
        if test != "0.2":
            raise ConfigError("Give --test or --split, not both.")
        found, others = found.split_by_file(split)
    elif share is None:
        with screen.busy(f"reading {test}"):
            others = read_labelled(test, **settings)
    with screen.waiting():
        result = run(
            found.texts,
            found.labels,
            None if vectors is None else load(vectors),
            models=None if models is None else parts(models),
            test=share if share is not None and split is None else (others.texts, others.labels),
            leaks=leaks,
            seed=seed,
            tell=screen.note,
        )
    if markdown:
        screen.line(result.to_markdown())
    else:
        screen.table([tuple(map(shown, row)) for row in result.rows()], ALIGN, indent=0)
        screen.line()
    for line in result.notes():
        screen.line(line)
    if result.leaks is not None:
        screen.heading("What makes this test easier than the world")
        for line in str(result.leaks).split("\n"):
            screen.line(shown(line))
    if csv is not None:
        result.to_csv(csv)


def _share(test: str) -> float | None:
    try:
        return float(test)
    except ValueError:
        return None
