import numpy as np
import pytest

from medae.cli import demo
from medae.phantom import head
from medae.results import AnomalyMap


def test_psnr_is_taken_in_the_body() -> None:
    clean = np.zeros((1, 40, 40), np.float32)
    clean[:, 10:30, 10:30] = 100
    noisy = clean.copy()
    noisy[:, 10:30, 10:30] += 10
    assert demo.psnr(noisy, clean) == pytest.approx(20.0)
    noisy[:, :5] = 5000  # air does not count
    assert demo.psnr(noisy, clean) == pytest.approx(20.0)
    assert demo.psnr(clean, clean) == float("inf")


def test_findings_are_counted_against_the_truth() -> None:
    lesions = np.zeros((4, 40, 40), bool)
    lesions[1:3, 5:10, 5:10] = lesions[1:3, 20:25, 20:25] = True
    scores = np.zeros(lesions.shape, np.float32)
    scores[1:3, 6:12, 6:12] = 9  # touches the first lesion
    scores[1:3, 30:36, 30:36] = 8  # touches none
    volume = head("FLAIR", (4, 40, 40), (4.0, 4.0, 4.0)).volume.with_array(scores)
    assert demo.compare_findings(lesions, AnomalyMap(volume, 5.0, "")) == (2, 1, 1)


def test_the_sample_scan_is_noisy_and_has_its_lesions() -> None:
    truth, noisy = demo.make_scan()
    assert noisy.array.dtype == truth.volume.array.dtype
    assert truth.lesions.any()
    assert 15 < demo.psnr(noisy.values(), truth.volume.values()) < 35


def test_a_folder_with_other_files_is_refused(medae, tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = medae("demo", "--no-gui", "--out", tmp_path)
    assert result.exit_code == 1
    assert "--out" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupted_demo_leaves_nothing(medae, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "judge", interrupted)
    monkeypatch.setattr(demo, "make_scan", interrupted)
    assert medae("demo", "--no-gui", "--out", tmp_path / "demo").exit_code == 130
    assert list(tmp_path.iterdir()) == []
