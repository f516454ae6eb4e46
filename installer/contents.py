"""What goes into the bundle and what does not. Read by `medae.spec`; knows no PyInstaller.

The list of libraries is that of pyproject.toml, followed through the metadata of the build environment: whatever is
added there comes along, with its codec plug-ins, without a change here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from importlib.metadata import Distribution, distribution

PLUG_IN_GROUPS = re.compile(r"^pylibjpeg\.|\.plugins$|^keyring\.backends$")
"""Groups of entry points whose modules are only ever imported by name."""

EXCLUDED_MODULES = (
    "IPython", "PyInstaller", "cupy", "dask", "distributed", "matplotlib", "mypy", "nose", "onnx", "pandas", "pip",
    "pytest", "tensorflow", "tkinter", "umap",
    "_gdbm", "readline",  # GPL
    "grpc", "tensorboard_data_server",  # TensorBoard's own server; MedAE only writes its logs
    "openvino_telemetry",  # never loaded: MedAE contacts nobody
    "openvino.tools.benchmark",
    "google.protobuf.testdata",
    "pyarrow",  # 80 MB for Parquet alone; features are written as CSV there
    "pyqtgraph.examples", "pyqtgraph.opengl", "pyqtgraph.jupyter",
)  # fmt: skip
"""Modules that something imports if it is there, and that MedAE never reaches."""

EXCLUDED_DISTRIBUTIONS = frozenset(
    {"grpcio", "openvino-telemetry", "pip", "pyarrow", "setuptools", "tensorboard-data-server"}
)
"""Required by others, never reached by MedAE."""

DROPPED: Mapping[str, str] = {
    "*/tests/*": "tests of libraries",
    "*/test/*": "tests of libraries",
    "*.pyi": "types, for editors",
    "*.px[di]": "for compilers",
    "*.pyx": "for compilers",
    "*/include/*": "headers, for compilers",
    "*.cmake": "for compilers",
    "*.a": "for linkers",
    "torch/bin/*": "torch's own tools",
    "torch/share/*": "for compilers",
    "torch/lib/lib*test*.so": "torch's own tests",
    "torch/lib/libbackend_with_compiler.so": "torch's own tests",
    "torch/lib/libaoti_custom_ops.so": "torch's own tests",
    "PySide6/Qt/translations/*": "MedAE speaks English",
    "*libQt6Qml*": "no QML",
    "*libQt6Quick*": "no QML",
    "*libQt6VirtualKeyboard*": "no QML",
    "*libQt6Pdf*": "no PDF is shown",
    "*libQt6Eg[lL]*": "for devices without a desktop",
    "*/plugins/imageformats/libqpdf*": "no PDF is shown",
    "*/plugins/platforminputcontexts/libqtvirtualkeyboard*": "no QML",
    "*/plugins/platforms/libq[velm][gkni]*": "for devices without a desktop",
    "*/plugins/egldeviceintegrations/*": "for devices without a desktop",
    "*/plugins/generic/*": "for devices without a desktop",
    "*/plugins/networkinformation/*": "asks whether there is a network",
    "*/plugins/platformthemes/libqgtk3*": "would bring GTK; the window has its own style",
    "*libopenvino_intel_gpu_plugin*": "OpenVINO computes on the processor only",
    "*libopenvino_intel_npu*": "OpenVINO computes on the processor only",
    "openvino/libs/cache.json": "of the GPU plug-in",
    "*libopenvino_tensorflow*": "networks come from torch",
    "*libopenvino_paddle*": "networks come from torch",
    "*libopenvino_onnx*": "networks come from torch",
    "*libopenvino_jax*": "networks come from torch",
    "*libopenvino_gguf*": "networks come from torch",
    "sklearn/datasets/*": "sample data",
    "reportlab/fonts/DarkGarden*": "under the GPL, and not used",
    "reportlab/fonts/callig15*": "not used, and of doubtful licence",
    "reportlab/fonts/*.pfb": "Type 1 fonts of Adobe's: a PDF names the standard ones without them",
    "reportlab/fonts/*.afm": "their measures, which reportlab has as modules",
    "tensorboard/webfiles.zip": "TensorBoard's own server",
}
"""Files that hooks collect and MedAE does not need, and why; the patterns are those of `fnmatch`.

Sources of torch are collected beside its compiled modules, since ``torch.jit`` reads them: all of them are kept, as is
``torch.testing._internal``, without which inference stops.
"""

KEPT = frozenset({"torch/bin/torch_shm_manager"})
"""Exceptions: torch does not start without this program."""

SYSTEM_LIBRARIES = (
    "libstdc++.so.6", "libgcc_s.so.1",  # a copy older than the system's graphics driver would break that
    "libX11.so.6", "libX11-xcb.so.1", "libXau.so.6", "libXdmcp.so.6", "libX[cdefir]*.so.*", "libXinerama.so.1",
    "libxcb.so.1", "libxcb-glx.so.0", "libxcb-randr.so.0", "libxcb-render.so.0", "libxcb-shape.so.0",
    "libxcb-shm.so.0", "libxcb-sync.so.1", "libxcb-xfixes.so.0", "libxcb-xkb.so.1", "libwayland-*.so.*",
    "libdbus-1.so.3", "libfontconfig.so.1", "libfreetype.so.6", "libexpat.so.1", "libpng16.so.16",
    "libglib-2.0.so.0", "libgthread-2.0.so.0", "libgio-2.0.so.0", "libgobject-2.0.so.0", "libgmodule-2.0.so.0",
    "libpcre2-8.so.0", "libmount.so.1", "libblkid.so.1", "libselinux.so.1", "libsystemd.so.0", "libcap.so.2",
    "libgcrypt.so.20", "libgpg-error.so.0", "liblz4.so.1", "libbsd.so.0", "libmd.so.0", "libbrotli*.so.1",
    "libgssapi_krb5.so.2", "libkrb5.so.3", "libkrb5support.so.0", "libk5crypto.so.3", "libkeyutils.so.1",
    "libcom_err.so.2", "libreadline.so.8", "libtinfo.so.6",
    "libgtk-3.so.0", "libgdk*.so.0", "libatk*.so.0", "libatspi.so.0", "libcairo*.so.2", "libpango*.so.0",
    "libepoxy.so.0", "libharfbuzz.so.0", "libgraphite2.so.3", "libfribidi.so.0", "libthai.so.0", "libdatrie.so.1",
    "libpixman-1.so.0",
)  # fmt: skip
"""Libraries of a Linux desktop: taken from the system, whose package manager keeps them safe.

The Debian package declares them; `medae` names those that are missing. They would otherwise be copied from the machine
that builds.
"""


def is_dropped(destination: str) -> bool:
    """Whether a file of the bundle, named with forward slashes, is left out."""
    return destination not in KEPT and any(fnmatch(destination, pattern) for pattern in DROPPED)


def is_system_library(destination: str) -> bool:
    """Whether a file at the top of the bundle is a library that the system has."""
    return "/" not in destination and any(fnmatch(destination, pattern) for pattern in SYSTEM_LIBRARIES)


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
    from packaging.requirements import Requirement  # in the build environment, not beside build.py

    for line in one.requires or ():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name in EXCLUDED_DISTRIBUTIONS:
            continue
        yield requirement.name


def plug_in_modules(distributions: Iterable[Distribution]) -> tuple[str, ...]:
    """Modules that are found by entry points alone: decoders of compressed DICOM, and the like."""
    return tuple(
        sorted(
            {point.module for one in distributions for point in one.entry_points if PLUG_IN_GROUPS.search(point.group)}
        )
    )


def info_plist(version: str) -> dict[str, object]:
    """Tell macOS the version, and which files the program opens."""
    kinds = {
        "DICOM image": ("org.nema.dicom", ["dcm", "dicom", "ima"]),
        "NIfTI image": ("org.medae.nifti", ["nii", "nii.gz"]),
        "Medical image": ("org.medae.image", ["nrrd", "nhdr", "mha", "mhd"]),
        "Folder of images": ("public.folder", []),
    }
    return {
        "CFBundleShortVersionString": version,
        "NSHighResolutionCapable": True,
        "LSMinimumSystemVersion": "13.0",
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": name,
                "CFBundleTypeRole": "Viewer",
                "LSItemContentTypes": [identifier],
                "CFBundleTypeExtensions": extensions,
            }
            for name, (identifier, extensions) in kinds.items()
        ],
    }
