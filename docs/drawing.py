"""Draw the pictures of the pages, from vectors of the documentation that is on this machine."""

from __future__ import annotations

from pathlib import Path

import wordkin as wk
from wordkin.classification.reporting import Report
from wordkin.datasets import documentation_corpus

FOLDER = Path(__file__).parent / "_pictures"
_BYTES = 30_000_000  # of source: enough for order, and read in a few seconds


def draw() -> None:
    """Draw what is not there yet."""
    if (FOLDER / "landing.png").exists():
        return
    FOLDER.mkdir(exist_ok=True)
    texts = documentation_corpus(max_bytes=_BYTES).paragraphs()
    corpus = wk.Corpus.from_texts(texts, min_count=10)
    record = wk.RunRecord()
    config = wk.SkipGram(vector_size=64, epochs=8)
    model = wk.train(corpus, config, validation=0.02, callbacks=[record])
    vectors = model.vectors

    def known(words: str) -> list[str]:
        return [word for word in words.split() if word in vectors]

    wk.plot_map(vectors, 120, path=FOLDER / "map.png")
    centres = known("string thread month error float package")
    wk.plot_map(vectors, centres, topn=8, path=FOLDER / "chosen.png")
    wk.plot_neighbors(vectors, centres[:2], path=FOLDER / "neighbors.png")
    pairs = known("read reader write writer parse parser")
    together = list(zip(pairs[::2], pairs[1::2], strict=False))
    wk.plot_analogy(vectors, together, path=FOLDER / "analogy.png")
    words = known("list tuple int float str bytes lock thread socket file cache queue")
    wk.plot_axis(vectors, words, poles=("mutable", "immutable"), path=FOLDER / "axis.png")
    wk.plot_training(record, path=FOLDER / "training.png")
    record.to_html(FOLDER / "run.html", title="Documentation, skip-gram")
    said, meant = "nnnnppppppnn", "nnnpppppppnp"
    wk.plot_confusion(Report.of(list(meant), list(said)), path=FOLDER / "confusion.png")
    # smaller, so that its words can be read on a phone
    groups = known("string error float package")
    wk.plot_map(vectors, groups, topn=5, size=(3.8, 3.2), path=FOLDER / "landing.png")


if __name__ == "__main__":
    draw()
