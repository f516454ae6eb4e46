"""Look into pickles without opening them, to see what they would call.

A pickle is a program. Opened carelessly it may call anything, delete files included. Here its instructions are read
as text (`pickletools.genops`), nothing is run, and every name outside the few that PyTorch needs to store tensors
is reported. Weights that pass are then read with ``torch.load(weights_only=True)``, which refuses the same.
"""

import io
import pickletools
import re
import tarfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

HARMLESS = frozenset(
    {
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
        "torch.Size",
        "torch.Tensor",
        "torch.device",
        "torch.dtype",
        "torch.nn.parameter.Parameter",
        "torch.storage.TypedStorage",
        "torch.storage.UntypedStorage",
    }
    | {
        f"torch.{kind}Storage"
        for kind in ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
    }
    | {
        f"torch.{kind}"
        for kind in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
    }
    | {
        "_codecs.encode",
        "numpy.dtype",
        "numpy.ndarray",
        *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    }
)
"""What stored tensors and numbers are made of; none of it acts on anything else."""

SUFFIXES = frozenset({".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".joblib", ".p", ".dill"})
"""Files that are taken for pickles whatever they begin with: the oldest protocols have no mark."""

UNNAMED = "something it does not name"
"""For calls whose target is put together at run time."""

MOST_PICKLES = 64
"""Pickles in a row that are read from one file: PyTorch's old format has five."""

_MARK = re.compile(rb"\x80[\x02-\x05]")
_STORAGE = re.compile(r"/data/\d+$")  # a tensor's numbers in a PyTorch archive: never unpickled
MOST_BYTES = 64 << 20
"""Of one pickle in an archive. Larger ones are bombs: they are not followed here, and nothing of MedAE opens them."""

_PUT = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_GET = {"GET", "BINGET", "LONG_BINGET"}
_EXTENSION = {"EXT1", "EXT2", "EXT4"}


def unsafe_names(path: Path) -> tuple[str, ...]:
    """Names that the pickles of a file would call when opened, other than `HARMLESS` ones.

    Parameters
    ----------
    path
        Any file: a PyTorch archive (zip), PyTorch's old format (pickles in a row, also in tar), a NumPy archive
        with objects, a plain pickle, or something without pickles.

    Returns
    -------
    tuple of str
        Sorted, such as ``("posix.system",)``; empty when there is nothing to fear.
    """
    found: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pickletools, of odd escapes in what is no pickle
        for stream in _pickles(path):
            found.update(_names(stream))
    return tuple(sorted(found - HARMLESS))


def is_torchscript(path: Path) -> bool:
    """Whether a file is a TorchScript archive, which holds a program beside the weights."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _pickles(path: Path) -> Iterator[IO[bytes]]:
    """Open what may be pickles in a file, each at its first byte."""
    with path.open("rb") as file:
        head = file.read(8)
        file.seek(0)
        if head.startswith(b"PK") or zipfile.is_zipfile(path):
            yield from _zipped(path)
        yield from _if_pickle(file, head, path.suffix)
    if path.suffix.lower() in SUFFIXES and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None:
                    yield stream


def _if_pickle(stream: IO[bytes], head: bytes, suffix: str) -> Iterator[IO[bytes]]:
    """Give a stream whose first bytes or whose name are a pickle's."""
    if head.startswith(b"\x93NUMPY"):
        yield from _numpy(stream)
    elif _MARK.match(head) or suffix.lower() in SUFFIXES:
        yield stream


def _zipped(path: Path) -> Iterator[IO[bytes]]:
    """Members of a zip that are pickles by name or by their first byte."""
    if is_torchscript(path):
        return  # never loaded; its pickles name the classes of the program inside
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.is_dir() or member.flag_bits & 1 or _STORAGE.search(member.filename):
                    continue
                if member.file_size > MOST_BYTES:
                    continue
                with archive.open(member) as stream:
                    head = stream.read(8)
                with archive.open(member) as stream:
                    yield from _if_pickle(stream, head, Path(member.filename).suffix)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError):
        return  # no reader can open it either


def _numpy(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give the pickle behind the header of a NumPy file of objects."""
    start = stream.read(8)
    length = int.from_bytes(stream.read(2 if start[6:7] == b"\x01" else 4), "little")
    if b"O'" in stream.read(min(length, 1 << 20)) or start[6:7] not in (b"\x01", b"\x02", b"\x03"):
        yield stream


def _names(stream: IO[bytes]) -> Iterator[str]:
    """Names in the pickles of a stream, up to where it is no pickle any more."""
    buffered = io.BufferedReader(stream) if isinstance(stream, io.RawIOBase) else stream
    for _ in range(MOST_PICKLES):
        try:
            yield from _names_of_one(buffered)
        except (ValueError, IndexError, EOFError, OSError, zipfile.BadZipFile, OverflowError, MemoryError):
            return


def _names_of_one(stream: IO[bytes]) -> Iterator[str]:
    """Names in one pickle; what is on the stack is followed only as far as texts go."""
    pushed: list[str | None] = []
    memo: dict[int, str | None] = {}
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in ("GLOBAL", "INST"):
            yield str(argument).replace(" ", ".", 1)
        elif opcode.name == "STACK_GLOBAL":
            known = [text for text in pushed[-2:] if text is not None]
            yield ".".join(known) if len(known) == 2 else UNNAMED
        elif opcode.name in _EXTENSION:
            yield UNNAMED
        if opcode.name in _PUT:
            memo[int(argument) if argument is not None else len(memo)] = pushed[-1] if pushed else None
        elif opcode.name in _GET:
            pushed.append(memo.get(int(argument)) if argument is not None else None)
        elif opcode.stack_after:
            pushed.append(argument if isinstance(argument, str) else None)
