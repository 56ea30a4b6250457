"""Each design has its points, in their ranges and drawn from the seed alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.core.declare import PARAMETERS, SWITCHES
from experiments.studies import design
from experiments.studies.study import Varied
from experiments.studies.study_file import load_study, read_study
from tests.experiments.study_files import POSITIVE, RANGED, SWITCH, A, B, C, inside, study, write

COUNTS = {"lhs": 8, "sobol": 8, "saltelli": 8 * 5, "morris": 8 * 4, "shapley": 8 * 4}


@pytest.mark.parametrize("name", COUNTS)
def test_a_sample_has_its_points_in_range_and_drawn_from_the_seed_alone(name: str, tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "design": name, "points": 8,
        "vary": {A: {"low": inside(A, 0.2), "high": inside(A, 0.9)}, POSITIVE if POSITIVE != A else B: {"scale": "log"}, f"switch.{SWITCH}": {}},
    }  # fmt: skip
    one = study(tmp_path, **said)
    points = design.points_of(one)
    assert len(points) == design.n_points(one) == COUNTS[name]
    assert list(points.columns) == list(said["vary"])
    for varied in one.vary:
        assert points[varied.name].between(varied.low, varied.high).all()
    assert set(points[f"switch.{SWITCH}"]) == {0.0, 1.0}
    np.random.seed(99)  # noqa: NPY002  (a global state that a sampler must not look at)
    pd.testing.assert_frame_equal(points, design.points_of(study(tmp_path, **said)))
    assert not points.equals(design.points_of(study(tmp_path, **said, seed=2)))
    unit = design.unit_points_of(one)
    assert unit.shape == points.shape and unit.min() >= 0 and unit.max() <= 1
    assert design.problem_of(one)["names"] == list(said["vary"])


def test_a_latin_hypercube_has_one_point_in_each_slice(tmp_path: Path) -> None:
    unit = design.unit_points_of(study(tmp_path, design="lhs", points=50, vary={A: {}, B: {}, C: {}}))
    assert (np.sort(np.floor(unit * 50), axis=0) == np.arange(50)[:, None]).all()


def test_a_sobol_sequence_fills_every_half_and_quarter(tmp_path: Path) -> None:
    unit = design.unit_points_of(study(tmp_path, design="sobol", points=64, vary={A: {}, B: {}}))
    boxes = Counter(map(tuple, np.floor(unit * 8).astype(int).tolist()))
    assert len(boxes) == 64 and set(boxes.values()) == {1}


def test_a_long_sobol_sequence_does_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = study(tmp_path, design="sobol", points=256, vary={A: {}, B: {}})
    whole = design.points_of(long)
    monkeypatch.setattr(design, "BLOCK", 32)
    pd.testing.assert_frame_equal(design.points_of(long), whole)


def test_a_log_scale_has_equal_shares_in_equal_ratios(tmp_path: Path) -> None:
    one = study(tmp_path, design="lhs", points=400, vary={POSITIVE: {"scale": "log"}})
    low, high = PARAMETERS[POSITIVE].low, PARAMETERS[POSITIVE].high
    values = design.points_of(one)[POSITIVE]
    assert (values < np.sqrt(low * high)).sum() == 200
    linear = design.points_of(study(tmp_path, design="lhs", points=400, vary={POSITIVE: {"scale": "linear"}}))[POSITIVE]
    assert (linear < (low + high) / 2).sum() == 200


@given(st.floats(0.0, 1.0), st.floats(1e-9, 1e9), st.floats(1e-6, 10.0), st.sampled_from(["linear", "log"]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_a_value_never_leaves_its_range(unit: float, low: float, more: float, scale: Any) -> None:
    varied = Varied("x", low, low * (1 + more), scale)
    assert varied.low <= float(varied.at(unit)) <= varied.high
    assert np.isclose(float(varied.at(0.0)), varied.low) and np.isclose(float(varied.at(1.0)), varied.high)


@given(
    name=st.sampled_from(sorted(COUNTS)),
    names=st.lists(st.sampled_from([*RANGED, *(f"switch.{s}" for s in SWITCHES)]), min_size=1, max_size=5, unique=True),
    shares=st.tuples(st.floats(0.0, 0.45), st.floats(0.55, 1.0)),
    seed=st.integers(0, 2**62),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_points_lie_inside_any_ranges(name: str, names: list[str], shares: tuple[float, float], seed: int) -> None:
    vary: dict[str, Any] = {
        n: {} if n.startswith("switch.") else {"low": inside(n, shares[0]), "high": inside(n, shares[1])} for n in names
    }
    one = read_study({"design": name, "points": 4, "seed": seed, "vary": vary}, Path(), "any")
    points = design.points_of(one)
    assert len(points) == design.n_points(one) and not points.isna().any(axis=None)
    for varied in one.vary:
        values = points[varied.name]
        assert values.isin([0.0, 1.0]).all() if varied.is_switch else values.between(varied.low, varied.high).all()


def test_a_factorial_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = [inside(C, 0.9), inside(C, 0.1)]
    said = {"design": "factorial", "points": 4, "vary": {A: {}, B: {"steps": 3}, C: {"levels": levels}, f"switch.{SWITCH}": {}}}
    one = study(tmp_path, **said)
    points = design.points_of(one)
    assert len(points) == design.n_points(one) == 4 * 3 * 2 * 2 == len(points.drop_duplicates())
    assert [points[n].nunique() for n in said["vary"]] == [4, 3, 2, 2]
    assert points[A].min() == PARAMETERS[A].low and points[A].max() == PARAMETERS[A].high
    assert points[B].drop_duplicates().tolist() == pytest.approx([inside(B, 0.0), inside(B), inside(B, 1.0)])
    assert points[C].drop_duplicates().tolist() == levels
    monkeypatch.setattr(design, "BLOCK", 7)
    pd.testing.assert_frame_equal(design.points_of(one), points)


def test_a_list_may_stand_in_the_file_or_in_a_table(tmp_path: Path) -> None:
    values = pd.DataFrame({A: [inside(A, 0.1), inside(A, 0.2), inside(A, 0.3)], f"switch.{SWITCH}": [True, False, True]})
    values.to_csv(tmp_path / "d.csv", index=False)
    values.set_index(pd.Index([7, 8, 9])).to_parquet(tmp_path / "d.parquet")
    rows = "".join(f"[[vary]]\n'{A}' = {a!r}\n'switch.{SWITCH}' = {str(s).lower()}\n" for a, s in values.to_numpy().tolist())
    write(tmp_path, "design = 'list'\n" + rows)
    wanted = values.astype(float)
    for one in (load_study(tmp_path / "study.toml"), study(tmp_path, table="d.csv"), study(tmp_path, table="d.parquet")):
        pd.testing.assert_frame_equal(design.points_of(one)[list(wanted.columns)], wanted)
        assert design.n_points(one) == 3


def test_a_posterior_has_all_its_rows_where_no_number_is_said(tmp_path: Path) -> None:
    values = [inside(A, s) for s in (0.1, 0.5, 0.7)]
    pd.DataFrame({A: values}).to_csv(tmp_path / "d.csv", index=False)
    for seed in range(20):
        one = study(tmp_path, design="posterior", table="d.csv", seed=seed)
        assert one.points == design.n_points(one) == 3 and design.points_of(one)[A].tolist() == pytest.approx(values)


def test_a_switch_in_a_table_may_be_written_as_a_number(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"switch.{SWITCH}\n1\n0\n", encoding="utf-8")
    assert design.points_of(study(tmp_path, table="d.csv")).to_numpy().tolist() == [[1.0], [0.0]]


def test_no_design_at_all_is_one_point_without_values(tmp_path: Path) -> None:
    one = study(tmp_path)
    assert design.n_points(one) == 1 and design.points_of(one).shape == (1, 0)


def test_posterior_draws_come_in_proportion_to_their_weights(tmp_path: Path) -> None:
    weight = np.array([0.0, 1.0, 3.0, 6.0, 0.0])
    values = np.array([inside(A, s) for s in (0.1, 0.3, 0.5, 0.7, 0.9)])
    table = pd.DataFrame({"draw": [f"d{k}" for k in range(5)], A: values, "weight": weight})
    table.to_csv(tmp_path / "d.csv", index=False)
    one = study(tmp_path, design="posterior", table="d.csv", points=1000)
    points = design.points_of(one)
    assert list(points.columns) == [A] and len(points) == design.n_points(one) == 1000
    counts = [int((points[A] == v).sum()) for v in values]
    assert np.allclose(counts, 1000 * weight / weight.sum(), atol=1)  # systematic resampling: within one
    assert counts[0] == counts[4] == 0
    pd.testing.assert_frame_equal(points, design.points_of(one))
    assert sum(a != b for a, b in zip(points[A], design.points_of(replace(one, seed=2))[A], strict=True)) <= 5
    table.drop(columns="weight").to_parquet(tmp_path / "d.parquet")
    even = design.points_of(study(tmp_path, design="posterior", table="d.parquet", points=10))[A]
    assert [int((even == v).sum()) for v in values] == [2] * 5
