import io
from pathlib import Path

import pytest
from rich.console import Console

from medae.cli.training_plan import MOST_ROWS, duration, plan_tables
from medae.training.plan import Count, Plan, PlannedScan, SkippedFile
from medae.training.recipe import Recipe

RECIPE = Recipe(
    name="x", title="X", task="reconstruct", modality="MR", family="variational", patch_size=(64, 64), steps=10,
    batch_size=4, whole_slices=True, pixel_spacing=3.6,
)  # fmt: skip


def scan(number: int, use="train", reason="learnt from", warnings=()) -> PlannedScan:
    return PlannedScan(
        name=f"p{number}_a-rather-long-name-of-a-file.nii.gz",
        patient=number,
        modality="MR",
        shape=(20, 256, 256),
        spacing=(4.0, 0.9, 0.9),
        use=use,
        reason=reason,
        warnings=warnings,
    )


def plan(*scans: PlannedScan, **changes) -> Plan:
    fields = {
        "recipe": RECIPE,
        "scans": scans,
        "counts": {"train": Count(patients=1, scans=2, slices=3)},
        "modalities": {"MR": Count(patients=4, scans=5, slices=678)},
        "samples": 40,
        "parameters": 12345,
        "memory_mb": 17.4,
        "memory_how": "estimated",
        "device": "CPU",
        **changes,
    }
    return Plan.model_validate(fields)


def printed(made: Plan, width: int = 120, *, in_full: bool = True) -> str:
    file = io.StringIO()
    Console(file=file, width=width).print(plan_tables(made, in_full=in_full))
    return file.getvalue()


def test_use_and_reasons_and_needs_are_there() -> None:
    text = printed(
        plan(
            scan(1, warnings=("a single slice",)),
            scan(2, "not_used", "CT, the recipe is for MR"),
            scan(3, "not_used", "CT, the recipe is for MR"),
            skipped=(SkippedFile(path=Path("d/cut.dcm"), reason="the file is cut off"),),
            warnings=("Only 3 slices.",),
            seconds=100.0,
            preparation_seconds=10.0,
            seconds_per_step=0.25,
        )
    )
    assert "whole slices of 64×64 at 3.6 mm, 10 steps of 4" in text
    assert "a single slice" in text
    assert "20×256×256" in text
    assert "4 × 0.9 × 0.9" in text
    (line,) = (line for line in text.splitlines() if "CT, the recipe" in line)
    assert line.split()[0] == "2"
    assert "cut.dcm" in text
    assert "40 (10 steps × 4)" in text
    assert "12 345" in text
    assert "about 2 min: 10 s to prepare the scans, then 10 steps of 250 ms" in text
    assert "Warning: Only 3 slices." in text


def test_before_a_training_it_is_short() -> None:
    made = plan(scan(1), scan(2, "not_used", "a mask"))
    short = printed(made, in_full=False)
    assert "a mask" in short
    assert "p1_" not in short
    assert "Parameters" not in short
    assert len(short) < len(printed(made))


def test_no_line_is_cut_at_80_columns() -> None:
    text = printed(plan(*(scan(n) for n in range(3)), problem="No scan."), width=80)
    assert "…" not in text
    assert "Cannot be trained: No scan." in text
    assert max(map(len, text.splitlines())) <= 80


def test_many_scans_are_counted() -> None:
    assert "and 5 more" in printed(plan(*(scan(n) for n in range(MOST_ROWS + 5))))


@pytest.mark.parametrize(("seconds", "told"), [(3.4, "3 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations_are_for_people(seconds, told) -> None:
    assert duration(seconds) == told
