"""Does the amount of padding change what a model says? It should not, and often does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wordkin.errors import InputError
from wordkin.given import array_of
from wordkin.layers.rows import PAD_ROW, SPECIALS
from wordkin.layers.watching import watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from wordkin.layers.watching import Seen

    Side = Literal["right", "left"]

_TEXTS, _LENGTH = 8, 12  # of the texts that are made up


@dataclass(frozen=True)
class PaddingReport:
    """What `check_padding` found. It counts as true where padding makes no difference.

    Parameters
    ----------
    difference : float
        The largest difference between what the model gave for the same text with more padding and
        with less, as a share of the largest number that it gave.
    amount : int
        With how much more padding that was.
    tolerance : float
        Up to which difference padding makes none.
    side : str
        On which side padding was added.
    layer : str or None
        The first layer whose output differs where words are, or that mixes padding in; None if
        there is none, or the model can't be looked into.
    """

    difference: float
    amount: int
    tolerance: float
    side: Side
    layer: str | None = None

    def __bool__(self) -> bool:
        return self.difference <= self.tolerance

    def __str__(self) -> str:
        if self:
            return (
                f"Padding on the {self.side} makes no difference: {self.difference:.1e} at most, "
                f"up to {self.tolerance:.0e} is rounding."
            )
        where = f" The first layer that lets it through is {self.layer!r}." if self.layer else ""
        return (
            f"Padding changes what the model says: {self.amount} more on the {self.side} change "
            f"its output by {self.difference:.1%} of its largest number.{where} Pool with a mask, "
            "as the layers of wordkin.layers.keras_pooling do."
        )


def check_padding(
    model: Any,  # noqa: ANN401 (of any framework)
    ids: ArrayLike | None = None,
    *,
    n_rows: int | None = None,
    amounts: Sequence[int] = (1, 5, 24),
    side: Side = "right",
    tolerance: float = 1e-4,
) -> PaddingReport:
    """Try whether a model says the same of a text however much padding stands beside it.

    Parameters
    ----------
    model : keras.Model, torch.nn.Module or callable
        Takes ids of shape (texts, length), any length, and returns one array, the first axis of
        which is the texts. It is run as for predictions, without dropout.
    ids : array_like of int, optional
        Shape (texts, length): texts to try it with; padding in them is 0. By default texts
        of random ids, some of them shorter than others.
    n_rows : int, optional
        How many ids there are, where `ids` are not given and the model does not tell by its
        embedding layer.
    amounts : sequence of int
        How much padding to add.
    side : {"right", "left"}
        Where to add it.
    tolerance : float
        Which difference is taken for rounding, as a share of the largest output.

    Returns
    -------
    PaddingReport
        Counts as true if padding makes no difference: ``assert wk.check_padding(model)``.

    Raises
    ------
    InputError
        If the model takes texts of one length only, or there is nothing to try it with.

    Examples
    --------
    >>> table = np.array([[0.0], [5.0], [1.0], [2.0]])
    >>> def mean(ids):
    ...     return table[ids].mean(axis=1)
    >>> bool(check_padding(mean, n_rows=4))
    False
    >>> def total(ids):
    ...     return table[ids].sum(axis=1)
    >>> print(check_padding(total, n_rows=4))
    Padding on the right makes no difference: 0.0e+00 at most, up to 1e-04 is rounding.
    """
    if side not in ("right", "left"):
        raise InputError(f"side must be 'right' or 'left'; got {side!r}.")
    amounts = _checked_amounts(amounts)
    runner = watch(model)
    short = _texts(ids, n_rows or runner.n_rows, side)
    if runner.length is not None:
        raise InputError(
            f"This model takes texts of length {runner.length} only, so the amount of padding "
            "can't be changed. Declare its input as (None,), or try the layers one by one."
        )
    before, seen = runner.run(short)
    worst, at = 0.0, 0
    for amount in amounts:
        after, _ = runner.run(_padded(short, amount, side))
        found = _difference(before, after)
        if found > worst or not at:
            worst, at = found, amount
    report = PaddingReport(worst, at, tolerance, side)
    if report or not seen:
        return report
    _, also = runner.run(_padded(short, at, side))
    layer = _first_leak(seen, also, short != PAD_ROW, side=side, tolerance=tolerance)
    return PaddingReport(worst, at, tolerance, side, layer)


def _checked_amounts(amounts: Sequence[int]) -> list[int]:
    numbers = array_of(amounts)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or (numbers < 1).any():
        raise InputError(f"amounts must be whole numbers from 1 upwards; got {amounts!r:.60}.")
    return [int(number) for number in numbers]


def _texts(ids: ArrayLike | None, n_rows: int | None, side: Side) -> NDArray[np.int32]:
    if ids is not None:
        given = array_of(ids)
        if given.ndim != 2 or given.dtype.kind not in "iu" or not given.size:
            raise InputError(
                "ids must be whole numbers of shape (texts, length); got "
                f"{given.dtype} of shape {given.shape}."
            )
        return given.astype(np.int32)
    if n_rows is None or n_rows <= len(SPECIALS):
        raise InputError(
            "There is nothing to try this model with: pass ids, or n_rows (how many ids there "
            f"are, at least {len(SPECIALS) + 1})."
        )
    random = np.random.default_rng(0)
    made = random.integers(len(SPECIALS), n_rows, (_TEXTS, _LENGTH)).astype(np.int32)
    for row, length in zip(made, range(_LENGTH - _TEXTS + 1, _LENGTH + 1), strict=True):
        row[length:] = PAD_ROW
    return made if side == "right" else np.ascontiguousarray(made[:, ::-1])


def _padded(ids: NDArray[np.int32], amount: int, side: Side) -> NDArray[np.int32]:
    sides = (0, amount) if side == "right" else (amount, 0)
    return np.pad(ids, ((0, 0), sides), constant_values=PAD_ROW)


def _difference(before: NDArray[Any], after: NDArray[Any]) -> float:
    if before.shape != after.shape:
        raise InputError(
            f"The model's output grows with its input: {before.shape} and {after.shape}. "
            "check_padding compares one output for each text."
        )
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        return float("inf")
    largest = np.abs(before).max(initial=0)
    return float(np.abs(after - before).max(initial=0) / (largest or 1))


def _first_leak(
    seen: Seen, also: Seen, words: NDArray[np.bool_], *, side: Side, tolerance: float
) -> str | None:
    """Find the first layer that gives something else for more padding, where words are."""
    length = words.shape[1]
    for (name, few), (_, many) in zip(seen, also, strict=False):
        if few.shape == many.shape:
            same = _difference(few, many) <= tolerance
        elif few.ndim >= 2 and few.shape[1] == length and few.shape[2:] == many.shape[2:]:
            kept = many[:, :length] if side == "right" else many[:, -length:]
            same = _difference(few[words], kept[words]) <= tolerance
        else:
            continue  # not as long as the text: nobody knows which positions are words
        if not same:
            return name
    return None
