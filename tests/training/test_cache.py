"""Scans in memory: as inference will see them, on the right side, without those that cannot be read."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from medae import phantom, readers
from medae.errors import Cancelled, ReadError, SettingsError
from medae.inference.prepare import body_mask, intensity_scale, network_values, standardised
from medae.training import cache
from medae.training.cache import bright_regions, load
from tests.training.conftest import MakeRecipe


def test_scans_are_as_inference_will_see_them(short: MakeRecipe, scans: Path) -> None:
    volume = readers.read(readers.scan(scans / "patient2.nii.gz").sources[0], modality="MR")
    (held_out,) = load(short(task="anomaly")).used("held_out")
    values = network_values(volume, intensity_scale(volume))
    assert np.array_equal(held_out.images, standardised(values, body_mask(values, "MR"), "MR"))
    assert held_out.spacing == pytest.approx((8.0, 3.0, 3.0))


def test_sides_patients_and_hashes(short: MakeRecipe) -> None:
    loaded = load(short())
    assert [len(loaded.used(use)) for use in ("train", "validation", "held_out")] == [2, 0, 1]
    assert len({scan.patient for scan in loaded.scans}) == 3
    assert len({scan.digest for scan in loaded.scans}) == 3
    assert loaded.warnings == ()


def test_resampled_and_framed_where_the_recipe_says_so(short: MakeRecipe) -> None:
    scan = load(short(task="reconstruct", pixel_spacing=4.0, whole_slices=True, patch_size=(48, 40))).scans[0]
    assert scan.images.shape == scan.body.shape == scan.trusted.shape == (8, 48, 40)
    assert scan.spacing == pytest.approx((8.0, 4.0, 4.0))
    rows = np.flatnonzero(scan.body.any(axis=(0, 2)))
    assert abs((rows[0] + rows[-1]) / 2 - 23.5) <= 1  # centred on the body


def test_fine_mr_is_learnt_from_as_it_is_and_averaged_but_not_measured_so(short: MakeRecipe, tmp_path: Path) -> None:
    for seed in (1, 2):
        made = phantom.head("T1", shape=(8, 96, 96), spacing=(8.0, 0.7, 0.7), seed=seed)
        phantom.write_nifti(made.volume, tmp_path / "fine" / f"patient{seed}.nii.gz")
    recipe = short(data=[{"path": tmp_path / "fine", "hold_out": ["patient2"]}])
    loaded = load(recipe)
    native, averaged = loaded.used("train")
    assert averaged.images.shape == (8, 48, 48)
    assert averaged.spacing == pytest.approx((8.0, 1.4, 1.4))
    assert averaged.images[3, 20, 20] == pytest.approx(native.images[3, 40:42, 40:42].mean(), rel=1e-5)
    assert native.images.shape == loaded.used("held_out")[0].images.shape == (8, 96, 96)


def test_fine_isotropic_mr_is_averaged_and_learnt_from_all_sides(short: MakeRecipe, tmp_path: Path) -> None:
    made = phantom.head("T1", shape=(24, 48, 40), spacing=(0.7, 0.7, 0.7), seed=1)
    phantom.write_nifti(made.volume, tmp_path / "fine" / "patient1.nii.gz")
    views = load(short(data=[{"path": tmp_path / "fine"}], hold_out=0)).used("train")
    cubes, planes = views[::2], views[1::2]
    assert sorted(each.images.shape for each in cubes) == [(12, 24, 20), (20, 12, 24), (24, 12, 20)]
    assert sorted(each.images.shape for each in planes) == [(24, 24, 20), (40, 12, 24), (48, 12, 20)]
    assert all(each.spacing == pytest.approx((1.4, 1.4, 1.4)) for each in cubes)
    assert all(each.spacing == pytest.approx((0.7, 1.4, 1.4)) for each in planes)
    assert len({each.digest for each in views}) == 1


def test_phantoms_are_no_patients(short: MakeRecipe) -> None:
    entry = {"kind": "head", "contrasts": ["T1", "T2"], "count": 2, "shape": (2, 64, 64), "spacing": (40, 4, 4)}
    made = [s for s in load(short(phantoms=[entry])).scans if s.patient.startswith(cache.PHANTOM)]
    assert len(made) == 4
    assert len({scan.patient for scan in made}) == 2
    assert {scan.use for scan in made} == {"train"}


def test_noisy_phantoms_are_noisier_than_normal_ones(short: MakeRecipe) -> None:
    entry = {"kind": "head", "contrasts": ["T1"], "count": 1, "shape": (4, 48, 40), "spacing": (20, 4, 4)}
    recipe = short(task="anomaly", phantoms=[entry])
    (normal,), noisy = cache.normal_phantoms(recipe), cache.noisy_phantoms(recipe)

    def rough(scan: cache.Scan) -> float:
        return float(np.median(np.abs(np.diff(scan.images, axis=2))[~scan.body[..., 1:]]))

    levels = [rough(scan) for scan in noisy]
    assert len(noisy) == len(cache.NOISIER)
    assert rough(normal) < levels[0] < levels[1] < levels[2]
    assert len({scan.patient for scan in (normal, *noisy)}) == 4


def test_radiographs_are_pictures_projections_and_phantoms(short: MakeRecipe, tmp_path: Path) -> None:
    pictures, ct = tmp_path / "pictures", tmp_path / "ct"
    pictures.mkdir()
    chest = phantom.radiograph("chest", (1, 80, 72), (1.0, 5.0, 5.0)).volume.values()[0]
    for name in ("00000001_000", "00000002_000"):
        PIL.Image.fromarray((chest / chest.max() * 255).astype(np.uint8)).save(pictures / f"{name}.png")
        chest = chest[:, ::-1]
    phantom.write_dicom(phantom.thorax((6, 64, 64), (20.0, 6.0, 6.0)).volume, ct)
    recipe = short(
        modality="DX",
        data=[
            {"path": pictures, "hold_out": ["00000002"], "halve": True},
            {"path": ct, "project": [0, 90]},
        ],
        phantoms=[{"kind": "hand", "count": 1, "shape": (1, 48, 40), "spacing": (1, 5, 5)}],
        options={"in_channels": 1, "features": [8, 16], "blocks": 1},
    )
    loaded = load(recipe)
    picture, projected, hand = loaded.used("train")
    (held_out,) = loaded.used("held_out")
    assert picture.images.shape == held_out.images.shape == (1, 40, 36)
    assert picture.spacing == pytest.approx((1.0, 2.0, 2.0))
    assert projected.images.shape == (2, 20, 64)  # two directions, 120 mm of slices
    assert hand.images.shape == (1, 48, 40)
    assert hand.patient.startswith(cache.PHANTOM)
    assert all(0.9 < np.percentile(scan.images, 99.9) < 1.1 for scan in loaded.scans)


def test_a_scan_whose_pixels_cannot_be_read_is_left_out(short: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    read = readers.read

    def broken(source: readers.Source, *args: object, **named: object) -> object:
        if "patient3" in source.paths[0].name:
            raise ReadError(source.paths[0], "the file ends too early.")
        return read(source, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(cache.readers, "read", broken)
    loaded = load(short())
    assert len(loaded.used("train")) == 1
    assert [warning for warning in loaded.warnings if "ends too early" in warning]
    with pytest.raises(SettingsError, match="ends too early"):
        load(short(data=[{"path": short().data[0].path, "include": ["patient3"]}]))


def test_reading_can_be_cancelled(short: MakeRecipe) -> None:
    def stop(fraction: float, message: str = "", /) -> None:
        if message.startswith("Reading scan 2"):
            raise Cancelled

    with pytest.raises(Cancelled):
        load(short(), stop)


def test_bright_regions_are_found_and_grown() -> None:
    images = np.random.default_rng(0).normal(0.5, 0.02, (2, 40, 40)).astype(np.float32)
    images[1, 18:22, 18:22] = 0.9
    found = bright_regions(images, np.ones(images.shape, bool), 6.0)
    assert found[1, 20, 20]
    assert found[1, 16, 20]
    assert found.mean() < 0.1


def test_bright_lesions_are_looked_for_in_another_scan_of_the_visit(short: MakeRecipe, tmp_path: Path) -> None:
    """On a grid of its own; a scan that has no such other one is left out."""
    center, shape, spacing = (-20.0, 10.0, 6.0), (8, 72, 64), (8.0, 3.0, 3.0)
    t2 = phantom.head("T2", shape=shape, spacing=spacing, seed=1)
    flair = phantom.head("FLAIR", shape=(12, 80, 80), spacing=(6.0, 2.7, 2.6), seed=1)
    sick = phantom.place_lesion(flair, center, 24.0, 2.0 * float(np.percentile(flair.volume.values(), 90)))
    phantom.write_nifti(t2.volume, tmp_path / "visits" / "patient1_T2W.nii.gz")
    phantom.write_nifti(sick.volume, tmp_path / "visits" / "patient1_FLAIR.nii.gz")
    alone = phantom.head("T2", shape=shape, spacing=spacing, seed=2)
    phantom.write_nifti(alone.volume, tmp_path / "visits" / "patient2_T2W.nii.gz")
    entry = {"path": tmp_path / "visits", "include": ["T2W"], "mask_bright": 6.0, "mask_bright_in": ["T2W", "FLAIR"]}
    loaded = load(short(task="anomaly", data=[entry], hold_out=0))
    (scan,) = loaded.scans
    (warning,) = (text for text in loaded.warnings if text.startswith(cache.LEFT_OUT))
    assert "patient2_FLAIR" in warning
    k, j, i = np.rint(t2.volume.to_index(center)).astype(int)
    assert not scan.trusted[k, j, i]
    assert scan.trusted.mean() > 0.9
    framed = {"whole_slices": True, "patch_size": (48, 40), "options": {"in_channels": 1, "features": [8, 16]}}
    (cut,) = load(short(task="anomaly", data=[entry], hold_out=0, **framed)).scans
    masked, kept = (np.median(one.images[~one.trusted]) for one in (scan, cut))
    assert kept == pytest.approx(masked, abs=0.02)  # the same places, though framed around the scan
    whole = {**entry, "mask_bright": None, "mask_bright_in": None}
    plain = load(short(task="anomaly", data=[whole], hold_out=0)).scans[0]
    assert plain.trusted.all()
    assert np.array_equal(scan.images, plain.images)
