"""Images out of codes: along principal directions, between two slices, and sampled from the prior."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch  # noqa: TID253
from numpy.typing import NDArray

from medae.errors import SettingsError
from medae.latent.codes import BATCH, LatentSpace
from medae.latent.projection import Projection

MOST_IMAGES = 64
"""Images that are decoded at once."""


def why_not_decoded(space: LatentSpace) -> str:
    """Say why images cannot be made from the codes of a space; empty where they can."""
    family = space.model.family
    if not family.FROM_CODE:
        return (
            f"The {family.TITLE.lower()} model {space.model.info.name} rebuilds images with details that skip the "
            "code, so no image can be made from a code alone. Choose a model of another family."
        )
    if not space.code_shape:
        return (
            "The codes were averaged over the image, so no image can be made from them. "
            "Open series of one size, or choose a model of whole slices."
        )
    return ""


def why_not_sampled(space: LatentSpace) -> str:
    """Say why images cannot be sampled from the prior; empty where they can."""
    if not space.model.family.HAS_PRIOR:
        return (
            f"The codes of the {space.model.family.TITLE.lower()} family follow no known distribution, so there is "
            "no prior to sample from. Train a variational model for that, or sample from a normal distribution fitted "
            "to these slices."
        )
    return why_not_decoded(space)


@torch.inference_mode()
def decode(space: LatentSpace, codes: NDArray[np.floating]) -> NDArray[np.float32]:
    """(m, d) codes to (m, rows, columns) network values; the middle slice of blocks.

    Raises
    ------
    SettingsError
        If the model makes no images from codes.
    """
    if problem := why_not_decoded(space):
        raise SettingsError(problem)
    model = space.model
    images = []
    for start in range(0, len(codes), BATCH):
        batch = torch.from_numpy(np.asarray(codes[start : start + BATCH], np.float32))
        decoded = model.family.decode(model.network, batch.reshape(-1, *space.code_shape).to(model.device.name))
        decoded = decoded[:, 0] if decoded.ndim == 4 else decoded[:, 0, decoded.shape[2] // 2]
        images.append(decoded.float().cpu().numpy())
    return np.concatenate(images)


def along(
    space: LatentSpace, projection: Projection, start: int | None, deviations: Sequence[float]
) -> NDArray[np.float32]:
    """Decode a code that is moved along principal directions.

    Parameters
    ----------
    space, projection
        The points and their principal components.
    start
        Point to start from; None for the mean of all points.
    deviations
        How far to move along each direction, widest first, in standard deviations of the points along it.

    Returns
    -------
    NDArray
        (rows, columns) network values.
    """
    count = len(deviations)
    if count > len(projection.directions):
        raise SettingsError(f"there are only {len(projection.directions)} directions to move along, not {count}")
    code = projection.mean if start is None else space.codes[checked(space, start)].astype(np.float64)
    steps = np.asarray(deviations, np.float64) * projection.deviation[:count]
    return decode(space, (code + steps @ projection.directions[:count])[None])[0]


def between(space: LatentSpace, first: int, second: int, shares: Sequence[float]) -> NDArray[np.float32]:
    """Decode codes on the straight line between two points.

    Of a VAE these are the means μ. The line is straight, not spherical: means do not lie on a sphere as samples of
    a prior of many dimensions do, and unused dimensions of a VAE stay unused along it.

    Parameters
    ----------
    first, second
        Points.
    shares
        0 for the first point, 1 for the second.

    Returns
    -------
    NDArray
        (len(shares), rows, columns) network values.
    """
    a, b = (space.codes[checked(space, point)].astype(np.float64) for point in (first, second))
    share = np.asarray(shares, np.float64)[:, None]
    return decode(space, (1 - share) * a + share * b)


def sample(
    space: LatentSpace, count: int, seed: int = 0, source: Literal["prior", "fitted"] = "prior"
) -> NDArray[np.float32]:
    """Decode codes that are drawn at random; the same for the same seed.

    Parameters
    ----------
    count
        How many images.
    source
        ``"prior"``: N(0, I), which the codes of a VAE are trained to follow. ``"fitted"``: the normal distribution
        with the mean and covariance of the points, for every family (Ghosh et al., "From variational to
        deterministic autoencoders", ICLR 2020); how far the two differ tells how well the prior is met.

    Returns
    -------
    NDArray
        (count, rows, columns) network values.

    Raises
    ------
    SettingsError
        If the prior is asked for where the family has none.
    """
    if problem := why_not_sampled(space) if source == "prior" else why_not_decoded(space):
        raise SettingsError(problem)
    if not 1 <= count <= MOST_IMAGES:
        raise SettingsError(f"between 1 and {MOST_IMAGES} images can be sampled, not {count}")
    random = np.random.default_rng(seed)
    if source == "prior":
        return decode(space, random.standard_normal((count, space.codes.shape[1])))
    mean = space.codes.mean(axis=0, dtype=np.float64)
    weights = random.standard_normal((count, len(space))) / np.sqrt(max(len(space) - 1, 1))
    return decode(space, mean + weights @ (space.codes - mean))


def checked(space: LatentSpace, point: int) -> int:
    """Give back the index of a point.

    Raises
    ------
    SettingsError
        If there is no such point.
    """
    if not 0 <= point < len(space):
        raise SettingsError(f"there is no point {point}; the map has {len(space)} points, counted from 0")
    return point
