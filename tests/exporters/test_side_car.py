"""The JSON beside a NIfTI file: BIDS fields in BIDS units, how it was made, and nobody's name."""

import json
from pathlib import Path

import pydicom

from medae.exporters import export
from medae.exporters.side_car import side_car
from medae.results import Result

from .conftest import STEP


def test_fields_and_units(mr: Result) -> None:
    fields = side_car(mr, "denoised")
    assert (fields["EchoTime"], fields["RepetitionTime"]) == (0.003, 0.009)
    assert (fields["Modality"], fields["ScanningSequence"], fields["Manufacturer"]) == ("MR", "GR", "ACME")
    (made,) = fields["GeneratedBy"]
    assert (made["Name"], made["Version"], made["Model"]["SHA256"]) == ("MedAE", "0.1.0", STEP.sha256)
    assert made["Options"] == {"strength": 1.0}


def test_values_have_a_unit(ct: Result) -> None:
    assert side_car(ct, "denoised")["Units"] == "HU"
    heatmap = side_car(ct, "heatmap")
    assert (heatmap["Units"], heatmap["Threshold"]) == ("z", 3.0)
    assert "healthy scans" in heatmap["Calibration"]


def test_nothing_of_the_patient(ct: Result, tmp_path: Path) -> None:
    header = pydicom.dcmread(ct.original.source.paths[0])
    for path in export(ct, tmp_path / "out", ("nifti",)):
        if path.suffix == ".json":
            text = path.read_text("utf-8")
            json.loads(text)
            for word in ("Müller", 'P1"', "20200102", header.StudyInstanceUID, str(tmp_path)):
                assert word not in text


def test_odd_headers_are_left_out(ct: Result) -> None:
    path = ct.original.source.paths[0]
    ds = pydicom.dcmread(path)
    with pydicom.config.disable_value_validation():
        ds.add_new("EchoTime", "LO", "long")
        ds.KVP = None
        ds.save_as(path)
    fields = side_car(ct, "denoised")
    assert "EchoTime" not in fields
    assert "KVP" not in fields
    path.unlink()
    assert side_car(ct, "denoised")["Modality"] == "CT"


def test_without_dicom_there_is_what_is_known(in_memory: Result) -> None:
    fields = side_car(in_memory, "denoised")
    assert fields["Modality"] == "MR"
    assert fields["GeneratedBy"]
