"""What is asked for in a PACS, and what it answers: studies, series and instances."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from medae.errors import SettingsError

Level = Literal["STUDY", "SERIES", "IMAGE"]

_KEYS: dict[Level, tuple[str, ...]] = {
    "STUDY": (
        "StudyInstanceUID",
        "PatientID",
        "PatientName",
        "StudyDate",
        "AccessionNumber",
        "StudyDescription",
        "ModalitiesInStudy",
        "NumberOfStudyRelatedInstances",
    ),
    "SERIES": (
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SeriesDate",
        "SeriesNumber",
        "SeriesDescription",
        "Modality",
        "NumberOfSeriesRelatedInstances",
    ),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"),
}
"""Attributes asked for at each level (PS3.4 C.6.2.1, Study Root)."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which studies are wanted; empty fields match everything, ``*`` and ``?`` are wild.

    Attributes
    ----------
    patient_name
        Beginning of the name as in DICOM: ``Doe^John``.
    study_date
        ``YYYYMMDD`` or a range ``YYYYMMDD-YYYYMMDD`` with either side left out.
    description
        Any part of the StudyDescription.
    """

    patient_id: str = ""
    patient_name: str = ""
    study_date: str = ""
    modality: str = ""
    accession_number: str = ""
    description: str = ""
    study_instance_uid: str = ""

    def __post_init__(self) -> None:
        """Refuse a date that no server would understand.

        Raises
        ------
        SettingsError
            The date is neither a day nor a range.
        """
        days = self.study_date.split("-")
        if self.study_date and (len(days) > 2 or not any(days) or not all(_is_day(day) for day in days if day)):
            raise SettingsError(
                f"{self.study_date!r} is no date; write 20260131, 20260101-20260131, 20260101- or -20260131."
            )


@dataclass(frozen=True, slots=True)
class Match:
    """One study, series or instance that a node has.

    Attributes
    ----------
    modality
        Of a series; of a study all of them, separated by commas.
    instances
        How many images there are; None where the node does not say.
    sop_class_uid
        Of an instance; empty where the node does not say.
    """

    level: Level
    study_instance_uid: str
    series_instance_uid: str = ""
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    patient_id: str = ""
    patient_name: str = ""
    date: str = ""
    accession_number: str = ""
    modality: str = ""
    number: str = ""
    description: str = ""
    instances: int | None = None

    def series(self) -> "Match":
        """Give the series of an instance."""
        return Match("SERIES", self.study_instance_uid, self.series_instance_uid)


def identifier(level: Level, query: Query | None = None, study: str = "", series: str = "") -> Dataset:
    """Make the identifier of a C-FIND: matching keys with a value, return keys without (PS3.4 C.2.2.2)."""
    wanted = Dataset()
    wanted.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _KEYS[level]:
        setattr(wanted, keyword, "")
    for keyword, value in filters(query or Query(study_instance_uid=study), series).items():
        setattr(wanted, keyword, value)
    wanted.QueryRetrieveLevel = level
    return wanted


def filters(query: Query, series: str = "") -> dict[str, str]:
    """Give the matching keys and their values, those that are not empty."""
    values = {
        "PatientID": query.patient_id,
        "PatientName": _wild(query.patient_name, after=True),
        "StudyDate": query.study_date,
        "ModalitiesInStudy": query.modality.upper(),
        "AccessionNumber": query.accession_number,
        "StudyDescription": _wild(query.description, before=True, after=True),
        "StudyInstanceUID": query.study_instance_uid,
        "SeriesInstanceUID": series,
    }
    return {keyword: value for keyword, value in values.items() if value}


def return_keys(level: Level) -> tuple[str, ...]:
    """Keywords of what is to be answered at a level."""
    return _KEYS[level]


def match(level: Level, answer: Dataset) -> Match:
    """Read one answer; what is missing in it, or damaged, is left empty."""
    text = _reader(answer)
    is_study, is_series = level == "STUDY", level == "SERIES"
    counted = text("NumberOfStudyRelatedInstances" if is_study else "NumberOfSeriesRelatedInstances")
    return Match(
        level,
        text("StudyInstanceUID"),
        text("SeriesInstanceUID"),
        text("SOPInstanceUID"),
        text("SOPClassUID"),
        text("PatientID"),
        text("PatientName"),
        text("StudyDate" if is_study else "SeriesDate"),
        text("AccessionNumber"),
        text("ModalitiesInStudy" if is_study else "Modality"),
        text("SeriesNumber") if is_series else "",
        text("StudyDescription" if is_study else "SeriesDescription"),
        int(counted) if counted.isdigit() else None,
    )


def fits(found: Match, query: Query) -> bool:
    """Whether a study is what was asked for: a node may ignore optional keys (PS3.4 C.2.2.2.1), or match loosely."""
    names = found.patient_name.split("=")  # alphabetic, ideographic, phonetic (PS3.5 6.2)
    name = _wild(query.patient_name, after=True)
    pairs = (
        (found.patient_id, query.patient_id),
        (found.accession_number, query.accession_number),
        (found.description, _wild(query.description, before=True, after=True)),
        (found.modality, f"*{query.modality}*"),
        *(() if any(_is_like(one, name) for one in names) else ((found.patient_name, name),)),
    )
    return all(_is_like(value, pattern) for value, pattern in pairs)


def _is_like(value: str, pattern: str) -> bool:
    """Whether a value matches; one that the node did not give does, and case does not count."""
    return not value or not pattern or fnmatchcase(value.lower(), pattern.lower().replace("[", "[[]"))


def _reader(answer: Dataset) -> Callable[[str], str]:
    def text(keyword: str) -> str:
        try:
            value = answer.get(keyword)
        except (ValueError, TypeError, LookupError, NotImplementedError):
            return ""
        if isinstance(value, MultiValue | list):
            return ", ".join(str(part) for part in value)
        return "" if value is None else str(value).strip()

    return text


def _wild(text: str, *, before: bool = False, after: bool = False) -> str:
    if not text or "*" in text or "?" in text:
        return text
    return f"{'*' if before else ''}{text}{'*' if after else ''}"


def _is_day(text: str) -> bool:
    return len(text) == 8 and text.isascii() and text.isdigit()


def in_order(found: Sequence[Match]) -> tuple[Match, ...]:
    """Newest study first; series by their number."""
    if found and found[0].level == "STUDY":
        return tuple(sorted(found, key=lambda one: one.date, reverse=True))
    return tuple(sorted(found, key=lambda one: int(one.number) if one.number.lstrip("-").isdigit() else 0))
