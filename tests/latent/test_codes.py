from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from medae import readers
from medae.errors import Cancelled, ModelError, ReadError
from medae.inference import detect
from medae.latent.codes import LatentSpace, LoadedModel, encode
from medae.latent.traversal import decode


def test_one_point_per_slice(space: LatentSpace) -> None:
    assert space.codes.shape == (len(space), 8)
    assert space.code_shape == (8,)
    assert len(space.sources) == 2
    assert len(set(zip(space.series, space.slices, strict=True))) == len(space)
    first = space.positions[space.series == 0]
    assert np.allclose(np.abs(np.diff(first)), 12.0) or np.allclose(np.abs(np.diff(first)), 15.0)


def test_codes_are_what_the_network_gives(space: LatentSpace) -> None:
    """μ of the image that is kept, and its error is that of the reconstruction."""
    model = space.model
    image = torch.from_numpy(space.images[3].astype(np.float32))[None, None]
    with torch.inference_mode():
        code = model.network.posterior(image)[0][0].numpy()
        output = model.network(image)[0, 0].numpy()
    assert np.allclose(space.codes[3], code, atol=2e-3)
    assert space.error[3] == pytest.approx(float(((output - image[0, 0].numpy()) ** 2).mean()), rel=0.02)
    assert np.allclose(space.reconstructions[3], output, atol=2e-3)


def test_encoding_is_deterministic(space: LatentSpace, vae: LoadedModel, heads: Path) -> None:
    assert np.array_equal(encode((heads,), vae, "MR").codes, space.codes)


def test_score_without_calibration_is_of_the_error(space: LatentSpace) -> None:
    assert np.array_equal(np.argsort(space.score), np.argsort(space.error))
    assert abs(np.median(space.score)) < 1e-6
    assert "reconstruction error" in space.score_is


def test_other_modalities_are_left_out_with_the_reason(vae: LoadedModel, heads: Path) -> None:
    """A NIfTI file does not say what it is."""
    found = encode((heads,), vae)
    assert len(found.sources) == 1
    assert any("unknown modality" in note for note in found.notes)
    with pytest.raises(ReadError, match="for MR"):
        encode((heads / "t2.nii.gz",), vae, "CT")


def test_spatial_codes_are_flat_where_sizes_agree_and_pooled_where_not(
    make_model: Callable[..., str], heads: Path
) -> None:
    model = LoadedModel.load(make_model("convolutional", settings={"whole_slices": True, "patch_size": 32}), "cpu")
    found = encode((heads,), model, "MR")
    assert found.codes.shape[1] == np.prod(found.code_shape)
    assert len(found.code_shape) == 3
    model = LoadedModel.load(make_model("convolutional", settings={"pixel_spacing": 8.0}), "cpu")
    found = encode((heads,), model, "MR")  # of any size: the same for all series
    assert len(found.code_shape) == 3
    assert found.images.shape[1:] == (32, 32)
    model = LoadedModel.load(make_model("denoising", settings={}, features=(8, 16), blocks=1), "cpu")
    found = encode((heads,), model, "MR")
    assert found.code_shape == ()
    assert found.codes.shape[1] == 16


def test_blocks_of_a_model_in_three_dimensions(make_model: Callable[..., str], heads: Path) -> None:
    name = make_model(
        window=(4, 32, 32), settings={"pixel_spacing": 2.0}, spatial_dims=3, latent_size=8, features=(4, 8)
    )
    found = encode((heads,), LoadedModel.load(name, "cpu"), "MR")
    assert found.codes.shape == (len(found), 8)
    assert found.images.shape[1:] == (32, 32)
    t1 = next(n for n, source in enumerate(found.sources) if len(source.paths) == 8)
    assert set(found.slices[found.series == t1]) == {2, 6}
    assert decode(found, found.codes[:2]).shape == (2, 32, 32)
    assert np.allclose(decode(found, found.codes[:2]), found.reconstructions[:2], atol=2e-3)


def test_a_calibrated_model_gives_the_score_of_its_anomaly_map(make_model: Callable[..., str], heads: Path) -> None:
    table = {"middle": ((0.0,),), "below": ((0.1,),), "above": ((0.1,),)}
    calibration = {
        "intensity_edges": (),
        "gradient_edges": (),
        "tables": {"residual": table},
        "mix": {"residual": 1.0},
    }
    settings = {"pixel_spacing": 8.0, "whole_slices": True, "calibration": calibration}
    name = make_model(task="anomaly", settings=settings, latent_size=8, features=(4, 8))
    found = encode((heads / "t1",), LoadedModel.load(name, "cpu"))
    scores = detect(readers.open_volume(heads / "t1"), name, "cpu").volume.array
    assert np.allclose(found.score, [np.abs(scores[k]).max() for k in found.slices])
    assert found.score.max() > 0
    assert "anomaly map" in found.score_is


def test_long_series_are_thinned_evenly_and_that_is_said(
    vae: LoadedModel, heads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medae.latent.codes.MOST_POINTS", 4)
    found = encode((heads / "t1",), vae)
    assert len(found) == 4
    assert any("4 of" in note for note in found.notes)


def test_it_can_be_cancelled(vae: LoadedModel, heads: Path) -> None:
    def report(fraction: float, message: str = "", /) -> None:
        if "Encoding" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        encode((heads,), vae, "MR", report)


def test_an_unknown_model_is_named(heads: Path) -> None:
    with pytest.raises(ModelError, match="nonsense"):
        LoadedModel.load("nonsense")
