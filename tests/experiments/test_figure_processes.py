"""Figures drawn in other processes: the same page, also where these fail, and no process left behind."""

from __future__ import annotations

import pytest

from abm.region import Region
from experiments.reports import figure_processes
from experiments.reports.figure_processes import FigureProcesses
from experiments.reports.report import report
from tests.experiments import made_up


@pytest.fixture(scope="module")
def page() -> str:
    return report(made_up.results(), made_up.manifest(), region=Region.load())


@pytest.mark.parametrize("case", ["two", "one", "none", "killed"])
def test_the_page_is_the_same(case: str, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if case == "none":
        monkeypatch.setattr(figure_processes.os, "cpu_count", lambda: 1)
    with FigureProcesses() as men:
        if case == "two":
            men.start_another()
        if case == "killed":
            men._processes[0].kill()
            men._processes[0].wait()
        finished = men.begin(made_up.results(), made_up.manifest(), Region.load(), "en")
        assert finished() == page
        assert len(men._processes) == {"two": 2, "one": 1, "none": 0, "killed": 1}[case]
    assert all(process.poll() is not None for process in men._processes)


def test_an_end_without_a_report_leaves_no_process() -> None:
    with pytest.raises(KeyboardInterrupt), FigureProcesses() as men:
        raise KeyboardInterrupt
    assert all(process.poll() is not None for process in men._processes)
