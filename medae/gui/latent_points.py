"""What is known of the points of a map, and how they can be coloured. No Qt here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Colouring = Literal["series", "position", "score", "error", "cluster"]

COLOURINGS: dict[Colouring, str] = {
    "series": "Series",
    "position": "Slice position",
    "score": "Anomaly score",
    "error": "Reconstruction error",
    "cluster": "Cluster",
}
"""What points can be coloured by, for people."""


@dataclass(frozen=True, slots=True)
class SeriesOfMap:
    """One series: its first file, which volume in it, and what to call it in the legend."""

    path: Path
    part: int
    slices: int
    name: str


@dataclass(slots=True, eq=False)
class LatentPoints:
    """The answer to `medae.jobs.questions.Encode`; see `medae.jobs.explore.map_of` for the arrays."""

    points: NDArray[np.float64]
    explained: NDArray[np.float64]
    series: NDArray[np.intp]
    slices: NDArray[np.intp]
    centers: NDArray[np.intp]
    positions: NDArray[np.float64]
    error: NDArray[np.float64]
    score: NDArray[np.float64]
    score_is: str
    sources: list[SeriesOfMap]
    thumbnails: NDArray[np.uint8]
    why_not_decoded: str
    why_not_sampled: str
    has_umap: bool
    device: str
    notes: list[str]
    numbers: int
    pixels: tuple[int, ...]
    umap: NDArray[np.float64] | None = None
    labels: NDArray[np.intp] | None = None
    _is_patched: bool = field(default=False)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "LatentPoints":
        """Read the answer."""
        given = dict(answer)
        given.pop("deviation")
        sources = [
            SeriesOfMap(Path(s["path"]), s["part"], s["shape"][0], _name(Path(s["path"]), s["files"], s["part"]))
            for s in given.pop("sources")
        ]
        made = cls(sources=sources, **given)
        made._is_patched = len(set(zip(made.series.tolist(), made.slices.tolist(), strict=True))) < len(made.series)
        return made

    def __len__(self) -> int:
        return len(self.points)

    def coordinates(self, kind: str) -> tuple[NDArray[np.float64], str, str]:
        """Give (n, 2) points of ``"pca"`` or ``"umap"``, with the axes' titles."""
        if kind == "umap" and self.umap is not None:
            return self.umap, "UMAP 1", "UMAP 2"
        points = self.points[:, :2]
        if points.shape[1] == 1:
            points = np.column_stack([points, np.zeros(len(points))])
        shares = [100 * share for share in self.explained[:2]] + [0.0]
        return points, f"Direction 1 ({shares[0]:.0f} % of variance)", f"Direction 2 ({shares[1]:.0f} %)"

    def groups(self, kind: Colouring) -> tuple[NDArray[np.intp], list[str]] | None:
        """Group of each point and the groups' names, −1 for none; None where the colouring has values instead."""
        if kind == "series":
            return self.series, [source.name for source in self.sources]
        if kind == "cluster" and self.labels is not None:
            sizes = np.bincount(self.labels[self.labels >= 0], minlength=0)
            return self.labels, [f"{n + 1} · {size} points" for n, size in enumerate(sizes)]
        return None

    def values(self, kind: Colouring) -> tuple[NDArray[np.float64], str] | None:
        """Values of each point and the title of their bar; None where the colouring has groups instead."""
        match kind:
            case "position":
                return self.positions, "Slice position (mm)"
            case "score":
                return self.score, "Anomaly score (z)"
            case "error":
                return self.error, "Reconstruction error"
            case _:
                return None

    def describe(self, point: int) -> str:
        """One line about a point."""
        source = self.sources[self.series[point]]
        text = f"{source.name}, slice {self.slices[point] + 1} of {source.slices}"
        if self._is_patched:
            row, column = self.centers[point]
            text += f", patch around row {row}, column {column}"
        return text

    def facts(self, point: int) -> str:
        """Give the numbers of a point."""
        return (
            f"z {self.score[point]:.1f} · mean squared error {self.error[point]:.5f} · {self.positions[point]:.1f} mm"
        )


def _name(path: Path, files: int, part: int) -> str:
    name = (path if files == 1 else path.parent).name.removesuffix(".gz").removesuffix(".nii")
    return f"{name} ({part + 1})" if part else name
