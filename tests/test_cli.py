"""The command line: what it prints where, its exit codes, and what it leaves behind."""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import wordkin
from wordkin.cli import app, interrupt, screen, train
from wordkin.cli.models import Model, make_config
from wordkin.vectors import WordVectors, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = ["--vector-size", "8", "--epochs", "2", "--min-count", "1", "--workers", "1"]


def wk(*arguments: object) -> Any:
    """Run a command in this process."""
    return CliRunner().invoke(app._make_app(), list(map(str, arguments)), prog_name="wordkin")


def shell(*arguments: object, **settings: Any) -> subprocess.Popen[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "wordkin", *map(str, arguments)]
    return subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings
    )


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with two text files."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("the cat sat on the mat\n" * 30)
    (folder / "b.txt").write_text("a dog lay on the rug\n\n" * 30)
    return folder


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """A file of five vectors, one word of which would clear a terminal."""
    path = tmp_path / "v.safetensors"
    words = ["king", "queen", "pizza", "\x1b[2J", "naïve"]
    matrix = [[3, 1], [3, 2], [-1, 3], [0, -1], [1, -1]]
    WordVectors(words, matrix, [9, 7, 5, 3, 1]).save(path)
    return path


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- train ---------------------------------------------------------------------------------------


def test_train_prints_the_account_and_saves(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.safetensors"
    result = wk("train", texts, "-o", output, *SMALL, "--seed", 3, "--window", 2)
    assert result.exit_code == 0, result.stderr
    assert "tokens read" in result.stdout
    assert "360" in result.stdout
    assert f"{output}" in result.stdout.splitlines()[-1]
    assert "training" in result.stderr
    assert "training" not in result.stdout
    saved = load(output)
    assert saved.vectors.shape == (9, 8)
    assert saved.table.settings["seed"] == 3
    assert saved.table.settings["config"]["window"] == 2
    assert saved.vocabulary.tokenizer("A Cat") == ["a", "cat"]


def test_options_reach_their_places(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.vec"
    result = wk(
        "train", texts / "a.txt", texts / "b.txt", "-o", output, *SMALL,
        "--alpha", "0.00005", "--sample", "0", "--negative", "2",
        "--max-vocab", "4", "--tokenizer", "re:[a-z]+", "--encoding", "latin-1",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert load(output).vectors.shape == (4, 8)
    assert make_config(Model.cbow, {"window": 3}) == wordkin.CBOW(window=3)
    assert "over max_vocab" in result.stdout


def test_fasttext_is_trained_and_told_where_it_is_not_meant(texts: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.bin"
    options = ["--model", "fasttext", "--mode", "cbow", "--min-n", "2", "--max-n", "3"]
    result = wk("train", texts, "-o", output, *SMALL, *options, "--buckets", "100")
    assert result.exit_code == 0, result.stderr
    assert "rows of words and n-grams" in result.stderr
    saved = load(output)
    assert saved.table.settings["model"] == "cbow"
    assert saved.table.subwords.matrix.shape == (100, 8)
    result = wk("train", texts, "-o", tmp_path / "v.floret", *SMALL, *options[:2], "--compact")
    assert result.exit_code == 0, result.stderr
    assert len(load(tmp_path / "v.floret").table.subwords.matrix) == 50_000
    result = wk("train", texts, "-o", output, *SMALL, "--min-n", "2")
    assert result.exit_code == 2
    assert "SkipGram has no setting 'min_n'" in result.stderr


def test_phrases_are_joined_and_saved(tmp_path: Path) -> None:
    text, out, store = (tmp_path / name for name in ("t.txt", "v.safetensors", "store"))
    text.write_text("".join(f"we saw new{i} york{i}\n" for i in range(100)) * 10)
    done = wk("train", text, "-o", out, "--phrases", "1", "--store", store, *SMALL)
    assert done.exit_code == 0, done.output
    assert "joined into phrases" in done.stdout
    vocabulary = load(out).vocabulary
    assert vocabulary.decode(vocabulary.encode("We saw New7 York7"))[-1] == "new7_york7"
    again = wk("train", store, "-o", out, "--phrases", "1", *SMALL)
    assert again.exit_code == 1
    assert "when it is stored" in " ".join(again.stderr.split())


def test_a_stored_corpus_trains_again(texts: Path, tmp_path: Path) -> None:
    store, first, second = tmp_path / "store", tmp_path / "1.npy", tmp_path / "2.npy"
    assert wk("train", texts, "-o", first, *SMALL, "--store", store).exit_code == 0
    result = wk("train", store, "-o", second, *SMALL)
    assert result.exit_code == 0, result.stderr
    assert first.read_bytes() == second.read_bytes()


def test_training_goes_on_from_a_checkpoint(texts: Path, tmp_path: Path) -> None:
    first, second, folder = tmp_path / "1.npy", tmp_path / "2.npy", tmp_path / "checkpoints"
    options = [*SMALL, "--validation", "0.2", "--checkpoint", folder, "--checkpoint-every", "1s"]
    result = wk("train", texts, "-o", first, *options, "--resume")  # there is none yet
    assert result.exit_code == 0, result.stderr
    assert "training needs" in result.stderr
    assert "two tables of 9 x 16" in result.stderr
    assert "held out" in result.stdout
    assert "epoch    loss  validation  M words/s" in result.stdout
    assert left_in(folder) == {"checkpoint.safetensors"}
    result = wk("train", texts, "-o", second, *options, "--resume")
    assert result.exit_code == 0, result.stderr
    assert first.read_bytes() == second.read_bytes()
    result = wk("train", texts, "-o", second, *options, "--seed", "2", "--resume")
    assert result.exit_code == 2
    assert "seed is 1 there and 2 here" in result.stderr
    assert wk("train", texts, "-o", second, *SMALL, "--resume").exit_code == 2
    assert wk("train", texts, "-o", second, *options[:-1], "soon").exit_code == 2


def test_a_long_history_is_shown_in_ten_lines(texts: Path, tmp_path: Path) -> None:
    result = wk("train", texts, "-o", tmp_path / "v.txt", *SMALL, "--epochs", 35)
    table = result.stdout.partition("epoch  ")[2].partition("\n\n")[0]
    epochs = [line.split()[0] for line in table.splitlines()[1:]]
    assert epochs == ["3", "7", "11", "15", "19", "23", "27", "31", "35"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "TMP/none.txt", "-o", "TMP/v.txt"], 1, "none.txt"),
        (["train", "TMP/texts", "-o", "TMP/none/v.txt"], 1, "there is no folder"),
        (["train", "TMP/texts", "-o", "TMP/texts"], 1, "it is a folder"),
        (["train", "TMP/texts", "-o", "TMP/v.xyz"], 1, "/v.xyz' does not tell the format"),
        (["train", "TMP/texts/a.txt", "-o", "TMP/texts/a.txt"], 1, "is also an input"),
        (["train", "TMP/empty.txt", "-o", "TMP/v.txt"], 1, "empty"),
        (["train", "TMP/texts", "-o", "TMP/v.txt", "--min-count", "99"], 1, "min_count"),
        (["train", "TMP/texts", "-o", "TMP/v.txt", "--encoding", "morse"], 1, "morse"),
        (["train", "TMP/texts", "-o", "TMP/v.txt", "--window", "0"], 2, "window must be"),
        (["train", "TMP/texts", "-o", "TMP/v.txt", "--alpha", "-1"], 2, "alpha must be"),
        (["train", "TMP/texts", "-o", "TMP/v.txt", "--workers", "0"], 2, "--workers"),
        (["train", "TMP/texts", "-o", "TMP/v.txt", "--tokenizer", "x"], 2, "no tokenizer 'x'"),
        (["train", "TMP/texts", "-o", "TMP/v.txt", "--tokenizer", "re:("], 2, "--tokenizer"),
        (["train", "TMP/texts"], 2, "--output"),
        (["train", "-o", "TMP/v.txt"], 2, "INPUT"),
        (["nearest", "TMP/none", "king"], 1, "none"),
        (["nearest", "TMP/empty.txt", "king"], 1, "empty"),
        (["nearest", "TMP/v.safetensors", "kinge", "king"], 1, "Did you mean 'king'"),
        (["nearest", "TMP/v.safetensors", "king", "-k", "0"], 2, "-k"),
        (["similarity", "TMP/v.safetensors", "king"], 2, "B"),
        (["similarity", "TMP/v.safetensors", "king", "x"], 1, "'x' is not in the vocabulary"),
        (["info", "TMP/texts/a.txt"], 1, "a.txt"),
        (["neerest"], 2, "neerest"),
    ],
)
def test_errors_are_one_line_with_a_code_and_leave_nothing(
    texts: Path, vectors: Path, arguments: list[str], code: int, message: str
) -> None:
    folder = texts.parent
    (folder / "empty.txt").touch()
    before = left_in(folder) | left_in(texts)
    result = wk(*(each.replace("TMP", str(folder)) for each in arguments))
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stdout == ""
    assert left_in(folder) | left_in(texts) == before
    if code == 1:
        assert result.stderr.splitlines()[-1].startswith("wordkin: ")
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "Interrupted"),
        (BrokenPipeError(), 141, ""),
        (MemoryError(), 1, "memory"),
        (OSError(28, "No space left on device"), 1, "No space left"),
    ],
)
def test_what_happens_while_training(
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    output = tmp_path / "v.safetensors"
    output.write_text("what was there before")

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("wordkin.training.train", fail)
    result = wk("train", texts, "-o", output, *SMALL)
    assert result.exit_code == code
    assert message in result.stderr
    assert output.read_text() == "what was there before"
    assert left_in(tmp_path) == {"v.safetensors", "texts"}


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C in another way")
@pytest.mark.parametrize("wait", [0.0, 2.0])
def test_ctrl_c_in_a_shell(
    texts: Path, tmp_path: Path, untraced: dict[str, str], wait: float
) -> None:
    # after a short wait it is likely to hit the compiler, which loses it
    command = ("train", texts, "-o", tmp_path / "v.txt", *SMALL, "--epochs", 1_000_000)
    with shell(*command, env=untraced | {"PYTHONFAULTHANDLER": "1"}) as process:
        assert process.stderr is not None
        assert any(line.startswith("training ...") for line in process.stderr)
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        try:
            _, stderr = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            # it must not go on beside all other tests, and tells where it is
            process.send_signal(signal.SIGABRT)
            _, stderr = process.communicate()
    assert process.returncode == 130, stderr
    assert stderr.splitlines()[-1] == "Interrupted; nothing was saved."
    assert "Traceback" not in stderr
    assert left_in(tmp_path) == {"texts"}


def test_ctrl_c_in_code_that_is_made_of_text_has_the_same_exit_code(tmp_path: Path) -> None:
    # such as a named tuple's: ``python -m`` then ends by a signal of its own, whatever came of it
    (tmp_path / "stopped.py").write_text(
        "import wordkin.training\n"
        "from wordkin.cli import app\n"
        "def stop(*_, **__): exec('raise KeyboardInterrupt')\n"
        "wordkin.training.train = stop\n"
        "app.run(['train', 't.txt', '-o', 'v.txt', '--min-count', '1'])\n"
    )
    (tmp_path / "t.txt").write_text("a b\n")
    done = subprocess.run([sys.executable, "-m", "stopped"], cwd=tmp_path, capture_output=True,
                          check=False, encoding="utf-8")  # fmt: skip
    assert done.stderr.splitlines()[-1] == "Interrupted; nothing was saved."
    assert done.returncode == 130


@pytest.mark.parametrize("was_written", [True, False])
@pytest.mark.parametrize(("kind", "code"), [(KeyboardInterrupt, 130), (interrupt.Terminated, 143)])
def test_an_interrupt_tells_of_the_checkpoint(
    monkeypatch: pytest.MonkeyPatch, texts: Path, tmp_path: Path, *,
    was_written: bool, kind: type[KeyboardInterrupt], code: int,
) -> None:  # fmt: skip
    def write_and_stop(*_: object, callbacks: Any, **__: object) -> None:
        if was_written:
            callbacks[-1].path.parent.mkdir(exist_ok=True)
            callbacks[-1].path.touch()
        raise kind

    monkeypatch.setattr("wordkin.training.train", write_and_stop)
    folder = tmp_path / "c"
    result = wk("train", texts, "-o", tmp_path / "v.txt", *SMALL, "--checkpoint", folder)
    assert result.exit_code == code
    assert ("--resume" in result.stderr) == was_written
    assert ("nothing was saved" in result.stderr) != was_written


def test_an_interrupt_does_not_tell_of_a_checkpoint_of_another_run(
    monkeypatch: pytest.MonkeyPatch, texts: Path, tmp_path: Path
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    command = ["train", texts, "-o", tmp_path / "v.txt", *SMALL, "--checkpoint", tmp_path / "c"]
    assert wk(*command).exit_code == 0
    monkeypatch.setattr("wordkin.training.train", stop)
    assert "nothing was saved" in wk(*command).stderr
    assert "--resume" in wk(*command, "--resume").stderr


def test_an_interrupt_while_the_result_is_saved_tells_of_the_checkpoint(
    monkeypatch: pytest.MonkeyPatch, texts: Path, tmp_path: Path
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    command = ["train", texts, "-o", tmp_path / "v.txt", *SMALL, "--checkpoint", tmp_path / "c"]
    with monkeypatch.context() as patch:
        patch.setattr("wordkin.training.TrainedModel.save", stop)
        stopped = wk(*command)
    assert stopped.exit_code == 130
    assert "--resume" in stopped.stderr
    assert wk(*command, "--resume").exit_code == 0
    assert (tmp_path / "v.txt").exists()


def test_an_interrupt_that_was_lost_is_found_again(
    monkeypatch: pytest.MonkeyPatch, texts: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("wordkin.cli.interrupt._noted", [])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    hook = sys.unraisablehook
    try:
        with interrupt.noting_interrupts():
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            assert wk("train", texts, "-o", tmp_path / "v.txt", *SMALL).exit_code == 130
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert sys.unraisablehook is hook
    assert left_in(tmp_path) == {"texts"}
    # and is forgotten with the command that it ended
    assert wk("train", texts, "-o", tmp_path / "v.txt", *SMALL).exit_code == 0


def test_only_the_interrupt_is_not_complained_about(monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "__unraisablehook__", complaints.append)
    lost, other = SimpleNamespace(exc_value=KeyboardInterrupt()), SimpleNamespace(exc_value=None)
    interrupt._complain(lost)
    interrupt._complain(other)
    assert complaints == [other]


# --- look ----------------------------------------------------------------------------------------


def test_nearest(vectors: Path) -> None:
    result = wk("nearest", vectors, "king", "pizza", "-k", 2)
    assert result.exit_code == 0
    assert result.stdout == (
        "king\n  queen  0.9648\n  naïve  0.4472\n\npizza\n  queen  0.2631\n  king   0.0000\n"
    )


def test_nearest_shows_no_control_characters(vectors: Path) -> None:
    result = wk("nearest", vectors, "naïve", "\x1b[2J")
    assert "\x1b" not in result.stdout
    assert r"\x1b[2J" in result.stdout


def test_json(vectors: Path) -> None:
    nearest = json.loads(wk("nearest", vectors, "king", "-k", 1, "--json").stdout)
    assert [entry["word"] for entry in nearest] == ["king"]
    assert nearest[0]["nearest"] == [{"word": "queen", "similarity": pytest.approx(0.96476, 1e-4)}]
    similarity = json.loads(wk("similarity", vectors, "king", "queen", "--json").stdout)
    assert similarity == {"a": "king", "b": "queen", "similarity": pytest.approx(0.96476, 1e-4)}
    info = json.loads(wk("info", vectors, "--json").stdout)
    assert info["format"] == "safetensors"
    assert (info["words"], info["dimensions"]) == (5, 2)
    assert info["bytes"] == vectors.stat().st_size
    assert info["norms"]["max"] == pytest.approx(13**0.5)
    assert info["tokenizer"] is None
    assert info["first_words"][0] == {"word": "king", "count": 9}


def test_json_is_json_in_every_encoding(tmp_path: Path) -> None:
    words = ["a", "naïve", "中", "\U0001f600"]
    WordVectors(words, [[1, 1], [1, 2], [1, 3], [1, 4]]).save(tmp_path / "v.safetensors")
    for encoding in ("ascii", "cp1252", "utf-8"):
        settings = {**os.environ, "PYTHONIOENCODING": encoding}
        with shell("nearest", tmp_path / "v.safetensors", "a", "--json",
                   env=settings, encoding="utf-8") as process:  # fmt: skip
            stdout, _ = process.communicate()
        found = json.loads(stdout)[0]["nearest"]
        assert [each["word"] for each in found] == words[1:], encoding


def test_similarity(vectors: Path) -> None:
    assert wk("similarity", vectors, "king", "queen").stdout == "0.9648\n"


def test_info_of_trained_and_of_bare_vectors(texts: Path, vectors: Path, tmp_path: Path) -> None:
    trained = tmp_path / "t.safetensors"
    assert wk("train", texts, "-o", trained, *SMALL).exit_code == 0
    result = wk("info", trained)
    assert result.exit_code == 0, result.exception
    shown = result.stdout
    for fact in ("words (digits: True)", "SkipGram", "vector_size", "epoch 2, loss", "the"):
        assert fact in shown
    bare = wk("info", vectors).stdout
    assert "not known" in bare
    assert "made by" not in bare
    assert "\x1b" not in bare


# --- the whole -----------------------------------------------------------------------------------


def test_version_and_help() -> None:
    assert wk("--version").stdout == f"wordkin {wordkin.__version__}\n"
    shown = wk("--help").stdout
    commands = ("demo", "train", "nearest", "similarity", "info")
    places = [shown.index(f"\n  {command} ") for command in commands]
    assert places == sorted(places)
    assert "─" not in shown


def test_help_imports_nothing_heavy() -> None:
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "wordkin", "--help"],
        text=True, capture_output=True, check=True,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "typer" in imported
    heavy = {"numpy", "numba", "keras", "rich.console", "wordkin.corpus", "asyncio"}
    assert not imported & heavy
    assert not imported & {"logging", "tempfile"}  # only some commands need them


def test_nobody_reads_to_the_end(vectors: Path) -> None:
    process = shell("nearest", vectors, *["king"] * 20_000)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "king\n"
    process.stdout.close()
    told = process.stderr.readlines()  # a slow machine tells how far it has come
    assert [line for line in told if not line.startswith("searching")] == []
    process.stderr.close()
    assert process.wait() == 141


def test_words_that_the_terminal_lacks_are_escaped(vectors: Path) -> None:
    process = shell(
        "nearest", vectors, "king", env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    )
    stdout, stderr = process.communicate(timeout=60)
    assert r"na\xefve" in stdout
    assert stderr == ""


def test_python_m_wordkin_is_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["wordkin", "--version"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("wordkin", run_name="__main__")
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"wordkin {wordkin.__version__}\n"


def test_ctrl_c_before_the_command_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "_make_app", interrupted)
    with pytest.raises(SystemExit) as stop:
        app.run([])
    assert stop.value.code == 130


# --- the screen ----------------------------------------------------------------------------------


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Make rich believe that it writes to a terminal."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    return monkeypatch


def test_a_terminal_gets_a_bar_and_colours(
    terminal: pytest.MonkeyPatch, texts: Path, tmp_path: Path
) -> None:
    result = wk("train", texts, "-o", tmp_path / "v.txt", *SMALL)
    assert result.exit_code == 0, result.stderr
    assert "━" in result.stderr
    assert "words/s" in result.stderr
    assert "reading" in result.stderr
    assert "\x1b[1;32mSaved" in result.stdout


def test_lines_come_now_and_then_where_there_is_no_terminal(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wordkin.training.display._SECONDS_BETWEEN_LINES", 0.0)
    result = wk("train", texts, "-o", tmp_path / "v.txt", *SMALL, "--epochs", 5)
    lines = [line for line in result.stderr.splitlines() if line.startswith("training: ")]
    assert len(lines) == 5
    assert lines[-1].startswith("training: 100%  epoch 5  ")
    assert "  0:00 left  loss " in lines[-1]


def test_columns_count_what_a_terminal_shows(capsys: pytest.CaptureFixture[str]) -> None:
    screen.Screen().table([("王妃", "1.0"), ("king", "-10.0")], "<>", indent=1)
    assert capsys.readouterr().out == " 王妃    1.0\n king  -10.0\n"


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5.5e9, "5.5 GB"), (7e15, "7000.0 TB")],
)
def test_sizes(n_bytes: float, text: str) -> None:
    assert screen.size_of(n_bytes) == text


def test_an_output_that_cannot_be_written_is_found_before(tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("this user may write anywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(wordkin.WordkinError, match="Permission"):
        train.check_output(tmp_path / "v.txt")


def test_hours_are_shown() -> None:
    from wordkin.progress import clock

    assert [clock(s) for s in (0.2, 59.6, 3661)] == ["0:00", "1:00", "1:01:01"]
