"""``wordkin encode``: from lines of text to a matrix of vectors."""

from __future__ import annotations

import io
from enum import StrEnum
from pathlib import Path  # noqa: TC003 (typer looks at the annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from wordkin.cli.outputs import check_file
from wordkin.errors import ConfigError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordkin.documents import EncodingReport


class Weighting(StrEnum):
    """How much words count."""

    mean = "mean"
    sif = "sif"
    idf = "idf"


def encode(
    vectors: Annotated[
        Path,
        typer.Argument(
            metavar="VECTORS",
            help="Vectors of words, of any format; or what --save-encoder or train --model doc2vec"
            " saved.",
        ),
    ],
    *,
    texts: Annotated[
        Path, typer.Argument(metavar="TEXTS", help="A file of texts, one a line; maybe compressed.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to save the matrix: an .npy file."
        ),
    ],
    weighting: Annotated[
        Weighting | None,
        typer.Option(
            help="How much words count: alike, or as sif and idf learn it from the texts.",
            show_default="mean",
        ),
    ] = None,
    normalize: Annotated[
        bool, typer.Option("--normalize", help="Scale vectors to length 1.")
    ] = False,
    save_encoder: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the encoder too: a .safetensors file."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads.", show_default="all cores")
    ] = None,
) -> None:
    """Make a vector of each line of a file."""
    from wordkin.arrays import write_npy
    from wordkin.cli.screen import Screen, shown
    from wordkin.documents.saving import kind_of
    from wordkin.files import atomic_write

    if output.suffix != ".npy":
        raise InputError(f"The matrix is saved as .npy; got {str(output)!r}.")
    check_file(output, [vectors, texts])
    check_file(save_encoder, [vectors, texts, output])
    screen = Screen()
    kind = kind_of(vectors)
    if kind is not None and (weighting or normalize or save_encoder):
        raise ConfigError(
            "Weights are learned already in this file: leave out --weighting, --normalize and "
            "--save-encoder."
        )
    lines = _lines(texts)
    with screen.busy(f"encoding {shown(str(texts))}"):
        if kind == "documents":
            matrix, report = _inferred(vectors, lines, workers)
        else:
            from wordkin.documents import DocumentEncoder
            from wordkin.vectors import load

            if kind == "encoder":
                encoder = DocumentEncoder.load(vectors).set_params(workers=workers)
            else:
                encoder = DocumentEncoder(
                    load(vectors),
                    weighting=(weighting or Weighting.mean).value,
                    normalize=normalize,
                    workers=workers,
                ).fit(lines)
            matrix, report = encoder.encode(lines, report=True)
            if save_encoder is not None:
                encoder.save(save_encoder)
    with atomic_write(output) as file:
        write_npy(file, matrix)
    screen.line(str(report))
    rows, size = matrix.shape
    screen.line(f"Saved {rows:,} vectors, {size} dimensions: {output}", style="bold green")


def _inferred(
    path: Path, lines: list[str], workers: int | None
) -> tuple[NDArray[np.float32], EncodingReport]:
    from wordkin.documents import DocumentModel

    model = DocumentModel.load(path)
    return model.infer(lines, workers=workers), model.report(lines)


def _lines(path: Path) -> list[str]:
    """All lines of a file, without their ends; bytes that are no UTF-8 become U+FFFD."""
    from wordkin.files import open_bytes

    with open_bytes(path) as file, io.TextIOWrapper(file, "utf-8", errors="replace") as text:
        lines = [line.rstrip("\n") for line in text]
    if not lines:
        raise InputError(f"There is no text in {str(path)!r}.")
    return lines
