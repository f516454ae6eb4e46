"""Make `resources/samples/codecs`: one small DICOM file for each transfer syntax that MedAE reads.

Run rarely, in an environment with medae and imagecodecs (whose OpenJPH writes HTJ2K)::

    python installer/codec_samples.py resources/samples/codecs

`medae doctor --self-test` decodes the files and compares them with the formula in `medae.cli.self_test_codecs`.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from medae.cli.self_test_codecs import SYNTAXES, Syntax, sample_image

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_BY_GDCM = {
    "1.2.840.10008.1.2.4.50": "JPEGBaselineProcess1",
    "1.2.840.10008.1.2.4.51": "JPEGExtendedProcess2_4",
    "1.2.840.10008.1.2.4.57": "JPEGLosslessProcess14",
    "1.2.840.10008.1.2.4.70": "JPEGLosslessProcess14_1",
}


def make(folder: Path) -> None:
    """Write all files, named by their UID."""
    folder.mkdir(parents=True, exist_ok=True)
    for syntax in SYNTAXES:
        path = folder / f"{syntax.uid}.dcm"
        image = sample_image(syntax.bits)
        dataset = plain(image, syntax.bits)
        if syntax.uid in _BY_GDCM:
            by_gdcm(dataset, syntax, path)
        else:
            encode(dataset, syntax, image)
            dataset.save_as(path, enforce_file_format=True)


def plain(image: NDArray[np.uint16], bits: int) -> Dataset:
    """Uncompressed Secondary Capture of (rows, columns)."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = _SECONDARY_CAPTURE, generate_uid(entropy_srcs=["medae", str(bits)])
    data.StudyInstanceUID = data.SeriesInstanceUID = generate_uid(entropy_srcs=["medae codecs"])
    data.PatientName, data.PatientID, data.Modality = "Codec^MedAE", "CODEC", "OT"
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.Rows, data.Columns = image.shape
    data.BitsAllocated, data.BitsStored, data.HighBit = (8 if bits == 8 else 16), bits, bits - 1
    data.PixelData = image.astype(np.uint8 if bits == 8 else "<u2").tobytes()
    data["PixelData"].VR = "OB" if bits == 8 else "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta = meta
    return data


def encode(data: Dataset, syntax: Syntax, image: NDArray[np.uint16]) -> None:
    """Encode in place by pydicom's encoders, or OpenJPH for HTJ2K."""
    uid = syntax.uid
    if ".4.20" in uid:
        data.PixelData = encapsulate([_htj2k(image, lossless=not syntax.tolerance)])
        data["PixelData"].VR = "OB"
    elif uid.endswith("4.91"):
        data.compress(uid, j2k_cr=[4], generate_instance_uid=False)
    elif uid.endswith("4.81"):
        data.compress(uid, jls_error=int(syntax.tolerance), generate_instance_uid=False)
    elif ".4." in uid or uid.endswith(".1.2.5"):
        data.compress(uid, generate_instance_uid=False)
    elif uid == "1.2.840.10008.1.2.2":
        data.PixelData = image.astype(">u2").tobytes()
        data["PixelData"].VR = "OW"
    data.file_meta.TransferSyntaxUID = uid


def _htj2k(image: NDArray[np.uint16], *, lossless: bool) -> bytes:
    """Encode in another process: imagecodecs and gdcm crash each other."""
    code = (
        "import sys, numpy, imagecodecs\n"
        f"image = numpy.frombuffer(sys.stdin.buffer.read(), '<u2').reshape({image.shape})\n"
        f"made = imagecodecs.htj2k_encode(image, reversible={lossless}, level={None if lossless else 0.001})\n"
        "sys.stdout.buffer.write(made)"
    )
    raw = image.astype("<u2").tobytes()
    return subprocess.run([sys.executable, "-c", code], input=raw, capture_output=True, check=True).stdout


def by_gdcm(data: Dataset, syntax: Syntax, path: Path) -> None:
    """Encode through files, as gdcm wants it.

    Raises
    ------
    RuntimeError
        If gdcm refuses.
    """
    import gdcm

    data.save_as(path, enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, _BY_GDCM[syntax.uid])))
    if not reader.Read():
        raise RuntimeError(f"gdcm cannot read {path}")
    change.SetInput(reader.GetImage())
    if not change.Change():
        raise RuntimeError(f"gdcm cannot encode {syntax.name}")
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise RuntimeError(f"gdcm cannot write {path}")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
