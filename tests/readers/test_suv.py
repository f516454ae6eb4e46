"""Standardised uptake values: by hand, and why not."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medae import readers
from medae.readers.suv import BECQUEREL, PHILIPS_ACTIVITY, PHILIPS_SUV, suv_factor, uptake

from . import odd

DOSE, WEIGHT, HALF_LIFE = 370e6, 70.0, 6586.2  # F-18
FACTOR_AT_INJECTION = 1000 * WEIGHT / DOSE


def pet(number: int = 0, tracer: dict[str, object] | None = None, **attributes: object) -> Dataset:
    """PET slice of 370 MBq F-18 given an hour before the series began."""
    injection = Dataset()
    given = {
        "RadionuclideTotalDose": DOSE,
        "RadionuclideHalfLife": HALF_LIFE,
        "RadiopharmaceuticalStartTime": "090000.00",
        **(tracer or {}),
    }
    for name, value in given.items():
        if value is not None:
            setattr(injection, name, value)
    fields = {
        "Modality": "PT",
        "Units": "BQML",
        "CorrectedImage": ["ATTN", "DECY"],
        "DecayCorrection": "START",
        "PatientWeight": WEIGHT,
        "SeriesDate": "20200102",
        "SeriesTime": "100000",
        "AcquisitionDate": "20200102",
        "AcquisitionTime": f"10{number:02d}00",
        "RadiopharmaceuticalInformationSequence": [injection],
        "RescaleIntercept": 0,
        "RescaleSlope": 0.5 + number,
        **attributes,
    }
    return odd.dataset(number, **{name: value for name, value in fields.items() if value is not None})


def factor(*images: Dataset) -> float | None:
    """Factor of images, with no reason where there is one."""
    found, reason = suv_factor([found for found in map(uptake, images) if found is not None])
    assert (found is None) == bool(reason)
    return found


def reason(*images: Dataset) -> str:
    """Why there is none."""
    return suv_factor([found for found in map(uptake, images) if found is not None])[1]


def test_decay_to_the_start_of_the_series() -> None:
    expected = FACTOR_AT_INJECTION * 2 ** (3600 / HALF_LIFE)
    assert factor(pet(0), pet(7)) == pytest.approx(expected)
    assert expected == pytest.approx(2.763e-4, rel=1e-3)


def test_decay_to_the_administration() -> None:
    assert factor(pet(DecayCorrection="ADMIN")) == pytest.approx(FACTOR_AT_INJECTION)


def test_full_date_and_midnight() -> None:
    whole = pet(tracer={"RadiopharmaceuticalStartDateTime": "20200102080000.5", "RadiopharmaceuticalStartTime": None})
    assert factor(whole) == pytest.approx(FACTOR_AT_INJECTION * 2 ** (7199.5 / HALF_LIFE))
    night = pet(tracer={"RadiopharmaceuticalStartTime": "233000"}, SeriesTime="003000", AcquisitionTime="003000")
    assert factor(night) == pytest.approx(FACTOR_AT_INJECTION * 2 ** (3600 / HALF_LIFE))


def test_a_series_made_afterwards_takes_its_earliest_acquisition() -> None:
    late = [pet(n, SeriesTime="170000") for n in (5, 0, 3)]
    assert factor(*late) == pytest.approx(FACTOR_AT_INJECTION * 2 ** (3600 / HALF_LIFE))


def test_values_that_are_suv_already_and_counts_of_philips() -> None:
    assert factor(pet(Units="GML")) == 1.0
    counts = pet(Units="CNTS")
    counts.add_new(PHILIPS_SUV, "DS", "0.0004")
    assert factor(counts) == pytest.approx(0.0004)
    activity = pet(Units="CNTS", DecayCorrection="ADMIN")
    activity.add_new(PHILIPS_ACTIVITY, "DS", "2")
    assert factor(activity) == pytest.approx(2 * FACTOR_AT_INJECTION)


@pytest.mark.parametrize(
    ("tracer", "attributes", "said"),
    [
        ({}, {"PatientWeight": None}, "weight"),
        ({}, {"PatientWeight": 0}, "weight"),
        ({"RadionuclideTotalDose": None}, {}, "dose"),
        ({"RadionuclideHalfLife": None}, {}, "half-life"),
        ({"RadiopharmaceuticalStartTime": None}, {}, "time of its injection"),
        ({"RadiopharmaceuticalStartTime": "09"}, {}, "time of its injection"),
        ({}, {"RadiopharmaceuticalInformationSequence": []}, "dose"),
        ({}, {"Units": "CNTS"}, "CNTS"),
        ({}, {"Units": None}, "not given"),
        ({}, {"Units": "GML", "SUVType": "LBM"}, "LBM"),
        ({}, {"CorrectedImage": ["DECY"]}, "attenuation"),
        ({}, {"DecayCorrection": "NONE"}, "not corrected for decay"),
        ({}, {"DecayCorrection": None}, "how decay"),
        ({"RadiopharmaceuticalStartDateTime": "20200102110000"}, {}, "cannot be right"),
        ({"RadiopharmaceuticalStartDateTime": "20191224090000"}, {}, "cannot be right"),
    ],
)
def test_why_not(tracer: dict[str, object], attributes: dict[str, object], said: str) -> None:
    assert said in reason(pet(tracer=tracer, **attributes))


def test_images_must_agree() -> None:
    assert "do not agree" in reason(pet(0), pet(1, PatientWeight=71.0))
    assert uptake(odd.dataset(0)) is None


def test_a_series_has_its_factor_its_unit_and_its_slopes(tmp_path: Path) -> None:
    for n in range(3):
        pet(n).save_as(tmp_path / f"{n}.dcm", enforce_file_format=True)
    volume = readers.open_volume(tmp_path)
    assert volume.unit == BECQUEREL
    np.testing.assert_allclose(volume.rescale_slope, (0.5, 1.5, 2.5))
    assert volume.suv_factor == pytest.approx(FACTOR_AT_INJECTION * 2 ** (3600 / HALF_LIFE))
    assert not volume.source.warnings
    pet(1, PatientWeight=None).save_as(tmp_path / "1.dcm", enforce_file_format=True)
    volume = readers.open_volume(tmp_path)
    assert volume.suv_factor is None
    assert volume.source.warnings == ("No SUV can be given: the patient's weight is not given.",)
