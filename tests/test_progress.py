"""Progress: quiet unless asked, a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from rich.console import Console

import wordkin as wk
from wordkin import formats, progress
from wordkin.classification import progress as classification_progress
from wordkin.engines import cooccurrence
from wordkin.explorer import places
from wordkin.formats import lines
from wordkin.neighbors import compiled
from wordkin.progress import displays
from wordkin.text.sources import open_source
from wordkin.training.display import show_training


class Display:
    """Takes down what is told."""

    def __init__(self):
        self.tasks = []

    def begin(self, task):
        self.tasks.append(task)

    def moved(self, task):
        assert task in self.tasks

    def end(self, task):
        task.ended = True

    def of(self, start):
        (task,) = [each for each in self.tasks if each.what.startswith(start)]
        assert task.ended
        return task


@pytest.fixture
def display():
    taken = Display()
    token = progress._display.set(taken)
    yield taken
    progress._display.reset(token)


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    return wk.WordVectors([f"w{i}" for i in range(3000)], rng.normal(size=(3000, 8)))


def console(*, terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, highlight=False)


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [100.0]
    monkeypatch.setattr(displays.time, "monotonic", lambda: now[0])
    return now


# --- the mechanism --------------------------------------------------------------------------------


def test_nobody_asked_nothing_happens(capsys):
    with progress.task("work", 10, "words") as advance:
        advance(5)
    assert capsys.readouterr() == ("", "")


def test_lines_come_after_two_seconds_and_then_every_ten(clock):
    out = console(terminal=False)
    with progress.shown(console=out), progress.task("work", 100, "words") as advance:
        for _ in range(25):
            clock[0] += 1
            advance(4)
    text = out.file.getvalue().splitlines()
    assert text == [
        "work    8%  4 words/s  0:23 left",
        "work   48%  4 words/s  0:13 left",
        "work   88%  4 words/s  0:03 left",
        "work: 0:25",
    ]


def test_short_work_is_not_mentioned(clock):
    out = console(terminal=False)
    with progress.shown(console=out), progress.task("work", 2) as advance:
        clock[0] += 1
        advance(2)
    assert out.file.getvalue() == ""


def test_work_without_an_end_tells_its_amount(clock):
    out = console(terminal=False)
    with progress.shown(console=out), progress.task("reading", None, "B") as advance:
        clock[0] += 4
        advance(8_000_000)
    assert out.file.getvalue().splitlines()[0] == "reading  8.0 MB  2.0 MB/s"


def test_what_is_announced_is_told_at_once(clock):
    out = console(terminal=False)
    with progress.shown(console=out, what="looking [b]here[/b]"):
        assert out.file.getvalue() == "looking [b]here[/b] ...\n"


def test_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setattr(displays, "_QUIET", 0.0)
    out = console(terminal=True)
    with progress.shown(console=out, what="outer"):
        with progress.task("work [i]", 100, "words") as advance:
            advance(50)
        with progress.task("more") as advance:
            advance(1)
    text = out.file.getvalue()
    assert "outer" in text or "work [i]" in text


def test_who_asks_again_gets_no_second_display():
    out, other = console(terminal=False), console(terminal=False)
    with progress.shown(console=out), progress.shown(console=other, what="again"):
        assert progress._display.get()._console is out
    assert other.file.getvalue() == ""
    assert progress._display.get() is None


def test_a_task_that_tells_of_itself_is_shown_by_whoever_shows_tasks(display):
    work = progress.Task("learning", 10, "epochs")
    with progress.shown(what=work):
        work.done += 3
    assert display.of("learning").done == 3


def test_a_bar_tells_of_itself_and_then_of_what_is_done_meanwhile(monkeypatch):
    monkeypatch.setattr(displays, "_QUIET", 0.0)
    out = console(terminal=True)
    work = progress.Task("learning", 10, "epochs")
    with progress.shown(console=out, what=work):
        with progress.task("counting", 100, "words") as advance:
            advance(50)
            time.sleep(0.3)  # three times as long as between two pictures
        work.done += 5
    text = out.file.getvalue()
    assert re.search(r"counting +50%  \d+ words/s  0:00 left", text)
    assert re.search(r"learning +50%  \d+ epochs/s", text)


def test_work_that_tells_nothing_is_told_when_it_ends(clock):
    out = console(terminal=False)
    with progress.shown(console=out):
        with progress.task("thinking"):
            clock[0] += 3
        with progress.task("a moment"):
            clock[0] += 1
    assert out.file.getvalue() == "thinking: 0:03\n"


def test_items_are_told(display):
    assert list(progress.told("abc", "reading", unit="letters")) == ["a", "b", "c"]
    assert display.of("reading").done == display.of("reading").total == 3
    assert next(iter(progress.told(iter("abc"), "more"))) == "a"
    assert display.of("more").total is None
    assert list(progress.told(iter("abc"), "again", total=3)) == ["a", "b", "c"]
    assert display.of("again").done == display.of("again").total


def test_an_error_ends_the_task(display):
    with pytest.raises(ZeroDivisionError), progress.task("work"):
        raise ZeroDivisionError
    assert display.of("work").ended


# --- who tells of what is done --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.txt.gz"])
def test_reading_and_writing_vectors(display, vectors, tmp_path, name, monkeypatch):
    monkeypatch.setattr(lines, "_WRITTEN", 1 << 12)
    path = tmp_path / name.removesuffix(".gz")
    vectors.save(path)
    written = display.of("writing")
    assert written.total == 3000
    assert 0 < written.done <= 3100
    if name.endswith(".gz"):
        import gzip

        path = tmp_path / name
        path.write_bytes(gzip.compress((tmp_path / "v.txt").read_bytes()))
    assert len(formats.read(path)) == 3000
    read = display.of("reading")
    assert read.total == path.stat().st_size
    assert read.done == pytest.approx(read.total, rel=0.01)


@pytest.mark.parametrize("name", ["v.safetensors", "v.parquet", "v.arrow"])
def test_writing_other_formats(display, vectors, tmp_path, name, monkeypatch):
    if not name.endswith(".safetensors"):
        pytest.importorskip("pyarrow")
    monkeypatch.setattr("wordkin.formats.tensors._CHUNK", 1000)
    monkeypatch.setattr("wordkin.formats.parquet._WRITTEN", 1000)
    vectors.save(tmp_path / name)
    written = display.of("writing")
    assert written.done == written.total >= 3000
    assert np.array_equal(wk.load(tmp_path / name).vectors, vectors.vectors)


@pytest.mark.parametrize("name", ["v.bin", "v.floret"])
def test_n_grams(display, tmp_path, name):
    corpus = wk.Corpus.from_texts(["some words in a row"] * 20, min_count=1)
    compact = name == "v.floret"
    config = wk.FastText(vector_size=4, epochs=1, buckets=5000, compact=compact, sample=0)
    wk.train(corpus, config, workers=1).vectors.save(tmp_path / name)
    wk.load(tmp_path / name)
    for what in ["writing vectors"] if config.compact else ["writing n-grams", "making vectors"]:
        assert display.of(what).done == display.of(what).total > 0


def test_reading_text(display, tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text("some words here\n" * 50_000)
    wk.Corpus.from_path(tmp_path, min_count=1)
    task = display.of("reading 3 files")
    assert task.done == task.total == 3 * 16 * 50_000


@pytest.mark.parametrize(("kind", "total"), [("parquet", 3000), ("arrow", 3000), ("stream", None)])
def test_reading_rows_of_files(display, tmp_path, kind, total):
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"text": ["a b"] * 1500})
    for name in "ab":
        if kind == "parquet":
            pytest.importorskip("pyarrow.parquet").write_table(table, tmp_path / name)
            continue
        opened = arrow.ipc.new_file if kind == "arrow" else arrow.ipc.new_stream
        with opened(str(tmp_path / name), table.schema) as file:
            file.write_table(table)
    wk.Corpus.from_path(tmp_path)
    task = display.of("reading 2 files")
    assert (task.total, task.done, task.unit) == (total, 3000, "rows")


def test_reading_texts_and_sentences(display):
    wk.Corpus.from_texts(["a b"] * 7, min_count=1)
    wk.Corpus.from_sentences([["a", "b"]] * 5, min_count=1)
    assert display.of("reading texts").done == display.of("reading texts").total == 7
    assert display.of("reading sentences").done == 5


@pytest.mark.parametrize(
    "config", [wk.GloVe(vector_size=5, epochs=1), wk.PPMI(vector_size=5)], ids=["glove", "ppmi"]
)
def test_counting_pairs(display, config):
    corpus = wk.Corpus.from_texts(["some words in a row", "a row of words"] * 200, min_count=1)
    wk.train(corpus, config, workers=2)
    counted = [each for each in display.tasks if each.what.startswith("counting")]
    assert sum(each.done for each in counted) == corpus.n_tokens
    assert all(each.done == each.total for each in counted)
    added = display.of("adding up")
    assert added.done == added.total > 0
    if isinstance(config, wk.PPMI):
        assert display.of("weighing").done == display.of("weighing").total
        assert display.of("finding vectors").done == display.of("finding vectors").total


def test_training_shows_what_comes_before_it(monkeypatch):
    """Counting takes long, and has a rate and a time that is left."""
    monkeypatch.setattr(displays, "_QUIET", 0.0)
    monkeypatch.setattr("wordkin.engines.cooccurrence._CHUNK", 1 << 15)
    count = cooccurrence.kernels.count

    def slowly(*arguments):
        time.sleep(0.1)  # as long as between two pictures of the bar
        count(*arguments)

    monkeypatch.setattr(cooccurrence.kernels, "count", slowly)
    corpus = wk.Corpus.from_texts(["some words in a row"] * 40_000, min_count=1)
    out = console(terminal=True)
    with show_training(out) as show:
        wk.train(corpus, wk.GloVe(vector_size=5, window=15, epochs=1), workers=1, callbacks=[show])
    assert re.search(
        r"counting co-occurrences +\d+%  .* words/s  \d:\d\d left", out.file.getvalue()
    )


def test_reading_only_the_beginning_is_no_error(display, tmp_path):
    (tmp_path / "a.txt").write_text("some words\n" * 300_000)
    blocks = iter(open_source(tmp_path / "a.txt"))
    next(blocks)
    blocks.close()
    assert display.of("reading").ended


def test_measuring(display, vectors, tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": one\n" + "w1 w2 w3 w4\nw5 w6 w7 w8\n" * 3)
    wk.evaluate(vectors, path, resamples=50)
    assert display.of("answering 6").done == 3000
    assert display.of("resampling").done == 50


def test_changing(display, vectors):
    vectors.pca(3)
    assert display.of("changing").done == display.of("finding").done == 3000
    vectors.align_to(vectors)
    assert display.of("comparing").done == 3000
    vectors.retrofit({"w1": ["w2"], "w3": ["w4", "w5"]}, iterations=4)
    assert display.of("moving").done == display.of("moving").total == 8


@pytest.mark.parametrize("rows", [100, 9000], ids=["numpy", "compiled"])
def test_searching(display, rows, monkeypatch):
    monkeypatch.setattr(compiled, "_TOGETHER", 64)
    monkeypatch.setattr(compiled, "pays", lambda _work: rows > 100)
    rng = np.random.default_rng(0)
    vectors = wk.WordVectors([f"w{i}" for i in range(rows)], rng.normal(size=(rows, 8)))
    vectors.most_similar_batch([f"w{i}" for i in range(100)])
    searched = display.of("searching")
    assert searched.done == pytest.approx(100)
    assert searched.total == 100


def test_steps_of_a_search_are_not_mentioned(display, vectors):
    vectors.most_similar_batch(["w1", "w2"], restrict=["w5", "w6", "w7"])
    assert display.of("searching").done == 3


def test_rounding(display, vectors):
    small = vectors.quantized()
    assert display.of("rounding").done == 3000
    display.tasks.clear()
    small.most_similar_batch(["w1", "w2"])
    assert display.of("searching").done == 3000


def test_building_an_index(display, vectors):
    pytest.importorskip("usearch", reason="the extra index is not installed")
    index = vectors.index()
    assert display.of("building").done == 3000
    display.tasks.clear()
    index.most_similar_batch(["w1", "w2"])
    assert display.of("searching").done == 2


def write_reviews(folder):
    """The same texts as a table, as folders, and as archives of folders."""
    rows = [("pos", f"good film {i}") for i in range(30)] + [("neg", f"bad {i}") for i in range(30)]
    (folder / "a.csv").write_text("label,text\n" + "".join(f"{a},{b}\n" for a, b in rows))
    for number, (label, text) in enumerate(rows):
        (folder / "a" / label).mkdir(parents=True, exist_ok=True)
        (folder / "a" / label / f"{number}.txt").write_text(text)
    shutil.make_archive(str(folder / "a"), "zip", folder / "a")
    shutil.make_archive(str(folder / "a"), "gztar", folder / "a")
    return [text for _, text in rows], [label for label, _ in rows]


@pytest.mark.parametrize("name", ["a.csv", "a", "a.zip", "a.tar.gz"])
def test_reading_labelled_texts(display, tmp_path, name):
    write_reviews(tmp_path)
    assert len(wk.read_labelled(tmp_path / name)) == 60
    (read, *inner) = display.tasks
    assert read.what == f"reading {tmp_path / name}"
    if name != "a":
        assert read.total == (tmp_path / name).stat().st_size
        # the directory of a small zip archive is most of it, and read more than once
        assert read.done >= read.total if name == "a.zip" else read.done == read.total
    for each in inner:
        assert each.done == each.total > 0


def test_learning(display, tmp_path):
    texts, labels = write_reviews(tmp_path)
    wk.TextClassifier(epochs=3).fit(texts, labels)
    display.of("counting features")
    learning = display.of("epoch 3/3")
    assert (learning.done, learning.total) == (3, 3)
    assert str(learning).endswith("0:00 left")


def test_the_time_that_is_left_counts_from_the_first_epoch(display, clock):
    history = {"loss": [0.5, 0.4], "seconds": [3.0, 3.0]}
    with classification_progress.shown(False) as tell:
        clock[0] += 100  # of reading and counting
        tell(1, 5, history)
        (learning,) = display.tasks
        assert str(learning).endswith("0:12 left")


def test_predicting(display, tmp_path):
    texts, labels = write_reviews(tmp_path)
    clf = wk.TextClassifier(epochs=1).fit(texts, labels)
    display.tasks.clear()
    clf.predict(texts)
    assert display.of("judging").done == display.of("judging").total == 60


def test_comparing_classifiers(display, tmp_path):
    texts, labels = write_reviews(tmp_path)
    wk.compare(texts, labels, models=["majority", "mean"])
    display.of("training majority (1 of 2)")
    display.of("training mean (2 of 2)")
    display.of("looking for near-duplicates")
    for one in display.tasks:
        if one.what == "drawing resamples" and one.total:
            assert one.done == one.total == 1000


def test_encoding_texts(display, vectors, monkeypatch):
    monkeypatch.setattr("wordkin.documents.encoder._AT_ONCE", 7)
    texts = ["w1 w2", "w3"] * 10
    encoder = wk.DocumentEncoder(vectors, weighting="sif").fit(texts)
    encoder.encode(texts)
    for what in ("counting words", "finding common", "encoding texts"):
        assert display.of(what).done == display.of(what).total == 20


def test_inferring_texts(display, monkeypatch):
    monkeypatch.setattr("wordkin.documents.inferring._WORDS", 50)
    texts = ["some words in a row", "a row of words"] * 20
    corpus = wk.Corpus.from_texts(texts, min_count=1)
    model = wk.train(corpus, wk.Doc2Vec(vector_size=4, epochs=2), workers=1).documents
    whole = model.infer(texts)
    inferred = display.of("making vectors")
    assert inferred.done == inferred.total == 180
    monkeypatch.setattr("wordkin.documents.inferring._WORDS", 1 << 20)
    assert np.array_equal(model.infer(texts), whole)


def test_making_a_map(display, vectors):
    pytest.importorskip("sklearn", reason="the extra map is not installed")
    made = places.make_places(vectors.vectors[:60], method="tsne")
    display.of("making the map by tsne")
    assert np.abs(made.xy).max() == pytest.approx(1.0)  # all of it is in view


# --- what users call ------------------------------------------------------------------------------


def test_library_functions_are_quiet_unless_asked(vectors, tmp_path, capsys, monkeypatch):
    path = tmp_path / "v.txt"
    vectors.save(path)
    wk.load(path)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(displays, "_FIRST_LINE", -1.0)
    wk.load(path, progress=True)
    assert "reading" in capsys.readouterr().err


REVIEWS = ["good film", "fine one", "bad film", "awful"] * 10, ["pos", "pos", "neg", "neg"] * 10


def fitted(on):
    return wk.TextClassifier(progress=on, epochs=1).fit(*REVIEWS)


def inferred(on):
    corpus = wk.Corpus.from_texts(["a b", "b a"] * 5, min_count=1)
    model = wk.train(corpus, wk.Doc2Vec(vector_size=4, epochs=1, sample=0), workers=1).documents
    return model.infer(["a b"], progress=on)


CALLS = {
    "compare": lambda _, on: wk.compare(*REVIEWS, models=["mean"], leaks=False, progress=on),
    "fit": lambda _, on: fitted(on),
    "predict": lambda _, on: fitted(False).set_params(progress=on).predict(REVIEWS[0]),
    "encode": lambda v, on: wk.DocumentEncoder(v).encode(["w1 w2"], progress=on),
    "infer": lambda _, on: inferred(on),
    "from_sequences": lambda v, on: wk.Corpus.from_sequences([[1]], min_count=1, progress=on),
    "most_similar_batch": lambda v, on: v.most_similar_batch(["w1"], progress=on),
    "quantized": lambda v, on: v.quantized(progress=on),
    "quantized batch": lambda v, on: v.quantized().most_similar_batch(["w1"], progress=on),
    "pca": lambda v, on: v.pca(2, progress=on),
    "all_but_the_top": lambda v, on: v.all_but_the_top(1, progress=on),
    "align_to": lambda v, on: v.align_to(v, progress=on),
    "retrofit": lambda v, on: v.retrofit({"w1": ["w2"]}, progress=on),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_each_call_shows_it_if_asked(vectors, capsys, monkeypatch, call):
    monkeypatch.setattr(displays, "_FIRST_LINE", -1.0)
    call(vectors, False)
    assert capsys.readouterr() == ("", "")
    call(vectors, True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "/s" in err or "0:00" in err or "epoch" in err


def test_anything_can_be_shown_by_whoever_calls_it(vectors, capsys, monkeypatch):
    monkeypatch.setattr(displays, "_FIRST_LINE", -1.0)
    with progress.shown():
        vectors.most_similar_batch(["w1"])
    assert "searching" in capsys.readouterr().err


def test_opening_a_mapped_file_loads_no_rich(vectors, tmp_path):
    vectors.save(tmp_path / "v.safetensors")
    code = (
        f"import sys, wordkin as wk; wk.load({str(tmp_path / 'v.safetensors')!r}); "
        "print('rich' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
