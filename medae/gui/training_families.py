"""The families as the window knows them: asked of the worker, which owns torch, and kept on disk for the next start."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medae.settings import data_folder


@dataclass(frozen=True, slots=True)
class FamilyInfo:
    """One family.

    Attributes
    ----------
    key
        Of `medae.families.FAMILIES`.
    title, purpose
        For people.
    tasks
        What its models can be trained for, the default first.
    schema
        JSON schema of its options.
    """

    key: str
    title: str
    purpose: str
    tasks: tuple[str, ...]
    schema: Mapping[str, Any]


def from_answer(answer: object) -> tuple[FamilyInfo, ...]:
    """Read the answer of a `medae.jobs.job.FamiliesJob`.

    Raises
    ------
    ValueError
        If it is something else.
    """
    try:
        return tuple(
            FamilyInfo(entry["key"], entry["title"], entry["purpose"], tuple(entry["tasks"]), dict(entry["schema"]))
            for entry in answer  # type: ignore[attr-defined]
        )
    except (TypeError, KeyError) as error:
        raise ValueError("This is no list of families.") from error


def cache_path() -> Path:
    """Where the last answer is kept."""
    return data_folder() / "cache" / "families.json"


def cached() -> tuple[FamilyInfo, ...]:
    """Give the last answer; nothing where there is none, or it is damaged."""
    try:
        return from_answer(json.loads(cache_path().read_text("utf-8")))
    except (OSError, ValueError):
        return ()


def keep(families: tuple[FamilyInfo, ...]) -> None:
    """Store the answer for the next start; a folder that cannot be written is no harm."""
    path = cache_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".json", delete=False, encoding="utf-8") as file:
            json.dump([asdict(family) for family in families], file)
        Path(file.name).replace(path)
    except OSError:
        return
