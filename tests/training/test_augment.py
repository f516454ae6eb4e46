"""Augmentation keeps to the scan's geometry."""

import pytest
import torch

from medae.training.augment import TURN, Geometry, augmentation


def _seen(geometry: Geometry, image: torch.Tensor, draws: int = 60) -> set[bytes]:
    transform = augmentation(geometry)
    transform.set_random_state(0)
    return {torch.as_tensor(transform(image)).contiguous().numpy().tobytes() for _ in range(draws)}


def test_square_pixels_turn_and_mirror_into_all_eight_positions() -> None:
    assert len(_seen(Geometry((4, 4), isotropic=True), torch.rand(1, 4, 4))) == 8


@pytest.mark.parametrize("geometry", [Geometry((4, 4), isotropic=False), Geometry((4, 6), isotropic=True)])
def test_rows_and_columns_are_not_exchanged_where_they_differ(geometry: Geometry) -> None:
    image = torch.rand(1, *geometry.patch)
    flips = (image, image.flip(1), image.flip(2), image.flip(1, 2))
    mirrored = {flipped.contiguous().numpy().tobytes() for flipped in flips}
    assert _seen(geometry, image) == mirrored


def test_slices_are_mirrored_but_never_mixed_with_the_plane() -> None:
    block = torch.arange(3.0).view(1, 3, 1, 1).expand(1, 3, 8, 8).contiguous()  # differs across slices only
    there, back = (images.contiguous().numpy().tobytes() for images in (block, block.flip(1)))
    assert _seen(Geometry((3, 8, 8), isotropic=True), block) == {there, back}


def test_an_elastic_block_stays_the_same_across_slices() -> None:
    geometry = Geometry((3, 8, 8), isotropic=True, elastic=True)
    grown = [n + 2 * m for n, m in zip(geometry.patch, geometry.margin, strict=True)]
    block = torch.arange(1.0, 4.0).view(1, 3, 1, 1).expand(1, *grown).contiguous()
    transform = augmentation(geometry)
    transform.set_random_state(0)
    for _ in range(20):
        out = torch.as_tensor(transform(block))
        assert out.shape == (1, 3, 8, 8)
        assert torch.allclose(out.amin((2, 3)), out.amax((2, 3)), atol=1e-4)


def test_the_margin_covers_the_corners_of_a_turned_patch() -> None:
    geometry = Geometry((32, 32), isotropic=True, elastic=True)
    grown = [n + 2 * m for n, m in zip(geometry.patch, geometry.margin, strict=True)]
    transform = augmentation(geometry)
    transform.set_random_state(0)
    for _ in range(40):
        assert torch.as_tensor(transform(torch.ones(1, *grown))).min() > 0.999


def test_without_square_pixels_nothing_is_turned() -> None:
    geometry = Geometry((32, 32), isotropic=False, elastic=True)
    grown = [n + 2 * m for n, m in zip(geometry.patch, geometry.margin, strict=True)]
    rows = torch.arange(float(grown[0])).view(1, -1, 1).expand(1, *grown).contiguous()
    transform = augmentation(geometry)
    transform.set_random_state(0)
    for _ in range(20):
        out = torch.as_tensor(transform(rows))
        assert (out.amax(2) - out.amin(2)).max() < 1e-2


@pytest.mark.parametrize("patch", [(4, 4), (4, 6), (2, 4, 4)])
def test_patches_of_anatomy_are_mirrored_left_to_right_only(patch: tuple[int, ...]) -> None:
    image = torch.rand(1, *patch)
    mirrored = {each.contiguous().numpy().tobytes() for each in (image, image.flip(-1))}
    assert _seen(Geometry(patch, isotropic=True, oriented=True), image) == mirrored


def test_whole_slices_stay_upright() -> None:
    geometry = Geometry((32, 32), isotropic=True, upright=True, elastic=True)
    assert geometry.margin == (0, 0)
    ramp = torch.arange(32.0).view(1, -1, 1).expand(1, 32, 32).contiguous()
    transform = augmentation(geometry)
    transform.set_random_state(0)
    for _ in range(40):
        out = torch.as_tensor(transform(ramp))[0]
        steepest = (out[20, 12:20] - out[12, 12:20]).mean()
        assert steepest > 8 * 0.8  # never upside down or lying
    assert TURN < 0.2
