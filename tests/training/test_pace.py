from medae.inference.device import choose_device
from medae.phantom import head, thorax, write_nifti
from medae.training import pace
from medae.training.cache import with_ct_noise
from medae.training.pace import SLICES, STEPS, WARM_UP
from medae.training.recipe import Data, Phantoms, Recipe
from medae.training.scans import find

CPU = choose_device("cpu")


def recipe(folder, **changes) -> Recipe:
    fields = {"name": "x", "title": "X", "task": "denoise", "modality": "MR", "patch_size": 32, "batch_size": 2}
    data = (Data(path=folder),) if folder else ()
    return Recipe.made({**fields, "data": data, "options": {"features": [4, 8], "blocks": 1}, **changes})


def test_real_steps_are_timed_and_nothing_is_kept(tmp_path) -> None:
    for number in range(3):
        write_nifti(head("T1", (9, 48, 40), (5.0, 4.0, 4.0), seed=number).volume, tmp_path / f"p{number}_T1.nii.gz")
    chosen = recipe(tmp_path)
    told = []
    found = pace.measure(chosen, find(chosen), CPU, lambda fraction, message="": told.append(message))
    assert 0 < found.seconds_per_step < 10
    assert 0 < found.seconds_per_slice < 10
    assert found.peak_mb is None
    assert sum(message.startswith("Timing") for message in told) == WARM_UP + STEPS
    assert {path.name for path in tmp_path.iterdir()} == {f"p{number}_T1.nii.gz" for number in range(3)}


def test_a_larger_batch_takes_longer(tmp_path) -> None:
    write_nifti(head("T1", (9, 96, 80), (5.0, 2.0, 2.0)).volume, tmp_path / "p1_T1.nii.gz")
    few, many = (
        pace.measure(recipe(tmp_path, batch_size=size, patch_size=64), find(recipe(tmp_path)), CPU).seconds_per_step
        for size in (1, 24)
    )
    assert many > 2 * few


def test_ct_noise_is_simulated_for_a_few_slices_only(tmp_path, monkeypatch) -> None:
    volume = thorax(shape=(SLICES + 3, 64, 64), spacing=(5.0, 6.0, 6.0)).volume
    write_nifti(volume, tmp_path / "a_CT.nii.gz")
    seen = []
    monkeypatch.setattr(pace, "with_ct_noise", lambda scans, seed: seen.append(scans) or with_ct_noise(scans, seed))
    chosen = recipe(tmp_path, modality="CT")
    assert pace.measure(chosen, find(chosen), CPU).seconds_per_step > 0
    assert [len(scan.images) for scan in seen[0]] == [SLICES]


def test_phantoms_do_where_there_is_no_scan() -> None:
    entry = Phantoms(kind="head", contrasts=("T1",), count=3, shape=(3, 48, 40), spacing=(5.0, 4.0, 4.0))
    chosen = recipe(None, phantoms=(entry,))
    assert 0 < pace.measure(chosen, find(chosen), CPU).seconds_per_step < 10
