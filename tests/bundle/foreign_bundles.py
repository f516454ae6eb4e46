"""Bundles as the MONAI model zoo lays them out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from monai.networks.nets import AutoEncoder

NETWORK = {
    "_target_": "AutoEncoder",
    "spatial_dims": "@spatial_dims",
    "in_channels": 1,
    "out_channels": 1,
    "channels": [4, 8],
    "strides": [2, 2],
    "norm": None,
}
METADATA = {
    "schema": "https://example.org/meta_schema.json",
    "version": "0.3.1",
    "monai_version": "1.4.0",
    "task": "Denoising of brain MR",
    "description": "Takes noise out.",
    "license": "Apache-2.0",
    "eval_metrics": {"psnr": 31.5},
    "network_data_format": {
        "inputs": {"image": {"type": "image", "modality": "MR", "num_channels": 1}},
        "outputs": {"pred": {"type": "image", "num_channels": 1}},
    },
}


def state(seed: int = 0) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    arguments = {key: value for key, value in NETWORK.items() if key != "_target_"}
    return AutoEncoder(**{**arguments, "spatial_dims": 2}).state_dict()


def zoo_bundle(
    folder: Path,
    network_def: Mapping[str, Any] = NETWORK,
    metadata: Mapping[str, Any] = METADATA,
    weights: object = None,
) -> Path:
    """Write a bundle with ``models/model.pt``."""
    for part in ("configs", "models", "docs", "scripts"):
        (folder / part).mkdir(parents=True)
    inference = {
        "imports": ["$import glob"],
        "spatial_dims": 2,
        "device": "$torch.device('cpu')",
        "network_def": network_def,
        "network": "$@network_def.to(@device)",
    }
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    (folder / "configs" / "inference.json").write_text(json.dumps(inference))
    (folder / "docs" / "README.md").write_text("# Zoo denoiser\n")
    (folder / "LICENSE").write_text("Apache")
    (folder / "scripts" / "evil.py").write_text("raise SystemExit('this must never run')")
    torch.save(state() if weights is None else weights, folder / "models" / "model.pt")
    return folder
