"""Manifests: what is done, what is ours."""

from pathlib import Path

import pytest

from medae.errors import ExportError
from medae.jobs.job import ProcessJob
from medae.jobs.manifest import Manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return Manifest(tmp_path / "out")


@pytest.fixture
def job(manifest: Manifest) -> ProcessJob:
    return ProcessJob(paths=(Path("x.nii"),), denoise="none", exports=("nifti",), out=manifest.out / "a", name="x")


def finish(manifest: Manifest, job: ProcessJob, text: str = "pixels") -> Path:
    assert job.out is not None
    path = job.out / "x_denoised.nii.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    manifest.finish(job, "1234", [path], [])
    return path


def test_done_means_this_job_with_all_outputs(manifest: Manifest, job: ProcessJob) -> None:
    assert not manifest.is_done(job, "1234")
    manifest.start(job)
    assert not manifest.is_done(job, "1234")
    path = finish(manifest, job)
    assert manifest.is_done(job, "1234")
    assert not manifest.is_done(job, "other")
    assert manifest.outputs() == {path}
    path.write_text("shorter or longer")
    assert not manifest.is_done(job, "1234")
    path.unlink()
    assert not manifest.is_done(job, "1234")


def test_own_outputs_may_be_replaced_foreign_ones_not(manifest: Manifest, job: ProcessJob) -> None:
    assert not manifest.start(job).overwrite
    assert manifest.start(job).overwrite, "killed in between: what is there is ours"
    other = job.model_copy(update={"name": "y"})
    assert other.out is not None
    other.out.mkdir()
    (other.out / "y_denoised.nii.gz").write_text("mine")
    assert not manifest.start(other).overwrite
    assert not manifest.start(other).overwrite


def test_a_failed_job_leaves_no_claim(manifest: Manifest, job: ProcessJob) -> None:
    manifest.start(job)
    manifest.abandon(job)
    assert manifest.find(job) is None
    finish(manifest, job)
    manifest.start(job)
    manifest.abandon(job)
    assert manifest.start(job).overwrite


def test_a_damaged_record_means_do_it_again(manifest: Manifest, job: ProcessJob) -> None:
    finish(manifest, job)
    (record,) = manifest.private.rglob("x.json")
    record.write_text('{"id": "12')
    assert not manifest.is_done(job, "1234")
    assert manifest.start(job).overwrite


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="choose another folder"):
        Manifest(tmp_path / "file" / "out")
