"""Tables of what is sent and what was pushed."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from medae.gui.pacs_queue import PacsQueue
from medae.pacs.send_queue import Batch
from medae.pacs.spool import Arrival


def batch(name: str, waiting: int, sent: int, refused: int, attempts: int = 0) -> Batch:
    return Batch(name, "pacs", f"Export {name}", 0.0, attempts, 0.0, "why", waiting, sent, refused, None)


def arrival(name: str, state: str) -> Arrival:
    return Arrival(name, "SCANNER", "1.2", state, 0, "what happened", 0.0, Path("/spool") / name)


def shown(qtbot: QtBot) -> PacsQueue:
    widget = PacsQueue()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_batches_newest_first_with_their_state(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    widget.show_state([batch("one", 0, 3, 0), batch("two", 2, 1, 0, 4)], [])
    texts = [[widget.sent.item(row, column).text() for column in (1, 2, 3)] for row in range(2)]
    assert texts == [["Export two", "retrying", "1 of 3"], ["Export one", "sent", "3 of 3"]]


def test_buttons_act_on_what_is_selected_and_the_selection_stays(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    one, two = batch("one", 0, 1, 2), batch("two", 0, 3, 0)
    assert not widget.buttons["retry"].isEnabled()
    widget.show_state([one, two], [])
    widget.sent.selectRow(1)
    with qtbot.waitSignal(widget.retry) as wanted:
        widget.buttons["retry"].click()
    assert wanted.args == [one]
    widget.show_state([one, two, batch("three", 1, 0, 0)], [])
    with qtbot.waitSignal(widget.remove) as removed:
        widget.buttons["remove"].click()
    assert removed.args == [one]
    widget.sent.selectRow(1)
    assert not widget.buttons["retry"].isEnabled()  # sent already


def test_pushed_series_are_opened_processed_again_and_deleted(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    kept, busy = arrival("kept", "kept"), arrival("busy", "processing")
    widget.show_state([], [kept, busy])
    widget.received.selectRow(0)
    for button, signal, wanted in (
        ("open", widget.open_series, kept.folder),
        ("again", widget.retry, kept),
        ("delete", widget.remove, kept),
    ):
        with qtbot.waitSignal(signal) as told:
            widget.below[button].click()
        assert told.args == [wanted]
    widget.received.selectRow(1)
    assert widget.below["open"].isEnabled()
    assert not widget.below["delete"].isEnabled()


def test_the_switch_follows_the_listener(qtbot: QtBot) -> None:
    widget = shown(qtbot)
    with qtbot.waitSignal(widget.listen) as wanted:
        widget.switch.click()
    assert wanted.args == [True]
    with qtbot.assertNotEmitted(widget.listen):
        widget.show_listener("failed", "the port is taken")
    assert not widget.switch.isChecked()
    assert widget.state.text() == "the port is taken"
