"""Train in processes of their own: ``python -m tests.training.processes RECIPE OUT [--resume]``, also by torchrun.

Prints the number of each step that is done. With OUT comes, for each process, what it drew and where its weights
ended: ``rank0.pt``, ``rank1.pt``.
"""

import sys
from pathlib import Path
from typing import Any

import torch

from medae.families import Batch
from medae.progress import Report
from medae.training.loop import Loop
from medae.training.recipe import Recipe
from medae.training.train import train
from medae.training.trainer import Trainer

_step, _fit = Trainer.step, Loop.fit
_drawn: list[float] = []
_losses: list[float] = []


def _noting_step(self: Trainer, step: int, batch: Batch) -> dict[str, float]:
    terms = _step(self, step, batch)
    _drawn.append(float(batch["input"].sum()))
    _losses.append(sum(terms.values()))
    return terms


def _storing_fit(self: Loop, report: Report) -> None:
    _fit(self, report)
    weights: dict[str, Any] = dict(self.trainer.objective.network.state_dict())
    content = {"weights": weights, "drawn": _drawn, "losses": _losses}
    torch.save(content, Path(sys.argv[2]) / f"rank{self.fabric.global_rank}.pt")


def _report(fraction: float, message: str = "", /) -> None:
    if message.startswith("Step"):
        print(message.split()[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    Trainer.step = _noting_step  # type: ignore[method-assign]
    Loop.fit = _storing_fit  # type: ignore[method-assign]
    Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
    recipe = Recipe.load(sys.argv[1])
    train(recipe, _report, out=Path(sys.argv[2]), device="cpu", resume="--resume" in sys.argv)
