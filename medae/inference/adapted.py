"""A network that was adapted to one scan, used in the place of a bundle's own weights."""

from dataclasses import dataclass, field

from medae.networks import Network


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """What adapting a bundle's network to one scan gave.

    Attributes
    ----------
    network
        Takes and gives what the bundle's network does; on the CPU, in evaluation mode.
    notes
        How it was adapted, as plain JSON values; they stand in the provenance under ``"adapted"``.
    """

    network: Network
    notes: dict[str, object] = field(default_factory=dict)

    @property
    def is_kept(self) -> bool:
        """Whether the weights are others than the bundle's."""
        return bool(self.notes.get("kept", True))

    def describe(self) -> str:
        """One phrase for records: whether the weights are still the bundle's own, else which they are."""
        if not self.is_kept:
            return "tried, not kept"
        digest = self.notes.get("weights_sha256")
        return "to this scan" if digest is None else f"to this scan, its weights SHA-256 {digest}"
