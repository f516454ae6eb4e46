"""Phantoms that several tests measure, drawn once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from medae import phantom
from medae.volume import Volume

Images = NDArray[np.float32]


@pytest.fixture(scope="session")
def head() -> Volume:
    """MR of a head without noise: 6 slices of 192 × 160 pixels."""
    return phantom.head("T1", (6, 192, 160), (3, 1, 1), seed=1).volume


@pytest.fixture(scope="session")
def chest() -> Volume:
    """CT of a chest without noise: 2 slices of 224 × 320 pixels of 1.2 mm."""
    return phantom.thorax((2, 224, 320), (3, 1.2, 1.2), seed=4).volume


@pytest.fixture(scope="session")
def top(head: Volume) -> float:
    """Range of the head: its 99.9th percentile."""
    return float(np.percentile(head.values(), 99.9))


def white(shape: tuple[int, ...], seed: int = 0) -> Images:
    """White noise of standard deviation 1."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
