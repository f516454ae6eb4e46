"""The search form and the tree of what was found."""

from pytestqt.qtbot import QtBot

from medae.gui.pacs_search import PacsSearch
from medae.pacs.query import Match, Query

STUDY = Match("STUDY", "1.2", patient_name="Doe^John", patient_id="7", date="20260101", modality="MR", instances=20)
SERIES = Match("SERIES", "1.2", "1.2.3", modality="MR", number="4", description="Sag T1", instances=20)


def shown(qtbot: QtBot) -> PacsSearch:
    widget = PacsSearch()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_without_a_node_nothing_can_be_asked(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.show_nodes([])
    assert not widget.search_button.isEnabled()
    assert "Add a node first" in widget.doing.text()
    widget.show_nodes(["a", "b"])
    widget.nodes.setCurrentText("b")
    widget.show_nodes(["c", "b"])
    assert widget.node == "b"
    assert widget.search_button.isEnabled()


def test_what_is_entered_is_searched(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.show_nodes(["pacs"])
    widget.fields["patient_name"].setText(" Doe ")
    widget.fields["study_date"].setText("20260101-")
    with qtbot.waitSignal(widget.search) as wanted:
        widget.fields["patient_name"].returnPressed.emit()
    assert wanted.args == ["pacs", Query(patient_name="Doe", study_date="20260101-")]
    widget.fields["study_date"].setText("yesterday")
    with qtbot.waitSignal(widget.problem) as told, qtbot.assertNotEmitted(widget.search):
        widget.search_button.click()
    assert "no date" in told.args[0]


def test_a_study_opens_its_series_and_one_is_fetched(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.show_nodes(["pacs"])
    widget.show_studies([STUDY, Match("STUDY", "1.9", patient_name="Roe")])
    assert widget.doing.text() == "2 studies found"
    assert not widget.fetch_button.isEnabled()
    item = widget.tree.topLevelItem(0)
    with qtbot.waitSignal(widget.expand) as wanted:
        item.setExpanded(True)
    assert wanted.args == ["pacs", "1.2"]
    widget.show_series("1.2", [SERIES])
    widget.show_series("1.2", [SERIES])
    assert item.childCount() == 1
    assert item.child(0).text(0) == "4 · Sag T1"
    widget.tree.setCurrentItem(item.child(0))
    with qtbot.waitSignal(widget.fetch) as fetched:
        widget.fetch_button.click()
    assert fetched.args == ["pacs", SERIES]


def test_one_thing_at_a_time_and_it_can_be_stopped(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.show_nodes(["pacs"])
    widget.show_progress(0.5, "10 of 20 images")
    assert widget.bar.value() == 500
    assert not widget.search_button.isEnabled()
    with qtbot.waitSignal(widget.cancel):
        widget.cancel_button.click()
    widget.show_progress(None)
    assert widget.search_button.isEnabled()
    assert not widget.bar.isVisible()
