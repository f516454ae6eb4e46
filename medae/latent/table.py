"""Features as a table for statistics: CSV or Parquet, one row per slice or patch, no patient data."""

import csv
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medae.errors import ExportError
from medae.latent.clusters import Clusters
from medae.latent.codes import LatentSpace
from medae.latent.projection import Projection

SUFFIXES = (".csv", ".parquet")

Table = Mapping[str, NDArray[np.generic] | Sequence[str]]
"""Columns of equal length by name."""


def feature_table(
    space: LatentSpace,
    projection: Projection,
    clusters: Clusters | None = None,
    umap: NDArray[np.float64] | None = None,
    *,
    names: bool = False,
) -> Table:
    """Make one row per point.

    Parameters
    ----------
    space, projection, clusters, umap
        What is known of the points; ``umap`` is (n, 2).
    names
        Add ``file``, the name of the series' file or folder, which may tell more than the user wants to share.

    Returns
    -------
    Table
        Columns ``series`` (from 1), ``slice`` (from 0), ``row``, ``column`` (of the middle), ``position_mm``,
        ``error``, ``score``, ``cluster`` (−1: none), ``umap1``, ``umap2``, ``pc1``…, ``code_0``….
    """
    columns: dict[str, NDArray[np.generic] | Sequence[str]] = {"series": space.series + 1}
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
    return columns


def write_table(table: Table, path: Path, *, overwrite: bool = False) -> None:
    """Write a table as ``.csv`` or ``.parquet``, whole or not at all.

    Raises
    ------
    ExportError
        If the name ends otherwise, the file is there already, the folder cannot be written, or pyarrow, which the
        installers leave out, is wanted for Parquet.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ExportError(f"{path.name} must end in {' or '.join(SUFFIXES)}")
    if path.exists() and not overwrite:
        raise ExportError(f"{path} exists already; choose another name or allow replacing it")
    write = _write_csv if path.suffix.lower() == ".csv" else _write_parquet
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


def _write_csv(table: Table, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(table)
        rows.writerows(zip(*table.values(), strict=True))


def _write_parquet(table: Table, path: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ExportError(
            "The installed program leaves out pyarrow, which writes Parquet; write a .csv file, or use MedAE from pip"
        ) from error

    pyarrow.parquet.write_table(pyarrow.table(dict(table)), path)
