"""From file to file on the command line, with the shipped models."""

import json
import signal
import sys
import time

import nibabel
import numpy as np
import pytest

from medae.phantom import head, write_dicom, write_nifti
from medae.readers import open_volume, scan
from medae.training.noise import rician
from medae.volume import Volume

SHAPE, SPACING = (6, 176, 160), (12.0, 1.1, 1.1)


def noisy_head():
    clean = head("T1", SHAPE, SPACING).volume
    stored, _ = clean.to_stored(rician(clean.values(), 60.0))
    return clean, clean.with_array(stored)


def rmse(volume, clean) -> float:
    """Root mean square error in the body."""
    body = clean.values() > 100
    return float(np.sqrt(np.mean((volume.values()[body] - clean.values()[body]) ** 2)))


@pytest.mark.timeout(300)
def test_dicom_in_dicom_out(medae, tmp_path) -> None:
    clean, noisy = noisy_head()
    write_dicom(noisy, tmp_path / "in")
    done = medae("denoise", tmp_path / "in", tmp_path / "out", "--report", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    denoised = open_volume(tmp_path / "out")
    assert denoised.array.dtype == noisy.array.dtype
    assert np.allclose(denoised.affine, noisy.affine, atol=1e-3)
    assert rmse(denoised, clean) < 0.8 * rmse(noisy, clean)
    (one,) = json.loads((tmp_path / "r.json").read_text())["series"]
    assert len(one["provenance"][0]["sha256"]) == 64


@pytest.mark.timeout(300)
def test_nifti_in_nifti_out(medae, tmp_path) -> None:
    clean, noisy = noisy_head()
    source = write_nifti(noisy, tmp_path / "in.nii.gz")
    done = medae("denoise", source, tmp_path / "out.nii.gz", "--modality", "MR")
    assert done.returncode == 0, done.stderr
    before, after = nibabel.load(source), nibabel.load(tmp_path / "out.nii.gz")
    assert np.allclose(before.affine, after.affine, atol=1e-4)
    assert before.get_data_dtype() == after.get_data_dtype()
    assert rmse(open_volume(tmp_path / "out.nii.gz"), clean) < 0.8 * rmse(noisy, clean)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT")
@pytest.mark.timeout(300)
def test_ctrl_c_stops_soon_and_leaves_nothing(start, tmp_path) -> None:
    few = head("T1", (2, 320, 320), (40.0, 0.7, 0.7)).volume
    write_dicom(Volume(np.repeat(few.array, 400, axis=0), few.affine, modality="MR"), tmp_path / "in")
    process = start("denoise", tmp_path / "in", tmp_path / "out", "--device", "cpu")
    assert process.stderr is not None
    for line in process.stderr:  # the line that says that the series is begun
        if line.startswith("in"):
            break
    time.sleep(3)  # reading and torch's import are over, slices are being denoised
    process.send_signal(signal.SIGINT)
    before = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - before < 4  # 2 s, and room for a busy machine
    assert err.count("\n") == 1
    assert err.startswith("Stopped")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.timeout(300)
def test_twenty_single_slices_and_two_broken_files(medae, shared_data, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for path in scan(shared_data / "ct" / "ny-sbu-axial").sources:
        (folder / path.paths[0].name).symlink_to(path.paths[0])
    (folder / "notes.txt").write_text("not an image")
    first = next(folder.glob("*.dcm"))
    (folder / "cut.dcm").write_bytes(first.read_bytes()[:2000])
    done = medae("info", folder, "--json")
    assert done.returncode == 1
    facts = json.loads(done.stdout)
    assert len(facts["series"]) == 20
    assert {entry["path"].rsplit("/", 1)[-1] for entry in facts["skipped"]} == {"notes.txt", "cut.dcm"}
