"""What gensim saves: KeyedVectors, Word2Vec and FastText of versions 0.12 to 4, never run.

They are pickles; large arrays lie beside them in ``.npy`` files. See `wordkin.formats.pickles` for
how they are read without calling anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.arrays import map_npy
from wordkin.errors import FileError, FormatError
from wordkin.formats.binary import ByteReader, all_usable
from wordkin.formats.pickled import Made, array_of
from wordkin.formats.pickles import read_pickle
from wordkin.formats.rows import naming
from wordkin.subwords import Subwords, sum_rows
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How pickles begin, of protocols 2 to 5."""

_MODELS = "gensim.models."
# all of these are only names here: nothing is imported, nothing is called
_CLASSES = {
    "keyedvectors": (
        "KeyedVectors", "Word2VecKeyedVectors", "FastTextKeyedVectors", "BaseKeyedVectors",
        "WordEmbeddingsKeyedVectors", "EuclideanKeyedVectors", "Doc2VecKeyedVectors", "Vocab",
        "CompatVocab",
    ),
    "word2vec": ("Word2Vec", "Word2VecVocab", "Word2VecTrainables", "Vocab"),
    "fasttext": ("FastText", "FastTextKeyedVectors", "FastTextVocab", "FastTextTrainables"),
    "doc2vec": ("Doc2Vec", "Doc2VecVocab", "Doc2VecTrainables", "DocvecsArray"),
}  # fmt: skip
_NAMES = {
    *(f"{_MODELS}{module}.{name}" for module, names in _CLASSES.items() for name in names),
    "gensim.utils.call_on_class_only", "numpy.ndarray", "numpy.dtype",
    "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
    "numpy.random.__RandomState_ctor", "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__bit_generator_ctor", "numpy.random._mt19937.MT19937",
    "builtins.hash", "builtins.int", "builtins.long", "builtins.float", "builtins.set",
    "builtins.frozenset", "builtins.object", "builtins.bytes", "collections.defaultdict",
    "collections.OrderedDict", "_codecs.encode", "copyreg._reconstructor",
    "copy_reg._reconstructor",
}  # fmt: skip
_AT_ONCE = 4096


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is a pickle of gensim's.

    Parameters
    ----------
    head : bytes
        The first bytes.

    Returns
    -------
    bool
        True for a pickle that names a model of gensim; others may be anything.
    """
    return head.startswith(PICKLES) and _MODELS[:-1].encode() in head[:200]


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read what gensim saved, without running it.

    Parameters
    ----------
    path : str or path-like
        The file; the ``.npy`` files that gensim made with it must lie beside it.

    Returns
    -------
    VectorTable
        The words with counts, if they are there. FastText has ``subwords``.

    Raises
    ------
    FileError
        If a file is missing or can't be read.
    FormatError
        If the pickle names anything that vectors don't need, or a file is damaged.
    """
    with naming(path):
        with ByteReader(path) as file:
            saved = read_pickle(file.read(file.size, "a pickle"), _NAMES)
        if not isinstance(saved, Made) or not saved.by.startswith(_MODELS):
            raise FormatError("The pickle holds no model or vectors of gensim.")
        holder, prefix = saved, str(path)
        inner = saved.get("wv")
        if isinstance(inner, Made):
            holder, prefix = inner, f"{path}.wv"
        return _table(saved, holder, prefix)


def _table(saved: Made, holder: Made, prefix: str) -> VectorTable:
    words = _words(holder)
    if not words:
        raise FormatError(f"The pickle of {saved.by!r} has no list of words.")
    matrix = _matrix(holder, prefix, "vectors", "syn0")
    subwords = _subwords(holder, prefix)
    if subwords is not None and matrix is None:
        matrix = _sums(holder, prefix, words, subwords=subwords)
    if matrix is None:
        raise FormatError(f"The pickle of {saved.by!r} has no vectors, nor are they beside it.")
    settings: dict[str, Any] = {"format": "gensim", "class": saved.by}
    for name in ("vector_size", "window", "min_count", "negative", "sg", "hs", "epochs", "sample"):
        value = saved.get(name)
        if type(value) in (int, float):
            settings[name] = value
    if len(words) != len(matrix):
        raise FormatError(f"There are {len(words)} words and {len(matrix)} vectors.")
    texts: dict[str, int] = {}
    for row, word in enumerate(words):
        texts.setdefault(word, row)
    settings["duplicates"] = len(words) - len(texts)
    rows = list(texts.values())
    matrix = matrix if len(rows) == len(words) else matrix[rows]
    counts = _counts(holder, words)
    vocabulary = Vocabulary(list(texts), None if counts is None else counts[rows])
    return VectorTable.from_arrays(vocabulary, matrix, settings=settings, subwords=subwords)


def _words(holder: Made) -> list[str]:
    for name in ("index_to_key", "index2word", "index2entity"):
        listed = holder.get(name)
        if isinstance(listed, list):
            return [_text(word) for word in listed]
    return []


def _text(word: object) -> str:
    if isinstance(word, str):
        # a lone surrogate has no UTF-8; no text has one, but a pickle may
        return word.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")
    if isinstance(word, bytes):
        return word.decode("utf-8", "backslashreplace")
    if isinstance(word, int):
        return str(word)
    raise FormatError(f"A word of the pickle is no text: {type(word).__name__}.")


def _counts(holder: Made, words: list[str]) -> NDArray[np.int64] | None:
    expandos = holder.get("expandos")
    if isinstance(expandos, dict):
        counts = array_of(expandos.get("count"))
        if counts is not None and counts.shape == (len(words),) and counts.dtype.kind in "iu":
            return _counted(counts.astype(np.int64))
    vocab = holder.get("vocab")
    if not isinstance(vocab, dict) or not vocab:
        return None
    by_word = {_text(word): made for word, made in vocab.items() if isinstance(made, Made)}
    found = [made.get("count") if (made := by_word.get(word)) else None for word in words]
    if not all(type(count) is int and 0 <= count < 2**62 for count in found):
        return None
    return _counted(np.array(found, np.int64))


def _counted(counts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    return counts if (counts >= 0).all() else None


def _matrix(holder: Made, prefix: str, *names: str) -> NDArray[Any] | None:
    """Find a matrix in the pickle or beside it; only these names are ever looked for."""
    for name in names:
        array = array_of(holder.get(name))
        if array is None and _is_beside(holder, name):
            array = _beside(f"{prefix}.{name}.npy")
        if array is not None:
            if array.ndim != 2 or array.dtype.kind != "f" or 0 in array.shape:
                raise FormatError(f"{name!r} is no matrix of real numbers.")
            return array
    return None


def _is_beside(holder: Made, name: str) -> bool:
    listed = holder.get("__numpys")
    return isinstance(listed, list) and (name in listed or name.encode() in listed)


def _beside(path: str) -> NDArray[Any]:
    if not Path(path).is_file():
        raise FileError(
            f"The file {path!r} is missing: gensim keeps large arrays beside its pickle. Copy all "
            "files that begin with the same name."
        )
    with naming(path):
        return np.asarray(map_npy(path))


def _subwords(holder: Made, prefix: str) -> Subwords | None:
    numbers = [holder.get(name) for name in ("bucket", "min_n", "max_n")]
    if not all(type(number) is int for number in numbers):
        return None
    bucket, min_n, max_n = numbers
    rows = _matrix(holder, prefix, "vectors_ngrams", "syn0_ngrams") if bucket else None
    if rows is None or max_n < max(1, min_n):
        return None
    kept = None
    used = holder.get("hash2index")
    if isinstance(used, dict) and used:
        pairs = [(key, value) for key, value in used.items() if type(key) is type(value) is int]
        kept = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    # before version 3.7 there was no such attribute, and the hash was another
    by_characters = holder.get("compatible_hash") is not True
    index = FastTextIndex(bucket, min_n, max_n, kept, exempt=b"", characters=by_characters)
    with np.errstate(over="ignore"):
        table = np.ascontiguousarray(rows, np.float32)
    if not all_usable(table):
        raise FormatError("The rows of n-grams hold NaN, infinity or numbers beyond 1e30.")
    return Subwords(table, index)


def _sums(
    holder: Made, prefix: str, words: list[str], *, subwords: Subwords
) -> NDArray[Any] | None:
    """Sum up as gensim does when it loads: a word's own row, then its n-grams', divided."""
    own = _matrix(holder, prefix, "vectors_vocab", "syn0_vocab")
    if own is None or len(own) != len(words) or own.shape[1] != subwords.matrix.shape[1]:
        return None
    with np.errstate(over="ignore"):  # refused when the table is made
        vectors = np.array(own, np.float32)
    for start in range(0, len(words), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        encoded = [word.encode("utf-8", "surrogatepass") for word in words[some]]
        grams, counts = subwords.index.rows(encoded)
        with np.errstate(over="ignore", invalid="ignore"):  # refused when the table is made
            sum_rows(subwords.matrix, grams, counts, out=vectors[some])
            vectors[some] /= (counts + 1).astype(np.float32)[:, None]
    return vectors
