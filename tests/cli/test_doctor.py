import json

import pytest

from medae.cli import doctor
from medae.errors import ModelError


def test_a_sound_machine(medae) -> None:
    result = medae("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.exit_code == 0, checks
    for name in ("MedAE", "Python", "torch", "Device", "Engines", "Window", "DICOM JPEG-LS", "DICOM JPEG 2000"):
        assert checks[name]["ok"] is not False
        assert checks[name]["value"]
    assert any(name.startswith("Model ") for name in checks)
    assert "Device" in medae("doctor").stdout


def test_no_display_is_a_note_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medae.gui.system_libraries.window_problem", lambda: "There is no display.")
    assert doctor.check_window() == doctor.Check("Window", "There is no display.", None)


def test_without_openvino_it_is_said_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medae.inference.engines.openvino_problem", lambda: "OpenVINO cannot be loaded (gone)")
    check = doctor.check_engines()
    assert check.ok is None
    assert "torch float32 only: OpenVINO cannot be loaded (gone)" in check.value


def test_a_damaged_model_is_a_fault(medae, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(info: object) -> None:
        raise ModelError("altered")

    monkeypatch.setattr("medae.bundle.verify", refuse)
    result = medae("doctor")
    assert result.exit_code == 1
    assert "altered" in result.stdout
