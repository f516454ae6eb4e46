"""Which device computes, and why."""

from dataclasses import dataclass
from functools import cache

import torch  # noqa: TID253

from medae.errors import SettingsError
from medae.networks import Network


@dataclass(frozen=True, slots=True)
class Device:
    """A torch device name and the reason for choosing it."""

    name: str
    reason: str

    def describe(self, engine: str = "") -> str:
        """One phrase for people, e.g. ``"CPU (2 threads), OpenVINO float32: no CUDA device found"``.

        Parameters
        ----------
        engine
            What computes there; left out where empty.
        """
        computed = f", {engine}" if engine else ""
        if self.name == "cpu":
            return f"CPU ({torch.get_num_threads()} threads){computed}: {self.reason}"
        return f"{torch.cuda.get_device_name(self.name)} ({self.name}){computed}: {self.reason}"


@cache
def _cuda_problem(name: str) -> str:
    """Say why a CUDA device cannot be used; empty if a small kernel ran on it."""
    if not torch.cuda.is_available():
        return "no CUDA device found"
    try:
        ones = torch.ones(64, device=name)
        total = float((ones * 2).sum())
    except (RuntimeError, AssertionError) as error:
        return f"{name} failed its test: {str(error).splitlines()[0]}"
    return "" if total == 128.0 else f"{name} gave a wrong result in its test"


def choose_device(wanted: str = "auto") -> Device:
    """Choose where to compute; a CUDA device is used only after a small kernel has run on it.

    Parameters
    ----------
    wanted
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Raises
    ------
    SettingsError
        If the name is unknown, or a CUDA device was asked for and cannot be used.
    """
    if wanted == "cpu":
        return Device("cpu", "asked for")
    if wanted == "auto":
        problem = _cuda_problem("cuda:0")
        return Device("cpu", problem) if problem else Device("cuda:0", "first CUDA device")
    index = wanted.removeprefix("cuda").removeprefix(":")
    if not wanted.startswith("cuda") or not (index.isdigit() or wanted == "cuda"):
        raise SettingsError(f"unknown device {wanted!r}; use auto, cpu, cuda or cuda:N")
    name = f"cuda:{index or 0}"
    if problem := _cuda_problem(name):
        raise SettingsError(f"{wanted} cannot be used: {problem}; use --device auto or cpu")
    return Device(name, "asked for")


def is_fast_in_bfloat16(device: Device) -> bool:
    """Whether the hardware itself computes in bfloat16; a processor that emulates it is several times slower."""
    if device.name != "cpu":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # from torch 2.11 on
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16", "bf16"))


def channels_last(network: Network, device: Device) -> Network:
    """Move a network to a device, its weights in the memory order that convolutions are fastest in."""
    network.to(device.name)
    for parameter in network.parameters():
        if parameter.ndim == 4:  # 3-D weights (ndim 5) gain nothing
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network
