"""wordkin: text to word vectors at hardware speed, and word vectors to working models.

Importing this package is free: each public name is loaded from its module at first use (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wordkin.classification import TextClassifier as TextClassifier
    from wordkin.classification import load_classifier as load_classifier
    from wordkin.classification.comparing import compare as compare
    from wordkin.classification.reading import read_labelled as read_labelled
    from wordkin.config import CBOW as CBOW
    from wordkin.config import PPMI as PPMI
    from wordkin.config import Doc2Vec as Doc2Vec
    from wordkin.config import FastText as FastText
    from wordkin.config import GloVe as GloVe
    from wordkin.config import SkipGram as SkipGram
    from wordkin.corpus import Account as Account
    from wordkin.corpus import Corpus as Corpus
    from wordkin.documents import DocumentEncoder as DocumentEncoder
    from wordkin.documents import DocumentModel as DocumentModel
    from wordkin.downloads import download as download
    from wordkin.downloads.ready import pretrained as pretrained
    from wordkin.embedding import embedding_matrix as embedding_matrix
    from wordkin.engines.ray_cluster import RayCluster as RayCluster
    from wordkin.engines.ray_reading import read_distributed as read_distributed
    from wordkin.errors import WordkinError as WordkinError
    from wordkin.evaluation import evaluate as evaluate
    from wordkin.explorer import explore as explore
    from wordkin.layers.keras import TuneEmbedding as TuneEmbedding
    from wordkin.layers.keras import cosine_model as cosine_model
    from wordkin.layers.padding import check_padding as check_padding
    from wordkin.pairs import make_sampling_table as make_sampling_table
    from wordkin.pairs import skipgrams as skipgrams
    from wordkin.plotting import plot_analogy as plot_analogy
    from wordkin.plotting import plot_axis as plot_axis
    from wordkin.plotting import plot_confusion as plot_confusion
    from wordkin.plotting import plot_map as plot_map
    from wordkin.plotting import plot_neighbors as plot_neighbors
    from wordkin.plotting import plot_training as plot_training
    from wordkin.table import VectorTable as VectorTable
    from wordkin.text.phrases import PhraseRule as PhraseRule
    from wordkin.text.phrases import Phrases as Phrases
    from wordkin.text.tokenizers import get_tokenizer as get_tokenizer
    from wordkin.training import Checkpoint as Checkpoint
    from wordkin.training import EarlyStopping as EarlyStopping
    from wordkin.training import LossCurve as LossCurve
    from wordkin.training import NearestWords as NearestWords
    from wordkin.training import RunRecord as RunRecord
    from wordkin.training import TrainedModel as TrainedModel
    from wordkin.training import train as train
    from wordkin.vectors import WordVectors as WordVectors
    from wordkin.vectors import load as load
    from wordkin.vectors.importing import from_keras as from_keras
    from wordkin.vectors.importing import from_torch as from_torch
    from wordkin.vocabulary import Vocabulary as Vocabulary
    from wordkin.vocabulary.probes import probe_words as probe_words

__version__ = "0.1.0"

_HOME = {
    "Account": "wordkin.corpus",
    "CBOW": "wordkin.config",
    "Checkpoint": "wordkin.training",
    "Corpus": "wordkin.corpus",
    "Doc2Vec": "wordkin.config",
    "DocumentEncoder": "wordkin.documents",
    "DocumentModel": "wordkin.documents",
    "EarlyStopping": "wordkin.training",
    "FastText": "wordkin.config",
    "GloVe": "wordkin.config",
    "LossCurve": "wordkin.training",
    "NearestWords": "wordkin.training",
    "PhraseRule": "wordkin.text.phrases",
    "Phrases": "wordkin.text.phrases",
    "RayCluster": "wordkin.engines.ray_cluster",
    "RunRecord": "wordkin.training",
    "PPMI": "wordkin.config",
    "SkipGram": "wordkin.config",
    "TextClassifier": "wordkin.classification",
    "TrainedModel": "wordkin.training",
    "TuneEmbedding": "wordkin.layers.keras",
    "VectorTable": "wordkin.table",
    "Vocabulary": "wordkin.vocabulary",
    "WordVectors": "wordkin.vectors",
    "WordkinError": "wordkin.errors",
    "check_padding": "wordkin.layers.padding",
    "compare": "wordkin.classification.comparing",
    "cosine_model": "wordkin.layers.keras",
    "download": "wordkin.downloads",
    "embedding_matrix": "wordkin.embedding",
    "evaluate": "wordkin.evaluation",
    "explore": "wordkin.explorer",
    "from_keras": "wordkin.vectors.importing",
    "from_torch": "wordkin.vectors.importing",
    "get_tokenizer": "wordkin.text.tokenizers",
    "load": "wordkin.vectors",
    "load_classifier": "wordkin.classification",
    "make_sampling_table": "wordkin.pairs",
    "plot_analogy": "wordkin.plotting",
    "plot_axis": "wordkin.plotting",
    "plot_confusion": "wordkin.plotting",
    "plot_map": "wordkin.plotting",
    "plot_neighbors": "wordkin.plotting",
    "plot_training": "wordkin.plotting",
    "pretrained": "wordkin.downloads.ready",
    "probe_words": "wordkin.vocabulary.probes",
    "read_distributed": "wordkin.engines.ray_reading",
    "read_labelled": "wordkin.classification.reading",
    "skipgrams": "wordkin.pairs",
    "train": "wordkin.training",
}

__all__ = [
    "CBOW",
    "PPMI",
    "Account",
    "Checkpoint",
    "Corpus",
    "Doc2Vec",
    "DocumentEncoder",
    "DocumentModel",
    "EarlyStopping",
    "FastText",
    "GloVe",
    "LossCurve",
    "NearestWords",
    "PhraseRule",
    "Phrases",
    "RayCluster",
    "RunRecord",
    "SkipGram",
    "TextClassifier",
    "TrainedModel",
    "TuneEmbedding",
    "VectorTable",
    "Vocabulary",
    "WordVectors",
    "WordkinError",
    "__version__",
    "check_padding",
    "compare",
    "cosine_model",
    "download",
    "embedding_matrix",
    "evaluate",
    "explore",
    "from_keras",
    "from_torch",
    "get_tokenizer",
    "load",
    "load_classifier",
    "make_sampling_table",
    "plot_analogy",
    "plot_axis",
    "plot_confusion",
    "plot_map",
    "plot_neighbors",
    "plot_training",
    "pretrained",
    "probe_words",
    "read_distributed",
    "read_labelled",
    "skipgrams",
    "train",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'wordkin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
