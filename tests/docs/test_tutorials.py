"""The tutorials cannot drift from the program: their studies can be planned and their commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("tutorial-sweep.md", "tutorial-cluster.md", "studies.md", "tutorial-calibration.md", "calibration.md")


def commands() -> list[str]:
    """Every ``lintas`` command line of the pages that names a command and its arguments."""
    found = []
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        for block in re.findall(r"^```\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
            found += [re.sub(r"^\$ |uv run ", "", line).split("  #")[0].strip() for line in block.splitlines()]
        found += re.findall(r"`uv run (lintas [^`]+)`", text)
    return sorted({line for line in found if re.match(r"lintas [a-z]", line)})


def test_there_are_commands() -> None:
    assert len(commands()) >= 12


@pytest.mark.parametrize("line", commands())
def test_each_command_is_understood(line: str) -> None:
    """The parser takes it; nothing is run."""
    from experiments.cli import main as cli

    command = typer.main.get_command(cli.app)
    name, *rest = shlex.split(line)[1:]
    parent = command.make_context("lintas", [name], resilient_parsing=True)
    found = command.commands[name]  # type: ignore[attr-defined]
    if name == "calibrate":  # a group: its stages are the commands
        name, *rest = rest
        found = found.commands[name]
    assert found.make_context(name, rest, parent=parent).params is not None


def test_the_targets_of_the_tutorial_can_be_read(tmp_path: Path) -> None:
    from calibration.targets import Targets

    file = tmp_path / "incomes.toml"
    shown = re.findall(
        r"^```toml\n(.*?)^```$", (DOCS / "tutorial-calibration.md").read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    file.write_text(shown[0], encoding="utf-8")
    assert [t.id for t in Targets.load(file).fit] == ["income_id", "income_my"]


@pytest.mark.parametrize("file", sorted((DOCS / "studies").glob("*.toml")), ids=lambda f: f.name)
def test_each_study_can_be_planned(file: Path, tmp_path: Path) -> None:
    from experiments.studies.plan import make
    from experiments.studies.plan_files import plan_ids
    from experiments.studies.study_file import load_study

    study = load_study(file)
    count = make(study, tmp_path / "S")
    assert count == len(plan_ids(tmp_path / "S")) > 0


def test_the_page_shows_the_study_that_ships() -> None:
    shown = re.findall(r"^```toml\n(.*?)^```$", (DOCS / PAGES[0]).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)[0]
    ships = (DOCS / "studies" / "care.toml").read_text(encoding="utf-8")
    plain = {line.split("#")[0].strip() for line in ships.splitlines()}
    assert {line.split("#")[0].strip() for line in shown.splitlines()} <= plain


def test_every_key_of_a_study_is_explained() -> None:
    from typing import get_args

    from abm.claims.statistic import Take
    from experiments.studies.study import Design
    from experiments.studies.study_file import StudyFile, SummaryEntry
    from experiments.studies.vary import VaryEntry

    text = (DOCS / "studies.md").read_text(encoding="utf-8")
    keys = [key for entries in (StudyFile, VaryEntry, SummaryEntry) for key in entries.model_fields]
    for key in (*keys, *get_args(Design), *get_args(Take)):
        assert re.search(rf"`[^`]*\b{key}\b[^`]*`", text), key


@pytest.mark.parametrize("page", PAGES)
def test_files_the_pages_name_exist(page: str) -> None:
    for name in re.findall(r"\]\((?!https?:)([^)#]+)\)", (DOCS / page).read_text(encoding="utf-8")):
        assert (DOCS / name).is_file(), name
