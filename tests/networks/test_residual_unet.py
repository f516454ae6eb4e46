"""The residual U-Net: homogeneous, any size, and blind beyond its halo."""

from typing import Any

import pytest
import torch

from medae.networks import ResidualUNet, parameter_count, residual_unet


@pytest.fixture(params=[False, True], ids=["plain", "noise maps"])
def network(request: pytest.FixtureRequest) -> ResidualUNet:
    return _network(in_channels=3, features=(8, 16, 16), noise_maps=request.param)


def _network(**options: Any) -> ResidualUNet:
    torch.manual_seed(0)
    network = ResidualUNet(blocks=1, **options).eval()
    torch.nn.init.normal_(network.tail[0].get_parameter("conv.weight"), std=0.05)  # as if it had learnt something
    return network


@pytest.mark.parametrize("size", [(8, 8), (33, 47), (64, 40), (101, 99)])
def test_any_size_comes_back_in_the_same_size(network: ResidualUNet, size: tuple[int, int]) -> None:
    assert network(torch.rand(2, 3, *size)).shape == (2, 1, *size)


@pytest.mark.parametrize("size", [(8, 8, 8), (3, 33, 47), (12, 16, 40)])
def test_blocks_of_a_volume_come_back_in_the_same_size(size: tuple[int, int, int]) -> None:
    network = ResidualUNet(1, (4, 6, 8), blocks=1, spatial_dims=3).eval()
    x = torch.rand(2, 1, *size)
    assert network(x).shape == x.shape
    assert torch.allclose(network(3 * x), 3 * network(x), atol=1e-4)


def test_the_pixel_shuffle_is_torch_s_own(network: ResidualUNet) -> None:
    x = torch.rand(2, 3, 16, 24)
    assert torch.equal(network.head[0](x), torch.nn.PixelUnshuffle(2)(x))
    assert torch.equal(network.tail[1](x.repeat(1, 4, 1, 1)), torch.nn.PixelShuffle(2)(x.repeat(1, 4, 1, 1)))


def test_without_skips_the_code_alone_makes_the_image() -> None:
    network = ResidualUNet(1, (8, 16), blocks=1, residual=False, skips=False).eval()
    x = torch.rand(1, 1, 32, 32)
    code, fine = network.encode(x)
    assert torch.equal(network(x), network.decode(code, network.no_skips(code)))
    assert not torch.equal(network(x), network.decode(code, fine))


def test_three_times_the_input_gives_three_times_the_output(network: ResidualUNet) -> None:
    x = torch.rand(1, 3, 32, 32)
    assert torch.allclose(network(3 * x), 3 * network(x), atol=1e-4)


def test_nothing_beyond_the_halo_reaches_a_pixel(network: ResidualUNet) -> None:
    x = torch.rand(1, 3, 16, 160)
    changed = x.clone()
    changed[..., network.halo + 32 :] += 1.0
    before, after = network(x), network(changed)
    assert torch.allclose(before[..., :32], after[..., :32], atol=1e-6)
    assert not torch.allclose(before, after)


def test_parameters_do_not_depend_on_the_image(network: ResidualUNet) -> None:
    assert parameter_count(network) == sum(p.numel() for p in network.parameters())
    assert not any("bias" in name for name, _ in network.named_parameters())


@pytest.mark.parametrize(("dims", "noise_maps"), [(2, False), (2, True), (3, False)])
def test_what_is_predicted_from_parts_is_what_forward_takes_away(dims: int, noise_maps: bool) -> None:
    channels = 3 if dims == 2 else 1
    network = _network(in_channels=channels, features=(8, 16), spatial_dims=dims, noise_maps=noise_maps)
    x = torch.rand(1, channels, *(16,) * dims)
    x[..., :6] = 0
    coarse = x.bfloat16().float()
    middle = x[:, channels // 2 : channels // 2 + 1]
    assert torch.allclose(middle - network.predicted(coarse, x - coarse), network(x), atol=1e-5)
    assert not torch.allclose(middle - network.predicted(coarse), network(x), atol=1e-5)


def test_a_network_with_noise_maps_begins_by_changing_nothing() -> None:
    x = torch.rand(1, 3, 24, 24)
    network = ResidualUNet(3, (8, 16), blocks=1, noise_maps=True)
    assert torch.equal(network(x), x[:, 1:2])


def _maps(network: ResidualUNet, image: torch.Tensor) -> torch.Tensor:
    unshuffled = network.head[0](image)
    return residual_unet._noise_maps(residual_unet._diagonals(unshuffled, 0), residual_unet._shown(unshuffled, 0))


def test_noise_maps_tell_the_level_and_not_the_anatomy() -> None:
    seen: list[torch.Tensor] = []
    network = _network(in_channels=1, features=(8, 16), noise_maps=True)
    image = torch.zeros(1, 1, 128, 128)
    image[..., 40:] = 1.0  # an edge far stronger than the noise
    noise = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(0))
    for level in (0.02, 0.06):
        seen.append(_maps(network, image + level * noise))
    weak, strong = seen
    assert torch.allclose(strong, 3 * weak, rtol=0.05)
    expected = 0.02 * (2 / torch.pi) ** 0.5  # mean of |N(0, σ²)|
    assert float(weak[:, 0].mean()) == pytest.approx(expected, rel=0.1)
    assert float(weak[:, 2].max()) <= float(weak[:, 0].max())


def test_noise_beside_what_is_empty_is_as_strong_as_elsewhere() -> None:
    network = _network(in_channels=1, features=(8, 16), noise_maps=True)
    image = 1.0 + 0.02 * torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(0))
    whole = _maps(network, image)
    cut = _maps(network, torch.nn.functional.pad(image[..., 50:], (50, 0)))
    beside = cut[..., 25 + 8 :]  # the step itself is a difference, too
    assert torch.allclose(beside, whole[..., 25 + 8 :], rtol=0.3)
    assert float(beside[:, 2:].min()) > 0.5 * float(whole[:, 2:].mean())
    assert not cut[..., :10].any()  # where nothing is shown, no noise


def test_empty_places_count_for_networks_that_learnt_so() -> None:
    networks = [_network(in_channels=1, features=(8, 16), noise_maps=True, empty_counts=e) for e in (False, True)]
    networks[1].load_state_dict(networks[0].state_dict())
    x = torch.rand(1, 1, 64, 64) + 0.5
    assert torch.allclose(networks[0](x), networks[1](x), atol=1e-6)
    x[..., :30] = 0
    assert not torch.allclose(networks[0](x), networks[1](x), atol=1e-6)


@pytest.mark.parametrize("wrong", [{"spatial_dims": 3, "in_channels": 1}, {"unshuffle": 1}])
def test_noise_maps_are_for_slices_behind_an_unshuffle_of_two(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="noise_maps needs"):
        ResidualUNet(noise_maps=True, **wrong)  # type: ignore[arg-type]
