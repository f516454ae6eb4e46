"""Jobs are data: what the window submits, the command line builds, the batch manifest stores, Dask ships."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from medae.confidentiality import Deidentify
from medae.jobs.questions import Encode, Question
from medae.training.recipe import Recipe

DeviceName = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
"""``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"``."""


class _Job(BaseModel):
    """Frozen, compared by value, and strict: an unknown field is an error. Validators are built when first needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class ProcessJob(_Job):
    """Read one series, denoise it, map anomalies, export. Each step only where asked for."""

    kind: Literal["process"] = "process"
    paths: tuple[Path, ...] = Field(default=(), description="Files or folders of one series")
    series_instance_uid: str = Field(default="", description="Which series, where the paths hold several")
    part: int | None = Field(default=None, ge=0, description="Which volume, where a file holds several")
    modality: str | None = Field(default=None, description="CT, MR or XR, where the file cannot say")
    colour: bool = Field(default=False, description="Take the brightness of colour images, which are left alone else")
    denoise: str | None = Field(default=None, description='"auto", the name of a model, or "none"')
    strength: float = Field(default=1.0, ge=0, le=1, description="0 keeps the scan, 1 denoises fully")
    adapt: bool = Field(default=False, description="Fine-tune the denoising model on the scan first, about a minute")
    trust: bool = Field(default=False, description="Measure what the denoising did to the scan")
    detect: str | None = Field(default=None, description='"auto" or the name of a model')
    threshold: float | None = Field(default=None, description="|z| above which a voxel belongs to a finding")
    alpha: float | None = Field(
        default=None, gt=0, lt=1, description="Instead of a threshold: share of normal scans with any finding"
    )
    device: DeviceName = "auto"
    exports: tuple[str, ...] = Field(default=(), description="Keys of medae.exporters.EXPORTERS")
    out: Path | None = Field(default=None, description="Folder for the exports; needed with them")
    name: str = Field(default="", description="First part of the names of the exported files")
    overwrite: bool = Field(default=False, description="Replace files of the same names")
    first_slice: int = Field(default=0, ge=0, description="Slice to compute first, then outward")


class ExportJob(_Job):
    """Write what an earlier job gave. Runs on a given `Result` only."""

    kind: Literal["export"] = "export"
    exports: tuple[str, ...] = Field(min_length=1, description="Keys of medae.exporters.EXPORTERS")
    out: Path = Field(description="Folder for the exports")
    name: str = Field(default="", description="First part of the names of the exported files")
    options: dict[str, dict[str, Any]] = Field(default_factory=dict, description="Options by exporter")
    strength: float = Field(default=1.0, ge=0, le=1, description="How much of the denoising to keep")
    threshold: float | None = Field(default=None, description="z above which a voxel belongs to a finding")
    overwrite: bool = Field(default=False, description="Replace files of the same names")
    deidentify: Deidentify | None = Field(default=None, description="Take out of DICOM what tells whose scan it is")
    compression: Literal["none", "jpeg-ls", "jpeg-2000"] = Field(
        default="none", description="Of DICOM images; lossless"
    )
    deterministic_uids: bool = Field(default=False, description="Same UIDs when the same export is made again")


class TrainJob(_Job):
    """Train a model by a recipe. The run has a folder of its own (`medae.runs`), from which it can be resumed."""

    kind: Literal["train"] = "train"
    recipe: Recipe = Field(description="What to train on what; its name is the run's and the model's")
    device: DeviceName = "auto"
    resume: bool = Field(default=False, description="Go on where the run of that name stopped")


class PlanJob(_Job):
    """Find out what a training would use and need, without training. Its answer is `medae.training.plan.Plan`."""

    kind: Literal["plan"] = "plan"
    recipe: Recipe | None = Field(default=None, description="A complete recipe; else one is made from the data")
    family: str = Field(default="denoising", description="Key of medae.families.FAMILIES")
    data: tuple[Path, ...] = Field(default=(), description="Files or folders of scans")
    task: Literal["denoise", "anomaly", "reconstruct"] | None = Field(default=None, description="Default: the family's")
    modality: str | None = Field(default=None, description="Default: the one of most slices")
    size: Literal["small", "medium", "large"] = "small"
    name: str | None = Field(default=None, description="Of the model; default: made from family and modality")
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the family, over the recipe's")
    changes: dict[str, Any] = Field(default_factory=dict, description="Fields of the recipe to set, such as seed")
    max_steps: int | None = Field(default=None, ge=1, description="Train no longer than so many steps")
    measure: bool = Field(default=True, description="Time a few steps")
    device: DeviceName = "auto"


class CalibrateJob(_Job):
    """Tell a model's z-scores against other normal scans; gives the folder of the calibrated copy, and its facts."""

    kind: Literal["calibrate"] = "calibrate"
    model: str = Field(description="Name of an anomaly model")
    paths: tuple[Path, ...] = Field(min_length=1, description="Files or folders of normal scans")
    name: str = Field(default="", description="Of the copy; default: the model's with -site")
    device: DeviceName = "auto"


class FamiliesJob(_Job):
    """Ask which families there are; the answer is a list of ``{key, title, purpose, tasks, schema}``.

    ``schema`` is the JSON schema of the family's options.
    """

    kind: Literal["families"] = "families"


class LatentJob(_Job):
    """Ask about the latent space of a model and some series; the answer depends on the question.

    Whoever answers keeps the last latent space: further questions about it take milliseconds.
    """

    kind: Literal["latent"] = "latent"
    paths: tuple[Path, ...] = Field(min_length=1, description="Files or folders, of several series too")
    model: str = Field(description="Name of a model")
    modality: str | None = Field(default=None, description="DICOM Modality, where the file cannot say")
    device: DeviceName = "auto"
    question: Question = Encode()


AnyJob = ProcessJob | ExportJob | TrainJob | CalibrateJob | PlanJob | FamiliesJob | LatentJob

Job = Annotated[AnyJob, Field(discriminator="kind")]

JOB: TypeAdapter[AnyJob] = TypeAdapter(Job, config=ConfigDict(defer_build=True))
"""Reads any job: ``JOB.validate_json(text)``."""
