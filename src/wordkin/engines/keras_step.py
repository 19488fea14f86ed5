"""One step of skip-gram or CBOW in `keras.ops`: gradients written out, no row touched in vain.

A batch is N stretches of L neighbouring words, the *centres*. With the W words on either side a
stretch has H = L + 2 W *contexts*, and it shares S *noise* words. All that meets in a stretch meets
in three small matrix products (scores, and the two gradients), which is what devices are good at;
a mask (the *band*) says which context lies in whose window.

A batch learns from old rows, so the changes of a frequent row, added up, can carry it too far, and
training explodes. How far is safe follows from the curvature of the loss along the step, which is
at most a quarter of the squared change of each score (the logistic function is nowhere steeper):
where alpha is more than one over that, the row's step is shortened. Rows that are rare in a batch
keep their full step.
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
"""Of the curvature, how much counts: the bound. (Without any the first text tried, 10 MB, exploded;
1 learns less, and much less does not hold on small vocabularies.)"""

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
    scores = ops.matmul(x, _flip(y))
    gradient = right - weight * ops.sigmoid(scores)
    signed = ops.where(right[0] > 0, scores[0], -scores[0])
    loss = ops.sum(weight[0] * ops.softplus(-signed))
    dx, dy = ops.matmul(gradient, y), ops.matmul(_flip(gradient), x)
    return _Found(
        dx,
        dy,
        _along(dx, y, weight),
        _along(dy, x, _flip(weight)),
        ops.stack([loss, ops.sum(band[0])]),
    )


def _cbow(x: Tensor, y: Tensor, *, band: Tensor, other: Tensor) -> _Found:
    """The mean of its contexts predicts each centre; each context takes the mean's change."""
    n_centres = band.shape[2]
    size = ops.sum(band, axis=1)  # (N, L)
    there = ops.cast(size > 0, "float32")
    mean = ops.matmul(_flip(band), x) / ops.maximum(size, 1.0)[:, :, None]
    centre, noise = y[:, :n_centres], y[:, n_centres:]
    score = ops.sum(mean * centre, axis=-1)  # (N, L)
    scores = ops.matmul(mean, _flip(noise))  # (N, L, S)
    weight = other * there[:, :, None]
    pull = there * (1.0 - ops.sigmoid(score))
    push = -weight * ops.sigmoid(scores)
    change = pull[:, :, None] * centre + ops.matmul(push, noise)  # of the means
    pushed = ops.matmul(_flip(push), mean)
    steepness = _along(
        change, y, ops.concatenate([there[:, :, None] * ops.eye(n_centres), weight], axis=2)
    )
    loss = ops.sum(there[0] * ops.softplus(-score[0])) + ops.sum(
        weight[0] * ops.softplus(scores[0])
    )
    return _Found(
        ops.matmul(band, change),
        ops.concatenate([pull[:, :, None] * mean, pushed], axis=1),
        ops.matmul(band, steepness[:, :, None])[:, :, 0],
        ops.concatenate(
            [there * ops.sum(mean * mean, axis=2), _along(pushed, mean, _flip(weight))], axis=1
        ),
        ops.stack([loss, ops.sum(there[0])]),
    )


def _flip(matrices: Tensor) -> Tensor:
    """(N, A, B) to (N, B, A)."""
    return ops.transpose(matrices, (0, 2, 1))


def _along(directions: Tensor, others: Tensor, weight: Tensor) -> Tensor:
    """The weighted squares of what a unit step in each direction adds to the scores.

    (N, A, D), (N, B, D) and (N, A, B) give (N, A).
    """
    steps = ops.matmul(directions, _flip(others))
    lengths = ops.sum(directions * directions, axis=2)
    return ops.sum(weight * steps * steps, axis=2) / ops.maximum(lengths, 1e-30)
