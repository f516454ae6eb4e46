"""Preparation of a scan for anomaly models, as MONAI dictionary transforms that can be undone.

The item is ``{"image": (1, slices, rows, columns) float32, "affine": (4, 4) float64}``; the affine maps (k, j, i, 1) to
LPS millimetres, as everywhere in MedAE, and follows the image. `BodyMaskd` adds ``"mask"`` (same shape, bool).
``Compose.inverse`` brings an image on the prepared grid (a map of z-scores, say) back to the scan's own grid.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import numpy as np
import torch  # noqa: TID253
from monai.transforms import Compose, InvertibleTransform, MapTransform, Transform  # noqa: TID253
from monai.utils import TraceKeys  # noqa: TID253
from numpy.typing import NDArray

from medae.inference.brain import brain_mask
from medae.inference.prepare import Frame, body_mask, plane_at, standardised
from medae.volume import spacing_of

Anatomy = Literal["body", "brain"]
"""What a model looks at: all of the patient as acquired, or the brain in axial slices."""

Item = dict[Hashable, Any]

SLICE_MM = 1.0
"""Least distance of slices: finer sampling costs time and adds nothing to maps smoothed by mm."""
NEARLY = 0.9
"""Share of the least distance from which on slices are left as they are."""


class OrientAxiald(MapTransform, InvertibleTransform):  # type: ignore[misc]
    """Bring the axes to those nearest to (superior, posterior, left), by exchanging and turning them round only."""

    def __call__(self, data: Mapping[Hashable, Any]) -> Item:
        """Exchange the axes of each key; ``data["affine"]`` follows."""
        item = dict(data)
        affine = np.asarray(item["affine"], float)
        axes, signs = _axial_axes(affine)
        shape = item[self.keys[0]].shape[1:]
        item["affine"] = _turned_affine(affine, shape, axes, signs)
        for key in self.key_iterator(item):
            turned = item[key].transpose(0, *(a + 1 for a in axes))
            item[key] = np.ascontiguousarray(turned[:, *_steps(signs)])
            self.push_transform(item, key, extra_info={"axes": axes, "signs": signs})
        return item

    def inverse(self, data: Mapping[Hashable, Any]) -> Item:
        """Give each key its own axes back."""
        item = dict(data)
        for key in self.key_iterator(item):
            info = self.pop_transform(item, key)[TraceKeys.EXTRA_INFO]
            back = np.argsort(info["axes"])
            item[key] = np.ascontiguousarray(
                item[key][:, *_steps(info["signs"])].transpose(0, *(int(a) + 1 for a in back))
            )
        return item


class ResampleSlicesd(MapTransform, InvertibleTransform):  # type: ignore[misc]
    """Resample slices to square pixels, and those too close together to a least distance.

    Slices too close together are averaged to thicker ones, as if acquired so: a wider average would show less noise and
    more voxels that two tissues share than a scan with slices that far apart does.

    Parameters
    ----------
    pixel_spacing
        mm per pixel; None leaves the plane as it is.
    slice_spacing
        Least distance of slices in mm: closer than `NEARLY` of it they are averaged to it. 0 leaves them as they are.
    """

    def __init__(self, keys: Any, pixel_spacing: float | None, slice_spacing: float) -> None:
        super().__init__(keys)
        self.pixel_spacing, self.slice_spacing = pixel_spacing, slice_spacing

    def __call__(self, data: Mapping[Hashable, Any]) -> Item:
        """Resample each key; ``data["affine"]`` follows."""
        item = dict(data)
        affine = np.asarray(item["affine"], float)
        shape, spacing = item[self.keys[0]].shape[1:], spacing_of(affine)
        wanted = list(shape)
        if self.pixel_spacing is not None:
            wanted[1:] = plane_at(shape, spacing, self.pixel_spacing)
        if spacing[0] < NEARLY * self.slice_spacing:
            wanted[0] = max(1, round(shape[0] * spacing[0] / self.slice_spacing))
        for key in self.key_iterator(item):
            self.push_transform(item, key, extra_info={"shape": tuple(shape)})
            item[key] = _thicker(resampled(item[key], (shape[0], *wanted[1:])), wanted[0])
        item["affine"] = _scaled_affine(affine, shape, wanted)
        return item

    def inverse(self, data: Mapping[Hashable, Any]) -> Item:
        """Resample each key to the number of voxels that it had."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = resampled(item[key], self.pop_transform(item, key)[TraceKeys.EXTRA_INFO]["shape"])
        return item


class BodyMaskd(MapTransform):  # type: ignore[misc]
    """Add ``"mask"``: the patient (`medae.inference.prepare.body_mask`), or the brain (`medae.inference.brain`).

    With ``"brain"`` all else in the image becomes 0, so that scans with and without skull look alike.
    """

    def __init__(self, keys: Any, modality: str, anatomy: Anatomy) -> None:
        super().__init__(keys)
        self.modality, self.anatomy = modality, anatomy

    def __call__(self, data: Mapping[Hashable, Any]) -> Item:
        """Add the mask."""
        item = dict(data)
        key = self.keys[0]
        if self.anatomy == "brain":
            mask = brain_mask(item[key][0], spacing_of(item["affine"]))
            item[key] = item[key] * mask
        else:
            mask = body_mask(item[key][0], self.modality)
        item["mask"] = mask[None]
        return item


class CorrectBiasFieldd(MapTransform):  # type: ignore[misc]
    """Divide by the slowly varying brightness that receiver coils leave (N4: Tustison et al., IEEE TMI 2010)."""

    GRID_MM = 4.0
    ITERATIONS = (30, 20, 10)

    def __call__(self, data: Mapping[Hashable, Any]) -> Item:
        """Correct the image inside ``data["mask"]``."""
        item = dict(data)
        for key in self.key_iterator(item):
            field = bias_field(item[key][0], item["mask"][0], spacing_of(item["affine"]))
            item[key] = (item[key] / field[None]).astype(np.float32)
        return item


class StandardiseIntensityd(MapTransform):  # type: ignore[misc]
    """Scale MR so that the median inside ``data["mask"]`` is 0.5; CT stays as it is."""

    def __init__(self, keys: Any, modality: str) -> None:
        super().__init__(keys)
        self.modality = modality

    def __call__(self, data: Mapping[Hashable, Any]) -> Item:
        """Scale the image."""
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = standardised(item[key][0], item["mask"][0], self.modality)[None]
        return item


class FrameSlicesd(MapTransform, InvertibleTransform):  # type: ignore[misc]
    """Cut or pad every slice to ``size`` (rows, columns) around ``data["mask"]``."""

    def __init__(self, keys: Any, size: tuple[int, int]) -> None:
        super().__init__(keys)
        self.size = size

    def __call__(self, data: Mapping[Hashable, Any]) -> Item:
        """Cut each key, and the mask."""
        item = dict(data)
        frame = Frame.around(item["mask"][0], self.size)
        for key in self.key_iterator(item):
            self.push_transform(item, key, extra_info={"frame": frame, "shape": item[key].shape[2:]})
            item[key] = frame.cut(item[key][0])[None]
        item["mask"] = frame.cut(item["mask"][0])[None]
        return item

    def inverse(self, data: Mapping[Hashable, Any]) -> Item:
        """Give the slices their place back; 0 around them."""
        item = dict(data)
        for key in self.key_iterator(item):
            info = self.pop_transform(item, key)[TraceKeys.EXTRA_INFO]
            item[key] = info["frame"].put_back(item[key][0], info["shape"])[None]
        return item


def preparation(
    modality: str,
    pixel_spacing: float | None,
    anatomy: Anatomy = "body",
    *,
    bias: bool = False,
    slice_spacing: float = SLICE_MM,
    size: tuple[int, int] | None = None,
) -> Compose:
    """Chain the transforms that a model needs.

    Parameters
    ----------
    modality
        Of the scan.
    pixel_spacing
        mm per pixel that the model takes, None for the scan's own.
    anatomy
        ``"brain"`` turns the scan to axial slices and keeps the brain alone.
    bias
        Correct the bias field (MR).
    slice_spacing
        Least distance of slices in mm where the brain is looked at.
    size
        (rows, columns) of a model that takes whole slices.
    """
    brain = anatomy == "brain"
    steps: list[Transform] = [OrientAxiald("image")] if brain else []
    steps += [
        ResampleSlicesd("image", pixel_spacing, slice_spacing if brain else 0.0),
        BodyMaskd("image", modality, anatomy),
    ]
    if bias and modality == "MR":
        steps.append(CorrectBiasFieldd("image"))
    steps.append(StandardiseIntensityd("image", modality))
    if size is not None:
        steps.append(FrameSlicesd("image", size))
    return Compose(steps)


def resampled(image: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Resample (1, slices, rows, columns) to ``shape``: linearly, averaging where it shrinks, edges in line."""
    tensor = torch.from_numpy(np.ascontiguousarray(image, np.float32))[0, :, None]
    for axes in ((1, 2), (0,)):  # in the plane, then across it
        if all(image.shape[a + 1] == shape[a] for a in axes):
            continue
        turned = tensor if axes == (1, 2) else tensor.permute(2, 1, 0, 3)
        size = (shape[1], shape[2]) if axes == (1, 2) else (shape[0], tensor.shape[3])
        turned = torch.nn.functional.interpolate(turned, size, mode="bilinear", antialias=True, align_corners=False)
        tensor = turned if axes == (1, 2) else turned.permute(2, 1, 0, 3)
    return np.ascontiguousarray(tensor[:, 0].numpy())[None]


def _thicker(image: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Average (1, slices, rows, columns) to ``count`` slices, no more than there are, that fill the same space."""
    slices = image.shape[1]
    if slices == count:
        return image
    edges, starts = np.linspace(0, slices, count + 1)[:, None], np.arange(slices)
    shared = np.clip(np.minimum(edges[1:], starts + 1) - np.maximum(edges[:-1], starts), 0, None)
    return np.tensordot((shared * count / slices).astype(np.float32), image[0], 1)[None]


def bias_field(
    image: NDArray[np.float32], mask: NDArray[np.bool_], spacing: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Estimate the bias field of (slices, rows, columns) inside a mask: relative, 1 on average; 1 if there is no mask.

    N4 of SimpleITK on a grid of `CorrectBiasFieldd.GRID_MM`.
    """
    import SimpleITK as sitk  # noqa: N813

    if not mask.any():
        return np.ones(image.shape, np.float32)
    coarse = tuple(max(4, round(n * s / CorrectBiasFieldd.GRID_MM)) for n, s in zip(image.shape, spacing, strict=True))
    values = resampled(image[None], coarse)[0]
    inside = resampled(mask[None].astype(np.float32), coarse)[0] > 0.7
    if np.count_nonzero(inside & (values > 0)) < 1000:
        return np.ones(image.shape, np.float32)
    picture, where = sitk.GetImageFromArray(values), sitk.GetImageFromArray(inside.astype(np.uint8))
    filtering = sitk.N4BiasFieldCorrectionImageFilter()
    filtering.SetMaximumNumberOfIterations(CorrectBiasFieldd.ITERATIONS)
    filtering.Execute(picture, where)
    field = sitk.GetArrayFromImage(filtering.GetLogBiasFieldAsImage(picture)).astype(np.float32)
    field = np.exp(field - field[inside].mean())
    return np.clip(resampled(field[None], image.shape)[0], 0.2, 5.0)


def sampling(affine: NDArray[np.float64], anatomy: Anatomy) -> tuple[float, float, float]:
    """Give a scan's distances of slices, rows and columns in mm, as a model of that anatomy takes its axes."""
    spacing = spacing_of(affine)
    if anatomy != "brain":
        return spacing
    slices, rows, columns = _axial_axes(affine)[0]
    return spacing[slices], spacing[rows], spacing[columns]


def _axial_axes(affine: NDArray[np.float64]) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Give the array axes along S, P and L (LPS: z, y, x), and whether they run that way (1) or back (−1)."""
    from itertools import permutations

    direction = affine[:3, :3] / np.asarray(spacing_of(affine))
    axes = max(permutations(range(3)), key=lambda p: sum(abs(direction[2 - n, a]) for n, a in enumerate(p)))
    signs = tuple(1 if direction[2 - n, a] >= 0 else -1 for n, a in enumerate(axes))
    return (axes[0], axes[1], axes[2]), (signs[0], signs[1], signs[2])


def _steps(signs: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(None, None, sign) for sign in signs)


def _turned_affine(
    affine: NDArray[np.float64], shape: tuple[int, ...], axes: tuple[int, ...], signs: tuple[int, ...]
) -> NDArray[np.float64]:
    turned = affine.copy()
    for n, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        turned[:3, n] = sign * affine[:3, axis]
        if sign < 0:
            turned[:3, 3] += (shape[axis] - 1) * affine[:3, axis]
    return turned


def _scaled_affine(affine: NDArray[np.float64], shape: tuple[int, ...], wanted: list[int]) -> NDArray[np.float64]:
    scaled = affine.copy()
    for axis, (n, m) in enumerate(zip(shape, wanted, strict=True)):
        step = affine[:3, axis] * (n / m)
        scaled[:3, 3] += (step - affine[:3, axis]) / 2
        scaled[:3, axis] = step
    return scaled
