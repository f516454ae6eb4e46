import io

from rich.console import Console

from medae.cli.terminal import Terminal


def terminal(*, quiet: bool = False, tty: bool = False) -> tuple[Terminal, io.StringIO]:
    stream = io.StringIO()
    return Terminal(quiet=quiet, console=Console(file=stream, force_terminal=tty, width=60)), stream


def test_without_a_terminal_a_task_is_one_plain_line() -> None:
    shown, stream = terminal()
    with shown.task("Denoising") as report:
        report(0.5, "half")
    assert stream.getvalue() == "Denoising …\n"


def test_on_a_terminal_a_task_is_a_bar_with_its_message() -> None:
    shown, stream = terminal(tty=True)
    with shown.task("Denoising") as report:
        report(0.5, "slice 3 [of] 6")
    assert "slice 3 [of] 6" in stream.getvalue()
    assert "50%" in stream.getvalue()


def test_quiet_says_errors_only() -> None:
    shown, stream = terminal(quiet=True)
    with shown.task("Denoising") as report:
        report(0.5, "slice 3 of 6")
    shown.say("done")
    shown.warn("uneven spacing")
    shown.error("broken")
    assert stream.getvalue() == "Error: broken\n"


def test_long_paths_stay_on_one_line_and_brackets_are_text() -> None:
    shown, stream = terminal()
    shown.error("/a/" + "b" * 100 + "/[red]c: broken")
    assert stream.getvalue().count("\n") == 1
    assert "[red]c" in stream.getvalue()
