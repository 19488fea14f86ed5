"""Phrases beside gensim's: the same ones, and how much sooner.

    python benchmarks/phrases.py --text wiki8.txt [--words 4000000] [--passes 2] [--runs 3]

Both get the same sentences of 1,000 words, cut already: gensim as lists of strings, wordkin as ids,
and then as a file, reading included. A pass counts, scores and joins. Learning, the counting and
scoring of one pass, is timed by itself too; gensim's ends with `export_phrases`. Seconds are of the
processor, all threads added up, so that other programs on the machine don't count.
"""

from __future__ import annotations

import argparse
import lzma
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from gensim.models.phrases import Phrases
from machine import describe, spread, table

import wordkin as wk
from wordkin.corpus.draft import Draft
from wordkin.corpus.interning import Chunk
from wordkin.corpus.joining import Joiner


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    data = options.text.read_bytes()
    text = lzma.decompress(data) if options.text.suffix == ".xz" else data
    words = text.decode().split()[: options.words]
    lines = [words[i : i + 1000] for i in range(0, len(words), 1000)]
    wk.Corpus.from_sentences(lines[:3], min_count=1, phrases=2)  # compiles
    ours: dict[str, list[float]] = {"learn": [], "all": [], "file": []}
    theirs: dict[str, list[float]] = {"learn": [], "all": []}
    file = Path(tempfile.mkdtemp()) / "lines.txt"
    file.write_text("".join(" ".join(line) + "\n" for line in lines))
    wk.Corpus.from_path(file, tokenizer="whitespace", min_count=1)  # compiles
    for _ in range(options.runs):
        start = time.process_time()
        wk.Corpus.from_path(file, tokenizer="whitespace", phrases=options.passes)
        ours["file"].append(time.process_time() - start)
        corpus = wk.Corpus.from_sentences(lines, min_count=1)
        found, joined = our_turn(corpus, options.passes, ours)
        first, passes = their_turn(lines, options.passes, theirs)
        check(found, joined, first, passes)
    print(f"\n{len(words):,} words, {options.passes} passes: {found}\n")
    rows = [("", "gensim, s", "wordkin, s", "ratio")]
    for label, theirs_, ours_ in (
        ("one pass: count and score", theirs["learn"], ours["learn"]),
        ("all passes, joined", theirs["all"], ours["all"]),
        ("the same, wordkin from a file", theirs["all"], ours["file"]),
    ):
        ratios = [a / b for a, b in zip(theirs_, ours_, strict=True)]
        rows.append((label, spread(theirs_, 2), spread(ours_, 2), spread(ratios)))
    print(table(rows), flush=True)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--words", type=int, default=4_000_000)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def our_turn(corpus: wk.Corpus, passes: int, seconds: dict[str, list[float]]):
    """Learn one pass by itself, then all with joining."""
    with drafted(corpus) as draft:
        joiner = Joiner(draft, list(corpus.vocabulary.words), connectors=frozenset(), delimiter="_")
        start = time.process_time()
        joiner.find(wk.PhraseRule(passes=1), 10.0)
        seconds["learn"].append(time.process_time() - start)
    with drafted(corpus) as draft:
        words = list(corpus.vocabulary.words)
        start = time.process_time()
        joiner = Joiner(draft, words, connectors=frozenset(), delimiter="_")
        found = joiner.learn(wk.PhraseRule(passes=passes))
        seconds["all"].append(time.process_time() - start)
        ids, ends = draft.arrays()
        joined = [words[i] for i in np.asarray(ids).tolist()], np.asarray(ends).tolist()
    return found, joined


def drafted(corpus: wk.Corpus) -> Draft:
    draft = Draft()
    draft.read([Chunk(np.asarray(corpus.ids), np.asarray(corpus.starts[1:]))])
    return draft


def their_turn(lines, passes: int, seconds: dict[str, list[float]]):
    start = time.process_time()
    model = Phrases(lines, min_count=5, threshold=10.0)
    first = model.export_phrases()
    seconds["learn"].append(time.process_time() - start)
    start = time.process_time()
    for _ in range(passes):
        model = Phrases(lines, min_count=5, threshold=10.0)
        lines = list(model[lines])
    seconds["all"].append(time.process_time() - start)
    return first, lines


def check(found: wk.Phrases, joined, first, lines) -> None:
    """The same phrases with the same scores, and in the end the same text."""
    ours = {"_".join(phrase.tokens): phrase.score for phrase in found.passes[0]}
    if ours != first:
        raise SystemExit(f"Other phrases: {len(ours):,} and {len(first):,}.")
    tokens, ends = joined
    if [word for line in lines for word in line] != tokens or len(ends) != len(lines) + 1:
        raise SystemExit("The joined texts differ.")


if __name__ == "__main__":
    main()
