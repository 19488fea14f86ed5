"""Near-duplicates and tokens that give labels away, against naive twins."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.classification import duplicates
from wordkin.classification.duplicates import WIDTH, overlap
from wordkin.classification.giveaways import giveaways, without

words = st.lists(st.sampled_from("abcde"), max_size=14).map(" ".join)


def stretches(text):
    tokens = text.split()
    if 0 < len(tokens) < WIDTH:
        return {tuple(tokens)}
    return {tuple(tokens[i : i + WIDTH]) for i in range(len(tokens) - WIDTH + 1)}


def naive_overlap(texts, others):
    shares = []
    for text in texts:
        mine = stretches(text)
        shares.append(
            max((len(mine & stretches(other)) / len(mine) for other in others if mine), default=0)
        )
    return shares


@settings(max_examples=60, deadline=None)
@given(st.lists(words, min_size=1, max_size=6), st.lists(words, min_size=1, max_size=6))
def test_overlap_is_what_sets_say(texts, others):
    found = overlap(texts, others)
    assert found.share.tolist() == naive_overlap(texts, others)
    for text, source, share in zip(texts, found.source.tolist(), found.share, strict=True):
        assert (source < 0) == (share == 0)
        if source >= 0:
            assert naive_overlap([text], [others[source]]) == [share]
            assert naive_overlap([text], others[:source]) < [share]  # the first of equals


def test_nothing_at_all():
    assert overlap([], ["a"]).share.tolist() == []
    assert overlap(["a", ""], []).share.tolist() == [0, 0]
    assert overlap([""], [""]).source.tolist() == [-1]


def test_common_phrases_do_not_count():
    phrase = "thank you very much indeed"
    others = [f"{phrase} {i}" for i in range(60)]
    assert overlap([phrase], others).share.tolist() == [0]
    assert overlap([phrase], others[:40]).share.tolist() == [1]


def test_of_very_many_stretches_a_part_is_looked_at(monkeypatch):
    monkeypatch.setattr(duplicates, "_MOST", 300)
    texts = [" ".join(f"w{i}x{j}" for j in range(100)) for i in range(10)]
    assert overlap(texts, texts).share.tolist() == [1] * 10
    assert overlap(texts, [text.replace("x", "y") for text in texts]).share.tolist() == [0] * 10


def test_giveaways_are_counted_as_by_hand():
    texts = [f"ann@a.org <c{i}> common" for i in range(50)]
    texts += ["common other."] * 30 + ["other"] * 40
    labels = ["a"] * 50 + ["b"] * 70
    found = {one.token: one for one in giveaways(texts, labels)}
    assert found.keys() == {"ann@a.org", "other"}
    assert found["ann@a.org"].kind == "address"
    assert found["ann@a.org"][3:] == (50, 1.0, 1.0)
    assert found["other"][3:] == (70, 1.0, 1.0)
    assert next(iter(found)) == "ann@a.org"  # plain words come last


def test_a_few_texts_prove_nothing():
    assert not giveaways(["bot@a.org"] * 30 + ["x"] * 70, ["a"] * 30 + ["b"] * 40 + ["c"] * 30)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(words, st.sampled_from("xy")), min_size=40, max_size=80))
def test_giveaways_have_the_shares_they_tell(pairs):
    texts, labels = zip(*pairs, strict=True)
    having = defaultdict(Counter)
    for text, label in pairs:
        for token in set(text.split()):
            having[token][label] += 1
    for one in giveaways(texts, labels):
        assert one.texts == having[one.token].total()
        assert one.precision == having[one.token][one.label] / one.texts >= 0.9
        assert one.recall == having[one.token][one.label] / labels.count(one.label)


def test_kinds():
    rows = {
        "sci.space": "label",
        "space": "label",
        "alt.x,sci.space": "label",
        "ann@x.org": "address",
        "host.edu": "address",
        "a!b!c": "address",
        "x9": "number",
        "orbit": "word",
        "spaceship": "word",
    }
    texts = [" ".join(rows)] * 50 + ["nothing"] * 50
    found = {one.token: one.kind for one in giveaways(texts, ["sci.space"] * 50 + ["b"] * 50)}
    assert {token: found[token] for token in rows} == rows


def test_without_takes_tokens_out_as_they_are_named():
    assert without(["Mail <Ann@A.org>, now"], frozenset(["ann@a.org"])) == ["Mail now"]
