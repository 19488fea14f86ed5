"""The honest bake-off: several classifiers on one split, with error bars and a search for leaks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.classification import checks
from wordkin.classification.baselines import Majority, Tfidf
from wordkin.classification.classifier import TextClassifier
from wordkin.classification.comparison import Comparison, Score
from wordkin.classification.leaks import Parts, find_leaks
from wordkin.classification.progress import doing
from wordkin.classification.resampling import difference, draw, interval
from wordkin.classification.splits import stratified_split
from wordkin.errors import ConfigError, InputError
from wordkin.progress import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wordkin.classification.baselines import Model
    from wordkin.table import VectorTable
    from wordkin.vectors import WordVectors

    Vectors = WordVectors | VectorTable
    Make = Callable[[], Model]

BASELINES = ("majority", "tfidf-lr", "tfidf-svm")
_PROBES = ("tfidf-svm", "mean")
_LEAST_SECONDS = 0.2  # of predicting, for a rate that means something


def compare(  # noqa: PLR0913 (what to compare comes first, the rest by name)
    texts: Iterable[str],
    labels: Iterable[str],
    vectors: Vectors | None = None,
    *,
    models: Iterable[str] | Mapping[str, Model] | None = None,
    test: float | tuple[Iterable[str], Iterable[str]] = 0.2,
    leaks: bool = True,
    seed: int = 1,
    tell: Callable[[str], None] | None = None,
    progress: bool = False,
) -> Comparison:
    """Compare classifiers on the same split of labelled texts.

    Parameters
    ----------
    texts : iterable of str
        n texts.
    labels : iterable of str
        The label of each.
    vectors : WordVectors or VectorTable, optional
        Pretrained vectors for the models whose names end in ``-frozen`` (kept as they are) and
        ``-tuned``.
    models : iterable of str, or mapping of str to model, optional
        Which ones: ``"majority"``, ``"tfidf-lr"``, ``"tfidf-svm"``, and ``"mean"``, ``"cnn"``,
        ``"gru"`` with nothing, ``-frozen`` or ``-tuned`` behind it. Or models of your own by name:
        anything with ``fit(texts, labels)`` and ``predict(texts)``, which are compared with the
        baselines. By default all that can run here, but the GRU.
    test : float or (texts, labels)
        The share to test with, chosen at random, the same of each class; or other texts.
    leaks : bool
        Look for what makes the test too easy; this trains one model about five times more.
    seed : int
        Fixes the split, the models and the resamples.
    tell : callable, optional
        Called with a line about what is being done.
    progress : bool
        Show what is being done, and how far it has come where that is known.

    Returns
    -------
    Comparison
        Print it for a table.

    Raises
    ------
    InputError
        If texts and labels do not fit, or there are too few.
    ConfigError
        If there is no such model, or it needs vectors and there are none.
    MissingExtraError
        If a model that is named needs a package that is not installed.

    Examples
    --------
    >>> texts = ["good film", "fine music", "bad film", "awful music"] * 20
    >>> result = compare(texts, ["pos", "pos", "neg", "neg"] * 20, models=["majority", "mean"])
    >>> [score.name for score in result.scores], result["mean"].accuracy
    (['majority', 'mean'], 1.0)
    """
    say = tell or (lambda _: None)
    parts = _parts(texts, labels, test, seed=seed)
    makers, left_out = _makers(models, vectors, seed)
    measured, found = [], None
    with shown(progress):
        for number, (name, make) in enumerate(makers.items(), 1):
            with doing(f"training {name} ({number} of {len(makers)})", say):
                measured.append(_measured(make(), name, parts))
        if leaks:
            probe = next((name for name in _PROBES if _can_run(name, None) is None), "mean")
            found = find_leaks(parts, _named(probe, None, seed), probe, tell=say)
            found = found.judged(parts.test_labels, {one.name: one.labels for one in measured})
        with doing("drawing resamples", say):
            scores, baseline = _scores(measured, parts.test_labels, seed)
    return Comparison(
        scores=scores,
        baseline=baseline,
        n_train=len(parts.train),
        n_test=len(parts.test),
        n_classes=len({*parts.train_labels, *parts.test_labels}),
        left_out=left_out,
        leaks=found,
    )


def _parts(
    texts: Iterable[str],
    labels: Iterable[str],
    test: float | tuple[Iterable[str], Iterable[str]],
    *,
    seed: int,
) -> Parts:
    listed = checks.checked_texts(texts)
    given = [str(one) for one in checks.checked_labels(labels, len(listed))]
    if isinstance(test, tuple | list) and len(test) == 2:
        others = checks.checked_texts(test[0])
        of_others = [str(one) for one in checks.checked_labels(test[1], len(others))]
        parts = Parts(listed, given, others, of_others)
    else:
        if not isinstance(test, float | np.floating) or not 0 < test < 1:
            raise InputError(f"test is a share such as 0.2, or (texts, labels); got {test!r:.80}.")
        _, targets = np.unique(given, return_inverse=True)
        chosen = stratified_split(targets.astype(np.int32), float(test), seed)
        train, held_out = (positions.tolist() for positions in chosen)
        parts = Parts(
            [listed[i] for i in train],
            [given[i] for i in train],
            [listed[i] for i in held_out],
            [given[i] for i in held_out],
        )
    if len(set(parts.train_labels)) < 2 or not parts.test:
        raise InputError(
            f"A comparison needs training texts of two labels and a text to test with; there are "
            f"{len(parts.train):,} of {len(set(parts.train_labels))} labels, and "
            f"{len(parts.test):,} to test with."
        )
    return parts


# --- the models ----------------------------------------------------------------------------------


_HEADS = ("mean", "cnn", "gru")
_KNOWN = (*BASELINES, *(head + rule for head in _HEADS for rule in ("", "-frozen", "-tuned")))


def _makers(
    models: Iterable[str] | Mapping[str, Model] | None, vectors: Vectors | None, seed: int
) -> tuple[dict[str, Make], dict[str, str]]:
    """What makes each model, and why others are left out."""
    if models is None:
        reasons = {name: _can_run(name, vectors) for name in _KNOWN if not name.startswith("gru")}
        names = [name for name, reason in reasons.items() if reason is None]
        left_out = {name: reason for name, reason in reasons.items() if reason is not None}
        return {name: _named(name, vectors, seed) for name in names}, left_out
    if isinstance(models, Mapping):
        own: dict[str, Make] = {name: _given(model) for name, model in models.items()}
        base = [name for name in BASELINES if _can_run(name, None) is None and name not in own]
        return {name: _named(name, None, seed) for name in base} | own, {}
    names = list(dict.fromkeys([models] if isinstance(models, str) else models))
    if not names:
        raise ConfigError(
            f"models= is empty: there is nothing to compare. Choose from {', '.join(_KNOWN)}, or "
            "leave it out for all that can run here."
        )
    for name in names:
        if name not in _KNOWN:
            raise ConfigError(f"There is no model {name!r}. There are {', '.join(_KNOWN)}.")
        if _needs_vectors(name) and vectors is None:
            raise ConfigError(f"The model {name!r} needs pretrained vectors: vectors=wk.load(...).")
    return {name: _named(name, vectors, seed) for name in names}, {}


def _given(model: Model) -> Make:
    if not (hasattr(model, "fit") and hasattr(model, "predict")):
        raise InputError(f"A model has fit(texts, labels) and predict(texts); got {model!r:.80}.")
    return lambda: model


def _can_run(name: str, vectors: Vectors | None) -> str | None:
    """Return why a model can't run here, or None."""
    if name.startswith("tfidf") and find_spec("sklearn") is None:
        return 'needs scikit-learn: pip install "wordkin[sklearn]"'
    if name.startswith(("cnn", "gru")) and find_spec("keras") is None:
        return 'needs Keras: pip install "wordkin[keras]"'
    if _needs_vectors(name) and vectors is None:
        return "needs pretrained vectors"
    return None


def _needs_vectors(name: str) -> bool:
    return name not in BASELINES and "-" in name


def _named(name: str, vectors: Vectors | None, seed: int) -> Make:
    if name == "majority":
        return Majority
    if name == "tfidf-lr":
        return lambda: Tfidf("lr", seed)
    if name == "tfidf-svm":
        return lambda: Tfidf("svm", seed)
    head, _, rule = name.partition("-")
    settings: dict[str, Any] = {"head": head, "seed": seed, "trainable": rule != "frozen"}
    return lambda: TextClassifier(vectors if rule else None, **settings)


# --- measuring -----------------------------------------------------------------------------------


class _Measured(NamedTuple):
    """What a model says, and what it costs."""

    name: str
    labels: list[str]
    seconds: float
    texts_per_second: float
    megabytes: float | None


def _measured(model: Model, name: str, parts: Parts) -> _Measured:
    """Train and test one model."""
    if isinstance(model, TextClassifier) and model.head == "mean":
        # machine code is made or loaded once on a machine, and is none of the training
        TextClassifier().fit(["a b", "c d"] * 4, ["x", "y"] * 4).predict(["a b"])
    start = time.perf_counter()
    if isinstance(model, TextClassifier) and model.head != "mean":
        # a network stops when it gets no better; the texts to see that by are training texts
        model.fit(parts.train, parts.train_labels, validation=0.1)
    else:
        model.fit(parts.train, parts.train_labels)
    seconds = time.perf_counter() - start
    labels, rate = _predicted(model, parts.test)
    if len(labels) != len(parts.test):
        raise InputError(
            f"The model {name!r} gave {len(labels)} labels for {len(parts.test)} texts."
        )
    return _Measured(name, labels, seconds, rate, _megabytes(model))


def _scores(
    measured: list[_Measured], expected: Sequence[str], seed: int
) -> tuple[tuple[Score, ...], str | None]:
    """Score all models on the same resamples, and compare them with the best baseline."""
    drawn = dict(
        zip(
            [one.name for one in measured],
            draw(expected, [one.labels for one in measured], seed=seed),
            strict=True,
        )
    )
    baselines = [name for name in drawn if name in BASELINES]
    baseline = max(baselines, key=lambda name: drawn[name].accuracy, default=None)
    scores = []
    for name, labels, seconds, rate, megabytes in measured:
        mine, against = drawn[name], None
        if baseline is not None and name != baseline:
            kinds = ("accuracy", "macro_f1")
            n = len(expected)
            against = tuple(difference(mine, drawn[baseline], n, of=kind) for kind in kinds)
        scores.append(
            Score(
                name=name,
                accuracy=mine.accuracy,
                accuracy_interval=interval(mine.accuracies),
                macro_f1=mine.macro_f1,
                macro_f1_interval=interval(mine.macro_f1s),
                against=against,
                predictions=tuple(labels),
                seconds=seconds,
                texts_per_second=rate,
                megabytes=megabytes,
            )
        )
    return tuple(scores), baseline


def _predicted(model: Model, texts: Sequence[str]) -> tuple[list[str], float]:
    start = time.perf_counter()
    guess = [str(label) for label in model.predict(texts)]
    spent, done = time.perf_counter() - start, len(texts)
    while spent < _LEAST_SECONDS:
        start = time.perf_counter()
        model.predict(texts)
        spent += time.perf_counter() - start
        done += len(texts)
    return guess, done / spent


def _megabytes(model: Any) -> float | None:  # noqa: ANN401
    """The size of the saved file, or of what a baseline has to keep; None where nobody knows."""
    if isinstance(model, TextClassifier):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.safetensors")
            model.save(path)
            return path.stat().st_size / 1e6
    return model.n_bytes() / 1e6 if hasattr(model, "n_bytes") else None
