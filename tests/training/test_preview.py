"""The picture of a few patches."""

import io

import numpy as np
import torch
from PIL import Image
from torch import nn

from medae.families import Batch
from medae.training.preview import GAP, picture


def _batch(*shape: int) -> Batch:
    images = torch.linspace(0, 1, shape[-1]).expand(2, *shape).contiguous()
    middle = images[:, images.shape[1] // 2 :][:, :1] if len(shape) == 3 else images
    return Batch(input=images, target=middle, weight=torch.ones_like(middle))


class _Half(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, x.shape[1] // 2 :][:, :1] / 2


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_a_row_is_input_restored_and_target_in_one_grey_scale() -> None:
    image = _pixels(picture(_Half(), _batch(3, 32, 32), middle=1))
    assert image.shape == (2 * 128 + GAP, 3 * 128 + 2 * GAP)
    given, restored, target = (image[:128, n * (128 + GAP) : n * (128 + GAP) + 128].astype(int) for n in range(3))
    assert np.array_equal(given, target)
    assert np.abs(2 * restored - target).max() <= 3


def test_blocks_show_their_middle_slice() -> None:
    assert _pixels(picture(_Half(), _batch(1, 8, 64, 64), middle=0)).shape == (2 * 128 + GAP, 3 * 128 + 2 * GAP)
