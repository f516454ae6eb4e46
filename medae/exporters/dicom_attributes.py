"""What all DICOM outputs share: codes, UIDs, dates, equipment, references to the source.

Sections named in docstrings are those of DICOM PS3.3 and PS3.16.
"""

import json
import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import UID, generate_uid

from medae.errors import ExportError, ReadError
from medae.exporters.dicom_file import read_header
from medae.provenance import Provenance
from medae.results import AnomalyMap, Finding, Result
from medae.volume import Volume

MANUFACTURER = "MedAE"
RESEARCH_USE = "Research use only, not for diagnosis."
NOT_DICOM = "the scan is not DICOM; use nifti"
NO_ANOMALY_MAP = "there is no heatmap yet; run detect first"
NO_FINDINGS = "nothing lies above the threshold; lower it, or export the heatmap itself"

SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")
SMOOTHING = Code("113087", "DCM", "Smoothing")
SUBTRACTION = Code("113062", "DCM", "Pixel by pixel subtraction")
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
NO_UNITS = Code("1", "UCUM", "no units")
Z_SCORE = Code("113071", "DCM", "Z-score")
SALIENCY = Code("130404", "DCM", "Saliency")
ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Abnormal Structure")
SELECTED_REGION = Code("111099", "DCM", "Selected region")

SERIES_OFFSET = {
    "denoised": 9000,
    "heatmap": 9100,
    "heatmap_sc": 9200,
    "heatmap_seg": 9300,
    "heatmap_sr": 9400,
    "presentation": 9500,
}
"""Added to the source's SeriesNumber."""

HEADER_SIZE = 4096
"""About how many bytes an object has beside its pixels."""

FRAME_SIZE = 700
"""About how many bytes the functional groups of one frame take."""

_UID_NAMESPACE = uuid.UUID("5a9c2a0e-6d0b-4f0e-9b52-6f6f1d7b8c11")
_LO_LENGTH = 64
_ST_LENGTH = 1024

_KEPT = (
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
    # Patient and Patient Study modules (C.7.1.1, C.7.2.2), Clinical Trial modules (C.7.1.3, C.7.2.3)
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "PatientBirthDate",
    "PatientSex",
    "OtherPatientIDsSequence",
    "PatientSpeciesDescription",
    "PatientBreedDescription",
    "ResponsiblePerson",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
    # General Study module (C.7.2.1)
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "StudyDescription",
    # General Series and Frame of Reference modules (C.7.3.1, C.7.4.1)
    "BodyPartExamined",
    "Laterality",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
)
_TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)


def reason_against(result: Result, *, needs_position: bool, needs_findings: bool = False) -> str | None:
    """Why the source of a result cannot carry DICOM outputs; None when it can.

    Parameters
    ----------
    result
        What is to be exported.
    needs_position
        Whether the output needs a frame of reference and slice positions.
    needs_findings
        Whether the output is about findings: without one it could be read as "normal".
    """
    source = result.original.source
    if source.reader != "dicom" or not source.paths:
        return NOT_DICOM
    if not source.study_instance_uid or not source.series_instance_uid:
        return "the scan's files name no study or no series; use nifti"
    if needs_position and not (source.frame_of_reference_uid and result.original.placed):
        return "the scan has no position in space (no frame of reference); use secondary-capture"
    if len(source.paths) not in (1, result.original.shape[0]):
        return "the files of this scan do not match its slices; use nifti"
    if len(source.paths) == 1 and result.original.shape[0] > 1:
        try:
            frame_order(read_header(source.paths[0]), result.original)
        except (ExportError, ReadError) as error:
            return str(error)
    if needs_findings and not (result.anomaly_map and result.anomaly_map.findings):
        return NO_FINDINGS
    return None


def frame_order(header: Dataset, volume: Volume) -> NDArray[np.intp]:
    """Frame index of each slice of a volume read from one multi-frame file: (slices,).

    Slices are matched to frames by position (Plane Position functional group, C.7.6.16.2.3); frames without
    positions must be in slice order.

    Raises
    ------
    ExportError
        When frames and slices do not correspond one to one.
    """
    frames = int(header.get("NumberOfFrames", 1) or 1)
    slices = volume.shape[0]
    if frames != slices:
        raise ExportError(f"the file holds {frames} frames, the scan {slices} slices; use nifti")
    positions = [_frame_position(group) for group in header.get("PerFrameFunctionalGroupsSequence", ())]
    if len(positions) != frames or any(position is None for position in positions):
        return np.arange(frames)
    wanted = volume.to_lps(np.array([(k, 0, 0) for k in range(slices)], dtype=float))
    distances = np.linalg.norm(wanted[:, None] - np.array(positions, dtype=float)[None], axis=2)
    order = distances.argmin(axis=1)
    tolerance = 0.1 * volume.spacing[0]
    if len(set(order.tolist())) != slices or distances.min(axis=1).max() > tolerance:
        raise ExportError("the frames of this file are not at the slices' positions; use nifti")
    return order


def _frame_position(group: Dataset) -> list[float] | None:
    plane = group.get("PlanePositionSequence")
    if not plane or "ImagePositionPatient" not in plane[0]:
        return None
    return [float(x) for x in plane[0].ImagePositionPatient]


def copy_study(header: Dataset, target: Dataset) -> None:
    """Join the source's patient, study and frame of reference; verbatim.

    BodyPartExamined or Laterality (type 2C, C.7.3.1) is always there afterwards.
    """
    for keyword in _KEPT:
        if keyword in header:
            target[keyword] = header[keyword]
    for keyword in _TYPE_2:
        if keyword not in target:
            setattr(target, keyword, None)
    if "BodyPartExamined" not in target and "Laterality" not in target:
        target.Laterality = None


def without_identity(header: Dataset) -> Dataset:
    """Copy of a header for highdicom, which checks and logs identifying values: they are put back at the end.

    Use `copy_study` on the finished object.
    """
    copy = Dataset()
    copy.update({element.tag: element for element in header if not element.tag.is_private})
    copy.file_meta = getattr(header, "file_meta", FileMetaDataset())
    for keyword in (*_TYPE_2, "SpecificCharacterSet", "PatientAge", "PatientSize", "PatientWeight"):
        if keyword in copy:
            del copy[keyword]
    for keyword in _TYPE_2:
        setattr(copy, keyword, None)
    copy.PatientID = ""
    return copy


def new_uid(deterministic: bool, *parts: str) -> UID:
    """Give a new UID, or with ``deterministic`` the one that always belongs to these parts (PS3.5 B.2)."""
    if deterministic:
        return UID(f"2.25.{uuid.uuid5(_UID_NAMESPACE, chr(0).join(parts)).int}")
    return UID(generate_uid(prefix=None))


def dimension_organization(target: Dataset) -> UID:
    """Give the DimensionOrganizationUID (C.7.6.17) of a multi-frame object: it follows from the SOPInstanceUID."""
    return new_uid(True, "dimensions", target.SOPInstanceUID)


def recipe(steps: Iterable[Provenance]) -> str:
    """Describe what was done, without when and where: equal for equal processing."""
    return json.dumps(
        [[step.task, step.bundle, step.version, step.sha256, step.options] for step in steps],
        sort_keys=True,
        default=str,
    )


def in_zone_of(header: Dataset, moment: datetime) -> datetime:
    """Give a moment in the time zone that the source names (TimezoneOffsetFromUTC), else in local time."""
    return moment.astimezone(_zone(str(header.get("TimezoneOffsetFromUTC", "") or "")))


def stamp(target: Dataset, moment: datetime, header: Dataset) -> None:
    """Set series, content and instance-creation date and time, in the source's time zone where it names one."""
    moment = in_zone_of(header, moment)
    for name in ("Series", "Content", "InstanceCreation"):
        setattr(target, f"{name}Date", moment.strftime("%Y%m%d"))
        setattr(target, f"{name}Time", moment.strftime("%H%M%S.%f"))


def _zone(offset: str) -> timezone | None:
    match = re.fullmatch(r"([+-])(\d\d)(\d\d)", offset.strip())
    if match is None:
        return None  # local time
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def now() -> datetime:
    """Give the current moment."""
    return datetime.now(UTC)


def code_item(code: Code) -> Dataset:
    """Code Sequence Macro (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def source_reference(header: Dataset) -> Dataset:
    """Item of SourceImageSequence (C.12.4.1.2): this image, processed, at the same place."""
    item = Dataset()
    item.ReferencedSOPClassUID = header.SOPClassUID
    item.ReferencedSOPInstanceUID = header.SOPInstanceUID
    item.PurposeOfReferenceCodeSequence = [code_item(SOURCE_IMAGE)]
    item.SpatialLocationsPreserved = "YES"
    return item


def model_name(steps: Sequence[Provenance]) -> str:
    """Name and version of the models, e.g. ``ct-denoise 0.1.0``; ``no model`` when none changed anything."""
    return ", ".join(f"{s.bundle} {s.version}".strip() for s in steps if s.sha256) or "no model"


def derivation_description(steps: Sequence[Provenance], what: str) -> str:
    """DerivationDescription (0008,2111): algorithm, model, weights, options, clipped values; ASCII, ≤ 1024."""
    sentences = [f"{MANUFACTURER}: {what}."]
    for step in steps:
        if not step.sha256:
            sentences.append("No model: pixel values copied without change.")
            continue
        options = ", ".join(f"{key}={value}" for key, value in sorted(step.options.items()))
        sentences.append(
            f"Autoencoder {step.bundle} {step.version}, weights SHA-256 {step.sha256}, {options or 'no options'}, "
            f"MedAE {step.medae_version}."
        )
        if step.notes.get("values_clipped"):
            sentences.append(f"{step.notes['values_clipped']} values clipped to the stored range.")
    room = _ST_LENGTH - len(RESEARCH_USE) - 1
    return f"{ascii_text(' '.join(sentences), room)} {RESEARCH_USE}"


def equipment(steps: Sequence[Provenance], moment: datetime) -> list[Dataset]:
    """Items of ContributingEquipmentSequence (C.12.1.1.5), one per model; DeviceUID is the model version's own.

    ``moment`` is in the time zone of the object (`in_zone_of`).
    """
    items = []
    for step in steps:
        item = Dataset()
        item.PurposeOfReferenceCodeSequence = [code_item(PROCESSING_EQUIPMENT)]
        item.Manufacturer = MANUFACTURER
        item.ManufacturerModelName = long_string(f"{MANUFACTURER} {step.bundle}")
        item.SoftwareVersions = [
            long_string(text) for text in (f"MedAE {step.medae_version}", f"{step.bundle} {step.version}".strip())
        ]
        item.DeviceUID = new_uid(True, "device", step.bundle, step.version, step.sha256)
        item.ContributionDateTime = moment.strftime("%Y%m%d%H%M%S.%f")
        item.ContributionDescription = long_string(f"{step.task}, research use only")
        items.append(item)
    return items


def append_equipment(target: Dataset, steps: Sequence[Provenance], moment: datetime) -> None:
    """Append our equipment to what the source names."""
    target.ContributingEquipmentSequence = [
        *(target.get("ContributingEquipmentSequence") or ()),
        *equipment(steps, in_zone_of(target, moment)),
    ]


def series_number(header: Dataset, output: str) -> int:
    """SeriesNumber of an output: the source's plus `SERIES_OFFSET`."""
    try:
        number = int(header.get("SeriesNumber") or 0)
    except (TypeError, ValueError):
        number = 0
    return max(number, 0) + SERIES_OFFSET[output]


def series_description(header: Dataset, what: str) -> str:
    """``MedAE <what>: <the source's description>``, at most 64 characters (VR LO)."""
    return long_string(f"{MANUFACTURER} {what}: {header.get('SeriesDescription', '') or 'series'}")


def described(result: Result, output: str) -> str:
    """SeriesDescription that an output of a result will have; it is read from the source's header."""
    return series_description(read_header(result.original.source.paths[0]), output.replace("_", " "))


def long_string(text: str) -> str:
    """At most 64 characters, without a backslash (VR LO, PS3.5 6.2)."""
    return text.replace("\\", "/")[:_LO_LENGTH].strip()


def ascii_text(text: str, length: int) -> str:
    """ASCII, because the source may name no character set; at most ``length`` characters."""
    return text.encode("ascii", "replace").decode("ascii")[:length]


def software_version(steps: Sequence[Provenance]) -> str:
    """SoftwareVersions of an output: that of MedAE."""
    return long_string(f"MedAE {steps[-1].medae_version}" if steps else MANUFACTURER)


def tracking_uid(finding: Finding, anomaly_map: AnomalyMap) -> str:
    """TrackingUID of a finding: the same in the Segmentation and in the Structured Report."""
    series = anomaly_map.volume.source.series_instance_uid
    place = f"{finding.bounding_box} {finding.voxels}"
    return new_uid(True, "finding", series, recipe(anomaly_map.provenance), str(anomaly_map.threshold), place)


def finish(target: Dataset, header: Dataset, steps: Sequence[Provenance], moment: datetime, output: str) -> None:
    """Complete an object made by highdicom: study, series description, dates, derivation, equipment."""
    copy_study(header, target)
    stamp(target, moment, header)
    target.SeriesDescription = series_description(header, output.replace("_", " "))
    target.ContributingEquipmentSequence = equipment(steps, in_zone_of(header, moment))
    organization = dimension_organization(target)
    for item in (*target.get("DimensionOrganizationSequence", ()), *target.get("DimensionIndexSequence", ())):
        item.DimensionOrganizationUID = organization
    if "ImageType" in target:
        target.DerivationDescription = derivation_description(steps, "anomaly heatmap of an autoencoder")
