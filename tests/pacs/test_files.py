"""Which files are sent when a folder is named."""

import shutil
from pathlib import Path

from medae.pacs.files import dicom_files


def test_dicom_files_below_a_folder_once_and_in_order(series: tuple[Path, ...], tmp_path: Path) -> None:
    for path in series[:3]:
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / "empty.dcm").touch()
    (tmp_path / ".hidden").mkdir()
    shutil.copy(series[3], tmp_path / ".hidden" / "x.dcm")
    shutil.copy(series[3], tmp_path / "DICOMDIR")
    found, others = dicom_files([tmp_path, tmp_path / "0001.dcm"])
    assert [path.name for path in found] == ["0001.dcm", "0002.dcm", "0003.dcm"]
    assert others == 3
    assert dicom_files([tmp_path / "absent.dcm"]) == ((), 1)
