"""How training treats a layer of word vectors in Keras: when it begins, and how far it goes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from wordkin.errors import ConfigError, InputError
from wordkin.frameworks import import_keras
from wordkin.layers.keras_embedding import WordEmbedding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    import keras
else:
    keras = import_keras()

ops = keras.ops


@keras.saving.register_keras_serializable(package="wordkin")
class EmbeddingSteps(keras.optimizers.Optimizer):
    """An optimizer whose steps are made longer or shorter for layers of word vectors.

    Scaling the gradient would not do: Adam divides by its size again. So the other optimizer makes
    its step, weight decay and all, and what the step changed is multiplied with the ``lr_factor``
    of each `WordEmbedding`. That takes a copy of the table at each step. `TuneEmbedding` puts it
    around the optimizer of a model; use it yourself in a training loop of your own.

    Parameters
    ----------
    inner_optimizer : keras.optimizers.Optimizer
        What makes the steps.
    name : str, optional
        The name of this one.

    Raises
    ------
    ConfigError
        If the optimizer keeps moving averages (``use_ema``), which would be those of other steps.
    """

    def __init__(
        self, inner_optimizer: keras.optimizers.Optimizer, name: str | None = None
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        if inner_optimizer.use_ema:
            raise ConfigError(
                "lr_factor doesn't go with use_ema=True: the averages would be those of whole "
                "steps. Leave one of them out."
            )
        self.inner_optimizer = inner_optimizer

    def build(self, variables: list[Any]) -> None:  # noqa: D102
        if not self.inner_optimizer.built:
            self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Any]:
        """Its own variables, and those of the other optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    def apply(self, grads: list[Any], trainable_variables: list[Any] | None = None) -> None:
        """Make one step.

        Parameters
        ----------
        grads : list of tensor
            One gradient for each variable.
        trainable_variables : list of keras.Variable, optional
            The variables; by default those that it was built with.
        """
        if not self.built:
            self.build(trainable_variables or [])
        variables = (
            self._trainable_variables if trainable_variables is None else trainable_variables
        )
        scaled = [v for v in variables if lr_factor_of(v) != 1]
        before = [ops.copy(v.value) for v in scaled]
        self.inner_optimizer.apply(grads, trainable_variables)
        for variable, old in zip(scaled, before, strict=True):
            factor = ops.cast(lr_factor_of(variable), variable.dtype)
            variable.assign(old + factor * (variable.value - old))

    def scale_loss(self, loss: Any) -> Any:  # noqa: ANN401, D102
        return self.inner_optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list: list[Any]) -> None:  # noqa: D102
        self.inner_optimizer.finalize_variable_values(var_list)

    @property
    def learning_rate(self) -> Any:  # noqa: ANN401
        """The learning rate of the other optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:  # noqa: ANN401
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> Any:  # noqa: ANN401
        """How many steps the other optimizer made."""
        return self.inner_optimizer.iterations

    def get_config(self) -> dict[str, Any]:  # noqa: D102
        inner = keras.saving.serialize_keras_object(self.inner_optimizer)
        return {"name": self.name, "inner_optimizer": inner}

    @classmethod
    def from_config(  # noqa: D102
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        inner = keras.saving.deserialize_keras_object(
            config["inner_optimizer"], custom_objects=custom_objects
        )
        return cls(inner, name=config.get("name"))


class TuneEmbedding(keras.callbacks.Callback):
    """Give ``trainable="after:2"`` and ``lr_factor=...`` of a `WordEmbedding` their effect.

    A layer with such a setting is frozen until this callback, given to ``fit``, lets training
    change it: at the beginning or after as many epochs as it says. From then on the variables are
    trainable for good. What the optimizer has learnt about the others is kept: it is made again
    for all of them, with the same settings and state, so ``model.optimizer`` is a new object, and
    the compiled training step is made again, once.

    Epochs are those of ``fit`` or, if one callback is given to ``fit`` several times, all it saw.

    Examples
    --------
    >>> import numpy as np
    >>> import wordkin as wk
    >>> from wordkin.layers.keras_pooling import MaxOfWords
    >>> vectors = wk.WordVectors(["good", "bad"], [[1, 2], [1, 3]])
    >>> layer = vectors.to_keras(trainable="after:2", lr_factor=0.1)
    >>> ids = keras.Input((None,), dtype="int32")
    >>> pooled = MaxOfWords()(layer(ids))
    >>> model = keras.Model(ids, keras.layers.Dense(1)(pooled))
    >>> model.compile("adam", "mse")
    >>> texts, y = np.array([[2], [3]], np.int32), np.array([[1.0], [0.0]])
    >>> done = model.fit(texts, y, epochs=3, verbose=0, callbacks=[wk.TuneEmbedding()])
    >>> layer.trainable
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Look for layers of word vectors.

        Parameters
        ----------
        logs : mapping, optional
            Not used.

        Raises
        ------
        InputError
            If the model has none, or none that training may change.
        """
        found = word_embeddings(self.model)
        for layer in found:
            layer.watched = True
        if not any(layer.waits or layer.trainable for layer in found):
            raise InputError(
                "TuneEmbedding found no layer to tune in this model: it looks for WordEmbedding "
                'layers made with trainable=True or trainable="after:N". Got '
                f"{[layer.name for layer in found] or 'none'}."
            )

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Let training change the vectors, if their time has come.

        Parameters
        ----------
        epoch : int
            How many epochs are done.
        logs : mapping, optional
            Not used.
        """
        self.epochs = max(self.epochs, epoch)
        found = word_embeddings(self.model)
        due = [layer for layer in found if layer.waits and layer.frozen_epochs <= self.epochs]
        for layer in due:
            layer.trainable = True
        scaled = any(layer.trainable and layer.lr_factor != 1 for layer in found)
        bare = scaled and not _scales_steps(self.model.optimizer)
        if due or bare:
            _exchange_optimizer(self.model, _rebuilt(self.model, scaled=bare))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count an epoch.

        Parameters
        ----------
        epoch : int
            Its number.
        logs : mapping, optional
            Not used.
        """
        self.epochs += 1


def word_embeddings(model: keras.layers.Layer) -> list[WordEmbedding]:
    """Find the layers of word vectors of a model, at any depth.

    Parameters
    ----------
    model : keras.Layer
        A model, or a layer.

    Returns
    -------
    list of WordEmbedding
        Each once.
    """
    return [layer for layer in model._flatten_layers() if isinstance(layer, WordEmbedding)]


def lr_factor_of(variable: Any) -> float:  # noqa: ANN401
    """Return what steps of a variable are multiplied with.

    Parameters
    ----------
    variable : keras.Variable
        Any variable.

    Returns
    -------
    float
        The ``lr_factor`` of its layer; 1 for those of other layers.
    """
    return float(getattr(variable, "wordkin_lr_factor", 1.0))


def _scales_steps(optimizer: keras.optimizers.Optimizer) -> bool:
    inner = getattr(optimizer, "inner_optimizer", None)
    return isinstance(optimizer, EmbeddingSteps) or isinstance(inner, EmbeddingSteps)


def _rebuilt(model: keras.Model, *, scaled: bool) -> keras.optimizers.Optimizer:
    """Make the optimizer again, for all variables that are trainable now."""
    old = model.optimizer
    new = type(old).from_config(old.get_config())
    if scaled and isinstance(new, keras.optimizers.LossScaleOptimizer):
        new.inner_optimizer = EmbeddingSteps(new.inner_optimizer)
    elif scaled:
        new = EmbeddingSteps(new)
    new.build(model.trainable_variables)
    # the name of a state tells of which variable it is; where names come twice, order does
    known = defaultdict(list)
    for state in old.variables:
        known[state.path].append(state.value)
    for state in new.variables:
        if known[state.path]:
            # a copy, because JAX gives the memory of old states away at the next step
            state.assign(ops.copy(known[state.path].pop(0)))
    return new


def _exchange_optimizer(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    model.optimizer = optimizer
    compiled = getattr(model, "_compile_config", None)
    if compiled is not None:  # what `save` writes down
        compiled.config["optimizer"] = optimizer
    # TensorFlow and JAX compiled the step for the old variables
    model.make_train_function(force=True)
