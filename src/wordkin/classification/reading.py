"""Reading labelled texts: what kind of data it is, and what every kind has in common.

The kinds: a folder or an archive with a folder for each class (`folders`), tables with named
columns (`tables`), and lines that begin with their label (here).
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from wordkin.archives import answers
from wordkin.classification import folders, tables
from wordkin.classification.labelled import Labelled
from wordkin.classification.records import Decoder, Record
from wordkin.errors import FormatError, InputError
from wordkin.files import open_bytes, size_on_disk
from wordkin.progress import counting_bytes, shown, task
from wordkin.text.mail import checked_parts, strip_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Kind = Literal["folder", "csv", "tsv", "jsonl", "json", "parquet", "fasttext", "lines"]
    Column = str | int | None

_MARK = "__label__"
_HEAD = 1 << 16
_SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".json": "json", ".jsonl": "jsonl",
             ".ndjson": "jsonl", ".parquet": "parquet"}  # fmt: skip
_KINDS = ("folder", *tables.READERS, "fasttext", "lines")


def read_labelled(
    path: str | os.PathLike[str],
    *,
    kind: Kind | None = None,
    text: Column = None,
    label: Column = None,
    strip: Iterable[str] = (),
    encoding: str = "utf-8",
    digits_only: bool = False,
    progress: bool = False,
) -> Labelled:
    r"""Read texts with their labels.

    What can be read, compressed or not:

    - a folder that holds a folder for each class, or such a folder in a tar or zip archive, which
      is read in place. Texts come in the order of the sorted names of classes and files;
    - a table, CSV, TSV, JSON lines, JSON (a list of objects) or Parquet, with a column of texts
      and one of labels;
    - fastText's lines ``__label__name text``;
    - lines ``name text`` (``kind="lines"`` only).

    Parameters
    ----------
    path : path-like
        The folder or file. ``"archive.zip#member"`` names a file of an archive.
    kind : {"folder", "csv", "tsv", "jsonl", "json", "parquet", "fasttext", "lines"}, optional
        What it is; by default seen from its content and, failing that, its name. An archive of
        folders is a ``"folder"``.
    text, label : str or int, optional
        The columns of a table, by name; or by number from 0, in a CSV or TSV without a line of
        names. By default the columns ``text`` and ``label``, or what is often written for these.
    strip : iterable of {"headers", "quotes", "footers", "until-blank"}
        Parts of mails or news posts to take off: see `wordkin.text.mail.strip_parts`.
    encoding : str
        How characters are stored. Texts with bytes that are no text are counted in the account.
    digits_only : bool
        Of the files in folders, read only those whose names are numbers, as 20 Newsgroups has.
    progress : bool
        Show how far it has come.

    Returns
    -------
    Labelled
        ``texts``, ``labels``, ``names``, and the ``account`` of what was left out.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is damaged, or not what it should be: a row without a text or a label.
    InputError
        If an argument is none of the above, or there is no such column, or no text at all.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "reviews.csv"
    >>> _ = file.write_text('text,label\n"Good, really",pos\nBad,neg\n')
    >>> data = read_labelled(file)
    >>> data.texts, data.labels
    (['Good, really', 'Bad'], ['pos', 'neg'])
    """
    parts = checked_parts(strip)
    if kind is not None and kind not in _KINDS:
        raise InputError(f"There is no kind {kind!r}. Use one of {', '.join(map(repr, _KINDS))}.")
    decoder = Decoder(encoding)
    left_out: Counter[str] = Counter()
    found = kind or _kind_of(path, decoder)
    if found == "folder":
        records: Iterator[Record] = folders.read(
            path, decoder, digits_only=digits_only, left_out=left_out
        )
    elif found in ("fasttext", "lines"):
        records = _lines(path, decoder, mark=_MARK if found == "fasttext" else "")
    else:
        records = tables.READERS[found](path, decoder, tables.Columns(text, label))
    size = None if answers(Path(path).is_dir) else size_on_disk(path)
    what = f"reading {os.fspath(path)}"
    with shown(progress), task(what, size, "B") as advance, counting_bytes(advance):
        data = _collected(records, str(path), parts)
    left_out.update(decoder.account())
    return Labelled(*data, {"texts": len(data[0]), **left_out})


def _collected(
    records: Iterator[Record], path: str, parts: tuple[str, ...]
) -> tuple[list[str], list[str], list[str]]:
    texts, labels, names = [], [], []
    for record in records:
        if not record.label:
            raise FormatError(f"{path!r}: {record.name} has no label.")
        texts.append(strip_parts(record.text, parts) if parts else record.text)
        labels.append(record.label)
        names.append(record.name)
    if not texts:
        raise InputError(f"There is no text in {path!r}.")
    return texts, labels, names


def _kind_of(path: str | os.PathLike[str], decoder: Decoder) -> str:
    """Tell the kind from the content and, where that can't tell, from the name."""
    if answers(Path(path).is_dir) or folders.is_archive(path):
        return "folder"
    with open_bytes(path) as stream:
        head = stream.read(_HEAD)
    if head.startswith(b"PAR1"):
        return "parquet"
    start = decoder.peek(head).lstrip("\ufeff \r\n")
    if start.startswith(_MARK):
        return "fasttext"
    if start.startswith("{"):
        return "jsonl"
    if start.startswith("["):
        return "json"
    for suffix in reversed(Path(os.fspath(path).lower()).suffixes):
        if suffix in _SUFFIXES:
            return _SUFFIXES[suffix]
    first = start.partition("\n")[0]
    if "\t" in first:
        return "tsv"
    if "," in first:
        return "csv"
    raise FormatError(
        f"Can't tell what kind of labelled data {str(path)!r} is; it begins {first!r:.60}. "
        "Say it: kind='lines' for lines that begin with their label, or 'csv', 'tsv', 'jsonl' ..."
    )


def _lines(path: str | os.PathLike[str], decoder: Decoder, *, mark: str) -> Iterator[Record]:
    """Read lines that begin with their label; empty lines are none."""
    with open_bytes(path, bounded=True) as stream:
        for number, raw in enumerate(decoder.lines(stream), 1):
            line = raw.strip()
            if not line:
                continue
            first, _, text = line.partition(" ") if "\t" not in line else _at_first_gap(line)
            if not first.startswith(mark):
                raise FormatError(
                    f"Line {number} of {str(path)!r} should begin with {mark!r}; it begins "
                    f"{line!r:.60}."
                )
            if mark and text.lstrip().startswith(mark):
                raise FormatError(
                    f"Line {number} of {str(path)!r} has more than one label. Each text needs "
                    "exactly one here."
                )
            yield Record(text.strip(), first.removeprefix(mark), f"line {number}")


def _at_first_gap(line: str) -> tuple[str, str, str]:
    first = line.split(maxsplit=1)
    return first[0], " ", first[1] if len(first) > 1 else ""
