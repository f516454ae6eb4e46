"""Head: skin, skull, folded cortex, ventricles, deep nuclei, cerebellum, eyes and sinuses as CT, T1, T2 or FLAIR.

Coordinates are millimetres in a standard head: x to the left, y to the back, z up, near the middle of the brain.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medae.phantom.face import draw_face
from medae.phantom.grid import Canvas, Grid, Phantom, draw_pose, render
from medae.phantom.lesions import LesionLook, add_lesions
from medae.phantom.shapes import Array, SmoothNoise, capsule, ellipsoid, smooth_min, tube
from medae.phantom.store import store_ct, store_mr

Contrast = Literal["T1", "T2", "FLAIR", "CT"]

_TISSUES = (
    *("air", "skin", "fat", "muscle", "bone", "diploe", "csf", "white", "grey", "deep", "brainstem", "cerebellum"),
    *("blood", "vitreous", "lens", "mucosa"),
)
_VALUES: dict[str, tuple[float, ...]] = {
    # air  skin  fat  muscle bone diploe csf white grey deep brainstem cerebellum blood vitreous lens mucosa
    "T1": (6, 420, 1020, 520, 60, 640, 190, 880, 640, 720, 830, 650, 260, 230, 480, 420),
    "T2": (5, 330, 760, 210, 40, 380, 1300, 390, 560, 470, 420, 540, 160, 1250, 230, 900),
    "FLAIR": (5, 360, 640, 330, 40, 330, 85, 490, 585, 550, 510, 570, 170, 100, 330, 640),
    "CT": (-1000, 25, -95, 58, 1350, 520, 6, 27, 38, 38, 29, 36, 56, 9, 75, 35),
}
_LESIONS = {
    "T1": LesionLook(430, (5, 14)),
    "T2": LesionLook(860, (5, 14)),
    "FLAIR": LesionLook(930, (5, 14)),
    "CT": LesionLook(66, (6, 15)),
}
_CAVITY_CENTER = (0.0, 4.0, 8.0)
_CAVITY_RADII = (70.0, 88.0, 75.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Anatomy:
    """What varies from patient to patient, besides the pose."""

    folds: Array  # (n, n, n) mm to the nearest sulcus on the unfolded sphere
    small_folds: Array
    sulcus_depth: SmoothNoise
    skull: float  # thickness, mm
    scalp: float
    csf: float  # gap between brain and skull
    ventricles: float  # factor on the radius
    ribbon: float  # cortical thickness
    texture: SmoothNoise
    fine: SmoothNoise
    bias: SmoothNoise


_FOLD_STEP = 1.6
_FOLD_HALF = 96.0


def head(
    contrast: Contrast = "T1",
    shape: tuple[int, int, int] = (48, 192, 160),
    spacing: tuple[float, float, float] = (3.0, 1.0, 1.0),
    lesions: int = 0,
    seed: int = 0,
    *,
    bias_field: float = 0.06,
) -> Phantom:
    """Draw a head without noise.

    The same seed is the same patient in every contrast, with and without lesions.

    Parameters
    ----------
    contrast
        ``"T1"``, ``"T2"``, ``"FLAIR"`` (modality MR) or ``"CT"``.
    shape
        (slices, rows, columns).
    spacing
        Millimetres along (slices, rows, columns); what does not fit on the grid is cut off.
    lesions
        How many: white-matter lesions in MR, haemorrhages in CT.
    seed
        Which patient.
    bias_field
        Relative standard deviation of the smooth intensity bias of MR; 0 for none.

    Raises
    ------
    ValueError
        If contrast, shape or spacing make no sense.
    """
    if contrast not in _VALUES:
        raise ValueError(f"contrast is one of {', '.join(_VALUES)}, not {contrast!r}")
    grid = Grid(shape, spacing)
    rng = np.random.default_rng((seed, 101))
    pose = draw_pose(rng, (0.0, -1.0, 19.0), mean_size=0.9, tilt_degrees=2.0)
    anatomy = _draw_anatomy(rng)
    palette = dict(zip(_TISSUES, _VALUES[contrast], strict=True))
    values, site = render(grid, pose, palette, "white", lambda canvas: _draw(canvas, anatomy))
    values, mask = add_lesions(values, site, grid, _LESIONS[contrast], lesions, np.random.default_rng((seed, 202)))
    z, y, x = (grid.axis(n) for n in range(3))
    if contrast == "CT":
        brain = np.abs(values - 35) < 25
        values += np.where(brain, 1.0, 4.0) * anatomy.texture.on_grid(z, y, x) * (values > -300)
        return Phantom(store_ct(values, grid, "Phantom head CT", ("BRAIN", 40, 80)), mask)
    values *= 1 + 0.018 * anatomy.texture.on_grid(z, y, x) + 0.012 * anatomy.fine.on_grid(z, y, x)
    if bias_field:
        values *= np.exp(np.float32(bias_field) * np.clip(anatomy.bias.on_grid(z, y, x), -2.5, 2.5))
    return Phantom(store_mr(values, grid, f"Phantom head {contrast}", palette["white"]), mask)


def _draw_folds(rng: np.random.Generator, cell: float) -> Array:
    """Distance in mm to the zero surfaces of smooth noise, which wind like sulci."""
    n = int(2 * _FOLD_HALF / _FOLD_STEP) + 1
    axis = np.linspace(-_FOLD_HALF, _FOLD_HALF, n, dtype=np.float32)
    field = SmoothNoise(rng, cell).on_grid(axis, axis, axis)
    steep = np.sqrt(sum(g * g for g in np.gradient(field, _FOLD_STEP)))
    return np.minimum(np.abs(field) / np.maximum(steep, 0.03), 15).astype(np.float32)


def _draw_anatomy(rng: np.random.Generator) -> _Anatomy:
    return _Anatomy(
        folds=_draw_folds(rng, 11.0),
        small_folds=_draw_folds(rng, 8.0),
        sulcus_depth=SmoothNoise(rng, 14),
        skull=float(rng.uniform(5.5, 8)),
        scalp=float(rng.uniform(4, 6.5)),
        csf=float(rng.uniform(1.6, 3.2)),
        ventricles=float(rng.uniform(0.8, 1.25)),
        ribbon=float(rng.uniform(2.5, 3.1)),
        texture=SmoothNoise(rng, 5),
        fine=SmoothNoise(rng, 2.2),
        bias=SmoothNoise(rng, 70),
    )


def _draw(canvas: Canvas, anatomy: _Anatomy) -> None:
    cavity = _cavity(canvas)
    draw_face(canvas, cavity, anatomy.skull, anatomy.scalp)
    canvas.paint(cavity, "csf")
    tent = canvas.z - (-4 - 22 * np.clip((canvas.y - 12) / 70, 0, 1) - 0.012 * canvas.x**2 * 0.55)
    _draw_cerebellum(canvas, cavity, tent, anatomy)
    _draw_brainstem(canvas)
    _draw_cerebrum(canvas, cavity, tent, anatomy)
    _draw_deep(canvas, anatomy)
    _draw_ventricles(canvas, anatomy.ventricles)
    sinus = smooth_min(5.5 - np.abs(canvas.x) - 0.6 * cavity, cavity, 2)
    canvas.paint(np.minimum(sinus, np.maximum(canvas.z - 5, canvas.y - 60)), "blood")


def _cavity(canvas: Canvas) -> Array:
    """Depth inside the skull: an egg, wider at the back, cut by the skull base."""
    egg = 1 - 0.10 * np.clip((canvas.y - 10) / 80, -1, 1)
    vault = ellipsoid(canvas.x * egg, canvas.y, canvas.z, _CAVITY_CENTER, _CAVITY_RADII)
    floor = np.interp(
        canvas.y, (-90, -45, -26, -14, 8, 18, 34, 60, 95), (-8, -17, -20, -36, -40, -52, -62, -62, -40)
    ).astype(np.float32)
    sella = np.exp(-((canvas.x / 13) ** 2)) * np.exp(-(((canvas.y + 14) / 17) ** 2)) * 22
    petrous = (
        np.exp(-(((canvas.y - 16 + 0.35 * np.abs(canvas.x)) / 7) ** 2)) * np.clip(np.abs(canvas.x) / 8 - 2, 0, 2) * 7
    )
    inside = smooth_min(vault, (canvas.z - floor - sella - petrous) * np.float32(0.85), 12)
    spinal = capsule(canvas.x, canvas.y, canvas.z, (0, 30, -45), (0, 40, -120), (17, 10))
    return np.maximum(inside, spinal)


def _fold_distance(canvas: Canvas, near: NDArray[np.bool_], folds: Array) -> Array:
    """Distance in mm to the nearest sulcus, at the voxels ``near``: the same along each ray from the middle."""
    from scipy import ndimage

    cx, cy, cz = _CAVITY_CENTER
    u, v, w = canvas.x[near] - cx, canvas.y[near] - cy, canvas.z[near] - cz
    k = np.sqrt((u / _CAVITY_RADII[0]) ** 2 + (v / _CAVITY_RADII[1]) ** 2 + (w / _CAVITY_RADII[2]) ** 2)
    pull = np.clip(k, 0.35, None) ** np.float32(-0.75)
    index = [(c * pull + np.float32(_FOLD_HALF)) * np.float32(1 / _FOLD_STEP) for c in (w, v, u)]
    distance = ndimage.map_coordinates(folds, index, order=1, mode="nearest", output=np.float32)
    return distance / pull


def _sulci(canvas: Canvas, hull: Array, cavity: Array, anatomy: _Anatomy) -> Array:
    """Depth inside the sulci (negative in the gyri): deep ones, and shallow ones between them."""
    near = (hull > -2) & (cavity < 42)
    vault = ellipsoid(canvas.x[near], canvas.y[near], canvas.z[near], _CAVITY_CENTER, _CAVITY_RADII)
    below = np.maximum(cavity[near], 0.6 * vault)  # few folds reach down to the base
    variation = anatomy.sulcus_depth.on_grid(*canvas.axes)[near]
    gap = 0.45 + 0.25 * anatomy.csf - 0.02 * np.clip(below, 0, 20)
    depth = np.full(hull.shape, -30, dtype=np.float32)
    deep = np.hypot(_fold_distance(canvas, near, anatomy.folds), np.maximum(below - 21 - 5 * variation, 0))
    shallow = np.hypot(_fold_distance(canvas, near, anatomy.small_folds), np.maximum(below - 9 - 3 * variation, 0))
    depth[near] = gap - np.minimum(deep, shallow)
    return depth


def _pial_depth(canvas: Canvas, hull: Array, cavity: Array, anatomy: _Anatomy) -> Array:
    """Depth below the surface of the cerebrum, folds and fissures taken out."""
    x, y, z = canvas.x, canvas.y, canvas.z
    side = np.abs(x)
    sulci = -_sulci(canvas, hull, cavity, anatomy)
    # The fissure between the hemispheres ends at the corpus callosum.
    callosum = ellipsoid(0 * x, y, z, (0, 3, 9), (1, 43, 20))
    midline = np.hypot(np.maximum(side - 0.4, 0), np.maximum(callosum, 0)) - 0.55
    # Sylvian fissure: a slit from the side that opens over the insula.
    level = z - (-3 + 0.42 * y)
    reach = np.maximum(np.abs(y - 2) - 31, 0)
    slit = np.sqrt((0.9 * level) ** 2 + np.maximum(40 - side, 0) ** 2 + reach**2) - 1.1
    insula = (
        np.sqrt((side - 40) ** 2 + np.maximum(np.abs(level) - 9, 0) ** 2 + np.maximum(reach + 6, 0) ** 2 * 0.3) - 1.8
    )
    depth = np.minimum(np.minimum(hull, sulci), midline)
    return np.minimum(np.minimum(depth, slit), insula)


def _draw_cerebrum(canvas: Canvas, cavity: Array, tent: Array, anatomy: _Anatomy) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    hull = cavity - np.float32(anatomy.csf)
    above = tent - 1.5 + 3 * np.maximum(14 - y, 0)
    hull = smooth_min(hull, above, 4)
    cistern = ellipsoid(x, y, z, (0, 4, -30), (19, 34, 24))
    hull = smooth_min(hull, -cistern, 5)
    pial = _pial_depth(canvas, hull, cavity, anatomy)
    canvas.paint(pial, "grey")
    canvas.paint(pial - np.float32(anatomy.ribbon), "white")
    box = canvas.box((0, 3, 10), (16, 44, 24))
    if box is not None:
        b = np.s_[box]
        ring = ellipsoid(0 * x[b], y[b], z[b], (0, 3, 9), (1, 43, 20))
        callosum = np.minimum(np.minimum(ring, 7 - ring), np.maximum(z[b] - 2, np.abs(y[b] - 3) - 26))
        canvas.paint(smooth_min(callosum, 13 - np.abs(x[b]), 8), "white", box)


def _draw_cerebellum(canvas: Canvas, cavity: Array, tent: Array, anatomy: _Anatomy) -> None:
    box = canvas.box((0, 52, -36), (60, 40, 36))
    if box is None:
        return
    b = np.s_[box]
    x, y, z = canvas.x[b], canvas.y[b], canvas.z[b]
    outer = ellipsoid(x, y, z, (0, 42, -33), (58, 46, 32))
    notch = ellipsoid(x, y, z, (0, 84, -44), (5, 16, 24))
    hull = smooth_min(smooth_min(outer, cavity[b] - np.float32(anatomy.csf), 4), -tent[b] - 1.5, 3)
    hull = np.minimum(np.minimum(hull, -notch), y - 19 + 0.12 * np.abs(x))
    radius = np.sqrt(0.35 * x * x + (y - 26) ** 2 + 1.2 * (z + 30) ** 2) + 1.2 * anatomy.sulcus_depth.on_grid(
        *(axis[side] for axis, side in zip(canvas.axes, b, strict=True))
    )
    folia = np.sin(radius * np.float32(2 * np.pi / 4.6))
    canvas.paint(hull, "cerebellum", box)
    furrow = np.minimum((folia - 0.72) * 1.6, 7 - hull)
    canvas.paint(np.minimum(furrow, hull), "csf", box)
    core = np.maximum(
        ellipsoid(np.abs(x), y, z, (23, 46, -35), (20, 17, 11)), ellipsoid(x, y, z, (0, 36, -32), (20, 9, 9))
    )
    branch = np.minimum((-folia - 0.55) * 1.4, np.minimum(hull - 3.5, 9 + core))
    canvas.paint(np.maximum(core, branch), "brainstem", box)


def _draw_brainstem(canvas: Canvas) -> None:
    box = canvas.box((0, 22, -55), (28, 34, 70))
    if box is None:
        return
    b = np.s_[box]
    x, y, z = canvas.x[b], canvas.y[b], canvas.z[b]
    stem = tube(x, y, z, [(0, 12, 0), (0, 15, -14), (0, 15, -28), (0, 25, -52), (0, 40, -120)], [15, 14, 13, 8, 5.5])
    pons = ellipsoid(x, y, z, (0, 9, -27), (18, 13, 13))
    peduncles = capsule(np.abs(x), y, z, (9, 4, -10), (13, 2, 2), (7, 8))
    arms = capsule(np.abs(x), y, z, (10, 18, -30), (24, 38, -34), (8, 8))
    canvas.paint(np.maximum(np.maximum(stem, pons), np.maximum(peduncles, arms)), "brainstem", box)


def _draw_deep(canvas: Canvas, anatomy: _Anatomy) -> None:
    """Thalamus, putamen, pallidum, caudate, hippocampus: mirrored."""
    box = canvas.box((0, 0, 5), (44, 40, 30))
    if box is None:
        return
    b = np.s_[box]
    side, y, z = np.abs(canvas.x[b]), canvas.y[b], canvas.z[b]
    canvas.paint(ellipsoid(side - 0.25 * (y - 12), y, z, (11.5, 12, 6), (9, 15, 10)), "grey", box)
    canvas.paint(ellipsoid(side - 0.2 * y, y, z, (27.5, -3, 4), (4.8, 16, 10)), "grey", box)
    canvas.paint(ellipsoid(side - 0.3 * y, y, z, (20.5, -2, 1), (4, 9, 7)), "deep", box)
    caudate = tube(side, y, z, [(12, -26, 6), (15.5, -16, 16), (18, 4, 22), (22, 24, 18)], [7, 5.5, 3.5, 2])
    canvas.paint(caudate, "grey", box)
    canvas.paint(tube(side, y, z, [(24, -6, -19), (27, 12, -16), (24, 27, -4)], [6, 4.5, 3]), "grey", box)


def _draw_ventricles(canvas: Canvas, size: float) -> None:
    box = canvas.box((0, 20, 0), (44, 62, 46))
    if box is None:
        return
    b = np.s_[box]
    x, y, z = canvas.x[b], canvas.y[b], canvas.z[b]
    side = np.abs(x + 0.6)
    horn = tube(
        side * 1.12,
        y,
        z,
        [(8.5, -29, 8), (8.5, -17, 14), (9.5, 2, 21), (14, 20, 22), (25, 34, 13), (23, 54, 8)],
        [3.6 * size, 5.4 * size, 4.6 * size, 4.8 * size, 6.2 * size, 2.2 * size],
    )
    temporal = tube(side, y, z, [(26, 34, 10), (32, 18, -10), (31, -4, -17)], [4 * size, 2.4 * size, 2 * size])
    septum = side - np.float32(0.9)
    canvas.paint(np.minimum(np.maximum(horn, temporal), septum), "csf", box)
    third = ellipsoid(x, y, z, (0, 6, 1), (1.6 + 1.4 * size, 15, 11))
    fourth = ellipsoid(x, y, z, (0, 32, -32), (9 * size, 4.5 * size, 10))
    aqueduct = capsule(x, y, z, (0, 20, -6), (0, 29, -24), (1.2, 1.2))
    canvas.paint(np.maximum(np.maximum(third, fourth), aqueduct), "csf", box)
    plexus = tube(side, y, z, [(9, 4, 18), (14, 20, 19), (25, 33, 11)], [1.3, 1.6, 2.6])
    canvas.paint(plexus, "deep", box)
