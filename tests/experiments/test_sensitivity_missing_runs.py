"""A sensitivity analysis of a study with missing runs uses its complete blocks only, and says how many."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from abm.errors import UserError
from agents.core.declare import PARAMETERS
from experiments.analysis import indices
from experiments.analysis.indices import analyse
from experiments.studies import plan
from experiments.studies.outcomes import FEW_BLOCKS, FINE
from experiments.studies.study import Study, Summary, Varied
from tests.experiments.made_up_outcomes import NAMES, OUTPUT, SHAPLEY, TOTAL, _two_scenarios, ishigami, make, only


@pytest.mark.parametrize(("kind", "points", "size", "measure", "known"), [
    ("saltelli", 512, 5, "ST", TOTAL), ("shapley", 600, 4, "share", SHAPLEY), ("morris", 40, 7, "mu_star", None),
])  # fmt: skip
def test_only_complete_blocks_count(tmp_path: Path, kind: str, points: int, size: int, measure: str, known: np.ndarray | None) -> None:
    d = 6 if kind == "morris" else 3  # a coarse grid has equal points, whose one run several trajectories share
    whole = analyse(make(tmp_path / "whole", kind, points, d=d))
    gone = lambda r: r["point"] // size in (3, 7) and r["point"] % size == 2  # noqa: E731
    failed = lambda r: r["point"] == 11 * size  # noqa: E731
    part_of = analyse(make(tmp_path / "part", kind, points, d=d, lose=gone, fail=failed))
    (part,) = part_of.parts
    assert (part.blocks, part.left_out) == (points - 3, 3)
    estimate = only(part_of, measure)[0]
    assert not np.array_equal(estimate, only(whole, measure)[0])  # they are really left out …
    assert np.allclose(estimate, only(whole, measure)[0], rtol=0.25, atol=0.05)  # … and the others still in their places
    if known is not None:
        assert np.allclose(estimate, known, atol=0.12)


def test_replicates_being_added_do_not_mix_seeds(tmp_path: Path) -> None:
    """A point of two replicates is not compared with points of four: seeds would differ."""
    function = lambda u, k: ishigami(u) + 1000.0 * k  # noqa: E731
    folder = make(tmp_path / "s", "saltelli", 64, function, replicates=4, lose=lambda r: r["replicate"] >= 2 and r["point"] >= 50)
    (part,) = analyse(folder).parts
    assert (part.replicates, part.blocks, part.left_out) == ((0, 1), 64, 0)
    folder = make(tmp_path / "t", "saltelli", 64, function, replicates=4, lose=lambda r: r["replicate"] == 3 and r["point"] == 9)
    (part,) = analyse(folder).parts
    assert (part.replicates, part.blocks, part.left_out) == ((0, 1, 2, 3), 63, 1)
    estimate = part.indices["ST"][0]
    assert np.allclose(estimate, TOTAL, atol=0.3)


def test_too_few_complete_blocks_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "saltelli", 16, lose=lambda r: r["point"] >= 17)
    with pytest.raises(UserError, match="only 3 of 16 blocks of points are complete for 'made_up', an analysis needs 4") as said:
        analyse(folder)
    assert "\n" not in str(said.value)
    with pytest.raises(UserError, match="has no row yet"):
        analyse(_empty(tmp_path / "empty"))
    with pytest.raises(UserError, match="only 0 of 16"):
        analyse(make(tmp_path / "bad", "saltelli", 16, fail=lambda r: True))


def _empty(folder: Path) -> Path:
    varied = tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:2])
    summary = (Summary("made_up", OUTPUT, "id", 1980, 1980),)
    plan.make(Study(name="empty", design="morris", points=4, households=(60,), vary=varied, record="summaries", summaries=summary), folder)
    return folder


def test_one_arm_may_be_behind(tmp_path: Path) -> None:
    scenarios = _two_scenarios()
    folder = make(tmp_path / "s", "saltelli", 64, scenarios=scenarios, lose=lambda r: r["scenario"] == scenarios[1] and r["point"] > 3)
    first, second = analyse(folder).parts
    assert (first.status, second.status) == (FINE, FEW_BLOCKS)
    assert "too few" in indices.sentence(second)
