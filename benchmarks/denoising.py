"""``python -m benchmarks.denoising``: the shipped denoisers on scans that they were not trained on.

Noise is added to real scans at known levels; our models are not told the level. Beside them stands the best Gaussian
filter, chosen with the truth in hand. MR: PSNR in dB inside the head for a peak of p99.9. CT: root mean square error
in HU inside the body. "clean" is the change of the scan as it is, beside its own noise.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

import medae
from benchmarks.report import SHARED, publish
from medae.inference.prepare import body_mask, intensity_scale, network_values
from medae.training.ct_noise import ct_low_dose
from medae.training.noise import rician
from medae.volume import Volume

Images = NDArray[np.float32]
MR = ("mr/open-ms/patient12_study1_T2W.nii.gz", "mr/open-ms/patient12_study2_FLAIR.nii.gz", "mr/sag-anon")
CT = ("ct/acrin-flt-breast-001", "ct/ny-sbu-axial/A002304-19001231.dcm", "ct/ny-sbu-axial/A027284-19000925.dcm")
SHARP, SMOOTH = "ct/lung-dx-a0001-sharp", "ct/lung-dx-a0001-smooth"
SLICES = 5


def middle(volume: Volume) -> Volume:
    """Cut out the middle slices of a scan, as float32 in its unit."""
    start = max(0, (volume.shape[0] - SLICES) // 2)
    values = volume.values(start, start + SLICES)
    values[volume.padding_mask(start, start + SLICES)] = -1024 if volume.modality == "CT" else 0
    affine = volume.affine.copy()
    affine[:3, 3] = volume.to_lps((start, 0, 0))
    return Volume(array=values, affine=affine, modality=volume.modality, unit=volume.unit)


def own_noise(values: Images, mask: NDArray[np.bool_]) -> float:
    """Noise of a scan: low percentile of the local deviation of its high-pass part."""
    high = values - ndimage.gaussian_filter(values, (0, 1.0, 1.0))
    local = np.sqrt(np.maximum(ndimage.uniform_filter(high**2, (0, 7, 7)), 0))
    return float(np.percentile(local[mask], 25))


def best_gaussian(noisy: Images, score: Callable[[Images], float]) -> float:
    """Best score that a Gaussian filter can reach."""
    return max(score(ndimage.gaussian_filter(noisy, (0, width, width))) for width in (0.3, 0.5, 0.7, 0.9, 1.2, 1.6))


def row(name: str, level: str, clean: Volume, noisy: Images, score: Callable[[Images], float], sign: int) -> str:
    """One line of the table; ``score`` is larger when better, ``sign`` turns it into what is printed."""
    clock = time.perf_counter()
    denoised = medae.denoise(replace(clean, array=noisy)).values()
    seconds = (time.perf_counter() - clock) / len(noisy)
    figures = (score(noisy), best_gaussian(noisy, score), score(denoised))
    return f"| {name} | {level} | " + " | ".join(f"{sign * f:.2f}" for f in figures) + f" | {seconds:.2f} |"


def mr_rows() -> list[str]:
    """PSNR for each scan and level."""
    rows = []
    for path in MR:
        clean = middle(medae.open(SHARED / path, modality="MR"))
        values = clean.values()
        top = intensity_scale(clean).scale
        mask = body_mask(values / top, "MR")

        def score(x: Images, values: Images = values, mask: NDArray[np.bool_] = mask, top: float = top) -> float:
            return float(-10 * np.log10(np.mean(((x - values)[mask] / top) ** 2)))

        for level in (0.02, 0.03, 0.06, 0.10):
            rows.append(row(path, f"σ {level}", clean, rician(values, level * top, seed=7), score, 1))
        change = float(np.sqrt(np.mean((medae.denoise(clean).values() - values)[mask] ** 2)))
        rows.append(f"| {path} | clean | own noise {own_noise(values, mask):.1f} | | change {change:.1f} | |")
    return rows


def ct_rows() -> list[str]:
    """Root mean square error for each scan and dose."""
    rows = []
    for path in CT:
        clean = middle(medae.open(SHARED / path))
        values = clean.values()
        mask = body_mask(network_values(clean, intensity_scale(clean)), "CT")

        def score(x: Images, values: Images = values, mask: NDArray[np.bool_] = mask) -> float:
            return -float(np.sqrt(np.mean((x - values)[mask] ** 2)))

        for photons in (2e5, 5e4, 2e4):
            noisy = np.maximum(ct_low_dose(values, photons, clean.spacing, seed=7), -1024)
            rows.append(row(path, f"{photons:g} photons", clean, noisy, score, -1))
        change = float(np.sqrt(np.mean((medae.denoise(clean).values() - values)[mask] ** 2)))
        rows.append(f"| {path} | clean | own noise {own_noise(values, mask):.1f} | | change {change:.1f} | |")
    return [*rows, sharp_row()]


def sharp_row() -> str:
    """Compare the sharp-kernel series with the smooth-kernel series of the same scan (which was trained on)."""
    sharp, smooth = middle(medae.open(SHARED / SHARP)), medae.open(SHARED / SMOOTH)
    first = round(float(smooth.to_index(sharp.origin)[0]))
    truth = smooth.values(first, first + SLICES)
    mask = body_mask(network_values(sharp, intensity_scale(sharp)), "CT")

    def score(x: Images) -> float:
        return -float(np.sqrt(np.mean((x - truth)[mask] ** 2)))

    return row(SHARP, "as it is, against the smooth kernel", sharp, sharp.values(), score, -1)


def main() -> None:
    """Measure and write."""
    head = ["| scan (held out) | level | noisy | best Gaussian | MedAE | s per slice |", "|---|---|---|---|---|---|"]
    publish("Denoising, MR (PSNR, dB, larger is better)", head + mr_rows())
    publish("Denoising, CT (RMSE, HU, smaller is better)", head + ct_rows())


if __name__ == "__main__":
    main()
