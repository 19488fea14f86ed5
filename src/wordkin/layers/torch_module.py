"""The PyTorch module that holds word vectors and their vocabulary.

The vocabulary is part of its ``state_dict``, as a tensor of bytes, so that `torch.save`,
``torch.load(weights_only=True)`` and safetensors carry it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from wordkin.errors import FormatError, InputError, require
from wordkin.layers import rows
from wordkin.layers import torch_lookup as lookup
from wordkin.layers.rows import PAD_ROW, SPECIALS, UNK_ROW
from wordkin.layers.saving import WORDS, pack, unpack
from wordkin.layers.settings import LayerSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    import torch

    from wordkin.embedding import EmbeddingReport
    from wordkin.layers.plan import LayerPlan
    from wordkin.vocabulary import Vocabulary
else:
    torch = require("torch", extra="torch")


@final
class WordEmbedding(torch.nn.Module):
    """Look up a vector for each id: row 0 is padding, row 1 unknown, words follow.

    Make one with `wordkin.layers.torch.torch_layer`, or from what was saved with `from_state`. One
    that is made from its sizes alone holds zeros and no words until `load_state_dict` brings them.

    The row of padding comes out as zero and no training moves it. An id that is out of range
    raises a `RowError`; inside `torch.compile` and `torch.export`, where nothing can be raised, it
    counts as unknown.

    Parameters
    ----------
    n_rows : int
        How many rows there are, the first two included.
    dimensions : int
        The length D of a vector.
    settings : LayerSettings, optional
        ``trainable``, ``dtype``, ``max_norm``, ``quantized`` and ``lr_factor`` matter here.

    Attributes
    ----------
    weight : torch.nn.Parameter
        Shape (n_rows, D): the table. int8 if it is quantized.
    scales : torch.Tensor or None
        Shape (n_rows, 1): what a row of a quantized table is multiplied with.
    sparse : bool
        Whether the gradient of the table holds only the rows that were looked up. Needs an
        optimizer that takes such, as `torch.optim.SparseAdam` or plain SGD.
    report : EmbeddingReport or None
        Hits and misses, where the layer was made of vectors.
    """

    weight: torch.nn.Parameter
    scales: torch.Tensor | None

    def __init__(
        self, n_rows: int, dimensions: int, *, settings: LayerSettings | None = None
    ) -> None:
        super().__init__()
        # without the words in use, which may be a whole corpus
        self.settings = replace(settings or LayerSettings(), only=None)
        shape = (
            rows.checked_size("n_rows", n_rows, len(SPECIALS)),
            rows.checked_size("dimensions", dimensions, 1),
        )
        dtype = lookup.torch_dtype(self.settings.dtype)
        scales = None
        if self.settings.quantized is not None:
            scales, dtype = torch.zeros(shape[0], 1, dtype=dtype), torch.int8
        trains = self.settings.trainable is True
        self.weight = torch.nn.Parameter(torch.zeros(shape, dtype=dtype), requires_grad=trains)
        self.register_buffer("scales", scales)
        self.sparse = False
        self.report: EmbeddingReport | None = None
        self._words: Vocabulary | None = None
        self._packed: torch.Tensor | None = None

    @classmethod
    def from_plan(cls, plan: LayerPlan) -> Self:
        """Make a module of rows that are ready.

        Parameters
        ----------
        plan : LayerPlan
            From `wordkin.layers.plan.plan_rows`.

        Returns
        -------
        WordEmbedding
            On the CPU.
        """
        layer = cls(*plan.table.shape, settings=plan.settings)
        # the plan's own memory where the type is the same: a table may be most of what there is
        layer.weight.data = torch.from_numpy(plan.table).to(layer.weight.dtype)
        if layer.scales is not None and plan.scales is not None:
            layer.scales.copy_(torch.from_numpy(plan.scales[:, None]))
        layer._words, layer.report = plan.vocabulary, plan.report
        return layer

    @classmethod
    def from_state(
        cls,
        state: Mapping[str, Any],
        *,
        prefix: str = "",
        settings: LayerSettings | None = None,
    ) -> Self:
        """Make a module again from a ``state_dict``, without the vectors it was made of.

        Parameters
        ----------
        state : mapping
            What `torch.load` or `safetensors.torch.load_file` gave.
        prefix : str
            What comes before ``weight`` in the names of a larger model, such as ``"words."``.
        settings : LayerSettings, optional
            As for the class; by default those that were saved. Type and rounding are always those
            of the state.

        Returns
        -------
        WordEmbedding
            With rows and vocabulary of the state.

        Raises
        ------
        FormatError
            If the state holds no such module.
        """
        weight, scales = state.get(f"{prefix}weight"), state.get(f"{prefix}scales")
        if weight is None or f"{prefix}{WORDS}" not in state:
            raise FormatError(
                f"There is no word embedding under {prefix!r}; the names are {list(state)[:8]}."
            )
        packed = bytes(state[f"{prefix}{WORDS}"].cpu().numpy())
        if not packed:
            raise FormatError("The layer that this state was saved from had no vocabulary.")
        kept = unpack(packed)[1]
        layer = cls(
            *weight.shape,
            settings=replace(
                settings or kept,
                dtype=str((weight if scales is None else scales).dtype).removeprefix("torch."),
                quantized=None if scales is None else "int8",
            ),
        )
        own = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
        layer.load_state_dict({k: own[k] for k in layer.state_dict() if k in own})
        return layer

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the rows; with it a text becomes ids: ``layer.vocabulary.encode_batch``."""
        if self._words is None:
            raise InputError(
                "This layer has no vocabulary: it was made from its sizes alone. Load a state_dict "
                "into it, or make it with WordEmbedding.from_state."
            )
        return self._words

    @property
    def n_rows(self) -> int:
        """How many rows there are, padding and unknown included."""
        return int(self.weight.shape[0])

    def forward(self, ids: Any) -> torch.Tensor:  # noqa: ANN401
        """Look up vectors.

        Parameters
        ----------
        ids : tensor, array or nested list of int
            Shape (...), any rank; tensors on the device of the table.

        Returns
        -------
        torch.Tensor
            Shape (..., D): exact rows of the table, zero for padding.

        Raises
        ------
        InputError
            If ids are no integers.
        RowError
            If an id is out of range (outside of compiled steps).
        """
        ids = self._checked(ids)
        found = torch.nn.functional.embedding(
            ids, self.weight, padding_idx=PAD_ROW, sparse=self.sparse
        )
        if self.scales is not None:
            found = found.to(self.scales.dtype) * self.scales[ids]
        if self.settings.max_norm is not None:
            found = lookup.clipped(found, rows.in_single(self.settings.max_norm))
        # zero even if somebody initialised the whole model anew; half the time of torch.where
        return found.masked_fill_((ids == PAD_ROW).unsqueeze(-1), 0)

    def mask(self, ids: torch.Tensor) -> torch.Tensor:
        """Tell which positions hold words.

        Parameters
        ----------
        ids : torch.Tensor
            Shape (...).

        Returns
        -------
        torch.Tensor
            Shape (...), bool: False for padding. ``~mask`` is the ``key_padding_mask`` of
            PyTorch's attention.
        """
        return ids != PAD_ROW

    def mean(self, ids: Any) -> torch.Tensor:  # noqa: ANN401
        """Look up the mean of the vectors of each text, padding left out.

        Parameters
        ----------
        ids : tensor, array or nested list of int
            Shape (..., length).

        Returns
        -------
        torch.Tensor
            Shape (..., D); zero for a text without words. It is summed as it is looked up, so
            that the vectors of all positions are never in memory together.

        Raises
        ------
        InputError
            If ids are no integers, or a single one.
        RowError
            If an id is out of range (outside of compiled steps).
        """
        ids = self._checked(ids)
        if not ids.ndim:
            raise InputError("A mean is that of texts, of shape (..., length); got a single id.")
        if self.scales is not None or self.settings.max_norm is not None:
            return lookup.masked_mean(self(ids), self.mask(ids))
        if not ids.shape[-1]:
            ids = torch.nn.functional.pad(ids, (0, 1), value=PAD_ROW)
        flat = ids.reshape(-1, ids.shape[-1])
        means = torch.nn.functional.embedding_bag(
            flat, self.weight, mode="mean", padding_idx=PAD_ROW, sparse=self.sparse
        )
        return means.reshape(*ids.shape[:-1], self.weight.shape[1])

    def begin_epoch(self, epoch: int) -> bool:
        """Let training change the vectors from the epoch on that ``trainable="after:N"`` names.

        Parameters
        ----------
        epoch : int
            The epoch that begins; the first is 0.

        Returns
        -------
        bool
            Whether training changes the vectors in this epoch.
        """
        trains = self.settings.trains and epoch >= self.settings.frozen_epochs
        self.weight.requires_grad_(trains)
        if not trains:
            self.weight.grad = None  # an optimizer would go on with that of the last step
        return trains

    def get_extra_state(self) -> torch.Tensor:
        """Return the vocabulary as it goes into a ``state_dict``.

        Returns
        -------
        torch.Tensor
            Shape (bytes,), uint8: JSON, with the fingerprint; empty without a vocabulary.
        """
        if self._packed is None:
            data = b"" if self._words is None else pack(self._words, self.settings)
            self._packed = torch.from_numpy(np.frombuffer(data, np.uint8).copy())
        return self._packed

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Do nothing: `load_state_dict` has taken the vocabulary before it touched a row.

        Parameters
        ----------
        state : torch.Tensor
            From `get_extra_state`.
        """

    def _load_from_state_dict(self, state: Mapping[str, Any], prefix: str, *rest: Any) -> None:  # noqa: ANN401
        packed = state.get(f"{prefix}{WORDS}")
        if packed is not None and len(packed):
            self._adopt(unpack(bytes(packed.cpu().numpy()))[0])
        super()._load_from_state_dict(state, prefix, *rest)

    def _adopt(self, vocabulary: Vocabulary) -> None:
        """Take the vocabulary of a state, if it is that of the rows here."""
        if self._words is not None and self._words.fingerprint() != vocabulary.fingerprint():
            raise FormatError(
                "The state was saved with another vocabulary than that of this layer: its "
                "fingerprint differs, and its rows belong to other words. WordEmbedding.from_state "
                "makes a layer with those words."
            )
        rows.check_specials(vocabulary)
        if vocabulary.n_rows != self.n_rows:
            raise FormatError(
                f"The vocabulary of the state has {vocabulary.n_rows} rows; this layer has "
                f"{self.n_rows}."
            )
        self._words, self._packed = vocabulary, None

    def _checked(self, ids: Any) -> torch.Tensor:  # noqa: ANN401
        """Make a tensor of ids that are rows."""
        if not isinstance(ids, torch.Tensor):
            host = rows.host_ids(ids, self.n_rows)
            return torch.from_numpy(host).to(self.weight.device)
        if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
            rows.check_integer(str(ids.dtype).removeprefix("torch."))
        if ids.dtype not in (torch.int32, torch.int64):
            ids = ids.long()  # the only other type that PyTorch looks up with
        ends = lookup.ends(ids)
        if ends is None:
            return torch.where((ids >= 0) & (ids < self.n_rows), ids, UNK_ROW)
        if ends[0] < 0 or ends[1] >= self.n_rows:
            rows.check_in_range(ids.cpu().numpy(), self.n_rows)
        return ids

    def extra_repr(self) -> str:
        """Return what is shown of the layer when a model is printed.

        Returns
        -------
        str
            Rows, dimensions and what training does.
        """
        return f"{self.n_rows}, {self.weight.shape[1]}, trainable={self.settings.trainable!r}"
