"""README and the other pages cannot drift from the program."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str = "") -> list[str]:
    """Code blocks of the README in a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [text for named, text in found if named == language]


def commands() -> list[str]:
    """Every ``lintas`` command the README shows."""
    lines = [line for block in blocks() for line in block.splitlines()]
    shown = [line.split("uv run ", 1)[1] for line in lines if "uv run lintas" in line]
    shown += [found.removeprefix("uv run ") for found in re.findall(r"`(uv run lintas [^`]+)`", README)]
    return shown


def test_there_are_commands() -> None:
    assert len(commands()) >= 10


def parsed(line: str) -> tuple[dict[str, str], dict[str, str]]:
    """What is written in a command, and what the program takes from it, both by the name of the parameter. Nothing is run."""
    from experiments.cli.main import app

    command: Any = typer.main.get_command(app)
    program, *words = shlex.split(line)
    assert program == "lintas"
    context = None
    while hasattr(command, "commands"):  # a group: the next word says which of its commands
        context = command.make_context(program, words[:1], parent=context, resilient_parsing=True)
        program, *words = words
        command = command.commands[program]
    context = command.make_context(program, list(words), parent=context)
    taken = {p.name: text_of(context.params[p.name]) for p in command.params if context.get_parameter_source(p.name).name == "COMMANDLINE"}
    options = {option: p for p in command.params for option in p.opts}
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    written: dict[str, list[str]] = {}
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            written.setdefault(options[word].name, []).append("True" if options[word].is_flag else words.pop(0))
        else:
            written.setdefault((arguments.pop(0) if len(arguments) > 1 else arguments[0]).name, []).append(word)
    return {name: " ".join(values) for name, values in written.items()}, taken


def text_of(value: Any) -> str:
    """A value as it would be written in a command."""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@pytest.mark.parametrize("line", commands())
def test_each_command_is_understood(line: str) -> None:
    """Every option and word of it is taken for what it is, and nothing else is."""
    written, taken = parsed(line)
    assert taken == written


@pytest.mark.parametrize("line", ["lintas run --housholds 60", "lintas run --seed", "lintas calibrate statu", "lintas rnu"])
def test_a_command_that_is_wrong_is_not_understood(line: str) -> None:
    with pytest.raises(Exception) as refused:
        parsed(line)
    # which module holds the parser's errors depends on typer's version
    assert isinstance(refused.value, KeyError) or "UsageError" in [kind.__name__ for kind in type(refused.value).__mro__]


@pytest.mark.parametrize("line", [c for c in commands() if c.startswith("lintas run") and "far-from-care" not in c])
def test_each_run_names_things_that_exist(line: str) -> None:
    from abm import Scenario
    from experiments.options import check_end, parse_changes

    words = shlex.split(line)[2:]
    given = list(zip(words[::2], words[1::2], strict=True))
    of = lambda option: [value for name, value in given if name == option]  # noqa: E731
    ends = [check_end(end) for end in of("--end")]
    scenario = (of("--scenario") or ["history"])[0]
    assert Scenario.load(scenario, set=parse_changes(of("--set")), without=of("--without"), end=ends[0] if ends else None)


def test_the_example_scenario_loads(tmp_path: Path) -> None:
    from abm import Scenario

    (text,) = blocks("toml")
    assert tomllib.loads(text)["inherits"] == "history"
    path = tmp_path / "far-from-care.toml"
    path.write_text(text, encoding="utf-8")
    scenario = Scenario.load(str(path))
    assert scenario.end == "2005-12" and scenario.switches["puskesmas_programme"] is False and len(scenario.events) == 2


def test_the_python_example_runs() -> None:
    study, text = blocks("python")
    names: dict[str, object] = {}
    exec(study.replace("replicates=8, households=400", 'replicates=2, households=60, end="1980-06"'), names)
    assert names["table"]["run_id"].nunique() == 4  # type: ignore[index]
    exec(text.replace("households=2000", "households=200").replace('"history")', '"history", end="1980-12")'), names)
    model = names["model"]
    assert len(model.results.yearly) == 2  # type: ignore[attr-defined]


def test_files_the_pages_name_exist() -> None:
    named = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README)) | {"CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "NOTICE"}
    named.add("abm/data/regions/west-kalimantan-sarawak/assumptions.csv")
    for name in named:
        assert (ROOT / name).is_file(), name
    assert (ROOT / "docs" / "picture.svg").stat().st_size > 10_000


def test_the_first_command_installs_no_tools_for_tests() -> None:
    """They come with the group that the test command names; CI runs that same command."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["uv"]["default-groups"] == [] and "compile-bytecode" not in project["tool"]["uv"]
    needed = {re.match(r"[\w-]+", one)[0].lower() for one in project["project"]["dependencies"]}  # type: ignore[index]
    assert not needed & {"pytest", "hypothesis", "playwright", "ruff", "pyright", "duckdb"}
    tests = next(line.split("&& ")[1] for line in README.splitlines() if line.startswith("pip install uv") and "pytest" in line)
    assert tests == "uv run --group dev pytest"
    assert tests in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_commands_that_need_the_tools_name_their_group() -> None:
    tools = r"(?:pytest|ruff|pyright|lint-imports|pre-commit|python -m tests\.)"
    pages = [p for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")) if p.is_file()]
    for path in (*pages, *ROOT.glob("tests/**/*.py"), ROOT / ".ci" / "run", ROOT / ".pre-commit-config.yaml", ROOT / "pyproject.toml"):
        found = re.findall(rf"uv run {tools}", path.read_text(encoding="utf-8"))
        assert found == [], (path, found)


def test_the_citation_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.search(rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text and len(text.splitlines()) > 190


def test_pins_name_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", line) for line in lines)
    assert not any(line.lower().startswith("lintas") for line in lines)
