"""Build installers of MedAE: ``python installer/build.py deb portable run rpm``.

Everything is made in ``installer/work`` and lands in ``installer/out``. Python 3.11 or newer, and for the targets
dpkg-deb, rpmbuild, makeself, zstd and binutils (Debian: ``apt-get install binutils dpkg makeself rpm zstd``).
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import bundle  # noqa: E402
import packages  # noqa: E402
import start_time  # noqa: E402


def main() -> int:
    """Build what the command line asks for and print sizes and times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", choices=["bundle", *packages.TARGETS])
    parser.add_argument("--work", type=Path, default=HERE / "work", help="intermediate files")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="finished files")
    parser.add_argument("--torch-index", default="", help="package index with the wanted variant of torch")
    parser.add_argument("--gpu", action="store_true", help="a CUDA build of torch is wanted")
    parser.add_argument("--keep", action="store_true", help="take the bundle of the last run")
    given = parser.parse_args()
    started = time.monotonic()
    try:
        made, version = bundle.make(given.work.resolve(), torch_index=given.torch_index, gpu=given.gpu, keep=given.keep)
        print(f"Bundle: {bundle.size(made) / 1e6:.0f} MB, {time.monotonic() - started:.0f} s")
        if shutil.which("Xvfb") and shutil.which("xwininfo"):
            print(start_time.report(made / "medae"))
        given.out.mkdir(parents=True, exist_ok=True)
        python = bundle.python_of(given.work.resolve() / "environment")
        parts = packages.Parts(made, python, version, given.work.resolve() / "stage", given.out.resolve())
        for target in given.targets:
            if target != "bundle":
                started = time.monotonic()
                path = packages.TARGETS[target](parts)
                print(f"{path}: {path.stat().st_size / 1e6:.0f} MB, {time.monotonic() - started:.0f} s")
    except bundle.BuildError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
