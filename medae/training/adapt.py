"""Adapt to one scan: fine-tune a denoising network on it without a clean image, and keep that only if it helps.

The network learns from pairs of noisy images of the same anatomy (`medae.training.noisy_pairs`). Such pairs tell what
is noise in fine structure; local means they tell wrongly, where magnitudes are biased (Rician) or anatomy drifts from
slice to slice. So the network f starts at the bundle's f₀ and minimises, for input a, target b and alike anatomy w,

    w (H(f(a) − b))² + (1 − w) (H(f(a) − f₀(a)))² + (L(f(a) − f₀(a)))²

where L is a mean over 7 × 7 pixels and H = 1 − L: means stay those of the bundle's network, and so does everything
where anatomy is not alike. The same loss on pieces kept out of training decides.
"""

import copy
import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae import bundle
from medae.errors import SettingsError, UnsupportedVolume
from medae.inference.adapted import Adapted
from medae.inference.device import Device, channels_last, choose_device
from medae.inference.prepare import intensity_scale
from medae.networks import Network
from medae.progress import Report, part, silent
from medae.training.noisy_pairs import (
    Pair,
    Pieces,
    cut_pieces,
    low_pass,
    measure_noise,
    neighbouring_pixels,
    neighbouring_slices,
)
from medae.training.trainer import deterministic
from medae.volume import Volume

CORRELATED = 0.15
"""Correlation of the noise in adjacent pixels from which on they are no independent pair."""
LEAST_NOISE = 0.003
"""Standard deviation, in network values, below which there is nothing to learn: 3 HU, or 0.3 % of the range."""
LEAST_ALIKE = 0.05
"""Share of pixels whose anatomy must go on in the next slice."""
BATCH = 4
"""Pieces per step."""
CLIP = 1.0
"""Largest norm of the gradient."""
AVERAGE = 0.98
"""Decay of the moving average of the weights, which is what is judged and kept."""
STANDARD_ERRORS = 2.0
"""The held-out loss must fall by more than so many of its standard errors …"""
LEAST_FALL = 0.03
"""… and by more than this share: a little can be won on pairs that are not quite alike, by blurring."""

Method = Literal["neighbouring pixels", "neighbouring slices"]


def adapt(
    volume: Volume,
    model: str = "auto",
    device: str = "auto",
    report: Report = silent,
    *,
    seconds: float = 60.0,
    steps: int = 300,
    learning_rate: float = 3e-4,
    seed: int = 0,
) -> Adapted:
    """Fine-tune a model's network on one noisy scan; hand the result to `medae.inference.denoise`.

    Parameters
    ----------
    volume
        The scan that is to be denoised: CT in HU, or MR magnitudes.
    model
        Name of a bundle that denoises slice by slice, or ``"auto"`` for the one that fits the modality.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    report
        Progress; may raise `Cancelled` after each step.
    seconds
        No step is begun later than this. The same seed gives the same weights if all ``steps`` were done.
    steps
        Most steps.
    learning_rate
        Of Adam.
    seed
        Of the pieces, the pairs and their order.

    Returns
    -------
    Adapted
        The fine-tuned network, or the bundle's own where the held-out loss did not fall by 3 % and by two of its
        standard errors, or the scan gives nothing to learn from. ``notes``: ``kept`` (bool), ``method``,
        ``loss_before``, ``loss_after``, ``standard_error`` of their difference (squared network values), ``noise``
        (standard deviation in network values), ``noise_correlation``, ``steps``, ``seconds``, ``seed``,
        ``learning_rate``, ``weights_sha256`` of what was kept, and
        ``reason`` where it was not.

    Raises
    ------
    ModelError, UnsupportedVolume, SettingsError
        If no model fits or is damaged, the model does not work slice by slice, or an option makes no sense.
    Cancelled
        If ``report`` raised it.
    """
    began = time.monotonic()
    if not (seconds > 0 and steps > 0 and learning_rate > 0):
        raise SettingsError("seconds, steps and learning_rate of an adaptation must be positive")
    used = choose_device(device)
    report(0.0, f"Loading the model on {used.describe()}")
    original = channels_last(_slice_network(volume, model), used)
    facts: dict[str, object] = {"kept": False, "seed": seed, "learning_rate": learning_rate}
    try:
        reach = max(1, original.middle)
        pieces = cut_pieces(volume, intensity_scale(volume), reach, seed, part(report, 0.0, 0.1))
        pairs = _choose_pairs(pieces, original.middle, volume.shape[0])
    except UnsupportedVolume as error:
        return Adapted(original.to("cpu"), facts | {"reason": f"the scan gives nothing to learn from: {error}"})
    with deterministic():
        tuner = _Tuner(original, pairs, used, learning_rate, seed)
        done = tuner.fit(pieces.training, steps, began + seconds, part(report, 0.1, 0.9))
        judged = tuner.judge(pieces.held_out, part(report, 0.9, 1.0))
    report(1.0, "Adapted to this scan")
    facts |= {"method": pairs.method, "noise": round(pairs.sigma, 5), "noise_correlation": round(pairs.correlation, 3)}
    facts |= {"steps": done, "seconds": round(time.monotonic() - began, 1)} | judged.notes()
    if not judged.is_better:
        return Adapted(original.to("cpu"), facts | {"reason": "the loss on held-out parts of the scan hardly fell"})
    network = tuner.average.to("cpu")
    return Adapted(network, facts | {"kept": True, "weights_sha256": _sha256(network)})


def _slice_network(volume: Volume, model: str) -> Network:
    """Load a model's network; refuse one that cannot be adapted."""
    if model == bundle.NONE:
        raise SettingsError('model "none" has no network that could adapt to the scan; choose another model')
    info = bundle.choose("denoise", volume.modality) if model == "auto" else bundle.find(model)
    bundle.check_fits(info, "denoise", volume.modality)
    network = bundle.load_network(info)
    if network.spatial_dims != 2 or network.window is not None:
        raise UnsupportedVolume(
            f"model {info.name} does not work slice by slice, so it cannot adapt to a scan; denoise without adapting, "
            "or choose another model"
        )
    return network


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """How pairs are made for a network that sees ``middle`` slices on each side."""

    method: Method
    middle: int
    sigma: float
    correlation: float

    def draw(self, stacks: Tensor, generator: torch.Generator, restored: Callable[[Tensor], Tensor]) -> Pair:
        """Make pairs of (B, 2 · reach + 1, H, W); ``restored`` is the network before it learns."""
        if self.method == "neighbouring slices":
            return neighbouring_slices(stacks, self.middle, self.sigma, generator)
        reach = stacks.shape[1] // 2
        seen = stacks[:, reach - self.middle : reach + self.middle + 1]
        return neighbouring_pixels(stacks, restored(seen), self.middle, generator)


def _choose_pairs(pieces: Pieces, middle: int, slices: int) -> _Pairs:
    """Choose neighbouring pixels where their noise is independent, else slices where they go on alike.

    Raises
    ------
    UnsupportedVolume
        If there is hardly any noise, or no pair in which it is independent.
    """
    reach = pieces.training.shape[1] // 2
    sigma, correlation = measure_noise(pieces.training[:, reach])
    if sigma < LEAST_NOISE:
        raise UnsupportedVolume("there is hardly any noise in it")
    if correlation < CORRELATED:
        return _Pairs("neighbouring pixels", middle, sigma, correlation)
    if slices > 2 * reach:
        drawn = neighbouring_slices(pieces.held_out, middle, sigma, torch.Generator().manual_seed(0))
        if float(drawn.alike.mean()) >= LEAST_ALIKE:
            return _Pairs("neighbouring slices", middle, sigma, correlation)
    raise UnsupportedVolume("its noise is correlated between pixels, and no neighbouring slices are alike")


@dataclass(frozen=True, slots=True)
class _Judgement:
    """Mean held-out loss before and after, and the standard error of the difference."""

    before: float
    after: float
    error: float

    @property
    def is_better(self) -> bool:
        return self.before - self.after > max(STANDARD_ERRORS * self.error, LEAST_FALL * self.before)

    def notes(self) -> dict[str, object]:
        """Plain JSON values; None for what is no number."""
        values = {"loss_before": self.before, "loss_after": self.after, "standard_error": self.error}
        return {name: float(f"{value:.5g}") if math.isfinite(value) else None for name, value in values.items()}


class _Tuner:
    """A network, its copy that learns, and the moving average of that."""

    def __init__(self, original: Network, pairs: _Pairs, device: Device, learning_rate: float, seed: int) -> None:
        self.original, self.pairs, self.device, self.seed = original, pairs, device, seed
        self.network = copy.deepcopy(original).requires_grad_(True)
        self.average = copy.deepcopy(original)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=learning_rate, betas=(0.9, 0.99))

    def fit(self, pieces: Tensor, steps: int, deadline: float, report: Report) -> int:
        """Do the steps that there is time for; give their number."""
        generator = torch.Generator().manual_seed(self.seed)
        start = time.monotonic()
        for step in range(steps):
            now = time.monotonic()
            if now > deadline:
                return step
            spent = (now - start) / max(deadline - start, 1e-9)
            report(max(step / steps, spent), f"Adapting to this scan, step {step + 1} of at most {steps}")
            chosen = pieces[torch.randint(len(pieces), (BATCH,), generator=generator)]
            loss = self._losses(self.network, _turned(chosen, generator), generator).mean()
            if not math.isfinite(float(loss.detach())):
                return step
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
            self.optimiser.step()
            self._average(step)
        return steps

    @torch.no_grad()
    def judge(self, pieces: Tensor, report: Report) -> _Judgement:
        """Compare original and average on the same pairs."""
        differences, before = [], []
        for n, stacks in enumerate(pieces.split(BATCH)):
            report(n * BATCH / len(pieces), "Judging on held-out parts")
            one, other = (
                self._losses(network, stacks, torch.Generator().manual_seed(n))
                for network in (self.original, self.average)
            )
            before.append(one)
            differences.append(one - other)
        first, gain = torch.cat(before), torch.cat(differences)
        mean = float(first.mean())
        return _Judgement(mean, mean - float(gain.mean()), float(gain.std()) / math.sqrt(len(gain)))

    def _losses(self, network: Network, stacks: Tensor, generator: torch.Generator) -> Tensor:
        """Loss of each of (B, …) stacks, without a margin where the network cannot see enough."""
        pair = self.pairs.draw(stacks, generator, self._restored)
        inputs, target, alike = (
            tensor.to(self.device.name, memory_format=torch.channels_last)
            for tensor in (pair.input, pair.target, pair.alike)
        )
        with torch.no_grad():
            reference = self.original(inputs)
        output = network(inputs)
        wrong, moved = output - target, output - reference
        shift = low_pass(moved)
        loss = alike * (wrong - low_pass(wrong)).square() + (1 - alike) * (moved - shift).square() + shift.square()
        margin = loss.shape[-1] // 16
        return loss[..., margin : loss.shape[-2] - margin, margin : loss.shape[-1] - margin].mean((1, 2, 3)).cpu()

    @torch.no_grad()
    def _restored(self, inputs: Tensor) -> Tensor:
        return self.original(inputs.to(self.device.name, memory_format=torch.channels_last)).cpu()

    @torch.no_grad()
    def _average(self, step: int) -> None:
        share = 1 - min(AVERAGE, (1 + step) / (10 + step))
        for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(value, share)


def _turned(stacks: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror and transpose (B, C, H, W) at random, H = W."""
    for way in range(3):
        if torch.rand((), generator=generator) < 0.5:
            stacks = stacks.transpose(-1, -2) if way == 2 else stacks.flip(-1 - way)
    return stacks


def _sha256(network: Network) -> str:
    """SHA-256 of all weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, weights in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.contiguous().numpy().tobytes())
    return digest.hexdigest()
