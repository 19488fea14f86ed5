"""Big corpora and vocabularies on one machine: what memory they take, stated before and measured.

    python benchmarks/big.py types --types 50_000_000 --words 200_000_000 --limit 10_000_000
    python benchmarks/big.py words --words 1_000_000_000

The text is drawn from Zipf's law by a process of its own and read through a pipe, so that no disk
holds it. That process also counts exactly, and all that the library promises is checked against it.
Before a run the memory that it should take is worked out; it then runs in a process that may not
have more (RLIMIT_DATA: all memory of its own, but not files that are mapped), and its peak is told.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import machine
import numba
import numpy as np

import wordkin as wk

MB = 1_000_000
BASE = 450 * MB
"""Python, NumPy, Numba and its compiler, and a few blocks of text on their way to numbers."""
SPOOLS = 3 << 28
"""Ids and ends of sentences stay in memory up to 2^28 bytes each, and once more while they move."""
PIECE = 1 << 20  # words written at once


# --- text ----------------------------------------------------------------------------------------


@numba.njit(nogil=True)
def write_words(state, first, n, types, every, out, counts):
    """Write n words, a word number in base 26 each, and a line feed after every 20th."""
    top = 0
    log = math.log(types)
    for t in range(first, first + n):
        if every and t % 4 == 0 and t // 4 < types:  # each word once at least, in any order
            number = (t // 4) * np.int64(7_368_787) % types
        else:  # rank r has a probability of nearly 1 / r
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            number = np.int64(math.exp((state >> np.uint64(11)) / 9007199254740992.0 * log)) - 1
        counts[number] += 1
        rest = number + 1
        while rest > 0:
            rest -= 1
            out[top] = 97 + rest % 26
            rest //= 26
            top += 1
        out[top] = 10 if t % 20 == 19 else 32
        top += 1
    return top, state


def number_of(word: str) -> int:
    """The number that a word stands for."""
    number = 0
    for letter in reversed(word):
        number = 26 * number + ord(letter) - 96
    return number - 1


def generate(pipe: str, words: int, types: int, every: bool, exact: str) -> None:
    """Write the text into a pipe, and then how often each word came."""
    counts = np.zeros(types, np.int32)
    out = np.empty(9 * PIECE, np.uint8)
    state = np.uint64(88172645463325252)
    with Path(pipe).open("wb", buffering=0) as stream:
        for first in range(0, words, PIECE):
            n = min(PIECE, words - first)
            top, state = write_words(np.uint64(state), first, n, types, every, out, counts)
            left = memoryview(out[:top])
            while left:
                left = left[stream.write(left) :]
    np.save(exact, counts)


# --- what it should take -------------------------------------------------------------------------


def counting_memory(limit: int, letters: float) -> int:
    """Bytes that counting so many different words takes at most, of so many letters on average.

    The table of words: slots of 16 bytes, a power of two, at least two a word, and half as many
    again while they are doubled; letters and places with half of their room free, and once more
    while they move. Two counts for each word, with room, and four more numbers while the rarest
    are chosen.
    """
    n = limit + 200_000  # a block of text may bring so many before they are pruned
    slots = 16 * (1 << math.ceil(math.log2(2 * n)))
    table = 1.5 * slots + 3 * (letters + 1 + 8) * n
    return int(table + 2 * 16 * n + 40 * n)


# --- the run, in a process of its own ------------------------------------------------------------


class Watch:
    """The most memory that this process had: all of it, and what is its own (no mapped files)."""

    def __init__(self) -> None:
        self.own = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.own = max(self.own, self._now())

    @staticmethod
    def _now() -> int:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        return 0

    def all(self) -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(task: dict) -> None:
    """Read the text, and train on it if that is asked for; print what came out as JSON."""
    watch = Watch()
    if task["memory"]:
        resource.setrlimit(resource.RLIMIT_DATA, (task["memory"], task["memory"]))
    start = time.perf_counter()
    corpus = wk.Corpus.from_path(
        task["pipe"],
        tokenizer="whitespace",
        min_count=task["min_count"],
        max_vocab_size=task["limit"],
        store=task["store"],
    )
    seconds = {"read": time.perf_counter() - start}
    peaks = {"read": (watch.all(), watch.own)}
    loss = None
    if task["train"]:
        start = time.perf_counter()
        config = wk.SkipGram(vector_size=50, epochs=1, sample=1e-4)
        trained = wk.train(corpus, config, workers=2)
        seconds["train"] = time.perf_counter() - start
        loss = trained.history[-1].loss
        peaks["train"] = (watch.all(), watch.own)
    vocabulary = corpus.vocabulary
    numbers = np.array([number_of(word) for word in vocabulary.words])
    np.savez(task["found"], numbers=numbers, counts=vocabulary.counts)
    account = corpus.account.to_dict()
    ids = int(corpus.ids.nbytes + corpus.starts.nbytes)
    print(json.dumps({"seconds": seconds, "peaks": peaks, "account": account, "ids": ids,
                      "loss": loss, "mapped": isinstance(corpus.ids, np.memmap)}))  # fmt: skip


def measure(args: argparse.Namespace, *, limit: int | None, memory: int, train: bool) -> dict:
    """Write and read a text in two processes; return what the second told, and the exact counts."""
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        pipe, exact, found = (
            str(Path(folder, name)) for name in ("pipe", "exact.npy", "found.npz")
        )
        os.mkfifo(pipe)
        every = "1" if args.what == "types" else ""
        writer = [sys.executable, __file__, "generate", pipe, str(args.words), str(args.types)]
        store = str(Path(folder, "corpus")) if train else None
        task = {"pipe": pipe, "min_count": args.min_count, "limit": limit, "memory": memory,
                "store": store, "train": train, "found": found}  # fmt: skip
        reader = [sys.executable, __file__, "run", json.dumps(task)]
        environment = os.environ | {"TMPDIR": folder}
        with subprocess.Popen([*writer, every, exact]) as writing:
            try:
                done = subprocess.run(reader, stdout=subprocess.PIPE, env=environment, check=True)
            except subprocess.CalledProcessError:
                writing.terminate()
                raise
        told = json.loads(done.stdout)
        with np.load(found) as arrays:
            told |= {"numbers": arrays["numbers"], "counts": arrays["counts"]}
        told["exact"] = np.load(exact)
    return told


def check(told: dict, min_count: int) -> None:
    """Compare all that was promised with the exact counts."""
    account, exact = told["account"], told["exact"]
    short = exact[told["numbers"]] - told["counts"]
    assert account["read"] == exact.sum()
    assert account["read"] == account["kept"] + sum(account["dropped"].values())
    assert short.min() >= 0
    assert short.max() <= account["undercount"]
    lost = np.ones(len(exact), bool)
    lost[told["numbers"]] = False
    most = int(exact[lost].max(initial=0))
    assert most <= (account["left_out_up_to"] or min_count - 1)
    print(f"types in the text: {np.count_nonzero(exact):,}; in the vocabulary: {len(short):,}")
    print(
        f"no count may be short by more than {account['undercount']:,}: the largest shortage is "
        f"{short.max():,}, {np.count_nonzero(short):,} words are short (account: "
        f"{account['short_words']:,} may be)"
    )
    print(
        f"no word left out may occur more often than {account['left_out_up_to']:,}: the most "
        f"frequent one occurs {most:,} times; {np.count_nonzero(exact[lost] >= min_count):,} with "
        f"{min_count} or more are missing"
    )


def report(told: dict, stated: dict[str, int], words: int) -> None:
    """Print time and memory beside what was stated."""
    rows = [("step", "seconds", "M words/s", "stated MB", "own memory MB", "with mapped files MB")]
    for step, seconds in told["seconds"].items():
        whole, own = told["peaks"][step]
        memory = [f"{n / MB:,.0f}" for n in (stated[step], own, whole)]
        rows.append((step, f"{seconds:.0f}", f"{words / seconds / 1e6:.1f}", *memory))
    print(machine.table(rows))
    print(f"ids and sentences: {told['ids'] / MB:,.0f} MB, mapped from disk: {told['mapped']}")


def count_types(args: argparse.Namespace) -> None:
    """Count a text of many different words, with and without a bound."""
    for limit in args.limit:
        letters = math.log(args.types, 26)
        stated = BASE + SPOOLS + counting_memory(limit, letters)
        print(f"\n{args.words:,} words of {args.types:,} types, max_vocab_size={limit:,}: stated "
              f"{stated / MB:,.0f} MB")  # fmt: skip
        told = measure(args, limit=limit, memory=stated, train=False)
        report(told, {"read": stated}, args.words)
        check(told, args.min_count)


def train_words(args: argparse.Namespace) -> None:
    """Read a long text, and train on it for an epoch."""
    letters = math.log(args.types, 26)
    reading = BASE + SPOOLS + counting_memory(args.types, letters) + 300 * args.types
    tables = 2 * (args.types + 1) * 64 * 4
    stated = {"read": reading, "train": reading + tables}
    print(
        f"\n{args.words:,} words of {args.types:,} types: stated {reading / MB:,.0f} MB to read, "
        f"{tables / MB:,.0f} more to train; its ids are {args.words * 4 / MB:,.0f} MB"
    )
    told = measure(args, limit=None, memory=stated["train"], train=True)
    report(told, stated, args.words)
    check(told, args.min_count)
    print(f"loss {told['loss']:.4f}")


def main() -> None:
    if sys.argv[1:2] == ["generate"]:
        pipe, words, types, every, exact = sys.argv[2:]
        return generate(pipe, int(words), int(types), bool(every), exact)
    if sys.argv[1:2] == ["run"]:
        return run(json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["types", "words"])
    parser.add_argument("--words", type=int, default=100_000_000)
    parser.add_argument("--types", type=int, default=1_000_000)
    parser.add_argument("--limit", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--folder", help="where temporary files go")
    args = parser.parse_args()
    print(machine.describe())
    return (count_types if args.what == "types" else train_words)(args)


if __name__ == "__main__":
    main()
