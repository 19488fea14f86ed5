"""The demo: the whole way of the data, on a corpus that is on every machine.

The documentation of Python and of its installed packages becomes word vectors; the vectors answer
questions, become a Keras layer and carry a text classifier; they are saved. Each step is a
function that takes what the steps before it made, and shows what it made on a screen.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wordkin.config import SkipGram
from wordkin.corpus import Corpus
from wordkin.datasets import documentation_corpus
from wordkin.demo.models import build_layer, classify
from wordkin.errors import MissingExtraError
from wordkin.training import train

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wordkin.datasets import Documentation
    from wordkin.demo.screen import Screen
    from wordkin.training import TrainedModel
    from wordkin.vectors import WordVectors

CONFIG = SkipGram(epochs=10)  # a small corpus wants more passes than the usual five

# What is asked is what of these lists the vocabulary knows well; the first that fit are taken.
_KNOWN_WELL = 40  # occurrences
_PROBES = """
    file string array true thread import error matrix probability server left convolution day
    list first
"""
_STRANGERS = (
    "red green blue thread",
    "mean median variance socket",
    "integer float string thread",
    "rows columns axes password",
    "read write open color",
)
_ANALOGIES = (
    "array arrays matrix",
    "minimum maximum lower",
    "read reading write",
    "integer integers string",
    "left right top",
)


def run(
    screen: Screen,
    output: Path,
    *,
    seed: int = 1,
    workers: int | None = None,
    labels: Iterable[str] | None = None,
) -> None:
    """Go the whole way.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    output : Path
        Where to save the vectors.
    seed : int
        Fixes all random choices.
    workers : int, optional
        Threads; all cores by default.
    labels : iterable of str, optional
        Take the documentation of these packages only; by default of all that are installed.

    Raises
    ------
    WordkinError
        If something is in the way, such as a disk that is full.
    """
    began = time.perf_counter()
    documentation = collect(screen, labels)
    model = learn(screen, documentation, seed=seed, workers=workers)
    ask(screen, model.vectors)
    try:
        layer = build_layer(screen, model.vectors)
    except MissingExtraError as error:
        screen.line(f"Left out: {error}", style="yellow")
        screen.line("The demo then also shows a text classifier.")
    else:
        classify(screen, documentation, layer, seed=seed)
    save(screen, model.vectors, output)
    screen.line()
    screen.line(f"Done in {time.perf_counter() - began:.0f} seconds.", style="bold green")


def collect(screen: Screen, labels: Iterable[str] | None = None) -> Documentation:
    """Collect the corpus and show where it comes from.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    labels : iterable of str, optional
        Which packages; by default all.

    Returns
    -------
    Documentation
        The texts, each labelled with the package that it documents.
    """
    screen.heading("1. Text: the documentation that is on this machine")
    with screen.busy("collecting docstrings"):
        found = documentation_corpus(labels)
    ranked = sorted(found.counts.items(), key=lambda item: -item[1].words)
    screen.table(
        [("package", "files", "docstrings", "words")]
        + [(label, f"{n.files:,}", f"{n.docstrings:,}", f"{n.words:,}") for label, n in ranked[:8]]
        + [(f"all {len(ranked)}", f"{found.files:,}", f"{len(found):,}", f"{found.words:,}")],
        "<>>>",
    )
    screen.line(
        f"Parsed, not imported; code examples and {found.repeated:,} repeated paragraphs left out."
    )
    return found


def learn(
    screen: Screen, documentation: Documentation, *, seed: int = 1, workers: int | None = None
) -> TrainedModel:
    """Train word vectors.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    documentation : Documentation
        The texts.
    seed : int
        Fixes all random choices.
    workers : int, optional
        Threads.

    Returns
    -------
    TrainedModel
        The vectors and the account.
    """
    screen.heading("2. Word vectors: skip-gram with negative sampling")
    with screen.busy("counting words"):
        corpus = Corpus.from_texts(documentation.paragraphs(), tokenizer="words", min_count=5)
    with screen.training() as callback:
        model = train(corpus, CONFIG, seed=seed, workers=workers, callbacks=[callback])
    screen.line(str(model.account))
    first, last = model.history[0], model.history[-1]
    screen.line(
        f"{last.words_per_second / 1e6:.2f} M words/s; "
        f"loss {first.loss:.3f} in the first epoch, {last.loss:.3f} in the last"
    )
    return model


def ask(screen: Screen, vectors: WordVectors) -> None:
    """Show nearest words, an odd one out and an analogy.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    vectors : WordVectors
        The trained vectors.
    """
    screen.heading("3. What the vectors know")
    counts = vectors.vocabulary.counts
    well_known = len(vectors) if counts is None else int((counts >= _KNOWN_WELL).sum())
    known = set(vectors.index_to_key[:well_known])
    probes = [word for word in _PROBES.split() if word in known][:6]
    if probes:
        found = vectors.most_similar_batch(probes, topn=5, restrict_vocab=well_known)
        screen.line(f"Nearest of the {well_known:,} words that occur {_KNOWN_WELL} times or more:")
        screen.table(
            [
                (probe, "  ".join(f"{word} {cosine:.2f}" for word, cosine in neighbors))
                for probe, neighbors in zip(probes, found, strict=True)
            ]
        )
    for words in _askable(_STRANGERS, known):
        screen.line(f"The odd one out of {', '.join(words)}: {vectors.doesnt_match(words)}")
    for a, b, c in _askable(_ANALOGIES, known):
        found_d = vectors.most_similar([b, c], [a], topn=3, restrict_vocab=well_known)
        answers = ", ".join(f"{word} {cosine:.2f}" for word, cosine in found_d)
        screen.line(f"{a} is to {b} as {c} is to: {answers}")


def _askable(questions: Iterable[str], known: set[str]) -> list[list[str]]:
    """Choose the first two questions whose words are all known well."""
    return [words for words in map(str.split, questions) if known.issuperset(words)][:2]


def save(screen: Screen, vectors: WordVectors, output: Path) -> None:
    """Save the vectors and say what to do next.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    vectors : WordVectors
        The trained vectors.
    output : Path
        The file.
    """
    screen.heading("6. Saved, and what to do next")
    vectors.save(output)
    screen.line(f"{len(vectors):,} vectors, their words and settings are in {output.resolve()}")
    screen.line()
    screen.line(f"  wordkin nearest {output} string thread")
    screen.line(f"  wordkin info {output}")
    screen.line("  wordkin train YOUR-TEXTS/ -o vectors.safetensors")
