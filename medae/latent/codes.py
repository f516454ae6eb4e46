"""Encode series: one point of the latent space per slice or patch, with how well it is reconstructed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

from medae import bundle, readers
from medae.bundle import BundleInfo
from medae.errors import ModelError, ReadError, UnsupportedVolume
from medae.families import FAMILIES, Family
from medae.inference import detect
from medae.inference.device import Device, channels_last, choose_device
from medae.inference.normal import robust_spread
from medae.latent.pieces import Pieces, common_plane
from medae.networks import Network
from medae.progress import Report, part, silent
from medae.volume import Source, Volume, Window
from medae.windowing import auto_window

MOST_POINTS = 4000
"""Points of one latent space; longer series are thinned evenly."""
MOST_PIXELS = 80_000_000
"""Pixels of all pieces that are kept to be looked at (float16)."""
MOST_NUMBERS = 50_000_000
"""Numbers of all codes; larger spatial codes are pooled."""
BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model that is ready to encode."""

    info: BundleInfo
    family: Family
    network: Network
    device: Device

    @classmethod
    def load(cls, name: str, device: str = "auto") -> Self:
        """Load a bundle of one of MedAE's families.

        Raises
        ------
        ModelError, SettingsError
            If there is no such model, it is damaged, or its family is unknown.
        """
        info = bundle.find(name)
        if info.family not in FAMILIES:
            raise ModelError(f"model {info.name} is of no family that MedAE knows ({info.family!r}); choose another")
        used = choose_device(device)
        return cls(info, FAMILIES[info.family], channels_last(bundle.load_network(info), used), used)


@dataclass(frozen=True, slots=True, eq=False)
class LatentSpace:
    """Points of one or more series in the latent space of a model.

    Attributes
    ----------
    model
        What encoded them.
    sources
        The series.
    codes
        (n, d) float32; of a VAE the means μ.
    code_shape
        Shape of one code as the network gives it; empty where spatial codes were pooled to their channels' means.
    series, slices
        (n,) index into ``sources``, index of the slice in its volume.
    centers
        (n, 2) row and column of the piece's middle, in the scan.
    positions
        (n,) millimetres along the slice normal (LPS).
    images, reconstructions
        (n, rows, columns) float16 network values (the middle slice of blocks); zero-padded at the bottom and right
        where the series have pieces of different sizes.
    error
        (n,) mean squared difference of reconstruction and input.
    score, score_is
        (n,) how unusual each piece is, and a sentence that says by what measure.
    window
        Grey-scale window for the images.
    notes
        Sentences: what was left out and why.
    """

    model: LoadedModel
    sources: tuple[Source, ...]
    codes: NDArray[np.float32]
    code_shape: tuple[int, ...]
    series: NDArray[np.intp]
    slices: NDArray[np.intp]
    centers: NDArray[np.intp]
    positions: NDArray[np.float64]
    images: NDArray[np.float16]
    reconstructions: NDArray[np.float16]
    error: NDArray[np.float64]
    score: NDArray[np.float64]
    score_is: str
    window: Window
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(slots=True)
class _Encoded:
    """The points of one series."""

    pieces: Pieces
    positions: NDArray[np.float64]
    codes: list[NDArray[np.float32]] = field(default_factory=list)
    images: list[NDArray[np.float16]] = field(default_factory=list)
    reconstructions: list[NDArray[np.float16]] = field(default_factory=list)
    error: list[NDArray[np.float64]] = field(default_factory=list)
    score: NDArray[np.float64] | None = None


def encode(
    paths: Sequence[Path],
    model: LoadedModel,
    modality: str | None = None,
    report: Report = silent,
) -> LatentSpace:
    """Encode all series in files and folders.

    Parameters
    ----------
    paths
        Files or folders.
    model
        What encodes.
    modality
        What the scans are, where the files cannot say.
    report
        Progress; may raise `Cancelled` after each batch.

    Raises
    ------
    ReadError
        If no series of the model's modality can be read.
    """
    scan = readers.scan(tuple(paths), part(report, 0.0, 0.05))
    notes = [f"Left out {skipped.path.name}: {skipped.reason}." for skipped in scan.skipped]
    plane = common_plane(scan.sources, model.info) if model.family.FROM_CODE and len(scan.sources) > 1 else None
    sources: list[Source] = []
    encoded: list[_Encoded] = []
    for number, source in enumerate(scan.sources):
        span = part(report, 0.05 + 0.95 * number / len(scan.sources), 0.05 + 0.95 * (number + 1) / len(scan.sources))
        name = source.paths[0].name
        try:
            volume = _read(source, model.info, modality, part(span, 0.0, 0.2))
        except (ReadError, UnsupportedVolume) as error:
            notes.append(f"Left out {name}: {getattr(error, 'reason', error)}.")
            continue
        pieces = Pieces.of(volume, model.info, model.network, plane)
        most = MOST_POINTS // len(scan.sources)
        one = _encode_series(volume, pieces, model, most, notes, part(span, 0.2, 1.0))
        if one is None:
            notes.append(f"Left out {name}: no slice shows enough of the body.")
        else:
            sources.append(source)
            encoded.append(one)
    if not encoded:
        why = notes[0].removeprefix("Left out ") if notes else "no series was found there."
        raise ReadError(paths[0], f"nothing there can be encoded by model {model.info.name} ({why})")
    return _together(model, sources, encoded, notes)


def _read(source: Source, info: BundleInfo, modality: str | None, report: Report) -> Volume:
    known = source.modality or modality or ""
    if known not in info.modalities:
        what = known or "of unknown modality; say what it is"
        raise UnsupportedVolume(f"model {info.name} is for {', '.join(info.modalities)}, this scan is {what}")
    return readers.read(source, report, None if source.modality else modality)


def _encode_series(
    volume: Volume, pieces: Pieces, model: LoadedModel, most: int, notes: list[str], report: Report
) -> _Encoded | None:
    if not len(pieces):
        return None
    most = max(1, min(most, MOST_PIXELS // int(np.prod(pieces.size[1:]))))
    if len(pieces) > most:
        notes.append(f"{most} of {len(pieces)} slices or patches of {volume.source.paths[0].name} are shown.")
        pieces = pieces.chosen(np.linspace(0, len(pieces) - 1, most).round().astype(np.intp))
    index = pieces.slice_index()
    corners = volume.to_lps(np.stack([index, 0 * index, 0 * index], axis=1))
    one = _Encoded(pieces, corners @ volume.direction[:, 0])
    is_calibrated = model.info.task == "anomaly" and bool(model.info.settings.get("calibration"))
    span = part(report, 0.0, 0.3 if is_calibrated else 1.0)
    for start, batch in _batches(pieces):
        span(start / len(pieces), f"Encoding {start + 1} of {len(pieces)}")
        _encode_batch(batch, model, one)
    if is_calibrated:
        name = str(model.info.folder)
        scores = np.abs(detect(volume, name, model.device.name, report=part(report, 0.3, 1.0)).volume.array)
        one.score = np.array([pieces.in_scan(scores, n).max(initial=0.0) for n in range(len(pieces))], np.float64)
    return one


def _batches(pieces: Pieces) -> Iterator[tuple[int, NDArray[np.float32]]]:
    for start in range(0, len(pieces), BATCH):
        yield start, pieces.network_input(range(start, min(start + BATCH, len(pieces))))


@torch.inference_mode()
def _encode_batch(batch: NDArray[np.float32], model: LoadedModel, one: _Encoded) -> None:
    given = torch.from_numpy(batch).to(model.device.name)
    middle = model.network.middle
    target = batch[:, middle : middle + 1]
    output = model.network(given).float().cpu().numpy()
    code = model.family.encode(model.network, given).float().cpu().numpy()
    axes = tuple(range(1, target.ndim))
    one.error.append(((output.astype(np.float64) - target) ** 2).mean(axis=axes))
    one.codes.append(code)
    one.images.append(_shown(target))
    one.reconstructions.append(_shown(output))


def _shown(images: NDArray[np.float32]) -> NDArray[np.float16]:
    """(B, 1, H, W) or (B, 1, D, H, W) to (B, H, W), the middle slice of blocks."""
    flat = images[:, 0] if images.ndim == 4 else images[:, 0, images.shape[2] // 2]
    return flat.astype(np.float16)


def _together(
    model: LoadedModel, sources: Sequence[Source], encoded: Sequence[_Encoded], notes: list[str]
) -> LatentSpace:
    images, reconstructions = (
        _padded([np.concatenate(part) for part in parts])
        for parts in ([one.images for one in encoded], [one.reconstructions for one in encoded])
    )
    codes, shape = _flat_codes([np.concatenate(one.codes) for one in encoded], model.family, notes)
    error = np.concatenate([np.concatenate(one.error) for one in encoded])
    known = [one.score for one in encoded if one.score is not None]
    if known:
        score, score_is = np.concatenate(known), "largest z of the anomaly map in the slice or patch"
    else:
        score, score_is = _robust_z(error), "z of the reconstruction error among the points shown (median and MAD)"
    return LatentSpace(
        model=model,
        sources=tuple(sources),
        codes=codes,
        code_shape=shape,
        series=np.repeat(np.arange(len(encoded)), [len(one.pieces) for one in encoded]),
        slices=np.concatenate([one.pieces.slice_index() for one in encoded]),
        centers=np.concatenate([one.pieces.centers() for one in encoded]),
        positions=np.concatenate([one.positions for one in encoded]),
        images=images,
        reconstructions=reconstructions,
        error=error,
        score=score,
        score_is=score_is,
        window=auto_window(images[:: max(1, len(images) // 50)]),
        notes=tuple(notes),
    )


def _padded(series: Sequence[NDArray[np.float16]]) -> NDArray[np.float16]:
    """Join (n, rows, columns) of different sizes."""
    rows, columns = (max(images.shape[axis] for images in series) for axis in (1, 2))
    sizes = [((0, 0), (0, rows - images.shape[1]), (0, columns - images.shape[2])) for images in series]
    return np.concatenate([np.pad(images, size) for images, size in zip(series, sizes, strict=True)])


def _flat_codes(
    series: Sequence[NDArray[np.float32]], family: Family, notes: list[str]
) -> tuple[NDArray[np.float32], tuple[int, ...]]:
    """(n, d) codes, and the shape that each had; () where they were pooled."""
    shapes: set[tuple[Any, ...]] = {codes.shape[1:] for codes in series}
    count = sum(codes.size for codes in series)
    (first, *others) = shapes
    if not others and (len(first) == 1 or (family.FROM_CODE and count <= MOST_NUMBERS)):
        return np.concatenate([codes.reshape(len(codes), -1) for codes in series]), first
    if family.FROM_CODE:
        why = "the series have slices of different sizes" if others else "the codes are very large"
        notes.append(f"Codes are averaged over the image, because {why}; images cannot be decoded from them.")
    return np.concatenate([codes.reshape(*codes.shape[:2], -1).mean(axis=2) for codes in series]), ()


def _robust_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviations from the median in units of the spread (1.4826 · MAD); 0 where there is none."""
    median = np.median(values)
    spread = robust_spread(values)
    return (values - median) / spread if spread > 0 else np.zeros_like(values)
