"""Anomaly maps: grid, units, thresholds; never the quality of a model."""

import numpy as np
import pytest

from medae import phantom
from medae.errors import ModelError, SettingsError, UnsupportedVolume
from medae.inference import detect
from medae.inference.residual import Calibration
from medae.volume import Volume

CALIBRATION = Calibration(
    intensity_edges=(0.5,), gradient_edges=(0.1,), mean=((0, 0), (0, 0)), spread=((0.1, 0.1), (0.1, 0.1)), threshold=4.0
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
    assert (result.volume.array >= 0).all()
    assert result.volume.array[:, :2].max() == 0  # air
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
    assert detect(volume, model="tiny").volume.array[:, 30:40, 30:34].max() == 0


def test_what_does_not_fit_is_said(tiny_bundle, scan: Volume) -> None:
    tiny_bundle("cleaner", task="denoise")
    tiny_bundle("bare", task="anomaly")
    tiny_bundle("other", task="anomaly", modality="CT", calibration=CALIBRATION)
    with pytest.raises(UnsupportedVolume, match="denoises"):
        detect(scan, model="cleaner")
    with pytest.raises(ModelError, match="calibration"):
        detect(scan, model="bare")
    with pytest.raises(UnsupportedVolume, match="is for CT"):
        detect(scan, model="other")
    with pytest.raises(SettingsError, match="threshold"):
        detect(scan, threshold=-1.0)
