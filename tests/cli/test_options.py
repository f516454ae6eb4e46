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
