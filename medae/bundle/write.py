"""Write bundles, whole or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from medae.bundle.info import BundleInfo, read_info
from medae.bundle.weights import file_sha256

if TYPE_CHECKING:
    from torch import Tensor


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside ``folder`` that takes its place at the end; nothing is left behind on failure."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield staging
        staging.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            os.replace(folder, old / folder.name)  # noqa: PTH105
            staging.rename(folder)
            shutil.rmtree(old)
        else:
            staging.rename(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def write(
    folder: Path,
    state: "Mapping[str, Tensor]",
    network_def: Mapping[str, Any],
    metadata: Mapping[str, Any],
    model_card: str,
    extra: Mapping[str, bytes] | None = None,
) -> BundleInfo:
    """Write a bundle; an existing one of that name is replaced only when the new one is complete.

    Parameters
    ----------
    folder
        Where the bundle goes; its name is the model's name.
    state
        Tensors by name.
    network_def
        JSON for `build_network`.
    metadata
        MONAI metadata with a ``"medae"`` part, to which the SHA-256 is added here, and the date if it has none.
    model_card
        Markdown.
    extra
        Further files by their path inside the bundle, such as ``"docs/preview.png"``.
    """
    from safetensors.torch import save_file

    with staged(folder) as staging:
        for part in ("configs", "models", "docs"):
            (staging / part).mkdir()
        weights = staging / "models" / "model.safetensors"
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}, weights)
        complete = {
            "created": datetime.now(UTC).date().isoformat(),
            **metadata,
            "medae": {**metadata["medae"], "sha256": file_sha256(weights)},
        }
        inference = {"imports": [], "network_def": dict(network_def)}
        (staging / "configs" / "metadata.json").write_text(json.dumps(complete, indent=2) + "\n", "utf-8")
        (staging / "configs" / "inference.json").write_text(json.dumps(inference, indent=2) + "\n", "utf-8")
        (staging / "docs" / "README.md").write_text(model_card, "utf-8")
        for name, content in (extra or {}).items():
            inside = PurePosixPath(name)
            if inside.is_absolute() or ".." in inside.parts:
                raise ValueError(f"{name} is outside the bundle")
            (staging / inside).parent.mkdir(parents=True, exist_ok=True)
            (staging / inside).write_bytes(content)
    return read_info(folder)
