"""What is checked of files before the work that fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wordkin.errors import FileError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def check_output(output: Path, inputs: Sequence[Path] = ()) -> None:
    """Find out before the work, not after it, that vectors can't be saved.

    Parameters
    ----------
    output : Path
        Where they will be.
    inputs : sequence of Path
        What must not be overwritten.

    Raises
    ------
    FileError
        If there is no such folder, or it can't be written.
    InputError
        If the ending of the name stands for no format, or the file is one of `inputs`.
    """
    from wordkin.formats import writer

    check_file(output, inputs)
    writer(output)


def check_file(file: Path | None, others: Sequence[Path | None] = ()) -> None:
    """Find out before the work that a file can't be written, such as a page or a table.

    Parameters
    ----------
    file : Path, optional
        Where it will be, if there will be one.
    others : sequence of Path, optional
        What must not be overwritten.

    Raises
    ------
    FileError
        If there is no such folder, or it can't be written.
    InputError
        If it is one of the others.
    """
    if file is None:
        return
    if file.is_dir():
        raise FileError(f"Can't write {str(file)!r}: it is a folder. Name a file in it.")
    check_different(file, others)
    check_folder(file)


def check_different(output: Path, others: Sequence[Path | None]) -> None:
    """Refuse to write over what is read, or over another output.

    Parameters
    ----------
    output : Path
        A file or folder that will be written.
    others : sequence of Path, optional
        What must not be overwritten.

    Raises
    ------
    InputError
        If it is one of the others.
    """
    if any(other is not None and _is_same(output, other) for other in others):
        raise InputError(
            f"{str(output)!r} would be overwritten: it is also an input or the output. Choose "
            "another name."
        )


def _is_same(file: Path, other: Path) -> bool:
    # of two that are not there yet only names can be compared
    there = file.exists() and other.exists()
    return file.samefile(other) if there else file.resolve() == other.resolve()


def check_folder(output: Path) -> None:
    """Find out before the work that nothing can be written beside or in place of a path.

    Parameters
    ----------
    output : Path
        What will be written.

    Raises
    ------
    FileError
        If there is no such folder, or it can't be written.
    """
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
