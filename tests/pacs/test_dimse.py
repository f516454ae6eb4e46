"""C-ECHO, C-FIND, C-GET and C-MOVE with Orthanc and with dcmtk's dcmqrscp."""

from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from medae.errors import NodeError
from medae.nodes import DicomNode, Listener
from medae.pacs import dimse
from medae.pacs.query import Match, Query
from medae.pacs.storage import store
from tests.orthanc import Orthanc

CALLING = "MEDAE"


def by_uid(paths: tuple[Path, ...]) -> dict[str, pydicom.Dataset]:
    return {data.SOPInstanceUID: data for data in map(pydicom.dcmread, paths)}


def stored(node: DicomNode, paths: tuple[Path, ...]) -> pydicom.Dataset:
    """Store files and give the header of the first."""
    outcomes: list[object] = []
    store(node, paths, CALLING, outcomes.append)
    assert [one.state for one in outcomes] == ["sent"] * len(paths)
    return pydicom.dcmread(paths[0], stop_before_pixels=True)


@pytest.fixture(params=["orthanc", "dcmqrscp"])
def archive(request: pytest.FixtureRequest) -> DicomNode:
    """Two programs that answer queries."""
    name = {"orthanc": "dicom_node", "dcmqrscp": "dcmqrscp"}[request.param]
    node = request.getfixturevalue(name)
    assert isinstance(node, DicomNode)
    return node


def test_find_and_get(archive: DicomNode, series: tuple[Path, ...], tmp_path: Path) -> None:
    header = stored(archive, series)
    dimse.echo(archive, CALLING)
    (study,) = dimse.find(archive, CALLING, "STUDY", Query(patient_id=header.PatientID))
    assert (study.study_instance_uid, study.patient_name) == (header.StudyInstanceUID, str(header.PatientName))
    assert dimse.find(archive, CALLING, "STUDY", Query(patient_name="Nobody")) == ()
    (one,) = dimse.find(archive, CALLING, "SERIES", study=study.study_instance_uid)
    assert (one.series_instance_uid, one.modality, one.number) == (header.SeriesInstanceUID, "MR", "3")
    instances = dimse.find(archive, CALLING, "IMAGE", study=study.study_instance_uid, series=one.series_instance_uid)
    assert len(instances) == len(series)
    fetched = dimse.get(archive, CALLING, instances, tmp_path / "fetched")
    assert by_uid(fetched) == by_uid(series)


def test_compressed_files_are_fetched_as_they_are(dicom_node: DicomNode, tmp_path: Path) -> None:
    path = Path(get_testdata_file("MR_small_jp2klossless.dcm"))
    header = stored(dicom_node, (path,))
    wanted = (
        Match("IMAGE", header.StudyInstanceUID, header.SeriesInstanceUID, header.SOPInstanceUID, header.SOPClassUID),
    )
    (fetched,) = dimse.get(dicom_node, CALLING, wanted, tmp_path / "fetched")
    given, got = pydicom.dcmread(path), pydicom.dcmread(fetched)
    assert got.file_meta.TransferSyntaxUID == given.file_meta.TransferSyntaxUID
    assert got.PixelData == given.PixelData


def test_move_to_a_third_node_that_is_not_known(archive: DicomNode, series: tuple[Path, ...]) -> None:
    header = stored(archive, series)
    with pytest.raises(NodeError, match=r"archive|orthanc") as caught:
        dimse.move(archive, CALLING, Match("STUDY", header.StudyInstanceUID), "NOWHERE")
    assert not caught.value.is_temporary


def test_move_to_our_listener(
    dcmqrscp: DicomNode, series: tuple[Path, ...], listener: Listener, tmp_path: Path
) -> None:
    from medae.pacs import places
    from medae.pacs.client import with_own_listener

    header = stored(dcmqrscp, series)
    one = Match("SERIES", header.StudyInstanceUID, header.SeriesInstanceUID)
    told: list[str] = []
    sent = with_own_listener(
        listener,
        lambda: dimse.move(dcmqrscp, CALLING, one, listener.ae_title, lambda _, text="": told.append(text)),
    )
    assert sent == len(series)
    taken = dimse.take_moved(places.moved_folder(), header.SeriesInstanceUID, tmp_path / "moved")
    assert by_uid(taken) == by_uid(series)
    assert dimse.take_moved(places.moved_folder(), header.SeriesInstanceUID, tmp_path / "moved") == ()


def test_orthanc_knows_how_many_images_there_are(
    dicom_node: DicomNode, orthanc: Orthanc, series: tuple[Path, ...]
) -> None:
    header = stored(dicom_node, series)
    assert orthanc.counts()["instances"] == len(series)
    (study,) = dimse.find(dicom_node, CALLING, "STUDY", Query(modality="mr"))
    assert (study.instances, study.modality, study.study_instance_uid) == (6, "MR", header.StudyInstanceUID)
