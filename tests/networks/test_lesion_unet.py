"""The U-Net that tells lesions: any size, two images, and blind beyond its halo."""

import pytest
import torch

from medae.networks import LesionUNet


@pytest.fixture
def network() -> LesionUNet:
    torch.manual_seed(0)
    return LesionUNet(3, (4, 8, 8)).eval()


@pytest.mark.parametrize("size", [(8, 8), (33, 47), (64, 40), (101, 99)])
def test_a_restored_slice_and_a_map_of_the_same_size_come_back(network: LesionUNet, size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size)
    restored, lesions = network(images).split(1, dim=1)
    assert restored.shape == lesions.shape == (2, 1, *size)
    added, told = network.decode(*network.encode(images))[..., : size[0], : size[1]].split(1, dim=1)
    assert torch.equal(restored, images[:, 1:2] - added)
    assert torch.equal(lesions, told)


def test_it_is_blind_beyond_its_halo_and_moves_by_its_stride(network: LesionUNet) -> None:
    side, halo = 256, network.halo
    images = torch.rand(1, 3, side, side)
    changed = images.clone()
    changed[..., : side // 2 - halo, :] = 0
    difference = (network(images) - network(changed)).abs().amax(dim=(0, 1, 3))
    assert difference[side // 2 :].max() < 1e-6
    moved = network(images.roll(network.stride, 2))
    inner = slice(halo + network.stride, side - halo)
    assert torch.allclose(moved[..., inner, :], network(images).roll(network.stride, 2)[..., inner, :], atol=1e-5)


def test_the_code_alone_gives_an_image_too(network: LesionUNet) -> None:
    code, _ = network.encode(torch.rand(1, 3, 40, 32))
    assert network.decode(code, network.no_skips(code)).shape == (1, 2, 40, 32)


def test_what_faint_values_look_like_in_a_window_is_seen() -> None:
    torch.manual_seed(0)
    network = LesionUNet(1, (4, 8), windows=((0.9, 1.1),)).eval()
    with torch.no_grad():
        network.first[0].conv.weight[:, :4] = 0  # leaves what is seen through the window alone
    seen = [network.encode(torch.full((1, 1, 16, 16), value))[0] for value in (0.5, 0.9, 1.0, 1.1, 1.5)]
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[3], seen[4])
    assert not torch.allclose(seen[1], seen[2])
    assert not torch.allclose(seen[2], seen[3])


def test_neighbours_that_were_not_known_before_count_nothing_at_first() -> None:
    torch.manual_seed(0)
    windows = ((0.2, 0.4), (0.5, 0.9))
    known, wider = (LesionUNet(n, (4, 8), windows=windows).eval() for n in (1, 5))
    wider.begin_with(known)
    images = torch.rand(1, 5, 24, 32)
    assert torch.allclose(wider(images), known(images[:, 2:3]), atol=1e-6)
    with pytest.raises(ValueError, match="more than the number of slices"):
        LesionUNet(5, (4, 8), windows=windows[:1]).begin_with(known)
    with pytest.raises(ValueError, match="has more features"):
        LesionUNet(5, (4, 6), windows=windows).begin_with(known)
    with pytest.raises(ValueError, match="sees more neighbours"):
        known.begin_with(wider)


def test_one_level_and_windows_without_width_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two levels"):
        LesionUNet(1, (8,))
    with pytest.raises(ValueError, match="a lower and a higher value"):
        LesionUNet(1, (8, 8), windows=((1.0, 1.0),))


@pytest.fixture
def volume() -> LesionUNet:
    torch.manual_seed(0)
    network = LesionUNet(3, (4, 8, 8), spatial_dims=3).eval()
    for layer in network.across or ():
        torch.nn.init.normal_(layer.conv.weight)
    return network


@pytest.mark.parametrize("size", [(1, 8, 8), (2, 33, 47), (7, 20, 12)])
def test_a_restored_block_and_a_map_of_the_same_size_come_back(volume: LesionUNet, size: tuple[int, ...]) -> None:
    block = torch.rand(2, 1, *size)
    restored, lesions = volume(block).split(1, dim=1)
    assert restored.shape == lesions.shape == block.shape
    code, fine = volume.encode(block)
    assert code.shape == (2, 8, size[0], -(-size[1] // volume.stride), -(-size[2] // volume.stride))
    added, told = volume.decode(code, fine)[..., : size[1], : size[2]].split(1, dim=1)
    assert torch.equal(restored, block - added)
    assert torch.equal(lesions, told)
    assert volume.decode(code, volume.no_skips(code)).shape[:3] == (2, 2, size[0])


def test_blocks_of_a_batch_do_not_see_each_other(volume: LesionUNet) -> None:
    blocks = torch.rand(2, 1, 6, 16, 16)
    assert torch.allclose(volume(blocks)[1:], volume(blocks[1:]), atol=1e-4)


def test_slices_are_seen_as_far_as_it_says_and_no_further(volume: LesionUNet) -> None:
    block = torch.rand(1, 1, 24, 16, 16)
    changed = block.clone()
    changed[:, :, :8] = 0
    difference = (volume(block) - volume(changed)).abs().amax(dim=(0, 1, 3, 4))
    assert difference[7 + volume.slices_around] > 0
    assert difference[8 + volume.slices_around :].max() == 0
    assert volume.strides == (1, volume.stride, volume.stride)
    assert volume.halos == (volume.slices_around, volume.halo, volume.halo)


def test_a_network_of_blocks_begins_as_one_of_slices() -> None:
    torch.manual_seed(0)
    slices, block = LesionUNet(3, (4, 8)).eval(), torch.rand(1, 1, 4, 10, 14)
    volume = LesionUNet(5, (4, 8), spatial_dims=3).eval()
    volume.begin_with(slices)
    stacks = [block[:, 0, [abs(k - 1), k, k + 1 if k < 3 else 2]] for k in range(4)]
    expected = torch.stack([slices(stack) for stack in stacks], dim=2)
    assert torch.allclose(volume(block), expected, atol=1e-6)
    wider = LesionUNet(5, (4, 8))
    with pytest.raises(ValueError, match="sees more neighbours"):
        wider.begin_with(volume)
