"""Scores on test sets: gensim's and SciPy's numbers."""

from __future__ import annotations

import gzip
import lzma
import math

import numpy as np
import pytest

from wordkin.errors import FileError, FormatError, InputError
from wordkin.evaluation import evaluate_analogies, evaluate_similarity, statistics
from wordkin.evaluation.sets import recognise
from wordkin.neighbors import analogies
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary


def as_gensim(table):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    theirs = keyedvectors.KeyedVectors(table.dimensions)
    theirs.add_vectors(table.vocabulary.words, table.matrix)
    return theirs


@pytest.fixture(scope="module")
def glove(data_dir):
    """The first 6,000 words of GloVe."""
    with lzma.open(data_dir / "glove.6B.50d.txt.xz", "rt", encoding="utf-8") as lines:
        rows = [next(lines).split() for _ in range(6_000)]
    matrix = np.array([row[1:] for row in rows], np.float32)
    return VectorTable(Vocabulary([row[0] for row in rows]), matrix)


@pytest.fixture(scope="module")
def cased():
    """Random vectors of words that often differ by case only, so that rules about case matter."""
    words = [f"{a}{b}" for a in "aAbBcC" for b in "xXyYzZ"]
    matrix = np.random.default_rng(2).standard_normal((len(words), 3)).astype(np.float32)
    return VectorTable(Vocabulary(words), matrix)


# --- similarity ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["EN-WS-353-ALL.txt", "EN-SIMLEX-999.txt"])
@pytest.mark.parametrize("restrict_vocab", [300_000, 2_000])
def test_similarity_is_gensims(glove, data_dir, name, restrict_vocab):
    path = data_dir / "eval" / name
    ours = evaluate_similarity(glove, path, restrict_vocab=restrict_vocab)
    pearson, spearman, unknown = as_gensim(glove).evaluate_word_pairs(
        path, restrict_vocab=restrict_vocab
    )
    assert ours.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert ours.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert 1 - ours.coverage == pytest.approx(unknown / 100)


@pytest.mark.parametrize("case_insensitive", [True, False])
def test_case_is_treated_as_gensim_does(cased, tmp_path, case_insensitive):
    rng = np.random.default_rng(0)
    words = [*cased.vocabulary.words, "unknown"]
    # no pair twice and no word with itself, which gensim's rounding tells apart at random
    key = str.upper if case_insensitive else str
    pairs = {(key(a), key(b)): (a, b) for a in words for b in words if key(a) < key(b)}
    lines = [f"{a}\t{b}\t{rng.integers(7)}" for a, b in rng.permutation(list(pairs.values()))[:30]]
    path = tmp_path / "pairs.tsv"
    path.write_text("# a comment\nfirst\tsecond\tscore\n" + "\n".join(lines) + "\n\n")
    ours = evaluate_similarity(cased, path, case_insensitive=case_insensitive)
    pearson, spearman, unknown = as_gensim(cased).evaluate_word_pairs(
        path, case_insensitive=case_insensitive
    )
    assert ours.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert ours.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert (ours.pairs, ours.skipped) == (len(lines), 1)
    assert 1 - ours.coverage == pytest.approx(unknown / 100)


def test_correlations_are_scipys():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(1)
    for values in (rng.standard_normal(30), rng.integers(0, 4, 30), np.arange(30) // 2):
        ranks = statistics.average_ranks(values)
        np.testing.assert_array_equal(ranks, stats.rankdata(values))
        other = rng.standard_normal(30)
        ours = statistics.pearson(ranks, statistics.average_ranks(other))
        assert ours == pytest.approx(stats.spearmanr(values, other).statistic)
        assert statistics.pearson(values, other) == pytest.approx(
            stats.pearsonr(values, other).statistic
        )


def test_a_correlation_is_the_same_at_any_scale():
    """Bit for bit: a file may hold scores whose squares are no float64."""
    rng = np.random.default_rng(1)
    values, other = rng.standard_normal((2, 30))
    expected = statistics.pearson(values, other)
    for scale in (2.0**1000, 2.0**-900):
        assert statistics.pearson(values * scale, other) == expected
        assert statistics.pearson(other, values * scale) == expected
    assert statistics.pearson([1e308, 1e308, -1e308], [1, 1, 0]) == pytest.approx(1)
    assert np.isnan(statistics.pearson([0, 0], [1, 2]))


def test_pairs_may_stand_between_spaces_and_in_compressed_files(cased, tmp_path):
    (tmp_path / "a.tsv").write_bytes(b"\xef\xbb\xbfax\tby\t1\r\nax\tcz\t2\r\nby\tcz\t1.5\r\n")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"ax by 1\nax cz 2\nby  cz  1.5"))
    assert evaluate_similarity(cased, tmp_path / "a.tsv") == evaluate_similarity(
        cased, tmp_path / "b.txt.gz"
    )


def test_pairs_may_have_more_columns(cased, tmp_path):
    """As SimLex-999 and the parts of WordSim-353 come from their homes."""
    pairs = [("ax", "by", 1.5), ("bY", "cz", 7), ("cX", "Ay", 4.25), ("az", "bx", 9)]
    (tmp_path / "plain.txt").write_text("".join(f"{a} {b} {score}\n" for a, b, score in pairs))
    simlex = ["word1\tword2\tPOS\tSimLex999\tconc(w1)\tSD(SimLex)"]
    simlex += [f"{a}\t{b}\t{'ANVN'[i]}\t{score}\t2.5\t{i}" for i, (a, b, score) in enumerate(pairs)]
    wordsim = ["Word 1\tWord 2\tHuman (mean)\t1\t2\t"]
    wordsim += [f"{a}\t{b}\t{score}\t{i}\t{10 - i}\t" for i, (a, b, score) in enumerate(pairs)]
    plain = evaluate_similarity(cased, tmp_path / "plain.txt")
    for name, lines in (("simlex.txt", simlex), ("set1.tab", wordsim)):
        (tmp_path / name).write_text("\n".join(lines))
        assert recognise(tmp_path / name) == "similarity"
        found = evaluate_similarity(cased, tmp_path / name)
        assert (found.spearman, found.pearson) == (plain.spearman, plain.pearson)
        assert (found.pairs, found.covered, found.skipped) == (4, 4, 1)


def test_constant_scores_have_no_correlation(cased, tmp_path):
    (tmp_path / "pairs.tsv").write_text("ax by 1\nax cz 1\n")
    assert math.isnan(evaluate_similarity(cased, tmp_path / "pairs.tsv").spearman)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("ax by\n", FormatError, "no line holds two words and a score"),
        ("ax by nan\nax by high\n", FormatError, "no line"),
        ("", FormatError, "no line"),
        ("ax by 1\nax dz 1\n", InputError, "1 of the 2 pairs"),
    ],
)
def test_similarity_needs_pairs(cased, tmp_path, content, error, message):
    (tmp_path / "pairs.tsv").write_text(content)
    with pytest.raises(error, match=message) as caught:
        evaluate_similarity(cased, tmp_path / "pairs.tsv")
    assert str(tmp_path / "pairs.tsv") in str(caught.value)


# --- analogies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("topk", [0, -1, 1.5, "2"])
def test_how_many_answers_may_be_right_is_a_number(cased, tmp_path, topk):
    file = tmp_path / "questions.txt"
    file.write_text(": a\nax ay bx by\n")
    with pytest.raises(InputError, match="topk"):
        evaluate_analogies(cased, file, topk=topk)


def test_a_vote_on_what_a_file_holds_is_one_vote(tmp_path):
    pairs, questions = "a b 1.5\n", "a b c d\n"
    for text, kind in ((pairs * 2 + questions * 3, "analogies"),
                       (pairs * 3 + questions * 2, "similarity")):  # fmt: skip
        (tmp_path / "set.txt").write_text(text)
        assert recognise(tmp_path / "set.txt") == kind


def test_where_only_spellings_of_the_question_are_left_the_answer_is_gensims(tmp_path):
    """It is the last of them, whatever sense that has."""
    words = ["x", "X", "y", "Y"]
    file = tmp_path / "questions.txt"
    asked = [(a, b, c, d) for a in "xy" for b in "xy" for c in "xy" for d in "xy"]
    file.write_text(": all\n" + "".join(f"{' '.join(question)}\n" for question in asked))
    right = 0
    for seed in range(20):
        matrix = np.random.default_rng(seed).standard_normal((4, 3)).astype(np.float32)
        table = VectorTable(Vocabulary(words), matrix)
        score, sections = as_gensim(table).evaluate_word_analogies(file)
        ours = evaluate_analogies(table, file)
        assert ours.accuracy == pytest.approx(score)
        assert ours.sections[0].questions_where(correct=True) == sections[0]["correct"]
        right += len(sections[0]["correct"])
    assert right > 20


def assert_gensims(ours, theirs):
    score, sections = theirs
    assert ours.accuracy == pytest.approx(score)
    assert (ours.correct, ours.covered) == (
        len(sections[-1]["correct"]),
        len(sections[-1]["correct"]) + len(sections[-1]["incorrect"]),
    )
    by_name = {section.name: section for section in ours.sections}
    for section in sections[:-1]:
        own = by_name[section["section"]]
        assert own.correct == len(section["correct"])
        assert own.covered == len(section["correct"]) + len(section["incorrect"])


@pytest.mark.parametrize("restrict_vocab", [300_000, 3_000])
def test_analogies_are_gensims(glove, data_dir, tmp_path, restrict_vocab, monkeypatch):
    monkeypatch.setattr(analogies, "_QUESTIONS", 100)
    lines = (data_dir / "eval" / "questions-words.txt").read_text().splitlines()
    path = tmp_path / "questions.txt"
    some = [line for i, line in enumerate(lines) if line.startswith(":") or i % 15 == 0]
    path.write_text("\n".join(some))
    ours = evaluate_analogies(glove, path, restrict_vocab=restrict_vocab)
    assert ours.covered > 50
    assert_gensims(
        ours, as_gensim(glove).evaluate_word_analogies(path, restrict_vocab=restrict_vocab)
    )


@pytest.mark.parametrize("case_insensitive", [True, False])
def test_case_in_analogies_is_treated_as_gensim_does(cased, tmp_path, case_insensitive):
    rng = np.random.default_rng(0)
    words = [*cased.vocabulary.words, "unknown"]
    lines = [" ".join(rng.choice(words, 4)) for _ in range(500)]
    path = tmp_path / "questions.txt"
    path.write_text(": one\nthree words only\n" + "\n".join(lines) + "\n\n: two\nax ay bx by\n")
    ours = evaluate_analogies(cased, path, case_insensitive=case_insensitive)
    assert (ours.asked, ours.skipped) == (501, 1)
    theirs = as_gensim(cased)
    settings = {"case_insensitive": case_insensitive}
    assert_gensims(ours, theirs.evaluate_word_analogies(path, **settings))
    all_of_them, _ = theirs.evaluate_word_analogies(path, dummy4unknown=True, **settings)
    assert ours.accuracy_of_all == pytest.approx(all_of_them)


def test_sections_may_be_missing(cased, tmp_path):
    (tmp_path / "q.txt").write_text("ax ay bx by\n: named\nax az bx bz\nax ay unknown by\n")
    result = evaluate_analogies(cased, tmp_path / "q.txt")
    assert [section.name for section in result.sections] == ["(no section)", "named"]
    assert result.sections[1].coverage == 0.5
    assert (result.name, result.asked, result.covered) == ("total", 3, 2)


def test_a_score_of_nothing_is_no_number(cased, tmp_path):
    (tmp_path / "q.txt").write_text("one two three four\n")
    result = evaluate_analogies(cased, tmp_path / "q.txt")
    assert math.isnan(result.accuracy)
    assert (result.coverage, result.accuracy_of_all) == (0, 0)


def test_a_file_without_questions_is_refused(cased, tmp_path):
    (tmp_path / "q.txt").write_text(": section\nno question\n")
    with pytest.raises(FormatError, match=r"q\.txt.*four words"):
        evaluate_analogies(cased, tmp_path / "q.txt")
    (tmp_path / "q.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(FormatError, match="no UTF-8"):
        evaluate_analogies(cased, tmp_path / "q.txt")
    with pytest.raises(FileError):
        evaluate_similarity(cased, tmp_path / "missing")
    with pytest.raises(InputError, match="restrict_vocab"):
        evaluate_analogies(cased, tmp_path / "q.txt", restrict_vocab=0)
