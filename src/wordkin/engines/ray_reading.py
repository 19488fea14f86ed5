"""Reading on a Ray cluster: the files of a text are cut and counted by tasks, many at a time.

Map: a task reads a file, cuts it, and numbers its words in the order in which it first sees them.
Reduce: here the tasks' results come in the order of the files; each file's new words get the next
free numbers, its tokens are renumbered and appended to a draft, and from there on all is as on one
machine. So the corpus is the same to the last byte. Memory: the different words, and for each task
at most `_AHEAD` stretches of text; the draft goes to a file when it grows.
"""

from __future__ import annotations

import socket
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.corpus import Corpus
from wordkin.corpus.building import build, plain_of, tokenizer_for
from wordkin.corpus.choosing import Choice
from wordkin.corpus.reading import Reading, of_blocks
from wordkin.engines.ray_cluster import RayCluster, import_ray
from wordkin.errors import ConfigError, FileError, TrainingError, WordkinError
from wordkin.files import size_on_disk
from wordkin.progress import task
from wordkin.text.sources import open_source
from wordkin.text.tables import open_columns

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from wordkin.corpus.interning import Chunk
    from wordkin.text.phrases import PhraseRule, Phrases
    from wordkin.text.tokenizers import Tokenizer
    from wordkin.vocabulary import TokenizerSpec, Vocabulary

    StrPath = str | os.PathLike[str]

_AHEAD = 128
"""Stretches of text (1 MB each) that a task may be ahead of where its results are wanted."""


class OneMachineError(ConfigError):
    """What can be read on one machine alone.

    Parameters
    ----------
    why : str
        A sentence.
    """

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} Use Corpus.from_path.")
        self.why = why


class NotSeenError(FileError):
    """A machine of the cluster does not see a file, or sees another one."""


class Stretch(NamedTuple):
    """A stretch of a file, in numbers of the file's own."""

    text: NDArray[np.uint8]
    """The words that it is the first to have, each with a line feed behind it."""
    offsets: NDArray[np.int64]
    """Word w is ``text[offsets[w]:offsets[w + 1] - 1]``."""
    chunk: Chunk


def stretches(path: str, encoding: str, tokenizer: Tokenizer) -> Iterator[Stretch]:
    """Cut a file, and number its words: what a task does.

    Parameters
    ----------
    path : str
        The file.
    encoding : str
        Of its text.
    tokenizer : Tokenizer
        What cuts it.

    Yields
    ------
    Stretch
        About a megabyte each.
    """
    text = of_blocks(open_source(path, encoding=encoding), tokenizer)
    known = 0
    for chunk in text.chunks:
        words = max(known, int(chunk.ids.max(initial=-1)) + 1)
        yield Stretch(*text.spelled(np.arange(known, words)), chunk)
        known = words


class Renumbered:
    """The stretches of all files in one numbering: that of the first places of words in all.

    Parameters
    ----------
    files : iterator of iterators of Stretch
        In the order of the text.
    """

    def __init__(self, files: Iterator[Iterator[Stretch]]) -> None:
        from wordkin.kernels.numbering import WordTable

        self._files, self.table = files, WordTable()

    def chunks(self) -> Iterator[Chunk]:
        """Give the whole text.

        Yields
        ------
        Chunk
            In the numbers of the whole.
        """
        from wordkin.kernels.text import PADDING

        for file in self._files:
            numbers = np.zeros(0, np.int32)
            for text, offsets, chunk in file:
                padded = np.concatenate((text, np.zeros(PADDING, np.uint8)))
                new = self.table.number(padded, offsets[:-1], offsets[1:] - 1)
                numbers = np.concatenate((numbers, new.astype(np.int32)))
                seen = None if chunk.seen is None else (numbers[chunk.seen[0]], chunk.seen[1])
                yield chunk._replace(ids=numbers[chunk.ids], seen=seen)


def read_distributed(
    path: StrPath | Sequence[StrPath],
    *,
    cluster: RayCluster | None = None,
    tokenizer: TokenizerSpec | None = None,
    encoding: str = "utf-8",
    store: StrPath | None = None,
    phrases: int | PhraseRule | Phrases | None = None,
    **choice: Any,  # noqa: ANN401
) -> Corpus:
    """Read the files of a text on the processors of a Ray cluster, each file as a task.

    The corpus, its vocabulary and its account are those of `Corpus.from_path`.

    Parameters
    ----------
    path : path-like or list of path-like
        Files or folders, under paths that all machines of the cluster see.
    cluster : RayCluster, optional
        Where; by default what Ray finds, or a new one of this machine.
    tokenizer : str, re.Pattern, callable or Tokenizer, optional
        What cuts a line into words.
    encoding : str
        Of the files.
    store : path-like, optional
        A folder to keep the corpus in, from which it is mapped; it is written by this process.
    phrases : int, PhraseRule or Phrases, optional
        Join words that belong together; that is done by this process, when all is read.
    **choice
        `min_count`, `max_vocab` and `vocabulary`, as for `Corpus.from_path`.

    Returns
    -------
    Corpus
        The corpus.

    Raises
    ------
    FileError
        If there is no such file, a task can't read it, or not all machines see the same.
    EmptyCorpusError
        If no word is left.
    ConfigError
        If a setting is out of range, or not there for reading on a cluster.
    TrainingError
        If the cluster can't be reached, or a task fails.
    """
    source = open_source(path, encoding=encoding)
    _check(source.paths, choice.pop("column", None), choice.pop("max_vocab_size", None))
    vocabulary: Vocabulary | None = choice.pop("vocabulary", None)
    cut = tokenizer_for(tokenizer, vocabulary)
    wanted = Choice(
        tokenizer=cut, vocabulary=vocabulary, **{"min_count": 5, "max_vocab": None} | choice
    )
    ray, settings = import_ray(), cluster or RayCluster()
    disconnect = settings.connect(2)
    try:
        paths = [str(Path(file).absolute()) for file in source.paths]
        sizes = _seen_by_all(ray, paths, timeout=settings.timeout)
        files = Renumbered(_files(ray, paths, sizes, encoding=encoding, tokenizer=plain_of(cut)))
        from wordkin.kernels.numbering import rank_in_place

        text = Reading(files.chunks(), files.table.types, rank_in_place, files.table.chosen)
        return Corpus(**build(text, wanted, store, phrases=phrases)._asdict())
    finally:
        disconnect()


def _check(paths: Sequence[str], column: str | None, max_vocab_size: int | None) -> None:
    if max_vocab_size is not None:
        raise OneMachineError(
            "max_vocab_size is not there for reading on a cluster: all different words are counted "
            "in one process."
        )
    for path in paths:
        if str(Path(path).absolute()).startswith(("/dev/", "/proc/")) or Path(path).is_fifo():
            raise OneMachineError(f"{path!r} is open in this process alone.")
    if open_columns(paths, column) is not None:
        raise OneMachineError(f"{paths[0]!r} is a table, and tasks on a cluster read none.")


def _sizes(paths: Sequence[str]) -> tuple[str, list[int]]:
    """Look at files: what a task does on each machine. -1 is one that is not there."""
    return socket.gethostname(), [_size(path) for path in paths]


def _size(path: str) -> int:
    try:
        return size_on_disk(path)
    except FileError:
        return -1


def _seen_by_all(ray: ModuleType, paths: Sequence[str], *, timeout: float) -> list[int]:
    """Refuse files that are not the same on all machines, before any is read; give their sizes."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    _, here = _sizes(paths)
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    look, given = ray.remote(num_cpus=0)(_sizes), ray.put(paths)
    with _told(ray, "A task that looks at the files"):
        asked = [
            look.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            ).remote(given)
            for node in nodes
        ]
        try:
            answers = ray.get(asked, timeout=timeout)
        except ray.exceptions.GetTimeoutError as error:
            raise TrainingError(
                f"The {len(nodes):,} machines of the Ray cluster have not all told within "
                f"{timeout:g} seconds that they see the files."
            ) from error
        for machine, there in answers:
            for path, mine, other in zip(paths, here, there, strict=True):
                if mine != other:
                    found = "is not there" if other < 0 else f"has {other:,} bytes, not {mine:,},"
                    raise NotSeenError(
                        f"{path!r} {found} on the machine {machine} of the cluster. All its "
                        "machines must see the same files under the same paths."
                    )
    return here


def _files(
    ray: ModuleType,
    paths: Sequence[str],
    sizes: Sequence[int],
    *,
    encoding: str,
    tokenizer: Tokenizer,
) -> Iterator[Iterator[Stretch]]:
    """Begin as many tasks as there are processors, and give what they yield, file by file."""
    cutting = ray.remote(num_returns="streaming", _generator_backpressure_num_objects=_AHEAD)(
        stretches
    )
    cut = ray.put(tokenizer)
    at_once = max(1, int(ray.cluster_resources().get("CPU", 1)))
    begun: deque[Any] = deque()
    waiting = iter(paths)
    with task(f"reading {len(paths):,} files on the cluster", sum(sizes), "B") as advance:
        for size in sizes:
            while len(begun) < at_once and (path := next(waiting, None)) is not None:
                begun.append(cutting.remote(path, encoding, cut))
            yield _fetched(ray, begun.popleft())
            advance(size)


def _fetched(ray: ModuleType, refs: Iterator[Any]) -> Iterator[Stretch]:
    with _told(ray, "A task that reads a file"):
        for ref in refs:
            yield ray.get(ref)


@contextmanager
def _told(ray: ModuleType, what: str) -> Iterator[None]:
    """Say what happens to a task as our own errors."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, WordkinError):
            raise error.cause from None
        raise TrainingError(f"{what} has failed: {error}") from error
    except ray.exceptions.RayError as error:
        raise TrainingError(f"{what} is lost: {error}") from error
