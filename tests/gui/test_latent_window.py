"""The explorer with a worker that the test plays, and once with the real one and a real (untrained) model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medae.gui.latent_window import LatentWindow
from medae.jobs.messages import Done, Failed, Progress, Stopped
from medae.jobs.questions import Between, Compress, Encode, ExportFeatures, Look, Move, Sample, Umap
from medae.jobs.worker import Worker
from tests.gui.conftest import FakeWorker
from tests.gui.latent_answers import COUNT, images, map_answer, rates
from tests.latent.conftest import heads, make_model  # noqa: F401


@pytest.fixture
def explorer(qtbot: QtBot) -> Iterator[LatentWindow]:
    made = LatentWindow(FakeWorker)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.shut_down()


class Played:
    """The worker's part of the conversation."""

    def __init__(self, qtbot: QtBot, window: LatentWindow) -> None:
        self.qtbot, self.window, self.answered = qtbot, window, 0

    @property
    def worker(self) -> FakeWorker:
        worker = self.window.questions.line.worker
        assert isinstance(worker, FakeWorker)
        return worker

    def question(self) -> Any:
        """Give the oldest question that has no answer."""
        self.qtbot.waitUntil(lambda: self.worker is not None and len(self.worker.jobs) > self.answered)
        return self.worker.jobs[self.answered].question

    def answer(self, answer: object) -> None:
        self.answered += 1
        self.worker.tell(Done(self.answered, None, (), answer))
        self.qtbot.wait(5)


@pytest.fixture
def played(qtbot: QtBot, explorer: LatentWindow) -> Played:
    """An explorer that has just got its map."""
    explorer.explore([Path("/scans")], "mr-denoise", "MR")
    made = Played(qtbot, explorer)
    assert made.question() == Encode()
    made.answer(map_answer())
    assert isinstance(made.question(), Move)
    made.answer(images(1))
    return made


def test_it_says_what_to_do_first(explorer: LatentWindow) -> None:
    assert explorer.map.chart.is_empty
    assert all("Encode scans first" in page.reason.text() for page in explorer._pages.values())
    explorer.choose(3)
    explorer.show_in_viewer()
    assert explorer.questions.line.worker is None


def test_map_and_mean_after_encoding(explorer: LatentWindow, played: Played) -> None:
    assert played.worker.jobs[0].paths == (Path("/scans"),)
    assert played.worker.jobs[0].modality == "MR"
    assert len(explorer.map.chart.points) == COUNT
    assert explorer.directions.image.pixels is not None


def test_a_click_shows_slice_and_reconstruction_and_moves_the_start(explorer: LatentWindow, played: Played) -> None:
    explorer.map.chart.chosen.emit(4, False)
    assert played.question() == Look(point=4)
    played.answer(images(2))
    assert explorer.slice.reconstruction.pixels is not None
    assert played.question() == Move(start=4, deviations=(0.0,) * 4)


def test_two_points_are_blended(explorer: LatentWindow, played: Played) -> None:
    explorer.choose(4)
    explorer.map.chart.chosen.emit(9, True)
    asked = []
    while len(asked) < 5:
        asked.append(played.question())
        played.answer(images(7))
    assert [(q.first, q.second) for q in asked if isinstance(q, Between)] == [(4, 9), (4, 9)]
    assert explorer.blend.strip.pixels is not None
    assert explorer.tabs.currentWidget() is explorer._pages[explorer.blend]


def test_the_viewer_is_asked_for_the_slice(qtbot: QtBot, explorer: LatentWindow, played: Played) -> None:
    with qtbot.waitSignal(explorer.slice_wanted) as heard:
        explorer.map.chart.activated.emit(25)
    assert heard.args == [Path("/scans/two/0001.dcm"), 1, 5]
    explorer.choose(3)
    with qtbot.waitSignal(explorer.slice_wanted) as heard:
        explorer.slice.show_button.click()
    assert heard.args == [Path("/scans/one_T1.nii.gz"), 0, 3]


def test_samples_compression_clusters_umap_table(explorer: LatentWindow, played: Played, tmp_path: Path) -> None:
    explorer.samples.sample_button.click()
    assert played.question() == Sample()
    played.answer(images(16))
    assert explorer.samples.image.pixels is not None
    explorer.compression.measure_button.click()
    assert played.question() == Compress()
    played.answer(rates())
    assert len(explorer.compression.chart.lines) == 2
    explorer.map.group_button.click()
    cluster = played.question()
    played.answer({"labels": np.arange(COUNT) % 4, "count": 4, "silhouette": 0.3})
    explorer.map.map.setCurrentIndex(1)
    assert played.question() == Umap()
    played.answer({"points": np.zeros((COUNT, 2))})
    explorer.map.count.setValue(9)  # not asked for: the table has the clusters that are shown
    explorer.export_features(tmp_path / "features")
    assert played.question() == ExportFeatures(out=tmp_path / "features.csv", cluster=cluster, overwrite=True)
    played.answer({"rows": COUNT, "columns": 20})
    assert f"{COUNT} rows written" in explorer.message_bar.text


def test_a_failed_umap_goes_back_to_pca(qtbot: QtBot, explorer: LatentWindow, played: Played) -> None:
    explorer.map.map.setCurrentIndex(1)
    played.worker.tell(Failed(3, "UMAP failed."))
    qtbot.waitUntil(lambda: explorer.message_bar.text == "UMAP failed.")
    assert explorer.map.map.currentIndex() == 0


def test_without_umap_it_is_said_how_to_get_it(qtbot: QtBot, explorer: LatentWindow) -> None:
    explorer.explore([Path("/scans")], "mr-denoise")
    played = Played(qtbot, explorer)
    played.answer(map_answer(has_umap=False))
    explorer.map.map.setCurrentIndex(1)
    assert "pip install" in explorer.message_bar.text
    assert explorer.map.map.currentIndex() == 0


def test_models_that_cannot_decode_say_why(qtbot: QtBot, explorer: LatentWindow) -> None:
    explorer.explore([Path("/scans")], "mr-denoise")
    played = Played(qtbot, explorer)
    played.answer(map_answer(why_not_decoded="Skips.", why_not_sampled="No prior.", notes=["Left out a.", "b"]))
    assert explorer._pages[explorer.directions].reason.text() == "Skips."
    assert explorer._pages[explorer.samples].reason.text() == "Skips."
    assert explorer.message_bar.text == "Left out a. (and 1 more notes)"
    explorer.choose(1)
    played.question()
    played.answer(images(2))
    assert all(isinstance(job.question, Encode | Look) for job in played.worker.jobs)


def test_cancel_and_failure_leave_it_usable(qtbot: QtBot, explorer: LatentWindow) -> None:
    explorer.explore([Path("/scans")], "mr-denoise")
    played = Played(qtbot, explorer)
    played.question()
    played.worker.tell(Progress(1, 0.3, "Encoding 3 of 9"))
    qtbot.waitUntil(lambda: explorer.setup.doing.text() == "Encoding 3 of 9")
    explorer.setup.cancel_button.click()
    assert played.worker.cancelled == [1]
    played.worker.tell(Stopped(1))
    qtbot.waitUntil(explorer.setup.encode_button.isEnabled)
    explorer.setup.encode_button.click()
    played.worker.tell(Failed(2, "No such model.", "details"))
    qtbot.waitUntil(lambda: explorer.message_bar.text == "No such model.")
    assert explorer.setup.encode_button.isEnabled()


def test_with_the_real_worker(qtbot: QtBot, make_model: Callable[..., str], heads: Path, tmp_path: Path) -> None:  # noqa: F811
    window = LatentWindow(Worker)
    qtbot.addWidget(window)
    window.show()
    try:
        window.explore([heads], make_model(latent_size=8, features=(4, 8)), "MR")
        qtbot.waitUntil(lambda: window.directions.image.pixels is not None, timeout=120_000)
        mean = window.directions.image.pixels
        assert mean is not None
        window.choose(2)
        qtbot.waitUntil(lambda: window.slice.original.pixels is not None, timeout=20_000)
        window.choose(5, True)
        qtbot.waitUntil(lambda: window.blend.strip.pixels is not None, timeout=20_000)
        window.export_features(tmp_path / "f.parquet")
        qtbot.waitUntil(lambda: "rows written" in window.message_bar.text, timeout=60_000)
        assert (tmp_path / "f.parquet").stat().st_size > 1000
    finally:
        window.shut_down()
