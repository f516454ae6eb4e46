"""Table E.1-1 and its options: what happens to which attribute."""

import pytest
from pydicom.datadict import tag_for_keyword

from medae.confidentiality import Deidentify
from medae.exporters.confidentiality_table import Action, actions, is_never_kept, method_codes


def action(keyword: str, **options: object) -> Action | None:
    return actions(Deidentify.model_validate(options)).get(tag_for_keyword(keyword) or 0)


@pytest.mark.parametrize(
    ("keyword", "expected"),
    [
        ("PatientName", Action.EMPTY),
        ("PatientID", Action.DUMMY),
        ("AccessionNumber", Action.EMPTY),
        ("StudyInstanceUID", Action.UID),
        ("ReferencedSOPInstanceUID", Action.UID),
        ("PatientAge", Action.REMOVE),
        ("ImageComments", Action.REMOVE),
        ("RequestAttributesSequence", Action.REMOVE),
        ("IconImageSequence", Action.REMOVE),
        ("InstitutionName", Action.DUMMY),
        ("SourceImageSequence", Action.KEEP),
        ("ContentSequence", Action.KEEP),
        ("PixelSpacing", None),
    ],
)
def test_basic_profile(keyword: str, expected: Action | None) -> None:
    assert action(keyword) is expected


@pytest.mark.parametrize(
    ("keyword", "option", "code"),
    [
        ("PatientAge", "keep_patient_characteristics", "113108"),
        ("DeviceSerialNumber", "keep_device", "113109"),
        ("InstitutionName", "keep_institution", "113112"),
    ],
)
def test_options_keep_and_are_declared(keyword: str, option: str, code: str) -> None:
    assert action(keyword, **{option: True}) is Action.KEEP
    assert code in {each.value for each in method_codes(Deidentify.model_validate({option: True}))}
    assert code not in {each.value for each in method_codes(Deidentify())}


def test_dates_are_declared() -> None:
    assert {code.value for code in method_codes(Deidentify(dates="keep"))} >= {"113100", "113106"}
    assert {code.value for code in method_codes(Deidentify(dates="shift"))} >= {"113100", "113107"}
    assert is_never_kept(0x00100030)
    assert not is_never_kept(0x00080020)
