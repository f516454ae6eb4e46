"""The device and its reason."""

import pytest
import torch

from medae.errors import SettingsError
from medae.inference.device import Device, channels_last, choose_device, is_fast_in_bfloat16
from medae.networks import ResidualUNet


def test_the_cpu_can_be_asked_for() -> None:
    device = choose_device("cpu")
    assert device.name == "cpu"
    assert "asked for" in device.describe()


def test_auto_gives_a_reason() -> None:
    device = choose_device()
    assert device.reason
    assert (device.name == "cpu") == (not torch.cuda.is_available())


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_asking_for_what_is_not_there_says_so() -> None:
    with pytest.raises(SettingsError, match="no CUDA device"):
        choose_device("cuda")


@pytest.mark.parametrize("wanted", ["gpu", "cuda:x", ""])
def test_unknown_names_are_refused(wanted: str) -> None:
    with pytest.raises(SettingsError, match="unknown device"):
        choose_device(wanted)


def test_memory_order_does_not_change_the_weights() -> None:
    network = ResidualUNet(features=(8, 16), blocks=1)
    x = torch.rand(1, 3, 16, 16)
    before = network(x)
    assert torch.allclose(channels_last(network, choose_device("cpu"))(x), before, atol=1e-5)


def test_bfloat16_is_fast_only_where_the_processor_computes_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = Device("cpu", "test")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, "avx512_bf16": False}, raising=False)
    assert not is_fast_in_bfloat16(cpu)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True}, raising=False)
    assert is_fast_in_bfloat16(cpu)
