"""``medae calibrate``."""

import json
from pathlib import Path

import pytest

from medae import bundle, phantom


@pytest.fixture
def normals(tmp_path: Path) -> Path:
    scan = phantom.head("T1", shape=(4, 64, 64), spacing=(20.0, 3.0, 3.0)).volume
    (tmp_path / "normals").mkdir()
    phantom.write_nifti(scan, tmp_path / "normals" / "head.nii.gz")
    return tmp_path / "normals"


def test_the_copy_is_named_and_told_about(tiny_bundle, normals: Path, medae) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=3.0)
    result = medae("calibrate", "tiny", "--normals", str(normals), "--name", "ours", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["calibration_scans"] == 1
    assert bundle.find("ours").folder == Path(facts["folder"])
    told = medae("calibrate", "tiny", "--normals", str(normals))
    assert "--model tiny-site" in told.stdout
