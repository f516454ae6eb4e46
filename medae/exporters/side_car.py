"""What stands beside a NIfTI file as JSON: fields of BIDS and its derivatives, nothing that names the patient.

Fields: Brain Imaging Data Structure 1.10, "Common metadata fields" for MRI, PET and derivatives; those of CT, which
BIDS does not cover, as dcm2niix writes them.
"""

from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset

from medae.errors import ReadError
from medae.exporters import dicom_file
from medae.provenance import Provenance
from medae.results import Result
from medae.volume import HOUNSFIELD, Volume

RESEARCH_USE = "Research use only, not for diagnosis."
SUFFIXES = {"CT": "ct", "MR": "mr", "PT": "pet"}
"""Suffix of BIDS-style names by modality, where the user names none."""


def _seconds(milliseconds: Any) -> float:
    return float(milliseconds) / 1000


def _texts(value: Any) -> Any:
    return str(value) if isinstance(value, str) else [str(part) for part in value]


_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "Modality": ("Modality", str),
    "Manufacturer": ("Manufacturer", str),
    "ManufacturerModelName": ("ManufacturersModelName", str),
    "MagneticFieldStrength": ("MagneticFieldStrength", float),
    "BodyPartExamined": ("BodyPartExamined", str),
    "PatientPosition": ("PatientPosition", str),
    "MRAcquisitionType": ("MRAcquisitionType", str),
    "ScanningSequence": ("ScanningSequence", _texts),
    "SequenceVariant": ("SequenceVariant", _texts),
    "SliceThickness": ("SliceThickness", float),
    "SpacingBetweenSlices": ("SpacingBetweenSlices", float),
    "EchoTime": ("EchoTime", _seconds),
    "RepetitionTime": ("RepetitionTime", _seconds),
    "InversionTime": ("InversionTime", _seconds),
    "FlipAngle": ("FlipAngle", float),
    "EchoTrainLength": ("EchoTrainLength", int),
    "KVP": ("KVP", float),
    "XRayTubeCurrent": ("XRayTubeCurrent", float),
    "ConvolutionKernel": ("ConvolutionKernel", _texts),
    "Units": ("Units", str),
    "DecayCorrection": ("ImageDecayCorrection", str),
}
"""DICOM keyword: field and how its value is written (BIDS measures times in seconds)."""


def side_car(result: Result, kind: str) -> dict[str, Any]:
    """Give the fields beside the denoised volume or the heatmap of a result.

    Parameters
    ----------
    result
        What is exported.
    kind
        ``"denoised"`` or ``"heatmap"``.
    """
    volume = result.denoised if kind == "denoised" else result.original
    assert volume is not None
    fields = _acquisition(result.original)
    fields["SkullStripped"] = False
    fields["SpatialReference"] = "orig"
    if kind == "denoised":
        fields["Description"] = "Denoised with an autoencoder"
        if volume.unit == HOUNSFIELD:
            fields["Units"] = "HU"
        steps = volume.provenance
    else:
        assert result.anomaly_map is not None
        fields["Description"] = "Anomaly heatmap of an autoencoder, z-scores"
        fields["Units"] = "z"
        fields["Threshold"], fields["Calibration"] = result.anomaly_map.threshold, result.anomaly_map.calibration
        steps = result.anomaly_map.provenance
    fields["GeneratedBy"] = [_generated_by(step) for step in steps]
    fields["Warning"] = RESEARCH_USE
    return fields


def _acquisition(volume: Volume) -> dict[str, Any]:
    """Fields from the headers of a DICOM source; values that cannot be read are left out."""
    source = volume.source
    if source.reader != "dicom" or not source.paths:
        return {"Modality": volume.modality} if volume.modality else {}
    try:
        header = dicom_file.read_header(source.paths[0])
    except ReadError:
        return {"Modality": volume.modality}
    found = {}
    for keyword, (field, write) in _FIELDS.items():
        value = _value(header, keyword)
        if value in (None, ""):
            continue
        try:
            found[field] = write(value)
        except (TypeError, ValueError):
            continue
    return found


def _value(header: Dataset, keyword: str) -> Any:
    try:
        return header.get(keyword)
    except (TypeError, ValueError, NotImplementedError):
        return None


def _generated_by(step: Provenance) -> dict[str, Any]:
    """Item of GeneratedBy (BIDS, dataset_description.json): the program, and the model that it used."""
    return {
        "Name": "MedAE",
        "Version": step.medae_version,
        "Description": step.task,
        "Model": {"Name": step.bundle, "Version": step.version, "SHA256": step.sha256},
        "Options": step.options,
    }
