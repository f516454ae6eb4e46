"""The denoised series: pixels, geometry and what each attribute must say."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless, RLELossless, generate_uid

from medae.exporters import EXPORTERS, export
from medae.exporters.dicom_attributes import frame_order
from medae.results import Result
from medae.volume import Source, Volume

from .conftest import NO_MODEL, STEP, result_of, volume_of, write_series


def unchanged(result: Result) -> Result:
    return replace(result, denoised=result.original.with_array(result.original.array.copy(), NO_MODEL))


@pytest.mark.parametrize("modality", ["ct", "mr"])
def test_no_model_gives_identical_pixel_data(modality: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    result = unchanged(request.getfixturevalue(modality))
    for source, written in zip(result.original.source.paths, export(result, tmp_path / "out"), strict=True):
        assert pydicom.dcmread(written).PixelData == pydicom.dcmread(source).PixelData


@pytest.mark.parametrize("scan", ["ct/acrin-flt-breast-001", "mr/sag-anon", "mr/forrest-t1"])
def test_no_model_gives_identical_pixel_data_of_real_scans(scan: str, shared_data: Path, tmp_path: Path) -> None:
    result = unchanged(result_of(volume_of(sorted((shared_data / scan).iterdir())[:10]), findings=False))
    for source, written in zip(result.original.source.paths, export(result, tmp_path), strict=True):
        assert pydicom.dcmread(written).PixelData == pydicom.dcmread(source).PixelData


def test_pixels_are_the_denoised_stored_values_and_padding_stays(ct: Result, tmp_path: Path) -> None:
    assert ct.denoised is not None
    for k, path in enumerate(export(ct, tmp_path / "out")):
        pixels = pydicom.dcmread(path).pixel_array
        padding = ct.original.array[k] == 0
        np.testing.assert_array_equal(pixels[~padding], ct.denoised.array[k][~padding])
        assert (pixels[padding] == 0).all()


def test_values_beyond_the_stored_range_are_clipped(ct: Result, tmp_path: Path) -> None:
    array = ct.original.array.copy()
    array[:, 10, 10] = 60000
    path = export(replace(ct, denoised=ct.original.with_array(array, STEP)), tmp_path / "out")[0]
    assert pydicom.dcmread(path).pixel_array[10, 10] == 4095


def test_bits_beyond_bits_stored_stay(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "in")
    for path in paths:  # an old-style overlay in bit 15
        ds = pydicom.dcmread(path)
        words = np.frombuffer(ds.PixelData, "<u2") | np.uint16(0x8000)
        ds.PixelData = words.tobytes()
        ds.save_as(path)
    volume = volume_of(paths)
    volume = replace(volume, array=volume.array & np.uint16(0x0FFF))
    result = result_of(volume)
    assert result.denoised is not None
    written = np.frombuffer(pydicom.dcmread(export(result, tmp_path / "out")[0]).PixelData, "<u2")
    assert (written & 0xF000 == 0x8000).all()
    np.testing.assert_array_equal((written & 0x0FFF)[400:], result.denoised.array[0].ravel()[400:])


def test_geometry_encoding_and_rescale_are_the_sources(ct: Result, tmp_path: Path) -> None:
    for source_path, path in zip(ct.original.source.paths, export(ct, tmp_path / "out"), strict=True):
        source, written = pydicom.dcmread(source_path), pydicom.dcmread(path)
        for keyword in [
            "SOPClassUID",
            "ImagePositionPatient",
            "ImageOrientationPatient",
            "PixelSpacing",
            "SliceThickness",
            "Rows",
            "Columns",
            "BitsAllocated",
            "BitsStored",
            "HighBit",
            "PixelRepresentation",
            "RescaleSlope",
            "RescaleIntercept",
            "InstanceNumber",
            "PixelPaddingValue",
            "StudyInstanceUID",
            "FrameOfReferenceUID",
            "PatientName",
            "PatientID",
            "StudyDate",
            "Manufacturer",
        ]:
            assert written[keyword].value == source[keyword].value, keyword
    volume = volume_of([*export(ct, tmp_path / "again")])
    np.testing.assert_allclose(volume.affine, ct.original.affine, atol=1e-3)


def test_says_how_it_was_made(ct: Result, tmp_path: Path) -> None:
    source = pydicom.dcmread(ct.original.source.paths[0])
    written = pydicom.dcmread(export(ct, tmp_path / "out")[0])
    assert written.ImageType == ["DERIVED", "SECONDARY", "AXIAL"]
    assert written.SeriesNumber == 9003
    assert written.SeriesDescription.startswith("MedAE denoised: A rather long")
    assert len(written.SeriesDescription) <= 64
    assert written.SeriesInstanceUID != source.SeriesInstanceUID
    assert written.SOPInstanceUID == written.file_meta.MediaStorageSOPInstanceUID != source.SOPInstanceUID
    (reference,) = written.SourceImageSequence
    assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert reference.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
    assert reference.SpatialLocationsPreserved == "YES"
    assert len(written.DerivationDescription) <= 1024
    for part in ("ct-denoise 0.1.0", STEP.sha256, "strength=1.0", "3 values clipped", "Research use only"):
        assert part in written.DerivationDescription
    assert written.DerivationCodeSequence[0].CodeValue == "113087"
    assert written.ContentQualification == "RESEARCH"
    assert "SmallestImagePixelValue" not in written
    assert not any(element.tag.is_private for element in written)
    assert written.ContentDate != "20200102"
    assert re.fullmatch(r"\d{6}\.\d{6}", written.SeriesTime)


def test_one_series_uid_and_unique_instances(ct: Result, tmp_path: Path) -> None:
    written = [pydicom.dcmread(path) for path in export(ct, tmp_path / "out")]
    assert len({ds.SeriesInstanceUID for ds in written}) == 1
    assert len({ds.SOPInstanceUID for ds in written}) == len(written)


def test_flat_and_private_tags_are_options(ct: Result, tmp_path: Path) -> None:
    options = {"derived-series": {"flat": True, "keep_private_tags": True}}
    paths = export(ct, tmp_path / "out", options=options)
    assert paths[0] == tmp_path / "out" / "0001.dcm"
    assert pydicom.dcmread(paths[0])[0x0009, 0x1001].value == "secret"


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_compressed_sources_are_written_uncompressed(syntax: str, tmp_path: Path) -> None:
    paths = write_series(tmp_path / "in")
    result = unchanged(result_of(volume_of(paths)))
    plain = [pydicom.dcmread(path).PixelData for path in result.original.source.paths]
    for path in paths:
        ds = pydicom.dcmread(path)
        ds.compress(syntax, generate_instance_uid=False)
        ds.save_as(path)
    for pixels, path in zip(plain, export(result, tmp_path / "out"), strict=True):
        written = pydicom.dcmread(path)
        assert written.PixelData == pixels
        assert written.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian


def test_lossy_compression_stays_declared(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "xr" / "RG1_J2KI.dcm"
    ds = pydicom.dcmread(path)
    uids = {"series_instance_uid": ds.SeriesInstanceUID, "study_instance_uid": ds.StudyInstanceUID}
    source = Source(paths=(path,), reader="dicom", modality="CR", **uids)
    volume = Volume(ds.pixel_array[None], np.eye(4), modality="CR", inverted=True, source=source)
    result = Result(volume, volume.with_array(volume.array.copy(), STEP))
    written = pydicom.dcmread(export(result, tmp_path)[0])
    assert written.LossyImageCompression == "01"
    assert written.LossyImageCompressionRatio == ds.LossyImageCompressionRatio
    assert written.PhotometricInterpretation == "MONOCHROME1"
    np.testing.assert_array_equal(written.pixel_array, ds.pixel_array)


def enhanced(folder: Path, modality: str) -> Result:
    """A result of a multi-frame file whose frames are not in the slices' order."""
    import highdicom

    volume = volume_of(write_series(folder / "classic", modality))
    frames = [pydicom.dcmread(path) for path in volume.source.paths]
    for frame in frames:
        frame.remove_private_tags()
        frame.PatientName = "Test^Enhanced"
    kind = getattr(highdicom.legacy, f"LegacyConvertedEnhanced{modality}Image")
    converted = kind(frames[::-1], generate_uid(), 4, generate_uid(), 1)
    path = folder / "enhanced.dcm"
    converted.save_as(path)
    source = replace(volume.source, paths=(path,), series_instance_uid=converted.SeriesInstanceUID)
    return result_of(replace(volume, source=source))


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_enhanced_multi_frame_keeps_its_class(
    modality: str, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]
) -> None:
    result = enhanced(tmp_path, modality)
    assert result.denoised is not None
    (source_path,) = result.original.source.paths
    source = pydicom.dcmread(source_path)
    (path,) = export(result, tmp_path / "out")
    written = pydicom.dcmread(path)
    assert written.SOPClassUID == source.SOPClassUID
    order = frame_order(source, result.original)
    pixels = written.pixel_array[order]
    valid = ~result.original.padding_mask()
    np.testing.assert_array_equal(pixels[valid], result.denoised.array[valid])
    for number, group in enumerate(written.PerFrameFunctionalGroupsSequence, start=1):
        reference = group.DerivationImageSequence[0].SourceImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert reference.ReferencedFrameNumber == number
    assert dciodvfy(path) <= dciodvfy(source_path)


@pytest.mark.parametrize("key", ["parametric-map", "segmentation", "structured-report", "secondary-capture"])
def test_multi_frame_sources_get_every_other_output(
    key: str, tmp_path: Path, dciodvfy: Callable[[Path], set[str]]
) -> None:
    paths = export(enhanced(tmp_path, "MR"), tmp_path / "out", (key,))
    assert dciodvfy(paths[0]) == set()


def test_frames_elsewhere_are_refused_with_the_reason(tmp_path: Path) -> None:
    result = enhanced(tmp_path, "MR")
    affine = np.array(result.original.affine)
    affine[2, 3] += 50
    reason = EXPORTERS["derived-series"].accepts(replace(result, original=replace(result.original, affine=affine)))
    assert reason is not None
    assert "frames" in reason


@pytest.mark.skipif(shutil.which("dcm2niix") is None, reason="dcm2niix is not installed")
@pytest.mark.parametrize("scan", ["ct/acrin-flt-breast-001", "mr/sag-anon"])
def test_dcm2niix_sees_the_same_grid(scan: str, shared_data: Path, tmp_path: Path) -> None:
    import nibabel

    files = sorted((shared_data / scan).iterdir())[:12]
    result = result_of(volume_of(files), findings=False)
    (tmp_path / "source").mkdir()
    for file in result.original.source.paths:
        shutil.copy(file, tmp_path / "source")
    export(result, tmp_path / "denoised", options={"flat": True})
    affines = []
    for folder in ("source", "denoised"):
        command = ["dcm2niix", "-b", "n", "-f", folder, "-o", tmp_path, tmp_path / folder]
        subprocess.run(command, check=True, capture_output=True)
        affines.append(nibabel.load(next(tmp_path.glob(f"{folder}*.nii"))).affine)
    np.testing.assert_allclose(affines[0], affines[1], atol=1e-3)
