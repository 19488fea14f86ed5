"""Run by test_dying in a process of its own: kills copies of itself while they save.

``python dying.py KIND FOLDER TIMES SEED`` forks a child that saves two things in turn, over and
over, kills it (SIGKILL) at a random moment, and looks at what lies there.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import numpy as np

import wordkin as wk
from wordkin.formats import native
from wordkin.formats.tensors import read_header

TEXTS = ["the good film was good", "a bad film", "fine song"] * 20


def vectors(number, n=3000):
    return wk.WordVectors([f"w{i}" for i in range(n)], np.full((n, 20), number, np.float32))


def corpus(number):
    return wk.Corpus.from_texts([f"the cat {number} sat"] * 500, min_count=1)


def save_vectors(folder, turn):
    vectors(turn).save(folder / "v.safetensors")


def save_text(folder, turn):
    vectors(turn).save(folder / "v.txt")


def save_corpus(folder, turn):
    corpus(turn).save(folder / "c")


def save_classifier(folder, turn):
    wk.TextClassifier(epochs=1).fit(TEXTS, [f"{turn}{i % 2}" for i in range(60)]).save(
        folder / "m.safetensors"
    )


def convert(folder, turn):
    wk.load(folder / f"from{turn}.txt").save(folder / "v.safetensors")


def train(folder, turn):
    config = wk.SkipGram(vector_size=8, epochs=3)
    saved = wk.Checkpoint(folder, every=1)
    model = wk.train(corpus(turn), config, workers=1, callbacks=[saved])
    model.save(folder / "m.safetensors")


def check_vectors(folder):
    native.check(folder / "v.safetensors")
    found = np.unique(wk.load(folder / "v.safetensors").vectors)
    assert len(found) == 1, found
    return str(found[0])


def check_text(folder):
    found = np.unique(wk.load(folder / "v.txt").vectors)
    assert len(found) == 1, found
    return str(found[0])


def check_corpus(folder):
    found = wk.Corpus.open(folder / "c")
    assert len(found.ids) == 2000
    return next(word for word in found.vocabulary.words if word.isdigit())


def check_classifier(folder):
    return str(wk.load_classifier(folder / "m.safetensors").predict(["film"])[0][0])


def check_training(folder):
    with (folder / "checkpoint.safetensors").open("rb") as file:
        about = json.loads(read_header(file).metadata["checkpoint"])
    assert about["tally"]["step"] >= 1
    if (folder / "m.safetensors").exists():
        wk.TrainedModel.load(folder / "m.safetensors")
    return str(about["tally"]["step"])


KINDS = {
    "vectors": (save_vectors, check_vectors, "v.safetensors"),
    "text": (save_text, check_text, "v.txt"),
    "corpus": (save_corpus, check_corpus, "c"),
    "classifier": (save_classifier, check_classifier, "m.safetensors"),
    "convert": (convert, check_vectors, "v.safetensors"),
    "train": (train, check_training, "checkpoint.safetensors"),
}


def child(save, folder):
    """Never returns."""
    try:
        turn = 0
        while True:
            turn = 3 - turn if turn else 1
            save(folder, turn)
    except Exception:  # noqa: BLE001 (told to the parent by how it ends)
        traceback.print_exc()
        os._exit(1)


def main(kind, folder, times, seed):
    save, check, name = KINDS[kind]
    chance = random.Random(seed)
    for turn in (1, 2):
        vectors(turn, 300).save(folder / f"from{turn}.txt")
    began = time.monotonic()
    save(folder, 1)  # compiles, and there is something to lose
    save(folder, 2)
    once = time.monotonic()
    save(folder, 1)
    once = time.monotonic() - once
    seen = Counter()
    for _ in range(times):
        pid = os.fork()
        if not pid:
            child(save, folder)
        time.sleep(chance.uniform(0, 4 * once + 0.002))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status), "it ended by itself"
        assert (folder / name).exists(), "what was there is gone"
        seen[check(folder)] += 1
    left = [path.name for path in folder.iterdir() if path.name.startswith(".wordkin-")]
    known = {name, "m.safetensors", "from1.txt", "from2.txt", *left}
    assert {path.name for path in folder.iterdir()} <= known
    save(folder, 1)  # what is left over is in nobody's way, and nobody reads it
    check(folder)
    report = {"seen": seen, "left": len(left), "seconds": time.monotonic() - began}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
