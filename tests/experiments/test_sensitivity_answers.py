"""Sensitivity indices of functions whose indices are known come out, by every method."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from agents.core.declare import PARAMETERS, SWITCHES
from experiments.analysis.discovery import Discovery
from experiments.analysis.indices import Analysis, analyse
from experiments.cli.sensitivity import sensitivity
from experiments.studies import outcomes, plan
from experiments.studies.outcomes import CONSTANT, FINE
from experiments.studies.study import SWITCH, Study, Varied
from tests.experiments.made_up_outcomes import FIRST, NAMES, OUTPUT, SHAPLEY, TOTAL, chance, make, only


def test_total_and_first_order_of_a_known_function(tmp_path: Path) -> None:
    analysis = analyse(make(tmp_path / "s", "saltelli", 512))
    for measure, known in (("ST", TOTAL), ("S1", FIRST)):
        estimate, low, high = only(analysis, measure)
        assert np.allclose(estimate, known, atol=0.06)
        assert ((low <= known) & (known <= high)).all()
        assert ((high - low) < 0.6).all() and ((high - low) > 0.0).any()
    assert [analysis.parts[0].names[k] for k in analysis.parts[0].ranked()] == NAMES[:3]  # 0.56, 0.44, 0.24


def test_shapley_shares_of_a_known_function(tmp_path: Path) -> None:
    estimate, low, high = only(analyse(make(tmp_path / "s", "shapley", 600)), "share")
    assert np.allclose(estimate, SHAPLEY, atol=0.12)
    assert ((low <= SHAPLEY) & (high >= SHAPLEY)).all()
    assert estimate.sum() == pytest.approx(1.0)


def test_morris_effects_of_a_known_function(tmp_path: Path) -> None:
    # of a plane the effects are its slopes, at every point; of a product they are not all the same
    plane = lambda u, _r: 3 * u[:, 0] - 5 * u[:, 1] + 0 * u[:, 2]  # noqa: E731
    analysis = analyse(make(tmp_path / "plane", "morris", 12, plane))
    for measure, known in (("mu_star", [3, 5, 0]), ("mu", [3, -5, 0]), ("sigma", [0, 0, 0])):
        estimate, low, high = only(analysis, measure)
        assert np.allclose(estimate, known, atol=1e-9) and np.allclose(low, high, atol=1e-9)
    analysis = analyse(make(tmp_path / "product", "morris", 40, lambda u, _r: u[:, 0] * u[:, 1] + u[:, 2]))
    mu_star, low, high = only(analysis, "mu_star")
    sigma, sigma_low, sigma_high = only(analysis, "sigma")
    assert np.allclose(mu_star, [0.5, 0.5, 1.0], atol=0.15) and (high - low)[:2].min() > 0.05
    assert sigma[0] > 0.2 and sigma[1] > 0.2 and sigma[2] == pytest.approx(0, abs=1e-9)
    assert (sigma_high - sigma_low)[:2].min() > 0.01


def test_the_effect_of_a_switch_is_that_of_throwing_it(tmp_path: Path) -> None:
    switch = f"{SWITCH}{next(iter(SWITCHES))}"
    vary = (Varied(switch, 0.0, 1.0, levels=(0.0, 1.0)), Varied(NAMES[0], PARAMETERS[NAMES[0]].low, PARAMETERS[NAMES[0]].high))
    analysis = analyse(make(tmp_path / "s", "morris", 12, lambda u, _r: -2.0 * (u[:, 0] >= 0.5) + 2.5 * u[:, 1], vary=vary))
    for measure, known in (("mu_star", [2.0, 2.5]), ("mu", [-2.0, 2.5])):
        estimate, low, high = only(analysis, measure)
        assert np.allclose(estimate, known) and np.allclose(low, known) and np.allclose(high, known)
    (part,) = analyse(make(tmp_path / "t", "morris", 40, chance(1.0), vary=vary, replicates=4)).parts
    assert not part.stands_out(0) and not part.stands_out(1)


@pytest.mark.parametrize("kind", ["lhs", "sobol"])
def test_first_order_from_given_points(tmp_path: Path, kind: str) -> None:
    analysis = analyse(make(tmp_path / "s", kind, 1024))
    assert analysis.method == "rbd_fast"
    estimate, low, high = only(analysis, "S1")
    assert np.allclose(estimate, FIRST, atol=0.06)
    assert ((low <= FIRST) & (high >= FIRST)).all()


def test_points_are_analysed_in_unit_space(tmp_path: Path) -> None:
    """A logarithmic scale does not change the effect of going over the whole range."""
    name = next(n for n in NAMES[1:] if PARAMETERS[n].low > 0)
    vary = (
        Varied(name, PARAMETERS[name].low, PARAMETERS[name].high, "log"),
        Varied(NAMES[0], PARAMETERS[NAMES[0]].low, PARAMETERS[NAMES[0]].high),
    )
    analysis = analyse(make(tmp_path / "s", "morris", 8, lambda u, _r: 2 * u[:, 0] + u[:, 1], vary=vary))
    assert np.allclose(only(analysis, "mu_star")[0], [2, 1])


def test_a_switch_is_planned_once_and_analysed_at_every_point(tmp_path: Path) -> None:
    """A step within one state of a mechanism gives the same run, which the plan holds once."""
    switch = f"{SWITCH}{next(iter(SWITCHES))}"
    vary = (Varied(switch, 0.0, 1.0, levels=(0.0, 1.0)), Varied(NAMES[0], PARAMETERS[NAMES[0]].low, PARAMETERS[NAMES[0]].high))
    function = lambda u, _r: 2.0 * (u[:, 0] >= 0.5) + math.sqrt(12) * u[:, 1]  # noqa: E731  (both have the variance 1)
    folder = make(tmp_path / "s", "saltelli", 256, function, vary=vary)
    assert len(pq.read_table(folder / "plan.parquet")) < 4 * 256
    analysis = analyse(folder)
    assert analysis.parts[0].blocks == 256 and analysis.parts[0].left_out == 0
    assert np.allclose(only(analysis, "ST")[0], 0.5, atol=0.05)
    assert switch[len(SWITCH) :] not in outcomes.parameter_label(switch, str) or SWITCHES[switch[len(SWITCH) :]]


def test_a_real_tiny_study(tmp_path: Path) -> None:
    """Two parameters, real runs of one year: the analysis is made from them, and an equal study gives equal bytes."""
    from experiments.execution import work

    vary = tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:2])
    study = Study(name="tiny", design="saltelli", points=4, replicates=2, households=(60,), end="1980-12", vary=vary, outputs=(OUTPUT,))
    folder = tmp_path / "s"
    plan.make(study, folder)
    rows = pq.read_table(folder / "plan.parquet").to_pylist()
    for at in range(0, len(rows), 8):
        done = work.work(str(folder), rows[at : at + 8])
        assert {status for _, status, _ in done} == {"ok"}
    result = analyse(folder, [f"{OUTPUT}:id:1980"])
    (part,) = result.parts
    assert part.blocks == 4 and part.replicates == (0, 1) and part.status in (FINE, CONSTANT)
    assert isinstance(result, Analysis) and not isinstance(result, Discovery)
    sensitivity(folder, [f"{OUTPUT}:id:1980"], as_json=True)
