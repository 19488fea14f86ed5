"""The scores that several scripts print beside their times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.evaluation import evaluate_analogies, evaluate_similarity

if TYPE_CHECKING:
    from pathlib import Path

    import wordkin as wk

SETS = ("EN-WS-353-ALL.txt", "EN-SIMLEX-999.txt")
PLAIN = ("analogies %", "meaning %", "syntax %", "WordSim", "SimLex")
SCORES = (*PLAIN, "rare pairs")
RARE = 500


def scores(vectors: wk.WordVectors, folder: Path) -> tuple[float, ...]:
    """What `plain_scores` says, and the correlation over pairs with a rare word."""
    return *plain_scores(vectors, folder), rare(vectors, folder)


def plain_scores(vectors: wk.WordVectors, folder: Path) -> tuple[float, ...]:
    """Analogies among the 30,000 most frequent words, all and by kind; rank correlations x 100."""
    result = evaluate_analogies(
        vectors.table, folder / "questions-words.txt", restrict_vocab=30_000
    )
    syntax = [section for section in result.sections if section.name.startswith("gram")]
    meaning = [section for section in result.sections if section not in syntax]
    shares = [
        100 * sum(s.correct for s in part) / max(1, sum(s.covered for s in part))
        for part in (result.sections, meaning, syntax)
    ]
    similar = [100 * evaluate_similarity(vectors.table, folder / name).spearman for name in SETS]
    return *shares, *similar


def rare(vectors: wk.WordVectors, folder: Path) -> float:
    """Correlation of ranks over the pairs of which a word is rare; each set is ranked by itself."""
    known = vectors.vocabulary
    found = []
    for name in SETS:
        lines = [line.lower().split() for line in (folder / name).read_text("utf-8").splitlines()]
        pairs = np.array(
            [
                (float(said), vectors.similarity(a, b))
                for a, b, said in lines
                if a in known and b in known and min(known.counts[known.encode([a, b])]) < RARE
            ]
        )
        ranks = pairs.argsort(axis=0).argsort(axis=0) / len(pairs)
        found.append(ranks)
    return float(100 * np.corrcoef(np.concatenate(found).T)[0, 1])
