"""From a scan to scores and back."""

import numpy as np
import torch

from medae import phantom
from medae.families import FAMILIES
from medae.inference.device import Device
from medae.inference.mapping import SCORES, Prepared, Scorer, prepare
from medae.inference.scores import features
from medae.networks import LesionUNet, ResidualUNet
from medae.progress import silent
from medae.training.calibrate import mix_for

NETWORK = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()


def test_a_map_on_the_prepared_grid_comes_back_to_the_scan_again_and_again() -> None:
    scan = phantom.head("T1", shape=(6, 72, 60), spacing=(20.0, 3.0, 3.0)).volume
    prepared, to_scan = prepare(scan, {"pixel_spacing": 2.0, "anatomy": "brain"}, "MR", NETWORK)
    assert prepared.spacing[1:] == (2.0, 2.0)
    for _ in range(2):
        assert to_scan(np.full(prepared.images.shape, 3.0, np.float32)).shape == scan.shape
    assert np.allclose(to_scan(np.full(prepared.images.shape, 3.0, np.float32)), 3.0)


def test_the_middle_of_a_scan_is_that_of_the_body() -> None:
    body = np.zeros((10, 4, 4), bool)
    body[4:9, 1:3, 1:3] = True
    images = np.arange(10, dtype=np.float32)[:, None, None] * body
    scan = Prepared(images, body, (3.0, 1.0, 1.0))
    assert scan.middle(3).images[:, 1, 1].tolist() == [5, 6, 7]
    assert scan.middle(6).body.shape == (6, 4, 4)
    assert scan.middle(20).images.shape == images.shape
    assert Prepared(images, ~body & body, scan.spacing).middle(3).images.shape == (3, 4, 4), "an empty body"


def test_all_scores_are_there_and_trusted_voxels_only_count() -> None:
    scan = phantom.head("T1", shape=(4, 72, 60), spacing=(20.0, 3.0, 3.0)).volume
    prepared, _ = prepare(scan, {"pixel_spacing": 3.0}, "MR", NETWORK)
    scorer = Scorer(NETWORK, FAMILIES["denoising"], Device("cpu", "test"))
    trusted = np.zeros(prepared.images.shape, bool)
    trusted[2] = True
    scored = scorer.score(prepared, silent, trusted)
    assert set(scored.scores) == set(SCORES) - {"lesions"}  # which this network does not tell
    assert all(score.shape == prepared.images.shape for score in scored.scores.values())
    assert scored.mask[2].any()
    assert not scored.mask[[0, 1, 3]].any()
    assert scorer.runner is not None
    # noise of single pixels is smoothed away before it is asked how well the scan is restored
    assert scored.residual == np.median(np.abs(scored.scores["residual"][scored.mask]))


def test_how_well_a_scan_is_restored_does_not_depend_on_the_scores_that_are_wanted() -> None:
    scan = phantom.head("T1", shape=(4, 72, 60), spacing=(20.0, 3.0, 3.0)).volume
    prepared, _ = prepare(scan, {"pixel_spacing": 3.0}, "MR", NETWORK)
    levels = [
        Scorer(NETWORK, FAMILIES["denoising"], Device("cpu", "test"), wanted).score(prepared, silent).residual
        for wanted in (("residual",), ("intensity",))
    ]
    assert levels[0] == levels[1] > 0


def test_lesions_that_the_network_tells_are_a_score() -> None:
    torch.manual_seed(0)
    network = LesionUNet(features=(4, 8)).eval()
    scan = phantom.head("T1", shape=(4, 72, 60), spacing=(20.0, 3.0, 3.0)).volume
    prepared, _ = prepare(scan, {"pixel_spacing": 3.0}, "MR", network)
    wanted = tuple(mix_for("CT", network))
    scored = Scorer(network, FAMILIES["denoising"], Device("cpu", "test"), wanted).score(prepared, silent)
    assert set(scored.scores) == {"lesions"}
    assert scored.scores["lesions"].std() > 0
    assert features(network, prepared.images, prepared.images * 1.1, silent) is not None


def test_what_lies_beside_untrusted_voxels_does_not_count_either() -> None:
    scan = phantom.head("T1", shape=(8, 72, 60), spacing=(5.0, 3.0, 3.0)).volume
    prepared, _ = prepare(scan, {"pixel_spacing": 3.0}, "MR", NETWORK)
    scorer = Scorer(NETWORK, FAMILIES["denoising"], Device("cpu", "test"), ("residual",))
    whole = scorer.score(prepared, silent).mask
    middle = tuple(int(i) for i in np.argwhere(whole)[whole.sum() // 2])
    trusted = np.ones(whole.shape, bool)
    trusted[middle] = False
    gone = np.argwhere(whole & ~scorer.score(prepared, silent, trusted).mask) - middle
    assert len(gone) > 1
    assert np.linalg.norm(gone * prepared.spacing, axis=1).max() <= 4.0
