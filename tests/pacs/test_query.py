"""What is asked, and how answers are read."""

import pytest
from pydicom.dataset import Dataset

from medae.errors import SettingsError
from medae.pacs.query import Match, Query, filters, fits, identifier, in_order, match, return_keys


@pytest.mark.parametrize("date", ["20260131", "20260101-20260131", "20260101-", "-20260131", ""])
def test_dates_and_ranges(date: str) -> None:
    assert filters(Query(study_date=date)) == ({"StudyDate": date} if date else {})


@pytest.mark.parametrize("date", ["31.1.2026", "2026", "-", "20260101-20260102-20260103", "2026010a"])
def test_other_dates_are_refused_with_an_example(date: str) -> None:
    with pytest.raises(SettingsError, match="20260101-20260131"):
        Query(study_date=date)


def test_names_and_descriptions_become_wild() -> None:
    assert filters(Query(patient_name="Doe", description="chest", modality="ct")) == {
        "PatientName": "Doe*",
        "StudyDescription": "*chest*",
        "ModalitiesInStudy": "CT",
    }
    assert filters(Query(patient_name="*doe")) == {"PatientName": "*doe"}


def test_an_identifier_has_all_return_keys() -> None:
    made = identifier("STUDY", Query(patient_id="7"))
    assert made.QueryRetrieveLevel == "STUDY"
    assert made.PatientID == "7"
    assert all(keyword in made for keyword in return_keys("STUDY"))
    assert identifier("IMAGE", study="1.2", series="1.3").SeriesInstanceUID == "1.3"


def test_answers_are_read_whatever_is_missing() -> None:
    answer = Dataset()
    assert match("STUDY", answer) == Match("STUDY", "")
    answer.StudyInstanceUID, answer.ModalitiesInStudy = "1.2", ["CT", "SR"]
    answer.NumberOfStudyRelatedInstances = "12"
    found = match("STUDY", answer)
    assert (found.study_instance_uid, found.modality, found.instances) == ("1.2", "CT, SR", 12)


def test_what_a_node_has_not_filtered_is_filtered_here() -> None:
    found = Match(
        "STUDY", "1", patient_id="7", patient_name="Doe^John=山田^太郎", description="CT Chest", modality="CT, SR"
    )
    assert fits(found, Query(patient_name="doe", description="chest", modality="CT"))
    assert fits(found, Query(patient_name="山田"))
    assert not fits(found, Query(patient_name="Smith"))
    assert not fits(found, Query(modality="MR"))
    assert not fits(found, Query(patient_id="8"))
    assert fits(Match("STUDY", "1"), Query(patient_id="8"))  # the node did not tell


def test_newest_study_and_lowest_series_number_first() -> None:
    studies = [Match("STUDY", "1", date="20250101"), Match("STUDY", "2", date="20260101")]
    assert [one.study_instance_uid for one in in_order(studies)] == ["2", "1"]
    series = [Match("SERIES", "1", "a", number="10"), Match("SERIES", "1", "b", number="9")]
    assert [one.series_instance_uid for one in in_order(series)] == ["b", "a"]
    assert in_order([]) == ()
