"""Machine, commit and date for `benchmarks/RESULTS.md`."""

import datetime
import platform
import subprocess
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
SHARED = Path(__file__).parents[2] / "shared" / "data"


def machine() -> str:
    """One line: processor, cores, Python, torch, commit, date."""
    import os

    import torch

    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=RESULTS.parent
    ).stdout.strip()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {gpu}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, commit {commit or 'unknown'}, {datetime.date.today().isoformat()}"
    )


def publish(section: str, lines: list[str], *, write: bool = True) -> None:
    """Print a section and, unless told otherwise, put it into RESULTS.md in the place of the earlier one."""
    text = "\n".join([f"## {section}", "", f"Machine: {machine()}", "", *lines, ""])
    print(text, flush=True)
    if not write:
        return
    old = RESULTS.read_text("utf-8") if RESULTS.is_file() else "# Benchmark results\n"
    parts = old.split("\n## ")
    kept = [part for part in parts[1:] if not part.startswith(f"{section}\n")]
    RESULTS.write_text(
        "\n## ".join([parts[0].rstrip() + "\n", *kept, text.removeprefix("## ")]).rstrip() + "\n", "utf-8"
    )
