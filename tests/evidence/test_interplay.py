"""The experiment over all mechanisms: its design, its estimates on made-up answers, and what it makes of runs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from abm.claims.claim import Claim, claims
from abm.claims.years import Years
from abm.errors import UserError
from agents.core.declare import SWITCHES
from experiments.evidence.factorial import Factorial, columns, words
from experiments.evidence.interplay import DRAWS, Budget, budget_of, estimate, numbers_in, run_interplay, worlds_of_design
from experiments.evidence.interplay_fit import FEWEST_DRAWS, Fitter, adjusted, summary
from experiments.evidence.make import looked_at
from experiments.evidence.runs import AskedOfRuns, BatchRuns
from experiments.options import DEFAULT_REGION


def design(n: int) -> Factorial:
    return Factorial.of([f"m{k}" for k in range(n)])


# --- the design --------------------------------------------------------------------------------------------------------


def test_columns_are_those_that_were_published() -> None:
    assert columns(17) == (1, 2, 4, 8, 15, 16, 32, 51, 64, 85, 106, 128, 150, 171, 219, 237, 247)  # Sanchez and Sanchez (2005)


@pytest.mark.parametrize(
    ("n", "worlds"), [(1, 2), (2, 4), (4, 16), (5, 16), (6, 32), (8, 64), (11, 128), (12, 256), (13, 256), (17, 256), (18, 512), (22, 1024)]
)
def test_worlds(n: int, worlds: int) -> None:
    assert len(design(n)) == worlds


@pytest.mark.parametrize("n", [0, 61])
def test_number_of_mechanisms_is_checked(n: int) -> None:
    with pytest.raises(ValueError, match="1 to 60 mechanisms"):
        design(n)


@pytest.mark.parametrize("n", [1, 2, 5, 8, 13, 17, 20])
def test_single_mechanisms_and_pairs_are_not_confounded(n: int) -> None:
    """Resolution V, from the signs themselves: columns of the mean, the mechanisms and all pairs are orthogonal to one another."""
    found = design(n)
    signs = found.signs.astype(float)
    matrix = np.column_stack([np.ones(len(found)), *(signs[:, list(term)].prod(axis=1) for term in found.terms)])
    assert (matrix.T @ matrix == len(found) * np.eye(matrix.shape[1])).all()
    assert all(not words(found.numbers, length) for length in range(1, 5))


def test_all_are_on_in_the_first_world_and_no_world_comes_twice() -> None:
    found = design(13)
    assert found.off(0) == ()
    assert len(np.unique(found.signs, axis=0)) == len(found) == 256
    assert (found.signs.sum(axis=0) == 0).all()  # each on in half of them


def test_a_pair_may_be_confounded_with_three() -> None:
    """In the half fraction of five mechanisms each pair has the signs of the other three, and a mechanism those of the other four."""
    found = design(5)
    assert found.confounded((0, 1)) == [(2, 3, 4)]
    assert (found.signs[:, 0] * found.signs[:, 1] == found.signs[:, 2:].prod(axis=1)).all()
    assert found.confounded((0,), 4) == [(1, 2, 3, 4)]
    assert design(4).confounded((0, 1)) == []
    thirteen = design(13)
    assert all(not thirteen.confounded(term, 1) and not thirteen.confounded(term, 2) for term in thirteen.terms)
    assert all(not thirteen.confounded((one,), 3) for one in range(13))
    assert any(thirteen.confounded(pair) for pair in combinations(range(13), 2))


# --- the estimates -----------------------------------------------------------------------------------------------------


def made_up(found: Factorial, effects: Mapping[tuple[int, ...], float], mean: float = 10.0) -> np.ndarray:
    """Numbers of the worlds, shape (worlds,), with these effects: half of an effect on either side of the mean."""
    return mean + sum(size / 2 * found.signs[:, list(at)].prod(axis=1) for at, size in effects.items())


TRUE = {(0,): 3.0, (4,): -1.5, (12,): 0.25, (0, 4): 2.0, (3, 7): -0.5}


def test_known_effects_are_found_exactly() -> None:
    found = design(13)
    fit = Fitter(found).fit(np.stack([made_up(found, TRUE), made_up(found, {(1,): 1.0})]))
    expected = np.array([[TRUE.get(term, 0.0) for term in found.terms], [1.0 if term == (1,) else 0.0 for term in found.terms]])
    np.testing.assert_allclose(fit.effects, expected, atol=1e-12)
    assert ((fit.effects == 0) == (expected == 0)).all()  # rounding leaves nothing where nothing is
    assert fit.degrees.tolist() == [256 - 92] * 2
    assert (fit.errors == 0).all()
    alone, pairs = 9 + 2.25 + 0.0625, 4 + 0.25
    np.testing.assert_allclose(fit.shares[0], [alone / (alone + pairs), pairs / (alone + pairs), 0], atol=1e-12)


def test_effects_mean_what_they_say() -> None:
    """An effect is the mean with less the mean without; a pair's is half of what the second one adds to the first one's effect."""
    found = design(2)
    y = np.zeros(4)
    for world, value in {(): 7.0, ("m0",): 2.0, ("m1",): 4.0, ("m0", "m1"): 3.0}.items():
        y[[found.off(k) for k in range(4)].index(world)] = value
    with_second, without_second = 7.0 - 2.0, 4.0 - 3.0
    effects = Fitter(found).fit(y[None]).effects[0]
    np.testing.assert_allclose(effects, [(with_second + without_second) / 2, (7 + 2) / 2 - (4 + 3) / 2, (with_second - without_second) / 2])


def test_three_together_show_in_the_pair_that_they_are_confounded_with() -> None:
    found = design(5)
    fit = Fitter(found).fit(made_up(found, {(2, 3, 4): 1.0})[None])
    assert {found.terms[k]: v for k, v in enumerate(fit.effects[0]) if v} == {(0, 1): pytest.approx(1.0)}
    three = next(at for at in combinations(range(13), 3) if not any(design(13).confounded(at, n) for n in (1, 2)))
    thirteen = Fitter(design(13)).fit(made_up(design(13), {three: 1.0})[None])
    assert (thirteen.effects == 0).all()
    np.testing.assert_allclose(thirteen.shares[0], [0, 0, 1], atol=1e-12)  # all of it is left over


def test_known_effects_are_found_within_their_errors() -> None:
    found, rng = design(13), np.random.default_rng(5)
    draws, spread = 200, 0.8
    fit = Fitter(found).fit(made_up(found, TRUE) + rng.normal(0, spread, (draws, 256)))
    expected = np.array([TRUE.get(term, 0.0) for term in found.terms])
    error = 2 * spread / np.sqrt(256)
    np.testing.assert_allclose(fit.errors.mean(), error, rtol=0.01)
    assert np.abs(fit.effects.mean(axis=0) - expected).max() < 4.5 * error / np.sqrt(draws)
    inside = np.abs(fit.effects - expected) <= 1.975 * fit.errors  # the 95 % interval of Student's t with 164 degrees of freedom
    assert inside.mean() == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize("draws", [1, 3, FEWEST_DRAWS, 12])
def test_few_effects_are_called_clear_by_mistake(draws: int) -> None:
    """Of numbers that no mechanism touches, at most about one experiment in twenty calls anything clear."""
    found, rng = design(8), np.random.default_rng(draws)
    fitter, wrong = Fitter(found), 0
    for _ in range(200):
        wrong += bool((adjusted(summary(fitter.fit(rng.normal(0, 1, (draws, 64)))).p) <= 0.05).any())
    assert wrong <= 20


@pytest.mark.parametrize("draws", [1, DRAWS])
def test_large_effects_are_clear(draws: int) -> None:
    found, rng = design(13), np.random.default_rng(2)
    said = summary(Fitter(found).fit(made_up(found, TRUE) + rng.normal(0, 0.5, (draws, 256))))
    clear = {found.terms[k] for k in np.flatnonzero(adjusted(said.p) <= 0.05)}
    assert clear >= {(0,), (4,), (0, 4), (3, 7)} and len(clear) <= 6
    assert said.same_sign[0] == 1 and said.low[0] < 3 < said.high[0]


@pytest.mark.parametrize("n", [5, 8])
def test_draws_that_disagree_are_not_clear(n: int) -> None:
    """Each draw has a large and certain effect, of either sign; with five mechanisms nothing is left over within a draw."""
    found = design(n)
    signs = np.array([1, -1, 1, -1, 1, -1, 1, 1])
    said = summary(Fitter(found).fit(np.stack([made_up(found, {(0,): 5.0 * sign}) for sign in signs])))
    assert said.same_sign[0] == 5 / 8
    assert said.p[0] > 0.2 and said.p[1] == 1
    assert (said.low[0], said.high[0]) == (pytest.approx(-5), pytest.approx(5))


@pytest.mark.parametrize(
    ("draws", "without", "clear"), [(9, 0, True), (9, 1, False), (10, 1, True), (10, 2, False), (40, 4, True), (40, 5, False)]
)
def test_an_effect_is_clear_where_nine_tenths_of_the_draws_have_it(draws: int, without: int, clear: bool) -> None:
    found, rng = design(8), np.random.default_rng(draws)
    y = np.stack([made_up(found, {(0,): 0.0 if k < without else 5.0}) for k in range(draws)]) + rng.normal(0, 0.5, (draws, 64))
    assert (summary(Fitter(found).fit(y)).p[0] < 1e-6) == clear


def test_chance_within_one_draw_is_that_of_student() -> None:
    """By hand: effect over error, 64 worlds less 37 terms, both sides."""
    from scipy import stats

    fit = Fitter(design(8)).fit(np.random.default_rng(4).normal(0, 1, (1, 64)))
    expected = [2 * stats.t.sf(abs(e) / s, 27) for e, s in zip(fit.effects[0], fit.errors[0], strict=True)]
    np.testing.assert_allclose(summary(fit).p, expected)


def test_few_draws_without_anything_left_over_say_nothing() -> None:
    said = summary(Fitter(design(5)).fit(np.random.default_rng(4).normal(0, 1, (2, 16))))
    assert np.isnan(said.p).all() and np.isnan(said.low).all() and np.isfinite(said.median).all()


def test_a_constant_number_has_no_effects() -> None:
    found = design(13)
    fit = Fitter(found).fit(np.full((2, 256), 0.1 + 0.2))
    assert (fit.effects == 0).all() and np.isnan(fit.shares).all()
    assert (summary(fit).p == 1).all()


def test_worlds_without_a_number_are_left_out() -> None:
    """Some worlds at random: all is still estimated. All worlds without a mechanism: the number is there with it only."""
    found = design(13)
    y = made_up(found, TRUE)
    some = y.copy()
    some[np.random.default_rng(1).choice(256, 30, replace=False)] = np.nan
    fit = Fitter(found).fit(some[None])
    np.testing.assert_allclose(fit.effects[0], [TRUE.get(term, 0.0) for term in found.terms], atol=1e-10)
    assert fit.only_with == () and fit.degrees[0] == 226 - 92
    only = np.where(found.signs[:, 2] > 0, y, np.nan)
    fit = Fitter(found).fit(only[None])
    assert fit.only_with == (2,)
    effects = dict(zip(found.terms, fit.effects[0], strict=True))
    assert all(np.isnan(value) for term, value in effects.items() if 2 in term)
    assert effects[0,] == pytest.approx(3.0) and effects[4,] == pytest.approx(-1.5)
    shared = [term for term in found.terms if len(term) == 2 and 2 not in term and np.isnan(effects[term])]
    assert shared  # with one mechanism always on, some pairs have the same signs as another pair, and neither is claimed


def test_no_number_where_two_are_off_together() -> None:
    """The pair cannot be known, its two mechanisms can."""
    found = design(13)
    y = made_up(found, TRUE | {(2,): 1.5, (5,): -0.5})
    y[(found.signs[:, 2] < 0) & (found.signs[:, 5] < 0)] = np.nan
    fit = Fitter(found).fit(y[None])
    assert fit.only_with == ()
    effects = dict(zip(found.terms, fit.effects[0], strict=True))
    assert np.isnan(effects[2, 5]) and all(np.isfinite(effects[k,]) for k in range(13))
    assert sum(np.isnan(v) for v in effects.values()) < 91 / 3  # some other pairs have the same signs in the worlds that are left
    assert (effects[2,], effects[5,], effects[0,], effects[0, 4]) == tuple(pytest.approx(v) for v in (1.5, -0.5, 3.0, 2.0))


def test_no_number_at_all() -> None:
    found = design(5)
    fit = Fitter(found).fit(np.full((3, 16), np.nan))
    assert np.isnan(fit.effects).all() and fit.only_with == ()
    assert np.isnan(summary(fit).p).all() and np.isnan(adjusted(summary(fit).p)).all()


def test_a_term_that_few_draws_know_is_not_claimed() -> None:
    """Known in half of the draws it is, in fewer it is not."""
    found = design(5)
    y = np.stack([made_up(found, {(0,): 1.0})] * 8)
    y[:4] = np.nan
    assert summary(Fitter(found).fit(y)).median[0] == pytest.approx(1.0)
    y[:5] = np.nan
    assert np.isnan(summary(Fitter(found).fit(y)).median).all()


def test_chances_account_for_how_many_were_asked() -> None:
    """By hand: rank k of m tests times m / k times the sum of 1 / i, no smaller than those of lower rank."""
    np.testing.assert_allclose(
        adjusted(np.array([0.03, np.nan, 0.001, 0.5])), [0.03 * 3 / 2 * 11 / 6, np.nan, 0.001 * 3 * 11 / 6, 0.5 * 11 / 6]
    )


def test_numbers_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Fitter(design(5)).fit(np.zeros((2, 15)))


# --- the worlds and their runs -----------------------------------------------------------------------------------------


def test_budget() -> None:
    assert budget_of(8, 2, ["kinship", "crisis", "bribery"]) == Budget(("bribery", "crisis", "kinship"), 8, 8, 2)
    assert budget_of(8, 2, ["kinship", "crisis", "bribery"]).runs == 128
    assert budget_of(1, 1).mechanisms == tuple(sorted(SWITCHES))
    with pytest.raises(UserError, match="no mechanism to switch off"):
        budget_of(1, 1, [])
    with pytest.raises(UserError, match="kinsip"):
        budget_of(1, 1, ["kinsip"])


def test_worlds_switch_off_what_the_design_says() -> None:
    found = Factorial.of(["bribery", "crisis", "kinship"])
    worlds = worlds_of_design(found, "1990-12")
    assert next(iter(worlds.scenarios)) == "history" and len(worlds.scenarios) == 8
    for world, (name, scenario) in enumerate(worlds.scenarios.items()):
        assert scenario.name == name and scenario.end == "1990-12"
        assert {switch for switch, on in scenario.switches.items() if not on} == set(found.off(world))
    assert len({scenario.hash for scenario in worlds.scenarios.values()}) == 8


YEARS = np.arange(1980, 2016)


def a_run(outputs: tuple[str, ...], level: float) -> np.ndarray:
    """Yearly numbers, shape (years, sides, outputs): a level on the Kalimantan side and twice that on the other."""
    return np.stack([np.full((36, len(outputs)), level), np.full((36, len(outputs)), 2 * level)], axis=1)


def batch_of(outputs: tuple[str, ...], levels: Mapping[str, np.ndarray]) -> BatchRuns:
    """Made-up runs, from levels of shape (draws, replicates) by world; a run whose level is nan did not end well."""
    import pandas as pd

    worlds = {name: np.array([[a_run(outputs, one) for one in row] for row in by_draw]) for name, by_draw in levels.items()}
    draws = len(next(iter(levels.values())))
    return BatchRuns(
        YEARS, outputs, worlds, {name: np.isfinite(by_draw) for name, by_draw in levels.items()}, pd.DataFrame(index=range(draws))
    )


def the_claims(*ids: str) -> dict[str, Claim]:
    return {key: claim for key, claim in claims().items() if key in ids}


def test_numbers_of_a_pattern() -> None:
    """How far beyond the mark, and the number itself where a pattern is near a number or compares worlds."""
    outputs = looked_at(claims())
    block = a_run(outputs, 600.0)
    run = Years.of_arrays(YEARS, {(name, side): block[:, s, k] for k, name in enumerate(outputs) for s, side in enumerate(("id", "my"))})
    own, ties = claims()["E01"]["own"], claims()["E10"]["ties"]
    assert numbers_in(own, run) == (("value", 600.0, 70.0, 600.0),)  # near 700 within 70
    share = ties.conditions[0].practical_share
    assert share is not None and numbers_in(ties, run)[0].size == pytest.approx(share * abs(numbers_in(ties, run)[0].value))
    visits = claims()["E02"]["visits"]
    assert numbers_in(visits, run)[0] == (visits.conditions[0].number, 600.0 - 0.5, 0.0, 600.0)  # above one half
    share_of_nation = numbers_in(claims()["E04"]["share"], run)[0]
    assert (share_of_nation.value, share_of_nation.scale) == (pytest.approx(0.001 - 600), pytest.approx(600))  # below 0.001
    decades = numbers_in(claims()["E06"]["decades"], run)
    assert [e.name for e in decades][:2] == [f"{c.number}_1980" for c in claims()["E06"]["decades"].conditions]


def test_estimates_of_runs() -> None:
    """Made-up levels with known effects come out for the claim's number, in units and as a share; a failed replicate leaves the other."""
    found = Factorial.of(["bribery", "crisis", "kinship"])
    budget, few = Budget(found.mechanisms, 8, 6, 2), the_claims("E01")
    level = made_up(found, {(1,): -200.0, (1, 2): 40.0}, mean=800.0)
    names = list(worlds_of_design(found).scenarios)
    levels = {name: np.full((6, 2), level[k]) for k, name in enumerate(names)}
    levels[names[3]] = np.array([[level[3], np.nan]] * 6)
    outputs = looked_at(few)
    result = estimate(found, budget, few, [batch_of(outputs, levels)], names)
    key = result.key("E01")
    assert key is not None and (key.pattern, key.measured, key.size) == ("own", "number", 70.0)
    assert key.full.median == pytest.approx(720.0)  # 800 − 100 + 20
    crisis = key.single["crisis"]
    assert (crisis.change.median, crisis.share.median) == (pytest.approx(-200.0), pytest.approx(-200 / 720))
    assert crisis.clear and crisis.of_use and crisis.same_sign == 1
    assert not key.single["kinship"].clear and key.single["kinship"].change.median == 0
    first = key.strongest_pairs[0]
    assert first.mechanisms == ("crisis", "kinship") and first.change.median == pytest.approx(40.0)
    assert first.clear and not first.of_use  # smaller than 70
    assert (key.alone, key.pairs, key.rest) == (
        pytest.approx(200**2 / (200**2 + 40**2)),
        pytest.approx(1 - 200**2 / (200**2 + 40**2)),
        pytest.approx(0, abs=1e-12),
    )
    assert result.failed == 6 and result.over_draws and result.asked == len(result.outcomes) * 6
    assert result.key("E99") is None


def test_a_draw_whose_world_failed_goes_without_it() -> None:
    found = Factorial.of(["bribery", "crisis"])
    names = list(worlds_of_design(found).scenarios)
    levels = {name: np.full((5, 1), 700.0 + k) for k, name in enumerate(names)}
    levels[names[2]][0] = np.nan
    few = the_claims("E01")
    key = estimate(found, Budget(found.mechanisms, 4, 5, 1), few, [batch_of(looked_at(few), levels)], names).key("E01")
    assert key is not None and key.worlds == 4 and key.single["crisis"].change.median != 0


def test_a_small_experiment(tmp_path: Path) -> None:
    """Three mechanisms, two draws of the fitted values, two years: run, read, and not run again."""
    from experiments.execution.drive import drive
    from experiments.execution.engine import ThreadsEngine

    carried: list[int] = []

    def carry(place: Path) -> int:
        report = drive(place, ThreadsEngine(1))
        carried.append(report.ran)
        return report.exit_code

    told: list[Budget] = []
    asked = AskedOfRuns(None, DEFAULT_REGION, 60, 1, 1)
    few = the_claims("E02", "E04")
    arguments = {"mechanisms": ["crisis", "cross_border_care", "kinship"], "end": "1981-12"}
    first = run_interplay(tmp_path / "out", few, asked, 2, carry, tell=told.append, **arguments)  # type: ignore[arg-type]
    assert told == [Budget(("crisis", "cross_border_care", "kinship"), 8, 2, 1)]
    assert not first.over_draws and first.code == 0
    share = next(one for one in first.outcomes if one.claim == "E04")
    assert np.isfinite(share.full.median) and share.worlds == 8
    assert share.single["crisis"].change.median == 0  # before its time
    again = run_interplay(tmp_path / "out", few, asked, 2, carry, **arguments)  # type: ignore[arg-type]
    assert carried == [16, 0]
    assert [one.estimates for one in again.outcomes if one.claim == "E04"] == [share.estimates]
