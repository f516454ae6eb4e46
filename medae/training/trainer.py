"""One training step, and the state that it changes."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253
from torch.optim.swa_utils import AveragedModel  # noqa: TID253

from medae.errors import SettingsError
from medae.families import Batch, Family, Options
from medae.inference.device import Device, channels_last
from medae.networks import Network
from medae.training.recipe import Recipe

WARM_UP = 100
"""Steps in which the learning rate rises."""
LAST_RATE = 1e-3
"""Learning rate of the last step, as a share of the first."""
CLIP = 1.0
"""Largest norm of the gradient."""


class Objective(nn.Module):
    """A family's loss as a module, so that a strategy for several processes can wrap it."""

    def __init__(self, network: Network, family: Family, options: Options) -> None:
        super().__init__()
        self.network = network
        self.family = family
        self.options = options

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Give the named, weighted terms of (B, …)."""
        return self.family.loss(self.network, batch, self.options)


class Trainer:
    """A network, its average, the optimiser and the schedule.

    Parameters
    ----------
    fabric
        Launched `lightning_fabric.Fabric`.
    network
        To be trained; taken over.
    recipe, options
        What the optimiser and the family's loss need.
    device
        Of the fabric.
    """

    def __init__(
        self, fabric: Any, network: Network, family: Family, options: Options, recipe: Recipe, device: Device
    ) -> None:
        self.fabric, self.recipe = fabric, recipe
        objective = Objective(channels_last(network, device), family, options)
        optimiser = torch.optim.AdamW(objective.parameters(), lr=recipe.learning_rate, weight_decay=1e-4)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, recipe.steps))
        self.average = AveragedModel(network, multi_avg_fn=_moving_average(recipe.average))
        self.average.eval().requires_grad_(False)
        self.mean_objective = Objective(self.averaged, family, options).eval()
        self.objective, self.optimiser = fabric.setup(objective, optimiser)

    @property
    def averaged(self) -> Network:
        """The network that is kept: the moving average, in evaluation mode."""
        return cast(Network, self.average.module)

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        return float(self.schedule.get_last_lr()[0])

    def step(self, step: int, batch: Batch) -> dict[str, float]:
        """Do one step; give the loss terms.

        What a loss draws at random follows from the seed and the step's number alone.

        Raises
        ------
        SettingsError
            If the loss or its gradient is no number any more; the weights are as before the step then.
        """
        _seed(self.recipe.seed, step, self.fabric.global_rank)
        self.objective.train()
        terms = self.objective(self._placed(batch))
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(torch.stack(list(terms.values())).sum())
        norm = self.fabric.clip_gradients(self.objective, self.optimiser, max_norm=CLIP, error_if_nonfinite=False)
        *values, length = torch.stack([*(t.detach().float() for t in terms.values()), norm.float()]).tolist()
        if not all(map(math.isfinite, (*values, length))):
            raise SettingsError(
                f"the loss is no number any more at step {step + 1}; train anew with a smaller learning_rate, "
                f"{self.recipe.learning_rate / 4:g} for example"
            )
        self.optimiser.step()
        self.schedule.step()
        self.average.update_parameters(self.objective.network)
        return dict(zip(terms, values, strict=True))

    def judge(self, batches: list[Batch]) -> dict[str, float]:
        """Mean loss terms of the average on some batches, the same draws each time."""
        sums: dict[str, float] = {}
        for n, batch in enumerate(batches):
            _seed(self.recipe.seed, -1 - n, 0)
            with self.fabric.autocast():
                terms = self.mean_objective(self._placed(batch))
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / len(batches)
        return sums

    def placed(self, batch: Batch) -> Batch:
        """Give a batch on the device."""
        return self._placed(batch)

    def _placed(self, batch: Batch) -> Batch:
        layout = torch.channels_last if batch["input"].ndim == 4 else torch.contiguous_format
        moved = {key: batch[key].to(self.fabric.device, memory_format=layout) for key in ("input", "target", "weight")}
        return Batch(input=moved["input"], target=moved["target"], weight=moved["weight"])

    def state_dict(self) -> dict[str, Any]:
        """All that the next steps depend on."""
        return {
            "network": self.objective.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state."""
        self.objective.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])


def rate(step: int, steps: int) -> float:
    """Share of the learning rate: warm up, then one cosine down to a thousandth."""
    warm = min(1.0, (step + 1) / WARM_UP)
    half = (1 - LAST_RATE) / 2
    return warm * (LAST_RATE + half * (1 + math.cos(math.pi * step / steps)))


def _moving_average(decay: float) -> Any:
    """Exponential moving average that follows quickly at first; after n steps its decay is (1 + n) / (10 + n)."""

    @torch.no_grad()
    def update(means: list[Tensor], now: list[Tensor], count: Tensor) -> None:
        n = int(count)
        share = 1 - min(decay, (1 + n) / (10 + n))
        for mean, value in zip(means, now, strict=True):
            mean.lerp_(value, share)

    return update


def _seed(seed: int, step: int, rank: int) -> None:
    sequence = np.random.SeedSequence([seed % 2**32, step % 2**32, rank])
    torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0]) >> 1)


@contextmanager
def deterministic() -> Iterator[None]:
    """Let torch choose kernels that give the same result each time, where it has them."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    state = torch.get_rng_state()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.set_rng_state(state)
