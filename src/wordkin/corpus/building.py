"""Building: from a text on its way to numbers to the parts of a corpus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wordkin.corpus import store
from wordkin.corpus.draft import Draft
from wordkin.errors import ConfigError
from wordkin.given import checked_path, whole
from wordkin.progress import task
from wordkin.text.phrases import PhraseRule, Phrases
from wordkin.text.tokenizers import Phrased, Whitespace, get_tokenizer
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os

    from wordkin.corpus.choosing import Choice
    from wordkin.corpus.reading import Reading
    from wordkin.text.tokenizers import Tokenizer
    from wordkin.vocabulary import TokenizerSpec

    StrPath = str | os.PathLike[str]


def tokenizer_for(spec: TokenizerSpec | None, vocabulary: Vocabulary | None) -> Tokenizer:
    """What the user says, or what the vocabulary was made with, or "words".

    Parameters
    ----------
    spec : optional
        What the user says.
    vocabulary : Vocabulary, optional
        The words that are given.

    Returns
    -------
    Tokenizer
        What cuts the text.
    """
    if spec is None and isinstance(vocabulary, Vocabulary):
        spec = vocabulary.tokenizer
    return get_tokenizer("words" if spec is None else spec)


def plain_of(tokenizer: Tokenizer) -> Tokenizer:
    """Take what cuts the text: phrases are joined when all is read, by compiled code.

    Parameters
    ----------
    tokenizer : Tokenizer
        What the user gave.

    Returns
    -------
    Tokenizer
        The same, or that within a `Phrased` one.
    """
    return tokenizer.tokenizer if isinstance(tokenizer, Phrased) else tokenizer


def phrases_for(
    wanted: int | PhraseRule | Phrases | None, choice: Choice
) -> PhraseRule | Phrases | None:
    """What the user says about phrases, or what the tokenizer joins.

    Parameters
    ----------
    wanted : optional
        What the user says: a number of passes, a rule, or phrases that are there.
    choice : Choice
        With the tokenizer, and a vocabulary if one is given.

    Returns
    -------
    PhraseRule, Phrases or None
        What to look for, what to join, or nothing.

    Raises
    ------
    ConfigError
        If it is none of this, or does not go with the tokenizer or the vocabulary.
    """
    known = choice.tokenizer.phrases if isinstance(choice.tokenizer, Phrased) else None
    passes = whole(wanted)
    # False is how some say "none"
    if wanted is None or wanted is False or passes == 0:
        return known
    if known is not None:
        raise ConfigError(
            f"The tokenizer joins {len(known):,} phrases already: leave out phrases, or give the "
            "tokenizer within it (tokenizer.tokenizer)."
        )
    if isinstance(wanted, Phrases):
        return wanted
    if choice.vocabulary is not None:
        raise ConfigError(
            "New phrases would be new words, but a vocabulary is given: leave out phrases, or "
            "the vocabulary."
        )
    if isinstance(wanted, PhraseRule):
        return wanted
    if passes is None:
        raise ConfigError(
            f"phrases must be a number of passes, a PhraseRule or Phrases; got {wanted!r:.60}."
        )
    return PhraseRule(passes=passes)


def build(
    text: Reading,
    choice: Choice,
    folder: StrPath | None,
    *,
    phrases: int | PhraseRule | Phrases | None = None,
) -> store.Parts:
    """Read a text, and make a corpus of it in memory or in a folder.

    Parameters
    ----------
    text : Reading
        The text, phrases not joined.
    choice : Choice
        Which words it shall have; with a `Phrased` tokenizer its phrases are joined.
    folder : path-like, optional
        Where to keep it.
    phrases : optional
        See `phrases_for`.

    Returns
    -------
    Parts
        The corpus.
    """
    plan = phrases_for(phrases, choice)
    # temporary files go where the corpus will be: there must be room for it
    target = None if folder is None else checked_path(folder, "write").resolve()
    with Draft(target and target.parent) as draft:
        draft.read(text.chunks)
        if plan is not None:
            text, choice = _joined(draft, text, choice, plan=plan)
        with task("numbering words"):
            parts = choice.finish(draft, text)
    if target is None:
        return parts
    with task("writing the corpus"):
        store.write(target, parts)
        return store.read(target)


def _joined(
    draft: Draft, text: Reading, choice: Choice, *, plan: PhraseRule | Phrases
) -> tuple[Reading, Choice]:
    """Join phrases in the draft; return its words, and a choice whose tokenizer knows them."""
    from wordkin.corpus.joining import Joiner

    words = list(text.types())
    joiner = Joiner(draft, words, connectors=frozenset(plan.connectors), delimiter=plan.delimiter)
    if isinstance(plan, Phrases):
        for found in plan.passes:
            joiner.join(found)
    else:
        plan = joiner.learn(plan)
    plain = choice.tokenizer or Whitespace()
    cut = plain if isinstance(plain, Phrased) else Phrased(plain, plan)
    return text._replace(types=lambda: words, chosen=None), replace(choice, tokenizer=cut)
