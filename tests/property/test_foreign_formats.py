"""Damaged files of other tools: vectors or a FormatError, never a crash, a hang or much memory.

The default run changes each golden file a few hundred times; ``-m slow`` some thousand times.
"""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from wordkin import formats
from wordkin.errors import FileError, FormatError

GOLDEN = Path(__file__).parents[1] / "golden" / "files"
# file to damage, format, and what to read
TARGETS = [
    ("skipgram.bin", "fasttext", ""),
    ("supervised.bin", "fasttext", ""),
    ("quantized.ftz", "fasttext", ""),
    ("pruned.ftz", "fasttext", ""),
    ("toy.floret", "floret", ""),
    ("plain.fifu", "finalfusion", ""),
    ("buckets.fifu", "finalfusion", ""),
    ("listed.fifu", "finalfusion", ""),
    ("quantized.fifu", "finalfusion", ""),
    ("gensim.kv", "gensim", ""),
    ("gensim-word2vec.model", "gensim", ""),
    ("gensim-fasttext.model", "gensim", ""),
    ("gensim-beside.kv.vectors.npy", "gensim", "gensim-beside.kv"),
    ("toy.magnitude", "magnitude", ""),
    ("spacy/key2row", "spacy", "spacy"),
    ("spacy/vectors", "spacy", "spacy"),
    ("spacy/strings.json", "spacy", "spacy"),
    ("spacy-floret/vectors.cfg", "spacy", "spacy-floret"),
    ("model2vec/model.safetensors", "model2vec", "model2vec"),
    ("model2vec/tokenizer.json", "model2vec", "model2vec"),
]
LENGTHS = [
    struct.pack("<q", number) for number in (-1, -(2**63), 2**31, 2**40, 2**62, 2**63 - 1, 10**12)
] + [struct.pack("<i", number) for number in (-1, 2**30, 2**31 - 1, 255, 0)]


def damaged(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    kind = chance.choice(["flip", "flip", "cut", "length", "length", "insert", "delete", "repeat"])
    place = chance.randrange(len(changed))
    if chance.random() < 0.5:  # heads and tails hold the lengths
        place = min(place, chance.randrange(200)) if chance.random() < 0.7 else place
    if kind == "flip":
        for _ in range(chance.randint(1, 4)):
            changed[place] ^= 1 << chance.randrange(8)
            place = chance.randrange(len(changed))
    elif kind == "cut":
        del changed[place:]
    elif kind == "length":
        bomb = chance.choice(LENGTHS)
        changed[place : place + len(bomb)] = bomb
    elif kind == "insert":
        changed[place:place] = chance.randbytes(chance.randint(1, 9))
    elif kind == "delete":
        del changed[place : place + chance.randint(1, 9)]
    else:
        changed[place:place] = changed[place : place + chance.randint(1, 60)]
    return bytes(changed)


def check(path: Path, format_name: str) -> bool:
    try:
        table = formats.read(path, format=format_name)
    except (FormatError, FileError) as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert path.name in message
        return False
    assert table.matrix.shape == (len(table.vocabulary), table.dimensions)
    assert np.isfinite(table.matrix).all()
    if table.subwords is not None:
        vectors, _ = table.subwords.vectors(["unknown", "naïve日本", ""])
        assert np.isfinite(vectors).all()
    return True


def attack(name, format_name, target, folder, n):
    if "/" in name:
        shutil.copytree(GOLDEN / target, folder / target)
    else:
        for path in GOLDEN.glob(f"{target or name}*"):
            shutil.copy(path, folder)
    content = (GOLDEN / name).read_bytes()
    assert check(folder / (target or name), format_name)
    chance = random.Random(name)
    for number in range(n):
        changed = damaged(content, chance)
        (folder / name).write_bytes(changed)
        try:
            check(folder / (target or name), format_name)
        except Exception as error:
            error.add_note(f"input {number} of {name}: {changed!r:.2000}")
            raise


@pytest.mark.parametrize(("name", "format_name", "target"), TARGETS)
def test_damaged_files(name, format_name, target, tmp_path):
    attack(name, format_name, target, tmp_path, 200)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "format_name", "target"), TARGETS)
def test_damaged_files_many(name, format_name, target, tmp_path):
    attack(name, format_name, target, tmp_path, 5000)
