"""MONAI bundles: list, choose, verify, read safely, write.

A bundle is a folder with ``configs/metadata.json``, ``configs/inference.json``, ``models/model.safetensors`` and
``docs/README.md`` (MONAI bundle specification). MONAI's own parser runs ``$`` expressions and any ``_target_``;
here a bundle is data: only ``network_def`` is read, ``_target_`` is looked up in `NETWORKS`, and weights come from
safetensors after their SHA-256 has been compared with the metadata.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medae.errors import ModelError, UnsupportedVolume
from medae.settings import data_folder

if TYPE_CHECKING:
    from torch import Tensor

    from medae.networks import Network

NETWORKS = {"medae.networks.ResidualUNet": ("medae.networks", "ResidualUNet")}
"""``_target_`` values that a bundle may name, and where the class lives."""

NONE = "none"
"""Model name that means: hand the scan through unchanged."""


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """What a bundle's metadata says.

    Attributes
    ----------
    name, version, title, description
        ``name`` is the folder's name and what ``--model`` takes.
    task
        ``"denoise"`` or ``"anomaly"``.
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

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        return self.folder / "models" / "model.safetensors"


def resources_folder() -> Path:
    """Folder of shipped models, recipes and icons: inside the installed package, or the checkout's own."""
    installed = Path(__file__).parent / "resources"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "resources"


def user_models_folder() -> Path:
    """Folder of the models that the user has trained."""
    return data_folder() / "models"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
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
    metadata = _read_json(folder / "configs" / "metadata.json")
    ours = metadata.get("medae")
    if not isinstance(ours, dict):
        raise ModelError(f"{folder}: is a MONAI bundle, but not one of MedAE's (no 'medae' in metadata.json)")
    try:
        return BundleInfo(
            name=folder.name,
            version=str(metadata["version"]),
            title=str(metadata["name"]),
            task=str(ours["task"]),
            family=str(ours["family"]),
            modalities=tuple(ours["modalities"]),
            description=str(metadata.get("description", "")),
            folder=folder,
            sha256=str(ours["sha256"]),
            licence=str(metadata.get("license", "")),
            shipped=shipped,
            settings=dict(ours.get("settings", {})),
            metrics=dict(metadata.get("metrics", {})),
        )
    except (KeyError, TypeError) as error:
        raise ModelError(f"{folder}: metadata.json lacks {error}; the bundle is damaged") from error


def bundles() -> tuple[BundleInfo, ...]:
    """All usable bundles, the user's own first; damaged ones are left out (`find` says why)."""
    found: dict[str, BundleInfo] = {}
    for root, shipped in ((user_models_folder(), False), (resources_folder() / "models", True)):
        if not root.is_dir():
            continue
        for folder in sorted(root.iterdir()):
            if folder.name.startswith(".") or not (folder / "configs" / "metadata.json").is_file():
                continue
            try:
                found.setdefault(folder.name, read_info(folder, shipped=shipped))
            except ModelError:
                continue
    return tuple(found.values())


def find(name: str) -> BundleInfo:
    """Give the bundle of that name, or in that folder.

    Raises
    ------
    ModelError
        If there is none, with the names that exist.
    """
    for info in bundles():
        if info.name == name:
            return info
    folder = Path(name)
    if (folder / "configs" / "metadata.json").is_file():
        return read_info(folder)
    for root in (user_models_folder(), resources_folder() / "models"):
        if (root / name / "configs").is_dir() and Path(name).name == name:
            return read_info(root / name)  # damaged: raises and says why
    known = ", ".join(info.name for info in bundles()) or "none"
    raise ModelError(f"there is no model named {name!r}; the models are: {known}")


def choose(task: str, modality: str) -> BundleInfo:
    """Give the model that fits: the user's own before the shipped one.

    Parameters
    ----------
    task
        ``"denoise"`` or ``"anomaly"``.
    modality
        DICOM Modality of the scan.

    Raises
    ------
    UnsupportedVolume
        If the modality is unknown or no model fits it.
    """
    if not modality:
        raise UnsupportedVolume("the file does not say what modality it is; name it with --modality CT, MR or XR")
    for info in bundles():
        if info.task == task and modality in info.modalities:
            return info
    known = sorted({m for info in bundles() if info.task == task for m in info.modalities})
    raise UnsupportedVolume(
        f"no model to {'denoise' if task == 'denoise' else 'map anomalies in'} {modality} is installed "
        f"(there are models for {', '.join(known) or 'nothing'}); train one or name one with --model"
    )


def check_fits(info: BundleInfo, task: str, modality: str) -> None:
    """Compare what a model is for with what it is to do.

    Parameters
    ----------
    info
        The model.
    task
        ``"denoise"`` or ``"anomaly"``.
    modality
        DICOM Modality of the scan; empty when unknown.

    Raises
    ------
    UnsupportedVolume
        If the model does something else, or was made for other modalities.
    """
    if info.task != task:
        does = "maps anomalies, it does not denoise" if task == "denoise" else "denoises, it does not map anomalies"
        raise UnsupportedVolume(f"model {info.name} {does}; choose another --model")
    if modality not in info.modalities:
        known = modality or "of unknown modality (name it with --modality)"
        raise UnsupportedVolume(f"model {info.name} is for {', '.join(info.modalities)}, this scan is {known}")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(info: BundleInfo) -> None:
    """Compare the weights with the SHA-256 of the metadata and check the network definition.

    Raises
    ------
    ModelError
        If the weights are missing or altered, or the network is not one that MedAE builds.
    """
    if not info.weights.is_file():
        raise ModelError(f"model {info.name}: {info.weights} is missing; install the model again")
    actual = file_sha256(info.weights)
    if actual != info.sha256:
        raise ModelError(
            f"model {info.name}: the weights do not match their SHA-256 (expected {info.sha256[:12]}…, "
            f"found {actual[:12]}…); they were altered or damaged and are refused"
        )
    _network_def(info)


def _network_def(info: BundleInfo) -> dict[str, Any]:
    definition = _read_json(info.folder / "configs" / "inference.json").get("network_def")
    if not isinstance(definition, dict) or definition.get("_target_") not in NETWORKS:
        target = definition.get("_target_") if isinstance(definition, dict) else None
        raise ModelError(f"model {info.name}: network {target!r} is not one that MedAE builds")
    if any(isinstance(value, str) and value.startswith("$") for value in definition.values()):
        raise ModelError(f"model {info.name}: its network definition holds an expression, which is not run")
    return definition


def build_network(definition: Mapping[str, Any]) -> "Network":
    """Build an untrained network from its ``network_def``.

    Raises
    ------
    ModelError
        If the target is unknown or refuses the arguments.
    """
    from importlib import import_module

    target = NETWORKS.get(str(definition.get("_target_")))
    if target is None:
        raise ModelError(f"network {definition.get('_target_')!r} is not one that MedAE builds")
    arguments = {key: value for key, value in definition.items() if key != "_target_"}
    try:
        network: Network = getattr(import_module(target[0]), target[1])(**arguments)
    except (TypeError, ValueError) as error:
        raise ModelError(f"network {definition['_target_']} cannot be built: {error}") from error
    return network


def load_network(info: BundleInfo) -> "Network":
    """Verify a bundle, build its network and load the weights, on the CPU and in evaluation mode."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    verify(info)
    network = build_network(_network_def(info))
    try:
        network.load_state_dict(load_file(info.weights))
    except (SafetensorError, RuntimeError) as error:
        raise ModelError(f"model {info.name}: the weights do not fit the network ({error})") from error
    return network.eval().requires_grad_(False)


def write(
    folder: Path,
    state: "Mapping[str, Tensor]",
    network_def: Mapping[str, Any],
    metadata: Mapping[str, Any],
    model_card: str,
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
        MONAI metadata with a ``"medae"`` part, to which the SHA-256 is added here.
    model_card
        Markdown.
    """
    from safetensors.torch import save_file

    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for part in ("configs", "models", "docs"):
            (staging / part).mkdir()
        weights = staging / "models" / "model.safetensors"
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}, weights)
        complete = {**metadata, "medae": {**metadata["medae"], "sha256": file_sha256(weights)}}
        inference = {"imports": [], "network_def": dict(network_def)}
        (staging / "configs" / "metadata.json").write_text(json.dumps(complete, indent=2) + "\n", "utf-8")
        (staging / "configs" / "inference.json").write_text(json.dumps(inference, indent=2) + "\n", "utf-8")
        (staging / "docs" / "README.md").write_text(model_card, "utf-8")
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
    return read_info(folder)
