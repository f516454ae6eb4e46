import numpy as np
import pytest

from medae.phantom import radiograph

SMALL = {"shape": (1, 128, 128), "spacing": (1.0, 3.2, 3.2)}


@pytest.mark.parametrize("part", ["chest", "hand"])
def test_radiograph_is_one_coronal_slice(part):
    volume = radiograph(part, shape=(1, 64, 48)).volume
    assert (volume.modality, volume.array.dtype, volume.shape) == ("DX", np.uint16, (1, 64, 48))
    assert volume.direction[:, 2] == pytest.approx((1, 0, 0))
    assert volume.direction[:, 1] == pytest.approx((0, 0, -1))
    assert volume.windows[0].width > 0


def test_lungs_are_darker_than_the_heart_and_air_is_darkest():
    values = radiograph("chest", **SMALL).volume.values()[0]
    lung, middle, air = values[56, 42], values[66, 64], values[20, 3]
    assert air < lung < middle


def test_bones_of_the_hand_are_brighter_than_its_flesh():
    values = radiograph("hand", shape=(1, 256, 256), spacing=(1.0, 0.92, 0.92)).volume.values()[0]
    flesh = np.median(values[values > 60])
    assert values.max() > 2 * flesh


def test_nodules_and_holes_change_only_where_they_lie():
    for part, sign in (("chest", 1), ("hand", -1)):
        options = {"shape": (1, 256, 256), "spacing": (1.0, 1.6, 1.6) if part == "chest" else (1.0, 0.9, 0.9)}
        normal, ill = radiograph(part, **options), radiograph(part, lesions=3, **options)
        difference = sign * (ill.volume.values() - normal.volume.values())
        assert ill.lesions.any()
        assert difference[ill.lesions].min() > 5
        assert difference.min() >= -1


def test_same_seed_same_patient_and_another_seed_another():
    first, again, other = (radiograph("hand", seed=s, **SMALL).volume.array for s in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_wrong_wishes_are_named():
    with pytest.raises(ValueError, match="'chest' or 'hand'"):
        radiograph("foot")
    with pytest.raises(ValueError, match="one slice"):
        radiograph("hand", shape=(2, 64, 64))
