"""Denoising: units, dtype, padding, order, cancel; never the quality of a model."""

import importlib
import json

import numpy as np
import pytest
import torch

from medae.errors import Cancelled, SettingsError, UnsupportedVolume
from medae.inference import denoise, tiles
from medae.inference.denoise import outward
from medae.inference.engines import Choice
from medae.volume import Volume


def _volume(array: np.ndarray, **fields: object) -> Volume:
    return Volume(array=array, affine=np.diag([2.0, 1.0, 1.0, 1.0]), **{"modality": "MR", **fields})


@pytest.fixture
def scan() -> Volume:
    return _volume(np.random.default_rng(0).integers(0, 1000, (4, 40, 36)).astype(np.int16))


def test_model_none_hands_the_stored_values_through(scan: Volume) -> None:
    result = denoise(scan, model="none")
    assert np.array_equal(result.array, scan.array)
    assert result.array.dtype == scan.array.dtype
    assert result.provenance[-1].bundle == "none"


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.uint8, np.float32, np.float64])
def test_dtype_grid_and_unit_are_kept(tiny_bundle, dtype: type) -> None:
    tiny_bundle()
    volume = _volume((np.random.default_rng(0).random((3, 20, 20)) * 200).astype(dtype))
    result = denoise(volume, model="tiny")
    assert result.array.dtype == dtype
    assert np.array_equal(result.affine, volume.affine)
    assert result.unit == volume.unit


def test_a_network_that_removes_nothing_leaves_every_stored_value(tiny_bundle) -> None:
    tiny_bundle(modality="CT", zero=True)
    stored = np.random.default_rng(0).integers(-1024, 3000, (3, 24, 24)).astype(np.int16)
    rescale = {"rescale_slope": np.array([1.0, 2.0, 0.5]), "rescale_intercept": np.full(3, -24.0)}
    volume = _volume(stored, modality="CT", **rescale)
    assert np.array_equal(denoise(volume, model="tiny").array, stored)


def test_strength_zero_changes_nothing_and_one_changes_something(tiny_bundle, scan: Volume) -> None:
    tiny_bundle()
    assert np.array_equal(denoise(scan, model="tiny", strength=0.0).array, scan.array)
    assert not np.array_equal(denoise(scan, model="tiny").array, scan.array)


def test_padding_and_nan_keep_their_stored_value(tiny_bundle) -> None:
    tiny_bundle()
    stored = np.random.default_rng(0).integers(1, 900, (2, 24, 24)).astype(np.int16)
    stored[:, :6] = -2000
    padded = denoise(_volume(stored, padding=(-2000.0, -2000.0)), model="tiny")
    assert np.array_equal(padded.array[:, :6], stored[:, :6])
    values = stored.astype(np.float32)
    values[0, 3, 3] = np.nan
    values[1, 5, 5] = np.inf
    result = denoise(_volume(values), model="tiny").array
    assert np.isnan(result[0, 3, 3])
    assert np.isinf(result[1, 5, 5])
    assert np.isfinite(result).sum() == values.size - 2


@pytest.mark.parametrize("fill", [0, 7])
@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 1, 5), (5, 17, 33)])
def test_flat_and_tiny_scans_come_back_finite(tiny_bundle, fill: int, shape: tuple[int, int, int]) -> None:
    tiny_bundle()
    result = denoise(_volume(np.full(shape, fill, np.int16)), model="tiny")
    assert result.shape == shape


def test_slices_are_done_outward_from_the_visible_one(tiny_bundle, scan: Volume) -> None:
    tiny_bundle()
    out, done = np.empty_like(scan.array), []
    denoise(scan, model="tiny", first_slice=2, out=out, slice_done=done.append)
    assert done == [2, 1, 3, 0]
    assert outward(0, 3) == [0, 1, 2]
    assert np.array_equal(out, denoise(scan, model="tiny").array)


def test_a_report_can_cancel(tiny_bundle, scan: Volume) -> None:
    tiny_bundle()

    def stop(fraction: float, message: str = "", /) -> None:
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        denoise(scan, model="tiny", report=stop)


def test_what_does_not_fit_is_said(tiny_bundle, scan: Volume) -> None:
    tiny_bundle(modality="CT")
    tiny_bundle("finder", task="anomaly")
    with pytest.raises(UnsupportedVolume, match="is for CT"):
        denoise(scan, model="tiny")
    with pytest.raises(UnsupportedVolume, match="maps anomalies"):
        denoise(scan, model="finder")
    with pytest.raises(UnsupportedVolume, match="--modality"):
        denoise(_volume(scan.array, modality=""))
    with pytest.raises(SettingsError, match="strength"):
        denoise(scan, strength=1.5)


def test_provenance_tells_model_hash_device_and_clipping(tiny_bundle, scan: Volume) -> None:
    info = tiny_bundle()
    step = denoise(scan, model="tiny", device="cpu").provenance[-1]
    assert (step.bundle, step.sha256) == ("tiny", info.sha256)
    assert "CPU" in step.device
    assert isinstance(step.notes["values_clipped"], int)


def test_a_volume_goes_through_a_3d_network_in_blocks(tiny_bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_bundle(features=(4,), spatial_dims=3)
    scan = _volume(np.random.default_rng(0).integers(1, 1000, (30, 23, 41)).astype(np.int16))
    whole, done, told = denoise(scan, model="tiny"), [], []
    monkeypatch.setitem(tiles.TILE, 3, 24)
    blocks = denoise(
        scan, "tiny", report=lambda fraction, _="": told.append(fraction), slice_done=lambda k: done.append(k)
    )
    assert np.abs(blocks.array.astype(int) - whole.array).max() <= 1  # where rounding tips over
    assert np.mean(blocks.array != whole.array) < 0.01
    assert done == list(range(30))
    assert len(told) > 6
    assert told == sorted(told)


class Half:
    """An engine that takes half of all deviations from the mean, if its memory suffices."""

    title = "half"

    def __init__(self) -> None:
        self.most = 200 * 200

    def run(self, images: torch.Tensor) -> torch.Tensor:
        if images[0, 0].numel() > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return (images[:, 1:2] + images[:, 1:2].mean()) / 2


def test_the_record_tells_engine_noise_and_memory(tiny_bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_bundle()
    chosen = Half(), Choice(title="torch float32", reason="for the test")
    monkeypatch.setattr(importlib.import_module("medae.inference.denoise"), "choose_engine", lambda *_, **__: chosen)
    scan = _volume(500 + np.random.default_rng(0).normal(0, 20, (4, 256, 256)).astype(np.float32))
    step = denoise(scan, model="tiny").provenance[-1]
    assert step.notes["noise_before"] == pytest.approx(20, rel=0.2)
    assert step.notes["noise_after"] == pytest.approx(10, rel=0.2)
    assert step.notes["engine_reason"] == "for the test"
    assert step.notes["memory"] == ["memory did not suffice on cpu: tiles were halved to 128 pixels"]
    assert ", half:" in step.device
    json.dumps(step.to_dict())
