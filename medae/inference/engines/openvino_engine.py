"""OpenVINO as the engine on processors: the same network, converted once for each size, in float32 or bfloat16."""

import importlib
import sys
import warnings
from functools import cache
from typing import Any, Literal

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray
from torch import Tensor, nn  # noqa: TID253

from medae.inference.engines import compiled_models
from medae.networks import Network, ResidualUNet
from medae.networks.network import crop_to, pad_to_multiple

OpenVinoPrecision = Literal["float32", "bfloat16"]
_HINTS: dict[OpenVinoPrecision, str] = {"float32": "f32", "bfloat16": "bf16"}
TELEMETRY = "openvino_telemetry"
"""Package that reports each use of OpenVINO to its makers unless a file in the home folder forbids it."""


@cache
def openvino() -> Any:
    """OpenVINO's module, loaded without its telemetry: MedAE contacts nobody.

    Raises
    ------
    ImportError, OSError
        If it is not installed or its libraries do not load.
    """
    modules: dict[str, Any] = sys.modules
    modules.setdefault(TELEMETRY, None)  # how Python spells "cannot be imported"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("openvino")


@cache
def _core(module: Any) -> Any:
    """One ``Core`` for the whole process, of OpenVINO's module, which is never let go.

    The CPU plugin gives the thread that loads it a stack for signal handlers, and frees it when it is unloaded with
    the last ``Core`` and model. Where that happens in another thread, the next signal that Python handles (Ctrl+C, a
    child that ends) is fatal without a word (OpenVINO 2026.4).
    """
    return module.Core()


@cache
def openvino_problem() -> str:
    """Say why OpenVINO cannot be used; empty if it can."""
    try:
        found = "CPU" in _core(openvino()).available_devices
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        return f"OpenVINO cannot be loaded ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
    return "" if found else "OpenVINO does not support this processor"


@cache
def openvino_precisions() -> tuple[OpenVinoPrecision, ...]:
    """Precisions that this processor computes in itself; empty where OpenVINO cannot be used."""
    if openvino_problem():
        return ()
    abilities = _core(openvino()).get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ("float32", "bfloat16") if "BF16" in abilities else ("float32",)


def has_reduced_form(network: Network) -> bool:
    """Whether a network can run in bfloat16: it predicts what is to be subtracted, which is done in float32."""
    return isinstance(network, ResidualUNet) and network.residual


class _Predicted(nn.Module):
    """The part of a residual network that may be computed in reduced precision."""

    def __init__(self, network: ResidualUNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        return self.network.predicted(coarse, fine)


def bfloat16_parts(images: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split float32 numbers into two that add up to them exactly; the first has bfloat16's 8 significant bits.

    The second has at most 16 significant bits, of which bfloat16 keeps 8: 16 of the 24 bits of a number survive.
    """
    coarse = (images.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    return coarse, images - coarse


class OpenVinoEngine:
    """Runs a network through OpenVINO on the CPU, with as many threads as torch would take.

    Parameters
    ----------
    network
        On the CPU, in evaluation mode, of no fixed window.
    precision
        One of `openvino_precisions`; ``"bfloat16"`` only where `has_reduced_form`.
    identity
        SHA-256 of the weights: compiled models are kept on disk under it. Empty: nothing is kept.
    """

    def __init__(self, network: Network, precision: OpenVinoPrecision = "float32", identity: str = "") -> None:
        if precision == "bfloat16" and not has_reduced_form(network):
            raise ValueError("only networks that predict what is subtracted can run in bfloat16")
        self.network = network
        self.precision: OpenVinoPrecision = precision
        self.identity = identity
        self.title = f"OpenVINO {precision}"
        self._requests: dict[tuple[int, ...], Any] = {}

    def run(self, images: Tensor) -> Tensor:
        """(B, C, *spatial) float32 on the CPU to (B, outputs, *spatial) float32 on the CPU."""
        size = images.shape[2:]
        padded = np.ascontiguousarray(pad_to_multiple(images, self.network.strides).numpy())
        request = self._request(padded.shape)
        if self.precision == "float32":
            given: list[NDArray[np.float32]] = [padded]
        else:
            given = list(bfloat16_parts(padded))
        result = crop_to(torch.from_numpy(request.infer(given, share_inputs=True)[0]), size)
        if self.precision == "float32":
            return result
        middle = self.network.middle
        return images[:, middle : middle + 1] - result

    def _request(self, shape: tuple[int, ...]) -> Any:
        if shape not in self._requests:
            self._requests[shape] = self._compiled(shape).create_infer_request()
        return self._requests[shape]

    def _compiled(self, shape: tuple[int, ...]) -> Any:
        """Model compiled for one shape (B, C, *spatial), from the disk where it is kept."""
        core = _core(openvino())
        options = {
            "INFERENCE_PRECISION_HINT": _HINTS[self.precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,  # other processes compute on the same cores
        }
        if not self.identity:
            return core.compile_model(self._converted(shape), "CPU", options)
        place = compiled_models.place(
            self.identity, shape, self.precision, openvino().get_version(), torch.get_num_threads()
        )
        kept = compiled_models.read(place)
        if kept is not None:
            try:
                return core.import_model(kept, "CPU", options)
            except RuntimeError:  # of another build of the same version; compiled anew
                compiled_models.remove(place)
        compiled = core.compile_model(self._converted(shape), "CPU", options)
        compiled_models.write(place, compiled.export_model().getvalue())
        return compiled

    def _converted(self, shape: tuple[int, ...]) -> Any:
        """OpenVINO's form of the network for one shape; traced on a small input, since only the graph matters.

        Where slices tell each other what they have seen, their number is part of the graph.
        """
        module: nn.Module = self.network
        fixed = shape[: 3 if self.network.slices_around else 2]
        free = len(shape) - len(fixed)
        small = fixed + (2 * self.network.stride,) * free
        given: tuple[Tensor, ...] = (torch.zeros(small),)
        if self.precision == "bfloat16":
            assert isinstance(self.network, ResidualUNet)
            module, given = _Predicted(self.network), given * 2
        anything = openvino().PartialShape([*fixed, *[-1] * free])
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # tracing: only sizes that the stride divides are given
            model = openvino().convert_model(module, example_input=given, input=[anything] * len(given))
        model.reshape({place: openvino().PartialShape(shape) for place in model.inputs})
        return model
