"""Standardised uptake values of PET by body weight (PS3.3 C.8.9.1, C.8.9.2).

The rules are those of QIBA's vendor-neutral pseudo-code (QIBA FDG-PET/CT Profile, appendix G): SUV is the activity
concentration times the patient's weight by the injected activity, decayed to the moment that images are corrected to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydicom.dataset import Dataset

from medae.readers.dicom_header import number, text

BECQUEREL = "Bq/ml"
"""UCUM code of PET's usual unit."""
PHILIPS_SUV, PHILIPS_ACTIVITY = 0x70531000, 0x70531009
"""Factors from counts to SUV and to Bq/ml (private elements of Philips)."""
GE_SCAN_TIME = 0x0009100D
MOST_HALF_LIVES = 10.0
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Uptake:
    """What one PET image says about its unit and the injected activity.

    Attributes
    ----------
    units, kind
        Units (0054,1001), SUVType (0054,1006).
    corrected, decay
        CorrectedImage (0028,0051), DecayCorrection (0054,1102).
    weight, dose, half_life
        PatientWeight in kg, RadionuclideTotalDose in Bq, RadionuclideHalfLife in s; None where absent or not positive.
    injected, started, acquired
        When the tracer was given, the series begun (or the moment that decay is corrected to), the image taken.
    injected_day
        Whether the day of the injection is known.
    factors
        From counts to SUV and to Bq/ml (Philips).
    """

    units: str = ""
    kind: str = ""
    corrected: str = ""
    decay: str = ""
    weight: float | None = None
    dose: float | None = None
    half_life: float | None = None
    injected: datetime | None = None
    started: datetime | None = None
    acquired: datetime | None = None
    injected_day: bool = False
    factors: tuple[float | None, float | None] = (None, None)


def uptake(data: Dataset) -> Uptake | None:
    """Collect what a PET image says; None for other images."""
    if text(data, "Modality") != "PT":
        return None
    tracer = (data.get("RadiopharmaceuticalInformationSequence") or (Dataset(),))[0]
    injected = _moment(text(tracer, "RadiopharmaceuticalStartDateTime"))
    scan_time = _moment(text(data, "DecayCorrectionDateTime"))
    if scan_time is None and text(data, "Manufacturer").upper().startswith("GE"):
        scan_time = _moment(text(data, GE_SCAN_TIME))
    day = text(data, "SeriesDate") or text(data, "StudyDate")
    return Uptake(
        units=text(data, "Units"),
        kind=text(data, "SUVType"),
        corrected=text(data, "CorrectedImage"),
        decay="START" if scan_time is not None and not text(data, "DecayCorrection") else text(data, "DecayCorrection"),
        weight=_positive(data, "PatientWeight"),
        dose=_positive(tracer, "RadionuclideTotalDose"),
        half_life=_positive(tracer, "RadionuclideHalfLife"),
        injected=injected or _moment(day + text(tracer, "RadiopharmaceuticalStartTime"), day),
        started=scan_time or _moment(day + text(data, "SeriesTime"), day),
        acquired=_moment(text(data, "AcquisitionDate") + text(data, "AcquisitionTime"), text(data, "AcquisitionDate")),
        injected_day=injected is not None,
        factors=(_positive(data, PHILIPS_SUV), _positive(data, PHILIPS_ACTIVITY)),
    )


def suv_factor(images: Sequence[Uptake]) -> tuple[float | None, str]:
    """Factor from modality values to SUV in g/ml, the same for all images of a series; or None and the reason.

    Parameters
    ----------
    images
        What each image of the series says.
    """
    acquired = [image.acquired for image in images if image.acquired is not None]
    earliest = min(acquired) if acquired else None
    found = [_factor(_started_before(image, earliest)) for image in images]
    for factor, reason in found:
        if factor is None:
            return None, reason
    factors = [factor for factor, _ in found if factor is not None]
    if max(factors) - min(factors) > 1e-4 * max(factors):
        return None, "its images do not agree about weight, dose or times"
    return factors[len(factors) // 2], ""


def _started_before(image: Uptake, earliest: datetime | None) -> Uptake:
    """Take the earliest acquisition for the start where the series time is later: it was made afterwards."""
    if earliest is not None and (image.started is None or image.started > earliest):
        return replace(image, started=earliest)
    return image


def _factor(image: Uptake) -> tuple[float | None, str]:
    if image.units == "GML":
        return (1.0, "") if image.kind in ("", "BW") else (None, f"its SUV is of type {image.kind}, not by body weight")
    to_suv, to_activity = image.factors
    if image.units == "CNTS" and to_suv is not None:
        return to_suv, ""
    if image.units == "CNTS" and to_activity is not None:
        factor, reason = _by_activity(image)
        return (None, reason) if factor is None else (factor * to_activity, "")
    if image.units != "BQML":
        return None, f"its unit is {image.units or 'not given'}, not Bq/ml"
    return _by_activity(image)


def _by_activity(image: Uptake) -> tuple[float | None, str]:
    for name, value in (("the patient's weight", image.weight), ("the injected dose", image.dose)):
        if value is None:
            return None, f"{name} is not given"
    assert image.weight is not None
    assert image.dose is not None
    if "ATTN" not in image.corrected:
        return None, "it is not corrected for attenuation"
    if image.decay == "ADMIN":
        return 1000.0 * image.weight / image.dose, ""
    if image.decay != "START":
        return (
            None,
            "it is not corrected for decay" if image.decay == "NONE" else "it does not say how decay is corrected",
        )
    if image.half_life is None or image.injected is None or image.started is None:
        return None, "the half-life of the tracer, or the time of its injection or of the scan, is not given"
    waited = image.started - image.injected
    if waited < timedelta(0) and not image.injected_day:  # given before midnight
        waited += DAY
    if waited < timedelta(0) or waited.total_seconds() > MOST_HALF_LIVES * image.half_life:
        return None, "the times of injection and scan cannot be right"
    left = image.dose * 2.0 ** (-waited.total_seconds() / image.half_life)
    return 1000.0 * image.weight / left, ""


def _positive(data: Dataset, tag: str | int) -> float | None:
    found = number(data, tag)
    return found if found is not None and found > 0 else None


def _moment(stamp: str, needed: str = "x") -> datetime | None:
    """Read YYYYMMDDHHMMSS with or without a fraction (PS3.5 6.2); None where day or time is absent or malformed."""
    digits = stamp.partition("+")[0].partition("-")[0].replace(":", "")
    whole, _, fraction = digits.partition(".")
    if not needed or len(whole) < 12:
        return None
    try:
        moment = datetime.strptime(whole.ljust(14, "0")[:14], "%Y%m%d%H%M%S")
        return moment + timedelta(seconds=float(f"0.{fraction}") if fraction else 0.0)
    except ValueError:
        return None
