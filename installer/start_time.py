"""Seconds from the launch of the bundle to its window on the screen: ``python installer/start_time.py PROGRAM``.

Linux, with Xvfb and xwininfo (Debian: ``apt-get install xvfb x11-utils``). As root it also empties the system's file
cache first, for a cold start.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 90.0
"""Seconds until a start is given up."""

CACHES = Path("/proc/sys/vm/drop_caches")


@contextmanager
def screen() -> Iterator[str]:
    """Start an X server without a monitor and give its display.

    It does not reset when the last client leaves, as xwininfo does again and again: who comes just then is turned away.
    """
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        try:
            with os.fdopen(reading) as number:
                yield f":{number.readline().strip()}"
        finally:
            server.terminate()


def seconds_to_window(program: Path, environment: dict[str, str]) -> float:
    """Launch the program, wait until its window is mapped, end it.

    Raises
    ------
    TimeoutError
        If there is no window after `LIMIT` seconds, or the program has ended without one.
    """
    started = time.perf_counter()
    with subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while time.perf_counter() - started < LIMIT and process.poll() is None:
                shown = subprocess.run(
                    ["xwininfo", "-name", "MedAE"], env=environment, capture_output=True, text=True, check=False
                )
                if "Map State: IsViewable" in shown.stdout:
                    return time.perf_counter() - started
                time.sleep(0.02)
        finally:
            process.terminate()
    raise TimeoutError(f"{program} shows no window within {LIMIT:.0f} s")


def measure(program: Path, warm: int = 3) -> dict[str, list[float]]:
    """Seconds of a cold start, where this process may empty the file cache, and of ``warm`` further ones."""
    found: dict[str, list[float]] = {}
    with screen() as display, tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QT_"))}
        environment = {**kept, "DISPLAY": display, "MEDAE_HOME": home}
        if os.access(CACHES, os.W_OK):
            os.sync()
            CACHES.write_text("3\n")
            found["cold"] = [seconds_to_window(program, environment)]
        found["warm"] = [seconds_to_window(program, environment) for _ in range(warm)]
    return found


def report(program: Path) -> str:
    """Say it in one line."""
    return "Start to window: " + "; ".join(
        f"{name} {', '.join(f'{one:.1f}' for one in seconds)} s" for name, seconds in measure(program).items()
    )


if __name__ == "__main__":
    print(report(Path(sys.argv[1]).resolve()))
