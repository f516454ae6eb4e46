from pathlib import Path

import pytest

from medae.errors import SettingsError
from medae.families import FAMILIES
from medae.readers import Scan
from medae.runs import Run
from medae.training.defaults import SIZES, checked_options, recipe_for
from medae.training.memory import sketch, training_mb
from medae.volume import Source


def scanned(*sources: Source) -> dict[Path, Scan]:
    return {Path("data"): Scan(sources)}


def source(name: str, modality: str = "MR", shape=(20, 256, 240), spacing=(4.0, 0.9, 0.9)) -> Source:
    return Source(paths=(Path("data") / name,), reader="nifti", modality=modality, shape=shape, spacing=spacing)


MR = scanned(source("a"), source("b"), source("c", spacing=(3.0, 1.0, 1.0)))


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_and_size_gives_a_network_that_fits_its_patches(family, size) -> None:
    recipe = recipe_for(family, MR, size=size)
    chosen, options = checked_options(family, recipe.options)
    network = sketch(chosen.network_def(options, recipe.patch(2)))
    assert recipe.task == chosen.TASKS[0]
    assert recipe.whole_slices is (network.window is not None)
    assert all(side % network.stride == 0 for side in recipe.patch(2))
    assert training_mb(network, recipe.batch_size, recipe.patch(2)) <= 2000


@pytest.mark.parametrize("family", FAMILIES)
def test_larger_sizes_have_more_parameters_and_train_longer(family) -> None:
    assert set(SIZES[family]) == {"small", "medium", "large"}
    recipes = [recipe_for(family, MR, size=size) for size in ("small", "medium", "large")]
    counts = []
    for recipe in recipes:
        chosen, options = checked_options(family, recipe.options)
        network = sketch(chosen.network_def(options, recipe.patch(2)))
        counts.append(sum(p.numel() for p in network.parameters()))
    assert counts == sorted(set(counts))
    assert recipes[0].steps < recipes[1].steps < recipes[2].steps


def test_whole_slices_cover_the_usual_field_of_view() -> None:
    recipe = recipe_for("variational", MR)
    assert recipe.pixel_spacing is not None
    assert recipe.patch(2)[0] * recipe.pixel_spacing == pytest.approx(256 * 0.9, rel=0.01)


def test_patches_are_no_larger_than_the_scans() -> None:
    small = scanned(*(source(f"{n}", shape=(9, 70, 60)) for n in range(4)))
    assert recipe_for("convolutional", small).patch(2) == (56, 56)
    assert recipe_for("denoising", small).patch(2) == (56, 56)


def test_blocks_are_no_deeper_than_the_scans() -> None:
    recipe = recipe_for("convolutional", MR, options={"spatial_dims": 3})
    assert recipe.patch(3) == (16, 64, 64)


def test_the_modality_is_that_of_most_slices() -> None:
    mixed = scanned(source("a"), source("b", "CT", (100, 512, 512)), source("c"), source("d_T1.nii.gz", "", (5, 9, 9)))
    assert recipe_for("convolutional", mixed).modality == "CT"
    assert recipe_for("convolutional", mixed, modality="MR").modality == "MR"
    named = scanned(source("x_T1W.nii.gz", ""), source("x_FLAIR.nii.gz", ""))
    assert recipe_for("convolutional", named).modality == "MR"


def test_a_modality_that_nobody_says_is_asked_for() -> None:
    with pytest.raises(SettingsError, match="--modality"):
        recipe_for("convolutional", scanned(source("x.nii.gz", "")))


def test_the_users_options_go_first() -> None:
    recipe = recipe_for("variational", MR, options={"beta": 4.0, "latent_size": 5}, task="anomaly")
    assert (recipe.options["beta"], recipe.options["latent_size"], recipe.task) == (4.0, 5, "anomaly")
    anomaly = recipe_for("denoising", MR, task="anomaly")
    assert (anomaly.options["in_channels"], anomaly.options["epsilon"], anomaly.pixel_spacing) == (1, 0.3, 0.9)
    assert recipe_for("denoising", MR, task="anomaly", options={"epsilon": 0.1}).options["epsilon"] == 0.1


@pytest.mark.parametrize(
    ("family", "arguments", "message"),
    [
        ("nonsense", {}, "the families are"),
        ("variational", {"options": {"latent": 3}}, "latent_size"),
        ("variational", {"options": {"latent_size": -3}}, "greater than or equal to 1"),
        ("variational", {"task": "denoise"}, "reconstruct, anomaly"),
        ("variational", {"name": "Not A Name"}, "name"),
    ],
)
def test_nonsense_is_named(family, arguments, message) -> None:
    with pytest.raises(SettingsError, match=message):
        recipe_for(family, MR, **arguments)


def test_names_are_free() -> None:
    assert recipe_for("sparse", MR).name == "my-sparse-mr"
    Run.named("my-sparse-mr").write("recipe.json", b"{}")
    assert recipe_for("sparse", MR).name == "my-sparse-mr-2"
    assert recipe_for("sparse", MR, name="mine").name == "mine"


def test_the_batch_fits_into_the_memory() -> None:
    roomy, tight = (recipe_for("denoising", MR, size="large", memory_mb=mb) for mb in (100_000, 400))
    assert tight.batch_size < roomy.batch_size
