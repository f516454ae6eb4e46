"""Runs, plans and families as the training window gets them, written by hand."""

import json
from typing import Any

import numpy as np
from PIL import Image

from medae.runs import Run, RunState, State

FAMILIES: list[dict[str, Any]] = [
    {
        "key": "denoising",
        "title": "Denoising",
        "purpose": "Removes noise",
        "tasks": ["denoise", "anomaly"],
        "schema": {
            "type": "object",
            "properties": {
                "blocks": {"type": "integer", "minimum": 1, "maximum": 8, "default": 2, "description": "Per level"}
            },
        },
    },
    {
        "key": "variational",
        "title": "Variational",
        "purpose": "Can be sampled",
        "tasks": ["reconstruct"],
        "schema": {
            "type": "object",
            "properties": {"beta": {"type": "number", "exclusiveMinimum": 0, "default": 1.0, "description": "Of KL"}},
        },
    },
]

RECIPE: dict[str, Any] = {
    "name": "mr-denoising",
    "title": "Denoising MR",
    "task": "denoise",
    "modality": "MR",
    "data": [{"path": "/scans"}],
    "family": "denoising",
    "steps": 200,
    "batch_size": 8,
    "patch_size": [64, 64],
}


def _scan(name: str, use: str, reason: str = "", warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "name": name,
        "patient": 1,
        "modality": "MR",
        "shape": [6, 72, 64],
        "spacing": [5.0, 1.0, 1.0],
        "use": use,
        "reason": reason,
        "warnings": list(warnings),
    }


PLAN: dict[str, Any] = {
    "recipe": RECIPE,
    "problem": "",
    "scans": [
        _scan("p1/flair.nii.gz", "train", warnings=("a single slice",)),
        _scan("p2/flair.nii.gz", "held_out", "its patient is kept for the metrics"),
        _scan("p2/mask.nii.gz", "not_used", "a mask: 2 different values"),
    ],
    "skipped": [{"path": "/scans/readme.txt", "reason": "no image"}],
    "counts": {
        "train": {"patients": 1, "scans": 1, "slices": 6},
        "validation": {"patients": 0, "scans": 0, "slices": 0},
        "held_out": {"patients": 1, "scans": 1, "slices": 6},
        "not_used": {"patients": 1, "scans": 1, "slices": 6},
    },
    "modalities": {"MR": {"patients": 2, "scans": 3, "slices": 18}, "CT": {"patients": 1, "scans": 1, "slices": 1}},
    "samples": 1600,
    "parameters": 12345,
    "memory_mb": 321.5,
    "memory_how": "measured",
    "device": "CPU (2 threads)",
    "seconds_per_step": 0.25,
    "preparation_seconds": 4.0,
    "seconds": 125.0,
    "warnings": ["Only 6 slices to learn from."],
}


def epoch(number: int, loss: float, terms: tuple[str, ...] = ("mse", "kl")) -> dict[str, Any]:
    """One line of a history: ten steps and two seconds per epoch."""
    return {
        "epoch": number,
        "step": 10 * number,
        "steps": 100,
        "seconds": 2.0 * number,
        "learning_rate": 1e-3,
        "loss": loss,
        "terms": dict.fromkeys(terms, loss / len(terms)),
        "validation": {"loss": 1.1 * loss},
    }


def write_run(name: str, state: State, epochs: int = 3, **facts: Any) -> Run:
    """Write a run's folder as a trainer does."""
    run = Run.named(name)
    run.write("recipe.json", json.dumps({**RECIPE, "name": name, "steps": 100}).encode())
    for number in range(1, epochs + 1):
        run.append(epoch(number, 1 / number))
    run.write_state(RunState(state=state, step=10 * epochs, steps=100, **facts))
    return run


def write_preview(run: Run, grey: int) -> None:
    """Write a run's picture in one grey."""
    Image.fromarray(np.full((60, 90), grey, np.uint8)).save(run.preview)
