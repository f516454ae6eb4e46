"""Everything of the head outside the brain's cavity: scalp, skull, orbits, sinuses, ears."""

import numpy as np

from medae.phantom.grid import Canvas
from medae.phantom.shapes import Array, capsule, ellipsoid, smooth_min


def draw_face(canvas: Canvas, cavity: Array, skull: float, scalp: float) -> None:
    """Paint skin, fat, muscle, skull, orbits and air spaces around ``cavity`` (depth in mm).

    Parameters
    ----------
    canvas
        Where to paint.
    cavity
        Depth inside the skull's cavity, mm.
    skull, scalp
        Thicknesses, mm.
    """
    x, y, z = canvas.x, canvas.y, canvas.z
    side = np.abs(x)
    vault = ellipsoid(x * (1 - 0.10 * np.clip((y - 10) / 80, -1, 1)), y, z, (0, 4, 8), (70, 88, 75))
    shell = vault + np.float32(skull + scalp)
    face = ellipsoid(x, y, z, (0, -32, -58), (66, 66, 88))
    neck = capsule(x, y, z, (0, 22, -50), (0, 36, -200), (62, 56))
    nose = capsule(x, y, z, (0, -88, -22), (0, -100, -48), (9, 12))
    head = -smooth_min(-smooth_min_max(shell, face), -neck, 18)
    head = np.maximum(head, nose)
    ears = np.minimum(ellipsoid(side, y, z, (72, 20, -22), (12, 15, 26)), 3 - np.abs(side - 71 - 0.35 * (y - 12)))
    head = np.maximum(head, ears)
    canvas.paint(head, "skin")
    canvas.paint(head - 1.8, "fat")
    _draw_muscle(canvas, head, vault, skull)
    _draw_skull(canvas, cavity, vault, head, skull)
    _draw_sinuses(canvas, head, cavity)
    _draw_orbits(canvas)


def smooth_min_max(a: Array, b: Array) -> Array:
    """Union of two depths with a crease rounded over 14 mm."""
    return -smooth_min(-a, -b, 14)


def _draw_muscle(canvas: Canvas, head: Array, vault: Array, skull: float) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    low = head - 6 - 0.05 * np.clip(-z - 30, 0, 60)
    streaks = np.sin(x * 0.42 + 0.3 * y) + np.sin(0.33 * y + 0.2 * z) + np.sin(0.3 * np.hypot(x, y))
    canvas.paint(np.minimum(np.minimum(low, -22 - z), 1.9 - streaks), "muscle")
    temporal = ellipsoid(np.abs(x), y, z, (66, -14, -14), (18, 32, 42))
    canvas.paint(np.minimum(np.minimum(temporal, head - 4.5), -vault - skull + 14), "muscle")


def _draw_skull(canvas: Canvas, cavity: Array, vault: Array, head: Array, skull: float) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    upper = np.minimum(vault + np.float32(skull), z + 34 - 0.30 * (y - 20))
    base = cavity + np.float32(skull + 1.5)
    maxilla = np.minimum(ellipsoid(x, y, z, (0, -52, -48), (46, 42, 46)), head - 7)
    bone = np.minimum(np.maximum(np.maximum(upper, base), maxilla), head - 3.5)
    bone = np.minimum(bone, z + 95 - 0.2 * y)
    canvas.paint(bone, "bone")
    thickness = 1.7 + 0.5 * np.sin(x * 0.05 + y * 0.04)
    marrow = np.minimum(np.minimum(bone, -cavity) - thickness, 5.0)
    canvas.paint(marrow, "diploe")


def _draw_sinuses(canvas: Canvas, head: Array, cavity: Array) -> None:
    box = canvas.box((0, -30, -42), (80, 75, 50))
    if box is None:
        return
    b = np.s_[box]
    x, y, z = canvas.x[b], canvas.y[b], canvas.z[b]
    side = np.abs(x)
    within = np.minimum(head[b] - 8, -cavity[b] - 2.5)
    nasal = np.minimum(ellipsoid(x, y, z, (0, -58, -46), (17, 42, 24)), head[b] - 5)
    canvas.paint(nasal, "mucosa", box)
    wave = 1.6 * np.sin(z * 0.55) + 1.2 * np.sin(y * 0.12)
    turbinate = np.abs(side - 7.5 - wave) - 3.2
    canvas.paint(np.minimum(np.minimum(nasal - 1, side - 1.4), turbinate), "air", box)
    maxillary = ellipsoid(side, y, z, (29, -56, -52), (14, 17, 17))
    frontal = np.minimum(ellipsoid(x, y, z, (3, -86, -4), (22, 8, 13)), np.abs(x - 2) - 0.7)
    sphenoid = np.minimum(ellipsoid(x, y, z, (1, -24, -24), (13, 12, 9)), np.abs(x + 1.5) - 0.6)
    cells = np.maximum(np.sin(y * 0.62), np.sin(z * 0.7)) * 2.2
    ethmoid = np.minimum(np.minimum(ellipsoid(x, y, z, (0, -58, -25), (12, 24, 11)), side - 0.9), cells + 0.9)
    canvas.paint(np.minimum(np.maximum(np.maximum(maxillary, frontal), sphenoid), within + 3), "mucosa", box)
    air = np.maximum(np.maximum(maxillary, frontal), np.maximum(sphenoid, ethmoid)) - 1.0
    canvas.paint(np.minimum(air, within + 2), "air", box)
    honeycomb = np.sin(x * 0.95) * np.sin(y * 0.95) * np.sin(z * 0.95)
    mastoid = np.minimum(ellipsoid(side, y, z, (56, 26, -36), (11, 13, 16)), np.abs(honeycomb) * 8 - 1.0)
    canvas.paint(np.minimum(mastoid, -cavity[b] - 2), "air", box)
    canal = capsule(side, y, z, (48, 14, -28), (84, 18, -28), (3, 3.5))
    canvas.paint(canal, "air", box)


def _draw_orbits(canvas: Canvas) -> None:
    box = canvas.box((0, -66, -20), (58, 48, 24))
    if box is None:
        return
    b = np.s_[box]
    side, y, z = np.abs(canvas.x[b]), canvas.y[b], canvas.z[b]
    wall = capsule(side, y, z, (13, -30, -19), (34, -67, -19), (4, 19))
    canvas.paint(np.minimum(wall, y + 85), "bone", box)
    cone = np.minimum(capsule(side, y, z, (13, -30, -19), (34, -66, -19), (2, 16.5)), y + 92)
    canvas.paint(cone, "fat", box)
    for start, stop in (((13, -34, -19), (44, -63, -19)), ((12, -34, -19), (22, -65, -19))):
        canvas.paint(capsule(side, y, z, start, stop, (1.8, 2.2)), "muscle", box)
    for height in (-9, -29):
        canvas.paint(capsule(side, y, z, (14, -34, -19), (33, -63, height), (1.6, 2.2)), "muscle", box)
    canvas.paint(capsule(side, y, z, (12, -24, -18), (32, -58, -19), (2.2, 2.4)), "white", box)
    globe = ellipsoid(side, y, z, (33, -69, -19), (12.3, 12.3, 12.3))
    canvas.paint(globe, "skin", box)
    canvas.paint(globe - 1.2, "vitreous", box)
    canvas.paint(ellipsoid(side, y, z, (33.5, -77.5, -19), (4.6, 2.2, 4.6)), "lens", box)
