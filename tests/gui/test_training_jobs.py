"""What the training window asks of worker processes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from pytestqt.qtbot import QtBot

from medae.gui.training_jobs import TrainingJobs
from medae.jobs.job import FamiliesJob, PlanJob, TrainJob
from medae.jobs.messages import Done, Failed, Message, Progress, Stopped
from tests.gui.conftest import FakeWorker
from tests.gui.training_samples import FAMILIES, PLAN, RECIPE


class Workers:
    """Makes fake workers and keeps them."""

    def __init__(self) -> None:
        self.made: list[FakeWorker] = []

    def __call__(self, tell: Callable[[Message], None]) -> FakeWorker:
        self.made.append(FakeWorker(tell))
        return self.made[-1]


@pytest.fixture
def workers() -> Workers:
    return Workers()


@pytest.fixture
def jobs(workers: Workers) -> Iterator[TrainingJobs]:
    made = TrainingJobs(workers)
    yield made
    made.close()


PLAN_JOB = PlanJob(data=(Path("/scans"),))


def test_workers_are_made_when_needed(workers: Workers, jobs: TrainingJobs) -> None:
    assert workers.made == []
    jobs.plan(PLAN_JOB)
    jobs.train(RECIPE)
    assert [type(worker.jobs[0]) for worker in workers.made] == [PlanJob, TrainJob]
    jobs.close()
    assert all(worker.is_closed for worker in workers.made)


def test_families(qtbot: QtBot, workers: Workers, jobs: TrainingJobs) -> None:
    jobs.ask_families()
    assert workers.made[0].jobs == [FamiliesJob()]
    with qtbot.waitSignal(jobs.families) as caught:
        workers.made[0].tell(Done(1, None, (), FAMILIES))
    assert [family.key for family in caught.args[0]] == ["denoising", "variational"]


def test_a_new_plan_replaces_the_old_one(qtbot: QtBot, workers: Workers, jobs: TrainingJobs) -> None:
    jobs.plan(PLAN_JOB)
    jobs.plan(PlanJob(data=(Path("/others"),)))
    worker = workers.made[0]
    assert worker.cancelled == [1]
    with qtbot.waitSignal(jobs.planned) as caught:
        worker.tell(Done(1, None, (), {"old": True}))
        worker.tell(Progress(2, 0.5, "Reading"))
        worker.tell(Done(2, None, (), PLAN))
    assert caught.args == [PLAN]
    assert not jobs.is_planning


def test_a_cancelled_plan_is_told_at_once(qtbot: QtBot, workers: Workers, jobs: TrainingJobs) -> None:
    jobs.plan(PLAN_JOB)
    with qtbot.waitSignal(jobs.plan_failed) as caught:
        jobs.cancel_plan()
    assert caught.args == ["", ""]
    with qtbot.assertNotEmitted(jobs.plan_failed, wait=50):
        workers.made[0].tell(Stopped(1))


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (Done(1, None, (Path("model"),)), ["done", "", ""]),
        (Failed(1, "No scan.", "Traceback"), ["failed", "No scan.", "Traceback"]),
        (Stopped(1), ["stopped", "", ""]),
    ],
)
def test_one_training_at_a_time(
    qtbot: QtBot, workers: Workers, jobs: TrainingJobs, end: Message, how: list[str]
) -> None:
    jobs.train(RECIPE, "cpu")
    with pytest.raises(ValueError, match="mr-denoising is being trained"):
        jobs.train({**RECIPE, "name": "other"})
    with qtbot.waitSignal(jobs.train_progress) as caught:
        workers.made[0].tell(Progress(1, 0.25, "Step 50"))
    assert caught.args == ["mr-denoising", 0.25, "Step 50"]
    with qtbot.waitSignal(jobs.train_ended) as caught:
        workers.made[0].tell(end)
    assert caught.args == ["mr-denoising", *how]
    assert jobs.training is None
    jobs.train(RECIPE, resume=True)
    job = workers.made[0].jobs[-1]
    assert isinstance(job, TrainJob)
    assert job.resume


def test_pause_cancels_the_job(workers: Workers, jobs: TrainingJobs) -> None:
    jobs.train(RECIPE)
    jobs.pause()
    assert workers.made[0].cancelled == [1]


def test_a_recipe_that_makes_no_sense_is_not_submitted(workers: Workers, jobs: TrainingJobs) -> None:
    with pytest.raises(ValidationError):
        jobs.train({**RECIPE, "steps": 0})
    assert workers.made == []
    assert jobs.training is None


def test_nothing_is_heard_after_closing(qtbot: QtBot, workers: Workers, jobs: TrainingJobs) -> None:
    jobs.train(RECIPE)
    jobs.close()
    with qtbot.assertNotEmitted(jobs.train_ended, wait=50):
        workers.made[0].tell(Stopped(1))
