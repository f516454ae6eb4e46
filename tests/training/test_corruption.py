"""What is done to the input, by task."""

import numpy as np
import pytest
import torch

from medae.training.corruption import CORRUPTIONS, anomalies, corruption, detector_noise, nothing, scanner_noise
from medae.training.recipe import Recipe, find_recipe
from medae.training.sample import Patch
from tests.training.conftest import seeded


def _patch(slices: int = 3, *, block: bool = False, noise: bool = False) -> Patch:
    generator = torch.Generator().manual_seed(0)
    clean = torch.zeros(slices, 32, 40)
    clean[:, 4:28, 4:36] = torch.rand(slices, 24, 32, generator=generator) * 0.4 + 0.4
    body = (clean > 0).float() if block else (clean[:1] > 0).float()
    added = torch.randn(clean.shape, generator=generator) * 20 if noise else None
    return Patch(clean, body, torch.ones_like(body), (3.0, 1.0, 1.0), added)


@pytest.mark.parametrize("task", CORRUPTIONS)
@pytest.mark.parametrize(("slices", "block"), [(1, False), (3, False), (8, True)])
def test_shapes_and_ranges(task: str, slices: int, block: bool) -> None:
    patch = _patch(slices, block=block)
    restored = (slices if block else 1, 32, 40)
    for seed in range(12):
        given, target, weight = CORRUPTIONS[task](patch, seeded(seed))  # type: ignore[index]
        assert given.shape == (slices, 32, 40)
        assert target.shape == weight.shape == restored
        assert given.min() >= 0
        assert torch.isfinite(given).all()


@pytest.mark.parametrize("task", ["denoise", "anomaly"])
def test_the_draw_decides_all(task: str) -> None:
    one, two, other = (CORRUPTIONS[task](_patch(), seeded(seed))[0] for seed in (5, 5, 6))  # type: ignore[index]
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_strong_noise_counts_most_at_first_and_nearly_alike_in_the_end() -> None:
    def counts(progress: float) -> np.ndarray:
        rows = []
        for seed in range(60):
            given, target, weight = scanner_noise(_patch(), seeded(seed, progress))
            body = weight == weight.max()
            power = float(((given[1:2] - target) ** 2)[body].mean())
            rows.append((power, power * float(weight.max())))
        return np.array([row for row in rows if row[0] > 0.02**2])

    first, last = counts(0.0), counts(1.0)
    assert np.ptp(first[:, 1] / first[:, 0]) < 1e-2  # the plain squared error
    spread = [np.log(each[:, 1].max() / each[:, 1].min()) for each in (first, last)]
    assert spread[1] < 0.4 * spread[0]


def test_pixels_outside_the_body_count_little() -> None:
    patch = _patch()
    _, _, weight = scanner_noise(patch, seeded(1))
    inside, outside = weight[patch.body > 0], weight[patch.body == 0]
    assert inside.min() == pytest.approx(10 * float(outside.max()))


@pytest.mark.parametrize("noise", [False, True])
def test_some_patches_have_a_part_that_is_empty_and_without_noise(noise: bool) -> None:
    patch, cut, silent = _patch(noise=noise), 0, 0
    shown = patch.clean[1:2] > 0
    for seed in range(100):
        given, target, weight = scanner_noise(patch, seeded(seed))
        empty = shown & (target == 0)
        cut += bool(empty.any())
        silent += not given[1:2][~shown].any()
        assert not given[1:2][empty].any()
        if empty.any():
            assert weight[empty].max() < weight[shown & ~empty].min()  # it is not the patient
    assert 15 < cut < 45
    assert 30 < silent < 70  # what was padding is padding in half of the patches


def test_some_stacks_are_one_slice_over_and_over() -> None:
    alone = sum(
        bool(torch.equal(given[0], given[2]))
        for given, _, _ in (scanner_noise(_patch(), seeded(seed)) for seed in range(80))
    )
    assert 2 <= alone <= 30


@pytest.mark.parametrize(
    ("task", "modality", "chosen"),
    [
        ("denoise", "DX", detector_noise),
        ("denoise", "CR", detector_noise),
        ("denoise", "CT", scanner_noise),
        ("anomaly", "DX", anomalies),
        ("reconstruct", "CR", nothing),
    ],
)
def test_task_and_modality_decide(task: str, modality: str, chosen: object) -> None:
    facts = {"name": "x", "title": "x", "task": task, "modality": modality}
    made = corruption(Recipe.model_validate(facts))
    assert getattr(made, "func", made) is chosen


@pytest.mark.parametrize(("modality", "most"), [("CT", 0.031), ("MR", 0.381)])
def test_hounsfield_units_are_hardly_shaded(modality: str, most: float) -> None:
    facts = {"name": "x", "title": "x", "task": "anomaly", "modality": modality}
    patch, shade = _patch(1), corruption(Recipe.model_validate(facts))
    ratios = torch.stack([(shade(patch, seeded(seed))[1] / patch.clean)[patch.clean > 0.1] for seed in range(30)])
    furthest = (ratios - 1).abs().max()
    assert most / 2 < furthest < most


@pytest.mark.parametrize(("slices", "block"), [(1, False), (3, False), (8, True)])
def test_radiographs_are_exposed_anew(slices: int, block: bool) -> None:
    patch = _patch(slices, block=block)
    restored = (slices if block else 1, 32, 40)
    for seed in range(20):
        given, target, weight = detector_noise(patch, seeded(seed))
        assert given.shape == (slices, 32, 40)
        assert target.shape == weight.shape == restored
        assert block or torch.equal(given[0], given[-1])  # a radiograph has no neighbours


def test_ct_takes_the_noise_of_its_own_scan() -> None:
    silent = Patch(*(_patch().clean, _patch().body, _patch().trusted), (3.0, 1.0, 1.0), torch.zeros(3, 32, 40))
    for seed in range(10):
        given, target, _ = scanner_noise(silent, seeded(seed))
        assert torch.allclose(given[1:2], target, atol=1e-6)
    added = [
        float((g[1:2] - t).abs().mean())
        for g, t, _ in (scanner_noise(_patch(noise=True), seeded(seed)) for seed in range(30))
    ]
    assert max(added) > 0
    assert 0.0 in added  # a share stays clean


def test_anomalies_are_inside_the_body_only() -> None:
    for seed in range(40):
        given, target, weight = anomalies(_patch(1), seeded(seed))
        outside = weight < 0.1
        assert (given - target)[outside].abs().max() == pytest.approx(0.0, abs=1e-6)
        assert (given - target).abs().max() > 0


def test_anomalies_of_a_block_reach_over_slices() -> None:
    patch = _patch(8, block=True)
    differences = torch.stack(
        [(g - t)[:, 10:20, 10:20].flatten(1) for g, t, _ in (anomalies(patch, seeded(seed)) for seed in range(30))]
    )
    strong = differences.square().mean(dim=(1, 2)).sqrt() > 0.05  # more than the fine noise
    assert strong.sum() > 5
    beside = torch.nn.functional.cosine_similarity(differences[strong, 3], differences[strong, 4], dim=1).mean()
    assert beside > 0.5


def test_what_is_not_trusted_has_no_weight() -> None:
    patch = _patch()
    blind = Patch(patch.clean, patch.body, torch.zeros_like(patch.trusted), patch.spacing)
    for corrupted in (anomalies, nothing):
        assert corrupted(blind, seeded(0))[2].max() == 0


def test_reconstruction_is_of_the_middle_slice_itself() -> None:
    patch = _patch()
    given, target, _ = nothing(patch, seeded(0))
    assert torch.equal(given, patch.clean)
    assert torch.equal(target, patch.clean[1:2])


@pytest.mark.parametrize(("slices", "block"), [(1, False), (3, False), (8, True)])
def test_a_map_of_lesions_tells_what_was_put_in(slices: int, block: bool) -> None:
    patch, without, agreeing = _patch(slices, block=block), 0, []
    for seed in range(30):
        given, target, weight = anomalies(patch, seeded(seed), lesions=True)
        clean, lesions = target
        assert clean.shape == lesions.shape == weight.squeeze(0).shape
        assert lesions.abs().max() <= 1
        assert lesions[patch.body.reshape(lesions.shape) == 0].abs().max() == 0
        difference = patch.restored(given).reshape(clean.shape) - clean
        if lesions.abs().max() == 0:
            without += 1
            assert difference.abs().max() < 0.2  # fine noise only
        agreeing.append((difference * lesions)[lesions.abs() == 1].sum())
    assert 0 < without < 15
    assert torch.stack(agreeing).sum() > 0


def test_lesions_of_a_block_lie_apart_and_end_above_and_below() -> None:
    patch, shares, ended = _patch(12, block=True), [], 0
    for seed in range(40):
        _, target, _ = anomalies(patch, seeded(seed), lesions=True)
        told = target[1].abs() > 0.5
        shares.append(float(told.float().mean()))
        filled = told.any(dim=2).any(dim=1)
        ended += int(filled.any() and not filled.all())
    assert 0 < np.mean(shares) < 0.3
    assert ended > 10


def test_a_recipe_says_how_many_lesions_of_a_block_are_mild() -> None:
    block = torch.ones(8, 64, 64)
    uniform, recipe = Patch(0.5 * block, block, block, (3.0, 1.0, 1.0)), find_recipe("mr-t2-anomaly")

    def strongest(share: float) -> float:
        corrupt = corruption(recipe.changed(mild_lesions=share))
        samples = (corrupt(uniform, seeded(seed)) for seed in range(30))
        return max(float((given - target[0]).abs().max()) for given, target, _ in samples)

    assert strongest(1.0) < 0.5 * strongest(0.0)
