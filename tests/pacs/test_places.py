"""Places: what must not be lost is not in the cache."""

from medae.pacs import places
from medae.settings import cache_folder, data_folder


def test_asking_for_the_state_makes_nothing() -> None:
    assert not places.has_state()
    assert not data_folder().exists()
    places.database_file().touch()
    assert places.has_state()


def test_what_must_not_be_lost_is_with_the_users_data() -> None:
    for place in (places.database_file(), places.spool_folder(), places.outbox_folder(), places.lock_file("sender")):
        assert data_folder() in place.parents
    assert places.pacs_folder().is_dir()


def test_what_can_be_fetched_again_is_in_the_cache() -> None:
    one, other = places.retrieved_folder("1.2"), places.retrieved_folder("1.3")
    assert one != other
    assert all(cache_folder() in place.parents for place in (one, other, places.moved_folder()))
    assert "1.2" not in one.name
