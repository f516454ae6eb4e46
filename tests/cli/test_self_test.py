"""``medae doctor --self-test`` on the source tree."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from medae import bundle
from medae.cli import self_test as module
from medae.cli.check import Check
from medae.exporters import EXPORTERS


def test_all_of_it_passes_and_covers_every_model_and_export(medae) -> None:
    result = medae("doctor", "--self-test")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0, result.stdout
    assert lines[-1].endswith("nothing wrong.")
    shipped = [info.name for info in bundle.bundles() if info.shipped]
    for name in [*(f"Model {name}" for name in shipped), *(f"Export {key}" for key in EXPORTERS), "Worker", "Window"]:
        assert any(line.startswith(f"ok    {name}") for line in lines), name


def test_what_fails_is_one_line_and_the_exit_code_says_so(medae, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise RuntimeError("no fonts")

    def few() -> Iterator[Check]:
        yield module.attempt("Window", fail)
        yield module.attempt("Worker process", lambda: "fine")

    monkeypatch.setattr(module, "self_test", few)
    result = medae("doctor", "--self-test")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "WRONG Window: RuntimeError: no fonts",
        "ok    Worker process: fine",
        "2 checks, 1 wrong.",
    ]


def test_altered_weights_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medae.bundle.weights.file_sha256", lambda path: "0" * 64)
    checks = list(module.check_models())
    assert checks
    assert all(check.ok is False and "SHA-256" in check.value for check in checks)


@pytest.mark.parametrize(("name", "content"), [("a.png", b"GIF89a"), ("a.csv", b""), ("a.pdf", b"<html>")])
def test_an_output_that_is_something_else_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        module.read_again(tmp_path / name)


@pytest.mark.parametrize("modality", ["CT", "MR", "XR"])
def test_phantoms_are_noisy_and_small(modality: str) -> None:
    volume = module.phantom_of(modality)
    assert volume.array.size < 40_000
    assert np.ptp(volume.values()) > 0
