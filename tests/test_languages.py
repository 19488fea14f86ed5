"""Scripts of the world: what a word is in them, and that nothing goes wrong in silence."""

from __future__ import annotations

import json
import lzma
import threading
import unicodedata
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordkin as wk
from wordkin.errors import FormatError, InputError, MissingExtraError, UnknownWordError
from wordkin.text import segmenting, spacing
from wordkin.text.sources import Block
from wordkin.text.tokenizers import (
    Gensim,
    Keras,
    Phrased,
    Segmented,
    Whitespace,
    Words,
    get_tokenizer,
    tokenizer_from_settings,
)
from wordkin.vocabulary.spelling import shown

CHINESE = "今天天气很好，我们去公园玩吧。"
JAPANESE = "吾輩は猫である。どこで生れたかとんと見当がつかぬ。"
THAI = "สวัสดีครับผมชื่อสมชายวันนี้อากาศดีมาก"
COMPOSED, DECOMPOSED = "caf\xe9", "cafe\u0301"


# --- one word or two -----------------------------------------------------------------------------


def test_spellings_of_a_word_are_two_words_unless_they_are_normalised():
    assert Words()(f"{COMPOSED} {DECOMPOSED}") == [COMPOSED, DECOMPOSED]
    assert get_tokenizer("words-nfc")(f"{COMPOSED} {DECOMPOSED}") == [COMPOSED, COMPOSED]
    jamo = unicodedata.normalize("NFD", "한국어")
    assert Words(normalize="NFC")(jamo) == ["한국어"]
    assert Words(normalize="NFC")("ﬁne Ｆｉｎｅ") == ["ﬁne", "ｆｉｎｅ"]
    assert Words(normalize="NFKC")("ﬁne Ｆｉｎｅ ①") == ["fine", "fine", "1"]
    assert Words(normalize="NFKC", digits=False).split("a①b") == (["a", "b"], 1)


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.one_of(st.characters(), st.sampled_from("eé\u0301\u0323\u0307ßİ가\u1100\u1161 ")))
)
@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_equivalent_texts_have_the_same_words(form, text):
    other = unicodedata.normalize("NFD" if form == "NFC" else "NFKD", text)
    words = Words(normalize=form)
    assert words(text) == words(other)


def test_letters_of_turkish():
    assert get_tokenizer("words-tr")("ISPARTA İzmir I\u0307zmir ığdır") == [
        "ısparta", "izmir", "izmir", "ığdır",
    ]  # fmt: skip
    assert Words(lower="tr")("It's") == ["ıt's"]


def test_case_can_be_kept():
    assert get_tokenizer("words-cased")("Das Weiße HAUS, don’t ΣΑΣ") == [
        "Das", "Weiße", "HAUS", "don't", "ΣΑΣ",
    ]  # fmt: skip
    assert get_tokenizer("words", lower=False, digits=False)("A1") == ["A"]


def test_soft_hyphens_do_not_cut_words():
    assert Words()("Donau\xaddampf\xadschiff") == ["donaudampfschiff"]
    assert Words(digits=False).split("19\xad84 x") == (["x"], 1)
    assert Words(normalize="NFC")("cafe\xad\u0301") == [COMPOSED]


@pytest.mark.parametrize(
    "given",
    [{"lower": 1}, {"lower": "de"}, {"normalize": "NFD"}, {"normalize": ""}, {"digits": None}],
)
def test_settings_that_words_can_not_have(given):
    with pytest.raises(InputError, match="must be one of"):
        Words(**given)
    with pytest.raises(InputError):
        tokenizer_from_settings({"name": "words", **given})


@pytest.mark.parametrize(
    "tokenizer",
    [Words(), Words(lower=False), Words(lower="tr", normalize="NFKC"), Segmented("jieba")],
)
def test_settings_survive_json(tokenizer):
    saved = json.loads(json.dumps(tokenizer.settings()))
    assert tokenizer_from_settings(saved) == tokenizer


def test_only_named_tokenizers_take_settings():
    with pytest.raises(InputError, match="other settings"):
        get_tokenizer("whitespace", lower=False)
    with pytest.raises(InputError, match="named"):
        get_tokenizer(str.split, lower=False)


# --- half characters -----------------------------------------------------------------------------


def test_half_characters_of_texts_are_replaced_and_counted():
    """They came through to training, and its result could not be saved."""
    corpus = wk.Corpus.from_texts(["a \ud83d b\udc00"] * 2, tokenizer="whitespace", min_count=1)
    assert corpus.vocabulary.words == ["a", "\ufffd", "b\ufffd"]
    assert corpus.account.undecodable_bytes == 12


def test_half_characters_in_tokens_are_refused_before_training():
    with pytest.raises(InputError, match="half a surrogate pair"):
        wk.Corpus.from_sentences([["a", "b\ud83d"]], min_count=1)
    with pytest.raises(InputError, match="half a surrogate pair"):
        wk.Corpus.from_texts(["a b"], tokenizer=lambda text: ["\udc00"], min_count=1)


# --- no spaces -----------------------------------------------------------------------------------

SPACED = [Words(), Whitespace(), Gensim(), Keras()]


@pytest.mark.parametrize("tokenizer", SPACED, ids=repr)
@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (CHINESE, 'Chinese.*tokenizer="jieba".*wordkin\\[chinese\\]'),
        (JAPANESE, 'Japanese.*tokenizer="sudachi".*wordkin\\[japanese\\]'),
        (THAI, 'Thai.*tokenizer="pythainlp".*wordkin\\[thai\\]'),
        ("ကျွန်တော်သည်ကျောင်းသားဖြစ်ပါသည်", "function from a str"),
        ("Some English; 今天天气很好我们去公园玩", "Chinese|function"),
    ],
)
def test_text_without_spaces_is_told_once(text, advice, tokenizer):
    with pytest.warns(UserWarning, match=f"no spaces between words.*(?:{advice})") as caught:
        wk.Corpus.from_texts([text] * 5, tokenizer=tokenizer, min_count=1)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("few_blocks", [10**9, 1])
def test_files_are_looked_at_too(tmp_path, monkeypatch, few_blocks):
    monkeypatch.setattr("wordkin.corpus.reading._FEW_BLOCKS", few_blocks)
    (tmp_path / "a.txt").write_text(f"{CHINESE}\n" * 3, encoding="utf-8")
    with pytest.warns(UserWarning, match="no spaces") as caught:
        wk.Corpus.from_path(tmp_path, min_count=1)
    assert len(caught) == 1


@pytest.mark.parametrize(
    "text",
    [
        "", "plain English", "今天 天气 很 好 ， 我们 去 公园 玩 吧 。", "สวัสดี ครับ ผม ชื่อ สมชาย",
        "吾輩 は 猫 で ある 。 コンピューター プログラミング", "안녕하세요 세계 여러분 반갑습니다",
        "Donaudampfschifffahrtsgesellschaft", "हिन्दी में लिखा हुआ पाठ", "مرحبا بالعالم العربي",
        "The poet 李白 (Li Bai) wrote in the time of the Tang dynasty, long before us.",
        "12 € – 15 €",
    ],
)  # fmt: skip
def test_nobody_is_warned_without_need(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for tokenizer in SPACED:
            spacing.warn_of_text([text], tokenizer)


def test_classifiers_look_at_their_texts_too():
    texts, labels = [CHINESE, JAPANESE] * 10, ["zh", "ja"] * 10
    with pytest.warns(UserWarning, match="no spaces"):
        wk.TextClassifier().fit(texts, labels)


def test_other_tokenizers_know_what_they_do():
    from wordkin.text.phrases import Phrases

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wk.Corpus.from_texts([CHINESE], tokenizer=lambda text: list(text), min_count=1)
        spacing.warn_of_text([CHINESE], Segmented("jieba"))
    with pytest.warns(UserWarning, match="no spaces"):
        spacing.warn_of_text([CHINESE], Phrased(Words(), Phrases()))


def test_only_the_beginning_is_looked_at():
    def texts():
        yield "x" * spacing._SAMPLE
        raise AssertionError

    spacing.warn_of_text(texts(), Words())
    blocks = [Block("x" * spacing._SAMPLE)] + [Block(CHINESE)] * 9
    assert list(spacing.watched(blocks, Words())) == blocks


@pytest.mark.parametrize("letter", ["ä", b"a"])
def test_no_more_than_the_beginning_is_kept(monkeypatch, letter):
    kept = []
    monkeypatch.setattr(spacing, "warn_of_text", lambda texts, _: kept.append(list(texts)))
    size = spacing._SAMPLE * 2 // 5
    blocks = [Block(letter * size)] * 9
    assert list(spacing.watched(blocks, Words())) == blocks
    assert [len(text) for text in kept.pop()] == [size, size, size // 2]
    assert not kept
    blocks = [Block(letter * spacing._SAMPLE)] * 2
    assert list(spacing.watched(blocks, Words())) == blocks
    assert [len(text) for text in kept.pop()] == [spacing._SAMPLE]


def test_decomposed_text_is_told():
    with pytest.warns(UserWarning, match='as several characters.*tokenizer="words-nfc"'):
        wk.Corpus.from_texts([f"un {DECOMPOSED} noir"], min_count=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wk.Corpus.from_texts([f"un {DECOMPOSED} noir"], tokenizer="words-nfc", min_count=1)
        wk.Corpus.from_texts(["x " * 500 + DECOMPOSED], min_count=1)


@pytest.mark.parametrize(
    ("name", "warned"),
    [("zh_wiki", True), ("ko_wiki", False), ("ru_manpages", False), ("de_manpages", False)],
)
def test_real_texts(data_dir, name, warned):
    with lzma.open(data_dir / "lang" / f"{name}.txt.xz") as file:
        text = file.read(300_000).decode("utf-8", "ignore")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        spacing.warn_of_text([text], Words())
    assert [("Chinese" in str(warning.message)) for warning in caught] == [True] * warned


# --- words found by a library --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "module", "text", "words"),
    [
        ("jieba", "rjieba", "他来到了网易杭研大厦。C ABC！", "他 来到 了 网易 杭研 大厦 c abc"),
        ("sudachi", "sudachidict_core", "東京都に行きました。", "東京 都 に 行き まし た"),
        ("pythainlp", "pythainlp", "วันนี้อากาศดีมาก", "วันนี้ อากาศ ดีมาก"),
    ],
)
def test_libraries(name, module, text, words):
    pytest.importorskip(module)
    cut = get_tokenizer(name)
    assert cut(text) == words.split()
    assert cut.split(f"{text}\n\n{text}") == (words.split() * 2, 0)
    assert cut("") == cut(" \n\x00\ud83d") == []
    assert len(cut(text * 20_000)) > 10_000  # some take only so much at once
    found = []
    threads = [threading.Thread(target=lambda: found.append(cut(text * 50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 4


@pytest.mark.parametrize(
    ("name", "extra"), [("jieba", "chinese"), ("sudachi", "japanese"), ("pythainlp", "thai")]
)
def test_a_missing_library_is_named_before_anything_is_read(monkeypatch, name, extra):
    def missing(module, extra):
        raise MissingExtraError(f'pip install "wordkin[{extra}]"')

    monkeypatch.setattr(segmenting, "require", missing)
    segmenting._LIBRARIES[name].cache_clear()
    try:
        with pytest.raises(MissingExtraError, match=extra):
            wk.Corpus.from_texts([CHINESE], tokenizer=name)
    finally:
        segmenting._LIBRARIES[name].cache_clear()
    with pytest.raises(InputError, match="library must be one of"):
        Segmented("words")


@pytest.fixture
def libraries(monkeypatch):
    """What stands for libraries that are not installed here: by name what `require` gives."""
    modules = {}

    def require(module, extra):
        try:
            return modules[module]
        except KeyError:
            raise MissingExtraError(f'pip install "wordkin[{extra}]"') from None

    monkeypatch.setattr(segmenting, "require", require)
    for load in segmenting._LIBRARIES.values():
        load.cache_clear()
    yield modules
    for load in segmenting._LIBRARIES.values():
        load.cache_clear()


def test_how_rjieba_is_called(libraries):
    libraries["rjieba"] = SimpleNamespace(cut=lambda text: text.split("|"))
    assert Segmented("jieba").split("他|来到|了。|C 1|ABC！") == (
        ["他", "来到", "了", "c", "1", "abc"],
        0,
    )


@pytest.mark.parametrize("make", ["tokenizer", "create"])
def test_how_sudachi_is_called(libraries, make):
    """Each thread has a tokenizer of its own: two can't use one at a time."""
    makers = []

    class OfOneThread:
        def __init__(self, mode):
            assert mode == "short"
            makers.append(threading.get_ident())

        def tokenize(self, text):
            assert threading.get_ident() == makers[-1]
            return [SimpleNamespace(surface=lambda part=part: part) for part in text.split("|")]

    def dictionary(dict):
        assert dict == "core"
        return SimpleNamespace(**{make: OfOneThread})

    libraries["sudachipy"] = SimpleNamespace(
        Dictionary=dictionary, SplitMode=SimpleNamespace(A="short")
    )
    with pytest.raises(MissingExtraError, match="japanese"):  # its words are another package
        Segmented("sudachi")("東京")
    libraries["sudachidict_core"] = SimpleNamespace()
    cut = Segmented("sudachi")
    found = []
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: found.extend(cut(text) for text in ("東京|都", "に"))
        )
        thread.start()
        thread.join()
    assert found == [["東京", "都"], ["に"]] * 2
    assert len(makers) == 2


def test_how_pythainlp_is_called(libraries):
    def word_tokenize(text, *, engine, keep_whitespace):
        assert (engine, keep_whitespace) == ("newmm", False)
        return text.split("|")

    libraries["pythainlp.tokenize"] = SimpleNamespace(word_tokenize=word_tokenize)
    assert Segmented("pythainlp").split("วันนี้|อากาศ|ดีมาก") == (["วันนี้", "อากาศ", "ดีมาก"], 0)


def test_a_library_gets_no_more_at_once_than_it_takes(monkeypatch):
    """Sudachi takes 49,149 bytes."""
    sizes = []

    def cut(piece):
        sizes.append(len(piece.encode()))
        return []

    monkeypatch.setitem(segmenting._LIBRARIES, "sudachi", lambda: cut)
    for text in ("。" * 50_000, "𠮷" * 50_000, ("𠮷" * 5000 + "！" * 30_000) * 2):
        assert Segmented("sudachi")(text) == []
        assert sum(sizes) == len(text.encode())
        assert max(sizes) <= 49_149
        sizes.clear()


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_pieces_for_libraries_lose_nothing(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(segmenting._LIBRARIES, "jieba", lambda: lambda piece: [piece])
        clean = text.encode("utf-8", "replace").decode()
        assert "".join(segmenting._PIECES.findall(clean)) == clean
        assert all(len(piece) <= 8000 for piece in segmenting._PIECES.findall(clean * 50))
        assert set("".join(Segmented("jieba")(text))) <= set("".join(Words()(text)))


# --- files, and what is shown --------------------------------------------------------------------

ODD = [
    "中国", "日本", "שלום", "مرحبا", "می\u200cخواهم", "हिन्दी", "ภาษาไทย", "한국", "ＡＢＣ", "𐐀",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea",
    "e\u0301", "é", "\u202eevil", "\x1b[2J", "a\x00b", "\u2028x", "x\x85", "ı", "İ", "ß", "ς",
    "\ufeffbom", "<b>x</b>",
]  # fmt: skip


@pytest.mark.parametrize(
    "form", ["safetensors", "npy", "word2vec", "word2vec-binary", "glove", "model2vec", "parquet"]
)
def test_words_of_any_script_come_back(tmp_path, form):
    if form == "parquet":
        pytest.importorskip("pyarrow")
    words = ODD if form in ("safetensors", "npy", "model2vec", "parquet") else []
    # the others end a word at white space of ASCII, and say so
    words = words or [word for word in ODD if not set(word) & set(" \t\n\x00\x1b")]
    vectors = wk.WordVectors(words, np.arange(2 * len(words)).reshape(-1, 2) + 1)
    vectors.save(tmp_path / "v", format=form)
    back = wk.load(tmp_path / "v")
    assert list(back.vocabulary.words) == words
    assert (np.array([back[w] for w in words]) == np.array([vectors[w] for w in words])).all()


def test_a_file_of_numbers_without_words_is_refused(tmp_path):
    """The first number of each line was taken for a word."""
    vectors = wk.WordVectors(["中国", "日本"], [[0.5, -1.25, 3], [1.5, 2.25, 1e-9]])
    vectors.save(tmp_path / "tensors.tsv")
    with pytest.raises(FormatError, match="only numbers"):
        wk.load(tmp_path / "tensors.tsv")


def test_joiners_are_shown_and_marks_of_direction_are_not():
    assert shown("می\u200cخواهم") == "می\u200cخواهم"
    assert shown("\u202eevil\x1b[2J") == "\\u202eevil\\x1b[2J"


def test_other_spellings_are_suggested():
    vectors = wk.WordVectors([COMPOSED, "fine"], [[0, 1], [1, 0]])
    for word, other in ((DECOMPOSED, COMPOSED), ("ﬁne", "fine")):
        with pytest.raises(UnknownWordError) as caught:
            vectors[word]
        assert caught.value.suggestions == (other,)
