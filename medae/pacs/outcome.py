"""What became of one file that was to be sent."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes
    ----------
    state
        ``"sent"``; ``"later"``: the node has no room now, try again; ``"refused"``: trying again changes nothing.
    message
        Why not, or the warning with which it was taken.
    """

    path: Path
    state: Literal["sent", "later", "refused"]
    message: str = ""
