"""How ``medae train`` shows its plan: what is used, what is not and why, what it will take."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from medae.training.plan import Count, Plan, PlannedScan
    from medae.training.recipe import Recipe

USES = {"train": "learnt from", "validation": "validation", "held_out": "held out", "not_used": "not used"}
MOST_ROWS = 40
"""Scans that are listed one by one."""
MOST_NAMES = 3
"""Names of one reason that are listed."""


def plan_tables(plan: "Plan", *, in_full: bool) -> RenderableType:
    """Lay out a plan.

    Parameters
    ----------
    plan
        What to show.
    in_full
        Every scan that is used, and what the training needs; not only how many there are.
    """
    parts: list[RenderableType] = [_headline(plan.recipe), "", _counts(plan)]
    used = [scan for scan in plan.scans if scan.use != "not_used"]
    if in_full and used:
        parts += ["", _scans(used)]
    parts += _left_out(plan)
    if in_full:
        parts += ["", _needs(plan)]
    parts.append("")
    parts += [Text(f"Warning: {warning}", style="yellow") for warning in plan.warnings]
    if plan.problem:
        parts.append(Text(f"Cannot be trained: {plan.problem}", style="red"))
    return Group(*parts)


def _headline(recipe: "Recipe") -> Text:
    patch = "×".join(map(str, recipe.patch_size if isinstance(recipe.patch_size, tuple) else (recipe.patch_size,) * 2))
    kind = "whole slices" if recipe.whole_slices else "patches"
    spacing = f" at {recipe.pixel_spacing:g} mm" if recipe.pixel_spacing else ""
    return Text.assemble(
        (recipe.name, "bold"),
        f": {recipe.family} autoencoder to {recipe.task}, {recipe.modality}, {kind} of {patch}{spacing}, "
        f"{recipe.steps} steps of {recipe.batch_size}",
    )


def _counts(plan: "Plan") -> Table:
    table = Table("", "Patients", "Scans", "Slices", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"

    def add(name: str, count: "Count") -> None:
        table.add_row(name, str(count.patients), str(count.scans), str(count.slices))

    for use, name in USES.items():
        count = plan.counts.get(use)  # type: ignore[call-overload]
        if count is not None and count.scans:
            add(name, count)
    table.add_section()
    for modality, count in plan.modalities.items():
        add(f"found {modality or 'unknown'}", count)
    return table


def _scans(scans: list["PlannedScan"]) -> Table:
    table = Table("Use", "Patient", "Scan", "Size", "Spacing (mm)", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    table.columns[2].overflow = "fold"
    for column in (table.columns[0], *table.columns[3:]):
        column.no_wrap = True
    for scan in sorted(scans, key=lambda scan: list(USES).index(scan.use))[:MOST_ROWS]:
        size = "×".join(map(str, scan.shape))
        name = Text(scan.name)
        for warning in scan.warnings:
            name.append(f"\n{warning}", "yellow")
        spacing = " × ".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in scan.spacing)
        table.add_row(USES[scan.use], str(scan.patient), name, size, spacing)
    if len(scans) > MOST_ROWS:
        table.add_row("…", "", f"and {len(scans) - MOST_ROWS} more", "", "")
    return table


def _left_out(plan: "Plan") -> list[RenderableType]:
    """One line per reason, with the first names."""
    names: dict[str, list[str]] = defaultdict(list)
    for scan in plan.scans:
        if scan.use == "not_used":
            names[scan.reason].append(scan.name)
    for file in plan.skipped:
        names[file.reason].append(file.path.name)
    if not names:
        return []
    table = Table("Not used", "Because", "Which", box=None, pad_edge=False)
    table.columns[0].justify = "right"
    table.columns[2].overflow = "fold"
    for reason, which in sorted(names.items(), key=lambda item: -len(item[1])):
        table.add_row(str(len(which)), Text(reason), Text(_few(which)))
    return ["", table]


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - MOST_NAMES} more" if len(listed) > MOST_NAMES else ""
    return ", ".join(listed[:MOST_NAMES]) + more


def _needs(plan: "Plan") -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("Samples", f"{plan.samples} ({plan.recipe.steps} steps × {plan.recipe.batch_size})")
    table.add_row("Parameters", f"{plan.parameters:,}".replace(",", " "))
    table.add_row("Memory", f"{plan.memory_mb:.0f} MB a step ({plan.memory_how})")
    table.add_row("Device", plan.device)
    if plan.seconds is not None and plan.seconds_per_step is not None and plan.preparation_seconds is not None:
        table.add_row(
            "Time",
            f"about {duration(plan.seconds)}: {duration(plan.preparation_seconds)} to prepare the scans, then "
            f"{plan.recipe.steps} steps of {1000 * plan.seconds_per_step:.0f} ms (measured here just now)",
        )
    return table


def duration(seconds: float) -> str:
    """Give a duration for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
