"""What is taken out of DICOM outputs so that they do not tell whose scan it was: PS3.15 Annex E, as data."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Dates = Literal["remove", "shift", "keep"]


class Deidentify(BaseModel):
    """How to de-identify: the Basic Application Level Confidentiality Profile and options of it (PS3.15 E.2, E.3).

    Without options the profile removes or replaces every name, identifier, UID, date, free text, private element
    and overlay. Pixels are not changed: text burnt into them stays, and the face of a head stays a face.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    patient_id: str = Field(
        "", max_length=64, pattern=r"^[^\\\x00-\x1f]*$", description="New patient name and ID; default: a random one"
    )
    dates: Dates = Field(
        "remove",
        description="remove; shift all dates of the patient by the same random number of days; or keep them",
    )
    keep_patient_characteristics: bool = Field(False, description="Keep sex, age, size and weight")
    keep_device: bool = Field(False, description="Keep station name and serial numbers of the scanner")
    keep_institution: bool = Field(False, description="Keep name, address and department of the institution")
