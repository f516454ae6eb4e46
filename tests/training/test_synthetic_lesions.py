"""Lesions that are put into patches."""

import numpy as np
import torch

from medae.training.corruption import anomalies
from medae.training.sample import Patch
from medae.training.synthetic_lesions import ANY, MILD, Look, put_lesion
from tests.training.conftest import seeded


def _lesion(patch: Patch, look: Look, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Give what one told lesion added to a block, and how far each voxel is part of it; both (S, H, W)."""
    images, changed, inside = patch.clean.clone(), torch.zeros_like(patch.body), torch.nonzero(patch.body)
    put_lesion(images, changed, patch, inside, seeded(seed), look, told=True)
    return images - patch.clean, changed


def _uniform() -> Patch:
    block = torch.ones(8, 64, 64)
    return Patch(0.5 * block, block, block, (3.0, 1.0, 1.0))


def test_told_lesions_end_in_the_neighbours_of_a_slice() -> None:
    uniform = Patch(torch.full((5, 32, 40), 0.5), torch.ones(1, 32, 40), torch.ones(1, 32, 40), (3.0, 1.0, 1.0))
    throughout, ending = 0, 0
    for seed in range(200):
        given, target, _ = anomalies(uniform, seeded(seed), lesions=True)
        told = (target[1].abs() == 1) & ((given[2] - target[0]).abs() > 0.15)
        if told.sum() > 20:
            gone = ((given[4] - given[2])[told].abs() > 0.1).float().mean()
            throughout, ending = throughout + int(gone < 0.05), ending + int(gone > 0.3)
    assert ending > throughout > 0  # a scan of one slice has the same lesion in all of them


def test_edges_of_told_lesions_can_be_as_sharp_as_those_of_anatomy() -> None:
    """Most of the contrast lies between two pixels next to each other: soft edges must not tell a lesion."""
    steepest = []
    for seed in range(80):
        given, target, _ = anomalies(_uniform(), seeded(seed), shading=(0.0, 0.0), lesions=True)
        change = (given - target[0]).abs()
        if change.max() > 0.2:
            steepest.append(float(change.diff(dim=2).abs().max() / change.max()))
    assert np.mean(np.array(steepest) > 0.6) > 0.4


def test_mild_lesions_are_faint_and_sharp_and_keep_the_texture_below_them() -> None:
    block = torch.ones(8, 64, 64)
    noise = 0.02 * torch.randn(8, 64, 64, generator=torch.Generator().manual_seed(0))
    for seed in range(60):
        added, part = _lesion(Patch(0.5 + noise, block, block, (3.0, 1.0, 1.0)), MILD, seed)
        assert 0.039 < added.abs().max() < 0.121
        assert added.diff(dim=2).abs().max() > 0.4 * added.abs().max()
        inside = added[part > 0.95].abs()
        assert inside.numel() > 0
        assert inside.max() - inside.min() < 0.06 * inside.max()


def test_mild_lesions_are_rounder_than_others() -> None:
    def longest(look: Look) -> float:
        ratios = []
        for seed in range(120):
            _, part = _lesion(_uniform(), look, seed)
            section = torch.nonzero(part[int(part.sum(dim=(1, 2)).argmax())] > 0.5).double()
            if len(section) > 30 and section.min() > 0 and section.max() < 63:
                axes = torch.linalg.eigvalsh(torch.cov(section.T))
                ratios.append(float((axes[1] / axes[0]).sqrt()))
        assert len(ratios) > 20
        return float(np.quantile(ratios, 0.9))

    assert longest(MILD) < 1.6 < longest(ANY)


def test_mild_lesions_lie_mostly_where_tissue_is_even() -> None:
    block, generator = torch.ones(8, 64, 64), torch.Generator().manual_seed(0)
    clean = 0.5 * block
    clean[..., 32:] += 0.1 * torch.randn(8, 64, 32, generator=generator)
    patch = Patch(clean, block, block, (3.0, 1.0, 1.0))

    def in_even_half(look: Look) -> float:
        parts = [_lesion(patch, look, seed)[1] for seed in range(60)]
        return float(np.mean([float(part[..., :32].sum()) > float(part[..., 32:].sum()) for part in parts]))

    assert in_even_half(ANY) < 0.7
    assert in_even_half(MILD) > 0.8


def test_a_patch_without_body_gets_no_lesion() -> None:
    empty = Patch(torch.zeros(8, 64, 64), torch.zeros(8, 64, 64), torch.ones(8, 64, 64), (3.0, 1.0, 1.0))
    added, part = _lesion(empty, MILD, 0)
    assert added.abs().max() == part.max() == 0
