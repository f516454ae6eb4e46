import signal

import pytest

from medae.cli.interrupt import stoppable
from medae.errors import Cancelled


def test_the_work_goes_on_to_its_next_report() -> None:
    told = []
    before = signal.getsignal(signal.SIGINT)
    with stoppable(lambda fraction, message="": told.append(fraction)) as report:
        report(0.1)
        signal.raise_signal(signal.SIGINT)
        told.append("still here")
        with pytest.raises(Cancelled):
            report(0.2)
    assert told == [0.1, "still here"]
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_time_it_stops_at_once() -> None:
    with stoppable(lambda fraction, message="": None):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
