"""The child's side of the pipe."""

import multiprocessing

import pytest

from medae.errors import Cancelled
from medae.jobs import child
from medae.jobs.job import ProcessJob
from medae.jobs.messages import Failed, Progress, SliceDone


def test_reports_go_out_and_orders_come_in() -> None:
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        pipe = child._Pipe(3, theirs)
        pipe.report(0.0, "first")
        pipe.report(0.1, "too soon after the first")
        pipe.report(1.0, "the last is always sent")
        pipe.slice_done(5)
        assert ours.recv() == Progress(3, 0.0, "first")
        assert ours.recv() == Progress(3, 1.0, "the last is always sent")
        assert ours.recv() == SliceDone(3, 5)
        ours.send(child.Cancel(2))
        pipe.report(0.5)
        ours.send(child.Cancel(3))
        with pytest.raises(Cancelled):
            pipe.report(0.6)


def test_without_a_parent_the_job_ends() -> None:
    ours, theirs = multiprocessing.Pipe()
    with theirs:
        ours.close()
        with pytest.raises(SystemExit):
            child._Pipe(1, theirs).report(0.5)


def test_the_process_answers_and_leaves_when_the_pipe_closes() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=child.serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    ours.send(child.Cancel(99))
    ours.send(child.Task(1, ProcessJob(), None, None))
    answer = ours.recv()
    assert isinstance(answer, Failed)
    assert answer.number == 1
    assert "names no file" in answer.message
    ours.close()
    process.join(10)
    assert process.exitcode == 0
    process.close()
