"""Word vectors in PyTorch. Importing this module imports PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordkin.errors import require
from wordkin.layers.plan import plan_rows
from wordkin.layers.settings import LayerSettings
from wordkin.layers.torch_lookup import masked_mean as masked_mean
from wordkin.layers.torch_module import WordEmbedding as WordEmbedding

if TYPE_CHECKING:
    from typing import Unpack

    import torch

    from wordkin.embedding import Vectors
    from wordkin.layers.settings import LayerOptions
    from wordkin.vocabulary import Vocabulary
else:
    torch = require("torch", extra="torch")


def torch_layer(
    vectors: Vectors, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
) -> WordEmbedding:
    """Make a PyTorch module of word vectors, and check that words come back as their vectors.

    Parameters
    ----------
    vectors : VectorTable or WordVectors
        The vectors.
    vocabulary : Vocabulary, optional
        The words, in order, that the layer shall know, such as those of a training set. By
        default all that have vectors.
    **options
        As `wordkin.layers.settings.LayerSettings` explains them.

    Returns
    -------
    WordEmbedding
        A `torch.nn.Module` with ``.vocabulary``, which makes ids of texts, and ``.report``, which
        counts hits and misses.

    Raises
    ------
    InputError
        If an argument is not what it should be.
    RowError
        If a word does not come back as its vector (which would be a fault of ours).

    Examples
    --------
    >>> import wordkin as wk
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[1, 2], [3, 4]])
    >>> layer = torch_layer(table)
    >>> layer(layer.vocabulary.encode_batch(["cat sat", "sat"]))
    tensor([[[1., 2.],
             [3., 4.]],
    <BLANKLINE>
            [[3., 4.],
             [0., 0.]]])
    """
    plan = plan_rows(vectors, vocabulary, LayerSettings(**options))
    layer = WordEmbedding.from_plan(plan)
    with torch.no_grad():
        found = layer(plan.probes())
    half = found.dtype.itemsize < 4
    plan.check((found.float() if half else found).numpy(), half=half)
    return layer


def parameter_groups(
    model: torch.nn.Module, lr: float, *, factor: float | None = None
) -> list[dict[str, Any]]:
    """Split the parameters of a model in two groups: word vectors learn at a rate of their own.

    Parameters
    ----------
    model : torch.nn.Module
        A model with `WordEmbedding` layers in it.
    lr : float
        The learning rate of everything else.
    factor : float, optional
        What it is multiplied with for word vectors. By default the ``lr_factor`` of each layer.

    Returns
    -------
    list of dict
        What an optimizer takes in the place of parameters. Frozen vectors are among them, so that
        they can be thawed later; PyTorch passes over them until then.

    Examples
    --------
    >>> import wordkin as wk
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[1, 2], [3, 4]])
    >>> words = torch_layer(table, trainable=True)
    >>> model = torch.nn.Sequential(words, torch.nn.Flatten(), torch.nn.Linear(6, 1))
    >>> optimizer = torch.optim.AdamW(parameter_groups(model, 1e-3, factor=0.1))
    >>> [group["lr"] for group in optimizer.param_groups]
    [0.001, 0.0001]
    """
    layers = [part for part in model.modules() if isinstance(part, WordEmbedding)]
    own = {id(layer.weight) for layer in layers}
    rest = [weight for weight in model.parameters() if id(weight) not in own]
    rates = [lr * (layer.settings.lr_factor if factor is None else factor) for layer in layers]
    groups = [{"params": rest, "lr": lr}] if rest else []
    return groups + [
        {"params": [layer.weight], "lr": rate} for layer, rate in zip(layers, rates, strict=True)
    ]
