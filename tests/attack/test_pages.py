"""Words that would be script: in pages that are files, they are text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import wordkin as wk

EVIL = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u2028", "a\u2029b",
    "<!--", "]]>", "&lt;script&gt;", "'\"><svg/onload=alert(1)>", "\\u003c/script>", "{{7*7}}",
    "`${1}`",
]  # fmt: skip


class Tags(HTMLParser):
    """All tags of a page, and all their attributes."""

    def __init__(self):
        super().__init__()
        self.found, self.attributes = [], []

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)
        self.attributes += [name for name, _ in attributes]


def tags(page):
    parser = Tags()
    parser.feed(page)
    return parser


@pytest.fixture(scope="module")
def run():
    words = [word.replace(" ", "_") for word in EVIL]
    corpus = wk.Corpus.from_sentences([words] * 30, min_count=1)
    record = wk.RunRecord(words[:4], topn=3)
    plain = wk.RunRecord(["a", "b"], topn=3)
    config = wk.SkipGram(vector_size=4, epochs=2)
    wk.train(corpus, config, workers=1, callbacks=[record])
    texts = wk.Corpus.from_sentences([[*"abcdefghijk"]] * 30, min_count=1)
    wk.train(texts, config, workers=1, callbacks=[plain])
    return record.to_html(title=EVIL[0]), plain.to_html(title="a")


def test_the_page_of_a_run(run):
    evil, plain = tags(run[0]), tags(run[1])
    assert evil.found.count("script") == plain.found.count("script")
    assert "svg" not in evil.found or "svg" in plain.found
    assert "img" not in evil.found
    assert not {name for name in evil.attributes if name.startswith("on")}
    for script in re.findall(r"<script[^>]*>(.*?)</script>", run[0], flags=re.S):
        assert "\u2028" not in script
        assert "<!--" not in script


def test_the_explorer_in_one_file(tmp_path):
    vectors = wk.WordVectors(EVIL, np.random.default_rng(0).normal(size=(len(EVIL), 4)))
    plain = wk.WordVectors([*"abcdefghijk"], vectors.vectors)
    pages = []
    for name, each in ((EVIL[1], vectors), ("plain", plain)):
        wk.explore({name: each}, output=tmp_path / "p.html")
        pages.append((tmp_path / "p.html").read_text("utf-8"))
    evil, other = map(tags, pages)
    assert evil.found == other.found
    assert evil.attributes == other.attributes
