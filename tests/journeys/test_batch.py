"""A batch over three series and two broken files, killed in the middle and started again."""

import signal
import sys
import time

import pytest

from medae.phantom import head, write_dicom, write_nifti
from medae.readers import open_volume

SHAPE, SPACING = (8, 160, 144), (12.0, 1.2, 1.2)


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "in"
    paths = write_dicom(head("T1", SHAPE, SPACING).volume, folder / "a")
    write_dicom(head("T2", SHAPE, SPACING).volume, folder / "deep" / "b")
    write_nifti(head("FLAIR", SHAPE, SPACING).volume, folder / "c.nii.gz")
    (folder / "notes.txt").write_text("not an image")
    (folder / "deep" / "cut.dcm").write_bytes(paths[0].read_bytes()[:900])
    return folder


def outputs(out) -> dict[str, int]:
    return {
        str(p.relative_to(out)): p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file() and ".medae" not in p.parts
    }


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
@pytest.mark.timeout(300)
def test_killed_and_run_again(start, medae, tree, tmp_path) -> None:
    out = tmp_path / "out"
    arguments = ("batch", tree, out, "--modality", "MR")
    process = start(*arguments)
    deadline = time.monotonic() + 120
    while not (out / "a_denoised").is_dir() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    after_kill = outputs(out)
    assert sorted(path for path in after_kill if path.startswith("a_denoised")) == [
        f"a_denoised/{n:04d}.dcm" for n in range(1, 9)
    ]

    assert "c_denoised.nii.gz" not in after_kill

    again = medae(*arguments)
    assert again.returncode == 1  # the two broken files
    assert "notes.txt" in again.stderr
    assert "cut.dcm" in again.stderr
    whole = outputs(out)
    assert len([path for path in whole if path.startswith("deep/b_denoised/")]) == 8
    assert "c_denoised.nii.gz" in whole
    assert len(whole) == 18, sorted(whole)  # 8 + 8 + 2: nothing twice, nothing partial
    assert open_volume(out / "a_denoised").shape == SHAPE
    assert open_volume(out / "deep" / "b_denoised").shape == SHAPE

    third = medae(*arguments)
    assert "0 done, 3 done before and unchanged" in third.stdout
    assert outputs(out) == whole
