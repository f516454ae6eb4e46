"""Threads that answer in the window's thread."""

import threading

from pytestqt.qtbot import QtBot

from medae.errors import ReadError
from medae.gui.tasks import Task, Threads, WorkerMessages


def test_the_answer_arrives_in_the_window_s_thread(qtbot: QtBot) -> None:
    threads, seen = Threads(), []
    threads.start(lambda task: threading.get_ident(), done=lambda there: seen.append((there, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(seen))
    there, here = seen[0]
    assert there != here == threading.get_ident()
    threads.close()


def test_errors_become_sentences(qtbot: QtBot) -> None:
    threads, seen = Threads(1), []

    def expected(task: Task) -> None:
        raise ReadError("scan.dcm", "the file is cut off")

    def unexpected(task: Task) -> None:
        raise KeyError("odd")

    for work in (expected, unexpected):
        threads.start(work, failed=lambda sentence, details: seen.append(sentence))
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen[0] == "scan.dcm: the file is cut off"
    assert "KeyError" in seen[1]
    threads.close()


def test_cancelled_work_gives_nothing(qtbot: QtBot) -> None:
    threads, seen, begun, go_on = Threads(1), [], threading.Event(), threading.Event()

    def work(task: Task) -> str:
        begun.set()
        go_on.wait(10)
        task.report(0.5)
        return "done"

    task = threads.start(work, done=seen.append, failed=lambda *_: seen.append("failed"))
    assert begun.wait(10)
    task.cancel()
    go_on.set()
    threads.close()
    qtbot.wait(20)
    assert seen == []


def test_progress_arrives(qtbot: QtBot) -> None:
    threads, seen = Threads(1), []
    threads.start(lambda task: task.report(0.25, "quarter"), progressed=lambda *step: seen.append(step))
    qtbot.waitUntil(lambda: seen == [(0.25, "quarter")])
    threads.close()


def test_after_closing_nothing_starts(qtbot: QtBot) -> None:
    threads = Threads(1)
    threads.close()
    threads.start(lambda task: 1 / 0)


def test_messages_cross_threads(qtbot: QtBot) -> None:
    messages = WorkerMessages()
    with qtbot.waitSignal(messages.received) as caught:
        threading.Thread(target=messages.post, args=("hello",)).start()
    assert caught.args == ["hello"]
