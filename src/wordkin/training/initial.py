"""Going on from vectors that there are: the same words, other text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.config import Word2Vec
from wordkin.errors import ConfigError, InputError
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.training.results import TrainedModel
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wordkin.training.job import Job
    from wordkin.vocabulary import Vocabulary

_HOW = "Corpus.from_path(..., vocabulary=vectors.vocabulary) makes a corpus that fits."


def initial_arrays(
    initial: TrainedModel | WordVectors, job: Job
) -> Mapping[str, NDArray[np.float32]]:
    """Return the matrices to begin with.

    Parameters
    ----------
    initial : TrainedModel or WordVectors
        What there is. A model has both tables; with vectors alone, the context table begins anew.
    job : Job
        What is to be done.

    Returns
    -------
    mapping
        Matrices (V, D) by name; with rows of n-grams "ngrams" (B, D), and as "ngram_rows" the row
        of each bucket, where it is not that of its number.

    Raises
    ------
    InputError
        If the words are others.
    ConfigError
        If the settings don't allow it.
    """
    if isinstance(initial, WordVectors):
        tables = {"input": initial}
    elif isinstance(initial, TrainedModel):
        tables = {"input": initial.vectors}
        if initial.context is not None:
            tables["context"] = initial.context
        _check_loss(initial, job)
    else:
        raise InputError(
            f"initial must be what train() returned, or WordVectors; got {type(initial).__name__}."
        )
    vectors = tables["input"]
    _check_words(vectors.vocabulary, job.corpus.vocabulary)
    if vectors.vector_size != job.config.vector_size:
        raise ConfigError(
            f"The initial vectors have {vectors.vector_size} dimensions, and vector_size is "
            f"{job.config.vector_size}. Set vector_size={vectors.vector_size}."
        )
    arrays: dict[str, NDArray[Any]] = {name: table.vectors for name, table in tables.items()}
    subwords = vectors.table.subwords
    if subwords is not None and job.config.spelling is not None:
        _check_spelling(subwords.index.settings(), job.config.spelling)
        arrays["ngrams"] = subwords.matrix
        if isinstance(subwords.index, FastTextIndex):
            every = np.arange(subwords.index.n_buckets)
            arrays["ngram_rows"] = subwords.index.rows_of(every)
    return arrays


def _check_spelling(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> None:
    """Rows of n-grams mean something only under the settings they were learned with."""
    for name, value in ours.items():
        if theirs.get(name) != value:
            raise ConfigError(
                f"The n-grams of the initial vectors have {name}={theirs.get(name)!r}, and those "
                f"of the model {value!r}. They must be the same."
            )


def _check_words(theirs: Vocabulary, ours: Vocabulary) -> None:
    if theirs.with_specials(()).fingerprint() == ours.with_specials(()).fingerprint():
        return
    there, here = theirs.words, ours.words
    if len(there) != len(here):
        raise InputError(
            f"The initial vectors have {len(there):,} words, and the corpus {len(here):,}: they "
            f"must be the same. {_HOW}"
        )
    row = next(i for i, (a, b) in enumerate(zip(there, here, strict=True)) if a != b)
    raise InputError(
        f"The initial vectors have other words than the corpus: word {row} is {there[row]!r} "
        f"there and {here[row]!r} in the corpus. {_HOW}"
    )


def _check_loss(model: TrainedModel, job: Job) -> None:
    """The second table means words with the one loss, and nodes of a tree with the other."""
    if not isinstance(model.config, Word2Vec) or not isinstance(job.config, Word2Vec):
        if type(model.config) is not type(job.config):
            raise ConfigError(
                f"The initial model is a {type(model.config).__name__}, whose second table is no "
                f"beginning for {type(job.config).__name__}. Use initial=model.vectors."
            )
        return
    if model.config.loss != job.config.loss:
        raise ConfigError(
            f"The initial model was trained with loss={model.config.loss!r}, which has another "
            f"second table than {job.config.loss!r}. Use that, or initial=model.vectors."
        )
    if job.config.loss == "hierarchical-softmax":
        theirs, ours = model.vectors.vocabulary.counts, job.corpus.vocabulary.counts
        if theirs is None or ours is None or not np.array_equal(theirs, ours):
            raise ConfigError(
                "The Huffman tree comes from the words' counts, and they are not those of the "
                f"initial model. {_HOW} Or use initial=model.vectors."
            )
