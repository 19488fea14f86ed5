"""Where each word lies on the map, and which colour it has."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.errors import require
from wordkin.evaluation.groups import spherical_clusters
from wordkin.neighbors import unit_rows
from wordkin.plotting.flattening import check_method, flatten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

N_COLOURS = 8
MOST = {"pca": 500_000, "tsne": 10_000, "umap": 10_000}  # words on a map, where nobody says
_NEEDS = {"tsne": "sklearn.manifold", "umap": "umap"}
_ROWS = 1 << 15  # made units of at once
_FOR_AXES = 20_000  # words that tell where the axes lie, and what is in view: the frequent ones
_FOR_CLUSTERS = 2_000
_INSIDE = 98  # per cent of the frequent words lie between -1 and 1, by principal components


class Places(NamedTuple):
    """A map of the first n words.

    Parameters
    ----------
    xy : ndarray
        Shape (n, 2), float32; frequent words nearly all between -1 and 1.
    colours : ndarray
        Shape (n,), uint8: the cluster of each word, below `N_COLOURS`.
    told : str
        How it was made, in a line for the reader.
    """

    xy: NDArray[np.float32]
    colours: NDArray[np.uint8]
    told: str


def check_map(method: str) -> None:
    """Find out before the work that a method can't be had.

    Parameters
    ----------
    method : str
        "pca", "tsne" or "umap".

    Raises
    ------
    InputError
        If it is none of them.
    MissingExtraError
        If its package is not installed.
    """
    check_method(method)
    if method in _NEEDS:
        with warnings.catch_warnings():  # of their own libraries
            warnings.simplefilter("ignore")
            require(_NEEDS[method], extra="map")


def make_places(matrix: NDArray[np.float32], *, method: str = "pca", seed: int = 1) -> Places:
    """Give each word a place and a colour.

    Parameters
    ----------
    matrix : ndarray
        Shape (n, D), float32: the words that go onto the map, most frequent first.
    method : {"pca", "tsne", "umap"}
        See `wordkin.plotting.flattening.flatten`. Principal components are made of the covariance
        of the first 20,000 unit vectors, so that memory is bounded.
    seed : int
        Fixes colours, t-SNE and UMAP.

    Returns
    -------
    Places
        The map.

    Examples
    --------
    >>> places = make_places(np.eye(3, dtype=np.float32))
    >>> places.xy.shape, places.colours.shape, places.told
    ((3, 2), (3,), 'principal components: 50% and 50% of the variance')
    """
    if method == "pca" or len(matrix) < 4:
        xy, told = _principal(matrix)
        inside = _INSIDE
    else:
        xy, told = flatten(unit_rows(matrix.astype(np.float64)), method, seed=seed)
        inside = 100  # there are no words far out, and a cluster at the edge is all there
    return Places(_to_page(xy, inside), _clusters(matrix, seed), told)


def _blocks(matrix: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield where a block of rows begins, and its unit vectors."""
    for start in range(0, len(matrix), _ROWS):
        block = matrix[start : start + _ROWS]
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block, dtype=np.float64))
        scale = np.where(lengths > 0, 1 / np.where(lengths > 0, lengths, 1), 0).astype(np.float32)
        yield start, block * scale[:, None]


def _principal(matrix: NDArray[np.float32]) -> tuple[NDArray[np.float64], str]:
    """Project onto the eigenvectors of the covariance: the principal components."""
    few = matrix[:_FOR_AXES]
    total = np.zeros(matrix.shape[1])
    products = np.zeros((matrix.shape[1], matrix.shape[1]))
    for _, units in _blocks(few):
        total += units.sum(axis=0, dtype=np.float64)
        products += units.T @ units
    mean = total / len(few)
    variances, axes = np.linalg.eigh(products / len(few) - np.outer(mean, mean))
    axes = axes[:, ::-1][:, :2]
    xy = np.zeros((len(matrix), 2))
    for start, units in _blocks(matrix):
        xy[start : start + len(units), : axes.shape[1]] = (units - mean) @ axes
    # the sign of an eigenvector is anybody's choice: the largest value is positive
    xy *= np.where(-xy.min(axis=0) > xy.max(axis=0), -1.0, 1.0)
    shares = np.zeros(2)
    shares[: axes.shape[1]] = np.maximum(variances[::-1][:2], 0) / max(variances.sum(), 1e-30)
    return xy, f"principal components: {shares[0]:.0%} and {shares[1]:.0%} of the variance"


def _to_page(xy: NDArray[np.float64], inside: int) -> NDArray[np.float32]:
    centred = xy - np.median(xy[:_FOR_AXES], axis=0)
    few = np.abs(centred[:_FOR_AXES])
    reach = float(np.percentile(few, inside)) or float(few.max()) or 1.0
    return (centred / reach).astype(np.float32)


def _clusters(matrix: NDArray[np.float32], seed: int) -> NDArray[np.uint8]:
    """Cluster frequent words by all dimensions, and give each word the nearest centre."""
    few = unit_rows(matrix[:_FOR_CLUSTERS].astype(np.float64))
    found = spherical_clusters(few, min(N_COLOURS, len(few)), np.random.default_rng(seed))
    present = np.unique(found)
    centres = unit_rows(np.array([few[found == each].mean(axis=0) for each in present]))
    colours = np.empty(len(matrix), np.uint8)
    for start, units in _blocks(matrix):
        colours[start : start + len(units)] = (units @ centres.T.astype(np.float32)).argmax(axis=1)
    return colours
