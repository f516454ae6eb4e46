"""Small scans for the tests of the viewer."""

import numpy as np

from medae.gui.viewer_model import ViewerModel
from medae.results import AnomalyMap, Normals, findings
from medae.volume import HOUNSFIELD, Volume, Window

AFFINE = np.array([[0, 0, 1.0, 0], [0, 1.0, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
SHAPE = (5, 40, 60)
NORMALS = Normals(tuple(4.1 + 0.1 * n for n in range(19)), ((2.0, 9.0), (4.0, 1.0), (6.0, 0.0)), 4.0)


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


def signed_model(outside: tuple[str, ...] = ()) -> ViewerModel:
    """The same, darker (z = -8) in slice 2 too, against 19 normal scans with peaks of 4.1 to 5.9."""
    model = full_model()
    assert model.anomaly_map is not None
    scores = model.anomaly_map.volume.array.copy()
    scores[2, 25:30, 30:40] = -8.0
    volume = model.anomaly_map.volume.with_array(scores)
    anomaly_map = AnomalyMap(volume, 3.0, "made up", normals=NORMALS, outside=outside)
    model.set_anomaly_map(anomaly_map, anomaly_map.findings_above(3.0))
    model.scan_p = anomaly_map.p_value
    return model
