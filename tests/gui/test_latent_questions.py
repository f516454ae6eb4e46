from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medae.gui.latent_questions import LatentQuestions
from medae.jobs.job import LatentJob
from medae.jobs.messages import Done, Failed, Progress, Stopped
from medae.jobs.questions import Encode, Look, Umap
from tests.gui.conftest import FakeWorker

SPACE = LatentJob(paths=(Path("/scans"),), model="vae")


@pytest.fixture
def questions(qtbot: QtBot) -> LatentQuestions:
    made = LatentQuestions(FakeWorker)
    made.change_space(SPACE)
    return made


def worker(questions: LatentQuestions) -> FakeWorker:
    played = questions.line.worker
    assert isinstance(played, FakeWorker)
    return played


def test_a_long_question_from_progress_to_answer(qtbot: QtBot, questions: LatentQuestions) -> None:
    heard: list[object] = []
    questions.ask(Encode(), heard.append, lambda: heard.append("ended"))
    assert questions.is_busy
    assert worker(questions).jobs[0] == SPACE
    questions.ask(Umap(), heard.append)  # one at a time
    assert len(worker(questions).jobs) == 1
    with qtbot.waitSignal(questions.progress) as progress:
        worker(questions).tell(Progress(1, 0.4, "Encoding"))
    assert progress.args == [0.4, "Encoding"]
    with qtbot.waitSignal(questions.busy):
        worker(questions).tell(Done(1, None, (), {"points": 3}))
    assert heard == [{"points": 3}, "ended"]
    assert not questions.is_busy


def test_cancel_and_failure(qtbot: QtBot, questions: LatentQuestions) -> None:
    ends: list[str] = []
    questions.ask(Encode(), pytest.fail, lambda: ends.append("stopped"))
    questions.cancel()
    assert worker(questions).cancelled == [1]
    with qtbot.waitSignal(questions.busy):
        worker(questions).tell(Stopped(1))
    questions.ask(Encode(), pytest.fail, lambda: ends.append("failed"))
    with qtbot.waitSignal(questions.failed) as heard:
        worker(questions).tell(Failed(2, "No model.", "traceback"))
    assert heard.args == ["No model.", "traceback"]
    qtbot.waitUntil(lambda: ends == ["stopped", "failed"])


def test_of_live_questions_only_the_newest_waits(qtbot: QtBot, questions: LatentQuestions) -> None:
    heard: list[object] = []
    for point in range(10):
        questions.ask_live("look", Look(point=point), heard.append)
    jobs = worker(questions).jobs
    assert [job.question.point for job in jobs] == [0]
    worker(questions).tell(Done(1, None, (), "first"))
    qtbot.waitUntil(lambda: len(jobs) == 2)
    assert jobs[1].question.point == 9
    worker(questions).tell(Done(2, None, (), "last"))
    qtbot.waitUntil(lambda: heard == ["first", "last"])


def test_answers_about_another_space_are_dropped(qtbot: QtBot, questions: LatentQuestions) -> None:
    heard: list[object] = []
    questions.ask_live("look", Look(point=1), heard.append)
    questions.change_space(SPACE.model_copy(update={"model": "other"}))
    questions.ask_live("look", Look(point=2), heard.append)
    worker(questions).tell(Done(1, None, (), "old"))
    worker(questions).tell(Done(2, None, (), "new"))
    qtbot.waitUntil(lambda: heard == ["new"])


def test_without_a_space_nothing_is_asked(qtbot: QtBot) -> None:
    questions = LatentQuestions(FakeWorker)
    questions.ask(Encode(), pytest.fail)
    questions.ask_live("look", Look(point=0), pytest.fail)
    assert questions.line.worker is None
