"""``python -m benchmarks.loading [--quick] [--no-write]``: how fast DICOM opens, beside SimpleITK and plain pydicom.

A CT of 300 × 512² is written to a scratch folder and loaded by each, every time in a process of its own, so that
peak memory is comparable. Then a tree of small series is scanned for its headers. Nothing is downloaded.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import publish
from medae.phantom import write_dicom
from medae.volume import HOUNSFIELD, Volume

Loaded = tuple[float, NDArray[Any]]
"""When the first image was there (`time.perf_counter`), and stored or rescaled values (slices, rows, columns)."""

SERIES = (300, 512, 512)
TREE = (200, 50, 64)
"""Series of the tree, files in each, rows and columns."""


def noisy_ct(shape: tuple[int, int, int], seed: int = 0) -> Volume:
    """Int16 noise of 30 HU that no file system compresses away; slices 1.25 mm apart."""
    values = np.random.default_rng(seed).normal(1024, 30, shape).astype(np.int16)
    affine = np.array([[0, 0, 0.7, -180], [0, 0.7, 0, -180], [1.25, 0, 0, 0], [0, 0, 0, 1.0]])
    return Volume(values, affine, "CT", HOUNSFIELD, np.ones(1), np.full(1, -1024.0))


def load_medae(folder: Path) -> Loaded:
    """Scan and read, as the window does: the first image is the middle slice of what was found first."""
    from medae import readers

    first: list[float] = []

    def show(found: readers.Found) -> None:
        if not first:
            source = found.sources[0]
            middle = source.paths[len(source.paths) // 2]
            readers.read(replace(source, paths=(middle,), shape=(1, *source.shape[1:])))
            first.append(time.perf_counter())

    scan = readers.scan(folder, listener=show)
    return first[0], readers.read(scan.sources[0]).array


def load_simpleitk(folder: Path) -> Loaded:
    """ImageSeriesReader, as in SimpleITK's documentation."""
    import SimpleITK as sitk  # noqa: N813

    reader = sitk.ImageSeriesReader()
    names = reader.GetGDCMSeriesFileNames(str(folder))
    sitk.GetArrayViewFromImage(sitk.ReadImage(names[len(names) // 2]))
    first = time.perf_counter()
    reader.SetFileNames(names)
    image = reader.Execute()
    loaded: NDArray[Any] = sitk.GetArrayViewFromImage(image)
    load_simpleitk.keep = image  # type: ignore[attr-defined] - the view does not own its memory
    return first, loaded


def load_pydicom(folder: Path) -> Loaded:
    """Read, sort by position, stack: the loop that most people write."""
    import pydicom

    slices = [pydicom.dcmread(path) for path in folder.iterdir()]
    slices.sort(key=lambda data: float(data.ImagePositionPatient[2]))
    slices[len(slices) // 2].pixel_array  # noqa: B018 - decodes
    first = time.perf_counter()
    return first, np.stack([data.pixel_array for data in slices])


LOADERS: dict[str, Callable[[Path], Loaded]] = {
    "MedAE": load_medae,
    "SimpleITK ImageSeriesReader": load_simpleitk,
    "pydicom loop": load_pydicom,
}


def load_once(name: str, folder: Path) -> dict[str, Any]:
    """Load in this process and measure; libraries are imported before the clock starts."""
    import pydicom  # noqa: F401
    import SimpleITK  # noqa: F401

    from medae import readers  # noqa: F401

    before = _peak_mb()
    start = time.perf_counter()
    first, array = LOADERS[name](folder)
    whole = time.perf_counter()
    peak = _peak_mb() - before
    stored = array if array.dtype == np.int16 else (array + 1024).astype(np.int16)  # SimpleITK applies the rescale
    return {
        "first": first - start,
        "whole": whole - start,
        "peak": peak,
        "dtype": str(array.dtype),
        "digest": _digest(stored),
    }


def _digest(array: NDArray[Any]) -> str:
    return hashlib.sha1(np.ascontiguousarray(array).tobytes(), usedforsecurity=False).hexdigest()


def _peak_mb() -> float:
    """Largest resident memory of this process so far; NaN where the system does not tell it (Linux does)."""
    status = Path("/proc/self/status")  # getrusage gives that of the parent, if it is larger
    lines = status.read_text("ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), float("nan"))


def _apart(*arguments: str, home: Path) -> Any:
    """Run this module in a fresh process, with folders of its own, and give what it printed last as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.loading", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "MEDAE_HOME": str(home)},
    )
    return json.loads(done.stdout.splitlines()[-1])


def compare(folder: Path, expected: Volume, home: Path, repeats: int) -> list[str]:
    """Lines of the table of loaders: medians over processes that take turns."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in LOADERS}
    for turn in range(repeats):
        for name in LOADERS:
            runs[name].append(_apart("--load", name, str(folder), home=home / f"{turn}"))
    digest = _digest(expected.array)
    lines = [
        "| loader | first image, s | whole volume, s | fastest, s | memory on top, MB | type | values |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, each in runs.items():
        column = {key: [run[key] for run in each] for key in each[0]}
        right = "equal" if set(column["digest"]) == {digest} else "**other**"
        lines.append(
            f"| {name} | {median(column['first']):.3f} | {median(column['whole']):.3f} | {min(column['whole']):.3f} "
            f"| {median(column['peak']):.0f} | {column['dtype'][0]} | {right} |"
        )
    return lines


def write_tree(root: Path, series: int, files: int, side: int) -> int:
    """Write ``series`` CT series of ``files`` slices; give the number of files."""
    volume = noisy_ct((files, side, side))
    for number in range(series):
        write_dicom(volume, root / f"{number // 20:02d}" / f"{number:03d}", series_number=number + 1)
    return series * files


def forget(paths: Iterable[Path]) -> bool:
    """Ask the system to drop files from its memory; False where it cannot be asked."""
    if not hasattr(os, "posix_fadvise"):
        return False
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)
    return True


def scan_once(folder: Path) -> dict[str, Any]:
    """Scan in this process: seconds until the first series was told, and until the end."""
    from medae import readers

    told: list[float] = []
    start = time.perf_counter()
    found = readers.scan(folder, listener=lambda found: told.append(time.perf_counter() - start))
    return {"whole": time.perf_counter() - start, "first": told[0], "series": len(found.sources)}


def scans(root: Path, count: int, home: Path) -> list[str]:
    """Lines of the table of tree scans."""
    files = list(root.rglob("*.dcm"))
    states = {"files cold, no index": forget(files), "files warm, no index": True, "files warm, index": True}
    lines = [
        "| scan of a tree | headers per second | first series told, s | whole, s | series |",
        "|---|---|---|---|---|",
    ]
    for state, possible in states.items():
        if possible:
            run = _apart("--scan", str(root), home=home / ("cold" if "cold" in state else "warm"))
            lines.append(
                f"| {state} | {count / run['whole']:.0f} | {run['first']:.2f} | {run['whole']:.2f} | {run['series']} |"
            )
    return lines


def main() -> None:
    """Run the benchmark, or one part of it in this process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and small files, once")
    parser.add_argument("--no-write", action="store_true", help="print only")
    parser.add_argument("--load", nargs=2, metavar=("LOADER", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("--scan", metavar="FOLDER", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.load:
        print(json.dumps(load_once(given.load[0], Path(given.load[1]))))
    elif given.scan:
        print(json.dumps(scan_once(Path(given.scan))))
    else:
        _whole_benchmark(quick=given.quick, write=not given.no_write)


def _whole_benchmark(*, quick: bool, write: bool) -> None:
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    shape, tree = ((12, 64, 64), (4, 5, 16)) if quick else (SERIES, TREE)
    with tempfile.TemporaryDirectory(prefix="medae-loading-") as name:
        scratch = Path(name)
        volume = noisy_ct(shape)
        write_dicom(volume, scratch / "series")
        table = compare(scratch / "series", volume, scratch / "home", repeats=1 if quick else 7)
        count = write_tree(scratch / "tree", *tree)
        scanned = scans(scratch / "tree", count, scratch / "scans")
    slices, rows, columns = shape
    publish(
        f"Loading{' (quick)' if quick else ''}",
        [
            f"CT of {slices} × {rows} × {columns}, int16, uncompressed, files in the system's memory; each loader in a "
            f"process of its own, {1 if quick else 7} times in turn, medians. The first image is a slice of the sorted "
            "series; memory is what loading added to the peak of the process. "
            f"Load average of the machine before: {busy:.1f}.",
            "",
            *table,
            "",
            f"{count} files in {tree[0]} series.",
            "",
            *scanned,
        ],
        write=write,
    )


if __name__ == "__main__":
    main()
