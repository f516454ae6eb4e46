"""The Segmentation holds each finding as one segment, where it is."""

from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np

from medae.exporters import export
from medae.exporters.segmentation import occupancy
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


def test_fractional_segments_hold_the_share_above_the_threshold(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    options = {"segmentation": {"fractional": True}}
    (path,) = export(ct, tmp_path / "out", ("segmentation",), options=options)
    written = highdicom.seg.segread(path)
    assert (written.SegmentationType, written.SegmentationFractionalType) == ("FRACTIONAL", "OCCUPANCY")
    assert [segment.SegmentLabel for segment in written.SegmentSequence] == ["Findings"]
    place = highdicom.Volume(
        np.zeros(ct.original.shape),
        ct.original.affine,
        coordinate_system="PATIENT",
        frame_of_reference_uid=written.FrameOfReferenceUID,
    )
    read = written.get_volume(segment_numbers=[1], rtol=1e-3, allow_missing_positions=True).match_geometry(place)
    shares = occupancy(ct.anomaly_map, ct.anomaly_map.findings)
    np.testing.assert_allclose(read.array[..., 0], shares, atol=0.5 / 255)
    above = finding_numbers(ct.anomaly_map, ct.anomaly_map.findings) > 0
    assert (shares[above] >= 1 / 27).all()  # the centre is above
    assert ((shares > 0) & (shares < 1)).any()  # the edges are soft


def test_the_share_of_a_voxel_follows_the_scores_between_the_centres(ct: Result) -> None:
    assert ct.anomaly_map is not None
    scores = np.zeros(ct.original.shape, np.float32)
    scores[2:5, 10:20, 10:20] = 6.0
    ramp = replace(ct.anomaly_map, volume=replace(ct.anomaly_map.volume, array=scores), threshold=5.0)
    shares = occupancy(ramp, ramp.findings)
    assert shares[3, 15, 15] == 1.0
    # a third of a voxel towards the zeros the score is 4: below
    np.testing.assert_allclose([shares[3, 10, 15], shares[3, 10, 10]], [2 / 3, 4 / 9], rtol=1e-6)
    low = replace(ramp, threshold=1.0)  # a third of a voxel outside the score is 2: above
    np.testing.assert_allclose(occupancy(low, low.findings)[3, 9, 15], 1 / 3, rtol=1e-6)
