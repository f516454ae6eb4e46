"""Jobs are data."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from medae.jobs.job import JOB, AnyJob, ExportJob, PlanJob, ProcessJob, TrainJob
from medae.training.recipe import Recipe

RECIPE = Recipe.model_validate(
    {"name": "x", "title": "X", "task": "denoise", "modality": "MR", "data": [{"path": "scans"}]}
)


@pytest.mark.parametrize(
    "job",
    [
        ProcessJob(paths=(Path("a"), Path("b")), denoise="auto", detect="auto", device="cuda:1", out=Path("o")),
        ExportJob(exports=("nifti",), out=Path("out"), strength=0.25),
        TrainJob(recipe=RECIPE, resume=True),
        PlanJob(recipe=RECIPE),
        PlanJob(family="variational", data=(Path("scans"),)),
    ],
)
def test_round_trip_as_json(job: AnyJob) -> None:
    again = JOB.validate_json(job.model_dump_json())
    assert again == job
    assert type(again) is type(job)


@pytest.mark.parametrize(
    "fields",
    [
        {"strength": 1.5},
        {"strength": float("nan")},
        {"device": "gpu"},
        {"device": "cuda:"},
        {"first_slice": -1},
        {"denoize": "auto"},
    ],
)
def test_nonsense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ProcessJob.model_validate(fields)


def test_jobs_do_not_change() -> None:
    with pytest.raises(ValidationError):
        ProcessJob().strength = 0.5  # type: ignore[misc]
    with pytest.raises(ValidationError):
        ExportJob(exports=(), out=Path("out"))
