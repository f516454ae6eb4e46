import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medae import readers
from medae.phantom import head, radiograph, thorax, write_dicom, write_nifti
from medae.training.recipe import Data, Recipe
from medae.training.scans import find, patient_of
from medae.volume import Source

SHAPE, SPACING = (3, 48, 40), (5.0, 4.0, 4.0)


def recipe(*folders: Path, **changes) -> Recipe:
    data = tuple(Data(path=folder) for folder in folders)
    facts = {"name": "x", "title": "X", "task": "denoise", "modality": "MR", "data": data, "patch_size": 32}
    return Recipe.model_validate({**facts, **changes})


def reasons(found) -> dict[str, str]:
    return {scan.path.name: scan.reason for scan in found.scans if scan.use == "not_used"}


@pytest.fixture(scope="module")
def _patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans") / "patients"
    for number in range(4):
        for contrast in ("T1", "FLAIR"):
            volume = head(contrast, SHAPE, SPACING, seed=number).volume
            write_nifti(volume, folder / f"patient{number}_{contrast}.nii.gz")
    for contrast in ("T1", "T2"):
        write_dicom(head(contrast, SHAPE, SPACING, seed=9).volume, folder / "dicom" / contrast, patient_id="DOE")
    return folder


@pytest.fixture
def patients(_patients: Path, tmp_path: Path) -> Path:
    """Five patients with two contrasts each, one of them as DICOM; to be changed at will."""
    return Path(shutil.copytree(_patients, tmp_path / "patients"))


def sides(found) -> dict[str, set[str]]:
    of: dict[str, set[str]] = defaultdict(set)
    for scan in found.scans:
        of[scan.patient].add(scan.use)
    return of


def test_radiographs_of_all_modalities_are_learnt_from_and_ct_only_where_it_is_projected(tmp_path) -> None:
    for seed, modality in enumerate(("DX", "CR", "MG")):
        chest = radiograph("chest", (1, 64, 64), (1.0, 6.0, 6.0), seed=seed).volume
        (path,) = write_dicom(chest, tmp_path / "xr" / modality, patient_id=modality)
        header = pydicom.dcmread(path)
        header.Modality = modality
        header.save_as(path)
    write_dicom(thorax(SHAPE, SPACING).volume, tmp_path / "ct")
    told = {"modality": "DX", "options": {"in_channels": 1}}
    found = find(recipe(tmp_path, **told))
    assert {scan.modality: scan.reason for scan in found.scans if scan.use == "not_used"} == {
        "MG": "MG, the recipe is for DX",
        "CT": "CT, the recipe is for DX",
    }
    data = (Data(path=tmp_path / "ct", project=(0,)), Data(path=tmp_path / "xr", project=(0,)))
    found = find(recipe(**told, data=data, hold_out=0))
    assert [scan.modality for scan in found.used("train")] == ["CT"]
    assert {scan.reason for scan in found.scans[1:]} == {
        f"{modality}, the recipe is for DX projected from CT" for modality in ("DX", "CR", "MG")
    }


@pytest.mark.parametrize("seed", range(6))
def test_no_patient_is_on_two_sides(patients, seed) -> None:
    found = find(recipe(patients, seed=seed, validation=0.2))
    assert len(found.scans) == 10
    assert len(sides(found)) == 5
    assert all(len(uses) == 1 for uses in sides(found).values())
    assert all(found.used(use) for use in ("train", "validation", "held_out"))
    assert found == find(recipe(patients, seed=seed, validation=0.2))


def test_the_split_depends_on_the_seed(patients) -> None:
    held_out = {find(recipe(patients, seed=seed)).used("held_out")[0].patient for seed in range(8)}
    assert len(held_out) > 1


def test_a_patient_with_one_named_scan_is_held_out_with_all(patients) -> None:
    data = (Data(path=patients, hold_out=("patient2_T1",)),)
    found = find(recipe(data=data))
    assert {scan.path.name[:8] for scan in found.used("held_out")} == {"patient2"}
    assert len(found.used("held_out")) == 2


def test_a_named_scan_that_is_not_there_is_said_and_others_are_held_out(patients) -> None:
    found = find(recipe(data=(Data(path=patients, hold_out=("nobody",)),)))
    assert found.used("held_out")
    assert "names to be held out" in found.warnings[0]


def test_one_patient_is_not_split(tmp_path) -> None:
    folder = tmp_path / "patient7"
    for contrast in ("T1", "T2"):
        write_nifti(head(contrast, SHAPE, SPACING).volume, folder / f"{contrast}.nii.gz")
    found = find(recipe(folder, validation=0.2))
    assert [scan.use for scan in found.scans] == ["train", "train"]
    assert "one patient" in found.warnings[0]
    assert "validation" in found.warnings[1]


def test_what_is_not_learnt_from_has_its_reason(patients) -> None:
    volume = head("T1", SHAPE, SPACING, seed=20).volume
    write_dicom(thorax(shape=(2, 64, 64), spacing=(5.0, 6.0, 6.0)).volume, patients / "chest")
    write_nifti(volume, patients / "lung_CT.nii.gz")
    mask = volume.with_array((volume.array > volume.array.mean()).astype(volume.array.dtype))
    write_nifti(mask, patients / "patient1_gt.nii.gz")
    write_nifti(volume, patients / "patient1_T1_denoised.nii.gz")
    write_nifti(head("T1", (3, 20, 20), (5.0, 9.0, 9.0)).volume, patients / "patient1_tiny.nii.gz")
    shutil.copy(patients / "patient0_T1.nii.gz", patients / "somebody.nii.gz")
    (patients / "patient3_cut.nii.gz").write_bytes((patients / "patient3_T1.nii.gz").read_bytes()[:20])
    (patients / "notes.txt").write_text("not an image")
    found = find(recipe(patients))
    assert reasons(found) == {
        "0001.dcm": "CT, the recipe is for MR",
        "lung_CT.nii.gz": "CT, the recipe is for MR",
        "patient1_gt.nii.gz": "a mask: 2 different values",
        "patient1_T1_denoised.nii.gz": "made by MedAE from another scan",
        "patient1_tiny.nii.gz": "slices of 20×20 pixels are too small for patches of 32×32",
        "somebody.nii.gz": "the same file as patient0_T1.nii.gz",
    }
    assert {item.path.name for item in found.skipped} == {"patient3_cut.nii.gz", "notes.txt"}


def test_localizers_and_screen_captures_are_left_out(tmp_path) -> None:
    volume = head("T1", SHAPE, SPACING).volume
    for path in write_dicom(volume, tmp_path / "a", patient_id="A"):
        data = pydicom.dcmread(path)
        data.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        data.save_as(path)
    for path in write_dicom(head("T2", SHAPE, SPACING).volume, tmp_path / "b", patient_id="B"):
        data = pydicom.dcmread(path)
        data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
        data.save_as(path)
    found = find(recipe(tmp_path))
    assert {scan.reason for scan in found.scans} == {"a localizer", "a screen capture"}


def test_a_single_slice_serves_slices_but_not_blocks(tmp_path) -> None:
    write_nifti(head("T1", (1, 48, 40), SPACING).volume, tmp_path / "patient1.nii.gz")
    (flat,) = find(recipe(tmp_path)).scans
    assert (flat.use, flat.warnings) == (
        "train",
        ("the file does not say its modality; it is taken for MR", "a single slice"),
    )
    (block,) = find(recipe(tmp_path, options={"spatial_dims": 3}, patch_size=[16, 32, 32])).scans
    assert (block.use, block.reason) == ("not_used", "1 slice, blocks of 16 need more")


def test_entries_of_one_folder_share_its_scans(patients) -> None:
    data = (Data(path=patients, include=("FLAIR",), mask_bright=1.0), Data(path=patients, include=("T1",)))
    found = find(recipe(data=data))
    assert {scan.entry.mask_bright for scan in found.scans if "FLAIR" in scan.path.name} == {1.0}
    assert {scan.entry.mask_bright for scan in found.scans if "T1" in str(scan.path)} == {None}
    assert set(reasons(found).values()) == {"its path holds none of the texts to include"}
    assert len(found.scans) == 10


def test_a_folder_that_is_not_there_is_skipped_with_its_reason(tmp_path) -> None:
    found = find(recipe(tmp_path / "nowhere"))
    assert found.scans == ()
    assert "no such file or folder" in found.skipped[0].reason


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("patient12_study1_T1W.nii.gz", "patient12_study2_FLAIR.nii.gz", True),
        ("patient12_T1.nii.gz", "patient13_T1.nii.gz", False),
        ("sub-01/ses-1/anat/sub-01_T1w.nii.gz", "sub-01/ses-2/anat/sub-01_T2w.nii.gz", True),
        ("sub-01/anat/T1w.nii.gz", "sub-02/anat/T1w.nii.gz", False),
        ("patient12/scan001.nii.gz", "patient12/scan002.nii.gz", True),
        ("p26_FLAIR.nii.gz", "p26_gt.nii.gz", True),
        ("IXI002-Guys-T1.nii.gz", "IXI002-Guys-T2.nii.gz", True),
        ("anna/T1.nii.gz", "anna/T2.nii.gz", True),
        ("anna/T1.nii.gz", "berta/T1.nii.gz", False),
        ("anna.nii.gz", "berta.nii.gz", False),
    ],
)
def test_patients_are_known_by_their_paths(tmp_path, one, other, same) -> None:
    sources = [Source(paths=(tmp_path / "data" / name,), reader="nifti") for name in (one, other)]
    keys = [patient_of(source, tmp_path / "data") for source in sources]
    assert (keys[0] == keys[1]) is same
    assert all(len(key) == 12 for key in keys)


def test_the_header_knows_the_patient_better_than_the_path(tmp_path) -> None:
    source = Source(paths=(tmp_path / "patient1.dcm",), reader="dicom", patient="abc", study_instance_uid="1.2")
    assert patient_of(source, tmp_path) == "abc"
    anonymous = replace(source, paths=(tmp_path / "x" / "a.dcm",), patient="")
    assert patient_of(anonymous, tmp_path) == patient_of(replace(anonymous, paths=(tmp_path / "y.dcm",)), tmp_path)


def test_scans_of_few_values_are_found_in_every_format(tmp_path) -> None:
    import SimpleITK

    array = np.zeros((4, 48, 48), np.float32)
    array[1:3, 10:20, 10:20] = 1
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(tmp_path / "mr.nrrd"))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(tmp_path / "mr.nii"))
    found = find(recipe(tmp_path))
    assert set(reasons(found).values()) == {"a mask: 2 different values"}


def test_real_scans(shared_data) -> None:
    found = find(recipe(shared_data / "mr", patch_size=128, validation=0.1))
    assert reasons(found) == {"p26_gt.nii.gz": "a mask: 2 different values"}
    assert all(
        len({scan.use for scan in found.scans if scan.patient == p and scan.use != "not_used"}) <= 1
        for p in sides(found)
    )
    assert len(readers.scan(shared_data / "mr").sources) == len(found.scans)
