"""Where labels go: each beside its point, none over another label or over a point.

Labels are placed one after the other, the most important first. For each a ring of places around
its point is tried, then wider rings; a label that had to go far gets a thin line to its point.
Everything is counted in pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.progress import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MARGIN = 1.0  # around a label, in pixels
_RINGS = (0.0, 3, 7, 12, 18, 25, 33, 42, 52, 64, 78, 94)  # in 1/100 inch
_LEADS_FROM = 7  # from this ring on a line tells which point a label belongs to
_ANGLES = np.radians(
    [0, 180, 90, 270, 35, 145, 325, 215, 60, 120, 300, 240, 15, 165, 345, 195, 75, 105, 255, 285]
)
_DIRECTIONS = np.column_stack((np.cos(_ANGLES), np.sin(_ANGLES)))


class Room(NamedTuple):
    """What there is to place labels in."""

    width: float
    height: float
    """Of the page; labels stay inside."""
    radius: float
    """Of a point."""
    scale: float
    """Pixels of a 1/100 inch."""


class Placed(NamedTuple):
    """Where labels are."""

    boxes: Floats
    """Shape (n, 4): left, bottom, right, top; NaN for those that found no place."""
    leads: list[tuple[Floats, Floats] | None]
    """For each label the line to its point, from and to, where there is one."""


def place(
    points: Floats,
    sizes: Floats,
    room: Room,
    *,
    first: Sequence[int] = (),
    obstacles: Floats | None = None,
) -> Placed:
    """Place labels beside points.

    Parameters
    ----------
    points : ndarray
        Shape (n, 2).
    sizes : ndarray
        Shape (n, 2): width and height of each label, its margin included.
    room : Room
        The page.
    first : sequence of int
        Labels to place first; the others follow from where it is crowded to where there is room.
    obstacles : ndarray, optional
        Shape (m, 2): more points that no label may cover.

    Returns
    -------
    Placed
        Boxes of which none overlaps with another, or with a point, or leaves the page. A label
        without a line is nearer to its own point than to any other.

    Examples
    --------
    >>> two = np.array([[50.0, 50.0], [52.0, 50.0]])
    >>> placed = place(two, np.full((2, 2), 10.0), Room(100, 100, 2, 1))
    >>> placed.boxes[0].tolist()  # not to the right, where the other point is
    [38.0, 45.0, 48.0, 55.0]
    """
    n = len(points)
    boxes = np.full((n, 4), np.nan)
    leads: list[tuple[Floats, Floats] | None] = [None] * n
    used = _Used(points, np.empty((0, 2)) if obstacles is None else obstacles)
    order = [*first, *(i for i in _crowded(points, sizes) if i not in set(first))]
    for i in told(order, "placing labels", unit="labels"):  # of a thousand words: half a minute
        found = _best(i, sizes[i], room=room, used=used)
        if found is not None:
            boxes[i], leads[i] = found
            used.add(*found)
    return Placed(boxes, leads)


def _crowded(points: Floats, sizes: Floats) -> list[int]:
    """Order points by how many others are near, most first."""
    reach = 2 * sizes.mean(axis=0)
    near = (np.abs(points[:, None] - points[None]) < reach).all(axis=2).sum(axis=1)
    return [int(i) for i in np.argsort(-near, kind="stable")]


class _Used:
    """What labels have to keep off."""

    def __init__(self, points: Floats, obstacles: Floats) -> None:
        self.points, self.obstacles = points, obstacles
        self.boxes = np.empty((0, 4))
        self.lines = np.empty((0, 2))  # points on them

    def add(self, box: Floats, lead: tuple[Floats, Floats] | None) -> None:
        self.boxes = np.vstack((self.boxes, box))
        if lead is not None:
            self.lines = np.vstack((self.lines, _on(*lead)))


def _best(
    i: int, size: Floats, *, room: Room, used: _Used
) -> tuple[Floats, tuple[Floats, Floats] | None] | None:
    """The nearest place that is free."""
    point = used.points[i]
    others = np.delete(used.points, i, axis=0)
    dots = np.hstack((others - room.radius, others + room.radius))
    # a line may begin on a point that hides its own
    ahead = dots[np.abs(others - point).max(axis=1) > 2 * room.radius]
    for ring in _RINGS:
        gap = room.radius + ring * room.scale
        # a box that touches the circle: its centre on a rounded rectangle around the point
        reach = size / 2 * np.clip(_DIRECTIONS * 1.7, -1, 1) + gap * _DIRECTIONS
        low = point + reach - size / 2
        boxes = np.hstack((low, low + size))
        free = (low >= 0).all(axis=1)
        free &= (boxes[:, 2:] <= (room.width, room.height)).all(axis=1)
        free &= ~_overlap(boxes, dots) & ~_overlap(boxes, used.boxes)
        free &= ~_covers(boxes, used.lines) & ~_covers(boxes, used.obstacles)
        free &= ~_covers(boxes, point[None])
        for box in boxes[free]:
            if ring < _LEADS_FROM:
                if _nearest_is_own(box, point, others):
                    return box, None
                continue
            lead = (point, np.clip(point, box[:2], box[2:]))
            if _is_clear(_on(*lead), ahead, used=used, room=room):
                return box, lead
    return None


def _nearest_is_own(box: Floats, point: Floats, others: Floats) -> bool:
    if not len(others):
        return True
    own = np.linalg.norm(point - np.clip(point, box[:2], box[2:]))
    theirs = np.linalg.norm(others - np.clip(others, box[:2], box[2:]), axis=1)
    return bool(own < theirs.min())


def _is_clear(line: Floats, dots: Floats, *, used: _Used, room: Room) -> bool:
    """Tell whether a line runs over no point, no label and no other line."""
    if _covers(dots, line).any() or _covers(used.boxes, line).any():
        return False
    for points, least in ((used.lines, 1.5 * room.scale), (used.obstacles, room.scale)):
        # its beginning has to be somewhere
        apart = np.abs(line[2:, None] - points[None]).max(axis=2)
        if apart.size and apart.min() < least:
            return False
    return True


def _on(start: Floats, stop: Floats) -> Floats:
    """Points on a line, dense enough for no label or point to fit between two."""
    count = max(4, int(np.abs(stop - start).max() / 3))
    return np.asarray(start + (stop - start) * np.linspace(0, 1, count)[:, None])


def _overlap(boxes: Floats, others: Floats) -> NDArray[np.bool_]:
    """Tell of each of the boxes (k, 4) whether it shares a point with one of the others (m, 4)."""
    apart = (boxes[:, None, :2] >= others[None, :, 2:]) | (
        boxes[:, None, 2:] <= others[None, :, :2]
    )
    shared: NDArray[np.bool_] = ~np.any(apart, axis=2)
    return np.asarray(shared.any(axis=1))


def _covers(boxes: Floats, points: Floats) -> NDArray[np.bool_]:
    """Tell of each box whether one of the points (m, 2) is in it."""
    inside = (points[None] > boxes[:, None, :2]) & (points[None] < boxes[:, None, 2:])
    covered: NDArray[np.bool_] = np.all(inside, axis=2)
    return np.asarray(covered.any(axis=1))


def put(axes: Any, texts: list[Any], placed: Placed) -> int:  # noqa: ANN401
    """Move labels to their places, and draw the lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What they are in.
    texts : list of matplotlib.text.Text
        The labels, aligned to the left and the bottom; those without a place are taken away.
    placed : Placed
        Where they go, in pixels of the axes.

    Returns
    -------
    int
        How many have no place.
    """
    back = axes.transData.inverted()
    left = 0
    for text, box, lead in zip(texts, placed.boxes, placed.leads, strict=True):
        if np.isnan(box).any():
            text.remove()
            left += 1
            continue
        text.set_position(back.transform(box[:2] + MARGIN + axes.bbox.min))
        if lead is not None:
            ends = back.transform(np.array(lead) + axes.bbox.min)
            axes.plot(ends[:, 0], ends[:, 1], color="#a0a0a0", linewidth=0.5, zorder=1)
    return left
