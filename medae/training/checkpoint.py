"""Checkpoints: all that a run needs to go on as if nothing had happened, in one file that is whole or not there."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch  # noqa: TID253

from medae.errors import SettingsError

FORMAT = 1
"""Raised when the content changes so that older checkpoints cannot be continued."""


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint, so that a power cut at any time leaves the old one or the new one.

    Parameters
    ----------
    path
        Replaced if it exists.
    content
        Tensors, numbers, text, and lists and dictionaries of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, staging = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save({"format": FORMAT, **content}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(staging, path)  # noqa: PTH105
    except BaseException:
        Path(staging).unlink(missing_ok=True)
        raise
    for stale in path.parent.glob(f".{path.name}-*"):  # of a trainer that was killed while it wrote
        stale.unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint; nothing in it is executed.

    Raises
    ------
    SettingsError
        If it is damaged or of another version of MedAE.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise SettingsError(f"{path} is damaged and cannot be continued; train anew without --resume") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SettingsError(f"{path} was written by another version of MedAE; train anew without --resume")
    return content
