"""Bring somebody's bundle into the user's library: looked through first, nothing of it run, only data kept."""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medae.bundle.catalogue import NONE, resources_folder, user_models_folder
from medae.bundle.checkpoint import read_state
from medae.bundle.foreign import Foreign, read_foreign
from medae.bundle.info import TASKS, BundleInfo, read_info, read_json
from medae.bundle.network_def import build_network, read_network_def
from medae.bundle.pickles import unsafe_names
from medae.bundle.unpack import opened
from medae.bundle.weights import verify
from medae.bundle.write import staged, write, write_json
from medae.errors import ModelError
from medae.progress import Report, part, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
RESERVED = (NONE, "auto")
MOST_DOCUMENT = 20 << 20
"""Bytes of a model card or picture; larger ones are left out."""
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import went.

    Attributes
    ----------
    info
        The model, in the user's library.
    left_out
        Files of the bundle that were not taken over.
    notes
        What the user should know.
    """

    info: BundleInfo
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()


def import_bundle(
    path: Path,
    *,
    name: str | None = None,
    task: str | None = None,
    modality: str | None = None,
    overwrite: bool = False,
    report: Report = silent,
) -> Imported:
    """Check a bundle and copy it into the user's library.

    Parameters
    ----------
    path
        A bundle's folder or zip: MedAE's, or one of the MONAI specification whose network is MONAI's `AutoEncoder`
        or `VarAutoEncoder`.
    name
        Name in the library; the bundle's own by default.
    task, modality
        For bundles of others whose metadata do not say it: key in `TASKS`, DICOM Modality.
    overwrite
        Replace a model of the user's own that has this name.
    report
        Progress; may raise `Cancelled`, which leaves nothing behind.

    Raises
    ------
    ModelError
        If the bundle is damaged, would run code, does not fit, or the name is taken.
    """
    path = Path(path).expanduser()
    report(0.0, f"Opening {path.name}")
    with opened(path, part(report, 0.0, 0.3)) as folder:
        _refuse_payloads(folder, part(report, 0.3, 0.5))
        if not (folder / "configs" / "metadata.json").is_file():
            raise ModelError(f"{path.name}: has no configs/metadata.json, so it is not a MONAI bundle")
        metadata = read_json(folder / "configs" / "metadata.json")
        wanted = name or _name_from(folder.name)
        target = _target(wanted, overwrite)
        report(0.5, "Reading the weights")
        if isinstance(metadata.get("medae"), dict):
            _import_own(folder, target, path.name)
            notes: tuple[str, ...] = ()
        else:
            found = read_foreign(folder, task, modality)
            _import_foreign(folder, found, target, path.name)
            notes = found.notes
        kept = {item.relative_to(target).as_posix() for item in target.rglob("*")}
        files = sorted(item.relative_to(folder).as_posix() for item in folder.rglob("*") if item.is_file())
    report(1.0, f"{wanted} is in the library")
    return Imported(read_info(target), tuple(file for file in files if file not in kept), notes)


def _name_from(text: str) -> str:
    """Make a name for the library of a file's or folder's name."""
    text = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:64]
    return text or "imported"


def _target(name: str, overwrite: bool) -> Path:
    """Folder in the library for a name that is free."""
    if not NAME.fullmatch(name) or name in RESERVED:
        raise ModelError(
            f"{name!r} cannot be a model's name; use up to 64 of a-z, 0-9, '-', '_' and '.', as in --name my-denoiser"
        )
    if (resources_folder() / "models" / name).exists():
        raise ModelError(f"a model named {name} came with MedAE and stays; give yours another one with --name")
    target = user_models_folder() / name
    if target.exists() and not overwrite:
        raise ModelError(
            f"there is a model named {name} already; give another name with --name, or replace it with --overwrite"
        )
    return target


def _refuse_payloads(folder: Path, report: Report) -> None:
    """Look through every file, also those that will not be used: who hides one payload may hide two."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for count, path in enumerate(files):
        inside = path.relative_to(folder).as_posix()
        report(count / len(files), f"Looking through {inside}")
        try:
            names = unsafe_names(path)
        except OSError as error:
            raise ModelError(f"{inside} cannot be read ({error.strerror})") from error
        if names:
            raise ModelError(
                f"refused: {inside} is a pickle that would run code when it is opened: it calls "
                f"{', '.join(names[:3])}{' and others' if len(names) > 3 else ''}. Weights need no such call. "
                f"Nothing of it was run and nothing was copied. If you trust the sender, ask for the weights as "
                f"models/model.safetensors"
            )


def _import_own(folder: Path, target: Path, origin: str) -> None:
    """Copy the parts of a bundle of MedAE's that are data."""
    source = read_info(folder)
    _check_own(source)
    network_def = read_network_def(source)
    metadata = read_json(folder / "configs" / "metadata.json")
    metadata["medae"] = {**metadata["medae"], "origin": metadata["medae"].get("origin") or origin}
    with staged(target) as staging:
        (staging / "configs").mkdir()
        (staging / "models").mkdir()
        shutil.copyfile(source.weights, staging / "models" / "model.safetensors")
        inference = {"imports": [], "network_def": network_def}
        write_json(staging / "configs" / "metadata.json", metadata)
        write_json(staging / "configs" / "inference.json", inference)
        for inside, content in _documents(folder).items():
            (staging / inside).parent.mkdir(exist_ok=True)
            (staging / inside).write_bytes(content)
        copy = read_info(staging)
        verify(copy)
        _check_weights(network_def, read_state(staging))


def _check_own(source: BundleInfo) -> None:
    """Refuse what this version of MedAE does not know."""
    from medae.families import FAMILIES

    if source.task not in TASKS:
        raise ModelError(f"its task is {source.task!r}, which this version of MedAE does not know; update MedAE")
    if source.family not in FAMILIES:
        raise ModelError(f"its family is {source.family!r}, which this version of MedAE does not know; update MedAE")
    if not source.weights.is_file():
        raise ModelError("models/model.safetensors is missing; ask for the whole bundle")


def _import_foreign(folder: Path, found: Foreign, target: Path, origin: str) -> None:
    """Write a bundle of MedAE's from one of another maker."""
    state = {found.prefix + key: tensor for key, tensor in read_state(folder).items()}
    parameters = _check_weights(found.network_def, state)
    title = str(found.metadata.get("name") or target.name)
    metadata: dict[str, Any] = {
        **{key: value for key, value in found.metadata.items() if key != "medae"},
        "version": str(found.metadata.get("version", "unknown")),
        "name": title,
        "created": str(found.metadata.get("created", "")),  # not today: that is when it was imported
        "metrics": _mapping(found.metadata.get("metrics") or found.metadata.get("eval_metrics")),
        "training": {**_mapping(found.metadata.get("training")), "parameters": parameters},
        "medae": {
            "task": found.task,
            "family": found.family,
            "modalities": list(found.modalities),
            "settings": {},
            "origin": origin,
        },
    }
    documents = _documents(folder)
    card = documents.pop("docs/README.md", b"").decode("utf-8", "replace") or f"# {title}\n\n{_text(found.metadata)}\n"
    write(target, state, found.network_def, metadata, f"{card.rstrip()}\n\n{_section(found, origin)}", documents)


def _section(found: Foreign, origin: str) -> str:
    """Give what the model card says about the import."""
    notes = "\n".join(f"- {note}" for note in found.notes)
    return (
        f"## Imported into MedAE\n\nOn {datetime.now(UTC).date().isoformat()} from `{origin}`, a MONAI bundle made "
        f"elsewhere: network {found.network}, used to {found.task}, for {', '.join(found.modalities)}.\n\n"
        f"**Research use only, not for diagnosis.**\n\n{notes}\n"
    )


def _text(metadata: "Mapping[str, Any]") -> str:
    return str(metadata.get("description", "")) or "This bundle came without a model card."


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_weights(network_def: dict[str, Any], state: "Mapping[str, Tensor]") -> int:
    """Compare names and shapes with the network's, without its memory; give the number of parameters."""
    import torch

    with torch.device("meta"):
        network = build_network(network_def)
    wanted = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    given = {key: tuple(tensor.shape) for key, tensor in state.items()}
    missing, surplus = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    other = [key for key in wanted if key in given and wanted[key] != given[key]]
    if missing or surplus or other:
        detail = (
            f"{missing[0]} is missing"
            if missing
            else f"{surplus[0]} has no place in it"
            if surplus
            else f"{other[0]} is {given[other[0]]} where the network has {wanted[other[0]]}"
        )
        raise ModelError(f"the weights do not fit the network that the bundle describes: {detail}")
    return sum(parameter.numel() for parameter in network.parameters())


def _documents(folder: Path) -> dict[str, bytes]:
    """Model card, pictures and licence by their path inside the bundle."""
    candidates = [*folder.glob("LICENSE*"), *folder.glob("docs/*")]
    kept = {}
    for path in sorted(candidates):
        is_text = path.suffix.lower() in (".md", ".txt") or path.name == "LICENSE"
        if not path.is_file() or path.stat().st_size > MOST_DOCUMENT or not (is_text or path.suffix == ".png"):
            continue
        content = path.read_bytes()
        if content.startswith(_PNG) if path.suffix == ".png" else b"\0" not in content:
            kept[path.relative_to(folder).as_posix()] = content
    return kept
