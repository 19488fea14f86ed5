"""The text rooms under Hypothesis, against naive twins and the original tools."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.text import sources
from wordkin.text.sources import _blocks
from wordkin.text.tokenizers import Gensim, Keras, Whitespace, Words

# all of Unicode is too thin a soup to meet what matters: mix in what the rules are about
SPECIAL = (
    "aBzZéÉ09٤Ⅷ²_-.'’\xad\u200c\u200d\u0301\u094d\ufe0fİıΣσςßẞ\u212a漢𐐀𝐱🏳\ufeff"
    " \t\n\r\x0b\x85\u00a0\u2028\u3000"
)
TEXT = st.text(st.one_of(st.sampled_from(SPECIAL), st.characters(exclude_categories=["Cs"])))
FAST = settings(max_examples=300, deadline=None)


def naive_words(text, digits):
    """The rule of Words, said character by character."""

    def is_number(letter):
        return unicodedata.category(letter) == "Nd"

    def is_letter(letter):
        return unicodedata.category(letter)[0] in "LN" and not is_number(letter)

    text = text.replace("\xad", "")  # soft hyphens are no part of a word and no border of one
    text = f" {text.lower()} "
    words = [""]
    for before, letter, after in zip(text, text[1:], text[2:], strict=False):
        inside = bool(words[-1])
        is_mark = unicodedata.category(letter)[0] == "M"
        if is_letter(letter) or (digits and is_number(letter)) or (inside and is_mark):
            words[-1] += letter
        elif inside and letter in "'’\u200c\u200d" and not is_number(before) and is_letter(after):
            words[-1] += letter.replace("’", "'")
        elif inside:
            words.append("")
    return [word for word in words if word]


@FAST
@given(TEXT, st.booleans())
def test_words_equals_its_rule(text, digits):
    assert Words(digits=digits)(text) == naive_words(text, digits)


@FAST
@given(st.text(st.sampled_from("abZ09'._ ")), st.booleans())
def test_words_in_plain_ascii_equals_its_rule(text, digits):
    assert Words(digits=digits)(text) == naive_words(text, digits)


@FAST
@given(TEXT)
def test_gensim_equals_gensim(text):
    gensim = pytest.importorskip("gensim.utils")
    assert Gensim()(text) == gensim.simple_preprocess(text)
    assert Gensim().split(text)[0] == gensim.simple_preprocess(text)


@FAST
@given(TEXT)
def test_keras_equals_keras(text):
    keras = pytest.importorskip("keras.src.legacy.preprocessing.text")
    assert Keras()(text) == keras.text_to_word_sequence(text)


@settings(max_examples=100, deadline=None)
@given(TEXT, st.integers(8, 40), st.sampled_from(["utf-8", "utf-16"]))
def test_blocks_change_no_sentence_and_no_token(tmp_path_factory, text, size, encoding):
    path = tmp_path_factory.mktemp("text") / "a"
    path.write_bytes(text.encode(encoding, "replace"))
    with pytest.MonkeyPatch.context() as patch, path.open("rb") as stream:
        patch.setattr(sources, "BLOCK_BYTES", size)
        patch.setattr(sources, "_refuse_binary", lambda head, path: None)
        blocks = list(_blocks(stream, str(path), encoding))
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    expected = lines.removesuffix("\n").split("\n") if lines else []
    found, is_open = [], False
    for block in blocks:
        pieces, bad = block.sentences()
        assert bad == 0
        if is_open:
            found[-1] += pieces.pop(0)
        found += pieces
        is_open = not block.ends_sentence
    assert found == expected
    # a cut inside a line never changes tokens where there is a space to cut at
    if all(len(piece.encode()) < size for piece in text.split(" ")):
        for tokenizer in (Words(), Whitespace(), Gensim()):
            cut = [t for b in blocks for piece in b.sentences()[0] for t in tokenizer(piece)]
            assert cut == [t for line in expected for t in tokenizer(line)]


@FAST
@given(st.binary())
def test_any_bytes_are_read_and_what_is_no_text_is_counted(data):
    (sentences, bad) = sources.Block(data).sentences()
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    assert "\n".join(sentences) == text.removesuffix("\n")
    kept = len(data.decode("utf-8", "ignore").encode())
    assert bad == len(data) - kept
