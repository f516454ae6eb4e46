"""The exporter: which files it writes."""

from pathlib import Path

import pytest

from medae.errors import ExportError, SettingsError, UnsupportedVolume
from medae.exporters import export
from medae.results import Result

KEY = ("trust-report",)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["s_trust.html", "s_trust.pdf"]),
        ({"format": "html"}, ["s_trust.html"]),
        ({"format": "pdf"}, ["s_trust.pdf"]),
        ({"file_name": "mine.pdf"}, ["mine.pdf"]),
    ],
)
def test_formats(measured: Result, tmp_path: Path, options: dict[str, str], names: list[str]) -> None:
    paths = export(measured, tmp_path, KEY, name="s", options={"trust-report": options})
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for path in paths:
        assert path.read_bytes().startswith(b"%PDF" if path.suffix == ".pdf" else b"<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["mine.txt", "../mine.pdf", ".pdf"])
def test_a_name_that_cannot_be_is_refused(measured: Result, tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="file_name"):
        export(measured, tmp_path, KEY, options={"file_name": name})


def test_without_a_denoised_volume_it_says_what_to_do(denoised: Result, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVolume, match="run denoise first"):
        export(Result(denoised.original), tmp_path / "out", KEY)
    assert not (tmp_path / "out").exists()


def test_nothing_is_replaced_or_left_half_done(measured: Result, tmp_path: Path) -> None:
    (tmp_path / "s_trust.pdf").write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        export(measured, tmp_path, KEY, name="s")
    assert [path.name for path in tmp_path.iterdir()] == ["s_trust.pdf"]
    assert (tmp_path / "s_trust.pdf").read_text() == "mine"
