"""MONAI bundles made by others: which network, what for, for which scans; or why MedAE cannot use them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medae.bundle.config import plain, read_config
from medae.bundle.info import read_json
from medae.errors import ModelError

FOREIGN = {
    "AutoEncoder": ("medae.networks.ImportedAutoEncoder", "convolutional"),
    "VarAutoEncoder": ("medae.networks.ImportedVarAutoEncoder", "variational"),
}
"""MONAI's networks that can be run here: the class that holds them, and the family they belong to."""

_KINDS = {
    "segmentation": "UNet SwinUNETR UNETR SegResNet SegResNetDS SegResNetDS2 SegResNetVAE DynUNet VNet AttentionUnet "
    "BasicUNet BasicUNetPlusPlus FlexibleUNet HighResNet AHNet DiNTS HoVerNet DeepEdit VISTA3D vista3d132 MedNeXt",
    "classification": "DenseNet DenseNet121 DenseNet169 DenseNet201 DenseNet264 ResNet SENet154 EfficientNetBN "
    "TorchVisionFCModel MILModel ViT Classifier Regressor",
    "detection": "RetinaNet RetinaNetDetector",
    "image generation": "DiffusionModelUNet DiffusionModelUNetMaisi AutoencoderKL AutoencoderKlMaisi VQVAE SPADENet "
    "SPADEAutoencoderKL ControlNet Generator DecoderOnlyTransformer",
    "registration": "LocalNet GlobalNet RegUNet VoxelMorph VoxelMorphUNet",
}
"""MONAI's networks by what they are for, to say why they do not fit."""

_MODALITIES = {
    "CT": "CT", "MR": "MR", "MRI": "MR", "PT": "PT", "PET": "PT", "US": "US", "ULTRASOUND": "US", "CR": "CR",
    "DX": "DX", "MG": "MG", "NM": "NM", "XA": "XA", "XR": "DX", "XRAY": "DX", "X-RAY": "DX",
    "X RAY": "DX", "RADIOGRAPHY": "DX",
}  # fmt: skip

_TASKS = (
    ("denoise", r"\bde-?nois|\bnoise (reduc|remov)|low[- ]dose"),
    ("anomaly", r"\banomal|\bout[- ]of[- ]distribution"),
    ("reconstruct", r"\breconstruct|\bautoencod|\bauto-encod|\brepresentation|\bcompress|\bembedding|\blatent"),
)
"""What the metadata's words say; the first that is found, and only if none of the others is."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """What is known about somebody else's bundle.

    Attributes
    ----------
    network_def
        For `medae.bundle.build_network`.
    prefix
        What MedAE's class puts before the names of the weights.
    family, task
        Of the bundle that is made of it.
    modalities
        DICOM Modality values.
    metadata
        As the bundle holds it.
    network
        Name of MONAI's class.
    notes
        What the user should know.
    """

    network_def: dict[str, Any]
    prefix: str
    family: str
    task: str
    modalities: tuple[str, ...]
    metadata: Mapping[str, Any]
    network: str
    notes: tuple[str, ...]


def read_foreign(folder: Path, task: str | None = None, modality: str | None = None) -> Foreign:
    """Read a bundle of the MONAI specification that MedAE has not made.

    Parameters
    ----------
    folder
        The bundle.
    task
        Key in `medae.bundle.TASKS`; None takes it from the metadata.
    modality
        DICOM Modality; None takes it from the metadata.

    Raises
    ------
    ModelError
        If the network is not one of `FOREIGN`, or not everything needed is said.
    """
    metadata = read_json(folder / "configs" / "metadata.json")
    definition, network = _definition(folder)
    target, family = FOREIGN[network]
    _check_channels(definition)
    notes = [
        "The bundle's own preparation of images is not run: MedAE scales values and cuts images as for its own "
        "models. Compare results with the originals before relying on them."
    ]
    norm = definition.get("norm", "instance")
    if norm is not None and "instance" in str(norm).lower():
        notes.append(
            "Its network normalises each image (instance normalisation), so that the scale of values is not kept: "
            "Hounsfield units of its output mean nothing."
        )
    return Foreign(
        network_def={"_target_": target, **definition},
        prefix="net.",
        family=family,
        task=_task(metadata, task),
        modalities=(modality,) if modality else _modalities(metadata),
        metadata=metadata,
        network=network,
        notes=tuple(notes),
    )


def _definition(folder: Path) -> tuple[dict[str, Any], str]:
    """Give the first network that fits, without ``_target_``, and its class's name."""
    refusals: list[str] = []
    for path in _configs(folder):
        content = read_config(path)
        for key in ("network_def", "autoencoder_def", "network", "net"):
            definition = content.get(key)
            if not isinstance(definition, dict) or "_target_" not in definition:
                continue
            network = str(definition["_target_"]).removeprefix("monai.networks.nets.").rpartition(".")
            if not network[0] and network[2] in FOREIGN:
                resolved = plain(definition, content, f"{key} in {path.name}")
                return {name: value for name, value in resolved.items() if name != "_target_"}, network[2]
            refusals.append(_why_not(str(definition["_target_"]), network[2]))
    if refusals:
        raise ModelError(refusals[0])
    raise ModelError(
        "the bundle does not say what its network is: no network_def in configs/inference.json or configs/train.json"
    )


def _configs(folder: Path) -> list[Path]:
    names = [f"{stem}{suffix}" for stem in ("inference", "train") for suffix in (".json", ".yaml", ".yml")]
    return [path for name in names if (path := folder / "configs" / name).is_file()]


def _why_not(target: str, name: str) -> str:
    able = "MedAE runs its own networks and MONAI's AutoEncoder and VarAutoEncoder"
    for kind, members in _KINDS.items():
        if name in members.split():
            return (
                f"network {name} is made for {kind}; {able}, which turn an image into an image, so this bundle "
                f"cannot be used here"
            )
    if target.startswith("$"):
        return f"network {target!r} is an expression, which is not run; {able}"
    return f"network {target} is not one that MedAE can build; {able}"


def _check_channels(definition: Mapping[str, Any]) -> None:
    shape = definition.get("in_shape")
    inputs = shape[0] if isinstance(shape, list) and shape else definition.get("in_channels")
    outputs = definition.get("out_channels")
    if inputs != 1:
        raise ModelError(
            f"its network takes {inputs} input channels; MedAE gives one, the image itself, and cannot know what the "
            f"others are"
        )
    if outputs != 1:
        raise ModelError(f"its network gives {outputs} output channels, where a restored image has one")


def _task(metadata: Mapping[str, Any], asked: str | None) -> str:
    text = " ".join(str(metadata.get(key, "")) for key in ("task", "name", "intended_use", "description")).lower()
    found = [task for task, pattern in _TASKS if re.search(pattern, str(metadata.get("task", "")).lower())]
    found = found or [task for task, pattern in _TASKS if re.search(pattern, text)]
    task = asked or (found[0] if len(found) == 1 else None)
    if task is None:
        said = str(metadata.get("task", "")).strip()
        raise ModelError(
            f"the bundle does not say clearly what it is for (its task is {said!r}); "
            f"say it with --task denoise or --task reconstruct"
        )
    if task == "anomaly":
        raise ModelError(
            "an anomaly map needs a calibration on reference scans, which bundles made elsewhere do not have; "
            "import it with --task reconstruct, or train an anomaly model with 'medae train'"
        )
    return task


def _modalities(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    inputs = metadata.get("network_data_format", {})
    inputs = inputs.get("inputs", {}) if isinstance(inputs, dict) else {}
    images = inputs.values() if isinstance(inputs, dict) else ()
    said = [str(image.get("modality", "")) for image in images if isinstance(image, dict)]
    words = [word.strip().upper() for text in said for word in re.split(r"[,/;|]", text)]
    found = tuple(dict.fromkeys(_MODALITIES[word] for word in words if word in _MODALITIES))
    if not found:
        text = f"{said[0]!r}, which is none that MedAE knows" if said and said[0] else "missing"
        raise ModelError(f"the modality in the bundle's metadata is {text}; say it with --modality CT, MR or XR")
    return found
