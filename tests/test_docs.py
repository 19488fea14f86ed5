"""The documentation names what there is, all of it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

import wordkin
from wordkin.cli import app

DOCS = Path(__file__).resolve().parents[1] / "docs"


def _flat(commands, prefix=""):
    """The commands by name, those of a group behind the name of the group."""
    found = {}
    for name, command in commands.items():
        inner = getattr(command, "commands", None)
        found |= _flat(inner, f"{prefix}{name} ") if inner else {prefix + name: command}
    return found


COMMANDS = _flat(typer.main.get_command(app._make_app()).commands)


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """The page of the command line, by its headings."""
    parts = re.split(r"^## (.*)$", (DOCS / "command-line.md").read_text("utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", list(COMMANDS))
def test_each_option_is_documented_and_each_documented_one_exists(
    sections: dict[str, str], name: str
) -> None:
    parameters = COMMANDS[name].params
    there = {one for each in parameters for one in [*each.opts, *each.secondary_opts]}
    there = {option for option in there if option.startswith("-")} - {"--help"}
    documented = set(re.findall(r"`(-k|-o|--[a-z-]+)", sections[name]))
    assert documented == there


def test_each_public_name_is_listed() -> None:
    listed = re.findall(r"^   wordkin\.(\w+)$", (DOCS / "api.md").read_text("utf-8"), flags=re.M)
    missing = set(wordkin.__all__) - set(listed) - {"__version__"}
    assert not missing, f"add them to docs/api.md: {missing}"
