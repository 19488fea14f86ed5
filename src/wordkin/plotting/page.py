"""The page that pictures are drawn on: its size, its colours, and how it becomes a file."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordkin.errors import InputError, require
from wordkin.files import atomic_write
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

DPI = 200
INK, PALE, GRID = "#222222", "#767676", "#e3e3e3"  # PALE has contrast 4.5 on white

# Okabe and Ito 2008, "Color universal design": told apart with any kind of colour blindness. Their
# yellow is left out, which can't be seen on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # a second sign, for print without colours

_SUFFIXES = (".png", ".svg")


def check_path(path: str | os.PathLike[str] | None) -> None:
    """Refuse, before anything is drawn, a file that can't be saved.

    Parameters
    ----------
    path : path-like, optional
        Where the picture will go.

    Raises
    ------
    InputError
        If the ending of the name is neither .png nor .svg.
    """
    if path is not None and Path(path).suffix.lower() not in _SUFFIXES:
        raise InputError(f"A picture is saved as .png or .svg; got {str(path)!r}.")


def check_vectors(vectors: object) -> None:
    """Refuse what has no words to draw, such as a whole model.

    Parameters
    ----------
    vectors : object
        What came.

    Raises
    ------
    InputError
        If it is no WordVectors.
    """
    if not isinstance(vectors, WordVectors):
        raise InputError(
            f"A picture shows WordVectors, such as train(...).vectors or load(path); got "
            f"{type(vectors).__name__}."
        )


def new_page(width: float, height: float) -> Any:  # noqa: ANN401
    """Make an empty figure that belongs to nobody.

    Parameters
    ----------
    width, height : float
        Its size in inches.

    Returns
    -------
    matplotlib.figure.Figure
        White, with a canvas that needs no display.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    agg = require("matplotlib.backends.backend_agg", extra="plot")
    figure = _kind()(figsize=(width, height), dpi=DPI, facecolor="white", edgecolor="white")
    agg.FigureCanvasAgg(figure)
    return figure


@functools.cache
def _kind() -> Any:  # noqa: ANN401
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that a notebook shows, though pyplot doesn't know it."""

        def _repr_png_(self) -> tuple[bytes, dict[str, float]]:
            data = io.BytesIO()
            self.savefig(data, format="png")
            # twice as many pixels as the page takes: sharp on the screens of today
            width, height = self.get_size_inches() * self.dpi / 2
            return data.getvalue(), {"width": width, "height": height}

    return Picture


def finish(figure: Any, path: str | os.PathLike[str] | None) -> Any:  # noqa: ANN401
    """Make all texts plain, and save the figure if there is a path.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What was drawn.
    path : path-like, optional
        Where to save it; the ending tells the format, .png or .svg.

    Returns
    -------
    matplotlib.figure.Figure
        The same.

    Raises
    ------
    FileError
        If it can't be written.
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a dollar sign is a dollar sign
        text.set_usetex(False)
    if path is not None:
        suffix = Path(path).suffix.lower()[1:]
        metadata = {"Date": None} if suffix == "svg" else {}
        data = io.BytesIO()
        figure.savefig(
            data, format=suffix, dpi=DPI, facecolor="white", bbox_inches=None, metadata=metadata
        )
        with atomic_write(path) as file:
            file.write(data.getvalue())
    return figure


def add_legend(
    where: Any,  # noqa: ANN401
    handles: Sequence[Any],
    names: Sequence[str],
    *,
    families: list[str],
    **settings: Any,  # noqa: ANN401
) -> None:
    """Explain what was drawn.

    Parameters
    ----------
    where : matplotlib.figure.Figure or matplotlib.axes.Axes
        What the legend belongs to.
    handles : sequence of matplotlib.lines.Line2D
        What is explained.
    names : sequence of str
        Of each its name, whatever it begins with: Matplotlib takes a label that begins with ``_``
        for one that is not to be shown.
    families : list of str
        Fonts.
    **settings
        For Matplotlib.
    """
    legend = where.legend(
        handles, [name.replace("_", "-") for name in names], frameon=False, labelcolor=INK,
        prop={"family": families, "size": 8}, **settings,
    )  # fmt: skip
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)


def plain_axes(axes: Any) -> None:  # noqa: ANN401
    """Take away what says nothing: the frame, the ticks, and all but pale lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to.
    """
    axes.set_facecolor("white")
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#999999")
        spine.set_linewidth(0.6)
    axes.tick_params(colors=PALE, labelcolor=INK, labelsize=8, width=0.6, length=3)
    axes.grid(visible=False)
    axes.set_axisbelow(True)


def darker(colour: str) -> tuple[float, float, float]:
    """Return a colour in which small letters can be read on white.

    Parameters
    ----------
    colour : str
        One of `COLOURS`.

    Returns
    -------
    tuple of float
        Red, green and blue, 0 to 1.

    Examples
    --------
    >>> darker("#ff0000")
    (0.58, 0.0, 0.0)
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.58 * red, 0.58 * green, 0.58 * blue
