"""Skip-gram pairs as a `tf.data.Dataset`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from wordkin.errors import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wordkin.pairs.stream import Skipgrams


def dataset(pairs: Skipgrams) -> Any:  # noqa: ANN401
    """Wrap pairs.

    Parameters
    ----------
    pairs : Skipgrams
        The pairs.

    Returns
    -------
    tf.data.Dataset
        Of ((targets, contexts), labels); each reading goes on with new epochs.

    Raises
    ------
    MissingExtraError
        If TensorFlow is not installed.
    """
    tf = require("tensorflow", extra="tensorflow")
    epochs = pairs.plan.epochs
    readings = itertools.count()

    def batches() -> Iterator[Any]:
        for targets, contexts, labels in pairs.stream(next(readings) * epochs, epochs):
            yield (targets, contexts), labels

    words, labels = (tf.TensorSpec((None,), kind) for kind in (tf.int32, tf.float32))
    made = tf.data.Dataset.from_generator(batches, output_signature=((words, words), labels))
    return made.prefetch(2)
