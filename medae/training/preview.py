"""A picture of what a network does to a few patches, for the training window and the model card."""

import io

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor, nn  # noqa: TID253

from medae.families import Batch

PATCHES = 4
"""Rows of the picture."""
SIDE = 128
"""Smaller patches are enlarged by a whole number to about this many pixels."""
GAP = 4
"""Pixels between the images."""


def picture(network: nn.Module, batch: Batch, middle: int) -> bytes:
    """Draw a row for each sample: input, what the network makes of it, target. PNG.

    Parameters
    ----------
    network
        In evaluation mode, on the device of the batch.
    batch
        (B, C, H, W), or (B, 1, D, H, W), of which the middle slice is shown.
    middle
        Channel of the input that is restored.
    """
    with torch.no_grad():
        restored = network(batch["input"]).float()[:, :1]
    shown = (batch["input"][:, middle : middle + 1], restored, batch["target"][:, :1])
    rows = [_row([_plane(images[n]) for images in shown]) for n in range(len(restored))]
    return _png(np.concatenate(rows)[:-GAP])


def _plane(image: Tensor) -> NDArray[np.float32]:
    """(1, H, W) or (1, D, H, W) to (H, W)."""
    flat = image[0] if image.ndim == 3 else image[0, image.shape[1] // 2]
    return flat.detach().cpu().numpy()


def _row(images: list[NDArray[np.float32]]) -> NDArray[np.uint8]:
    """Images beside each other in one grey scale, that of the target; with a gap below."""
    low, high = np.percentile(images[-1], [0.5, 99.5])
    times = max(1, SIDE // max(images[0].shape))
    greys = []
    for image in images:
        grey = np.clip((image - low) / max(float(high - low), 1e-6), 0, 1)
        large = np.kron((255 * grey).astype(np.uint8), np.ones((times, times), np.uint8))
        greys.append(np.pad(large, ((0, GAP), (0, GAP))))
    return np.concatenate(greys, axis=1)[:, :-GAP]


def _png(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG")
    return file.getvalue()
