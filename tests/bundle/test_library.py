"""The library: removing, comparing, and how figures read."""

from dataclasses import replace
from pathlib import Path

import pytest

from medae import bundle
from medae.bundle.library import figure, metrics, origin, size_text
from medae.errors import ModelError


def test_a_model_of_ones_own_goes(info: bundle.BundleInfo) -> None:
    bundle.remove_bundle("test-model")
    assert list(bundle.user_models_folder().iterdir()) == []
    with pytest.raises(ModelError, match="no model named"):
        bundle.find("test-model")


def test_damaged_ones_go_too(info: bundle.BundleInfo) -> None:
    (info.folder / "configs" / "metadata.json").unlink()
    bundle.remove_bundle("test-model")
    assert not info.folder.exists()


def test_shipped_models_stay() -> None:
    shipped = next(info for info in bundle.bundles() if info.shipped)
    with pytest.raises(ModelError, match="came with MedAE and stays"):
        bundle.remove_bundle(shipped.name)
    bundle.verify(shipped)


@pytest.mark.parametrize("name", ["..", ".", "../models", "", "nothing"])
def test_nothing_else_can_be_removed(info: bundle.BundleInfo, name: str) -> None:
    with pytest.raises(ModelError):
        bundle.remove_bundle(name)
    bundle.verify(info)


def test_folders_elsewhere_stay(info: bundle.BundleInfo, tmp_path: Path) -> None:
    info.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="not in the library"):
        bundle.remove_bundle(str(tmp_path / "elsewhere"))
    assert (tmp_path / "elsewhere").is_dir()


def test_only_the_link_goes_where_the_model_is_a_link(info: bundle.BundleInfo, tmp_path: Path) -> None:
    info.folder.rename(tmp_path / "elsewhere")
    info.folder.symlink_to(tmp_path / "elsewhere")
    bundle.remove_bundle("test-model")
    assert not info.folder.exists()
    assert (tmp_path / "elsewhere" / "models").is_dir()


def test_models_stand_side_by_side(info: bundle.BundleInfo) -> None:
    other = replace(info, name="other", task="anomaly", metrics={"auroc": 0.91234}, training={"device": "GPU"})
    rows = dict(bundle.compare([info, other]))
    assert rows["Task"] == ("denoise", "anomaly")
    assert rows["Parameters"] == ("1,234", "")
    assert rows["psnr, denoised"] == ("25.2", "")
    assert rows["auroc"] == ("", "0.9123")
    assert rows["Scans learnt from"] == ("3", "")
    assert rows["Trained on"] == ("", "GPU")
    assert "Patients held out" not in rows


def test_origins_are_told_apart(info: bundle.BundleInfo) -> None:
    assert origin(info) == "you"
    assert origin(replace(info, shipped=True)) == "MedAE"
    assert origin(replace(info, origin="a.zip")) == "imported (a.zip)"


def test_nested_metrics_are_one_line_each() -> None:
    assert list(metrics({"psnr_db": {"noisy": 20, "denoised": {"mean": 30.123456}}, "n": None})) == [
        ("psnr db, noisy", "20"),
        ("psnr db, denoised, mean", "30.12"),
        ("n", ""),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (0.000123456, "0.0001235"),
        (12345.6, "12,346"),
        (True, "yes"),
        (None, ""),
        ([1, 2.5], "1, 2.5"),
        (list(range(9)), "0, 1, 2, 3, 4, 5 …"),
        ("text", "text"),
    ],
)
def test_figures_read_well(value: object, text: str) -> None:
    assert figure(value) == text


def test_sizes_read_well() -> None:
    assert [size_text(n) for n in (0, 512, 4_200_000)] == ["", "0.5 kB", "4.2 MB"]
