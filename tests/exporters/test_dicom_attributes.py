"""What all DICOM outputs share."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydicom.dataset import Dataset

from medae.exporters import dicom_attributes as attributes
from medae.results import Result

from .conftest import NO_MODEL, STEP


def test_derivation_description_is_short_ascii_and_ends_with_the_warning() -> None:
    text = attributes.derivation_description([replace(STEP, bundle="x" * 2000 + "σ")], "denoised")
    assert len(text) <= 1024
    assert text.isascii()
    assert text.endswith("Research use only, not for diagnosis.")


def test_no_model_is_said() -> None:
    assert "copied without change" in attributes.derivation_description([NO_MODEL], "denoised")


@pytest.mark.parametrize(("offset", "time"), [("+0530", "173000"), ("-0400", "080000")])
def test_dates_are_in_the_sources_time_zone(offset: str, time: str) -> None:
    header, target = Dataset(), Dataset()
    header.TimezoneOffsetFromUTC = offset
    attributes.stamp(target, datetime(2026, 5, 4, 12, tzinfo=UTC), header)
    assert target.SeriesTime == f"{time}.000000"
    assert target.ContentDate == "20260504"


def test_device_uid_belongs_to_the_model_version() -> None:
    def device(step: object) -> str:
        return attributes.equipment([step], datetime.now(UTC))[0].DeviceUID

    assert device(STEP) == device(replace(STEP, seconds=9.0))
    assert device(STEP) != device(replace(STEP, version="0.2.0"))


def test_files_that_do_not_match_the_slices_are_refused(ct: Result) -> None:
    source = replace(ct.original.source, paths=ct.original.source.paths[:3])
    reason = attributes.reason_against(replace(ct, original=replace(ct.original, source=source)), needs_position=True)
    assert reason is not None
    assert "do not match" in reason
