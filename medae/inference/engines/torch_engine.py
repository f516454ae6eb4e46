"""torch as the engine: any network, on the CPU in float32, on CUDA also with automatic mixed precision."""

from typing import Literal

import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.inference.device import Device, channels_last
from medae.networks import Network

TorchPrecision = Literal["float32", "float16"]


class TorchEngine:
    """Runs the module itself.

    Residual networks subtract in float32 also under mixed precision: only convolutions are computed in float16, and
    float32 minus float16 is float32.

    Parameters
    ----------
    network
        In evaluation mode; moved to the device, its weights in the memory order that is fastest there.
    device
        Where to compute.
    precision
        ``"float16"`` for CUDA only.
    """

    def __init__(self, network: Network, device: Device, precision: TorchPrecision = "float32") -> None:
        self.network = channels_last(network, device)
        self.device = device
        self.mixed = precision == "float16" and device.name != "cpu"
        self.title = f"torch {'float16' if self.mixed else 'float32'}"

    @torch.inference_mode()
    def run(self, images: Tensor) -> Tensor:
        """(B, C, *spatial) float32 on the CPU to (B, 1, *spatial) float32 on the CPU."""
        layout = torch.channels_last if images.ndim == 4 else torch.contiguous_format
        with torch.autocast("cuda", torch.float16, enabled=self.mixed):
            return self.network(images.to(self.device.name, memory_format=layout)).float().cpu()
