"""Plans: one job per series, names that stay."""

import os
import shutil
from pathlib import Path

from medae.jobs.job import ProcessJob
from medae.jobs.plan import LEFT_ALONE, job_id, plan
from medae.phantom import write_dicom, write_nifti
from tests.jobs.conftest import small_volume
from tests.readers.odd import write as slice_file
from tests.readers.test_dicom_colour import write as colour_file


def places(paths: Path | list[Path], out: Path) -> set[str]:
    jobs = plan(paths, out).jobs
    return {(job.out / job.name).relative_to(out).as_posix() for job in jobs if job.out is not None}


def test_the_tree_is_kept(tree: Path, tmp_path: Path) -> None:
    found = plan(tree, tmp_path / "out")
    assert {item.path.name for item in found.skipped} == {"notes.txt", "broken.dcm"}
    assert places(tree, tmp_path / "out") == {"patient/head", "patient/chest", "brain"}
    by_name = {job.name: job for job in found.jobs}
    assert by_name["head"].exports == ("derived-series",)
    assert by_name["head"].modality == "MR"
    assert len(by_name["head"].paths) == 6
    assert by_name["brain"].exports == ("nifti",)
    assert by_name["brain"].modality is None


def test_a_series_folder_or_a_file_given_by_itself(tree: Path, tmp_path: Path) -> None:
    assert places(tree / "patient" / "head", tmp_path) == {"head"}
    assert places(tree / "brain.nii.gz", tmp_path) == {"brain"}
    assert places([tree / "patient" / "head", tree / "brain.nii.gz"], tmp_path) == {"head", "brain"}


def test_several_series_in_one_folder(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for number in (3, 4):
        for file in write_dicom(small_volume(number), tmp_path / str(number), series_number=number):
            shutil.copy(file, mixed / f"{number}-{file.name}")
    assert places(mixed, tmp_path / "out") == {"mixed_s003", "mixed_s004"}


def test_the_same_series_number_twice(tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for seed in (3, 4):
        for file in write_dicom(small_volume(seed), tmp_path / str(seed)):
            shutil.copy(file, mixed / f"{seed}-{file.name}")
    assert places(mixed, tmp_path / "out") == {"mixed_3-0001", "mixed_4-0001"}


def test_no_two_series_share_a_place(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_nifti(small_volume(), tmp_path / folder / "scan.nii.gz")
    assert places([tmp_path / "a", tmp_path / "b"], tmp_path / "out") == {"scan", "scan-2"}


def test_the_template_decides(tree: Path, tmp_path: Path) -> None:
    template = ProcessJob(detect="auto", exports=("png",), modality="MR", device="cpu")
    jobs = plan(tree, tmp_path, template).jobs
    assert {job.exports for job in jobs} == {("png",)}
    assert {job.modality for job in jobs} == {"MR", "CT"}
    assert all(job.denoise is None and job.detect == "auto" for job in jobs)


def test_heatmaps_come_with_findings(tree: Path, tmp_path: Path) -> None:
    jobs = {job.name: job for job in plan(tree, tmp_path, ProcessJob(denoise="auto", detect="auto")).jobs}
    assert jobs["head"].exports == ("derived-series", "parametric-map", "findings")
    assert jobs["brain"].exports == ("nifti", "findings")


def test_an_id_tells_the_same_job_from_another(tree: Path, tmp_path: Path) -> None:
    (job,) = plan(tree / "brain.nii.gz", tmp_path, ProcessJob(denoise="none")).jobs
    first = job_id(job)
    assert job_id(job) == first
    assert job_id(job.model_copy(update={"out": tmp_path / "elsewhere", "overwrite": True, "trust": True})) == first
    assert job_id(job.model_copy(update={"strength": 0.5})) != first
    os.utime(tree / "brain.nii.gz", (1, 1))
    assert job_id(job) != first


def test_colour_images_are_left_alone_unless_asked_for(tmp_path: Path) -> None:
    path = colour_file(tmp_path / "a.dcm")
    left = plan(tmp_path, tmp_path / "out")
    assert not left.jobs
    assert [(item.path, item.reason) for item in left.skipped] == [(path, LEFT_ALONE)]
    assert len(plan(tmp_path, tmp_path / "out", ProcessJob(denoise="auto", colour=True)).jobs) == 1


def test_gaps_are_kept_or_not_as_chosen(tmp_path: Path) -> None:
    for n in (0, 1, 2, 5, 6):
        slice_file(tmp_path / "in" / f"{n}.dcm", n)
    counts = {
        gaps: [len(job.paths) for job in plan(tmp_path / "in", tmp_path / "out", gaps=gaps).jobs]
        for gaps in ("keep", "largest", "single")
    }
    assert counts == {"keep": [5], "largest": [3], "single": [1, 1, 1, 1, 1]}


def test_each_of_several_models_counts(tiny_bundle, tmp_path: Path) -> None:
    scan = tmp_path / "scan.nii.gz"
    scan.write_bytes(b"scan")
    job = ProcessJob(paths=(scan,), detect="one+two", modality="MR")
    tiny_bundle("one", task="anomaly")
    tiny_bundle("two", task="anomaly")
    before = job_id(job)
    tiny_bundle("two", task="anomaly", features=(8, 24))
    assert job_id(job) != before
