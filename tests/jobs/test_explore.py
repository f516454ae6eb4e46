"""Questions and answers; the latent space itself is tested in tests/latent."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medae.errors import SettingsError
from medae.jobs import explore
from medae.jobs.job import LatentJob
from medae.jobs.questions import (
    Between,
    Cluster,
    Compress,
    Encode,
    ExportFeatures,
    Look,
    Move,
    Sample,
)
from medae.jobs.run import run
from tests.latent.conftest import heads, make_model  # noqa: F401


@pytest.fixture
def ask(make_model: Callable[..., str], heads: Path) -> Callable:  # noqa: F811
    name = make_model(latent_size=8, features=(4, 8))

    def ask(question, **changes):
        given = {"paths": (heads,), "model": name, "modality": "MR", "device": "cpu", **changes}
        return run(LatentJob(question=question, **given))

    return ask


def test_every_question_has_its_answer(ask: Callable, tmp_path: Path) -> None:
    found = ask(Encode()).answer
    count = len(found["points"])
    assert count == sum(len(found[key]) for key in ("slices",))
    assert found["thumbnails"].shape[0] == count
    assert found["thumbnails"].dtype == np.uint8
    assert found["why_not_decoded"] == found["why_not_sampled"] == ""
    assert {(source["path"].name, source["files"]) for source in found["sources"]} == {
        ("0001.dcm", 8),
        ("t2.nii.gz", 1),
    }
    assert ask(Cluster(count=3)).answer["count"] == 3
    assert ask(Look(point=2)).answer["images"].shape == (2, 32, 32)
    assert ask(Move(start=2, deviations=(1.0,))).answer["images"].shape == (1, 32, 32)
    assert ask(Between(first=0, second=5)).answer["images"].shape == (5, 32, 32)
    assert ask(Sample(count=4)).answer["images"].shape == (4, 32, 32)
    assert {rate["method"] for rate in ask(Compress()).answer["rates"]} == {"model", "pca"}
    outcome = ask(ExportFeatures(out=tmp_path / "f.csv", cluster=Cluster(count=2)))
    assert outcome.paths == (tmp_path / "f.csv",)
    assert outcome.answer["rows"] == count


def test_the_second_question_encodes_nothing(ask: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(Encode())
    monkeypatch.setattr("medae.latent.codes.encode", None)
    assert ask(Look(point=0)).answer["images"].shape == (2, 32, 32)
    with pytest.raises(TypeError):
        ask(Look(point=0), modality=None)


def test_without_the_map_a_question_encodes_by_itself(ask: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that knew it may have died."""
    monkeypatch.setattr(explore, "_last", None)
    assert ask(Sample(count=1)).answer["images"].shape == (1, 32, 32)


def test_errors_are_sentences(ask: Callable) -> None:
    with pytest.raises(SettingsError, match="no point 5000"):
        ask(Look(point=5000))
