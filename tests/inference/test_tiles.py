"""Tiles give what the whole image gives, also where memory runs out; fixed windows cover any size."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from medae.errors import Cancelled, MedaeError
from medae.inference import tiles
from medae.inference.device import Device
from medae.inference.engines import Engine, OpenVinoEngine, TorchEngine, openvino_precisions
from medae.inference.tiles import Runner, run_network
from medae.networks import Network, ResidualUNet

CPU = Device("cpu", "test")


class Window(Network):
    """The identity, for one size only."""

    def __init__(self, *window: int) -> None:
        super().__init__()
        self.window = window
        self.spatial_dims = len(window)
        self.seen: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        assert tuple(x.shape[2:]) == self.window
        self.seen.append(len(x))
        return x[:, :1]


class Blur3d(Network):
    """A mean over 3×3×3 voxels."""

    spatial_dims = 3
    halo = 1

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.avg_pool3d(x, 3, 1, 1)


def test_tiles_leave_no_seam() -> None:
    torch.manual_seed(0)
    network = ResidualUNet(features=(8, 16), blocks=1).eval()
    image = torch.rand(1, 3, 150, 130)
    whole = run_network(network, image, CPU, tile=1024)
    tiled = run_network(network, image, CPU, tile=48)
    assert torch.allclose(whole, tiled, atol=1e-5)


def test_tiles_leave_no_seam_in_3d() -> None:
    image = torch.rand(1, 1, 9, 20, 17)
    network = Blur3d().eval()
    assert torch.allclose(run_network(network, image, CPU), run_network(network, image, CPU, tile=6), atol=1e-6)


@pytest.mark.parametrize("shape", [(16, 16), (16, 40), (9, 50)])
def test_windows_cover_any_size(shape: tuple[int, int]) -> None:
    image = torch.rand(1, 1, *shape)
    assert torch.allclose(run_network(Window(16, 16), image, CPU), image, atol=1e-5)


def test_an_image_of_the_windows_size_is_one_window() -> None:
    network = Window(4, 16, 16)
    image = torch.rand(1, 1, 4, 16, 16)
    assert torch.allclose(run_network(network, image, CPU), image, atol=1e-6)
    assert network.seen == [1]


@pytest.mark.parametrize("length", [1, 16, 95, 96, 97, 150, 256, 1000])
@pytest.mark.parametrize(("tile", "halo", "stride"), [(96, 20, 8), (1024, 20, 8), (48, 30, 16), (10, 0, 1)])
def test_tiles_cover_each_pixel_once_and_have_one_size(length: int, tile: int, halo: int, stride: int) -> None:
    seen = np.zeros((length, 40), int)
    sizes = set()
    region = slice(0, length), slice(0, 40)
    for inner, outer in tiles.tiles(region, seen.shape, (tile,) * 2, (halo,) * 2, (stride,) * 2):
        seen[inner] += 1
        for kept, read, end in zip(inner, outer, seen.shape, strict=True):
            assert read.start % stride == 0
            assert read.start <= max(kept.start - halo, 0)
            assert min(kept.stop + halo, end) <= read.stop <= end
        sizes.add(tuple(-(-(s.stop - s.start) // stride) for s in outer))
    assert (seen == 1).all()
    assert len(sizes) == 1


def _engines(network: Network) -> list[Engine]:
    return [TorchEngine(network, CPU)] + [OpenVinoEngine(network, precision) for precision in openvino_precisions()]


def test_tiles_of_every_engine_give_what_the_whole_image_gives() -> None:
    torch.manual_seed(0)
    network = ResidualUNet(features=(8, 16), blocks=1).eval().requires_grad_(False)
    image = torch.rand(1, 3, 150, 131)
    for engine in _engines(network):
        whole, tiled = (Runner(network, engine, CPU, tile).whole(image) for tile in (1024, 80))
        assert (whole - tiled).abs().max() <= 1e-4, engine.title
        if isinstance(engine, OpenVinoEngine):
            assert len(engine._requests) == 2  # one size for the whole image, one for all of its tiles


class Small:
    """An engine whose memory holds so many pixels."""

    title = "small"

    def __init__(self, network: Network, pixels: int) -> None:
        self.network, self.pixels, self.calls = network, pixels, 0

    def run(self, images: Tensor) -> Tensor:
        self.calls += 1
        if images[0, 0].numel() > self.pixels:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.network(images)


@pytest.fixture
def network() -> ResidualUNet:
    torch.manual_seed(0)
    return ResidualUNet(features=(8, 16), blocks=1).eval().requires_grad_(False)


@pytest.mark.parametrize("name", ["cpu", "cuda:0"])
def test_without_memory_tiles_are_halved_and_nothing_else_changes(network: ResidualUNet, name: str) -> None:
    image, told = torch.rand(1, 3, 300, 260), []
    engine = Small(network, 160 * 160)
    runner = Runner(network, engine, Device(name, "test"), report=lambda _, message="": told.append(message))
    assert torch.allclose(runner.whole(image), network(image), atol=1e-5)
    assert runner.engine is engine
    assert runner.notes == [f"memory did not suffice on {name}: tiles were halved to 150 pixels"]
    assert f"Memory did not suffice on {name}: tiles were halved to 150 pixels" in told
    failed = engine.calls
    runner.whole(image)
    assert engine.calls - failed == failed - 1  # from then on it starts with what works


def test_memory_that_ends_in_the_middle_spoils_nothing(network: ResidualUNet) -> None:
    image = torch.rand(1, 3, 500, 260)
    engine = Small(network, 256 * 256)
    runner = Runner(network, engine, CPU, tile=256)
    whole = torch.full((1, 1, 500, 260), torch.nan)
    for count, (box, part) in enumerate(runner.parts((500, 260), lambda box: image[(..., *box)])):
        assert whole[(..., *box)].isnan().all()
        whole[(..., *box)] = part
        if count == 1:
            engine.pixels = 130 * 130
    assert torch.allclose(whole, network(image), atol=1e-5)
    assert len(runner.notes) == 1


def test_when_no_tile_is_small_enough_the_cpu_takes_over(network: ResidualUNet) -> None:
    image = torch.rand(1, 3, 200, 180)
    runner = Runner(network, Small(network, 0), Device("cuda:0", "test"))
    assert torch.allclose(runner.whole(image), network(image), atol=1e-5)
    assert runner.device.name == "cpu"
    assert runner.notes[-1] == "memory did not suffice on cuda:0: the CPU computed the rest"
    assert runner.engine.title == "torch float32"


def test_when_nothing_suffices_it_is_said(network: ResidualUNet) -> None:
    with pytest.raises(MedaeError, match="memory of this computer does not suffice"):
        Runner(network, Small(network, 0), CPU).whole(torch.rand(1, 3, 100, 90))


def test_each_tile_can_be_the_last(network: ResidualUNet) -> None:
    told = []

    def stop(fraction: float, message: str = "", /) -> None:
        told.append(fraction)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        Runner(network, TorchEngine(network, CPU), CPU, 80, stop).whole(torch.rand(1, 3, 150, 130))
    assert len(told) == 3
