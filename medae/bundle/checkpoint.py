"""Weights of other people's bundles, read without running anything."""

import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medae.bundle.pickles import is_torchscript
from medae.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

MOST_BYTES = 4 << 30
"""Of all tensors together."""

_WRAPPERS = ("state_dict", "model", "network", "net", "model_state_dict")
"""Keys under which checkpoints keep the weights."""


def read_state(folder: Path) -> "dict[str, Tensor]":
    """Read ``models/model.safetensors``, or else ``models/model.pt`` with ``weights_only=True``.

    Parameters
    ----------
    folder
        A bundle.

    Returns
    -------
    dict
        Tensors by name, on the CPU.

    Raises
    ------
    ModelError
        If there are no weights that can be read as data.
    """
    safe, pickled = folder / "models" / "model.safetensors", folder / "models" / "model.pt"
    if safe.is_file():
        return _read_safetensors(safe)
    if pickled.is_file():
        return _read_pickled(pickled)
    others = sorted(path.name for path in (folder / "models").glob("*.*")) if (folder / "models").is_dir() else []
    if any(name.endswith(".ts") for name in others):
        raise ModelError(
            "its weights are only there as TorchScript (model.ts), which is a program and is not run; "
            "ask for the bundle with models/model.pt"
        )
    held = f" (models holds {', '.join(others[:5])})" if others else ""
    raise ModelError(f"the bundle has no weights: neither models/model.safetensors nor models/model.pt{held}")


def _read_safetensors(path: Path) -> "dict[str, Tensor]":
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise ModelError(f"models/{path.name} is damaged ({error})") from error


def _read_pickled(path: Path) -> "dict[str, Tensor]":
    import torch

    if is_torchscript(path):
        raise ModelError(
            "models/model.pt is TorchScript, which is a program and is not run; ask for the weights as a state "
            "dictionary"
        )
    _check_inflated(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pickle protocols that it may not read
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise ModelError(
            f"models/model.pt cannot be read as plain weights, and is never opened in another way ({reason})"
        ) from error
    return _state(content)


def _check_inflated(path: Path) -> None:
    """Refuse an archive that grows beyond measure when it is read."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise ModelError(f"models/{path.name} would take more than {MOST_BYTES >> 30} GB of memory")


def _state(content: Any) -> "dict[str, Tensor]":
    """Find the weights in a checkpoint."""
    import torch

    for key in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict) or not content:
        raise ModelError("models/model.pt holds no dictionary of weights")
    strange = [str(key) for key, value in content.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise ModelError(f"models/model.pt holds more than weights ({strange[0][:40]})")
    if sum(tensor.numel() * tensor.element_size() for tensor in content.values()) > MOST_BYTES:
        raise ModelError("the weights in models/model.pt are larger than any model here")
    return {str(key).removeprefix("module."): tensor for key, tensor in content.items()}
