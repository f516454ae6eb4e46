"""Networks that MONAI lacks, assembled from MONAI's parts. Every one can be rebuilt from a JSON ``network_def``."""

from medae.networks.network import Network, parameter_count
from medae.networks.residual_unet import ResidualUNet

__all__ = ["Network", "ResidualUNet", "parameter_count"]
