"""Axial slices of real heads for `benchmarks.families`: small, and held out by patient."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import medae
from benchmarks.report import SHARED
from medae.inference.prepare import Frame, body_mask, intensity_scale, network_values, to_pixel_spacing
from medae.reslice import plane_of

HELD_OUT = "patient12"
COVER = 0.2
"""Slices whose frame is covered less by the head are left out."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Images (N, 1, side, side) of training patients and of held-out ones, with their patients' names."""

    train: Tensor
    held_out: Tensor
    patients: tuple[str, ...]


def _paths() -> list[tuple[str, Path]]:
    scans = [(path.name.split("_")[0], path) for path in sorted((SHARED / "mr" / "open-ms").glob("*.nii.gz"))]
    return [*scans, ("forrest", SHARED / "mr" / "forrest-t1"), ("sag-anon", SHARED / "mr" / "sag-anon")]


def _axial(path: Path, side: int, pixel: float) -> Tensor:
    """Axial slices about 3 mm apart, (n, 1, side, side), at ``pixel`` mm, framed on the head."""
    volume = medae.open(path, modality="MR")
    values = network_values(volume, intensity_scale(volume))
    plane = plane_of(volume, "axial")
    step = max(1, round(3 / plane.spacing[0]))
    images = np.stack([plane.take(values, k) for k in range(0, plane.shape[0], step)])
    images = to_pixel_spacing(images, plane.spacing, pixel)
    body = body_mask(images, "MR")
    frame = Frame.around(body, (side, side))
    framed, covered = frame.cut(images), frame.cut(body).mean((1, 2))
    return torch.from_numpy(framed[covered > COVER])[:, None]


def _posed(images: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Draw ``count`` slices, each turned, moved, enlarged, mirrored and scaled a little at random."""
    picked = images[torch.randint(len(images), (count,), generator=random)]

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random)

    angle, zoom = uniform(-0.2, 0.2), uniform(0.9, 1.1)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    rows = torch.stack([zoom * mirror * angle.cos(), -zoom * angle.sin(), uniform(-0.08, 0.08)], 1)
    columns = torch.stack([zoom * mirror * angle.sin(), zoom * angle.cos(), uniform(-0.08, 0.08)], 1)
    grid = torch.nn.functional.affine_grid(torch.stack([rows, columns], 1), list(picked.shape), align_corners=False)
    posed = torch.nn.functional.grid_sample(picked, grid, align_corners=False)
    return posed * uniform(0.8, 1.2)[:, None, None, None]


def load(side: int, pixel: float, count: int, held_out: int) -> Slices:
    """Read the heads; ``count`` posed slices to train on, ``held_out`` of patients that are not among them."""
    random = torch.Generator().manual_seed(0)
    scans = [(patient, _axial(path, side, pixel)) for patient, path in _paths()]
    train = torch.cat([images for patient, images in scans if patient != HELD_OUT])
    test = torch.cat([images for patient, images in scans if patient == HELD_OUT])
    patients = tuple(sorted({patient for patient, _ in scans}))
    return Slices(_posed(train, count, random), _posed(test, held_out, random), patients)
