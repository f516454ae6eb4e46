"""The autoencoder families. To add one: write its file, list it here."""

from medae.families import contractive, convolutional, denoising, sparse, undercomplete, variational
from medae.families.family import Batch, Family, Options, Task

FAMILIES: dict[str, Family] = {
    "undercomplete": undercomplete,
    "sparse": sparse,
    "contractive": contractive,
    "denoising": denoising,
    "convolutional": convolutional,
    "variational": variational,
}

__all__ = ["FAMILIES", "Batch", "Family", "Options", "Task"]
