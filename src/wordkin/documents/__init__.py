"""Vectors of documents.

`DocumentEncoder` adds up vectors of words: `reading` numbers words, `summing` adds up their rows,
`weighting` says how much each counts. `DocumentModel` is what `train` makes of a `Doc2Vec`.
"""

from wordkin.documents.doc2vec import DocumentModel as DocumentModel
from wordkin.documents.encoder import DocumentEncoder as DocumentEncoder
from wordkin.documents.report import EncodingReport as EncodingReport
