"""Charts as strokes and texts."""

import pytest

from medae.exporters.trust_report.chart import Chart, Curve, Stroke, Text, draw, tick_text, ticks

WIDTH, HEIGHT = 200.0, 100.0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, (0, 0.25, 0.5, 0.75, 1)),
        (0, 173, (0, 50, 100, 150, 200)),
        (-0.1, 1, (-0.5, 0, 0.5, 1)),
        (0, 0, (0, 1)),
        (0, 2.3e-5, (0, 1e-5, 2e-5, 3e-5)),
    ],
)
def test_ticks_are_round_and_span_the_values(low: float, high: float, expected: tuple[float, ...]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


def test_a_tick_is_short() -> None:
    assert tick_text(0.25) == "0.25"
    assert tick_text(-50.0) == "−50"


def drawn(*curves: Curve) -> list[Stroke | Text]:
    return list(draw(Chart("Title", "distance", curves), WIDTH, HEIGHT))


def test_larger_values_stand_higher_and_all_lie_in_the_box() -> None:
    items = drawn(Curve("a", (0, 1, 2), (0, 5, 10), "#aa0000", dashed=True))
    (curve,) = [item for item in items if isinstance(item, Stroke) and item.colour == "#aa0000"]
    (x0, y0), (x1, y1), (x2, y2) = curve.points
    assert x0 < x1 < x2
    assert y0 > y1 > y2
    assert curve.dashed
    places = [point for item in items if isinstance(item, Stroke) for point in item.points]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)
    texts = {item.text for item in items if isinstance(item, Text)}
    assert {"Title", "distance", "10", "2"} <= texts


def test_curves_are_named_where_there_are_several() -> None:
    one, two = Curve("before", (0, 1), (1, 2)), Curve("removed", (0, 1), (2, 3))
    assert "before" not in {item.text for item in drawn(one) if isinstance(item, Text)}
    assert {"before", "removed"} <= {item.text for item in drawn(one, two) if isinstance(item, Text)}


def test_values_that_are_no_numbers_are_left_out() -> None:
    items = drawn(Curve("a", (0, 1, 2), (1, float("nan"), 2), "#aa0000"))
    (curve,) = [item for item in items if isinstance(item, Stroke) and item.colour == "#aa0000"]
    assert len(curve.points) == 2
