"""The worker process: results, partial results, cancel, death, and nothing left over."""

import gc
import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from medae.jobs.job import ExportJob, ProcessJob, TrainJob
from medae.jobs.messages import Done, Failed, Message, Partial, Progress, SliceDone, Stopped
from medae.jobs.worker import Worker
from medae.results import Result
from medae.training.recipe import Recipe
from medae.volume import Volume

SHARED_MEMORY = Path("/dev/shm")
NONE = ProcessJob(denoise="none")
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


class Owner:
    """Has a worker and keeps what it says."""

    def __init__(self) -> None:
        self.messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self.react: Callable[[Message], None] = lambda message: None
        self.worker = Worker(self._take)

    def _take(self, message: Message) -> None:
        self.react(message)
        self.messages.put(message)

    def end_of(self, number: int, timeout: float = 60.0) -> tuple[Message, list[Message]]:
        """The last message of a job, and those before it."""
        before: list[Message] = []
        limit = time.monotonic() + timeout
        while True:
            message = self.messages.get(timeout=max(0.1, limit - time.monotonic()))
            if message.number == number:
                if isinstance(message, Done | Failed | Stopped):
                    return message, before
                before.append(message)

    def react_once(self, kind: type, action: Callable[[], None]) -> None:
        """Do something when the first message of a kind arrives, before the next one is taken."""

        def react(message: Message) -> None:
            if isinstance(message, kind):
                self.react = lambda message: None
                action()

        self.react = react


def names() -> set[str]:
    return {path.name for path in SHARED_MEMORY.glob("psm_*")} if SHARED_MEMORY.is_dir() else set()


def child_process() -> multiprocessing.process.BaseProcess:
    limit = time.monotonic() + 10
    while True:
        children = [child for child in multiprocessing.active_children() if child.name == "medae-worker"]
        if children or time.monotonic() > limit:
            (child,) = children
            return child
        time.sleep(0.01)


def signal_child(number: int) -> None:
    pid = child_process().pid
    assert pid is not None
    os.kill(pid, number)


@pytest.fixture(scope="module")
def shared_owner() -> Iterator[Owner]:
    before = names()
    owner = Owner()
    owner.worker.start()
    yield owner
    owner.worker.close()
    assert names() == before
    assert not [child for child in multiprocessing.active_children() if child.name == "medae-worker"]


@pytest.fixture
def owner(shared_owner: Owner) -> Iterator[Owner]:
    yield shared_owner
    shared_owner.react = lambda message: None
    while not shared_owner.messages.empty():
        shared_owner.messages.get()


@pytest.fixture
def volume() -> Volume:
    rng = np.random.default_rng(1)
    array = rng.integers(0, 2000, (60, 64, 48)).astype(np.int16)
    return Volume(array, np.diag([3.0, 1.0, 1.0, 1.0]), modality="MR")


def test_result_comes_back_in_ordinary_memory(owner: Owner, volume: Volume) -> None:
    end, before = owner.end_of(owner.worker.submit(NONE, Result(volume)))
    assert isinstance(end, Done)
    assert end.result is not None
    assert end.result.original is volume
    assert end.result.denoised is not None
    np.testing.assert_array_equal(end.result.denoised.array, volume.array)
    assert end.result.denoised.array.dtype == volume.array.dtype
    assert end.result.denoised.provenance[-1].task == "denoise"
    assert end.result.anomaly_map is None
    assert sorted(m.index for m in before if isinstance(m, SliceDone)) == list(range(60))
    assert all(0 <= m.fraction <= 1 for m in before if isinstance(m, Progress))


def test_the_trust_report_comes_back(owner: Owner, volume: Volume) -> None:
    job = ProcessJob(denoise="none", trust=True)
    end, before = owner.end_of(owner.worker.submit(job, Result(volume)))
    assert isinstance(end, Done)
    assert end.result is not None
    assert end.result.trust is not None
    assert end.result.trust.model == "none"
    messages = [type(m) for m in before if isinstance(m, SliceDone) or "Measur" in getattr(m, "message", "")]
    assert messages[-1] is Progress  # the picture is there before it is measured


def test_partial_volume_is_filled_and_outlives_the_job(owner: Owner, volume: Volume) -> None:
    end, before = owner.end_of(owner.worker.submit(NONE, Result(volume)))
    partials = [message for message in before if isinstance(message, Partial)]
    assert before[0] is partials[0]
    assert len(partials) == 1
    partial = partials[0].volume
    del before, partials, end
    gc.collect()
    np.testing.assert_array_equal(partial.array, volume.array)
    np.testing.assert_array_equal(partial.affine, volume.affine)


def test_first_slice_is_computed_first(owner: Owner, volume: Volume) -> None:
    job = ProcessJob(denoise="none", first_slice=17)
    _, before = owner.end_of(owner.worker.submit(job, Result(volume)))
    assert next(m.index for m in before if isinstance(m, SliceDone)) == 17


def test_only_the_current_input_stays_in_shared_memory(owner: Owner, volume: Volume) -> None:
    owner.end_of(owner.worker.submit(NONE, Result(volume)))
    first = names()
    owner.end_of(owner.worker.submit(NONE, Result(volume)))
    assert names() == first
    other = volume.with_array(volume.array[:, ::-1].copy())
    end, _ = owner.end_of(owner.worker.submit(NONE, Result(other)))
    assert isinstance(end, Done)
    assert end.result is not None
    assert end.result.denoised is not None
    np.testing.assert_array_equal(end.result.denoised.array, other.array)
    assert len(names()) == len(first)
    assert names() != first


def test_an_expected_error_is_one_sentence(owner: Owner, volume: Volume) -> None:
    end, _ = owner.end_of(owner.worker.submit(ProcessJob(denoise="no-such-model"), Result(volume)))
    assert isinstance(end, Failed)
    assert "no-such-model" in end.message
    assert end.details == ""


def test_a_training_without_scans_fails_readably(owner: Owner, tmp_path: Path) -> None:
    recipe = Recipe.model_validate(
        {"name": "x", "title": "X", "task": "denoise", "modality": "MR", "data": [{"path": tmp_path}]}
    )
    end, _ = owner.end_of(owner.worker.submit(TrainJob(recipe=recipe)))
    assert isinstance(end, Failed)
    assert "no MR scan" in end.message


def test_a_missing_file_fails_readably(owner: Owner, tmp_path: Path) -> None:
    end, _ = owner.end_of(owner.worker.submit(ProcessJob(paths=(tmp_path / "absent.nii",), denoise="none")))
    assert isinstance(end, Failed)
    assert "absent.nii" in end.message


def test_a_series_that_the_child_reads(owner: Owner, volume: Volume, tmp_path: Path) -> None:
    from medae.phantom import write_nifti

    path = tmp_path / "scan.nii.gz"
    write_nifti(volume, path)
    job = ProcessJob(paths=(path,), modality="MR", denoise="none")
    end, before = owner.end_of(owner.worker.submit(job))
    assert isinstance(end, Done)
    assert end.result is not None
    assert end.result.denoised is not None
    assert end.result.original.source.paths == (path,)
    np.testing.assert_array_equal(end.result.original.array, volume.array)
    np.testing.assert_array_equal(end.result.denoised.array, volume.array)
    assert any(isinstance(message, Partial) for message in before)


def test_export_of_a_given_result(owner: Owner, volume: Volume, tmp_path: Path) -> None:
    denoised = volume.with_array(volume.array + np.int16(2))
    job = ExportJob(exports=("nifti",), out=tmp_path / "out", name="scan")
    given = Result(volume, denoised)
    end, _ = owner.end_of(owner.worker.submit(job, given))
    assert isinstance(end, Done)
    assert end.paths
    assert all(path.is_file() for path in end.paths)
    assert end.result is given


@posix
def test_cancel_of_a_running_job(owner: Owner, volume: Volume) -> None:
    signal_child(signal.SIGSTOP)
    number = owner.worker.submit(NONE, Result(volume))
    owner.worker.cancel(number)
    time.sleep(0.3)
    signal_child(signal.SIGCONT)
    end, _ = owner.end_of(number, timeout=10)
    assert isinstance(end, Stopped)
    alive = child_process().pid
    end, _ = owner.end_of(owner.worker.submit(NONE, Result(volume)))
    assert isinstance(end, Done)
    assert child_process().pid == alive


def test_cancel_of_a_queued_job(owner: Owner, volume: Volume) -> None:
    first = owner.worker.submit(NONE, Result(volume))
    second = owner.worker.submit(NONE, Result(volume))
    third = owner.worker.submit(NONE, Result(volume))
    owner.worker.cancel(second)
    owner.worker.cancel(second + 1000)
    ends = []
    while len(ends) < 3:
        message = owner.messages.get(timeout=30)
        if isinstance(message, Done | Failed | Stopped):
            ends.append((message.number, type(message)))
    assert sorted(ends) == [(first, Done), (second, Stopped), (third, Done)]


@posix
def test_a_child_that_does_not_answer_is_killed(owner: Owner, volume: Volume) -> None:
    owner.end_of(owner.worker.submit(NONE, Result(volume)))  # the child is up and idle from here on
    stuck = child_process().pid
    signal_child(signal.SIGSTOP)
    number = owner.worker.submit(NONE, Result(volume))
    started = time.monotonic()
    owner.worker.cancel(number)
    end, _ = owner.end_of(number, timeout=10)
    assert isinstance(end, Stopped)
    assert 1.5 < time.monotonic() - started < 5
    end, _ = owner.end_of(owner.worker.submit(NONE, Result(volume)))
    assert isinstance(end, Done)
    assert child_process().pid != stuck


@posix
def test_a_killed_child_is_noticed_and_replaced(owner: Owner, volume: Volume) -> None:
    owner.end_of(owner.worker.submit(NONE, Result(volume)))
    kept = names()
    signal_child(signal.SIGSTOP)
    number = owner.worker.submit(NONE, Result(volume))
    signal_child(signal.SIGKILL)
    started = time.monotonic()
    end, _ = owner.end_of(number, timeout=10)
    assert time.monotonic() - started < 1.5
    assert isinstance(end, Failed)
    assert "signal 9" in end.message
    assert "run it again" in end.message
    assert names() == kept
    end, _ = owner.end_of(owner.worker.submit(NONE, Result(volume)))
    assert isinstance(end, Done)


@posix
def test_a_child_that_dies_while_idle_is_replaced_in_silence(owner: Owner, volume: Volume) -> None:
    owner.end_of(owner.worker.submit(NONE, Result(volume)))
    signal_child(signal.SIGKILL)
    while multiprocessing.active_children():
        time.sleep(0.01)
    end, _ = owner.end_of(owner.worker.submit(NONE, Result(volume)))
    assert isinstance(end, Done)


def test_a_receiver_that_fails_does_not_stop_the_worker(
    owner: Owner, volume: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("the window's bug")

    owner.react_once(Partial, fail)
    end, _ = owner.end_of(owner.worker.submit(NONE, Result(volume)))
    assert isinstance(end, Done)
    assert "the window's bug" in caplog.text


@posix
def test_close_in_the_middle_leaves_nothing(volume: Volume) -> None:
    before = names()
    owner = Owner()
    owner.worker.submit(NONE, Result(volume))
    owner.worker.submit(NONE, Result(volume))
    first = owner.messages.get(timeout=30)
    assert isinstance(first, Partial)
    owner.worker.close()
    owner.worker.close()
    assert names() == before
    count = owner.messages.qsize()
    owner.worker.cancel(1)
    time.sleep(0.05)
    assert owner.messages.qsize() == count


SCRIPT = """
    import os, signal, sys
    import numpy as np
    from medae.jobs.job import ProcessJob
    from medae.jobs.messages import Done
    from medae.jobs.worker import Worker
    from medae.results import Result
    from medae.volume import Volume

    def main():
        import threading
        done = threading.Event()
        def take(message):
            if isinstance(message, Done):
                done.set()
        worker = Worker(take)
        volume = Volume(np.zeros((4, 8, 8), np.int16), np.eye(4), "MR")
        worker.submit(ProcessJob(denoise="none"), Result(volume))
        assert done.wait(60)
        import multiprocessing
        (child,) = multiprocessing.active_children()
        print(child.pid, "torch" in sys.modules, flush=True)
        if sys.argv[1] == "die":
            os.kill(os.getpid(), signal.SIGKILL)

    if __name__ == "__main__":
        main()
"""


@posix
@pytest.mark.parametrize("how", ["leave", "die"])
def test_the_child_goes_with_its_parent(how: str, tmp_path: Path) -> None:
    """A script that forgets to close, or is killed, leaves no process, no memory and no complaint."""
    before = names()
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, str(script), how],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    pid, torch_loaded = run.stdout.split()
    assert torch_loaded == "False"
    for _ in range(100):
        if not Path("/proc", pid).exists():
            break
        time.sleep(0.05)
    assert not Path("/proc", pid).exists()
    if how == "leave":
        assert run.returncode == 0
        assert run.stderr == ""
    for _ in range(100):  # after a kill, the resource tracker cleans up
        if names() <= before:
            break
        time.sleep(0.05)
    assert names() <= before
