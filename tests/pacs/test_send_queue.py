"""The send queue: each file once, pauses that grow, what survives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from medae.errors import SettingsError
from medae.pacs import send_queue
from medae.pacs.database import Database
from medae.pacs.outcome import Outcome
from medae.pacs.send_queue import FIRST_PAUSE, LONGEST_PAUSE, SendQueue


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Iterator[SendQueue]:
    database = Database(tmp_path / "db")
    yield SendQueue(database, clock)
    database.close()


FILES = tuple(Path(f"/scans/{n}.dcm") for n in range(3))


def test_files_are_sent_once_and_states_are_told(queue: SendQueue) -> None:
    batch = queue.add("pacs", FILES, "three")
    assert (queue.batch(batch).state, queue.batch(batch).waiting) == ("waiting", 3)
    queue.note(batch, [Outcome(FILES[0], "sent"), Outcome(FILES[1], "later", "busy")])
    assert queue.waiting_files(batch) == FILES[1:]
    queue.note(batch, [Outcome(FILES[1], "sent"), Outcome(FILES[2], "refused", "no CT here")])
    one = queue.batch(batch)
    assert (one.state, one.sent, one.refused, one.waiting, one.message) == ("failed", 2, 1, 0, "no CT here")
    assert queue.due() == ()


def test_a_batch_of_the_same_id_is_not_queued_twice(queue: SendQueue) -> None:
    queue.add("pacs", FILES, "three", "rule-1")
    queue.note("rule-1", [Outcome(FILES[0], "sent")])
    queue.add("pacs", FILES, "three", "rule-1")
    assert queue.waiting_files("rule-1") == FILES[1:]
    assert len(queue.batches()) == 1


def test_pauses_double_up_to_a_limit_and_end_with_success(queue: SendQueue, clock: Clock) -> None:
    batch = queue.add("pacs", FILES, "three")
    pauses = []
    for _ in range(12):
        assert queue.due()
        queue.postpone(batch, "not listening")
        assert not queue.due()
        pauses.append(queue.batch(batch).not_before - clock.now)
        clock.now += pauses[-1]
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert (queue.batch(batch).state, queue.batch(batch).message) == ("retrying", "not listening")
    queue.note(batch, [Outcome(FILES[0], "sent")])
    assert (queue.batch(batch).state, queue.batch(batch).attempts) == ("waiting", 0)


def test_it_is_given_up_in_the_end_and_can_be_wanted_again(
    queue: SendQueue, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queue, "MAX_ATTEMPTS", 2)
    batch = queue.add("pacs", FILES, "three")
    queue.postpone(batch, "not listening")
    assert queue.batch(batch).state == "retrying"
    queue.postpone(batch, "not listening")
    assert (queue.batch(batch).state, queue.batch(batch).refused) == ("failed", 3)
    queue.again(batch)
    assert [one.id for one in queue.due()] == [batch]


def test_it_survives_a_restart(queue: SendQueue, tmp_path: Path, clock: Clock) -> None:
    batch = queue.add("pacs", FILES, "three")
    queue.note(batch, [Outcome(FILES[0], "sent")])
    database = Database(tmp_path / "db")  # as another process, while the first is still there
    assert SendQueue(database, clock).waiting_files(batch) == FILES[1:]
    database.close()


def test_what_was_sent_is_forgotten_with_its_own_folder(queue: SendQueue, clock: Clock, tmp_path: Path) -> None:
    own = tmp_path / "made"
    own.mkdir()
    file = own / "1.dcm"
    file.touch()
    done = queue.add("pacs", [file], "made", owned=own)
    waiting = queue.add("pacs", FILES, "waits")
    queue.note(done, [Outcome(file, "sent")])
    queue.sweep(1.0)
    assert own.exists()
    clock.now += 3601
    queue.sweep(1.0)
    assert [one.id for one in queue.batches()] == [waiting]
    assert not own.exists()


def test_a_batch_is_found_by_the_beginning_of_its_id(queue: SendQueue) -> None:
    queue.add("pacs", FILES, "one", "abc1")
    queue.add("pacs", FILES, "two", "abc2")
    assert queue.batch("abc2").title == "two"
    with pytest.raises(SettingsError, match="More than one"):
        queue.batch("abc")
    with pytest.raises(SettingsError, match="No batch"):
        queue.batch("x")
