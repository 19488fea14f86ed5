"""Making: where a corpus comes from, texts, sentences, or another corpus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wordkin.corpus import pieces, reading
from wordkin.corpus.building import build, plain_of, tokenizer_for
from wordkin.corpus.choosing import Choice
from wordkin.corpus.tabular import Tabular
from wordkin.progress import shown
from wordkin.text.sources import Texts, open_source
from wordkin.text.spacing import watched
from wordkin.text.tables import open_columns

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from wordkin.corpus import Corpus
    from wordkin.text.phrases import PhraseRule, Phrases
    from wordkin.vocabulary import TokenizerSpec, Vocabulary

    StrPath = str | os.PathLike[str]


class Making(Tabular):
    """The ways to make a corpus (abstract: `Corpus` is the one)."""

    @classmethod
    def from_path(  # noqa: PLR0913 (what to read comes first, the rest by name)
        cls,
        path: StrPath | Sequence[StrPath],
        *,
        column: str | None = None,
        tokenizer: TokenizerSpec | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        max_vocab_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        encoding: str = "utf-8",
        store: StrPath | None = None,
        phrases: int | PhraseRule | Phrases | None = None,
        progress: bool = False,
    ) -> Corpus:
        """Read files; each line is a sentence, or each row of a table.

        Parameters
        ----------
        path : path-like or list of path-like
            Files or folders (everything in them, in order of the names); compressed ones are read
            as they are. Parquet and Arrow files are read batch by batch.
        column : str, optional
            Of tables, the column of the texts or of lists of tokens; by default the only one there
            is, or that called "text" or the like. With it, other files are read as JSON lines.
        tokenizer : str, re.Pattern, callable or Tokenizer, optional
            What cuts a line into words, as `wordkin.get_tokenizer` takes it. By default that of
            the given vocabulary, or "words".
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most, the most frequent ones.
        max_vocab_size : int, optional
            Bound the memory of counting: when there are more different words, the rarest are
            forgotten. Every ten million take about 1 GB. What the counts may lack then is in the
            account (`Account.undercount`).
        vocabulary : Vocabulary, optional
            Take these words, with the counts they have, instead of choosing some: to train on with
            vectors that are there. Other words are left out.
        encoding : str
            Of the files; of those of Parquet and Arrow it is known.
        store : path-like, optional
            A folder to keep the corpus in, from which it is mapped instead of taking memory.
        phrases : int, PhraseRule or Phrases, optional
            Join words that belong together, such as "new_york", to one: look for them in so many
            passes or by a rule (among all words, before the rare ones are left out), or join those
            that are there. The tokenizer of the vocabulary joins them too.
        progress : bool
            Show how far reading has come.

        Returns
        -------
        Corpus
            The corpus.

        Raises
        ------
        FileError
            If there is no such file, or it can't be read, or the store can't be written.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If `min_count`, `max_vocab` or `max_vocab_size` is out of range, or given with a
            vocabulary; if there is a tokenizer and the rows of a table are tokens; if `phrases`
            can't be.
        InputError
            If an argument is of a wrong kind, or there is no such column.
        """
        source = open_source(path, encoding=encoding)
        table = open_columns(source.paths, column, encoding=source.encoding)
        choice = Choice(
            tokenizer=None, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        if table is not None:
            return cls._of_column(
                table,
                choice,
                max_vocab_size=max_vocab_size,
                tokenizer=tokenizer,
                store=store,
                phrases=phrases,
                progress=progress,
            )
        cut = tokenizer_for(tokenizer, vocabulary)
        pruner = choice.pruner(max_vocab_size)
        with shown(progress):
            text = reading.of_blocks(source, plain_of(cut), pruner)
            choice = replace(choice, tokenizer=cut)
            return cls._of(build(text, choice, store, phrases=phrases))

    @classmethod
    def from_texts(  # noqa: PLR0913
        cls,
        texts: Iterable[str],
        *,
        tokenizer: TokenizerSpec | None = None,
        min_count: int = 5,
        max_vocab: int | None = None,
        max_vocab_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        store: StrPath | None = None,
        phrases: int | PhraseRule | Phrases | None = None,
        progress: bool = False,
    ) -> Corpus:
        """Read texts; each text is a sentence, and line breaks in it are white space.

        Parameters
        ----------
        texts : iterable of str
            The texts; an iterator that can be read only once will do.
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
            If `texts` is one string or a table, or holds something else than strings.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If `min_count`, `max_vocab` or `max_vocab_size` is out of range, or given with a
            vocabulary; if `phrases` can't be.
        FileError
            If the store can't be written.
        """
        cut = tokenizer_for(tokenizer, vocabulary)
        choice = Choice(
            tokenizer=cut, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        plain = plain_of(cut)
        text = pieces.of_source(watched(Texts(texts), plain), plain)
        with shown(progress):
            reads = reading.of_pieces(text, choice.pruner(max_vocab_size))
            return cls._of(build(reads, choice, store, phrases=phrases))

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Iterable[str]],
        *,
        min_count: int = 5,
        max_vocab: int | None = None,
        max_vocab_size: int | None = None,
        vocabulary: Vocabulary | None = None,
        store: StrPath | None = None,
        phrases: int | PhraseRule | Phrases | None = None,
        progress: bool = False,
    ) -> Corpus:
        """Take sentences that are cut into words already.

        Parameters
        ----------
        sentences : iterable of iterables of str
            The tokens of each sentence; an iterator that can be read only once will do.
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
            The corpus; its vocabulary has no tokenizer, unless it was given with one.

        Raises
        ------
        InputError
            If a sentence is a string or a mapping, or a token is none.
        EmptyCorpusError
            If no word is left.
        ConfigError
            If `min_count`, `max_vocab` or `max_vocab_size` is out of range, or given with a
            vocabulary; if `phrases` can't be.
        FileError
            If the store can't be written.
        """
        choice = Choice(
            tokenizer=None, min_count=min_count, max_vocab=max_vocab, vocabulary=vocabulary
        )
        text = reading.of_pieces(pieces.of_sentences(sentences), choice.pruner(max_vocab_size))
        with shown(progress):
            return cls._of(build(text, choice, store, phrases=phrases))
