"""Synthetic lesions, put into patches for anomaly models to take out, and to tell.

Pieces blended from elsewhere (Tan et al., "Detecting outliers with foreign patch interpolation", MELBA 2022), brighter
and darker blobs that keep the texture below them or replace it, and tissue pushed aside.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.training.noise import gaussian_blur, smooth_field
from medae.training.sample import Draw, Patch

Box = tuple[slice, slice, slice]
Range = tuple[float, float]
"""Least and greatest."""


@dataclass(frozen=True, slots=True)
class Look:
    """What lesions of a kind look like.

    Attributes
    ----------
    radii_mm, contrasts
        Smallest and largest radius; least and greatest contrast, in network values.
    narrowest
        Least ratio of the short to the long axis in the slice plane.
    ragged, uneven
        How far the outline goes in and out at most, as a share of the radius, and the contrast up and down.
    sharp
        Share with edges as sharp as those of anatomy, for a network that tells lesions. Without them sharp edges told
        anatomy from lesions, and strong lesions with sharp edges were taken for fluid.
    replaced
        Share, of all with displaced tissue among them, that replaces the texture below it rather than keeping it; none
        that is ``like`` another place does.
    like
        Share that is as bright as the tissue at another place, for a network that tells lesions. It takes them for that
        tissue unless it learns where that may be.
    places
        How many places are drawn, for the one where tissue is most even.
    """

    radii_mm: Range
    contrasts: Range
    narrowest: float
    ragged: float
    uneven: float
    sharp: float
    replaced: float
    like: float
    places: int


ANY = Look((1.5, 20.0), (0.03, 0.5), 0.4, 0.6, 0.3, sharp=0.6, replaced=0.2, like=0.5, places=1)
MILD = Look((3.0, 8.0), (0.04, 0.12), 0.7, 0.2, 0.0, sharp=1.0, replaced=0.0, like=0.0, places=4)
"""So faint that only a round, even spot in even tissue is told from anatomy. When faint lesions had any shape and lay
anywhere, ends of sulci were as likely to be one."""

PASTED, PUSHED = 0.2, 0.1
"""Shares of the lesions that are pieces from elsewhere, and tissue pushed aside."""
PLAIN = 1 / 3
"""Share of the lesions with a smooth outline, and of those as even as tissue: neither must tell lesions."""
BLUR = (0.5, 1.5)
"""Least and greatest standard deviation, in pixels, of the Gaussian that softens a lesion."""
SHARP_EDGE, SHARP_BLUR = (1.0, 1.5), (0.1, 0.5)
"""Pixels over which sharp edges go, and what softens them."""
THIRDS = (-1 / 3, 0.0, 1 / 3)
"""Where in the thickness of a slice of a block a lesion is looked at."""
AROUND = (1, 4, 4)
"""Slices, rows and columns on either side of a place by which tissue is even or not."""


def put_lesion(
    images: Tensor, changed: Tensor, patch: Patch, inside: Tensor, draw: Draw, look: Look, *, told: bool
) -> None:
    """Put one lesion into a patch, or none where the patch has no body.

    Parameters
    ----------
    images
        (S, H, W) float32 network values of the patch as they have become; changed here.
    changed
        (1, H, W) of the restored slice, or (S, H, W) of a block: how far each voxel is part of a lesion, 0 to 1;
        changed here.
    patch, inside
        The patch, and (n, 3) the voxels of its body, one of which becomes the middle.
    draw, look
        Randomness, and what the lesion looks like.
    told
        For a network that tells lesions: brighter or darker as a whole, never displaced tissue, and in a slice with
        neighbours it may end among them.
    """
    placed = _blob(patch, inside, draw, look, told=told)
    if placed is None:
        return
    blob, box = placed
    like = told and draw.random.random() < look.like
    level = float(patch.restored(images)[tuple(_one_of(inside, draw.random))]) if like else None
    images[box] = _with_lesion(images[box], blob, patch.body[box], draw, look, level, displaced=not told)
    changed[box] = torch.maximum(changed[box], patch.restored(blob))


def _with_lesion(
    image: Tensor, blob: Tensor, body: Tensor, draw: Draw, look: Look, level: float | None, *, displaced: bool
) -> Tensor:
    """Make one lesion in (S, H, W) where the soft mask ``blob`` is: tissue ``displaced`` among others, or none.

    Its contrast is one of the look's, or brings the tissue there to a ``level`` on average.
    """
    random, plane = draw.random, image.shape[-2:]
    size, kind = min(plane), random.uniform(0.0 if displaced else PASTED + PUSHED, 1.0)
    if kind < PASTED:
        shift = tuple(int(s) for s in random.integers(-size // 2, size // 2, size=2))
        pasted = torch.roll(image, shift, (-2, -1))
        return torch.lerp(image, pasted, (blob * float(random.uniform(0.3, 1.0))).expand(image.shape))
    if kind < PASTED + PUSHED:
        return torch.where(body > 0, _pushed(image, blob, float(random.uniform(-6, 6))), image)
    inside = (image * blob).sum() / (blob.sum() * len(image) / len(blob)).clamp(min=1e-6)
    contrast = float(np.exp(random.uniform(*np.log(look.contrasts)))) * (1.0 if random.random() < 0.6 else -1.0)
    if level is not None:
        contrast = float(level - inside)
    texture = 1.0 + _some(look.uneven, random) * (smooth_field(plane, max(4, size // 4), draw.generator)[0] - 0.5)
    if level is not None or kind < 1 - look.replaced:
        return (image + blob * texture * contrast).clamp(min=0)
    replaced = (inside + contrast) * texture + float(random.uniform(0, 0.5)) * (image - inside)
    return torch.lerp(image, replaced, blob.expand(image.shape)).clamp(min=0)


def _one_of(inside: Tensor, random: np.random.Generator) -> Tensor:
    """Draw one of the voxels (n, 3)."""
    return inside[int(random.integers(len(inside)))]


def _some(most: float, random: np.random.Generator) -> float:
    """Draw an amount up to ``most``; 0 for the share `PLAIN`."""
    return most * max(0.0, float(random.uniform(-PLAIN / (1 - PLAIN), 1.0)))


def _pushed(image: Tensor, blob: Tensor, pixels: float) -> Tensor:
    """Push (S, H, W) away from the middle of a blob (or towards it), by at most so many pixels."""
    strength = gaussian_blur(blob.amax(dim=0, keepdim=True)[None], 3.0)[0, 0]
    weight = strength.sum().clamp(min=1e-6)
    rows, columns = strength.shape
    y, x = torch.meshgrid(torch.arange(rows, dtype=torch.float32), torch.arange(columns).float(), indexing="ij")
    dy, dx = y - (strength * y).sum() / weight, x - (strength * x).sum() / weight
    away = strength * pixels / torch.hypot(dy, dx).clamp(min=3.0)
    grid = torch.stack([(x - away * dx) * 2 / (columns - 1) - 1, (y - away * dy) * 2 / (rows - 1) - 1], dim=-1)
    sampled = torch.nn.functional.grid_sample(image[None], grid[None], align_corners=True, padding_mode="border")
    return sampled[0]


def _blob(patch: Patch, inside: Tensor, draw: Draw, look: Look, *, told: bool) -> tuple[Tensor, Box] | None:
    """Soft mask (1, H, W) of one irregular blob, or (s, h, w) in a block, and the box of the patch that it lies in.

    Its middle is one of the voxels ``inside`` the body, (n, 3); None where there are none. In a slice with neighbours
    it goes through all of them, or ends among them if it is ``told``: (S, H, W), its middle above or below the slice.
    """
    random, body = draw.random, patch.body
    size, pixel = min(body.shape[-2:]), patch.spacing[2]
    least, greatest = (radius / pixel for radius in look.radii_mm)
    greatest = max(min(greatest, size / 4), 1.6)
    radius = float(np.exp(random.uniform(np.log(min(least, greatest)), np.log(greatest))))
    if not len(inside):
        return None
    places, deeper = [_one_of(inside, random) for _ in range(look.places)], patch.spacing[0] / pixel
    center = min(places, key=partial(_unevenness, patch)) if len(places) > 1 else places[0]
    box = _box(patch, center, radius * (1 + look.ragged / 2), deeper)
    z, y, x = (
        torch.arange(n, dtype=torch.float32).view([-1 if axis == own else 1 for axis in range(3)]) - center[own]
        for own, n in enumerate(body.shape)
    )
    if told and not patch.is_block and len(patch.clean) > 1:
        above = torch.arange(len(patch.clean), dtype=torch.float32) - len(patch.clean) // 2
        z = above.view(-1, 1, 1) - float(random.uniform(-1, 1)) * radius / deeper
        z = z * float(random.uniform(0.7, 1.4))
    z, y, x = z[box[0]] * deeper, y[:, box[1]], x[..., box[2]]
    plane = y.shape[1], x.shape[2]
    angle, stretch = random.uniform(0, np.pi), random.uniform(look.narrowest, 1.0)
    u, v = x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) / stretch
    cells = max(4, int(min(plane) / (radius + 2)))
    ragged = _some(look.ragged, random) * (smooth_field(plane, cells, draw.generator)[0] - 0.5)
    sharp = told and random.random() < look.sharp
    edge = float(random.uniform(*(SHARP_EDGE if sharp else (1.0, max(1.5, radius)))))
    across, parts = u**2 + v**2, THIRDS if patch.is_block else (0.0,)
    distances = [torch.sqrt(across + (z + part * deeper) ** 2) for part in parts]
    blob = torch.stack([((1.0 - d / radius + ragged) * radius / edge).clamp(0, 1) for d in distances]).mean(dim=0)
    return gaussian_blur(blob[None], float(random.uniform(*(SHARP_BLUR if sharp else BLUR))))[0] * body[box], box


def _unevenness(patch: Patch, place: Tensor) -> float:
    """Give the standard deviation of the patch around a voxel."""
    around = zip(place, AROUND, strict=True)
    return float(patch.clean[tuple(slice(max(0, int(at) - n), int(at) + n + 1) for at, n in around)].std())


def _box(patch: Patch, center: Tensor, radius: float, deeper: float) -> Box:
    """Give the part of a block that a blob around a voxel reaches; of slices, all."""
    if not patch.is_block:
        return slice(None), slice(None), slice(None)
    reach = radius + 4 * BLUR[1]
    sides = (math.ceil(reach / deeper), math.ceil(reach), math.ceil(reach))
    z, y, x = (slice(max(0, int(c) - n), int(c) + n + 1) for c, n in zip(center, sides, strict=True))
    return z, y, x
