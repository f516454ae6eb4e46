"""What the confidentiality profile asks for each attribute (PS3.15 table E.1-1), with the options chosen.

The table itself is that of dicom-anonymizer (Kitware, BSD), which follows the editions of the standard (here 2026c).
Its walk is not used: it leaves nested sequences alone and fills the content of reports with a dummy.
"""

from enum import Enum
from functools import cache

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.sr.coding import Code

from medae.confidentiality import Deidentify

BASIC_PROFILE = Code("113100", "DCM", "Basic Application Confidentiality Profile")
CLEAN_GRAPHICS = Code("113103", "DCM", "Clean Graphics Option")
CLEAN_STRUCTURED_CONTENT = Code("113104", "DCM", "Clean Structured Content Option")
CLEAN_DESCRIPTORS = Code("113105", "DCM", "Clean Descriptors Option")
FULL_DATES = Code("113106", "DCM", "Retain Longitudinal Temporal Information Full Dates Option")
MODIFIED_DATES = Code("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option")
PATIENT_CHARACTERISTICS = Code("113108", "DCM", "Retain Patient Characteristics Option")
DEVICE_IDENTITY = Code("113109", "DCM", "Retain Device Identity Option")
INSTITUTION_IDENTITY = Code("113112", "DCM", "Retain Institution Identity Option")


class Action(Enum):
    """What happens to an attribute."""

    KEEP = "keep; the items of a sequence are cleaned one by one"
    REMOVE = "remove"
    EMPTY = "zero length"
    DUMMY = "a value that says nothing"
    UID = "another UID, the same everywhere"


# The table's categories; where it leaves a choice by the attribute's type (X/Z, X/D, …) the one that suits all types.
_CATEGORIES = {
    "D_TAGS": Action.DUMMY,
    "Z_TAGS": Action.EMPTY,
    "X_TAGS": Action.REMOVE,
    "U_TAGS": Action.UID,
    "Z_D_TAGS": Action.DUMMY,
    "X_Z_TAGS": Action.EMPTY,
    "X_D_TAGS": Action.DUMMY,
    "X_Z_D_TAGS": Action.DUMMY,
    "X_Z_U_STAR_TAGS": Action.KEEP,
}

_OURS = {
    # Clean Descriptors: `deidentify` puts our own fixed text there.
    "SeriesDescription": Action.KEEP,
    "DerivationDescription": Action.KEEP,
    "ContributionDescription": Action.KEEP,
    # Clean Structured Content, Clean Graphics: we wrote the items, they are cleaned one by one.
    "ContentSequence": Action.KEEP,
    "GraphicAnnotationSequence": Action.KEEP,
    "UnformattedTextValue": Action.KEEP,
    # Type 1 in the objects that have them (C.11.10), where the table says X.
    "PresentationCreationDate": Action.DUMMY,
    "PresentationCreationTime": Action.DUMMY,
    # Optional wherever else they occur in our outputs: better gone than filled.
    "ReferencedPerformedProcedureStepSequence": Action.EMPTY,  # type 2 in reports
    "InstitutionCodeSequence": Action.REMOVE,
    "OperatorIdentificationSequence": Action.REMOVE,
    "WaveformAnnotationSequence": Action.REMOVE,
    "FlowIdentifierSequence": Action.REMOVE,
    "VerifyingObserverSequence": Action.REMOVE,
    "PersonIdentificationCodeSequence": Action.REMOVE,
}

# Columns of the options in table E.1-1, as far as they say K (keep).
_PATIENT = (
    "EthnicGroup",
    "PatientAge",
    "PatientSex",
    "PatientSexNeutered",
    "PatientSize",
    "PatientWeight",
    "PregnancyStatus",
    "SmokingStatus",
)
_DEVICE = (
    "CassetteID",
    "DetectorID",
    "DeviceDescription",
    "DeviceSerialNumber",
    "DeviceUID",
    "GantryID",
    "GeneratorID",
    "PerformedStationAETitle",
    "PerformedStationName",
    "PlateID",
    "StationName",
)
_INSTITUTION = (
    "InstitutionAddress",
    "InstitutionCodeSequence",
    "InstitutionName",
    "InstitutionalDepartmentName",
    "InstitutionalDepartmentTypeCodeSequence",
)
NEVER_KEPT_DATES = frozenset(
    {
        "PatientBirthDate",
        "PatientBirthTime",
        "PatientBirthDateInAlternativeCalendar",
        "PatientDeathDateInAlternativeCalendar",
    }
)
"""Dates of the patient that no option on dates keeps."""


@cache
def _basic() -> dict[int, Action]:
    """Give the actions of the Basic Profile by tag; repeating groups (overlays, curves) are not in it."""
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table

    found = {
        tag[0] << 16 | tag[1]: action
        for category, action in _CATEGORIES.items()
        for tag in getattr(table, category)
        if len(tag) == 2
    }
    return found | _by_tag(_OURS)


def _by_tag(actions: dict[str, Action]) -> dict[int, Action]:
    tags = {keyword: tag_for_keyword(keyword) for keyword in actions}
    return {tag: actions[keyword] for keyword, tag in tags.items() if tag is not None}


def actions(options: Deidentify) -> dict[int, Action]:
    """Give what happens to each attribute by tag; what is not named is kept, unless it is a date, a UID or unknown."""
    kept: list[str] = []
    for wanted, keywords in (
        (options.keep_patient_characteristics, _PATIENT),
        (options.keep_device, _DEVICE),
        (options.keep_institution, _INSTITUTION),
    ):
        kept += keywords if wanted else ()
    return _basic() | _by_tag(dict.fromkeys(kept, Action.KEEP))


def is_never_kept(tag: int) -> bool:
    """Whether a date stays out whatever the options on dates say."""
    return keyword_for_tag(tag) in NEVER_KEPT_DATES


def method_codes(options: Deidentify) -> list[Code]:
    """Codes of what was applied (DeidentificationMethodCodeSequence, PS3.16 CID 7050)."""
    codes = [BASIC_PROFILE, CLEAN_GRAPHICS, CLEAN_STRUCTURED_CONTENT, CLEAN_DESCRIPTORS]
    codes += {"keep": [FULL_DATES], "shift": [MODIFIED_DATES], "remove": []}[options.dates]
    for wanted, code in (
        (options.keep_patient_characteristics, PATIENT_CHARACTERISTICS),
        (options.keep_device, DEVICE_IDENTITY),
        (options.keep_institution, INSTITUTION_IDENTITY),
    ):
        codes += [code] if wanted else []
    return codes
