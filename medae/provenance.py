"""How an output was made: the record that every result carries."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Provenance:
    """One processing step.

    Attributes
    ----------
    task
        ``"denoise"`` or ``"detect"``.
    bundle, version, sha256
        Name and version of the model and the SHA-256 of its weights (empty for model "none").
    options
        What was asked for, as plain JSON values (strength, threshold, …).
    medae_version
        Version of this package.
    device
        What computed it and why, e.g. ``"CPU (2 threads): no CUDA device found"``.
    started
        Local time with offset.
    seconds
        Wall-clock time.
    notes
        Facts a reader of the result should know: values clipped, noise before and after, domain warnings.
    """

    task: str
    bundle: str
    version: str
    sha256: str
    options: dict[str, object]
    medae_version: str
    device: str
    started: datetime
    seconds: float
    notes: dict[str, object] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values, for reports and side-cars."""
        return {
            "task": self.task,
            "bundle": self.bundle,
            "version": self.version,
            "sha256": self.sha256,
            "options": self.options,
            "medae_version": self.medae_version,
            "device": self.device,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "notes": self.notes,
        }
