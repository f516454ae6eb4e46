"""Sample scans for people who have none at hand: noisy phantoms, written once as DICOM."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from medae.errors import SettingsError, WorkerDied
from medae.settings import data_folder

if TYPE_CHECKING:
    from medae.volume import Volume

SAMPLES: dict[str, str] = {
    "head-ct": "Head CT",
    "head-flair": "Head MR FLAIR with lesions",
    "chest-ct": "Chest CT",
}
"""Name and title of every sample."""

MR_NOISE = 0.06
"""Standard deviation per complex channel, as a share of the 99.9th percentile."""
CT_PHOTONS = 1.0e6
"""Photons per ray and view, at `CT_VIEWS`: a low dose."""
CT_VIEWS = 120


def sample_folder(name: str) -> Path:
    """Folder of a sample's DICOM series; it may not be there yet."""
    return data_folder() / "samples" / name


def make_sample(name: str) -> Path:
    """Write a sample scan, if it is not there yet, in a child process (it takes torch and some seconds).

    Raises
    ------
    SettingsError
        There is no sample of this name.
    WorkerDied
        The child process ended before it was done.
    """
    if name not in SAMPLES:
        raise SettingsError(f"No sample scan is called {name!r}; there are: {', '.join(SAMPLES)}.")
    folder = sample_folder(name)
    if folder.is_dir():
        return folder
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(write_sample, name, folder).result()
    except BrokenProcessPool as error:
        raise WorkerDied("The process that draws the sample scan ended unexpectedly. Try it again.") from error
    return folder


def write_sample(name: str, folder: Path) -> None:
    """Draw a phantom, add noise, and write it as a DICOM series, here and now."""
    from medae.phantom import write_dicom

    draw: dict[str, Callable[[], Volume]] = {
        "head-ct": _head_ct,
        "head-flair": _head_flair,
        "chest-ct": _chest_ct,
    }
    write_dicom(draw[name](), folder, description=SAMPLES[name])


def _head_ct() -> "Volume":
    from medae.phantom import head

    return _low_dose(head("CT", (20, 240, 208), (7.0, 0.85, 0.85), seed=4).volume)


def _chest_ct() -> "Volume":
    from medae.phantom import thorax

    return _low_dose(thorax((20, 256, 256), (12.0, 1.5, 1.5), lesions=2, seed=4).volume)


def _head_flair() -> "Volume":
    import numpy as np

    from medae.phantom import head
    from medae.training.noise import rician

    volume = head("FLAIR", (32, 192, 160), (4.5, 1.0, 1.0), lesions=5, seed=4).volume
    clean = volume.values()
    stored, _ = volume.to_stored(rician(clean, MR_NOISE * float(np.percentile(clean, 99.9)), 4))
    return volume.with_array(stored)


def _low_dose(volume: "Volume") -> "Volume":
    from medae.training.ct_noise import ct_low_dose

    stored, _ = volume.to_stored(ct_low_dose(volume.values(), CT_PHOTONS, volume.spacing, 4, views=CT_VIEWS))
    return volume.with_array(stored)
