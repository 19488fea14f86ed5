"""The demo: the whole way of the data, on a corpus that is on every machine.

The documentation of Python and of its installed packages becomes word vectors; the vectors answer
questions, become a Keras layer and carry a text classifier; they are saved. Each step is a
function that takes what the steps before it made, and shows what it made on a screen.
"""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from wordkin.config import SkipGram
from wordkin.corpus import Corpus
from wordkin.datasets import documentation_corpus
from wordkin.errors import MissingExtraError
from wordkin.training import train

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from wordkin.datasets import Documentation
    from wordkin.training import Callback, TrainedModel
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

_CLASSES = 8
_SENTENCES = 1500  # of each class, at most
_FILES = 20  # of each class, at least
_HELD_OUT = 5  # every fifth file
_WORDS_OF_A_SENTENCE = (6, 40)
_WORD = re.compile(r"[A-Za-z]{2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class Screen(Protocol):
    """Where the demo shows what it does; the command line has one."""

    def heading(self, text: str) -> None:
        """Print the heading of a step."""
        ...

    def line(self, text: str = "", style: str = "") -> None:
        """Print a line."""
        ...

    def table(self, rows: Sequence[Sequence[str]], align: str = "", indent: int = 2) -> None:
        """Print columns."""
        ...

    def busy(self, what: str) -> AbstractContextManager[None]:
        """Show that something is going on."""
        ...

    def training(self) -> AbstractContextManager[Callback]:
        """Show how training goes on."""
        ...


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


def build_layer(screen: Screen, vectors: WordVectors) -> Any:  # noqa: ANN401 (Keras may be missing)
    """Make a Keras layer, and show that it returns the trained rows.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    vectors : WordVectors
        The trained vectors.

    Returns
    -------
    WordEmbedding
        The layer, frozen.

    Raises
    ------
    MissingExtraError
        If Keras or a backend for it is not installed.
    """
    screen.heading("4. A Keras layer with these vectors")
    with screen.busy("importing Keras"):
        from wordkin.layers import import_keras

        keras = import_keras()
        layer = vectors.to_keras(trainable=False)
    vocabulary = layer.vocabulary
    words = vectors.index_to_key[:3]
    ids = vocabulary.encode_batch([[*words, "qwrtzp"]], max_length=5)
    rows = keras.ops.convert_to_numpy(layer(ids))[0]
    trained = [*(vectors[word] for word in words), None, None]
    names = [*words, "qwrtzp (unknown)", "(padding)"]
    screen.line(f"Keras {keras.version()} on {keras.config.backend()}: {' '.join(names)}")
    screen.table(
        [("word", "row", "the layer gives", "equals")]
        + [
            (name, str(row), _numbers(given), _verdict(given, vector, row))
            for name, row, given, vector in zip(names, ids[0].tolist(), rows, trained, strict=True)
        ],
        "<>",
    )
    every = np.arange(vocabulary.first_row, vocabulary.n_rows, dtype=np.int32)
    same = np.array_equal(keras.ops.convert_to_numpy(layer(every)), vectors.vectors)
    screen.line(
        f"All {len(vectors):,} words come back as exactly the vectors that were trained: "
        + ("yes" if same else "NO"),
        style="green" if same else "bold red",
    )
    return layer


def _numbers(row: NDArray[np.float32]) -> str:
    return " ".join(f"{x:7.3f}" for x in row[:4]) + " ..."


def _verdict(given: NDArray[np.float32], trained: NDArray[np.float32] | None, row: int) -> str:
    """Compare a row of the layer with what it should be."""
    if trained is not None:
        return "its trained vector" if np.array_equal(given, trained) else "SOMETHING ELSE"
    if row == 0:
        return "zero" if not given.any() else "SOMETHING ELSE"
    return "the mean of all vectors"


class Sentences(NamedTuple):
    """Texts and their classes, in two parts that share no file."""

    classes: list[str]
    texts: tuple[list[str], list[str]]
    targets: tuple[NDArray[np.int32], NDArray[np.int32]]


def labelled_sentences(documentation: Documentation) -> Sentences:
    """Cut documentation into sentences, labelled with their packages, for training and for test.

    The classes are the packages with most text, of those with 20 files or more. Every fifth
    source file is held out, so that no docstring is in both parts, and no sentence either. Words
    that contain the name of one of the packages are taken out: they would give the answer away.

    Parameters
    ----------
    documentation : Documentation
        The texts.

    Returns
    -------
    Sentences
        At most 1,500 of each class, spread evenly over its files.
    """
    ranked = sorted(documentation.counts.items(), key=lambda item: -item[1].words)
    classes = sorted([label for label, n in ranked if n.files >= _FILES][:_CLASSES])
    giveaway = re.compile(rf"\S*({'|'.join(map(re.escape, classes))})\S*", re.IGNORECASE)
    number = {label: n for n, label in enumerate(classes)}
    found: dict[str, list[tuple[str, bool]]] = {label: [] for label in classes}
    seen: set[str] = set()
    sources = sorted({d.source for d in documentation if d.label in number})
    held_out = set(sources[::_HELD_OUT])
    for docstring in documentation:
        if docstring.label in number:
            for sentence in _sentences(giveaway.sub(" ", docstring.text)):
                if sentence not in seen:
                    seen.add(sentence)
                    found[docstring.label].append((sentence, docstring.source in held_out))
    texts: tuple[list[str], list[str]] = ([], [])
    targets: tuple[list[int], list[int]] = ([], [])
    for label in classes:
        for sentence, held in _evenly(found[label], _SENTENCES):
            texts[held].append(sentence)
            targets[held].append(number[label])
    return Sentences(
        classes, texts, (np.array(targets[0], np.int32), np.array(targets[1], np.int32))
    )


def _sentences(text: str) -> Iterable[str]:
    shortest, longest = _WORDS_OF_A_SENTENCE
    for paragraph in text.split("\n"):
        for sentence in _SENTENCE_END.split(paragraph):
            if len(_WORD.findall(sentence)) >= shortest:
                yield " ".join(sentence.split()[:longest])


def _evenly(items: list[tuple[str, bool]], most: int) -> list[tuple[str, bool]]:
    """Take so many items at most, from all parts of a list."""
    ends = np.linspace(0, len(items), min(most, len(items)) + 1).astype(int).tolist()
    return [items[start] for start, _ in pairwise(ends)]


def classify(
    screen: Screen,
    documentation: Documentation,
    layer: Any,  # noqa: ANN401
    *,
    seed: int = 1,
) -> None:
    """Train a classifier on the frozen vectors, and try it on sentences that it has not seen.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    documentation : Documentation
        The texts and their labels.
    layer : WordEmbedding
        The layer.
    seed : int
        Fixes all random choices.
    """
    screen.heading("5. A text classifier: which package does this sentence come from?")
    data = labelled_sentences(documentation)
    if len(data.classes) < 2:
        screen.line("Left out: there are no two packages with enough files to tell apart.")
        return
    import keras

    from wordkin.layers.keras_heads import text_classifier

    keras.utils.set_random_seed(seed)
    ids = [
        layer.vocabulary.encode_batch(texts, max_length=_WORDS_OF_A_SENTENCE[1])
        for texts in data.texts
    ]
    model = text_classifier(layer, len(data.classes))
    with screen.busy("training the classifier"):
        model.fit(ids[0], data.targets[0], epochs=12, batch_size=128, verbose=0)
    guesses = model.predict(ids[1], batch_size=512, verbose=0).argmax(axis=1)
    share = np.bincount(data.targets[1]) / len(guesses)
    screen.line(f"Classes: {', '.join(data.classes)}")
    screen.line(
        f"{len(data.texts[0]):,} sentences to learn from, {len(data.texts[1]):,} held out, from "
        "other files. Words with a package's name in them are taken out."
    )
    screen.line("(The word vectors, which know no labels, were trained on all of the text.)")
    screen.table(
        [
            ("held-out accuracy", f"{(guesses == data.targets[1]).mean():.1%}"),
            (f"always {data.classes[share.argmax()]!r}, the most frequent", f"{share.max():.1%}"),
        ],
        "<>",
    )
    for row in _examples(guesses, data.targets[1]):
        screen.line(f'  "{data.texts[1][row]}"')
        screen.line(
            f"    {data.classes[guesses[row]]} (it is {data.classes[data.targets[1][row]]})"
        )


def _examples(guesses: NDArray[np.int64], targets: NDArray[np.int32]) -> list[int]:
    """Choose two sentences from the middle that were recognised, and one that was not."""
    right, wrong = np.flatnonzero(guesses == targets), np.flatnonzero(guesses != targets)
    rows = [right[len(right) // 3 :][:1], right[2 * len(right) // 3 :][:1]]
    return [int(row) for row in np.concatenate([*rows, wrong[len(wrong) // 2 :][:1]])]


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
