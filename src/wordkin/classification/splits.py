"""Parting documents into those to learn from and those to judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.vocabulary.checks import check_at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stratified_split(
    targets: NDArray[np.int32], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hold out a share of each class; at least one document of each class stays to learn from.

    Parameters
    ----------
    targets : ndarray of int32
        Shape (n,): the class of each document.
    share : float
        Between 0 and 1: the share to hold out.
    seed : int
        The same seed gives the same split.

    Returns
    -------
    train, held_out : ndarray of int64
        Positions, ascending.

    Raises
    ------
    ConfigError
        If the seed is no whole number from 0 upwards.

    Examples
    --------
    >>> train, held_out = stratified_split(np.array([0, 0, 0, 0, 1, 1], np.int32), 0.5, seed=1)
    >>> len(train), len(held_out)
    (3, 3)
    """
    check_at_least("seed", seed, 0)
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(targets))
    out: list[NDArray[np.int64]] = []
    owed = 0.0
    for members in _by_class(targets[order]):
        # what rounding leaves over goes to the next class, so that the sum is right
        owed += share * len(members)
        take = min(round(owed), len(members) - 1)
        # but not what a class of a single document owes: others would give more than their share
        owed = min(owed - take, 0.5)
        out.append(order[members[: max(take, 0)]])
    held_out = np.sort(np.concatenate(out))
    return np.setdiff1d(np.arange(len(targets)), held_out), held_out


def _by_class(targets: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    order = np.argsort(targets, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(targets[order])) + 1)
