"""One line of what ``medae doctor`` has found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report; ``ok`` None means: good to know, nothing is wrong."""

    name: str
    value: str
    ok: bool | None = True
