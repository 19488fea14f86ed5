"""What is checked of files before the work that fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wordkin.errors import FileError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def check_output(output: Path, inputs: Sequence[Path] = ()) -> None:
    """Find out before the work, not after it, that its result can't be saved.

    Parameters
    ----------
    output : Path
        Where vectors will be saved.
    inputs : sequence of Path
        What must not be overwritten.

    Raises
    ------
    FileError
        If there is no such folder, or it can't be written.
    InputError
        If the ending of the name stands for no format, or the file is one of `inputs`.
    """
    if output.is_dir():
        raise FileError(f"Can't write {str(output)!r}: it is a folder. Name a file in it.")
    for each in inputs:
        if output.exists() and each.exists() and output.samefile(each):
            raise InputError(f"The output {str(output)!r} is also an input. Choose another name.")
    from wordkin.formats import writer

    writer(output)
    _check_folder(output)


def check_page(page: Path | None, others: Sequence[Path]) -> None:
    """Find out before the work that a page can't be saved.

    Parameters
    ----------
    page : Path, optional
        Where it will be, if there will be one.
    others : sequence of Path
        What must not be overwritten.

    Raises
    ------
    FileError
        If there is no such folder, or it can't be written.
    InputError
        If it is one of the others.
    """
    if page is None:
        return
    if page.is_dir():
        raise FileError(f"Can't write {str(page)!r}: it is a folder. Name a file in it.")
    if page.resolve() in [other.resolve() for other in others]:
        raise InputError(f"The page {str(page)!r} is also an input or the output.")
    _check_folder(page)


def _check_folder(output: Path) -> None:
    import tempfile

    folder = output.resolve().parent
    try:
        tempfile.TemporaryDirectory(dir=folder, prefix=".wordkin-").cleanup()
    except FileNotFoundError:
        raise FileError(
            f"Can't write {str(output)!r}: there is no folder {str(folder)!r}."
        ) from None
    except OSError as error:
        raise FileError(f"Can't write {str(output)!r}: {error.strerror or error}.") from error
