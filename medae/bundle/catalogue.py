"""Which models there are, and which one fits."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medae.bundle.info import TASKS, BundleInfo, read_info
from medae.bundle.network_def import read_network_def
from medae.errors import ModelError, UnsupportedVolume
from medae.settings import Settings, data_folder

NONE = "none"
"""Model name that means: hand the scan through unchanged."""


def resources_folder() -> Path:
    """Folder of shipped models, recipes and icons: inside the installed package, or the checkout's own."""
    package = Path(__file__).parents[1]
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def user_models_folder() -> Path:
    """Folder of the models that the user has trained or imported."""
    return data_folder() / "models"


def _folders() -> Iterator[tuple[Path, bool]]:
    """All folders that may be bundles, and whether they were shipped."""
    for root, shipped in ((user_models_folder(), False), (resources_folder() / "models", True)):
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                if not folder.name.startswith(".") and folder.is_dir():
                    yield folder, shipped


@dataclass(frozen=True, slots=True)
class Damaged:
    """A folder among the models that cannot be used, and the reason."""

    name: str
    folder: Path
    reason: str
    shipped: bool


def _examined() -> Iterator[BundleInfo | Damaged]:
    for folder, shipped in _folders():
        try:
            yield _usable(folder, shipped)
        except ModelError as error:
            yield Damaged(folder.name, folder, str(error), shipped)


def _usable(folder: Path, shipped: bool) -> BundleInfo:
    """Read a bundle and look whether all its parts are there; the weights are not read."""
    if not (folder / "configs" / "metadata.json").is_file():
        raise ModelError("has no configs/metadata.json, so it is no MONAI bundle; remove the folder or copy it again")
    info = read_info(folder, shipped=shipped)
    if not info.weights.is_file():
        if (folder / "models" / "model.pt").is_file():
            raise ModelError(
                "its weights are only there as models/model.pt, which could run code when it is opened; move the "
                "folder elsewhere and bring it in with 'medae models import'"
            )
        raise ModelError("its weights, models/model.safetensors, are missing; import or train it again")
    if info.task not in TASKS:
        raise ModelError(f"its task is {info.task!r}, which this version of MedAE does not know")
    read_network_def(info)
    return info


def bundles() -> tuple[BundleInfo, ...]:
    """All usable bundles, the user's own first; `damaged` gives the others."""
    found: dict[str, BundleInfo] = {}
    for one in _examined():
        if isinstance(one, BundleInfo):
            found.setdefault(one.name, one)
    return tuple(found.values())


def damaged() -> tuple[Damaged, ...]:
    """All folders among the models that cannot be used; weights are not compared with their SHA-256 here."""
    return tuple(one for one in _examined() if isinstance(one, Damaged))


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
        if (root / name).is_dir() and Path(name).name == name:
            try:
                return _usable(root / name, shipped=False)
            except ModelError as error:
                raise ModelError(f"model {name} cannot be used: {error}") from error
    known = ", ".join(info.name for info in bundles()) or "none"
    raise ModelError(f"there is no model named {name!r}; the models are: {known}")


def find_all(names: str) -> tuple[BundleInfo, ...]:
    """Give the bundles of several names joined by ``+``, whose results are averaged; raises as `find` does."""
    return tuple(find(name) for name in names.split("+"))


def choose(task: str, modality: str) -> BundleInfo:
    """Give the model that fits: the first of `fitting`."""
    return fitting(task, modality)[0]


def fitting(task: str, modality: str) -> tuple[BundleInfo, ...]:
    """Give the models to choose from: the one set in the settings, else the shipped ones, else the user's own.

    Shipped models that are there to be compared with (``"automatic": false`` in their settings) are left out.

    Parameters
    ----------
    task
        Key in `TASKS`.
    modality
        DICOM Modality of the scan.

    Raises
    ------
    UnsupportedVolume
        If the modality is unknown or no model fits it.
    """
    if not modality:
        raise UnsupportedVolume("the file does not say what modality it is; name it with --modality CT, MR or XR")
    found = [info for info in bundles() if info.task == task and modality in info.modalities]
    wished = Settings.load().model(task, modality)
    for infos in (
        [info for info in found if info.name == wished],
        [info for info in found if info.shipped and info.settings.get("automatic", True)],
        found,
    ):
        if infos:
            return tuple(infos)
    known = sorted({m for info in bundles() if info.task == task for m in info.modalities})
    wanted = {"denoise": "denoise", "anomaly": "map anomalies in", "reconstruct": "reconstruct"}[task]
    raise UnsupportedVolume(
        f"no model to {wanted} {modality} is installed "
        f"(there are models for {', '.join(known) or 'nothing'}); train one or name one with --model"
    )


def check_fits(info: BundleInfo, task: str, modality: str) -> None:
    """Compare what a model is for with what it is to do.

    Parameters
    ----------
    info
        The model.
    task
        Key in `TASKS`.
    modality
        DICOM Modality of the scan; empty when unknown.

    Raises
    ------
    UnsupportedVolume
        If the model does something else, or was made for other modalities.
    """
    if info.task != task:
        does = TASKS.get(info.task, f"is for {info.task!r}")
        wanted = {"denoise": "denoise", "anomaly": "map anomalies", "reconstruct": "reconstruct images"}[task]
        detail = " for features and compression" if info.task == "reconstruct" else ""
        raise UnsupportedVolume(f"model {info.name} {does}{detail}, it does not {wanted}; choose another --model")
    if modality not in info.modalities:
        known = modality or "of unknown modality (name it with --modality)"
        raise UnsupportedVolume(f"model {info.name} is for {', '.join(info.modalities)}, this scan is {known}")
