"""Messages: small facts that know their job."""

from pathlib import Path

import pytest

from medae.jobs.messages import Done, Failed, Progress, SliceDone, Stopped


@pytest.mark.parametrize(
    "message",
    [Progress(7, 0.5, "half"), SliceDone(7, 3), Done(7, None, (Path("a"),)), Failed(7, "why"), Stopped(7)],
)
def test_every_message_carries_its_number_and_stays(message: object) -> None:
    assert message.number == 7  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        message.number = 8  # type: ignore[attr-defined]
