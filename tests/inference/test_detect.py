"""Anomaly maps: grid, units, thresholds; never the quality of a model."""

import sys

import numpy as np
import pytest

from medae import bundle, phantom
from medae.errors import ModelError, SettingsError, UnsupportedVolume
from medae.inference import detect
from medae.inference.familiar import Familiar
from medae.inference.mapping import prepare
from medae.inference.normal import LEVELS, Calibration, Table
from medae.training.cache import with_noise
from medae.volume import Volume

TENTHS = ((0.1, 0.1), (0.1, 0.1))
CALIBRATION = Calibration(
    intensity_edges=(0.5,),
    gradient_edges=(0.1,),
    tables={"residual": Table(middle=((0, 0), (0, 0)), below=TENTHS, above=TENTHS)},
    mix={"residual": 1.0},
    maxima=(2.0, 3.0, 4.0),
    threshold=4.0,
).model_dump(mode="json")


@pytest.fixture
def scan() -> Volume:
    return phantom.head("FLAIR", shape=(3, 72, 64), spacing=(20.0, 3.0, 3.0)).volume


def test_the_map_lies_on_the_scans_own_grid(tiny_bundle, scan: Volume) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=2.0, calibration=CALIBRATION)
    result = detect(scan, model="tiny")
    assert result.volume.shape == scan.shape
    assert np.array_equal(result.volume.affine, scan.affine)
    assert result.volume.array.dtype == np.float32
    assert not result.volume.array[:, :2].any()  # air
    assert result.threshold == 4.0
    assert "tiny" in result.calibration
    assert result.provenance[-1].task == "detect"


def test_above_a_high_threshold_nothing_is_found(tiny_bundle, scan: Volume) -> None:
    tiny_bundle(task="anomaly", zero=True, pixel_spacing=3.0, calibration=CALIBRATION)
    result = detect(scan, model="tiny", threshold=20.0)
    assert result.threshold == 20.0
    assert result.findings == ()


def test_padding_scores_zero(tiny_bundle, scan: Volume) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION)
    padded = np.array(scan.array)
    padded[:, 30:40, 30:34] = 60000
    volume = Volume(array=padded, affine=scan.affine, modality="MR", padding=(60000.0, 60000.0))
    assert detect(volume, model="tiny").volume.array[:, 30:40, 30:34].any() == np.False_


def test_what_does_not_fit_is_said(tiny_bundle, scan: Volume) -> None:
    tiny_bundle("cleaner", task="denoise")
    tiny_bundle("bare", task="anomaly")
    with pytest.raises(UnsupportedVolume, match="denoises"):
        detect(scan, model="cleaner")
    with pytest.raises(ModelError, match="calibration"):
        detect(scan, model="bare")
    with pytest.raises(SettingsError, match="threshold"):
        detect(scan, threshold=-1.0)


def test_a_scan_of_another_modality_is_outside_the_models_domain(tiny_bundle, scan: Volume) -> None:
    tiny_bundle("other", task="anomaly", modality="CT", calibration=CALIBRATION)
    result = detect(scan, model="other")
    assert "it is MR; the model is for CT" in result.outside
    assert result.provenance[-1].notes["outside_domain"] == list(result.outside)


def test_a_scan_that_looks_like_no_normal_one_is_outside(tiny_bundle, scan: Volume) -> None:
    odd = (1.0, *[0.0] * (16 + 9))
    distances = {"furthest": 1e-6, "furthest_values": 0.0}
    known = Familiar(signatures=(odd, odd), residual=1.0, **distances)
    tiny_bundle(task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION, familiar=known.model_dump(mode="json"))
    assert any("appearance" in s or "differs" in s for s in detect(scan, model="tiny").outside)


def test_slices_further_apart_than_those_of_normal_scans_are_outside(tiny_bundle, scan: Volume) -> None:
    normal = {"slice_spacing": scan.spacing[0] / 2, "largest": 3.0, "findings": [0] * len(LEVELS)}
    tiny_bundle(task="anomaly", calibration={**CALIBRATION, "scans": [normal]})
    assert any("slices are" in sentence for sentence in detect(scan, model="tiny").outside)
    alike = {**CALIBRATION, "scans": [{**normal, "slice_spacing": scan.spacing[0]}]}
    tiny_bundle("alike", task="anomaly", calibration=alike)
    assert not detect(scan, model="alike").outside
    one_slice = phantom.head("FLAIR", shape=(1, 72, 64), spacing=(20.0, 3.0, 3.0)).volume
    assert not any("slices are" in sentence for sentence in detect(one_slice, model="tiny").outside)


@pytest.mark.parametrize(("anatomy", "outside"), [("brain", True), ("body", False)])
def test_a_sagittal_head_is_as_coarse_as_its_axial_slices(tiny_bundle, anatomy: str, outside: bool) -> None:
    head = phantom.head("FLAIR", shape=(24, 32, 32), spacing=(6.0, 6.0, 6.0)).volume
    sagittal = Volume(
        array=np.ascontiguousarray(head.array.transpose(2, 0, 1)),
        affine=head.affine[:, [2, 0, 1, 3]] @ np.diag([1.0, 0.5, 0.5, 1.0]),
        modality="MR",
    )
    tiny_bundle(task="anomaly", pixel_spacing=2.9, anatomy=anatomy, calibration=CALIBRATION)
    said = [sentence for sentence in detect(sagittal, model="tiny").outside if "its pixels are 6 mm" in sentence]
    assert bool(said) is outside


def test_what_an_older_version_knew_is_not_taken_for_nothing(tiny_bundle, scan: Volume) -> None:
    older = {"codes": [[1.0, 0.0]] * 2, "furthest": 1e-6, "residual": 1.0}
    tiny_bundle(task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION, familiar=older)
    (sentence,) = detect(scan, model="tiny").outside
    assert "older version" in sentence
    assert "medae calibrate tiny --normals FOLDER" in sentence


def test_outside_the_domain_the_threshold_is_what_no_normal_scan_exceeds(tiny_bundle, scan: Volume) -> None:
    usual = {**CALIBRATION, "threshold": 3.5}
    tiny_bundle("ours", task="anomaly", pixel_spacing=3.0, calibration=usual)
    tiny_bundle("other", task="anomaly", modality="CT", calibration=usual)
    assert detect(scan, model="ours").threshold == 3.5
    assert detect(scan, model="other").threshold == 4.0
    assert detect(scan, model="other", threshold=2.5).threshold == 2.5


def test_the_level_that_normal_scans_allow(tiny_bundle, scan: Volume) -> None:
    tiny_bundle(task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION)
    assert detect(scan, model="tiny", alpha=0.25).threshold == 4.0
    assert detect(scan, model="tiny", alpha=0.5).threshold == 3.0
    with pytest.raises(SettingsError, match="at least 9 are needed"):
        detect(scan, model="tiny", alpha=0.1)


def test_models_are_averaged(tiny_bundle, scan: Volume) -> None:
    tiny_bundle("one", task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION)
    tiny_bundle("two", task="anomaly", pixel_spacing=2.0, calibration={**CALIBRATION, "threshold": 6.0})
    one, two, both = (detect(scan, model=name) for name in ("one", "two", "one+two"))
    assert np.allclose(both.volume.array, (one.volume.array + two.volume.array) / 2, atol=1e-5)
    assert both.threshold == 5.0
    assert [step.bundle for step in both.provenance] == ["one", "two"]


def test_a_model_that_names_no_modality_is_refused(tiny_bundle, scan: Volume) -> None:
    info = tiny_bundle(task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION)
    file = info.folder / "configs" / "metadata.json"
    file.write_text(file.read_text().replace('"modalities": [\n      "MR"\n    ]', '"modalities": []'))
    with pytest.raises(UnsupportedVolume, match="this scan is MR"):
        detect(scan, model="tiny")


def test_a_scan_is_prepared_once_for_models_that_want_it_alike(
    tiny_bundle, scan: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_bundle("one", task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION)
    tiny_bundle("two", task="anomaly", pixel_spacing=3.0, calibration=CALIBRATION)
    tiny_bundle("finer", task="anomaly", pixel_spacing=2.0, calibration=CALIBRATION)
    spacings = []

    def counted(volume: Volume, settings: dict, *rest: object):
        spacings.append(settings["pixel_spacing"])
        return prepare(volume, settings, *rest)

    monkeypatch.setattr(sys.modules["medae.inference.detect"], "prepare", counted)
    detect(scan, model="one+two+finer")
    assert spacings == [3.0, 2.0]


@pytest.mark.parametrize(
    ("perfectly", "badly_at_worst", "taken"),
    [(True, 1.0, "further"), (False, 1.0, "near"), (False, 3.0, "near"), (False, 0.001, "near")],
)
def test_where_values_tell_two_contrasts_hardly_apart_the_model_that_restores_the_scan_is_taken(
    tiny_bundle, scan: Volume, monkeypatch: pytest.MonkeyPatch, perfectly: bool, badly_at_worst: float, taken: str
) -> None:
    def made(name: str, values: tuple[float, ...], residual: float, zero: bool = False):
        code = (*[0.0] * 16, *values)
        known = Familiar(signatures=(code,), furthest=0.1, furthest_values=0.1, residual=residual)
        settings = {"calibration": CALIBRATION, "familiar": known.model_dump(mode="json")}
        return tiny_bundle(name, task="anomaly", zero=zero, pixel_spacing=3.0, **settings)

    near = made("near", tuple(np.linspace(0.18, 0.47, 10)), 1.0)
    further = made("further", tuple(np.linspace(0.2, 0.45, 10)), badly_at_worst, perfectly)
    monkeypatch.setattr(bundle, "fitting", lambda *_: (near, further))
    assert detect(scan).provenance[0].bundle == taken


@pytest.mark.parametrize("contrast", ["FLAIR", "T1", "T2"])
def test_the_shipped_model_of_the_contrast_is_found_for_heads_of_a_frame_never_seen(contrast: str) -> None:
    head = phantom.head(contrast, shape=(24, 192, 160), spacing=(4.0, 1.0, 1.0), seed=1)  # type: ignore[arg-type]
    found = detect(with_noise(head.volume, 0.04, seed=1))
    assert found.provenance[0].bundle == f"mr-{contrast.lower()}-anomaly"
    assert not found.outside


def test_a_scan_of_another_contrast_is_outside_and_the_model_for_it_named() -> None:
    head = phantom.head("T1", shape=(24, 192, 160), spacing=(4.0, 1.0, 1.0), seed=1)
    sentences = detect(with_noise(head.volume, 0.04, seed=1), model="mr-flair-anomaly").outside
    assert any("normal scans of model mr-t1-anomaly" in sentence for sentence in sentences)
