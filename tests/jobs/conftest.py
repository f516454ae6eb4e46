"""Small series on disk."""

from pathlib import Path

import numpy as np
import pytest

from medae.phantom import write_dicom, write_nifti
from medae.volume import Source, Volume


def small_volume(seed: int = 0, modality: str = "MR", shape: tuple[int, int, int] = (6, 24, 20)) -> Volume:
    """Random voxels on an oblique-free grid."""
    array = np.random.default_rng(seed).integers(0, 1000, shape).astype(np.int16)
    affine = np.array([[0.0, 0, 1, -10], [0, 1, 0, -12], [2.5, 0, 0, 7], [0, 0, 0, 1]])
    return Volume(array, affine, modality, source=Source(modality=modality, shape=shape))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three good series and two broken files."""
    folder = tmp_path / "in"
    write_dicom(small_volume(1), folder / "patient" / "head")
    write_dicom(small_volume(2, "CT"), folder / "patient" / "chest")
    write_nifti(small_volume(3), folder / "brain.nii.gz")
    (folder / "patient" / "notes.txt").write_text("no image")
    good = (folder / "patient" / "head" / "0001.dcm").read_bytes()
    (folder / "broken.dcm").write_bytes(good[:300])
    return folder
