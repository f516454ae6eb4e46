"""Rules about the code as a whole: layers, what is imported when, tests beside modules, sizes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "medae"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400

NETWORK = ("pynetdicom", "dicomweb_client", "keyring")
COMPUTING = ("torch", "monai", "openvino", "highdicom", "SimpleITK", "scipy", "dask")
QT = ("PySide6", "pyqtgraph", "superqt")

TESTED_ELSEWHERE = {
    "medae/__main__.py": "tests/test_main.py",
    "medae/families/family.py": "tests/families/test_every_family.py",  # a Protocol
}
"""Modules whose tests have another name than the rule gives."""


def loaded_after(statement: str) -> set[str]:
    """Top-level packages that a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys; print('\\n' + ' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


def test_import_contracts_are_kept() -> None:
    pytest.importorskip("importlinter")
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if program is None:
        pytest.skip("lint-imports is not on the path")
    done = subprocess.run(
        [sys.executable, program, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import medae", (*COMPUTING, *QT, "numpy", "pydicom", "typer")),
        ("import medae.gui.main_window", (*COMPUTING, *NETWORK)),
        ("import medae.readers, medae.jobs.worker, medae.bundle", (*COMPUTING, *QT)),
        ("import medae.exporters, medae.phantom", (*COMPUTING, *QT)),
        (
            "from typer.testing import CliRunner; from medae.cli.app import app\n"
            "assert CliRunner().invoke(app, ['--help']).exit_code == 0",
            (*COMPUTING, *QT, *NETWORK, "pydicom"),
        ),
    ],
)
def test_start_is_lazy(statement: str, unwanted: tuple[str, ...]) -> None:
    assert not loaded_after(statement) & set(unwanted)


def expected_test(module: Path) -> Path:
    """Where the tests of a module are."""
    relative = module.relative_to(ROOT)
    if str(relative) in TESTED_ELSEWHERE:
        return ROOT / TESTED_ELSEWHERE[str(relative)]
    inner = relative.relative_to("medae")
    return ROOT / "tests" / inner.parent / f"test_{inner.name}"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.name != "__init__.py"], ids=lambda m: str(m.relative_to(ROOT))
)
def test_every_module_has_its_tests(module: Path) -> None:
    assert expected_test(module).is_file(), f"{expected_test(module).relative_to(ROOT)} is missing"


@pytest.mark.parametrize("folder", ["medae", "tests"])
def test_no_file_is_long(folder: str) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert not {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_LINES}
