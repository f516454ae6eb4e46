"""What the exporters write, in a real archive: stored by C-STORE and STOW-RS, found, retrieved, the same."""

import io
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from medae.exporters import EXPORTERS, export
from tests.orthanc import Orthanc

from .sources import SOURCES, result_of_files

DICOM = [key for key, exporter in EXPORTERS.items() if "deterministic_uids" in exporter.Options.model_fields]
HEADERS = {"Accept": "application/dicom+json"}


def c_store(orthanc: Orthanc, paths: Sequence[Path]) -> None:
    """Send by dcmtk, which offers every SOP class and transfer syntax of the files. Its exit status says little."""
    if shutil.which("dcmsend") is None:
        pytest.skip("dcmsend (Debian package dcmtk) is not installed")
    command = [
        "dcmsend",
        "--decompress-never",
        "-aec",
        orthanc.ae_title,
        orthanc.host,
        str(orthanc.dicom_port),
        *map(str, paths),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def stow(orthanc: Orthanc, paths: Sequence[Path]) -> None:
    """Store by DICOMweb (PS3.18 10.5)."""
    boundary = uuid.uuid4().hex
    parts = [
        f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + path.read_bytes() + b"\r\n"
        for path in paths
    ]
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    request = urllib.request.Request(
        f"{orthanc.dicomweb_url}/studies", body, {"Content-Type": kind, **HEADERS}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert answer.status == 200


def qido(orthanc: Orthanc, query: str) -> list[dict[str, Any]]:
    """Search by DICOMweb (PS3.18 10.6)."""
    import json

    request = urllib.request.Request(f"{orthanc.dicomweb_url}/{query}", headers=HEADERS)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return list(json.loads(answer.read()))


def stored(orthanc: Orthanc) -> dict[str, pydicom.Dataset]:
    """Retrieve everything, by SOP instance UID."""
    datasets = [pydicom.dcmread(io.BytesIO(orthanc.file(instance))) for instance in orthanc.get("/instances")]
    return {str(ds.SOPInstanceUID): ds for ds in datasets}


@pytest.mark.parametrize(
    ("name", "compression"),
    [
        *((name, "none") for name in SOURCES if name != "pydicom-enhanced-ct"),
        ("ct", "jpeg-ls"),
        ("mr-axial", "jpeg-2000"),
    ],
)
def test_everything_is_stored_found_and_retrieved(
    name: str, compression: Any, orthanc: Orthanc, tmp_path: Path
) -> None:
    sources = SOURCES[name](tmp_path / "in")
    result = result_of_files(sources)
    keys = [key for key in DICOM if EXPORTERS[key].accepts(result) is None]
    written = export(result, tmp_path / "out", keys, compression=compression)
    files = {str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in (*sources, *written)}
    assert len(files) == len(sources) + len(written)
    study = pydicom.dcmread(written[0], stop_before_pixels=True).StudyInstanceUID

    for store in (c_store, stow):
        orthanc.empty()
        store(orthanc, list(files.values()))
        counts = orthanc.counts()
        assert (counts["patients"], counts["studies"], counts["instances"]) == (1, 1, len(files))
        assert counts["series"] == len(keys) + 1
        found = qido(orthanc, f"instances?StudyInstanceUID={study}&limit=1000")
        assert {item["00080018"]["Value"][0] for item in found} == set(files)
        back = stored(orthanc)
        assert set(back) == set(files)
        for uid, path in files.items():
            assert back[uid] == pydicom.dcmread(path), path.name


@pytest.mark.parametrize("name", ["ct", "enhanced-mr"])
def test_the_parametric_map_is_drawn(name: str, orthanc: Orthanc, tmp_path: Path) -> None:
    result = result_of_files(SOURCES[name](tmp_path / "in"))
    assert result.anomaly_map is not None
    (path,) = export(result, tmp_path / "out", ("parametric-map",))
    instance = orthanc.upload(path)
    written = pydicom.dcmread(path)
    shown = []
    for frame in range(written.NumberOfFrames):
        drawn = orthanc.request("GET", f"/instances/{instance}/frames/{frame}/preview")
        shown.append(np.asarray(Image.open(io.BytesIO(drawn)).convert("L")))
    picture = np.stack(shown)
    assert picture.shape == result.original.shape
    pixels = written.pixel_array.astype(int)
    nothing = 32768  # stored for a score of 0, between darker and brighter
    lit = [frame for frame in range(len(pixels)) if (pixels[frame] > nothing).any()]
    assert lit
    for frame in lit:  # where there is a score there is light
        strong = pixels[frame] > (nothing + pixels[frame].max()) / 2
        assert picture[frame][strong].min() > picture[frame][pixels[frame] == nothing].max()


def test_findings_are_found_by_modality(orthanc: Orthanc, tmp_path: Path) -> None:
    result = result_of_files(SOURCES["ct"](tmp_path / "in"))
    for path in export(result, tmp_path / "out", DICOM):
        orthanc.upload(path)
    found = [item["00080060"]["Value"][0] for item in qido(orthanc, "series?limit=100")]
    assert sorted(found) == ["CT", "OT", "OT", "PR", "SEG", "SR"]
