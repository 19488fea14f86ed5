"""What the PyTorch module of word vectors computes, as functions of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wordkin.errors import ConfigError, require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", extra="torch")

# what PyTorch complains of when a value is read inside torch.vmap
_UNREADABLE = ("vmap", "doesn't have storage")
_DTYPES = ("float32", "float16", "bfloat16", "float64")


def torch_dtype(name: str | None) -> torch.dtype:
    """Return PyTorch's type of a name.

    Parameters
    ----------
    name : str or None
        The name; None for PyTorch's default.

    Returns
    -------
    torch.dtype
        A type of floating-point numbers.

    Raises
    ------
    ConfigError
        If it is no such name.
    """
    if name is not None and name not in _DTYPES:
        raise ConfigError(f"dtype must be one of {', '.join(_DTYPES)} or None; got {name!r}.")
    return torch.get_default_dtype() if name is None else getattr(torch, name)


def masked_mean(vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Take the mean over the words of each text, padding left out.

    Parameters
    ----------
    vectors : torch.Tensor
        Shape (..., length, D).
    mask : torch.Tensor
        Shape (..., length), bool: True for words, as `WordEmbedding.mask` makes it.

    Returns
    -------
    torch.Tensor
        Shape (..., D); zero for a text without words.
    """
    weights = mask.unsqueeze(-1).to(vectors.dtype)
    return (vectors * weights).sum(dim=-2) / weights.sum(dim=-2).clamp(min=1)


def ends(ids: torch.Tensor) -> tuple[int, int] | None:
    """Return the smallest and the largest id.

    Parameters
    ----------
    ids : torch.Tensor
        Shape (...), int.

    Returns
    -------
    tuple of int, or None
        None where values can't be read: in `torch.compile`, `torch.vmap`, a CUDA graph.
    """
    if torch.compiler.is_compiling() or ids.is_meta:
        return None
    if ids.is_cuda and torch.cuda.is_current_stream_capturing():
        return None
    if not ids.numel():
        return 0, 0
    try:
        if ids.is_cpu:
            host = ids.numpy()
            return int(host.min()), int(host.max())
        # one wait for the device, not two
        low, high = torch.stack([ids.min(), ids.max()]).tolist()
    except RuntimeError as error:
        if not any(word in str(error) for word in _UNREADABLE):
            raise
        return None
    return low, high


def clipped(vectors: torch.Tensor, limit: float) -> torch.Tensor:
    """Scale down vectors longer than a limit.

    Parameters
    ----------
    vectors : torch.Tensor
        Shape (..., D).
    limit : float
        The greatest length.

    Returns
    -------
    torch.Tensor
        A new tensor, of the same shape and type.
    """
    wide = vectors.to(torch.promote_types(vectors.dtype, torch.float32))
    squares = wide.square().sum(dim=-1, keepdim=True)
    # at least the limit before the root, whose slope at zero is infinite
    return (wide * (limit / squares.clamp(min=limit * limit).sqrt())).to(vectors.dtype)
