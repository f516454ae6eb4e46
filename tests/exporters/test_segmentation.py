"""The Segmentation holds each finding as one segment, where it is."""

from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np

from medae.exporters import export
from medae.results import Result, finding_numbers


def test_segments_are_the_findings(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    (path,) = export(ct, tmp_path / "out", ("segmentation",))
    written = highdicom.seg.segread(path)
    findings = ct.anomaly_map.findings
    assert written.number_of_segments == len(findings) == 2
    volume = written.get_volume(combine_segments=True, rtol=1e-3).match_geometry(
        highdicom.Volume(
            np.zeros(ct.original.shape),
            ct.original.affine,
            coordinate_system="PATIENT",
            frame_of_reference_uid=written.FrameOfReferenceUID,
        )
    )
    np.testing.assert_array_equal(volume.array, finding_numbers(ct.anomaly_map, findings))
    for finding in findings:
        assert (volume.array == finding.number).sum() == finding.voxels


def test_claims_no_disease(ct: Result, tmp_path: Path) -> None:
    (path,) = export(ct, tmp_path / "out", ("segmentation",))
    segment = highdicom.seg.segread(path).SegmentSequence[0]
    assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Selected region"
    assert segment.SegmentAlgorithmType == "AUTOMATIC"


def test_number_of_findings_is_limited(ct: Result, tmp_path: Path) -> None:
    options = {"segmentation": {"max_findings": 1}}
    (path,) = export(ct, tmp_path / "out", ("segmentation",), options=options)
    assert highdicom.seg.segread(path).number_of_segments == 1


def test_what_is_darker_is_segmented_as_well(ct: Result) -> None:
    assert ct.anomaly_map is not None
    volume = ct.anomaly_map.volume
    darker = replace(ct.anomaly_map, volume=replace(volume, array=-volume.array))
    assert len(darker.findings) == 2
    np.testing.assert_array_equal(
        finding_numbers(darker, darker.findings), finding_numbers(ct.anomaly_map, ct.anomaly_map.findings)
    )
