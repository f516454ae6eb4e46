"""The Structured Report measures each finding."""

import shutil
import subprocess
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from medae.exporters import export
from medae.results import Result


def test_measures_each_finding(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    (path,) = export(ct, tmp_path / "out", ("structured-report",))
    report = highdicom.sr.srread(path)
    groups = report.content.get_volumetric_roi_measurement_groups()
    findings = ct.anomaly_map.findings
    assert len(groups) == len(findings)
    for group, finding in zip(groups, findings, strict=True):
        assert group.tracking_identifier == f"MedAE finding {finding.number}"
        values = [measurement.value for measurement in group.get_measurements()]
        wanted = [finding.volume_mm3, finding.max_score, finding.mean_score]
        np.testing.assert_allclose(values, wanted, atol=1e-3)
        assert group.roi.frame_of_reference_uid == ct.original.source.frame_of_reference_uid


def test_tracks_the_same_findings_as_the_segmentation(ct: Result, tmp_path: Path) -> None:
    report, segmentation = export(ct, tmp_path / "out", ("structured-report", "segmentation"))
    groups = highdicom.sr.srread(report).content.get_volumetric_roi_measurement_groups()
    segments = pydicom.dcmread(segmentation).SegmentSequence
    assert [group.tracking_uid for group in groups] == [segment.TrackingUID for segment in segments]


@pytest.mark.skipif(shutil.which("dsrdump") is None, reason="dsrdump (Debian package dcmtk) is not installed")
def test_dsrdump_reads_it(ct: Result, tmp_path: Path) -> None:
    (path,) = export(ct, tmp_path / "out", ("structured-report",))
    run = subprocess.run(["dsrdump", path], capture_output=True, text=True, errors="replace", check=True)
    assert "MedAE finding 1" in run.stdout
    assert "E:" not in run.stderr
