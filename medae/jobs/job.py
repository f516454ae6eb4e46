"""Jobs are data: what the window submits, the command line builds, the batch manifest stores, Dask ships."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

DeviceName = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
"""``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"``."""


class _Job(BaseModel):
    """Frozen, compared by value, and strict: an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ProcessJob(_Job):
    """Read one series, denoise it, map anomalies, export. Each step only where asked for."""

    kind: Literal["process"] = "process"
    paths: tuple[Path, ...] = Field(default=(), description="Files or folders of one series")
    series_instance_uid: str = Field(default="", description="Which series, where the paths hold several")
    part: int | None = Field(default=None, ge=0, description="Which volume, where a file holds several")
    modality: str | None = Field(default=None, description="CT, MR or XR, where the file cannot say")
    denoise: str | None = Field(default=None, description='"auto", the name of a model, or "none"')
    strength: float = Field(default=1.0, ge=0, le=1, description="0 keeps the scan, 1 denoises fully")
    detect: str | None = Field(default=None, description='"auto" or the name of a model')
    threshold: float | None = Field(default=None, description="z above which a voxel belongs to a finding")
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
    strength: float = Field(default=1.0, ge=0, le=1, description="How much of the denoising to keep")
    threshold: float | None = Field(default=None, description="z above which a voxel belongs to a finding")
    overwrite: bool = Field(default=False, description="Replace files of the same names")


class TrainJob(_Job):
    """Train a model by a recipe."""

    kind: Literal["train"] = "train"
    config: Path = Field(description="The recipe, a file of medae.training.recipe.Recipe")


Job = Annotated[ProcessJob | ExportJob | TrainJob, Field(discriminator="kind")]

JOB: TypeAdapter[ProcessJob | ExportJob | TrainJob] = TypeAdapter(Job)
"""Reads any job: ``JOB.validate_json(text)``."""
