"""Commands that must be refused, and a region with a mistake to be refused for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from abm.region import Region
from experiments.cli.main import main


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused, and return its sentence."""
    code = main(list(arguments))
    out, err = capsys.readouterr()
    assert code == 2, f"exit code {code}\n{out}\n{err}"
    assert "Traceback" not in err and "Traceback" not in out
    sentences = [line for line in err.splitlines() if line.startswith("lintas: ")]
    assert len(sentences) == 1, err
    assert out.strip() == "", "a refusal prints nothing but its sentence"
    return sentences[0]


def nothing_written() -> bool:
    return not any(Path().rglob("*"))


def damaged_region(table: str, old: str, new: str) -> Path:
    """A copy of the shipped region with one change in one table."""
    copy = Path("region")
    shutil.copytree(Region.load().folder, copy, ignore=shutil.ignore_patterns("raw"))
    path = copy / table
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy
