"""Rules are followed: the right series, the same UIDs each time, nothing twice, loops impossible."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from medae.errors import Cancelled
from medae.nodes import Rule
from medae.pacs.database import Database
from medae.pacs.router import TEMPORARY, Router, is_own
from medae.pacs.send_queue import SendQueue
from medae.pacs.spool import MAX_ATTEMPTS, Arrival, Spool

RULE = Rule(name="mr", modality="MR", denoise="none", destination="pacs")


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Router]:
    database = Database(tmp_path / "db")
    spool = Spool(database, tmp_path / "received")
    yield Router(spool, SendQueue(database), tmp_path / "to-send", "cpu")
    database.close()


def arrived(router: Router, paths: tuple[Path, ...]) -> Arrival:
    for path in paths:
        assert router.spool.take("SCANNER", path.read_bytes()) == 0
    arrival = router.spool.begin_next(0)
    assert arrival is not None
    return arrival


def headers(router: Router) -> dict[str, pydicom.Dataset]:
    (batch,) = router.queue.batches()
    read = [pydicom.dcmread(path) for path in router.queue.waiting_files(batch.id)]
    return {data.SOPInstanceUID: data for data in read}


def test_the_result_joins_the_study_and_waits_to_be_sent(router: Router, series: tuple[Path, ...]) -> None:
    router.process(arrived(router, series), [RULE])
    source = pydicom.dcmread(series[0])
    made = headers(router)
    assert len(made) == len(series)
    assert {data.StudyInstanceUID for data in made.values()} == {source.StudyInstanceUID}
    assert {data.SeriesInstanceUID for data in made.values()} != {source.SeriesInstanceUID}
    (batch,) = router.queue.batches()
    assert (batch.node, batch.title, batch.waiting) == ("pacs", "Rule mr: 6 images", 6)
    (arrival,) = router.spool.arrivals()
    assert (arrival.state, arrival.message) == ("done", "rule mr: 6 images in, 6 files to pacs")


def test_the_same_series_again_adds_nothing(router: Router, series: tuple[Path, ...]) -> None:
    router.process(arrived(router, series), [RULE])
    before = headers(router)
    router.process(arrived(router, series), [RULE])
    assert set(headers(router)) == set(before)
    assert len(router.queue.batches()) == 1


def test_a_lost_result_is_made_again_with_the_same_uids(router: Router, series: tuple[Path, ...]) -> None:
    router.process(arrived(router, series), [RULE])
    before = set(headers(router))
    (batch,) = router.queue.batches()
    router.queue.remove(batch.id)
    router.process(arrived(router, series), [RULE])
    assert set(headers(router)) == before


def test_no_rule_and_own_results_are_kept(router: Router, series: tuple[Path, ...], tmp_path: Path) -> None:
    router.process(arrived(router, series), [RULE.model_copy(update={"modality": "CT"})])
    assert router.spool.arrivals()[0].message == "no rule fits; it stays here"
    router.process(arrived(router, series), [RULE])
    (batch,) = router.queue.batches()
    own = router.queue.waiting_files(batch.id)
    assert is_own(pydicom.dcmread(own[0]))
    router.process(arrived(router, own), [RULE])
    assert "MedAE has made it itself" in router.spool.arrivals()[0].message
    assert len(router.queue.batches()) == 1


def test_every_rule_that_fits_is_followed(router: Router, series: tuple[Path, ...]) -> None:
    other = RULE.model_copy(update={"name": "second", "destination": "archive"})
    router.process(arrived(router, series), [RULE, other])
    assert {batch.node for batch in router.queue.batches()} == {"pacs", "archive"}


def test_a_failure_is_told_and_can_be_repeated(router: Router, series: tuple[Path, ...]) -> None:
    wrong = RULE.model_copy(update={"denoise": "no-such-model"})
    router.process(arrived(router, series), [wrong])
    (arrival,) = router.spool.arrivals()
    assert arrival.state == "failed"
    assert "no-such-model" in arrival.message
    assert router.queue.batches() == ()
    assert not list(router.outbox.glob(f"{TEMPORARY}*"))
    router.spool.again(arrival.key)
    again = router.spool.begin_next(0)
    assert again is not None
    router.process(again, [RULE])
    assert router.spool.arrivals()[0].state == "done"


def test_an_export_that_needs_more_than_there_is(router: Router, series: tuple[Path, ...]) -> None:
    router.process(arrived(router, series), [RULE.model_copy(update={"exports": ("parametric-map",)})])
    assert "there is no heatmap yet" in router.spool.arrivals()[0].message


def test_a_series_at_which_medae_dies_is_not_tried_for_ever(router: Router, series: tuple[Path, ...]) -> None:
    arrived(router, series)
    for _ in range(MAX_ATTEMPTS - 1):
        router.spool.recover()
        assert router.spool.begin_next(0) is not None
    router.spool.recover()
    last = router.spool.begin_next(0)
    assert last is not None
    router.process(last, [RULE])
    assert router.spool.arrivals()[0].state == "failed"
    assert router.queue.batches() == ()


def test_stopped_and_killed_work_leaves_nothing_half(router: Router, series: tuple[Path, ...]) -> None:
    def stop(_fraction: float, _message: str = "", /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        router.process(arrived(router, series), [RULE], stop)
    assert not list(router.outbox.iterdir())
    (router.outbox / f"{TEMPORARY}left-by-kill").mkdir()
    router.recover()
    assert not list(router.outbox.iterdir())
