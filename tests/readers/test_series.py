"""Grouping and splitting of headers, without files."""

from pathlib import Path

from medae.readers.series import Header, order_of, stacks

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def slice_at(z: float, name: str = "", **changes: object) -> Header:
    given: dict[str, object] = {"series_uid": "1", "orientation": AXIAL, "rows": 4, "columns": 4, **changes}
    return Header(Path(name or f"{z}.dcm"), position=(0.0, 0.0, z), **given)  # type: ignore[arg-type]


def distinct(header: Header) -> bytes:
    return str(header.path).encode()


def test_time_series_looks_at_few_pixels() -> None:
    asked: list[Path] = []

    def digest(header: Header) -> bytes:
        asked.append(header.path)
        return distinct(header)

    headers = [slice_at(z, f"{z}-{t}.dcm", phase=(("time", str(t)),)) for z in range(20) for t in range(11)]
    found = stacks(headers, digest)
    assert [stack.label for stack in found] == [f"time {t}" for t in range(11)]
    assert all(len(stack.headers) == 20 for stack in found)
    assert len(asked) == 11


def test_jitter_of_the_orientation_does_not_split() -> None:
    headers = [slice_at(z, orientation=(1.0, z * 1e-5, 0.0, -z * 1e-5, 1.0, 0.0)) for z in range(5)]
    assert len(stacks(headers, distinct)) == 1


def test_thin_slices_are_no_repeats() -> None:
    headers = [slice_at(z * 0.004, slice_spacing=0.004) for z in range(5)]
    assert len(stacks(headers, distinct)) == 1


def test_files_without_series_uid_group_by_folder() -> None:
    headers = [slice_at(z, f"{folder}/{z}", series_uid="") for folder in "ab" for z in range(3)]
    assert [len(stack.headers) for stack in stacks(headers, distinct)] == [3, 3]


def test_instance_number_breaks_ties_only() -> None:
    a, b = slice_at(1.0, instance_number=9), slice_at(2.0, instance_number=1)
    assert order_of(a) < order_of(b)
    assert order_of(slice_at(1.0, instance_number=1)) < order_of(a)


def test_unequal_repeats_give_an_incomplete_volume() -> None:
    headers = [slice_at(z, f"{z}-{t}.dcm") for z in range(4) for t in range(2 if z < 2 else 1)]
    assert [len(stack.headers) for stack in stacks(headers, distinct)] == [4, 2]
