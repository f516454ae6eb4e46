from collections.abc import Callable

import numpy as np
import pytest

from medae import bundle
from medae.latent.pieces import Pieces
from medae.phantom import head
from medae.volume import Volume


@pytest.fixture
def scan() -> Volume:
    return head("T1", (8, 64, 56), (12.0, 4.0, 4.0)).volume


def test_whole_slices_are_framed_on_the_body(make_model: Callable[..., str], scan: Volume) -> None:
    info = bundle.find(make_model(latent_size=8, features=(4, 8)))
    pieces = Pieces.of(scan, info, bundle.load_network(info))
    assert pieces.size == (1, 32, 32)
    assert list(pieces.slice_index()) == sorted(set(pieces.slice_index()))
    image = pieces.network_input([len(pieces) // 2])[0, 0]
    inside = np.argwhere(image > 0.1)
    middle = (inside.min(0) + inside.max(0)) / 2
    assert np.abs(middle - 15.5).max() < 4
    row, column = pieces.centers()[0]
    assert abs(row - 32) < 8
    assert abs(column - 28) < 8


def test_slices_of_air_are_left_out(make_model: Callable[..., str], scan: Volume) -> None:
    array = scan.array.copy()
    array[0] = array[-1] = 0
    info = bundle.find(make_model(latent_size=8, features=(4, 8)))
    pieces = Pieces.of(scan.with_array(array), info, bundle.load_network(info))
    assert 0 not in pieces.slice_index()
    assert 7 not in pieces.slice_index()
    assert 4 in pieces.slice_index()


def test_a_patch_model_gets_a_grid(make_model: Callable[..., str], scan: Volume) -> None:
    info = bundle.find(make_model("undercomplete", settings={"pixel_spacing": 1.5}))
    pieces = Pieces.of(scan, info, bundle.load_network(info))
    in_middle = pieces.centers()[pieces.slice_index() == 4]
    assert len(in_middle) >= 4
    assert len(np.unique(in_middle, axis=0)) == len(in_middle)
    # the grid's pixels are those of the scan: the patch around a bright voxel shows it
    array = np.zeros(scan.shape, np.float32)
    row, column = in_middle[0]
    array[4, row, column] = 7.0
    index = int(np.flatnonzero((pieces.slice_index() == 4) & (pieces.centers() == in_middle[0]).all(1))[0])
    assert pieces.in_scan(array, index).max() == 7.0
    others = [n for n in range(len(pieces)) if n != index]
    assert max(pieces.in_scan(array, n).max(initial=0) for n in others) == 0.0


def test_any_size_networks_get_the_body_rounded_to_their_stride(make_model: Callable[..., str], scan: Volume) -> None:
    info = bundle.find(make_model("denoising", settings={}, features=(8, 16), blocks=1))
    network = bundle.load_network(info)
    pieces = Pieces.of(scan, info, network)
    assert pieces.size[1] % network.stride == 0
    assert 24 <= pieces.size[1] <= 64
    stack = pieces.network_input([0, 1])
    assert stack.shape == (2, 3, *pieces.size[1:])
    assert not np.array_equal(stack[0, 0], stack[0, 1]) or pieces.slice_index()[0] == 0


def test_blocks_in_three_dimensions(scan: Volume) -> None:
    images = np.arange(4 * 6 * 6, dtype=np.float32).reshape(4, 6, 6)
    pieces = Pieces(images, np.array([[-1, 2, 2], [3, 0, 4]]), (2, 4, 4), None, (1.0, 1.0))
    block = pieces.network_input([0, 1])
    assert block.shape == (2, 1, 2, 4, 4)
    assert list(pieces.slice_index()) == [0, 3]
    assert np.array_equal(block[1, 0, 0, :, :2], images[3, :4, 4:6])
    assert not block[1, 0, 1].any()
