"""The explorer's page in one file: how large it is, and how much of the vectors its map shows.

    python benchmarks/explorer.py [--vectors glove.6B.50d.txt.xz] [--words 50000,400000]

Sizes are those of the files; the shares of the variance are what the page says below its map.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from machine import describe, table

import wordkin as wk
from wordkin.explorer.places import make_places


def main() -> None:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=Path, default=shared / "glove.6B.50d.txt.xz")
    parser.add_argument("--words", default="50000,400000")
    options = parser.parse_args()
    print(describe(), flush=True)
    rows = [("page", "MB", "seconds to write")]
    with tempfile.TemporaryDirectory() as folder:
        few = wk.WordVectors(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]])
        rows.append(("three words, 2 dimensions", *written(few, Path(folder))))
        for words in map(int, options.words.split(",")):
            vectors = wk.load(options.vectors, limit=words)
            name = f"{len(vectors):,} words, {vectors.vector_size} dimensions"
            rows.append((name, *written(vectors, Path(folder))))
    print(table(rows))
    print(f"\nmap of {len(vectors):,} words: {make_places(vectors.vectors).told}")


def written(vectors: wk.WordVectors, folder: Path) -> tuple[str, str]:
    start = time.perf_counter()
    path = wk.explore(vectors, output=folder / "page.html", words=len(vectors))
    seconds = time.perf_counter() - start
    return f"{Path(path).stat().st_size / 1e6:.2f}", f"{seconds:.1f}"


if __name__ == "__main__":
    main()
