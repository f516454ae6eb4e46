"""Memory: a volume streams through, and no more than four times its stored size is held, the result included."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import numpy as np
from medae.inference import denoise
from medae.inference.engines import choice
from medae.volume import Volume

choice.WORTH_MEASURING = 10**12  # loading an engine is not what is measured here

def scan(modality, slices):
    stored = np.empty((slices, 512, 512), np.int16)
    stored[:] = np.random.default_rng(0).integers(0, 900, (512, 512))
    return Volume(array=stored, affine=np.diag([2, 1, 1, 1.0]), modality=modality)

def megabytes(field):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024

model = sys.argv[1]
modality = sys.argv[2]
denoise(scan(modality, 2), model)  # libraries are loaded, buffers of a tile exist
open("/proc/self/clear_refs", "w").write("5")  # the peak is counted from here
before = megabytes("VmRSS")
volume = scan(modality, 80)
result = denoise(volume, model)
print((megabytes("VmHWM") - before) / (volume.array.nbytes / 2**20))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak can be read on Linux only")
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_no_more_than_four_times_the_stored_size(tiny_bundle, modality: str) -> None:
    info = tiny_bundle(modality=modality, features=(4,))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(info.folder), modality],
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert 2.0 < float(done.stdout) < 4.0  # the scan and its result alone are 2
