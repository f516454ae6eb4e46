"""X-ray noise has the statistics that theory gives it, and presentations can be undone."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from medae.training.xray_noise import Detector, Presentation, detected, exposed, xray_noise

CURVES = [
    Presentation(),
    Presentation("power", 0.5),
    Presentation("power", 0.7, negative=True),
    Presentation("log", 4.0),
    Presentation("log", 2.0, negative=True),
    Presentation("sigmoid", 1.3, 0.2),
    Presentation("sigmoid", 0.9, 0.3, negative=True),
]


def _flat(value: float, side: int = 512) -> Tensor:
    return torch.full((1, side, side), value)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("signal", [0.0, 0.02, 0.4, 1.0])
@pytest.mark.parametrize(("gain", "read"), [(1 / 40, 0.0), (1 / 40, 0.1), (1e-3, 0.02)])
def test_mean_is_the_signal_and_variance_gain_times_signal_plus_read(signal: float, gain: float, read: float) -> None:
    noisy = detected(_flat(signal), Detector(gain, read), _seeded(1)).double()
    variance = gain * signal + read**2
    assert float(noisy.mean()) == pytest.approx(signal, abs=4 * math.sqrt(variance / noisy.numel()) + 1e-7)
    assert float(noisy.var()) == pytest.approx(variance, rel=0.02, abs=1e-12)


def test_few_quanta_are_counted() -> None:
    noisy = detected(_flat(0.03), Detector(0.1), _seeded(2))
    assert torch.allclose(noisy / 0.1, (noisy / 0.1).round(), atol=1e-4)
    assert float((noisy.abs() < 1e-6).float().mean()) == pytest.approx(math.exp(-0.3), abs=0.005)


@pytest.mark.parametrize("blur", [0.6, 0.9])
def test_power_spectrum_falls_with_the_squared_mtf_down_to_the_electronic_noise(blur: float) -> None:
    signal, gain, read, side = 0.5, 1 / 100, 0.03, 64
    flat = torch.full((200, side, side), signal)
    noise = detected(flat, Detector(gain, read, blur), _seeded(3)) - signal
    power = (torch.fft.fft2(noise).abs() ** 2).mean(0) / side**2
    f = torch.fft.fftfreq(side)
    frequency = torch.hypot(f[:, None], f[None])
    x = torch.arange(-4, 5)
    spread = torch.exp(-0.5 * (x / blur) ** 2)
    along = (spread[:, None] * torch.cos(2 * math.pi * x[:, None] * f)).sum(0) / spread.sum()
    mtf = along[:, None] * along
    expected = gain * signal * mtf**2 + read**2
    for low in (0.0, 0.1, 0.2, 0.3, 0.4):
        band = (frequency > low) & (frequency <= low + 0.1)
        assert float(power[band].mean()) == pytest.approx(float(expected[band].mean()), rel=0.03)
    assert float(power[frequency > 0.45].mean()) < 0.6 * float(power[frequency < 0.1].mean())


def test_without_blur_the_noise_is_white() -> None:
    noise = detected(_flat(0.5), Detector(1 / 100), _seeded(4))[0] - 0.5
    neighbours = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
    assert abs(float(neighbours)) < 0.01


@pytest.mark.parametrize("shown", CURVES)
def test_a_presentation_is_undone(shown: Presentation) -> None:
    signal = torch.linspace(0.14, 0.98, 50)
    grey = shown.apply(signal)
    assert torch.allclose(shown.invert(grey), signal, atol=1e-4)
    steps = grey.diff()
    assert bool((steps < 0).all() if shown.negative else (steps > 0).all())
    assert 0 <= float(grey.min()) <= float(grey.max()) <= 1


@pytest.mark.parametrize("shown", CURVES)
def test_a_signal_below_zero_has_a_grey_value(shown: Presentation) -> None:
    assert torch.isfinite(shown.apply(torch.tensor([-0.5, 0.0]))).all()


@pytest.mark.parametrize("negative", [False, True])
def test_noise_of_the_logarithm_grows_where_little_arrives(negative: bool) -> None:
    latitude, gain, read = 4.0, 1e-5, 1e-4
    shown = Presentation("log", latitude, negative=negative)
    for signal in (0.05, 0.5):
        grey = shown.apply(_flat(signal))
        noisy = exposed(grey, Detector(gain, read), _seeded(5), shown)
        expected = math.sqrt(gain / signal + (read / signal) ** 2) / latitude  # σ(ln s) = σ(s) / s
        assert float(noisy.std()) == pytest.approx(expected, rel=0.02)
        assert float(noisy.mean()) == pytest.approx(float(grey.mean()), abs=2e-4)


def test_drawn_images_are_of_many_kinds() -> None:
    ramp = torch.linspace(0.1, 0.9, 48).expand(1, 48, 48).contiguous()
    levels, untouched, flipped = [], 0, 0
    for seed in range(120):
        clean, noisy = xray_noise(ramp, np.random.default_rng(seed), _seeded(seed))
        assert clean.shape == noisy.shape == ramp.shape
        assert float(noisy.min()) >= 0
        assert torch.isfinite(noisy).all()
        levels.append(float((noisy - clean).std()))
        untouched += torch.equal(clean, noisy)
        flipped += bool(clean[0, 0, -1] < clean[0, 0, 0])
    assert 2 <= untouched <= 20
    assert 15 <= flipped <= 60
    assert np.percentile(levels, 10) < 0.01
    assert np.percentile(levels, 90) > 0.06


def test_the_seeds_decide_all() -> None:
    patch = torch.rand(1, 32, 32, generator=_seeded(0))
    first, same, other = (xray_noise(patch, np.random.default_rng(s), _seeded(s))[1] for s in (7, 7, 8))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
