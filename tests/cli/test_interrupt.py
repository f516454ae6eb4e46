import signal

import pytest

from medae.cli.interrupt import heeding, remembered, stoppable
from medae.cli.process import attempt
from medae.cli.run_report import SeriesReport
from medae.cli.terminal import Terminal
from medae.errors import Cancelled, MedaeError
from medae.progress import silent


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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_that_a_library_swallowed_is_heard_at_the_next_report() -> None:
    class Freed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    report = heeding(silent)
    with remembered():
        report(0.1)
        Freed()
        with pytest.raises(KeyboardInterrupt):
            report(0.2)
    report(0.3)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("error", [RuntimeError, MedaeError])
def test_what_a_library_made_of_ctrl_c_is_still_ctrl_c(error: type[Exception]) -> None:
    def convert() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as pressed:
            raise error("KeyboardInterrupt: <EMPTY MESSAGE>") from pressed

    with pytest.raises(KeyboardInterrupt), remembered():
        attempt(SeriesReport("one", "in", "MR"), Terminal(), convert)
    with pytest.raises(KeyboardInterrupt if error is MedaeError else RuntimeError), remembered():
        convert()
