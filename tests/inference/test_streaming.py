"""Streaming: each slice is converted once, and only what changed is written."""

import numpy as np
import pytest
import torch

from medae.inference import streaming
from medae.inference.denoise import outward
from medae.inference.prepare import IntensityScale, neighbours, network_values
from medae.inference.streaming import SliceStacks, StoredOutput, cut, stacked
from medae.volume import Volume

SCALE = IntensityScale(0.0, 100.0)


def scan(shape: tuple[int, int, int] = (12, 9, 7), **fields: object) -> Volume:
    stored = np.random.default_rng(0).integers(0, 1000, shape).astype(np.int16)
    return Volume(array=stored, affine=np.eye(4), modality="MR", **fields)


@pytest.mark.parametrize("first", [0, 5, 11])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_each_slice_is_converted_once_in_any_order(first: int, channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    volume, converted = scan(), []

    def counting(volume: Volume, scale: IntensityScale, start: int, stop: int) -> np.ndarray:
        converted.append(start)
        return network_values(volume, scale, start, stop)

    monkeypatch.setattr(streaming, "network_values", counting)
    stacks = SliceStacks(volume, SCALE, channels)
    everything = network_values(volume, SCALE)
    for k in outward(first, 12):
        assert np.array_equal(np.stack(stacks.stack(k)), everything[neighbours(k, channels, 12)])
    assert sorted(converted) == list(range(12))
    assert len(stacks._kept) <= 2 * channels + 2


def test_stacks_are_empty_where_slices_are_filled() -> None:
    stored = scan().array.copy()
    stored[:, :5] = 137
    volume = Volume(array=stored, affine=np.eye(4), modality="MR")
    stack = SliceStacks(volume, SCALE, 3).stack(4)
    for image, k in zip(stack, (3, 4, 5), strict=True):
        assert not image[:5].any()
        assert np.allclose(image[5:], stored[k, 5:] / 100)
    out = np.empty_like(stored)
    output, before = StoredOutput(volume, SCALE, 1.0, out), np.stack(stack)
    output.write((slice(3, 6), slice(0, 9), slice(0, 7)), before, before + 1)
    assert np.array_equal(out[3:6, :5], stored[3:6, :5])  # it keeps its stored value
    assert np.array_equal(out[3:6, 5:], stored[3:6, 5:] + 100)


def test_a_box_is_cut_out_of_all_channels() -> None:
    images = [np.arange(12, dtype=np.float32).reshape(3, 4) + 100 * n for n in range(3)]
    part = stacked(images, (slice(1, 3), slice(0, 2)))
    assert part.shape == (1, 3, 2, 2)
    assert part[0, 2].tolist() == [[204, 205], [208, 209]]


def test_a_cut_volume_keeps_its_values_and_copies_nothing() -> None:
    volume = scan(rescale_slope=np.linspace(1, 2, 12), rescale_intercept=np.linspace(-5, 5, 12))
    box = (slice(3, 6), slice(2, 9), slice(1, 4))
    part = cut(volume, box)
    assert np.array_equal(part.values(), volume.values()[box])
    assert np.shares_memory(part.array, volume.array)


def test_boxes_written_piece_by_piece_are_the_whole() -> None:
    volume = scan(rescale_slope=np.linspace(1, 2, 12))
    before = network_values(volume, SCALE)
    after = before + torch.rand(volume.shape).numpy() - 0.5
    whole, pieces = np.empty_like(volume.array), np.empty_like(volume.array)
    output = StoredOutput(volume, SCALE, 1.0, whole)
    output.write((slice(0, 12), slice(0, 9), slice(0, 7)), before, after)
    for k in (slice(0, 5), slice(5, 12)):
        for j in (slice(0, 2), slice(2, 9)):
            box = (k, j, slice(0, 7))
            StoredOutput(volume, SCALE, 1.0, pieces).write(box, before[box], after[box])
    assert np.array_equal(whole, pieces)
    assert not np.array_equal(whole, volume.array)


def test_what_the_network_does_not_see_is_neither_changed_nor_counted() -> None:
    stored = np.array([[[-7, 0, 5, 250]]], np.int16)
    volume = Volume(array=stored, affine=np.eye(4), modality="MR", stored_range=(0.0, 255.0))
    before = network_values(volume, SCALE)
    out = np.empty_like(stored)
    output = StoredOutput(volume, SCALE, 1.0, out)
    output.write((slice(0, 1), slice(0, 1), slice(0, 4)), before, before + 1.0)
    assert out.tolist() == [[[-7, 0, 105, 255]]]
    assert output.clipped == 2  # 350 was cut to 255, and the scan's own -7 lies below its range


def test_lung_that_noise_pushed_below_the_scale_is_denoised_too() -> None:
    """Noise of 130 HU brings every tenth pixel of the lung below -1024 HU; they stayed as black specks."""
    noise = np.random.default_rng(0).normal(0, 130, (1, 40, 40))
    stored = np.round(-860 + noise).astype(np.int16)
    stored[:, :, :12] = -1100  # outside the field of view
    volume = Volume(array=stored, affine=np.eye(4), modality="CT")
    scale = IntensityScale(1024.0, 1000.0)
    before, out = network_values(volume, scale), np.empty_like(stored)
    assert 0.05 < float((before[:, :, 12:] == 0).mean()) < 0.2
    after = np.full_like(before, 0.164)
    box = (slice(0, 1), slice(0, 40), slice(0, 40))
    StoredOutput(volume, scale, 1.0, out).write(box, before, after)
    assert (out[:, :, 14:] == -860).all()
    assert (out[:, :, :12] == -1100).all(), "what lies outside keeps its value, also beside tissue"
    StoredOutput(volume, scale, 0.5, out).write(box, before, after)
    assert abs(out[:, :, 14:] - (stored[:, :, 14:] - 860.0) / 2).max() <= 0.5
    StoredOutput(volume, scale, 1.0, out).write(box, before, before)
    assert np.array_equal(out, stored), "nothing removed, nothing changed"


def test_padding_amid_the_lung_keeps_its_value() -> None:
    stored = np.full((1, 9, 9), -860, np.int16)
    stored[0, 4, 4] = -2000
    volume = Volume(array=stored, affine=np.eye(4), modality="CT", padding=(-2000.0, -2000.0))
    scale, out = IntensityScale(1024.0, 1000.0), np.empty_like(stored)
    before = network_values(volume, scale)
    box = (slice(0, 1), slice(0, 9), slice(0, 9))
    StoredOutput(volume, scale, 1.0, out).write(box, before, np.full_like(before, 0.164))
    assert np.array_equal(out, stored)
