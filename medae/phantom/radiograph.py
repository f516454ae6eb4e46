"""Radiographs: line integrals of the attenuation through the chest phantom or the hand (Beer-Lambert)."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medae.phantom.grid import Canvas, Grid, Phantom, Pose
from medae.phantom.hand import draw_hand
from medae.phantom.lesions import LesionLook, add_lesions
from medae.phantom.shapes import Array
from medae.phantom.thorax import ChestAnatomy, chest_palette, draw_chest, draw_patient
from medae.phantom.vessels import Segment
from medae.volume import Source, Volume, Window

WATER_PER_MM = 0.019
"""Attenuation of water at the mean energy of a chest X-ray (about 75 keV), per mm."""

STORED_PER_UNIT = 600
"""Stored values per unit of attenuation (−ln of the transmitted fraction)."""

SCATTER = 0.035
"""Scattered radiation that reaches the detector behind the grid, as a part of the mean signal."""

_CHEST_LESION = LesionLook(0.16, (9, 15), irregular=0.12, added=True)
_HAND_LESION = LesionLook(-0.16, (5, 8), irregular=0.15, added=True)
_SAMPLE_MM, _DEPTH_MM = 1.6, 4.0


def radiograph(
    part: Literal["chest", "hand"] = "chest",
    shape: tuple[int, int, int] = (1, 512, 512),
    spacing: tuple[float, float, float] | None = None,
    lesions: int = 0,
    seed: int = 0,
) -> Phantom:
    """Draw a digital radiograph without noise, seen from the front; more attenuation is brighter.

    Parameters
    ----------
    part
        ``"chest"`` (the patient of `thorax` with the same seed) or ``"hand"``.
    shape
        (1, rows, columns).
    spacing
        Millimetres along (slices, rows, columns); fits the whole part on 512 × 512 pixels if not given
        (0.8 mm for the chest, 0.46 mm for the hand).
    lesions
        How many: nodules over the lungs, bright; holes in the bones of the hand, dark.
    seed
        Which patient.

    Returns
    -------
    Phantom
        uint16, modality DX, columns to the patient's left, rows to the feet (wrist).

    Raises
    ------
    ValueError
        If part, shape or spacing make no sense.
    """
    if part not in ("chest", "hand"):
        raise ValueError(f"part is 'chest' or 'hand', not {part!r}")
    if spacing is None:
        spacing = (1.0, 0.8, 0.8) if part == "chest" else (1.0, 0.46, 0.46)
    grid = Grid(shape, spacing)
    if grid.shape[0] != 1:
        raise ValueError(f"a radiograph has one slice, not {grid.shape[0]}")
    attenuation, site = _chest(grid, seed) if part == "chest" else _hand(grid, seed)
    look = _CHEST_LESION if part == "chest" else _HAND_LESION
    rng = np.random.default_rng((seed, 606))
    values, mask = add_lesions(attenuation[None], site[None], grid, look, lesions, rng)
    return Phantom(_store(_detect(values[0], grid), grid, part), mask)


def _detect(attenuation: Array, grid: Grid) -> Array:
    """Attenuation as a detector sees it: slight blur, and scatter that flattens the dense parts."""
    from scipy import ndimage

    signal = np.exp(-attenuation)
    wide = [30 / s for s in grid.spacing[1:]]
    scatter = SCATTER * ndimage.gaussian_filter(signal, wide, mode="nearest") + 0.002
    sharp = ndimage.gaussian_filter(signal, [0.22 / s for s in grid.spacing[1:]], mode="nearest")
    return -np.log(sharp + scatter)


def _store(attenuation: Array, grid: Grid, part: str) -> Volume:
    stored = np.rint(np.clip(attenuation * STORED_PER_UNIT, 0, 4095)).astype(np.uint16)[None]
    body = stored[stored > 0.12 * STORED_PER_UNIT]
    low, high = np.percentile(body, (0.5, 90 if part == "chest" else 99.7)) if body.size else (0.0, 1.0)
    _, down, right = grid.spacing
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, right], [grid.spacing[0], 0, 0], [0, -down, 0]])
    affine[:3, 3] = (-(grid.shape[2] - 1) / 2 * right, 0, (grid.shape[1] - 1) / 2 * down)
    low -= (0.02 if part == "chest" else 0.06) * (high - low)
    return Volume(
        stored,
        affine,
        modality="DX",
        stored_range=(0, 4095),
        windows=(Window(float(round((low + high) / 2)), float(max(1, round(high - low)))),),
        source=Source(modality="DX", description=f"Phantom {part} radiograph", shape=grid.shape),
    )


def _hand(grid: Grid, seed: int) -> tuple[Array, NDArray[np.bool_]]:
    rng = np.random.default_rng((seed, 505))
    v, u = -grid.axis(1)[:, None] + np.float32(22), grid.axis(2)[None, :] + np.float32(-8)
    shape = grid.shape[1:]
    paths = draw_hand(np.broadcast_to(u, shape), np.broadcast_to(v, shape), rng)
    attenuation = 0.021 * paths.soft + 0.075 * paths.cortex + 0.030 * paths.marrow
    return attenuation.astype(np.float32), paths.marrow > 5


def _chest(grid: Grid, seed: int) -> tuple[Array, NDArray[np.bool_]]:
    """Attenuation along the beam and where the lungs are, (rows, columns)."""
    from scipy import ndimage

    pose, anatomy = draw_patient(seed)
    rows, columns = grid.axis(1), grid.axis(2)
    fine = [max(s, _SAMPLE_MM) for s in grid.spacing[1:]]
    z, x = (
        np.arange(a[0] - 2 * step, a[-1] + 2.5 * step, step, dtype=np.float32)
        for a, step in zip((rows, columns), fine, strict=True)
    )
    y = np.arange(-124, 128, _DEPTH_MM, dtype=np.float32)
    coarse, lung = np.empty((len(z), len(x)), np.float32), np.empty((len(z), len(x)), np.float32)
    step = max(1, 1_500_000 // (len(y) * len(x)))
    for start in range(0, len(z), step):
        part = slice(start, start + step)
        coarse[part], lung[part] = _integrate(z[part], y, x, pose, anatomy)
    index = np.meshgrid((-rows - z[0]) / fine[0], (columns - x[0]) / fine[1], indexing="ij")
    smooth = ndimage.map_coordinates(coarse, index, order=3, mode="nearest", output=np.float32)
    thick = ndimage.map_coordinates(lung, index, order=1, mode="nearest", output=np.float32)
    smooth += _vessel_shadow(anatomy.vessels, pose, -rows, columns)
    return np.maximum(smooth, 0), thick > 70


def _integrate(z: Array, y: Array, x: Array, pose: Pose, anatomy: ChestAnatomy) -> tuple[Array, Array]:
    """Attenuation and mm of lung along y: both (z, x). Vessels are left out, they are added at full resolution."""
    palette = (
        chest_palette(anatomy) if not anatomy.enhanced else {**chest_palette(anatomy), "blood": 45.0, "heart": 52.0}
    )
    canvas = Canvas(z, y, x, 1.8, pose, palette, "lung")
    draw_chest(canvas, anatomy, table=False, vessels=False)
    attenuation = np.clip(1 + canvas.values / 1000, 0, None)
    dense = np.clip(canvas.values - 120, 0, None) / 1000 * 1.2  # bone absorbs more than its density says
    lung = (canvas.site_fraction * _DEPTH_MM).sum(1)
    return (attenuation + dense).sum(1) * np.float32(_DEPTH_MM * WATER_PER_MM), lung


def _vessel_shadow(segments: tuple[Segment, ...], pose: Pose, z: Array, x: Array) -> Array:
    """Attenuation of the lung vessels, (z, x); z descends. Rods project to chords of circles."""
    shadow = np.zeros((len(z), len(x)), dtype=np.float32)
    turn, size = pose.rotation.T, np.asarray(pose.size)
    for segment in segments:
        a, b = (turn @ ((np.asarray(p) - pose.center) * size) for p in (segment.start, segment.stop))
        wide = max(segment.radii) + 1
        rows = np.flatnonzero((z > min(a[2], b[2]) - wide) & (z < max(a[2], b[2]) + wide))
        columns = np.flatnonzero((x > min(a[0], b[0]) - wide) & (x < max(a[0], b[0]) + wide))
        if rows.size == 0 or columns.size == 0:
            continue
        box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        dz, dx = z[box[0], None] - a[2], x[None, box[1]] - a[0]
        run = (b - a)[[2, 0]]
        square = max(float(run @ run), 1e-3)
        t = np.clip((dz * run[0] + dx * run[1]) / square, 0, 1)
        radius = segment.radii[0] + t * (segment.radii[1] - segment.radii[0])
        off = (dz - t * run[0]) ** 2 + (dx - t * run[1]) ** 2
        slant = min(float(np.linalg.norm(b - a)) / square**0.5, 3.0)
        chord = 2 * slant * np.sqrt(np.maximum(radius**2 - off, 0))
        np.maximum(shadow[box], chord * WATER_PER_MM, out=shadow[box])
    return shadow
