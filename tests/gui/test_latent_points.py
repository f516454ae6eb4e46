import numpy as np

from medae.gui.latent_points import LatentPoints
from tests.gui.latent_answers import COUNT, map_answer


def test_names_and_facts() -> None:
    points = LatentPoints.of(map_answer())
    assert len(points) == COUNT
    assert points.describe(0) == "one_T1, slice 1 of 20"
    assert points.describe(25) == "two (2), slice 6 of 10"
    assert "z 4.0" in points.facts(COUNT - 1)


def test_patches_say_where_they_are() -> None:
    points = LatentPoints.of(map_answer(slices=np.zeros(COUNT, int)))
    assert points.describe(0).endswith("patch around row 16, column 16")


def test_colourings_have_groups_or_values() -> None:
    points = LatentPoints.of(map_answer())
    groups = points.groups("series")
    assert groups is not None
    assert groups[1] == ["one_T1", "two (2)"]
    assert points.groups("cluster") is None
    points.labels = np.repeat([0, 1, -1], [15, 10, 5])
    groups = points.groups("cluster")
    assert groups is not None
    assert groups[1] == ["1 · 15 points", "2 · 10 points"]
    assert points.groups("score") is None
    for kind in ("position", "score", "error"):
        assert points.values(kind) is not None
    assert points.values("series") is None


def test_a_single_direction_lies_on_a_line() -> None:
    answer = map_answer()
    points = LatentPoints.of({**answer, "points": answer["points"][:, :1], "explained": np.array([1.0])})
    coordinates, x, _ = points.coordinates("pca")
    assert coordinates.shape == (COUNT, 2)
    assert "100 %" in x
