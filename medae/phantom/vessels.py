"""Branching vessels that fill a lung, and their drawing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.phantom.grid import Canvas
from medae.phantom.shapes import Point, capsule

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Segment:
    """A rod between two points (x, y, z) in mm, with a radius at each end."""

    start: Point
    stop: Point
    radii: tuple[float, float]


def grow_tree(
    rng: np.random.Generator,
    root: Point,
    inside: Callable[[Points], NDArray[np.bool_]],
    bounds: tuple[Point, Point],
    leaves: int,
    root_radius: float,
) -> tuple[Segment, ...]:
    """Grow a tree from ``root`` whose tips fill a region evenly.

    The targets are split in two again and again; each branch runs part of the way to the middle of its targets.
    Radii follow Murray's law (cubes add up at a fork).

    Parameters
    ----------
    rng
        Source of randomness.
    root
        Where the tree enters (x, y, z), mm.
    inside
        Tells for (n, 3) points which lie in the region.
    bounds
        Two corners of a box around the region.
    leaves
        Number of tips.
    root_radius
        Radius of the trunk, mm.
    """
    points = rng.uniform(bounds[0], bounds[1], (leaves * 12, 3))
    targets = points[inside(points)][:leaves]
    return tuple(_grow(rng, np.asarray(root, dtype=float), targets, root_radius, len(targets), root_radius))


def _grow(
    rng: np.random.Generator, start: Points, targets: Points, root_radius: float, total: int, radius: float
) -> Iterator[Segment]:
    if len(targets) == 0:
        return
    last = len(targets) == 1
    reach = 1.0 if last else rng.uniform(0.3, 0.45)
    middle = targets.mean(0)
    stop = (
        start + reach * (middle - start) + (0 if last else 0.06 * np.linalg.norm(middle - start)) * rng.normal(size=3)
    )
    end_radius = 0.35 if last else root_radius * (len(targets) / total) ** (1 / 3)
    yield Segment(_point(start), _point(stop), (radius, end_radius))
    if last:
        return
    spread = targets - middle
    direction = np.linalg.svd(spread, full_matrices=False)[2][0]
    order = np.argsort(spread @ direction)
    cut = int(np.clip(rng.uniform(0.35, 0.65) * len(order), 1, len(order) - 1))
    for chosen in (order[:cut], order[cut:]):
        part = targets[chosen]
        child = root_radius * (len(part) / total) ** (1 / 3)
        yield from _grow(rng, stop, part, root_radius, total, min(child, end_radius))


def _point(values: Points) -> Point:
    x, y, z = (float(v) for v in values)
    return x, y, z


def draw_tree(canvas: Canvas, segments: tuple[Segment, ...], tissue: str, hollow: str | None = None) -> None:
    """Paint a tree; rods thinner than a voxel are painted faintly, as partial volume makes them.

    Parameters
    ----------
    canvas
        Where to paint.
    segments
        The tree.
    tissue
        What vessels are made of.
    hollow
        What fills them (air in bronchi); None for solid.
    """
    for segment in segments:
        start, stop, (r0, r1) = segment.start, segment.stop, segment.radii
        middle = tuple((a + b) / 2 for a, b in zip(start, stop, strict=True))
        wide = max(r0, r1) + canvas.edge
        reach = tuple(abs(a - b) / 2 + wide for a, b in zip(start, stop, strict=True))
        box = canvas.box(middle, reach)  # type: ignore[arg-type]
        if box is None:
            continue
        depth = capsule(canvas.x[box], canvas.y[box], canvas.z[box], start, stop, (r0, r1))
        thin = min(1.0, (2 * max(r0, r1) / canvas.edge) ** 1.5)
        # Widen thin rods to the edge width and let them fade by as much.
        grow = max(0.0, canvas.edge / 2 - max(r0, r1))
        canvas.paint(depth + np.float32(grow), tissue, box, part=thin)
        if hollow is not None:
            canvas.paint(depth - np.float32(0.9), hollow, box)
