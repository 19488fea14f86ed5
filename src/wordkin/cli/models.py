"""The models that the command line knows, and their settings from its options."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wordkin.config import Model as Configuration


class Model(StrEnum):
    """The models there are."""

    skipgram = "skipgram"
    cbow = "cbow"
    fasttext = "fasttext"
    doc2vec = "doc2vec"
    glove = "glove"
    ppmi = "ppmi"


class Mode(StrEnum):
    """What FastText learns."""

    skipgram = "skipgram"
    cbow = "cbow"


def make_config(model: Model, settings: dict[str, Any]) -> Configuration:
    """Make the settings of a model.

    Parameters
    ----------
    model : Model
        Which one.
    settings : dict
        What was said, by the names of the settings; for the rest the model has its defaults.

    Returns
    -------
    Configuration
        The settings.

    Raises
    ------
    ConfigError
        If one is out of its range, or none of the model.
    """
    from wordkin.config import CBOW, PPMI, Doc2Vec, FastText, GloVe, SkipGram

    kinds: dict[Model, type[Configuration]] = {
        Model.skipgram: SkipGram,
        Model.cbow: CBOW,
        Model.fasttext: FastText,
        Model.doc2vec: Doc2Vec,
        Model.glove: GloVe,
        Model.ppmi: PPMI,
    }
    kind = kinds[model]
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    # the learning rate must not be below the one at the end
    if "alpha" in settings and "min_alpha" in defaults:
        settings = settings | {"min_alpha": min(settings["alpha"], defaults["min_alpha"])}
    return kind(**settings)
