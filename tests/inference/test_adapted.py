"""An adapted network stands for the bundle's own; the record says so."""

import numpy as np
import torch

from medae.inference import denoise
from medae.inference.adapted import Adapted
from medae.networks import ResidualUNet
from medae.volume import Volume


def test_the_adapted_network_is_used_and_the_record_names_both(tiny_bundle) -> None:
    info = tiny_bundle()
    scan = Volume(
        array=np.random.default_rng(0).integers(0, 1000, (3, 24, 20)).astype(np.int16), affine=np.eye(4), modality="MR"
    )
    network = ResidualUNet(in_channels=3, features=(8, 16), blocks=1).eval().requires_grad_(False)
    for weights in network.parameters():
        torch.nn.init.zeros_(weights)  # removes nothing, where the bundle's own random weights change every value
    result = denoise(scan, model="tiny", adapted=Adapted(network, {"steps": 7}))
    assert np.array_equal(result.array, scan.array)
    step = result.provenance[-1]
    assert (step.bundle, step.sha256) == ("tiny", info.sha256)
    assert step.notes["adapted"] == {"steps": 7}
    assert step.options["adapted"] == "to this scan"
    plain = denoise(scan, model="tiny").provenance[-1]
    assert "adapted" not in plain.notes
    assert "adapted" not in plain.options


def test_the_record_tells_which_weights_they_are() -> None:
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1)
    assert Adapted(network, {"kept": False}).describe() == "tried, not kept"
    assert "SHA-256 ab12" in Adapted(network, {"kept": True, "weights_sha256": "ab12"}).describe()
