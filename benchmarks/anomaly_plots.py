"""Plot of `benchmarks.anomaly`, as PNG in `benchmarks/images/`."""

from collections.abc import Sequence
from pathlib import Path

IMAGES = Path(__file__).parent / "images"


def plot_lesions(rows: Sequence[tuple[str, float, float, int, int, int]]) -> Path:
    """Draw the share of phantom lesions found against their contrast, a line for each diameter, a panel for each kind.

    Parameters
    ----------
    rows
        As `benchmarks.anomaly_checks.lesion_rows` yields them.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    kinds = list(dict.fromkeys(row[0] for row in rows))
    drawing, panels = pyplot.subplots(
        1, len(kinds), figsize=(3 * len(kinds), 3.2), sharey=True, squeeze=False, layout="constrained"
    )
    for panel, kind in zip(panels[0], kinds, strict=True):
        mine = [row for row in rows if row[0] == kind]
        for diameter in sorted({row[1] for row in mine}):
            line = [(contrast, found / max(number, 1)) for _, d, contrast, number, found, _ in mine if d == diameter]
            panel.plot(*zip(*line, strict=True), marker="o", label=f"{diameter:g} mm")
        panel.axhline(0.9, color="#888888", linewidth=0.8, linestyle="--")
        contrasts = sorted({row[2] for row in mine})
        panel.set(title=kind, xlabel="contrast, σ of the noise", xscale="log", ylim=(-0.04, 1.04))
        panel.set_xticks(contrasts, [f"{contrast:g}" for contrast in contrasts])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("share found")
    panels[0][0].legend(fontsize=8)
    path = IMAGES / "anomaly-lesions.png"
    drawing.savefig(path, dpi=110)
    pyplot.close(drawing)
    return path
