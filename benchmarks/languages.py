"""Small corpora in other scripts: how much of them is left, and the neighbours of some words.

    python benchmarks/languages.py FOLDER      (with zh_wiki.txt.xz and others in it; needs rjieba)

There is no number to beat: whoever reads the language sees whether neighbours make sense.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import wordkin as wk

TEXTS = (
    ("zh_wiki", "words", ("中国", "足球")),
    ("zh_wiki", "jieba", ("中国", "音樂", "足球", "大學")),
    ("ko_wiki", "words", ("서울", "한국", "대학교", "음악")),
    ("ru_manpages", "words", ("файл", "команда", "каталог", "процесс")),
    ("de_manpages", "words-cased", ("Datei", "Verzeichnis", "Benutzer", "lesen")),
)

if __name__ == "__main__":
    warnings.simplefilter("ignore", UserWarning)  # that Chinese has no spaces is the point
    for name, tokenizer, words in TEXTS:
        path = Path(sys.argv[1]) / f"{name}.txt.xz"
        corpus = wk.Corpus.from_path(path, tokenizer=tokenizer)
        vectors = wk.train(corpus, wk.SkipGram(vector_size=100, epochs=8), seed=1).vectors
        print(f"{name}, {tokenizer}: {corpus.n_tokens:,} tokens of {len(vectors):,} words")
        for word in words:
            nearest = vectors.most_similar(word, topn=8) if word in vectors else [("unknown", 0)]
            print(f"  {word:12} {' '.join(other for other, _ in nearest)}")
