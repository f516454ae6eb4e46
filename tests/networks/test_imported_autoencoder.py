"""MONAI's autoencoders inside MedAE's interface: same numbers, any size, x first."""

import pytest
import torch
from monai.networks.nets import AutoEncoder, VarAutoEncoder

from medae.networks import ImportedAutoEncoder, ImportedVarAutoEncoder

PLAIN = {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": (4, 8), "strides": (2, 2)}
VARIATIONAL = {
    "spatial_dims": 2,
    "in_shape": (1, 16, 24),
    "out_channels": 1,
    "latent_size": 5,
    "channels": (4, 8),
    "strides": (1, 2),
}


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("units", [0, 2])
def test_it_computes_what_monai_computes_with_x_first(dims: int, units: int) -> None:
    torch.manual_seed(0)
    arguments = {**PLAIN, "spatial_dims": dims, "num_res_units": units, "inter_channels": [8], "norm": "batch"}
    monai = AutoEncoder(**arguments).eval()
    ours = ImportedAutoEncoder(**arguments).eval()
    ours.load_state_dict({f"net.{key}": value for key, value in monai.state_dict().items()})
    size = (16, 24) if dims == 2 else (8, 12, 16)
    images = torch.rand(2, 1, *size)
    reverse = (0, 1, *range(1 + dims, 1, -1))
    expected = monai(images.permute(reverse)).permute(reverse)
    assert torch.allclose(ours(images), expected, atol=1e-6)
    assert torch.allclose(ours.decode(ours.encode(images)), expected, atol=1e-6)


def test_odd_sizes_come_back() -> None:
    network = ImportedAutoEncoder(**PLAIN, norm=None).eval()
    assert network(torch.rand(1, 1, 101, 99)).shape == (1, 1, 101, 99)


@pytest.mark.parametrize(
    ("units", "kernel", "up", "inner"),
    [(0, 3, 3, None), (2, 3, 3, None), (3, 5, 5, [8, 8]), (2, 3, 3, [8]), (0, 3, [5, 7], None)],
)
def test_nothing_beyond_the_halo_is_seen(units: int, kernel: int, up: int | list[int], inner: list[int] | None) -> None:
    torch.manual_seed(0)
    network = (
        ImportedAutoEncoder(
            **PLAIN, kernel_size=kernel, up_kernel_size=up, num_res_units=units, inter_channels=inner, norm=None
        )
        .double()
        .eval()
    )
    size = 4 * ((2 * network.halo + 40) // 4)
    image = torch.rand(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    middle = size // 2
    for offset in range(network.stride):
        (seen,) = torch.autograd.grad(network(image)[0, 0, middle + offset, middle + offset], image)
        reached = seen[0, 0].nonzero()
        assert (reached - (middle + offset)).abs().max() <= network.halo


def test_the_variational_one_decodes_the_mean() -> None:
    torch.manual_seed(0)
    monai = VarAutoEncoder(**VARIATIONAL).eval()
    ours = ImportedVarAutoEncoder(**VARIATIONAL).eval()
    ours.load_state_dict({f"net.{key}": value for key, value in monai.state_dict().items()})
    assert ours.window == (24, 16)
    image = torch.rand(1, 1, 24, 16)
    mean = monai.encode_forward(image.transpose(2, 3))[0]
    assert torch.allclose(ours.encode(image), mean)
    assert torch.allclose(ours(image), monai.decode_forward(mean).transpose(2, 3), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"out_channels": 2}, "out_channels"),
        ({"in_channels": 4}, "odd"),
        ({"spatial_dims": 1}, "spatial_dims"),
        ({"padding": 0}, "padding"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ImportedAutoEncoder(**{**PLAIN, **change})


def test_a_shape_of_other_dimensions_is_refused() -> None:
    with pytest.raises(ValueError, match="axes"):
        ImportedVarAutoEncoder(**{**VARIATIONAL, "spatial_dims": 3})
