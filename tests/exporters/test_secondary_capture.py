"""The fused pictures: colours where the scores are, the right place, the burnt-in strip."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medae.exporters import export
from medae.results import Result

from .sources import SOURCES, result_of_files


def test_colour_is_where_the_score_is_above_the_threshold(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    paths = export(ct, tmp_path / "out", ("secondary-capture",))
    for k in (0, 2):
        pixels = pydicom.dcmread(paths[k]).pixel_array.astype(int)
        factor = pixels.shape[0] // ct.original.shape[1]
        image = pixels[::factor, ::factor][:, : ct.original.shape[2]]
        coloured = np.ptp(image, axis=2) > 0
        np.testing.assert_array_equal(coloured, ct.anomaly_map.volume.array[k] > ct.anomaly_map.threshold)


def test_enlarged_pixels_lie_where_the_voxels_are(ct: Result, tmp_path: Path) -> None:
    for k, path in enumerate(export(ct, tmp_path / "out", ("secondary-capture",))):
        written = pydicom.dcmread(path)
        factor = written.Rows // ct.original.shape[1]
        row = np.array(written.ImageOrientationPatient[:3], dtype=float)
        column = np.array(written.ImageOrientationPatient[3:], dtype=float)
        height, width = map(float, written.PixelSpacing)
        middle = (factor - 1) / 2  # of the first voxel, in enlarged pixels
        for j, i in ((0, 0), (30, 20)):
            place = np.array(written.ImagePositionPatient, dtype=float)
            place = place + row * width * (i * factor + middle) + column * height * (j * factor + middle)
            np.testing.assert_allclose(place, ct.original.to_lps((k, j, i)), atol=1e-3)


def test_says_what_it_is(ct: Result, tmp_path: Path) -> None:
    written = pydicom.dcmread(export(ct, tmp_path / "out", ("secondary-capture",))[0])
    assert written.ConversionType == "WSD"
    assert written.PhotometricInterpretation == "RGB"
    assert written.BurnedInAnnotation == "NO"
    assert "Research use only" in written.DerivationDescription
    assert written.Columns > written.Rows * ct.original.shape[2] / ct.original.shape[1]


@pytest.mark.parametrize("name", ["ct", "enhanced-mr", "cr"])
def test_one_multi_frame_file_holds_the_same_pictures(name: str, tmp_path: Path) -> None:
    result = result_of_files(SOURCES[name](tmp_path / "in"))
    single = [pydicom.dcmread(p) for p in export(result, tmp_path / "1", ("secondary-capture",))]
    options = {"multi_frame": True}
    (path,) = export(result, tmp_path / "2", ("secondary-capture",), options=options)
    multi = pydicom.dcmread(path)
    assert multi.NumberOfFrames == len(single) == len(result.original.array)
    frames = multi.pixel_array.reshape(len(single), multi.Rows, multi.Columns, 3)
    np.testing.assert_array_equal(frames, [ds.pixel_array for ds in single])
    assert len(multi.SourceImageSequence) == len(result.original.source.paths)
    for ds, group in zip(single, multi.get("PerFrameFunctionalGroupsSequence", ()), strict=name != "cr"):
        assert group.PlanePositionSequence[0].ImagePositionPatient == ds.ImagePositionPatient


def test_outside_the_domain_only_the_strip_has_colour(ct: Result, tmp_path: Path) -> None:
    assert ct.anomaly_map is not None
    strange = replace(ct, anomaly_map=replace(ct.anomaly_map, outside=("its contrast is unlike",)))
    known, outside = (
        pydicom.dcmread(export(result, tmp_path / name, ("secondary-capture",))[2]).pixel_array.astype(int)
        for name, result in (("known", ct), ("outside", strange))
    )
    side = outside.shape[0] // ct.original.shape[1] * ct.original.shape[2]
    assert np.ptp(outside[:, :side], axis=2).max() <= 1
    assert (known[:100, side:] != outside[:100, side:]).any(), "the strip says so"
