"""What the exporters write, in a real archive: stored, found and fetched again by our own PACS client, the same.

By C-STORE, C-FIND, C-GET and C-MOVE, and by STOW-RS, QIDO-RS and WADO-RS.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image

from medae import readers
from medae.exporters import EXPORTERS, export
from medae.nodes import DicomNode, DicomwebNode, Listener
from medae.pacs import client
from medae.pacs.outcome import Outcome
from medae.pacs.query import Match, Query
from medae.progress import silent
from medae.results import Result
from tests.orthanc import HOST, Orthanc, free_port

from .sources import SOURCES, result_of_files

DICOM = [key for key, exporter in EXPORTERS.items() if "deterministic_uids" in exporter.Options.model_fields]
OTHERS: dict[str, dict[str, Any]] = {
    "parametric-map": {"float32": True},
    "secondary-capture": {"multi_frame": True},
    "segmentation": {"fractional": True},
}
"""Options that change the kind of object."""

Node = DicomNode | DicomwebNode


def exported(result: Result, folder: Path, compression: Any) -> list[Path]:
    """Every kind of DICOM object that a result can become, one series each."""
    keys = [key for key in DICOM if EXPORTERS[key].accepts(result) is None]
    paths = export(result, folder / "usual", keys, compression=compression)
    others = {key: options for key, options in OTHERS.items() if key in keys}
    return [*paths, *export(result, folder / "others", list(others), options=others, compression=compression)]


def by_uid(paths: Sequence[Path]) -> dict[str, pydicom.Dataset]:
    """Give the datasets; no instance may be there twice."""
    found = {str(data.SOPInstanceUID): data for data in map(pydicom.dcmread, paths)}
    assert len(found) == len(paths)
    return found


def send(node: Node, paths: Sequence[Path]) -> None:
    """Store files, all of which have to be taken."""
    outcomes: list[Outcome] = []
    client.store(node, paths, outcomes.append)
    assert {one.path for one in outcomes} == set(paths)
    assert [one.text for one in outcomes if one.state != "sent"] == []


def assert_same(got: dict[str, pydicom.Dataset], sent: dict[str, pydicom.Dataset]) -> None:
    """Every element is the same, pixels, geometry and UIDs among them; what is compressed has stayed so."""
    assert set(got) == set(sent)
    for uid, data in sent.items():
        name = data.SOPClassUID.name
        assert got[uid] == data, name
        before, after = data.file_meta.TransferSyntaxUID, got[uid].file_meta.TransferSyntaxUID
        assert before == after or not (before.is_encapsulated or after.is_encapsulated), name


def series_of(node: Node, study: str) -> tuple[Match, ...]:
    """Ask for the one study there is, by its UID and by its patient, and for its series."""
    for query in (Query(study_instance_uid=study), Query()):
        assert [found.study_instance_uid for found in client.find_studies(node, query)] == [study]
    return client.find_series(node, study)


def fetch(node: Node, series: Sequence[Match], folder: Path, listener: Listener | None = None) -> list[Path]:
    """Fetch series by series."""
    uids = [(one.study_instance_uid, one.series_instance_uid) for one in series]
    return [path for study, uid in uids for path in client.retrieve(node, study, uid, folder, listener)]


def assert_opens_as(result: Result, paths: Sequence[Path], denoised_series: str) -> None:
    """What was fetched is opened by MedAE, with the values and the place of the denoised scan."""
    found = readers.scan(paths, silent).sources
    (source,) = (one for one in found if one.series_instance_uid == denoised_series)
    volume = readers.read(source, silent)
    assert result.denoised is not None
    padding = result.original.padding_mask()
    np.testing.assert_array_equal(volume.array, np.where(padding, result.original.array, result.denoised.array))
    np.testing.assert_allclose(volume.affine, result.denoised.affine, atol=1e-3)


COMPRESSED = {"mr-axial": "jpeg-2000", "mr-sagittal": "jpeg-ls"}


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {"pydicom-enhanced-ct", "legacy-ct", "legacy-mr"}))
def test_everything_is_stored_found_and_fetched(name: str, orthanc: Orthanc, tmp_path: Path) -> None:
    assert_comes_back(SOURCES[name](tmp_path / "in"), COMPRESSED.get(name, "none"), orthanc, tmp_path)


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["ct/acrin-flt-breast-001", "mr/sag-anon"])
def test_results_of_real_scans_come_back(folder: str, shared_data: Path, orthanc: Orthanc, tmp_path: Path) -> None:
    assert_comes_back(sorted((shared_data / folder).iterdir())[10:13], "none", orthanc, tmp_path)


def assert_comes_back(sources: list[Path], compression: Any, orthanc: Orthanc, tmp_path: Path) -> None:
    """Store the scan and all that its result can become; ask, count, fetch and compare."""
    result = result_of_files(sources)
    written = exported(result, tmp_path / "out", compression)
    paths = [*sources, *written]
    sent = by_uid(paths)
    kinds = {str(data.SeriesInstanceUID): str(data.Modality) for data in sent.values()}
    study = str(sent[next(iter(sent))].StudyInstanceUID)
    by_dimse = DicomNode(name="pacs", ae_title=orthanc.ae_title, host=HOST, port=orthanc.dicom_port, timeout=10)
    for node in (by_dimse, DicomwebNode(name="web", url=orthanc.dicomweb_url, timeout=10)):
        orthanc.empty()
        send(node, paths)
        counts = orthanc.counts()
        assert (counts["patients"], counts["studies"], counts["series"]) == (1, 1, len(kinds))
        assert counts["instances"] == len(paths)
        series = series_of(node, study)
        assert {one.series_instance_uid: one.modality for one in series} == kinds
        fetched = fetch(node, series, tmp_path / node.name)
        assert_same(by_uid(fetched), sent)
        assert_opens_as(result, fetched, str(pydicom.dcmread(written[0]).SeriesInstanceUID))


def test_everything_is_fetched_by_move(orthanc: Orthanc, tmp_path: Path) -> None:
    listener = Listener(port=free_port(), address=HOST)
    orthanc.know("medae", listener.ae_title, listener.port)
    written = exported(result_of_files(SOURCES["enhanced-mr"](tmp_path / "in")), tmp_path / "out", "none")
    node = DicomNode(
        name="pacs", ae_title=orthanc.ae_title, host=HOST, port=orthanc.dicom_port, timeout=10, retrieve="move"
    )
    send(node, written)
    series = series_of(node, str(pydicom.dcmread(written[0]).StudyInstanceUID))
    moved = client.with_own_listener(listener, lambda: fetch(node, series, tmp_path / "moved", listener))
    assert_same(by_uid(moved), by_uid(written))


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
    written = export(result, tmp_path / "out", DICOM)
    node = DicomwebNode(name="web", url=orthanc.dicomweb_url, timeout=10)
    send(node, written)
    found = client.find_series(node, str(pydicom.dcmread(written[0]).StudyInstanceUID))
    assert sorted(one.modality for one in found) == ["CT", "OT", "OT", "PR", "SEG", "SR"]
