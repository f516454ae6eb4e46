"""Give a model away: a MONAI bundle as folder or zip, verified first, whole or not at all."""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from medae.bundle.info import BundleInfo, read_json
from medae.bundle.network_def import read_network_def
from medae.bundle.weights import verify
from medae.bundle.write import staged, write_json
from medae.errors import ModelError
from medae.progress import Report, silent

HEADING = "## Use it with MONAI"


def export_bundle(info: BundleInfo, out: Path, *, overwrite: bool = False, report: Report = silent) -> Path:
    """Write a copy that others, MONAI included, can use.

    Parameters
    ----------
    info
        The model.
    out
        A name ending in ``.zip``, or a folder: the bundle's own, or an existing one that gets the bundle's.
    overwrite
        Replace an earlier export.
    report
        Progress; may raise `Cancelled`, which leaves nothing behind.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    ModelError
        If the model is damaged, or ``out`` is taken or cannot be written.
    """
    out = Path(out).expanduser()
    is_zip = out.suffix.lower() == ".zip"
    if not is_zip and out.is_dir() and not (out / "configs").is_dir():
        out = out / info.name
    _check_free(out, is_zip, overwrite)
    if out.resolve() == info.folder.resolve() or info.folder.resolve() in out.resolve().parents:
        raise ModelError(f"{out} is inside the model itself; choose another place")
    report(0.0, f"Verifying {info.name}")
    verify(info)
    report(0.4, f"Writing {out.name}")
    try:
        if is_zip:
            _write_zip(info, out)
        else:
            with staged(out) as staging:
                _copy(info, staging)
    except OSError as error:
        raise ModelError(f"{out} cannot be written ({error.strerror or error}); choose another place") from error
    report(1.0, f"{out.name} written")
    return out


def _check_free(out: Path, is_zip: bool, overwrite: bool) -> None:
    if not out.exists():
        return
    if not overwrite:
        raise ModelError(f"{out} is there already; choose another name, or replace it with --overwrite")
    if out.is_dir() and (is_zip or not (out / "configs" / "metadata.json").is_file()):
        raise ModelError(f"{out} is a folder that is no bundle; it is not replaced, choose another name")


def _copy(info: BundleInfo, folder: Path) -> None:
    """Copy what belongs to a bundle, and nothing else that may lie there."""
    for name in ("configs", "models", "docs"):
        (folder / name).mkdir()
    shutil.copyfile(info.folder / "configs" / "metadata.json", folder / "configs" / "metadata.json")
    inference = {**read_json(info.folder / "configs" / "inference.json"), "network_def": read_network_def(info)}
    kept: dict[str, Any] = {key: inference[key] for key in ("imports", "network_def") if key in inference}
    write_json(folder / "configs" / "inference.json", kept)
    shutil.copyfile(info.weights, folder / "models" / "model.safetensors")
    for path in (*info.folder.glob("LICENSE*"), *info.folder.glob("docs/*")):
        if path.is_file() and not path.is_symlink():
            shutil.copyfile(path, folder / path.relative_to(info.folder))
    _describe(info, folder / "docs" / "README.md")


def _describe(info: BundleInfo, card: Path) -> None:
    """Add to the model card how MONAI opens the bundle."""
    text = card.read_text("utf-8") if card.is_file() else f"# {info.title}\n\n{info.description}\n"
    if HEADING in text:
        return
    card.write_text(
        f"{text.rstrip()}\n\n{HEADING}\n\n"
        "With MedAE installed (`pip install medae`), in Python:\n\n"
        "```python\n"
        "from monai.bundle import ConfigParser\n"
        "from safetensors.torch import load_file\n\n"
        "parser = ConfigParser()\n"
        f'parser.read_config("{info.name}/configs/inference.json")\n'
        'network = parser.get_parsed_content("network_def").eval()\n'
        f'network.load_state_dict(load_file("{info.name}/models/model.safetensors"))\n'
        "```\n\n"
        f"MedAE itself takes it in by `medae models import {info.name}`.\n",
        "utf-8",
    )


def _write_zip(info: BundleInfo, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        folder = staging / info.name
        folder.mkdir()
        _copy(info, folder)
        archive = staging / "archive.zip"
        with zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    file.write(path, path.relative_to(staging))
        os.replace(archive, out)  # noqa: PTH105
    finally:
        shutil.rmtree(staging, ignore_errors=True)
