"""From D dimensions to the two of a page: by PCA here, by t-SNE or UMAP if they are installed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import InputError, require
from wordkin.progress import task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHODS = ("pca", "tsne", "umap")


def check_method(method: str) -> None:
    """Refuse a method that there isn't.

    Parameters
    ----------
    method : str
        "pca", "tsne" or "umap".

    Raises
    ------
    InputError
        If it is none of them.
    """
    if method not in METHODS:
        raise InputError(f"A map is made by {', '.join(METHODS)}; got {method!r}.")


def flatten(units: Floats, method: str, *, seed: int) -> tuple[Floats, str]:
    """Give each vector a place on a page.

    Parameters
    ----------
    units : ndarray
        Shape (n, D): rows of length 1.
    method : {"pca", "tsne", "umap"}
        Principal components keep the largest distances, and are the same for everybody. t-SNE
        (van der Maaten and Hinton 2008) and UMAP (McInnes, Healy and Melville 2018) keep who is
        near to whom.
    seed : int
        Fixes what they draw at random.

    Returns
    -------
    places : ndarray
        Shape (n, 2).
    told : str
        How they were made, in a line for the reader.

    Raises
    ------
    InputError
        If there are too few vectors.
    MissingExtraError
        If the package for it is not installed.
    """
    check_method(method)
    if method == "pca" or len(units) < 4:
        places, shares = principal(units)
        told = f"principal components: {shares[0]:.0%} and {shares[1]:.0%} of the variance"
        return places, told
    with task(f"making the map by {method}"):  # neither library tells how far it has come
        if method == "tsne":
            return _tsne(units, seed), "t-SNE: who is near is near; far distances say little"
        return _umap(units, seed), "UMAP: who is near is near; far distances say little"


def principal(rows: Floats) -> tuple[Floats, Floats]:
    """Return the first two principal components of rows, and their shares of the variance.

    Parameters
    ----------
    rows : ndarray
        Shape (n, D).

    Returns
    -------
    places : ndarray
        Shape (n, 2). The sign of each is such that its largest value is positive.
    shares : ndarray
        Shape (2,).
    """
    centred = rows - rows.mean(axis=0)
    left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(rows), 2))
    n_axes = min(2, len(lengths))
    places[:, :n_axes] = left[:, :n_axes] * lengths[:n_axes]
    places *= np.where(-places.min(axis=0) > places.max(axis=0), -1.0, 1.0)
    shares = np.zeros(2)
    shares[:n_axes] = lengths[:n_axes] ** 2 / max(float((lengths**2).sum()), 1e-300)
    return places, shares


def _tsne(units: Floats, seed: int) -> Floats:
    manifold = require("sklearn.manifold", extra="map")
    perplexity = min(30.0, (len(units) - 1) / 3)
    made = manifold.TSNE(
        n_components=2, perplexity=perplexity, init="pca", metric="cosine", random_state=seed
    )
    return np.asarray(made.fit_transform(units), np.float64)


def _umap(units: Floats, seed: int) -> Floats:
    with warnings.catch_warnings():  # of what else could be installed, and of its own libraries
        warnings.simplefilter("ignore")
        umap = require("umap", extra="map")
        made = umap.UMAP(
            n_components=2, n_neighbors=min(15, len(units) - 1), metric="cosine",
            init="random" if len(units) < 10 else "spectral", random_state=seed, n_jobs=1,
            min_dist=0.8, spread=2.0,  # closer, and there is no room for labels
        )  # fmt: skip
        return np.asarray(made.fit_transform(units.astype(np.float32)), np.float64)
