"""All files that come with pydicom: each opens as pydicom decodes it, or says in one sentence why not."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pydicom.pixels
import pytest

from medae import readers
from medae.errors import ReadError

FOLDER = Path(pydicom.data.__file__).parent
INDEX = "DICOMDIR"
FILES = sorted(
    str(path.relative_to(FOLDER).as_posix())
    for folder in ("test_files", "charset_files", "palettes")
    for path in (FOLDER / folder).rglob("*")
    if path.is_file() and INDEX not in path.name
)
NOT_AN_IMAGE = "not an image format that MedAE reads"
NO_IMAGE = "DICOM without an image"
NO_IMAGE_OR_CUT = "no image is in it, or it is cut off before its image{}; copy it again"
DOSE = "a radiotherapy dose, not a scan"
NO_PIXELS = "the file is cut off before its pixel data, or has none; copy it again"

REASONS = {
    "test_files/ExplVR_BigEndNoMeta.dcm": f"{NO_IMAGE} (RT Ion Plan Storage)",
    "test_files/ExplVR_LitEndNoMeta.dcm": f"{NO_IMAGE} (RT Ion Plan Storage)",
    "test_files/JPEG2000-embedded-sequence-delimiter.dcm": (
        "its JPEG 2000 Image Compression pixel data are damaged, or do not fit its header"
    ),
    "test_files/MR_truncated.dcm": (
        "the file is cut off: its pixel data are shorter than the header says; copy it again"
    ),
    "test_files/README.txt": NOT_AN_IMAGE,
    "test_files/UN_sequence.dcm": NO_IMAGE_OR_CUT.format(" (CT Image Storage)"),
    "test_files/badVR.dcm": DOSE,
    "test_files/crayons.icc": NOT_AN_IMAGE,
    "test_files/dicomdirtests/README.txt": NOT_AN_IMAGE,
    "test_files/dicomdirtests/TINY_ALPHA/README": NOT_AN_IMAGE,
    "test_files/empty_charset_LEI.dcm": NO_IMAGE_OR_CUT.format(""),
    "test_files/liver_expb_1frame.dcm": "its byte order (Explicit VR Big Endian, retired) is not read in results",
    "test_files/meta_missing_tsyntax.dcm": NO_IMAGE_OR_CUT.format(""),
    "test_files/nested_priv_SQ.dcm": NO_IMAGE_OR_CUT.format(""),
    "test_files/no_meta.dcm": NOT_AN_IMAGE,
    "test_files/no_meta_group_length.dcm": NO_IMAGE_OR_CUT.format(" (RT Image Storage)"),
    "test_files/priv_SQ.dcm": NO_IMAGE_OR_CUT.format(" (MR Image Storage)"),
    "test_files/reportsi.dcm": f"{NO_IMAGE} (Basic Text SR Storage)",
    "test_files/reportsi_with_empty_number_tags.dcm": f"{NO_IMAGE} (Basic Text SR Storage)",
    "test_files/rtdose.dcm": DOSE,
    "test_files/rtdose_1frame.dcm": DOSE,
    "test_files/rtdose_expb.dcm": DOSE,
    "test_files/rtdose_expb_1frame.dcm": DOSE,
    "test_files/rtdose_rle.dcm": DOSE,
    "test_files/rtdose_rle_1frame.dcm": DOSE,
    "test_files/rtplan.dcm": f"{NO_IMAGE} (RT Plan Storage)",
    "test_files/rtplan.dump": NOT_AN_IMAGE,
    "test_files/rtplan_truncated.dcm": f"{NO_IMAGE} (RT Plan Storage)",
    "test_files/rtstruct.dcm": f"{NO_IMAGE} (RT Structure Set Storage)",
    "test_files/rtstruct.dump": NOT_AN_IMAGE,
    "test_files/test-SR.dcm": "a structured report on a scan that is not here; open it together with its scan",
    "test_files/test1.json": NOT_AN_IMAGE,
    "test_files/test_PN.json": NOT_AN_IMAGE,
    "test_files/waveform_ecg.dcm": f"{NO_IMAGE} (12-lead ECG Waveform Storage)",
    "test_files/zipMR.gz": "compressed with gzip; unpack it first",
    "charset_files/FileInfo.txt": NOT_AN_IMAGE,
    "charset_files/chrJapMulti.dcm": NO_PIXELS,
    "charset_files/chrJapMultiExplicitIR6.dcm": NO_PIXELS,
    "charset_files/chrKoreanMulti.dcm": NO_PIXELS,
    "charset_files/chrSQEncoding.dcm": NO_IMAGE_OR_CUT.format(" (MR Image Storage)"),
    "charset_files/chrSQEncoding1.dcm": NO_IMAGE_OR_CUT.format(" (MR Image Storage)"),
    "palettes/README.md": NOT_AN_IMAGE,
}
"""What does not open, and the sentence that says why. Everything else must open."""

COLOUR = {
    "test_files/ExplVR_BigEnd.dcm",
    "test_files/GDCMJ2K_TextGBR.dcm",
    "test_files/examples_jpeg2k.dcm",
    "test_files/examples_palette.dcm",
    "test_files/examples_rgb_color.dcm",
    "test_files/examples_ybr_color.dcm",
    *(name for name in FILES if name.startswith("test_files/SC_")),
}
OVERLAYS = {"test_files/examples_overlay.dcm"}
FRAMES = {
    "test_files/examples_ybr_color.dcm": 30,
    "test_files/SC_rgb_rle_2frame.dcm": 2,
    "test_files/SC_rgb_rle_16bit_2frame.dcm": 2,
    "test_files/SC_rgb_rle_32bit_2frame.dcm": 2,
}


def expected_reason(name: str) -> str:
    """The sentence for a file, ``""`` if it must open."""
    if name.startswith("palettes/") and name.endswith(".dcm"):
        return f"{NO_IMAGE} (Color Palette Storage)"
    if "/TINY_ALPHA/PT" in name:
        return NO_IMAGE_OR_CUT.format(" (CT Image Storage)")
    return REASONS.get(name, "")


def decoded_by_pydicom(path: Path) -> np.ndarray:
    """(frames, rows, columns[, 3]), colours as RGB of 8 bits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in getattr(data, "file_meta", ()):
            data.file_meta = pydicom.dataset.FileMetaDataset()
            implicit, little = data.original_encoding
            data.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
            if not implicit:
                uids = pydicom.uid.ExplicitVRBigEndian, pydicom.uid.ExplicitVRLittleEndian
                data.file_meta.TransferSyntaxUID = uids[little]
        array = pydicom.pixels.pixel_array(data)
        bits = data.BitsStored
        if data.PhotometricInterpretation == "PALETTE COLOR":
            array = pydicom.pixels.apply_color_lut(array, data)[..., :3]
            bits = 8 * array.dtype.itemsize
    if array.shape[-1] == 3 and data.PhotometricInterpretation != "MONOCHROME2":
        array = (array >> (bits - 8)).astype(np.uint8)
    return array if int(data.get("NumberOfFrames", 1)) > 1 else array[None]


def test_all_files_are_here() -> None:
    assert len(FILES) > 180
    assert not {*REASONS, *COLOUR, *OVERLAYS, *FRAMES} - {*FILES}


@pytest.mark.parametrize("name", FILES)
def test_each_opens_as_pydicom_decodes_it_or_says_why_not(name: str) -> None:
    path = FOLDER / name
    before = path.read_bytes()
    reason = expected_reason(name)
    if reason:
        with pytest.raises(ReadError) as caught:
            readers.open_volume(path)
        assert caught.value.reason == reason
    else:
        volume = readers.open_volume(path)
        expected = decoded_by_pydicom(path)
        assert volume.shape == expected.shape[:3]
        assert volume.shape[0] == FRAMES.get(name, 1)
        assert (volume.colour is not None) == (name in COLOUR)
        assert (volume.overlays is not None) == (name in OVERLAYS)
        shown = volume.array if volume.colour is None else volume.colour
        np.testing.assert_array_equal(shown, expected)
        assert np.isfinite(volume.affine).all()
    assert path.read_bytes() == before


def test_files_fetched_by_name() -> None:
    for name, shape in (("CT_small.dcm", (1, 128, 128)), ("MR_small.dcm", (1, 64, 64))):
        path = pydicom.data.get_testdata_file(name, download=False)
        assert readers.open_volume(str(path)).shape == shape


def test_overlay_agrees_with_pydicom() -> None:
    path = FOLDER / "test_files" / "examples_overlay.dcm"
    data = pydicom.dcmread(path)
    overlays = readers.open_volume(path).overlays
    assert overlays is not None
    np.testing.assert_array_equal(overlays[0], data.overlay_array(0x6000).astype(bool))


@pytest.mark.parametrize(
    "name",
    [
        "DICOMDIR",
        "DICOMDIR-bigEnd",
        "DICOMDIR-implicit",
        "DICOMDIR-nooffset",
        "DICOMDIR-nopatient",
        "DICOMDIR-reordered",
    ],
)
def test_an_index_opens_what_it_names(name: str) -> None:
    found = readers.scan(FOLDER / "test_files" / "dicomdirtests" / name)
    assert len(found.sources) == 24
    assert sum(len(source.paths) for source in found.sources) == 31
    assert not found.skipped


def test_an_index_that_names_nothing_stands_for_its_folder() -> None:
    found = readers.scan(FOLDER / "test_files" / "dicomdirtests" / "DICOMDIR-empty.dcm")
    assert len(found.sources) == 24
