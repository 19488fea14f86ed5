"""deterministic=True: the same bytes however the work is shared out, interrupted or killed."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import wordkin as wk
from wordkin.engines import Block, word2vec_streams
from wordkin.errors import ConfigError, OutOfMemoryError
from wordkin.kernels import sampling, seed_state, word2vec
from wordkin.training import memory_needed

MODELS = {
    "skipgram": wk.SkipGram(vector_size=20, epochs=2),
    "grouped": wk.SkipGram(vector_size=20, epochs=2, group=3, shared_negatives=6),
    "cbow": wk.CBOW(vector_size=20, epochs=2),
    "tree": wk.SkipGram(vector_size=20, epochs=1, loss="hierarchical-softmax"),
    "sets": wk.SkipGram(vector_size=20, epochs=1, window="all"),
    "fasttext": wk.FastText(vector_size=20, epochs=2),
    "fasttext cbow": wk.FastText(vector_size=20, epochs=1, mode="cbow"),
}

KILLED = wk.SkipGram(vector_size=20, epochs=20, group=3, shared_negatives=6)


def make_corpus(n=60_000, types=2_000):
    rng = np.random.default_rng(5)
    share = 1 / np.arange(1, types + 1)
    words = [f"w{i}" for i in rng.choice(types, n, p=share / share.sum())]
    return wk.Corpus.from_sentences([words[i : i + 20] for i in range(0, n, 20)], min_count=1)


@pytest.fixture(scope="module")
def corpus():
    return make_corpus()


def digest(model):
    mark = hashlib.sha256()
    for vectors in (model.vectors, model.context):
        mark.update(np.ascontiguousarray(vectors.vectors).data)
    return mark.hexdigest()


@pytest.mark.parametrize("name", MODELS)
def test_any_number_of_threads_gives_the_same_bytes(corpus, name):
    runs = [
        wk.train(corpus, MODELS[name], workers=workers, deterministic=True)
        for workers in (1, 2, 3, 8)
    ]
    assert len({digest(run) for run in runs}) == 1
    assert len({run.history[-1].loss for run in runs}) == 1
    assert len({str(run.account) for run in runs}) == 1
    other = wk.train(corpus, MODELS[name], workers=2, deterministic=True, streams=3)
    assert digest(other) != digest(runs[0])
    assert np.isfinite(other.vectors.vectors).all()


SCRIPT = """
import sys, time
sys.path.insert(0, {here!r})
import wordkin as wk
from test_deterministic import KILLED, digest, make_corpus
folder, workers = sys.argv[1], int(sys.argv[2])
def slowly(progress):
    print("step", progress.step, flush=True)
    time.sleep({pause})
saved = wk.Checkpoint(folder, every=1)
model = wk.train(make_corpus(), KILLED, workers=workers, deterministic=True,
                 callbacks=[saved, slowly], resume=saved.path if saved.path.exists() else None)
print("digest", digest(model), flush=True)
"""


def run_script(folder, workers, pause):
    script = SCRIPT.format(here=str(Path(__file__).parent), pause=pause)
    command = [sys.executable, "-c", script, str(folder), str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_at_twenty_random_moments_it_ends_with_the_bytes_of_one_run(corpus, tmp_path):
    expected = digest(wk.train(corpus, KILLED, workers=2, deterministic=True))
    rng = np.random.default_rng(int(time.time()))  # other moments each time
    killed, steps = 0, []
    while killed < 20:  # of 80 steps; a process does up to three of them
        with run_script(tmp_path, 1 + killed % 3, pause=0.05) as process:
            line = process.stdout.readline()  # imports take most of the time: begin to count here
            if line.startswith("step"):
                steps.append(int(line.split()[1]))
                time.sleep(rng.uniform(0, 0.2))
            process.send_signal(signal.SIGKILL)
            assert "digest" not in process.stdout.read()
            killed += 1
    assert steps[-1] > 3
    assert steps == sorted(steps)
    with run_script(tmp_path, 2, pause=0) as process:
        last = process.stdout.read().split()[-1]
    assert process.returncode == 0
    assert last == expected


def test_stopped_and_resumed_with_other_threads_is_the_whole_run(corpus, tmp_path):
    config = MODELS["fasttext"]
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(
        corpus, config, workers=3, deterministic=True, callbacks=[saved, lambda p: p.step == 3]
    )
    model = wk.train(corpus, config, workers=1, deterministic=True, resume=tmp_path)
    assert digest(model) == digest(wk.train(corpus, config, workers=2, deterministic=True))


def test_a_checkpoint_of_another_kind_of_run_is_refused(corpus, tmp_path):
    config = MODELS["skipgram"]
    saved = wk.Checkpoint(tmp_path, every=1)
    given = {"workers": 1, "callbacks": [saved, lambda p: p.step == 2]}
    wk.train(corpus, config, deterministic=True, **given)
    with pytest.raises(ConfigError, match="streams is 4 there and 0 here"):
        wk.train(corpus, config, workers=1, resume=tmp_path)
    with pytest.raises(ConfigError, match="streams is 4 there and 8 here"):
        wk.train(corpus, config, workers=1, deterministic=True, streams=8, resume=tmp_path)


class Whole:
    """What a replica of everything would be: the shared table itself, numbered as it is."""

    def __init__(self, run, piece):
        config = run._config
        state = seed_state(run._seed, piece.block.step, piece.part)
        text = sampling.alone(run._text, piece.span)
        group, shared = config.group or 1, config.shared_negatives or 5
        draws = int(len(text.ids) * shared / group / 14)
        noise = [sampling.draw_noise(run._law, state) for _ in range(max(draws, 64))]
        pool = np.array(noise, np.int32)
        law = sampling.Noise(np.zeros(len(pool), np.uint64), pool)
        none = word2vec.aligned((0, run._rows.shape[1]))
        run._kernel(
            text,
            law,
            word2vec.Tables(run._rows, none, none),
            word2vec.Rule(config.reach, config.shrinks, config.negative, np.float32(0.05)),
            word2vec.Span(0, len(text.ids)),
            word2vec.make_room(config.reach, config.vector_size),
            state,
            np.zeros(3),
        )


@pytest.mark.parametrize("name", ["skipgram", "grouped", "cbow"])
def test_one_stream_is_the_kernel_on_the_whole_table(corpus, name):
    """To rounding: what a stream changed is added, so a + (b - a) stands for b."""
    config, rounds = MODELS[name], []
    given = {"seed": 3, "workers": 1, "streams": 1}
    run = word2vec_streams.make_run(corpus, config, **given)
    twin = word2vec_streams.make_run(corpus, config, **given)
    learn = run.learn_piece

    def both(desk, piece):
        rounds.append(piece)
        return learn(desk, piece)

    run.learn_piece = both
    run.update(Block(0, 30_000, 0.05, 1))
    for piece in rounds:
        Whole(twin, piece)
    assert len(rounds) > 1
    np.testing.assert_allclose(run._rows[:-1], twin._rows[:-1], rtol=1e-3, atol=1e-5)


def test_it_learns_what_racing_threads_learn():
    """Two topics that share no word: all nearest words are of the own topic."""
    rng = np.random.default_rng(0)
    topics = [[f"{topic}{i}" for i in range(30)] for topic in "ab"]
    sentences = [list(rng.choice(topics[i % 2], 12)) for i in range(6_000)]
    corpus = wk.Corpus.from_sentences(sentences, min_count=1)
    config = wk.SkipGram(vector_size=16, epochs=4, sample=0)
    model = wk.train(corpus, config, workers=2, deterministic=True)
    for word in model.vectors.index_to_key:
        nearest = [other for other, _ in model.vectors.most_similar(word, topn=10)]
        assert all(other[0] == word[0] for other in nearest), (word, nearest)


@pytest.mark.parametrize(
    "config",
    [
        wk.GloVe(vector_size=5),
        wk.Doc2Vec(vector_size=5),
        wk.SkipGram(vector_size=5, loss="softmax"),
        wk.FastText(vector_size=5, loss="hierarchical-softmax"),
    ],
)
def test_what_knows_no_streams_says_so(corpus, config):
    with pytest.raises(ConfigError, match="streams"):
        wk.train(corpus, config, workers=1, deterministic=True)


@pytest.mark.parametrize("streams", [0, -1, 2.0, True, 5_000])
def test_streams_are_counted(corpus, streams):
    with pytest.raises(ConfigError, match="from 1 to 1024"):
        wk.train(corpus, MODELS["cbow"], deterministic=True, streams=streams)


def test_replicas_are_told_and_refused_early(corpus, monkeypatch):
    config = wk.SkipGram(vector_size=200)
    racing = memory_needed(corpus, config, workers=2)
    several = memory_needed(corpus, config, workers=2, streams=64)
    assert several.total > racing.total + 64 * len(corpus.vocabulary) * 2 * 200 * 4
    monkeypatch.setattr("wordkin.training.memory.available_memory", lambda: several.total - 1)
    with pytest.raises(OutOfMemoryError):
        wk.train(corpus, config, workers=2, deterministic=True, streams=64)
