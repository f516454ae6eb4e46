"""Weights: loaded when intact, refused otherwise."""

import json

import pytest
import torch

from medae import bundle
from medae.errors import ModelError
from tests.bundle.conftest import DEFINITION


def test_what_was_written_loads(info: bundle.BundleInfo) -> None:
    network = bundle.load_network(info)
    assert network(torch.rand(1, 1, 16, 16)).shape == (1, 1, 16, 16)
    assert not network.training


def test_altered_weights_are_refused(info: bundle.BundleInfo) -> None:
    content = bytearray(info.weights.read_bytes())
    content[-1] ^= 1
    info.weights.write_bytes(content)
    with pytest.raises(ModelError, match="SHA-256"):
        bundle.load_network(info)


def test_missing_weights_are_said(info: bundle.BundleInfo) -> None:
    info.weights.unlink()
    with pytest.raises(ModelError, match="missing"):
        bundle.verify(info)


def test_weights_of_another_network_are_refused(info: bundle.BundleInfo) -> None:
    config = info.folder / "configs" / "inference.json"
    config.write_text(json.dumps({"network_def": {**DEFINITION, "features": [8, 24]}}))
    with pytest.raises(ModelError, match="do not fit"):
        bundle.load_network(info)
