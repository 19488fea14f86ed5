"""What a command reads: tables as texts, and vocabularies that are counted in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import wordkin
from wordkin.cli import app

if TYPE_CHECKING:
    from pathlib import Path


def wk(*arguments: object) -> Any:
    return CliRunner().invoke(app._make_app(), list(map(str, arguments)), prog_name="wordkin")


@pytest.mark.parametrize("column", ["text", "tokens"])
def test_a_column_of_a_table_is_trained_on(tmp_path: Path, column: str) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    texts = ["the cat sat", "on the mat", None] * 20
    tokens = [text and text.split() for text in texts]
    table, out = tmp_path / "table", tmp_path / "out.safetensors"
    parquet.write_table(pa.table({"id": range(60), "text": texts, "tokens": tokens}), table)
    settings = ("--epochs", 1, "--vector-size", 8, "--sample", 0)
    done = wk("train", table, "-o", out, "--column", column, *settings)
    assert done.exit_code == 0, done.output
    assert "null cells and tokens" in done.stdout
    assert wordkin.load(out).index_to_key == ["the", "cat", "sat", "on", "mat"]
    wrong = wk("train", table, "-o", out, "--column", "txt")
    assert wrong.exit_code == 1
    assert "There is no column 'txt'" in wrong.stderr


def test_a_bound_for_counting_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wordkin.text.sources.BLOCK_BYTES", 200)
    text, out = tmp_path / "text", tmp_path / "out.safetensors"
    text.write_text("".join(f"the the of of rare{n}\n" for n in range(200)))
    settings = ("-o", out, "--max-vocab-size", 80, "--epochs", 1, "--vector-size", 8)
    done = wk("train", text, *settings)
    assert done.exit_code == 0, done.output
    assert "forgotten while counting" in done.stdout
    assert "counts short by at most" in done.stdout
    assert "may be missing" not in done.stderr
    assert wordkin.load(out).index_to_key == ["the", "of"]
    done = wk("train", text, *settings, "--min-count", 1)
    assert "words that occur up to" in done.stderr
    assert "times may be missing although --min-count is 1; all that occur" in done.stderr
