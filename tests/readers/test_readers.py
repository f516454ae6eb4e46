"""scan, read and open_volume over all formats, and what they do with bad input."""

import os
from pathlib import Path

import numpy as np
import pydicom.data
import pytest

from medae import readers
from medae.errors import Cancelled, ReadError, SeveralSeries
from medae.phantom import head, write_dicom, write_nifti

from . import odd


def reasons(found: readers.Scan) -> dict[str, str]:
    return {item.path.name: item.reason for item in found.skipped}


def test_bad_files_are_named_and_the_others_load(tmp_path: Path) -> None:
    odd.series(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.dcm").touch()
    whole = odd.write(tmp_path / "cut.dcm", 9).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-20])
    (tmp_path / ".hidden.dcm").write_bytes(whole)
    (tmp_path / ".staging").mkdir()
    (tmp_path / ".staging" / "a.dcm").write_bytes(whole)
    found = readers.scan(tmp_path)
    assert [source.shape for source in found.sources] == [(5, *odd.SHAPE)]
    assert set(reasons(found)) == {"notes.txt", "empty.dcm", "cut.dcm"}
    assert "not an image format" in reasons(found)["notes.txt"]
    assert "empty" in reasons(found)["empty.dcm"]
    assert "cut off" in reasons(found)["cut.dcm"]
    warnings = readers.open_volume(tmp_path).source.warnings
    assert any("cut.dcm" in warning for warning in warnings)


def test_missing_path_and_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        readers.open_volume(tmp_path / "nowhere")
    with pytest.raises(ReadError, match="no files"):
        readers.open_volume(tmp_path)
    assert readers.scan(tmp_path) == readers.Scan()


def test_linked_folders_end(tmp_path: Path) -> None:
    odd.series(tmp_path / "a", 2)
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    found = readers.scan(tmp_path)
    assert len(found.sources) == 1
    assert "already read" in reasons(found)["loop"]
    assert "not there" in reasons(found)["broken"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in reasons(readers.scan(tmp_path))["pipe"]


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd.series(tmp_path, 2)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(readers, "read_head", refuse)
    assert "not allowed" in readers.scan(tmp_path).skipped[0].reason


def test_several_paths_and_each_file_once(tmp_path: Path) -> None:
    paths = odd.series(tmp_path, 3)
    assert readers.scan([tmp_path, paths[0], str(paths[1])]).sources[0].shape[0] == 3


def test_several_series_are_listed(tmp_path: Path) -> None:
    odd.series(tmp_path / "a", 2)
    odd.series(tmp_path / "b", 3, SeriesInstanceUID="1.2.3")
    with pytest.raises(SeveralSeries, match="2 volumes"):
        readers.open_volume(tmp_path)


def test_cancel_stops_scan_and_read(tmp_path: Path) -> None:
    odd.series(tmp_path)

    def stop(fraction: float, message: str = "", /) -> None:
        raise Cancelled

    source = readers.scan(tmp_path).sources[0]
    with pytest.raises(Cancelled):
        readers.scan(tmp_path, stop)
    with pytest.raises(Cancelled):
        readers.read(source, stop)


def test_progress_rises_to_one(tmp_path: Path) -> None:
    odd.series(tmp_path)
    seen: list[float] = []
    readers.open_volume(tmp_path, report=lambda fraction, message="", /: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_modality_is_what_the_caller_says(tmp_path: Path) -> None:
    odd.series(tmp_path)
    volume = readers.open_volume(tmp_path, modality="MR")
    assert (volume.modality, volume.source.modality) == ("MR", "MR")


def test_dicomdir_stands_for_its_folder(tmp_path: Path) -> None:
    odd.series(tmp_path / "IMAGES", 3)
    index = odd.dataset(0, Rows=None, Columns=None, PixelData=None)
    index.SOPClassUID = index.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    index.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    assert readers.scan(tmp_path / "DICOMDIR") == readers.scan(tmp_path)
    assert readers.open_volume(tmp_path / "DICOMDIR").shape[0] == 3
    (tmp_path / "DICOMDIR").rename(tmp_path / "index")
    assert "index" in reasons(readers.scan(tmp_path))["index"]


def test_no_patient_data_in_messages(tmp_path: Path) -> None:
    odd.series(tmp_path, 3, PatientName="Secret^Name", PatientID="S3cret")
    odd.write(tmp_path / "bad.dcm", 7, Rows=0, PatientName="Secret^Name")
    found = readers.scan(tmp_path)
    assert "ecret" not in repr(found)


@pytest.mark.filterwarnings("error")
def test_pydicom_test_files_never_crash() -> None:
    folder = Path(pydicom.data.__file__).parent / "test_files"
    found = readers.scan(folder)
    assert len(found.sources) > 20
    assert all(item.reason for item in found.skipped)
    for source in found.sources:
        try:
            volume = readers.read(source)
        except ReadError as error:
            assert error.reason  # noqa: PT017 - some of these files are damaged on purpose
        else:
            assert volume.shape[1:] == source.shape[1:]
            assert np.isfinite(volume.affine).all()


@pytest.mark.shared
def test_single_slices_of_twenty_patients(shared_data: Path) -> None:
    found = readers.scan(shared_data / "ct" / "ny-sbu-axial")
    assert [source.shape[0] for source in found.sources] == [1] * 20
    assert not found.skipped


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["ct/acrin-flt-breast-001", "ct/lung-dx-a0001-sharp", "mr/sag-anon"])
def test_geometry_and_pixels_agree_with_itk(shared_data: Path, folder: str) -> None:
    import SimpleITK

    volume = readers.open_volume(shared_data / folder)
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in volume.source.paths])
    image = reader.Execute()
    for k, j, i in ((0, 0, 0), (3, 40, 70), (volume.shape[0] - 1, 100, 5)):
        np.testing.assert_allclose(volume.to_lps((k, j, i)), image.TransformIndexToPhysicalPoint((i, j, k)), atol=0.02)
    np.testing.assert_array_equal(volume.values(), SimpleITK.GetArrayFromImage(image).astype(np.float32))
    assert not volume.source.warnings


@pytest.mark.parametrize("suffix", ["", ".nii.gz", ".nrrd"])
def test_a_scan_knows_the_spacing_of_the_volume(tmp_path: Path, suffix: str) -> None:
    volume = head("T1", (3, 20, 16), (5.0, 4.0, 3.0)).volume
    path = tmp_path / f"x{suffix}"
    if suffix == "":
        write_dicom(volume, path)
    elif suffix == ".nii.gz":
        write_nifti(volume, path)
    else:
        import SimpleITK

        image = SimpleITK.GetImageFromArray(volume.array)
        image.SetSpacing((3.0, 4.0, 5.0))
        SimpleITK.WriteImage(image, str(path))
    (source,) = readers.scan(path).sources
    assert source.spacing == pytest.approx((5.0, 4.0, 3.0), abs=1e-4)
    assert source.spacing == readers.read(source).spacing
