"""The trust report of one scan as a page to read, print and hand on: HTML, PDF or both."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from medae.exporters.exporter import ExporterOptions, Output
from medae.exporters.trust_report.page import NO_DENOISED, Page, page
from medae.progress import Report, part
from medae.results import Result

__all__ = ["SUFFIXES", "TITLE", "Options", "Page", "accepts", "export", "outputs", "page", "page_file"]

TITLE = "Trust report: what denoising did (HTML and PDF page)"

SUFFIXES = (".html", ".pdf")
"""Endings of the files."""


class Options(ExporterOptions):
    """Options of the trust report."""

    format: Literal["html", "pdf", "both"] = Field("both", description="html, pdf or both")
    file_name: str = Field(
        "",
        pattern=r"^$|^[^/\\.][^/\\]*\.(html|pdf)$",
        description="Exact name (.html or .pdf) of the one file to write; default <name>_trust.html and .pdf",
    )


def accepts(result: Result) -> str | None:
    """Why there can be no report; None when there can."""
    return None if result.denoised is not None else NO_DENOISED


def outputs(result: Result, name: str, options: Options) -> tuple[Output, ...]:
    """Name the pages."""
    return tuple(Output(file_name, 1) for file_name in _names(name, options))


def _names(name: str, options: Options) -> list[str]:
    wanted = SUFFIXES if options.format == "both" else (f".{options.format}",)
    return [options.file_name] if options.file_name else [f"{name}_trust{suffix}" for suffix in wanted]


def export(result: Result, folder: Path, name: str, options: Options, report: Report) -> tuple[Path, ...]:
    """Write ``<name>_trust.html`` and ``<name>_trust.pdf``, or the one file that was named."""
    pages = [page(result, part(report, 0.0, 0.95))]
    names = _names(name, options)
    for number, file_name in enumerate(names):
        report(0.95 + 0.05 * number / len(names), "Writing the trust report")
        (folder / file_name).write_bytes(page_file(pages, Path(file_name).suffix))
    return tuple(folder / file_name for file_name in names)


def page_file(pages: Sequence[Page], suffix: str) -> bytes:
    """Give the content of one file with the pages of several series; ``suffix`` is ``".html"`` or ``".pdf"``."""
    if suffix == ".pdf":
        from medae.exporters.trust_report.as_pdf import pdf

        return pdf(pages)
    from medae.exporters.trust_report.as_html import html

    return html(pages).encode("utf-8")
