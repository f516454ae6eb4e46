"""The Parametric Map gives the z-scores back, where they belong."""

from dataclasses import replace
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from medae.exporters import export
from medae.results import Result


def signed(result: Result) -> Result:
    """The same with the columns on the left darker than expected."""
    assert result.anomaly_map is not None
    volume = result.anomaly_map.volume
    array = volume.array.copy()
    array[:, :, :20] *= -1
    return replace(result, anomaly_map=replace(result.anomaly_map, volume=replace(volume, array=array)))


@pytest.mark.parametrize(("exact", "tolerance"), [(False, 2e-4), (True, 0.0)])
def test_scores_come_back(ct: Result, tmp_path: Path, exact: bool, tolerance: float) -> None:
    ct = signed(ct)
    assert ct.anomaly_map is not None
    options = {"parametric-map": {"float32": exact}}
    (path,) = export(ct, tmp_path / "out", ("parametric-map",), options=options)
    written = highdicom.pm.ParametricMap.from_file(path)
    assert ct.original.source.frame_of_reference_uid == written.FrameOfReferenceUID
    grid = highdicom.Volume(
        ct.anomaly_map.volume.array,
        ct.original.affine,
        coordinate_system="PATIENT",
        frame_of_reference_uid=written.FrameOfReferenceUID,
    )
    scores = written.get_volume(apply_real_world_transform=True, rtol=1e-3).match_geometry(grid, tol=1e-3).array
    np.testing.assert_allclose(scores, ct.anomaly_map.volume.array, atol=tolerance)
    assert scores.min() < -4
    assert (scores[ct.anomaly_map.volume.array == 0] == 0).all(), "outside the body z is exactly 0"
    assert ("FloatPixelData" in written) == exact


def test_lies_on_the_scans_grid(mr: Result, tmp_path: Path) -> None:
    (path,) = export(mr, tmp_path / "out", ("parametric-map",))
    volume = highdicom.pm.ParametricMap.from_file(path).get_volume(rtol=1e-3)
    corners = np.array([(0, 0, 0), (volume.shape[0] - 1, 0, 0)])
    ends = volume.map_indices_to_reference(corners)
    own = mr.original.to_lps(corners)
    np.testing.assert_allclose(sorted(ends.tolist()), sorted(own.tolist()), atol=1e-3)


def test_says_what_it_is(ct: Result, tmp_path: Path) -> None:
    (path,) = export(ct, tmp_path / "out", ("parametric-map",))
    written = pydicom.dcmread(path)
    assert written.ContentLabel == "HEATMAP"
    assert written.ContentQualification == "RESEARCH"
    assert written.BodyPartExamined == "HEAD"
    mapping = written.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "113071"
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "1"
    derivation = written.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert derivation.DerivationCodeSequence[0].CodeValue == "113062"
    sources = [
        group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        for group in written.PerFrameFunctionalGroupsSequence
    ]
    wanted = [pydicom.dcmread(path).SOPInstanceUID for path in ct.original.source.paths]
    assert sorted(sources) == sorted(wanted)


def test_uncalibrated_scores_are_saliency(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    raw = replace(ct, anomaly_map=replace(ct.anomaly_map, calibration=""))
    (path,) = export(raw, tmp_path / "out", ("parametric-map",))
    mapping = pydicom.dcmread(path).SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "130404"
