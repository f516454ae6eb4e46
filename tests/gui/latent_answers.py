"""Answers of the worker as the latent window gets them, made up."""

from pathlib import Path
from typing import Any

import numpy as np

COUNT = 30


def map_answer(**changes: Any) -> dict[str, Any]:
    """A map of two series with 20 and 10 slices on a 6 × 5 grid."""
    grid = np.stack(np.meshgrid(np.arange(6.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    answer = {
        "points": np.column_stack([grid, np.zeros((COUNT, 2))]),
        "deviation": np.array([2.0, 1.0, 0.5, 0.1]),
        "explained": np.array([0.5, 0.25, 0.15, 0.1]),
        "series": np.repeat([0, 1], [20, 10]),
        "slices": np.concatenate([np.arange(20), np.arange(10)]),
        "centers": np.full((COUNT, 2), 16),
        "positions": np.arange(COUNT) * 3.0,
        "error": np.linspace(0.001, 0.01, COUNT),
        "score": np.linspace(-1.0, 4.0, COUNT),
        "score_is": "made up",
        "sources": [
            {"path": Path("/scans/one_T1.nii.gz"), "files": 1, "part": 0, "shape": (20, 64, 64)},
            {"path": Path("/scans/two/0001.dcm"), "files": 10, "part": 1, "shape": (10, 64, 64)},
        ],
        "thumbnails": np.full((COUNT, 16, 16), 90, np.uint8),
        "why_not_decoded": "",
        "why_not_sampled": "",
        "has_umap": True,
        "device": "CPU",
        "notes": [],
        "numbers": 8,
        "pixels": (32, 32),
    }
    return {**answer, **changes}


def images(count: int) -> dict[str, Any]:
    """Images of which the n-th has the value 10 n."""
    return {"images": np.stack([np.full((32, 32), 10 * n, np.uint8) for n in range(count)])}


def rates() -> dict[str, Any]:
    """A compression figure."""
    made = [
        {"method": m, "bits": b, "numbers": 8.0, "bits_per_pixel": b / 128, "mse": 0.01 / b, "psnr": 20.0 + b}
        for m in ("model", "pca")
        for b in (1, 2, 4, 32)
    ]
    return {"rates": made, "peak": 1.0, "slices": COUNT, "sentence": "Measured on the other half."}
