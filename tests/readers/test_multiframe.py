"""Enhanced multi-frame files."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medae import readers
from medae.readers.multiframe import FILM

from . import odd


def test_frames_in_order_of_position(tmp_path: Path) -> None:
    path = odd.enhanced(tmp_path / "a.dcm")
    volume = readers.open_volume(path)
    np.testing.assert_array_equal(volume.array[:, 0, 0], (100, 200, 0))
    np.testing.assert_allclose(volume.rescale_slope, (1, 2, 1))
    assert volume.spacing == pytest.approx((2.5, 0.5, 0.75))
    assert volume.source.paths == (path,)
    assert volume.unit == "[hnsf'U]"


def test_repeated_frames_are_several_volumes(tmp_path: Path) -> None:
    path = odd.enhanced(tmp_path / "a.dcm", (0.0, 2.5, 0.0, 2.5), (1, 1, 1, 1))
    sources = readers.scan(path).sources
    assert [source.shape[0] for source in sources] == [2, 2]
    np.testing.assert_array_equal(readers.read(sources[1]).array[:, 0, 0], (200, 300))


def test_a_film_is_shown_frame_by_frame_and_says_so(tmp_path: Path) -> None:
    array = np.stack([odd.pixels(n) for n in (3, 1, 2)])
    odd.write(tmp_path / "a.dcm", 0, array, NumberOfFrames=3, Modality="XA")
    volume = readers.open_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, array)
    assert volume.source.warnings == (FILM,)
    assert not volume.placed
    assert volume.rescale_intercept.tolist() == [-1024] * 3


def nuclear(path: Path, step: float, vector: list[int] | None = None) -> Path:
    """Nuclear-medicine tomogram of three slices whose first lies at (-10, -20, 30)."""
    data = odd.dataset(0, np.stack([odd.pixels(n) for n in range(3)]), Modality="NM", NumberOfFrames=3)
    del data.ImagePositionPatient, data.ImageOrientationPatient
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.20"
    data.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-10, -20, 30], [1, 0, 0, 0, 1, 0]
    data.DetectorInformationSequence, data.SpacingBetweenSlices = [detector], step
    if vector is not None:
        data.SliceVector = vector
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("step", "vector", "order", "first"),
    [(4.0, None, (0, 1, 2), 30), (-4.0, None, (2, 1, 0), 22), (4.0, [2, 1, 3], (1, 0, 2), 30)],
)
def test_nuclear_tomogram_lies_in_space(
    tmp_path: Path, step: float, vector: list[int] | None, order: tuple[int, ...], first: float
) -> None:
    volume = readers.open_volume(nuclear(tmp_path / "a.dcm", step, vector))
    np.testing.assert_array_equal(volume.array[:, 0, 0], np.array(order) * 100)
    np.testing.assert_allclose(volume.to_lps((0, 0, 0)), (-10, -20, first))
    assert volume.spacing[0] == 4
    assert not volume.source.warnings


def sequence(**fields: object) -> list[Dataset]:
    """Sequence of one item."""
    item = Dataset()
    for name, value in fields.items():
        setattr(item, name, value)
    return [item]


def enhanced(path: Path, frames: list[dict[str, object]], **attributes: object) -> Path:
    """Enhanced object whose frames have their own functional groups: keyword of the sequence to its attributes."""
    data = odd.dataset(
        0, np.stack([odd.pixels(n) for n in range(len(frames))]), NumberOfFrames=len(frames), **attributes
    )
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(data, name)
    groups = []
    for frame in frames:
        group = Dataset()
        for name, fields in frame.items():
            setattr(group, name, sequence(**fields))  # type: ignore[arg-type]
        groups.append(group)
    data.PerFrameFunctionalGroupsSequence = groups
    data.save_as(path, enforce_file_format=True)
    return path


def place(z: float, spacing: float = 0.5, sagittal: bool = False, **others: object) -> dict[str, object]:
    """Functional groups of a frame."""
    cosines = [0, 1, 0, 0, 0, -1] if sagittal else [1, 0, 0, 0, 1, 0]
    return {
        "PlanePositionSequence": {"ImagePositionPatient": [z, 0, 0] if sagittal else [0, 0, z]},
        "PlaneOrientationSequence": {"ImageOrientationPatient": cosines},
        "PixelMeasuresSequence": {"PixelSpacing": [spacing, spacing], "SliceThickness": 3.0},
        **others,
    }


@pytest.mark.parametrize(
    ("modality", "kind"),
    [
        ("CT", "1.2.840.10008.5.1.4.1.1.2.1"),
        ("MR", "1.2.840.10008.5.1.4.1.1.4.1"),
        ("PT", "1.2.840.10008.5.1.4.1.1.130"),
    ],
)
def test_stacks_of_one_file_are_separate_volumes(tmp_path: Path, modality: str, kind: str) -> None:
    frames = [place(z) for z in (0, 3, 6)] + [place(x, sagittal=True) for x in (1, 2)] + [place(0, spacing=2.0)]
    path = enhanced(tmp_path / "a.dcm", frames, Modality=modality, SOPClassUID=kind)
    volumes = [readers.read(source) for source in readers.scan(path).sources]
    assert [volume.shape[0] for volume in volumes] == [3, 2, 1]
    assert [volume.spacing for volume in volumes] == [(3, 0.5, 0.5), (1, 0.5, 0.5), (3, 2, 2)]
    np.testing.assert_allclose(np.abs(volumes[1].affine[:3, 0]), (1, 0, 0))
    assert all("3 kinds of images" in volume.source.warnings[0] for volume in volumes)
    assert [volume.modality for volume in volumes] == [modality] * 3


def test_echoes_diffusion_and_times_of_one_file_are_separate(tmp_path: Path) -> None:
    echoes = [place(z, MREchoSequence={"EffectiveEchoTime": echo}) for echo in (10.0, 40.0) for z in (0, 3)]
    sources = readers.scan(enhanced(tmp_path / "e.dcm", echoes, Modality="MR")).sources
    assert [source.description for source in sources] == ["Chest – echo time 10.00 ms", "Chest – echo time 40.00 ms"]
    diffusion = [place(z, MRDiffusionSequence={"DiffusionBValue": b}) for b in (0.0, 800.0) for z in (0, 3)]
    sources = readers.scan(enhanced(tmp_path / "d.dcm", diffusion, Modality="MR")).sources
    assert [source.description for source in sources] == ["Chest – b-value 0", "Chest – b-value 800"]
    times = [place(z, FrameContentSequence={"TemporalPositionIndex": t}) for t in (1, 2) for z in (0, 3)]
    sources = readers.scan(enhanced(tmp_path / "t.dcm", times, Modality="MR")).sources
    assert [source.description for source in sources] == ["Chest – time 1", "Chest – time 2"]
    assert "split into 2 volumes by time" in sources[0].warnings[0]


def test_gradient_directions_of_one_file_are_separate(tmp_path: Path) -> None:
    frames = []
    for direction in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]):
        gradient = sequence(DiffusionGradientOrientation=direction)
        fields = {"DiffusionBValue": 800.0, "DiffusionGradientDirectionSequence": gradient}
        frames += [place(z, MRDiffusionSequence=fields) for z in (0, 3)]
    sources = readers.scan(enhanced(tmp_path / "a.dcm", frames, Modality="MR")).sources
    assert [source.shape[0] for source in sources] == [2, 2]
    assert "by direction" in sources[0].warnings[0]


def test_frames_without_a_place_are_a_film(tmp_path: Path) -> None:
    frames: list[dict[str, object]] = [{"PixelMeasuresSequence": {"PixelSpacing": [0.5, 0.5]}} for _ in range(3)]
    volume = readers.open_volume(enhanced(tmp_path / "a.dcm", frames, Modality="XA"))
    assert volume.shape[0] == 3
    assert FILM in volume.source.warnings
