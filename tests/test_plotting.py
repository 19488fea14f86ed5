"""Pictures: what is in them, where it lies, and what becomes of odd words and odd wishes."""

from __future__ import annotations

import itertools
import logging
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import wordkin as wk
from wordkin import lettering
from wordkin.classification.reporting import Report
from wordkin.errors import ConfigError, FileError, InputError, MissingExtraError, UnknownWordError
from wordkin.plotting.bars import axis_places
from wordkin.plotting.flattening import principal
from wordkin.plotting.placing import Room, place

matplotlib = pytest.importorskip("matplotlib", reason="the extra plot is not installed")


@pytest.fixture(scope="module")
def vectors() -> wk.WordVectors:
    """Sixty words in four heaps."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(4, 20))
    rows = np.repeat(centres, 15, axis=0) + 0.35 * rng.normal(size=(60, 20))
    return wk.WordVectors([f"word{i:02}" for i in range(60)], rows)


def labels(figure, axes=0):
    """The texts of an axes and the boxes they are drawn in."""
    renderer = figure.canvas.get_renderer()
    texts = [text for text in figure.axes[axes].texts if text.get_text()]
    return {text.get_text(): text.get_window_extent(renderer) for text in texts}


def overlapping(boxes):
    return [
        (a, b)
        for (a, one), (b, other) in itertools.combinations(boxes.items(), 2)
        if one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1
    ]


def points(figure):
    """What is marked on a map, in pixels, without the lines to labels."""
    axes = figure.axes[0]
    marked = [line for line in axes.lines if line.get_marker() != "None"]
    return np.vstack([axes.transData.transform(line.get_xydata()) for line in marked])


# --- maps -----------------------------------------------------------------------------------------


def test_labels_of_a_map_lie_beside_one_another(vectors):
    figure = wk.plot_map(vectors, 60)
    boxes = labels(figure)
    dots = points(figure)
    assert len(dots) == 60
    assert overlapping(boxes) == []
    told = figure.texts[0].get_text()
    assert len(boxes) == 60 or f"no room for the labels of {60 - len(boxes)} of 60" in told
    assert len(boxes) > 50
    frame = figure.axes[0].bbox
    for box in boxes.values():
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert frame.y0 <= box.y0
        assert box.y1 <= frame.y1
        inside = (dots > (box.x0, box.y0)) & (dots < (box.x1, box.y1))
        assert not inside.all(axis=1).any()


def test_the_same_seed_draws_the_same_map(vectors, tmp_path):
    for name in ("a.png", "b.png"):
        wk.plot_map(vectors, 30, seed=3, path=tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_chosen_words_come_with_their_neighbours(vectors):
    figure = wk.plot_map(vectors, ["word00", "word30"], topn=5)
    near = {w for word in ("word00", "word30") for w, _ in vectors.most_similar(word, topn=5)}
    assert set(labels(figure)) == near | {"word00", "word30"}
    bold = {t.get_text() for t in figure.axes[0].texts if t.get_fontweight() == "bold"}
    assert bold == {"word00", "word30"}
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["word00", "word30"]
    colours = {line.get_color() for line in figure.axes[0].lines if line.get_marker() != "None"}
    assert len(colours) == 2


def test_groups_have_names(vectors):
    figure = wk.plot_map(vectors, {"first": ["word00", "word01"], "second": ["word20"]})
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["first", "second"]
    assert len(points(figure)) == 3


def test_principal_components_are_those_of_the_covariance():
    rows = np.random.default_rng(0).normal(size=(30, 6)) * [5, 3, 1, 1, 1, 1]
    places, shares = principal(rows)
    values = np.linalg.eigvalsh(np.cov(rows.T))[::-1]
    np.testing.assert_allclose(np.cov(places.T), np.diag(values[:2]), atol=1e-8)
    np.testing.assert_allclose(shares, values[:2] / values.sum())


@pytest.mark.parametrize(("method", "module"), [("tsne", "sklearn"), ("umap", "umap")])
def test_other_methods(vectors, method, module):
    pytest.importorskip(module, reason="the extra map is not installed")
    one, again = (points(wk.plot_map(vectors, 40, method=method, seed=2)) for _ in range(2))
    np.testing.assert_array_equal(one, again)


def test_a_method_that_is_not_installed_is_told(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtraError, match=r"wordkin\[map\]"):
        wk.plot_map(vectors, 10, method="umap")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"words": ["word00"], "topn": 0}, InputError),
        ({"words": ["nothing"]}, UnknownWordError),
        ({"words": "word00"}, InputError),
        ({"words": 1}, ConfigError),
        ({"method": "mds"}, InputError),
        ({"path": "map.pdf"}, InputError),
        ({"topn": -1}, ConfigError),
    ],
)
def test_what_can_not_be_drawn(vectors, arguments, error):
    with pytest.raises(error):
        wk.plot_map(vectors, **arguments)


def test_all_words_may_be_one(tmp_path):
    same = wk.WordVectors(["a", "b", "c"], np.ones((3, 2)))
    assert len(points(wk.plot_map(same, 3, path=tmp_path / "same.png"))) == 3


# --- placing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_placed_free(seed):
    rng = np.random.default_rng(seed)
    where = rng.uniform(20, 580, size=(120, 2))
    sizes = np.column_stack((rng.uniform(20, 60, 120), np.full(120, 11.0)))
    placed = place(where, sizes, Room(600, 600, 3, 1))
    boxes = placed.boxes[~np.isnan(placed.boxes[:, 0])]
    assert len(boxes) > 60
    for i, box in enumerate(boxes):
        rest = np.delete(boxes, i, axis=0)
        apart = (box[:2] >= rest[:, 2:]) | (box[2:] <= rest[:, :2])
        assert apart.any(axis=1).all()
    for i, box in enumerate(placed.boxes):
        if np.isnan(box[0]) or placed.leads[i] is not None:
            continue
        distances = np.linalg.norm(where - np.clip(where, box[:2], box[2:]), axis=1)
        assert distances.argmin() == i, "a label without a line is nearest to its own point"


def test_no_room_is_no_error():
    placed = place(np.full((2, 2), 5.0), np.full((2, 2), 50.0), Room(10, 10, 1, 1))
    assert np.isnan(placed.boxes).all()


# --- bars, axes, arrows ---------------------------------------------------------------------------


def test_bars_are_the_nearest_words(vectors):
    figure = wk.plot_neighbors(vectors, ["word00", "word30"], topn=4)
    for axes, word in zip(figure.axes, ["word00", "word30"], strict=True):
        expected = vectors.most_similar(word, topn=4)
        assert axes.get_title(loc="left") == word
        assert [t.get_text() for t in axes.get_yticklabels()] == [w for w, _ in expected]
        np.testing.assert_allclose(
            [bar.get_width() for bar in axes.patches], [c for _, c in expected]
        )
    assert overlapping(labels(figure)) == []


def test_negative_cosines_do_not_hide_words():
    vectors = wk.WordVectors(["a", "b", "c"], [[1, 0], [-1, 0.1], [0.5, 1]])
    figure = wk.plot_neighbors(vectors, "a")
    figure.draw_without_rendering()
    axes, renderer = figure.axes[0], figure.canvas.get_renderer()
    names = [label.get_window_extent(renderer) for label in axes.get_yticklabels()]
    assert all(box.x0 > max(name.x1 for name in names) for box in labels(figure).values())


def test_words_lie_on_an_axis_where_the_formula_puts_them(vectors):
    words, poles = ["word01", "word40", "word20"], (["word00", "word02"], "word45")
    figure = wk.plot_axis(vectors, words, poles=poles)
    unit = {w: vectors.get_vector(w, norm=True).astype(float) for w in vectors.index_to_key}
    low, high = (unit["word00"] + unit["word02"]) / 2, unit["word45"]
    axis = (high - low) / np.linalg.norm(high - low)
    expected = {word: float((unit[word] - (low + high) / 2) @ axis) for word in words}
    ordered = sorted(words, key=expected.__getitem__, reverse=True)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ordered
    drawn = [x for line in figure.axes[0].lines[1:] for x in line.get_xdata()]
    np.testing.assert_allclose(drawn, [expected[word] for word in ordered], atol=1e-6)


def test_the_poles_lie_as_far_from_the_middle(vectors):
    places = axis_places(vectors, ["word00", "word45"], [["word00"], ["word45"]])
    assert places[0] == pytest.approx(-places[1])


@pytest.mark.parametrize("poles", ["ab", ("word00",), ("word00", "word00"), (["word00"], [])])
def test_poles_have_to_be_two(vectors, poles):
    with pytest.raises(InputError):
        wk.plot_axis(vectors, ["word01"], poles=poles)


def test_arrows_of_an_analogy():
    words = ["man", "king", "woman", "queen", "apple"]
    rows = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]]
    vectors = wk.WordVectors(words, rows)
    figure = wk.plot_analogy(vectors, [("man", "king"), "woman"])
    assert set(labels(figure)) == {"man", "king", "woman", "queen"}
    assert overlapping(labels(figure)) == []
    arrows = [t.arrow_patch for t in figure.axes[0].texts if getattr(t, "arrow_patch", None)]
    assert len(arrows) == 2
    assert arrows[0].get_linestyle() != arrows[1].get_linestyle()
    offsets = [np.array(rows[1]) / 2**0.5 - rows[0], np.array(rows[3]) / 2**0.5 - rows[2]]
    cosine = offsets[0] @ offsets[1] / np.linalg.norm(offsets[0]) / np.linalg.norm(offsets[1])
    assert f"{cosine:.2f}" in figure.texts[0].get_text()


@pytest.mark.parametrize("pairs", [[], ["word00"], [("a", "b", "c")]])
def test_an_analogy_needs_pairs(vectors, pairs):
    with pytest.raises(InputError):
        wk.plot_analogy(vectors, pairs)


def test_there_has_to_be_something_to_draw():
    none, one, two, three = (wk.WordVectors(list("abc")[:n], np.eye(3)[:n]) for n in range(4))
    for few in (none, one):
        with pytest.raises(InputError, match="two words or more"):
            wk.plot_map(few)
    with pytest.raises(InputError, match="no other words to draw near 'a'"):
        wk.plot_neighbors(one, "a")
    assert len(wk.plot_neighbors(two, ["a", "b"]).axes) == 2
    with pytest.raises(InputError, match="no other word that could be the partner of 'c'"):
        wk.plot_analogy(three, [("a", "b"), "c"])


def test_numbers_of_words_may_be_numpys(vectors):
    assert len(points(wk.plot_map(vectors, np.int64(9)))) == 9


# --- runs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run():
    corpus = wk.Corpus.from_texts(["the cat sat on the mat and ran"] * 400, min_count=1)
    record = wk.RunRecord(["cat"], measure=lambda v: {"cat–mat": v.similarity("cat", "mat")})
    curve = wk.LossCurve()
    config = wk.SkipGram(vector_size=8, epochs=4)
    model = wk.train(corpus, config, workers=1, validation=0.1, callbacks=[record, curve])
    return model, record, curve


def test_a_training_is_drawn_from_whatever_knows_of_it(run, tmp_path):
    model, record, curve = run
    figure = wk.plot_training(record)
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss (nats)", "words/s", "score"]
    loss, held_out = figure.axes[0].lines
    assert loss.get_ydata().tolist() == [point.loss for point in record.points]
    assert held_out.get_ydata().tolist() == [e.validation_loss for e in model.history]
    assert figure.axes[2].lines[0].get_ydata()[-1] == pytest.approx(
        model.vectors.similarity("cat", "mat")
    )
    assert len(wk.plot_training(curve).axes) == 1
    model.vectors.save(tmp_path / "v.safetensors")
    known = wk.load(tmp_path / "v.safetensors")
    for source in (model, list(model.history), known):
        drawn = wk.plot_training(source).axes[0].lines[0].get_ydata()
        np.testing.assert_allclose(drawn, [epoch.loss for epoch in model.history])


def test_trainings_are_compared(run):
    model, record, _ = run
    figure = wk.plot_training({"one $": model, "two": record})
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts == ["one $", "one $, held-out text", "two", "two, held-out text"]


def test_runs_of_like_names_are_told_apart(run):
    model, _, _ = run
    name = "a name that is longer than a picture has room for, "
    figure = wk.plot_training({name + "first": model, name + "second": model, "_": model})
    assert [len(axes.lines) for axes in figure.axes] == [6, 3]
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts[::2] == ["a name that is longer than a pi…"] * 2 + ["_"]


def test_no_point_of_a_training_is_cut_by_the_edge(run):
    for axes in wk.plot_training(run[0]).axes:
        low, high = axes.get_ylim()
        top = max(line.get_ydata().max() for line in axes.lines)
        assert high - top > 0.03 * (high - low)


def test_scores_and_classes_are_named_in_any_script(run, tmp_path):
    # what no font has would be warned of, and warnings are errors here
    _, record, _ = run
    named = wk.RunRecord(["cat"])
    named.points[:] = record.points
    named.snapshots[:] = [each._replace(scores={"\U00013000": 1.0}) for each in record.snapshots]
    wk.plot_training(named, path=tmp_path / "t.png")
    report = Report.of(["\U00013000", "b" * 50], ["b" * 50, "line\nbreak"])
    figure = wk.plot_confusion(report, path=tmp_path / "c.png")
    expected = ["b" * 31 + "…", r"line\nbreak", "▯"]
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == expected
    texts, labels = ["good fine", "bad poor"] * 10, ["\U00013000", "n"] * 10
    axes = wk.TextClassifier(seed=1, epochs=1).fit(texts, labels).plot_confusion(texts, labels)
    axes.figure.savefig(tmp_path / "own.png")
    assert [t.get_text() for t in axes.get_yticklabels()] == ["n", "▯"]


def test_nothing_to_draw_is_told(vectors):
    with pytest.raises(InputError, match="no history"):
        wk.plot_training(vectors)
    with pytest.raises(InputError, match="takes"):
        wk.plot_training(3)
    with pytest.raises(InputError, match="takes"):
        wk.plot_confusion(3)


def test_a_confusion_matrix_counts():
    report = Report.of(["a$", "a$", "b", "b", "b"], ["a$", "b", "b", "b", "b"])
    figure = wk.plot_confusion(report)
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["1", "1", "3"]
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["a$", "b"]
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), [[0.5, 0.5], [0, 1]])


def test_a_classifier_is_judged():
    texts, labels = ["good fine", "bad poor"], ["p", "n"]
    clf = wk.TextClassifier(seed=1).fit(texts * 10, labels * 10, validation=None)
    figure = wk.plot_confusion(clf, texts, labels)
    assert figure.axes[0].get_title() == "accuracy 100.0 %"


# --- files, fonts, state --------------------------------------------------------------------------


ODD = ["$x^2$", "$5", "a_b", r"\alpha", "a\nb", "\x1b[2J", "<i>&", "naïve", "Привет", "שלום",
       "می‌خواهم", "中文", "ไทย", "x" * 90, "-->", "%s"]  # fmt: skip


def test_odd_words_are_drawn_as_text_and_without_a_warning(tmp_path, caplog):
    vectors = wk.WordVectors(ODD, np.random.default_rng(1).normal(size=(len(ODD), 6)))
    with caplog.at_level(logging.WARNING):
        figure = wk.plot_map(vectors, len(ODD), path=tmp_path / "odd.svg")
        wk.plot_neighbors(vectors, "$x^2$", topn=20, path=tmp_path / "odd.png")
    shown = set(labels(figure))
    assert {"$x^2$", "$5", "a_b", r"\alpha", r"a\nb", r"\x1b[2J", "<i>&", "%s"} <= shown
    assert not any(text.get_parse_math() for text in figure.axes[0].texts)
    ET.parse(tmp_path / "odd.svg")  # well-formed in spite of "-->"
    assert all("no installed font" in record.getMessage() for record in caplog.records)
    assert len(caplog.records) <= 2, "a line for a picture, not for a character"


def test_fonts_are_looked_for(monkeypatch):
    fonts = {"a": ("one", {ord("中")}), "b": ("two", {ord("x")}), "c": ("three", {ord("文")})}
    monkeypatch.setattr(lettering, "_path_of", lambda family: "base")
    monkeypatch.setattr(lettering, "_installed", lambda: [(n, p) for p, (n, _) in fonts.items()])
    monkeypatch.setattr(
        lettering, "_characters",
        lambda path: frozenset(map(ord, "ab")) if path == "base" else frozenset(fonts[path][1]),
    )  # fmt: skip
    letters = lettering.lettering(["ab中", "文"])
    assert letters.families == ["DejaVu Sans", "one", "three"]
    assert letters.missing == frozenset()
    letters = lettering.lettering(["a日中"])
    assert letters.drawn("a日中") == "a▯中"


def test_pictures_are_saved_whole_or_not_at_all(vectors, tmp_path):
    figure = wk.plot_neighbors(vectors, "word00", path=tmp_path / "a.PNG")
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    data, size = figure._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert size["width"] > 100
    with pytest.raises(FileError, match="does not exist"):
        wk.plot_neighbors(vectors, "word00", path=tmp_path / "none" / "a.png")
    assert [each.name for each in tmp_path.iterdir()] == ["a.PNG"]


@pytest.mark.parametrize(
    "draw",
    [
        wk.plot_map,
        lambda model: wk.plot_neighbors(model, "a"),
        lambda model: wk.plot_axis(model, ["a"], poles=("b", "c")),
        lambda model: wk.plot_analogy(model, [("a", "b"), ("b", "c")]),
    ],
)
def test_a_model_is_not_drawn_for_its_vectors(draw):
    corpus = wk.Corpus.from_texts(["a b c"] * 9, min_count=1)
    model = wk.train(corpus, wk.SkipGram(vector_size=4, epochs=1, sample=0), workers=1)
    for what in (model, "vectors.bin"):
        with pytest.raises(InputError, match=rf"such as .*got {type(what).__name__}"):
            draw(what)


def test_pyplot_is_left_alone():
    code = (
        "import sys, matplotlib as m\n"
        "def settings(): return {k: m.rcParams[k] for k in m.rcParams if k != 'backend'}\n"
        "before = settings()  # to ask for the backend would load pyplot\n"
        "import wordkin as wk; v = wk.WordVectors(['a', 'b', 'c'], [[1, 0], [0, 1], [1, 1]])\n"
        "wk.plot_map(v, 3); wk.plot_neighbors(v, 'a'); wk.plot_axis(v, ['c'], poles=('a', 'b'))\n"
        "clf = wk.TextClassifier(epochs=1).fit(['a b', 'c d'] * 9, ['x', 'y'] * 9, 0.3)\n"
        "clf.plot_confusion(); clf.plot_learning_curve()\n"
        "curve = wk.LossCurve(); corpus = wk.Corpus.from_texts(['a b c'] * 9, min_count=1)\n"
        "wk.train(corpus, wk.SkipGram(vector_size=4, epochs=1), workers=1, callbacks=[curve])\n"
        "assert curve.plot()._repr_png_().startswith(b'\\x89PNG')\n"
        "print('matplotlib.pyplot' in sys.modules, settings() == before)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "True"]


def test_settings_of_the_user_do_not_turn_words_into_formulas(vectors, tmp_path):
    with matplotlib.rc_context({"text.usetex": True, "savefig.bbox": "tight"}):
        wk.plot_neighbors(vectors, "word00", path=tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()


def test_a_missing_matplotlib_is_told(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(MissingExtraError, match=r"wordkin\[plot\]"):
        wk.plot_neighbors(vectors, "word00")
