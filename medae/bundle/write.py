"""Write bundles, whole or not at all."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from medae.bundle.catalogue import user_models_folder
from medae.bundle.info import BundleInfo, read_info
from medae.bundle.weights import file_sha256
from medae.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor


_NUMBERS = re.compile(r'\[\n\s+(-?\d[^\[\]{}"]*?)\n\s+\]')
"""A list of numbers, one on a line, which no text in quotes holds."""


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a configuration to be read by people, too: indented, but a list of numbers on one line."""
    indented = json.dumps(content, indent=2)
    text = _NUMBERS.sub(lambda found: f"[{', '.join(found[1].replace(',', ' ').split())}]", indented)
    path.write_text(f"{text}\n", "utf-8")


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
        write_json(staging / "configs" / "metadata.json", complete)
        write_json(staging / "configs" / "inference.json", inference)
        (staging / "docs" / "README.md").write_text(model_card, "utf-8")
        for name, content in (extra or {}).items():
            inside = PurePosixPath(name)
            if inside.is_absolute() or ".." in inside.parts:
                raise ValueError(f"{name} is outside the bundle")
            (staging / inside).parent.mkdir(parents=True, exist_ok=True)
            (staging / inside).write_bytes(content)
    return read_info(folder)


def derive(
    info: BundleInfo,
    name: str,
    *,
    title: str,
    settings: Mapping[str, Any],
    metrics: Mapping[str, Any],
    note: str,
) -> BundleInfo:
    """Write a copy of a bundle with the same weights among the user's models; one of that name is replaced.

    Parameters
    ----------
    info
        What to copy.
    name, title
        Of the copy; ``name`` is a folder's name.
    settings, metrics
        Go over those of the original.
    note
        Sentence for the top of the model card.

    Raises
    ------
    ModelError
        If the name is no name for a model, or the original is damaged.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ModelError(f"{name!r} is no name for a model: use small letters, digits and hyphens")
    if file_sha256(info.weights) != info.sha256:
        raise ModelError(f"the weights of model {info.name} are not those that it was made with; install it again")
    folder = user_models_folder() / name
    with staged(folder) as staging:
        shutil.copytree(info.folder, staging, dirs_exist_ok=True)
        file = staging / "configs" / "metadata.json"
        metadata = json.loads(file.read_text("utf-8"))
        own = metadata["medae"]
        metadata |= {"name": title, "created": datetime.now(UTC).date().isoformat()}
        metadata["metrics"] = {**metadata.get("metrics", {}), **metrics}
        metadata["medae"] = {**own, "settings": {**own.get("settings", {}), **settings}}
        write_json(file, metadata)
        card = staging / "docs" / "README.md"
        text = card.read_text("utf-8") if card.is_file() else ""
        card.parent.mkdir(exist_ok=True)
        card.write_text(f"> {note}\n\n{text}", "utf-8")
    return read_info(folder)
