"""Word vectors in plain JAX: a dict of arrays, and functions of it.

The dict is a pytree: pass it to `jax.jit`, differentiate by it, keep it with other parameters. The
vocabulary stays outside. Importing this module imports JAX. `wordkin.layers.flax` has a module.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import ConfigError, require
from wordkin.layers import rows as contract
from wordkin.layers.plan import plan_rows
from wordkin.layers.rows import PAD_ROW, UNK_ROW
from wordkin.layers.saving import SavedRows, load_rows, save_rows
from wordkin.layers.settings import LayerSettings

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Unpack

    import jax
    import jax.numpy as jnp

    from wordkin.embedding import Vectors
    from wordkin.layers.plan import LayerPlan
    from wordkin.layers.settings import LayerOptions
    from wordkin.vocabulary import Vocabulary

    Rows = dict[str, jax.Array]
else:
    jax = require("jax", extra="jax")
    jnp = jax.numpy

_DTYPES = ("float32", "float16", "bfloat16", "float64")
_ARRAYS = ("weight", "scales")
_NOT_HERE = ("trainable", "lr_factor", "max_norm")


def jax_rows(
    vectors: Vectors, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
) -> tuple[Rows, Vocabulary]:
    """Make a pytree of word vectors, and check that words come back as their vectors.

    Parameters
    ----------
    vectors : VectorTable or WordVectors
        The vectors.
    vocabulary : Vocabulary, optional
        The words, in order, that the rows shall be of. By default all that have vectors.
    **options
        As `wordkin.layers.settings.LayerSettings` explains them, but for ``trainable`` and
        ``lr_factor`` (what is differentiated is trained, as your optimizer says) and ``max_norm``
        (which `lookup` takes).

    Returns
    -------
    rows : dict of jax.Array
        ``weight`` of shape (n_rows, D), and for a quantized table ``scales`` of shape (n_rows, 1).
    vocabulary : Vocabulary
        Makes ids of texts.

    Raises
    ------
    ConfigError
        If an option can't be kept by plain arrays.
    InputError
        If an argument is not what it should be.

    Examples
    --------
    >>> import wordkin as wk
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[1, 2], [3, 4]])
    >>> rows, vocabulary = jax_rows(table)
    >>> ids = vocabulary.encode_batch(["cat sat", "sat"])
    >>> print(jax.jit(lookup)(rows, ids))
    [[[1. 2.]
      [3. 4.]]
    <BLANKLINE>
     [[3. 4.]
      [0. 0.]]]
    >>> grads = jax.grad(lambda rows: lookup(rows, ids).sum())(rows)
    >>> print(grads["weight"][:, 0])
    [0. 0. 1. 2.]
    """
    settings = LayerSettings(**options)
    for name in _NOT_HERE:
        if getattr(settings, name) != getattr(LayerSettings(), name):
            raise ConfigError(
                f"Plain arrays can't keep {name}: the rows that you differentiate are trained, the "
                "optimizer says how fast, and lookup takes max_norm. WordVectors.to_jax makes a "
                "module that takes it."
            )
    plan = plan_rows(vectors, vocabulary, settings)
    made = rows_of(plan)
    plan.check(np.asarray(lookup(made, plan.probes())))
    return made, plan.vocabulary


def rows_of(plan: LayerPlan) -> Rows:
    """Put rows that are ready on the device.

    Parameters
    ----------
    plan : LayerPlan
        From `wordkin.layers.plan.plan_rows`.

    Returns
    -------
    dict of jax.Array
        As of `jax_rows`.

    Raises
    ------
    ConfigError
        If JAX has no such dtype.
    """
    name = plan.settings.dtype or "float32"
    _check_dtype(name)
    if plan.scales is None:
        return {"weight": jnp.asarray(plan.table, name)}
    return {"weight": jnp.asarray(plan.table), "scales": jnp.asarray(plan.scales[:, None], name)}


def lookup(
    rows: Mapping[str, jax.Array],
    ids: Any,  # noqa: ANN401
    *,
    max_norm: float | None = None,
) -> jax.Array:
    """Look up vectors.

    Parameters
    ----------
    rows : mapping of jax.Array
        From `jax_rows`.
    ids : array or nested list of int
        Shape (...), any rank.
    max_norm : float, optional
        Scale down vectors longer than this.

    Returns
    -------
    jax.Array
        Shape (..., D): exact rows, zero for padding, whose row gets no gradient.

    Raises
    ------
    InputError
        If ids are no integers.
    RowError
        If an id is out of range. Inside `jax.jit`, `jax.vmap` and the like, where nothing can be
        raised, it counts as unknown.
    """
    ids = _checked(ids, rows["weight"].shape[0])
    limit = None if max_norm is None else contract.in_single(max_norm)
    return _found({name: rows[name] for name in _ARRAYS if name in rows}, ids, limit)


def mask(ids: jax.Array) -> jax.Array:
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
    return ids != PAD_ROW


def masked_mean(vectors: jax.Array, mask: jax.Array) -> jax.Array:
    """Take the mean over the words of each text, padding left out.

    Parameters
    ----------
    vectors : jax.Array
        Shape (..., length, D).
    mask : jax.Array
        Shape (..., length), bool: True for words.

    Returns
    -------
    jax.Array
        Shape (..., D); zero for a text without words.
    """
    weights = mask[..., None].astype(vectors.dtype)
    return (vectors * weights).sum(axis=-2) / jnp.maximum(weights.sum(axis=-2), 1)


def save(
    path: str | os.PathLike[str],
    rows: Mapping[str, jax.Array],
    vocabulary: Vocabulary,
    *,
    settings: LayerSettings | None = None,
) -> None:
    """Save rows and vocabulary in one safetensors file, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file.
    rows : mapping of jax.Array
        From `jax_rows`, trained or not.
    vocabulary : Vocabulary
        The one they were made for.
    settings : LayerSettings, optional
        What is kept with them of ``trainable``, ``max_norm`` and ``lr_factor``.

    Raises
    ------
    InputError
        If it is not the vocabulary of these rows.
    FileError
        If the file can't be written.
    """
    scales = rows.get("scales")
    scales = None if scales is None else np.asarray(scales)
    weight = np.asarray(rows["weight"])
    save_rows(path, SavedRows(weight, scales, vocabulary, settings or LayerSettings()))


def load(path: str | os.PathLike[str], dtype: str | None = None) -> tuple[Rows, Vocabulary]:
    """Load what `save` wrote, or the PyTorch module of word vectors.

    Parameters
    ----------
    path : str or path-like
        The file.
    dtype : str, optional
        What the vectors come out in; by default as they were saved.

    Returns
    -------
    rows : dict of jax.Array
        As of `jax_rows`.
    vocabulary : Vocabulary
        The words of the rows.

    Raises
    ------
    FileError
        If there is no such file.
    FormatError
        If it holds no layer, or its vocabulary was changed.
    ConfigError
        If JAX has no such dtype.
    """
    if dtype is not None:
        _check_dtype(dtype)
    saved = load_rows(path)
    return arrays_of(saved, dtype), saved.vocabulary


def arrays_of(saved: SavedRows, dtype: str | None = None) -> Rows:
    """Put rows from a file on the device.

    Parameters
    ----------
    saved : SavedRows
        From `wordkin.layers.saving.load_rows`.
    dtype : str, optional
        What the vectors come out in; by default as they were saved.

    Returns
    -------
    dict of jax.Array
        As of `jax_rows`.
    """
    if saved.scales is None:
        return {"weight": jnp.array(saved.weight, dtype)}
    return {"weight": jnp.array(saved.weight), "scales": jnp.array(saved.scales, dtype)}


# compiled even where the caller is not: one pass over what is found, a third of the time
@functools.partial(jax.jit, static_argnums=2)
def _found(rows: Rows, ids: jax.Array, limit: float | None) -> jax.Array:
    weight, scales = rows["weight"], rows.get("scales")
    found = weight.at[ids].get(mode="promise_in_bounds")
    if scales is not None:
        found = found.astype(scales.dtype) * scales.at[ids].get(mode="promise_in_bounds")
    if limit is not None:
        found = _clipped(found, limit)
    return jnp.where(mask(ids)[..., None], found, jnp.zeros_like(found))


def _checked(ids: Any, n_rows: int) -> jax.Array:  # noqa: ANN401
    """Make an array of ids that are rows."""
    if not isinstance(ids, jax.Array):
        return jnp.asarray(contract.host_ids(ids, n_rows))
    contract.check_integer(ids.dtype.name)
    if not isinstance(ids, jax.core.Tracer):
        contract.check_in_range(np.asarray(ids), n_rows)
        return ids
    # small types could not hold the number of rows
    ids = ids.astype(jnp.int64 if ids.dtype.itemsize == 8 else jnp.int32)
    return jnp.where((ids >= 0) & (ids < n_rows), ids, UNK_ROW)


def _clipped(vectors: jax.Array, limit: float) -> jax.Array:
    wide = vectors.astype(jnp.promote_types(vectors.dtype, jnp.float32))
    squares = jnp.square(wide).sum(axis=-1, keepdims=True)
    # at least the limit before the root, whose slope at zero is infinite
    scale = limit / jnp.sqrt(jnp.maximum(squares, limit * limit))
    return (wide * scale).astype(vectors.dtype)


def _check_dtype(name: str) -> None:
    if name not in _DTYPES or (name == "float64" and not jax.config.jax_enable_x64):
        raise ConfigError(
            f"dtype must be one of {', '.join(_DTYPES)} or None, and float64 needs "
            f"JAX_ENABLE_X64=1; got {name!r}."
        )
