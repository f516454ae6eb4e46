"""Status codes of the DIMSE services (PS3.4 B.2.3, C.4; PS3.7 C)."""

SUCCESS = 0x0000
NOT_AUTHORIZED = 0x0124
"""Refused: not authorized (PS3.7 C.5.9)."""
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000
CANCEL = 0xFE00
PENDING = (0xFF00, 0xFF01)


def is_warning(status: int) -> bool:
    """Whether a status says: done, but (Bxxx)."""
    return 0xB000 <= status <= 0xBFFF


def is_out_of_resources(status: int) -> bool:
    """Whether a status says: not now (A7xx)."""
    return status >> 8 == OUT_OF_RESOURCES >> 8
