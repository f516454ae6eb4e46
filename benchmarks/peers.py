"""The peers of `benchmarks.denoising`: classical denoisers, each with the settings that are tried.

They are extras for the benchmark (``pip install 'medae[benchmark]'``), never dependencies, and imported only when they
run. Every peer is told the noise: its standard deviation, in CT also its power spectrum where it can use one, and that
MR is Rician. Of its settings the best counts, chosen for each scan and level with the truth in hand.

Two settings were tried and left out to save time: BM3D told the deviation alone in CT (on 96² crops of two scans at
5·10⁴ photons 2.4 and 2.8 dB below BM3D told the spectrum), and a cubic search of ANTs (on crops of three scans of CT
and MR 0.1 to 0.3 dB below the flat one).

BM3D: Dabov et al., IEEE TIP 2007, with the power spectrum as of Mäkinen et al., IEEE TIP 2020. BM4D: Maggioni et al.,
IEEE TIP 2013. NLM: Buades et al., CVPR 2005. TV: Chambolle, J Math Imaging Vis 2004. Wavelets: Chang et al., IEEE TIP
2000. ANTs: Manjón et al., J Magn Reson Imaging 2010. DIPY: Coupé et al., IEEE TMI 2008.

Left out: DIPY's LPCA and MPPCA, which need many volumes of the same anatomy (diffusion series), and the Noise2Void of
careamics: 0.3.5 asks for torchvision <= 0.26.0, which is bound to torch 2.11.0, while MedAE is measured with 2.13.0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Noise = Literal["gaussian", "rician"]


class Told(NamedTuple):
    """What a peer is told of the noise.

    Attributes
    ----------
    sigma
        Standard deviation, in the unit of the images that it is given.
    noise
        ``"rician"`` for magnitudes of MR, where ``sigma`` is that of each of the two channels.
    spectrum
        (rows, columns) mean of |fft2(noise)|² of one slice; None for white noise.
    """

    sigma: float
    noise: Noise = "gaussian"
    spectrum: NDArray[np.float64] | None = None


Run = Callable[[Images, Told], Images]


@dataclass(frozen=True, slots=True)
class Peer:
    """One method.

    Attributes
    ----------
    name
        As in the tables.
    module, package
        What is imported, and what is to be installed for it.
    settings
        Label to function: (rows, columns), or for volumetric ones (slices, rows, columns), of about 0 to 1, and what
        is told, to the same shape.
    volumetric
        Whether it is given the slices together.
    single
        Whether a volumetric one also takes a single slice.
    white, colored
        Labels of settings that are for noise without, and with, a known spectrum only.
    """

    name: str
    module: str
    package: str
    settings: dict[str, Run]
    volumetric: bool = False
    single: bool = False
    white: tuple[str, ...] = ()
    colored: tuple[str, ...] = ()

    def installed(self) -> bool:
        """Whether it can be imported; it is not imported here."""
        return find_spec(self.module) is not None

    def chosen(self, told: Told) -> dict[str, Run]:
        """Give the settings that suit the noise."""
        left_out = self.colored if told.spectrum is None else self.white
        return {label: run for label, run in self.settings.items() if label not in left_out}


def _bm3d(images: Images, told: Told) -> Images:
    import bm3d

    return np.asarray(bm3d.bm3d(images, sigma_psd=told.sigma), np.float32)


def _bm3d_spectrum(images: Images, told: Told) -> Images:
    import bm3d

    return np.asarray(bm3d.bm3d(images, sigma_psd=told.spectrum), np.float32)


def _bm4d(images: Images, told: Told) -> Images:
    """White noise by its deviation; coloured noise by its spectrum, which is the same for all slices."""
    import bm4d

    known: Any = told.sigma
    if told.spectrum is not None:
        known = np.repeat(told.spectrum[None], len(images), 0) * len(images)
    return np.asarray(bm4d.bm4d(images, sigma_psd=known), np.float32)


def _nlm(strength: float) -> Run:
    def run(images: Images, told: Told) -> Images:
        from skimage.restoration import denoise_nl_means

        width = strength * told.sigma
        restored = denoise_nl_means(images, 5, 6, h=width, sigma=told.sigma, fast_mode=True, preserve_range=True)
        return np.asarray(restored, np.float32)

    return run


def _total_variation(weight: float) -> Run:
    def run(images: Images, told: Told) -> Images:
        from skimage.restoration import denoise_tv_chambolle

        return np.asarray(denoise_tv_chambolle(images, weight=weight * told.sigma), np.float32)

    return run


def _wavelet(wavelet: str) -> Run:
    def run(images: Images, told: Told) -> Images:
        from skimage.restoration import denoise_wavelet

        restored = denoise_wavelet(images, told.sigma, wavelet=wavelet, method="BayesShrink", rescale_sigma=False)
        return np.asarray(restored, np.float32)

    return run


def _gaussian(width: float) -> Run:
    def run(images: Images, _: Told) -> Images:
        from scipy import ndimage

        return np.asarray(ndimage.gaussian_filter(images, width), np.float32)

    return run


def _ants(search: str) -> Run:
    """Search radius along (slices, rows, columns); a single slice is given as an image."""

    def run(images: Images, told: Told) -> Images:
        import ants

        single = len(images) == 1
        image = ants.from_numpy(images[0] if single else images)
        radius = search.partition("x")[2] if single else search
        restored = ants.denoise_image(image, noise_model=told.noise.title(), p=1, r=radius).numpy()
        return np.asarray(restored, np.float32).reshape(images.shape)

    return run


def _dipy(factor: float, radius: int) -> Run:
    def run(images: Images, told: Told) -> Images:
        from dipy.denoise.nlmeans import nlmeans

        volume = np.ascontiguousarray(images.transpose(1, 2, 0), np.float64)
        restored = nlmeans(volume, factor * told.sigma, block_radius=radius, rician=told.noise == "rician")
        return np.asarray(restored, np.float32).transpose(2, 0, 1)

    return run


BM3D = Peer("BM3D", "bm3d", "bm3d", {"σ": _bm3d, "spectrum": _bm3d_spectrum}, white=("σ",), colored=("spectrum",))
BM4D = Peer("BM4D", "bm4d", "bm4d", {"σ or spectrum": _bm4d}, volumetric=True)
PEERS = (
    Peer("Gaussian", "scipy", "scipy", {f"{w} px": _gaussian(w) for w in (0.3, 0.5, 0.7, 0.9, 1.2, 1.6)}),
    Peer(
        "TV",
        "skimage",
        "scikit-image",
        {f"weight {w} σ": _total_variation(w) for w in (0.35, 0.5, 0.75, 1.0, 1.5, 2.0)},
    ),
    Peer("wavelet", "skimage", "scikit-image", {w: _wavelet(w) for w in ("db2", "sym4", "sym8")}),
    Peer("NLM", "skimage", "scikit-image", {f"h {s} σ": _nlm(s) for s in (0.4, 0.6, 0.8, 1.0, 1.3)}),
    Peer("ANTs", "ants", "antspyx", {f"search {s}": _ants(s) for s in ("1x3x3",)}, True, True),
    Peer(
        "DIPY",
        "dipy",
        "dipy",
        {f"{f} σ, block {r}": _dipy(f, r) for f, r in ((1.0, 2), (1.5, 2), (1.0, 3))},
        volumetric=True,
    ),
    BM3D,
    BM4D,
)
