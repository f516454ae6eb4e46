"""Errors: they cross processes, and a cancel is none."""

import pickle
from pathlib import Path

import pytest

from medae import errors
from medae.errors import Cancelled, MedaeError, ReadError


def test_read_error_names_path_and_reason_and_pickles() -> None:
    error = ReadError("scan.dcm", "it ends too early")
    assert str(error) == "scan.dcm: it ends too early"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is ReadError
    assert (again.path, again.reason, str(again)) == (Path("scan.dcm"), error.reason, str(error))


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, MedaeError) and kind is not ReadError
    ],
)
def test_every_error_pickles_and_is_a_medae_error(kind: type[MedaeError]) -> None:
    again = pickle.loads(pickle.dumps(kind("one sentence")))
    assert type(again) is kind
    assert str(again) == "one sentence"


def test_a_cancel_is_no_failure() -> None:
    assert not issubclass(Cancelled, MedaeError)
