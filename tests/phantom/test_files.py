import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from medae.errors import ExportError
from medae.phantom import head, radiograph, thorax, write_dicom, write_nifti
from medae.volume import Volume

MAKERS = {
    "ct": lambda: thorax((3, 48, 40), (5.0, 8.0, 8.0)).volume,
    "mr": lambda: head("T2", (3, 48, 40), (5.0, 4.0, 4.0)).volume,
    "chest": lambda: radiograph("chest", (1, 48, 40), (1.0, 8.0, 8.0)).volume,
    "hand": lambda: radiograph("hand", (1, 48, 40), (1.0, 4.0, 4.0)).volume,
}


@pytest.fixture(params=MAKERS)
def volume(request) -> Volume:
    return MAKERS[request.param]()


def test_every_instance_passes_dciodvfy(volume, tmp_path):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian package dicom3tools) is not installed")
    for path in write_dicom(volume, tmp_path / "series"):
        run = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, check=False)
        assert "Error" not in run.stderr


def test_pixels_geometry_and_series_come_back(volume, tmp_path):
    paths = write_dicom(volume, tmp_path / "series")
    assert [p.name for p in paths] == [f"{k + 1:04d}.dcm" for k in range(volume.shape[0])]
    data = [pydicom.dcmread(p) for p in paths]
    assert np.array_equal(np.stack([d.pixel_array for d in data]), volume.array)
    assert len({d.SeriesInstanceUID for d in data}) == 1
    assert len({d.SOPInstanceUID for d in data}) == len(data)
    assert {str(d.PatientName) for d in data} == {"Phantom^MedAE"}
    if volume.modality != "DX":
        assert data[-1].ImagePositionPatient == pytest.approx(volume.to_lps((2, 0, 0)))
        assert data[0].PixelSpacing == pytest.approx(volume.spacing[1:])
    if volume.modality == "CT":
        assert data[0].RescaleIntercept == -1024


def test_same_volume_same_files_and_a_shared_study_if_asked(tmp_path):
    volume = MAKERS["mr"]()
    first = write_dicom(volume, tmp_path / "a", patient_id="P1")
    again = write_dicom(volume, tmp_path / "b", patient_id="P1")
    other = write_dicom(MAKERS["ct"](), tmp_path / "c", patient_id="P1", description="Other", series_number=2)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in again]
    one, two = pydicom.dcmread(first[0]), pydicom.dcmread(other[0])
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert one.SeriesInstanceUID != two.SeriesInstanceUID
    assert (two.SeriesDescription, two.SeriesNumber) == ("Other", 2)


def test_nothing_is_overwritten_and_nothing_partial_is_left(tmp_path, monkeypatch):
    volume = MAKERS["mr"]()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    with pytest.raises(ExportError, match="not empty"):
        write_dicom(volume, tmp_path / "full")
    saved = pydicom.Dataset.save_as

    def fail_late(self, path, **options):
        if self.InstanceNumber == 3:
            raise OSError("No space left on device")
        saved(self, path, **options)

    monkeypatch.setattr(pydicom.Dataset, "save_as", fail_late)
    with pytest.raises(ExportError, match="No space left"):
        write_dicom(volume, tmp_path / "new")
    assert [p.name for p in tmp_path.iterdir()] == ["full"]


def test_what_dicom_cannot_hold_is_refused(tmp_path):
    volume = MAKERS["mr"]()
    with pytest.raises(ExportError, match="float32"):
        write_dicom(volume.with_array(volume.values()), tmp_path / "a")
    with pytest.raises(ExportError, match="modality 'PT'"):
        write_dicom(replace(volume, modality="PT"), tmp_path / "a")
    with pytest.raises(ExportError, match="no rescale"):
        write_dicom(replace(volume, rescale_slope=np.array([2.0])), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_nifti_keeps_values_and_affine(volume, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    path = write_nifti(volume, tmp_path / "new" / "scan.nii.gz")
    image = nibabel.load(path)
    assert np.array_equal(np.asanyarray(image.dataobj).T, volume.values())
    assert image.get_data_dtype() == volume.array.dtype
    to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
    assert to_ras @ image.affine @ np.eye(4)[:, [2, 1, 0, 3]] == pytest.approx(volume.affine, abs=1e-4)
    assert [p.name for p in path.parent.iterdir()] == ["scan.nii.gz"]
    with pytest.raises(ExportError, match="exists already"):
        write_nifti(volume, path)
    with pytest.raises(ExportError, match="ends in"):
        write_nifti(volume, tmp_path / "scan.png")


def test_nifti_holds_fractions_as_float(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    volume = replace(MAKERS["mr"](), rescale_slope=np.array([0.5]))
    image = nibabel.load(write_nifti(volume, tmp_path / "scan.nii"))
    assert image.get_data_dtype() == np.float32
    np.testing.assert_allclose(np.asanyarray(image.dataobj).T, volume.values())
