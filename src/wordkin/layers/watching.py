"""Run a model of any framework, and see what each of its layers gives.

No framework is imported here: a model of one can only come from whoever has imported it.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Seen = list[tuple[str, NDArray[Any]]]


@dataclass(frozen=True)
class Watched:
    """A model that can be run on ids.

    Parameters
    ----------
    run : callable
        Takes ids, int32 of shape (texts, length); returns the output, and by name what each layer
        gave, in the order they were called (empty where the model can't be looked into).
    n_rows : int or None
        How many ids its embedding layer knows.
    length : int or None
        The length of texts, if it takes one only.
    """

    run: Callable[[NDArray[np.int32]], tuple[NDArray[Any], Seen]]
    n_rows: int | None = None
    length: int | None = None


def watch(model: Any) -> Watched:  # noqa: ANN401 (of any framework)
    """Make a model ready to be run and watched.

    Parameters
    ----------
    model : keras.Layer, torch.nn.Module or callable
        Takes ids and returns one array.

    Returns
    -------
    Watched
        It runs the model as for predictions, and leaves it as it was.

    Raises
    ------
    InputError
        If it can't be called, or takes several inputs.
    """
    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    # on PyTorch a Keras model is both
    if keras is not None and isinstance(model, keras.layers.Layer):
        return _watch_keras(model, keras)
    if torch is not None and isinstance(model, torch.nn.Module):
        return _watch_torch(model, torch)
    if not callable(model):
        raise InputError(f"A model must be something to call with ids; got {type(model).__name__}.")
    return Watched(lambda ids: (_array(model(ids)), []))


def _watch_keras(model: Any, keras: Any) -> Watched:  # noqa: ANN401
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) > 1:
        raise InputError(f"The model must take ids alone; this one has {len(inputs)} inputs.")

    def run(ids: NDArray[np.int32]) -> tuple[NDArray[Any], Seen]:
        seen: Seen = []
        with _listening(model, keras, seen):
            found = model(ids, training=False)
        return _array(found, keras), seen

    return Watched(run, _keras_rows(model), inputs[0].shape[1] if inputs else None)


@contextmanager
def _listening(model: Any, keras: Any, seen: Seen) -> Iterator[None]:  # noqa: ANN401
    """Note what layers give, while this lasts; not those inside of others, which may be traced."""
    inside: list[str] = []

    def noting(layer: Any) -> Callable[..., Any]:  # noqa: ANN401
        call = layer.call

        def note(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if inside:
                return call(*args, **kwargs)
            inside.append(layer.name)
            try:
                found = call(*args, **kwargs)
            finally:
                inside.pop()
            if keras.ops.is_tensor(found):
                seen.append((layer.name, _array(found, keras)))
            return found

        return note

    parts = [layer for layer in model._flatten_layers() if not isinstance(layer, keras.Model)]
    for layer in parts:
        layer.call = noting(layer)
    try:
        yield
    finally:
        for layer in parts:
            del layer.call


def _keras_rows(model: Any) -> int | None:  # noqa: ANN401
    for layer in model._flatten_layers():
        for name in ("n_rows", "input_dim"):
            if isinstance(getattr(layer, name, None), int):
                return int(getattr(layer, name))
    return None


def _watch_torch(model: Any, torch: Any) -> Watched:  # noqa: ANN401
    first = next(model.parameters(), None)
    device = "cpu" if first is None else first.device

    def run(ids: NDArray[np.int32]) -> tuple[NDArray[Any], Seen]:
        seen: Seen = []
        with _evaluating(model), _hooks(model, torch, seen), torch.no_grad():
            found = model(torch.from_numpy(np.ascontiguousarray(ids)).to(device))
        return _array(found), seen

    return Watched(run, _torch_rows(model))


def _torch_rows(model: Any) -> int | None:  # noqa: ANN401
    for module in model.modules():
        for name in ("n_rows", "num_embeddings"):
            if isinstance(getattr(module, name, None), int):
                return int(getattr(module, name))
    return None


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:  # noqa: ANN401
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _hooks(model: Any, torch: Any, seen: Seen) -> Iterator[None]:  # noqa: ANN401
    """Note what the modules without parts give, while this lasts."""

    def noting(name: str) -> Callable[[Any, Any, Any], None]:
        def note(module: Any, given: Any, found: Any) -> None:  # noqa: ANN401
            if isinstance(found, torch.Tensor):
                seen.append((name, _array(found)))

        return note

    parts = [(n, m) for n, m in model.named_modules() if n and not any(m.children())]
    handles = [module.register_forward_hook(noting(name)) for name, module in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _array(found: Any, keras: Any = None) -> NDArray[Any]:  # noqa: ANN401
    """Make a NumPy array of a tensor of any framework, float32 where it was shorter."""
    if isinstance(found, list | tuple | dict):
        raise InputError(
            f"The model must return one array; got a {type(found).__name__} of {len(found)}."
        )
    if keras is not None:
        found = keras.ops.convert_to_numpy(found)
    elif hasattr(found, "detach"):
        found = found.detach().cpu()
        found = (found.float() if found.is_floating_point() else found).numpy()
    array = np.asarray(found)
    # NumPy has no bfloat16 of its own, and half precision overflows in differences
    return array.astype(np.float32) if array.dtype.itemsize < 4 else array
