"""Pairs of a claim: which worlds, which units, and what they give is what the ledger would make of the same runs; no browser."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import abm.model  # noqa: F401 – registers the world's levers too
from abm.claims.claim import claims
from abm.claims.interpret import effects
from abm.claims.years import Years
from abm.errors import UserError
from experiments.app import series
from experiments.app.charts import indicators
from experiments.app.kept import KEPT
from experiments.app.pairs import MORE, MOST, ClaimPairs, PatternGiven, WantedPairs, Worlds, indicators_of, world
from experiments.app.paper_words import MISSES, NOTHING, PART, SHOWS, counted, ledger, pair_verdict, pairs_html, result_of
from experiments.app.series import Job, RunSeries, draw_values, posterior, yearly_of
from experiments.app.state import Choice
from experiments.app.turns import Turns
from experiments.evidence.worlds import HISTORY, worlds_of

SMALL = Choice(households=300)


@pytest.mark.parametrize("text", ["", "0s", "65s", "100s", "1", "s", "1x", "1s ", "-1s", "1.s", "٣s", "1s,1s", "x" * 5000])
def test_only_a_number_of_units_that_a_page_may_ask_for_is_taken(text: str) -> None:
    assert WantedPairs.read(text) is None


@pytest.mark.parametrize("asked", [WantedPairs(1), WantedPairs(8, True), WantedPairs(MOST), WantedPairs(16)])
def test_what_is_asked_is_read_as_written(asked: WantedPairs) -> None:
    assert WantedPairs.read(asked.write()) == asked


def test_more_goes_on_in_steps_and_ends() -> None:
    assert (
        WantedPairs(1).more == WantedPairs(MORE)
        and WantedPairs(MORE, True).more == WantedPairs(2 * MORE, True)
        and WantedPairs(MOST).more == WantedPairs(MOST)
    )


@pytest.mark.parametrize("claim", [name for name, one in claims().items() if one.asked])
def test_the_worlds_of_a_claim_are_those_of_the_ledger(claim: str) -> None:
    one = claims()[claim]
    pairs, asked = ClaimPairs(one, SMALL), worlds_of({claim: one})
    for own in pairs.patterns:
        theirs = asked.of[claim, own.pattern.id]
        ours = None if own.without is None else own.without.checked(str)[0].hash
        assert ours == (None if theirs.without is None else asked.scenarios[theirs.without].hash)
        assert {k: c.checked(str)[0].hash for k, c in own.levels.items()} == {k: asked.scenarios[n].hash for k, n in theirs.sweep.items()}
    assert pairs.history.checked(str)[0].hash == asked.scenarios[HISTORY].hash
    assert len({choice.checked(str)[0].hash for choice in pairs.worlds}) == len(pairs.worlds) and pairs.worlds[0] == pairs.history
    assert set(indicators_of(one, indicators())) <= set(indicators()) and indicators_of(one, indicators())


def test_units_have_one_seed_in_every_world_and_seeds_of_their_own() -> None:
    pairs = ClaimPairs(claims()["E10"], replace(SMALL, seed="41"))
    assert pairs.off is not None
    for draws in (False, True):
        for k in (0, 1, 5):
            one, other = (pairs.unit(k, draws, choice) for choice in (pairs.history, pairs.off))
            assert one.choice.seed == other.choice.seed == str(41 + k) and one.draw == other.draw == (k if draws else None)
    jobs = pairs.jobs(WantedPairs(2))
    assert jobs[: len(pairs.first)] == pairs.first and len(jobs) == 2 * len(pairs.worlds)
    assert len(pairs.jobs(WantedPairs(2, True))) == 2 + 2 * len(pairs.worlds)  # the drawn pair has the fitted values


def test_a_world_is_the_history_with_one_change() -> None:
    assert world(SMALL) == SMALL and world(SMALL, switch="kinship").off == {"kinship"}
    assert world(SMALL, at=("official.set_strictness.doctrine_id", 0.7)).changed == {"official.set_strictness.doctrine_id": 0.7}
    usual = SMALL.value_of_scenario("official.set_strictness.doctrine_id")
    assert world(SMALL, at=("official.set_strictness.doctrine_id", usual)).changed  # a draw may have another value
    moved = SMALL.moved("official.set_strictness.doctrine_id", 1.0)
    assert ClaimPairs(claims()["E05"], moved).history == SMALL  # the ledger's history has no changes


def yearly(**values: float) -> pd.DataFrame:
    """A table of 36 years and both sides, every output 1 but those given, on both sides."""
    table = pd.DataFrame({"year": np.repeat(np.arange(1980, 2016), 2), "side": ["id", "my"] * 36})
    return table.assign(**{name: values.get(name, 1.0) for name in indicators()})


def given_of(values: list[tuple[float, float]]) -> PatternGiven:
    """What units gave for the fourth pattern of E10 (care, visits, work and trade fall without kinship), each with and without it."""
    pairs = ClaimPairs(claims()["E10"], SMALL)
    own = next(one for one in pairs.patterns if one.pattern.id == "ties")
    assert own.without is not None
    tables = {}
    for k, both in enumerate(values):
        for choice, value in zip((pairs.history, own.without), both, strict=True):
            tables[pairs.unit(k, False, choice).key] = Years(
                yearly(care_share_across=value, visits_across=value, workers_across=value, trade_out_usd=value, trade_in_usd=value)
            )
    return PatternGiven.of(pairs, Worlds(own.pattern, own.without, {}), WantedPairs(max(len(values), 1)), lambda job: tables.get(job.key))


def test_shares_and_signs_of_units_worked_by_hand() -> None:
    given = given_of([(1.0, 0.5), (1.0, 0.92), (1.0, 1.2), (1.0, 0.999)])
    assert [round(unit[0], 9) for unit in given.effects] == [0.5, 0.08, -0.2, 0.001]
    assert given.units.shows.tolist() == [True, True, False, False] and given.units.misses.tolist() == [False, True, True, True]
    assert given.sign_share(0) == 0.75
    result = result_of("E10", given)
    care = given.conditions[0]
    assert result.numbers[care].median == 1.0 and result.without[care].median == pytest.approx((0.92 + 0.999) / 2)
    assert result.finding.units == 4 and result.conditions[0].stated_sign == 0.75 and result.conditions[0].size == pytest.approx(0.1)


def test_no_difference_has_not_the_stated_sign_and_no_number_has_none() -> None:
    assert given_of([(1.0, 1.0)]).sign_share(0) == 0.0 and given_of([(1.0, 0.5), (1.0, 1.0)]).sign_share(0) == 0.5
    assert math.isnan(given_of([(1.0, math.nan)]).sign_share(0)) and given_of([(1.0, math.nan), (1.0, 0.5)]).sign_share(0) == 1.0


@pytest.mark.parametrize(
    ("both", "said"), [((1.0, 0.5), SHOWS), ((1.0, 0.92), PART), ((1.0, 1.0), MISSES), ((1.0, 1.5), MISSES), ((1.0, math.nan), NOTHING)]
)
def test_the_verdict_of_one_pair_is_never_green(both: tuple[float, float], said: str) -> None:
    text, css = pair_verdict(given_of([both]))
    assert text == said and css in ("open", "no", "shown") and (css == "shown") == (said == SHOWS)


def test_units_that_are_not_finished_are_left_out() -> None:
    pairs = ClaimPairs(claims()["E10"], replace(SMALL, seed="987654"))
    assert pairs.given(WantedPairs(8)) == [] and pairs_html(pairs, WantedPairs(8), "en") == ""


def test_failing_rows_come_first_and_every_claim_is_there() -> None:
    order = ["does not hold", "cannot tell", "holds", "built in", "no mechanism"]
    found = [row.verdict for row in counted()]
    assert found == sorted(found, key=order.index) and len(found) == len(claims())
    assert [row.verdict for row in counted("holds")] == ["holds"] * ledger().made.ledger.counts["holds"]


# --- runs -------------------------------------------------------------------------------------------------------------


def carried_out(jobs: tuple[Job, ...], whole: tuple[Job, ...] = ()) -> tuple[list[tuple[int, int]], list[str]]:
    """Do jobs in a queue of their own; what was told."""
    told: list[tuple[int, int]] = []
    ends: list[str] = []
    over = threading.Event()

    def end(why: str) -> None:
        ends.append(why)
        over.set()

    RunSeries(lambda done, of: told.append((done, of)), end, turns=Turns()).start(jobs, whole)
    assert over.wait(240)
    return told, ends


def test_pairs_on_the_page_are_the_runs_and_numbers_of_a_direct_run() -> None:
    from abm import Simulation

    pairs, asked = ClaimPairs(claims()["E10"], SMALL), WantedPairs(2, True)
    jobs = pairs.jobs(asked)
    told, ends = carried_out(jobs, pairs.first)
    assert ends == [""] and told[-1] == (len(jobs), len(jobs)) and [one for one, _of in told] == sorted(one for one, _of in told)
    assert all(KEPT.find(job.choice.key) is not None for job in pairs.first)
    again, _ends = carried_out(jobs, pairs.first)
    assert again == [(len(jobs), len(jobs))]  # nothing is run twice
    found = posterior()
    assert found is not None
    own = next(one for one in pairs.patterns if one.pattern.id == "ties")
    given = next(one for one in pairs.given(asked) if one.pattern.id == "ties")
    for k in range(2):
        both = []
        for choice in (pairs.history, own.without):
            assert choice is not None
            scenario = choice.checked(str)[0]
            run = Simulation(scenario, households=300, rng=7 + k, fitted=dict(draw_values(k))).run()
            kept = yearly_of(pairs.unit(k, True, choice))
            assert kept is not None
            pd.testing.assert_frame_equal(run.results.yearly, kept)
            both.append(Years(run.results.yearly))
        direct = effects(own.pattern, both[0], without=both[1])
        assert given.effects[k] == [one.effect for one in direct] and given.sizes[k] == [one.size for one in direct]
    assert draw_values(0) != draw_values(1)


def test_draws_are_those_of_the_ledger() -> None:
    from experiments.evidence.runs import AskedOfRuns

    found = posterior()
    assert found is not None
    table = AskedOfRuns(found, found.region, 300, 1, series.DRAWS_SEED).draws(0, 3)
    for k in range(3):
        assert {name: draw_values(k)[name] for name in table.columns} == table.iloc[k].to_dict()


def test_a_series_that_is_stopped_or_refused_tells_nothing_more() -> None:
    told: list[object] = []
    one = RunSeries(lambda *said: told.append(said), told.append, turns=Turns())
    with pytest.raises(UserError, match="seed is “x”"):
        one.start([Job(Choice(households=300, seed="x"))])
    assert told == []
    one.start([Job(Choice(households=5000, seed="123"))])
    one.stop()
    assert told == [(0, 1)]


def test_runs_of_a_page_that_is_away_are_given_up() -> None:
    ends: list[str] = []
    over = threading.Event()

    def end(why: str) -> None:
        ends.append(why)
        over.set()

    one = RunSeries(lambda *_said: None, end, away=lambda: series.GRACE + 1, turns=Turns())
    jobs = [Job(Choice(households=300, seed=f"99{k}")) for k in range(2)]
    one.start(jobs)
    assert over.wait(240) and ends == [series.GIVEN_UP] and yearly_of(jobs[0]) is None


def test_tables_are_given_up_oldest_first() -> None:
    tables = series.YearlyTables(2)
    jobs = [Job(Choice(seed=str(k))) for k in range(3)]
    frames = [yearly() for _ in jobs]
    for job, frame in zip(jobs[:2], frames, strict=False):
        tables.put(job, frame)
    assert tables.find(jobs[0]) is frames[0]  # asked for again, so the other one goes
    tables.put(jobs[2], frames[2])
    assert tables.find(jobs[1]) is None and tables.find(jobs[0]) is frames[0] and tables.find(jobs[2]) is frames[2]
