"""What the options of de-identification take, and that they are data."""

import pytest
from pydantic import ValidationError

from medae.confidentiality import Deidentify


def test_the_default_is_the_strictest() -> None:
    options = Deidentify()
    assert options.dates == "remove"
    kept = (options.keep_patient_characteristics, options.keep_device, options.keep_institution)
    assert kept == (False, False, False)
    assert Deidentify.model_validate_json(options.model_dump_json()) == options


@pytest.mark.parametrize("field", [{"dates": "maybe"}, {"patient_id": "a\\b"}, {"patient_id": "x" * 65}, {"other": 1}])
def test_nonsense_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Deidentify.model_validate(field)
