"""How much may be removed."""

import pytest

from medae.inference.caution import LEAST, removed_share


def test_three_quarters_of_noise_as_weak_as_that_of_the_clean_images() -> None:
    assert removed_share(0.015, 0.015) == pytest.approx(0.735, abs=0.001)


def test_nearly_all_of_strong_noise_and_little_of_weak_noise() -> None:
    shares = [removed_share(noise, 0.015) for noise in (0.005, 0.01, 0.02, 0.05, 0.1)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.97
    assert shares[0] == LEAST


def test_something_is_removed_where_no_noise_could_be_measured() -> None:
    assert removed_share(0.0, 0.015) == LEAST


def test_all_where_the_noise_of_the_clean_images_is_not_known() -> None:
    assert removed_share(0.0, 0.0) == removed_share(0.02, 0.0) == 1.0
