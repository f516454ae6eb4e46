"""How a result that was read back had been made, as far as its header tells."""

import re
from datetime import UTC, datetime

from pydicom.dataset import Dataset
from pydicom.valuerep import DT

from medae.provenance import Provenance

_SHA256 = re.compile(r"SHA-256 ([0-9a-f]{64})")
_PROCESSING = "109102"  # Processing Equipment (PS3.16 CID 7005)


def made_by(data: Dataset) -> tuple[Provenance, ...]:
    """Give a step for each processing equipment (PS3.3 C.12.1.1.5), or else one for the equipment itself.

    Models of MedAE come back with name, version and, where the derivation tells it, the hash of their weights.
    """
    items = [item for item in data.get("ContributingEquipmentSequence") or () if _is_processing(item)]
    hashes = _SHA256.findall(str(data.get("DerivationDescription", "") or ""))
    return tuple(_step(item, hashes[n] if n < len(hashes) else "") for n, item in enumerate(items or [data]))


def _is_processing(item: Dataset) -> bool:
    purpose = item.get("PurposeOfReferenceCodeSequence") or ()
    return any(str(code.get("CodeValue", "")) == _PROCESSING for code in purpose)


def _step(item: Dataset, sha256: str) -> Provenance:
    versions = [str(version) for version in _several(item.get("SoftwareVersions"))]
    ours = [version.removeprefix("MedAE ") for version in versions if version.startswith("MedAE ")]
    others = [version for version in versions if not version.startswith("MedAE ")]
    name, version = str(item.get("ManufacturerModelName") or item.get("Manufacturer") or "unknown"), ""
    if ours and others:
        name, _, version = others[0].partition(" ")
    return Provenance(
        task="detect",
        bundle=name,
        version=version,
        sha256=sha256,
        options={},
        medae_version=ours[0] if ours else "",
        device="read from a file",
        started=_moment(str(item.get("ContributionDateTime", "") or "")),
        seconds=0.0,
    )


def _several(value: object) -> list[object]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]


def _moment(text: str) -> datetime:
    """When it was made; the epoch where that is not told."""
    try:
        moment = datetime.fromisoformat(str(DT(text).isoformat())) if text else None
    except (ValueError, AttributeError, OverflowError):
        moment = None
    moment = moment or datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
