"""Noise of a digital X-ray detector, and the ways in which files present its signal.

The detector counts quanta, spreads each over its neighbours and adds electronic noise: y = h ∗ (a · Poisson(x / a)) +
N(0, b²). A scan that serves as clean image x has been through the detector's blur h already, so only the noise is
blurred. Its power spectrum is a · x · MTF(f)² + b² for a flat signal x (Cunningham, "Applied linear-systems theory",
Handbook of Medical Imaging 1, SPIE 2000, §2.4; Siewerdsen et al., Med Phys 1997). Files hold the signal itself ("for
processing"), its logarithm, or what a look-up table makes of it ("for presentation", DICOM PS3.3 C.11), in either
polarity: there the noise depends on the grey value in other ways.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch  # noqa: TID253
from torch import Tensor  # noqa: TID253

from medae.training.noise import gaussian_blur

Curve = Literal["power", "log", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Detector:
    """How a signal is detected.

    Attributes
    ----------
    gain
        Signal per detected quantum, a: the variance of the quantum noise is ``gain`` times the signal.
    read
        Standard deviation of the electronic noise, b, in the unit of the signal.
    blur
        Standard deviation of the detector's Gaussian point spread in pixels; 0 for none.
    """

    gain: float
    read: float = 0.0
    blur: float = 0.0


def detected(signal: Tensor, detector: Detector, generator: torch.Generator) -> Tensor:
    """Add the noise of one exposure.

    Parameters
    ----------
    signal
        (…, H, W) float32, noise-free and non-negative, blurred by the detector already.
    detector
        Gain, electronic noise and blur.
    generator
        Source of randomness.

    Returns
    -------
    Tensor
        Same shape and unit; the mean is ``signal``, values may be negative.
    """
    quanta = torch.poisson(signal.clamp(min=0) / detector.gain, generator=generator)
    quantum = quanta * detector.gain - signal
    if detector.blur > 0:
        planes = quantum.reshape(1, -1, *quantum.shape[-2:])
        quantum = gaussian_blur(planes, detector.blur).view(quantum.shape)
    return signal + quantum + detector.read * torch.randn(signal.shape, generator=generator)


@dataclass(frozen=True, slots=True)
class Presentation:
    """Curve from detector signal to grey value, both 0 to 1.

    Attributes
    ----------
    curve
        ``"power"``: grey = sᵖ, the signal itself for p = 1. ``"log"``: grey = 1 + ln(s) / p, where p is the latitude,
        the range of ln(s) that is shown. ``"sigmoid"``: grey = sᵖ / (sᵖ + mᵖ), the S-shaped curve of film and of
        presentation tables on ln(s), with its middle grey at signal m.
    parameter
        p of the curve.
    middle
        m of the sigmoid.
    negative
        Whether much signal is dark, as on film: 1 − grey.
    """

    curve: Curve = "power"
    parameter: float = 1.0
    middle: float = 0.2
    negative: bool = False

    def apply(self, signal: Tensor) -> Tensor:
        """Give the grey values of a signal of any shape; the logarithm of what is below its range is 0."""
        p = self.parameter
        if self.curve == "log":
            grey = 1 + signal.clamp(min=math.exp(-p)).log() / p
        elif self.curve == "sigmoid":
            power = signal.clamp(min=0) ** p
            grey = power / (power + self.middle**p)
        else:
            grey = signal if p == 1 else signal.clamp(min=0) ** p
        return 1 - grey if self.negative else grey

    def invert(self, grey: Tensor) -> Tensor:
        """Give the signal of grey values of any shape; those of a sigmoid must lie between 0 and 1."""
        p = self.parameter
        grey = 1 - grey if self.negative else grey
        if self.curve == "log":
            return ((grey - 1) * p).exp()
        if self.curve == "sigmoid":
            return self.middle * (grey / (1 - grey)) ** (1 / p)
        return grey if p == 1 else grey.clamp(min=0) ** (1 / p)


def exposed(
    clean: Tensor, detector: Detector, generator: torch.Generator, presentation: Presentation | None = None
) -> Tensor:
    """Give the grey values that an exposure would have shown instead of the clean ones.

    Parameters
    ----------
    clean
        (…, H, W) float32 grey values, noise-free.
    detector
        In units of the signal, of which the largest is about 1.
    generator
        Source of randomness.
    presentation
        Curve between signal and grey value; the grey values are the signal if not given.
    """
    shown = presentation or Presentation()
    return shown.apply(detected(shown.invert(clean), detector, generator))


def xray_noise(clean: Tensor, random: np.random.Generator, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw one random kind of X-ray image from a patch: its presentation, exposure and detector.

    Most of them are shown as they are detected; the others through a curve, with other contrast and polarity. A few
    have no noise.

    Parameters
    ----------
    clean
        (S, H, W) float32 network values, about 0 to 1.
    random, generator
        Sources of randomness.

    Returns
    -------
    clean, noisy
        (S, H, W) each, not negative; the clean one has the contrast of the noisy one.
    """
    if random.random() < 0.25:  # targets with less noise of their own
        clean = gaussian_blur(clean[None], float(random.uniform(0.4, 1.0)))[0]
    shown = Presentation() if random.random() < 0.6 else _drawn_presentation(random)
    if random.random() < 0.5:
        low, high = random.uniform(0, 0.5), random.uniform(0.6, 1.0)
        clean = float(low) + float(high - low) * clean
    if shown.curve != "power":
        clean = 0.02 + 0.96 * clean.clamp(0, 1)
    if shown.negative:
        clean = 1 - clean.clamp(0, 1)
    if random.random() < 0.06:
        return clean, clean
    noisy = exposed(clean, _drawn_detector(random, shown), generator, shown).clamp(min=0)
    if random.random() < 0.15:
        noisy = (noisy * 255).round() / 255
    return clean, noisy


def _drawn_presentation(random: np.random.Generator) -> Presentation:
    curve: Curve = random.choice(["log", "log", "sigmoid", "power"])
    low, high = {"log": (1.5, 5.0), "sigmoid": (0.8, 2.0), "power": (0.4, 1.0)}[curve]
    middle = float(random.uniform(0.1, 0.4))
    return Presentation(curve, float(random.uniform(low, high)), middle, bool(random.random() < 0.6))


def _drawn_detector(random: np.random.Generator, shown: Presentation) -> Detector:
    few = 40.0 if shown.curve == "power" else 150.0
    quanta = float(np.exp(random.uniform(np.log(few), np.log(1e4))))
    read = float(random.uniform(0, 1)) * quanta**-0.5
    if random.random() < 0.15:  # a detector whose electronic noise is all that counts
        quanta, read = 1e6, float(np.exp(random.uniform(np.log(0.004), np.log(0.12))))
    blurred = random.random() < (0.25 if shown == Presentation() else 0.5)
    return Detector(1 / quanta, read, float(random.uniform(0.4, 0.9)) if blurred else 0.0)
