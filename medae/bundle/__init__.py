"""MONAI bundles: list, choose, verify, read safely, write, import, export.

A bundle is a folder with ``configs/metadata.json``, ``configs/inference.json``, ``models/model.safetensors`` and
``docs/README.md`` (MONAI bundle specification). MONAI's own parser runs ``$`` expressions and any ``_target_``;
here a bundle is data: only ``network_def`` is read, ``_target_`` is looked up in `NETWORKS`, and weights come from
safetensors after their SHA-256 has been compared with the metadata.
"""

from medae.bundle.catalogue import (
    NONE,
    Damaged,
    bundles,
    check_fits,
    choose,
    damaged,
    find,
    find_all,
    fitting,
    resources_folder,
    user_models_folder,
)
from medae.bundle.exports import export_bundle
from medae.bundle.imports import Imported, import_bundle
from medae.bundle.info import TASKS, BundleInfo, read_info
from medae.bundle.library import check_removable, compare, remove_bundle
from medae.bundle.network_def import NETWORKS, build_network
from medae.bundle.weights import file_sha256, load_network, verify
from medae.bundle.write import derive, write

__all__ = [
    "NETWORKS",
    "NONE",
    "TASKS",
    "BundleInfo",
    "Damaged",
    "Imported",
    "build_network",
    "bundles",
    "check_fits",
    "check_removable",
    "choose",
    "compare",
    "damaged",
    "derive",
    "export_bundle",
    "file_sha256",
    "find",
    "find_all",
    "fitting",
    "import_bundle",
    "load_network",
    "read_info",
    "remove_bundle",
    "resources_folder",
    "user_models_folder",
    "verify",
    "write",
]
