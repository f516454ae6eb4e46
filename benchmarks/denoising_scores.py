"""Scores of `benchmarks.denoising`: every method on the same slices, with its time."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import medae
from benchmarks.denoising_scans import Case
from benchmarks.peers import Images, Peer
from medae import bundle
from medae.quality import TrustReport, measure
from medae.volume import Volume

PIXELS = 512 * 512
"""Times are given per slice of that many pixels."""
BASELINES = ("noisy", "Gaussian")
"""Rows that are no peers: the input, and the simplest thing that one can do to it."""


class Outcome(NamedTuple):
    """What one method reached in one case.

    Attributes
    ----------
    method, setting
        Which, and the best of its settings.
    psnr, rmse, ssim
        In dB for the case's peak, in the volume's unit, and from 0 to 1: inside the body, on the scored slices.
    seconds
        Per slice of 512² pixels, of that setting alone.
    """

    method: str
    setting: str
    psnr: float
    rmse: float
    ssim: float
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One scan at one level, all methods.

    Attributes
    ----------
    modality, scan, level
        As in `Case`.
    outcomes
        By the method's name: ``"noisy"``, the peers', those of our models.
    ours
        Our models' names, the one that is used by default first; empty if there is none for the modality.
    trust
        Our result against the noise-free scan: bias by tissue and width of edges; None if there is no model.
    """

    modality: str
    scan: str
    level: float
    outcomes: dict[str, Outcome]
    ours: tuple[str, ...]
    trust: TrustReport | None

    def best_peer(self) -> Outcome | None:
        """Give the peer that is nearest to the truth here; None if none is installed."""
        known = {*BASELINES, *self.ours}
        found = [outcome for name, outcome in self.outcomes.items() if name not in known]
        return min(found, key=lambda outcome: outcome.rmse, default=None)


def models(modality: str) -> tuple[str, ...]:
    """Names of the shipped denoisers for a modality; the one that is used by default first."""
    found = [
        info.name
        for info in bundle.bundles()
        if info.shipped and info.task == "denoise" and modality in info.modalities
    ]
    if not found:
        return ()
    default = bundle.choose("denoise", modality).name
    return tuple(sorted(found, key=lambda name: (name != default, name)))


def score(
    cases: Iterable[Case], peers: Sequence[Peer], note: Callable[[str], None], deadline: float = math.inf
) -> Iterator[Scored]:
    """Run every installed peer and our models on every case; ``note`` is told what was done.

    After ``deadline`` (of `time.perf_counter`, in seconds) no further scan is begun, the first one always is.
    """
    last = ""
    for case in cases:
        if last and case.scan != last and time.perf_counter() > deadline:
            return
        last = case.scan
        names = models(case.modality)
        outcomes = {"noisy": _outcome("noisy", "", case, case.noisy.array[case.box], 0.0)}
        for peer in peers:
            if peer.installed() and (not peer.volumetric or len(case.working) > 1 or peer.single):
                try:
                    outcomes[peer.name] = best_setting(peer, case)
                except (RuntimeError, ValueError, OSError, MemoryError) as error:  # the others still count
                    note(f"{peer.name} failed: {error}")
        trust = None
        for name in names:
            outcomes[name], restored = run_ours(name, case)
            if trust is None:
                trust = compared(case, restored)
        note(f"{case.scan}, {case.level:g}: " + ", ".join(f"{o.method} {o.rmse:.4g}" for o in outcomes.values()))
        yield Scored(case.modality, case.scan, case.level, outcomes, names, trust)


def best_setting(peer: Peer, case: Case) -> Outcome:
    """Try a peer's settings and the ways back; give the best of them, chosen with the truth in hand."""
    scored = case.box[0]
    best: Outcome | None = None
    for label, run in peer.chosen(case.told).items():
        clock = time.perf_counter()
        if peer.volumetric:
            given, restored = case.working, run(case.working, case.told)[scored]
        else:
            given = case.working[scored]
            restored = np.stack([run(image, case.told) for image in given])
        seconds = (time.perf_counter() - clock) / given.size * PIXELS
        for way, back in case.back.items():
            setting = ", ".join(part for part in (label, way) if part)
            outcome = _outcome(peer.name, setting, case, back(restored), seconds)
            if best is None or outcome.rmse < best.rmse:
                best = outcome
    assert best is not None
    return best


def run_ours(name: str, case: Case) -> tuple[Outcome, Images]:
    """Denoise the slab with one of our models, which is told nothing; give the scored part, too."""
    clock = time.perf_counter()
    restored = medae.denoise(case.noisy, model=name).values()
    seconds = (time.perf_counter() - clock) / restored.size * PIXELS
    return _outcome(name, "blind", case, restored[case.box], seconds), restored[case.box]


def compared(case: Case, restored: Images) -> TrustReport:
    """Compare the scored part with the noise-free one."""
    truth, result = (part_of(case.noisy, images) for images in (case.clean, restored))
    return measure(truth, result)


def part_of(volume: Volume, images: Images) -> Volume:
    """Give images the grid of a volume, whose origin does not matter."""
    return replace(volume, array=images, rescale_slope=np.ones(1), rescale_intercept=np.zeros(1))


def _outcome(method: str, setting: str, case: Case, restored: Images, seconds: float) -> Outcome:
    rmse = float(np.sqrt(np.mean((restored - case.clean)[case.mask] ** 2, dtype=np.float64)))
    psnr = float(20 * np.log10(case.peak / max(rmse, 1e-12)))
    ssim = float(structural_similarity(restored, case.clean, case.peak)[case.mask].mean())
    return Outcome(method, setting, psnr, rmse, ssim, seconds)


def structural_similarity(first: Images, second: Images, peak: float) -> NDArray[np.float64]:
    """Map of the structural similarity of slices (slices, rows, columns) for a range of ``peak``.

    Wang et al., IEEE TIP 2004: Gaussian weights of 1.5 pixels, K₁ = 0.01, K₂ = 0.03.
    """
    from scipy import ndimage

    def local(images: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(ndimage.gaussian_filter(images, (0, 1.5, 1.5), truncate=3.5))

    x, y = first.astype(np.float64), second.astype(np.float64)
    mean_x, mean_y = local(x), local(y)
    variance_x, variance_y = local(x * x) - mean_x**2, local(y * y) - mean_y**2
    covariance = local(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return np.asarray(light * (2 * covariance + c2) / (variance_x + variance_y + c2))
