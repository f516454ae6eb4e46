"""Every error that MedAE raises on purpose.

::

    MedaeError                what the user can read and act on
    ├── ReadError             a file that cannot be opened, with its path and reason
    ├── SeveralSeries         one volume was asked for, the path holds more
    ├── ModelError            a bundle that is missing, damaged or refused
    ├── UnsupportedVolume     a scan that the chosen model or exporter cannot take
    ├── ExportError           an output that could not be written
    ├── SettingsError         a job, recipe or setting that makes no sense
    ├── NodeError             a DICOM node that cannot be reached, or refuses
    └── WorkerDied            the process that computes ended before it answered
    Cancelled                 the user stopped the work (not a failure)

Messages say what is wrong and what to do next, in the user's words, and carry no patient data.
"""

from pathlib import Path


class MedaeError(Exception):
    """Base of all errors that are shown to the user as one sentence."""


class ReadError(MedaeError):
    """A file or folder could not be read.

    Parameters
    ----------
    path
        The file in question.
    reason
        One sentence without the path: what is wrong and, where possible, what to do.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason

    def __reduce__(self) -> tuple[type["ReadError"], tuple[Path, str]]:
        """Pickle by the constructor's arguments, so that the worker process can send it."""
        return type(self), (self.path, self.reason)


class SeveralSeries(MedaeError):  # noqa: N818 - named for what happened
    """One volume was asked for, but the path holds several series."""


class ModelError(MedaeError):
    """A bundle is missing, damaged, unsafe or does not fit."""


class UnsupportedVolume(MedaeError):  # noqa: N818 - named for what happened
    """The scan cannot be processed or exported in the way asked for."""


class ExportError(MedaeError):
    """An output could not be written; nothing partial was left behind."""


class SettingsError(MedaeError):
    """A job, recipe or setting is invalid."""


class NodeError(MedaeError):
    """A DICOM node cannot be reached, or refuses what was asked.

    Parameters
    ----------
    message
        One sentence: what happened, which setting to check.
    is_temporary
        Whether it may work later without a change of settings, so that the send queue tries again.
    """

    def __init__(self, message: str, is_temporary: bool = False) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


class WorkerDied(MedaeError):  # noqa: N818 - named for what happened
    """The worker process ended before it answered."""


class Cancelled(Exception):  # noqa: N818 - a request, not an error
    """Raised by a `Report` when the user has asked to stop."""
