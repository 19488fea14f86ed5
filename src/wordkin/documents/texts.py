"""Texts as users give them: looked at before they are read, and named when they are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wordkin.errors import InputError


def checked_texts(texts: Iterable[str]) -> list[str]:
    """Return texts as a list.

    Parameters
    ----------
    texts : iterable of str
        A list, an array, a column of a data frame.

    Returns
    -------
    list of str
        The texts.

    Raises
    ------
    InputError
        If it is one string, or holds something else than strings.
    """
    listed = list_of(texts, "texts", "a list with one text is [text]")
    for i, text in enumerate(listed):
        if not isinstance(text, str):
            raise InputError(f"Texts must be str; number {i} is {shown(text)}.{hint_for(text)}")
    return listed


def list_of(values: Any, what: str, advice: str) -> list[Any]:  # noqa: ANN401
    """Return what should be several things as a list.

    Parameters
    ----------
    values : iterable
        A list, an array, a column of a data frame.
    what : str
        What they are.
    advice : str
        What to do with one string.

    Returns
    -------
    list
        The things, not looked at.

    Raises
    ------
    InputError
        If it is one string, has no order, or is nothing that can be gone through.
    """
    odd = _unlike_a_list(values)
    if odd or isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InputError(f"Give {what} as a list of str; got {shown(values)}: {odd or advice}.")
    # tolist makes Python's str of NumPy's; a data frame's column has it too
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    if not isinstance(listed, list):
        raise InputError(f"Give {what} as a list of str; got {shown(values)}: {advice}.")
    return listed


def _unlike_a_list(values: object) -> str:
    """Say what to do with what gives something else than its things in order; "" to what may."""
    if isinstance(values, Mapping):
        return "a dict gives its keys; list(d.values()) are its values"
    if isinstance(values, set | frozenset):
        return "a set has no order by which they could be told apart"
    if hasattr(values, "columns"):  # going through a data frame gives the names of its columns
        return "take one column of the table, such as table['text']"
    return ""


def shown(value: object) -> str:
    """Show a value in a message.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    str
        Its type, and how it begins.
    """
    return f"{type(value).__name__} {value!r:.60}"


def hint_for(value: object, what: str = "texts") -> str:
    """Say what to do with a value that is no string.

    Parameters
    ----------
    value : object
        The value.
    what : str
        What strings were expected for.

    Returns
    -------
    str
        A sentence, with a space in front.
    """
    if isinstance(value, bytes):
        return " Decode it: .decode('utf-8')."
    if _is_missing(value):
        return (
            f" Leave out what has none, or give it {'a label' if what == 'labels' else repr('')}."
        )
    if isinstance(value, list):
        return " Join tokens to a text: ' '.join(tokens)."
    return f" Use str() on them: [str(x) for x in {what}]."


def _is_missing(value: object) -> bool:
    """Tell None, NaN, and NA of pandas, which does not even say whether it is itself."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:
        return True
    except ValueError:  # an array, of which some numbers may be NaN
        return False
