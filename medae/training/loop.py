"""The loop: steps, epochs, early stopping, what is written for whoever watches, pause and finish."""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any, Literal

from medae.families import Batch
from medae.progress import Cancelled, Report
from medae.runs import Run, RunState
from medae.training import checkpoint
from medae.training.patches import Patches, batch_of, batches
from medae.training.preview import PATCHES, picture
from medae.training.recipe import Recipe
from medae.training.trainer import Trainer

FIRST_PREVIEW = 10
"""Steps after which the first picture is drawn."""
SECONDS_BETWEEN = 5.0
"""Pictures are not drawn more often, but for the end of an epoch."""
SECONDS_BETWEEN_STATES = 1.0
"""The run's state is not written more often."""
JUDGED = 4
"""Batches that the validation loss is the mean of."""

_log = logging.getLogger(__name__)


@dataclass
class Progress:
    """Where a run is, besides its weights.

    Attributes
    ----------
    step
        Steps done.
    seconds
        Of training so far.
    sums, counted
        Loss terms of the epoch so far, and over how many steps.
    best, stale
        Lowest validation loss, and epochs since then.
    ended
        Why no further step is to be made; empty while there are.
    """

    step: int = 0
    seconds: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    counted: int = 0
    best: float | None = None
    stale: int = 0
    ended: Literal["", "planned", "early", "asked"] = ""


class _Order(IntEnum):
    GO_ON = 0
    PAUSE = 1
    FINISH = 2


class Loop:
    """One run, from where it is to its end.

    Parameters
    ----------
    run
        Its folder; only the first process writes there.
    recipe, trainer
        What to do, and how to do one step.
    training, validation
        Patches to learn from and to decide by; None where no patient is kept for that.
    shown
        Patches for the picture.
    workers
        Processes that load patches; 0 for this one.
    """

    def __init__(
        self,
        run: Run,
        recipe: Recipe,
        trainer: Trainer,
        training: Patches,
        validation: Patches | None,
        shown: Patches,
        workers: int = 0,
    ) -> None:
        self.run, self.recipe, self.trainer = run, recipe, trainer
        self.training, self.workers = training, workers
        self.fabric = trainer.fabric
        self.progress = Progress()
        self.best: Mapping[str, Any] | None = None
        size = recipe.batch_size
        self.judged = [batch_of(validation, n, size) for n in range(JUDGED)] if validation else []
        self.shown = trainer.placed(batch_of(shown, 0, PATCHES))
        self._drawn = self._stated = time.monotonic()
        self._logger: Any = None

    def restore(self) -> None:
        """Go on from the run's checkpoint, if there is one."""
        if not self.run.checkpoint.is_file():
            return
        stored = checkpoint.load(self.run.checkpoint)
        self.trainer.load_state_dict(stored["trainer"])
        self.progress = Progress(**stored["progress"])
        self.best = stored["best"]

    def store(self) -> None:
        """Write the checkpoint."""
        if self.fabric.is_global_zero:
            content = {"trainer": self.trainer.state_dict(), "progress": asdict(self.progress), "best": self.best}
            checkpoint.save(self.run.checkpoint, content)

    def fit(self, report: Report) -> None:
        """Train to the end; the trainer's average is what is kept.

        Raises
        ------
        Cancelled
            If ``report`` raised it: the step that was done is stored then.
        SettingsError
            If the loss is no number any more.
        """
        if self.fabric.is_global_zero:
            self.run.cut_history(self.progress.step)
        try:
            self._steps(report)
        finally:
            if self._logger is not None:
                self._logger.finalize("")
        if self.progress.ended != "asked" and self.best is not None and self.recipe.patience is not None:
            self.trainer.averaged.load_state_dict(self.best)
        if self.fabric.is_global_zero:
            self.run.write("preview.png", self.picture())

    def picture(self) -> bytes:
        """Draw what the average makes of a few patches now."""
        return picture(self.trainer.averaged, self.shown, self.trainer.averaged.middle)

    def _steps(self, report: Report) -> None:
        progress, steps = self.progress, self.recipe.steps
        loader = iter(batches(self.training, progress.step, steps, self.recipe.batch_size, self.workers))
        while not progress.ended:
            began = time.perf_counter()
            step = progress.step
            if step == steps:
                progress.ended = "planned"
                self.store()
                return
            drawn = next(loader)
            terms = self.trainer.step(step, Batch(input=drawn["input"], target=drawn["target"], weight=drawn["weight"]))
            for name, value in terms.items():
                progress.sums[name] = progress.sums.get(name, 0.0) + value
            progress.counted += 1
            progress.step = step + 1
            progress.seconds += time.perf_counter() - began
            if progress.step % self.recipe.steps_per_epoch == 0 or progress.step == steps:
                self._end_epoch()
            order = self._order(report, sum(terms.values()))
            if order == _Order.PAUSE:
                self.store()
                raise Cancelled
            if order == _Order.FINISH:
                progress.ended = "asked"
                self.store()

    def _order(self, report: Report, loss: float) -> _Order:
        """Tell how far it is, and ask what to do; the first process decides for all."""
        order = _Order.GO_ON
        if self.fabric.is_global_zero:
            done, steps = self.progress.step, self.recipe.steps
            try:
                self._show()
                report(done / steps, f"Step {done} of {steps}, loss {loss:.5f}")
                order = _Order.FINISH if self.run.is_asked_to_finish() else _Order.GO_ON
            except Cancelled:
                order = _Order.PAUSE
        if self.fabric.world_size == 1:
            return order
        return _Order(self.fabric.broadcast(int(order)))

    def _show(self) -> None:
        """Write state and picture, now and then."""
        now = time.monotonic()
        if now - self._stated >= SECONDS_BETWEEN_STATES:
            self._stated = now
            self.run.write_state(RunState(state="running", step=self.progress.step, steps=self.recipe.steps))
        first = not self.run.preview.is_file()
        if self.progress.step >= FIRST_PREVIEW and (first or now - self._drawn >= SECONDS_BETWEEN):
            self._drawn = now
            self.run.write("preview.png", self.picture())

    def _end_epoch(self) -> None:
        """Judge, write the history, decide whether to stop, store."""
        progress = self.progress
        judged = self.trainer.judge(self.judged) if self.judged else {}
        validation = {"loss": sum(judged.values()), **judged} if judged else None
        if validation is not None:
            loss = validation["loss"]
            self._compare(self.fabric.broadcast(loss) if self.fabric.world_size > 1 else loss)
        terms = {name: value / progress.counted for name, value in progress.sums.items()}
        progress.sums, progress.counted = {}, 0
        if self.fabric.is_global_zero:
            self._write_epoch(terms, validation)
        self.store()

    def _compare(self, loss: float) -> None:
        progress = self.progress
        if progress.best is None or loss < progress.best:
            progress.best, progress.stale = loss, 0
            if self.recipe.patience is None:
                return
            state = self.trainer.averaged.state_dict()
            self.best = {name: tensor.detach().clone() for name, tensor in state.items()}
        else:
            progress.stale += 1
        if self.recipe.patience is not None and progress.stale >= self.recipe.patience:
            progress.ended = "early"

    def _write_epoch(self, terms: Mapping[str, float], validation: Mapping[str, float] | None) -> None:
        progress = self.progress
        epoch = -(-progress.step // self.recipe.steps_per_epoch)
        line = {
            "epoch": epoch,
            "step": progress.step,
            "steps": self.recipe.steps,
            "seconds": round(progress.seconds, 3),
            "learning_rate": self.trainer.learning_rate,
            "loss": sum(terms.values()),
            "terms": dict(terms),
            "validation": None if validation is None else dict(validation),
        }
        self.run.append(line)
        self.run.write("preview.png", self.picture())
        self._drawn = time.monotonic()
        figures = {f"train/{name}": value for name, value in terms.items()}
        figures |= {f"validation/{name}": value for name, value in (validation or {}).items()}
        figures |= {"train/loss": sum(terms.values()), "learning_rate": self.trainer.learning_rate}
        self._events().log_metrics(figures, step=progress.step)
        self._events().save()

    def _events(self) -> Any:
        """TensorBoard's event file; what a killed trainer wrote after its checkpoint is hidden."""
        if self._logger is None:
            from lightning_fabric.loggers import TensorBoardLogger

            self._logger = TensorBoardLogger(
                self.run.folder, name="tensorboard", version="", purge_step=self.progress.step
            )
        return self._logger
