"""README's first command, without the window."""

import json
import shutil
import subprocess

import pytest


@pytest.mark.timeout(300)
def test_the_demo_goes_all_the_way(medae, tmp_path) -> None:
    out = tmp_path / "medae-demo"
    done = medae("demo", "--no-gui", "--out", out)
    assert done.returncode == 0, done.stderr
    for text in ("PSNR", "Lesions found", str(out), "not for diagnosis"):
        assert text in done.stdout
    record = json.loads((out / "demo.json").read_text())
    assert record["psnr_after"] > record["psnr_before"] + 1
    assert record["lesions"] == 3
    for name in ("head_heatmap.dcm", "head_heatmap.png", "head_denoised.png", "head_findings.json"):
        assert (out / name).stat().st_size > 0
    for folder in ("scan", "head_denoised", "head_heatmap_sc"):
        assert len(list((out / folder).glob("*.dcm"))) == 24
    assert [path.name for path in tmp_path.iterdir()] == ["medae-demo"]
    assert_valid_dicom(
        out / "head_denoised" / "0001.dcm", out / "head_heatmap.dcm", out / "head_heatmap_sc" / "0001.dcm"
    )


def assert_valid_dicom(*paths) -> None:
    program = shutil.which("dciodvfy")
    if program is None:
        return
    for path in paths:
        verdict = subprocess.run([program, "-new", str(path)], capture_output=True, text=True, check=False).stderr
        assert not [line for line in verdict.splitlines() if line.startswith("Error")], path.name
