"""The engine is measured once, compared with torch float32, and refused where it differs."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from medae.errors import Cancelled
from medae.inference.device import Device
from medae.inference.engines import TorchEngine, choice, choose_engine
from medae.inference.engines.choice import TILE_NOISE, TOLERANCE, WORTH_MEASURING
from medae.inference.engines.openvino_engine import openvino_problem
from medae.networks import DenseAutoEncoder, ResidualUNet
from medae.progress import silent
from medae.settings import cache_folder

CPU = Device("cpu", "test")
SHA = "ab" * 32
ENOUGH = WORTH_MEASURING


class Stand:
    """An engine that is off by a part of the noise, after a while."""

    def __init__(self, title: str, error: float, seconds: float, clock: list[float]) -> None:
        self.title, self.error, self.seconds, self.clock = title, error, seconds, clock

    def run(self, images: Tensor) -> Tensor:
        self.clock[0] += self.seconds
        result = images[:, :1].clone()
        result[0, 0, 3, 3] += self.error * TILE_NOISE
        return result


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch):
    """Give three engines with known errors and times, and count measurements."""
    clock = [0.0]
    monkeypatch.setattr(choice.time, "perf_counter", lambda: clock[0])

    def use(**engines: tuple[float, float]) -> None:
        made = {
            title.replace("_", " "): (lambda title=title, values=values: Stand(title, *values, clock))
            for title, values in engines.items()
        }
        monkeypatch.setattr(choice, "_candidates", lambda *_: made)

    return use


def chosen(network: ResidualUNet, **others: object) -> choice.Choice:
    given = {"identity": SHA, **others}
    return choose_engine(network, CPU, (64, 64), ENOUGH, silent, **given)[1]


def test_the_fastest_within_the_tolerance_is_chosen(network: ResidualUNet, stand) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.001, 2.0), OpenVINO_bfloat16=(TOLERANCE * 0.9, 1.0))
    found = chosen(network)
    assert found.title == "OpenVINO bfloat16"
    notes = found.notes()
    assert notes["engine_seconds"] == 1.0
    assert notes["engine_difference_in_noise"] == pytest.approx(TOLERANCE * 0.9, rel=1e-3)
    assert notes["engine_tile"] == [1, 3, 64, 64]
    json.dumps(notes)


def test_what_differs_too_much_is_refused(network: ResidualUNet, stand) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.001, 2.0), OpenVINO_bfloat16=(TOLERANCE * 1.2, 1.0))
    found = chosen(network)
    assert found.title == "OpenVINO float32"
    assert "differs by 0.12 of the noise" in found.reason


def test_an_engine_that_fails_is_refused(network: ResidualUNet, stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.0, 1.0))
    working = Stand.run

    def failing(self: Stand, images: Tensor) -> Tensor:
        if self.title != "torch_float32":
            raise RuntimeError("unsupported operation\nmore")
        return working(self, images)

    monkeypatch.setattr(Stand, "run", failing)
    found = chosen(network)
    assert found.title == "torch float32"
    assert "it failed: unsupported operation" in found.reason


def test_it_is_measured_once_and_kept(network: ResidualUNet, stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.0, 1.0))
    first = chosen(network)
    monkeypatch.setattr(choice, "_measure", lambda *_: pytest.fail("was measured again"))
    assert chosen(network) == first
    few = choose_engine(network, CPU, (64, 64), 10, silent, identity=SHA)[1]
    assert few == first


def test_other_weights_versions_and_sizes_are_measured_anew(
    network: ResidualUNet, stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.0, 1.0))
    chosen(network)
    chosen(network, identity="cd" * 32)
    chosen(network, exact=True)
    choose_engine(network, CPU, (300, 300), ENOUGH, silent, identity=SHA)
    monkeypatch.setattr(choice, "_versions", lambda: ["newer"])
    chosen(network)
    assert len(records()) == 5


def records() -> list[Path]:
    return list((cache_folder() / "engines").glob("*.json"))


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"title": "rm -rf", "reason": ""}', "\0"])
def test_a_damaged_record_is_measured_anew(network: ResidualUNet, stand, damage: str) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.0, 1.0))
    first = chosen(network)
    (place,) = records()
    place.write_text(damage)
    assert chosen(network) == first
    assert choice.Choice.model_validate_json(place.read_bytes()) == first


def test_an_engine_that_is_gone_is_not_used(network: ResidualUNet, stand) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.0, 1.0))
    assert chosen(network).title == "OpenVINO float32"
    stand(torch_float32=(0.0, 3.0))
    assert chosen(network).title == "torch float32"


def test_adapted_weights_leave_nothing_behind(network: ResidualUNet, stand) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.0, 1.0))
    assert chosen(network, identity="").title == "OpenVINO float32"
    assert records() == []


def test_little_work_is_not_worth_a_measurement(network: ResidualUNet) -> None:
    engine, found = choose_engine(network, CPU, (64, 64), ENOUGH - 1, silent, identity=SHA)
    assert isinstance(engine, TorchEngine)
    assert "too few" in found.reason
    assert records() == []


def test_networks_of_one_size_run_in_torch() -> None:
    network = DenseAutoEncoder((8, 8), hidden=()).eval()
    engine, found = choose_engine(network, CPU, (64, 64), ENOUGH, silent, identity=SHA)
    assert isinstance(engine, TorchEngine)
    assert "one size" in found.reason


def test_a_measurement_can_be_cancelled(network: ResidualUNet, stand) -> None:
    stand(torch_float32=(0.0, 3.0), OpenVINO_float32=(0.0, 1.0))

    def stop(fraction: float, message: str = "", /) -> None:
        if "OpenVINO" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        choose_engine(network, CPU, (64, 64), ENOUGH, stop, identity=SHA)
    assert records() == []


@pytest.mark.skipif(bool(openvino_problem()), reason="OpenVINO cannot be used here")
def test_real_engines_are_measured_and_agree(network: ResidualUNet) -> None:
    engine, found = choose_engine(network, CPU, (64, 50), ENOUGH, silent, identity=SHA)
    assert engine.title == found.title
    titles = {one.title: one for one in found.measured}
    assert titles["torch float32"].difference == 0
    difference = titles["OpenVINO float32"].difference
    assert difference is not None
    assert difference < 0.01
    x = torch.rand(1, 3, 64, 50)
    assert (engine.run(x) - network(x)).abs().max() < TOLERANCE


def test_exact_leaves_only_float32(network: ResidualUNet) -> None:
    titles = choice._candidates(network, CPU, SHA, True)
    assert all(title.endswith("float32") for title in titles)
    assert "torch float16" in choice._candidates(network, Device("cuda:0", "test"), SHA, False)
