"""Odd scans, made on the spot: name, files, and what must come of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, JPEG2000Lossless, RLELossless

from . import odd

PLACES = 20
"""At how many places a file is cut off."""
N, (R, C) = 4, odd.SHAPE
CUT = r"cut off|damaged"


@dataclass(frozen=True)
class Case:
    """One odd scan.

    Attributes
    ----------
    make
        Writes it into an empty folder.
    volumes
        (slices, rows, columns) of the volumes that must come of it, sorted.
    warns
        Regular expressions, each of which must be found in a warning; no warning may be there where there are none.
    reasons
        Regular expressions of the sentences for the files that do not open, by the file's name.
    order
        Numbers of the slices (see `odd.pixels`) that the first volume must hold, where that is told.
    """

    make: Callable[[Path], object]
    volumes: tuple[tuple[int, int, int], ...] = ((N, R, C),)
    warns: tuple[str, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)
    order: tuple[int, ...] | None = tuple(range(N))


CASES: dict[str, Case] = {}


def case(name: str, **expected: object) -> Callable[[Callable[[Path], object]], Callable[[Path], object]]:
    """Enter a case; what is not said is a plain series of `N` slices without a warning."""

    def enter(make: Callable[[Path], object]) -> Callable[[Path], object]:
        CASES[name] = Case(make, **expected)  # type: ignore[arg-type]
        return make

    return enter


def broken(name: str, reason: str, make: Callable[[Path], object]) -> None:
    """Enter a case of one file ``a.dcm`` that does not open."""
    CASES[name] = Case(make, (), (), {"a.dcm": reason}, None)


def series(name: str, each: Callable[[int], dict[str, object]], **expected: object) -> None:
    """Enter a case of `N` slices with some attributes changed."""

    def make(folder: Path) -> None:
        for n in range(N):
            odd.write(folder / f"{n}.dcm", n, **{"array": odd.pixels(n), **each(n)})

    CASES[name] = Case(make, **expected)  # type: ignore[arg-type]


def twice(name: str, attributes: dict[str, object], first: dict[str, object] | None = None, **expected: object) -> None:
    """Enter a case of `N` slices, and `N` more at the same places with other pixels and attributes."""

    def make(folder: Path) -> None:
        for n in range(N):
            odd.write(folder / f"a{n}.dcm", n, **(first or {}))
            odd.write(folder / f"b{n}.dcm", n, odd.pixels(n) + 7, **attributes)

    shapes = ((N, R, C), (N, R, C))
    CASES[name] = Case(make, **{"volumes": shapes, **expected})  # type: ignore[arg-type]


def raw(change: Callable[[bytes], bytes], **attributes: object) -> Callable[[Path], object]:
    """Make one slice whose bytes are changed."""

    def make(folder: Path) -> None:
        path = odd.write(folder / "a.dcm", 0, **attributes)
        path.write_bytes(change(path.read_bytes()))

    return make


def element(tag: bytes, vr: bytes, value: bytes) -> bytes:
    """Encode a short element as Explicit VR Little Endian."""
    return tag + vr + len(value).to_bytes(2, "little") + value


def positions(*zs: float) -> Callable[[Path], object]:
    """Make a slice at each z."""

    def make(folder: Path) -> None:
        for n, z in enumerate(zs):
            odd.write(folder / f"{n}.dcm", n, ImagePositionPatient=[-10, -20, z])

    return make


# order


@case("shuffled")
def _(folder: Path) -> None:
    for n, name in zip(range(N), "cadb", strict=True):
        odd.write(folder / f"{name}.dcm", n, InstanceNumber=(7 * n) % 5)


series("constant InstanceNumber", lambda n: {"InstanceNumber": 1})
series("no InstanceNumber", lambda n: {"InstanceNumber": None})
series("from head to feet", lambda n: {"InstanceNumber": N - n})
series("one UID for all", lambda n: {"SOPInstanceUID": "1.2.3"})
series("no UIDs", lambda n: {"SeriesInstanceUID": None, "StudyInstanceUID": None})
series("no position", lambda n: {"ImagePositionPatient": None}, warns=("sorted by InstanceNumber",))
series("upside-down cosines", lambda n: {"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]})
series(
    "impossible orientation",
    lambda n: {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
    warns=("ImageOrientationPatient is invalid", "sorted by InstanceNumber"),
)
series("two values of a position", lambda n: {"ImagePositionPatient": [1, 2]}, warns=("sorted by InstanceNumber",))

# spacing and place

CASES["gap"] = Case(
    positions(0, 2.5, 10, 12.5), warns=(r"Gap of 7\.50 mm between 1\.dcm and 2\.dcm .*2 slice\(s\) are missing",)
)
CASES["two gaps"] = Case(
    positions(0, 2, 4, 8, 10, 14), ((6, R, C),), (r"Gap of 4\.00 mm .*2 such places",), order=tuple(range(6))
)
CASES["uneven"] = Case(positions(0, 2, 4.3, 6.3), warns=(r"Uneven spacing: 2\.30 mm between 1\.dcm and 2\.dcm",))
CASES["rounded positions"] = Case(positions(0, 1.67, 3.33, 5))
CASES["one place"] = Case(
    positions(3, 3, 3), ((1, R, C),) * 3, ("Slice positions repeat: split into 3 volumes",), order=(0,)
)
series("tilt", lambda n: {"ImagePositionPatient": [0, 0.7 * n, 2.5 * n]}, warns=(r"Gantry tilt of 15\.6°",))
series("no pixel size", lambda n: {"PixelSpacing": None}, warns=("no pixel size; 1 mm is assumed",))
series("pixel size of zero", lambda n: {"PixelSpacing": [0, 0]}, warns=("no pixel size",))

# copies


@case("copies", warns=(r"Left out 1 duplicate\(s\): z\.dcm \(same instance as 2\.dcm\)",))
def _(folder: Path) -> None:
    odd.series(folder, N)
    (folder / "z.dcm").write_bytes((folder / "002.dcm").read_bytes())
    (folder / "002.dcm").rename(folder / "2.dcm")


@case("copies with another UID", warns=(r"Left out 1 duplicate\(s\): .*same place and pixels",))
def _(folder: Path) -> None:
    odd.series(folder, N)
    odd.write(folder / "again.dcm", 2)


# several volumes

twice("4D", {"TemporalPositionIdentifier": 2}, {"TemporalPositionIdentifier": 1}, warns=("into 2 volumes by time",))
twice("4D by acquisition", {"AcquisitionNumber": 2}, {"AcquisitionNumber": 1}, warns=("2 volumes by acquisition",))
twice("4D without a word", {"InstanceNumber": 9}, warns=("split into 2 volumes by order",))
twice("trigger times", {"TriggerTime": 400}, {"TriggerTime": 0}, warns=("split into 2 volumes by trigger",))
twice("multi-echo", {"EchoTime": 40}, warns=("2 kinds of images",))
twice("DWI", {"DiffusionBValue": 1000.0}, warns=("2 kinds of images",))
twice("DWI directions", {"DiffusionGradientOrientation": [0.0, 0.0, 1.0]}, warns=("split into 2 volumes by direction",))
twice("magnitude and phase", {"ImageType": ["ORIGINAL", "PRIMARY", "P"]}, warns=("2 kinds of images",))
twice("two kernels", {"ConvolutionKernel": "B70"}, warns=("2 kinds of images",))
twice("two series", {"SeriesInstanceUID": "1.2.9"})


def _with_other(**attributes: object) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        for n in range(N):
            odd.write(folder / f"{n}.dcm", n)
        odd.write(folder / "other.dcm", 9, **attributes)

    return make


KINDS = ("2 kinds of images",)
OTHERS: dict[str, tuple[dict[str, object], tuple[int, int]]] = {
    "localizer": ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, (R, C)),
    "two stacks": ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, (R, C)),
    "mixed sizes": ({"array": odd.pixels(9, (3, 4))}, (3, 4)),
    "mixed pixel sizes": ({"PixelSpacing": [3, 3]}, (R, C)),
    "mixed types": ({"array": odd.pixels(9).astype(np.uint8)}, (R, C)),
    "one without a position": ({"ImagePositionPatient": None}, (R, C)),
}
for _name, (_attributes, _size) in OTHERS.items():
    CASES[_name] = Case(_with_other(**_attributes), ((1, *_size), (N, R, C)), KINDS, order=None)

# values

series("MONOCHROME1", lambda n: {"PhotometricInterpretation": "MONOCHROME1"})
series("padding", lambda n: {"PixelPaddingValue": 0})
series("slopes", lambda n: {"RescaleSlope": n + 1})
series("slope of zero", lambda n: {"RescaleSlope": 0}, warns=("RescaleSlope is 0", "not Hounsfield"))
series("no rescale", lambda n: {"RescaleSlope": None, "RescaleIntercept": None}, warns=("not Hounsfield",))
series("bytes beyond the pixels", lambda n: {"PixelData": odd.pixels(n).tobytes() + bytes(10)})
series("no bits stored", lambda n: {"BitsStored": 0})
broken("more bits stored than allocated", "17 of 16 bits", raw(bytes, BitsStored=17))
series("32 bits", lambda n: {"array": odd.pixels(n).astype(np.int32)})
series("no sign", lambda n: {"array": odd.pixels(n).astype(np.uint16), "PixelRepresentation": 0})

# encodings


def encoded(syntax: str) -> Callable[[Path], object]:
    """Make a series in another transfer syntax."""

    def make(folder: Path) -> None:
        for n in range(N):
            data = odd.dataset(n, odd.pixels(n, (R, C)))
            if pydicom.uid.UID(syntax).is_compressed and syntax != DeflatedExplicitVRLittleEndian:
                data.compress(syntax)
            elif syntax == ExplicitVRBigEndian:
                data.PixelData = odd.pixels(n).astype(">i2").tobytes()
            data.file_meta.TransferSyntaxUID = syntax
            data["PixelData"].VR = "OB" if data["PixelData"].is_undefined_length else "OW"
            data.save_as(folder / f"{n}.dcm", enforce_file_format=True)

    return make


for _syntax in (RLELossless, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
    CASES[str(_syntax.name)] = Case(encoded(_syntax))


def bare(implicit: bool) -> Callable[[Path], object]:
    """Make a series without preamble and meta header."""

    def make(folder: Path) -> None:
        for n in range(N):
            data = odd.dataset(n)
            del data.file_meta
            with (folder / f"{n}").open("wb") as file:
                pydicom.dcmwrite(file, data, implicit_vr=implicit, little_endian=True)

    return make


CASES["no preamble, implicit"] = Case(bare(True))
CASES["no preamble, explicit"] = Case(bare(False))

# names

for _name in ("scän – Ünïcode", "画像 フォルダ", "with 'quotes' & spaces", "line\nbreak", "🩻", "x" * 200):
    CASES[f"name {_name[:12]!r}"] = Case(lambda folder, name=_name: odd.series(folder / name, N))  # type: ignore[misc]
for _name in ("a.jpg", "a", "a.txt", "a.dcm.bak"):
    CASES[f"DICOM named {_name}"] = Case(
        lambda folder, name=_name: odd.write(folder / name, 0), ((1, R, C),), order=(0,)
    )  # type: ignore[misc]

# broken files

SIZE = 880
"""Bytes of a slice, about."""
for _n in range(PLACES):
    _share = (_n + 0.5) / PLACES
    broken(
        f"cut off at {_share:.1%}",
        CUT if _share * SIZE > 140 else "not an image format",
        raw(lambda content, share=_share: content[: round(share * len(content))]),  # type: ignore[misc]
    )
broken("empty", r"the file is empty \(0 bytes\)", lambda folder: (folder / "a.dcm").touch())
broken("only a preamble", CUT, lambda folder: (folder / "a.dcm").write_bytes(bytes(128) + b"DICM"))
broken("text", "not an image format", lambda folder: (folder / "a.dcm").write_text("Dear colleague, " * 99))
broken("zeros", "not an image format", lambda folder: (folder / "a.dcm").write_bytes(bytes(5000)))
broken("zero rows", "0 rows and 5 columns", raw(bytes, Rows=0))
broken("no pixels", "cut off before its pixel data, or has none", raw(bytes, PixelData=None))
broken("too few pixels", "pixel data are shorter than the header says", raw(bytes, PixelData=bytes(20)))
broken("12 bits allocated", "12 bits per pixel", raw(bytes, BitsAllocated=12))
broken("four samples", "of a kind that MedAE does not read", raw(bytes, SamplesPerPixel=4))
broken("huge size", "pixel data are shorter", raw(bytes, Rows=65535, Columns=65535))
broken("huge number of frames", "pixel data are shorter", raw(bytes, NumberOfFrames=2_000_000_000))
broken("negative number of frames", CUT, raw(bytes, NumberOfFrames=-3, PixelData=bytes(20)))
broken(
    "huge element",
    CUT,
    raw(lambda content: content.replace(b"\x08\x00\x60\x00CS\x02\x00", b"\x08\x00\x60\x00UN\x00\x00\xf0\xff\xff\xff")),
)
broken(
    "length too long by one",
    CUT,
    raw(lambda c: c.replace(element(b"\x08\0\x60\0", b"CS", b"CT"), b"\x08\0\x60\0CS\x03\0CT")),
)
broken("unknown VR", "0 rows", raw(lambda c: c.replace(b"\x28\0\x10\0US", b"\x28\0\x10\0ZZ")))
broken(
    "Rows as text",
    "0 rows|cut off|damaged|rows",
    raw(lambda c: c.replace(element(b"\x28\0\x10\0", b"US", b"\6\0"), element(b"\x28\0\x10\0", b"LO", b"ab"))),
)
broken(
    "unknown transfer syntax",
    "transfer syntax",
    raw(lambda c: c.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0")),
)
broken(
    "video", "transfer syntax", raw(lambda c: c.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.4.102\0"[:20]))
)


@case("private elements only", volumes=(), reasons={"a.dcm": "no image is in it"}, order=None)
def _(folder: Path) -> None:
    data = Dataset()
    data.file_meta = odd.dataset(0).file_meta
    data.file_meta.MediaStorageSOPClassUID = "1.2.3.4"
    block = data.private_block(0x0011, "ACME", create=True)
    block.add_new(1, "LO", "secret")
    data.save_as(folder / "a.dcm", enforce_file_format=True)


@case("deep sequences", volumes=((1, R, C),), order=(0,))
def _(folder: Path) -> None:
    data = odd.dataset(0)
    inner = Dataset()
    for _ in range(60):
        outer = Dataset()
        outer.ReferencedImageSequence = [inner]
        inner = outer
    data.ReferencedImageSequence = [inner]
    data.save_as(folder / "a.dcm", enforce_file_format=True)


@case("one damaged slice", volumes=((N, R, C),), reasons={"cut.dcm": CUT})
def _(folder: Path) -> None:
    odd.series(folder, N)
    path = odd.write(folder / "cut.dcm", 9)
    path.write_bytes(path.read_bytes()[:-9])


@case("damaged JPEG 2000", volumes=(), reasons={"a.dcm": "JPEG 2000"}, order=None)
def _(folder: Path) -> None:
    data = odd.dataset(0, np.arange(4096, dtype=np.int16).reshape(64, 64))
    data.compress(JPEG2000Lossless)
    data["PixelData"].value = data.PixelData[:60] + bytes(200) + data.PixelData[260:]
    data.save_as(folder / "a.dcm", enforce_file_format=True)


@case("more frames than described", volumes=(), reasons={"a.dcm": "4 frames but describes 3"}, order=None)
def _(folder: Path) -> None:
    path = odd.enhanced(folder / "a.dcm")
    data = pydicom.dcmread(path)
    data.NumberOfFrames, data.PixelData = 4, data.PixelData + bytes(2 * R * C)
    data.save_as(path)


@case("links in a circle", reasons={"loop": "already read", "gone": "not there"})
def _(folder: Path) -> None:
    odd.series(folder, N)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "gone").symlink_to(folder / "nowhere")
