"""How much memory there is under all limits, and that what can't fit is refused in numbers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import wordkin as wk
from wordkin import memory
from wordkin.errors import FormatError, OutOfMemoryError
from wordkin.formats import batches
from wordkin.formats.room import check_promise

MB = 1_000_000
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")


def write(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_memory_of_the_machine_and_of_containers(tmp_path):
    assert memory.available_memory(tmp_path) is None
    write(tmp_path, proc__meminfo="MemTotal: 9 kB\nMemAvailable:    4000 kB\n")
    assert memory.available_memory(tmp_path) == 4_096_000
    write(tmp_path, proc__self__cgroup="5:cpu:/old\n0::/a/b\n")
    assert memory.available_memory(tmp_path) == 4_096_000
    groups = tmp_path / "sys" / "fs" / "cgroup"
    for name, most, used, pages in (
        ("", "max", 1, 0),
        ("a", 3000, 2500, 100),
        ("a/b", 900, 100, 0),
    ):
        folder = groups / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "memory.max").write_text(f"{most}\n")
        (folder / "memory.current").write_text(f"{used}\n")
        (folder / "memory.stat").write_text(f"anon 7\ninactive_file {pages}\nother 1\n")
    assert memory.available_memory(tmp_path) == 600
    (groups / "a" / "b" / "memory.current").write_text("1000\n")
    assert memory.available_memory(tmp_path) == 0


def test_memory_of_containers_of_the_first_version(tmp_path):
    write(tmp_path, proc__self__cgroup="odd\n7:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n")
    groups = tmp_path / "sys" / "fs" / "cgroup" / "memory"
    # in a container its own group is the root, and the path of the host is not there
    groups.mkdir(parents=True)
    (groups / "memory.limit_in_bytes").write_text("5000\n")
    (groups / "memory.usage_in_bytes").write_text("3000\n")
    (groups / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 500\n")
    assert memory.available_memory(tmp_path) == 2500
    own = groups / "docker" / "1"
    own.mkdir(parents=True)
    (own / "memory.limit_in_bytes").write_text("2000\n")
    (own / "memory.usage_in_bytes").write_text("100\n")
    assert memory.available_memory(tmp_path) == 1900


@pytest.mark.parametrize(
    ("share", "count"),
    [("max 100000", 8), ("150000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8), ("", 8),
     ("100000", 8), ("200000 0", 8)],
)  # fmt: skip
def test_cores_of_containers(tmp_path, monkeypatch, share, count):
    """As many as the time that is allowed keeps busy: of more, all would wait together."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(8)), raising=False)
    assert memory.cores(tmp_path) == 8
    write(tmp_path, proc__self__cgroup="0::/a/b\n")
    group = tmp_path / "sys" / "fs" / "cgroup" / "a"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text(f"{share}\n")
    assert memory.cores(tmp_path) == count
    (group / "b").mkdir()
    (group / "b" / "cpu.max").write_text("700000 100000\n")
    assert memory.cores(tmp_path) == min(count, 7)


def test_cores_of_containers_of_the_first_version(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(8)), raising=False)
    write(tmp_path, proc__self__cgroup="7:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n")
    group = tmp_path / "sys" / "fs" / "cgroup" / "cpu" / "x"
    group.mkdir(parents=True)
    (group / "cpu.cfs_period_us").write_text("50000\n")
    for quota, count in ((-1, 8), (125_000, 3), (1_000, 1)):
        (group / "cpu.cfs_quota_us").write_text(f"{quota}\n")
        assert memory.cores(tmp_path) == count


def limited(code: str, *, limit: str = "RLIMIT_DATA", n_bytes: int = 1 << 30) -> str:
    """Run code in a process that may not take more; return what it prints."""
    code = f"import resource as r; r.setrlimit(r.{limit}, ({n_bytes}, {n_bytes}))\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@linux
@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_limits_of_the_process_are_seen(limit):
    code = "from wordkin.memory import available_memory; print(available_memory())"
    assert 0 < int(limited(code, limit=limit)) < 1 << 30


TRAIN = """
import numpy as np, wordkin as wk
from wordkin.errors import OutOfMemoryError
from wordkin.vocabulary import Vocabulary
vocabulary = Vocabulary([str(i) for i in range(300_000)], np.ones(300_000, int))
account = wk.Account(read=300_000, kept=300_000)
ids = np.arange(300_000, dtype=np.int32)
corpus = wk.Corpus(ids, np.arange(0, 300_001, 100), vocabulary, account)
for config in (wk.SkipGram(vector_size=400), wk.FastText(vector_size=300), wk.GloVe(), wk.PPMI(),
               wk.Doc2Vec(vector_size=400)):
    try:
        wk.train(corpus, config, workers=1)
    except OutOfMemoryError as error:
        print(type(config).__name__, error)
"""


@linux
def test_every_model_is_refused_under_a_limit_of_the_process():
    told = limited(TRAIN).splitlines()
    assert [line.split()[0] for line in told] == [
        "SkipGram",
        "FastText",
        "GloVe",
        "PPMI",
        "Doc2Vec",
    ]
    assert "2 x 300,001 x 400 x 4 bytes" in told[0]
    assert all("MB are available" in line for line in told)


def test_updating_is_refused(monkeypatch):
    corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 9)
    model = wk.train(corpus, wk.SkipGram(vector_size=8, epochs=1, sample=0), workers=1)
    monkeypatch.setattr("wordkin.training.memory.available_memory", lambda: MB)
    with pytest.raises(OutOfMemoryError, match=r"Training needs .* 1 MB are available"):
        model.update(wk.Corpus.from_texts(["a dog and a cat"] * 9))


@pytest.fixture
def _scarce(monkeypatch):
    """Only 10 MB are left, and nothing is too small to be asked for."""
    monkeypatch.setattr(memory, "available_memory", lambda: 10 * MB)
    monkeypatch.setattr(memory, "_SMALL", 0)


def test_room_is_checked(monkeypatch):
    asked = []
    monkeypatch.setattr(memory, "available_memory", lambda: asked.append(1) or 10 * MB)
    memory.check_room(9 * MB, "They", advice="Don't.")
    assert not asked
    with pytest.raises(OutOfMemoryError, match=r"^They take 68 MB; 10 MB are available. Don't.$"):
        memory.check_room(68 * MB, "They", advice="Don't.")
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.check_room(1 << 60, "They", advice="Don't.")


@pytest.mark.usefixtures("_scarce")
def test_vectors_that_do_not_fit_are_refused_before_they_are_read(tmp_path, monkeypatch):
    """The header tells how many there are, and the file is long enough to hold them."""
    path = tmp_path / "big.bin"
    with path.open("wb") as file:
        file.write(b"1000000 100\nword ")
        file.truncate(500 * MB)  # a hole, which takes no disk
    read = []
    monkeypatch.setattr(batches.Collector, "add", lambda *_: read.append(1))
    with pytest.raises(
        OutOfMemoryError, match=r"1,000,000 x 100 x 4 bytes\) take 400 MB; 10 MB are .*limit="
    ):
        wk.load(path)
    assert not read
    with pytest.raises(FormatError):  # all of them zeros, but few
        wk.load(path, limit=2)


@pytest.mark.usefixtures("_scarce")
def test_a_promise_that_a_file_is_too_short_for_is_left_to_its_reader(tmp_path, monkeypatch):
    """A number takes a byte at least; who reads then says that the file is truncated."""
    monkeypatch.setattr(memory, "available_memory", lambda: 0)
    path = tmp_path / "v"
    path.write_bytes(bytes(1000))
    check_promise(path, 501, dimensions=2, limit=None)
    with pytest.raises(OutOfMemoryError, match="500 x 2 x 4 bytes"):
        check_promise(path, 500, dimensions=2, limit=None)
    with pytest.raises(OutOfMemoryError, match="7 x 2 x 4 bytes"):
        check_promise(path, 500, dimensions=2, limit=7)


@pytest.mark.usefixtures("_scarce")
def test_vectors_without_a_header_are_refused_when_they_grow_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "_FIRST_BYTES", 1 << 16)
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    path = tmp_path / "glove.txt"
    vector = " 0.5" * 50
    path.write_text("".join(f"w{i}{vector}\n" for i in range(2000)))
    with pytest.raises(OutOfMemoryError, match=r"vectors more of .*glove.txt.* x 50 x 4 bytes"):
        wk.load(path)
    path.write_text("".join(f"w{i}{vector}\n" for i in range(20)))
    assert len(wk.load(path)) == 20


@pytest.mark.usefixtures("_scarce")
@pytest.mark.parametrize("name", ["v.parquet", "v.arrow"])
def test_tables_are_refused_when_they_grow_too_large(tmp_path, name, monkeypatch):
    pytest.importorskip("pyarrow")
    path = tmp_path / name
    wk.WordVectors([str(i) for i in range(500)], np.ones((500, 64), np.float32)).save(path)
    assert len(wk.load(path)) == 500
    monkeypatch.setattr(memory, "available_memory", lambda: 500 * 64 * 4)  # and the words on top
    with pytest.raises(OutOfMemoryError, match=r"columns of .*/v\.(parquet|arrow)', put together"):
        wk.load(path)


@pytest.mark.usefixtures("_scarce")
def test_mapped_vectors_are_not_refused(tmp_path, monkeypatch):
    path = tmp_path / "v.safetensors"
    wk.WordVectors([str(i) for i in range(500)], np.ones((500, 64), np.float32)).save(path)
    monkeypatch.setattr(memory, "available_memory", lambda: 5000)
    assert len(wk.load(path)) == 500


@pytest.mark.usefixtures("_scarce")
def test_too_many_words_are_refused_with_the_way_out(tmp_path):
    path = tmp_path / "text"
    with path.open("w") as file:
        file.writelines(f"{n * 7919 % 600_000:x} common word\n" for n in range(600_000))
    with pytest.raises(OutOfMemoryError, match=r"different words so far.*max_vocab_size"):
        wk.Corpus.from_path(path)
    corpus = wk.Corpus.from_path(path, max_vocab_size=1000)
    assert corpus.vocabulary.words[:2] == ["common", "word"]


COUNT = """
import sys, numpy as np, wordkin as wk
from wordkin.errors import OutOfMemoryError
path, types = sys.argv[1], 5_000_000
with open(path, "w") as file:
    for first in range(0, types, 1000):
        file.write("the of " + " ".join(f"{n:x}" for n in range(first, first + 1000)) + "\\n")
for limit in (None, 200_000):
    try:
        corpus = wk.Corpus.from_path(path, tokenizer="whitespace", max_vocab_size=limit)
    except OutOfMemoryError as error:
        print(error)
    else:
        print(corpus.vocabulary.words, corpus.vocabulary.counts, corpus.account.undercount)
"""


@linux
@pytest.mark.slow
def test_millions_of_words_are_counted_in_bounded_memory(tmp_path):
    """What benchmarks/big.py does with 50 million: refused without a bound, done with one."""
    code = f"import sys; sys.argv[1:] = [{str(tmp_path / 'text')!r}]\n{COUNT}"
    refused, done = limited(code, n_bytes=700 * MB).splitlines()
    assert "different words so far" in refused
    assert "max_vocab_size" in refused
    assert done.startswith("['the', 'of'] [5000 5000] ")
    assert 0 < int(done.split()[-1]) < 20  # one more each time that words are forgotten


def test_threads_are_as_many_as_the_cores_that_a_process_may_use(monkeypatch):
    from wordkin.training.job import checked_workers

    monkeypatch.setattr(memory, "_quotas", lambda _root: [])  # a container may have one here
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {3, 5}, raising=False)
    assert memory.cores() == checked_workers(None) == 2
    monkeypatch.delattr("os.sched_getaffinity")  # macOS and Windows know no affinity
    assert memory.cores() == checked_workers(None) == 64
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert memory.cores() == 1
