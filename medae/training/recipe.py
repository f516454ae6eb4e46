"""A recipe: everything that makes a training run, as JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medae import bundle
from medae.errors import SettingsError
from medae.results import ACCEPTED, Score

RADIOGRAPHS = ("DX", "CR", "RG", "XR")
"""Modalities of projection radiographs, which a model of one of them serves; XR is what users call them all."""
MILD_SHARE = 0.5
"""Share of the synthetic lesions in a block that are hard to tell from anatomy, unless a recipe says another."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Data(_Strict):
    """Scans of one origin.

    Attributes
    ----------
    path
        File or folder; relative paths start at the working directory.
    include
        Use only scans whose file path holds one of these texts; all when empty.
    hold_out
        Scans whose file path holds one of these texts are used for the metrics only, never for training.
    attribution
        Origin and licence, printed in the model card.
    mask_bright
        Leave voxels this many robust deviations above the median of bright tissue out of the loss:
        for scans with bright lesions that a model of normal anatomy must not learn. None: leave nothing out.
    mask_bright_in
        Look for those in another scan of the same visit: its path has the second text where this one's has the first,
        as in ``("T2W", "FLAIR")``, and it lies in the same scanner coordinates. A scan without one is left out.
    project
        For a recipe of radiographs: these are CT scans, projected to radiographs from these directions in degrees
        (0 antero-posterior, 90 lateral).
    halve
        Average 2×2 pixels, which halves the scans' own noise: for cleaner targets.
    """

    path: Path
    include: tuple[str, ...] = ()
    hold_out: tuple[str, ...] = ()
    attribution: str = ""
    mask_bright: float | None = Field(None, gt=0)
    mask_bright_in: tuple[str, str] | None = None
    project: tuple[float, ...] = ()
    halve: bool = False

    @model_validator(mode="after")
    def _brightness_is_given(self) -> Self:
        if self.mask_bright_in is not None and self.mask_bright is None:
            raise ValueError("mask_bright_in tells where lesions are bright; set mask_bright, how bright, too")
        return self


class Phantoms(_Strict):
    """Synthetic scans made by `medae.phantom`; ``"chest"`` and ``"hand"`` are radiographs, of ``shape`` (1, H, W)."""

    kind: Literal["head", "thorax", "chest", "hand"]
    contrasts: tuple[Literal["T1", "T2", "FLAIR", "CT"], ...] = ()
    count: int = Field(2, ge=1)
    shape: tuple[int, int, int] = (12, 256, 256)
    spacing: tuple[float, float, float] = (5.0, 0.9, 0.9)


class Recipe(_Strict):
    """A training run.

    Attributes
    ----------
    name, title, description
        Of the bundle that comes out.
    task
        ``"denoise"``, ``"anomaly"`` or ``"reconstruct"`` (`medae.families.Task`).
    modality
        DICOM Modality of the scans: scans of another one are left out, but all `RADIOGRAPHS` are one kind.
    data, phantoms
        What to learn from. ``data`` may be empty where the folder is named when the training starts.
    hold_out
        Share of the patients that are kept for the metrics, where no entry of ``data`` names its own.
    held_out_normal
        Whether an anomaly model is calibrated on the held-out scans, too; where they show disease, they tell only what
        is familiar and how badly real scans are restored.
    validation
        Share of the patients that decide when to stop early; 0 for none.
    family, options
        Which autoencoder family, and its options.
    pixel_spacing
        Resample slices to this many mm per pixel first; None leaves them as they are.
    whole_slices
        Patches are whole slices, centred on the body and cut or padded to ``patch_size``.
    anatomy
        What a model of anomalies looks at: ``"body"``, or ``"brain"`` in axial slices (`medae.inference.transforms`).
    bias_field
        Correct the bias field of MR scans first (for anomaly models).
    slice_spacing
        Least distance in mm of slices of the brain (for anomaly models): those closer together are averaged to it.
    mild_lesions
        Share of the synthetic lesions in a block that are hard to tell from anatomy, small, faint and round; for
        networks of blocks that tell lesions (options ``spatial_dims`` 3 and ``lesions``), others have none.
    spreads_within
        Slice spacing in mm up to which normal scans, if there are such, tell the spreads of an anomaly model's scores;
        those of thicker slices tell thresholds only. None: all tell both.
    scores
        Weights of an anomaly model's scores in z; by default those of the modality (`medae.training.calibrate`).
    dark_weight
        What z of an anomaly model is multiplied by where something is darker than usual: below 1 where disease is
        mostly bright, above where it is mostly dark.
    accepted_findings
        False findings per normal scan, on average, that the threshold of an anomaly model may let through.
    automatic
        Whether ``--model auto`` may take the model, once it is shipped; False where it is there to be compared with.
    start
        Name or folder of a model whose weights are the first ones; it has the same family and options, or less of what
        may grow (`medae.training.start.GROWS`).
    steps, batch_size, patch_size, learning_rate, seed
        Of the optimiser (AdamW, one cosine from ``learning_rate`` to a thousandth of it). One number for
        ``patch_size`` means the same along each axis.
    steps_per_epoch
        After so many steps the run is judged on the validation patients, shown, and stored.
    patience
        Stop after so many epochs without a better validation loss; None never stops early.
    average
        Decay of the exponential moving average of the weights that is kept.
    precision
        ``"auto"``: bfloat16 where the device computes faster in it, else float32.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    description: str = ""
    version: str = "0.1.0"
    task: Literal["denoise", "anomaly", "reconstruct"]
    modality: Literal["CT", "MR", "CR", "DX", "MG", "NM", "PT", "US", "XA"]
    data: tuple[Data, ...] = ()
    phantoms: tuple[Phantoms, ...] = ()
    hold_out: float = Field(0.2, ge=0, lt=1)
    held_out_normal: bool = True
    validation: float = Field(0.0, ge=0, lt=1)
    family: str = "denoising"
    options: dict[str, Any] = Field(default_factory=dict)
    pixel_spacing: float | None = Field(None, gt=0)
    whole_slices: bool = False
    anatomy: Literal["body", "brain"] = "body"
    bias_field: bool = False
    slice_spacing: float = Field(1.0, gt=0)
    mild_lesions: float = Field(MILD_SHARE, ge=0, le=1)
    spreads_within: float | None = Field(None, gt=0)
    scores: dict[Score, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    dark_weight: float = Field(1.0, gt=0)
    accepted_findings: float = Field(ACCEPTED, gt=0)
    automatic: bool = True
    start: str | None = None
    steps: int = Field(4000, ge=1)
    steps_per_epoch: int = Field(100, ge=1)
    patience: int | None = Field(None, ge=1)
    batch_size: int = Field(16, ge=1)
    patch_size: Annotated[int, Field(ge=8)] | tuple[Annotated[int, Field(ge=8)], ...] = 128
    learning_rate: float = Field(1e-3, gt=0)
    average: float = Field(0.998, ge=0, lt=1)
    precision: Literal["auto", "32", "bf16"] = "auto"
    seed: int = 0
    licence: str = "Apache-2.0"

    @model_validator(mode="after")
    def _lesions_can_be_told(self) -> Self:
        if self.options.get("lesions") and self.task != "anomaly":
            raise ValueError("lesions are told by models of task anomaly only; leave the option 'lesions' out")
        if "lesions" in self.scores and not self.options.get("lesions"):
            raise ValueError("the score 'lesions' needs a network that tells lesions; set the option 'lesions'")
        if self.mild_lesions != MILD_SHARE and not (
            self.options.get("lesions") and self.options.get("spatial_dims") == 3
        ):
            raise ValueError(
                "mild_lesions is for networks of blocks that tell lesions; set the options 'lesions' and "
                "'spatial_dims' 3, or leave it out"
            )
        return self

    @property
    def modalities(self) -> tuple[str, ...]:
        """All modalities that the model is for."""
        return RADIOGRAPHS if self.modality in RADIOGRAPHS else (self.modality,)

    def patch(self, spatial_dims: int) -> tuple[int, ...]:
        """Spatial size of a patch: (H, W) or (D, H, W).

        Raises
        ------
        SettingsError
            If ``patch_size`` has another number of axes.
        """
        size = self.patch_size
        full = (size,) * spatial_dims if isinstance(size, int) else size
        if len(full) != spatial_dims:
            raise SettingsError(f"patch_size {size} has {len(full)} axes where the network has {spatial_dims}")
        return full

    @classmethod
    def made(cls, fields: Mapping[str, object]) -> Self:
        """Give a recipe of these fields.

        Raises
        ------
        SettingsError
            If a field is missing, unknown or out of range.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise SettingsError(_first_problem(error)) from error

    def changed(self, **fields: object) -> Self:
        """Give the recipe with some fields changed.

        Raises
        ------
        SettingsError
            If there is no such field, or a value does not fit.
        """
        return self.made({**self.model_dump(), **fields})

    def with_data(self, paths: Sequence[Path]) -> Self:
        """Give the same recipe for other scans; what held for the old ones (names to hold out) is gone."""
        return self.changed(data=[{"path": path} for path in paths])

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a recipe from a JSON file.

        Raises
        ------
        SettingsError
            If the file cannot be read or a field is unknown or out of range.
        """
        path = Path(path)
        try:
            return cls.made(json.loads(path.read_text("utf-8")))
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
        except json.JSONDecodeError as error:
            raise SettingsError(f"{path}: is not JSON (line {error.lineno}: {error.msg})") from error
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from error


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def shipped_recipes() -> dict[str, Path]:
    """Files of the recipes that come with MedAE, by name."""
    folder = bundle.resources_folder() / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.json"))}


def find_recipe(name: str) -> Recipe:
    """Give the recipe in a file, or the shipped one of that name.

    Raises
    ------
    SettingsError
        If there is none, or it is damaged.
    """
    shipped = shipped_recipes()
    if name in shipped and not Path(name).exists():
        return Recipe.load(shipped[name])
    if not Path(name).is_file():
        known = ", ".join(shipped) or "none"
        raise SettingsError(f"there is no recipe {name!r}; name a file, or a shipped recipe: {known}")
    return Recipe.load(name)
