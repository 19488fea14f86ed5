"""Making a corpus of rows: texts or lists of tokens in a column, or tokens that rows make up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wordkin.corpus import pieces, reading
from wordkin.corpus.building import build, plain_of, tokenizer_for
from wordkin.corpus.choosing import Choice
from wordkin.corpus.items import Columns, ItemInterner, is_table, of_table
from wordkin.errors import ConfigError, InputError
from wordkin.progress import shown
from wordkin.text.tables import column_of

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from wordkin.corpus import Corpus
    from wordkin.corpus.store import Parts
    from wordkin.text.columns import Column
    from wordkin.text.phrases import PhraseRule, Phrases
    from wordkin.vocabulary import TokenizerSpec, Vocabulary

    StrPath = str | os.PathLike[str]


class Tabular:
    """The ways to make a corpus of rows (abstract)."""

    @classmethod
    def _of(cls, parts: Parts) -> Corpus:
        raise NotImplementedError

    @classmethod
    def from_rows(  # noqa: PLR0913 (what to read comes first, the rest by name)
        cls,
        rows: Iterable[Mapping[str, Any]] | Any,  # noqa: ANN401 (or any table)
        *,
        column: str | None = None,
        tokenizer: TokenizerSpec | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        max_vocab_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        store: StrPath | None = None,
        phrases: int | PhraseRule | Phrases | None = None,
        progress: bool = False,
    ) -> Corpus:
        """Read a column of a table, row by row; each row is a sentence.

        Parameters
        ----------
        rows : table or iterable of mappings
            A dataset of Hugging Face (also one that streams), a table or reader of Arrow, a data
            frame of pandas or polars, a dict of columns, or anything that yields rows with names.
            What can be read batch by batch is, and never held as a whole.
        column : str, optional
            The column of the texts, or of lists of tokens, which are taken as they are. By default
            the only one there is, or that called "text" or the like. What is null is an empty
            sentence, and counted in the account.
        tokenizer : str, re.Pattern, callable or Tokenizer, optional
            What cuts a text into words, as `wordkin.get_tokenizer` takes it. By default that of
            the given vocabulary, or "words".
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most, the most frequent ones.
        max_vocab_size : int, optional
            Bound the memory of counting, as in `from_path`.
        vocabulary : Vocabulary, optional
            Take these words, as `from_path` does.
        store : path-like, optional
            A folder to keep the corpus in, from which it is mapped instead of taking memory.
        phrases : int, PhraseRule or Phrases, optional
            Join words that belong together, as `from_path` does.
        progress : bool
            Show how far reading has come.

        Returns
        -------
        Corpus
            The corpus.

        Raises
        ------
        InputError
            If this is no table, there is no such column, or a cell holds something else.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If a number is out of range, or given with a vocabulary; if there is a tokenizer and
            the cells are tokens; if `phrases` can't be.
        FileError
            If the store can't be written.

        Examples
        --------
        >>> from wordkin import Corpus
        >>> rows = [{"id": 1, "text": "to be"}, {"id": 2, "text": None}, {"id": 3, "text": "or"}]
        >>> corpus = Corpus.from_rows(rows, min_count=1)
        >>> corpus.vocabulary.words, corpus.account.nulls
        (['to', 'be', 'or'], 1)
        """
        table = column_of(rows, column)
        choice = Choice(
            tokenizer=None, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        return cls._of_column(
            table,
            choice,
            max_vocab_size=max_vocab_size,
            tokenizer=tokenizer,
            store=store,
            phrases=phrases,
            progress=progress,
        )

    @classmethod
    def _of_column(
        cls,
        column: Column,
        choice: Choice,
        *,
        max_vocab_size: int | None,
        tokenizer: TokenizerSpec | None,
        store: StrPath | None,
        phrases: int | PhraseRule | Phrases | None,
        progress: bool,
    ) -> Corpus:
        """Read a column of texts or tokens; which it is is known when reading has begun."""
        pruner = choice.pruner(max_vocab_size)
        with shown(progress):
            has_tokens, batches = column.begin()
            if has_tokens and tokenizer is not None:
                raise ConfigError("The rows hold tokens, not texts: leave out tokenizer.")
            if has_tokens:
                text = reading.of_pieces(pieces.of_token_lists(column, batches), pruner)
            else:
                cut = tokenizer_for(tokenizer, choice.vocabulary)
                choice = replace(choice, tokenizer=cut)
                text = reading.of_blocks(column.blocks(batches), plain_of(cut), pruner)
            text = text._replace(nulls=lambda: column.nulls)
            return cls._of(build(text, choice, store, phrases=phrases))

    @classmethod
    def from_sequences(  # noqa: PLR0913
        cls,
        sequences: Iterable[Iterable[Hashable]] | Any,  # noqa: ANN401 (or any table)
        *,
        items: str | None = None,
        group_by: str | Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        vocabulary: Vocabulary | None = None,
        store: StrPath | None = None,
        progress: bool = False,
    ) -> Corpus:
        """Take sequences of anything: baskets, sessions, playlists, walks, events.

        Parameters
        ----------
        sequences : iterable of iterables, or table
            The tokens of each sequence: strings, numbers, or anything hashable, of which the
            words are ``str(token)``. Or a table of pandas, Arrow or polars, or a dict of columns,
            with a row for each token.
        items : str, optional
            Of a table, the column of the tokens; by default the one that is left.
        group_by : str or list of str, optional
            Of a table, the columns whose values make a sequence: user, session, receipt.
        order_by : str or list of str, optional
            Of a table, the columns that put the rows of a sequence in order; by default they stay
            as they are.
        min_count : int
            Tokens that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many different ones at most, the most frequent ones.
        vocabulary : Vocabulary, optional
            Take these words, as `from_sentences` does.
        store : path-like, optional
            A folder to keep the corpus in, from which it is mapped instead of taking memory.
        progress : bool
            Show how far reading has come.

        Returns
        -------
        Corpus
            The corpus; its words are strings: the vector of item 42 is ``vectors["42"]``.

        Raises
        ------
        InputError
            If a sequence is a string, a token can't be hashed or is missing, two tokens have the
            same name, or a table has no such column.
        EmptyCorpusError
            If no token is left.
        ConfigError
            If `min_count` or `max_vocab` is out of range, or given with a vocabulary.
        FileError
            If the store can't be written.

        Examples
        --------
        >>> from wordkin import Corpus
        >>> Corpus.from_sequences([[1, 2, 3], [2, 3]], min_count=2).vocabulary.words
        ['2', '3']
        >>> table = {"user": ["a", "b", "a"], "time": [2, 1, 1], "item": [10, 20, 30]}
        >>> corpus = Corpus.from_sequences(
        ...     table, items="item", group_by="user", order_by="time", min_count=1
        ... )
        >>> list(corpus.sentences())
        [['30', '10'], ['20']]
        """
        choice = Choice(
            tokenizer=None, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        interner = ItemInterner()
        columns = Columns(items, group_by, order_by)
        if is_table(sequences):
            chunks = of_table(sequences, columns, interner)
        elif any(columns):
            raise InputError(
                "items, group_by and order_by are for tables with columns; got "
                f"{type(sequences).__name__}."
            )
        else:
            chunks = interner.chunks(sequences)
        with shown(progress):
            return cls._of(build(reading.Reading(chunks, interner.types), choice, store))
