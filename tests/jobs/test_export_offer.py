"""What is offered for export: reasons, outputs, a picture, and warnings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medae.exporters import EXPORTERS
from medae.jobs.export_offer import offer, size_text
from medae.phantom import head, write_dicom
from medae.readers import open_volume
from medae.results import AnomalyMap, Result, adjusted
from medae.volume import Volume

SCAN = Volume(np.zeros((2, 8, 8), np.int16), np.eye(4), "MR")


@pytest.fixture
def scan(tmp_path: Path) -> Volume:
    write_dicom(head("T1", (4, 48, 40), (5.0, 4.0, 4.0)).volume, tmp_path / "t1")
    return open_volume(tmp_path / "t1")


def scored(volume: Volume) -> AnomalyMap:
    scores = np.zeros(volume.shape, np.float32)
    scores[:, 10:20, 10:20] = 5.0
    grid = replace(volume, array=scores, rescale_slope=np.ones(1), rescale_intercept=np.zeros(1), padding=None)
    return AnomalyMap(grid, 3.0, "")


def test_every_exporter_is_offered_or_says_why() -> None:
    offered = {choice.key: choice for choice in offer(Result(SCAN, SCAN)).choices}
    assert set(offered) == set(EXPORTERS)
    assert offered["nifti"].reason is None
    assert [output.name for output in offered["nifti"].outputs] == ["{name}_denoised.nii.gz", "{name}_denoised.json"]
    for key in ("derived-series", "parametric-map"):
        assert offered[key].reason
        assert offered[key].outputs == ()


def test_findings_depend_on_the_threshold(scan: Volume) -> None:
    result = Result(scan, None, scored(scan))
    low = {choice.key: choice.reason for choice in offer(adjusted(result, threshold=3.0)).choices}
    high = {choice.key: choice.reason for choice in offer(adjusted(result, threshold=8.0)).choices}
    assert low["segmentation"] is None
    assert "threshold" in (high["segmentation"] or "")


def test_pictures_show_the_first_slice(scan: Volume) -> None:
    brighter = scan.with_array(np.maximum(scan.array, 900))
    offered = {choice.key: choice for choice in offer(Result(scan, brighter, scored(scan))).choices}
    denoised, heatmap = offered["derived-series"].picture, offered["secondary-capture"].picture
    assert denoised is not None
    assert heatmap is not None
    assert denoised.shape == heatmap.shape == (48, 40, 3)
    assert np.ptp(denoised, axis=2).max() == 0
    assert np.ptp(heatmap.astype(int), axis=2)[10:20, 10:20].min() > 0
    assert offered["findings"].picture is None


def test_warns_of_what_stays_in_the_pixels(scan: Volume) -> None:
    assert "face" in offer(Result(scan, scan)).warnings[0]
    for path in scan.source.paths:
        ds = pydicom.dcmread(path)
        ds.BurnedInAnnotation = "YES"
        ds.save_as(path)
    assert "burnt" in offer(Result(scan, scan)).warnings[0]


def test_outputs_and_pictures_follow_the_options(scan: Volume) -> None:
    result = Result(scan, scan, scored(scan))
    options = {
        "secondary-capture": {"multi_frame": True, "opacity": 0.1},
        "animation": {"format": "webp", "frames_per_second": 4},
        "nifti": {"bids_names": True},
        "segmentation": {"fractional": True},
        "png": {"height": 3},
    }
    usual = {choice.key: choice for choice in offer(result).choices}
    asked = {choice.key: choice for choice in offer(result, options).choices}
    assert [output.name for output in asked["secondary-capture"].outputs] == ["{name}_heatmap_sc.dcm"]
    assert [output.name for output in asked["animation"].outputs] == ["{name}_denoised.webp", "{name}_heatmap.webp"]
    assert "desc-denoised" in asked["nifti"].outputs[0].name
    before, after = usual["secondary-capture"].picture, asked["secondary-capture"].picture
    assert before is not None
    assert after is not None
    assert np.ptp(after.astype(int), axis=2).max() < np.ptp(before.astype(int), axis=2).max()
    assert "height" in asked["png"].problem
    assert asked["png"].outputs == ()


def test_options_of_the_whole_export_are_in_no_form(scan: Volume) -> None:
    names = {name for choice in offer(Result(scan, scan)).choices for name in choice.schema.get("properties", {})}
    assert "keep_private_tags" in names
    assert not names & {"deterministic_uids", "file_name", "flat"}


@pytest.mark.parametrize(
    ("size", "text"), [(None, ""), (900, "900 B"), (12_300, "12 kB"), (1_500_000, "1.5 MB"), (3_000_000_000, "3.0 GB")]
)
def test_sizes_for_people(size: int | None, text: str) -> None:
    assert size_text(size) == text
