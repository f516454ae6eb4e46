"""Nodes and rules as data: what is refused, and which series a rule is for."""

import pytest
from pydantic import ValidationError

from medae.nodes import DicomNode, DicomwebNode, Listener, Rule


@pytest.mark.parametrize("title", ["", " ", " PACS", "A" * 17, "back\\slash", "ümlaut"])
def test_impossible_ae_titles_are_refused(title: str) -> None:
    with pytest.raises(ValidationError):
        DicomNode(name="pacs", ae_title=title, host="pacs")
    with pytest.raises(ValidationError):
        Listener(ae_title=title)


@pytest.mark.parametrize("url", ["", "pacs/dicom-web", "ftp://pacs", "https://", "https://pacs /web"])
def test_impossible_urls_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        DicomwebNode(name="web", url=url)


@pytest.mark.parametrize("name", ["", "-first", "two words", "a/b", "x" * 33])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        DicomwebNode(name=name, url="https://pacs")


def test_there_is_no_field_for_a_password() -> None:
    assert not any("password" in field for kind in (DicomNode, DicomwebNode, Listener) for field in kind.model_fields)


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"modality": "MR"}, True),
        ({"modality": "CT"}, False),
        ({"calling_ae_title": "scan*", "series_description": "*t1*"}, True),
        ({"calling_ae_title": "scan*", "series_description": "*t2*"}, False),
        ({"study_description": "head"}, False),
        ({"study_description": "head?"}, True),
    ],
)
def test_a_rule_fits_by_patterns_without_regard_to_case(fields: dict[str, str], fits: bool) -> None:
    rule = Rule(name="rule", destination="pacs", **fields)
    assert rule.fits("SCANNER1", "MR", "sag T1 mprage", "Head ") is fits
