"""What tests of studies and commands share: runs and workers that take no time, an empty folder, a small study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments.cli.main import main
from experiments.execution import batch, work
from experiments.execution.engine import ThreadsEngine
from experiments.studies import plan
from tests.experiments.study_commands import TEXT


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that take no time, with numbers that depend on the run alone."""

    def run(
        task: work.Task, row: plan.Row, start: float, limit: float, found: list[str]
    ) -> tuple[Mapping[str, Sequence[Any]], dict[str, Any]]:
        found[0] = "made-up"
        numbers = {n: [row.seed % 1000 / 7 + k, row.point - k] for k, n in enumerate(task.study.yearly_outputs())}
        return {"year": [1980, 1980], "side": ["id", "my"], **numbers}, {}

    monkeypatch.setattr(work, "_run", run)


@pytest.fixture
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers of their own take seconds to start: here threads do, except where a test says otherwise."""
    monkeypatch.setattr(batch, "local_engine", lambda folder, workers=None: ThreadsEngine(workers or 2))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The study file of the small study."""
    path = tmp_path / "small.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, carried out; tests that change it copy it."""
    place = tmp_path_factory.mktemp("done")
    (place / "small.toml").write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "local_engine", lambda folder, workers=None: ThreadsEngine(2))
        assert main(["batch", str(place / "small.toml"), "-o", str(place / "s"), "--quiet"]) == 0
    return place / "s"
