"""Networks of the families, assembled from MONAI's parts. Every one can be rebuilt from a JSON ``network_def``."""

from medae.networks.convolutional_autoencoder import ConvolutionalAutoEncoder
from medae.networks.dense_autoencoder import DenseAutoEncoder
from medae.networks.imported_autoencoder import ImportedAutoEncoder, ImportedVarAutoEncoder
from medae.networks.lesion_unet import LesionUNet
from medae.networks.network import Network, UNet, parameter_count
from medae.networks.residual_unet import ResidualUNet
from medae.networks.variational_autoencoder import VariationalAutoEncoder

__all__ = [
    "ConvolutionalAutoEncoder",
    "DenseAutoEncoder",
    "ImportedAutoEncoder",
    "ImportedVarAutoEncoder",
    "LesionUNet",
    "Network",
    "ResidualUNet",
    "UNet",
    "VariationalAutoEncoder",
    "parameter_count",
]
