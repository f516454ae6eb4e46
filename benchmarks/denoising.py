"""``python -m benchmarks.denoising [--quick]``: the shipped denoisers and the peers on scans that ours never saw.

One command measures quality and time of all in one process and writes `benchmarks/RESULTS.md` and
`benchmarks/images/`; the peers come with ``pip install 'medae[benchmark]'``, one that is missing is listed as such.
``--quick`` takes fewer scans and levels, ``--no-write`` only prints, ``--only`` and ``--peers`` leave parts out,
``--minutes`` bounds the time: scans for which it does not suffice are left out with all their levels.

Noise of known level is added to held-out scans. Every method is given the same slab and judged on the same slices in
its middle, inside the body. The peers are told the noise and their best setting counts, chosen for each scan with the
truth in hand (`benchmarks.peers`); BM3D, BM4D and the others also have the Rician bias removed where that helps. Ours
is told nothing and always runs as shipped. "Best peer" is the best of all of them in each scan. MR and X-ray: PSNR in
dB for a peak of p99.9. CT: root mean square error in HU.
"""

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import denoising_checks as checks
from benchmarks import denoising_plots as plots
from benchmarks import denoising_scans as scans
from benchmarks import denoising_tables as tables
from benchmarks.denoising_scans import Case
from benchmarks.denoising_scores import Scored, score
from benchmarks.denoising_tables import PSNR, RMSE
from benchmarks.peers import PEERS, Peer
from benchmarks.report import publish

CT_RATIOS = {2e5: 0.85, 5e4: 0.75, 2e4: 0.65}
"""RMSE that is asked for, as a part of the best peer's."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is measured, and where it is told.

    Attributes
    ----------
    quick
        Fewer scans and levels.
    write
        Whether results go into RESULTS.md and plots are drawn.
    peers
        Methods to compare with.
    started
        Clock at the start, in seconds.
    minutes
        Time for the whole run.
    """

    quick: bool
    write: bool
    peers: tuple[Peer, ...]
    started: float
    minutes: float

    def note(self, message: str) -> None:
        """Print what was done, with the time since the start."""
        print(f"[{time.perf_counter() - self.started:5.0f} s] {message}", flush=True)

    def publish(self, section: str, lines: list[str]) -> None:
        """Write a section; a quick run has its own."""
        minutes = (time.perf_counter() - self.started) / 60
        ended = ["", f"Written {minutes:.1f} minutes after the start of the run."]
        publish(section + (" (quick)" if self.quick else ""), lines + ended, write=self.write)

    def scored(self, cases: Iterable[Case], share: float) -> list[Scored]:
        """Run every method on every case, as long as less than ``share`` of the whole time has gone by."""
        return list(score(cases, self.peers, self.note, self.started + share * 60 * self.minutes))

    def stem(self, name: str) -> str:
        """Name of a plot's file; a quick run has its own."""
        return f"denoising-{name}{'-quick' if self.quick else ''}"

    def drawn(self, what: str, draw: Callable[[], Path]) -> list[str]:
        """Draw a plot, where results are kept and matplotlib is installed; give the lines that show it."""
        if not self.write:
            return []
        try:
            return ["", f"![{what}](images/{draw().name})"]
        except ImportError:
            return ["", "No plot: matplotlib is not installed."]


def mr(run: Run) -> None:
    """Rician noise on heads."""
    few = (scans.MR[1:2], scans.SIGMAS[1::2]) if run.quick else (scans.MR, scans.SIGMAS)
    rows = run.scored(scans.mr_cases(*few), 0.6)
    lines = tables.means_table(rows, "σ", PSNR, 1)
    if rows[0].ours:
        lines += tables.mr_verdicts(rows)
    lines += tables.scans_table(rows, "σ", PSNR) + tables.times_table(rows)
    labels = ("Rician noise on held-out MR", "σ / p99.9", "PSNR, dB")
    lines += run.drawn("PSNR against the noise level", lambda: plots.plot_levels(rows, run.stem("mr"), labels))
    title = "Held-out MR: gain against time"
    lines += run.drawn(title, lambda: plots.plot_gain_time(rows, run.stem("mr-time"), title))
    run.publish("Denoising, MR (PSNR, dB, larger is better)", lines)


def ct(run: Run) -> None:
    """Low doses, and the sharp kernel."""
    few = (scans.CT[1:2], scans.PHOTONS[1:]) if run.quick else (scans.CT, scans.PHOTONS)
    rows = run.scored(scans.ct_cases(*few), 0.85)
    lines = tables.means_table(rows, "photons", RMSE, -1)
    if rows[0].ours:
        lines += tables.ct_verdicts(rows, CT_RATIOS) + checks.sharp_lines() + tables.trust_table(rows)
    lines += tables.scans_table(rows, "photons", RMSE) + tables.times_table(rows)
    labels = ("Simulated low dose on held-out CT", "photons per ray", "RMSE, HU")
    lines += run.drawn("RMSE against the dose", lambda: plots.plot_levels(rows, run.stem("ct"), labels, RMSE))
    title = "Held-out CT: gain against time"
    lines += run.drawn(title, lambda: plots.plot_gain_time(rows, run.stem("ct-time"), title))
    run.publish("Denoising, CT (RMSE, HU, smaller is better)", lines)


def xray(run: Run) -> None:
    """Quantum and electronic noise on radiographs."""
    few = (scans.XRAY[:1], scans.QUANTA[1:2], ()) if run.quick else ()
    rows = run.scored(scans.xray_cases(*few), 0.95)
    lines = [] if rows[0].ours else ["There is no X-ray model among the shipped ones: the peers alone.", ""]
    lines += tables.means_table(rows, "quanta", PSNR, 1)
    if rows[0].ours:
        lines += tables.xray_verdicts(rows)
    lines += tables.scans_table(rows, "quanta", PSNR) + tables.times_table(rows)
    labels = ("Poisson-Gaussian noise on held-out radiographs", "quanta per pixel", "PSNR, dB")
    lines += run.drawn("PSNR against the exposure", lambda: plots.plot_levels(rows, run.stem("xray"), labels))
    run.publish("Denoising, X-ray (PSNR, dB, larger is better)", lines)


def clean(run: Run) -> None:
    """Input without noise, or hardly any."""
    run.publish("Denoising, clean input", checks.clean_lines(run.quick))


def empty(run: Run) -> None:
    """Noise beside padding, and what else is empty."""
    run.publish("Denoising, padded input", checks.empty_lines(run.quick))


def timed(run: Run) -> None:
    """Seconds per slice."""
    run.publish("Denoising, time", [*checks.time_lines(), "", f"Models: {', '.join(checks.own_names())}."])


SECTIONS = {"time": timed, "mr": mr, "ct": ct, "xray": xray, "clean": clean, "empty": empty}


def main() -> None:
    """Measure and write, section by section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="about three minutes: fewer scans and levels")
    parser.add_argument("--no-write", action="store_true", help="print only; RESULTS.md and the plots stay as they are")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections to run")
    parser.add_argument("--minutes", type=float, default=20, help="after that no further scan is begun (20)")
    names = [peer.name for peer in PEERS]
    parser.add_argument("--peers", nargs="*", choices=names, default=names, help="peers to run")
    chosen = parser.parse_args()
    peers = tuple(peer for peer in PEERS if peer.name in chosen.peers)
    run = Run(chosen.quick, not chosen.no_write, peers, time.perf_counter(), chosen.minutes)
    for name, section in SECTIONS.items():
        if name in chosen.only:
            section(run)
    run.note("Done")


if __name__ == "__main__":
    main()
