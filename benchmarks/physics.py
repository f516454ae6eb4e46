"""``python -m benchmarks.physics [MODEL …] [--quick] [--no-write]``: what a physicist would check of each denoiser.

Test objects with known truth and held-out scans of ``../shared/data``; the tables go to RESULTS.md and to the models'
cards. See `benchmarks.physics_lines` for what each line measures.
"""

import argparse
import time
from pathlib import Path

import medae
from benchmarks.physics_lines import Line, object_lines, scan_lines
from benchmarks.physics_objects import KINDS, Images, Kind, real_scan
from benchmarks.report import SHARED, publish
from medae import bundle
from medae.volume import Volume

HEADING = "Physicists' table"


def table(model: str, *, quick: bool) -> list[str]:
    """Lines of Markdown for one model; the first modality it is for decides what it is shown."""
    info = bundle.find(model)
    kind = next(KINDS[m] for m in ("CT", "MR", "DX") if m in info.modalities)

    def restore(volume: Volume) -> Images:
        return medae.denoise(volume, model=model).values()

    clock = time.perf_counter()
    lines = list(object_lines(kind, restore, 8 if quick else 24, 4 if quick else 10))
    names = _present(kind)[: 1 if quick else None]
    if names:
        lines += scan_lines(kind, restore, [real_scan(kind, name, 3 if quick else 5) for name in names])
    seconds = time.perf_counter() - clock
    head = ["| figure | asked | found | reached |", "|---|---|---|---|"]
    missed = sum(not line.reached for line in lines)
    end = [
        "",
        f"{len(lines) - missed} of {len(lines)} lines reached. Version {info.version}, weights {info.sha256[:12]}; "
        f"{'quick run, ' if quick else ''}{seconds:.0f} s. Objects and noise are simulated"
        + (f"; scans: {', '.join(names)}." if names else "; no scans were at hand."),
    ]
    return [*head, *(_row(line) for line in lines), *end]


def _present(kind: Kind) -> list[str]:
    return [name for name in kind.scans if (SHARED / name).exists()]


def _row(line: Line) -> str:
    return f"| {line.what} | {line.asked} | {line.found} | {'yes' if line.reached else '**no**'} |"


def write_section(card: Path, heading: str, lines: list[str]) -> None:
    """Put a section into a model card: in the place of the earlier one, else before the limits, else at the end."""
    parts = card.read_text("utf-8").split("\n## ")
    kept = [part for part in parts if not part.startswith(f"{heading}\n")]
    place = next((n for n, part in enumerate(kept) if part.startswith("Limits\n")), len(kept))
    kept.insert(place, "\n".join([heading, "", *lines, ""]))
    card.write_text("\n## ".join(part.rstrip() + "\n" for part in kept), "utf-8")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", help="all shipped denoising models if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer slices, one scan")
    parser.add_argument("--no-write", action="store_true", help="only print")
    given = parser.parse_args()
    shipped = [info.name for info in bundle.bundles() if info.task == "denoise" and info.shipped]
    for model in given.models or shipped:
        lines = table(model, quick=given.quick)
        publish(f"{HEADING}: {model}", lines, write=not given.no_write)
        if not given.no_write:
            write_section(bundle.find(model).card, HEADING, lines)


if __name__ == "__main__":
    main()
