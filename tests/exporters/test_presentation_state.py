"""The presentation state shows the right images in the right window, and outlines what was found."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.pixels import apply_voi

from medae.errors import ExportError
from medae.exporters import export
from medae.exporters.drawing import grey
from medae.results import Result, finding_numbers
from medae.volume import Window
from medae.windowing import apply_window, default_window

from .sources import SOURCES, result_of_files

KEY = "presentation-state"


def inside(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centre (column + 0.5, row + 0.5) lies within a polygon: (rows, columns)."""
    x, y = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    found = np.zeros(shape, dtype=bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            found ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return found


def test_outlines_enclose_the_voxels_of_each_finding(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    (path,) = export(ct, tmp_path / "out", (KEY,))
    state = pydicom.dcmread(path)
    numbers = finding_numbers(ct.anomaly_map, ct.anomaly_map.findings)
    drawn = np.zeros(ct.original.shape, dtype=bool)
    slices = {pydicom.dcmread(p).SOPInstanceUID: k for k, p in enumerate(ct.original.source.paths)}
    for annotation in state.GraphicAnnotationSequence:
        k = slices[annotation.ReferencedImageSequence[0].ReferencedSOPInstanceUID]
        for graphic in annotation.GraphicObjectSequence:
            points = np.array(graphic.GraphicData).reshape(-1, 2)
            np.testing.assert_array_equal(points[0], points[-1])
            drawn[k] |= inside(points, ct.original.shape[1:])
        labels = {text.UnformattedTextValue for text in annotation.TextObjectSequence}
        assert labels == {
            f"{f.number}: z {f.max_score:.1f}" for f in ct.anomaly_map.findings if (numbers[k] == f.number).any()
        }
    np.testing.assert_array_equal(drawn, numbers > 0)


def test_window_rescale_and_area(ct: Result, tmp_path: Path) -> None:
    options = {"window_center": 40.0, "window_width": 350.0}
    state = pydicom.dcmread(export(ct, tmp_path / "out", (KEY,), options={KEY: options})[0])
    (window,) = state.SoftcopyVOILUTSequence
    assert (window.WindowCenter, window.WindowWidth, window.WindowCenterWidthExplanation) == (40, 350, "MedAE")
    assert (state.RescaleSlope, state.RescaleIntercept, state.RescaleType) == (1, -1024, "HU")
    assert state.PresentationLUTShape == "IDENTITY"
    (area,) = state.DisplayedAreaSelectionSequence
    np.testing.assert_allclose(area.PresentationPixelSpacing, [0.8, 0.9], atol=1e-6)
    assert area.DisplayedAreaBottomRightHandCorner == [40, 48]


def test_a_curve_goes_along_as_a_table(ct: Result, tmp_path: Path) -> None:
    curved = replace(ct.original, windows=(Window(150.0, 100.0, "SOFT", (0.0, 0.1, 1.0)),))
    state = pydicom.dcmread(export(replace(ct, original=curved), tmp_path / "out", (KEY,))[0])
    (table,) = state.SoftcopyVOILUTSequence[0].VOILUTSequence
    assert table.LUTDescriptor == [101, 100, 16]
    values = np.arange(80, 220, dtype=np.uint16)
    drawn = apply_window(values, 150.0, 100.0, curve=(0.0, 0.1, 1.0))
    assert np.allclose(apply_voi(values, state.SoftcopyVOILUTSequence[0]) * (255 / 65535), drawn, atol=1.01)


def test_a_curve_stretches_over_the_window_that_is_asked_for(ct: Result, tmp_path: Path) -> None:
    curved = replace(ct.original, windows=(Window(150.0, 100.0, "SOFT", (0.0, 0.1, 1.0)),))
    options = {KEY: {"window_center": 120.0, "window_width": 200.0}}
    (path, *_) = export(replace(ct, original=curved), tmp_path / "out", (KEY,), options=options)
    (table,) = pydicom.dcmread(path).SoftcopyVOILUTSequence[0].VOILUTSequence
    assert table.LUTDescriptor == [201, 20, 16]


def test_low_values_stay_bright(tmp_path: Path) -> None:
    result = result_of_files(SOURCES["cr"](tmp_path / "in"))
    state = pydicom.dcmread(export(result, tmp_path / "out", (KEY,))[0])
    assert state.PresentationLUTShape == "INVERSE"


def test_refers_to_the_denoised_series_of_the_same_export(ct: Result, tmp_path: Path) -> None:
    for flat in (False, True):
        options = {KEY: {"of": "denoised"}, "derived-series": {"flat": flat}}
        paths = export(ct, tmp_path / f"out{flat}", ("derived-series", KEY), options=options)
        state = pydicom.dcmread(paths[-1])
        (series,) = state.ReferencedSeriesSequence
        derived = [pydicom.dcmread(path) for path in paths[:-1]]
        assert series.SeriesInstanceUID == derived[0].SeriesInstanceUID
        assert [each.ReferencedSOPInstanceUID for each in series.ReferencedImageSequence] == [
            ds.SOPInstanceUID for ds in derived
        ]


def test_without_that_series_it_says_so(ct: Result, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="choose derived-series too"):
        export(ct, tmp_path / "out", (KEY,), options={KEY: {"of": "denoised"}})


@pytest.mark.parametrize("name", ["pt", "legacy-pt"])
def test_one_state_for_each_rescale(name: str, tmp_path: Path) -> None:
    paths = SOURCES[name](tmp_path / "in")
    result = result_of_files(paths)
    states = [pydicom.dcmread(path) for path in export(result, tmp_path / "out", (KEY,))]
    assert len(states) == len(set(result.original.rescale_slope.tolist())) == 4
    assert len({state.SeriesInstanceUID for state in states}) == 1
    slopes = {pydicom.dcmread(p).SOPInstanceUID: pydicom.dcmread(p).get("RescaleSlope") for p in paths}
    seen = []
    for state in states:
        (image,) = state.ReferencedSeriesSequence[0].ReferencedImageSequence
        if name == "pt":
            assert state.RescaleSlope == slopes[image.ReferencedSOPInstanceUID]
        else:
            groups = pydicom.dcmread(paths[0]).PerFrameFunctionalGroupsSequence
            group = groups[image.ReferencedFrameNumber - 1]
            assert state.RescaleSlope == group.PixelValueTransformationSequence[0].RescaleSlope
            seen.append(image.ReferencedFrameNumber)
    assert sorted(seen) in ([], [1, 2, 3, 4])


def test_without_a_heatmap_there_is_the_window_only(ct: Result, tmp_path: Path) -> None:
    state = pydicom.dcmread(export(replace(ct, anomaly_map=None), tmp_path / "out", (KEY,))[0])
    assert state.ContentLabel == "WINDOW"
    assert "GraphicAnnotationSequence" not in state


@pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="dcmp2pgm (Debian package dcmtk) is not installed")
@pytest.mark.parametrize("name", ["ct", "mr-sagittal", "pt", "cr"])
def test_dcmtk_shows_the_same_grey(name: str, tmp_path: Path) -> None:
    result = result_of_files(SOURCES[name](tmp_path / "in"))
    states = export(result, tmp_path / "out", (KEY,))
    k = result.original.shape[0] - 1
    state, source, drawn = states[-1], result.original.source.paths[k], tmp_path / "drawn.pgm"
    subprocess.run(["dcmp2pgm", "-p", state, source, drawn], check=True, capture_output=True)
    expected = grey(result.original, k, default_window(result.original))[..., 0].astype(int)
    valid = ~result.original.padding_mask(k, k + 1)[0]
    with Image.open(drawn) as picture:
        np.testing.assert_allclose(np.asarray(picture.convert("L"), dtype=int)[valid], expected[valid], atol=2)
    assert np.ptp(expected[valid]) > 100
