"""Questions about the latent space of a model and some series: what a `medae.jobs.job.LatentJob` can ask."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Question(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class Encode(_Question):
    """Encode the series (anew); the answer is the map. See `medae.jobs.explore.map_of` for its parts."""

    ask: Literal["encode"] = "encode"


class Umap(_Question):
    """The answer's ``points`` are (n, 2) UMAP coordinates."""

    ask: Literal["umap"] = "umap"


class Cluster(_Question):
    """The answer holds ``labels`` (n,), −1 for none, ``count`` and ``silhouette``."""

    ask: Literal["cluster"] = "cluster"
    method: Literal["k-means", "hdbscan"] = "k-means"
    count: int = Field(default=4, ge=2, le=100, description="Clusters of k-means")


class Look(_Question):
    """The answer's ``images`` are (2, rows, columns) 8-bit: a slice and its reconstruction."""

    ask: Literal["look"] = "look"
    point: int = Field(ge=0)


class Move(_Question):
    """Move a code along the principal directions; the answer's ``images`` are (1, rows, columns) 8-bit."""

    ask: Literal["move"] = "move"
    start: int | None = Field(default=None, ge=0, description="Point to start from; None: the mean of all")
    deviations: tuple[float, ...] = Field(default=(), description="Standard deviations along each direction")


class Between(_Question):
    """Codes on the line between two points; the answer's ``images`` are (len(shares), rows, columns) 8-bit."""

    ask: Literal["between"] = "between"
    first: int = Field(ge=0)
    second: int = Field(ge=0)
    shares: tuple[float, ...] = Field(default=(0.0, 0.25, 0.5, 0.75, 1.0), min_length=1, max_length=64)


class Sample(_Question):
    """Codes drawn at random; the answer's ``images`` are (count, rows, columns) 8-bit."""

    ask: Literal["sample"] = "sample"
    source: Literal["prior", "fitted"] = Field(default="prior", description="N(0, I), or fitted to the points")
    count: int = Field(default=16, ge=1, le=64)
    seed: int = Field(default=0, ge=0)


class Compress(_Question):
    """Rate and error beside PCA; the answer is a `medae.latent.compression.Compression` as a dictionary."""

    ask: Literal["compress"] = "compress"


class ExportFeatures(_Question):
    """Write the points as a table; the file is in the outcome's paths, ``rows`` and ``columns`` in the answer."""

    ask: Literal["export"] = "export"
    out: Path = Field(description="File ending in .csv or .parquet")
    cluster: Cluster | None = Field(default=None, description="Adds the column of these clusters")
    umap: bool = Field(default=False, description="Adds UMAP coordinates")
    names: bool = Field(default=False, description="Adds the files' names, which may hold private facts")
    overwrite: bool = Field(default=False, description="Replace a file of that name")


Question = Annotated[
    Encode | Umap | Cluster | Look | Move | Between | Sample | Compress | ExportFeatures,
    Field(discriminator="ask"),
]
