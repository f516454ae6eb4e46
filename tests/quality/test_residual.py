"""Structure in residuals: noise and over-smoothing must be told apart."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import medae
from medae.quality.residual import STRUCTURE_LIMIT, autocorrelation, structure
from medae.quality.sample import take_sample
from medae.training.noise import rician
from medae.volume import Volume
from tests.quality.conftest import Images, white


def total_variation(image: Images, weight: float, rounds: int = 60) -> Images:
    """Minimise |x - image|² / 2 + weight · TV(x) for one slice (Chambolle, J Math Imaging Vis 2004)."""
    dual = np.zeros((2, *image.shape), np.float32)

    def divergence(p: Images) -> Images:
        down = np.diff(p[0], axis=0, prepend=0)
        return np.asarray(down + np.diff(p[1], axis=1, prepend=0))

    for _ in range(rounds):
        step = divergence(dual) - image / weight
        slope = np.stack([np.diff(step, axis=n, append=np.take(step, [-1], n)) for n in (0, 1)])
        dual = (dual + 0.24 * slope) / (1 + 0.24 * np.sqrt((slope**2).sum(0)))
    return np.asarray(image - weight * divergence(dual), np.float32)


@pytest.fixture(scope="module")
def noisy(head: Volume, top: float) -> Images:
    """The head with Rician noise of 4 %."""
    return rician(head.values(), 0.04 * top, seed=3)


def test_true_noise_has_no_structure(head: Volume, noisy: Images, top: float) -> None:
    clean, body = head.values(), take_sample(head).body
    found = structure(noisy - clean, clean, body)
    assert found.measured > 50
    assert found.score < 0.03
    assert found.amplitude < 0.1 * 0.04 * top
    assert found.blocks < 0.1


def test_correlated_noise_has_no_structure(head: Volume, top: float) -> None:
    noise = ndimage.gaussian_filter(white(head.shape), (0, 1.2, 1.2)) * np.float32(0.1 * top)
    found = structure(noise, head.values(), take_sample(head).body)
    assert found.score < 0.06
    assert found.blocks < 0.1


def test_total_variation_and_blur_are_seen(head: Volume, noisy: Images, top: float) -> None:
    body = take_sample(head).body
    strong = np.stack([total_variation(image, 0.08 * top) for image in noisy])
    blurred = ndimage.gaussian_filter(noisy, (0, 1, 1))
    for smooth in (strong, blurred):
        found = structure(noisy - smooth, smooth, body)
        assert found.score > 1.5 * STRUCTURE_LIMIT
        assert found.blocks > 0.4
        assert found.amplitude > 0.4 * 0.04 * top


def test_shipped_model_lies_between_noise_and_total_variation(head: Volume, noisy: Images, top: float) -> None:
    volume = replace(head, array=noisy, rescale_slope=np.ones(1), rescale_intercept=np.zeros(1))
    ours = medae.denoise(volume, model="mr-denoise").values()
    strong = np.stack([total_variation(image, 0.08 * top) for image in noisy])
    body = take_sample(head).body
    score = structure(noisy - ours, ours, body).score
    assert score < STRUCTURE_LIMIT
    assert structure(noisy - strong, strong, body).score > 2 * score


def test_too_little_to_tell_gives_zero() -> None:
    nothing = np.zeros((2, 30, 30), np.float32)
    everywhere = np.ones(nothing.shape, bool)
    assert structure(nothing, white(nothing.shape), everywhere).measured == 0
    assert structure(white(nothing.shape), nothing, everywhere).measured == 0
    assert structure(white((1, 8, 8)), white((1, 8, 8), 1), np.ones((1, 8, 8), bool)).measured == 0


def test_autocorrelation_is_that_of_a_gaussian_blur() -> None:
    mask = np.ones((4, 128, 128), bool)
    mask[:, 40:50] = False
    found = autocorrelation(ndimage.gaussian_filter(white(mask.shape), (0, 1, 1)), mask, 4)
    assert found == pytest.approx(np.exp(-(np.arange(4) ** 2) / 4), abs=0.05)  # exp(-d² / 4s²)
    assert autocorrelation(white(mask.shape), mask, 3) == pytest.approx((1, 0, 0), abs=0.03)
    assert autocorrelation(np.ones(mask.shape, np.float32), mask) == ()
    assert autocorrelation(white(mask.shape), ~mask & mask) == ()
