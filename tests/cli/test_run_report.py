import json

import pytest
import typer

from medae.cli.run_report import RunReport, SeriesReport, finish, write_report, write_whole
from medae.cli.terminal import Terminal
from medae.errors import ExportError


def test_failures_count_series_and_unreadable_files(tmp_path) -> None:
    run = RunReport("denoise", [SeriesReport("a", "a", status="done"), SeriesReport("b", "b", reason="odd")])
    run.skip([(tmp_path / "x.txt", "is not an image")], Terminal(quiet=True))
    assert run.failures == 2
    assert run.to_dict()["skipped"] == [{"path": str(tmp_path / "x.txt"), "reason": "is not an image"}]


@pytest.mark.parametrize("series", [[], [SeriesReport("b", "b")]])
def test_nothing_done_or_something_failed_is_exit_code_1(series) -> None:
    with pytest.raises(typer.Exit) as end:
        finish(RunReport("denoise", series), Terminal(quiet=True), as_json=False)
    assert end.value.exit_code == 1


def test_json_is_the_only_thing_on_stdout(capsys) -> None:
    run = RunReport("denoise", [SeriesReport("a", "a", status="done")])
    finish(run, Terminal(quiet=True), as_json=True)
    assert json.loads(capsys.readouterr().out)["series"][0]["name"] == "a"


def test_the_report_is_written_whole(tmp_path) -> None:
    target = tmp_path / "deep" / "report.json"
    write_report(RunReport("detect"), target, [])
    assert json.loads(target.read_text())["command"] == "detect"
    assert [path.name for path in target.parent.iterdir()] == ["report.json"]


def test_pages_of_nothing_are_not_written(tmp_path) -> None:
    write_report(RunReport("denoise"), tmp_path / "trust.pdf", [])
    assert list(tmp_path.iterdir()) == []


def test_the_report_never_replaces_an_input(tmp_path) -> None:
    scan = tmp_path / "scan.nii.gz"
    scan.write_text("pixels")
    with pytest.raises(ExportError, match="never replaced"):
        write_report(RunReport("detect"), scan, [scan])
    assert scan.read_text() == "pixels"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        write_whole(tmp_path / "file" / "report.json", "{}")
