"""Pieces of scans that samples are made from."""

import pytest
import torch

from medae.training.sample import Patch


@pytest.mark.parametrize(("slices", "told", "is_block"), [(1, 1, False), (5, 1, False), (5, 5, True)])
def test_a_network_of_slices_restores_the_middle_one_and_one_of_blocks_all(
    slices: int, told: int, is_block: bool
) -> None:
    clean = torch.arange(slices, dtype=torch.float32).view(-1, 1, 1).expand(slices, 8, 8)
    patch = Patch(clean, torch.ones(told, 8, 8), torch.ones(told, 8, 8), (3.0, 1.0, 1.0))
    assert patch.is_block == is_block
    assert torch.equal(patch.restored(clean), clean if is_block else clean[slices // 2 :][:1])
