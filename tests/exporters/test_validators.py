"""Every exporter on every kind of source, judged by programs that are not ours: dicom3tools and dcmtk."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pydicom
import pytest

from medae.confidentiality import Deidentify
from medae.exporters import EXPORTERS, export
from medae.results import Result

from .conftest import result_of
from .sources import SOURCES, result_of_files

DICOM = [key for key, exporter in EXPORTERS.items() if "deterministic_uids" in exporter.Options.model_fields]
NEEDS_POSITION = {"parametric-map", "segmentation", "structured-report"}
VARIANTS = {
    "secondary-capture": {"multi_frame": True},
    "parametric-map": {"float32": True},
    "presentation-state": {"of": "denoised"},
    "derived-series": {"keep_private_tags": True},
}
"""Options beyond the default that change what kind of object is written."""


def said_by(program: str, *arguments: str | Path) -> str:
    """Output and errors of a validator; the test is skipped where it is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", check=False)
    return done.stdout + done.stderr


def check(paths: Sequence[Path], sources: Sequence[Path], dciodvfy: Callable[[Path], set[str]]) -> None:
    """No error beyond the source's; presentation states and reports pass dcmtk's own checks."""
    own = set().union(*(dciodvfy(path) for path in sources))
    for path in paths:
        assert dciodvfy(path) <= own, path.name
        kind = str(pydicom.dcmread(path, stop_before_pixels=True).Modality)
        if kind == "PR":
            check_presentation_state(path, sources[0])
        elif kind == "SR":
            text = said_by("dsrdump", path)
            assert "Imaging Measurement Report" in text
            assert not [line for line in text.splitlines() if line.startswith(("E:", "F:"))]


def check_presentation_state(path: Path, source: Path) -> None:
    """Pass dcmpschk, apart from values that the source brought along."""
    text = said_by("dcmpschk", path)
    header, state = pydicom.dcmread(source, stop_before_pixels=True), pydicom.dcmread(path)
    for group, element in re.findall(r"Affected attribute: .*\(([0-9a-f]{4}),([0-9a-f]{4})\)", text):
        tag = int(group + element, 16)
        assert state[tag] == header[tag], text
        text = text.replace("Test failed", "Test passed.")
    assert "Test passed." in text, text


@pytest.mark.parametrize("name", SOURCES)
def test_every_exporter(name: str, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]) -> None:
    sources = SOURCES[name](tmp_path / "in")
    result = result_of_files(sources)
    keys = [key for key in DICOM if EXPORTERS[key].accepts(result) is None]
    assert set(DICOM) - set(keys) == (NEEDS_POSITION if name == "cr" else set())
    paths = export(result, tmp_path / "out", keys)
    check(paths, sources, dciodvfy)
    variants = {key: options for key, options in VARIANTS.items() if key in keys}
    again = export(result, tmp_path / "variants", list(variants), options=variants)
    check(again, sources, dciodvfy)
    check(export(result, tmp_path / "hidden", keys, deidentify=Deidentify()), sources, dciodvfy)
    if result.original.source.frame_of_reference_uid:
        assert "Error" not in said_by("dcentvfy", *sources, *paths)


@pytest.mark.shared
@pytest.mark.parametrize("scan", ["ct/acrin-flt-breast-001", "mr/sag-anon", "mr/forrest-t1", "ct/lung-dx-a0001-sharp"])
def test_real_scans(scan: str, shared_data: Path, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]) -> None:
    sources = sorted((shared_data / scan).iterdir())[10:14]
    result = result_of_files(sources)
    keys = [key for key in DICOM if EXPORTERS[key].accepts(result) is None]
    assert "parametric-map" in keys
    check(export(result, tmp_path / "out", keys), sources, dciodvfy)


@pytest.mark.shared
def test_real_radiograph(shared_data: Path, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]) -> None:
    sources = [shared_data / "xr" / "RG1_J2KI.dcm"]
    result = result_of_files(sources)
    keys = [key for key in DICOM if key not in NEEDS_POSITION]
    check(export(result, tmp_path / "out", keys), sources, dciodvfy)


def test_the_check_finds_an_error(ct: Result, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]) -> None:
    path = export(ct, tmp_path / "out")[0]
    ds = pydicom.dcmread(path)
    del ds.KVP
    ds.save_as(path)
    with pytest.raises(AssertionError):
        check([path], ct.original.source.paths, dciodvfy)


def test_results_without_findings(tmp_path: Path, dciodvfy: Callable[[Path], set[str]]) -> None:
    sources = SOURCES["ct"](tmp_path / "in")
    result = result_of(result_of_files(sources).original, findings=False)
    paths = export(result, tmp_path / "out", ("parametric-map", "secondary-capture", "presentation-state"))
    check(paths, sources, dciodvfy)
