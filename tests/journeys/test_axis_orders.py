"""DICOM → NIfTI → DICOM in every axis order, oblique and sheared: each voxel stays where it is in the patient.

Checked beside SimpleITK, nibabel and, where it is installed, dcm2niix.
"""

import itertools
import shutil
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest

import medae
from medae.cli.info import orientation_letters
from medae.phantom import write_dicom
from medae.reslice import plane_of
from medae.volume import HOUNSFIELD, Volume

SHAPE, SPACING = (4, 9, 12), np.array([2.5, 0.75, 0.5])
ORIGIN = (-31.25, 17.5, 402.125)
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
TOLERANCE_MM = 1e-3
VALUES = np.random.default_rng(0).permutation(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)


def affine_of(direction: np.ndarray, shear: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """(4, 4) of three unit columns; each slice is shifted by ``shear`` mm (rows, columns) against the last."""
    affine = np.eye(4)
    affine[:3, :3] = direction * SPACING
    affine[:3, 0] += direction[:, 1] * shear[0] + direction[:, 2] * shear[1]
    affine[:3, 3] = ORIGIN
    return affine


def rotation(seed: int, sign: int) -> np.ndarray:
    """Three perpendicular unit columns, right-handed or left-handed."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * (1, 1, sign * np.sign(np.linalg.det(q)))


AXES = {
    f"{''.join(map(str, axes))}{''.join('+-'[s < 0] for s in signs)}": affine_of(np.eye(3)[:, list(axes)] * signs)
    for axes, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
}
OBLIQUE = {f"oblique {n}{'+-'[s < 0]}": affine_of(rotation(n, s)) for n in range(3) for s in (1, -1)}
SHEARED = {
    f"sheared {n}": affine_of(direction, shear)
    for n, (direction, shear) in enumerate(
        [
            (np.eye(3)[:, [2, 1, 0]], (0.5, 0.0)),
            (np.eye(3)[:, [2, 1, 0]] * (-1, 1, 1), (0.0, 0.7)),
            (np.eye(3)[:, [0, 2, 1]], (-0.4, 0.3)),
            (rotation(7, 1), (0.6, -0.2)),
        ]
    )
}


def dicom(affine: np.ndarray, folder: Path, array: np.ndarray = VALUES) -> Volume:
    """Write a volume as DICOM and read it again."""
    write_dicom(Volume(array, affine, modality="CT", unit=HOUNSFIELD), folder)
    return medae.open(folder)


def same_patient(volume: Volume, affine: np.ndarray) -> None:
    """Each voxel of `VALUES` lies where ``affine`` puts it."""
    index = np.stack(np.indices(SHAPE), axis=-1).reshape(-1, 3)
    world = index @ affine[:3, :3].T + affine[:3, 3]
    found = volume.to_index(world)
    nearest = np.rint(found).astype(int)
    np.testing.assert_allclose(volume.to_lps(nearest), world, atol=TOLERANCE_MM)
    np.testing.assert_array_equal(volume.array[tuple(nearest.T)], VALUES[tuple(index.T)])


def nifti(volume: Volume, folder: Path) -> Path:
    """Export a volume as it is."""
    result = medae.Result(volume, volume.with_array(volume.array))
    (path,) = (path for path in medae.export(result, folder, ("nifti",), name="x") if path.name.endswith(".nii.gz"))
    return path


def same_as_nibabel(volume: Volume, path: Path) -> None:
    """Affine, voxels and letters are those that nibabel reads."""
    image = nibabel.load(path)
    np.testing.assert_allclose(image.affine, LPS_TO_RAS @ volume.affine[:, [2, 1, 0, 3]], atol=TOLERANCE_MM)
    np.testing.assert_array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), volume.array)
    assert "".join(nibabel.aff2axcodes(image.affine))[::-1] == orientation_letters(volume.direction)


@pytest.mark.parametrize("name", [*AXES, *OBLIQUE, *SHEARED])
def test_there_and_back(tmp_path: Path, name: str) -> None:
    affine = {**AXES, **OBLIQUE, **SHEARED}[name]
    original = dicom(affine, tmp_path / "a")
    same_patient(original, affine)
    path = nifti(original, tmp_path / "nifti")
    same_as_nibabel(original, path)
    between = medae.open(path, modality="CT")
    same_patient(between, affine)
    again = dicom(between.affine, tmp_path / "b", between.array)
    same_patient(again, affine)
    np.testing.assert_allclose(again.affine, original.affine, atol=TOLERANCE_MM)


@pytest.mark.parametrize("name", AXES)
def test_letters_on_the_screen(tmp_path: Path, name: str) -> None:
    volume = dicom(AXES[name], tmp_path / "a")
    axial, coronal, sagittal = (plane_of(volume, plane).letters for plane in ("axial", "coronal", "sagittal"))  # type: ignore[arg-type]
    assert (axial.left, axial.right, axial.top, axial.bottom) == ("R", "L", "A", "P")
    assert (coronal.left, coronal.right, coronal.top, coronal.bottom) == ("R", "L", "H", "F")
    assert (sagittal.left, sagittal.right, sagittal.top, sagittal.bottom) == ("A", "P", "H", "F")


@pytest.mark.parametrize("name", [*AXES, *OBLIQUE])
def test_simpleitk_agrees(tmp_path: Path, name: str) -> None:
    import SimpleITK

    volume = dicom({**AXES, **OBLIQUE}[name], tmp_path / "a")
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in volume.source.paths])
    image = reader.Execute()
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), volume.array)
    for k, j, i in itertools.product((0, 3), (0, 8), (0, 11)):
        place = image.TransformIndexToPhysicalPoint((i, j, k))
        np.testing.assert_allclose(volume.to_lps((k, j, i)), place, atol=TOLERANCE_MM)


@pytest.mark.skipif(shutil.which("dcm2niix") is None, reason="dcm2niix is not installed")
@pytest.mark.parametrize("name", [*AXES, *OBLIQUE, "sheared 0"])  # of shears, dcm2niix knows the tilt of a gantry only
def test_dcm2niix_agrees(tmp_path: Path, name: str) -> None:
    affine = {**AXES, **OBLIQUE, **SHEARED}[name]
    write_dicom(Volume(VALUES, affine, modality="CT", unit=HOUNSFIELD), tmp_path / "a")
    (tmp_path / "out").mkdir()
    command = ["dcm2niix", "-b", "n", "-z", "n", "-f", "x", "-o", tmp_path / "out", tmp_path / "a"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    volume = medae.open(tmp_path / "out" / "x.nii", modality="CT")
    same_patient(volume, affine)
    same_as_nibabel(volume, tmp_path / "out" / "x.nii")
