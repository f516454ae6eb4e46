"""Tables about models."""

from dataclasses import replace
from io import StringIO

from rich.console import Console

from medae import bundle
from medae.cli.model_tables import USUAL, WIDE, comparison, facts_table, list_table


def drawn(table: object, width: int) -> str:
    console = Console(width=width, file=StringIO())
    console.print(table)
    return console.file.getvalue()


def shipped() -> bundle.BundleInfo:
    return next(info for info in bundle.bundles() if info.name == "ct-denoise")


def test_wider_terminals_show_more() -> None:
    undated = replace(shipped(), created="")
    counts = [len(list_table([undated], width).columns) for width in (40, USUAL, WIDE)]
    assert counts == [4, 7, 8]  # nobody wrote down when it was made
    assert len(list_table([replace(shipped(), created="2026-11-24")], WIDE).columns) == 9


def test_on_a_usual_terminal_each_shipped_model_has_one_line() -> None:
    models = [info for info in bundle.bundles() if info.shipped]
    assert len(drawn(list_table(models, USUAL), USUAL).splitlines()) == 1 + len(models)


def test_facts_and_recipe_are_there() -> None:
    text = drawn(facts_table(shipped()), 100)
    assert "982,912" in text
    assert "recipe: steps" in text
    assert "recipe:" not in drawn(facts_table(replace(shipped(), recipe={})), 100)


def test_each_model_has_a_column() -> None:
    text = drawn(comparison([shipped(), replace(shipped(), name="other", task="reconstruct")]), 100)
    assert "other" in text
    assert "reconstruct" in text


def test_texts_of_strangers_are_no_markup() -> None:
    odd = replace(shipped(), title="[/nothing]", metrics={"[bold]": "[/x]"})
    assert "[/nothing]" in drawn(list_table([odd], 140), 140)
    assert "[/x]" in drawn(comparison([odd]), 100)
    assert "[bold]" in drawn(facts_table(odd), 100)
