"""Training beside gensim on the same text, cores and settings: speed in pairs, and quality.

    python benchmarks/training.py --text wiki8.txt --scores EVAL_FOLDER [--lines speed,quality,...]

Each speed is a ratio of two runs one after the other; the table shows the median and the range of
at least three such pairs. Quality is the mean over seeds, each side at the learning rate that
suits it best (search them with --lines rates). Nothing is printed that was not run just now.
"""

from __future__ import annotations

import argparse
import logging
import lzma
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from machine import describe, handing_over, mean_of, memory_bandwidth, sgemm_peak, spread, table

import wordkin as wk
from wordkin.evaluation import evaluate_analogies, evaluate_similarity
from wordkin.text.tokenizers import Words

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = {"window": 5, "negative": 5, "sample": 1e-4}
GENSIM_ALPHA = {"SkipGram": 0.035, "CBOW": 0.05}  # where it scores best, of 0.025 to 0.065
SENTENCE = 1_000
SCORES = ("seconds", "analogies %", "WordSim-353", "SimLex-999")


def main() -> None:
    options = parse()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        text = plain_text(options.text, Path(folder))
        bench = Bench(options, text, Path(folder))
        print(describe(), flush=True)
        for name in options.lines.split(","):
            rows = getattr(bench, name)()
            print(f"\n### {name}\n\n{table(rows)}", flush=True)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--pairs", type=int, default=3, help="how often each pair is run")
    parser.add_argument(
        "--quality",
        default="SkipGram-100-3,SkipGram-300-3,CBOW-100-3,CBOW-300-3",
        help="what the line 'quality' trains: model-dimensions-seeds,...",
    )
    parser.add_argument("--epochs", type=int, default=5, help="for quality and whole processes")
    parser.add_argument(
        "--prototype", type=Path, help="the folder of the prototype, for the line 'prototype'"
    )
    parser.add_argument(
        "--lines", default="limits,vocabulary,speed,threads,process", help="which parts to run"
    )
    options = parser.parse_args()
    if "prototype" in options.lines.split(",") and options.prototype is None:
        parser.error("the line 'prototype' needs --prototype FOLDER, where the prototype is")
    return options


def plain_text(path: Path, folder: Path) -> Path:
    """The text as an uncompressed file, so that no clock counts decompression.

    An archive of posts, such as 20 Newsgroups, becomes one line of words.
    """
    target = folder / path.stem
    if path.suffix == ".xz":
        target.write_bytes(lzma.decompress(path.read_bytes()))
    elif path.name.endswith(".tar.gz"):
        words = Words(digits=False)
        posts = wk.read_labelled(path, strip=("headers",), encoding="latin-1").texts
        target.write_text(" ".join(" ".join(words(post)) for post in posts), "utf-8")
    else:
        target = path
    return target


class Bench:
    """The lines of the table; each method runs its pairs and returns rows."""

    def __init__(self, options: argparse.Namespace, text: Path, folder: Path) -> None:
        self.options = options
        self.text = text
        self.folder = folder
        self.corpus = wk.Corpus.from_path(text, tokenizer="whitespace")
        self.raw = self.corpus.account.read
        self._sentences: list[list[str]] = []

    # ------------------------------------------------------------------ the two sides

    def sentences(self) -> list[list[str]]:
        """What gensim reads: its own limit is 10,000 words a sentence; 1,000 is fastest."""
        if not self._sentences:
            words = self.text.read_text().split()
            self._sentences = [words[i : i + SENTENCE] for i in range(0, len(words), SENTENCE)]
        return self._sentences

    def gensim(self, model: str, size: int, *, workers: int = 2, epochs: int = 1, seed: int = 1):
        from gensim.models import Word2Vec

        peer = Word2Vec(
            vector_size=size, min_count=5, workers=workers, sg=int(model == "SkipGram"),
            alpha=GENSIM_ALPHA[model], seed=seed, epochs=epochs, **SETTINGS,
        )  # fmt: skip
        peer.build_vocab(self.sentences())
        start = time.perf_counter()
        peer.train(self.sentences(), total_examples=peer.corpus_count, epochs=epochs)
        return time.perf_counter() - start, peer

    def ours(
        self, model: str, size: int, *, workers: int = 2, epochs: int = 1, seed: int = 1, **more
    ):
        config = getattr(wk, model)(vector_size=size, epochs=epochs, **(SETTINGS | more))
        result = wk.train(self.corpus, config, seed=seed, workers=workers)
        return result.history[-1].seconds, result

    # ------------------------------------------------------------------ the lines

    def speed(self) -> list[tuple[str, ...]]:
        """One epoch of training, alternating."""
        rows = [("training phase, one epoch", "times gensim", "M words/s", "gensim", "GFLOP/s")]
        for model, size, workers in (
            ("SkipGram", 100, 2), ("SkipGram", 300, 2), ("CBOW", 100, 2), ("CBOW", 300, 2),
            ("SkipGram", 100, 1),
        ):  # fmt: skip
            self.ours(model, size, workers=workers)  # compiles
            pairs = []
            for _ in range(self.options.pairs):
                theirs, _ = self.gensim(model, size, workers=workers)
                mine, result = self.ours(model, size, workers=workers)
                pairs.append((theirs, mine, flops(result, size)))
            rows.append((
                f"{model} {size}-d, {workers} threads",
                spread([a / b for a, b, _ in pairs]),
                spread([self.raw / b / 1e6 for _, b, _ in pairs]),
                spread([self.raw / a / 1e6 for a, _, _ in pairs], 2),
                spread([f / b / 1e9 for _, b, f in pairs], 0) if model == "SkipGram" else "",
            ))  # fmt: skip
        return rows

    def threads(self) -> list[tuple[str, ...]]:
        """Two threads against one, on texts of different shape; and two processes against one.

        The processes share no memory: what the second of them adds is what the machine's second
        core has to give, whoever asks for it. How long one core waits for what the other has
        written is measured beside each run of two threads.
        """
        rows = [
            ("two threads against one", "speed-up", "two processes, one thread each",
             "M words/s with 2 threads", "handing over, ns")
        ]  # fmt: skip
        whole = self.corpus
        five = wk.Corpus(
            whole.ids, np.append(np.arange(0, len(whole.ids), 5), len(whole.ids)),
            whole.vocabulary, whole.account,
        )  # fmt: skip
        for name, corpus in (("one sentence of all words", whole), ("sentences of 5 words", five)):
            self.corpus = corpus
            corpus.save(self.folder / "corpus")
            for model in ("SkipGram", "CBOW"):
                runs = []
                for _ in range(self.options.pairs):
                    one, two = (self.ours(model, 100, workers=workers)[0] for workers in (1, 2))
                    waits = handing_over()
                    both = side_by_side(self.folder / "corpus", model)
                    runs.append((one / two, sum(one / seconds for seconds in both), two, waits))
                ratios, ceilings, seconds, waits = zip(*runs, strict=True)
                rows.append((
                    f"{model} 100-d, {name}",
                    spread(list(ratios), 2),
                    spread(list(ceilings), 2),
                    spread([self.raw / each / 1e6 for each in seconds]),
                    spread(list(waits), 0),
                ))  # fmt: skip
        self.corpus = whole
        return rows

    def _in_turn(
        self, name: str, other: Callable[[], float], mine: Callable[[], float]
    ) -> tuple[str, ...]:
        """A row: how many times as fast `mine` is, of pairs of runs, and its speed."""
        pairs = [(other(), mine()) for _ in range(self.options.pairs)]
        return (
            name,
            spread([a / b for a, b in pairs], 2),
            spread([self.raw / b / 1e6 for _, b in pairs]),
        )

    def prototype(self) -> list[tuple[str, ...]]:
        """One epoch of skip-gram beside a prototype's loop: same text, groups, noise and rate."""
        peer = Prototype(self.options.prototype, self.text)
        group, shared, alpha = Prototype.GROUP, Prototype.SHARED, Prototype.ALPHA
        rows = [
            (f"one epoch, groups of {group} share {shared}", "times the prototype", "M words/s")
        ]
        for size, workers in ((100, 2), (300, 2), (100, 1)):

            def mine(size: int = size, workers: int = workers) -> float:
                return self.ours(
                    "SkipGram", size, workers=workers, group=group, shared_negatives=shared,
                    alpha=alpha,
                )[0]  # fmt: skip

            mine()  # compiles
            rows.append(self._in_turn(
                f"SkipGram {size}-d, {workers} threads",
                lambda size=size, workers=workers: peer.train(size, workers),
                mine,
            ))  # fmt: skip
        return rows

    def vocabulary(self) -> list[tuple[str, ...]]:
        """From the text in a file to vocabulary and ids, against gensim's scan."""
        from gensim.models import Word2Vec
        from gensim.models.word2vec import Text8Corpus

        rows = [("vocabulary and encoding, file to ids", "times gensim's build_vocab", "M words/s")]
        peers = {"of the same file": lambda: Text8Corpus(str(self.text), SENTENCE),
                 "of lists in memory": self.sentences}  # fmt: skip
        self.sentences()
        for tokenizer in ("whitespace", "words"):
            for name, sentences in peers.items():
                pairs = []
                for _ in range(self.options.pairs):
                    start = time.perf_counter()
                    Word2Vec(min_count=5).build_vocab(sentences())
                    theirs = time.perf_counter() - start
                    start = time.perf_counter()
                    wk.Corpus.from_path(self.text, tokenizer=tokenizer)
                    pairs.append((theirs, time.perf_counter() - start))
                rows.append((
                    f"{tokenizer}; gensim's {name}",
                    spread([a / b for a, b in pairs]),
                    spread([self.raw / b / 1e6 for _, b in pairs]),
                ))  # fmt: skip
        return rows

    def process(self) -> list[tuple[str, ...]]:
        """Whole processes: text file to saved vectors, first import to last byte; with scores."""
        epochs = str(self.options.epochs)
        cache = dict(os.environ, NUMBA_CACHE_DIR=str(self.folder / "cache"))
        sides: dict[str, list[tuple[float, ...]]] = {"gensim": [], "wordkin": []}
        first = wall(self._command("1", epochs), cache)
        for seed in range(1, self.options.pairs + 1):
            target = self.folder / "vectors.bin"
            seconds = wall([
                sys.executable, __file__, "--gensim", str(self.text), str(target), epochs, str(seed)
            ])  # fmt: skip
            sides["gensim"].append((seconds, *self.scores(wk.load(target))))
            seconds = wall(self._command(str(seed), epochs), cache)
            vectors = wk.load(self.folder / "vectors.safetensors")
            sides["wordkin"].append((seconds, *self.scores(vectors)))
        ratios = [a[0] / b[0] for a, b in zip(*sides.values(), strict=True)]
        rows = [(f"whole process, {epochs} epochs, skip-gram 100-d", "times gensim", *SCORES)]
        for name, runs in sides.items():
            cells = [spread(list(column)) for column in zip(*runs, strict=True)]
            rows.append((name, spread(ratios) if name == "wordkin" else "1", *cells))
        rows.append(("wordkin, first run ever (compiles)", "", f"{first:.1f}", "", "", ""))
        return rows

    def _command(self, seed: str, epochs: str) -> list[str]:
        return [
            sys.executable, "-m", "wordkin", "train", str(self.text), "-o",
            str(self.folder / "vectors.safetensors"), "--tokenizer", "whitespace", "--sample",
            "1e-4", "--epochs", epochs, "--seed", seed, "--workers", "2",
        ]  # fmt: skip

    def quality(self) -> list[tuple[str, ...]]:
        """Scores, mean of seeds, each side at its own rate."""
        rows = [("quality, mean of seeds", *SCORES[1:])]
        for spec in self.options.quality.split(","):
            model, size, seeds = spec.split("-")
            for name, side in (("gensim", self.gensim), ("wordkin", self.ours)):
                runs = []
                for seed in range(1, int(seeds) + 1):
                    _, result = side(model, int(size), epochs=self.options.epochs, seed=seed)
                    runs.append(self.scores(vectors_of(result)))
                cells = [mean_of(list(column)) for column in zip(*runs, strict=True)]
                rows.append((f"{name} {model} {size}-d, {seeds} seeds", *cells))
                print(rows[-1], flush=True)
        return rows

    def scores(self, vectors: wk.WordVectors) -> tuple[float, float, float]:
        folder = self.options.scores
        analogies = evaluate_analogies(
            vectors.table, folder / "questions-words.txt", restrict_vocab=30_000
        )
        pairs = [
            evaluate_similarity(vectors.table, folder / name).spearman
            for name in ("EN-WS-353-ALL.txt", "EN-SIMLEX-999.txt")
        ]
        return 100 * analogies.accuracy, 100 * pairs[0], 100 * pairs[1]

    def limits(self) -> list[tuple[str, ...]]:
        """What the machine can do at most."""
        return [
            ("limits of this machine", "", ""),
            ("float32 matrix product, all threads", f"{sgemm_peak():.0f}", "GFLOP/s"),
            ("memory, one thread", f"{memory_bandwidth():.1f}", "GB/s"),
            ("a cache line handed from core to core", f"{handing_over():.0f}", "ns"),
        ]


class Prototype:
    """The throw-away loop that the kernels were first tried in, from the folder that holds it.

    It expects `common.py` (load, init, aligned, keep_prob, neg_stream, run_threads) and `kern_g.py`
    (make_g) there; a first epoch of a run, and like ours without the time that it compiles.
    """

    GROUP, SHARED, ALPHA = 2, 5, 0.035

    def __init__(self, folder: Path, text: Path) -> None:
        sys.path.insert(0, str(folder))
        import common  # type: ignore[import-not-found]
        import kern_g  # type: ignore[import-not-found]

        self._common, self._make = common, kern_g.make_g
        self._ids, self._counts, *_ = common.load(text)
        keep = common.keep_prob(self._counts, SETTINGS["sample"]).astype(np.float64)
        self._keep = (keep * (2**32 - 1)).astype(np.uint32)
        self._noise = common.neg_stream(self._counts)
        self._kernels: dict[int, Callable[..., object]] = {}

    def train(self, size: int, threads: int) -> float:
        """Seconds of one epoch."""
        common, ids, words, width = self._common, self._ids, len(self._counts), -(-size // 16) * 16
        rows, others = (common.aligned((words + 1, width)) for _ in range(2))
        rows[:-1] = common.init(words, size, 1, width)
        kernel = self._kernels.get(size)
        if kernel is None:
            kernel = self._kernels[size] = self._make(
                size, SETTINGS["window"], SETTINGS["negative"], G=self.GROUP, M=self.SHARED
            )
            spare = [common.aligned(rows.shape) for _ in range(2)]
            kernel(ids, 0, 200, self._keep, *spare, self._noise, self.ALPHA, 1e-4, 1, 0.0, 1e-3)

        def learn(part: int) -> None:
            start, stop = (len(ids) * n // threads for n in (part, part + 1))
            kernel(
                ids, start, stop, self._keep, rows, others, self._noise, self.ALPHA, 1e-4,
                1_000 + part, 0.0, 1.0,
            )  # fmt: skip

        return common.run_threads(learn, [(part,) for part in range(threads)])


def flops(result: wk.TrainedModel, size: int) -> float:
    """Floating-point operations of the skip-gram kernel: three products of contexts x targets.

    A group of G centres has G + M targets, and as contexts the union of its windows.
    """
    group, shared = 3, 6  # the defaults
    reaches = np.random.default_rng(0).integers(1, result.config.window + 1, (100_000, group))
    places = np.arange(group)
    contexts = ((reaches + places).max(axis=1) + (reaches - places).max(axis=1) + 1).mean()
    per_group = 3 * 2 * contexts * (group + shared) * size
    return result.account.trained / group * per_group


def vectors_of(result: object) -> wk.WordVectors:
    if isinstance(result, wk.TrainedModel):
        return result.vectors
    return wk.WordVectors(result.wv.index_to_key, result.wv.vectors)  # type: ignore[attr-defined]


def wall(command: list[str], environment: dict[str, str] | None = None) -> float:
    environment = dict(environment or os.environ)
    # an installed package is byte-compiled, here as everywhere, ours and the peer's
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def side_by_side(corpus: Path, model: str) -> list[float]:
    """Seconds of an epoch of each of two processes that train at the same time, alone in memory."""
    command = [sys.executable, __file__, "--alone", str(corpus), model]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for each in processes:
        each.stdout.readline()  # it is ready
    for each in processes:
        each.stdin.write("\n")
        each.stdin.flush()
    return [float(each.communicate()[0]) for each in processes]


def run_alone(corpus: str, model: str) -> None:
    """One of them: trains an epoch with one thread as soon as a line comes."""
    logging.disable(logging.CRITICAL)
    whole = wk.Corpus.open(corpus)
    config = getattr(wk, model)(vector_size=100, epochs=1, **SETTINGS)
    few = wk.Corpus(whole.ids[:10_000], np.array([0, 10_000]), whole.vocabulary, whole.account)
    wk.train(few, config, seed=1, workers=1)  # reads the machine code
    print("ready", flush=True)
    sys.stdin.readline()
    print(wk.train(whole, config, seed=1, workers=1).history[-1].seconds)


def run_gensim(text: str, target: str, epochs: str, seed: str) -> None:
    """gensim's whole process, in the way that is fastest for it."""
    from gensim.models import Word2Vec

    words = Path(text).read_text().split()
    sentences = [words[i : i + SENTENCE] for i in range(0, len(words), SENTENCE)]
    model = Word2Vec(
        sentences, vector_size=100, min_count=5, workers=2, sg=1, epochs=int(epochs),
        alpha=GENSIM_ALPHA["SkipGram"], seed=int(seed), **SETTINGS,
    )  # fmt: skip
    model.wv.save_word2vec_format(target, binary=True)


if __name__ == "__main__":
    if "--gensim" in sys.argv:
        run_gensim(*sys.argv[sys.argv.index("--gensim") + 1 :])
    elif "--alone" in sys.argv:
        run_alone(*sys.argv[sys.argv.index("--alone") + 1 :])
    else:
        main()
