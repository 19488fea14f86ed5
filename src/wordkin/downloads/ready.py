"""Public vectors by name, ready to use: fetched if they are not there yet, and opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wordkin.downloads import download
from wordkin.errors import InputError
from wordkin.vectors import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wordkin.downloads.transfer import Progress
    from wordkin.vectors import WordVectors

# what the user asks for -> the download, and the file in it where there are several
VECTORS: dict[str, tuple[str, str | None]] = {
    **{f"glove.6B.{d}d": ("glove.6B", f"glove.6B.{d}d.txt") for d in (50, 100, 200, 300)},
    "glove.840B.300d": ("glove.840B", None),
    **{f"glove.2024.{d}d": (f"glove.2024.{d}d", None) for d in (50, 100, 200, 300)},
    "glove.2024.dolma": ("glove.2024.dolma", None),
    "GoogleNews": ("GoogleNews", None),
    "fasttext.crawl": ("fasttext.crawl", None),
}


def pretrained(
    name: str,
    *,
    limit: int | None = None,
    only: Iterable[str] | None = None,
    progress: Progress | bool = False,
) -> WordVectors:
    """Open public word vectors by name; fetch them first if they are not there yet.

    Of an archive that holds several files only the one that is asked for is read, and nothing is
    unpacked to disk.

    Parameters
    ----------
    name : str
        Such as ``"glove.6B.100d"``; capitals don't matter. `VECTORS` lists them.
    limit : int, optional
        Take the first so many words only.
    only : iterable of str, optional
        Of these, take the words that are there: the words of your texts, say.
    progress : bool or callable
        Show how far downloading and reading have come; or what is called while downloading with
        the bytes that have come, and all bytes or None.

    Returns
    -------
    WordVectors
        The words and their vectors.

    Raises
    ------
    InputError
        If there are none of this name.
    FileError
        If they can't be fetched.
    FormatError
        If the file is damaged.
    """
    names = {known.lower(): known for known in VECTORS}
    known = names.get(str(name).lower())
    if known is None:
        raise InputError(
            f"There are no public vectors called {name!r}. There are: {', '.join(VECTORS)}. "
            "A file of your own is opened by wordkin.load(path)."
        )
    resource, member = VECTORS[known]
    path = download(resource, progress=progress)
    whole = f"{path}#{member}" if member else path
    return load(whole, limit=limit, only=only, progress=progress is True)
