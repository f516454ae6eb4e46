"""Which scans a recipe learns from, which it is judged on, and why the others are left out.

No patient is on both sides. A patient is known by, in this order: the key in the file's header (`Source.patient`);
the outermost folder or file, from the chosen folder inwards, whose name begins like ``sub-01``, ``patient12_T1``,
``p26`` or ``case-3``; the outermost one that begins with letters and at least three digits, like ``IXI002-T1``; the
DICOM study; the sub-folder that the file is in; the file itself. Where that joins two patients, nothing is lost but
a choice; it would be worse to divide one.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from medae import readers
from medae.errors import ReadError
from medae.progress import Report, part, silent
from medae.readers import Skipped
from medae.training.recipe import Data, Recipe
from medae.volume import Source

Use = Literal["train", "validation", "held_out", "not_used"]

NAMED = (
    re.compile(r"^(?:sub-[a-z0-9]+|(?:patient|pat|subject|subj|sub|case|p|s)[-_ ]?\d+)", re.IGNORECASE),
    re.compile(r"^[a-z]*\d{3,}", re.IGNORECASE),
)
"""Beginnings of a file's or folder's name that name a patient, the surer one first."""

MODALITIES = {
    "CT": re.compile(r"(?<![a-z])(ct|cbct)(?![a-z])", re.IGNORECASE),
    "MR": re.compile(r"(?<![a-z])(mri?|t1w?|t1c|t1ce|t2w?|flair|pdw?|dwi|adc|swi|mprage|bold)(?![a-z])", re.IGNORECASE),
    "PT": re.compile(r"(?<![a-z])(pet|suv)(?![a-z])", re.IGNORECASE),
}
"""Words in names that tell the modality where the file does not."""

OUTPUT = re.compile(r"_(denoised|heatmap)(-\d+)?(\.nii(\.gz)?)?$", re.IGNORECASE)
"""End of the names that MedAE gives to its own outputs."""

OTHER_KINDS = {
    "LOCALIZER": "a localizer",
    "SCOUT": "a localizer",
    "MIP": "a projection of other slices",
    "MINIP": "a projection of other slices",
    "PROJECTION": "a projection of other slices",
    "MOSAIC": "a mosaic of slices",
    "SECONDARY": "a screen capture",
    "COLOUR": "a colour image",
    "RESULT": "a result (heatmap or segmentation), not a scan",
    "PHASE": "a phase image",
    "PHASE_MAP": "a phase image",
}
"""Values of `Source.kind` that are no scan to learn from."""

LABELS = 16
"""A volume with no more different values than this is a mask."""

SMALLEST = 32
"""Pixels that a slice must have along each side."""


@dataclass(frozen=True, slots=True)
class FoundScan:
    """One volume among the data of a recipe.

    Attributes
    ----------
    source
        What `medae.readers.read` takes.
    use
        Side of the split, or ``"not_used"``.
    reason
        Why it is there, in a few words.
    patient
        Opaque key; equal for all scans of a patient.
    entry
        The entry of ``recipe.data`` that named it.
    modality
        Of the file, else by its name, else the recipe's.
    warnings
        What to know about a scan that is used.
    """

    source: Source
    use: Use
    reason: str
    patient: str
    entry: Data
    modality: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """First file of the scan."""
        return self.source.paths[0]


@dataclass(frozen=True, slots=True)
class Found:
    """All that lies in the folders of a recipe.

    Attributes
    ----------
    scans
        Every readable volume, in the order of the recipe's entries and of the files.
    skipped
        Files that are no readable image, with the reason.
    warnings
        Sentences about the split.
    """

    scans: tuple[FoundScan, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...] = ()

    def used(self, use: Use) -> tuple[FoundScan, ...]:
        """Give the scans of one side."""
        return tuple(scan for scan in self.scans if scan.use == use)


def scan_folders(paths: Iterable[Path], report: Report = silent) -> dict[Path, readers.Scan]:
    """Look at the headers of all files at and below each of the paths."""
    different = tuple(dict.fromkeys(paths))
    return {
        path: readers.scan(path.expanduser(), part(report, number / len(different), (number + 1) / len(different)))
        for number, path in enumerate(different)
    }


def find(recipe: Recipe, report: Report = silent, scanned: Mapping[Path, readers.Scan] | None = None) -> Found:
    """Look through the folders of a recipe and decide on the use of every scan.

    Headers only, but for files in which a mask may hide: those are read.

    Parameters
    ----------
    recipe
        What to train on what.
    report
        Progress and cancellation.
    scanned
        Of `scan_folders`, where the headers are known already.

    Raises
    ------
    SettingsError
        ``patch_size`` does not fit the family's network.
    """
    if scanned is None:
        scanned = scan_folders((entry.path for entry in recipe.data), part(report, 0.0, 0.8))
    chosen: dict[tuple[tuple[Path, ...], int], FoundScan] = {}
    for entry in recipe.data:
        for source in scanned[entry.path].sources:
            key = (source.paths, source.part)
            if key not in chosen or chosen[key].reason == NOT_INCLUDED:
                chosen[key] = _judged(source, entry, recipe)
    scans = _without_masks(_without_copies(list(chosen.values())), part(report, 0.8, 1.0))
    split, warnings = _split(scans, recipe)
    skipped = {item.path: item for entry in recipe.data for item in scanned[entry.path].skipped}
    return Found(tuple(split), tuple(skipped.values()), warnings)


NOT_INCLUDED = "its path holds none of the texts to include"


def _judged(source: Source, entry: Data, recipe: Recipe) -> FoundScan:
    """Apply all that can be told from the header and the path."""
    modality = modality_of(source, entry.path)
    reason, warnings = _problem(source, entry, recipe, modality), []
    if not modality:
        modality = recipe.modality
        warnings.append(f"the file does not say its modality; it is taken for {modality}")
    if not reason and source.shape[0] == 1 and modality in ("CT", "MR", "PT"):
        warnings.append("a single slice")
    use: Use = "not_used" if reason else "train"
    return FoundScan(source, use, reason, patient_of(source, entry.path), entry, modality, tuple(warnings))


def patient_of(source: Source, root: Path) -> str:
    """Give the opaque key of the patient that a scan found below ``root`` belongs to."""
    if source.patient:
        return source.patient
    names = _names(source, root)
    for pattern in NAMED:
        for name in names:
            if match := pattern.match(name):
                return _hashed(match[0].lower())
    if source.reader == "dicom" and source.study_instance_uid:
        return _hashed(source.study_instance_uid)
    path = source.paths[0].absolute()
    return _hashed(str(path if len(names) <= 2 else path.parent))


def _names(source: Source, root: Path) -> tuple[str, ...]:
    """Names from the chosen folder inwards to the first file of a scan."""
    path, root = source.paths[0].absolute(), root.expanduser().absolute()
    return (root.name, *path.relative_to(root).parts) if root in path.parents else (path.name,)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def modality_of(source: Source, root: Path) -> str:
    """Tell the modality of a scan found below ``root``: by its header, else by the nearest name that has a word for it.

    Empty where neither says.
    """
    if source.modality:
        return source.modality
    for name in reversed(_names(source, root)):
        words = name.replace("_", " ")
        for modality, pattern in MODALITIES.items():
            if pattern.search(words):
                return modality
    return ""


def _problem(source: Source, entry: Data, recipe: Recipe, modality: str) -> str:
    """Say why a scan cannot be used, as far as header and path tell; ``""`` if it can."""
    name = str(source.paths[0])
    if entry.include and not any(text in name for text in entry.include):
        return NOT_INCLUDED
    wanted = ("CT",) if entry.project else recipe.modalities
    if modality and modality not in wanted:
        return f"{modality}, the recipe is for {recipe.modality}{' projected from CT' if entry.project else ''}"
    for kind in source.kind.split():
        if kind in OTHER_KINDS:
            return OTHER_KINDS[kind]
    folder = source.paths[0].parent.name if source.reader == "dicom" else source.paths[0].name
    if OUTPUT.search(folder) or source.description.startswith("MedAE "):
        return "made by MedAE from another scan"
    return _too_small(source, recipe)


def _too_small(source: Source, recipe: Recipe) -> str:
    """Compare the size of a scan with the patch: slices may be half as large, as they are padded with air."""
    dims = 3 if recipe.options.get("spatial_dims") == 3 else 2
    patch = recipe.patch(dims)
    slices, rows, columns = source.shape
    if dims == 3 and slices < patch[0]:
        return f"{slices} slice{'s' * (slices > 1)}, blocks of {patch[0]} need more"
    factors = (s / recipe.pixel_spacing for s in source.spacing[1:]) if recipe.pixel_spacing else (1.0, 1.0)
    size = [round(n * factor) for n, factor in zip((rows, columns), factors, strict=True)]
    if min(rows, columns) < SMALLEST or any(2 * n < wanted for n, wanted in zip(size, patch[-2:], strict=True)):
        return f"slices of {rows}×{columns} pixels are too small for patches of {patch[-2]}×{patch[-1]}"
    return ""


def _without_copies(scans: Sequence[FoundScan]) -> list[FoundScan]:
    """Leave out second copies of a file, which would be a way from one side of the split to the other."""
    by_size: dict[tuple[int, int], list[FoundScan]] = defaultdict(list)
    for scan in scans:
        if scan.use != "not_used" and len(scan.source.paths) == 1:
            by_size[_file_size(scan.path), scan.source.part].append(scan)
    copies: dict[int, str] = {}
    for same in by_size.values():
        first: dict[str, FoundScan] = {}
        for scan in same if len(same) > 1 else ():
            original = first.setdefault(_file_digest(scan.path), scan)
            if original is not scan:
                copies[id(scan)] = f"the same file as {original.path.name}"
    return [replace(scan, use="not_used", reason=copies[id(scan)]) if id(scan) in copies else scan for scan in scans]


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return str(path)


def _without_masks(scans: Sequence[FoundScan], report: Report) -> list[FoundScan]:
    """Leave out segmentations: they look like scans in all but their values."""
    kept = []
    for number, scan in enumerate(scans):
        report(number / len(scans), f"Looking for masks: {number} of {len(scans)} scans")
        reason = _mask(scan.source) if scan.use != "not_used" and _may_be_mask(scan.source) else ""
        kept.append(replace(scan, use="not_used", reason=reason) if reason else scan)
    return kept


def _may_be_mask(source: Source) -> bool:
    """Whether a file must be read to know: DICOM says it itself, and a zipped scan stays large where a mask shrinks."""
    if source.reader == "dicom":
        return False
    path = source.paths[0]
    zipped = path.suffix.lower() == ".gz"
    return not zipped or _file_size(path) < 0.25 * np.prod(source.shape, dtype=float)


def _mask(source: Source) -> str:
    try:
        volume = readers.read(source)
    except ReadError as error:
        return error.reason
    if volume.colour is not None:
        return OTHER_KINDS["COLOUR"]
    values = np.unique(volume.array[:: max(1, len(volume.array) // 64)])
    return f"a mask: {len(values)} different values" if len(values) <= LABELS else ""


def _split(scans: Sequence[FoundScan], recipe: Recipe) -> tuple[list[FoundScan], tuple[str, ...]]:
    """Give every patient a side: first those that are named to be held out, else a share drawn by the seed."""
    patients = {scan.patient for scan in scans if scan.use == "train"}
    order = sorted(patients, key=lambda patient: hashlib.sha256(f"{recipe.seed}:{patient}".encode()).hexdigest())
    named = {scan.patient for scan in scans if scan.use == "train" and _is_held_out(scan)}
    held_out, warnings = named, []
    if any(entry.hold_out for entry in recipe.data) and not named:
        warnings.append("No scan is of those that the recipe names to be held out.")
    if not named and recipe.hold_out > 0 and len(order) >= 2:
        held_out = set(order[: min(len(order) - 1, max(1, round(recipe.hold_out * len(order))))])
    elif not named and len(order) == 1:
        warnings.append("All scans seem to be of one patient: none is held out, nothing is measured.")
    left = [patient for patient in order if patient not in held_out]
    validation: set[str] = set()
    if recipe.validation > 0 and len(left) >= 2 and len(order) >= 3:
        validation = set(left[: min(len(left) - 1, max(1, round(recipe.validation * len(order))))])
    elif recipe.validation > 0 and order:
        warnings.append("There are too few patients to keep some for validation: the training does not stop early.")
    return [_placed(scan, held_out, validation) for scan in scans], tuple(warnings)


def _is_held_out(scan: FoundScan) -> bool:
    return any(text in str(scan.path) for text in scan.entry.hold_out)


def _placed(scan: FoundScan, held_out: Iterable[str], validation: Iterable[str]) -> FoundScan:
    if scan.use == "not_used":
        return scan
    if scan.patient in held_out:
        why = "named in the recipe" if _is_held_out(scan) else "its patient is kept for the metrics"
        return replace(scan, use="held_out", reason=why)
    if scan.patient in validation:
        return replace(scan, use="validation", reason="its patient decides when to stop")
    return replace(scan, reason="learnt from")
