from pathlib import Path

import numpy as np
import pytest

from medae.bundle import resources_folder
from medae.cli import self_test_codecs
from medae.cli.doctor import CODECS
from medae.cli.self_test_codecs import SYNTAXES, check_codecs, sample_image


def test_every_syntax_has_its_sample_and_is_decoded() -> None:
    checks = list(check_codecs())
    assert len(checks) == len(SYNTAXES)
    assert [check for check in checks if not check.ok] == []
    samples = {path.stem for path in (resources_folder() / "samples" / "codecs").iterdir()}
    assert samples == {syntax.uid for syntax in SYNTAXES}
    assert set(CODECS.values()) <= samples


def test_the_sample_uses_the_bits_it_says() -> None:
    for bits in (8, 12):
        image = sample_image(bits)
        assert 2 ** (bits - 1) < image.max() < 2**bits
        assert image.min() < 2 ** (bits - 2)


def test_a_decoder_that_gives_something_else_or_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(self_test_codecs, "sample_image", lambda bits: sample_image(bits) + np.uint16(300))
    assert not any(check.ok for check in check_codecs())
    monkeypatch.setattr("medae.bundle.resources_folder", lambda: tmp_path)
    lines = list(check_codecs())
    assert not any(line.ok for line in lines)
    assert "cannot be read (FileNotFoundError" in lines[0].value
