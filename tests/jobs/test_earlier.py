"""Results of an earlier run come back as they were."""

import json
from pathlib import Path

import numpy as np
import pytest

from medae.errors import ReadError, SettingsError, UnsupportedVolume
from medae.exporters import export
from medae.jobs.earlier import Earlier, is_record, read_record, result_of
from medae.jobs.job import ProcessJob
from medae.jobs.manifest import Manifest
from medae.phantom import head, write_dicom
from medae.readers import open_volume
from tests.exporters.conftest import NO_MODEL
from tests.exporters.conftest import result_of as made_of


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    write_dicom(head("T1", (6, 48, 40), (5.0, 4.0, 4.0)).volume, tmp_path / "t1")
    return tmp_path / "t1"


def earlier_of(scan: Path, out: Path, keys: tuple[str, ...]) -> tuple[Earlier, object]:
    result = made_of(open_volume(scan))
    files = export(result, out, keys, name="t1")
    job = ProcessJob(paths=(scan,))
    return Earlier("t1", job, files, result.provenance), result


@pytest.mark.parametrize(
    "keys",
    [("derived-series", "parametric-map", "secondary-capture", "findings"), ("nifti", "findings", "png", "animation")],
)
def test_denoised_and_heatmap_come_back(keys: tuple[str, ...], scan: Path, tmp_path: Path) -> None:
    earlier, before = earlier_of(scan, tmp_path / "out", keys)
    after = result_of(earlier)
    assert after.denoised is not None
    assert after.anomaly_map is not None
    np.testing.assert_array_equal(after.denoised.array, before.denoised.array)
    assert after.denoised.array.dtype == before.denoised.array.dtype
    assert after.provenance == before.provenance
    scores = before.anomaly_map.volume.array
    np.testing.assert_allclose(after.anomaly_map.volume.array, scores, atol=12 / 65535)
    assert (after.anomaly_map.threshold, after.anomaly_map.calibration) == (3.0, "Calibrated on 12 healthy scans.")
    assert [finding.voxels for finding in after.anomaly_map.findings] == [
        finding.voxels for finding in before.anomaly_map.findings
    ]


def test_record_of_a_batch(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, before = earlier_of(scan, out, ("derived-series",))
    job = first.job.model_copy(update={"out": out, "name": "t1"})
    manifest = Manifest(out)
    manifest.start(job)
    assert read_record(out) == ()  # begun, not done
    manifest.finish(job, "id", first.files, [step.to_dict() for step in first.provenance])
    assert is_record(out)
    (earlier,) = read_record(out)
    result = result_of(earlier)
    assert result.denoised is not None
    np.testing.assert_array_equal(result.denoised.array, before.denoised.array)
    assert earlier.provenance == before.provenance


def test_record_of_a_report(scan: Path, tmp_path: Path) -> None:
    earlier, _ = earlier_of(scan, tmp_path / "out", ("derived-series",))
    one = {
        "name": "t1",
        "status": "done",
        "source": str(scan),
        "files": [str(path) for path in earlier.files],
        "provenance": [NO_MODEL.to_dict()],
    }
    record = tmp_path / "run.json"
    record.write_text(json.dumps({"series": [one, {**one, "status": "failed"}]}))
    assert is_record(record)
    (read,) = read_record(record)
    assert read.provenance == (NO_MODEL,)
    assert result_of(read).denoised is not None


def test_what_is_no_record_is_said(scan: Path, tmp_path: Path) -> None:
    assert not is_record(scan)
    for text in ("{", "[]", '{"series": [{"status": "done"}]}'):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(SettingsError, match="no record"):
            read_record(tmp_path / "x.json")


def test_files_that_are_gone_or_elsewhere_are_said(scan: Path, tmp_path: Path) -> None:
    earlier, _ = earlier_of(scan, tmp_path / "out", ("derived-series",))
    write_dicom(head("T2", (5, 48, 40), (5.0, 4.0, 4.0)).volume, tmp_path / "t2")
    with pytest.raises(UnsupportedVolume, match="do not lie"):
        result_of(Earlier("t1", ProcessJob(paths=(tmp_path / "t2",)), earlier.files, ()))
    earlier.files[2].unlink()
    with pytest.raises(ReadError, match="gone"):
        result_of(earlier)
    with pytest.raises(UnsupportedVolume, match="neither"):
        result_of(Earlier("t1", earlier.job, (), ()))


def test_a_heatmap_needs_its_threshold(scan: Path, tmp_path: Path) -> None:
    earlier, _ = earlier_of(scan, tmp_path / "out", ("parametric-map",))
    with pytest.raises(UnsupportedVolume, match="detect again"):
        result_of(earlier)
