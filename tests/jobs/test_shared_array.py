"""Shared memory: no name left over, no view that dangles."""

import gc
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medae.errors import MedaeError
from medae.jobs.shared_array import SharedArray, SharedInputs, filled, hollow
from medae.quality import measure
from medae.results import AnomalyMap, Result
from tests.jobs.conftest import small_volume

linux = pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="looks into /dev/shm")


def names() -> set[str]:
    return {path.name for path in Path("/dev/shm").glob("psm_*")}


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, ">i2"])
def test_both_sides_see_the_same_voxels(dtype: str) -> None:
    array = np.arange(24).astype(dtype).reshape(2, 3, 4)
    shared = SharedArray.of(array)
    other = shared.handle.attach()
    np.testing.assert_array_equal(other, array)
    assert other.dtype == array.dtype
    other[1, 2, 3] = 77
    assert shared.array[1, 2, 3] == 77
    shared.release()


@linux
def test_the_name_goes_at_once_the_memory_with_the_last_view() -> None:
    before = names()
    shared = SharedArray.of(np.arange(1000))
    view = shared.array[10:20].view()
    shared.release()
    shared.release()
    assert names() == before
    del shared
    gc.collect()
    assert view.sum() == sum(range(10, 20))
    maps = Path("/proc/self/maps")
    assert "psm_" in maps.read_text()
    del view
    gc.collect()
    assert "psm_" not in maps.read_text()


def test_an_empty_array() -> None:
    shared = SharedArray((0, 5, 5), np.int16)
    assert shared.array.shape == (0, 5, 5)
    shared.release()


@linux
def test_too_little_memory_is_an_error_and_not_a_crash() -> None:
    before = names()
    room = os.statvfs("/dev/shm")
    with pytest.raises(MedaeError, match="not enough shared memory"):
        SharedArray((room.f_blocks * room.f_frsize + 1,), np.uint8)
    assert names() == before


def test_a_hollow_volume_keeps_all_but_the_voxels() -> None:
    volume = small_volume()
    empty = hollow(volume)
    assert empty.array.size == 0
    again = filled(empty, volume.array)
    np.testing.assert_array_equal(again.array, volume.array)
    np.testing.assert_array_equal(again.affine, volume.affine)
    assert again.stored_range == volume.stored_range
    assert again.source == volume.source
    coloured = replace(volume, colour=np.ones((*volume.shape, 3), np.uint8), overlays=np.ones(volume.shape, bool))
    colour = hollow(coloured).colour
    assert colour is not None
    assert colour.size == 0


@linux
def test_inputs_are_copied_once_and_released_with_the_next() -> None:
    before = names()
    volume, other = small_volume(1), small_volume(2)
    scores = AnomalyMap(volume.with_array(np.ones(volume.shape, np.float32)), 3.0, "none")
    inputs = SharedInputs()
    first = inputs.share(Result(volume, volume.with_array(volume.array + np.int16(1)), scores))
    assert len(names() - before) == 3
    opened = first.open()
    assert opened.denoised is not None
    assert opened.anomaly_map is not None
    np.testing.assert_array_equal(opened.denoised.array, volume.array + 1)
    assert opened.anomaly_map.threshold == 3.0
    assert opened.anomaly_map.volume.array.min() == 1.0
    trust = measure(volume, volume)
    assert inputs.share(Result(volume, volume, scores, trust)).open().trust == trust
    assert inputs.share(Result(volume, volume, trust=trust)).open().trust == trust
    second = inputs.share(Result(volume))
    assert second.original.handle == first.original.handle
    assert len(names() - before) == 1
    inputs.share(Result(other))
    assert first.original.handle.name not in names()
    inputs.release()
    assert names() == before
