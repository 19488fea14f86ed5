"""Tables on a device: how each backend of Keras compiles a step and adds to rows in place.

The one thing that `keras.ops` can't say is "add to these rows of the table and leave the others
where they are": its `scatter_update` returns a new table, and copying two tables takes longer than
a step (20 ms instead of 0.4 ms for one of 70,000 x 100 on two cores).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from wordkin.errors import ConfigError
from wordkin.frameworks import import_keras

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from wordkin.engines.keras_step import Batch

    Step = Callable[[Sequence[Any], Batch], Any]

Tensor = Any
"""Of the backend."""


class Tables(Protocol):
    """Matrices that live where the backend computes."""

    def learn(self, batches: Batch) -> Tensor:
        """Take a step for each batch of a stack; return the sum of their losses, maybe later."""
        ...

    def get(self, number: int) -> NDArray[np.float32]:
        """Copy a table to the host."""
        ...

    def set(self, number: int, table: NDArray[np.float32]) -> None:
        """Replace a table."""
        ...


def make_tables(arrays: list[NDArray[np.float32]], step: Step) -> Tables:
    """Put tables where Keras computes.

    Parameters
    ----------
    arrays : list of ndarray
        Shape (V, D) each.
    step : callable
        What to compile, from `keras_step.make_step`.

    Returns
    -------
    Tables
        On the backend's device.

    Raises
    ------
    ConfigError
        If Keras runs on a backend that can't train.
    """
    backend = import_keras().config.backend()
    known: dict[str, Any] = {"jax": _OnJax, "tensorflow": _OnTensorFlow, "torch": _OnTorch}
    if backend not in known:
        raise ConfigError(
            f"Keras runs on {backend!r}, on which the engine can't train. Set KERAS_BACKEND to one "
            f"of {', '.join(known)} before Keras is imported."
        )
    tables: Tables = known[backend](arrays, step)
    return tables


class _OnJax:
    def __init__(self, arrays: list[NDArray[np.float32]], step: Step) -> None:
        import jax

        def one(tables: tuple[Tensor, ...], batch: Batch) -> tuple[tuple[Tensor, ...], Tensor]:
            changes, loss = step(tables, batch)
            new = list(tables)
            for table, rows, values in changes:
                new[table] = new[table].at[rows].add(values)
            return tuple(new), loss

        def learn(tables: tuple[Tensor, ...], batches: Batch) -> tuple[tuple[Tensor, ...], Tensor]:
            tables, losses = jax.lax.scan(one, tables, batches)
            return tables, losses.sum(axis=0)

        self._put = jax.device_put
        self._learn = jax.jit(learn, donate_argnums=0)  # donated: changed in place
        self._tables = tuple(self._put(array) for array in arrays)

    def learn(self, batches: Batch) -> Tensor:
        self._tables, loss = self._learn(self._tables, batches)
        return loss

    def get(self, number: int) -> NDArray[np.float32]:
        return np.array(self._tables[number])

    def set(self, number: int, table: NDArray[np.float32]) -> None:
        tables = list(self._tables)
        tables[number] = self._put(np.array(table, np.float32))
        self._tables = tuple(tables)


class _OnTensorFlow:
    def __init__(self, arrays: list[NDArray[np.float32]], step: Step) -> None:
        import tensorflow as tf

        variables = [tf.Variable(array) for array in arrays]

        def learn(batches: Batch) -> Tensor:
            kind = type(batches)

            def one(i: Tensor, tables: list[Tensor], total: Tensor) -> tuple[Tensor, ...]:
                changes, loss = step(tables, kind(*(tensor[i] for tensor in batches)))
                for table, rows, values in changes:
                    tables[table] = tf.tensor_scatter_nd_add(tables[table], rows[:, None], values)
                return i + 1, tables, total + loss

            steps = batches.alpha.shape[0]
            state = (0, [tf.convert_to_tensor(each) for each in variables], tf.zeros(2))
            _, tables, total = tf.while_loop(lambda i, *_: i < steps, one, state)
            for variable, table in zip(variables, tables, strict=True):
                variable.assign(table)
            return total

        # compiled by XLA tables are changed in place; otherwise they are copied at each step
        self._learn = tf.function(learn, jit_compile=True)
        self._tables, self._tensor = variables, tf.convert_to_tensor

    def learn(self, batches: Batch) -> Tensor:
        return self._learn(type(batches)(*map(self._tensor, batches)))

    def get(self, number: int) -> NDArray[np.float32]:
        return np.array(self._tables[number].numpy())

    def set(self, number: int, table: NDArray[np.float32]) -> None:
        self._tables[number].assign(table)


class _OnTorch:
    def __init__(self, arrays: list[NDArray[np.float32]], step: Step) -> None:
        import torch

        self._tensor = import_keras().ops.convert_to_tensor  # on Keras' device
        self._tables = [self._tensor(array).clone() for array in arrays]
        self._step, self._no_grad = step, torch.no_grad

    def learn(self, batches: Batch) -> Tensor:
        kind, total = type(batches), 0
        with self._no_grad():
            for batch in zip(*map(self._tensor, batches), strict=True):
                changes, loss = self._step(self._tables, kind(*batch))
                for table, rows, values in changes:
                    self._tables[table].index_add_(0, rows, values)
                total = total + loss
        return total

    def get(self, number: int) -> NDArray[np.float32]:
        return np.array(self._tables[number].cpu().numpy())

    def set(self, number: int, table: NDArray[np.float32]) -> None:
        self._tables[number].copy_(self._tensor(np.ascontiguousarray(table)))
