"""The autoencoder families. To add one: write its file, list it here."""

from medae.families import denoising
from medae.families.family import Batch, Family, Options, Task

FAMILIES: dict[str, Family] = {"denoising": denoising}

__all__ = ["FAMILIES", "Batch", "Family", "Options", "Task"]
