"""TextClassifier: raw strings in, labels out, one file.

The way of a text: `documents` numbers its words, a head (`heads` tells what that is) gives a score
for each class, and `classifier` makes labels of scores. `learning` is the loop over epochs,
`saving` the file. The mean head is in `mean`: `kinds` says what its features are, `features` and
`plain` find them in texts, `descent` learns, `linear` is what has been learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.classification import saving
from wordkin.classification.classifier import TextClassifier
from wordkin.classification.heads import make_head
from wordkin.classification.plans import MACHINE, plan_of
from wordkin.documents.reading import Reader
from wordkin.errors import FormatError
from wordkin.formats.rows import naming

if TYPE_CHECKING:
    import os

__all__ = ["TextClassifier", "load_classifier"]


def load_classifier(path: str | os.PathLike[str]) -> TextClassifier:
    """Load a classifier from the file that `TextClassifier.save` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    TextClassifier
        Ready to predict. Its settings are those that it had, but for the pretrained vectors and
        `backend` and `progress`, which are up to the process that it is loaded in.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it holds no classifier, or one of another version, or is damaged.
    MissingExtraError
        If its head needs a framework that is not installed.
    """
    saved = saving.read(path)
    with naming(path):
        clf = _with_settings(saved)
        plan = plan_of(clf, saved.vocabulary, n_classes=len(saved.labels))
        head = make_head(plan)
        head.restore(saved.arrays)
    clf._learned(plan, head, Reader(saved.vocabulary), classes=np.array(saved.labels))
    return clf


def _with_settings(saved: saving.Saved) -> TextClassifier:
    settings = {name: v for name, v in saved.settings.items() if name not in MACHINE}
    odd = settings.keys() - TextClassifier().get_params().keys()
    if odd or not settings.keys().isdisjoint({"vectors", "tokenizer"}):
        raise FormatError(f"The settings {sorted(settings)} are not those of this version.")
    if isinstance(settings.get("letters"), list):
        settings["letters"] = tuple(settings["letters"])
    return TextClassifier(**settings, tokenizer=saved.vocabulary.tokenizer)
