"""What the demo builds with Keras: a layer and a classifier. It is left out without Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.demo.sentences import LONGEST, labelled_sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.datasets import Documentation
    from wordkin.demo.screen import Screen
    from wordkin.vectors import WordVectors


def build_layer(screen: Screen, vectors: WordVectors) -> Any:  # noqa: ANN401 (Keras may be missing)
    """Make a Keras layer, and show that it returns the trained rows.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    vectors : WordVectors
        The trained vectors.

    Returns
    -------
    WordEmbedding
        The layer, frozen.

    Raises
    ------
    MissingExtraError
        If Keras or a backend for it is not installed.
    """
    screen.heading("4. A Keras layer with these vectors")
    with screen.busy("importing Keras"):
        from wordkin.frameworks import import_keras

        keras = import_keras()
        layer = vectors.to_keras(trainable=False)
    vocabulary = layer.vocabulary
    words = vectors.index_to_key[:3]
    ids = vocabulary.encode_batch([[*words, "qwrtzp"]], max_length=5)
    rows = keras.ops.convert_to_numpy(layer(ids))[0]
    trained = [*(vectors[word] for word in words), None, None]
    names = [*words, "qwrtzp (unknown)", "(padding)"]
    screen.line(f"Keras {keras.version()} on {keras.config.backend()}: {' '.join(names)}")
    screen.table(
        [("word", "row", "the layer gives", "equals")]
        + [
            (name, str(row), _numbers(given), _verdict(given, vector, row))
            for name, row, given, vector in zip(names, ids[0].tolist(), rows, trained, strict=True)
        ],
        "<>",
    )
    every = np.arange(vocabulary.first_row, vocabulary.n_rows, dtype=np.int32)
    same = np.array_equal(keras.ops.convert_to_numpy(layer(every)), vectors.vectors)
    screen.line(
        f"All {len(vectors):,} words come back as exactly the vectors that were trained: "
        + ("yes" if same else "NO"),
        style="green" if same else "bold red",
    )
    return layer


def _numbers(row: NDArray[np.float32]) -> str:
    return " ".join(f"{x:7.3f}" for x in row[:4]) + " ..."


def _verdict(given: NDArray[np.float32], trained: NDArray[np.float32] | None, row: int) -> str:
    """Compare a row of the layer with what it should be."""
    if trained is not None:
        return "its trained vector" if np.array_equal(given, trained) else "SOMETHING ELSE"
    if row == 0:
        return "zero" if not given.any() else "SOMETHING ELSE"
    return "the mean of all vectors"


def classify(
    screen: Screen,
    documentation: Documentation,
    layer: Any,  # noqa: ANN401
    *,
    seed: int = 1,
) -> None:
    """Train a classifier on the frozen vectors, and try it on sentences that it has not seen.

    Parameters
    ----------
    screen : Screen
        Where to show it.
    documentation : Documentation
        The texts and their labels.
    layer : WordEmbedding
        The layer.
    seed : int
        Fixes all random choices.
    """
    screen.heading("5. A text classifier: which package does this sentence come from?")
    data = labelled_sentences(documentation)
    if len(data.classes) < 2:
        screen.line("Left out: there are no two packages with enough files to tell apart.")
        return
    import keras

    from wordkin.layers.keras_heads import text_classifier

    keras.utils.set_random_seed(seed)
    ids = [layer.vocabulary.encode_batch(texts, max_length=LONGEST) for texts in data.texts]
    model = text_classifier(layer, len(data.classes))
    with screen.busy("training the classifier"):
        model.fit(ids[0], data.targets[0], epochs=12, batch_size=128, verbose=0)
    guesses = model.predict(ids[1], batch_size=512, verbose=0).argmax(axis=1)
    share = np.bincount(data.targets[1]) / len(guesses)
    screen.line(f"Classes: {', '.join(data.classes)}")
    screen.line(
        f"{len(data.texts[0]):,} sentences to learn from, {len(data.texts[1]):,} held out, from "
        "other files. Words with a package's name in them are taken out."
    )
    screen.line("(The word vectors, which know no labels, were trained on all of the text.)")
    screen.table(
        [
            ("held-out accuracy", f"{(guesses == data.targets[1]).mean():.1%}"),
            (f"always {data.classes[share.argmax()]!r}, the most frequent", f"{share.max():.1%}"),
        ],
        "<>",
    )
    for row in _examples(guesses, data.targets[1]):
        screen.line(f'  "{data.texts[1][row]}"')
        screen.line(
            f"    {data.classes[guesses[row]]} (it is {data.classes[data.targets[1][row]]})"
        )


def _examples(guesses: NDArray[np.int64], targets: NDArray[np.int32]) -> list[int]:
    """Choose two sentences from the middle that were recognised, and one that was not."""
    right, wrong = np.flatnonzero(guesses == targets), np.flatnonzero(guesses != targets)
    rows = [right[len(right) // 3 :][:1], right[2 * len(right) // 3 :][:1]]
    return [int(row) for row in np.concatenate([*rows, wrong[len(wrong) // 2 :][:1]])]
