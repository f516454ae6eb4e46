"""What inference asks of an engine."""

from typing import Protocol

from torch import Tensor  # noqa: TID253


class Engine(Protocol):
    """Computes one network.

    Attributes
    ----------
    title
        For people and records: the engine and its precision, e.g. ``"OpenVINO bfloat16"``.
    """

    title: str

    def run(self, images: Tensor) -> Tensor:
        """Compute what the network's ``forward`` gives.

        Parameters
        ----------
        images
            (B, C, *spatial) float32 network values on the CPU, of any size.

        Returns
        -------
        Tensor
            (B, outputs, *spatial) float32 on the CPU.
        """
        ...
