"""Jobs done here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch

from medae.confidentiality import Deidentify
from medae.errors import Cancelled, ReadError, SettingsError, SeveralSeries, UnsupportedVolume
from medae.jobs.job import ExportJob, FamiliesJob, ProcessJob
from medae.jobs.run import load, run
from medae.results import AnomalyMap, Result
from medae.volume import Volume
from tests.jobs.conftest import small_volume


def test_read_denoise_and_export(tree: Path, tmp_path: Path) -> None:
    job = ProcessJob(
        paths=(tree / "patient" / "head",),
        denoise="none",
        exports=("derived-series", "nifti"),
        out=tmp_path / "out",
        name="scan",
    )
    seen: list[float] = []
    outcome = run(job, lambda fraction, message="", /: seen.append(fraction))
    assert outcome.result is not None
    assert outcome.result.denoised is not None
    assert len(outcome.paths) == 8
    assert all(path.is_file() for path in outcome.paths)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_a_given_result_is_not_read_and_kept(tree: Path) -> None:
    volume = small_volume()
    scores = AnomalyMap(volume.with_array(np.zeros(volume.shape, np.float32)), 3.0, "none")
    out = np.zeros_like(volume.array)
    done: list[int] = []
    job = ProcessJob(paths=(tree / "absent",), denoise="none", first_slice=4)
    outcome = run(job, given=Result(volume, None, scores), out=out, slice_done=done.append)
    assert outcome.result is not None
    assert outcome.result.original is volume
    assert outcome.result.anomaly_map is scores
    np.testing.assert_array_equal(out, volume.array)
    assert done[0] == 4
    assert sorted(done) == list(range(6))


def test_which_series(tree: Path) -> None:
    head = load(ProcessJob(paths=(tree / "patient" / "head",)))
    both = tree / "patient"
    with pytest.raises(SeveralSeries, match="2 series"):
        load(ProcessJob(paths=(both,)))
    uid = head.source.series_instance_uid
    chosen = load(ProcessJob(paths=(both,), series_instance_uid=uid))
    np.testing.assert_array_equal(chosen.array, head.array)


def test_modality_only_where_the_file_cannot_say(tree: Path) -> None:
    assert load(ProcessJob(paths=(tree / "brain.nii.gz",), modality="MR")).modality == "MR"
    assert load(ProcessJob(paths=(tree / "patient" / "chest",), modality="MR")).modality == "CT"


def test_nothing_to_read(tree: Path) -> None:
    with pytest.raises(ReadError, match="notes"):
        load(ProcessJob(paths=(tree / "patient" / "notes.txt",)))
    with pytest.raises(SettingsError, match="no file"):
        load(ProcessJob())


def test_export_of_a_weaker_denoising(tmp_path: Path) -> None:
    import medae

    volume = small_volume()
    result = Result(volume, volume.with_array(volume.array + np.int16(10)))
    job = ExportJob(exports=("nifti",), out=tmp_path, name="scan", strength=0.5)
    path, _ = run(job, given=result).paths
    np.testing.assert_array_equal(medae.open(path, "MR").array, volume.array + 5)


def test_the_denoising_is_measured_where_asked_for() -> None:
    volume = small_volume()
    seen: list[tuple[float, str]] = []
    job = ProcessJob(denoise="none", trust=True)
    result = run(job, lambda fraction, message="", /: seen.append((fraction, message)), Result(volume)).result
    assert result is not None
    assert result.trust is not None
    assert result.trust.model == "none"
    assert result.trust.residual_std == 0.0
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
    measuring = [fraction for fraction, message in seen if message.startswith("Measuring")]
    assert measuring
    assert min(measuring) > 0.7  # after the denoising
    quick = run(ProcessJob(denoise="none"), given=result).result
    assert quick is not None
    assert quick.trust is None  # not that of another denoising


def test_what_was_measured_holds_for_the_full_strength(tmp_path: Path) -> None:
    volume = small_volume()
    job = ProcessJob(denoise="none", trust=True)
    result = run(job, given=Result(volume)).result
    full = ExportJob(exports=("nifti",), out=tmp_path / "full")
    weak = ExportJob(exports=("nifti",), out=tmp_path / "weak", strength=0.5)
    kept, dropped = run(full, given=result).result, run(weak, given=result).result
    assert kept is not None
    assert dropped is not None
    assert kept.trust is not None
    assert dropped.trust is None


def test_options_of_an_export(tmp_path: Path) -> None:
    volume = small_volume()
    options = {"nifti": {"file_name": "mine.nii.gz"}}
    job = ExportJob(exports=("nifti",), out=tmp_path, options=options)
    assert run(job, given=Result(volume, volume)).paths == (tmp_path / "mine.nii.gz",)


def test_export_needs_a_result_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no result"):
        run(ExportJob(exports=("nifti",), out=tmp_path))
    with pytest.raises(SettingsError, match="no folder"):
        run(ProcessJob(exports=("nifti",)), given=Result(small_volume()))


def test_cancel_leaves_no_output(tree: Path, tmp_path: Path) -> None:
    def report(fraction: float, message: str = "", /) -> None:
        if fraction > 0.9:
            raise Cancelled

    out = tmp_path / "out"
    job = ProcessJob(paths=(tree / "brain.nii.gz",), denoise="none", exports=("nifti",), out=out, modality="MR")
    with pytest.raises(Cancelled):
        run(job, report)
    assert not out.exists() or not list(out.iterdir())


def test_the_families_come_with_their_options() -> None:
    from medae.families import FAMILIES

    answer = run(FamiliesJob()).answer
    assert isinstance(answer, list)
    assert [entry["key"] for entry in answer] == list(FAMILIES)
    denoising = next(entry for entry in answer if entry["key"] == "denoising")
    assert "denoise" in denoising["tasks"]
    assert denoising["schema"]["properties"]["blocks"]["maximum"] == 8


@pytest.fixture
def adaptable() -> Volume:
    """Blurred noise on flat tissue."""
    from medae.training.noise import gaussian_blur

    noise = gaussian_blur(torch.randn(12, 1, 72, 72, generator=torch.Generator().manual_seed(0)), 0.8)[:, 0].numpy()
    return Volume(array=(700 + 100 * noise).astype(np.int16), affine=np.eye(4), modality="MR")


def test_the_model_adapts_before_it_denoises(adaptable: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    from medae.inference.adapted import Adapted
    from medae.networks import ResidualUNet

    seen: list[tuple[float, str]] = []
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval().requires_grad_(False)
    asked = []

    def adapt(volume, model, device, report):
        asked.append((volume, model, device))
        report(0.5, "adapting")
        return Adapted(network, {"kept": True})

    monkeypatch.setattr("medae.training.adapt.adapt", adapt)
    job = ProcessJob(denoise="mr-denoise", adapt=True, device="cpu")
    outcome = run(job, lambda fraction, message="", /: seen.append((fraction, message)), Result(adaptable))
    assert asked == [(adaptable, "mr-denoise", "cpu")]
    assert outcome.result is not None
    assert outcome.result.denoised is not None
    step = outcome.result.denoised.provenance[-1]
    assert step.notes["adapted"] == {"kept": True}
    assert step.options["adapted"] == "to this scan"
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert {message: fraction for fraction, message in seen}["adapting"] == pytest.approx(0.4)  # 24 of 30


def test_only_a_denoising_adapts(adaptable: Volume) -> None:
    with pytest.raises(SettingsError, match="denoise"):
        run(ProcessJob(adapt=True), given=Result(adaptable))
    with pytest.raises(SettingsError, match="no network"):
        run(ProcessJob(denoise="none", adapt=True), given=Result(adaptable))


def test_colour_is_processed_only_where_asked_for() -> None:
    volume = replace(small_volume(), colour=np.zeros((*small_volume().shape, 3), np.uint8))
    with pytest.raises(UnsupportedVolume, match="colour"):
        run(ProcessJob(denoise="auto"), given=Result(volume))
    done = run(ProcessJob(denoise="none", colour=True), given=Result(volume)).result
    assert done is not None
    assert done.original.colour is None


def test_an_export_can_be_deidentified_compressed_and_repeatable(tree: Path, tmp_path: Path) -> None:
    given = run(ProcessJob(paths=(tree / "patient" / "head",), denoise="none")).result
    assert given is not None
    written = []
    for folder in ("one", "two"):
        job = ExportJob(
            exports=("derived-series", "png"),
            out=tmp_path / folder,
            deidentify=Deidentify(patient_id="S1"),
            compression="jpeg-ls",
            deterministic_uids=True,
        )
        written.append(pydicom.dcmread(run(job, given=given).paths[0]))
    assert written[0].SOPInstanceUID == written[1].SOPInstanceUID
    assert written[0].PatientID == "S1"
    assert written[0].file_meta.TransferSyntaxUID == pydicom.uid.JPEGLSLossless
    job = ExportJob(exports=("png",), out=tmp_path / "three", deterministic_uids=True)
    assert len(run(job, given=given).paths) == 1
