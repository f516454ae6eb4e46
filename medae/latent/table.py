"""Features as a table for statistics: CSV or Parquet, one row per slice or patch, no patient data."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medae.errors import ExportError
from medae.latent.clusters import Clusters
from medae.latent.codes import LatentSpace
from medae.latent.projection import Projection

if TYPE_CHECKING:
    import pyarrow

SUFFIXES = (".csv", ".parquet")


def feature_table(
    space: LatentSpace,
    projection: Projection,
    clusters: Clusters | None = None,
    umap: NDArray[np.float64] | None = None,
    *,
    names: bool = False,
) -> "pyarrow.Table":
    """Make one row per point.

    Parameters
    ----------
    space, projection, clusters, umap
        What is known of the points; ``umap`` is (n, 2).
    names
        Add ``file``, the name of the series' file or folder, which may tell more than the user wants to share.

    Returns
    -------
    pyarrow.Table
        Columns ``series`` (from 1), ``slice`` (from 0), ``row``, ``column`` (of the middle), ``position_mm``,
        ``error``, ``score``, ``cluster`` (−1: none), ``umap1``, ``umap2``, ``pc1``…, ``code_0``….
    """
    import pyarrow

    columns: dict[str, object] = {"series": space.series + 1}
    if names:
        files = [s.paths[0].name if len(s.paths) == 1 else s.paths[0].parent.name for s in space.sources]
        columns["file"] = [files[index] for index in space.series]
    columns |= {
        "slice": space.slices,
        "row": space.centers[:, 0],
        "column": space.centers[:, 1],
        "position_mm": space.positions,
        "error": space.error,
        "score": space.score,
    }
    if clusters is not None:
        columns["cluster"] = clusters.labels
    if umap is not None:
        columns |= {"umap1": umap[:, 0], "umap2": umap[:, 1]}
    columns |= {f"pc{n + 1}": values for n, values in enumerate(projection.points.T)}
    columns |= {f"code_{n}": values for n, values in enumerate(space.codes.T)}
    return pyarrow.table(columns)


def write_table(table: "pyarrow.Table", path: Path, *, overwrite: bool = False) -> None:
    """Write a table as ``.csv`` or ``.parquet``, whole or not at all.

    Raises
    ------
    ExportError
        If the name ends otherwise, the file is there already, or the folder cannot be written.
    """
    import pyarrow.csv
    import pyarrow.parquet

    if path.suffix.lower() not in SUFFIXES:
        raise ExportError(f"{path.name} must end in {' or '.join(SUFFIXES)}")
    if path.exists() and not overwrite:
        raise ExportError(f"{path} exists already; choose another name or allow replacing it")
    write = pyarrow.csv.write_csv if path.suffix.lower() == ".csv" else pyarrow.parquet.write_table
    staging = path.with_name(f".medae-{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(table, staging)
            staging.replace(path)
        finally:
            staging.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror or error}); choose another place") from error
