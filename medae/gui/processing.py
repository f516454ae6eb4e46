"""Denoise, detect and export of the session's series: jobs out, results into the viewer's model."""

from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal  # noqa: TID253

from medae.gui.running_jobs import JobRecord, RunningJobs
from medae.gui.session import Session
from medae.gui.tasks import Task, Threads
from medae.gui.viewer_model import ViewerModel
from medae.jobs.job import ExportJob, ProcessJob
from medae.results import AnomalyMap, Finding, Result
from medae.volume import Volume


@dataclass(slots=True, eq=False)
class _Partial:
    """A denoised volume that is being filled."""

    volume: Volume
    done: set[int] = field(default_factory=set)


class Processing(QObject):
    """Keeps the viewer's model in step with the session and with what the worker sends."""

    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, jobs: RunningJobs, model: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._model = session, jobs, model
        self._threads = Threads(1, self)
        self._partials: dict[int, _Partial] = {}
        self._finding: Task | None = None
        session.shown.connect(self._show)
        session.result_changed.connect(self._result_changed)
        jobs.partial.connect(self._partial)
        jobs.slice_done.connect(self._slice_done)
        jobs.finished.connect(self._finished)
        jobs.failed.connect(self.failed)
        jobs.changed.connect(self._job_changed)

    def denoise(self, device: str = "auto", *, adapt: bool = False) -> JobRecord | None:
        """Denoise the series that is shown, the visible slice first; with ``adapt`` the model learns from it before."""
        what = "Adapt and denoise" if adapt else "Denoise"
        return self._process(what, device, denoise="auto", adapt=adapt, trust=True, first_slice=self._model.cursor[0])

    def detect(self, device: str = "auto") -> JobRecord | None:
        """Map anomalies of the series that is shown."""
        return self._process("Detect", device, detect="auto")

    def export(self, job: ExportJob) -> JobRecord | None:
        """Write results of the series that is shown."""
        return self._submit("Export", job)

    def find_above(self, threshold: float) -> None:
        """Look for findings of the series that is shown at another threshold, in a thread."""
        anomaly_map = self._model.anomaly_map
        if anomaly_map is None:
            return
        if self._finding is not None:
            self._finding.cancel()
        self._finding = self._threads.start(
            lambda task: (anomaly_map.findings_above(threshold), anomaly_map.p_value),
            done=lambda found: self._found(anomaly_map, *found),
        )

    def close(self) -> None:
        """Stop looking for findings."""
        self._threads.close()

    def _process(self, what: str, device: str, **steps: object) -> JobRecord | None:
        result = self._session.result
        if result is None:
            return None
        # The worker gets the volume itself; the paths only say what it was.
        job = ProcessJob.model_validate({"paths": result.original.source.paths, "device": device, **steps})
        return self._submit(what, job)

    def _submit(self, what: str, job: ProcessJob | ExportJob) -> JobRecord | None:
        index, result = self._session.current, self._session.result
        if index is None or result is None:
            return None
        source = self._session.series[index].source
        return self._jobs.submit(f"{what} · {source.description or f'series {index + 1}'}", index, job, result)

    def _show(self, index: int) -> None:
        """Bring the current series with all its results into the model."""
        result = self._session.series[index].result
        if result is None:
            return
        self._model.set_original(result.original)
        self._show_denoised(index, result)
        self._show_map(result)

    def _show_denoised(self, index: int, result: Result) -> None:
        for record in self._jobs.active(index):
            partial = self._partials.get(record.number)
            if partial is not None:
                self._model.set_denoised(partial.volume, partial.done)
                return
        if self._model.denoised is not result.denoised:
            self._model.set_denoised(result.denoised)

    def _show_map(self, result: Result) -> None:
        anomaly_map = result.anomaly_map
        if self._model.anomaly_map is not anomaly_map:
            self._model.set_anomaly_map(anomaly_map)
            if anomaly_map is not None:
                self.find_above(anomaly_map.threshold)
        if anomaly_map is None:
            self._model.findings = result.findings

    def _found(self, anomaly_map: AnomalyMap, found: tuple[Finding, ...], p: float | None) -> None:
        if anomaly_map is self._model.anomaly_map:
            self._model.selected_finding = -1
            self._model.scan_p = p
            self._model.findings = found

    def _result_changed(self, index: int) -> None:
        result = self._session.series[index].result
        if index == self._session.current and result is not None and self._model.original is not None:
            if self._model.original is not result.original:  # outlines were added, the grid is the same
                self._model.original = result.original
            self._show_denoised(index, result)
            self._show_map(result)

    def _partial(self, record: JobRecord, volume: Volume) -> None:
        self._partials[record.number] = _Partial(volume)
        if record.series == self._session.current:
            self._model.set_denoised(volume, ())

    def _slice_done(self, record: JobRecord, index: int) -> None:
        partial = self._partials.get(record.number)
        if partial is not None:
            partial.done.add(index)
            if partial.volume is self._model.denoised:
                self._model.refresh_slice(index)

    def _finished(self, record: JobRecord, result: Result | None) -> None:
        if isinstance(record.job, ProcessJob) and result is not None:
            self._session.add_result(record.series, result)
        self.finished.emit(record)

    def _job_changed(self, record: JobRecord) -> None:
        """Take a half-done volume out of the view when its job has failed or was cancelled."""
        if record.is_active or self._partials.pop(record.number, None) is None:
            return
        result = self._session.series[record.series].result
        if record.series == self._session.current and result is not None:
            self._show_denoised(record.series, result)
