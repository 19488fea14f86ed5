"""The settings of an encoder are looked at here, and named when they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wordkin.errors import ConfigError, InputError
from wordkin.given import number, whole
from wordkin.table import VectorTable

if TYPE_CHECKING:
    from wordkin.documents.encoder import DocumentEncoder

_WEIGHTINGS = ("mean", "sif", "idf")


class HasTable(Protocol):
    """What has vectors: such as `wordkin.WordVectors`."""

    @property
    def table(self) -> VectorTable:
        """The bare data."""
        ...


def table_of(vectors: object) -> VectorTable:
    """Return the bare data of vectors.

    Parameters
    ----------
    vectors : WordVectors or VectorTable
        What the user gave.

    Returns
    -------
    VectorTable
        Its table.

    Raises
    ------
    InputError
        If it is something else.
    """
    table = getattr(vectors, "table", vectors)
    if not isinstance(table, VectorTable):
        raise InputError(
            f"vectors must be WordVectors, such as from wordkin.load(path); got {vectors!r:.80}."
        )
    return table


def check_settings(encoder: DocumentEncoder) -> None:
    """Check the settings of an encoder.

    Parameters
    ----------
    encoder : DocumentEncoder
        The encoder.

    Raises
    ------
    ConfigError
        If one is out of range.
    """
    if encoder.weighting not in _WEIGHTINGS:
        raise ConfigError(
            f"weighting must be one of {', '.join(_WEIGHTINGS)}; got {encoder.weighting!r}."
        )
    if encoder.empty not in ("zero", "raise"):
        raise ConfigError(f"empty must be 'zero' or 'raise'; got {encoder.empty!r}.")
    a = number(encoder.a)
    if a is None or not 0 < a <= 1:
        raise ConfigError(f"a must be a number above 0, and 1 at most; got {encoder.a!r}.")
    size = table_of(encoder.vectors).dimensions
    for name, low, high in (("remove", 0, size), ("workers", 1, 1024)):
        value = getattr(encoder, name)
        n = whole(value)
        if value is not None and not (n is not None and low <= n <= high):
            raise ConfigError(
                f"{name} must be a whole number from {low} to {high}, or None; got {value!r}."
            )
    if not isinstance(encoder.normalize, bool):
        raise ConfigError(f"normalize must be True or False; got {encoder.normalize!r}.")
