"""``medae doctor``: what works on this machine, and what to do about what does not."""

import json
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Annotated

import typer

from medae.build import this_build
from medae.cli import options as given
from medae.cli.check import Check
from medae.cli.group import FAILED
from medae.errors import MedaeError

CODECS = {
    "JPEG baseline": "1.2.840.10008.1.2.4.50",
    "JPEG extended": "1.2.840.10008.1.2.4.51",
    "JPEG lossless": "1.2.840.10008.1.2.4.70",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
    "HTJ2K": "1.2.840.10008.1.2.4.201",
    "RLE": "1.2.840.10008.1.2.5",
}
"""Compressed DICOM transfer syntaxes (PS3.5 annex A) that are looked for."""


def check_packages() -> list[Check]:
    """Versions of what MedAE is built on."""
    checks = [
        Check("MedAE", str(this_build())),
        Check("Python", f"{platform.python_version()} on {platform.platform()}"),
    ]
    try:
        wanted = [line for line in requires("medae") or () if "extra ==" not in line]
    except PackageNotFoundError:
        wanted = []
    names = [found.group() for line in wanted if (found := re.match(r"[\w.-]+", line))]
    for name in names or ["torch", "monai", "numpy", "pydicom", "highdicom", "SimpleITK", "PySide6-Essentials"]:
        try:
            checks.append(Check(name, version(name)))
        except PackageNotFoundError:
            checks.append(Check(name, f"missing; {_remedy(name)}", ok=False))
    return checks


def _remedy(package: str) -> str:
    """Say how to get a missing package; an installed bundle cannot be added to."""
    if getattr(sys, "frozen", False):
        return "install MedAE again"
    return f"run: {sys.executable} -m pip install '{package}'"


def check_device() -> Check:
    """Tell what computes, and why."""
    from medae.inference.device import choose_device

    return Check("Device", choose_device("auto").describe())


def check_engines() -> Check:
    """Tell what can compute networks on the processor; which of it is fastest is measured for each model."""
    from medae.inference.engines import openvino_precisions, openvino_problem

    if problem := openvino_problem():
        advice = f"{problem}; denoising takes longer; {_remedy('openvino')}"
        return Check("Engines", f"torch float32 only: {advice}", None)
    found = ", ".join(f"OpenVINO {precision}" for precision in openvino_precisions())
    return Check("Engines", f"torch float32, {found}; the fastest is found for each model")


def check_window() -> Check:
    """Tell whether a window can open."""
    from medae.gui.system_libraries import window_problem

    problem = window_problem()
    return Check("Window", problem or "can open", None if problem else True)


def check_codecs() -> list[Check]:
    """Which compressed DICOM can be read, and by what."""
    from pydicom.pixels import get_decoder

    checks = []
    for name, uid in CODECS.items():
        decoder = get_decoder(uid)
        plugins = ", ".join(decoder.available_plugins)
        checks.append(Check(f"DICOM {name}", plugins or "cannot be read here; install MedAE again", bool(plugins)))
    return checks


def check_models() -> list[Check]:
    """Whether the models are intact."""
    from medae import bundle

    checks = []
    for info in bundle.bundles():
        try:
            bundle.verify(info)
            checks.append(Check(f"Model {info.name}", f"{info.version}, intact"))
        except MedaeError as error:
            checks.append(Check(f"Model {info.name}", str(error), ok=False))
    return checks or [Check("Models", "none found; install MedAE again", ok=False)]


def doctor(
    self_test: Annotated[
        bool,
        typer.Option("--self-test", help="Try all parts on synthetic data: decoders, models, exports, worker, window."),
    ] = False,
    as_json: given.AsJson = False,
) -> None:
    """Check this machine: versions, device, window, codecs, models; exit code 1 if something is wrong."""
    if self_test:
        _run_self_test(as_json=as_json)
        return
    checks = [*check_packages(), check_device(), check_engines(), check_window(), *check_codecs(), *check_models()]
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _print(checks)
    _fail_if_wrong(checks)


def _run_self_test(*, as_json: bool) -> None:
    """Print each line as soon as it is known."""
    from medae.cli.self_test import self_test

    done = []
    for check in self_test():
        done.append(check)
        if not as_json:
            typer.echo(f"{'ok   ' if check.ok else 'WRONG'} {check.name}: {check.value}")
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in done], indent=2))
    else:
        wrong = sum(check.ok is False for check in done)
        typer.echo(f"{len(done)} checks, {wrong or 'nothing'} wrong.")
    _fail_if_wrong(done)


def _fail_if_wrong(checks: Iterable[Check]) -> None:
    if any(check.ok is False for check in checks):
        raise typer.Exit(FAILED)


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    marks = {True: Text("ok", style="green"), False: Text("WRONG", style="red"), None: Text("note", style="yellow")}
    table = Table("Check", "Found", "", show_header=False, box=None)
    for check in checks:
        table.add_row(marks[check.ok], Text(check.name), Text(check.value))
    Console().print(table)
