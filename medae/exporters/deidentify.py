"""De-identified outputs (PS3.15 E.1.1): every DICOM object that an export wrote is cleaned, all with one UID map."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pydicom
from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code
from pydicom.uid import UID

import medae
from medae.confidentiality import Deidentify
from medae.exporters import dicom_attributes as attributes
from medae.exporters import dicom_file
from medae.exporters.confidentiality_table import Action, actions, is_never_kept, method_codes

DUMMY_DATE = "19000101"
REMOVED = "REMOVED"

_DATES = ("DA", "TM", "DT")
_TEXTS = ("LO", "SH", "ST", "LT", "UT", "UC", "PN", "AE")
_BINARY = ("OB", "OW", "OF", "OD", "OL", "OV", "UN")
_DUMMIES: dict[str, object] = {
    "AS": "000Y",
    "DA": DUMMY_DATE,
    "TM": "000000",
    "DT": f"{DUMMY_DATE}000000",
    "DS": "0",
    "IS": "0",
    "UR": "http://removed.invalid",
    **dict.fromkeys((*_TEXTS, "CS"), REMOVED),
    **dict.fromkeys(("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"), 0),
    **dict.fromkeys(_BINARY, b"\0\0"),
}
_STANDARD_UIDS = "1.2.840.10008."
_UIDS_OF_THINGS = ("CodingSchemeUID", "MappingResourceUID")
_CODES = ("CodeValue", "CodeMeaning", "CodingSchemeDesignator", "LongCodeValue")
_OVERLAYS, _CURVES = 0x6000, 0x5000
_UID_IN_TEXT = re.compile(r"\d+(\.\d+){6,}")
_SHORTEST_SECRET = 4
_SHIFTS = (365, 3650)
"""Fewest and most days by which dates are shifted into the past."""

_EQUIPMENT = Code("109104", "DCM", "De-identifying Equipment")
_BURNT_IN_MODALITIES = {"US": "ultrasound images", "ES": "endoscopic images", "XC": "photographs", "SC": "captures"}
_FACE = ("HEAD", "BRAIN", "SKULL", "FACE", "NECK", "HEADNECK")


class Deidentifier:
    """Cleans datasets; keep one for all that belongs together, so that references stay consistent.

    Parameters
    ----------
    options
        What to remove.
    deterministic
        Make the same new UIDs, patient ID and shift of dates from the same original each time. Who has the
        original can then recognise it.
    """

    def __init__(self, options: Deidentify, *, deterministic: bool = False) -> None:
        self.options = options
        self._secret = "" if deterministic else secrets.token_hex(16)
        self._actions = actions(options)

    def uid(self, original: str) -> UID:
        """Give the new UID that stands for an original one (action U)."""
        return attributes.new_uid(True, "deidentify", self._secret, original)

    def clean(self, dataset: Dataset) -> None:
        """Remove from a dataset, in place, what could identify the patient, and say so in it."""
        patient, issuer = str(dataset.get("PatientID") or ""), str(dataset.get("IssuerOfPatientID") or "")
        digest = hashlib.sha256("\0".join((self._secret, patient, issuer)).encode()).hexdigest()
        least, most = _SHIFTS
        shift = timedelta(days=-(least + int(digest[8:16], 16) % (most - least)))
        hidden = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE) for word in _secrets(dataset)]
        with pydicom.config.disable_value_validation():
            self._walk(dataset, shift)
            _sweep(dataset, hidden)
            self._say(dataset, self.options.patient_id or f"ANON-{digest[:8].upper()}")

    def _walk(self, dataset: Dataset, shift: timedelta) -> None:
        for tag in list(dataset.keys()):
            try:
                element = dataset[tag]
            except (ValueError, TypeError, NotImplementedError, LookupError, AttributeError):
                del dataset[tag]  # what cannot be read cannot be cleaned
                continue
            action = self._action(element)
            if action is Action.REMOVE:
                del dataset[tag]
            elif element.VR == "SQ":
                self._clean_sequence(element, action, shift)
            elif action is Action.UID or (action is Action.DUMMY and element.VR == "UI"):
                element.value = self._new_uids(element.value)
            elif action is Action.EMPTY:
                element.value = None
            elif action is Action.DUMMY:
                element.value = _DUMMIES[element.VR]
            elif element.VR in ("DA", "DT") and self.options.dates == "shift":
                element.value = _shifted(element, shift)

    def _action(self, element: DataElement) -> Action:
        """Decide what happens to one element."""
        tag = element.tag
        group = tag.group & 0xFF00
        if tag.is_private or group in (_OVERLAYS, _CURVES) or not dictionary_has_tag(tag):
            return Action.REMOVE
        if element.VR in _DATES and self.options.dates != "remove" and not is_never_kept(tag):
            return Action.KEEP
        if element.keyword == "TimezoneOffsetFromUTC" and self.options.dates != "remove":
            return Action.KEEP
        action = self._actions.get(int(tag))
        if action is None and element.VR in _DATES:
            return Action.DUMMY
        if action is None and element.VR == "UI" and element.keyword not in _UIDS_OF_THINGS:
            return Action.UID
        return action or Action.KEEP

    def _clean_sequence(self, element: DataElement, action: Action, shift: timedelta) -> None:
        if action is Action.KEEP:
            for item in element.value:
                self._walk(item, shift)
        else:
            element.value = Sequence()

    def _new_uids(self, value: object) -> object:
        """Replace UIDs other than those of the standard itself (classes, transfer syntaxes, …)."""
        if isinstance(value, MultiValue | list | tuple):
            return [self._new_uids(each) for each in value]
        text = str(value or "")
        return text if not text or text.startswith(_STANDARD_UIDS) else self.uid(text)

    def _say(self, dataset: Dataset, patient: str) -> None:
        """Patient and what was done (C.7.1.1), our own descriptions, and the equipment (C.12.1.1.5)."""
        if not patient.isascii():
            dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName = dataset.PatientID = patient
        dataset.PatientIdentityRemoved = "YES"
        dates = {"remove": "REMOVED", "shift": "MODIFIED", "keep": "UNMODIFIED"}[self.options.dates]
        dataset.LongitudinalTemporalInformationModified = dates
        dataset.DeidentificationMethod = attributes.long_string(f"MedAE {medae.__version__}: PS3.15 Basic Profile")
        codes = [attributes.code_item(code) for code in method_codes(self.options)]
        dataset.DeidentificationMethodCodeSequence = codes
        if "SeriesDescription" in dataset:
            dataset.SeriesDescription = str(dataset.SeriesDescription).partition(":")[0]
        dataset.ContributingEquipmentSequence = [
            *(dataset.get("ContributingEquipmentSequence") or ()),
            _equipment(),
        ]


def _equipment() -> Dataset:
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [attributes.code_item(_EQUIPMENT)]
    item.Manufacturer = attributes.MANUFACTURER
    item.SoftwareVersions = f"MedAE {medae.__version__}"
    return item


def deidentify_file(path: Path, deidentifier: Deidentifier) -> None:
    """Clean one DICOM file of ours in its place."""
    dataset = dicom_file.read_source(path)
    deidentifier.clean(dataset)
    dicom_file.write(dataset, path)


def warnings(header: Dataset) -> tuple[str, ...]:
    """Sentences about what de-identification leaves in the pixels of a scan.

    Parameters
    ----------
    header
        Of one of the source's files.
    """
    found = []
    kind = _BURNT_IN_MODALITIES.get(str(header.get("Modality", "")))
    if str(header.get("SOPClassUID", "")).startswith("1.2.840.10008.5.1.4.1.1.7"):
        kind = "captures"
    if header.get("BurnedInAnnotation") == "YES":
        found.append("The scan says that text is burnt into its pixels; look for names in every image before sharing.")
    elif kind and header.get("BurnedInAnnotation") != "NO":
        found.append(f"Text is often burnt into {kind}; look for names in every image before sharing.")
    part = str(header.get("BodyPartExamined", "")).upper()
    if part in _FACE and str(header.get("Modality", "")) in ("CT", "MR", "PT"):
        found.append("A face can be drawn from a scan of the head; remove it with a de-facing tool before sharing.")
    return tuple(found)


def name_reveals(name: str, header: Dataset) -> bool:
    """Whether a file name holds the patient's name, ID or accession number."""
    return any(f" {_words(secret)} " in f" {_words(name)} " for secret in _secrets(header))


def _words(text: str) -> str:
    return re.sub(r"[_\W]+", " ", text).casefold().strip()


def _secrets(dataset: Dataset) -> set[str]:
    """Give what names the patient: words of the name, identifiers, day of birth; our own name is none."""
    values = [str(dataset.get(key) or "") for key in ("PatientID", "AccessionNumber", "PatientBirthDate")]
    values += re.split(r"[\^=\s,]+", str(dataset.get("PatientName") or ""))
    words = {value.strip() for value in values} - {attributes.MANUFACTURER}
    return {word for word in words if len(word) >= _SHORTEST_SECRET}


def _sweep(dataset: Dataset, hidden: list[re.Pattern[str]]) -> None:
    """Blank free text that still holds a name, an identifier or a UID."""
    for element in _texts(dataset):
        values = element.value if isinstance(element.value, MultiValue) else [element.value]
        for value in map(str, values):
            if _UID_IN_TEXT.search(value) or any(pattern.search(value) for pattern in hidden):
                element.value = REMOVED


def _texts(dataset: Dataset) -> Iterator[DataElement]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in _TEXTS and element.value and element.keyword not in _CODES:
            yield element


def _shifted(element: DataElement, shift: timedelta) -> object:
    """Date or date-time with its day shifted; the dummy where it is none (PS3.5 6.2)."""
    values = element.value if isinstance(element.value, MultiValue) else [element.value]
    moved = [_shift(str(value), shift) if value else value for value in values]
    return moved if len(moved) > 1 else moved[0]


def _shift(text: str, shift: timedelta) -> str:
    try:
        day = datetime.strptime(text[:8], "%Y%m%d") + shift
    except (ValueError, OverflowError):
        return DUMMY_DATE
    return f"{day:%Y%m%d}{text[8:]}"
