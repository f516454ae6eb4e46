"""De-identified outputs: nothing of the patient in any byte, references consistent, and what was done is said."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from medae.confidentiality import Deidentify
from medae.errors import SettingsError
from medae.exporters import EXPORTERS, export
from medae.exporters.deidentify import REMOVED, Deidentifier, name_reveals, warnings
from medae.results import Result

from .conftest import result_of, volume_of, write_series
from .sources import SOURCES, result_of_files

SECRETS = [
    "Müller^Test",
    "Müller",
    "P-4711-X",
    "ACC99887",
    "19701112",
    "Dr^Smith",
    "General Hospital",
    "SCAN77",
    "secret",
]
DATES = ["20200102", "030405"]
DICOM = [
    key for key, exporter in EXPORTERS.items() if "deterministic_uids" in exporter.Options.model_fields
]  # those with DicomOptions


def identify(paths: list[Path]) -> list[Path]:
    """Put into a series what a hospital puts there, in the top level, in sequences, in private and odd elements."""
    for path in paths:
        ds = pydicom.dcmread(path)
        if "private" not in path.name:
            ds.private_block(0x0009, "ACME", create=True).add_new(0x01, "LO", "secret")
        ds.SpecificCharacterSet = "ISO_IR 100"
        ds.PatientName, ds.PatientID, ds.AccessionNumber, ds.PatientBirthDate = (
            SECRETS[0],
            SECRETS[2],
            SECRETS[3],
            SECRETS[4],
        )
        ds.ReferringPhysicianName, ds.InstitutionName, ds.StationName = SECRETS[5], SECRETS[6], SECRETS[7]
        ds.StudyDescription = "Brain of Müller"
        ds.SeriesDescription = "t1 P-4711-X"
        ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = DATES[0]
        ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = DATES[1]
        ds.PatientAge, ds.PatientSize, ds.PatientWeight = "049Y", 1.7, 71
        ds.PatientComments = "secret"
        request = Dataset()
        request.RequestedProcedureDescription, request.ScheduledProcedureStepID = "secret", SECRETS[3]
        ds.RequestAttributesSequence = [request]
        equipment = Dataset()
        equipment.Manufacturer, equipment.InstitutionName, equipment.StationName = "ACME", SECRETS[6], SECRETS[7]
        equipment.PurposeOfReferenceCodeSequence = []
        equipment.private_block(0x0019, "ACME", create=True).add_new(0x02, "LO", "secret")
        ds.ContributingEquipmentSequence = [equipment]
        ds.add_new(0x60000010, "US", 8)  # an overlay
        ds.add_new(0x60004000, "LT", "secret")
        ds.save_as(path)
    return paths


def all_uids(dataset: Dataset) -> Iterator[str]:
    for element in dataset.iterall():
        if element.VR == "UI" and element.value:
            yield from ([str(element.value)] if element.VM == 1 else map(str, element.value))


def own_uids(paths: list[Path]) -> set[str]:
    """UIDs of the source that identify something."""
    found = {uid for path in paths for uid in all_uids(pydicom.dcmread(path))}
    return {uid for uid in found if not uid.startswith("1.2.840.10008.")}


def without_pixels(path: Path) -> bytes:
    """The bytes of a file before its pixels, where any text could be met by chance."""
    data = path.read_bytes()
    place = data.rfind(b"\xe0\x7f\x10\x00")
    return data if place < 0 else data[:place]


@pytest.fixture(params=["ct", "mr-sagittal", "pt", "cr", "enhanced-mr"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[list[Path], Result]:
    paths = identify(SOURCES[request.param](tmp_path / "in"))
    return paths, result_of_files(paths)


def test_nothing_of_the_patient_is_in_any_byte(
    source: tuple[list[Path], Result], tmp_path: Path, dciodvfy: Callable[[Path], set[str]]
) -> None:
    paths, result = source
    keys = [key for key in DICOM if EXPORTERS[key].accepts(result) is None]
    written = export(result, tmp_path / "out", keys, deidentify=Deidentify())
    own = set().union(*(dciodvfy(path) for path in paths))
    original = own_uids(paths)
    for path in written:
        data = without_pixels(path)
        for word in (*SECRETS, *DATES):
            for encoding in ("latin-1", "utf-8"):
                assert word.lower().encode(encoding) not in data.lower(), (path.name, word)
        assert not [uid for uid in original if uid.encode() in data], path.name
        ds = pydicom.dcmread(path)
        assert not [element.tag for element in ds.iterall() if element.tag.is_private]
        assert dciodvfy(path) <= own, path.name


def test_references_are_consistent(source: tuple[list[Path], Result], tmp_path: Path) -> None:
    _, result = source
    keys = [key for key in DICOM if EXPORTERS[key].accepts(result) is None]
    plain = [
        pydicom.dcmread(path) for path in export(result, tmp_path / "plain", keys, options={"deterministic_uids": True})
    ]
    hidden = [
        pydicom.dcmread(path)
        for path in export(
            result, tmp_path / "out", keys, options={"deterministic_uids": True}, deidentify=Deidentify()
        )
    ]
    new: dict[str, str] = {}
    for before, after in zip(plain, hidden, strict=True):
        kept = {element.tag for element in after}
        for element in before:
            if element.tag not in kept or element.keyword == "ContributingEquipmentSequence":
                continue
            pair = Dataset(), Dataset()
            pair[0].add(element)
            pair[1].add(after[element.tag])
            for old_uid, new_uid in zip(all_uids(pair[0]), all_uids(pair[1]), strict=True):
                assert new.setdefault(old_uid, new_uid) == new_uid
    replaced = {old: uid for old, uid in new.items() if old != uid}
    assert len(set(replaced.values())) == len(replaced)
    assert len({ds.StudyInstanceUID for ds in hidden}) == 1
    assert all(uid.startswith("1.2.840.10008.") or old != uid for old, uid in new.items())


def test_says_what_was_done(ct: Result, tmp_path: Path) -> None:
    written = pydicom.dcmread(export(ct, tmp_path / "out", deidentify=Deidentify())[0])
    assert written.PatientIdentityRemoved == "YES"
    assert written.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert written.LongitudinalTemporalInformationModified == "REMOVED"
    purposes = [item.PurposeOfReferenceCodeSequence[0].CodeValue for item in written.ContributingEquipmentSequence]
    assert purposes == ["109102", "109104"]
    assert written.SeriesDescription == "MedAE denoised"
    assert re.fullmatch(r"ANON-[0-9A-F]{8}", written.PatientID)
    assert written.PatientName == written.PatientID
    assert "ct-denoise 0.1.0" in written.DerivationDescription


def test_pixels_and_place_are_untouched(ct: Result, tmp_path: Path) -> None:
    plain, hidden = export(ct, tmp_path / "1"), export(ct, tmp_path / "2", deidentify=Deidentify())
    for before, after in zip(map(pydicom.dcmread, plain), map(pydicom.dcmread, hidden), strict=True):
        assert before.PixelData == after.PixelData
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleIntercept"):
            assert before[keyword].value == after[keyword].value


def test_dates_can_be_kept_or_shifted_alike(tmp_path: Path) -> None:
    result = result_of(volume_of(identify(write_series(tmp_path / "in"))))

    def dates(kind: str, folder: str) -> Dataset:
        options = Deidentify.model_validate({"dates": kind})
        return pydicom.dcmread(export(result, tmp_path / folder, deidentify=options)[0])

    kept, shifted = dates("keep", "1"), dates("shift", "2")
    assert (kept.StudyDate, kept.AcquisitionTime, kept.PatientBirthDate) == ("20200102", "030405", "")
    assert kept.LongitudinalTemporalInformationModified == "UNMODIFIED"
    assert (shifted.AcquisitionTime, shifted.PatientBirthDate) == ("030405", "")
    assert shifted.StudyDate == shifted.AcquisitionDate != "20200102"
    days = np.datetime64("2020-01-02") - np.datetime64(
        f"{shifted.StudyDate:.4}-{shifted.StudyDate[4:6]}-{shifted.StudyDate[6:]}"
    )
    assert 365 <= days.astype(int) <= 3650


def test_options_keep_what_they_name(tmp_path: Path) -> None:
    result = result_of(volume_of(identify(write_series(tmp_path / "in"))))
    options = Deidentify(
        patient_id="Subject 7", keep_patient_characteristics=True, keep_device=True, keep_institution=True
    )
    written = pydicom.dcmread(export(result, tmp_path / "out", deidentify=options)[0])
    assert (written.PatientID, str(written.PatientName)) == ("Subject 7", "Subject 7")
    assert (written.PatientAge, written.StationName, written.InstitutionName) == ("049Y", "SCAN77", "General Hospital")


def test_one_map_for_several_calls_and_new_ones_each_time(ct: Result, tmp_path: Path) -> None:
    def study(number: int, deidentify: Deidentify | Deidentifier, *, deterministic: bool = False) -> tuple[str, str]:
        options = {"deterministic_uids": True} if deterministic else None
        paths = export(ct, tmp_path / str(number), options=options, deidentify=deidentify)
        ds = pydicom.dcmread(paths[0])
        return ds.StudyInstanceUID, ds.PatientID

    shared = Deidentifier(Deidentify())
    assert study(1, shared) == study(2, shared)
    assert study(3, Deidentify()) != study(4, Deidentify())
    assert study(5, Deidentify(), deterministic=True) == study(6, Deidentify(), deterministic=True)


def test_names_that_tell_the_patient_are_refused(tmp_path: Path) -> None:
    result = result_of(volume_of(identify(write_series(tmp_path / "in"))))
    for name in ("müller_head", "scan_P-4711-X", "P 4711 x"):
        with pytest.raises(SettingsError, match="name or ID"):
            export(result, tmp_path / "out", name=name, deidentify=Deidentify())
    header = pydicom.dcmread(result.original.source.paths[0])
    assert not name_reveals("series-1", header)


def test_what_stays_in_the_pixels_is_warned_of() -> None:
    header = Dataset()
    header.Modality, header.BodyPartExamined = "CT", "CHEST"
    assert warnings(header) == ()
    header.BurnedInAnnotation = "YES"
    assert "burnt into its pixels" in warnings(header)[0]
    header.BurnedInAnnotation, header.BodyPartExamined = "NO", "HEAD"
    assert "face" in warnings(header)[0]
    header.Modality = "US"
    del header.BurnedInAnnotation
    assert "ultrasound" in warnings(header)[0]
    header.Modality, header.SOPClassUID = "OT", pydicom.uid.SecondaryCaptureImageStorage
    assert "captures" in warnings(header)[0]


@pytest.mark.shared
@pytest.mark.parametrize("scan", ["ct/acrin-flt-breast-001", "ct/lung-dx-a0001-sharp", "mr/sag-anon", "mr/forrest-t1"])
def test_nothing_of_a_real_scan_is_in_any_byte(scan: str, shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / scan).iterdir())[10:14]
    result = result_of_files(paths)
    keys = [key for key in DICOM if EXPORTERS[key].accepts(result) is None]
    hidden = own_uids(paths)
    for element in pydicom.dcmread(paths[0], stop_before_pixels=True).iterall():
        if element.VR in ("DA", "PN") or element.keyword in ("PatientID", "AccessionNumber", "StudyDescription"):
            hidden |= {str(element.value)} if len(str(element.value or "")) > 4 else set()
    hidden.discard(REMOVED)  # what other tools wrote, too
    assert len(hidden) > len(paths)
    for path in export(result, tmp_path / "out", keys, deidentify=Deidentify()):
        data = without_pixels(path)
        assert not [word for word in hidden if word.encode("latin-1", "replace") in data], path.name
        assert not [element.tag for element in pydicom.dcmread(path).iterall() if element.tag.is_private]
