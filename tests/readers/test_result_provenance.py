"""How results were made, read from their headers."""

from datetime import UTC, datetime

import pytest
from pydicom.dataset import Dataset

from medae.exporters import dicom_attributes
from medae.readers.result_provenance import made_by
from tests.exporters.conftest import STEP


def test_our_own_models_come_back() -> None:
    data = Dataset()
    moment = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    data.ContributingEquipmentSequence = dicom_attributes.equipment([STEP], moment)
    data.DerivationDescription = dicom_attributes.derivation_description([STEP], "a map")
    (step,) = made_by(data)
    assert (step.bundle, step.version, step.sha256) == (STEP.bundle, STEP.version, STEP.sha256)
    assert (step.medae_version, step.started) == (STEP.medae_version, moment)


def test_of_others_the_equipment_is_told() -> None:
    data = Dataset()
    data.Manufacturer, data.ManufacturerModelName, data.SoftwareVersions = "ACME", "Mapper 3000", ["1", "2"]
    (step,) = made_by(data)
    assert (step.bundle, step.version, step.sha256) == ("Mapper 3000", "", "")


@pytest.mark.parametrize("moment", ["", "20261399", "yesterday", "2026"])
def test_odd_dates_do_not_stop_reading(moment: str) -> None:
    data = Dataset()
    data.add_new("ContributionDateTime", "LO", moment)
    (step,) = made_by(data)
    assert step.started.tzinfo is not None
    assert step.bundle == "unknown"
