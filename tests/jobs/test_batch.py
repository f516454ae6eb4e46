"""Batches: everything once, resumed, stopped, killed, in this thread or by executors."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import medae
from medae.errors import Cancelled, SettingsError
from medae.jobs.batch import BatchEvent, batch
from medae.jobs.job import ProcessJob
from medae.jobs.manifest import Manifest
from medae.phantom import write_dicom
from tests.jobs.conftest import small_volume

NONE = ProcessJob(denoise="none", modality="MR")


def visible(folder: Path) -> set[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in files if not path.parts[0].startswith(".")}


def hidden(folder: Path) -> list[Path]:
    return list(folder.rglob(".medae-*"))


def names(outcomes: tuple[object, ...]) -> set[str]:
    return {outcome.job.name for outcome in outcomes}  # type: ignore[attr-defined]


def test_every_series_is_done_and_broken_files_are_named(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = batch(tree, out, NONE)
    assert summary.failed == ()
    assert summary.skipped_done == ()
    assert names(summary.done) == {"head", "chest", "brain"}
    assert {item.path.name for item in summary.broken} == {"notes.txt", "broken.dcm"}
    assert all(item.reason for item in summary.broken)
    slices = {f"patient/{name}_denoised/{k:04d}.dcm" for name in ("head", "chest") for k in range(1, 7)}
    assert visible(out) == slices | {"brain_denoised.nii.gz", "brain_denoised.json"}
    head = medae.open(out / "patient" / "head_denoised")
    np.testing.assert_array_equal(head.array, medae.open(tree / "patient" / "head").array)
    assert summary.done[0].provenance[0]["task"] == "denoise"


def test_a_second_run_does_nothing_a_third_only_what_changed(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(tree, out, NONE)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.dcm")}
    again = batch(tree, out, NONE)
    assert again.done == ()
    assert names(again.skipped_done) == {"head", "chest", "brain"}
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.dcm")} == before
    os.utime(tree / "brain.nii.gz", (1, 1))
    (out / "patient" / "head_denoised" / "0003.dcm").unlink()
    third = batch(tree, out, NONE)
    assert third.failed == ()
    assert names(third.done) == {"head", "brain"}
    assert names(third.skipped_done) == {"chest"}
    assert (out / "patient" / "head_denoised" / "0003.dcm").is_file()


def test_other_options_are_another_job(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(tree / "brain.nii.gz", out, NONE)
    summary = batch(tree / "brain.nii.gz", out, NONE.model_copy(update={"strength": 0.5}))
    assert names(summary.done) == {"brain"}


def test_outputs_beside_the_inputs_are_no_inputs(tree: Path) -> None:
    batch(tree, tree, NONE)
    again = batch(tree, tree, NONE)
    assert again.done == ()
    assert names(again.skipped_done) == {"head", "chest", "brain"}
    assert len(again.broken) == 2


def test_a_foreign_file_is_never_replaced(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    foreign = out / "brain_denoised.nii.gz"
    foreign.write_bytes(b"mine")
    for _ in range(2):
        summary = batch(tree, out, NONE)
        assert names(summary.failed) == {"brain"}
        assert "exists already" in summary.failed[0].message
        assert foreign.read_bytes() == b"mine"
    assert names(summary.skipped_done) == {"head", "chest"}


def test_a_series_without_modality_says_what_to_do(tree: Path, tmp_path: Path) -> None:
    summary = batch(tree / "brain.nii.gz", tmp_path / "out", ProcessJob(denoise="auto"))
    assert summary.done == ()
    assert "--modality" in summary.failed[0].message


def test_a_failing_series_does_not_stop_the_others(tree: Path, tmp_path: Path) -> None:
    job = NONE.model_copy(update={"exports": ("derived-series",)})  # which NIfTI cannot give
    events: list[BatchEvent] = []
    summary = batch(tree, tmp_path / "out", job, on_event=events.append)
    assert names(summary.done) == {"head", "chest"}
    assert names(summary.failed) == {"brain"}
    assert summary.failed[0].message
    assert sorted(event.status for event in events) == ["done", "done", "failed", *["started"] * 3]
    assert {event.total for event in events} == {3}


def test_an_input_that_vanished_fails_alone(tree: Path, tmp_path: Path) -> None:
    def vanish(event: BatchEvent) -> None:
        if event.status == "started" and (tree / "patient").exists():
            for path in (tree / "patient" / "head").iterdir():
                path.unlink(missing_ok=True)

    summary = batch(tree, tmp_path / "out", NONE, on_event=vanish)
    assert names(summary.done) == {"brain", "chest"}
    assert names(summary.failed) == {"head"}


def test_cancel_keeps_what_is_done(tree: Path, tmp_path: Path) -> None:
    done = 0

    def count(event: BatchEvent) -> None:
        nonlocal done
        done += event.status == "done"

    def report(fraction: float, message: str = "", /) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        batch(tree, tmp_path / "out", NONE, report=report, on_event=count)
    assert not hidden(tmp_path / "out")
    rest = batch(tree, tmp_path / "out", NONE)
    assert (len(rest.skipped_done), len(rest.done)) == (1, 2)


def test_progress_rises_to_the_end(tree: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    batch(tree, tmp_path / "out", NONE, report=lambda fraction, message="", /: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_threads_do_the_same(tree: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as executor:
        summary = batch(tree, tmp_path / "out", NONE, executor=executor)
        assert names(summary.done) == {"head", "chest", "brain"}
        again = batch(tree, tmp_path / "out", NONE, executor=executor)
    assert names(again.skipped_done) == {"head", "chest", "brain"}
    assert not list((tmp_path / "out" / ".medae").glob("stop-*"))


def test_threads_are_stopped_by_cancel(tree: Path, tmp_path: Path) -> None:
    begun = False

    def note(event: BatchEvent) -> None:
        nonlocal begun
        begun = True

    def report(fraction: float, message: str = "", /) -> None:
        if begun:
            raise Cancelled

    with ThreadPoolExecutor(1) as executor, pytest.raises(Cancelled):
        batch(tree, tmp_path / "out", NONE, executor=executor, report=report, on_event=note)
    assert not hidden(tmp_path / "out")
    assert not list((tmp_path / "out" / ".medae").glob("stop-*"))


def test_every_volume_of_a_file(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    array = np.arange(4 * 5 * 6 * 3, dtype=np.int16).reshape(4, 5, 6, 3)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "dynamic.nii")
    summary = batch(tmp_path / "dynamic.nii", tmp_path / "out", NONE)
    names = {f"dynamic{number}_denoised" for number in ("", "-2", "-3")}
    assert visible(tmp_path / "out") == {f"{name}{ending}" for name in names for ending in (".nii.gz", ".json")}
    for volume, outcome in enumerate(summary.done):
        written = np.asanyarray(nibabel.load(outcome.paths[0]).dataobj)
        np.testing.assert_array_equal(written, array[..., volume])


def test_a_series_of_two_echoes(tmp_path: Path) -> None:
    import pydicom

    first = write_dicom(small_volume(1), tmp_path / "in" / "1")
    second = write_dicom(small_volume(2), tmp_path / "in" / "2")
    series = pydicom.dcmread(first[0])
    for number, files in enumerate((first, second)):
        for file in files:
            data = pydicom.dcmread(file)
            data.EchoTime = 10.0 * (number + 1)
            data.SeriesInstanceUID = series.SeriesInstanceUID
            data.StudyInstanceUID = series.StudyInstanceUID
            data.FrameOfReferenceUID = series.FrameOfReferenceUID
            data.save_as(tmp_path / "in" / f"{number}-{file.name}")
            file.unlink()
    summary = batch(tmp_path / "in", tmp_path / "out", NONE)
    assert summary.failed == ()
    assert names(summary.done) == {"in_0-0001", "in_1-0001"}
    written = {outcome.job.name: medae.open(outcome.paths[0].parent).array for outcome in summary.done}
    np.testing.assert_array_equal(written["in_0-0001"], small_volume(1).array)
    np.testing.assert_array_equal(written["in_1-0001"], small_volume(2).array)


def test_two_batches_do_not_write_into_one_folder(tree: Path, tmp_path: Path) -> None:
    with Manifest(tmp_path / "out").locked(), pytest.raises(SettingsError, match="another batch"):
        batch(tree, tmp_path / "out", NONE)
    assert batch(tree, tmp_path / "out", NONE).failed == ()


def test_dask_does_the_same(tree: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        summary = batch(tree, tmp_path / "out", NONE, executor=client.get_executor(pure=False))
    assert names(summary.done) == {"head", "chest", "brain"}


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from medae.exporters import exporter
    from medae.jobs.batch import batch
    from medae.jobs.job import ProcessJob
    import medae.exporters as exporters

    export, count = exporters.EXPORTERS["derived-series"].export, 0

    def dying(*arguments):
        global count
        count += 1
        paths = export(*arguments)
        if count == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return paths

    exporters.EXPORTERS["derived-series"].export = dying
    batch(Path(sys.argv[1]), Path(sys.argv[2]), ProcessJob(denoise="none", modality="MR"))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_in_the_middle_and_run_again(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tree), str(out)]
    root = Path(__file__).parents[2]
    run = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(root)}, check=False, timeout=120)
    assert run.returncode == -signal.SIGKILL
    assert hidden(out), "the test should die while it exports"
    done = {path: path.stat().st_mtime_ns for path in out.rglob("*_denoised*/*.dcm") if ".medae" not in str(path)}
    done = {path: time for path, time in done.items() if visible(out) & {path.relative_to(out).as_posix()}}
    assert len(done) in (0, 6)
    summary = batch(tree, out, NONE)
    assert summary.failed == ()
    assert len(summary.done) + len(summary.skipped_done) == 3
    assert len(summary.skipped_done) >= 1
    assert len(summary.broken) == 2
    assert not hidden(out)
    assert len(visible(out)) == 14
    assert {path: path.stat().st_mtime_ns for path in done} == done


def test_an_unexpected_error_is_named_without_its_text(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: object, **options: object) -> None:
        raise RuntimeError("Doe^Jane")  # libraries quote what they stumble over

    monkeypatch.setattr("medae.jobs.batch.run", run)
    summary = batch(tree, tmp_path / "out", NONE)
    assert all("RuntimeError" in outcome.message for outcome in summary.failed)
    assert not any("Doe" in outcome.message for outcome in summary.failed)
    assert summary.failed
