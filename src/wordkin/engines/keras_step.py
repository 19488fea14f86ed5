"""One step of skip-gram or CBOW in `keras.ops`: gradients written out, no row touched in vain.

A batch is N stretches of L neighbouring words, the *centres*. With the W words on either side a
stretch has H = L + 2 W *contexts*, and it shares S *noise* words. All that meets in a stretch meets
in three small matrix products (scores, and the two gradients), which is what devices are good at;
a mask (the *band*) says which context lies in whose window.

A batch learns from old rows, so the many changes of one frequent row add up to a step that is too
long, and training explodes. Each row's changes are therefore scaled by min(1, _STEADY / n), where
n counts the row's comparisons in the batch: rare rows keep their full step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from wordkin.frameworks import import_keras

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import keras

    from wordkin.config import Word2Vec
else:
    keras = import_keras()

ops = keras.ops

_CAUTION = 0.25

Tensor = Any
"""Of whatever backend Keras runs on."""


class Batch(NamedTuple):
    """What a step learns from; word ids, int32."""

    contexts: Tensor  # (N, H)
    places: Tensor  # (N, H) the number of each among the kept words; sentences lie far apart
    reaches: Tensor  # (N, L) of each centre: its window; -1 where there is none
    noise: Tensor  # (N, S)
    alpha: Tensor  # () float32


class Change(NamedTuple):
    """What to add to a table."""

    table: int
    rows: Tensor  # (n,) a row may come several times
    values: Tensor  # (n, D)


def make_step(config: Word2Vec, words: int) -> Callable[[Sequence[Tensor], Batch], Any]:
    """Make the function that a backend compiles.

    Parameters
    ----------
    config : Word2Vec
        The model.
    words : int
        The size V of the vocabulary.

    Returns
    -------
    callable
        ``step(tables, batch)`` returns the changes, and (summed loss, pairs) of the first stretch.
    """
    learn = _cbow if config.averages else _skipgram
    two = 0 if config.shared_table else 1

    def step(tables: Sequence[Tensor], batch: Batch) -> tuple[list[Change], Tensor]:
        window = (batch.contexts.shape[1] - batch.reaches.shape[1]) // 2
        end = batch.contexts.shape[1] - window
        centres = batch.contexts[:, window:end]
        targets = ops.concatenate([centres, batch.noise], axis=1)
        x = ops.take(tables[0], batch.contexts, axis=0)
        y = ops.take(tables[two], targets, axis=0)
        away = ops.abs(batch.places[:, :, None] - batch.places[:, None, window:end])
        near = ops.logical_and(away >= 1, away <= batch.reaches[:, None, :])
        band = ops.cast(near, "float32")
        # noise that is the centre itself does not count
        other = ops.cast(centres[:, :, None] != batch.noise[:, None, :], "float32")
        share = config.negative / batch.noise.shape[1]
        found = learn(x, y, band=band, other=other * share)
        seen = [
            _Seen(batch.contexts, found.x, found.x_curvature),
            _Seen(targets, found.y, found.y_curvature),
        ]
        flat = [_Seen(*(ops.reshape(t, (-1, *t.shape[2:])) for t in each)) for each in seen]
        if not two:
            flat = [_Seen(*(ops.concatenate(pair, axis=0) for pair in zip(*flat, strict=True)))]
        changes = [
            Change(i, each.rows, _safe_step(each, batch.alpha, words))
            for i, each in enumerate(flat)
        ]
        return changes, found.loss

    return step


class _Seen(NamedTuple):
    """Gradients of rows, and the curvature of the loss along each."""

    rows: Tensor
    gradient: Tensor
    curvature: Tensor


def _safe_step(seen: _Seen, alpha: Tensor, words: int) -> Tensor:
    """Shorten the steps of rows whose gradients, added up, would carry them too far."""
    total = ops.segment_sum(seen.curvature, seen.rows, num_segments=words)
    steepness = alpha * _CAUTION * ops.take(total, seen.rows, axis=0)
    return seen.gradient * (alpha / ops.maximum(steepness, 1.0))[:, None]


class _Found(NamedTuple):
    """Gradients of a batch, and bounds of the curvature along each row."""

    x: Tensor  # (N, H, D)
    y: Tensor  # (N, L + S, D)
    x_curvature: Tensor  # (N, H)
    y_curvature: Tensor  # (N, L + S)
    loss: Tensor  # (2,)


def _skipgram(x: Tensor, y: Tensor, *, band: Tensor, other: Tensor) -> _Found:
    """Each context predicts the centres in whose windows it lies."""
    weight = ops.concatenate([band, ops.matmul(band, other)], axis=-1)  # (N, H, L + S)
    right = ops.concatenate([band, ops.zeros_like(weight[:, :, band.shape[2] :])], axis=-1)
    scores = ops.matmul(x, ops.transpose(y, (0, 2, 1)))
    gradient = right - weight * ops.sigmoid(scores)
    signed = ops.where(right[0] > 0, scores[0], -scores[0])
    loss = ops.sum(weight[0] * ops.softplus(-signed))
    return _Found(
        ops.matmul(gradient, y),
        ops.matmul(ops.transpose(gradient, (0, 2, 1)), x),
        _times(weight, ops.sum(y * y, axis=2)),
        _times(ops.transpose(weight, (0, 2, 1)), ops.sum(x * x, axis=2)),
        ops.stack([loss, ops.sum(band[0])]),
    )


def _cbow(x: Tensor, y: Tensor, *, band: Tensor, other: Tensor) -> _Found:
    """The mean of its contexts predicts each centre; each context takes the mean's change."""
    n_centres = band.shape[2]
    size = ops.sum(band, axis=1)  # (N, L)
    there = ops.cast(size > 0, "float32")
    mean = ops.matmul(ops.transpose(band, (0, 2, 1)), x) / ops.maximum(size, 1.0)[:, :, None]
    centre, noise = y[:, :n_centres], y[:, n_centres:]
    score = ops.sum(mean * centre, axis=-1)  # (N, L)
    scores = ops.matmul(mean, ops.transpose(noise, (0, 2, 1)))  # (N, L, S)
    weight = other * there[:, :, None]
    pull = there * (1.0 - ops.sigmoid(score))
    push = -weight * ops.sigmoid(scores)
    change = pull[:, :, None] * centre + ops.matmul(push, noise)  # of the means
    steepness = there * ops.sum(centre * centre, axis=2)
    steepness = steepness + _times(weight, ops.sum(noise * noise, axis=2))
    length = ops.sum(mean * mean, axis=2)
    loss = ops.sum(there[0] * ops.softplus(-score[0])) + ops.sum(
        weight[0] * ops.softplus(scores[0])
    )
    return _Found(
        ops.matmul(band, change),
        ops.concatenate(
            [pull[:, :, None] * mean, ops.matmul(ops.transpose(push, (0, 2, 1)), mean)], axis=1
        ),
        _times(band, steepness),
        ops.concatenate([there * length, _times(ops.transpose(weight, (0, 2, 1)), length)], axis=1),
        ops.stack([loss, ops.sum(there[0])]),
    )


def _times(matrices: Tensor, vectors: Tensor) -> Tensor:
    """(N, A, B) times (N, B): (N, A)."""
    return ops.matmul(matrices, vectors[:, :, None])[:, :, 0]
