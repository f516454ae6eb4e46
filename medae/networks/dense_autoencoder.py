"""Fully connected autoencoder of one image size."""

from collections.abc import Sequence
from math import prod
from typing import Literal

import torch  # noqa: TID253
from monai.networks.nets import FullyConnectedNet  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253

from medae.networks.network import Network, check_input

CodeAct = Literal["none", "sigmoid", "relu"]
_ACTIVATIONS: dict[CodeAct, type[nn.Module]] = {"none": nn.Identity, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}


class DenseAutoEncoder(Network):
    """All pixels to a code (B, code_size) and back, through fully connected layers with PReLU between them.

    Parameters
    ----------
    window
        Spatial size that the network takes: (H, W) or (D, H, W).
    in_channels
        Neighbouring slices given, the middle one is restored; 1 in 3-D.
    hidden
        Units of the layers between image and code; the decoder mirrors them. Empty: one layer on each side.
    code_size
        Numbers in the code.
    code_act
        Activation of the code: ``"none"``, ``"sigmoid"`` or ``"relu"``.
    top_k
        Keep the so many largest numbers of each code and set the others to zero
        (Makhzani & Frey, "k-Sparse autoencoders", ICLR 2014). None keeps all.
    bias
        Whether the layers have biases.
    centred
        Learn one image m that is taken from the input and added to the output: x̂ = m + g(f(x − m)). Without hidden
        layers, code activation and biases this is principal component analysis (Baldi & Hornik 1989).
    """

    def __init__(
        self,
        window: Sequence[int],
        in_channels: int = 1,
        hidden: Sequence[int] = (512,),
        code_size: int = 64,
        code_act: CodeAct = "none",
        top_k: int | None = None,
        bias: bool = True,
        centred: bool = False,
    ) -> None:
        super().__init__()
        check_input(len(window), in_channels)
        if code_act not in _ACTIVATIONS:
            raise ValueError(f"code_act is one of {', '.join(_ACTIVATIONS)}, not {code_act!r}")
        if top_k is not None and not 0 < top_k <= code_size:
            raise ValueError(f"top_k is between 1 and the code size {code_size}, not {top_k}")
        self.window = tuple(window)
        self.spatial_dims = len(self.window)
        self.middle = in_channels // 2
        self.top_k = top_k
        pixels = prod(self.window)
        self.center = nn.Parameter(torch.zeros(in_channels, *self.window)) if centred else None
        self.encoder = FullyConnectedNet(in_channels * pixels, code_size, list(hidden), bias=bias)
        self.code_act = _ACTIVATIONS[code_act]()
        self.decoder = FullyConnectedNet(code_size, pixels, list(reversed(hidden)), bias=bias)

    def encode(self, x: Tensor) -> Tensor:
        """(B, C, *window) to (B, code_size)."""
        code: Tensor = self.code_act(self.encoder(x if self.center is None else x - self.center))
        if self.top_k is None:
            return code
        kept = code.topk(self.top_k, dim=1).indices
        return code * torch.zeros_like(code).scatter_(1, kept, 1.0)

    def decode(self, code: Tensor) -> Tensor:
        """(B, code_size) to (B, 1, *window)."""
        image = self.decoder(code).reshape(-1, 1, *(self.window or ()))
        return image if self.center is None else image + self.center[self.middle]

    def code_columns(self) -> Tensor:
        """Weight of the decoder's first layer (units, code_size): column j is what number j of the code adds."""
        return next(layer.weight for layer in self.decoder.modules() if isinstance(layer, nn.Linear))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *window) to (B, 1, *window)."""
        return self.decode(self.encode(x))
