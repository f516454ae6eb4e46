"""How much of the noise that a network sees may be removed, by the noise level of the scan."""

LEAST = 0.25
"""Share that is removed however clean a scan seems, for noise that the estimate does not see."""

STRUCTURE = 0.6
"""Part of the noise measured in the images learnt from that may be fine structure: of 0, 0.25, 0.4, 0.5, 0.6, 0.75 and
1 this and 0.5 are best for the error of held-out CT and MR; with 0.5 nearly clean CT changed by half of its noise."""


def removed_share(noise: float, own_noise: float) -> float:
    """Share of what the network would remove, 0.25 to 1.

    The clean images that a network learnt from had noise of their own, so that it cannot tell noise of that size from
    fine structure; nor could it be told what to keep. Of a scan with noise σ the part σ²/(σ² + (0.6 σ₀)²) is removed,
    the Wiener gain (Wiener 1949) for a structure 0.6 times as strong as the noise σ₀ of the clean images: nearly all of
    strong noise, three quarters of noise as weak as theirs.

    Parameters
    ----------
    noise
        Standard deviation of the scan's noise, in network values; 0 where none could be measured.
    own_noise
        Median standard deviation of the noise of the images learnt from, in network values; 0 where it is not known.
    """
    if own_noise <= 0:
        return 1.0
    return max(LEAST, noise**2 / (noise**2 + (STRUCTURE * own_noise) ** 2))
