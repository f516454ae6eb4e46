"""What goes into the bundle."""

import importlib.util
from pathlib import Path

import pytest

from medae.exporters import EXPORTERS
from medae.families import FAMILIES
from medae.readers import READERS


def test_every_library_of_the_project_comes_along() -> None:
    import contents

    names = {one.metadata["Name"].lower().replace("_", "-") for one in contents.runtime_distributions()}
    assert {"medae", "torch", "pydicom", "highdicom", "pyside6-essentials", "shiboken6", "pillow"} <= names
    assert not names & {"pytest", "ruff", "pyinstaller", "grpcio", "openvino-telemetry"}


def test_decoders_that_are_found_by_entry_points_are_named() -> None:
    import contents

    assert {"openjpeg", "rle"} <= set(contents.plug_in_modules(contents.runtime_distributions()))


@pytest.mark.parametrize(
    "name",
    [
        "torch/bin/protoc",
        "reportlab/fonts/DarkGardenMK.pfb",
        "torch/lib/libtorchbind_test.so",
        "torch/include/ATen/ATen.h",
        "sklearn/cluster/tests/test_k_means.py",
        "PySide6/Qt/translations/qt_de.qm",
        "libQt6Pdf.so.6",
        "openvino/libs/libopenvino_intel_gpu_plugin.so",
    ],
)
def test_what_is_not_used_is_dropped(name: str) -> None:
    import contents

    assert contents.is_dropped(name)


@pytest.mark.parametrize(
    "name",
    [
        "torch/lib/libtorch_cpu.so",
        "reportlab/fonts/Vera.ttf",
        "torch/bin/torch_shm_manager",
        "torch/testing/_internal/__init__.py",
        "torch/distributed/distributed_c10d.py",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "openvino/libs/libopenvino_intel_cpu_plugin.so",
        "openvino/libs/libopenvino_pytorch_frontend.so.2641",
        "medae/resources/models/ct-denoise/models/model.safetensors",
        "medae/resources/samples/codecs/1.2.840.10008.1.2.5.dcm",
        "highdicom/_icc_profiles/sRGB_v4_ICC_preference.icc",
    ],
)
def test_what_is_used_is_kept(name: str) -> None:
    import contents

    assert not contents.is_dropped(name)


def test_only_libraries_at_the_top_are_the_systems() -> None:
    import contents

    assert contents.is_system_library("libglib-2.0.so.0")
    assert contents.is_system_library("libstdc++.so.6")
    assert not contents.is_system_library("libxcb-cursor.so.0")  # rarely installed, and small
    assert not contents.is_system_library("libQt6Core.so.6")
    assert not contents.is_system_library("scikit_learn.libs/libgcc_s.so.1")


def test_nothing_that_medae_imports_is_excluded() -> None:
    import contents

    sources = "\n".join(path.read_text("utf-8") for path in Path("medae").rglob("*.py"))
    lazily = {"dask", "distributed", "umap", "openvino_telemetry", "pyarrow"}  # optional, or kept away on purpose
    for name in contents.EXCLUDED_MODULES:
        if name not in lazily:
            assert f"import {name}" not in sources
            assert f"from {name} " not in sources


def test_extension_lists_are_imported_by_name_and_so_seen_by_pyinstaller() -> None:
    for entries in (EXPORTERS, FAMILIES, READERS):
        for module in entries.values():
            assert importlib.util.find_spec(module.__name__)
