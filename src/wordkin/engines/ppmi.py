"""PPMI on the CPU: counting block by block, then a truncated SVD of the cells' information.

The SVD is a randomised subspace iteration (Halko, Martinsson & Tropp 2011, algorithms 4.4 and 5.1):
a few products of the sparse matrix with V x (D + 20) dense ones, made from the tiles by threads,
with an orthogonal basis found by NumPy after each. SciPy's solvers would need the matrix as one
sparse array in memory, three times what the tiles take, and their product runs on one thread; so
there is no reason to ask for SciPy.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.engines import Learned, Memory
from wordkin.engines.cooccurrence import Counter
from wordkin.errors import ConfigError, TrainingError
from wordkin.kernels import ppmi
from wordkin.kernels.glove import Tiles
from wordkin.progress import task, told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from numpy.typing import NDArray

    from wordkin.config import PPMI
    from wordkin.corpus import Corpus
    from wordkin.engines import Block
    from wordkin.engines.cooccurrence import Cells
    from wordkin.engines.temporary import Store

_BESIDE = 20
"""Directions beside those that are wanted: the last wanted ones come out better."""
_CELLS_AT_ONCE = 1 << 20
_INIT_STREAM = 2**40
_BYTES_BESIDE = 32 << 20


def memory(words: int, config: PPMI, *, workers: int) -> Memory:
    """Work out what a run will take, before there is one.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.
    config : PPMI
        The model.
    workers : int
        Threads.

    Returns
    -------
    Memory
        Bytes; at most so many, not counting the corpus.
    """
    floats = min(config.vector_size + _BESIDE, words)
    return Memory(
        tables=(workers + 5) * words * floats * 4,
        other=config.memory + words * 48 + _BYTES_BESIDE,
        shape=(words, floats),
        layout=f"{workers + 5} matrices of {words:,} x {floats}",
    )


class PPMIRun:
    """A corpus that is being counted; the last block brings the vectors.

    Parameters
    ----------
    corpus : Corpus
        What to learn from.
    config : PPMI
        The model.
    seed : int
        Fixes the directions that the SVD begins with.
    workers : int
        Threads.
    """

    def __init__(self, corpus: Corpus, config: PPMI, *, seed: int, workers: int) -> None:
        self._corpus, self._config, self._seed, self._workers = corpus, config, seed, workers
        self._counter: Counter | None = Counter(corpus, config, workers=workers)
        self._counted = 0
        self._found: _Factors | None = None

    def warm_up(self) -> None:
        """Do nothing: the first count compiles what it needs, and is no speed of learning."""

    def update(self, block: Block) -> Learned:
        """Count a block, and those before it that have not been counted by this run.

        Parameters
        ----------
        block : Block
            Which tokens.

        Returns
        -------
        Learned
            The tokens. With the last block, as the loss of one "pair", the share of the squares of
            all cells that the vectors leave out.
        """
        if self._counter is not None and block.stop > self._counted:
            self._counter.count(self._counted, block.stop)
            self._counted = block.stop
        tokens = block.stop - block.start
        if tokens and block.stop == self._corpus.n_tokens:
            return Learned(tokens, self._factors().left_out, 1)
        return Learned(tokens, 0.0, 0)

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """No matrices: there are none before the end, and a run that goes on counts again.

        Returns
        -------
        mapping
            Empty.
        """
        return {}

    def vectors(self) -> NDArray[np.float32]:
        """Make the word vectors; what is left of the text is counted first.

        Returns
        -------
        ndarray
            Shape (V, D), float32.
        """
        return self._factors().vectors

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Refuse matrices to go on from: counts have none.

        Parameters
        ----------
        arrays : mapping
            Nothing.

        Raises
        ------
        ConfigError
            If there are any.
        """
        if arrays:
            raise ConfigError(
                "PPMI is computed from counts and can't go on from vectors. Leave initial out."
            )

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices.

        Returns
        -------
        mapping
            "input", the word vectors, and "context", C-contiguous (V, D).
        """
        # who was stopped early has what it has counted; who goes on from the checkpoint of its end
        # has counted nothing, and has to
        found = self._factorised() if self._found is None and self._counted else self._factors()
        self.close()
        return {"input": found.vectors, "context": found.context}

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped."""
        if self._counter is not None:
            self._counter.close()
            self._counter = None

    def _factors(self) -> _Factors:
        if self._found is None:
            if self._counter is not None:
                self._counter.count(self._counted, self._corpus.n_tokens)
            self._found = self._factorised()
        return self._found

    def _factorised(self) -> _Factors:
        """The vectors of what was counted."""
        counter = self._counter
        if counter is None:
            raise TrainingError("This run was closed before it had vectors.")
        cells, words = counter.merged(), len(self._corpus.vocabulary)
        with self._matrix(cells, words, counter.store) as matrix:
            found = _factors(matrix, self._config, self._seed)
        self.close()
        return found

    def _matrix(self, cells: Cells, words: int, store: Store) -> _Matrix:
        return _Matrix(cells, words, config=self._config, store=store, workers=self._workers)


class _Factors(NamedTuple):
    """The two sides of the nearest matrix of few dimensions."""

    vectors: NDArray[np.float32]
    context: NDArray[np.float32]
    left_out: float
    """The share of the squares of all cells that is not in it."""


class _Matrix:
    """The information of all cells, which can be multiplied."""

    def __init__(
        self, cells: Cells, words: int, *, config: PPMI, store: Store, workers: int
    ) -> None:
        self.words = words
        self._tiles = Tiles(*cells)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="wordkin-ppmi")
        shares = np.linspace(0, cells.starts[-1], workers + 1)
        self._parts = np.searchsorted(cells.starts, shares).tolist()
        self._parts[-1] = len(cells.rows)
        rows, columns = np.zeros(words), np.zeros(words)
        ppmi.add_margins(self._tiles, 0, len(cells.rows), rows, columns)
        smoothed = columns**config.context_smoothing * (columns > 0)
        with np.errstate(divide="ignore"):  # words without a cell are never asked for
            given = np.log(rows), np.log(smoothed / max(smoothed.sum(), 1e-300))
        there, back = store.spool(np.float32), store.spool(np.float32)
        self.squares = 0.0
        stretches = _stretches(cells.starts)
        for first, last in told(stretches, "weighing co-occurrences", unit="M counts"):
            a, b = cells.starts[first], cells.starts[last]
            some = Tiles(
                cells.places[a:b],
                cells.counts[a:b],
                cells.starts[first : last + 1] - a,
                cells.rows[first:last],
                cells.columns[first:last],
                cells.symmetric,
            )
            here = np.empty(b - a, np.float32), np.empty(b - a, np.float32)
            shift = float(np.log(config.shift))
            self.squares += ppmi.information(some, 0, last - first, *given, shift, *here)
            store.append(there, here[0])
            store.append(back, here[1])
        self._there, self._back = np.asarray(there.array()), np.asarray(back.array())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def times(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._product(x, self._there, self._back)

    def transposed_times(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._product(x, self._back, self._there)

    def _product(
        self, x: NDArray[np.float32], there: NDArray[np.float32], back: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        def part(first: int, last: int) -> NDArray[np.float32]:
            out = np.zeros(x.shape, np.float32)
            ppmi.multiply(self._tiles, first, last, there, back, x, out)
            return out

        parts = itertools.pairwise(self._parts)
        first, *others = [self._pool.submit(part, a, b) for a, b in parts]
        result = first.result()
        for other in others:
            result += other.result()
        return result


def _stretches(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Cut the tiles into stretches of not too many cells."""
    wanted = np.arange(0, starts[-1], _CELLS_AT_ONCE)
    cuts = np.unique(np.append(np.searchsorted(starts, wanted), len(starts) - 1))
    return list(itertools.pairwise(cuts.tolist()))


def _factors(matrix: _Matrix, config: PPMI, seed: int) -> _Factors:
    size = config.vector_size
    wide = min(size + _BESIDE, matrix.words)
    rng = np.random.default_rng([seed, _INIT_STREAM])
    with task("finding vectors", 2 * config.iterations + 2, "products") as advance:
        left = _basis(matrix.times(rng.standard_normal((matrix.words, wide), np.float32)))
        advance(1)
        for _ in range(config.iterations):
            left = _basis(matrix.times(_basis(matrix.transposed_times(left))))
            advance(2)
        across = matrix.transposed_times(left)
        advance(1)
    # left' A = across', and so A is about left (u S^2 u') left' A: u and S come from across
    squares, u = np.linalg.eigh(_gram(across))
    kept = min(size, wide)
    values = np.sqrt(np.maximum(squares[::-1][:kept], 0)).astype(np.float32)
    turn = u[:, ::-1][:, :kept].astype(np.float32)
    u = left @ turn
    v = across @ (turn / np.maximum(values, 1e-30))
    signs = np.sign(u[np.argmax(np.abs(u), axis=0), np.arange(kept)])
    return _Factors(
        _scaled(u * signs, values, power=config.eigenvalue_weight, size=size),
        _scaled(v * signs, values, power=1 - config.eigenvalue_weight, size=size),
        1 - float((values.astype(np.float64) ** 2).sum()) / max(matrix.squares, 1e-300),
    )


def _basis(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Orthonormal columns that span the same space; columns of zeros where it is narrower.

    By the eigenvectors of x' x, twice, because the first time rounding leaves angles. Householder's
    way, `numpy.linalg.qr`, takes 20 times as long for so many rows and so few columns.
    """
    for _ in range(2):
        squares, directions = np.linalg.eigh(_gram(x))
        real = squares > 1e-6 * max(float(squares[-1]), 1e-30)
        scales = np.where(real, 1 / np.sqrt(np.maximum(squares, 1e-30)), 0)
        x = x @ (directions * scales).astype(np.float32)
    return x


def _gram(x: NDArray[np.float32]) -> NDArray[np.float64]:
    return (x.T @ x).astype(np.float64)


def _scaled(
    directions: NDArray[np.float32], values: NDArray[np.float32], *, power: float, size: int
) -> NDArray[np.float32]:
    """Singular vectors, each times a power of its value; what there is none for stays zero."""
    out = np.zeros((len(directions), size), np.float32)
    real = values > 1e-6 * max(float(values[0]), 1e-30)
    weights = np.where(real, np.maximum(values, 1e-30) ** power, 0)
    out[:, : len(values)] = directions * weights.astype(np.float32)
    return out


make_run = PPMIRun
