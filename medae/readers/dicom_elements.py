"""The data elements of plainly encoded DICOM files, several times as fast as `pydicom.dcmread` (PS3.5 7, PS3.10 7).

Only what nearly all files are is read here: a preamble, little endian, tags in order, known VRs. Everything else
is left to pydicom: `read_elements` gives None, and no error. The data set that comes out is pydicom's own, its
elements raw until somebody asks for them.
"""

import struct
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, cast

from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import RawDataElement, empty_value_for_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

_SIZES = (1 << 14, 1 << 18, 1 << 22)
"""Bytes of the file to look at: the next where a header does not end in the one before."""

_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT = frozenset({
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL",
    b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
})  # fmt: skip
"""VRs with a length of 4 and of 2 bytes (PS3.5 7.1.2)."""

_VR_TEXT = {vr: vr.decode() for vr in _LONG | _SHORT}
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_PIXEL_DATA = 0x7FE00010
_SYNTAX, _CHARACTER_SET = 0x00020010, 0x00080005
_SYNTAXES = {
    str(uid).encode(): uid
    for uid in AllTransferSyntaxes
    if uid not in (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian)
}
_DEEPEST = 12
"""Sequences within sequences that are followed."""

_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHL").unpack_from
_long = struct.Struct("<L").unpack_from


class _NotPlain(Exception):  # noqa: N818 - leaves the file to pydicom
    """The file is encoded in a way that is not read here."""


class _GoesOn(Exception):  # noqa: N818 - asks for more bytes
    """The header does not end in the bytes at hand."""


@dataclass(frozen=True, slots=True)
class Elements:
    """A header, and where the pixel data are.

    Attributes
    ----------
    data
        The data set up to the pixel data, as ``pydicom.dcmread(…, stop_before_pixels=True)`` gives it.
    pixel_element
        Where in the file the element of the pixel data begins.
    pixel_value, pixel_length
        Where its value begins, and how many bytes it has; the length is None where it is encapsulated.
    """

    data: Dataset
    pixel_element: int
    pixel_value: int
    pixel_length: int | None


def read_elements(file: BinaryIO, wanted: Collection[int] | None = None) -> Elements | None:
    """Read a header; the file's position does not matter, and is undefined afterwards.

    Parameters
    ----------
    file
        Opened for reading.
    wanted
        Tags to keep; all where left out.

    Returns
    -------
    Elements or None
        None where the file is not plainly encoded, damaged, or has no Pixel Data (7FE0,0010).
    """
    for size in _SIZES:
        file.seek(0)
        head = file.read(size)
        try:
            return _elements(head, wanted)
        except _NotPlain:
            return None
        except (struct.error, _GoesOn):
            if len(head) < size:
                return None
    return None


def _elements(head: bytes, wanted: Collection[int] | None) -> Elements:
    if head[128:132] != b"DICM":
        raise _NotPlain
    meta, start = _meta(head)
    name = meta.get(_SYNTAX)
    syntax = None if name is None or name.value is None else _SYNTAXES.get(name.value.rstrip(b"\0 "))
    if syntax is None:
        raise _NotPlain
    implicit = syntax == ImplicitVRLittleEndian
    raw, end = _data_set(head, start, implicit, wanted)
    tag, vr, length, value = _element(head, end, implicit)
    if tag != _PIXEL_DATA or (length == _UNDEFINED and not syntax.is_encapsulated) or vr not in (None, b"OB", b"OW"):
        raise _NotPlain
    data = Dataset(raw)
    data.set_original_encoding(implicit, True, _encoding(raw))
    data.file_meta = FileMetaDataset(meta)
    data.file_meta.set_original_encoding(False, True)
    return Elements(data, end, value, None if length == _UNDEFINED else length)


def _meta(head: bytes) -> tuple[dict[BaseTag, RawDataElement], int]:
    """File Meta Information (PS3.10 7.1): its elements, and where the data set begins."""
    found: dict[BaseTag, RawDataElement] = {}
    position = 132
    while head[position : position + 2] == b"\x02\0":
        tag, vr, length, value = _element(head, position, False)
        position = value + length
        if length == _UNDEFINED or vr is None or vr == b"SQ":
            raise _NotPlain
        if position > len(head):
            raise _GoesOn
        found[BaseTag(tag)] = _raw(tag, vr, head[value:position], value, False)
    return found, position


def _data_set(
    head: bytes, position: int, implicit: bool, wanted: Collection[int] | None
) -> tuple[dict[BaseTag, RawDataElement], int]:
    """Elements up to the pixel data, and where that begins."""
    found: dict[BaseTag, RawDataElement] = {}
    last, size = 0x0003FFFF, len(head)
    while True:
        tag, vr, length, value = _element(head, position, implicit)
        if tag in _PIXELS:
            return found, position
        if tag <= last:
            raise _NotPlain
        last = tag
        if length == _UNDEFINED:
            if vr not in (None, b"SQ"):
                raise _NotPlain
            vr = b"SQ"
            position = _after_items(head, value, implicit, 0)
            end = position - 8
        else:
            position = end = value + length
        if wanted is None or tag in wanted or tag == _CHARACTER_SET:
            if position > size:
                raise _GoesOn
            found[BaseTag(tag)] = _raw(tag, vr, head[value:end], value, implicit)


def _element(head: bytes, position: int, implicit: bool) -> tuple[int, bytes | None, int, int]:
    """Give tag, VR (None where implicit), length, and where the value begins (PS3.5 7.1)."""
    if implicit:
        group, element, length = _implicit(head, position)
        return group << 16 | element, None, length, position + 8
    group, element, vr, length = _explicit(head, position)
    if vr in _SHORT:
        return group << 16 | element, vr, length, position + 8
    if vr not in _LONG:
        raise _NotPlain
    return group << 16 | element, vr, _long(head, position + 8)[0], position + 12


def _raw(tag: int, vr: bytes | None, value: bytes, position: int, implicit: bool) -> RawDataElement:
    name = None if vr is None else _VR_TEXT[vr]
    kept = value or cast(bytes | None, empty_value_for_VR(name, raw=True))
    return RawDataElement(BaseTag(tag), name, len(value), kept, position, implicit, True)


def _after_items(head: bytes, position: int, implicit: bool, depth: int) -> int:
    """Give the place behind the items, and the delimiter, of a sequence of undefined length (PS3.5 7.5)."""
    while True:
        group, element, length = _implicit(head, position)
        tag = group << 16 | element
        position += 8
        if tag == _SEQUENCE_END:
            return position
        if tag != _ITEM or depth > _DEEPEST:
            raise _NotPlain
        position = position + length if length != _UNDEFINED else _after_item(head, position, implicit, depth + 1)


def _after_item(head: bytes, position: int, implicit: bool, depth: int) -> int:
    while True:
        if _implicit(head, position)[:2] == (_ITEM_END >> 16, _ITEM_END & 0xFFFF):
            return position + 8
        _, vr, length, value = _element(head, position, implicit)
        if length == _UNDEFINED:
            if vr not in (None, b"SQ"):
                raise _NotPlain
            position = _after_items(head, value, implicit, depth)
        else:
            position = value + length


def _encoding(raw: dict[BaseTag, RawDataElement]) -> str | list[str]:
    """Python's names of the character sets (PS3.3 C.12.1.1.2)."""
    named = raw.get(BaseTag(_CHARACTER_SET))
    return default_encoding if named is None else list(_encodings(named.value or b""))


@cache
def _encodings(named: bytes) -> tuple[str, ...]:
    names = [part.strip(" \0") for part in named.decode("latin-1").split("\\")]
    return tuple(convert_encodings(names))
