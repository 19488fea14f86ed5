"""Vectors of documents: texts become numbers of words (`reading`), and these a vector each."""

from wordkin.documents.encoder import DocumentEncoder as DocumentEncoder
from wordkin.documents.report import EncodingReport as EncodingReport
