"""DICOM series: order, splitting, duplicates, lost slices, pixels."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless, RLELossless

from medae import readers
from medae.errors import ReadError
from medae.readers import dicom
from medae.volume import HOUNSFIELD

from . import odd


def warned(folder: Path) -> str:
    return " ".join(warning for source in readers.scan(folder).sources for warning in source.warnings)


def test_slices_in_order_of_position(tmp_path: Path) -> None:
    odd.series(tmp_path, InstanceNumber=1)
    volume = readers.open_volume(tmp_path)
    expected = np.stack([odd.pixels(n) for n in range(5)])
    np.testing.assert_array_equal(volume.array, expected)
    assert volume.array.dtype == np.int16
    assert [path.name for path in volume.source.paths] == [f"{5 - n:03}.dcm" for n in range(5)]
    assert volume.spacing == pytest.approx((2.5, 0.5, 0.75))
    np.testing.assert_allclose(volume.to_lps((2, 1, 1)), (-9.25, -19.5, 5.0))
    assert (volume.modality, volume.unit, volume.source.series_number) == ("CT", HOUNSFIELD, 3)
    assert (volume.source.series_instance_uid, volume.source.study_instance_uid) == (odd.SERIES, odd.STUDY)
    assert not volume.source.warnings


def test_gap_names_the_two_files_and_the_distance(tmp_path: Path) -> None:
    paths = odd.series(tmp_path, 8)
    paths[3].unlink()
    paths[4].unlink()
    text = warned(tmp_path)
    assert "Gap of 7.50 mm between 006.dcm and 003.dcm" in text
    assert "2 slice(s)" in text
    assert readers.open_volume(tmp_path).spacing[0] == pytest.approx(2.5)


def test_copies_are_left_out_by_name(tmp_path: Path) -> None:
    paths = odd.series(tmp_path)
    (tmp_path / "copy.dcm").write_bytes(paths[2].read_bytes())
    odd.write(tmp_path / "again.dcm", 1)
    text = warned(tmp_path)
    assert "copy.dcm" in text
    assert "again.dcm" in text or paths[1].name in text
    assert readers.open_volume(tmp_path).shape[0] == 5


def test_one_instance_uid_for_all_keeps_the_slices(tmp_path: Path) -> None:
    odd.series(tmp_path, SOPInstanceUID="1.2.3.4")
    assert readers.open_volume(tmp_path).shape[0] == 5


def test_repeated_positions_become_two_volumes(tmp_path: Path) -> None:
    for n in range(4):
        odd.write(tmp_path / f"a{n}.dcm", n, AcquisitionNumber=1)
        odd.write(tmp_path / f"b{n}.dcm", n, odd.pixels(n) + 1000, AcquisitionNumber=2)
    sources = readers.scan(tmp_path).sources
    assert [source.shape[0] for source in sources] == [4, 4]
    assert [source.part for source in sources] == [0, 1]
    assert "split into 2 volumes by acquisition" in sources[0].warnings[0]
    assert [path.name[0] for path in sources[1].paths] == ["b"] * 4
    assert "acquisition 2" in sources[1].description


def test_repeated_positions_without_a_difference_follow_the_instance_number(tmp_path: Path) -> None:
    for n in range(3):
        odd.write(tmp_path / f"b{n}.dcm", n, InstanceNumber=n)
        odd.write(tmp_path / f"a{n}.dcm", n, odd.pixels(n) + 7, InstanceNumber=10 + n)
    first, second = readers.scan(tmp_path).sources
    assert {path.name[0] for path in first.paths} == {"b"}
    assert {path.name[0] for path in second.paths} == {"a"}


def test_acquisitions_at_different_places_stay_one_volume(tmp_path: Path) -> None:
    for n in range(4):
        odd.write(tmp_path / f"{n}.dcm", n, AcquisitionNumber=n // 2)
    assert readers.open_volume(tmp_path).shape[0] == 4


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("size", {"array": odd.pixels(9, (4, 4))}),
        ("orientation", {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}),
        ("echo time", {"EchoTime": 40.0}),
        ("kernel", {"ConvolutionKernel": "B70"}),
        ("image type", {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}),
        ("b-value", {"DiffusionBValue": 1000.0}),
    ],
)
def test_other_kinds_of_images_are_separate(tmp_path: Path, name: str, attributes: dict[str, object]) -> None:
    odd.series(tmp_path)
    odd.write(tmp_path / "other.dcm", 9, **attributes)
    sources = readers.scan(tmp_path).sources
    assert sorted(source.shape[0] for source in sources) == [1, 5]
    assert all("2 kinds of images" in source.warnings[0] for source in sources)


def test_gantry_tilt_stays_in_the_affine(tmp_path: Path) -> None:
    for n in range(4):
        odd.write(tmp_path / f"{n}.dcm", n, ImagePositionPatient=[0, 0.5 * n, 2.5 * n])
    volume = readers.open_volume(tmp_path)
    np.testing.assert_allclose(volume.affine[:3, 0], (0, 0.5, 2.5))
    assert "Gantry tilt of 11.3°" in volume.source.warnings[0]


def test_radiographs_without_position_are_single(tmp_path: Path) -> None:
    odd.series(tmp_path, 3, Modality="CR", ImagePositionPatient=None, ImageOrientationPatient=None)
    assert [source.shape[0] for source in readers.scan(tmp_path).sources] == [1, 1, 1]


def test_slices_without_position_follow_the_instance_number(tmp_path: Path) -> None:
    odd.series(tmp_path, 3, ImagePositionPatient=None)
    volume = readers.open_volume(tmp_path)
    np.testing.assert_array_equal(volume.array[:, 0, 0], (0, 100, 200))
    assert volume.spacing[0] == 2.5
    assert "InstanceNumber" in volume.source.warnings[0]


def test_undecodable_slice_is_left_out_of_its_series(tmp_path: Path) -> None:
    paths = odd.series(tmp_path, 6)
    source = readers.scan(tmp_path).sources[0]
    paths[5].write_bytes(paths[5].read_bytes()[:-30])
    paths[0].unlink()
    volume = readers.read(source)
    np.testing.assert_array_equal(volume.array[:, 0, 0], (100, 200, 300, 400))
    assert volume.source.paths == tuple(paths[1:5])
    assert volume.source.shape == volume.shape
    np.testing.assert_allclose(volume.origin, (-10, -20, 2.5))
    text = " ".join(volume.source.warnings)
    assert "Left out slice 006.dcm" in text
    assert "Left out slice 001.dcm" in text


def test_single_slice_that_cannot_be_decoded_is_an_error(tmp_path: Path) -> None:
    path = odd.write(tmp_path / "a.dcm", 0)
    source = readers.scan(path).sources[0]
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ReadError, match="cut off"):
        readers.read(source)


def test_damaged_compressed_pixels(tmp_path: Path) -> None:
    data = odd.dataset(0, np.arange(4096, dtype=np.int16).reshape(64, 64))
    data.compress(JPEG2000Lossless)
    data["PixelData"].value = data.PixelData[:60] + bytes(200) + data.PixelData[260:]
    data.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(ReadError, match="JPEG 2000"):
        readers.open_volume(tmp_path)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_slices(tmp_path: Path, syntax: str) -> None:
    for n in range(3):
        data = odd.dataset(n, odd.pixels(n, (64, 64)))
        data.compress(syntax)
        data.save_as(tmp_path / f"{n}.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(readers.open_volume(tmp_path).array[:, 0, 0], (0, 100, 200))
    cut = (tmp_path / "1.dcm").read_bytes()[:-40]
    (tmp_path / "1.dcm").write_bytes(cut)
    assert "cut off" in readers.scan(tmp_path).skipped[0].reason


def test_without_preamble(tmp_path: Path) -> None:
    for n in range(2):
        data = odd.dataset(n)
        del data.file_meta
        with (tmp_path / f"{n}").open("wb") as file:
            pydicom.dcmwrite(file, data, implicit_vr=True, little_endian=True)
    assert readers.open_volume(tmp_path).shape[0] == 2


def test_text_is_not_forced_to_be_dicom() -> None:
    assert not dicom.accepts(Path("a"), b"Dear colleague, " * 20)
    assert not dicom.accepts(Path("a"), b"\x08\x00")


def test_unplaceable_header_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM" + bytes(range(200)))
    found = readers.scan(tmp_path)
    assert not found.sources
    assert len(found.skipped) == 1
