"""Phantoms as files: DICOM series of CT, MR or DX, and NIfTI. Whole or not at all, never over existing files."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from medae.errors import ExportError
from medae.volume import Volume

_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",  # CT Image Storage
    "MR": "1.2.840.10008.5.1.4.1.1.4",  # MR Image Storage
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray Image Storage - For Presentation
}
_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_DATE, _TIME = "20260101", "120000"


def write_dicom(
    volume: Volume,
    folder: Path | str,
    *,
    patient_id: str = "",
    description: str = "",
    series_number: int = 1,
) -> tuple[Path, ...]:
    """Write a CT, MR or DX volume as one DICOM file per slice: ``0001.dcm``, ``0002.dcm``, ….

    UIDs follow from the content: the same volume gives the same files.

    Parameters
    ----------
    volume
        Integer voxels; modality ``"CT"``, ``"MR"`` or ``"DX"``.
    folder
        Made if absent; must be empty otherwise.
    patient_id
        PatientID; series written with the same one share their study. Taken from the content if not given.
    description
        SeriesDescription; the description of the volume's source if not given.
    series_number
        SeriesNumber.

    Returns
    -------
    tuple of Path
        The files in slice order.

    Raises
    ------
    ExportError
        If the volume cannot be written as DICOM, or the folder is not empty or not writable.

    Notes
    -----
    DICOM PS3.3 A.3 (CT Image IOD), A.4 (MR Image IOD), A.26 (Digital X-Ray Image IOD).
    """
    folder = Path(folder)
    _check(volume, folder)
    digest = hashlib.sha256(np.ascontiguousarray(volume.array).tobytes() + volume.affine.tobytes())
    digest.update(f"{volume.modality}{series_number}{description}".encode())
    key = digest.hexdigest()
    common = _common(volume, key, patient_id or f"PHANTOM-{key[:8]}", description, series_number)
    names = [f"{k + 1:04d}.dcm" for k in range(volume.shape[0])]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for k, name in enumerate(names):
                _write_instance(volume, k, key, common, staged / name)
            staged.chmod(0o755)
            if folder.exists():
                folder.rmdir()
            staged.rename(folder)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise ExportError(f"The DICOM series could not be written: {error}.") from error
    return tuple(folder / name for name in names)


def write_nifti(volume: Volume, path: Path | str) -> Path:
    """Write a volume as NIfTI (``.nii`` or ``.nii.gz``): its affine, and its dtype where values are stored as such.

    Where the volume has a rescale (CT), the rescaled values are written: int16 if they are whole numbers that
    fit, float32 otherwise.

    Raises
    ------
    ExportError
        If the file exists already or cannot be written.
    """
    import SimpleITK as sitk  # noqa: N813

    path = Path(path)
    if not path.name.endswith((".nii", ".nii.gz")):
        raise ExportError(f"{path}: the name of a NIfTI file ends in .nii or .nii.gz.")
    if path.exists():
        raise ExportError(f"{path} exists already; choose another name or remove it.")
    image = sitk.GetImageFromArray(_plain_values(volume))
    image.SetOrigin(volume.origin)
    image.SetSpacing(volume.spacing[::-1])
    image.SetDirection(volume.direction[:, ::-1].ravel().tolist())
    staged = path.with_name(f".{path.stem.split('.')[0]}-staged.nii" + (".gz" if path.name.endswith(".gz") else ""))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(staged))
        staged.rename(path)
    except (OSError, RuntimeError) as error:
        raise ExportError(f"{path} could not be written: is the folder writable and the disk not full?") from error
    finally:
        staged.unlink(missing_ok=True)
    return path


def _plain_values(volume: Volume) -> Any:
    if (volume.rescale_slope == 1).all() and (volume.rescale_intercept == 0).all():
        return volume.array
    values = volume.values()
    whole = np.rint(values)
    if np.array_equal(whole, values) and values.min() >= -32768 and values.max() <= 32767:
        return whole.astype(np.int16)
    return values


def _check(volume: Volume, folder: Path) -> None:
    if volume.modality not in _CLASSES:
        raise ExportError(
            f"A volume of modality {volume.modality or 'unknown'!r} cannot be written as DICOM here; "
            f"choose one of {', '.join(_CLASSES)}, or write NIfTI."
        )
    if volume.array.dtype not in (np.dtype(np.int16), np.dtype(np.uint16)):
        raise ExportError(f"DICOM images hold 16-bit integers, not {volume.array.dtype}; write NIfTI instead.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} exists already and is not empty; choose another folder.")


def _uid(*parts: str) -> str:
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=["medae.phantom", *parts])


def _common(volume: Volume, key: str, patient_id: str, description: str, series_number: int) -> Any:
    """All that the instances of a series share: patient, study, series, equipment, pixel description."""
    from pydicom.dataset import Dataset

    data = Dataset()
    data.SOPClassUID = _CLASSES[volume.modality]
    data.PatientName, data.PatientID = "Phantom^MedAE", patient_id
    data.PatientBirthDate = data.PatientSex = ""
    data.StudyInstanceUID = _uid("study", patient_id)
    data.StudyID, data.AccessionNumber, data.ReferringPhysicianName = "1", "", ""
    data.StudyDescription = "MedAE phantom"
    data.SeriesInstanceUID, data.SeriesNumber = _uid("series", key), series_number
    data.SeriesDescription = (description or volume.source.description or "Phantom")[:64]
    for name in ("Study", "Series", "Acquisition", "Content"):
        setattr(data, f"{name}Date", _DATE)
        setattr(data, f"{name}Time", _TIME)
    data.Modality, data.PatientPosition = volume.modality, "HFS"
    data.Manufacturer, data.ManufacturerModelName = "MedAE", "phantom"
    data.SoftwareVersions, data.DeviceSerialNumber = "medae.phantom", "0"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME1" if volume.inverted else "MONOCHROME2"
    data.Rows, data.Columns = volume.shape[1:]
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, int(volume.array.dtype == np.int16)
    if volume.windows:
        data.WindowCenter = [f"{w.center:.6g}" for w in volume.windows]
        data.WindowWidth = [f"{w.width:.6g}" for w in volume.windows]
        if all(w.name for w in volume.windows):
            data.WindowCenterWidthExplanation = [w.name for w in volume.windows]
    {"CT": _describe_ct, "MR": _describe_mr, "DX": _describe_dx}[volume.modality](data, volume)
    if volume.modality != "DX":
        data.FrameOfReferenceUID, data.PositionReferenceIndicator = _uid("frame", patient_id), ""
    return data


def _body_part(volume: Volume) -> tuple[str, tuple[str, str]]:
    """BodyPartExamined and the SNOMED CT code of the region (DICOM PS3.16 annex L)."""
    text = volume.source.description.lower()
    if "hand" in text:
        return "HAND", ("85562004", "Hand")
    if "head" in text:
        return "HEAD", ("69536005", "Head")
    return "CHEST", ("816094009", "Chest")


def _describe_ct(data: Any, volume: Volume) -> None:
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.BodyPartExamined = _body_part(volume)[0]
    data.RescaleType = "HU"
    data.KVP, data.AcquisitionNumber = "", 1


def _describe_mr(data: Any, volume: Volume) -> None:
    data.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    data.BodyPartExamined = _body_part(volume)[0]
    data.ScanningSequence, data.SequenceVariant, data.ScanOptions = "RM", "NONE", ""
    data.MRAcquisitionType, data.RepetitionTime, data.EchoTime, data.EchoTrainLength = "2D", "", "", ""
    data.AcquisitionNumber = 1


def _describe_dx(data: Any, volume: Volume) -> None:
    from pydicom.dataset import Dataset

    part, (code, meaning) = _body_part(volume)
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = code, "SCT", meaning
    data.AnatomicRegionSequence = [region]
    data.BodyPartExamined = part
    data.ImageType = ["DERIVED", "SECONDARY", ""]
    data.ImageLaterality = "U" if part == "CHEST" else "L"
    data.PresentationIntentType = "FOR PRESENTATION"
    data.PixelIntensityRelationship, data.PixelIntensityRelationshipSign = "LOG", 1
    data.PresentationLUTShape = "INVERSE" if volume.inverted else "IDENTITY"
    data.RescaleType = "US"
    data.LossyImageCompression, data.BurnedInAnnotation = "00", "NO"
    data.PatientOrientation = ["L", "F"]
    data.ImagerPixelSpacing = [f"{s:.8g}" for s in volume.spacing[1:]]
    data.DetectorType, data.PositionerType, data.ViewPosition = "DIRECT", "NONE", "PA"
    data.AcquisitionContextSequence = []
    del data.PatientPosition


def _write_instance(volume: Volume, k: int, key: str, common: Any, path: Path) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset

    data = Dataset()
    data.update(common)
    data.SOPInstanceUID, data.InstanceNumber = _uid("instance", key, str(k)), k + 1
    data.RescaleSlope = f"{volume.rescale_slope[k]:.10g}"
    data.RescaleIntercept = f"{volume.rescale_intercept[k]:.10g}"
    if volume.modality != "DX":
        data.ImagePositionPatient = [f"{v:.8g}" for v in volume.to_lps((k, 0, 0))]
        data.ImageOrientationPatient = [f"{v:.8g}" for v in (*volume.direction[:, 2], *volume.direction[:, 1])]
        data.PixelSpacing = [f"{s:.8g}" for s in volume.spacing[1:]]
        data.SliceThickness = f"{volume.spacing[0]:.8g}"
        data.SliceLocation = f"{volume.to_lps((k, 0, 0)) @ volume.direction[:, 0]:.8g}"
    if volume.modality == "MR":
        data.SpacingBetweenSlices = f"{volume.spacing[0]:.8g}"
        del data.RescaleSlope, data.RescaleIntercept
        if volume.rescale_slope[k] != 1 or volume.rescale_intercept[k] != 0:
            raise ExportError("MR Image Storage has no rescale; write NIfTI instead.")
    data.PixelData = np.ascontiguousarray(volume.array[k]).astype(volume.array.dtype.newbyteorder("<")).tobytes()
    data["PixelData"].VR = "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = _EXPLICIT_VR_LITTLE_ENDIAN
    data.file_meta = meta
    data.save_as(path, enforce_file_format=True)
