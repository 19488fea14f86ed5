"""Evaluation as users see it: intervals, paired tests, tables, JSON and the report."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser

import numpy as np
import pytest

import wordkin as wk
from wordkin.cli.app import run
from wordkin.errors import FormatError, InputError
from wordkin.evaluation import GoldSet, evaluate_categories, evaluate_odd_one_out, statistics
from wordkin.evaluation.sets import recognise

WORDS = [f"w{i}" for i in range(40)]


@pytest.fixture
def good():
    """Vectors whose cosines follow the distance of the numbers of the words."""
    angles = np.linspace(0, 3, 40)
    return wk.WordVectors(WORDS, np.stack((np.cos(angles), np.sin(angles)), axis=1))


@pytest.fixture
def bad():
    return wk.WordVectors(WORDS[:35], np.random.default_rng(0).standard_normal((35, 2)))


@pytest.fixture
def sets(tmp_path):
    rng = np.random.default_rng(1)
    pairs = rng.permutation([(a, b) for a in range(42) for b in range(a)])[:120]
    (tmp_path / "pairs.tsv").write_text("".join(f"w{a}\tw{b}\t{b - a}\n" for a, b in pairs))
    lines = [f"w{a} w{a + 1} w{a + d} w{a + d + 1}" for a in range(30) for d in (3, 7)]
    (tmp_path / "questions.txt").write_text(": <b>one</b>\n" + "\n".join(lines))
    (tmp_path / "odd.txt").write_text("# odd\nw1 w2 w3 w30\nw20 w21 w22 w23 w1\nw1 w2 w99\n")
    (tmp_path / "groups.tsv").write_text("w1\tlow\nw2\tlow\nw3\tlow\nw38\thigh\nw37\thigh\nq\tx\n")
    return [
        tmp_path / "pairs.tsv",
        tmp_path / "questions.txt",
        GoldSet(tmp_path / "odd.txt", "odd-one-out"),
        tmp_path / "groups.tsv",
    ]


def test_all_kinds_of_sets_are_measured(good, sets):
    result = wk.evaluate(good, *sets, resamples=50)
    by_kind = {score.kind: score for score in result.scores}
    assert by_kind["similarity"].value > 0.999
    assert by_kind["similarity"].measure == "spearman"
    assert by_kind["odd-one-out"].value == 1
    assert (by_kind["odd-one-out"].covered, by_kind["odd-one-out"].items) == (2, 3)
    assert by_kind["categories"].value == 1
    assert (by_kind["categories"].covered, by_kind["categories"].items) == (5, 6)
    assert by_kind["analogies"].parts[0].items == 60
    for score in result.scores:
        assert score.low <= score.value + 1e-12
        assert score.value <= score.high + 1e-12
        assert 0 < score.coverage <= 1
    assert result.comparisons == ()


def test_two_are_compared_on_what_both_cover(good, bad, sets):
    result = wk.evaluate({"good": good, "bad": bad}, sets[0], sets[1], resamples=200)
    similar, analogous = result.comparisons
    assert (similar.first, similar.other) == ("good", "bad")
    both = [score.covered for score in result.scores[:2]]
    assert similar.difference.items == min(both)
    assert similar.difference.value < 0
    assert similar.difference.high < 0
    assert similar.difference.p < 0.05
    assert analogous.difference.items <= 60
    again = wk.evaluate({"good": good, "bad": bad}, sets[0], sets[1], resamples=200)
    assert str(again) == str(result)
    same = wk.evaluate({"a": good, "b": good}, sets[0], resamples=100).comparisons[0].difference
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_a_bootstrap_interval_is_about_that_of_the_formula():
    outcomes = np.arange(1000) % 4 == 0
    found = statistics.interval(lambda some: outcomes[some].mean(), 1000, seed=1, resamples=2000)
    width = 1.96 * math.sqrt(0.25 * 0.75 / 1000)
    assert found.low == pytest.approx(0.25 - width, abs=0.005)
    assert found.high == pytest.approx(0.25 + width, abs=0.005)


def test_the_kind_is_recognised(sets, tmp_path):
    assert [recognise(getattr(each, "path", each)) for each in sets] == [
        "similarity", "analogies", "odd-one-out", "categories",
    ]  # fmt: skip
    (tmp_path / "title.csv").write_text("word1\tword2\tscore\na\tb\t1\nc\td\t2\n")
    assert recognise(tmp_path / "title.csv") == "similarity"
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(FormatError, match="no test set"):
        recognise(tmp_path / "empty")


def test_odd_words_and_categories_by_hand(good, tmp_path):
    path = tmp_path / "x"
    path.write_text("w1 w2 w3 w39\nw1 w2 w39 w3\nw1\n")
    odd = evaluate_odd_one_out(good.table, path)
    assert (odd.accuracy, odd.items, odd.covered, odd.skipped) == (0.5, 2, 2, 1)
    path.write_text("w1 a\nw2 b\nw38 a\nw39 b\n")
    assert evaluate_categories(good.table, path).accuracy == 0.5
    path.write_text("none a\nw2 b\n")
    with pytest.raises(InputError, match="1 of the 2 words"):
        evaluate_categories(good.table, path)


def test_more_answers_are_counted_with_topk(bad, sets):
    values = [
        wk.evaluate(bad, sets[1], topk=k, method=method, resamples=1).scores[0].value
        for method in ("3cosadd", "3cosmul")
        for k in (1, 3, 30)
    ]
    assert values == sorted(values[:3]) + sorted(values[3:])
    assert values[2] > values[0]


def test_no_number_becomes_null_in_json(good, tmp_path):
    (tmp_path / "q.txt").write_text(": none\na b c d\n")
    result = wk.evaluate({"x": good, "y": good}, tmp_path / "q.txt", resamples=5)
    text = json.dumps(result.to_dict(), allow_nan=False)
    score = json.loads(text)["scores"][0]
    assert score["value"] is None
    assert score["coverage"] == 0
    assert json.loads(text)["comparisons"][0]["p"] is None
    assert " - " in str(result)
    assert "<td>-</td>" in result.to_html()


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], []

    def handle_starttag(self, tag, attrs):
        assert not {"src", "href", "onload"} & {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_report_is_one_page_and_words_are_escaped(good, bad, sets, tmp_path):
    result = wk.evaluate({"<script>x</script>": good, "bad": bad}, *sets[:2], resamples=20)
    page = result.to_html(tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == page
    reader = Tags()
    reader.feed(page)
    assert reader.open == []
    assert "script" not in page.replace("&lt;script&gt;x&lt;/script&gt;", "")
    assert "<b>one</b>" in reader.text  # as text, not as a tag


def test_nothing_to_measure_is_explained(good, sets):
    with pytest.raises(InputError, match="at least one test set"):
        wk.evaluate(good)
    with pytest.raises(InputError, match="at least one set of vectors"):
        wk.evaluate({}, sets[0])
    with pytest.raises(InputError, match="holds no word vectors, but int"):
        wk.evaluate(5, sets[0])
    for wrong in ({"method": "4cos"}, {"seed": -1}, {"topk": 0}):  # also where no analogy is asked
        with pytest.raises(InputError, match=next(iter(wrong))):
            wk.evaluate(good, sets[0], **wrong)
    with pytest.raises(InputError, match="one by one; got \\["):
        wk.evaluate(good, [sets[0]])
    with pytest.raises(InputError, match="one of similarity"):
        wk.evaluate(good, GoldSet(sets[0], "nonsense"))
    for wrong in (0, -1, 1.5, 3e5, True, "3"):
        for name in ("topk", "resamples", "restrict_vocab"):
            with pytest.raises(InputError, match=f"{name} must be a whole number from 1"):
                wk.evaluate(good, sets[1], **{name: wrong})


def test_a_long_comment_hides_no_set(sets, tmp_path):
    """Gold sets begin with the terms of their use."""
    terms = "# some words of lawyers\n\n" * 30
    (tmp_path / "long.tsv").write_text(terms + sets[0].read_text())
    assert recognise(tmp_path / "long.tsv") == "similarity"
    (tmp_path / "nothing.tsv").write_text(terms)
    with pytest.raises(FormatError, match="no test set"):
        recognise(tmp_path / "nothing.tsv")


def call(*arguments):
    with pytest.raises(SystemExit) as ended:
        run([str(each) for each in arguments])
    return ended.value.code


def test_the_command_prints_a_table_json_and_a_report(good, bad, sets, tmp_path, capsys):
    good.save(tmp_path / "good.txt")
    bad.save(tmp_path / "bad.txt")
    files = (tmp_path / "good.txt", tmp_path / "bad.txt")
    asked = ("--similarity", sets[0], "--analogies", sets[1], "--odd", sets[2].path)
    assert call("evaluate", *files, *asked, "--html", tmp_path / "r.html") == 0
    out = capsys.readouterr().out
    for expected in ("good.txt", "bad.txt", "spearman", "compared on the items", "<b>one</b>"):
        assert expected in out
    assert (tmp_path / "r.html").exists()
    assert call("evaluate", files[0], "--categories", sets[3], "--json") == 0
    assert json.loads(capsys.readouterr().out)["scores"][0]["measure"] == "purity"
    assert call("evaluate", tmp_path / "not.looked.at") == 1
    assert "at least one test set: --similarity" in capsys.readouterr().err
    assert call("evaluate", files[0], "--odd", sets[2].path, "--seed", "-1") == 2
    assert "--seed" in capsys.readouterr().err
    assert call("evaluate", files[0], files[0], "--odd", sets[2].path) == 0
    assert "good.txt (2)" in capsys.readouterr().out
