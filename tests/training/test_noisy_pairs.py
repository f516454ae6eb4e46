"""Pairs of noisy images: same anatomy, independent noise, nothing of the held-out part."""

import numpy as np
import pytest
import torch

from medae.errors import UnsupportedVolume
from medae.inference.prepare import IntensityScale
from medae.progress import silent
from medae.training.noise import gaussian_blur
from medae.training.noisy_pairs import (
    cut_pieces,
    low_pass,
    measure_noise,
    neighbouring_pixels,
    neighbouring_slices,
)
from medae.volume import Volume

SCALE = IntensityScale(0.0, 1.0)


def _numbered(slices: int, rows: int = 96, columns: int = 80) -> Volume:
    """Every pixel tells its slice (hundreds) and row."""
    k, i, _ = np.meshgrid(np.arange(slices), np.arange(rows), np.arange(columns), indexing="ij")
    return Volume(array=(1000 * (k + 1) + i).astype(np.float32), affine=np.eye(4), modality="MR")


def test_held_out_slices_are_in_no_training_piece() -> None:
    pieces = cut_pieces(_numbered(20), SCALE, 2, seed=0, report=silent)
    middles = set((pieces.held_out[:, 2] // 1000).unique().tolist())
    seen = set((pieces.training // 1000).unique().tolist())
    assert len(middles) >= 3
    assert not middles & seen
    first = pieces.training[0, :, 0, 0] // 1000
    assert (first.diff() == 1).all()  # neighbouring slices, in order


@pytest.mark.parametrize("slices", [1, 3, 7])
def test_with_few_slices_rows_are_held_out(slices: int) -> None:
    pieces = cut_pieces(_numbered(slices), SCALE, 2, seed=0, report=silent)
    assert pieces.training.shape[1:3] == (5, pieces.training.shape[-1])
    assert int((pieces.training % 1000).max()) < int((pieces.held_out % 1000).min())


def test_the_seed_decides_the_pieces() -> None:
    one, two, other = (cut_pieces(_numbered(12), SCALE, 1, seed, silent).training for seed in (5, 5, 6))
    assert torch.equal(one, two)
    assert one.shape != other.shape or not torch.equal(one, other)


def test_pieces_do_not_grow_with_the_scan() -> None:
    pieces = cut_pieces(_numbered(40, 300, 300), SCALE, 2, seed=0, report=silent)
    assert pieces.training.nbytes + pieces.held_out.nbytes < 40e6


@pytest.mark.parametrize(
    ("shape", "fill", "reason"), [((9, 40, 200), 1.0, "smaller than 64"), ((9, 80, 80), 0.0, "too little tissue")]
)
def test_what_gives_no_pieces_is_said(shape: tuple[int, int, int], fill: float, reason: str) -> None:
    volume = Volume(array=np.full(shape, fill, np.float32), affine=np.eye(4), modality="MR")
    with pytest.raises(UnsupportedVolume, match=reason):
        cut_pieces(volume, SCALE, 2, seed=0, report=silent)


def _noise(width: float) -> torch.Tensor:
    noise = torch.randn((24, 1, 96, 96), generator=torch.Generator().manual_seed(0))
    noise = gaussian_blur(noise, width) if width else noise
    return noise[:, 0] / noise.std()


@pytest.mark.parametrize(("width", "low", "high"), [(0.0, -0.1, 0.05), (0.7, 0.3, 0.6)])
def test_noise_is_measured_on_a_slope(width: float, low: float, high: float) -> None:
    """Blurred white noise has the correlation exp(−1 / 4w²) at one pixel: 0.60 here."""
    slope = torch.linspace(1, 2, 96).expand(96, 96)
    sigma, correlation = measure_noise(slope + 0.05 * _noise(width))
    assert 0.03 < sigma < 0.06
    assert low < correlation < high
    assert measure_noise(torch.zeros(2, 32, 32)) == (0.0, 0.0)


def test_neighbouring_pixels_touch_and_are_never_the_same() -> None:
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    stacks = (100 * rows + columns).expand(3, 5, 32, 32).contiguous()
    pair = neighbouring_pixels(stacks, torch.zeros(3, 1, 32, 32), 1, torch.Generator().manual_seed(0))
    assert pair.input.shape == (3, 3, 16, 16)
    apart = (pair.target - pair.input[:, 1:2]).abs()
    assert set(apart.unique().tolist()) == {1.0, 100.0}
    assert torch.equal(pair.input[:, 0], pair.input[:, 2])  # all slices at the same pixels
    assert pair.alike.min() == 1


def test_the_regulariser_takes_back_half_of_the_step_between_pixels() -> None:
    stacks = torch.arange(32.0).expand(2, 3, 32, 32).contiguous()
    plain, regular = (
        neighbouring_pixels(stacks, restored, 1, torch.Generator().manual_seed(0))
        for restored in (torch.zeros(2, 1, 32, 32), stacks[:, 1:2])
    )
    step = plain.target - plain.input[:, 1:2]
    assert step.abs().max() == 1
    assert torch.allclose(regular.target - regular.input[:, 1:2], step / 2)


@pytest.mark.parametrize("middle", [0, 1, 2])
def test_the_target_slice_is_hidden_from_the_network(middle: int) -> None:
    stacks = torch.arange(5.0)[None, :, None, None].expand(1, 5, 16, 16) / 100 + 0.5
    for seed in range(4):
        pair = neighbouring_slices(stacks, middle, 1.0, torch.Generator().manual_seed(seed))
        target = float(pair.target[0, 0, 0, 0])
        assert target == pytest.approx(0.51) or target == pytest.approx(0.53)
        assert pair.input.shape[1] == 2 * middle + 1
        assert target not in pair.input
        assert (pair.input[:, middle] == stacks[:, 2]).all()


def test_slices_are_alike_where_local_means_agree() -> None:
    stacks = torch.full((1, 3, 48, 48), 0.5)
    stacks[:, ::2, :, 24:] = 0.9
    pair = neighbouring_slices(stacks, 1, 0.02, torch.Generator().manual_seed(0))
    assert pair.alike[..., :18].min() == 1
    assert pair.alike[..., 24:].max() == 0


def test_low_pass_keeps_a_plane() -> None:
    plane = torch.linspace(0, 1, 24).expand(1, 1, 24, 24)
    assert torch.allclose(low_pass(plane)[..., 4:-4], plane[..., 4:-4], atol=1e-6)
