"""RunRecord: the curve, the snapshots, the page; and training to watch on a terminal."""

from __future__ import annotations

import html
import io
import json
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

import wordkin as wk
from wordkin.errors import FileError, InputError, UnknownWordError
from wordkin.training import live
from wordkin.training.live import watch_training
from wordkin.training.run_page import _marks

EVIL = "</script><b>"
SETTINGS = {"vector_size": 8, "epochs": 6}


@pytest.fixture(scope="module")
def corpus():
    sentence = ["the", "cat", "sat", "on", EVIL, "mat"]
    return wk.Corpus.from_sentences([sentence] * 20_000, min_count=1)


@pytest.fixture(scope="module")
def record(corpus):
    made = wk.RunRecord(["cat", EVIL], topn=3, measure=lambda v: {"<s>": v.similarity("cat", "on")})
    wk.train(corpus, wk.SkipGram(**SETTINGS), workers=1, validation=0.1, callbacks=[made])
    return made


def test_there_is_a_point_for_each_block_and_a_loss_for_each_epoch(corpus, record):
    curve = wk.LossCurve()
    again = wk.RunRecord(["cat"])
    wk.train(corpus, wk.SkipGram(**SETTINGS), workers=1, validation=0.1, callbacks=[again, curve])
    assert [p.loss for p in record.points] == [p.loss for p in again.points]
    assert [(p.words, p.loss) for p in again.points] == [(p.words, p.loss) for p in curve.points]
    assert sum(p.validation_loss is not None for p in record.points) == SETTINGS["epochs"]
    assert all(p.words_per_second > 0 for p in record.points)


def test_snapshots_begin_before_the_training_and_end_with_it(record):
    words = [snapshot.words for snapshot in record.snapshots]
    assert words[0] == 0
    assert words == sorted(set(words))
    assert record.snapshots[-1].share == 1.0
    assert len(record.snapshots) > 10
    first, last = record.snapshots[0], record.snapshots[-1]
    assert list(first.nearest) == ["cat", EVIL]
    assert all(len(near) == 3 for near in last.nearest.values())
    assert record.scores()["<s>"][-1] == (words[-1], last.scores["<s>"])


def test_the_first_look_is_at_the_vectors_before_training(corpus):
    seen = []
    record = wk.RunRecord(["cat"], measure=lambda v: seen.append(v["cat"].copy()) or {})
    initial = wk.train(corpus, wk.SkipGram(vector_size=8, epochs=1), workers=1)
    config = wk.SkipGram(vector_size=8, epochs=1)
    wk.train(corpus, config, workers=1, initial=initial, callbacks=[record])
    assert (seen[0] == initial.vectors["cat"]).all()


def test_a_record_begins_anew_with_another_run(corpus):
    record = wk.RunRecord(["cat"], topn=2)
    taken = []
    for seed in (1, 2):
        settings = {"workers": 1, "seed": seed, "callbacks": [record]}
        wk.train(corpus, wk.SkipGram(**SETTINGS), **settings)
        taken.append((record.points, record.snapshots))
    for first, second in zip(*taken, strict=True):  # what is held of the first run stays
        assert [each.words for each in first] == [each.words for each in second]
        assert first != second


def test_a_record_goes_on_with_a_run_that_is_resumed(corpus, tmp_path):
    whole, record = wk.RunRecord(["cat"], topn=2), wk.RunRecord(["cat"], topn=2)
    saved, fail = wk.Checkpoint(tmp_path, every=4), lambda p: 1 / (p.step - 7)
    settings = {"config": wk.SkipGram(**SETTINGS), "workers": 1}
    wk.train(corpus, **settings, callbacks=[whole])
    with pytest.raises(ZeroDivisionError):
        wk.train(corpus, **settings, callbacks=[record, saved, fail])
    wk.train(corpus, **settings, callbacks=[record], resume=tmp_path)
    assert [(p.words, p.loss) for p in record.points] == [(p.words, p.loss) for p in whole.points]
    words = [snapshot.words for snapshot in record.snapshots]
    assert words == sorted(set(words))
    assert {snapshot.words for snapshot in whole.snapshots} <= set(words)


def test_a_run_that_a_callback_has_ended_is_looked_at_in_the_end(corpus):
    record = wk.RunRecord(["cat"], topn=3)
    config = wk.SkipGram(**SETTINGS)
    model = wk.train(corpus, config, workers=1, callbacks=[record, lambda p: p.step == 7])
    last = record.snapshots[-1]
    assert last.words == record.points[-1].words == model.account.presented
    assert 0 < last.share < 1
    assert [word for word, _ in last.nearest["cat"]] == [
        word for word, _ in model.vectors.most_similar("cat", topn=3)
    ]


def test_probes_are_drawn_where_none_are_given(corpus):
    record = wk.RunRecord()
    assert record.probes == []
    wk.train(corpus, wk.SkipGram(vector_size=4, epochs=1), callbacks=[record])
    assert set(record.probes) <= set(corpus.vocabulary.words)
    assert record.probes


def test_an_unknown_probe_is_told_before_the_training(corpus):
    record = wk.RunRecord(["dog"])
    with pytest.raises(UnknownWordError):
        wk.train(corpus, wk.SkipGram(**SETTINGS), callbacks=[record])
    assert record.points == []


# --- the page -------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Elements, their attributes, and the data."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.data, self._in = [], None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in = dict(attrs).get("id")

    def handle_data(self, data):
        if self._in == "data" and data.strip():
            self.data = json.loads(data)
            self._in = None


def test_the_page_holds_what_was_recorded(record, tmp_path):
    text = record.to_html(tmp_path / "run.html", title="a <run>")
    assert (tmp_path / "run.html").read_text("utf-8") == text
    page = Page(text)
    assert len(page.data) == len(record.snapshots)
    last = dict(page.data[-1]["nearest"])
    assert [word for word, _ in last[EVIL]] == [w for w, _ in record.snapshots[-1].nearest[EVIL]]
    assert "<title>a &lt;run&gt;</title>" in text
    slider = next(a for tag, a in page.tags if tag == "input")
    assert slider["max"] == str(len(record.snapshots) - 1)
    polylines = [a for tag, a in page.tags if tag == "polyline"]
    assert len(polylines) == 4  # loss, held-out loss, speed, a score
    assert len(polylines[0]["points"].split()) == len(record.points)


def test_the_page_needs_nothing_and_runs_no_word(record):
    text = record.to_html()
    page = Page(text)
    assert not [a for _, a in page.tags if {"src", "href"} & set(a)]
    assert not re.search(r"https?://|url\(|@import", text)
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert EVIL not in text
    assert html.escape(EVIL) in text
    assert sum(tag == "b" for tag, _ in page.tags) == 4  # the four facts, none from a word
    assert "prefers-color-scheme" in text
    assert any(a.get("name") == "viewport" for _, a in page.tags)


def test_moments_lie_on_the_curves_where_the_run_was(corpus):
    record = wk.RunRecord(["cat"])

    def fail(progress):
        if progress.step == 7:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wk.train(corpus, wk.SkipGram(**SETTINGS), workers=1, callbacks=[record, fail])
    record.snapshots.pop()  # the last look was some blocks before
    end = record.points[-1].words
    assert record.snapshots[-1].words < end
    places = [moment["at"] for moment in Page(record.to_html()).data]
    assert places == pytest.approx([snapshot.words / end for snapshot in record.snapshots])


def test_each_curve_has_a_look_of_its_own(record):
    many = wk.RunRecord()
    many.points = record.points
    many.snapshots = [
        snapshot._replace(scores={f"set {n}": n + snapshot.share for n in range(12)})
        for snapshot in record.snapshots
    ]
    text = many.to_html()
    looks = [a["class"] for tag, a in Page(text).tags if tag == "polyline"][-12:]
    assert len(set(looks)) == 12
    style = text[text.index("<style>") : text.index("</style>")]
    light, dark = (
        dict(re.findall(r"--(\w):(#\w+)", part)) for part in style.split("prefers-color-scheme")
    )
    own = dict(re.findall(r"\.(l\d)\{--mine:var\(--(\w)\)\}", style))
    assert {look.split()[0] for look in looks} == own.keys()
    for colours in (light, dark):
        assert len({colours[name] for name in own.values()}) == len(own) == 6
    assert ".again{stroke-dasharray" in style


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_what_is_not_finite_is_left_out_of_the_curves(record, odd):
    """A run that has exploded has a page, too."""
    exploded = wk.RunRecord()
    exploded.points = [*record.points[:-1], record.points[-1]._replace(loss=odd)]
    exploded.snapshots = [each._replace(scores={"odd": odd}) for each in record.snapshots]
    lines = [a["points"] for tag, a in Page(exploded.to_html()).tags if tag == "polyline"]
    assert len(lines[0].split()) == len(record.points) - 1
    assert lines[-1] == ""
    assert not any("nan" in line or "inf" in line for line in lines)
    assert live._curve([3.0, odd, 1.0]) == live._curve([3.0, 1.0])
    assert live._curve([odd]) == ""


def test_an_empty_record_has_no_page(tmp_path):
    with pytest.raises(InputError, match="Nothing has been recorded"):
        wk.RunRecord().to_html(tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_a_page_that_can_not_be_written_is_told(record, tmp_path):
    with pytest.raises(FileError):
        record.to_html(tmp_path / "none" / "a.html")


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2.4, 2.41), (-1, 7e6), (1e-9, 2e-9)])
def test_marks_are_round_and_inside(low, high):
    marks = _marks(low, high)
    assert 2 <= len(marks) <= 6
    assert all(low <= mark <= high for mark in marks)


# --- on a terminal --------------------------------------------------------------------------------


def watched(corpus, *, terminal, probes=("cat", EVIL)):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100, highlight=False)
    record = wk.RunRecord(probes)
    with watch_training(record, console) as show:
        wk.train(corpus, wk.SkipGram(**SETTINGS), workers=1, callbacks=[record, show])
    return record, console.file.getvalue()


def test_lines_tell_how_words_move(corpus, monkeypatch):
    monkeypatch.setattr(live, "_SECONDS_BETWEEN_LOOKS", 0.0)
    record, text = watched(corpus, terminal=False)
    assert "\x1b" not in text
    for snapshot in (record.snapshots[0], record.snapshots[-1]):
        words = ", ".join(word for word, _ in snapshot.nearest["cat"])
        assert f"{snapshot.words:,}  cat: {words}" in text
    assert "training: 100%" in text


def test_lines_tell_of_the_end_where_a_callback_has_ended_the_run(corpus):
    console = Console(file=io.StringIO(), width=100, highlight=False)
    record = wk.RunRecord(["cat"])
    config = wk.SkipGram(**SETTINGS)
    with watch_training(record, console) as show:
        end = lambda p: p.step == 7  # noqa: E731
        wk.train(corpus, config, workers=1, callbacks=[record, show, end])
    text, last = console.file.getvalue(), record.snapshots[-1]
    words = ", ".join(word for word, _ in last.nearest["cat"])
    assert f"{last.words:,}  cat: {words}" in text
    assert re.search(r"^training:  [1-9]\d%", text, re.MULTILINE)


def test_a_terminal_shows_the_last_state(corpus):
    record, text = watched(corpus, terminal=True)
    last = text[text.rindex("100%") :]
    for word, _ in record.snapshots[-1].nearest["cat"][:3]:
        assert word in last
    assert "left" in last
    assert "loss" in last


def test_words_can_not_command_the_terminal(monkeypatch):
    bad = "\x1b[2Jx"
    corpus = wk.Corpus.from_sentences([["a", bad, "c"]] * 100, min_count=1)
    _, text = watched(corpus, terminal=True, probes=[bad, "a"])
    assert bad not in text
    assert "\\x1b[2Jx" in text
