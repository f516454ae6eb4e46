import pytest
import typer

from medae.cli import options
from medae.exporters import EXPORTERS


def test_xr_is_dicoms_dx() -> None:
    assert [modality.dicom for modality in options.Modality] == ["CT", "MR", "DX"]


def test_every_format_has_an_exporter() -> None:
    assert set(options.EXPORTERS.values()) <= set(EXPORTERS)


@pytest.mark.parametrize(
    ("text", "names"),
    [(None, ()), ("", ()), ("pm", ("pm",)), (" PM, sc,pm ", ("pm", "sc"))],
)
def test_formats_are_split_at_commas(text: str | None, names: tuple[str, ...]) -> None:
    assert options.parse_formats(text, ("pm", "sc")) == names


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(typer.BadParameter, match="'tiff' is not one of pm, sc"):
        options.parse_formats("pm,tiff", ("pm", "sc"))


@pytest.mark.parametrize("arguments", [("--device", "tpu"), ("--strength", "1.5"), ("--modality", "US")])
def test_values_that_make_no_sense_are_usage_errors(medae, series, tmp_path, arguments) -> None:
    assert medae("denoise", series, tmp_path / "out", *arguments).exit_code == 2


def test_the_modality_may_be_written_small(medae, nifti, tmp_path) -> None:
    assert medae("denoise", nifti, tmp_path / "o", "--modality", "mr", "--model", "none").exit_code == 0


@pytest.mark.parametrize("command", ["info", "denoise", "batch"])
def test_a_report_never_takes_the_place_of_a_file_in_the_input(medae, tree, tmp_path, command: str) -> None:
    out = [] if command == "info" else [tmp_path / "out", "--model", "none"]
    for scan in (tree / "notes.txt", next((tree / "one").iterdir())):
        before = scan.read_bytes()
        assert medae(command, tree, *out, "--report", scan).exit_code == 2
        assert scan.read_bytes() == before
