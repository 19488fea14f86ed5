"""Processes that are killed, asked to end, short of memory, two at once; clocks that jump."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from test_downloads import DATA, SHA256, server  # noqa: F401 (a fixture)
from test_downloads import resource as known_as

import wordkin as wk
from wordkin import downloads
from wordkin.errors import FileError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals of POSIX")
SCRIPT = Path(__file__).with_name("dying.py")
SOURCE = Path(wk.__file__).parent
KINDS = ["vectors", "text", "corpus", "classifier", "convert", "train"]


def killed(kind, folder, times):
    done = subprocess.run(
        [sys.executable, SCRIPT, kind, folder, str(times), "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert sum(report["seen"].values()) == times
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_any_moment_the_old_or_the_new_is_there(kind, tmp_path):
    killed(kind, tmp_path, 12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_many_moments_the_old_or_the_new_is_there(kind, tmp_path):
    report = killed(kind, tmp_path, 500)
    sys.stdout.write(f"{kind}: {report}\n")
    assert len(report["seen"]) > 1  # it really was killed at different moments


def test_what_a_killed_process_leaves_is_never_read(tmp_path):
    (tmp_path / "a.txt").write_text("good words\n" * 5)
    (tmp_path / ".wordkin-0123456789ab.tmp").write_text("half of\n" * 5)
    folder = tmp_path / ".wordkin-ba9876543210.tmp"
    folder.mkdir()
    (folder / "b.txt").write_text("half a folder\n")
    assert set(wk.Corpus.from_path(tmp_path, min_count=1).vocabulary.words) == {"good", "words"}


# --- downloads

CHILD = """
import sys
sys.path.insert(0, {tests!r})
from wordkin.downloads import Resource, download, transfer
transfer._FIRST_WAIT = 0.001
transfer._CHUNK = 1 << 12
one = Resource(name="x", what="x", addresses=({address!r},), file_name="data.zip", licence="x",
               citation="x", sha256={sha!r}, n_bytes={size})
print("ready", flush=True)
download(one, progress=lambda *_: __import__("time").sleep(0.0005))
"""


def test_a_download_that_is_killed_goes_on_and_is_whole(server, tmp_path):  # noqa: F811
    chance = random.Random(0)
    script = CHILD.format(
        tests=str(Path(__file__).parents[1]), address=server.address + "data", sha=SHA256,
        size=len(DATA),
    )  # fmt: skip
    path = tmp_path / "home" / "data.zip"
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0, 0.1))
            process.kill()
        assert not path.exists() or path.read_bytes() == DATA
    found = downloads.download(known_as(server, "data", sha256=SHA256, n_bytes=len(DATA)))
    assert hashlib.sha256(found.read_bytes()).hexdigest() == SHA256
    assert {each.name for each in path.parent.iterdir()} <= {"data.zip", "data.zip.part.lock"}


@pytest.mark.parametrize("name", ["replace", "unlink"])
def test_who_dies_in_a_last_step_leaves_nothing_for_ever(server, tmp_path, monkeypatch, name):  # noqa: F811
    one = known_as(server, "data", sha256=SHA256, n_bytes=len(DATA))
    step = getattr(Path, name)

    def die(path, *given, **named):
        step(path, *given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, name, die)
    with pytest.raises(KeyboardInterrupt):
        downloads.download(one)
    monkeypatch.setattr(Path, name, step)
    assert downloads.download(one).read_bytes() == DATA
    assert [each.name for each in (tmp_path / "home").iterdir()] == ["data.zip"]


def test_two_at_once_fetch_a_file_once(server, tmp_path):  # noqa: F811
    one = known_as(server, "data", sha256=SHA256, n_bytes=len(DATA))
    with ThreadPoolExecutor(6) as pool:
        paths = list(pool.map(lambda _: downloads.download(one), range(6)))
    assert {path.read_bytes() for path in paths} == {DATA}
    assert len(server.requests) == 1
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["data.zip"]


def test_a_server_that_never_ends_is_left(server, tmp_path):  # noqa: F811
    """It tells no length, and sends more than the registry knows of."""

    def send_endless(self, _):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):  # who asked hangs up
            for _ in range(10_000):
                self.wfile.write(DATA)

    server.send_endless = send_endless
    with pytest.raises(FileError, match="more comes than"):
        downloads.download(known_as(server, "endless", n_bytes=len(DATA)))
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize("content", ["null", "[]", "3", '{"address": 1}', "{", "[" * 100_000, ""])
def test_half_a_note_of_a_download_is_no_obstacle(server, tmp_path, content):  # noqa: F811
    home = tmp_path / "home"
    home.mkdir()
    (home / "data.zip.part").write_bytes(DATA[:1000])
    (home / "data.zip.part.json").write_text(content)
    assert downloads.download(known_as(server, "data", sha256=SHA256)).read_bytes() == DATA


# --- signals and memory


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("\n".join(f"word{i % 5000} word{i % 77} and so on" for i in range(60_000)))
    return path


def command(*arguments, **settings):
    return subprocess.Popen(
        [sys.executable, "-m", "wordkin", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings,
    )  # fmt: skip


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_training_in_order(text, tmp_path, untraced, number, code):
    out, folder = tmp_path / "v.safetensors", tmp_path / "c"
    out.write_bytes(b"old")
    process = command(
        "train", text, "-o", out, "--min-count", 1, "--epochs", 10_000, "--vector-size", 8,
        "--checkpoint", folder, env=untraced,
    )  # fmt: skip
    with process:
        deadline = time.monotonic() + 300
        while not (folder / "checkpoint.safetensors").exists() and time.monotonic() < deadline:
            assert process.poll() is None, process.stderr.read()
            if (folder).exists():
                break
            time.sleep(0.05)
        time.sleep(1.5)
        process.send_signal(number)
        told = process.communicate(timeout=300)[1]
    assert process.returncode == code, told
    assert "Traceback" not in told
    assert out.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} <= {"t.txt", "v.safetensors", "c"}
    assert not [path for path in tmp_path.rglob(".wordkin*") if path.is_file()]


def limited(n_bytes):
    """Do what ``ulimit -v`` does."""
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are told by Linux only")
def test_too_little_memory_for_training_is_told_before(text, tmp_path):
    with command(
        "train", text, "-o", tmp_path / "v.safetensors", "--min-count", 1,
        "--vector-size", 65_000, preexec_fn=limited(2_500 << 20),
    ) as process:  # fmt: skip
        told = process.communicate(timeout=300)[1]
    assert process.returncode == 1, told
    assert "Training needs" in told
    assert "are available" in told
    assert "Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["t.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are told by Linux only")
def test_too_little_memory_for_a_file_is_one_line(tmp_path):
    """Fifty gigabytes of nothing: a sparse file, which takes no room on disk."""
    with (tmp_path / "v.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (2, 3 << 30)}
        )
        file.truncate(file.tell() + (48 << 30))
    (tmp_path / "v.vocab.json").write_text('{"a": 0, "b": 1}')
    with command("info", tmp_path / "v.npy", preexec_fn=limited(3 << 30)) as process:
        out, told = process.communicate(timeout=300)
    assert process.returncode == 1, out
    assert told.startswith("wordkin: ")
    assert told.count("\n") == 1
    assert "memory" in told


# --- caches and clocks


TRAIN = """
import sys, wordkin as wk
corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
model = wk.train(corpus, wk.SkipGram(vector_size=8, epochs=2), workers=1)
sys.stdout.write(model.vectors.vectors.tobytes().hex())
"""


@pytest.mark.slow
def test_two_processes_may_fill_one_cache_of_compiled_code(tmp_path):
    there = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    results = []
    for _ in range(2):  # the second time all is there
        both = [
            subprocess.Popen([sys.executable, "-c", TRAIN], stdout=subprocess.PIPE, env=there)
            for _ in range(3)
        ]
        results += [process.communicate(timeout=600)[0] for process in both]
        assert [process.returncode for process in both] == [0, 0, 0]
    assert len(set(results)) == 1
    assert results[0]
    assert any((tmp_path / "cache").rglob("*.nbc"))


def test_a_damaged_cache_of_compiled_code_is_no_obstacle(tmp_path):
    """After a power cut a file may be there without its bytes."""
    script = """
import sys
from wordkin.kernels import kernel
import numpy as np
sys.path.insert(0, {folder!r})
import mine
sys.stdout.write(str(mine.twice(21)))
"""
    (tmp_path / "mine.py").write_text(
        "from wordkin.kernels import kernel\n@kernel\ndef twice(x):\n    return 2 * x\n"
    )
    there = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    for damage in (None, b"", b"half", None):
        for path in (tmp_path / "cache").rglob("*.nb*"):
            if damage is not None:
                path.write_bytes(damage)
        done = subprocess.run(
            [sys.executable, "-c", script.format(folder=str(tmp_path))],
            capture_output=True, text=True, env=there, check=False,
        )  # fmt: skip
        assert done.stdout == "42", done.stderr[-2000:]


def test_nobody_asks_for_the_time_of_day():
    """It may jump; how long something took is asked of clocks that don't."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                name = f"{node.value.id}.{node.attr}"
                assert name not in ("time.time", "datetime.now", "time.time_ns"), path
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                assert not {alias.name for alias in node.names} & {"time", "time_ns"}, path


def test_a_clock_that_jumps_changes_nothing(tmp_path, monkeypatch):
    chance = random.Random(0)
    monkeypatch.setattr(time, "time", lambda: chance.uniform(-1e9, 1e10))
    corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 200, min_count=1)
    seen = []
    model = wk.train(
        corpus, wk.SkipGram(vector_size=4, epochs=3), workers=1,
        callbacks=[wk.Checkpoint(tmp_path, every="1s"), seen.append],
    )  # fmt: skip
    seconds = [progress.seconds for progress in seen]
    assert seconds == sorted(seconds)
    assert 0 < seconds[-1] < 600
    assert all(record.words_per_second > 0 for record in model.history)
    assert threading.active_count() < 50
