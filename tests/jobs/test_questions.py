from pathlib import Path

import pytest
from pydantic import ValidationError

from medae.jobs.job import JOB, LatentJob
from medae.jobs.questions import Between, Cluster, ExportFeatures, Move


@pytest.mark.parametrize(
    "question",
    [
        Move(start=3, deviations=(1.0, -2.5)),
        Between(first=0, second=7),
        ExportFeatures(out=Path("a.csv"), cluster=Cluster(method="hdbscan")),
    ],
)
def test_a_question_is_json(question) -> None:
    job = LatentJob(paths=(Path("/scans"),), model="my-vae", question=question)
    assert JOB.validate_json(job.model_dump_json()) == job


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValidationError):
        Move(deviations=(float("nan"),))
    with pytest.raises(ValidationError):
        LatentJob(paths=(), model="my-vae")
