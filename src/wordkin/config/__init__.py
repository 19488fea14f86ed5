"""What to train: frozen settings of the models, checked when they are made.

`base` has what all share; each other file is a family of models. What a setting does is the
business of the kernels, and how a model is run that of its file in `engines`.
"""

from wordkin.config.base import Model as Model
from wordkin.config.doc2vec import Doc2Vec as Doc2Vec
from wordkin.config.fasttext import FastText as FastText
from wordkin.config.glove import GloVe as GloVe
from wordkin.config.ppmi import PPMI as PPMI
from wordkin.config.word2vec import CBOW as CBOW
from wordkin.config.word2vec import SkipGram as SkipGram
from wordkin.config.word2vec import Word2Vec as Word2Vec
