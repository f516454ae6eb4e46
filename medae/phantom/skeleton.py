"""Bones of the chest: ribs, sternum, spine, shoulder blades, collar bones."""

import numpy as np

from medae.phantom.grid import Canvas
from medae.phantom.shapes import Array, Point, capsule, ellipsoid, smooth_min

RIB_PITCH = 26.0
RIB_DROP = 112.0
VERTEBRA_PITCH = 25.0
_CAGE_LOW, _CAGE_TOP = -40.0, 112.0


def _cage_size(z: Array) -> Array:
    """Width of the rib cage at height z relative to its widest."""
    up = np.clip((z - _CAGE_LOW) / (_CAGE_TOP - _CAGE_LOW), 0, 0.995)
    return (1 - up**2.4) ** np.float32(0.5)


def cage_depth(x: Array, y: Array, z: Array) -> Array:
    """Depth inside the inner surface of the ribs, mm."""
    size = _cage_size(z)
    wide, deep = 126 * size + 6, 88 * (0.25 + 0.75 * size)
    center = 18 * (1 - size)
    u, v = x / wide, (y - center) / deep
    # Kidney shape: the spine pushes in from behind.
    v = v + 0.10 * np.exp(-((x / 34) ** 2)) * np.clip(v, 0, 1)
    k0 = np.sqrt(u * u + v * v)
    k1 = np.sqrt((u / wide) ** 2 + (v / deep) ** 2)
    return k0 * (1 - k0) / np.maximum(k1, np.float32(1e-4))


def draw_skeleton(canvas: Canvas, cage: Array, shift: float) -> None:
    """Paint the bones; ``shift`` in [0, 1] moves ribs and vertebrae by a part of their pitch."""
    _draw_ribs(canvas, cage, shift)
    _draw_spine(canvas, shift)
    _draw_sternum(canvas)
    _draw_shoulders(canvas, cage)


def _bone(canvas: Canvas, depth: Array, cortex: float, marrow: str = "marrow", box: object = None) -> None:
    canvas.paint(depth, "bone", box)  # type: ignore[arg-type]
    canvas.paint(depth - np.float32(cortex), marrow, box)  # type: ignore[arg-type]


def _draw_ribs(canvas: Canvas, cage: Array, shift: float) -> None:
    """Oblique rings: each rib falls from the spine to the front; the front end is cartilage."""
    x, y, z = canvas.x, canvas.y, canvas.z
    size = _cage_size(z)
    around = np.arctan2(np.abs(x) / (126 * size + 6), (y - 18 * (1 - size)) / (88 * (0.25 + 0.75 * size)))
    front = around * np.float32(1 / np.pi)  # 0 at the spine, 1 at the sternum
    fall = RIB_DROP * (0.35 + 0.65 * np.clip(size, 0, 1)) * (front - 0.25 * np.clip(front - 0.72, 0, 1) ** 2 * 13)
    phase = (z + fall - 16) / RIB_PITCH + np.float32(shift)
    number = np.floor(phase)
    across = (phase - number - 0.5) * np.float32(RIB_PITCH * 0.86)
    outward = -cage - 4.2
    k = np.sqrt((outward / 3.7) ** 2 + (across / 6.0) ** 2)
    rib = (1 - k) * np.float32(4.2)
    rib = np.minimum(rib, 3.6 - number)
    cartilage = front > 0.86 - 0.02 * np.abs(number)
    hidden = np.minimum(np.abs(x) - 14, 0) + np.where(number < -6, (0.62 - front) * 60, 20)
    rib = np.minimum(rib, hidden)
    canvas.paint(np.where(cartilage, -9, rib), "bone")
    canvas.paint(np.where(cartilage, -9, rib - 1.6), "marrow")
    canvas.paint(np.where(cartilage & (number > -7), rib, -9), "cartilage")


def _draw_spine(canvas: Canvas, shift: float) -> None:
    box = canvas.box((0, 84, 0), (48, 46, 400))
    if box is None:
        return
    x, y, z = canvas.x[box], canvas.y[box], canvas.z[box]
    side = np.abs(x)
    phase = z / VERTEBRA_PITCH + np.float32(shift)
    within = (phase - np.floor(phase) - 0.5) * np.float32(VERTEBRA_PITCH)
    waist = 1.6 * (1 - np.clip(np.abs(within) / 10, 0, 1))
    body = ellipsoid(x, y, 0 * z, (0, 62, 0), (17.5, 15.5, 1e4)) - waist
    body = np.minimum(body, y - 48)
    canvas.paint(body, "disc", box)
    _bone(canvas, smooth_min(body, 10 - np.abs(within), 2), 1.3, box=box)
    ring = ellipsoid(x, y, 0 * z, (0, 83, 0), (14.5, 12.5, 1e4))
    arch = np.minimum(ring, 7.5 - np.abs(within - 1.5))
    pedicle = np.minimum(np.minimum(4 - np.abs(side - 11), 8 - np.abs(y - 76)), 5.5 - np.abs(within - 3))
    spinous = np.minimum(np.minimum(3.6 - side, np.minimum(y - 88, 113 - y)), 5.5 - np.abs(within + 0.35 * (y - 92)))
    transverse = capsule(side, y, within, (10, 84, 3), (31, 95, 4), (6, 4.5))
    _bone(canvas, np.maximum(np.maximum(arch, pedicle), np.maximum(spinous, transverse)), 1.6, box=box)
    canal = ellipsoid(x, y, 0 * z, (0, 82, 0), (9.5, 7.8, 1e4))
    canvas.paint(canal, "fat", box)
    canvas.paint(canal - 1.4, "csf", box)
    canvas.paint(ellipsoid(x, y, 0 * z, (0, 81.5, 0), (4.8, 3.8, 1e4)), "spleen", box)


def _draw_sternum(canvas: Canvas) -> None:
    box = canvas.box((0, -82, 10), (40, 26, 95))
    if box is None:
        return
    x, y, z = canvas.x[box], canvas.y[box], canvas.z[box]
    # Follows the front of the cage; the manubrium above is wider.
    line = np.interp(z, (-70, -20, 40, 62, 80), (-95, -93, -84, -76, -66)).astype(np.float32)
    half = np.interp(z, (-70, -50, 30, 44, 75), (6, 15, 13, 18, 26)).astype(np.float32)
    plate = smooth_min(smooth_min(5.6 - np.abs(y - line), half - np.abs(x), 5), 70 - np.abs(z - 8), 6)
    _bone(canvas, plate, 1.3, box=box)


def _draw_shoulders(canvas: Canvas, cage: Array) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    side = np.abs(x)
    out = -cage - (19 - 0.03 * z)
    lower = 52 + 0.42 * np.clip(80 - z, 0, 200)
    blade = np.minimum(2.4 - np.abs(out), np.minimum(side - lower, 118 - side + 0.2 * (z - 60)))
    blade = np.minimum(np.minimum(blade, y - 28), np.minimum(z + 42, 98 - z))
    _bone(canvas, blade, 1.5)
    rods: list[tuple[Point, Point, tuple[float, float]]] = [
        ((66, 92, 58), (148, 62, 112), (4, 6)),
        ((118, 52, 52), (140, 30, 88), (5, 11)),
        ((22, -66, 84), (80, -46, 104), (9, 6)),
        ((80, -46, 104), (152, 30, 116), (6, 7)),
    ]
    for start, stop, radii in rods:
        for sign in (1, -1):
            middle = (sign * (start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2, (start[2] + stop[2]) / 2)
            reach = tuple(abs(a - b) / 2 + 14 for a, b in zip(start, stop, strict=True))
            box = canvas.box(middle, reach)  # type: ignore[arg-type]
            if box is not None:
                _bone(canvas, capsule(sign * x[box], y[box], z[box], start, stop, radii), 1.8, box=box)
    for sign in (1, -1):
        box = canvas.box((sign * 160, 26, 92), 30)
        if box is not None:
            _bone(canvas, ellipsoid(sign * x[box], y[box], z[box], (158, 24, 88), (22, 23, 24)), 2.2, box=box)
