"""Tables of `benchmarks.denoising`: means by level, every scan, and what was asked against what was measured."""

from collections.abc import Callable, Sequence
from operator import attrgetter

import numpy as np

from benchmarks.denoising_scores import Outcome, Scored
from benchmarks.peers import BM3D, BM4D, PEERS

Figure = Callable[[Outcome], float]
PSNR: Figure = attrgetter("psnr")
RMSE: Figure = attrgetter("rmse")
ASKED = ["", "| asked | measured | met |", "|---|---|---|"]


def table(*rows: Sequence[str]) -> list[str]:
    """Lines of a Markdown table; the first row is its head."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def verdict(asked: str, measured: str, met: bool | None) -> str:
    """One line of the verdicts; None: could not be measured."""
    return f"| {asked} | {measured} | {'not measured' if met is None else 'yes' if met else '**no**'} |"


def levels(rows: Sequence[Scored]) -> list[float]:
    """Noise levels in the order in which they were measured."""
    return list(dict.fromkeys(row.level for row in rows))


def at(rows: Sequence[Scored], level: float) -> list[Scored]:
    """Rows of one level."""
    return [row for row in rows if row.level == level]


def mean(rows: Sequence[Scored], method: str, figure: Figure) -> float | None:
    """Mean over scans; None if a method was not run on all of them."""
    found = [figure(row.outcomes[method]) for row in rows if method in row.outcomes]
    return float(np.mean(found)) if found and len(found) == len(rows) else None


def mean_best(rows: Sequence[Scored], figure: Figure) -> float | None:
    """Mean over scans of the peer that is best in each."""
    found = [figure(best) for row in rows if (best := row.best_peer())]
    return float(np.mean(found)) if found and len(found) == len(rows) else None


def text(value: float | None, form: str = ".2f") -> str:
    """Print a number, or a dash where there is none."""
    return "–" if value is None else format(value, form)


def minus(first: float | None, second: float | None) -> float | None:
    """Difference of what was measured."""
    return None if first is None or second is None else first - second


def methods(rows: Sequence[Scored]) -> list[str]:
    """All methods that were run on any scan, ours last."""
    ours = rows[0].ours
    found = dict.fromkeys(name for row in rows for name in row.outcomes)
    return [*(name for name in found if name not in ours), *ours]


def means_table(rows: Sequence[Scored], named: str, figure: Figure, sign: int) -> list[str]:
    """Mean over scans for each level: all methods, the best peer of each scan, ours against them.

    ``sign`` is 1 where larger is better.
    """
    names, ours = methods(rows), rows[0].ours[0] if rows[0].ours else ""
    peers = [name for name in names if name not in rows[0].ours]
    against = [name for name in (BM3D.name, BM4D.name) if name in peers]
    head = [named, *peers, "best peer", *rows[0].ours]
    head += [f"ours {'−' if sign > 0 else '/'} {name}" for name in (*against, "best peer")] if ours else []
    lines = []
    for level in levels(rows):
        some = at(rows, level)
        best, own = mean_best(some, figure), mean(some, ours, figure)
        cells = [text(mean(some, name, figure)) for name in peers]
        cells += [text(best), *(text(mean(some, name, figure)) for name in rows[0].ours)]
        if ours:
            others = [*(mean(some, name, figure) for name in against), best]
            cells += [text(minus(own, other), "+.2f") if sign > 0 else text(over(own, other)) for other in others]
        lines.append([f"{level:g}", *cells])
    return table(head, *lines)


def over(first: float | None, second: float | None) -> float | None:
    """Ratio of what was measured."""
    return None if first is None or not second else first / second


def scans_table(rows: Sequence[Scored], named: str, figure: Figure) -> list[str]:
    """Every scan: the input, BM3D, BM4D, the best peer with its setting, ours; SSIM and time beside."""
    lines = []
    for row in rows:
        best = row.best_peer()
        peer = f"{best.method} ({best.setting})" if best else "none was run"
        shown = [row.outcomes.get(name) for name in ("noisy", BM3D.name, BM4D.name)]
        shown += [best, *(row.outcomes[name] for name in row.ours)]
        similar = [outcome for outcome in (shown[0], best, *shown[4:5]) if outcome]
        cells = [text(figure(outcome)) if outcome else "–" for outcome in shown]
        ssim = " / ".join(f"{outcome.ssim:.3f}" for outcome in similar)
        lines.append([row.scan, f"{row.level:g}", *cells[:3], peer, *cells[3:], ssim])
    head = ["scan (held out)", named, "noisy", "BM3D", "BM4D", "best peer", "its figure", *rows[0].ours]
    counted = f"{len({row.scan for row in rows})} scans."
    return ["", *table([*head, "SSIM: noisy / best peer / ours"], *lines), "", counted]


def times_table(rows: Sequence[Scored]) -> list[str]:
    """Seconds of each method for 512² pixels, median over all cases, and gain over the noisy input in dB."""
    lines = []
    for name in methods(rows):
        found = [(row.outcomes[name], row.outcomes["noisy"]) for row in rows if name in row.outcomes]
        if name != "noisy" and found:
            seconds = float(np.median([outcome.seconds for outcome, _ in found]))
            gain = float(np.mean([outcome.psnr - noisy.psnr for outcome, noisy in found]))
            lines.append([name, f"{seconds:.3f}", f"{gain:+.2f}", str(len(found))])
    head = ["method", "s per 512² slice (best setting alone)", "gain over the input, dB", "cases"]
    missing = [f"{peer.name} ({peer.package})" for peer in PEERS if not peer.installed()]
    return ["", *table(head, *lines), *(["", f"Not installed: {', '.join(missing)}."] if missing else [])]


def mr_verdicts(rows: Sequence[Scored]) -> list[str]:
    """Lines of issue 4 for MR."""
    ours = rows[0].ours[0]
    gaps: dict[str, list[float | None]] = {
        peer: [minus(mean(at(rows, level), ours, PSNR), mean(at(rows, level), peer, PSNR)) for level in levels(rows)]
        for peer in (BM3D.name, BM4D.name)
    }
    lines = list(ASKED)
    for peer, least, asked in (
        (BM3D.name, 0.5, "PSNR ≥ BM3D, bias-corrected, + 0.5 dB on average"),
        (BM4D.name, 0.0, "PSNR ≥ BM4D on average"),
        (BM4D.name, 1.0, "aim: + 1 dB over BM4D on average"),
    ):
        known = [gap for gap in gaps[peer] if gap is not None]
        if not known:
            lines.append(verdict(asked, f"{peer} was not run", None))
            continue
        lines.append(verdict(asked, f"{np.mean(known):+.2f} dB", float(np.mean(known)) >= least))
    known = [gap for gap in gaps[BM3D.name] if gap is not None]
    if known:
        lines.append(verdict("never worse than BM3D at any level", f"worst {min(known):+.2f} dB", min(known) >= 0))
    return lines


def ct_verdicts(rows: Sequence[Scored], asked_ratios: dict[float, float]) -> list[str]:
    """Lines of issue 4 for CT at the simulated doses."""
    ours, lines = rows[0].ours[0], list(ASKED)
    for level in levels(rows):
        some = at(rows, level)
        ratio = over(mean(some, ours, RMSE), mean_best(some, RMSE))
        asked = f"RMSE ≤ {asked_ratios[level]} × the best peer's at {level:g} photons"
        lines.append(verdict(asked, text(ratio), None if ratio is None else ratio <= asked_ratios[level]))
    bias = [abs(tissue.bias) for row in rows if row.trust for tissue in row.trust.tissues if tissue.name != "air"]
    worst = max(bias, default=None)
    lines.append(
        verdict("bias in flat tissue < 1 HU", f"largest {text(worst)} HU", None if worst is None else worst < 1)
    )
    wide = [row.trust.edges.ratio for row in rows if row.trust and row.trust.edges]
    worst = max(wide, default=None)
    asked = "10–90 % edge width ≤ 1.1 × that of the noise-free scan"
    return [
        *lines,
        verdict(
            asked,
            "no edges were measured" if worst is None else f"largest {worst:.2f} ×",
            None if worst is None else worst <= 1.1,
        ),
    ]


def trust_table(rows: Sequence[Scored]) -> list[str]:
    """Bias by tissue in HU and width of edges of our default model, against the noise-free scan."""
    names = list(dict.fromkeys(t.name for row in rows if row.trust for t in row.trust.tissues))
    lines = []
    for row in rows:
        if row.trust is None:
            continue
        bias = {tissue.name: tissue.bias for tissue in row.trust.tissues}
        edges = row.trust.edges
        widths = f"{edges.width_before_mm:.2f} → {edges.width_after_mm:.2f} (× {edges.ratio:.2f})" if edges else "–"
        lines.append([row.scan, f"{row.level:g}", *(text(bias.get(name), "+.2f") for name in names), widths])
    head = ["scan", "photons", *(f"bias, {name}, HU" for name in names), "edge width, mm, noise-free → ours"]
    return ["", *table(head, *lines)] if lines else []


def xray_verdicts(rows: Sequence[Scored]) -> list[str]:
    """Lines of issue 4 for radiographs."""
    ours, asked = rows[0].ours[0], "PSNR ≥ BM3D after Anscombe + 0.3 dB on average"
    gaps = [minus(mean(at(rows, n), ours, PSNR), mean(at(rows, n), BM3D.name, PSNR)) for n in levels(rows)]
    known = [gap for gap in gaps if gap is not None]
    if not known:
        return [*ASKED, verdict(asked, "BM3D was not run", None)]
    average = float(np.mean(known))
    return [*ASKED, verdict(asked, f"{average:+.2f} dB, worst level {min(known):+.2f} dB", average >= 0.3)]
