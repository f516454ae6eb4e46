"""Compiled models on disk: what takes seconds to make is kept in the user's cache folder and checked before use."""

import contextlib
import hashlib
import json
import os
import platform
import tempfile
from pathlib import Path

from medae.settings import cache_folder

MOST_KEPT = 40
"""Compiled models that are kept; the longest unused goes first."""
NETWORKS = 2
"""Raised when a network of the same weights computes something else than it did."""
_DIGEST = hashlib.sha256().digest_size


def key(*parts: object) -> str:
    """Name for what belongs to this machine and to parts that JSON can hold."""
    machine = (platform.node(), platform.machine(), os.cpu_count())
    return hashlib.sha256(json.dumps([machine, NETWORKS, parts]).encode()).hexdigest()[:32]


def place(identity: str, shape: tuple[int, ...], precision: str, version: str, threads: int) -> Path:
    """Where a compiled model is kept.

    Parameters
    ----------
    identity
        SHA-256 of the weights.
    shape
        (B, C, *spatial) that it was compiled for.
    precision, version, threads
        What it computes in, OpenVINO's version, and how many threads it takes.
    """
    return cache_folder() / "openvino" / f"{key(identity, shape, precision, version, threads)}.blob"


def read(path: Path) -> bytes | None:
    """Bytes of a compiled model; None where there is none or it was damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, model = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(model).digest() != digest:
        remove(path)
        return None
    with contextlib.suppress(OSError):
        path.touch()
    return model


def write(path: Path, model: bytes) -> None:
    """Keep a compiled model, whole or not at all; where that is not possible it is made again next time."""
    with contextlib.suppress(OSError):
        write_whole(path, hashlib.sha256(model).digest() + model)
        kept = sorted(path.parent.glob("*.blob"), key=lambda file: file.stat().st_mtime)
        for file in kept[:-MOST_KEPT]:
            remove(file)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name first, so that no half of it is ever read.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Forget a compiled model."""
    with contextlib.suppress(OSError):
        path.unlink()
