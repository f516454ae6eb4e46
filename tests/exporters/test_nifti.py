"""NIfTI files: dtype, affine and what the codes mean."""

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from medae.exporters import export
from medae.readers import open_volume
from medae.results import Result
from medae.volume import Source, Volume

from .conftest import STEP, result_of

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def ras(volume: Volume) -> np.ndarray:
    return LPS_TO_RAS @ volume.affine[:, [2, 1, 0, 3]]


def test_stored_dtype_and_affine_are_kept(in_memory: Result, tmp_path: Path) -> None:
    assert in_memory.denoised is not None
    denoised, _, heatmap, _ = export(in_memory, tmp_path / "out", ("nifti",), name="s")
    image = nibabel.load(denoised)
    assert image.get_data_dtype() == np.int16
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, in_memory.denoised.array)
    np.testing.assert_allclose(image.affine, ras(in_memory.original), atol=1e-4)
    assert nibabel.load(heatmap).get_data_dtype() == np.float32


def test_hounsfield_units_are_written_as_int16(ct: Result, tmp_path: Path) -> None:
    assert ct.denoised is not None
    image = nibabel.load(export(ct, tmp_path / "out", ("nifti",))[0])
    assert image.get_data_dtype() == np.int16
    np.testing.assert_array_equal(np.asarray(image.dataobj).T, ct.denoised.values())
    np.testing.assert_allclose(image.affine, ras(ct.original), atol=1e-4)


def test_fractional_rescale_is_written_as_float32(ct: Result, tmp_path: Path) -> None:
    original = replace(ct.original, rescale_slope=np.full(6, 0.3))
    image = nibabel.load(export(result_of(original), tmp_path / "out", ("nifti",))[0])
    assert image.get_data_dtype() == np.float32


def test_a_scaled_nifti_keeps_type_and_scaling(tmp_path: Path) -> None:
    scan = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 4, 3), np.eye(4))
    scan.header.set_slope_inter(0.5, 3.0)
    nibabel.save(scan, tmp_path / "scaled.nii.gz")
    original = open_volume(tmp_path / "scaled.nii.gz")
    path, _ = export(Result(original, original), tmp_path / "out", ("nifti",))
    image = nibabel.load(path)
    assert image.get_data_dtype() == np.int16
    np.testing.assert_array_equal(image.get_fdata(), nibabel.load(tmp_path / "scaled.nii.gz").get_fdata())
    np.testing.assert_array_equal(open_volume(path).array, original.array)


def test_sheared_grid_keeps_its_affine(in_memory: Result, tmp_path: Path) -> None:
    affine = np.array(in_memory.original.affine)
    affine[1, 0] = 0.8  # gantry tilt
    result = result_of(replace(in_memory.original, affine=affine))
    image = nibabel.load(export(result, tmp_path / "out", ("nifti",))[0])
    np.testing.assert_allclose(image.affine, ras(result.original), atol=1e-4)


@pytest.mark.parametrize(("qform", "sform"), [(1, 4), (2, 2), (1, 0), (0, 3)])
def test_codes_of_a_nifti_source_are_kept(qform: int, sform: int, tmp_path: Path) -> None:
    affine = np.array([[-1.5, 0, 0, 90], [0, 1, 0, -120], [0, 0, 3, -70], [0, 0, 0, 1.0]])
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.uint8).reshape(4, 3, 2), affine)
    image.set_qform(affine, qform)
    image.set_sform(affine, sform)
    path = tmp_path / "source.nii.gz"
    nibabel.save(image, path)
    read = sitk.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = (np.reshape(read.GetDirection(), (3, 3)) * read.GetSpacing())[:, ::-1]
    matrix[:3, 3] = read.GetOrigin()
    source = Source(paths=(path,), reader="itk")
    volume = Volume(sitk.GetArrayFromImage(read), matrix, modality="MR", source=source)
    written, _ = export(Result(volume, volume.with_array(volume.array, STEP)), tmp_path / "out", ("nifti",))
    again = nibabel.load(written)
    assert int(again.header["sform_code"]) == (sform or qform)
    assert int(again.header["qform_code"]) == (qform or sform)
    np.testing.assert_allclose(again.affine, affine, atol=1e-4)
    assert again.get_data_dtype() == np.uint8


@pytest.mark.parametrize("file_name", ["clean.nii.gz", "clean.nii"])
def test_exact_file_name(file_name: str, in_memory: Result, tmp_path: Path) -> None:
    result = replace(in_memory, anomaly_map=None)
    (path,) = export(result, tmp_path / "out", ("nifti",), options={"file_name": file_name})
    assert path == tmp_path / "out" / file_name
    assert nibabel.load(path).shape == (30, 32, 5)


def test_names_as_bids_derivatives(mr: Result, tmp_path: Path) -> None:
    options = {"nifti": {"bids_names": True, "suffix": "T1w"}}
    paths = export(mr, tmp_path / "out", ("nifti",), name="head-1", options=options)
    assert [path.name for path in paths] == [
        "sub-head1_desc-denoised_T1w.nii.gz",
        "sub-head1_desc-denoised_T1w.json",
        "sub-head1_desc-heatmap_T1w.nii.gz",
        "sub-head1_desc-heatmap_T1w.json",
    ]


def test_one_named_file_stays_alone(mr: Result, tmp_path: Path) -> None:
    options = {"nifti": {"file_name": "x.nii"}}
    export(replace(mr, anomaly_map=None), tmp_path / "out", ("nifti",), options=options)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x.nii"]
