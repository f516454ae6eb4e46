"""What one opens, another sees."""

from pathlib import Path

from medae.pacs import places
from medae.pacs.state import opened


def test_what_is_changed_is_seen_by_the_next(series: tuple[Path, ...]) -> None:
    with opened() as (queue, spool):
        queue.add("pacs", series, "six")
        spool.take("SCANNER", series[0].read_bytes())
    assert places.database_file().is_file()
    with opened() as (queue, spool):
        assert [one.title for one in queue.batches()] == ["six"]
        assert [one.calling for one in spool.arrivals()] == ["SCANNER"]
