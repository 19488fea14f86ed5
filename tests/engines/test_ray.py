"""engine="ray": the bytes of one machine, on any number of workers, whoever dies.

All processes that die here are killed with SIGKILL, while they train.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import lzma
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import wordkin as wk
from wordkin.cli import app
from wordkin.engines import always_in_streams, ray_cluster, ray_crew, ray_reading
from wordkin.errors import ConfigError, FileError, FormatError, InputError, TrainingError

ray = pytest.importorskip("ray")

SKIPGRAM = wk.SkipGram(vector_size=20, epochs=3, group=3, shared_negatives=6)
FASTTEXT = wk.FastText(vector_size=20, epochs=2)
TREE = wk.CBOW(vector_size=20, epochs=1, loss="hierarchical-softmax")


def make_corpus(n=60_000, types=2_000):
    rng = np.random.default_rng(5)
    share = 1 / np.arange(1, types + 1)
    words = [f"w{i}" for i in rng.choice(types, n, p=share / share.sum())]
    return wk.Corpus.from_sentences([words[i : i + 20] for i in range(0, n, 20)], min_count=1)


def digest(model):
    mark = hashlib.sha256()
    for vectors in (model.vectors, model.context):
        mark.update(np.ascontiguousarray(vectors.vectors).data)
    return mark.hexdigest()


@pytest.fixture(scope="module")
def corpus():
    return make_corpus()


@pytest.fixture(scope="module")
def stored(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored") / "corpus"
    corpus.save(folder)
    return folder


@pytest.fixture(scope="module")
def expected(corpus):
    return wk.train(corpus, SKIPGRAM, workers=2, deterministic=True, validation=0.05)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        "local",
        num_cpus=4,
        object_store_memory=200_000_000,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
    )
    yield
    ray.shutdown()


@pytest.fixture
def hired(monkeypatch):
    """All workers that were hired, in order."""
    places = []
    hire = ray_crew.Crew._hire

    def recorded(self, workers):
        found = hire(self, workers)
        places.extend(found)
        return found

    monkeypatch.setattr(ray_crew.Crew, "_hire", recorded)
    return places


def same(one, other):
    assert digest(one) == digest(other)
    assert str(one.account) == str(other.account)
    for name in ("loss", "validation_loss"):
        assert [getattr(r, name) for r in one.history] == [getattr(r, name) for r in other.history]


# ---------------------------------------------------------------------------- the same bytes


@pytest.mark.parametrize("workers", [1, 3])
def test_the_bytes_are_those_of_one_machine(corpus, expected, workers, caplog):
    with caplog.at_level(logging.INFO, "wordkin"):
        model = wk.train(corpus, SKIPGRAM, workers=workers, engine="ray", validation=0.05)
    same(model, expected)
    assert re.search(r"\d+ merges; for each, all workers together sent [\d.]+ MB", caplog.text)
    assert model.vectors.vectors.flags.writeable  # its own memory, not the cluster's


def test_a_stored_corpus_is_opened_by_each_worker(stored, expected):
    settings = wk.RayCluster(threads=2)
    model = wk.train(wk.Corpus.open(stored), SKIPGRAM, workers=2, engine=settings, validation=0.05)
    same(model, expected)


@pytest.mark.parametrize("config", [FASTTEXT, TREE], ids=["fasttext", "tree"])
def test_other_models(corpus, config):
    local = wk.train(corpus, config, workers=2, deterministic=True, streams=5, validation=0.05)
    model = wk.train(corpus, config, workers=2, engine="ray", streams=5, validation=0.05)
    same(model, local)
    if config is FASTTEXT:
        ours, theirs = model.vectors.table.subwords, local.vectors.table.subwords
        assert np.array_equal(ours.matrix, theirs.matrix)
        assert np.array_equal(model.vectors["w1w2"], local.vectors["w1w2"])


def test_initial_vectors_are_taken_over(corpus):
    first = wk.train(corpus, SKIPGRAM, workers=2, deterministic=True)
    local = wk.train(corpus, SKIPGRAM, workers=2, deterministic=True, initial=first)
    same(wk.train(corpus, SKIPGRAM, workers=2, engine="ray", initial=first), local)


def test_a_checkpoint_of_one_engine_is_gone_on_from_by_the_other(corpus, expected, tmp_path):
    saved = wk.Checkpoint(tmp_path, every=1)
    stop = {"callbacks": [saved, lambda progress: progress.step == 5], "validation": 0.05}
    wk.train(corpus, SKIPGRAM, workers=2, deterministic=True, **stop)
    wk.train(
        corpus,
        SKIPGRAM,
        workers=2,
        engine="ray",
        resume=tmp_path,
        callbacks=[saved, lambda progress: progress.step == 8],
        validation=0.05,
    )
    model = wk.train(
        corpus, SKIPGRAM, workers=1, deterministic=True, resume=tmp_path, validation=0.05
    )
    assert digest(model) == digest(expected)


# ---------------------------------------------------------------------------- reading


@pytest.fixture
def texts(tmp_path):
    """Files whose words come in different orders, with empty lines, bad bytes and no last line."""
    rng = np.random.default_rng(3)
    folder = tmp_path / "texts"
    folder.mkdir()
    for n, ending in enumerate([b"\n", b"", b"\n\n", b" \xff\xfe!\n", b""]):
        lines = []
        for _ in range(3_000):
            words = rng.zipf(1.3, rng.integers(0, 12)) % 5_000
            lines.append(" ".join(f"w{(word * 7 + n) % 5_000}" for word in words))
        (folder / f"{n}.txt").write_bytes("\n".join(lines).encode() + ending)
    (folder / "none.txt").write_bytes(b"")
    # long enough to be read by compiled code
    (folder / "long.txt").write_text("and so on and so forth, again\n" * 200_000)
    return folder


@pytest.mark.parametrize(
    "choice", [{}, {"min_count": 2, "max_vocab": 300, "tokenizer": "whitespace"}, {"phrases": 1}]
)
def test_reading_files_by_tasks_makes_the_corpus_of_one_machine(texts, tmp_path, choice):
    here = wk.Corpus.from_path(texts, **choice)
    for store in (None, tmp_path / "store"):
        there = wk.read_distributed(texts, store=store, **choice)
        assert there.account == here.account
        assert there.vocabulary.fingerprint() == here.vocabulary.fingerprint()
        for name in ("ids", "starts", "empty"):
            assert np.array_equal(getattr(there, name), getattr(here, name)), name
        assert np.array_equal(there.vocabulary.counts, here.vocabulary.counts)
        assert there.vocabulary.tokenizer.settings() == here.vocabulary.tokenizer.settings()


def test_what_tasks_can_not_read(texts, tmp_path):
    words = wk.Corpus.from_path(texts).vocabulary
    with pytest.raises(ConfigError, match="leave out min_count"):
        wk.read_distributed(texts, vocabulary=words, min_count=7)
    with pytest.raises(ConfigError, match="max_vocab_size is not there"):
        wk.read_distributed(texts, max_vocab_size=1000)
    with pytest.raises(ConfigError, match="is a table, and tasks on a cluster read none"):
        wk.read_distributed(texts, column="text")
    with pytest.raises(ConfigError, match="open in this process alone"):
        wk.read_distributed("/dev/stdin")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(
        ConfigError, match=r"pipe' is open in this process alone\. Use Corpus\.from"
    ):
        wk.read_distributed(pipe)
    (texts / "bad.gz").write_bytes(gzip.compress(b"some words\n" * 1000)[:-12])
    with pytest.raises((FileError, FormatError), match=r"bad\.gz"):
        wk.read_distributed(texts)


def test_a_text_is_found_from_where_the_user_is(texts, monkeypatch):
    monkeypatch.chdir(texts.parent)
    here = wk.Corpus.from_path("texts", min_count=50)
    there = wk.read_distributed("texts", min_count=50)
    assert there.account == here.account
    assert np.array_equal(there.ids, here.ids)


@pytest.mark.parametrize(
    ("there", "told"), [(-1, r"'.*none\.txt' is not there on"), (7, "has 7 bytes, not 0, on")]
)
def test_a_text_that_a_machine_does_not_see(texts, monkeypatch, there, told):
    sizes = ray_reading._sizes

    def elsewhere(paths):
        import os

        machine, found = sizes(paths)
        pairs = zip(paths, found, strict=True)
        if "RAY_JOB_ID" in os.environ:  # in a task
            found = [there if path.endswith("none.txt") else n for path, n in pairs]
        return machine, found

    monkeypatch.setattr(ray_reading, "_sizes", elsewhere)
    with pytest.raises(FileError, match=f"{told} the machine .* All its machines must see"):
        wk.read_distributed(texts)


def told(*command):
    """What a command prints, and says on the way, that is told to read and train on a cluster."""
    done = CliRunner().invoke(app._make_app(), ["train", *map(str, command)])
    assert done.exit_code == 0, done.stderr
    return done


SMALL = ["--vector-size", "16", "--epochs", "1", "--min-count", "20", "--workers", "2"]
RAY = ["--engine", "ray", "--address", "auto"]


def saved_by(*options, folder, name):
    """What a run prints, says, and saves."""
    path = folder / f"{name}.safetensors"
    done = told(*options, *SMALL, "-o", path)
    account = done.stdout.split("epoch ")[0]
    return account, done.stderr, wk.load(path)


def test_the_command_line_reads_files_on_the_cluster(texts, tmp_path, monkeypatch):
    read = []
    distributed = ray_reading.read_distributed
    monkeypatch.setattr(
        ray_reading,
        "read_distributed",
        lambda *given, **named: read.append(given) or distributed(*given, **named),
    )
    account, _, vectors = saved_by(texts, "--deterministic", folder=tmp_path, name="local")
    assert not read
    for name, options in (("memory", ()), ("stored", ("--store", tmp_path / "store"))):
        found = saved_by(texts, *RAY, *options, folder=tmp_path, name=name)
        assert found[0] == account
        assert "bytes read" in account
        assert "not on the cluster" not in found[1]
        assert np.array_equal(found[2].vectors, vectors.vectors)
        assert found[2].vocabulary.fingerprint() == vectors.vocabulary.fingerprint()
    assert len(read) == 2
    found = saved_by(tmp_path / "store", *RAY, folder=tmp_path, name="again")
    assert np.array_equal(found[2].vectors, vectors.vectors)
    assert len(read) == 2  # ids are read by nobody


def test_what_the_command_line_reads_here_all_the_same(texts, tmp_path, monkeypatch):
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"text": "and so on w{n % 7}"}}\n' for n in range(3_000)))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    bound = ["--max-vocab-size", 100_000]
    for name, options, why in (
        ("rows", [rows, "--column", "text"], r"rows\.jsonl' is a table, and tasks on a cluster"),
        ("bound", [texts, *bound], "max_vocab_size is not there for reading on a cluster"),
        ("pipe", [pipe], "pipe' is open in this process alone"),
    ):
        for each in (["--deterministic"], RAY):
            fill = threading.Thread(target=pipe.write_text, args=("to be or not\n" * 2_000,))
            if name == "pipe":
                fill.start()
            found = saved_by(*options, *each, folder=tmp_path, name=f"{name}{len(each)}")
            if name == "pipe":
                fill.join()
            note = "the text is read on this machine, not on the cluster: "
            assert bool(re.search(f"{note}.*{why}", " ".join(found[1].split()))) == (each is RAY)
        local, there = (wk.load(tmp_path / f"{name}{n}.safetensors") for n in (1, 4))
        assert np.array_equal(local.vectors, there.vectors)

    def unseen(*_, **__):
        raise ray_reading.NotSeenError("'a' is not there on the machine b.")

    monkeypatch.setattr(ray_reading, "_seen_by_all", unseen)
    _, said, _ = saved_by(texts, *RAY, folder=tmp_path, name="unseen")
    assert "not on the cluster: 'a' is not there on the machine b" in " ".join(said.split())


def test_on_the_command_line(tmp_path, stored):
    out = tmp_path / "model.safetensors"
    head = ray.get_runtime_context().gcs_address
    command = ["train", str(stored), "-o", str(out), "--engine", "ray", "--address", head]
    settings = ["--vector-size", "20", "--epochs", "3", "--workers", "2", "--validation", "0.05"]
    local = ["train", str(stored), "-o", str(tmp_path / "local.safetensors"), "--deterministic"]
    for arguments in (command, local):
        done = subprocess.run(
            [sys.executable, "-m", "wordkin", *arguments, *settings],
            capture_output=True,
            text=True,
            env=os.environ | {"COLUMNS": "200"},
        )
        assert done.returncode == 0, done.stderr
        assert ("merges; for each" in done.stderr) == ("ray" in arguments)
    assert np.array_equal(wk.load(out).vectors, wk.load(tmp_path / "local.safetensors").vectors)
    for wrong in (["--address", "h:1"], ["--engine", "ray", "--address", "nowhere"]):
        done = subprocess.run(
            [sys.executable, "-m", "wordkin", *local, *wrong], capture_output=True, text=True
        )
        assert done.returncode != 0
        assert "Traceback" not in done.stderr


# ---------------------------------------------------------------------------- who dies


def killer(hired, at, *, all_of_them=False):
    """A callback that kills workers soon after these steps, somewhere in the next block."""
    rng = np.random.default_rng(int(time.time()))  # at other moments each time
    killed = []

    def kill(pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed.append(pid)

    def after(progress):
        if progress.step in at:
            pids = [place.pid for place in hired[-2:]]
            chosen = pids if all_of_them else [pids[int(rng.integers(len(pids)))]]
            threading.Timer(rng.uniform(0, 0.15), kill, [chosen]).start()
            time.sleep(rng.uniform(0, 0.15))

    return after, killed


def test_a_killed_worker_is_replaced_and_the_bytes_stay_the_same(corpus, expected, hired, caplog):
    after, killed = killer(hired, at=(2, 6))
    model = wk.train(corpus, SKIPGRAM, workers=2, engine="ray", callbacks=[after], validation=0.05)
    same(model, expected)
    assert killed
    assert "a worker is lost" in caplog.text
    if "all workers are lost" in caplog.text:  # both at once, or one before the new one had tables
        assert len(hired) >= 2 + len(set(killed))
    else:
        assert len(hired) == 2 + len(set(killed))


def test_all_workers_killed_at_once(corpus, expected, hired, caplog):
    after, killed = killer(hired, at=(3,), all_of_them=True)
    model = wk.train(corpus, SKIPGRAM, workers=2, engine="ray", callbacks=[after], validation=0.05)
    same(model, expected)
    assert len(killed) == 2
    assert len(hired) == 4
    assert "all workers are lost" in caplog.text


def test_workers_that_die_again_and_again_end_the_training(corpus, hired, monkeypatch):
    monkeypatch.setattr(ray_crew, "_FAILURES", 1)
    attempt = ray_crew.Crew._attempt

    def fatal(self, *given):
        for place in self.places:
            os.kill(place.pid, signal.SIGKILL)
        return attempt(self, *given)

    monkeypatch.setattr(ray_crew.Crew, "_attempt", fatal)
    with pytest.raises(TrainingError, match="died 2 times at the same place"):
        wk.train(corpus, SKIPGRAM, workers=2, engine="ray")
    assert len(hired) == 4


@pytest.mark.slow
def test_workers_killed_while_they_train_on_wiki8(data_dir, hired):
    with lzma.open(data_dir / "wiki8.xz", "rt") as file:
        words = file.read(18_000_000).split()
    lines = [" ".join(words[i : i + 1000]) for i in range(0, len(words), 1000)]
    text = wk.Corpus.from_texts(lines, tokenizer="whitespace")
    config = wk.SkipGram(vector_size=100, epochs=2)
    after, killed = killer(hired, at=(10, 30, 60))
    model = wk.train(text, config, workers=2, engine="ray", callbacks=[after])
    assert killed
    assert digest(model) == digest(wk.train(text, config, workers=2, deterministic=True))


SCRIPT = """
import sys
sys.path.insert(0, {here!r})
import wordkin as wk
from wordkin.engines import ray_crew
from test_ray import SKIPGRAM, digest, make_corpus
if __name__ == "__main__":
    places = ray_crew.Crew.places.fget
    hire = ray_crew.Crew._hire
    def told(self, workers):
        found = hire(self, workers)
        print("workers", *[place.pid for place in found], flush=True)
        return found
    ray_crew.Crew._hire = told
    saved = wk.Checkpoint(sys.argv[1], every=1)
    tell = lambda progress: print("step", progress.step, flush=True)
    model = wk.train(make_corpus(), SKIPGRAM, workers=int(sys.argv[2]), engine="ray",
                     validation=0.05, callbacks=[tell, saved],
                     resume=saved.path if saved.path.exists() else None)
    print("digest", digest(model), flush=True)
"""


def start_driver(folder, workers):
    script = SCRIPT.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", script, str(folder), str(workers)]
    # a cluster of its own, on this machine
    given = {k: v for k, v in os.environ.items() if k != "RAY_ADDRESS"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=given)


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_killed_driver_goes_on_from_its_checkpoint_and_leaves_nobody_behind(expected, tmp_path):
    with start_driver(tmp_path, 2) as process:
        pids = next(line for line in process.stdout if line.startswith("workers")).split()[1:]
        for line in process.stdout:
            if line == "step 4\n":
                break
        process.send_signal(signal.SIGKILL)
    end = time.monotonic() + 60
    while any(lives(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.1)
    assert not [pid for pid in pids if lives(pid)]
    with start_driver(tmp_path, 1) as process:
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0
    steps = [int(line.split()[1]) for line in lines if line.startswith("step")]
    assert steps[0] in (4, 5)
    assert steps[-1] > 5
    assert lines[-1] == f"digest {digest(expected)}"


# ---------------------------------------------------------------------------- what can't be


def test_a_worker_of_another_version_is_refused(corpus, monkeypatch):
    monkeypatch.setattr(wk, "__version__", "9.9.9")
    there = re.escape("wordkin 0.1.0 there and 9.9.9 here")
    with pytest.raises(ConfigError, match=there):
        wk.train(corpus, SKIPGRAM, workers=1, engine="ray")


def test_a_machine_with_another_package_can_say_so(corpus, monkeypatch, tmp_path):
    other = tmp_path / "wordkin"
    other.mkdir()
    (other / "__init__.py").write_text("__version__ = '0.0.1'\n")
    init = ray_crew.Crew.__init__
    remote = ray.remote

    def elsewhere(**options):
        path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        return remote(**options, runtime_env={"env_vars": {"PYTHONPATH": path}})

    def begin(self, *given, **named):
        monkeypatch.setattr(ray, "remote", elsewhere)
        init(self, *given, **named)

    monkeypatch.setattr(ray_crew.Crew, "__init__", begin)
    with pytest.raises(ConfigError, match=r"wordkin 0\.0\.1 there and 0\.1\.0 here.*lanes unknown"):
        wk.train(corpus, SKIPGRAM, workers=1, engine="ray")


def test_a_corpus_that_a_worker_does_not_see(corpus, stored, tmp_path):
    gone = tmp_path / "gone"
    shutil.copytree(stored, gone)
    opened = wk.Corpus.open(gone)
    shutil.rmtree(gone)
    with pytest.raises(FileError, match="All machines must see the folder"):
        wk.train(opened, SKIPGRAM, workers=1, engine="ray")
    make_corpus(n=50_000).save(gone)
    with pytest.raises(InputError, match="another one on the machine of a worker"):
        wk.train(opened, SKIPGRAM, workers=1, engine="ray")


def test_what_the_cluster_has_no_room_for(corpus):
    with pytest.raises(ConfigError, match="2 workers of 64 threads need 128 processors"):
        wk.train(corpus, SKIPGRAM, workers=2, engine=wk.RayCluster(threads=64))


def test_machines_that_do_not_tell_in_time_what_they_see(texts, monkeypatch):
    sizes = ray_reading._sizes

    def slow(paths):
        import os
        import time

        if "RAY_JOB_ID" in os.environ:  # in a task
            time.sleep(3)
        return sizes(paths)

    monkeypatch.setattr(ray_reading, "_sizes", slow)
    with pytest.raises(TrainingError, match=r"1 machines .* within 0\.5 seconds that they see"):
        wk.read_distributed(texts, cluster=wk.RayCluster(timeout=0.5))


def test_a_cluster_that_is_busy(corpus):
    @ray.remote(num_cpus=4)
    class Busy:
        def begun(self):
            return True

    busy = Busy.remote()
    assert ray.get(busy.begun.remote())
    with pytest.raises(TrainingError, match=r"within 2 seconds; 0 processors are free"):
        wk.train(corpus, SKIPGRAM, workers=2, engine=wk.RayCluster(timeout=2))
    ray.kill(busy)


def test_models_that_know_no_streams(corpus):
    with pytest.raises(ConfigError, match="GloVe can't be trained in streams"):
        wk.train(corpus, wk.GloVe(vector_size=8), workers=2, engine="ray")


def test_settings_that_can_not_be():
    for wrong in (
        {"threads": 0},
        {"threads": 1.5},
        {"threads": True},
        {"timeout": 0},
        {"timeout": "1"},
        {"address": ""},
        {"address": "here"},
        {"address": "here:0"},
        {"address": 5},
        {"address": "ray://here:10001"},
    ):
        with pytest.raises(ConfigError):
            wk.RayCluster(**wrong)
    assert always_in_streams(wk.RayCluster())
    assert not always_in_streams("cpu")
    with pytest.raises(ConfigError, match="connected to the Ray cluster"):
        wk.RayCluster(address="127.0.0.1:1").connect(1)
    for engine in ("spark", 5, None):
        with pytest.raises(ConfigError, match="There is no engine"):
            always_in_streams(engine)


UNREACHABLE = """
import os, time
import ray
import wordkin as wk
from wordkin.errors import TrainingError

def none_is_there(*given, **named):
    raise ConnectionError("Could not find any running Ray instance.")

corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
for address in ("127.0.0.1:1", None, "auto"):
    os.environ["RAY_ADDRESS"] = "" if address else "127.0.0.1:2"
    if address == "auto":
        ray.init = none_is_there  # the real one would find the cluster of the other tests
    began = time.monotonic()
    try:
        wk.train(corpus, wk.SkipGram(), engine=wk.RayCluster(address=address))
    except TrainingError as error:
        print(address, round(time.monotonic() - began), error)
"""


def test_a_cluster_that_can_not_be_reached_is_told_soon():
    done = subprocess.run(
        [sys.executable, "-c", UNREACHABLE], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    first, second, third = (line for line in done.stdout.splitlines() if line.strip())
    assert "Nothing answers at '127.0.0.1:1'" in first
    assert "Nothing answers at '127.0.0.1:2'" in second
    assert "Could not find any running Ray instance" in third
    assert "ray start --head" in third
    assert all(int(line.split()[1]) < 30 for line in (first, second, third))


def test_versions_tell_what_decides_the_bytes():
    here = ray_cluster.versions()
    assert set(here) == {"Python", "wordkin", "numpy", "numba", "lanes"}
    ray_cluster.check_versions(here, "here")
    with pytest.raises(ConfigError, match="lanes 4 there"):
        ray_cluster.check_versions(here | {"lanes": "4"}, "there")
