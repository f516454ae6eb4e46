from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medae.errors import SettingsError
from medae.latent.codes import LatentSpace, LoadedModel, encode
from medae.latent.projection import principal_components
from medae.latent.traversal import along, between, decode, sample


def test_standing_still_is_the_reconstruction(space: LatentSpace) -> None:
    projection = principal_components(space.codes)
    still = along(space, projection, 4, (0.0, 0.0))
    assert np.allclose(still, space.reconstructions[4], atol=2e-3)


def test_a_step_is_so_many_deviations(space: LatentSpace) -> None:
    projection = principal_components(space.codes)
    moved = along(space, projection, None, (0.0, 1.5))
    code = projection.mean + 1.5 * projection.deviation[1] * projection.directions[1]
    assert np.array_equal(moved, decode(space, code[None])[0])
    assert not np.allclose(moved, along(space, projection, None, (0.0, 0.0)))
    with pytest.raises(SettingsError, match="directions"):
        along(space, projection, None, (0.0,) * 50)


def test_the_line_begins_and_ends_at_its_points(space: LatentSpace) -> None:
    images = between(space, 1, 6, (0.0, 0.5, 1.0))
    assert np.allclose(images[0], space.reconstructions[1], atol=2e-3)
    assert np.allclose(images[2], space.reconstructions[6], atol=2e-3)
    with pytest.raises(SettingsError, match="no point 999"):
        between(space, 1, 999, (0.5,))


def test_samples_repeat_with_their_seed(space: LatentSpace) -> None:
    images = sample(space, 10, seed=3)
    assert images.shape == (10, 32, 32)
    assert np.array_equal(images, sample(space, 10, seed=3))
    assert not np.allclose(images[0], images[1])
    assert not np.array_equal(images, sample(space, 10, seed=4))


def test_families_that_cannot_say_why(make_model: Callable[..., str], heads: Path) -> None:
    unet = LoadedModel.load(make_model("denoising", settings={}, features=(8, 16), blocks=1), "cpu")
    with pytest.raises(SettingsError, match="skip the code"):
        decode(encode((heads,), unet, "MR"), np.zeros((1, 16)))
    plain = encode((heads,), LoadedModel.load(make_model("undercomplete"), "cpu"), "MR")
    assert decode(plain, plain.codes[:1]).shape == (1, 32, 32)
    with pytest.raises(SettingsError, match="no prior to sample"):
        sample(plain, 4)
    assert sample(plain, 4, source="fitted").shape == (4, 32, 32)


def test_fitted_samples_spread_like_the_points(space: LatentSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medae.latent.traversal.decode", lambda space, codes: codes)
    monkeypatch.setattr("medae.latent.traversal.MOST_IMAGES", 20_000)
    drawn = sample(space, 20_000, source="fitted")
    assert np.allclose(drawn.mean(axis=0), space.codes.mean(axis=0), atol=0.02)
    assert np.allclose(np.cov(drawn.T), np.cov(space.codes.T), atol=0.03 * np.cov(space.codes.T).max())
