"""Looking at the runs, again and again."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from medae.gui.training_watch import TrainingWatch
from tests.gui.training_samples import epoch, write_preview, write_run


@pytest.fixture
def watch(qtbot: QtBot) -> Iterator[TrainingWatch]:
    made = TrainingWatch()
    yield made
    made.close()


def test_runs_of_any_process_appear(qtbot: QtBot, watch: TrainingWatch) -> None:
    watch._clock.setInterval(50)
    with qtbot.waitSignal(watch.changed) as caught:
        watch.start()
    assert caught.args == [()]
    with qtbot.waitSignal(watch.changed) as caught:
        run = write_run("a", "running")
        run.write_state(run.state())
    assert [record.name for record in caught.args[0]] == ["a"]
    qtbot.waitUntil(lambda: len(watch.records["a"].history) == 3)
    run.append(epoch(4, 0.2))
    qtbot.waitUntil(lambda: len(watch.records["a"].history) == 4)


def test_nothing_is_told_while_nothing_changes(qtbot: QtBot, watch: TrainingWatch) -> None:
    write_run("a", "paused")
    with qtbot.waitSignal(watch.changed):
        watch.look()
    with qtbot.assertNotEmitted(watch.changed):
        watch.look()
        qtbot.waitUntil(lambda: watch._reading is None)


def test_the_picture_is_read_when_it_changes(qtbot: QtBot, watch: TrainingWatch) -> None:
    run = write_run("a", "paused")
    write_preview(run, 10)
    with qtbot.waitSignal(watch.preview_changed) as caught:
        watch.show_preview_of("a")
    name, image = caught.args
    assert name == "a"
    assert isinstance(image, QImage)
    assert image.pixelColor(5, 5).red() == 10
    with qtbot.assertNotEmitted(watch.preview_changed):
        watch.look()
        qtbot.waitUntil(lambda: watch._reading is None)
    run.preview.unlink()
    write_preview(run, 200)
    with qtbot.waitSignal(watch.preview_changed) as caught:
        watch.look()
    assert caught.args[1].pixelColor(5, 5).red() == 200


def test_half_a_picture_is_passed_over(qtbot: QtBot, watch: TrainingWatch) -> None:
    run = write_run("a", "paused")
    run.preview.write_bytes(b"\x89PNG\r\n\x1a\n")
    with qtbot.assertNotEmitted(watch.preview_changed):
        watch.show_preview_of("a")
        qtbot.waitUntil(lambda: watch._reading is None)


def test_remove(qtbot: QtBot, watch: TrainingWatch) -> None:
    run = write_run("a", "paused")
    with qtbot.waitSignal(watch.changed):
        watch.look()
    with qtbot.waitSignal(watch.changed) as caught:
        watch.remove("a")
    assert caught.args == [()]
    assert not run.folder.exists()
