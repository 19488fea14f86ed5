"""One tree of errors, each also the built-in kind."""

from __future__ import annotations

import pickle

import pytest

from wordkin import errors


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InputError, ValueError),
        (errors.ConfigError, ValueError),
        (errors.EmptyCorpusError, ValueError),
        (errors.FormatError, ValueError),
        (errors.UnknownWordError, KeyError),
        (errors.RowError, IndexError),
        (errors.FileError, OSError),
        (errors.TrainingError, RuntimeError),
        (errors.OutOfMemoryError, MemoryError),
        (errors.MissingExtraError, ImportError),
    ],
)
def test_each_is_ours_and_builtin(kind, builtin):
    assert issubclass(kind, errors.WordkinError)
    assert issubclass(kind, builtin)


def test_all_are_drawn_in_the_docstring():
    kinds = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.WordkinError)
    }
    assert all(f" {name} " in errors.__doc__ or f"    {name}\n" in errors.__doc__ for name in kinds)


def test_an_unknown_word_shows_no_quotes_and_survives_pickling():
    error = errors.UnknownWordError("kign", ["king"])
    assert str(error) == "The word 'kign' is not in the vocabulary. Did you mean 'king'?"
    again = pickle.loads(pickle.dumps(error))
    assert (again.word, again.suggestions) == ("kign", ("king",))


def test_a_missing_package_names_the_extra():
    with pytest.raises(errors.MissingExtraError, match=r'pip install "wordkin\[plot\]"'):
        errors.require("a_package_that_is_not_there", extra="plot")
