"""What the runs on disk say."""

import json
from pathlib import Path

import pytest

from medae.gui.training_records import RunRecord, figures, numbers, read_records
from tests.gui.training_samples import epoch, write_run


def test_a_run_that_nobody_works_on_is_interrupted() -> None:
    run = write_run("killed", "running")
    (record,) = read_records({})
    assert record.state == "interrupted"
    assert record.can_resume
    with run.lock():
        (record,) = read_records({"killed": record})
        assert record.state == "running"
        assert not record.can_resume
    (record,) = read_records({"killed": record})
    assert record.state == "interrupted"


def test_speed_and_time_left_come_from_the_history() -> None:
    write_run("a", "paused", epochs=4)
    (record,) = read_records({})
    assert record.seconds_per_step == pytest.approx(0.2)
    assert record.samples_per_second == pytest.approx(40)
    assert record.remaining(40) == pytest.approx(12)
    assert record.best_validation == pytest.approx(1.1 / 4)


def test_nothing_is_said_before_the_first_epoch() -> None:
    record = RunRecord("a", Path("a"), "running")
    assert record.seconds_per_step is record.samples_per_second is record.best_validation is record.remaining(0) is None
    assert figures(record) == {}


def test_only_what_changed_is_read_again() -> None:
    run, _ = write_run("a", "paused"), write_run("b", "paused")
    known = {record.name: record for record in read_records({})}
    run.append(epoch(4, 0.1))
    again = {record.name: record for record in read_records(known)}
    assert again["b"] is known["b"]
    assert len(again["a"].history) == 4


def test_damaged_files_make_a_failed_run() -> None:
    run = write_run("a", "running")
    (run.folder / "state.json").write_text("{", "utf-8")
    (run.folder / "recipe.json").write_text("[", "utf-8")
    (record,) = read_records({})
    assert record.state == "failed"
    assert record.recipe == {}
    assert not record.can_resume


def test_metrics_of_the_finished_model(tmp_path: Path) -> None:
    configs = tmp_path / "model" / "configs"
    configs.mkdir(parents=True)
    metrics = {"psnr_db": {"noisy": 20, "denoised": 25.5}, "how": "held out", "good": True}
    content = {
        "version": "1",
        "name": "Model",
        "metrics": metrics,
        "training": {"device": "CPU (2 threads)"},
        "medae": {"task": "denoise", "family": "denoising", "modalities": ["MR"], "sha256": "0" * 64},
    }
    (configs / "metadata.json").write_text(json.dumps(content), "utf-8")
    write_run("done", "finished", bundle=configs.parent)
    (record,) = read_records({})
    assert record.metrics == {"psnr db · noisy": 20, "psnr db · denoised": 25.5}
    assert record.device == "CPU (2 threads)"
    named = figures(record)
    assert named["loss · mse"] == pytest.approx(1 / 6)
    assert named["psnr db · denoised"] == 25.5


def test_a_removed_model_leaves_the_run(tmp_path: Path) -> None:
    write_run("done", "finished", bundle=tmp_path / "gone")
    (record,) = read_records({})
    assert record.state == "finished"
    assert record.metrics == {}


def test_numbers_are_flattened() -> None:
    assert numbers({"a": {"b_c": 1, "d": {"e": 2.5}}, "f": "text", "g": False}) == {"a · b c": 1, "a · d · e": 2.5}
