"""What is done with a complete series: rules are looked up, it is denoised, the result goes into the send queue.

Outputs have UIDs and places that follow from the input and the rule. Whatever was interrupted can be done again,
and nothing is there twice.
"""

import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from medae import exporters, readers
from medae.errors import MedaeError, SettingsError, UnsupportedVolume
from medae.exporters import dicom_attributes, dicom_file
from medae.exporters.exporter import DicomOptions
from medae.jobs.job import ProcessJob
from medae.jobs.run import run
from medae.nodes import Rule
from medae.pacs.instance_files import key
from medae.pacs.send_queue import SendQueue
from medae.pacs.spool import MAX_ATTEMPTS, Arrival, Spool
from medae.progress import Report, part, silent
from medae.results import Result
from medae.volume import Source

TEMPORARY = ".making-"
"""Beginning of the names of folders that are being filled."""


def _ignore(_text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Router:
    """Takes series from the spool and puts results into the queue.

    Attributes
    ----------
    outbox
        Takes the results, one folder per series and rule.
    device
        What computes: ``"auto"``, ``"cpu"``, ``"cuda"``.
    """

    spool: Spool
    queue: SendQueue
    outbox: Path
    device: str = "auto"
    on_change: Callable[[str], None] = _ignore

    def recover(self) -> None:
        """Take away results that were half-way when MedAE was killed."""
        for place in self.outbox.glob(f"{TEMPORARY}*"):
            shutil.rmtree(place, ignore_errors=True)

    def process(self, arrival: Arrival, rules: Sequence[Rule], report: Report = silent) -> None:
        """Do what the rules say with a series of `Spool.begin_next`; how it went is noted in the spool, not raised.

        Raises
        ------
        Cancelled
            ``report`` has asked to stop; the series is taken up again later.
        """
        if arrival.attempts >= MAX_ATTEMPTS:
            self._finish(arrival, "failed", f"MedAE ended unexpectedly {MAX_ATTEMPTS} times during this series")
            return
        try:
            state, message = self._apply(arrival, rules, report)
        except MedaeError as error:
            state, message = "failed", str(error)
        self._finish(arrival, state, message)

    def _finish(self, arrival: Arrival, state: str, message: str) -> None:
        self.spool.finish(arrival, state, message)
        self.on_change(f"Series from {arrival.calling}: {state}, {message}")

    def _apply(self, arrival: Arrival, rules: Sequence[Rule], report: Report) -> tuple[str, str]:
        files = arrival.files()
        if not files:
            return "kept", "no image of it is here"
        header = dicom_file.read_header(files[0])
        if is_own(header):
            return "kept", "MedAE has made it itself; it is not denoised again"
        chosen = [rule for rule in rules if rule.fits(arrival.calling, *_facts(header))]
        if not chosen:
            return "kept", "no rule fits; it stays here"
        done = [
            self._route(rule, arrival, files, part(report, number / len(chosen), (number + 1) / len(chosen)))
            for number, rule in enumerate(chosen)
        ]
        return "done", "; ".join(done)

    def _route(self, rule: Rule, arrival: Arrival, files: Sequence[Path], report: Report) -> str:
        """Make the result of one rule, unless it is there already, and queue it."""
        name = key(arrival.key, rule.model_dump_json(), *(path.name for path in files))
        place = self.outbox / name
        if not place.is_dir():
            self.outbox.mkdir(parents=True, exist_ok=True)
            making = self.outbox / f"{TEMPORARY}{uuid.uuid4().hex}"
            try:
                self._make(rule, files, making, report)
                making.rename(place)
            except OSError as error:
                raise SettingsError(f"The result could not be written ({error.strerror}); free some space.") from error
            finally:
                shutil.rmtree(making, ignore_errors=True)
        made = sorted(place.rglob("*.dcm"))
        self.queue.add(rule.destination, made, f"Rule {rule.name}: {len(files)} images", name, place)
        return f"rule {rule.name}: {len(files)} images in, {len(made)} files to {rule.destination}"

    def _make(self, rule: Rule, files: Sequence[Path], folder: Path, report: Report) -> None:
        """Denoise and export every volume of a series into a folder."""
        scan = readers.scan(files)
        if not scan.sources:
            reason = scan.skipped[0].reason if scan.skipped else "there is no volume in it"
            raise UnsupportedVolume(f"Nothing of the series can be read: {reason}")
        for number, source in enumerate(scan.sources):
            progress = part(report, number / len(scan.sources), (number + 1) / len(scan.sources))
            self._make_one(rule, source, folder / str(number + 1), progress)

    def _make_one(self, rule: Rule, source: Source, folder: Path, report: Report) -> None:
        job = ProcessJob(
            paths=source.paths,
            denoise=rule.denoise,
            strength=rule.strength,
            adapt=rule.adapt,
            detect="auto" if rule.detect else None,
            device=self.device,
        )
        given = Result(readers.read(source, part(report, 0.0, 0.1)))
        result = run(job, part(report, 0.1, 0.8), given).result
        assert result is not None
        wanted = [name for name in rule.exports if name in exporters.EXPORTERS]
        usable = [name for name in wanted if exporters.EXPORTERS[name].accepts(result) is None]
        if not usable:
            reason = exporters.EXPORTERS[wanted[0]].accepts(result) if wanted else "the rule names no known exporter"
            raise UnsupportedVolume(f"Nothing can be exported: {reason}")
        options = {
            name: {"deterministic_uids": True}
            for name in usable
            if issubclass(exporters.EXPORTERS[name].Options, DicomOptions)
        }
        exporters.export(result, folder, usable, options=options, report=part(report, 0.8, 1.0))


def is_own(header: Dataset) -> bool:
    """Whether MedAE has had a part in an image (ContributingEquipmentSequence, PS3.3 C.12.1.1.5)."""
    items = header.get("ContributingEquipmentSequence") or ()
    return any(item.get("Manufacturer") == dicom_attributes.MANUFACTURER for item in items)


def _facts(header: Dataset) -> tuple[str, str, str]:
    """Give modality, series description and study description."""
    return tuple(str(header.get(k, "") or "") for k in ("Modality", "SeriesDescription", "StudyDescription"))  # type: ignore[return-value]
