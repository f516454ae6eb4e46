"""Restoring normal anatomy, and where scores count."""

import numpy as np
import pytest
import torch

from medae.inference.device import Device
from medae.inference.restore import inner_body, restore
from medae.networks import LesionUNet, ResidualUNet
from medae.progress import silent

CPU = Device("cpu", "test")


def network(*, zero: bool = False) -> ResidualUNet:
    made = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    if zero:
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.zero_()
    return made


def test_restoring_is_repeatable_and_gives_one_slice_for_each() -> None:
    images = np.random.default_rng(0).random((3, 32, 32)).astype(np.float32)
    how = {"draws": 3, "coarse_noise": 0.2}
    once, twice = (restore(network(zero=True), images, images > 0, 1.0, CPU, silent, **how)[0] for _ in range(2))
    assert once.shape == images.shape
    assert np.array_equal(once, twice)


def test_with_views_a_scan_that_is_shifted_or_mirrored_is_restored_alike() -> None:
    torch.manual_seed(0)
    random, model = np.random.default_rng(0), network()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    images = np.zeros((1, 64, 80), np.float32)
    images[:, 20:50, 20:60] = random.random((1, 30, 40)) + 0.5
    shifted = np.roll(images, (3, 5), (1, 2))

    def restored(scan: np.ndarray, views: int) -> np.ndarray:
        return restore(model, scan, scan > 0, 1.0, CPU, silent, views=views)[0]

    body = images > 0
    first = restored(images, 2)
    assert np.allclose(np.roll(restored(shifted, 2), (-3, -5), (1, 2))[body], first[body], atol=1e-5)
    assert np.allclose(restored(images[..., ::-1].copy(), 2)[..., ::-1][body], first[body], atol=1e-5)
    alone = restored(images, 1)  # taken as it lies on the grid, it is not
    assert not np.allclose(np.roll(restored(shifted, 1), (-3, -5), (1, 2))[body], alone[body], atol=1e-5)
    assert not np.allclose(restored(images[..., ::-1].copy(), 1)[..., ::-1][body], alone[body], atol=1e-5)


def test_noise_is_added_inside_the_body_only_and_cancels_in_pairs() -> None:
    images = np.full((1, 32, 32), 0.5, np.float32)
    body = np.zeros(images.shape, bool)
    body[:, 8:24, 8:24] = True
    one = restore(network(zero=True), images, body, 1.0, CPU, silent, draws=1, coarse_noise=0.1)[0]
    assert np.array_equal(one[~body], images[~body])
    assert not np.allclose(one[body], 0.5)
    pair = restore(network(zero=True), images, body, 1.0, CPU, silent, draws=2, coarse_noise=0.1)[0]
    assert np.allclose(pair, 0.5, atol=1e-6)


def test_slices_without_a_patient_cost_nothing() -> None:
    images = np.ones((2, 32, 32), np.float32)
    body = np.zeros(images.shape, bool)
    body[1] = True
    restored = restore(network(zero=True), images, body, 1.0, CPU, silent)[0]
    assert restored[0].max() == 0
    assert np.allclose(restored[1], 1)


@pytest.mark.parametrize("views", [1, 4])
def test_a_map_of_lesions_comes_beside_the_restored_scan(views: int) -> None:
    torch.manual_seed(0)
    model = LesionUNet(features=(8, 16)).eval()
    images = np.random.default_rng(0).random((4, 32, 40)).astype(np.float32)
    restored, lesions = restore(model, images, images > 0, 1.0, CPU, silent, views=views)
    assert restored.shape == lesions.shape == images.shape
    if views == 1:
        with torch.no_grad():
            found = model(torch.from_numpy(images)[:, None]).transpose(0, 1)
        assert np.allclose(restored, found[0], atol=1e-5)
        assert np.allclose(lesions, found[1], atol=1e-5)


def test_a_volume_is_restored_in_stacks_that_report_and_leave_no_seam() -> None:
    torch.manual_seed(0)
    model = LesionUNet(3, (4, 8), spatial_dims=3).eval()
    for layer in model.across or ():
        torch.nn.init.normal_(layer.conv.weight, std=0.1)
    images, told = np.random.default_rng(0).random((70, 16, 24)).astype(np.float32), []
    found = restore(model, images, images > 0, 1.0, CPU, lambda share, text: told.append((share, text)))
    with torch.no_grad():
        assert np.allclose(found, model(torch.from_numpy(images)[None, None])[0], atol=1e-5)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert len({text for _, text in told}) >= 3  # stacks of fewer slices than the scan has
    assert told[-1] == (1.0, "Restoring normal anatomy, slice 70 of 70")


def test_the_rim_of_the_body_is_left_out_but_not_where_the_scan_ends() -> None:
    body = np.zeros((9, 40, 40), bool)
    body[:6, 10:30, 10:30] = True
    inner = inner_body(body, (1.0, 1.0, 1.0))
    assert inner[0, 20, 20]
    assert inner[2, 20, 20]
    assert not inner[4, 20, 20]  # 3 mm below the top of the body
    assert not inner[0, 12, 20]
    assert inner[0, 13, 20]
