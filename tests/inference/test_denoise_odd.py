"""Odd scans: empty, flat, tiny, huge, spoilt, padded, of any stored type; and harmlessness where there is no noise."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from medae import phantom
from medae.inference import denoise
from medae.inference.engines import choice
from medae.inference.prepare import intensity_scale
from medae.inference.streaming import cut
from medae.training.ct_noise import ct_low_dose
from medae.training.noise import rician
from medae.volume import Volume

MODELS = ("ct-denoise", "mr-denoise")


def volume(stored: np.ndarray, modality: str = "MR", **fields: object) -> Volume:
    return Volume(array=stored, affine=np.diag([2.0, 1.0, 1.0, 1.0]), modality=modality, **fields)


def ramp(shape: tuple[int, int, int] = (3, 40, 36), top: float = 900.0) -> np.ndarray:
    """Smooth values from 1 to ``top`` with noise of 2 %."""
    k, j, i = np.meshgrid(*(np.linspace(0, 1, n) for n in shape), indexing="ij")
    values = 1 + (top - 1) * (0.2 * k + 0.4 * j + 0.4 * i) + np.random.default_rng(0).normal(0, 0.02 * top, shape)
    return np.clip(values, 0, top)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fill", [0, 137])
def test_constant_scans_stay_what_they_are(model: str, fill: int) -> None:
    scan = volume(np.full((2, 80, 80), fill, np.int16), "CT" if model == "ct-denoise" else "MR")
    inside = denoise(scan, model).array[:, 30:-30, 30:-30].astype(float)  # where the image ends is an edge
    assert np.abs(inside - fill).max() <= max(1.0, 0.002 * fill)


@pytest.mark.parametrize(("model", "air"), [("ct-denoise", -1024), ("mr-denoise", 0)])
def test_empty_scans_stay_empty(model: str, air: int) -> None:
    scan = volume(np.full((2, 40, 40), air, np.int16), "CT" if model == "ct-denoise" else "MR")
    assert np.array_equal(denoise(scan, model).array, scan.array)


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 1, 1), (2, 5, 3), (1, 1, 300), (40, 1, 2)])
def test_tiny_scans_come_back(tiny_bundle, shape: tuple[int, int, int]) -> None:
    tiny_bundle()
    stored = np.random.default_rng(0).integers(0, 900, shape).astype(np.int16)
    result = denoise(volume(stored), "tiny")
    assert result.shape == shape
    assert np.abs(result.array - stored).max() < 2000


def test_a_huge_slice_is_done_in_tiles(tiny_bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_bundle(features=(4,))
    monkeypatch.setattr(choice, "WORTH_MEASURING", 10**9)
    stored = np.zeros((1, 4096, 4096), np.uint8)
    stored[0, 1000:1300, 1000:1300] = np.random.default_rng(0).integers(0, 200, (300, 300))
    seen, done = [], []

    def report(fraction: float, message: str = "", /) -> None:
        seen.append(fraction)

    result = denoise(volume(stored), "tiny", report=report, slice_done=done.append).array
    assert not result[0, 2000:].any()
    assert (result != stored).any()
    assert len(seen) > 16
    assert done == [0]


def test_one_slice_sees_itself_as_its_neighbours(tiny_bundle) -> None:
    tiny_bundle()
    one = ramp((1, 40, 36)).astype(np.float32)
    assert np.allclose(
        denoise(volume(one), "tiny").array[0], denoise(volume(np.repeat(one, 5, 0)), "tiny").array[2], atol=1e-3
    )


def test_what_is_not_finite_stays_and_harms_only_what_is_near(tiny_bundle) -> None:
    tiny_bundle()
    clean = ramp((3, 96, 96)).astype(np.float32)
    spoilt = clean.copy()
    spoilt[1, 40, 40], spoilt[1, 41, 40], spoilt[1, 42, 40] = np.nan, np.inf, -np.inf
    result = denoise(volume(spoilt), "tiny").array
    expected = denoise(volume(clean), "tiny").array
    assert np.isnan(result[1, 40, 40])
    assert np.isposinf(result[1, 41, 40])
    assert np.isneginf(result[1, 42, 40])
    assert np.isfinite(result).sum() == result.size - 3
    far = np.ones(result.shape, bool)
    far[:, :90, :90] = False
    assert np.allclose(result[far], expected[far], atol=1e-2)


def test_a_scan_of_nothing_but_nan_is_handed_back(tiny_bundle) -> None:
    tiny_bundle()
    assert np.isnan(denoise(volume(np.full((2, 8, 8), np.nan, np.float32)), "tiny").array).all()


@pytest.mark.parametrize("padding", [-2000, 30000])
def test_padding_is_bit_exact_and_has_no_say_in_the_scale(tiny_bundle, padding: int) -> None:
    tiny_bundle()
    stored = ramp().astype(np.int16)
    stored[:, :10] = padding
    padded = volume(stored, padding=(float(padding), float(padding)))
    assert intensity_scale(padded).scale == pytest.approx(float(np.percentile(stored[:, 10:], 99.9)), rel=0.01)
    result = denoise(padded, "tiny").array
    assert np.array_equal(result[:, :10], stored[:, :10])
    assert (result[:, 10:] != padding).all()
    other = stored.copy()
    other[:, :10] = -1500
    assert np.array_equal(denoise(volume(other, padding=(-1500.0, -1500.0)), "tiny").array[:, 10:], result[:, 10:])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_every_stored_type_gives_the_same_picture(tiny_bundle, dtype: type) -> None:
    tiny_bundle()
    stored = np.rint(ramp(top=120.0)).astype(dtype)
    result = denoise(volume(stored), "tiny").array
    expected = denoise(volume(stored.astype(np.float64)), "tiny").array
    low, high = (np.iinfo(dtype).min, np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else (-1e9, 1e9)
    assert result.dtype == dtype
    assert np.abs(result.astype(float) - np.clip(expected, low, high)).max() <= 0.51


def test_big_endian_values_are_read_and_written(tiny_bundle) -> None:
    tiny_bundle()
    stored = np.rint(ramp()).astype(np.int16)
    result = denoise(volume(stored.astype(">i2")), "tiny").array
    assert np.array_equal(result, denoise(volume(stored), "tiny").array)


def test_monochrome1_is_denoised_as_it_is_stored(tiny_bundle) -> None:
    tiny_bundle()
    stored = ramp().astype(np.uint16)
    result = denoise(volume(stored, inverted=True), "tiny")
    assert result.inverted
    assert np.array_equal(result.array, denoise(volume(stored), "tiny").array)


def test_negative_mr_values_are_kept_and_said(tiny_bundle) -> None:
    tiny_bundle()
    stored = ramp().astype(np.int16)
    stored[1, 5:8, 5:8] = -3
    result = denoise(volume(stored), "tiny")
    assert np.array_equal(result.array[1, 5:8, 5:8], stored[1, 5:8, 5:8])
    assert "negative" in result.provenance[-1].notes["domain"][0]


@pytest.mark.parametrize("outline", ["round field of view", "cut out"])
@pytest.mark.parametrize(("model", "fill"), [("ct-denoise", -2048), ("ct-denoise", 0), ("mr-denoise", 0)])
def test_noise_beside_what_is_empty_is_removed_as_elsewhere(model: str, fill: int, outline: str) -> None:
    scan = noise_free()[model]
    clean = cut(scan, (slice(2, 3), slice(None), slice(None)))
    values, modality = clean.values(), clean.modality
    noisy = ct_low_dose(values, 5e3, clean.spacing) if modality == "CT" else rician(values, 0.05 * value_range(clean))
    rows, columns = values.shape[1:]
    shown = np.zeros((rows, columns), bool)
    if outline == "cut out":
        shown[rows // 4 : -rows // 4, columns // 3 : -columns // 4] = True
    else:
        shown = np.hypot(*np.ogrid[-rows / 2 : rows / 2, -columns / 2 : columns / 2]) < 0.35 * columns
    given = np.where(shown, noisy, np.float32(fill))
    depth = ndimage.distance_transform_edt(shown)
    beside = (depth > 2) & (depth < 30) & (values > (-200 if modality == "CT" else 0.1 * values.max()))

    def error(images: np.ndarray) -> float:
        return float(np.sqrt(np.mean((denoise(replace(clean, array=images), model).values() - values)[beside] ** 2)))

    assert error(noisy) < 0.9 * float(np.sqrt(np.mean((noisy - values)[beside] ** 2)))
    assert error(given) < 1.4 * error(noisy)  # twice it, and more, where noise beside it is left


def noise_free() -> dict[str, Volume]:
    """Phantoms as float, so that nothing is rounded."""
    scans = {
        "ct-denoise": phantom.thorax(shape=(5, 256, 256), spacing=(5, 1.5, 1.5)).volume,
        "mr-denoise": phantom.head("T1", shape=(5, 192, 160), spacing=(3, 1, 1)).volume,
    }
    return {
        model: Volume(array=scan.values(), affine=scan.affine, modality=scan.modality, unit=scan.unit)
        for model, scan in scans.items()
    }


def value_range(scan: Volume) -> float:
    values = scan.values()
    return float(np.percentile(values, 99.9) - np.percentile(values, 0.1))


@pytest.mark.parametrize("model", MODELS)
def test_a_noise_free_phantom_changes_by_less_than_a_thousandth_of_its_range(model: str) -> None:
    scan = noise_free()[model]
    change = denoise(scan, model).values() - scan.values()
    assert np.sqrt(np.mean(change**2)) < 0.001 * value_range(scan)


@pytest.mark.parametrize("model", MODELS)
def test_nearly_clean_scans_change_by_less_than_half_of_their_noise(model: str) -> None:
    scan = noise_free()[model]
    level = 0.002 * value_range(scan)
    noisy = scan.values() + np.random.default_rng(0).normal(0, level, scan.shape).astype(np.float32)
    body = scan.values() > (-500 if model == "ct-denoise" else 0.05 * value_range(scan))
    change = denoise(replace(scan, array=noisy), model).values() - noisy
    assert float(np.sqrt(np.mean(change[body] ** 2))) < 0.5 * level
