"""Frameworks of others, imported only when asked for: Keras on a backend that is there, axes."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordkin.errors import ConfigError, MissingExtraError, require

if TYPE_CHECKING:
    from types import ModuleType

_BACKENDS = ("tensorflow", "jax", "torch")  # Keras' own order of preference


def import_keras(backend: str | None = None) -> ModuleType:
    """Import Keras on the backend that the user chose or, failing that, on one that is installed.

    Keras takes TensorFlow when nobody chose, and fails where it is absent. Here another
    installed backend takes its place (``KERAS_BACKEND`` is then set for this process). A choice
    in ``KERAS_BACKEND``, and one in ``keras.json`` that is installed, is left alone.

    Parameters
    ----------
    backend : {"tensorflow", "jax", "torch"}, optional
        The backend that it has to be. Keras has one for a whole process: the first import decides.

    Returns
    -------
    module
        The module ``keras``.

    Raises
    ------
    MissingExtraError
        If Keras, or the backend, or every backend of it, is missing.
    ConfigError
        If Keras runs on another backend in this process already.
    """
    if backend is not None:
        return _keras_on(backend)
    if "keras" not in sys.modules and not os.environ.get("KERAS_BACKEND"):
        # keras.json proves no choice: Keras writes one, with "tensorflow" in it, unasked
        configured = _configured_backend()
        if configured in _BACKENDS and not _installed(configured):
            os.environ["KERAS_BACKEND"] = _first_installed()
    return require("keras", extra="keras")


def _keras_on(backend: str) -> ModuleType:
    if not _installed(backend):
        require(backend, extra="keras" if backend == "jax" else backend)
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    keras = require("keras", extra="keras")
    if keras.config.backend() != backend:
        raise ConfigError(
            f"Keras runs on {keras.config.backend()} in this process, and that can't be changed "
            f"any more. For {backend}, start another with KERAS_BACKEND={backend} set."
        )
    return keras


def _configured_backend() -> str:
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        settings = json.loads((folder / "keras.json").read_bytes())
    except (OSError, ValueError):
        return _BACKENDS[0]
    # as Keras does, whose file may hold other settings only
    chosen = settings.get("backend", _BACKENDS[0]) if isinstance(settings, dict) else _BACKENDS[0]
    return str(chosen)


def _first_installed() -> str:
    for name in _BACKENDS:
        if _installed(name):
            return name
    raise MissingExtraError(
        "Keras needs JAX, PyTorch or TensorFlow, and none of them is installed. "
        'Install JAX with: pip install "wordkin[keras]"'
    )


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def new_axes(size: tuple[float, float] | None = None) -> Any:  # noqa: ANN401
    """Make axes on a figure of their own.

    `matplotlib.pyplot` would keep the figure, until somebody closes it, and choose a backend; this
    one belongs to whoever holds the axes. A notebook shows it nevertheless.

    Parameters
    ----------
    size : tuple of float, optional
        Width and height in inches.

    Returns
    -------
    matplotlib.axes.Axes
        ``axes.figure.savefig(path)`` saves what is drawn.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    figure = require("matplotlib.figure", extra="plot").Figure(figsize=size, layout="constrained")
    axes = figure.subplots()

    def as_png() -> bytes:
        data = io.BytesIO()
        figure.savefig(data, format="png")
        return data.getvalue()

    axes._repr_png_ = as_png  # what a notebook asks a result for
    return axes
