"""Where the scale of the difference ends. No Qt here."""

import numpy as np
from numpy.typing import NDArray

from medae.reslice import plane_of, slice_values
from medae.volume import Volume
from medae.windowing import difference_maximum

_SAMPLES = 8
_ACROSS = 128


def scale_end(original: Volume, denoised: Volume, done: NDArray[np.intp]) -> float:
    """Give a round number above nearly all absolute differences, one for all slices, from a sample of some.

    Parameters
    ----------
    original, denoised
        On one grid.
    done
        (n,) array slices that are denoised already; one at least.
    """
    chosen = done[np.linspace(0, len(done) - 1, _SAMPLES, dtype=int)]
    plane, step = plane_of(original, "acquisition"), max(1, max(original.shape[1:]) // _ACROSS)
    samples = [
        slice_values(denoised, plane, k, step) - slice_values(original, plane, k, step)
        for k in sorted({int(k) for k in chosen})
    ]
    return difference_maximum(np.stack(samples))
