"""Copies of a scan around the body."""

import numpy as np
import pytest

from medae.inference.views import ROOM, VIEWS, copied, frame_around, put_back


def body_at(row: int, column: int) -> np.ndarray:
    body = np.zeros((2, 96, 112), bool)
    body[1, row : row + 21, column : column + 30] = True
    return body


@pytest.mark.parametrize("view", range(len(VIEWS)))
def test_a_copy_goes_back_to_where_it_was(view: int) -> None:
    images = np.random.default_rng(0).random((2, 96, 112)).astype(np.float32)
    body = body_at(2, 80)  # near two borders: the frame reaches beyond the image
    frame = frame_around(body, 16)
    back = put_back(frame, copied(frame, images, view), view, images.shape[1:])
    assert np.array_equal(back[body], images[body])
    assert back.shape == images.shape


def test_what_lies_beyond_the_image_is_its_edge() -> None:
    images = np.zeros((1, 96, 112), np.float32)
    images[:, :, 0] = 3.0
    copy = copied(frame_around(body_at(40, 0)[:1] | body_at(40, 0)[1:], 16), images, 0)
    assert (copy[..., : ROOM + 1] == 3.0).all()
    assert not copy[..., ROOM + 2 :].any()


def test_the_frame_goes_with_the_body_and_is_a_multiple_of_the_stride() -> None:
    one, other = frame_around(body_at(20, 30), 16), frame_around(body_at(23, 33), 16)
    assert (one.rows, one.columns) == (other.rows, other.columns) == (64, 64)
    assert (other.top - one.top, other.left - one.left) == (3, 3)


def test_without_a_body_the_whole_image_is_framed() -> None:
    frame = frame_around(np.zeros((2, 96, 112), bool), 16)
    assert (frame.rows, frame.columns) == (128, 144)
    assert put_back(frame, np.ones((2, 128, 144), np.float32), 0, (96, 112)).min() == 1
