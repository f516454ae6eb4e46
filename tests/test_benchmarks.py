"""Benchmarks run; their numbers are not judged here."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_loading_compares_equal_values_and_counts_headers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.loading", "--quick", "--no-write"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "|" in line]
    rows = {name: cells for name, *cells in table}
    for loader in ("MedAE", "SimpleITK ImageSeriesReader", "pydicom loop"):
        assert "equal" in rows[loader]
    assert "int16" in rows["MedAE"]
    assert float(rows["files warm, index"][0]) > 0
    assert rows["files warm, index"][3] == rows["files warm, no index"][3] == "4"
