"""What holds for every family in the list, in 2-D and in 3-D."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from medae import bundle
from medae.errors import SettingsError
from medae.families import FAMILIES, Batch, Family
from medae.networks import Network

SMALL: dict[str, dict[str, Any]] = {
    "undercomplete": {"code_size": 24, "hidden": (48,)},
    "sparse": {"code_size": 64},
    "contractive": {"code_size": 32},
    "denoising": {"features": (8, 16), "blocks": 1},
    "convolutional": {"features": (8, 16), "latent_channels": 8, "blocks": 1},
    "variational": {"features": (8, 16), "latent_size": 16},
}
VARIANTS = {
    "undercomplete, linear": {"code_size": 24, "linear": True},
    "sparse, l1": {"code_size": 64, "penalty": "l1"},
    "sparse, top-k": {"code_size": 64, "penalty": "top-k", "k": 24},
    "contractive, deep": {"code_size": 32, "hidden": (48,)},
    "denoising, no shortcuts": {"features": (16, 32), "blocks": 1, "skips": False, "residual": False},
    "convolutional, plain": {"features": (16, 32), "latent_channels": 8, "blocks": 0},
    "variational, residual": {"features": (8, 16), "latent_size": 16, "blocks": 1},
}
SIZES = {2: (16, 20), 3: (6, 16, 12)}


@dataclass(frozen=True)
class Case:
    """One family with options, and the network they make for small patches."""

    family: Family
    options: Any
    definition: dict[str, object]
    channels: int
    size: tuple[int, ...]

    def network(self) -> Network:
        torch.manual_seed(0)
        return bundle.build_network(self.definition)

    def images(self, count: int = 8) -> Tensor:
        """Smooth images (count, C, *size) about 0.5."""
        noise = torch.randn(count, self.channels, *self.size, generator=torch.Generator().manual_seed(1))
        for axis in range(2, noise.ndim):
            for _ in range(3):
                noise = noise + noise.roll(1, axis)
        return 0.5 + 0.25 * noise / noise.std()

    def batch(self, images: Tensor) -> Batch:
        middle = self.channels // 2
        target = images[:, middle : middle + 1]
        return {"input": images, "target": target, "weight": torch.ones_like(target)}


def _case(name: str, dims: int) -> Case:
    family = FAMILIES[name.split(",")[0]]
    options = family.Options.model_validate({**(SMALL | VARIANTS)[name], "spatial_dims": dims, "in_channels": 3})
    definition = family.network_def(options, SIZES[dims])
    return Case(family, options, definition, options.channels, SIZES[dims])


@pytest.fixture(
    params=[(name, dims) for name in SMALL | VARIANTS for dims in (2, 3)], ids=lambda p: f"{p[0]}, {p[1]}-D"
)
def case(request: pytest.FixtureRequest) -> Case:
    return _case(*request.param)


def test_every_family_has_a_case() -> None:
    assert set(SMALL) == set(FAMILIES)


@pytest.mark.parametrize("key", FAMILIES)
def test_families_say_what_they_are(key: str) -> None:
    family = FAMILIES[key]
    assert family.TITLE
    assert family.PURPOSE
    assert set(family.TASKS) <= {"denoise", "anomaly", "reconstruct"}
    assert (key == "variational") == family.HAS_PRIOR
    assert (key != "denoising") == family.FROM_CODE
    for name, field in family.Options.model_fields.items():
        assert field.description, name
    with pytest.raises(ValueError, match="odd number"):
        family.Options(in_channels=2)


def test_a_few_steps_lower_the_loss(case: Case) -> None:
    network, images = case.network().train(), case.images()
    batch = case.batch(images)
    batch["input"] = images + 0.2 * torch.randn(images.shape, generator=torch.Generator().manual_seed(2))
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        terms = case.family.loss(network, batch, case.options)
        assert all(term.ndim == 0 for term in terms.values())
        total = torch.stack(list(terms.values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        losses.append(total.item())
    assert losses[-1] < 0.8 * losses[0]


def test_code_and_reconstruction_have_the_stated_shapes(case: Case) -> None:
    network, x = case.network().eval(), case.images(2)
    assert network.spatial_dims == len(case.size)
    assert network.middle == case.channels // 2
    restored = network(x)
    assert restored.shape == (2, 1, *case.size)
    code = case.family.encode(network, x)
    assert code.shape[0] == 2
    if code.ndim > 2:
        assert code.shape[2:] == tuple(-(-side // network.stride) for side in case.size)
    decoded = case.family.decode(network, code)
    assert decoded.shape[:2] == (2, 1)
    if case.family.FROM_CODE:
        cut = decoded[(..., *(slice(side) for side in case.size))]
        assert torch.equal(cut, restored)


def test_networks_take_the_sizes_they_say(case: Case) -> None:
    network = case.network().eval()
    if network.window is not None:
        assert network.window == case.size
        assert (network.stride, network.halo) == (1, 0)
        return
    for size in ((9, 11, 13), (17, 33, 20))[: 2 if len(case.size) == 3 else 1]:
        odd = size[-len(case.size) :]
        x = torch.rand(1, case.channels, *odd)
        assert network(x).shape == (1, 1, *odd)
        assert case.family.encode(network, x).shape[0] == 1


def test_weight_zero_takes_a_pixel_out_of_the_loss(case: Case) -> None:
    network = case.network().eval()
    batch = case.batch(case.images())
    batch["weight"][..., : case.size[-1] // 2] = 0
    torch.manual_seed(3)
    first = case.family.loss(network, batch, case.options)
    batch["target"] = batch["target"].clone()
    batch["target"][..., : case.size[-1] // 2] += 5
    torch.manual_seed(3)
    assert case.family.loss(network, batch, case.options) == first
    batch["target"][..., -1] += 5
    assert case.family.loss(network, batch, case.options) != first


def test_evaluation_is_deterministic_and_works_without_gradients(case: Case) -> None:
    network, batch = case.network().eval().requires_grad_(False), case.batch(case.images())
    with torch.no_grad():
        assert torch.equal(network(batch["input"]), network(batch["input"]))
        assert all(torch.isfinite(term) for term in case.family.loss(network, batch, case.options).values())


def test_any_memory_order_gives_the_same(case: Case) -> None:
    network, x = case.network().eval(), case.images(2)
    order = torch.channels_last if len(case.size) == 2 else torch.channels_last_3d
    assert torch.allclose(network(x.contiguous(memory_format=order)), network(x), atol=1e-5)


def test_a_bundle_brings_the_network_back(case: Case, tmp_path: Path) -> None:
    network, x = case.network().eval(), case.images(2)
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    again = bundle.build_network(json.loads(json.dumps(case.definition))).eval()
    again.load_state_dict(load_file(tmp_path / "model.safetensors"))
    assert torch.equal(again(x), network(x))


def test_the_middle_slice_is_what_is_restored() -> None:
    case = _case("convolutional", 2)
    images = case.images()
    batch = case.batch(images)
    network = case.network().train()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(60):
        optimiser.zero_grad()
        case.family.loss(network, batch, case.options)["squared_error"].backward()
        optimiser.step()
    errors = [(network.eval()(images)[:, 0] - images[:, channel]).square().mean().item() for channel in range(3)]
    assert errors.index(min(errors)) == 1


def test_a_code_as_large_as_the_patch_is_no_compression() -> None:
    family = FAMILIES["undercomplete"]
    with pytest.raises(SettingsError, match="choose a smaller code_size"):
        family.network_def(family.Options(code_size=64), (8, 8))
