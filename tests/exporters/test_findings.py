"""The tables hold every finding, and no patient data."""

import csv
import io
import json
from dataclasses import replace

import pytest

from medae.errors import UnsupportedVolume
from medae.exporters import findings_csv, findings_json
from medae.results import Normals, Result


def test_json_holds_everything(ct: Result) -> None:
    assert ct.anomaly_map is not None
    record = json.loads(findings_json(ct))
    first = ct.anomaly_map.findings[0]
    assert record["threshold"] == 3.0
    assert record["calibration"] == "Calibrated on 12 healthy scans."
    assert [finding["number"] for finding in record["findings"]] == [1, 2]
    assert record["findings"][0]["center_lps"] == pytest.approx(first.center_lps)
    assert record["findings"][0]["max_score"] == 12.0
    assert {step["task"] for step in record["provenance"]} == {"denoise", "detect"}
    assert "not for diagnosis" in record["warning"]
    assert "Müller" not in findings_json(ct)


def test_csv_has_one_line_for_each_finding(ct: Result) -> None:
    assert ct.anomaly_map is not None
    rows = list(csv.DictReader(io.StringIO(findings_csv(ct))))
    assert len(rows) == 2
    first = ct.anomaly_map.findings[0]
    assert float(rows[0]["volume_mm3"]) == pytest.approx(first.volume_mm3, abs=1e-3)
    assert int(rows[0]["last_slice"]) == first.bounding_box[1][0] - 1


def test_no_findings_is_an_empty_table(ct: Result) -> None:
    assert ct.anomaly_map is not None
    quiet = replace(ct, anomaly_map=replace(ct.anomaly_map, threshold=99.0))
    assert json.loads(findings_json(quiet))["findings"] == []
    assert len(findings_csv(quiet).splitlines()) == 1


def test_no_heatmap_is_an_error(ct: Result) -> None:
    with pytest.raises(UnsupportedVolume, match="detect"):
        findings_json(replace(ct, anomaly_map=None))


def test_sides_and_p_values_are_told(ct: Result) -> None:
    assert ct.anomaly_map is not None
    volume = ct.anomaly_map.volume
    normals = Normals((5.0, 8.0, 20.0), ((2.0, 4.0), (4.0, 0.0)))
    darker = replace(ct.anomaly_map, volume=replace(volume, array=-volume.array), normals=normals)
    result = replace(ct, anomaly_map=darker)
    rows = list(csv.DictReader(io.StringIO(findings_csv(result))))
    assert [(row["side"], row["p"], row["max_z"]) for row in rows] == [
        ("darker", "0.5", "12.0000"),
        ("darker", "0.75", "6.5000"),
    ]
    record = json.loads(findings_json(result))
    assert [record["p"], record["normal_scans"], record["expected_findings_per_normal_scan"]] == [0.5, 3, 2.0]
    assert record["outside_domain"] == []
    assert next(csv.DictReader(io.StringIO(findings_csv(ct))))["p"] == ""


def test_outside_the_domain_that_is_told_and_no_p(ct: Result) -> None:
    assert ct.anomaly_map is not None
    normals = Normals((5.0, 8.0, 20.0), ((2.0, 4.0), (4.0, 0.0)))
    result = replace(ct, anomaly_map=replace(ct.anomaly_map, normals=normals, outside=("it is CT",)))
    record = json.loads(findings_json(result))
    assert (record["outside_domain"], record["p"]) == (["it is CT"], None)
    assert {row["p"] for row in csv.DictReader(io.StringIO(findings_csv(result)))} == {""}
