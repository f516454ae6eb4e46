"""Answer questions about a latent space. The last one stays in memory, so that further questions take milliseconds."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medae import bundle
from medae.jobs.questions import (
    Between,
    Cluster,
    Compress,
    Encode,
    ExportFeatures,
    Look,
    Move,
    Sample,
    Umap,
)
from medae.progress import Report, part
from medae.windowing import apply_window

if TYPE_CHECKING:
    from medae.jobs.job import LatentJob
    from medae.latent.clusters import Clusters
    from medae.latent.codes import LatentSpace
    from medae.latent.projection import Projection

THUMBNAIL = 64
"""Pixels of the longer side of a thumbnail, at most."""

_Key = tuple[str, tuple[Path, ...], str | None, str]
_last: "tuple[_Key, LatentSpace, Projection] | None" = None


def explore(job: "LatentJob", report: Report) -> tuple[tuple[Path, ...], dict[str, Any]]:
    """Answer a question: the files written, and built-in types and arrays.

    Raises
    ------
    MedaeError
        With one sentence about what is wrong.
    """
    space, projection = _space(job, report)
    question = job.question
    match question:
        case Encode():
            return (), map_of(space, projection)
        case ExportFeatures():
            return _export(question, space, projection)
        case Look() | Move() | Between() | Sample():
            return (), {"images": grey(space, _images(question, space, projection))}
        case _:
            return (), _facts(question, space, report)


def _space(job: "LatentJob", report: Report) -> "tuple[LatentSpace, Projection]":
    """Give the last latent space where it is the one that is asked about; else encode."""
    global _last
    from medae.latent.codes import LoadedModel, encode
    from medae.latent.projection import principal_components

    key = (bundle.find(job.model).sha256, job.paths, job.modality, job.device)
    if _last is not None and _last[0] == key and not isinstance(job.question, Encode):
        return _last[1], _last[2]
    _last = None
    report(0.0, f"Loading model {job.model}")
    model = LoadedModel.load(job.model, job.device)
    space = encode(job.paths, model, job.modality, part(report, 0.0, 0.95))
    report(0.95, "Looking for principal directions")
    projection = principal_components(space.codes)
    _last = (key, space, projection)
    return space, projection


def map_of(space: "LatentSpace", projection: "Projection") -> dict[str, Any]:
    """Everything that a map of the points needs.

    ``points`` (n, k) and ``deviation``, ``explained`` (k,) of PCA; ``series``, ``slices`` (n,), ``centers`` (n, 2),
    ``positions`` (mm), ``error``, ``score`` (n,) with ``score_is``; ``sources``: first file, number of files, part and
    shape of each series; ``thumbnails`` (n, rows, columns) 8-bit; ``why_not_decoded``, ``why_not_sampled``: empty, or
    the reason; ``notes``.
    """
    from medae.latent.projection import has_umap
    from medae.latent.traversal import why_not_decoded, why_not_sampled

    step = -(-max(space.images.shape[1:]) // THUMBNAIL)
    sources = [{"path": s.paths[0], "files": len(s.paths), "part": s.part, "shape": s.shape} for s in space.sources]
    return {
        "points": projection.points,
        "deviation": projection.deviation,
        "explained": projection.explained,
        "series": space.series,
        "slices": space.slices,
        "centers": space.centers,
        "positions": space.positions,
        "error": space.error,
        "score": space.score,
        "score_is": space.score_is,
        "sources": sources,
        "numbers": space.codes.shape[1],
        "pixels": space.images.shape[1:],
        "thumbnails": grey(space, space.images[:, ::step, ::step]),
        "why_not_decoded": why_not_decoded(space),
        "why_not_sampled": why_not_sampled(space),
        "has_umap": has_umap(),
        "device": space.model.device.describe(),
        "notes": list(space.notes),
    }


def grey(space: "LatentSpace", images: NDArray[Any]) -> NDArray[np.uint8]:
    """Network values of any shape to 8-bit grey."""
    return apply_window(images, space.window.center, space.window.width)


def _images(question: Look | Move | Between | Sample, space: "LatentSpace", projection: "Projection") -> NDArray[Any]:
    from medae.latent import traversal

    match question:
        case Look(point=point):
            traversal.checked(space, point)
            return np.stack([space.images[point], space.reconstructions[point]])
        case Move(start=start, deviations=deviations):
            return traversal.along(space, projection, start, deviations)[None]
        case Between(first=first, second=second, shares=shares):
            return traversal.between(space, first, second, shares)
        case Sample(count=count, seed=seed, source=source):
            return traversal.sample(space, count, seed, source)


def _facts(question: Umap | Cluster | Compress, space: "LatentSpace", report: Report) -> dict[str, Any]:
    from medae.latent.compression import compression
    from medae.latent.projection import umap_points

    match question:
        case Umap():
            report(0.1, "Computing UMAP, the first time takes longer")
            return {"points": umap_points(space.codes)}
        case Cluster():
            return asdict(_clusters(question, space))
        case Compress():
            return asdict(compression(space, report))


def _clusters(question: Cluster, space: "LatentSpace") -> "Clusters":
    from medae.latent.clusters import hdbscan, k_means

    return k_means(space.codes, question.count) if question.method == "k-means" else hdbscan(space.codes)


def _export(
    question: ExportFeatures, space: "LatentSpace", projection: "Projection"
) -> tuple[tuple[Path, ...], dict[str, Any]]:
    from medae.latent.projection import umap_points
    from medae.latent.table import feature_table, write_table

    clusters = None if question.cluster is None else _clusters(question.cluster, space)
    umap = umap_points(space.codes) if question.umap else None
    table = feature_table(space, projection, clusters, umap, names=question.names)
    write_table(table, question.out, overwrite=question.overwrite)
    return (question.out,), {"rows": len(table["slice"]), "columns": len(table)}
