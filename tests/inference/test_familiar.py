"""What a model knows, and what it does not."""

import numpy as np

from medae.families import FAMILIES
from medae.inference.familiar import Familiar, distance, signature
from medae.networks import ResidualUNet


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


CODES = [unit(1, 0.1, 0), unit(1, 0.2, 0), unit(1, 0.15, 0.05)]
KNOWN = Familiar.fit(CODES, [0.01, 0.02, 0.0], ["a", "b", "c"])


def test_a_scan_like_the_others_is_inside() -> None:
    assert KNOWN.outside(unit(1, 0.12, 0.01), 0.02) == []


def test_another_appearance_is_outside() -> None:
    (sentence,) = KNOWN.outside(unit(0, 1, 1), 0.01)
    assert "contrast or part of the body" in sentence


def test_a_scan_that_is_restored_badly_is_outside() -> None:
    (sentence,) = KNOWN.outside(unit(1, 0.12, 0.01), 0.2)
    assert "restores it 10.0 times as badly" in sentence


def test_scans_of_one_patient_do_not_vouch_for_each_other() -> None:
    twice = Familiar.fit([*CODES, unit(0, 1, 0), unit(0, 1, 0.001)], [0.0] * 5, ["a", "b", "c", "d", "d"])
    assert twice.furthest > 0.5


def test_phantoms_and_patients_tell_how_far_other_scanners_may_be() -> None:
    codes = [*CODES, unit(1, 0.15, 0.5)]
    patients, phantoms = ["a", "b", "c", "phantom"], [False, False, False, True]
    strange = unit(1, 0.15, 0.35)
    assert KNOWN.outside(strange, 0.01)
    assert Familiar.fit(codes[:3], [0.02] * 3, patients[:3], phantoms=phantoms[:3]).furthest == KNOWN.furthest
    assert not Familiar.fit(codes, [0.02] * 4, patients, phantoms=phantoms).outside(strange, 0.01)


def test_scans_of_one_patient_tell_nothing_of_others() -> None:
    assert Familiar.fit(CODES, [0.02] * 3, ["a"] * 3).outside(unit(0, 1, 1), 0.01) == []


def test_models_are_compared_by_how_values_are_spread_whatever_their_encoders_see() -> None:
    random, body = np.random.default_rng(0), np.ones((2, 40, 40), bool)

    def scan(power: float) -> np.ndarray:
        return (random.random(body.shape) ** power).astype(np.float32)

    def model(power: float, seen: float) -> Familiar:
        networks = [ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval() for _ in range(2)]
        codes = [signature(network, FAMILIES["denoising"], seen * scan(power), body) for network in networks]
        return Familiar.fit(codes, [0.0] * 2, ["a", "b"])

    bright, dark = model(0.3, seen=1.0), model(3.0, seen=0.5)
    assert bright.unlike(scan(0.3), body) < 0.01 < 0.1 < bright.unlike(scan(3.0), body)
    assert dark.unlike(scan(3.0), body) < 0.01 < 0.1 < dark.unlike(scan(0.3), body)
    assert bright.unlike(scan(0.3), ~body) == 1, "nothing to compare"


def test_a_signature_does_not_depend_on_size_or_side() -> None:
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    random = np.random.default_rng(0)
    images = np.kron(random.random((6, 8, 8)), np.ones((1, 8, 8))).astype(np.float32)
    body = images > 0
    code = signature(network, FAMILIES["denoising"], images, body)
    assert np.linalg.norm(code) == np.float32(1) or abs(np.linalg.norm(code) - 1) < 1e-5
    mirrored = signature(network, FAMILIES["denoising"], images[..., ::-1].copy(), body)
    other = signature(network, FAMILIES["denoising"], (random.random((6, 64, 64)) ** 8).astype(np.float32), body)
    assert distance(code, mirrored) < 0.2 * distance(code, other)


def test_a_signature_does_not_depend_on_the_air_around_the_body() -> None:
    network = ResidualUNet(in_channels=1, features=(8, 16), blocks=1).eval()
    random = np.random.default_rng(0)
    images = np.zeros((6, 64, 64), np.float32)
    images[:, 24:40, 24:40] = random.random((6, 16, 16))
    body = images > 0
    wider = [np.pad(one, ((0, 0), (32, 24), (8, 40))) for one in (images, body)]
    code, same = (signature(network, FAMILIES["denoising"], *given) for given in ((images, body), wider))
    np.testing.assert_allclose(code, same, atol=1e-6)


def test_noisy_scans_are_known_but_do_not_widen_what_is_inside() -> None:
    noisy = unit(0.5, 1, 1)
    known = Familiar.fit(CODES, [0.01, 0.02, 0.0], ["a", "b", "c"], [noisy])
    assert known.furthest == KNOWN.furthest
    assert known.outside(noisy, 0.01) == []
    assert KNOWN.outside(noisy, 0.01) != []


def test_values_of_another_kind_are_outside_whatever_the_network_sees() -> None:
    def code(seen: float, value: float) -> np.ndarray:
        return unit(1, seen, *unit(*np.linspace(value, 1, 10)))

    known = Familiar.fit([code(s, 0.1 + s / 50) for s in (0.0, 0.5, 1.0)], [0.01] * 3, ["a", "b", "c"])
    assert known.outside(code(0.4, 0.11), 0.01) == []
    assert known.away(code(0.5, 0.4)) > 1.5
    assert known.model_copy(update={"furthest_values": 0.0}).away(code(0.5, 0.4)) < 1.5
