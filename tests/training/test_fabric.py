"""Where and how exactly a training computes."""

import pytest
import torch

from medae.inference.device import Device
from medae.training.fabric import launched, precision
from tests.training.conftest import MakeRecipe

CPU = Device("cpu", "test")


@pytest.mark.parametrize(("asked", "given"), [("32", "32-true"), ("bf16", "bf16-mixed")])
def test_the_recipe_decides_the_precision(short: MakeRecipe, asked: str, given: str) -> None:
    assert precision(short(precision=asked), CPU) == given


@pytest.mark.parametrize("fast", [True, False])
def test_automatic_is_bfloat16_only_where_the_processor_has_it(
    short: MakeRecipe, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": fast}, raising=False)
    assert precision(short(), CPU) == ("bf16-mixed" if fast else "32-true")


def test_blocks_are_in_float32_unless_they_are_convolved_in_slices(
    short: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True}, raising=False)
    options = {"spatial_dims": 3, "features": [8, 16]}
    assert precision(short(options=options), CPU) == "32-true"
    assert precision(short(task="anomaly", options={**options, "lesions": True}), CPU) == "bf16-mixed"


def test_one_process_unless_torchrun_started_more(short: MakeRecipe) -> None:
    fabric = launched(short(), CPU)
    assert (fabric.world_size, fabric.global_rank, fabric.device.type) == (1, 0, "cpu")
