"""The page as PDF."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from medae.exporters.trust_report.as_pdf import pdf
from medae.exporters.trust_report.page import page
from medae.results import Result
from tests.quality.test_summary import TRUST


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", content))


def text_of(content: bytes, folder: Path) -> str:
    """What the PDF says, by poppler's pdftotext; the test is skipped where that is not installed."""
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext (Debian package poppler-utils) is not installed")
    file = folder / "page.pdf"
    file.write_bytes(content)
    run = subprocess.run([program, "-layout", file, "-"], capture_output=True, check=True)
    return run.stdout.decode("utf-8")


def test_one_page_for_each_series(measured: Result) -> None:
    one = page(measured)
    assert pdf([one]).startswith(b"%PDF")
    assert pages(pdf([one])) == 1
    assert pages(pdf([one, one, one])) == 3


def test_many_warnings_still_fit_on_the_page(measured: Result) -> None:
    trust = replace(TRUST, warnings=("A sentence that is long enough to need more than one line. " * 4,) * 12)
    assert pages(pdf([page(replace(measured, trust=trust))])) == 1


def test_it_holds_the_figures_and_no_names(measured: Result, tmp_path: Path) -> None:
    trust = replace(TRUST, warnings=("Edges are wider.",))
    text = text_of(pdf([page(replace(measured, trust=trust))]), tmp_path)
    for figure in ("25 HU", "0.04", "20 to 31 HU", "8 % wider", "–0.31 HU", "ab" * 32, "ct-denoise 0.1.0"):
        assert figure in text
    assert "Research use only, not for diagnosis" in text
    assert text.index("WARNING") < text.index("Edges are wider.") < text.index("Denoised")
    for private in ("1.2.840", "Müller", "Anna", "d41d8cd98f", "archive", "scan.nii"):
        assert private not in text


def test_characters_that_the_fonts_lack_are_replaced(measured: Result, tmp_path: Path) -> None:
    text = text_of(pdf([page(replace(measured, trust=replace(TRUST, model="网-σ-≥5")))]), tmp_path)
    assert "?-sigma->=5 0.1.0" in text


def test_what_could_not_be_measured_leaves_no_hole(measured: Result) -> None:
    trust = replace(TRUST, edges=None, spectrum=None, autocorrelation=(), tissues=(), sha256="")
    assert pages(pdf([page(replace(measured, trust=trust))])) == 1
