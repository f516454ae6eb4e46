"""Chest: skin, fat, muscle, ribs, spine, sternum, shoulder blades, heart, great vessels, lungs, liver, table.

Coordinates are millimetres in a standard chest: x to the left, y to the back, z up; the middle of the lungs at z = 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medae.phantom.grid import Canvas, Grid, Phantom, Pose, draw_pose, render
from medae.phantom.lesions import LesionLook, add_lesions
from medae.phantom.shapes import Array, SmoothNoise, capsule, ellipsoid, smooth_min, tube
from medae.phantom.skeleton import cage_depth, draw_skeleton
from medae.phantom.store import store_ct
from medae.phantom.vessels import Points, Segment, draw_tree, grow_tree

PALETTE = {
    "air": -1000.0,
    "skin": 20.0,
    "fat": -100.0,
    "muscle": 55.0,
    "bone": 820.0,
    "marrow": 250.0,
    "cartilage": 95.0,
    "disc": 80.0,
    "csf": 15.0,
    "lung": -865.0,
    "vessel": 35.0,
    "blood": 42.0,
    "heart": 52.0,
    "liver": 60.0,
    "spleen": 50.0,
    "fluid": 18.0,
    "table": -650.0,
    "shell": 60.0,
}
_LESION = LesionLook(40, (5, 15), irregular=0.15)


@dataclass(frozen=True, slots=True, eq=False)
class ChestAnatomy:
    """What varies from patient to patient, besides the pose."""

    fat: float
    diaphragm: float
    heart: float
    ribs: float
    vessels: tuple[Segment, ...]
    bronchi: tuple[Segment, ...]
    folds: SmoothNoise
    texture: SmoothNoise
    fine: SmoothNoise
    marrow: SmoothNoise
    enhanced: bool


def thorax(
    shape: tuple[int, int, int] = (40, 256, 256),
    spacing: tuple[float, float, float] = (5.0, 1.5, 1.5),
    lesions: int = 0,
    seed: int = 0,
) -> Phantom:
    """Draw a chest CT without noise, in Hounsfield units.

    Parameters
    ----------
    shape
        (slices, rows, columns).
    spacing
        Millimetres along (slices, rows, columns); what does not fit on the grid is cut off.
    lesions
        How many lung nodules.
    seed
        Which patient; about half of them have had contrast agent.

    Raises
    ------
    ValueError
        If shape or spacing make no sense.
    """
    grid = Grid(shape, spacing)
    pose, anatomy = draw_patient(seed)
    values, site = render(
        grid, pose, chest_palette(anatomy), "lung", lambda canvas: draw_chest(canvas, anatomy, table=True)
    )
    values, mask = add_lesions(values, site, grid, _LESION, lesions, np.random.default_rng((seed, 404)))
    return Phantom(store_ct(values, grid, "Phantom thorax CT", ("MEDIASTINUM", 40, 400), ("LUNG", -550, 1500)), mask)


def draw_patient(seed: int) -> tuple[Pose, ChestAnatomy]:
    """Draw what makes the chest of patient ``seed``."""
    rng = np.random.default_rng((seed, 303))
    pose = draw_pose(rng, (0.0, 4.0, -8.0), size_spread=0.04, tilt_degrees=1.2, warp_mm=2.2)
    folds, texture = SmoothNoise(rng, 12), SmoothNoise(rng, 6)
    fat, diaphragm = float(rng.uniform(9, 20)), float(rng.uniform(-62, -48))
    heart, ribs = float(rng.uniform(0.92, 1.1)), float(rng.uniform(0, 1))
    vessels: list[Segment] = []
    bronchi: list[Segment] = []
    for side, root in ((-1, (-30.0, 8.0, 6.0)), (1, (32.0, 10.0, 12.0))):
        inside = _Region(diaphragm, heart, side)
        low, high = (min(14 * side, 128 * side), -82.0, -115.0), (max(14 * side, 128 * side), 84.0, 100.0)
        vessels.extend(grow_tree(rng, root, inside, (low, high), 330, 7.0))
        veins = (root[0] * 0.9, root[1] - 14, root[2] - 16)
        vessels.extend(grow_tree(rng, veins, inside, (low, high), 260, 6.0))
        bronchi.extend(grow_tree(rng, (root[0], root[1] + 3, root[2] + 4), inside, (low, high), 28, 5.0))
    return pose, ChestAnatomy(
        fat=fat,
        diaphragm=diaphragm,
        heart=heart,
        ribs=ribs,
        vessels=tuple(vessels),
        bronchi=tuple(s for s in bronchi if max(s.radii) > 2.1),
        folds=folds,
        texture=texture,
        fine=SmoothNoise(rng, 2.6),
        marrow=SmoothNoise(rng, 3.2),
        enhanced=bool(rng.random() < 0.5),
    )


def chest_palette(anatomy: ChestAnatomy) -> dict[str, float]:
    """CT numbers of the tissues, with or without contrast agent."""
    if not anatomy.enhanced:
        return PALETTE
    return {**PALETTE, "blood": 185.0, "vessel": 150.0, "heart": 95.0, "liver": 90.0, "spleen": 110.0}


@dataclass(frozen=True, slots=True)
class _Region:
    """The lung of one side, at least 3 mm from its surface, as a test for points."""

    diaphragm: float
    heart: float
    side: int

    def __call__(self, points: Points) -> NDArray[np.bool_]:
        """(n,) bool for (n, 3) points."""
        x, y, z = (points[:, n].astype(np.float32) for n in range(3))
        return (lung_depth(x, y, z, self.diaphragm, self.heart) > 3) & (x * self.side > 8)


def heart_depth(x: Array, y: Array, z: Array, size: float) -> Array:
    """Depth inside the pericardium: an egg whose tip points left, forward and down."""
    u = 0.80 * x - 0.50 * (y + 22) - 0.33 * (z + 38) - 12
    v = 0.53 * x + 0.85 * (y + 22) - 5
    w = 0.28 * x - 0.17 * (y + 22) + 0.94 * (z + 38) - 5
    return ellipsoid(u, v, w, (0, 0, 0), (64 * size, 45 * size, 47 * size))


def dome(x: Array, y: Array, top: float) -> Array:
    """Height of the diaphragm, mm: a dome on each side, the right one higher."""
    right = top - 34 * (((x + 66) / 64) ** 2 + ((y + 6) / 82) ** 2)
    left = top - 11 - 34 * (((x - 68) / 60) ** 2 + ((y + 2) / 80) ** 2)
    return -smooth_min(-right, -left, 12)


def lung_depth(x: Array, y: Array, z: Array, diaphragm: float, heart: float) -> Array:
    """Depth inside the lungs, mm: within the ribs, above the diaphragm, beside the mediastinum."""
    lung = smooth_min(cage_depth(x, y, z) - 2.5, (z - dome(x, y, diaphragm)) * np.float32(0.8), 8)
    narrow = 15 + 9 * np.clip((y + 40) / 60, 0, 1) - 10 * np.clip((-48 - y) / 20, 0, 1)
    middle = np.minimum(narrow - np.abs(x - 3), y + 84)
    spine = ellipsoid(x, y, 0 * z, (0, 64, 0), (24, 30, 1e4))
    hilum = ellipsoid(np.abs(x - 2), y, z, (24, 6, 2), (16, 18, 26))
    solid = np.maximum(np.maximum(middle, spine), np.maximum(hilum, heart_depth(x, y, z, heart) + 3))
    arch = capsule(x, y, z, (2, -18, 44), (24, 34, 40), (18, 16))
    descending = capsule(x, y, z, (24, 42, 40), (14, 46, -160), (15, 14))
    solid = np.maximum(solid, np.maximum(arch, descending))
    return smooth_min(lung, -solid, 5)


def draw_chest(canvas: Canvas, anatomy: ChestAnatomy, *, table: bool, vessels: bool = True) -> None:
    """Draw everything; with the table of a CT scanner or without, with the vessels in the lungs or without."""
    x, y, z = canvas.x, canvas.y, canvas.z
    if table:
        _draw_table(canvas)
    body = _body(x, y, z)
    canvas.paint(body, "skin")
    canvas.paint(body - 2, "fat")
    cage = cage_depth(x, y, z)
    _draw_muscle(canvas, body, cage, anatomy)
    canvas.paint(cage, "fat")
    _draw_abdomen(canvas, cage, anatomy)
    _draw_lungs(canvas, anatomy)
    if vessels:
        draw_tree(canvas, anatomy.vessels, "vessel")
        draw_tree(canvas, anatomy.bronchi, "muscle", hollow="air")
    _draw_heart(canvas, anatomy)
    _draw_great_vessels(canvas)
    draw_skeleton(canvas, cage, anatomy.ribs)
    z1, y1, x1 = canvas.axes
    bone = np.clip((canvas.values - 205) / 100, 0, 1)
    canvas.values += bone * 90 * anatomy.marrow.on_grid(z1, y1, x1)
    soft = (canvas.values > -150) & (canvas.values < 150)
    canvas.values += soft * 4 * anatomy.texture.on_grid(z1, y1, x1)


def _body(x: Array, y: Array, z: Array) -> Array:
    """Depth inside the skin: chest, shoulders, neck."""
    wide = np.interp(z, (-200, -60, 40, 95, 125, 150), (158, 162, 168, 178, 150, 64)).astype(np.float32)
    deep = np.interp(z, (-200, -60, 40, 95, 130, 150), (112, 114, 112, 96, 78, 66)).astype(np.float32)
    middle = np.interp(z, (-200, 40, 95, 150), (4, 4, 8, 8)).astype(np.float32)
    u, v = np.abs(x) / wide, np.abs(y - middle) / deep
    k = (u**2.6 + v**2.6) ** np.float32(1 / 2.6)
    back = 4.5 * np.exp(-((x / 9) ** 2)) * (y > 0)
    return (1 - k) * np.minimum(wide, deep) * np.float32(1.1) - back


def _draw_table(canvas: Canvas) -> None:
    x, y = canvas.x, canvas.y
    arc = y - 122 + 0.0016 * x * x
    canvas.paint(np.minimum(np.minimum(arc, 26 - arc), 205 - np.abs(x)), "table")
    skin = np.minimum(np.minimum(arc, 26 - arc), 205 - np.abs(x))
    canvas.paint(np.minimum(skin, 1.6 - skin), "shell")


def _draw_muscle(canvas: Canvas, body: Array, cage: Array, anatomy: ChestAnatomy) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    folds = anatomy.folds.on_grid(*canvas.axes)
    thick = anatomy.fat * (1 + 0.35 * np.clip(-y / 80, -1, 1) + 0.12 * folds) * (1 - 0.45 * (z > 120))
    layers = np.sin(0.33 * cage + 0.8 * folds + 0.02 * y)
    seam = 0.72 - layers - 0.5 * (cage > -9)
    canvas.paint(np.minimum(body - thick, seam * 4 + 2.5), "muscle")
    shell = np.minimum(cage + 9, -cage - 0.5)
    canvas.paint(shell, "muscle")
    spine = ellipsoid(np.abs(x), y, z, (26, 90, z.mean()), (24, 17, 1e4))
    canvas.paint(np.minimum(spine, body - 8), "muscle")


def _draw_lungs(canvas: Canvas, anatomy: ChestAnatomy) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    depth = lung_depth(x, y, z, anatomy.diaphragm, anatomy.heart)
    z1, y1, x1 = canvas.axes
    parenchyma = canvas.palette["lung"] + 16 * anatomy.texture.on_grid(z1, y1, x1)
    parenchyma += 14 * anatomy.fine.on_grid(z1, y1, x1) + np.float32(0.30) * y
    canvas.paint(depth, "lung", value=parenchyma)
    left = x > 0
    oblique = np.where(left, z - 8, z + 2) + 0.95 * y
    plane = np.abs(oblique + 3 * np.sin(x * 0.06)) * np.float32(0.72)
    horizontal = np.where((~left) & (oblique > 0), np.abs(z - 2 + 0.1 * x + 0.08 * y), 99)
    fissure = np.minimum(plane, horizontal)
    canvas.values += np.clip(1.4 - fissure, 0, 1) * np.clip(depth - 1, 0, 1) * 90


def _draw_heart(canvas: Canvas, anatomy: ChestAnatomy) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    box = canvas.box((10, -20, -38), (95, 80, 85))
    if box is None:
        return
    x, y, z = x[box], y[box], z[box]
    size = anatomy.heart
    outer = heart_depth(x, y, z, size)
    canvas.paint(outer + 2, "fat", box)
    canvas.paint(outer + 2 - np.abs(outer + 1) * 4, "muscle", box)
    wall = outer - 3 - 3 * np.clip(anatomy.folds.on_grid(*(a[s] for a, s in zip(canvas.axes, box, strict=True))), -1, 1)
    canvas.paint(wall, "heart", box)
    left = ellipsoid(0.8 * x - 0.6 * y, 0.6 * x + 0.8 * y, z + 0.25 * x, (52, 9, -32), (32, 17, 20))
    right = ellipsoid(0.85 * x - 0.52 * y, 0.52 * x + 0.85 * y, z + 0.2 * x, (34, -30, -42), (34, 14, 26))
    atrium = ellipsoid(x, y, z, (-24, -10, -30), (17, 24, 27))
    behind = ellipsoid(x, y, z, (2, 16, -14), (28, 15, 17))
    chambers = np.maximum(np.maximum(left, right), np.maximum(atrium, behind))
    canvas.paint(np.minimum(chambers, outer - 5), "blood", box)
    groove = np.abs(0.7 * x - 0.55 * y - 22 + 0.3 * z) - 2
    canvas.paint(np.minimum(np.minimum(-groove, 6 - outer), outer), "fat", box)


def _draw_great_vessels(canvas: Canvas) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    aorta = tube(
        x,
        y,
        z,
        [
            (2, -20, -18),
            (-12, -28, 8),
            (-8, -26, 34),
            (6, -6, 50),
            (20, 22, 48),
            (24, 40, 34),
            (20, 44, -40),
            (8, 44, -170),
        ],
        [14, 15, 15, 14, 13, 12.5, 12, 11],
    )
    pulmonary = tube(
        x, y, z, [(16, -38, -2), (18, -20, 20), (6, -4, 18), (-14, 0, 10), (-34, 8, 6)], [13, 13, 11.5, 10.5, 7]
    )
    left = tube(x, y, z, [(18, -18, 20), (28, 4, 20), (34, 12, 12)], [12, 10.5, 7])
    cava = tube(x, y, z, [(-24, -16, -20), (-24, -16, 40), (-20, -22, 66), (-28, -30, 92)], [9, 9, 8, 7])
    lower = tube(x, y, z, [(-20, 2, -40), (-16, 12, -80), (-14, 30, -190)], [10, 11, 10])
    neck = [
        ([(0, -18, 56), (-10, -14, 76), (-20, -8, 120)], [6.5, 6, 4.5]),
        ([(8, -6, 58), (14, -2, 80), (18, 0, 140)], [4.5, 4, 4]),
        ([(16, 8, 56), (24, 8, 78), (48, 0, 96)], [5, 5, 4.5]),
        ([(-20, -24, 66), (2, -30, 66), (24, -28, 78), (44, -22, 92)], [7, 6.5, 6, 5]),
    ]
    blood = np.maximum(np.maximum(aorta, pulmonary), np.maximum(np.maximum(left, cava), lower))
    for points, radii in neck:
        np.maximum(blood, tube(x, y, z, points, radii), out=blood)  # type: ignore[arg-type]
    canvas.paint(blood + 1.2, "muscle")
    canvas.paint(blood, "blood")
    oesophagus = tube(x, y, z, [(2, 30, 140), (4, 30, 20), (10, 30, -60), (22, 10, -90)], [7, 7, 7.5, 8])
    canvas.paint(oesophagus, "muscle")
    airway = tube(x, y, z, [(0, 12, 160), (0, 16, 60), (-1, 20, 26)], [8.5, 8.5, 9])
    main = tube(x, y, z, [(-1, 20, 26), (-16, 18, 14), (-32, 14, 6)], [8, 7, 6])
    other = tube(x, y, z, [(-1, 20, 26), (18, 22, 10), (36, 20, 4)], [7.5, 6.5, 5.5])
    air = np.maximum(airway, np.maximum(main, other))
    canvas.paint(air + 1.4, "muscle")
    canvas.paint(air, "air")


def _draw_abdomen(canvas: Canvas, cage: Array, anatomy: ChestAnatomy) -> None:
    x, y, z = canvas.x, canvas.y, canvas.z
    if float(z.min()) > anatomy.diaphragm + 15:
        return
    under = dome(x, y, anatomy.diaphragm) - 2 - z
    canvas.paint(np.minimum(under + 2, cage), "muscle")
    canvas.paint(np.minimum(under - 1, cage - 2), "fat")
    liver = np.minimum(np.minimum(under - 2, cage - 3), 42 - x - 0.5 * (y + 60) * (x > 0))
    liver = np.minimum(liver, 60 - y + 0.25 * np.abs(x + 70))
    liver = np.minimum(liver, z + 165 + 0.3 * x)
    spots = np.maximum(anatomy.texture.on_grid(*canvas.axes) - 1.7, 0) * 20
    canvas.paint(
        liver, "liver", value=canvas.palette["liver"] + np.minimum(spots, 25) * (1 if anatomy.enhanced else -0.5)
    )
    spleen = np.minimum(ellipsoid(x, y, z, (92, 42, -105), (28, 40, 42)), np.minimum(under - 2, cage - 3))
    canvas.paint(spleen, "spleen")
    stomach = np.minimum(ellipsoid(x, y, z, (62, -24, -100), (40, 42, 40)), np.minimum(under - 2, cage - 5))
    canvas.paint(stomach, "muscle")
    canvas.paint(stomach - 4, "fluid")
    canvas.paint(np.minimum(stomach - 4, -38 - y), "air")
    canvas.paint(ellipsoid(np.abs(x), y, z, (48, 52, -165), (26, 24, 48)), "spleen")
