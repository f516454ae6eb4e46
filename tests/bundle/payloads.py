"""Real payloads: each would make a file when it is opened carelessly."""

import os
import pickle
from pathlib import Path

import torch


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.marker}'",)


def zip_format(path: Path, marker: Path) -> None:
    torch.save({"weight": torch.zeros(2), "extra": Touch(marker)}, path)


def old_format(path: Path, marker: Path) -> None:
    torch.save({"weight": torch.zeros(2), "extra": Touch(marker)}, path, _use_new_zipfile_serialization=False)


def raw_pickle(path: Path, marker: Path) -> None:
    path.write_bytes(pickle.dumps({"weight": Touch(marker)}, protocol=4))


def text_pickle(path: Path, marker: Path) -> None:
    path.write_bytes(pickle.dumps(Touch(marker), protocol=0))


def cut_pickle(path: Path, marker: Path) -> None:
    """The payload runs before the end is missed."""
    path.write_bytes(pickle.dumps(Touch(marker), protocol=2)[:-1])


def hidden_name(path: Path, marker: Path) -> None:
    """The name of what is called is taken from the memo."""
    command = f"touch '{marker}'".encode()
    path.write_bytes(
        b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94h\x00h\x01\x93\x8c" + bytes([len(command)]) + command + b"\x85R."
    )


def second_pickle(path: Path, marker: Path) -> None:
    """A harmless pickle, then the payload."""
    path.write_bytes(pickle.dumps({"a": 1}, protocol=2) + pickle.dumps(Touch(marker), protocol=2))


PAYLOADS = (zip_format, old_format, raw_pickle, text_pickle, cut_pickle, hidden_name, second_pickle)
