"""``wordkin nearest``, ``similarity`` and ``info``: look at a file of vectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordkin.cli.screen import Screen
    from wordkin.vectors import WordVectors

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A file of vectors, of any format.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def nearest(
    file: _File,
    *,
    words: Annotated[list[str], typer.Argument(metavar="WORD", help="Words to look up.")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many neighbours of each word.")] = 10,
    as_json: _Json = False,
) -> None:
    """List the nearest words of words, by cosine."""
    from wordkin.cli.screen import Screen, shown
    from wordkin.vectors import load

    screen = Screen()
    with screen.waiting():
        found = load(file).most_similar_batch(words, topn=k)
    if as_json:
        screen.json(
            [
                {
                    "word": word,
                    "nearest": [{"word": other, "similarity": cos} for other, cos in neighbors],
                }
                for word, neighbors in zip(words, found, strict=True)
            ]
        )
        return
    for number, (word, neighbors) in enumerate(zip(words, found, strict=True)):
        if number:
            screen.line()
        screen.line(shown(word), style="bold")
        screen.table([(shown(other), f"{cosine:.4f}") for other, cosine in neighbors], "<>")


def similarity(
    file: _File,
    *,
    a: Annotated[str, typer.Argument(metavar="A", help="A word.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another word.")],
    as_json: _Json = False,
) -> None:
    """Print the cosine of two words, from -1 to 1."""
    from wordkin.cli.screen import Screen
    from wordkin.vectors import load

    screen = Screen()
    with screen.waiting():
        cosine = load(file).similarity(a, b)
    if as_json:
        screen.json({"a": a, "b": b, "similarity": cosine})
    else:
        screen.line(f"{cosine:.4f}")


def info(file: _File, *, as_json: _Json = False) -> None:
    """Say what is in a file, what had to be repaired, and how it was made.

    All words are read and checked, and all vectors are read for their norms.
    """
    from wordkin.cli.screen import Screen
    from wordkin.vectors import load

    screen = Screen()
    with screen.waiting():
        facts = _facts(file, load(file))
    if as_json:
        screen.json(facts)
    else:
        _print_facts(screen, facts)


def _facts(file: Path, vectors: WordVectors) -> dict[str, Any]:
    from wordkin.files import size_on_disk
    from wordkin.formats import native, recognise
    from wordkin.formats.batches import REPAIRS

    known = recognise(file)
    if known.read is native.read:
        native.check(file)
    settings = dict(vectors.table.settings)
    vocabulary, norms = vectors.vocabulary, vectors.norms
    first = vectors.index_to_key[:10]
    counts = vocabulary.counts
    return {
        "file": str(file),
        "bytes": sum(map(size_on_disk, _files_of(file))),
        "format": known.name,
        "words": len(vectors),
        "dimensions": vectors.vector_size,
        "norms": _lengths(norms),
        "repairs": {key: settings.pop(key) for key in REPAIRS if key in settings},
        "tokenizer": vocabulary.tokenizer and vocabulary.tokenizer.settings(),
        "settings": settings,
        "first_words": [
            {"word": word, "count": None if counts is None else int(counts[row])}
            for row, word in enumerate(first)
        ],
    }


def _lengths(norms: NDArray[np.float32]) -> dict[str, float] | None:
    if not len(norms):  # a table of n-grams may have no words
        return None
    least, most = float(norms.min()), float(norms.max())
    return {"min": least, "mean": float(norms.mean(dtype=float)), "max": most}


def _files_of(path: Path) -> list[Path]:
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def _print_facts(screen: Screen, facts: dict[str, Any]) -> None:
    from wordkin.cli.screen import plain, shown, size_of
    from wordkin.formats.batches import repairs

    norms = facts["norms"]
    lengths = "none"
    if norms is not None:
        lengths = f"{norms['min']:.3f} to {norms['max']:.3f}, mean {norms['mean']:.3f}"
    rows = [
        ("file", shown(facts["file"])),
        ("size", size_of(facts["bytes"])),
        ("format", facts["format"]),
        ("words", f"{facts['words']:,}"),
        ("dimensions", f"{facts['dimensions']:,}"),
        ("norms", lengths),
        ("repaired", repairs(facts["repairs"]) or "nothing"),
        (
            "tokenizer",
            _listed(facts["tokenizer"]) or "not known: text is split at spaces, then punctuation",
        ),
    ]
    screen.table(rows, indent=0)
    if facts["settings"]:
        screen.heading("made by")
        screen.table([(shown(k), shown(plain(v))) for k, v in _flat(facts["settings"])])
    screen.heading("first words")
    screen.table(
        [
            (shown(each["word"]), "" if each["count"] is None else f"{each['count']:,}")
            for each in facts["first_words"]
        ],
        "<>",
    )


def _listed(settings: dict[str, Any] | None) -> str:
    """Return settings in one line: ``words (digits: True)``."""
    if not settings:
        return ""
    rest = ", ".join(f"{key}: {value}" for key, value in settings.items() if key != "name")
    return f"{settings.get('name')} ({rest})" if rest else str(settings.get("name"))


def _flat(settings: dict[str, Any]) -> list[tuple[str, Any]]:
    """Draw nested settings together; of lists of records (the history) show the last one."""
    rows: list[tuple[str, Any]] = []
    for key, value in settings.items():
        if isinstance(value, dict):
            rows += _flat(value)
        elif isinstance(value, list) and value and isinstance(value[-1], dict):
            last = [f"{k} {_short(v)}" for k, v in value[-1].items() if v is not None]
            rows.append((f"{key} (last)", ", ".join(last)))
        elif value is not None:
            rows.append((key, value))
    return rows


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
