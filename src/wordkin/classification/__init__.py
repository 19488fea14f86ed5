"""TextClassifier: raw strings in, labels out, one file.

The way of a text: `documents` numbers its words, a head (`heads` tells what that is) gives a score
for each class, and here scores become labels. `learning` is the loop over epochs, `saving` the
file.
"""

from __future__ import annotations

import os
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from wordkin.classification import checks, saving
from wordkin.classification.documents import Reader
from wordkin.classification.estimator import Estimator
from wordkin.classification.heads import Lesson, make_head
from wordkin.classification.learning import Rule, learn, softmax
from wordkin.classification.plans import plan_of, reader_of, table_of
from wordkin.classification.progress import shown
from wordkin.classification.reporting import Report
from wordkin.classification.splits import stratified_split
from wordkin.errors import FormatError, InputError
from wordkin.formats.rows import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

    from numpy.typing import NDArray

    from wordkin.classification.documents import Documents
    from wordkin.classification.heads import Head
    from wordkin.classification.learning import History
    from wordkin.table import VectorTable
    from wordkin.vectors import WordVectors
    from wordkin.vocabulary import TokenizerSpec, Vocabulary

    Texts = Iterable[str]
    Validation = float | tuple[Texts, Texts] | None

__all__ = ["TextClassifier", "load_classifier"]


@dataclass(eq=False)
class TextClassifier(Estimator):
    """Tell the class of a text, after learning from texts whose class is known.

    It follows the conventions of scikit-learn (and does not need it): settings are given by name
    and looked at by `fit`; what has been learned ends in an underscore; ``clone``, ``Pipeline`` and
    ``GridSearchCV`` work.

    Parameters
    ----------
    vectors : WordVectors or VectorTable, optional
        Pretrained vectors to begin with. By default everything is learned from the texts.
    head : {"mean", "cnn", "gru"}
        "mean" adds up what each word, pair of words and stretch of letters says for each class: by
        far the fastest, explainable, and needs no framework. "cnn" (convolutions) and "gru" (a
        recurrent network) see words in their order; they run on Keras.
    trainable : bool
        Whether the vectors are tuned. False keeps pretrained ones as they are.
    backend : {"jax", "torch", "tensorflow"}, optional
        What Keras computes with; by default what is installed.
    tokenizer : str, re.Pattern, callable or Tokenizer, optional
        What cuts texts into words (see `get_tokenizer`); by default that of the vectors, or
        "words".
    min_count : int
        Words that occur more rarely in the training part are unknown.
    max_vocab : int, optional
        Know this many words at most, the most frequent ones.
    vector_size : int, optional
        The length of the vectors that a network learns from scratch; by default it chooses.
    ngrams : int
        The mean head also looks at sequences of up to this many words.
    letters : (int, int), optional
        The mean head also looks at stretches of this many letters, from the shortest to the
        longest, within words; None looks at whole words only.
    min_ngram_count : int
        Sequences and stretches that are in fewer texts of the training part are left out.
    max_ngrams : int
        The mean head knows this many of them at most, those that are in most texts.
    C : float
        How much errors count against simplicity, as in scikit-learn's ``LinearSVC`` (mean head).
    max_length : int
        Words of a text that a network looks at; the mean head looks at all.
    epochs : int, optional
        Passes over the training part; by default the head chooses.
    learning_rate : float, optional
        Of a network, by default chosen by it; the mean head has none.
    batch_size : int
        Texts that a network learns from at once.
    patience : int, optional
        Stop when the loss on held-out texts has not fallen for this many epochs. The best epoch
        is kept in any case.
    class_weight : "balanced" or mapping of label to float, optional
        How much texts of each class count; "balanced" makes rare classes count as much as
        frequent ones.
    seed : int
        Fixes all random choices.
    workers : int, optional
        Threads; all cores by default. With one, the same seed gives the same bytes.
    progress : bool
        Show a bar on standard error.

    Attributes
    ----------
    classes_ : ndarray of str
        The k labels, sorted.
    history_ : dict of str to list of float
        For each epoch "loss" and "seconds" and, where texts are held out, "val_loss" and
        "val_accuracy".
    vocabulary_ : Vocabulary
        The words of the training part.

    Examples
    --------
    >>> texts = ["good film", "fine music", "bad film", "awful music"] * 5
    >>> clf = TextClassifier(seed=1).fit(texts, ["pos", "pos", "neg", "neg"] * 5)
    >>> print(*clf.predict(["a good thing", "awful"]))
    pos neg
    """

    vectors: WordVectors | VectorTable | None = None
    _: KW_ONLY
    head: Literal["mean", "cnn", "gru"] = "mean"
    trainable: bool = True
    backend: str | None = None
    tokenizer: TokenizerSpec | None = None
    min_count: int = 1
    max_vocab: int | None = None
    vector_size: int | None = None
    ngrams: int = 2
    letters: tuple[int, int] | None = None
    min_ngram_count: int = 1
    max_ngrams: int = 1 << 22
    C: float = 1.0
    max_length: int = 1000
    epochs: int | None = None
    learning_rate: float | None = None
    batch_size: int = 128
    patience: int | None = 3
    class_weight: Literal["balanced"] | Mapping[str, float] | None = None
    seed: int = 1
    workers: int | None = None
    progress: bool = False

    def fit(self, texts: Texts, labels: Texts, validation: Validation = None) -> Self:
        """Learn from texts.

        Parameters
        ----------
        texts : iterable of str
            n texts.
        labels : iterable of str
            The class of each; there must be two classes at least.
        validation : float or (texts, labels), optional
            Hold out this share of the texts, the same of each class, or judge by these other
            texts, after each epoch, and keep the best epoch. Held-out texts add no word to the
            vocabulary. By default all texts are learned from.

        Returns
        -------
        TextClassifier
            Itself.

        Raises
        ------
        InputError
            If texts or labels are no strings, of different lengths, or of one class only; or if a
            held-out label is none of the training part.
        ConfigError
            If a setting is out of range.
        MissingExtraError
            If the head needs a framework that is not installed.
        """
        listed = checks.checked_texts(texts)
        given = checks.checked_labels(labels, len(listed))
        classes, targets = checks.encoded_labels(given)
        if len(classes) < 2:
            raise InputError(
                f"A classifier needs texts of two classes at least; got {len(listed):,} texts of "
                f"{checks.named(classes) or 'none'}."
            )
        weights = checks.class_weights(self.class_weight, classes, targets)
        table = table_of(self.vectors)
        train, judge = self._parts((listed, targets), classes, validation)
        reader, documents = reader_of(self, [listed[i] for i in train.tolist()], table)
        plan = plan_of(self, reader.vocabulary, n_classes=len(classes), vectors=table)
        head = make_head(plan)
        lesson = Lesson(documents, targets[train], weights[targets[train]])
        held_out = None
        if judge is not None:
            held_out = Lesson(reader.read(judge[0]), judge[1], weights[judge[1]])
        with shown(self.progress) as tell:
            history = learn(head, lesson, Rule(held_out, self.patience, tell))
        self._learned(head, reader, classes)
        self.history_: History = history
        self._held_out = judge
        return self

    def _parts(
        self,
        given: tuple[list[str], NDArray[np.int32]],
        classes: NDArray[np.str_],
        validation: Validation,
    ) -> tuple[NDArray[np.int64], tuple[list[str], NDArray[np.int32]] | None]:
        """Return the positions to learn from, and the texts and classes to judge by."""
        texts, targets = given
        everything = np.arange(len(texts))
        if validation is None:
            return everything, None
        if isinstance(validation, tuple | list) and len(validation) == 2:
            others = checks.checked_texts(validation[0])
            labels = checks.checked_labels(validation[1], len(others))
            _, known = checks.encoded_labels(labels, classes)
            if (known < 0).any():
                new = np.unique(labels[known < 0])
                raise InputError(
                    f"The validation part has labels that no training text has: "
                    f"{checks.named(new)}. Leave such texts out, or add some to the training part."
                )
            return everything, (others, known) if others else None
        if not isinstance(validation, float) or not 0 < validation < 1:
            raise InputError(
                "validation is a share between 0.0 and 1.0, or (texts, labels), or None; got "
                f"{validation!r:.80}."
            )
        train, held_out = stratified_split(targets, validation, self.seed)
        if not len(held_out):
            return train, None
        return train, ([texts[i] for i in held_out.tolist()], targets[held_out])

    def _learned(self, head: Head, reader: Reader, classes: NDArray[np.str_]) -> None:
        self._head, self._reader = head, reader
        self._held_out: tuple[list[str], NDArray[np.int32]] | None = None
        self.classes_ = classes
        self.vocabulary_: Vocabulary = reader.vocabulary

    def decision_function(self, texts: Texts) -> NDArray[np.float32]:
        """Return the scores whose softmax are the probabilities.

        Parameters
        ----------
        texts : iterable of str
            n texts; one that is empty or has unknown words only gets the scores of no words.

        Returns
        -------
        ndarray of float32
            Shape (n, k).

        Raises
        ------
        InputError
            If a text is no string, or nothing has been learned.
        """
        self._check_fitted()
        return self._head.scores(self._documents(texts))

    def _documents(self, texts: Texts) -> Documents:
        return self._reader.read(checks.checked_texts(texts))

    def predict_proba(self, texts: Texts) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        texts : iterable of str
            n texts.

        Returns
        -------
        ndarray of float64
            Shape (n, k), in the order of `classes_`; each row sums to 1.

        Raises
        ------
        InputError
            If a text is no string, or nothing has been learned.
        """
        return softmax(self.decision_function(texts))

    def predict(self, texts: Texts) -> NDArray[np.str_]:
        """Return the most probable label of each text.

        Parameters
        ----------
        texts : iterable of str
            n texts.

        Returns
        -------
        ndarray of str
            Shape (n,).

        Raises
        ------
        InputError
            If a text is no string, or nothing has been learned.
        """
        return self.classes_[self.decision_function(texts).argmax(axis=1)]

    def score(self, texts: Texts, labels: Texts) -> float:
        """Return the share of texts that get their label (accuracy).

        Parameters
        ----------
        texts : iterable of str
            n texts, at least one.
        labels : iterable of str
            Their labels.

        Returns
        -------
        float
            0..1.

        Raises
        ------
        InputError
            If texts or labels are no strings or none, or nothing has been learned.
        """
        return self.report(texts, labels).accuracy

    def report(self, texts: Texts | None = None, labels: Texts | None = None) -> Report:
        """Return precision, recall and F1 of each class, and what was taken for what.

        Parameters
        ----------
        texts, labels : iterable of str, optional
            What to judge by; by default the texts that `fit` held out.

        Returns
        -------
        Report
            Print it for a table.

        Raises
        ------
        InputError
            If texts or labels are no strings or none, or nothing has been learned or held out.
        """
        self._check_fitted()
        if texts is None or labels is None:
            if self._held_out is None or (texts, labels) != (None, None):
                raise InputError(
                    "Give texts and labels to judge by, or fit with validation=0.2: there are no "
                    "held-out texts."
                )
            listed, expected = self._held_out[0], self.classes_[self._held_out[1]]
        else:
            listed = checks.checked_texts(texts)
            expected = checks.checked_labels(labels, len(listed))
        return Report.of(expected, self.predict(listed), self.classes_)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the classifier into one file, from which `load_classifier` makes it again.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced when the new one is complete.

        Raises
        ------
        FileError
            If it can't be written.
        InputError
            If nothing has been learned.
        """
        self._check_fitted()
        labels = tuple(str(label) for label in self.classes_)
        settings = plan_of(self, self.vocabulary_, n_classes=len(labels)).settings
        saving.write(path, saving.Saved(settings, self.vocabulary_, labels, self._head.arrays()))


def load_classifier(path: str | os.PathLike[str]) -> TextClassifier:
    """Load a classifier from the file that `TextClassifier.save` wrote.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    TextClassifier
        Ready to predict. Its settings are those that it had, but for the pretrained vectors.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it holds no classifier, or one of another version, or is damaged.
    """
    saved = saving.read(path)
    known = set(TextClassifier().get_params())
    if not known >= set(saved.settings):
        odd = ", ".join(sorted(set(saved.settings) - known))
        raise FormatError(f"{os.fspath(path)!r} has settings that this version lacks: {odd}.")
    clf = TextClassifier(**saved.settings, tokenizer=saved.vocabulary.tokenizer)
    if isinstance(clf.letters, list):
        clf.letters = tuple(clf.letters)
    plan = plan_of(clf, saved.vocabulary, n_classes=len(saved.labels))
    with naming(path):
        head = make_head(plan)
        head.restore(saved.arrays)
    clf._learned(head, Reader(saved.vocabulary), np.array(saved.labels))
    return clf
