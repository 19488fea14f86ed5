"""The classifier itself: what users see of `wordkin.classification`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wordkin.classification import checks, saving
from wordkin.classification.compressing import Compression, Pruned, fitted_into, n_bytes
from wordkin.classification.explaining import Explanation, explained
from wordkin.classification.heads import Plan, make_head
from wordkin.classification.judging import Judged
from wordkin.classification.learning import Rule, learn, softmax
from wordkin.classification.mean import MeanHead
from wordkin.classification.plans import MACHINE, plan_of, table_of
from wordkin.classification.preparing import prepared
from wordkin.classification.progress import shown
from wordkin.documents.reading import Reader
from wordkin.errors import InputError
from wordkin.progress import shown as showing
from wordkin.progress import task

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from typing import Self

    from numpy.typing import NDArray

    from wordkin.classification.heads import Head
    from wordkin.classification.learning import History
    from wordkin.classification.preparing import Given, Validation
    from wordkin.documents.reading import Documents
    from wordkin.table import VectorTable
    from wordkin.vectors import WordVectors
    from wordkin.vocabulary import TokenizerSpec, Vocabulary

    Texts = Iterable[str]


@dataclass(eq=False, repr=False)
class TextClassifier(Judged):
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
    idf_power : float
        How much more rare words and n-grams count than those that are in many texts: the power of
        their inverse document frequency (mean head).
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
        Stop when the loss on held-out texts has not fallen for this many epochs; the mean head then
        still makes its last two passes, over all texts. The best epoch is kept in any case.
    class_weight : "balanced" or mapping of label to float, optional
        How much texts of each class count; "balanced" makes rare classes count as much as
        frequent ones.
    seed : int
        Fixes all random choices.
    workers : int, optional
        Threads, also of predicting; all cores by default. With one, the same seed gives the same
        bytes.
    progress : bool
        Show on standard error how far learning and predicting have come.

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
    idf_power: float = 1.5
    C: float = 2.0
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
        table = table_of(self.vectors)
        with shown(self.progress) as tell:
            with task("reading texts"):
                ready = prepared(self, (texts, labels), validation, vectors=table)
            plan = plan_of(
                self, ready.reader.vocabulary, n_classes=len(ready.classes), vectors=table
            )
            head = make_head(plan)
            rule = Rule(ready.held_out, self.patience, tell, self.workers)
            history = learn(head, ready.lesson, rule)
        self._learned(plan, head, ready.reader, classes=ready.classes)
        self.history_ = history
        self._judged_by = ready.judged_by
        return self

    def _learned(
        self, plan: Plan, head: Head, reader: Reader, *, classes: NDArray[np.str_]
    ) -> None:
        # not those of get_params, which may be changed for the next fit
        self._settings = plan.settings
        self._head, self._reader = head, reader
        self.history_: History = {"loss": [], "seconds": []}
        self._judged_by: Given | None = None
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
        with showing(self.progress):
            with task("reading texts"):
                documents = self._documents(texts)
            return self._head.scores(documents, workers=self.workers)

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
        best = self.decision_function(texts).argmax(axis=1)
        chosen: NDArray[np.str_] = self.classes_[best]
        return chosen

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
        saving.write(path, self._saved(self.vocabulary_, self._head.arrays()))

    def explain(self, text: str, label: str | None = None) -> Explanation:
        """Tell what each word adds to the score of a class (mean head only).

        Parameters
        ----------
        text : str
            A text.
        label : str, optional
            The class; by default the most probable one.

        Returns
        -------
        Explanation
            Its terms and its bias add up to its logit. Print it for a table.

        Raises
        ------
        InputError
            If there is no such label, the head is another one, or nothing has been learned.
        """
        self._check_fitted()
        head = self._mean_head("explain")
        documents = self._documents([text])
        probabilities = softmax(head.scores(documents, workers=self.workers))[0]
        position = int(probabilities.argmax())
        if label is not None:
            position = int(checks.encoded_labels(np.array([label]), self.classes_)[1][0])
        if position < 0:
            raise InputError(
                f"There is no label {label!r}; there are {checks.named(self.classes_)}."
            )
        name = str(self.classes_[position])
        return explained(
            head, documents, name, position=position, probability=float(probabilities[position])
        )

    def _mean_head(self, what: str) -> MeanHead:
        if not isinstance(self._head, MeanHead):
            raise InputError(f"Only head='mean' can {what}; this is {self._settings['head']!r}.")
        return self._head

    def compress(
        self, size: str | int, texts: Texts | None = None, labels: Texts | None = None
    ) -> Compression:
        """Make the file fit into a size: keep what matters most, a byte for each score.

        Mean head only. Words and n-grams that are dropped are as if they had never been seen. One
        that fits already and would not become smaller stays as it is.

        Parameters
        ----------
        size : str or int
            Such as "2MB" or "500KB", or a number of bytes.
        texts, labels : iterable of str, optional
            What to judge by how much accuracy is lost; by default the texts that `fit` held out.

        Returns
        -------
        Compression
            Sizes and accuracies before and after. Print it.

        Raises
        ------
        InputError
            If it can't be made so small, the head is another one, or nothing has been learned.
        """
        self._check_fitted()
        head = self._mean_head("be compressed")
        limit = n_bytes(size)
        judged = any(given is not None for given in (texts, labels, self._judged_by))
        before = self.report(texts, labels).accuracy if judged else None
        whole = Pruned(head.linear, self.vocabulary_, self._settings["idf_power"])
        whole_size = self._size(whole)
        small = fitted_into(whole, limit, self._size)
        plan = Plan(
            settings=self._settings, vocabulary=small.vocabulary, n_classes=len(self.classes_)
        )
        self._head, self._reader = MeanHead.of(plan, small.linear), Reader(small.vocabulary)
        self.vocabulary_ = small.vocabulary
        after = self.report(texts, labels).accuracy if judged else None
        return Compression(
            whole_size,
            self._size(small),
            len(whole.linear.features.idf),
            len(small.linear.features.idf),
            accuracy_before=before,
            accuracy_after=after,
        )

    def _size(self, part: Pruned) -> int:
        return saving.size(self._saved(part.vocabulary, part.linear.arrays()))

    def _saved(self, vocabulary: Vocabulary, arrays: Mapping[str, NDArray[Any]]) -> saving.Saved:
        labels = tuple(str(label) for label in self.classes_)
        settings = {name: v for name, v in self._settings.items() if name not in MACHINE}
        return saving.Saved(settings, vocabulary, labels, arrays)
