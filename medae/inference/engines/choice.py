"""Which engine computes a network on this machine: measured once, compared with torch float32, and remembered."""

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import torch  # noqa: TID253
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor  # noqa: TID253

import medae
from medae.inference.device import Device
from medae.inference.engines import compiled_models
from medae.inference.engines.engine import Engine
from medae.inference.engines.openvino_engine import (
    OpenVinoEngine,
    has_reduced_form,
    openvino_precisions,
    openvino_problem,
)
from medae.inference.engines.torch_engine import TorchEngine
from medae.networks import Network
from medae.progress import Report
from medae.settings import cache_folder

TILE_NOISE = 0.02
"""Standard deviation of the noise in the tile that engines are compared on, in network values: 20 HU for CT, 2 % of
the 99.9th percentile otherwise, the lowest level that denoisers are judged at."""
TOLERANCE = 0.1
"""Largest difference from torch float32, in units of that noise, that an engine may make anywhere in the tile. It is
2 HU at the worst voxel; the standard deviation of the difference is then about a tenth of it, less than the 0.29 HU
that rounding to whole stored HU costs."""
WORTH_MEASURING = 8_000_000
"""Voxels of a volume below which torch float32 is done before a measurement would be."""
RUNS = 3
"""Timed runs of each engine; the shortest counts."""
TEST_SIDE = {2: 512, 3: 96}
"""Longest side of the tile that engines are measured on, by spatial dimensions."""
_LEVELS = (0.0, 0.1, 0.5, 0.9, 1.05, 1.1, 1.9)

Title = Literal["torch float32", "torch float16", "OpenVINO float32", "OpenVINO bfloat16"]


class Measured(BaseModel):
    """One engine on one tile.

    Attributes
    ----------
    title
        The engine and its precision.
    seconds
        For the tile; None where it failed.
    difference
        Largest difference from torch float32 anywhere in the tile, in units of the tile's noise.
    refused
        Why it is not used; empty if it may be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: Title
    seconds: float | None = Field(default=None, gt=0)
    difference: float | None = Field(default=None, ge=0)
    refused: str = ""


class Choice(BaseModel):
    """The engine that computes, and what was measured to find it.

    Attributes
    ----------
    title
        The engine and its precision.
    reason
        Why this one.
    tile
        Shape (B, C, *spatial) that was measured; empty if nothing was.
    measured
        All engines that were tried.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title
    reason: str
    tile: tuple[int, ...] = ()
    measured: tuple[Measured, ...] = ()

    def notes(self) -> dict[str, object]:
        """Plain JSON values for the record: engine, why, seconds for the tile, difference in units of noise."""
        noted: dict[str, object] = {"engine": self.title, "engine_reason": self.reason}
        for one in self.measured:
            if one.title == self.title:
                noted |= {"engine_tile": list(self.tile), "engine_seconds": one.seconds}
                noted["engine_difference_in_noise"] = one.difference
        return noted


def choose_engine(
    network: Network,
    device: Device,
    shape: tuple[int, ...],
    voxels: int,
    report: Report,
    *,
    identity: str = "",
    exact: bool = False,
) -> tuple[Engine, Choice]:
    """Give the engine that computes a network fastest within `TOLERANCE`.

    It is measured once for each machine, model, size and version of the libraries; the measurement is kept in the
    user's cache folder. A damaged or outdated file is measured anew.

    Parameters
    ----------
    network
        In evaluation mode, on the CPU.
    device
        Where to compute.
    shape
        Spatial shape of the tiles that will be asked for.
    voxels
        How many voxels will be computed in all; too few are not worth a measurement.
    report
        Told about the measurement; may raise `Cancelled` between runs.
    identity
        SHA-256 of the weights; empty if they are not to be remembered.
    exact
        Only engines that compute in float32.

    Returns
    -------
    engine, choice
    """
    plain: Title = "torch float32"
    if network.window is not None:
        return TorchEngine(network, device), Choice(title=plain, reason="networks of one size run in torch")
    tile = _tile_shape(network, shape)
    place = cache_folder() / "engines" / f"{_key(device, identity, tile, exact)}.json"
    choice = _remembered(place) if identity else None
    if choice is None and voxels < WORTH_MEASURING:
        return TorchEngine(network, device), Choice(title=plain, reason="too few voxels for a measurement to pay")
    engines = _candidates(network, device, identity, exact)
    if choice is None or choice.title not in engines:
        choice = _measure(engines, _test_tile(tile), report)
        if identity:
            _remember(place, choice)
    return engines[choice.title](), choice


def _candidates(network: Network, device: Device, identity: str, exact: bool) -> dict[Title, Callable[[], Engine]]:
    """Engines that could compute the network there; the reference, torch float32, first."""
    engines: dict[Title, Callable[[], Engine]] = {"torch float32": lambda: TorchEngine(network, device)}
    if device.name != "cpu":
        if not exact:
            engines["torch float16"] = lambda: TorchEngine(network, device, "float16")
        return engines
    precisions = openvino_precisions()
    if "float32" in precisions:
        engines["OpenVINO float32"] = lambda: OpenVinoEngine(network, "float32", identity)
    if "bfloat16" in precisions and has_reduced_form(network) and not exact:
        engines["OpenVINO bfloat16"] = lambda: OpenVinoEngine(network, "bfloat16", identity)
    return engines


def _tile_shape(network: Network, shape: tuple[int, ...]) -> tuple[int, ...]:
    """(1, C, *spatial) of the tile to measure on: as the tiles will be, but not larger than `TEST_SIDE`."""
    most = TEST_SIDE[network.spatial_dims]
    sides = (min(n + -n % stride, most + -most % stride) for n, stride in zip(shape, network.strides, strict=True))
    return (1, 2 * network.middle + 1, *sides)


def _test_tile(shape: tuple[int, ...]) -> Tensor:
    """Patches of the values that tissues have, with edges between all of them, and noise of `TILE_NOISE`."""
    generator = torch.Generator().manual_seed(0)
    spatial = shape[2:]
    coarse = torch.rand((1, 1, *(max(2, side // 24) for side in spatial)), generator=generator)
    mode = "bilinear" if len(spatial) == 2 else "trilinear"
    smooth = torch.nn.functional.interpolate(coarse, spatial, mode=mode, align_corners=True)
    tissue = torch.tensor(_LEVELS)[(smooth * len(_LEVELS)).long().clamp(max=len(_LEVELS) - 1)]
    return (tissue + TILE_NOISE * torch.randn(shape, generator=generator)).clamp(min=0)


def _measure(engines: dict[Title, Callable[[], Engine]], tile: Tensor, report: Report) -> Choice:
    """Time each engine on a tile and compare it with the first."""
    measured: list[Measured] = []
    reference: Tensor | None = None
    for title, make in engines.items():
        report(0.0, f"Measuring {title} (once for each model)")
        try:
            seconds, result = _timed(make(), tile, report)
        except RuntimeError as error:  # an engine that does not run here is no engine for us
            if reference is None:
                raise
            report(0.0, f"{title} does not run here")  # raises where it was Ctrl+C that made it fail: nothing is kept
            measured.append(Measured(title=title, refused=f"it failed: {str(error).splitlines()[0]}"))
            continue
        reference = result if reference is None else reference
        difference = float((result - reference).abs().max()) / TILE_NOISE
        refused = "" if difference <= TOLERANCE else f"it differs by {difference:.2f} of the noise"
        measured.append(Measured(title=title, seconds=seconds, difference=difference, refused=refused))
    best = min((one for one in measured if not one.refused), key=lambda one: one.seconds or float("inf"))
    return Choice(title=best.title, reason=_reason(measured, best), tile=tuple(tile.shape), measured=tuple(measured))


def _reason(measured: Sequence[Measured], best: Measured) -> str:
    others = [
        f"{one.title} is refused, {one.refused}" if one.refused else f"{one.title} takes {one.seconds:.3f} s"
        for one in measured
        if one is not best
    ]
    return "; ".join([f"fastest here: {best.seconds:.3f} s for a tile", *others, *filter(None, [openvino_problem()])])


def _timed(engine: Engine, tile: Tensor, report: Report) -> tuple[float, Tensor]:
    result = engine.run(tile)  # the first run prepares
    times = []
    for _ in range(RUNS):
        report(0.0)
        clock = time.perf_counter()
        result = engine.run(tile)
        times.append(time.perf_counter() - clock)
    return min(times), result


def _key(device: Device, identity: str, tile: tuple[int, ...], exact: bool) -> str:
    sides = [side.bit_length() for side in tile[2:]]  # sizes within a factor of two share a measurement
    return compiled_models.key(_versions(), device.describe(), identity, sides, exact)


def _versions() -> list[str]:
    try:
        openvino = importlib.metadata.version("openvino")
    except importlib.metadata.PackageNotFoundError:
        openvino = ""
    return [str(torch.__version__), openvino, medae.__version__]


def _remembered(place: Path) -> Choice | None:
    try:
        return Choice.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None


def _remember(place: Path, choice: Choice) -> None:
    try:
        compiled_models.write_whole(place, choice.model_dump_json(indent=2).encode())
    except OSError:
        return  # measured again next time
