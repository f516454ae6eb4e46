"""``medae pacs queue``: what waits and what came, once more or no more."""

import json
from collections.abc import Callable
from pathlib import Path

from medae.pacs.state import opened


def test_an_empty_queue(medae: Callable) -> None:
    assert "Nothing waits" in medae("pacs", "queue").stdout
    assert json.loads(medae("pacs", "queue", "--json").stdout) == {"send": [], "received": []}


def test_a_batch_fails_is_retried_and_removed(medae: Callable, series: Path) -> None:
    with opened() as (queue, _):
        batch = queue.add("gone", sorted(series.glob("*.dcm")), "three files")
    done = medae("pacs", "queue", "run")
    assert "failed: 0 sent, 0 waiting, 3 not sent  No node is called 'gone'" in done.stdout
    assert medae("pacs", "queue", "retry", batch[:6]).exit_code == 0
    (listed,) = json.loads(medae("pacs", "queue", "--json").stdout)["send"]
    assert (listed["state"], listed["waiting"], listed["next_attempt"]) == ("waiting", 3, None)
    assert medae("pacs", "queue", "remove", batch).exit_code == 0
    assert "Nothing in the queue is called" in medae("pacs", "queue", "retry", batch).stderr


def test_a_received_series_is_listed_retried_and_removed(medae: Callable, series: Path) -> None:
    with opened() as (_, spool):
        for path in series.glob("*.dcm"):
            spool.take("SCANNER", path.read_bytes())
        arrival = spool.begin_next(0)
        assert arrival is not None
        spool.finish(arrival, "kept", "no rule fits")
    assert "received from SCANNER  3 images  kept  no rule fits" in medae("pacs", "queue").stdout
    medae("pacs", "queue", "retry", arrival.key[:8])
    (listed,) = json.loads(medae("pacs", "queue", "--json").stdout)["received"]
    assert (listed["state"], listed["images"]) == ("receiving", 3)
    medae("pacs", "queue", "remove", arrival.key[:8])
    assert not arrival.folder.exists()
