"""The rules of the house that no linter knows, and proof that the linter sees what it should."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import wordkin

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = {
    "__version__", "Account", "CBOW", "check_padding", "Checkpoint", "compare", "Corpus",
    "cosine_model", "Doc2Vec", "DocumentEncoder", "DocumentModel", "download", "EarlyStopping",
    "embedding_matrix", "evaluate", "explore", "FastText", "from_keras", "from_torch",
    "get_tokenizer", "GloVe", "load", "load_classifier", "LossCurve", "make_sampling_table",
    "NearestWords", "PhraseRule", "Phrases", "plot_analogy", "plot_axis", "plot_confusion",
    "plot_map", "plot_neighbors", "plot_training", "PPMI", "pretrained", "probe_words",
    "RayCluster", "read_distributed", "read_labelled", "RunRecord", "SkipGram", "skipgrams",
    "TextClassifier", "train", "TrainedModel", "TuneEmbedding", "VectorTable", "Vocabulary",
    "WordkinError", "WordVectors",
}  # fmt: skip


def run(*command, **options):
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, **options
    )


def test_the_public_names_are_these_and_all_can_be_had():
    assert set(wordkin.__all__) == PUBLIC
    assert dir(wordkin) == sorted(dir(wordkin))
    for name in PUBLIC:
        assert getattr(wordkin, name) is not None
        assert name in dir(wordkin)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        wordkin.nothing  # noqa: B018


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_tests_in_the_background_of_a_shell_hear_ctrl_c():
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); import conftest; "
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = run("-c", code, cwd=ROOT / "tests")
    assert done.stdout.strip() == "True", done.stderr


def test_importing_is_free():
    code = (
        "import sys, wordkin; loaded = {name.split('.')[0] for name in sys.modules}; "
        "print(loaded & {'numba', 'keras', 'rich', 'typer', 'safetensors', 'torch', 'jax'})"
    )
    assert run("-c", code).stdout.strip() == "set()"


def test_training_loads_no_framework():
    """Numba's notes beside compiled code name modules, and import them when it looks there."""
    code = (
        "import sys, wordkin as wk; corpus = wk.Corpus.from_texts(['a b c d'] * 30, min_count=1); "
        "wk.train(corpus, wk.SkipGram(vector_size=4, epochs=1)); "
        "print(set(sys.modules) & {'keras', 'tensorflow', 'torch', 'jax', 'sklearn', 'pandas'})"
    )
    assert run("-c", code).stdout.strip() == "set()"


def test_opening_vectors_needs_no_compiler():
    code = (
        "import sys, wordkin as wk; v = wk.WordVectors(['a', 'b'], [[1, 0], [0, 1]]); "
        "v.most_similar('a'); print('numba' in sys.modules)"
    )
    assert run("-c", code).stdout.strip() == "False"


@pytest.mark.parametrize(
    ("room", "line"),
    [
        (None, ""),
        ("vocabulary", "from wordkin.training import train"),
        ("vocabulary", "def f():\n    import wordkin.cli"),
        ("kernels", "from wordkin.errors import WordkinError"),
        ("table", "import numba"),
        ("room_nobody_planned", ""),
    ],
)
def test_the_import_contract_sees_a_planted_import(tmp_path, room, line):
    pytest.importorskip("importlinter")
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    if room:
        folder = tmp_path / "src" / "wordkin" / room
        file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        file.write_text((file.read_text() if file.exists() else "") + f"\n{line}\n")
    result = run(
        "-c", "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])",
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
    )  # fmt: skip
    assert (result.returncode == 0) == (room is None), result.stdout


def test_no_file_outgrows_its_room():
    for path in (ROOT / "src").rglob("*.py"):
        limit = 600 if "kernels" in path.parts else 400
        assert len(path.read_text().splitlines()) <= limit, path


def test_training_works_where_no_cache_can_be_written(tmp_path):
    """The source is read-only and there is no home: compile in memory rather than fail."""
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import numba.core.caching as c\n"
        "def refuse(*a): raise OSError('read-only')\n"
        "c._CacheLocator.ensure_cache_path = refuse\n"
        "import wordkin as wk\n"
        "corpus = wk.Corpus.from_texts(['a b c d'] * 30, min_count=1)\n"
        "print(wk.train(corpus, wk.SkipGram(vector_size=4, epochs=1)).vectors['a'].shape)\n"
    )
    result = run("-c", code, env=os.environ | {"PYTHONPATH": str(source)})
    assert result.stdout.strip() == "(4,)", result.stderr
