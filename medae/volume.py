"""Volume: voxels on a regular grid, and Source: where they came from.

One axis order (slices, rows, columns) = (k, j, i), one world frame (DICOM patient coordinates, LPS, mm).
Every other convention is converted at the border (readers, exporters, inference).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from medae.provenance import Provenance

HOUNSFIELD = "[hnsf'U]"
"""UCUM code of the Hounsfield unit."""


class Window(NamedTuple):
    """A window of the file itself (DICOM WindowCenter, WindowWidth, or a VOI LUT), in modality units.

    Attributes
    ----------
    center, width
        ``center - width / 2`` is the start, ``center + width / 2`` the end.
    name
        What the file calls it.
    curve
        Grey, 0 (black) to 1 (white), at equal steps from start to end; empty for a straight line.
    """

    center: float
    width: float
    name: str = ""
    curve: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What a scan of the headers found: enough to list a series and to read it later. Never logged.

    Attributes
    ----------
    paths
        Files in slice order (one per slice), or the one file that holds the volume.
    reader
        Key in `medae.readers.READERS`: ``"dicom"``, ``"nifti"``, ``"analyze"``, ``"itk"``,
        ``"picture"``; empty when made in memory.
    series_instance_uid, study_instance_uid, frame_of_reference_uid
        DICOM UIDs; empty outside DICOM.
    modality
        DICOM Modality (0008,0060): ``"CT"``, ``"MR"``, ``"DX"``, …; ``""`` when the file cannot say.
    description
        What to call the series in a list: SeriesDescription, or the file's name. Not for file names or logs.
    series_number
        SeriesNumber (0020,0011), None where absent.
    shape
        (slices, rows, columns).
    spacing
        Millimetres along (slices, rows, columns), as far as the headers tell.
    patient
        Opaque key that all series of one patient share: a hash of PatientID and its issuer, never the ID itself;
        empty when the file does not say.
    kind
        What makes it another kind of image than a plain slice (ImageType, SOP class): ``"LOCALIZER"``, ``"MIP"``,
        ``"SECONDARY CAPTURE"``, … with blanks between several; empty for a plain one.
    warnings
        Sentences that the user must see: uneven spacing, duplicates left out, …
    part
        Which of several volumes in the same file or series this is, counted from 0.
    """

    paths: tuple[Path, ...] = ()
    reader: str = ""
    series_instance_uid: str = ""
    study_instance_uid: str = ""
    frame_of_reference_uid: str = ""
    modality: str = ""
    description: str = ""
    series_number: int | None = None
    shape: tuple[int, int, int] = (0, 0, 0)
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    patient: str = ""
    kind: str = ""
    warnings: tuple[str, ...] = ()
    part: int = 0


def spacing_of(affine: NDArray[np.float64]) -> tuple[float, float, float]:
    """Millimetres along (slices, rows, columns) of a (4, 4) matrix that maps (k, j, i, 1) to LPS."""
    k, j, i = np.linalg.norm(affine[:3, :3], axis=0)
    return float(k), float(j), float(i)


def _frozen(array: NDArray[np.generic]) -> NDArray[np.generic]:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Voxels on a regular grid. Immutable.

    Attributes
    ----------
    array
        (slices, rows, columns), the dtype as stored in the file, read-only.
    affine
        (4, 4) float64, maps (k, j, i, 1) to LPS millimetres (the convention of ``highdicom.Volume``).
    modality
        DICOM Modality, ``""`` when unknown.
    unit
        UCUM code of the rescaled values: ``"[hnsf'U]"`` for CT, ``"1"`` otherwise.
    rescale_slope, rescale_intercept
        (slices,) float64; stored value times slope plus intercept gives the modality value
        (DICOM PS3.3 C.7.6.16.2.9 and C.11.1).
    stored_range
        Smallest and largest stored value that may be written (BitsStored, PixelRepresentation).
    padding
        Smallest and largest stored value that means "no pixel here"
        (PixelPaddingValue, PixelPaddingRangeLimit); None where the file names none.
    inverted
        True when low values are to be shown bright (PhotometricInterpretation MONOCHROME1).
    windows
        The file's own windows, in modality units.
    suv_factor
        Modality value to standardised uptake value by body weight in g/ml, for PET that says enough; None otherwise.
    colour
        (slices, rows, columns, 3) uint8 red, green, blue of a colour image, whose brightness `array` is; None for grey
        images. Shown, but not processed unless asked for.
    overlays
        (slices, rows, columns) bool: where the file's own graphics (DICOM PS3.3 C.9.2) lie; None where it has none.
    placed
        Whether the file says how the scan lies in the patient; False for films and radiographs.
    source
        Where the volume came from.
    provenance
        How it was made, step by step; empty for an original.
    """

    array: NDArray[Any]
    affine: NDArray[np.float64]
    modality: str = ""
    unit: str = "1"
    rescale_slope: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    rescale_intercept: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    stored_range: tuple[float, float] | None = None
    padding: tuple[float, float] | None = None
    inverted: bool = False
    windows: tuple[Window, ...] = ()
    suv_factor: float | None = None
    colour: NDArray[np.uint8] | None = None
    overlays: NDArray[np.bool_] | None = None
    placed: bool = True
    source: Source = field(default_factory=Source)
    provenance: tuple[Provenance, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes, freeze arrays, spread a single slope and intercept over all slices."""
        if self.array.ndim != 3:
            raise ValueError(f"a volume has 3 axes (slices, rows, columns), not {self.array.ndim}")
        affine = np.asarray(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise ValueError("the affine must be a finite (4, 4) matrix")
        set_field = object.__setattr__
        set_field(self, "array", _frozen(self.array))
        set_field(self, "affine", _frozen(affine))
        for name in ("colour", "overlays"):
            extra = getattr(self, name)
            if extra is not None:
                set_field(self, name, _frozen(extra))
        slices = self.array.shape[0]
        for name in ("rescale_slope", "rescale_intercept"):
            given = np.asarray(getattr(self, name), dtype=np.float64).ravel()
            set_field(self, name, _frozen(np.broadcast_to(given, (slices,)).copy()))
        if self.stored_range is None and np.issubdtype(self.array.dtype, np.integer):
            info = np.iinfo(self.array.dtype)
            set_field(self, "stored_range", (float(info.min), float(info.max)))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)."""
        slices, rows, columns = self.array.shape
        return slices, rows, columns

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres between voxel centres along (slices, rows, columns)."""
        return spacing_of(self.affine)

    @property
    def origin(self) -> tuple[float, float, float]:
        """LPS millimetres of the centre of voxel (0, 0, 0)."""
        x, y, z = self.affine[:3, 3]
        return float(x), float(y), float(z)

    @property
    def direction(self) -> NDArray[np.float64]:
        """(3, 3) unit vectors; column n is the LPS direction of array axis n."""
        return self.affine[:3, :3] / np.asarray(self.spacing)

    @property
    def voxel_volume(self) -> float:
        """Volume of one voxel in mm³."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def to_lps(self, index: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (…, 3) fractional indices (k, j, i) to (…, 3) LPS millimetres."""
        points = np.asarray(index, dtype=np.float64)
        return points @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, lps: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (…, 3) LPS millimetres to (…, 3) fractional indices (k, j, i)."""
        points = np.asarray(lps, dtype=np.float64) - self.affine[:3, 3]
        return points @ np.linalg.inv(self.affine[:3, :3]).T

    def values(self, start: int = 0, stop: int | None = None) -> NDArray[np.float32]:
        """Rescaled values of the slices ``start:stop`` as float32 (slices, rows, columns), in `unit`."""
        chosen = slice(start, stop)
        slope = self.rescale_slope[chosen, None, None]
        intercept = self.rescale_intercept[chosen, None, None]
        if (slope == 1).all() and (intercept == 0).all():
            return self.array[chosen].astype(np.float32)
        if self.array.dtype.itemsize <= 2:
            return self.array[chosen] * slope.astype(np.float32) + intercept.astype(np.float32)
        return (self.array[chosen] * slope + intercept).astype(np.float32)

    def padding_mask(self, start: int = 0, stop: int | None = None) -> NDArray[np.bool_]:
        """Tell where a voxel is padding or not finite: bool (slices, rows, columns) of ``start:stop``."""
        stored = self.array[start:stop]
        mask = np.zeros(stored.shape, dtype=bool)
        if self.padding is not None:
            low, high = self.padding
            mask |= (stored >= low) & (stored <= high)
        if np.issubdtype(stored.dtype, np.floating):
            mask |= ~np.isfinite(stored)
        return mask

    def to_stored(self, values: NDArray[np.float32], start: int = 0) -> tuple[NDArray[np.generic], int]:
        """Undo the rescale: values of the slices from ``start`` on, back to the stored dtype.

        Integers are rounded and clipped to `stored_range`, and kept out of the `padding` range;
        padding voxels get their own stored value back bit for bit.

        Parameters
        ----------
        values
            (slices, rows, columns) in `unit`.
        start
            Index of the first slice given.

        Returns
        -------
        array, clipped
            The array in the stored dtype, and how many values had to be clipped.
        """
        stop = start + values.shape[0]
        slope = self.rescale_slope[start:stop, None, None]
        intercept = self.rescale_intercept[start:stop, None, None]
        stored = (values - intercept) / np.where(slope == 0, 1.0, slope)
        clipped = 0
        if np.issubdtype(self.array.dtype, np.integer):
            assert self.stored_range is not None
            low, high = self.stored_range
            if self.padding is not None and self.padding[0] <= low <= self.padding[1]:
                low = self.padding[1] + 1
            if self.padding is not None and self.padding[0] <= high <= self.padding[1]:
                high = self.padding[0] - 1
            stored = np.rint(np.nan_to_num(stored, nan=low))
            padding = self.padding_mask(start, stop)
            clipped = int((((stored < low) | (stored > high)) & ~padding).sum())
            stored = np.clip(stored, low, high)
        else:
            padding = self.padding_mask(start, stop)
        result = stored.astype(self.array.dtype)
        result[padding] = self.array[start:stop][padding]
        return result, clipped

    def with_array(self, array: NDArray[np.generic], provenance: Provenance | None = None) -> Self:
        """Give a grey volume on the same grid with other stored values, and one more step of provenance."""
        if array.shape != self.array.shape:
            raise ValueError(f"expected shape {self.array.shape}, got {array.shape}")
        steps = self.provenance if provenance is None else (*self.provenance, provenance)
        return replace(self, array=array, colour=None, provenance=steps)
