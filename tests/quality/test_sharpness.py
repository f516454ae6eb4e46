"""Edges of known blur."""

import numpy as np
import pytest
from scipy import ndimage, special

from medae.quality.sharpness import TEN_TO_NINETY, edge_sharpness, edge_spread, half_modulation, transfer_function
from tests.quality.conftest import Images, white


def discs(width: float, spacing: tuple[float, float] = (1.0, 1.0), height: float = 500) -> Images:
    """Discs whose outline is blurred by a Gaussian of ``width`` mm: (2, 128, 160)."""
    i, j = np.mgrid[:128, :160].astype(np.float64)
    image = np.zeros((128, 160))
    for row, column, radius in ((64, 50, 28), (64, 120, 24)):
        distance = radius - np.hypot((i - row) * spacing[0], (j - column) * spacing[1])
        image += height * 0.5 * (1 + special.erf(distance / (np.sqrt(2) * width)))
    return np.stack([image, image]).astype(np.float32)


EVERYWHERE = np.ones((2, 128, 160), bool)


@pytest.mark.parametrize("width", [0.8, 1.5])
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.8, 1.1)])
def test_width_of_known_edges(width: float, spacing: tuple[float, float]) -> None:
    clean = discs(width, spacing)
    found = edge_sharpness(clean, clean, EVERYWHERE, spacing)
    assert found is not None
    assert found.width_before_mm == pytest.approx(TEN_TO_NINETY * width, rel=0.1)
    assert found.ratio == 1


def test_widening_is_measured_under_noise() -> None:
    noisy = discs(1.0) + 10 * white((2, 128, 160))
    wider = edge_sharpness(noisy, discs(1.2), EVERYWHERE, (1.0, 1.0), noise=10)
    same = edge_sharpness(noisy, discs(1.0), EVERYWHERE, (1.0, 1.0), noise=10)
    blurred = edge_sharpness(noisy, ndimage.gaussian_filter(noisy, (0, 1, 1)), EVERYWHERE, (1.0, 1.0), noise=10)
    assert wider is not None
    assert same is not None
    assert blurred is not None
    assert wider.ratio == pytest.approx(1.2, abs=0.05)
    assert same.ratio == pytest.approx(1.0, abs=0.04)
    assert blurred.ratio == pytest.approx(np.sqrt(2), abs=0.1)


def test_no_edges_no_answer() -> None:
    flat = 10 * white((2, 128, 160))
    assert edge_sharpness(flat, flat, EVERYWHERE, (1.0, 1.0), noise=10) is None
    assert edge_sharpness(flat * 0, flat * 0, EVERYWHERE, (1.0, 1.0)) is None
    assert edge_sharpness(flat[:, :8, :8], flat[:, :8, :8], EVERYWHERE[:, :8, :8], (1.0, 1.0)) is None


@pytest.mark.parametrize("width", [0.7, 1.4])
def test_transfer_function_of_a_gaussian(width: float) -> None:
    i, j = np.mgrid[:128, :160].astype(np.float64)
    distances = 28.3 - np.hypot(i - 63.7, j - 50.2)
    image = 50 * 0.5 * (1 + special.erf(distances / (np.sqrt(2) * width)))
    frequencies, modulation = transfer_function(*edge_spread(image[None].astype(np.float32), distances, 8, 0.2))
    # |F(Gaussian)| = exp(-2π²s²f²) is one half at sqrt(2 ln 2) / (2πs)
    assert half_modulation(frequencies, modulation) == pytest.approx(
        np.sqrt(2 * np.log(2)) / (2 * np.pi * width), rel=0.04
    )


def test_half_modulation_at_the_ends() -> None:
    frequencies = np.linspace(0, 1, 5)
    assert half_modulation(frequencies, np.ones(5)) == 1.0
    assert half_modulation(frequencies, np.zeros(5)) == 0.0
    assert half_modulation(frequencies, 1 - frequencies) == pytest.approx(0.5)
