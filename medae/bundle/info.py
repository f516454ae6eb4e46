"""What a bundle's metadata says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medae.errors import ModelError

TASKS = {"denoise": "denoises", "anomaly": "maps anomalies", "reconstruct": "reconstructs images"}
"""What models are for, and the verb that says it."""

MOST_JSON = 32 << 20
"""Bytes; a larger configuration is no configuration."""


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """What a bundle's metadata says.

    Attributes
    ----------
    name, version, title, description
        ``name`` is the folder's name and what ``--model`` takes.
    task
        Key in `TASKS`.
    family
        Key in `medae.families.FAMILIES`.
    modalities
        DICOM Modality values that the model was trained on.
    folder
        The bundle folder.
    sha256
        Of ``models/model.safetensors``, as the metadata state it.
    licence
        SPDX identifier.
    shipped
        True for models that came with MedAE, False for the user's own.
    settings
        What inference needs besides the network: pixel spacing, halo, calibration.
    metrics
        Measured on held-out scans when the model was made.
    training
        What was learnt from: counts and hashes of scans, steps, seconds, device, parameters.
    recipe
        The training run as JSON; empty for imported models.
    created
        Date, as YYYY-MM-DD; empty where nobody wrote it down.
    origin
        Where an imported model came from.
    """

    name: str
    version: str
    title: str
    task: str
    family: str
    modalities: tuple[str, ...]
    description: str
    folder: Path
    sha256: str
    licence: str
    shipped: bool
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    origin: str = ""

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        return self.folder / "models" / "model.safetensors"

    @property
    def card(self) -> Path:
        """The model card, which may be missing."""
        return self.folder / "docs" / "README.md"

    @property
    def previews(self) -> tuple[Path, ...]:
        """Pictures of what the model does, in the order of their names."""
        return tuple(sorted((self.folder / "docs").glob("*.png")))

    @property
    def parameters(self) -> int | None:
        """Number of trainable parameters, where it was recorded."""
        count = self.training.get("parameters")
        return count if isinstance(count, int) else None

    @property
    def size(self) -> int:
        """Bytes of the weights; 0 where they are missing, or the model was removed a moment ago."""
        try:
            return self.weights.stat().st_size
        except OSError:
            return 0


def printable(text: object) -> str:
    """Give a text without characters that act on a terminal; line ends and tabs stay."""
    return "".join(character for character in str(text) if character.isprintable() or character in "\n\t")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ModelError
        If the file cannot be read or holds something else.
    """
    try:
        if path.stat().st_size > MOST_JSON:
            raise ModelError(f"{path}: is too large for a configuration; the bundle is damaged")
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: is not valid JSON; the bundle is damaged") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path}: is not a JSON object; the bundle is damaged")
    return content


def read_info(folder: Path, *, shipped: bool = False) -> BundleInfo:
    """Read a bundle folder's metadata.

    Raises
    ------
    ModelError
        If the folder is not a bundle that MedAE can use.
    """
    metadata = read_json(folder / "configs" / "metadata.json")
    ours = metadata.get("medae")
    if not isinstance(ours, dict):
        raise ModelError(
            f"{folder}: is a MONAI bundle, but not one of MedAE's (no 'medae' in metadata.json); "
            f"bring it in with 'medae models import'"
        )
    try:
        return BundleInfo(
            name=folder.name,
            version=printable(metadata["version"]),
            title=printable(metadata["name"]),
            task=printable(ours["task"]),
            family=printable(ours["family"]),
            modalities=_texts(ours["modalities"]),
            description=printable(metadata.get("description", "")),
            folder=folder,
            sha256=str(ours["sha256"]),
            licence=printable(metadata.get("license", "")),
            shipped=shipped,
            settings=_mapping(ours, "settings"),
            metrics=_mapping(metadata, "metrics"),
            training=_mapping(metadata, "training"),
            recipe=_mapping(ours, "recipe"),
            created=printable(metadata.get("created", "")),
            origin=printable(ours.get("origin", "")),
        )
    except KeyError as error:
        raise ModelError(f"{folder}: metadata.json lacks {error}; the bundle is damaged") from error
    except TypeError as error:
        raise ModelError(f"{folder}: metadata.json: {error}; the bundle is damaged") from error


def _mapping(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key, {})
    if not isinstance(value, dict):
        raise TypeError(f"{key} is not an object")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError("modalities is not a list of texts")
    return tuple(printable(text) for text in value)
