"""What goes into the bundle and what does not. Read by `medae.spec`; knows no PyInstaller.

The list of libraries is that of pyproject.toml, followed through the metadata of the build environment: whatever is
added there comes along, with its codec plug-ins, without a change here.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import NamedTuple

from packaging.requirements import Requirement

PLUG_IN_GROUPS = re.compile(r"^pylibjpeg\.|\.plugins$|^keyring\.backends$")
"""Groups of entry points whose modules are only ever imported by name."""

EXCLUDED_MODULES = (
    "IPython", "PyInstaller", "cupy", "dask", "distributed", "matplotlib", "mypy", "nose", "onnx", "pandas", "pip",
    "pytest", "tensorflow", "tkinter", "umap",
    "grpc", "tensorboard_data_server",  # TensorBoard's own server; MedAE only writes its logs
    "openvino_telemetry",  # never loaded: MedAE contacts nobody
    "openvino.tools.benchmark",
    "torch._inductor.codegen", "torch._inductor.kernel", "torch.testing._internal", "torch.utils.benchmark",
    "torch.utils.tensorboard._caffe2_graph",
    "google.protobuf.testdata", "numpy.f2py", "sympy.testing",
    "pyqtgraph.examples", "pyqtgraph.opengl", "pyqtgraph.jupyter",
    "pydicom.data.test_files",
)  # fmt: skip
"""Modules that something imports if it is there, and that MedAE never reaches."""


class Dropped(NamedTuple):
    """Files of the bundle that match ``pattern`` are left out, for this reason."""

    pattern: str
    reason: str


DROPPED = (
    Dropped("*/tests/*", "tests of libraries"),
    Dropped("*/test/*", "tests of libraries"),
    Dropped("*.pyi", "types, for editors"),
    Dropped("*.pxd", "for compilers"),
    Dropped("*.pyx", "for compilers"),
    Dropped("*/include/*", "headers, for compilers"),
    Dropped("*.a", "for linkers"),
    Dropped("*.cmake", "for compilers"),
    Dropped("torch/bin/*", "torch's own tools"),
    Dropped("torch/share/*", "for compilers"),
    Dropped("torch/lib/*test*.so", "torch's own tests"),
    Dropped("torch/lib/libbackend_with_compiler.so", "torch's own tests"),
    Dropped("torch/lib/libaoti_custom_ops.so", "torch's own tests"),
    Dropped("torch/testing/_internal/*", "torch's own tests"),
    Dropped("torch/_inductor/codegen/*", "torch.compile is not used"),
    Dropped("torch/_inductor/kernel/*", "torch.compile is not used"),
    Dropped("PySide6/Qt/translations/*", "MedAE speaks English"),
    Dropped("PySide6/Qt/qml/*", "no QML"),
    Dropped("PySide6/Qt/lib/libQt6Qml*", "no QML"),
    Dropped("PySide6/Qt/lib/libQt6Quick*", "no QML"),
    Dropped("PySide6/Qt/lib/libQt6VirtualKeyboard*", "no QML"),
    Dropped("PySide6/Qt/lib/libQt6Pdf*", "no PDF is shown"),
    Dropped("PySide6/Qt/plugins/imageformats/libqpdf*", "no PDF is shown"),
    Dropped("PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboard*", "no QML"),
    Dropped("PySide6/Qt/plugins/platforms/libqvnc*", "no server"),
    Dropped("PySide6/Qt/plugins/platforms/libqeglfs*", "for devices without a desktop"),
    Dropped("PySide6/Qt/plugins/platforms/libqlinuxfb*", "for devices without a desktop"),
    Dropped("PySide6/Qt/plugins/platforms/libqvkkhrdisplay*", "for devices without a desktop"),
    Dropped("PySide6/Qt/plugins/egldeviceintegrations/*", "for devices without a desktop"),
    Dropped("PySide6/Qt/lib/libQt6Eg[Ll]*", "for devices without a desktop"),
    Dropped("PySide6/Qt/plugins/qmltooling/*", "no QML"),
    Dropped("*libopenvino_intel_gpu_plugin*", "OpenVINO computes on the processor only"),
    Dropped("*libopenvino_intel_npu*", "OpenVINO computes on the processor only"),
    Dropped("openvino/libs/cache.json", "of the GPU plug-in"),
    Dropped("*libopenvino_tensorflow*", "networks come from torch"),
    Dropped("*libopenvino_paddle*", "networks come from torch"),
    Dropped("*libopenvino_onnx*", "networks come from torch"),
    Dropped("*libopenvino_jax*", "networks come from torch"),
    Dropped("*libopenvino_gguf*", "networks come from torch"),
    Dropped("*libarrow_flight*", "no network in tables"),
    Dropped("*libarrow_substrait*", "no queries in tables"),
    Dropped("pyarrow/_flight*", "no network in tables"),
    Dropped("pyarrow/_substrait*", "no queries in tables"),
    Dropped("pyarrow/libarrow_python*.so", "a second copy of the versioned library"),
    Dropped("pyarrow/libarrow_python*.so.*.*.*", "a second copy of the versioned library"),
    Dropped("sklearn/datasets/*", "sample data"),
    Dropped("tensorboard/webfiles.zip", "TensorBoard's own server"),
    Dropped("reportlab/fonts/*.lic", "collected with the licences"),
)  # fmt: skip
"""Files that hooks collect and MedAE does not need."""

NEEDED_DESPITE = ("torch/testing/*.py",)


def is_dropped(destination: str) -> bool:
    """Whether a file of the bundle, named with forward slashes, is left out."""
    return any(fnmatch(destination, dropped.pattern) for dropped in DROPPED)


def runtime_distributions(root: str = "medae") -> tuple[Distribution, ...]:
    """Installed distributions that ``root`` needs to run on this machine, itself first, extras left out.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If ``root`` is not installed, or something that it needs.
    """
    found: dict[str, Distribution] = {}
    waiting = [root]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop(0)).lower()
        if name not in found:
            found[name] = distribution(name)
            waiting += list(_needed(found[name]))
    return tuple(found.values())


def _needed(one: Distribution) -> Iterator[str]:
    for line in one.requires or ():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name.split(".")[0] in EXCLUDED_DISTRIBUTIONS:
            continue
        yield requirement.name


EXCLUDED_DISTRIBUTIONS = frozenset({"grpcio", "openvino-telemetry", "pip", "setuptools", "tensorboard-data-server"})
"""Required by others, never reached by MedAE."""


def plug_in_modules(distributions: Iterable[Distribution]) -> tuple[str, ...]:
    """Modules that are found by entry points alone: decoders of compressed DICOM, and the like."""
    return tuple(
        sorted(
            {point.module for one in distributions for point in one.entry_points if PLUG_IN_GROUPS.search(point.group)}
        )
    )


def import_names(one: Distribution) -> tuple[str, ...]:
    """Top-level packages and modules that a distribution installs."""
    tops = set()
    for path in one.files or ():
        first = path.parts[0]
        if len(path.parts) > 1 and path.suffix in (".py", ".so", ".pyd") and first.isidentifier():
            tops.add(first)
        elif len(path.parts) == 1 and path.suffix in (".py", ".so", ".pyd"):
            tops.add(first.split(".")[0])
    return tuple(sorted(tops))


def is_installed(name: str) -> bool:
    """Whether a distribution of that name is there."""
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
