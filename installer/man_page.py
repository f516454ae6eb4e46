"""The man page, made from the command line itself."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

_MARKUP = re.compile(r"\[/?(?:bold|dim|cyan|green|yellow|red|italic)\]")


def man_page(version: str, date: datetime | None = None) -> str:
    """Write ``medae(1)`` in man(7) macros: every command with its arguments and options."""
    from typer.main import get_command

    from medae.cli.app import app

    root: Any = get_command(app)
    day = f"{date or datetime.now(UTC):%Y-%m-%d}"
    lines = [
        f'.TH MEDAE 1 "{day}" "MedAE {version}" "User Commands"',
        ".SH NAME",
        r"medae \- autoencoders for medical images",
        ".SH SYNOPSIS",
        r"\fBmedae\fR [\fIOPTIONS\fR] [\fICOMMAND\fR] [\fIARGUMENTS\fR]",
        ".SH DESCRIPTION",
        *_text(root.help),
        ".PP",
        "Research use only, not for diagnosis.",
        ".SH OPTIONS",
        *_parameters(root),
        ".SH COMMANDS",
        *_commands(root, "medae"),
        ".SH EXIT STATUS",
        "0 all done, 1 something failed, 2 usage, 130 interrupted.",
        ".SH FILES",
        ".TP",
        "~/.config/medae/settings.toml",
        "The settings.",
        ".TP",
        "~/.local/share/medae",
        "Models, runs and samples of your own.",
        ".SH ENVIRONMENT",
        ".TP",
        "MEDAE_HOME",
        "A folder to keep settings, models and caches in, instead of the above.",
        ".TP",
        "MEDAE_DEBUG",
        "Set to 1, errors are printed with tracebacks.",
    ]
    return "\n".join(lines) + "\n"


def _commands(group: Any, name: str) -> Iterator[str]:
    for key, command in group.commands.items():
        if command.hidden:
            continue
        full = f"{name} {key}"
        if getattr(command, "commands", None):
            yield f'.SS "{full}"'
            yield from _text(command.help)
            yield from _commands(command, full)
            continue
        yield f'.SS "{full}{_usage(command)}"'
        yield from _text(command.help)
        yield from _parameters(command)


def _usage(command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    return "".join(f" {_plain(one.metavar or one.name.upper())}" for one in arguments)


def _parameters(command: Any) -> Iterator[str]:
    for one in command.params:
        if getattr(one, "hidden", False) or one.name == "help":
            continue
        yield ".TP"
        if one.param_type_name == "argument":
            yield rf"\fI{_plain(one.metavar or one.name.upper())}\fR"
        else:
            value = "" if getattr(one, "is_flag", False) else rf" \fI{_plain(one.metavar or one.name.upper())}\fR"
            yield ", ".join(rf"\fB{_plain(flag)}\fR" for flag in (*one.opts, *one.secondary_opts)) + value
        yield from _text(getattr(one, "help", "") or "")


def _text(text: str | None) -> Iterator[str]:
    """Paragraphs of a help text."""
    for number, paragraph in enumerate((text or "").strip().split("\n\n")):
        if number:
            yield ".PP"
        yield _plain(" ".join(paragraph.split())) or r"\&"


def _plain(text: str) -> str:
    """Escape what troff would take for its own."""
    escaped = _MARKUP.sub("", text).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    import sys

    from medae.build import this_build

    sys.stdout.write(man_page(this_build().version))
