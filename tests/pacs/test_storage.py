"""C-STORE: files as they are, transcoded without loss where refused, each with its outcome."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from medae.errors import NodeError
from medae.nodes import DicomNode
from medae.pacs.association import MOST_CONTEXTS
from medae.pacs.outcome import Outcome
from medae.pacs.storage import _contexts, _groups, _Sendable, store
from tests.orthanc import HOST, Orthanc, free_port
from tests.pacs.conftest import Authority, StoreScp

COMPRESSED = ["SC_rgb_jpeg_gdcm.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm"]


def send(node: DicomNode, *paths: Path) -> list[Outcome]:
    outcomes: list[Outcome] = []
    store(node, paths, "MEDAE", outcomes.append)
    return outcomes


def received(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_files_are_sent_as_they_are(storescp: StoreScp, name: str) -> None:
    path = Path(get_testdata_file(name))
    with storescp("+xa") as (node, folder):  # accepts every transfer syntax
        assert send(node, path) == [Outcome(path, "sent")]
        (got,) = received(folder)
    given = pydicom.dcmread(path)
    assert got.file_meta.TransferSyntaxUID == given.file_meta.TransferSyntaxUID
    assert got.PixelData == given.PixelData


@pytest.mark.parametrize("name", COMPRESSED)
def test_they_are_decompressed_where_they_are_refused(storescp: StoreScp, name: str) -> None:
    path = Path(get_testdata_file(name))
    with storescp() as (node, folder):  # accepts uncompressed transfer syntaxes only
        assert send(node, path) == [Outcome(path, "sent")]
        (got,) = received(folder)
    given = pydicom.dcmread(path)
    assert got.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert got.SOPInstanceUID == given.SOPInstanceUID
    np.testing.assert_array_equal(got.pixel_array, given.pixel_array)


def test_big_endian_and_deflated_files(storescp: StoreScp) -> None:
    big, deflated = (Path(get_testdata_file(name)) for name in ("MR_small_bigendian.dcm", "image_dfl.dcm"))
    assert pydicom.dcmread(big).file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    with storescp("+xi") as (node, folder):  # accepts Implicit VR Little Endian only
        assert [one.state for one in send(node, big, deflated)] == ["sent", "sent"]
        got = {data.SOPInstanceUID: data for data in received(folder)}
    for path in (big, deflated):
        given = pydicom.dcmread(path)
        np.testing.assert_array_equal(got[given.SOPInstanceUID].pixel_array, given.pixel_array)


def test_one_bad_file_does_not_stop_the_others(storescp: StoreScp, series: tuple[Path, ...], tmp_path: Path) -> None:
    text, absent, cut = tmp_path / "notes.txt", tmp_path / "absent.dcm", tmp_path / "cut.dcm"
    text.write_text("no DICOM")
    broken = pydicom.dcmread(get_testdata_file("JPEG2000.dcm"))
    broken.PixelData = broken.PixelData[:200]
    broken.save_as(cut)
    with storescp() as (node, folder):
        outcomes = {one.path: one for one in send(node, series[0], text, absent, cut, series[1])}
        assert len(received(folder)) == 2
    assert outcomes[series[0]].state == outcomes[series[1]].state == "sent"
    assert outcomes[text].message == "the file is not a readable DICOM file"
    assert outcomes[absent].message == "the file is gone"
    assert "JPEG 2000" in outcomes[cut].message


def test_a_class_that_is_not_taken(series: tuple[Path, ...]) -> None:
    from pynetdicom import AE
    from pynetdicom.sop_class import CTImageStorage

    entity = AE("CT")
    entity.add_supported_context(CTImageStorage)
    server = entity.start_server((HOST, 0), block=False)
    node = DicomNode(name="ct", ae_title="CT", host=HOST, port=server.server_address[1])
    try:
        with pytest.raises(NodeError, match="does not offer what was asked"):
            send(node, *series)
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (0xB007, "sent", "taken with warning B007"),
        (0xA700, "later", "no room"),
        (0xA900, "refused", "does not fit its class"),
        (0xC123, "refused", "cannot understand"),
        (0x0122, "refused", "no reason given"),
    ],
)
def test_what_a_status_means(series: tuple[Path, ...], status: int, state: str, words: str) -> None:
    from pynetdicom import AE, evt
    from pynetdicom.sop_class import MRImageStorage

    entity = AE("MR")
    entity.add_supported_context(MRImageStorage)
    server = entity.start_server((HOST, 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda _: status)])
    node = DicomNode(name="mr", ae_title="MR", host=HOST, port=server.server_address[1])
    try:
        (outcome,) = send(node, series[0])
    finally:
        server.shutdown()
    assert outcome.state == state
    assert words in outcome.message


def test_many_kinds_of_files_need_several_associations() -> None:
    files = [_Sendable(Path(f"{n}.dcm"), f"1.2.{n % 70}", ExplicitVRLittleEndian) for n in range(140)]
    groups = list(_groups(files))
    assert [one for group in groups for one in group] == files
    assert len(groups) > 1
    assert all(len(_contexts(group)) <= MOST_CONTEXTS for group in groups)


def test_over_tls(storescp: StoreScp, authority: Authority, series: tuple[Path, ...]) -> None:
    server = ("+tls", str(authority.key), str(authority.certificate), "+cf", str(authority.ca), "-rc")
    own = {"tls": True, "ca_file": authority.ca, "certificate": authority.certificate, "key": authority.key}
    with storescp(*server, **own) as (node, folder):
        assert {one.state for one in send(node, *series)} == {"sent"}
        assert len(received(folder)) == len(series)


def test_nobody_is_there(series: tuple[Path, ...]) -> None:
    with pytest.raises(NodeError, match="not listening"):
        send(DicomNode(name="away", ae_title="AWAY", host=HOST, port=free_port()), *series)


def test_orthanc_has_what_was_sent(dicom_node: DicomNode, orthanc: Orthanc, series: tuple[Path, ...]) -> None:
    send(dicom_node, *series)
    send(dicom_node, *series)  # again: nothing is doubled
    assert orthanc.counts() == {"patients": 1, "studies": 1, "series": 1, "instances": len(series)}
    given = {path.read_bytes()[132:] for path in series}
    kept = [pydicom.dcmread(path) for path in series]
    assert len(given) == len(kept)
    for number in orthanc.get("/instances"):
        import io

        got = pydicom.dcmread(io.BytesIO(orthanc.file(number)))
        assert any(got == one for one in kept)
