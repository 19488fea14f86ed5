"""From the settings of a classifier to what a head is built from, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wordkin.classification.heads import HEADS, Plan
from wordkin.documents.reading import Reader
from wordkin.errors import ConfigError, EmptyCorpusError, InputError
from wordkin.given import number, whole
from wordkin.table import VectorTable
from wordkin.text.tokenizers import get_tokenizer
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from wordkin.classification import TextClassifier
    from wordkin.documents.reading import Documents
    from wordkin.vocabulary import Vocabulary

_BACKENDS = ("jax", "torch", "tensorflow")
_WHOLE = {
    "min_count": (1, 2**31),
    "max_vocab": (1, 2**31),
    "vector_size": (1, 65_536),
    "ngrams": (1, 5),
    "min_ngram_count": (1, 2**31),
    "max_ngrams": (0, 2**31),
    "max_length": (1, 2**20),
    "epochs": (1, 1_000_000),
    "batch_size": (1, 2**20),
    "patience": (0, 1_000_000),
    "seed": (0, 2**63),
    "workers": (1, 1024),
}
_MAY_BE_NONE = ("max_vocab", "vector_size", "epochs", "patience", "workers")
MACHINE = ("backend", "progress")
"""Settings that are up to the process in which a classifier runs: its file has none of them."""


def table_of(vectors: WordVectors | VectorTable | None) -> VectorTable | None:
    """Return the table of pretrained vectors.

    Parameters
    ----------
    vectors : WordVectors, VectorTable or None
        What the user gave.

    Returns
    -------
    VectorTable or None
        Its bare data.

    Raises
    ------
    InputError
        If it is something else.
    """
    if isinstance(vectors, WordVectors):
        return vectors.table
    if vectors is None or isinstance(vectors, VectorTable):
        return vectors
    raise InputError(
        f"vectors must be WordVectors, from wordkin.load(path), or None; got {vectors!r:.80}."
    )


def reader_of(
    settings: TextClassifier, texts: list[str], vectors: VectorTable | None
) -> tuple[Reader, Documents]:
    """Choose the vocabulary of the training part.

    Parameters
    ----------
    settings : TextClassifier
        Its tokenizer, `min_count` and `max_vocab`.
    texts : list of str
        The training part.
    vectors : VectorTable or None
        Pretrained vectors: their tokenizer is the default.

    Returns
    -------
    Reader, Documents
        And the texts in its numbers.

    Raises
    ------
    EmptyCorpusError
        If no word is left.
    ConfigError
        If a setting is out of range.
    """
    spec = settings.tokenizer
    if spec is None and vectors is not None:
        spec = vectors.vocabulary.tokenizer
    tokenizer = get_tokenizer("words" if spec is None else spec)
    reader, documents = Reader.fitted(
        texts, tokenizer, min_count=settings.min_count, max_vocab=settings.max_vocab
    )
    if not len(reader.vocabulary):
        raise EmptyCorpusError(
            f"No word is left to learn from: {len(texts):,} texts, of "
            f"{len(documents.unknown):,} different words, none of which occurs "
            f"{settings.min_count} times (min_count)."
        )
    return reader, documents


def check_settings(settings: TextClassifier) -> dict[str, Any]:
    """Check settings, before any work is done.

    Parameters
    ----------
    settings : TextClassifier
        The settings.

    Returns
    -------
    dict of str to object
        Those that are JSON values, by name.

    Raises
    ------
    ConfigError
        If one is out of range.
    """
    values = settings.get_params()
    del values["vectors"], values["tokenizer"]
    values |= _whole_ones(values)
    _check_choices(values)
    values |= _numbers(values)
    values["letters"] = _letters(values["letters"])
    return values


def plan_of(
    settings: TextClassifier,
    vocabulary: Vocabulary,
    *,
    n_classes: int,
    vectors: VectorTable | None = None,
) -> Plan:
    """Return what a head is built from.

    Parameters
    ----------
    settings : TextClassifier
        The settings.
    vocabulary : Vocabulary
        The V words.
    n_classes : int
        The number k of classes.
    vectors : VectorTable or None
        Pretrained vectors.

    Returns
    -------
    Plan
        With settings that are JSON values.

    Raises
    ------
    ConfigError
        If a setting is out of range.
    """
    values = check_settings(settings)
    if isinstance(values["class_weight"], Mapping):
        values["class_weight"] = {str(k): float(v) for k, v in values["class_weight"].items()}
    return Plan(settings=values, vocabulary=vocabulary, n_classes=n_classes, vectors=vectors)


def _numbers(values: dict[str, Any]) -> dict[str, float]:
    made = {}
    for name, high in (("learning_rate", 1e9), ("C", 1e9), ("idf_power", 10)):
        value = values[name]
        if value is None and name == "learning_rate":
            continue
        given = number(value)
        if given is None or not 0 < given <= high:
            raise ConfigError(f"{name} must be above 0, and {high:g} at most; got {value!r}.")
        made[name] = given
    return made


def _check_choices(values: dict[str, Any]) -> None:
    if values["head"] not in HEADS:
        raise ConfigError(f"head must be one of {', '.join(HEADS)}; got {values['head']!r}.")
    if values["backend"] is not None and values["backend"] not in _BACKENDS:
        raise ConfigError(
            f"backend must be one of {', '.join(_BACKENDS)}, or None; got {values['backend']!r}."
        )
    for name in ("trainable", "progress"):
        if not isinstance(values[name], bool):
            raise ConfigError(f"{name} must be True or False; got {values[name]!r}.")


def _letters(letters: object) -> tuple[int, int] | None:
    if letters is None:
        return None
    if isinstance(letters, tuple | list) and len(letters) == 2:
        low, high = map(whole, letters)
        if low is not None and high is not None and 1 <= low <= high <= 100:
            return low, high
    raise ConfigError(
        "letters must be the lengths of the shortest and the longest stretch, such as (3, 5), or "
        f"None; got {letters!r:.80}."
    )


def _whole_ones(values: dict[str, Any]) -> dict[str, int]:
    made = {}
    for name, (low, high) in _WHOLE.items():
        value = values[name]
        if value is None and name in _MAY_BE_NONE:
            continue
        given = whole(value)
        if given is None or not low <= given <= high:
            raise ConfigError(f"{name} must be a whole number from {low}; got {value!r}.")
        made[name] = given
    return made
