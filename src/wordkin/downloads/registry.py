"""What can be downloaded: public data of the field, where it is, and under which terms.

A size or a checksum stands here only if it is known for sure. Nothing of this is shipped.
"""

from __future__ import annotations

from dataclasses import dataclass

from wordkin.errors import InputError


@dataclass(frozen=True)
class Resource:
    """One file that can be downloaded.

    Parameters
    ----------
    name : str
        What users call it.
    what : str
        What it is, in a line.
    addresses : tuple of str
        Where it is: its home first, then mirrors.
    file_name : str
        What it is called here.
    licence : str
        The terms, as far as they are stated.
    citation : str
        What to cite.
    n_bytes : int, optional
        Its size; None where it isn't known.
    sha256 : str, optional
        Its checksum in hexadecimal; None where it isn't known.
    """

    name: str
    what: str
    addresses: tuple[str, ...]
    file_name: str
    licence: str
    citation: str
    n_bytes: int | None = None
    sha256: str | None = None


_GLOVE = "Pennington, Socher and Manning 2014: GloVe, EMNLP"
_GLOVE_2024 = "Carlson, Bauer and Manning 2025: A New Pair of GloVes, arXiv:2507.18103"
_WORD2VEC = "Mikolov et al. 2013: Distributed Representations of Words and Phrases, NeurIPS"
_PDDL = "PDDL 1.0"
_STANFORD = "https://nlp.stanford.edu/data/", "https://downloads.cs.stanford.edu/nlp/data/"
_MIKOLOV = "https://raw.githubusercontent.com/tmikolov/word2vec/master/"


def _glove(name: str, what: str, file_name: str, *, n_bytes: int | None = None) -> Resource:
    return Resource(
        name=name,
        what=what,
        addresses=tuple(place + file_name for place in _STANFORD),
        file_name=file_name.rpartition("/")[2],
        licence=_PDDL,
        citation=_GLOVE_2024 if "2024" in name else _GLOVE,
        n_bytes=n_bytes,
    )


RESOURCES = (
    _glove(
        "glove.6B",
        "400,000 words; 50, 100, 200, 300 dimensions",
        "glove.6B.zip",
        n_bytes=862_182_613,
    ),
    _glove(
        "glove.840B",
        "2.2 million words, 300 dimensions",
        "glove.840B.300d.zip",
        n_bytes=2_176_768_927,
    ),
    *(
        _glove(
            f"glove.2024.{d}d",
            f"Wikipedia and Gigaword of 2024, {d} dimensions",
            f"wordvecs/glove.2024.wikigiga.{d}d.zip",
        )
        for d in (50, 100, 200, 300)
    ),
    _glove(
        "glove.2024.dolma",
        "Dolma of 2024, 300 dimensions",
        "wordvecs/glove.2024.dolma.300d.zip",
    ),
    Resource(
        name="GoogleNews",
        what="3 million words and phrases, 300 dimensions",
        addresses=(
            "https://s3.amazonaws.com/dl4j-distribution/GoogleNews-vectors-negative300.bin.gz",
            "https://media.githubusercontent.com/media/mmihaltz/word2vec-GoogleNews-vectors/master/"
            "GoogleNews-vectors-negative300.bin.gz",
        ),
        file_name="GoogleNews-vectors-negative300.bin.gz",
        licence="none stated for the vectors; the code of its home is under Apache-2.0",
        citation=_WORD2VEC,
        n_bytes=1_647_046_227,
    ),
    Resource(
        name="fasttext.crawl",
        what="2 million words, 300 dimensions, Common Crawl",
        addresses=(
            "https://dl.fbaipublicfiles.com/fasttext/vectors-english/crawl-300d-2M.vec.zip",
        ),
        file_name="crawl-300d-2M.vec.zip",
        licence="CC BY-SA 3.0",
        citation="Mikolov et al. 2018: Advances in Pre-Training Distributed Word Representations",
        n_bytes=1_523_785_255,
    ),
    Resource(
        name="text8",
        what="the first 100 MB of cleaned English Wikipedia of 2006",
        addresses=("http://mattmahoney.net/dc/text8.zip",),
        file_name="text8.zip",
        licence="CC BY-SA 3.0 and GFDL (Wikipedia)",
        citation="Mahoney 2006: Large Text Compression Benchmark",
        n_bytes=31_344_016,
    ),
    Resource(
        name="20newsgroups",
        what="18,846 Usenet posts in 20 groups, split by date",
        addresses=(
            "https://ndownloader.figshare.com/files/5975967",
            "http://qwone.com/~jason/20Newsgroups/20news-bydate.tar.gz",
        ),
        file_name="20news-bydate.tar.gz",
        licence="none stated; posts of many authors, for research",
        citation="Lang 1995: NewsWeeder, ICML",
        sha256="8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610",
    ),
    Resource(
        name="google-analogies",
        what="19,544 analogy questions",
        addresses=(_MIKOLOV + "questions-words.txt",),
        file_name="questions-words.txt",
        licence="Apache-2.0",
        citation="Mikolov et al. 2013: Efficient Estimation of Word Representations, ICLR",
        n_bytes=603_955,
        sha256="8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36",
    ),
    Resource(
        name="wordsim353",
        what="353 pairs of words with judgements of similarity and relatedness",
        addresses=("http://www.gabrilovich.com/resources/data/wordsim353/wordsim353.zip",),
        file_name="wordsim353.zip",
        licence="CC BY 4.0",
        citation="Finkelstein et al. 2002: Placing Search in Context, ACM TOIS",
    ),
    Resource(
        name="wordsim353-split",
        what="the halves of WordSim-353: similarity, relatedness",
        addresses=("http://alfonseca.org/pubs/ws353simrel.tar.gz",),
        file_name="ws353simrel.tar.gz",
        licence="none stated; for research",
        citation="Agirre et al. 2009: A Study on Similarity and Relatedness, NAACL",
    ),
    Resource(
        name="simlex999",
        what="999 pairs of words with judgements of similarity",
        addresses=("https://fh295.github.io/SimLex-999.zip",),
        file_name="SimLex-999.zip",
        licence="none stated; for research",
        citation="Hill, Reichart and Korhonen 2015: SimLex-999, Computational Linguistics",
    ),
)


def find(name: str) -> Resource:
    """Find a resource by its name; capitals don't matter.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Resource
        What is known of it.

    Raises
    ------
    InputError
        If there is none of this name.

    Examples
    --------
    >>> find("text8").n_bytes
    31344016
    """
    for resource in RESOURCES:
        if resource.name.lower() == str(name).lower():
            return resource
    known = ", ".join(resource.name for resource in RESOURCES)
    raise InputError(f"There is nothing called {name!r} to download. There are: {known}.")
