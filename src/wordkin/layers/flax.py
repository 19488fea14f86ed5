"""Word vectors as a Flax NNX module. Importing this module imports JAX and Flax.

The vocabulary is a variable of the module, as bytes, so that every checkpoint of its state carries
it. (A static attribute would be hashed, word by word, at each call of `flax.nnx.jit`.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from wordkin.errors import InputError, require
from wordkin.layers import jax as plain
from wordkin.layers.plan import plan_rows
from wordkin.layers.saving import load_rows, pack, unpack
from wordkin.layers.settings import LayerSettings

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Self, Unpack

    import jax
    import jax.numpy as jnp
    from flax import nnx

    from wordkin.embedding import EmbeddingReport, Vectors
    from wordkin.layers.settings import LayerOptions
    from wordkin.vocabulary import Vocabulary
else:
    jax, nnx = require("jax", extra="jax"), require("flax.nnx", extra="jax")
    jnp = jax.numpy

_FINGERPRINT = 64  # digits, which the bytes of a vocabulary begin with


class WordRows(nnx.Param):
    """The rows of a layer that training changes: a parameter like any other."""


class FrozenRows(nnx.Variable):
    """The rows of a layer that training leaves alone: `nnx.Param` does not match them."""


class _Known:
    """The vocabulary of some bytes, so that they need not be read again; equal to itself only."""

    def __init__(self) -> None:
        self.fingerprint = b""
        self.vocabulary: Vocabulary | None = None


@final
class WordEmbedding(nnx.Module):
    """Look up a vector for each id: row 0 is padding, row 1 unknown, words follow.

    Make one with `flax_layer`, or with `load`. The row of padding comes out as zero and no
    training moves it. An id that is out of range raises a `RowError`; inside `nnx.jit`, where
    nothing can be raised, it counts as unknown.

    Parameters
    ----------
    arrays : mapping of jax.Array
        ``weight`` and perhaps ``scales``, as of `wordkin.layers.jax.jax_rows`.
    vocabulary : Vocabulary
        The words of the rows.
    settings : LayerSettings, optional
        ``trainable``, ``max_norm`` and ``lr_factor`` matter here.

    Attributes
    ----------
    weight : WordRows or FrozenRows
        Shape (n_rows, D).
    scales : FrozenRows or None
        Shape (n_rows, 1), for a quantized table.
    words : nnx.Variable
        The bytes of the vocabulary.
    report : EmbeddingReport or None
        Hits and misses, where the layer was made of vectors.
    """

    def __init__(
        self,
        arrays: Mapping[str, jax.Array],
        vocabulary: Vocabulary,
        *,
        settings: LayerSettings | None = None,
    ) -> None:
        # without the words in use, which may be a whole corpus
        self.settings = settings = replace(settings or LayerSettings(), only=None)
        kind = WordRows if settings.trainable is True else FrozenRows
        self.weight = nnx.data(kind(arrays["weight"]))
        self.scales = nnx.data(FrozenRows(arrays["scales"]) if "scales" in arrays else None)
        packed = np.frombuffer(pack(vocabulary, settings), np.uint8)
        self.report: EmbeddingReport | None = None
        self.words = nnx.Variable(jnp.asarray(packed))
        self._known = _Known()
        self._known.fingerprint, self._known.vocabulary = _head(packed), vocabulary

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the rows; with it a text becomes ids: ``layer.vocabulary.encode_batch``."""
        packed, known = np.asarray(self.words[...]), self._known
        if known.vocabulary is None or known.fingerprint != _head(packed):
            known.vocabulary, _ = unpack(packed.tobytes())
            known.fingerprint = _head(packed)
        return known.vocabulary

    @property
    def n_rows(self) -> int:
        """How many rows there are, padding and unknown included."""
        return int(self.weight[...].shape[0])

    @property
    def arrays(self) -> dict[str, jax.Array]:
        """The arrays for `wordkin.layers.jax.lookup`."""
        scales = {} if self.scales is None else {"scales": self.scales[...]}
        return {"weight": self.weight[...], **scales}

    def __call__(self, ids: Any) -> jax.Array:  # noqa: ANN401
        """Look up vectors.

        Parameters
        ----------
        ids : array or nested list of int
            Shape (...), any rank.

        Returns
        -------
        jax.Array
            Shape (..., D): exact rows of the table, zero for padding.

        Raises
        ------
        InputError
            If ids are no integers.
        RowError
            If an id is out of range (outside of compiled steps).
        """
        return plain.lookup(self.arrays, ids, max_norm=self.settings.max_norm)

    def mask(self, ids: jax.Array) -> jax.Array:
        """Tell which positions hold words.

        Parameters
        ----------
        ids : jax.Array
            Shape (...).

        Returns
        -------
        jax.Array
            Shape (...), bool: False for padding.
        """
        return plain.mask(ids)

    def begin_epoch(self, epoch: int) -> bool:
        """Let training change the vectors from the epoch on that ``trainable="after:N"`` names.

        Parameters
        ----------
        epoch : int
            The epoch that begins; the first is 0.

        Returns
        -------
        bool
            Whether training changes the vectors in this epoch. When that changes, the rows become
            parameters or cease to be, and an `nnx.Optimizer` has to be made anew.
        """
        trains = self.settings.trains and epoch >= self.settings.frozen_epochs
        if isinstance(self.weight, WordRows) != trains:
            self.weight = (WordRows if trains else FrozenRows)(self.weight[...])
        return trains

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save rows and vocabulary in one safetensors file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            The file. `load` opens it, and so do the other frameworks.

        Raises
        ------
        FileError
            If the file can't be written.
        """
        plain.save(path, self.arrays, self.vocabulary, settings=self.settings)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Make a module again from a file.

        Parameters
        ----------
        path : str or path-like
            What `save` wrote, here or in another framework.

        Returns
        -------
        WordEmbedding
            With rows, vocabulary and settings of the file.

        Raises
        ------
        FileError
            If there is no such file.
        FormatError
            If it holds no layer, or its vocabulary was changed.
        """
        saved = load_rows(path)
        return cls(plain.arrays_of(saved), saved.vocabulary, settings=saved.settings)


def flax_layer(
    vectors: Vectors, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
) -> WordEmbedding:
    """Make a Flax NNX module of word vectors, and check that words come back as their vectors.

    Parameters
    ----------
    vectors : VectorTable or WordVectors
        The vectors.
    vocabulary : Vocabulary, optional
        The words, in order, that the layer shall know, such as those of a training set. By
        default all that have vectors.
    **options
        As `wordkin.layers.settings.LayerSettings` explains them. ``trainable="after:2"`` works by
        `WordEmbedding.begin_epoch`, ``lr_factor`` by `scale_words`.

    Returns
    -------
    WordEmbedding
        A `flax.nnx.Module` with ``.vocabulary``, which makes ids of texts, and ``.report``, which
        counts hits and misses.

    Raises
    ------
    InputError
        If an argument is not what it should be.
    RowError
        If a word does not come back as its vector (which would be a fault of ours).

    Examples
    --------
    >>> import wordkin as wk
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[1, 2], [3, 4]])
    >>> layer = flax_layer(table)
    >>> print(layer(layer.vocabulary.encode_batch(["cat sat", "sat"]))[1])
    [[3. 4.]
     [0. 0.]]
    """
    settings = LayerSettings(**options)
    plan = plan_rows(vectors, vocabulary, settings)
    layer = WordEmbedding(plain.rows_of(plan), plan.vocabulary, settings=settings)
    layer.report = plan.report
    plan.check(np.asarray(layer(plan.probes())))
    return layer


def scale_words(model: nnx.Module, factor: float | None = None) -> Any:  # noqa: ANN401
    """Make the last step of an optimizer: word vectors move by a factor less than the rest.

    Parameters
    ----------
    model : nnx.Module
        A model with `WordEmbedding` modules in it, all trainable by now.
    factor : float, optional
        What their updates are multiplied with. By default the ``lr_factor`` of each layer.

    Returns
    -------
    optax.GradientTransformation
        For the end of `optax.chain`, after the optimizer itself.

    Raises
    ------
    InputError
        If the model has no rows that are trained.

    Examples
    --------
    >>> import optax
    >>> import wordkin as wk
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[1, 2], [3, 4]])
    >>> model = flax_layer(table, trainable=True)
    >>> steps = optax.chain(optax.sgd(1.0), scale_words(model, 0.1))
    >>> optimizer = nnx.Optimizer(model, steps, wrt=nnx.Param)
    >>> optimizer.update(model, nnx.grad(lambda model: model([2]).sum())(model)) and None
    >>> print(model.weight[...][2])
    [0.9 1.9]
    """
    optax = require("optax", extra="jax")
    factors = {
        (*path, "weight"): part.settings.lr_factor if factor is None else factor
        for path, part in nnx.iter_modules(model)
        if isinstance(part, WordEmbedding) and isinstance(part.weight, WordRows)
    }
    if not factors:
        raise InputError("No word vectors of this model are trained: trainable=True trains them.")

    def scaled(path: tuple[Any, ...], update: jax.Array) -> jax.Array:
        keys = tuple(getattr(key, "key", None) for key in path)
        return update * factors.get(keys, 1)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:  # noqa: ANN401
        return jax.tree_util.tree_map_with_path(scaled, updates), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _head(packed: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    return packed[:_FINGERPRINT].tobytes()
