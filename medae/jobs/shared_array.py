"""Arrays in shared memory: made and unlinked by the parent process, attached to by its child.

Life of the memory: the *name* goes when the owner calls `SharedArray.release`; the *memory* goes with the
last array that looks into it, wherever that array is kept. So a view never dangles and no name is left over.
"""

import errno
import os
import sys
from dataclasses import dataclass, replace
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from medae.errors import MedaeError
from medae.quality import TrustReport
from medae.results import AnomalyMap, Result
from medae.volume import Volume


@dataclass(frozen=True, slots=True)
class Handle:
    """What the other process needs to attach to a `SharedArray`."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def attach(self) -> NDArray[np.generic]:
        """Give the array; it may be written and stays valid for as long as it is referenced."""
        # A spawned child shares its parent's resource tracker, so that attaching leaves no trace there;
        # from Python 3.13 on one may say so.
        untracked = {"track": False} if sys.version_info >= (3, 13) else {}
        return _array(SharedMemory(self.name, **untracked), self)


class SharedArray:
    """An array in a new block of shared memory, zero at first.

    Raises
    ------
    MedaeError
        There is not enough shared memory.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        dtype = np.dtype(dtype)
        size = max(1, int(np.prod(shape)) * dtype.itemsize)
        memory = _reserve(size)
        self.handle = Handle(memory.name, tuple(shape), dtype.str)
        self.array: NDArray[np.generic] = _array(memory, self.handle)
        self._memory: SharedMemory | None = memory

    @classmethod
    def of(cls, array: NDArray[np.generic]) -> "SharedArray":
        """Copy an array into shared memory."""
        shared = cls(array.shape, array.dtype)
        shared.array[...] = array
        return shared

    def release(self) -> None:
        """Take the name away. Arrays that look into the memory stay valid; calling again does nothing."""
        if self._memory is not None:
            self._memory.unlink()
            self._memory = None


class _Lifetime:
    """Keeps a mapping alive for as long as an array looks into it (numpy keeps this object as its base)."""

    def __init__(self, memory: SharedMemory, handle: Handle) -> None:
        self._memory = memory
        assert memory.buf is not None
        address = np.frombuffer(memory.buf, dtype=np.uint8).__array_interface__["data"][0]
        self.__array_interface__ = {
            "version": 3,
            "shape": handle.shape,
            "typestr": handle.dtype,
            "data": (address, False),
        }


def _array(memory: SharedMemory, handle: Handle) -> NDArray[np.generic]:
    return np.asarray(_Lifetime(memory, handle))


def _reserve(size: int) -> SharedMemory:
    """Make a block whose pages exist: writing beyond a full /dev/shm would kill the process (SIGBUS)."""
    memory: SharedMemory | None = None
    try:
        memory = SharedMemory(create=True, size=size)
        file = Path("/dev/shm", memory.name)  # noqa: S108 - where Linux keeps POSIX shared memory
        if sys.platform == "linux" and file.exists():
            with file.open("r+b") as opened:
                os.posix_fallocate(opened.fileno(), 0, size)
    except OSError as error:
        if memory is not None:
            memory.close()
            memory.unlink()
        if error.errno not in (errno.ENOSPC, errno.ENOMEM):
            raise
        raise MedaeError(
            f"There is not enough shared memory for this scan ({size / 1e6:.0f} MB are needed). Close other "
            "series or programs and run it again; in a container, raise its limit (docker run --shm-size)."
        ) from error
    return memory


@dataclass(frozen=True, slots=True)
class SharedVolume:
    """A volume without its pixels, and where these are: small enough for a pipe."""

    hollow: Volume
    handle: Handle

    def open(self) -> Volume:
        """Give the volume, its array attached."""
        return filled(self.hollow, self.handle.attach())


@dataclass(frozen=True, slots=True)
class SharedResult:
    """A result whose pixels are in shared memory."""

    original: SharedVolume
    denoised: SharedVolume | None = None
    scores: SharedVolume | None = None
    anomaly_map: AnomalyMap | None = None
    """The map around ``scores``, its volume hollow."""
    trust: TrustReport | None = None

    def open(self) -> Result:
        """Give the result, its arrays attached."""
        anomaly_map = None
        if self.anomaly_map is not None and self.scores is not None:
            anomaly_map = replace(self.anomaly_map, volume=self.scores.open())
        denoised = None if self.denoised is None else self.denoised.open()
        return Result(self.original.open(), denoised, anomaly_map, self.trust)


class SharedInputs:
    """Given volumes in shared memory; each is copied once, for as long as results with it are shared."""

    def __init__(self) -> None:
        self._blocks: dict[int, tuple[NDArray[np.generic], SharedArray]] = {}

    def share(self, given: Result) -> SharedResult:
        """Describe a result for the child, and release what it does not hold.

        Raises
        ------
        MedaeError
            There is not enough shared memory.
        """
        volumes = [given.original]
        if given.denoised is not None:
            volumes.append(given.denoised)
        if given.anomaly_map is not None:
            volumes.append(given.anomaly_map.volume)
        self._keep({id(volume.array) for volume in volumes})
        original, *others = (self._share(volume) for volume in volumes)
        denoised = None if given.denoised is None else others.pop(0)
        if given.anomaly_map is None:
            return SharedResult(original, denoised, trust=given.trust)
        empty = replace(given.anomaly_map, volume=hollow(given.anomaly_map.volume))
        return SharedResult(original, denoised, others.pop(0), empty, given.trust)

    def release(self) -> None:
        """Release everything."""
        self._keep(set())

    def _keep(self, wanted: set[int]) -> None:
        for key in self._blocks.keys() - wanted:
            self._blocks.pop(key)[1].release()

    def _share(self, volume: Volume) -> SharedVolume:
        key = id(volume.array)  # stays its own, for the array is held beside its block
        if key not in self._blocks:
            self._blocks[key] = (volume.array, SharedArray.of(volume.array))
        return SharedVolume(hollow(volume), self._blocks[key][1].handle)


def hollow(volume: Volume) -> Volume:
    """Give the volume with all its facts but no pixels: (slices, 0, 0); of a colour image that it is one."""
    return replace(
        volume,
        array=np.empty((volume.shape[0], 0, 0), volume.array.dtype),
        colour=None if volume.colour is None else np.empty((volume.shape[0], 0, 0, 3), np.uint8),
        overlays=None,
    )


def filled(hollow_volume: Volume, array: NDArray[np.generic]) -> Volume:
    """Undo `hollow`."""
    return replace(hollow_volume, array=array)
