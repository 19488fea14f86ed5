"""Reading texts for a command: which tokenizer, from where, and what to say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from wordkin.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from wordkin.cli.screen import Screen
    from wordkin.corpus import Corpus
    from wordkin.engines.ray_cluster import RayCluster
    from wordkin.text.tokenizers import Tokenizer

_DEFAULT = "words"


def named_tokenizer(name: str) -> Tokenizer | None:
    """Look up a tokenizer before anything is read.

    Parameters
    ----------
    name : str
        Its name, or ``re:EXPRESSION``.

    Returns
    -------
    Tokenizer or None
        The tokenizer; None for the default, which tables of tokens do without.

    Raises
    ------
    BadParameter
        If there is none of this name.
    """
    import re

    from wordkin.text.tokenizers import get_tokenizer

    if name == _DEFAULT:
        return None
    try:
        return get_tokenizer(re.compile(name[3:]) if name.startswith("re:") else name)
    except (InputError, re.error) as error:
        raise typer.BadParameter(str(error), param_hint="--tokenizer") from None


def read_corpus(
    screen: Screen,
    inputs: list[Path],
    reading: dict[str, Any],
    *,
    cluster: RayCluster | None = None,
) -> Corpus:
    """Read texts, or open a folder in which texts were stored before.

    Parameters
    ----------
    screen : Screen
        Where to tell about it.
    inputs : list of Path
        Files and folders.
    reading : dict
        What `Corpus.from_path` shall do with them.
    cluster : RayCluster, optional
        Whose machines are to read what they can.

    Returns
    -------
    Corpus
        The text.

    Raises
    ------
    InputError
        If phrases are to be looked for in a text that is stored.
    """
    from wordkin.corpus import Corpus

    with screen.busy(f"reading {', '.join(map(str, inputs[:3]))}{' ...' * (len(inputs) > 3)}"):
        if len(inputs) == 1 and (inputs[0] / "corpus.json").is_file():
            if reading["phrases"]:
                raise InputError(
                    f"{str(inputs[0])!r} holds a text as ids already: give --phrases when it is "
                    "stored."
                )
            return Corpus.open(inputs[0])
        corpus = None
        if cluster is not None:
            corpus = _read_there(inputs, reading, cluster=cluster, screen=screen)
        if corpus is None:
            corpus = Corpus.from_path(inputs, **reading)
    missed = corpus.account.left_out_up_to
    if missed >= reading["min_count"]:
        screen.note(
            f"because of --max-vocab-size, words that occur up to {missed:,} times may be missing "
            f"although --min-count is {reading['min_count']:,}; all that occur more often are there"
        )
    return corpus


def _read_there(
    inputs: list[Path], reading: dict[str, Any], *, cluster: RayCluster, screen: Screen
) -> Corpus | None:
    """Let a cluster read; None, and a note, if only this machine can."""
    from wordkin.engines.ray_reading import NotSeenError, OneMachineError, read_distributed

    try:
        return read_distributed(inputs, cluster=cluster, **reading)
    except OneMachineError as error:
        why = error.why
    except NotSeenError as error:
        why = str(error)
    screen.note(f"the text is read on this machine, not on the cluster: {why}")
    return None
