"""The user's library: remove a model, compare several."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medae.bundle.catalogue import find, resources_folder, user_models_folder
from medae.bundle.info import BundleInfo, printable
from medae.errors import ModelError

_TRAINING = {
    "scans": "Scans learnt from",
    "scans_held_out": "Scans held out",
    "patients": "Patients learnt from",
    "patients_held_out": "Patients held out",
    "slices": "Slices",
    "steps": "Steps",
    "seconds": "Seconds of training",
    "device": "Trained on",
}
"""Training facts that are shown, and what they are called."""


def check_removable(name: str) -> Path:
    """Give the folder of one of the user's own models.

    Raises
    ------
    ModelError
        If it came with MedAE, or there is none of that name in the library.
    """
    folder = user_models_folder() / name
    is_name = bool(name) and Path(name).name == name and not name.startswith(".")
    if is_name and (folder.is_dir() or folder.is_symlink()):
        return folder
    if is_name and (resources_folder() / "models" / name).is_dir():
        raise ModelError(f"model {name} came with MedAE and stays; only your own models can be removed")
    raise ModelError(f"{find(name).folder} is not in the library; delete the folder yourself")


def remove_bundle(name: str) -> None:
    """Delete one of the user's own models, damaged ones too.

    It leaves the library at once, whole; its files are deleted after that.

    Raises
    ------
    ModelError
        As `check_removable`, or if it cannot be deleted.
    """
    folder = check_removable(name)
    try:
        if folder.is_symlink():
            folder.unlink()  # what it points at is somebody else's
            return
        aside = Path(tempfile.mkdtemp(prefix=f".{name}-removed-", dir=folder.parent))
        folder.rename(aside / name)
        shutil.rmtree(aside)
    except OSError as error:
        raise ModelError(
            f"model {name} cannot be removed ({error.strerror}); close what uses it and try again"
        ) from error


def compare(models: Sequence[BundleInfo]) -> list[tuple[str, tuple[str, ...]]]:
    """Put models side by side.

    Parameters
    ----------
    models
        At least one.

    Returns
    -------
    list
        Rows of a title and one text for each model, empty where a model does not say it; rows that all leave empty
        are left out.
    """
    columns = [dict(_facts(info)) for info in models]
    titles = dict.fromkeys(title for column in columns for title in column)
    rows = [(title, tuple(column.get(title, "") for column in columns)) for title in titles]
    return [row for row in rows if any(row[1])]


def _facts(info: BundleInfo) -> Iterator[tuple[str, str]]:
    yield "Title", info.title
    yield "Task", info.task
    yield "Family", info.family
    yield "For", ", ".join(info.modalities)
    yield "Version", info.version
    yield "Made", info.created
    yield "From", origin(info)
    yield "Parameters", "" if info.parameters is None else f"{info.parameters:,}"
    yield "Size", size_text(info.size)
    yield "Licence", info.licence
    for key, title in _TRAINING.items():
        if key in info.training:
            yield title, figure(info.training[key])
    yield from metrics(info.metrics)


def origin(info: BundleInfo) -> str:
    """Say where a model came from."""
    return "MedAE" if info.shipped else f"imported ({info.origin})" if info.origin else "you"


def metrics(values: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    """Give the metrics, also nested ones, as names and texts."""
    for name, value in values.items():
        title = f"{before}{printable(name).replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from metrics(value, f"{title}, ")
        else:
            yield title, figure(value)


def figure(value: object) -> str:
    """Write a figure as people read it."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else ("yes" if value else "no")
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(figure(item) for item in value[:6]) + (" …" if len(value) > 6 else "")
    return printable(value)


def size_text(size: int) -> str:
    """Bytes as people read them; empty for none."""
    return "" if size <= 0 else f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
