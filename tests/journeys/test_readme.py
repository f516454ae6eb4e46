"""README says what is true."""

import re

import pytest

from tests.journeys.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    "python -m pip install . && medae demo",
    "python -m pip install '.[test]' && python -m pytest",
]


@pytest.mark.parametrize("number", [1, 2])
def test_the_two_commands_stand_at_the_top(number: int) -> None:
    assert f"{number}. `{COMMANDS[number - 1]}`" in README[:1500]


def test_continuous_integration_runs_readmes_test_command() -> None:
    assert "python -m pip install '.\\[test\\]' && python -m pytest" in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda p: p.name)
def test_links_lead_somewhere(page) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert not [target for target in targets if not (page.parent / target).exists()]


def test_every_command_of_the_table_exists() -> None:
    from medae.cli.app import app

    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert known <= set(re.findall(r"medae ([a-z]+)", README))
    assert set(re.findall(r"^medae ([a-z]+)", README, re.MULTILINE)) <= known
