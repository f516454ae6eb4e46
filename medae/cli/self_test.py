"""``medae doctor --self-test``: everything once, on small synthetic data, in whatever form MedAE was installed."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medae.cli.check import Check
from medae.cli.self_test_codecs import check_codecs

if TYPE_CHECKING:
    from medae.bundle import BundleInfo
    from medae.results import Result
    from medae.volume import Volume

SHAPE, SPACING = (2, 96, 96), (5.0, 4.0, 4.0)
"""Of the phantoms of a chest; heads are half as wide."""

WORKER_SECONDS = 120.0
"""The worker's process must have answered by then."""


def self_test() -> Iterator[Check]:
    """Try decoders, models, exports, the worker process and the window; one line each, as soon as it is known."""
    yield from check_codecs()
    with tempfile.TemporaryDirectory(prefix="medae-self-test-") as place:
        yield from check_models()
        yield from check_exports(Path(place))
        yield attempt("Tables and clusters", partial(try_tables, Path(place)))
        yield attempt("Worker process", partial(try_worker, Path(place)))
        yield attempt("Window", try_window)


def attempt(name: str, work: Callable[[], str]) -> Check:
    """Do some work and tell what it found; whatever it raises becomes a line that is not ok."""
    try:
        return Check(name, work())
    except Exception as error:  # noqa: BLE001 - the other checks are still done
        return Check(name, f"{type(error).__name__}: {error}", ok=False)


def check_models() -> Iterator[Check]:
    """Verify the weights of every shipped model and run it on a phantom."""
    from medae import bundle

    shipped = [info for info in bundle.bundles() if info.shipped]
    if not shipped:
        yield Check("Models", "none came with MedAE; install it again", ok=False)
    for damaged in bundle.damaged():
        if damaged.shipped:
            yield Check(f"Model {damaged.name}", damaged.reason, ok=False)
    for info in shipped:
        yield attempt(f"Model {info.name}", partial(try_model, info))


def try_model(info: "BundleInfo") -> str:
    """Verify a model and run it on a phantom of its first modality.

    Raises
    ------
    medae.errors.MedaeError
        As `medae.bundle.verify` and inference do.
    ValueError
        If what comes out is no image of the same size.
    """
    import numpy as np

    from medae import bundle
    from medae.inference.denoise import denoise
    from medae.inference.detect import detect

    bundle.verify(info)
    volume = phantom_of(info.modalities[0])
    started = time.perf_counter()
    if info.task == "denoise":
        made = denoise(volume, info.name, device="cpu").values()
        values = volume.values()
        what = f"changed a phantom by {np.abs(made - values).mean() / np.ptp(values):.2%} of its range on average"
    else:
        made = detect(volume, info.name, device="cpu").volume.values()
        what = f"highest z on a phantom {made.max():.3g}"
    if made.shape != volume.shape or not np.isfinite(made).all() or not made.any():
        raise ValueError("it gives no image of the size of the scan")
    return f"{info.version}, SHA-256 {info.sha256[:12]}… is right; {what} in {time.perf_counter() - started:.1f} s"


def phantom_of(modality: str) -> "Volume":
    """Give a small noisy phantom: a chest in CT, a head in MR, a chest radiograph otherwise."""
    import numpy as np

    from medae.phantom import head, radiograph, thorax

    if modality == "CT":
        volume = thorax(SHAPE, SPACING).volume
    elif modality == "MR":
        volume = head("FLAIR", (SHAPE[0], 64, 56), (5.0, 3.0, 3.0)).volume
    else:
        volume = radiograph("chest", (1, SHAPE[1], SHAPE[2]), (1.0, 4.0, 4.0)).volume
    values = volume.values()
    noise = np.random.default_rng(1).normal(0.0, 0.02 * float(np.ptp(values)), values.shape)
    stored, _ = volume.to_stored((values + noise).astype(np.float32))
    return volume.with_array(stored)


def check_exports(place: Path) -> Iterator[Check]:
    """Write the result of a phantom in every way and read the files again."""
    from medae.exporters import EXPORTERS

    try:
        result = processed_phantom(place / "scan")
    except Exception as error:  # noqa: BLE001 - told as one line
        yield Check("Exports", f"nothing to export ({type(error).__name__}: {error})", ok=False)
        return
    for key in EXPORTERS:
        yield attempt(f"Export {key}", partial(try_export, result, key, place / key))


def processed_phantom(folder: Path) -> "Result":
    """Write an MR phantom as DICOM, read it, and give it with a denoised volume, an anomaly map and measurements."""
    from medae.jobs.job import ProcessJob
    from medae.jobs.run import run
    from medae.phantom import write_dicom

    paths = write_dicom(phantom_of("MR"), folder)
    job = ProcessJob(paths=paths, denoise="auto", detect="auto", trust=True, threshold=0.5, device="cpu")
    result = run(job).result
    assert result is not None
    return result


def try_export(result: "Result", key: str, folder: Path) -> str:
    """Write in one way and read every file again.

    Raises
    ------
    medae.errors.MedaeError
        As `medae.exporters.export` does.
    ValueError
        If a file cannot be read again.
    """
    from medae.exporters import EXPORTERS, export

    keys = {key, "derived-series"} if key == "presentation-state" else {key}
    paths = export(result, folder, tuple(keys), name="phantom")
    if not paths:
        raise ValueError("no file was written")
    for path in paths:
        read_again(path)
    kinds = sorted({path.suffix for path in paths})
    return f"{EXPORTERS[key].TITLE}: {len(paths)} file(s) read again ({', '.join(kinds)})"


def read_again(path: Path) -> None:
    """Read an output by its kind.

    Raises
    ------
    ValueError
        If it is empty or not what its name says.
    """
    from medae import readers

    head = path.read_bytes()[:8]
    starts = {".pdf": b"%PDF", ".html": b"<!", ".json": b"{", ".csv": b""}
    if path.suffix == ".dcm":
        from pydicom import dcmread

        data = dcmread(path)
        if "PixelData" in data and not data.pixel_array.size:
            raise ValueError(f"{path.name} has no pixels")
    elif path.suffix in starts:
        if not head or not head.lower().startswith(starts[path.suffix].lower()):
            raise ValueError(f"{path.name} is no {path.suffix[1:].upper()} file")
    elif path.name.endswith((".nii", ".nii.gz")):
        if not readers.open_volume(path, "MR").array.size:
            raise ValueError(f"{path.name} holds nothing")
    else:
        _load_picture(path)


def _load_picture(path: Path) -> None:
    """Decode all frames of a picture, still or moving."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            for frame in range(getattr(picture, "n_frames", 1)):
                picture.seek(frame)
                picture.load()
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"{path.name} is no picture ({error})") from error


def try_tables(place: Path) -> str:
    """Cluster some points and write them as CSV, as the latent explorer does.

    Raises
    ------
    ValueError
        If the clusters, or what is read again, are not what they must be.
    """
    import numpy as np
    from sklearn.cluster import KMeans

    from medae.latent.table import write_table

    points = np.random.default_rng(1).normal(size=(40, 2)) + np.repeat([[0.0], [9.0]], 20, axis=0)
    groups = KMeans(2, n_init=1, random_state=1).fit_predict(points)
    write_table({"x": points[:, 0], "y": points[:, 1], "cluster": groups}, place / "points.csv")
    read = np.loadtxt(place / "points.csv", delimiter=",", skiprows=1)
    if not np.array_equal(read, np.column_stack([points, groups])) or len(set(groups[:20])) != 1:
        raise ValueError("the table did not come back as it was written")
    return "clusters found, written as CSV and read again"


def try_worker(place: Path) -> str:
    """Let the worker process read and denoise a phantom, as the window does.

    Raises
    ------
    RuntimeError
        If it fails, dies or does not answer in time.
    """
    import queue

    from medae.jobs.job import ProcessJob
    from medae.jobs.messages import Done, Failed, Message
    from medae.jobs.worker import Worker
    from medae.phantom import write_dicom

    paths = write_dicom(phantom_of("MR"), place / "worker")
    answers: queue.SimpleQueue[Message] = queue.SimpleQueue()
    started = time.monotonic()
    with closing(Worker(answers.put)) as worker:
        worker.submit(ProcessJob(paths=paths, denoise="auto", device="cpu"))
        while (left := started + WORKER_SECONDS - time.monotonic()) > 0:
            try:
                message = answers.get(timeout=left)
            except queue.Empty:
                break
            if isinstance(message, Done):
                return f"denoised a phantom in {time.monotonic() - started:.1f} s, its start included"
            if isinstance(message, Failed):
                raise RuntimeError(message.message)
    raise RuntimeError(f"no answer within {WORKER_SECONDS:g} s")


def try_window() -> str:
    """Open and close the window in a process of its own, on no screen."""
    from medae.gui.child_process import call_apart
    from medae.gui.trial import open_and_close

    seconds, size = call_apart(open_and_close)
    return f"opened in {seconds:.1f} s ({size[0]} × {size[1]}), closed"
