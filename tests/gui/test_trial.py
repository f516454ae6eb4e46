from medae.gui.child_process import call_apart
from medae.gui.trial import open_and_close


def test_the_window_opens_and_closes_in_a_process_of_its_own() -> None:
    seconds, (width, height) = call_apart(open_and_close)
    assert seconds > 0
    assert width >= 800
    assert height >= 600
