"""``wordkin classify``: a text classifier, from labelled texts to one file and to labels."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordkin.cli.labelled import (
    Data,
    DigitsOption,
    EncodingOption,
    JsonOption,
    KindOption,
    LabelOption,
    StripOption,
    TextOption,
    reading,
    tell_of,
)
from wordkin.cli.outputs import check_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wordkin.classification.records import Decoder
    from wordkin.classification.reporting import Report
    from wordkin.cli.screen import Screen

_MODEL, _RUN = "Model", "Run"
_AT_ONCE = 10_000  # lines that are read before they are classified
_File = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A file made by wordkin classify fit.")
]


class Head(StrEnum):
    """The heads of a classifier."""

    mean = "mean"
    cnn = "cnn"
    gru = "gru"


class Backend(StrEnum):
    """What Keras computes with."""

    jax = "jax"
    torch = "torch"
    tensorflow = "tensorflow"


def fit(  # noqa: PLR0913 (the options of the command)
    data: Data,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to save the classifier.")
    ],
    head: Annotated[
        Head,
        typer.Option(help="mean is fast and needs no framework.", rich_help_panel=_MODEL),
    ] = Head.mean,
    vectors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Pretrained vectors, of any format.", rich_help_panel=_MODEL
        ),
    ] = None,
    frozen: Annotated[
        bool,
        typer.Option("--frozen", help="Don't tune the vectors.", rich_help_panel=_MODEL),
    ] = False,
    ngrams: Annotated[
        int,
        typer.Option(help="mean: sequences of up to so many words.", rich_help_panel=_MODEL),
    ] = 2,
    min_count: Annotated[
        int, typer.Option(help="Leave rarer words out.", rich_help_panel=_MODEL)
    ] = 1,
    max_vocab: Annotated[
        int | None,
        typer.Option(
            help="Know so many words at most.", show_default="all", rich_help_panel=_MODEL
        ),
    ] = None,
    max_length: Annotated[
        int, typer.Option(help="cnn, gru: look at so many words.", rich_help_panel=_MODEL)
    ] = 1000,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Passes over the texts.", show_default="10, networks more", rich_help_panel=_RUN
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="cnn, gru.", show_default="0.001", rich_help_panel=_RUN),
    ] = None,
    validation: Annotated[
        float,
        typer.Option(
            help="Hold out this share to judge by; 0 learns from all.", rich_help_panel=_RUN
        ),
    ] = 0.1,
    balanced: Annotated[
        bool,
        typer.Option(
            "--balanced", help="Let rare classes count as much as others.", rich_help_panel=_RUN
        ),
    ] = False,
    compress: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="mean: make the file fit, such as 2MB.", rich_help_panel=_RUN
        ),
    ] = None,
    backend: Annotated[
        Backend | None,
        typer.Option(
            help="cnn, gru: of Keras.", show_default="what is there", rich_help_panel=_RUN
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes all random choices.", rich_help_panel=_RUN)] = 1,
    workers: Annotated[
        int | None, typer.Option(help="Threads.", show_default="all cores", rich_help_panel=_RUN)
    ] = None,
    kind: KindOption = None,
    text: TextOption = None,
    label: LabelOption = None,
    strip: StripOption = "",
    encoding: EncodingOption = "utf-8",
    digits_only: DigitsOption = False,
) -> None:
    """Learn to tell the classes of texts, and save that as one file."""
    from wordkin.classification import TextClassifier
    from wordkin.classification.reading import read_labelled
    from wordkin.cli.screen import Screen, size_of
    from wordkin.vectors import load

    screen = Screen()
    _check_settings(head, vectors, frozen=frozen, compress=compress)
    check_file(output, [data, vectors])
    settings = reading(
        kind=kind, text=text, label=label, strip=strip, encoding=encoding, digits_only=digits_only
    )
    with screen.busy(f"reading {data}"):
        found = read_labelled(data, **settings)
        tell_of(screen, found)
        clf = TextClassifier(
            None if vectors is None else load(vectors),
            head=head.value,
            trainable=not frozen,
            ngrams=ngrams,
            min_count=min_count,
            max_vocab=max_vocab,
            max_length=max_length,
            epochs=epochs,
            learning_rate=learning_rate,
            class_weight="balanced" if balanced else None,
            backend=None if backend is None else backend.value,
            seed=seed,
            workers=workers,
            progress=True,
        )
    with screen.waiting():
        clf.fit(found.texts, found.labels, validation=validation or None)
        compressed = None if compress is None else clf.compress(compress)
        clf.save(output)
        report = clf.report() if "val_loss" in clf.history_ else None
    if compressed is not None:
        screen.line(str(compressed))
    if report is not None:
        _print_report(screen, report)
        screen.line()
    elif validation:
        screen.note("there are too few texts to hold out some: nothing tells how good it is")
    screen.line(
        f"Saved a classifier of {len(clf.classes_)} classes: {output} "
        f"({size_of(output.stat().st_size)})"
    )


def _check_settings(
    head: Head, vectors: Path | None, *, frozen: bool, compress: str | None
) -> None:
    """Find out before the work what can't be done after it."""
    if frozen and vectors is None:
        raise typer.BadParameter("it needs pretrained --vectors.", param_hint="--frozen")
    if compress is None:
        return
    if head is not Head.mean:
        raise typer.BadParameter("it is for --head mean.", param_hint="--compress")
    from wordkin.classification.compressing import n_bytes

    n_bytes(compress)


def _print_report(screen: Screen, report: Report) -> None:
    from wordkin.cli.screen import shown

    screen.table([tuple(map(shown, row)) for row in report.rows()], "<>>>>", indent=0)
    screen.line(f"accuracy {report.accuracy:.3f}")


def predict(
    model: _File,
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="TEXTS", help="A file of texts, one a line; by default standard input."
        ),
    ] = None,
    *,
    k: Annotated[
        int, typer.Option("-k", min=0, help="Show the K most probable labels, with probabilities.")
    ] = 0,
    encoding: Annotated[str, typer.Option(help="How characters are stored.")] = "utf-8",
    as_json: JsonOption = False,
) -> None:
    """Print a label for each line of a text."""
    from wordkin.classification import load_classifier
    from wordkin.classification.records import Decoder
    from wordkin.cli.screen import Screen, shown

    screen = Screen()
    decoder = Decoder(encoding)
    clf = load_classifier(model)

    def tell(lines: list[str]) -> None:
        probabilities = clf.predict_proba(lines)
        n_labels = k or (len(clf.classes_) if as_json else 1)
        orders = (-probabilities).argsort(axis=1, kind="stable")[:, :n_labels]
        for line, row, order in zip(lines, probabilities, orders, strict=True):
            best = [(str(clf.classes_[i]), float(row[i])) for i in order]
            if as_json:
                screen.json({"text": line, "label": best[0][0], "probabilities": dict(best)})
            elif k:
                screen.plain("\t".join(f"{shown(label)} {p:.4f}" for label, p in best))
            else:
                screen.plain(shown(best[0][0]))

    with _watched(screen, source):
        for lines in _lines(source, decoder):
            tell(lines)
    for reason, number in decoder.account().items():
        screen.note(f"{number:,} {reason}")


@contextmanager
def _watched(screen: Screen, source: Path | None) -> Iterator[None]:
    """Show how far a file has been read, where what comes of it does not go to the terminal."""
    from wordkin.files import size_on_disk
    from wordkin.progress import counting_bytes, task, unmentioned

    if source is None or sys.stdout.isatty():
        yield
        return
    what = f"judging {source}"
    with (
        screen.waiting(),
        task(what, size_on_disk(source), "B") as advance,
        counting_bytes(advance),
        unmentioned(),  # of the texts, which are judged some at a time
    ):
        yield


def _lines(source: Path | None, decoder: Decoder) -> Iterator[list[str]]:
    """Read lines in groups; from a person at a terminal each by itself."""
    from wordkin.files import open_bytes

    at_once = 1 if source is None and sys.stdin.isatty() else _AT_ONCE
    stream: Any = sys.stdin.buffer if source is None else open_bytes(source)
    group: list[str] = []
    with stream:
        for line in decoder.lines(stream):
            group.append(line.removesuffix("\n"))
            if len(group) == at_once:
                yield group
                group = []
    if group:
        yield group


def score(  # noqa: PLR0913 (the options of the command)
    model: _File,
    data: Data,
    *,
    as_json: JsonOption = False,
    kind: KindOption = None,
    text: TextOption = None,
    label: LabelOption = None,
    strip: StripOption = "",
    encoding: EncodingOption = "utf-8",
    digits_only: DigitsOption = False,
) -> None:
    """Tell how well a classifier does on labelled texts."""
    from wordkin.classification import load_classifier
    from wordkin.classification.reading import read_labelled
    from wordkin.cli.screen import Screen

    screen = Screen()
    settings = reading(
        kind=kind, text=text, label=label, strip=strip, encoding=encoding, digits_only=digits_only
    )
    clf = load_classifier(model)
    with screen.busy(f"reading {data}"):
        found = read_labelled(data, **settings)
    tell_of(screen, found)
    with screen.waiting():
        report = clf.report(found.texts, found.labels)
    if not as_json:
        _print_report(screen, report)
        return
    rows = zip(
        report.classes.tolist(),
        report.precision.tolist(),
        report.recall.tolist(),
        report.f1.tolist(),
        report.support.tolist(),
        strict=True,
    )
    names = ("label", "precision", "recall", "f1", "texts")
    screen.json(
        {
            "accuracy": report.accuracy,
            "macro_f1": report.macro_f1,
            "classes": [dict(zip(names, row, strict=True)) for row in rows],
        }
    )


def explain(
    model: _File,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A text.")],
    *,
    label: Annotated[
        str | None,
        typer.Option(help="The class to explain.", show_default="the most probable one"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what each word of a text adds to the score of a class (head mean)."""
    from wordkin.classification import load_classifier
    from wordkin.cli.screen import Screen

    screen = Screen()
    found = load_classifier(model).explain(text, label)
    if as_json:
        terms = [{"term": term, "adds": value} for term, value in found.terms]
        screen.json(
            {"label": found.label, "probability": found.probability, "score": found.logit,
             "bias": found.bias, "terms": terms}
        )  # fmt: skip
    else:
        screen.line(str(found))


def commands() -> typer.Typer:
    """Make the group of commands.

    Returns
    -------
    typer.Typer
        ``classify`` with its four.
    """
    group = typer.Typer(no_args_is_help=True, help="Learn and use a text classifier.")
    for command in (fit, predict, score, explain):
        group.command()(command)
    return group
