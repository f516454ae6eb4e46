"""Which plug-in decodes what."""

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import get_decoder
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLosslessSV1, JPEGLSLossless

from medae.readers import jpeg_extended
from medae.readers.decoders import are_frames_fit, plugin_for, prepare


@pytest.mark.parametrize(
    ("name", "plugin"),
    [
        ("SC_rgb_dcmtk_+eb+cr.dcm", "pillow"),
        ("JPGExtended.dcm", jpeg_extended.LABEL),
        ("MR_small_jpeg_ls_lossless.dcm", "pyjpegls"),
        ("MR_small_jp2klossless.dcm", "pylibjpeg"),
        ("MR_small_RLE.dcm", "pylibjpeg"),
        ("SC_rgb_jpeg_gdcm.dcm", ""),
        ("MR_small.dcm", ""),
    ],
)
def test_gdcm_is_asked_only_where_nobody_else_is_there(name: str, plugin: str) -> None:
    data = pydicom.dcmread(get_testdata_file(name))
    assert plugin_for(data) == plugin
    assert not plugin or plugin in get_decoder(data.file_meta.TransferSyntaxUID).available_plugins
    assert are_frames_fit(data, [0])


def test_nobody_in_this_process_asks_gdcm_for_what_others_decode() -> None:
    prepare()
    prepare()
    for syntax in (JPEGBaseline8Bit, JPEGLSLossless, JPEG2000Lossless):
        assert "gdcm" not in get_decoder(syntax).available_plugins
    assert "gdcm" in get_decoder(JPEGLosslessSV1).available_plugins
    assert get_decoder(JPEGExtended12Bit).available_plugins.count(jpeg_extended.LABEL) == 1


def test_extended_of_eight_bits_is_pillows() -> None:
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = JPEGExtended12Bit
    data.BitsStored = 8
    assert plugin_for(data) == "pillow"


def test_a_frame_that_is_not_fit_is_found_among_the_others() -> None:
    data = pydicom.dcmread(get_testdata_file("MR_small_jp2klossless.dcm"))
    data.PixelData = pydicom.encaps.encapsulate([next(pydicom.encaps.generate_frames(data.PixelData)), b"\xff\x4f"])
    data.NumberOfFrames = 2
    assert are_frames_fit(data, [0])
    assert not are_frames_fit(data, [0, 1])
