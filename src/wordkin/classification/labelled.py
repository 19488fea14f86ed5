"""Labelled texts: a list of texts, the label of each, and where each came from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np

from wordkin.classification.splits import stratified_split
from wordkin.errors import FormatError, InputError
from wordkin.files import open_bytes
from wordkin.given import array_of
from wordkin.text.mail import checked_parts, strip_parts

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike, NDArray


@final
@dataclass(frozen=True, repr=False)
class Labelled:
    """Texts with their labels, as `wordkin.read_labelled` returns them.

    Parameters
    ----------
    texts : list of str
        The texts.
    labels : list of str
        The label of each.
    names : list of str
        Where each came from: ``"class/file"``, or the number of its line or row.
    account : mapping of str to int
        What was read, and what was left out, by reason.

    Raises
    ------
    InputError
        If the lists are not of one length.
    """

    texts: list[str]
    labels: list[str]
    names: list[str]
    account: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.texts) == len(self.labels) == len(self.names):
            raise InputError(
                f"There are {len(self.texts)} texts, {len(self.labels)} labels and "
                f"{len(self.names)} names; there must be as many of each."
            )

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"<{len(self):,} texts of {len(set(self.labels)):,} classes>"

    def counts(self) -> dict[str, int]:
        """Count the texts of each class.

        Returns
        -------
        dict
            By label, in alphabetical order.
        """
        return dict(sorted(Counter(self.labels).items()))

    def subset(self, indices: ArrayLike) -> Labelled:
        """Take some of the texts.

        Parameters
        ----------
        indices : array_like of int
            Which ones, in which order.

        Returns
        -------
        Labelled
            Those.

        Raises
        ------
        InputError
            If they are no whole numbers.
        """
        chosen = _whole(array_of(indices)).tolist()
        return Labelled(
            [self.texts[i] for i in chosen],
            [self.labels[i] for i in chosen],
            [self.names[i] for i in chosen],
            {"texts": len(chosen), "left out": len(self) - len(chosen)},
        )

    def stripped(self, parts: Iterable[str]) -> Labelled:
        """Take parts off the texts, which are mail or news.

        Parameters
        ----------
        parts : iterable of str
            ``"headers"``, ``"quotes"``, ``"footers"``, ``"until-blank"``: see
            `wordkin.text.mail.strip_parts`.

        Returns
        -------
        Labelled
            The same number of texts; some may be empty now.
        """
        ordered = checked_parts(parts)
        return replace(self, texts=[strip_parts(text, ordered) for text in self.texts])

    def split(self, test: float = 0.2, *, seed: int = 1) -> tuple[Labelled, Labelled]:
        """Split at random, each class in the same proportion.

        Parameters
        ----------
        test : float
            The share of the texts that go to the second part.
        seed : int
            Fixes the choice.

        Returns
        -------
        train, test : Labelled
            The two parts, each in the order of the texts.

        Raises
        ------
        InputError
            If `test` is no share.
        """
        if isinstance(test, bool) or not isinstance(test, int | float) or not 0 < test < 1:
            raise InputError(f"A share lies between 0 and 1, such as 0.2; got {test!r}.")
        _, targets = np.unique(self.labels, return_inverse=True)
        train, held_out = stratified_split(targets.astype(np.int32), test, seed)
        return self.subset(train), self.subset(held_out)

    def split_by_file(self, path: str | os.PathLike[str]) -> tuple[Labelled, Labelled]:
        r"""Split as a file says, such as the by-date split of 20 Newsgroups.

        Parameters
        ----------
        path : path-like
            Lines ``train<TAB>name`` or ``test<TAB>name``, with the names of `names`. Texts that it
            does not name are in neither part.

        Returns
        -------
        train, test : Labelled
            In the order of the file.

        Raises
        ------
        InputError
            If a line is none of these, or names a text that is not here, or one twice.
        FileError
            If the file can't be read.
        """
        place = {name: i for i, name in enumerate(self.names)}
        parts: dict[str, list[int]] = {"train": [], "test": []}
        for number, line in enumerate(_lines(path), 1):
            part, _, name = line.partition("\t")
            if part not in parts or name not in place:
                what = "a text that is not here (or comes twice)" if part in parts else "no part"
                raise InputError(
                    f"Line {number} of {str(path)!r} is {line!r:.80}: {what}. Expected "
                    "'train<TAB>name' or 'test<TAB>name', each name once."
                )
            parts[part].append(place.pop(name))
        return self.subset(parts["train"]), self.subset(parts["test"])


def _whole(indices: NDArray[Any]) -> NDArray[np.int64]:
    if indices.ndim != 1 or (indices.dtype.kind not in "iu" and indices.size):
        raise InputError(
            f"Give one line of whole numbers; got {indices.dtype} of shape {indices.shape}. "
            "numpy.flatnonzero(mask) makes them of a mask."
        )
    return indices.astype(np.int64)


def _lines(path: str | os.PathLike[str]) -> list[str]:
    with open_bytes(path, bounded=True) as stream:
        try:
            return stream.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise FormatError(f"{str(path)!r} is not UTF-8: {error}.") from error
