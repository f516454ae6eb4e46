import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medae.gui.latent_map import LatentMap
from medae.gui.latent_points import LatentPoints
from medae.jobs.questions import Cluster
from tests.gui.latent_answers import COUNT, map_answer


@pytest.fixture
def panel(qtbot: QtBot) -> LatentMap:
    made = LatentMap()
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    return made


def colours(panel: LatentMap) -> list[str]:
    return [spot.brush().color().name() for spot in panel.chart._dots.points()]


def test_empty_until_points_come(panel: LatentMap) -> None:
    assert panel.chart.is_empty
    assert not panel.group_button.isEnabled()
    panel.set_points(LatentPoints.of(map_answer()))
    assert not panel.chart.is_empty
    assert panel.group_button.isEnabled()


def test_colours_follow_the_choice(panel: LatentMap) -> None:
    panel.set_points(LatentPoints.of(map_answer()))
    assert len(set(colours(panel))) == 2
    assert [name for name, _, _ in panel.key.groups] == ["one_T1", "two (2)"]
    panel.colouring.setCurrentIndex(panel.colouring.findData("score"))
    assert len(set(colours(panel))) > 10
    assert panel.key.title == "Anomaly score (z)"


def test_clusters_are_asked_for_once(qtbot: QtBot, panel: LatentMap) -> None:
    panel.set_points(LatentPoints.of(map_answer()))
    panel.count.setValue(3)
    with qtbot.waitSignal(panel.clusters_wanted) as heard:
        panel.colouring.setCurrentIndex(panel.colouring.findData("cluster"))
    asked = heard.args[0]
    assert asked == Cluster(count=3)
    panel.show_clusters(asked, np.repeat([0, 1, -1], [15, 10, 5]), 2, 0.5)
    assert len(set(colours(panel))) == 3
    assert panel.found.text() == "2 clusters, silhouette 0.50, 5 points in none"
    assert panel.shown_cluster == asked
    panel.colouring.setCurrentIndex(0)
    with qtbot.assertNotEmitted(panel.clusters_wanted, wait=20):
        panel.colouring.setCurrentIndex(panel.colouring.findData("cluster"))
    panel.set_points(LatentPoints.of(map_answer()))
    assert panel.shown_cluster is None


def test_umap_is_asked_for_once(qtbot: QtBot, panel: LatentMap) -> None:
    panel.set_points(LatentPoints.of(map_answer()))
    with qtbot.waitSignal(panel.umap_wanted):
        panel.map.setCurrentIndex(1)
    coordinates = np.random.default_rng(0).random((COUNT, 2))
    panel.show_umap(coordinates)
    assert np.array_equal(panel.chart.points, coordinates)
    panel.map.setCurrentIndex(0)
    with qtbot.assertNotEmitted(panel.umap_wanted, wait=20):
        panel.map.setCurrentIndex(1)


@pytest.mark.parametrize("point", [0, 5, COUNT - 1])
def test_the_slice_under_the_mouse_stays_inside_the_panel(panel: LatentMap, qtbot: QtBot, point: int) -> None:
    panel.set_points(LatentPoints.of(map_answer()))
    qtbot.wait(20)  # pyqtgraph sets its range when it paints
    panel.chart.hovered.emit(point)
    assert panel.hover.isVisible()
    assert panel.rect().contains(panel.hover.geometry())
    assert "slice" in panel.hover.text.text()
    panel.chart.hovered.emit(-1)
    assert not panel.hover.isVisible()
