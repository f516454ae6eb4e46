"""Models: found, chosen, compared with what they are to do."""

from dataclasses import replace

import pytest

from medae import bundle
from medae.errors import ModelError, UnsupportedVolume
from medae.settings import Settings
from tests.bundle.conftest import DEFINITION, metadata


def test_what_was_written_is_found(info: bundle.BundleInfo) -> None:
    assert bundle.find("test-model") == info
    assert bundle.choose("denoise", "NM").name == "test-model"
    assert bundle.find(str(info.folder)).name == "test-model"


def test_the_model_of_the_settings_goes_before_the_shipped_and_that_before_ones_own() -> None:
    state = bundle.build_network(DEFINITION).state_dict()
    bundle.write(bundle.user_models_folder() / "my-mr", state, DEFINITION, metadata(modality="MR"), "# Card")
    assert bundle.choose("denoise", "MR").name == "mr-denoise"
    Settings().with_model("denoise", ["MR"], "my-mr").save()
    assert bundle.choose("denoise", "MR").name == "my-mr"
    assert bundle.choose("denoise", "CT").name == "ct-denoise"
    Settings().with_model("denoise", ["MR"], "removed-since").save()
    assert bundle.choose("denoise", "MR").name == "mr-denoise"


def test_a_damaged_bundle_is_left_out_of_the_list_and_explained_by_name(info: bundle.BundleInfo) -> None:
    (info.folder / "configs" / "metadata.json").write_text("{")
    assert "test-model" not in [found.name for found in bundle.bundles()]
    with pytest.raises(ModelError, match="damaged"):
        bundle.find("test-model")


def test_unknown_names_and_modalities_are_explained() -> None:
    with pytest.raises(ModelError, match="no model named"):
        bundle.find("nothing-of-the-kind")
    with pytest.raises(UnsupportedVolume, match="NM"):
        bundle.choose("denoise", "NM")
    with pytest.raises(UnsupportedVolume, match="--modality"):
        bundle.choose("denoise", "")


@pytest.mark.parametrize(
    ("is_for", "asked", "sentence"),
    [
        ("denoise", "anomaly", "denoises, it does not map anomalies"),
        ("anomaly", "denoise", "maps anomalies, it does not denoise"),
        ("reconstruct", "denoise", "reconstructs images for features and compression, it does not denoise"),
        ("reconstruct", "anomaly", "for features and compression, it does not map anomalies"),
        ("denoise", "reconstruct", "denoises, it does not reconstruct images"),
    ],
)
def test_a_model_for_something_else_is_refused(info: bundle.BundleInfo, is_for: str, asked: str, sentence: str) -> None:
    with pytest.raises(UnsupportedVolume, match=sentence):
        bundle.check_fits(replace(info, task=is_for), asked, "NM")


def test_another_modality_is_refused(info: bundle.BundleInfo) -> None:
    bundle.check_fits(info, "denoise", "NM")
    with pytest.raises(UnsupportedVolume, match="is for NM, this scan is CT"):
        bundle.check_fits(info, "denoise", "CT")
    with pytest.raises(UnsupportedVolume, match="--modality"):
        bundle.check_fits(info, "denoise", "")


@pytest.mark.parametrize("shipped", [i.name for i in bundle.bundles() if i.shipped])
def test_every_shipped_model_verifies_and_has_a_card(shipped: str) -> None:
    found = bundle.find(shipped)
    bundle.verify(found)
    assert "Research use only" in found.card.read_text("utf-8")
    assert found.licence


def test_models_for_ct_and_mr_are_shipped() -> None:
    for task in ("denoise", "anomaly"):
        for modality in ("CT", "MR"):
            assert bundle.choose(task, modality).shipped


def test_damaged_folders_are_listed_with_their_reason(info: bundle.BundleInfo) -> None:
    root = info.folder.parent
    (root / "no-metadata").mkdir()
    (root / "copied" / "configs").mkdir(parents=True)
    (root / "copied" / "models").mkdir()
    for name in ("metadata.json", "inference.json"):
        (root / "copied" / "configs" / name).write_text((info.folder / "configs" / name).read_text())
    (root / "copied" / "models" / "model.pt").write_bytes(b"")
    (root / "no-weights" / "configs").mkdir(parents=True)
    (root / "no-weights" / "configs" / "metadata.json").write_text(
        (info.folder / "configs" / "metadata.json").read_text()
    )
    reasons = {one.name: one.reason for one in bundle.damaged()}
    assert reasons.keys() == {"no-metadata", "copied", "no-weights"}
    assert "no configs/metadata.json" in reasons["no-metadata"]
    assert "medae models import" in reasons["copied"]
    assert "missing" in reasons["no-weights"]
    assert "test-model" in [one.name for one in bundle.bundles()]
    with pytest.raises(ModelError, match=r"copied cannot be used.*model\.pt"):
        bundle.find("copied")


@pytest.mark.parametrize(("file", "text"), [("metadata.json", '"cook"'), ("inference.json", '"os.system"')])
def test_unknown_tasks_and_networks_count_as_damaged(info: bundle.BundleInfo, file: str, text: str) -> None:
    path = info.folder / "configs" / file
    old = '"denoise"' if file == "metadata.json" else '"medae.networks.ResidualUNet"'
    path.write_text(path.read_text().replace(old, text))
    assert [text.strip('"') in one.reason for one in bundle.damaged()] == [True]
