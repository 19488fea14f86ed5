"""A short form of run.py, the same each time: damaged files at every reader.

What may happen: it is read after all, or there is an error of `wordkin.errors`.
"""

from __future__ import annotations

import random
import struct
import warnings

import numpy as np
import pytest
from fuzz import readers
from fuzz.damage import damaged

import wordkin as wk
from wordkin.arrays import map_npy
from wordkin.corpus.account import Account
from wordkin.errors import FormatError, InputError, WordkinError
from wordkin.formats.tensors import write_arrays
from wordkin.subwords.floret import FloretIndex
from wordkin.text.tokenizers import tokenizer_from_settings
from wordkin.training.progress import EpochRecord

N = 40


def attack(reader, folder, seed):
    reader.make(folder)
    path = folder / reader.damage
    good = path.read_bytes()
    reader.use(folder)
    before = sorted(folder.rglob("*"))
    chance = random.Random(f"{seed} {reader.name}")
    for number in range(N):
        content = damaged(good, chance, [good])
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                reader.use(folder)
            except WordkinError:
                pass
            except Exception as error:
                error.add_note(f"file {number} of {reader.name}: {content!r:.2000}")
                raise
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("reader", readers.READERS, ids=lambda reader: reader.name)
def test_damaged_files_are_read_or_refused(reader, tmp_path):
    attack(reader, tmp_path, 1)


@pytest.fixture
def forged(monkeypatch):
    """Checksums that fit whatever there is."""
    from wordkin.classification import saving

    monkeypatch.setattr(saving, "_checksum", saving._checksum)
    monkeypatch.setattr(wk.Vocabulary, "fingerprint", wk.Vocabulary.fingerprint)
    return readers.without_checksums


CHECKED = [
    reader for reader in readers.READERS
    if reader.name.startswith(("vectors", "corpus", "classifier", "document", "trained", "layer"))
]  # fmt: skip


@pytest.mark.parametrize("reader", CHECKED, ids=lambda reader: reader.name)
def test_forged_files_are_read_or_refused(reader, tmp_path, forged):
    reader.make(tmp_path)
    reader.use(tmp_path)
    forged()
    attack(reader._replace(make=lambda _folder: None), tmp_path, 2)


# --- what the long form has found


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 2L), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4611686018427387904), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2), }",
        b"{'descr': '<f4', 'fortran_order': 7, 'shape': (1, 2), }",
        b"{'descr': '<f3', 'fortran_order': False, 'shape': (1, 2), }",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }",
        b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 2), }",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), ",
        b"__import__('os').abort()",
        b"(" * 5000,
        b"",
    ],
)
def test_a_damaged_npy_is_a_format_error(tmp_path, header):
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(8))
    if b"1L" in header:  # as Python 2 wrote it
        assert map_npy(path).tolist() == [[0, 0]]
        return
    with pytest.raises(FormatError):
        map_npy(path)


def test_a_zip_that_is_called_npy_is_a_format_error(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(FormatError, match="no NumPy array"):
        map_npy(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "words", "digits": []},
        {"name": "gensim", "min_len": "x"},
        {"name": "regex", "pattern": "a" + "{99999999999}"},
        {"name": "regex", "pattern": "(" * 5000},
        {"name": "regex", "pattern": "a", "flags": 10**30},
    ],
)
def test_a_tokenizer_with_impossible_settings_is_refused(settings):
    with pytest.raises(InputError):
        tokenizer_from_settings(settings)


def test_counts_that_no_text_can_have_are_refused():
    with pytest.raises(InputError, match="no text is so long"):
        wk.Vocabulary(["a", "b"], [2**62, 2**62])
    with pytest.raises(InputError, match="whole numbers"):
        Account(read="1", kept="1")
    with pytest.raises(InputError, match="whole numbers"):
        Account(read=1, kept=2, dropped={"odd": -1})
    for dropped in (0, None, [], "odd"):
        with pytest.raises(InputError, match="by reason"):
            Account(read=1, kept=1, dropped=dropped)


@pytest.mark.parametrize("specials", [[[], "<unk>"], [{}], [None], ["<pad>", "<pad>"]])
def test_special_rows_are_words(specials):
    with pytest.raises(InputError, match="specials"):
        wk.Vocabulary(["a"], specials=specials)


def test_long_marks_of_words_are_refused():
    with pytest.raises(InputError, match="characters at most"):
        FloretIndex(10, 2, 3, begin="x" * 70_000)


@pytest.mark.parametrize(
    "changes", [{"loss": "x"}, {"epoch": float("inf")}, {"seconds": None}, {"odd": 1}]
)
def test_a_damaged_line_of_the_history_is_noticed(changes):
    values = {"epoch": 1, "loss": 0.5, "seconds": 1.0, "words_per_second": 10.0}
    assert EpochRecord.restored(values) == EpochRecord(**values)
    with pytest.raises((TypeError, ValueError, OverflowError)):
        EpochRecord.restored(values | changes)


@pytest.mark.parametrize("shape", [[0, 2**62], [1] * 40, [2**40, 2**40, 0]])
def test_impossible_shapes_in_a_header_are_refused(tmp_path, shape):
    path = tmp_path / "v.safetensors"
    with path.open("wb") as file:
        write_arrays(file, {"vectors": np.zeros((1, 0), np.float32)}, {"format": "wordkin"})
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head = data[8 : 8 + length].replace(b"[1,0]", str(shape).replace(" ", "").encode()).rstrip()
    path.write_bytes(len(head).to_bytes(8, "little") + head + data[8 + length :])
    with pytest.raises(FormatError):
        wk.load(path)
