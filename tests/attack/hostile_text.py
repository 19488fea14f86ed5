"""Run by test_hostile_text in a process of its own: every piece of text that is slow to search.

A linear search of a million characters takes a fraction of a second, a quadratic one takes an hour,
so that the limit on the time of the process tells one from the other on any machine.
"""

from __future__ import annotations

import resource
import sys

import numpy as np

import wordkin as wk
from wordkin.errors import UnknownWordError
from wordkin.formats.word2vec import _ends_in_number
from wordkin.subwords import Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.finalfusion import FinalfusionIndex
from wordkin.subwords.floret import FloretIndex
from wordkin.text.mail import strip_parts
from wordkin.text.phrases import Phrase, Phrases
from wordkin.text.tokenizers import Words

PIECES = [
    "a", " ", "\t", "\n", "-", "_", "'", "a'", "a’", "é", "e\u0301", "\u0301", "1", "1.", ".", "@",
    "a@", "a@b.", ">", "> ", ": ", "a:", "In article <", " writes", "writes:", "... ", "日",
    "\u200d", "a\u200d", "__label__", "\r", '"', "=", "#", "\ud800", "\x1c", "a_", "new york ",
]  # fmt: skip
TOKENIZERS = [
    *("words", "whitespace", "gensim", "keras"),
    Words(digits=False),
]
PHRASES = Phrases(((Phrase(("new", "york"), 1.0),),), frozenset(["a", "of"]))


def texts(n):
    for piece in PIECES:
        text = piece * (n // len(piece))
        yield text
        yield "x" + text + "x"  # a match that fails at the end
        yield "x " + text + "!"


def read(text):
    for tokenizer in TOKENIZERS:
        wk.get_tokenizer(tokenizer).split(text)
    strip_parts(text, ["headers", "quotes", "footers", "until-blank"])
    strip_parts("Hello.\n\n" + text, ["footers"])
    PHRASES.join(text.split(" "))
    _ends_in_number(text.encode("utf-8", "replace"))


def look_up(word):
    rows = np.ones((50, 4), np.float32)
    indexes = (FastTextIndex(50, 3, 6), FloretIndex(50, 3, 6), FinalfusionIndex(5, 3, 6))
    for index in indexes:
        wide = np.ones((index.largest() + 1, 4), np.float32) if index.largest() >= 50 else rows
        vectors, _ = Subwords(wide, index).vectors([word, "short"])
        assert np.isfinite(vectors).all()
    vectors = wk.WordVectors(["the", "cat", "x" * 50], np.eye(3))
    try:
        vectors.most_similar(word)
    except UnknownWordError:
        pass
    else:
        raise AssertionError(word[:10])
    assert vectors.vocabulary.encode([word]).tolist() == [1]


def learn(word):
    corpus = wk.Corpus.from_texts([f"the {word} cat", "the cat " + word] * 5, min_count=1)
    assert word in corpus.vocabulary.words
    model = wk.train(corpus, wk.FastText(vector_size=4, epochs=1, buckets=100), workers=1)
    assert np.isfinite(model.vectors.vectors).all()
    clf = wk.TextClassifier(letters=(2, 3), epochs=1)
    clf.fit([word, "b c", word + " d", "b"], [*"abab"])
    assert len(clf.predict([word, "z" * len(word)])) == 2


def main(n, seconds):
    look_up("first")  # compiling takes its time, and doesn't count
    learn("first")
    read("first")
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    for text in texts(n):
        read(text)
    for piece in ("a", "é", "日", "e\u0301", "x1"):
        look_up(piece * (100_000 // len(piece)))
    learn("y" * 100_000)
    sys.stdout.write("done")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
