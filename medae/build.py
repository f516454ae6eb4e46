"""Which MedAE this is: version, commit and build."""

import json
from dataclasses import dataclass
from pathlib import Path

import medae

BUILD_FILE = Path(__file__).with_name("build.json")
"""Written by ``installer/build.py`` into what it builds; absent elsewhere."""


@dataclass(frozen=True, slots=True)
class Build:
    """Where this copy comes from.

    Attributes
    ----------
    version
        From the package's metadata, which have it from pyproject.toml.
    commit
        Abbreviated git commit; empty where nobody wrote it down.
    build
        Date and kind of computer of the build, such as ``"2026-11-25 linux-x86_64"``; empty for sources.
    """

    version: str
    commit: str = ""
    build: str = ""

    def __str__(self) -> str:
        if not self.build:
            return f"{self.version} (from source)"
        return f"{self.version} (commit {self.commit or 'unknown'}, build {self.build})"


def this_build(file: Path = BUILD_FILE) -> Build:
    """Give version, commit and build of the running MedAE; a damaged build file counts as none."""
    try:
        found = json.loads(file.read_text("utf-8"))
        return Build(medae.__version__, str(found["commit"]), str(found["build"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Build(medae.__version__)
