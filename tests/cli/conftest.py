"""Small scans on disk, and a way to run commands in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medae.phantom import head, write_dicom, write_nifti

SHAPE = (3, 48, 40)
SPACING = (5.0, 4.0, 4.0)


@pytest.fixture
def medae() -> Callable:
    """Run ``medae ARGUMENTS``; gives exit_code, stdout and stderr."""
    from medae.cli.app import app

    def run(*arguments: object):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture(scope="session")
def _scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    write_dicom(head("T1", SHAPE, SPACING).volume, folder / "t1", series_number=4)
    write_nifti(head("FLAIR", SHAPE, SPACING).volume, folder / "flair.nii.gz")
    return folder


@pytest.fixture
def series(_scans: Path) -> Path:
    """A DICOM series of three slices; not to be changed."""
    return _scans / "t1"


@pytest.fixture
def nifti(_scans: Path) -> Path:
    """A NIfTI file; not to be changed."""
    return _scans / "flair.nii.gz"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two DICOM series and two broken files."""
    folder = tmp_path / "tree"
    paths = write_dicom(head("T1", SHAPE, SPACING).volume, folder / "one")
    write_dicom(head("T2", SHAPE, SPACING).volume, folder / "two")
    (folder / "notes.txt").write_text("not an image")
    (folder / "cut.dcm").write_bytes(paths[0].read_bytes()[:700])
    return folder
