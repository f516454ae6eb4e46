"""Small scans for the tests of the viewer."""

import numpy as np

from medae.gui.viewer_model import ViewerModel
from medae.results import AnomalyMap, findings
from medae.volume import HOUNSFIELD, Volume, Window

AFFINE = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
SHAPE = (5, 40, 60)


def scan(**changes: object) -> Volume:
    array = np.random.default_rng(0).integers(0, 100, SHAPE).astype(np.int16)
    fields = {"modality": "CT", "unit": HOUNSFIELD, "windows": (Window(50, 100),), **changes}
    return Volume(array, AFFINE, **fields)  # type: ignore[arg-type]


def full_model() -> ViewerModel:
    """Model with a scan, a denoised volume of 40 HU and one finding in slice 2."""
    model = ViewerModel()
    model.set_original(scan())
    model.set_denoised(scan().with_array(np.full(SHAPE, 40, np.int16)))
    scores = np.zeros(SHAPE, np.float32)
    scores[2, 10:20, 10:20] = 6.0
    volume = Volume(scores, AFFINE)
    model.set_anomaly_map(AnomalyMap(volume, 3.0, "made up"), findings(volume, 3.0))
    return model
