"""DICOM nodes, the listener and its routing rules, as data: what `medae.settings.PacsSettings` keeps.

A node is another program in the network: a DICOM node speaks the DIMSE services (DICOM PS3.7), a DICOMweb node
the web services (PS3.18). Passwords are never part of it; see `medae.pacs.passwords`.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

AE_TITLE = "MEDAE"
"""What MedAE calls itself unless the settings say otherwise."""

PORT = 11112
"""Port of the listener; 11112 is registered for DICOM with IANA, 104 needs a privileged user."""

AeTitle = Annotated[str, Field(pattern=r"^[!-\[\]-~][ -\[\]-~]{0,15}$")]
"""1 to 16 printable ASCII characters without a backslash, not beginning with a space (VR AE, PS3.5 6.2)."""

NodeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
"""How the user calls a node or a rule."""

Port = Annotated[int, Field(ge=1, le=65535)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Certificates(_Data):
    """Files of TLS, all PEM: whom to trust, and how to prove who one is."""

    ca_file: Path | None = Field(default=None, description="Certificate of the authority to trust; empty: the system's")
    certificate: Path | None = Field(default=None, description="Own certificate, where the other side asks for one")
    key: Path | None = Field(default=None, description="Private key of the own certificate; empty: in the same file")


class _Node(Certificates):
    name: NodeName = Field(description="How you call it")
    timeout: float = Field(default=30.0, gt=0, le=3600, description="Seconds without an answer that are too many")


class DicomNode(_Node):
    """A PACS, workstation or scanner that is reached by AE title, host and port."""

    kind: Literal["dicom"] = "dicom"
    ae_title: AeTitle = Field(description="AE title of the node")
    host: str = Field(min_length=1, description="Host name or IP address")
    port: Port = Field(default=104, description="TCP port")
    tls: bool = Field(default=False, description="Talk to it encrypted")
    retrieve: Literal["get", "move"] = Field(
        default="get", description="Fetch by C-GET, or by C-MOVE to MedAE's listener (the node must know it)"
    )


class DicomwebNode(_Node):
    """A server of QIDO-RS, WADO-RS and STOW-RS."""

    kind: Literal["dicomweb"] = "dicomweb"
    url: str = Field(pattern=r"^https?://[^\s/]+\S*$", description="Root of the services, https://pacs/dicom-web")
    user: str = Field(default="", description="User name; its password is asked for and kept in the keyring")


Node = Annotated[DicomNode | DicomwebNode, Field(discriminator="kind")]


class Listener(Certificates):
    """MedAE's own Storage SCP: a PACS or scanner can push to it."""

    ae_title: AeTitle = Field(default=AE_TITLE, description="AE title of MedAE, also as a client")
    address: str = Field(default="0.0.0.0", description="Network address to listen at; 127.0.0.1: this machine only")  # noqa: S104
    port: Port = Field(default=PORT, description="TCP port")
    tls: bool = Field(default=False, description="Take encrypted connections only; needs certificate and key")
    accept: tuple[AeTitle, ...] = Field(default=(), description="AE titles that may send; empty: all")
    quiet_seconds: float = Field(
        default=10.0, gt=0, le=3600, description="A series is complete when nothing of it came for so long"
    )
    keep_hours: float = Field(default=24.0, ge=0, description="How long files stay here after all was sent")


class Rule(_Data):
    """What is done with a series that was pushed: which one, what, and where the result goes.

    Patterns are those of file names (``*``, ``?``) without regard to case; an empty pattern fits everything.
    """

    name: NodeName = Field(description="How you call it")
    calling_ae_title: str = Field(default="", description="Pattern of the sender's AE title")
    modality: str = Field(default="", description="Pattern of the Modality: CT, MR")
    series_description: str = Field(default="", description="Pattern of the SeriesDescription: *thorax*")
    study_description: str = Field(default="", description="Pattern of the StudyDescription")
    denoise: str = Field(default="auto", description='Model: "auto", a name, or "none"')
    strength: float = Field(default=1.0, ge=0, le=1, description="0 keeps the scan, 1 denoises fully")
    adapt: bool = Field(default=False, description="Fine-tune the model on each scan first, about a minute")
    detect: bool = Field(default=False, description="Map anomalies, too, which all exporters but derived-series need")
    exports: tuple[str, ...] = Field(
        default=("derived-series",), min_length=1, description="DICOM exporters: derived-series, parametric-map …"
    )
    destination: NodeName = Field(description="Name of the node that gets the result")

    def fits(self, calling_ae_title: str, modality: str, series_description: str, study_description: str) -> bool:
        """Whether this rule is for such a series."""
        pairs = (
            (self.calling_ae_title, calling_ae_title),
            (self.modality, modality),
            (self.series_description, series_description),
            (self.study_description, study_description),
        )
        return all(not pattern or fnmatchcase(fact.lower(), pattern.lower()) for pattern, fact in pairs)


_WORDS = {
    "name": "give letters, digits, dots, - and _, without spaces, at most 32",
    "destination": "name a node",
    "ae_title": "give 1 to 16 characters without a backslash, not beginning with a space",
    "accept": "give AE titles of 1 to 16 characters, separated by commas",
    "host": "give a host name or an IP address",
    "url": "give an address that begins with http:// or https://",
}


def first_reason(error: ValidationError) -> tuple[str, str]:
    """Give the field that is wrong, and in the user's words why."""
    first = error.errors()[0]
    field = next((str(part) for part in reversed(first["loc"]) if isinstance(part, str)), "")
    known = _WORDS.get(field) if first["type"].startswith("string") or first["type"] == "missing" else None
    return field, known or first["msg"].removeprefix("Value error, ")
