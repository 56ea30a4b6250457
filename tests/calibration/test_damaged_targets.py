"""A file of targets with a mistake gives one sentence and no traceback."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from calibration.target import TargetError
from calibration.targets import Targets
from tests.calibration.damage import SHIPPED, WRONG, damaged, paths, refusal, sentence
from tests.shares import share, some


@share(3)
def test_targets(one_in: int, planned: Path, tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key of every kind of row, in a file that ``plan`` and ``retarget`` read."""
    rows = tomllib.loads((SHIPPED / "targets.toml").read_text("utf-8"))["target"]
    by_kind = {r["kind"]: r for r in rows}
    chosen = [r for r in rows if r["role"] == "fit"] + [r for r in by_kind.values() if r["role"] != "fit"]
    file = tmp_path / "targets.toml"
    capsys.readouterr()
    for row in [*by_kind.values(), next(r for r in rows if r.get("reading_of"))]:
        at = chosen.index(row) if row in chosen else None
        rest = chosen if at is None else chosen[:at] + chosen[at + 1 :]
        others = "\n".join(_toml(r) for r in rest)
        for path in some(paths(row), one_in):
            for value in WRONG:
                file.write_text(_toml(damaged(row, path, value)) + "\n" + others, "utf-8")
                refusal(lambda: Targets.load(file))
    file.write_text(_toml(damaged(rows[0], ("of", "first"), "x")), "utf-8")
    for name, more in (("retarget", [str(planned), "-o", str(tmp_path / "new")]), ("plan", ["-o", str(tmp_path / "new")])):
        assert sentence(capsys, "calibrate", name, "--targets", str(file), *more) == 2
    for text in ("", "target = 3", "[target]", "target = []", "[[target]]", "target = [3]", "a = " + "[" * 5000, "target = [[]]"):
        file.write_text(text, "utf-8")
        with pytest.raises(TargetError):
            Targets.load(file)


def _toml(row: Any) -> str:
    """A row as TOML."""
    if not isinstance(row, dict):
        return ""
    return "[[target]]\n" + "\n".join(f"{k} = {_value(v)}" for k, v in row.items() if v is not None)


def _value(said: Any) -> str:
    if isinstance(said, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in said.items() if v is not None) + " }"
    if isinstance(said, list):
        return "[" + ", ".join(_value(v) for v in said if v is not None) + "]"
    if isinstance(said, float):
        return repr(said)
    return json.dumps(said, ensure_ascii=False)
