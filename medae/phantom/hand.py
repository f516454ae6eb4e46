"""Hand: bones and soft tissue as seen by X-rays, in mm of thickness along the beam.

Coordinates are millimetres in the image plane: u to the right, v up to the fingertips, the third metacarpal upright.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from medae.phantom.shapes import Array, SmoothNoise

Spot = tuple[float, float]

_FINGERS: tuple[tuple[tuple[Spot, ...], float], ...] = (
    (((-19, -40), (-43, -8), (-62, 22), (-74, 46)), 1.05),
    (((-9.5, -26), (-21, 36), (-28, 77), (-32, 102), (-34.5, 121)), 1.0),
    (((0.5, -25), (-1, 39), (-1, 84), (-0.5, 113), (0, 133)), 1.0),
    (((9, -27), (17, 33), (23, 74), (27, 101), (29.5, 120)), 0.93),
    (((16.5, -32), (32, 20), (42, 53), (47.5, 72), (51.5, 88)), 0.82),
)
_CARPALS: tuple[tuple[Spot, tuple[float, float], float], ...] = (
    ((-17.5, -54), (8, 11), -35),  # scaphoid
    ((-3, -60), (8.5, 7.5), 10),  # lunate
    ((9.5, -57), (7.5, 7), 30),  # triquetrum
    ((13, -53), (4.8, 5.5), 0),  # pisiform, in front of it
    ((-18, -44), (7, 6), -20),  # trapezium
    ((-10, -38), (5.8, 6.2), 10),  # trapezoid
    ((0, -43.5), (7, 11), 0),  # capitate
    ((11, -43), (7.5, 9), 25),  # hamate
)


@dataclass(frozen=True, slots=True, eq=False)
class HandPaths:
    """Millimetres of each material along the beam, each (rows, columns)."""

    soft: Array
    cortex: Array
    marrow: Array


def draw_hand(u: Array, v: Array, rng: np.random.Generator) -> HandPaths:
    """Draw one patient's hand at the points (u, v) in mm, both (rows, columns)."""
    spread, bend, thick = rng.uniform(0.92, 1.1), rng.uniform(-0.04, 0.06), rng.uniform(0.9, 1.12)
    warp_u, warp_v, texture = SmoothNoise(rng, 26), SmoothNoise(rng, 26), SmoothNoise(rng, 1.0)
    rows, columns = v[:, 0], u[0]
    flat = np.zeros(1, dtype=np.float32)
    u = (u + 0.8 * warp_u.on_grid(flat, rows, columns)[0]) / np.float32(spread) + np.float32(bend) * v
    v = v + 0.8 * warp_v.on_grid(flat, rows, columns)[0]
    soft = _soft_tissue(u, v, thick)
    cortex, marrow = np.zeros_like(u), np.zeros_like(u)
    for joints, size in _FINGERS:
        for number, (start, stop) in enumerate(pairwise(joints)):
            shaft = size * thick * (4.6, 3.7, 2.9, 2.3)[number + (len(joints) == 4)]
            _add_bone(u, v, (start, stop), (shaft, shaft * 1.75, shaft * 1.5), (cortex, marrow))
    _add_bone(u, v, ((-15, -150), (-9, -68)), (8.0, 8, 17.0), (cortex, marrow))
    _add_bone(u, v, ((20, -150), (16.5, -68)), (6.5, 7, 8.5), (cortex, marrow))
    for center, radii, degrees in _CARPALS:
        _add_carpal(u, v, center, radii, degrees, (cortex, marrow))
    for center in ((-38.0, -10.0), (-46.5, -12.0)):
        _add_carpal(u, v, center, (2.4, 2.8), 0, (cortex, marrow))
    grain = texture.on_grid(flat, rows, columns)[0]
    return HandPaths(soft, cortex, marrow * (1 + 0.16 * np.clip(grain, -2, 2)))


def _rod(u: Array, v: Array, start: Spot, stop: Spot) -> tuple[Array, Array, float]:
    """Place along a rod (0 … 1, not clipped), distance from its axis in mm, and its length."""
    along = np.array(stop, dtype=np.float32) - np.array(start, dtype=np.float32)
    length = float(np.hypot(*along))
    t = ((u - start[0]) * along[0] + (v - start[1]) * along[1]) / np.float32(length**2)
    across = ((u - start[0]) * along[1] - (v - start[1]) * along[0]) / np.float32(length)
    return t, across, length


def _add_bone(
    u: Array, v: Array, ends: tuple[Spot, Spot], radii: tuple[float, float, float], layers: tuple[Array, Array]
) -> None:
    """Add a long bone: a tube of cortex around marrow, wider and spongy at both ends.

    ``radii`` are those of the shaft, the start and the stop.
    """
    t, across, length = _rod(u, v, *ends)
    shaft, first, last = radii
    gap = 1.1 / length
    t = (t - gap) / (1 - 2 * gap)
    inside = np.clip(t, 0, 1)
    radius = shaft + (first - shaft) * (1 - inside) ** 3.2 + (last - shaft) * inside**3.2
    # Round the ends off like condyles.
    over = np.maximum(np.maximum(-t, t - 1) * length, 0)
    toward = np.minimum(t, 1 - t) * length
    cap = np.clip(toward / (0.55 * shaft), 0, 1)
    radius = radius * np.sqrt(np.clip(cap * (2 - cap), 0, 1)) * (over == 0)
    outer = np.sqrt(np.maximum(radius**2 - across**2, 0))
    middle = np.clip(np.minimum(inside, 1 - inside) * 4 - 0.25, 0, 1)
    wall = 0.55 + middle * 0.32 * shaft
    hollow = np.sqrt(np.maximum(np.maximum(radius - wall, 0) ** 2 - across**2, 0)) * np.clip(toward / 0.8 - 0.6, 0, 1)
    layers[0][...] += 2 * (outer - hollow) * 0.9
    layers[1][...] += 2 * hollow * (1 - 0.55 * middle)


def _add_carpal(
    u: Array, v: Array, center: Spot, radii: tuple[float, float], degrees: float, layers: tuple[Array, Array]
) -> None:
    turn = np.radians(degrees)
    a = (u - center[0]) * np.cos(turn) + (v - center[1]) * np.sin(turn)
    b = (v - center[1]) * np.cos(turn) - (u - center[0]) * np.sin(turn)
    k = ((np.abs(a) / radii[0]) ** 2.6 + (np.abs(b) / radii[1]) ** 2.6).astype(np.float32)
    deep = 0.85 * min(radii)
    outer = deep * np.maximum(1 - k, 0) ** 0.5
    shrink = 1 - 0.8 / min(radii)
    inner = deep * shrink * np.maximum(1 - k / shrink**2.6, 0) ** 0.5
    layers[0][...] += 2 * (outer - inner)
    layers[1][...] += 2 * inner


def _soft_tissue(u: Array, v: Array, thick: float) -> Array:
    """Thickness of skin, fat and muscle: rods with round sections, merged softly."""
    rods: list[tuple[Spot, Spot, float, float, float]] = []
    for joints, size in _FINGERS:
        for number in range(1, len(joints) - 1):
            wide = size * thick * (10.8, 10.0, 9.0, 8.4)[number]
            rods.append((joints[number], joints[number + 1], wide, wide * 0.9, 0.85))
        rods.append((joints[-2], joints[-1], size * thick * 8.6, size * thick * 7.6, 0.9))
    for joints, _ in _FINGERS:
        rods.append((joints[0], joints[1], 16.5 * thick, 11.5 * thick, 0.85))
    rods.append(((-2, -52), (-1, -20), 30 * thick, 30 * thick, 0.5))
    rods.append(((-30, -30), (-20, -6), 17, 14, 0.95))
    rods.append(((2, -190), (0, -50), 35 * thick, 28 * thick, 0.72))
    total = np.zeros_like(u)
    for start, stop, first, last, flat in rods:
        t, across, length = _rod(u, v, start, stop)
        inside = np.clip(t, 0, 1)
        radius = first + (last - first) * inside
        beyond = (t - inside) * np.float32(length)
        chord = np.sqrt(np.maximum(radius**2 - across**2 - beyond**2, 0)) * np.float32(2 * flat)
        total += chord**4
    return total ** np.float32(0.25)
