"""OpenVINO as the engine: precision, cache, and silence."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from medae.inference.engines import OpenVinoEngine, openvino_engine
from medae.inference.engines.openvino_engine import bfloat16_parts, openvino_precisions, openvino_problem
from medae.networks import ConvolutionalAutoEncoder, LesionUNet, ResidualUNet
from medae.settings import cache_folder

pytestmark = pytest.mark.skipif(bool(openvino_problem()), reason="OpenVINO cannot be used here")
with_bfloat16 = pytest.mark.skipif("bfloat16" not in openvino_precisions(), reason="the processor has no bfloat16")


def test_the_parts_of_a_number_add_up_to_it() -> None:
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    coarse, fine = bfloat16_parts(values)
    assert np.array_equal(coarse + fine, values)
    assert np.array_equal(torch.from_numpy(coarse).bfloat16().float().numpy(), coarse)
    assert np.abs(fine).max() <= np.abs(values).max() / 128


@with_bfloat16
def test_bfloat16_computes_what_is_removed_within_a_part_of_it(network: ResidualUNet, image: torch.Tensor) -> None:
    expected = network(image)
    error = OpenVinoEngine(network, "bfloat16").run(image) - expected
    assert 0 < error.std() < 0.02 * (image[:, 1:2] - expected).std()


@with_bfloat16
def test_in_bfloat16_an_image_from_which_nothing_is_taken_keeps_all_its_digits(
    network: ResidualUNet, image: torch.Tensor
) -> None:
    torch.nn.init.zeros_(network.tail[0].conv.weight)
    assert torch.equal(OpenVinoEngine(network, "bfloat16").run(image), image[:, 1:2])
    assert not torch.equal(image.bfloat16().float(), image)


def test_networks_that_give_the_image_itself_are_not_reduced() -> None:
    for network in (ResidualUNet(1, (8,), 1, residual=False), ConvolutionalAutoEncoder(2, 1, (8,), 4, 1)):
        with pytest.raises(ValueError, match="predict"):
            OpenVinoEngine(network, "bfloat16")


@pytest.mark.parametrize("slices", [1, 5, 9])
def test_stacks_of_any_number_of_slices_are_computed(slices: int) -> None:
    torch.manual_seed(0)
    network = LesionUNet(3, (4, 8), spatial_dims=3).eval().requires_grad_(False)
    block = torch.rand(1, 1, slices, 20, 16)
    assert torch.allclose(OpenVinoEngine(network).run(block), network(block), atol=1e-4)


def kept() -> list[Path]:
    return sorted((cache_folder() / "openvino").glob("*.blob"))


def test_a_compiled_model_is_kept_for_its_weights_and_size(
    network: ResidualUNet, image: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = OpenVinoEngine(network, identity="a" * 64).run(image)
    assert len(kept()) == 1
    OpenVinoEngine(network, identity="b" * 64).run(image)
    OpenVinoEngine(network, identity="a" * 64).run(image[..., :16, :16])
    assert len(kept()) == 3
    monkeypatch.setattr(OpenVinoEngine, "_converted", lambda *_: pytest.fail("was converted again"))
    assert torch.equal(OpenVinoEngine(network, identity="a" * 64).run(image), first)


def test_without_identity_nothing_is_kept(network: ResidualUNet, image: torch.Tensor) -> None:
    OpenVinoEngine(network).run(image)
    assert kept() == []


def test_a_damaged_compiled_model_is_made_anew(network: ResidualUNet, image: torch.Tensor) -> None:
    first = OpenVinoEngine(network, identity="a" * 64).run(image)
    (place,) = kept()
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 2])
    assert torch.equal(OpenVinoEngine(network, identity="a" * 64).run(image), first)
    assert len(kept()) == 1
    assert len(place.read_bytes()) > len(whole) // 2


def test_openvino_is_loaded_without_its_telemetry(tmp_path: Path) -> None:
    code = (
        "import sys, medae.inference.engines as e\n"
        "assert 'openvino' not in sys.modules, 'loaded before it is needed'\n"
        "assert e.openvino_problem() == ''\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
        "assert not [m for m in sys.modules if m.startswith('openvino_telemetry.')]\n"
    )
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "MEDAE_HOME": str(tmp_path / "medae")}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120, env=os.environ | home)
    assert not (tmp_path / "intel").exists()  # where the telemetry keeps who you are


def test_where_it_cannot_be_imported_the_reason_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    for function in (openvino_engine.openvino, openvino_problem, openvino_precisions):
        function.cache_clear()
    try:
        assert "No module named 'openvino'" in openvino_problem()
        assert openvino_precisions() == ()
    finally:
        monkeypatch.undo()
        for function in (openvino_engine.openvino, openvino_problem, openvino_precisions):
            function.cache_clear()
    assert openvino_precisions()


def test_signals_are_still_handled_when_an_engine_ended_in_another_thread() -> None:
    """OpenVINO's plugin gives the thread that loads it a stack for signals, and frees it in the one that unloads it."""
    code = (
        "import gc, os, signal, threading, torch\n"
        "from medae.inference.engines import OpenVinoEngine\n"
        "from medae.networks import ResidualUNet\n"
        "kept = [OpenVinoEngine(ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval())]\n"
        "kept[0].run(torch.rand(1, 1, 32, 32))\n"
        "thread = threading.Thread(target=lambda: (kept.clear(), gc.collect()))\n"
        "thread.start(); thread.join()\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('handled'))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert (run.returncode, run.stdout) == (0, "handled\n")
