"""The ledger from claims to rows: worlds, batches, runs that equal single runs, units by hand, looks, and going on where it was."""

import numpy as np
import pandas as pd
import pytest

from abm import Scenario
from abm.claims.interpret import number_of
from abm.claims.years import Years
from abm.fitted import fitted_of
from abm.simulation import Simulation
from calibration.posterior import Posterior
from experiments.evidence import make as making
from experiments.evidence.ledger import Interval, as_dict
from experiments.evidence.make import looked_at, units_of
from experiments.evidence.runs import FIRST, NEXT, spans
from experiments.evidence.worlds import HISTORY, worlds_of
from tests.evidence import made_up
from tests.evidence.small import END, REGION, asked, claims_in, small_ledger


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    return folder, small_ledger(folder)


# --- worlds -----------------------------------------------------------------------------------------------------------


def test_worlds_of_the_same_content_are_one_and_have_the_same_end(tmp_path):
    worlds = worlds_of(claims_in(tmp_path), END)
    assert list(worlds.scenarios) == [
        "history",
        "without-kinship",
        "world.set_work.pay_undocumented-0.7",
        "world.set_work.pay_undocumented-0.95",
    ]
    assert all(scenario.end == END and scenario.name == name for name, scenario in worlds.scenarios.items())
    assert worlds.off == {"E10": "without-kinship"}
    assert worlds.of["E10", "pair"].names == worlds.of["E10", "share"].names == ("history", "without-kinship")
    assert worlds.of["E11", "sweep"].names == ("history", "world.set_work.pay_undocumented-0.7", "world.set_work.pay_undocumented-0.95")
    assert worlds.needed([("E10", "pair")]) == ("history", "without-kinship")
    assert worlds.needed([]) == ("history",)


def test_the_shipped_claims_have_one_world_for_a_switch_and_the_scenario_that_is_it_off():
    from abm.claims.claim import claims

    worlds = worlds_of(claims())
    hashes = [scenario.hash for scenario in worlds.scenarios.values()]
    assert len(set(hashes)) == len(hashes)
    assert worlds.scenarios["history"].hash == Scenario.load("history").hash


# --- batches ----------------------------------------------------------------------------------------------------------


def test_batches_follow_each_other_without_a_gap_and_are_whole():
    assert list(spans(3)) == [(0, 3)]
    assert list(spans(FIRST)) == [(0, FIRST)]
    assert list(spans(FIRST + NEXT + 5)) == [(0, FIRST), (FIRST, FIRST + NEXT), (FIRST + NEXT, FIRST + 2 * NEXT)]
    assert list(spans(FIRST + 1)) == [(0, FIRST), (FIRST, FIRST + NEXT)]
    assert list(spans(0)) == []


def test_the_sequence_of_draws_does_not_depend_on_how_it_is_cut():
    found = asked(posterior=Posterior.load(REGION))
    whole = found.draws(0, 40)
    assert whole.equals(pd.concat([found.draws(0, 13), found.draws(13, 40)], ignore_index=True))
    assert not whole.equals(asked(posterior=found.posterior, seed=2).draws(0, 40))
    assert {"draw", "weight"}.isdisjoint(whole.columns)


def test_draws_come_as_often_as_their_weights_say():
    found = asked(posterior=Posterior.load(REGION))
    assert found.posterior is not None
    table = found.posterior.draws
    heavy = table["weight"].to_numpy() / table["weight"].sum()
    name = table.columns[2]
    taken = found.draws(0, 10_000)[name].to_numpy()
    expected, spread = float((heavy * table[name]).sum()), float(np.sqrt((heavy * (table[name] - (heavy * table[name]).sum()) ** 2).sum()))
    assert abs(taken.mean() - expected) < 4 * spread / 100
    most = int(heavy.argmax())
    assert (taken == table[name].iloc[most]).sum() == pytest.approx(10_000 * heavy[most], rel=0.5)


def test_without_a_posterior_every_draw_has_the_fitted_values_and_its_own_seed(made):
    folder, _found = made
    place = next((folder / "ledger" / "runs").iterdir())
    table = pd.read_parquet(place / "plan.parquet")
    assert table.groupby("point")["seed"].nunique().tolist() == [1, 1, 1]  # the same in every world
    assert table["seed"].nunique() == 3
    fitted = fitted_of(REGION).values
    assert {name: table[name].iloc[0] for name in fitted} == dict(fitted)


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_world_of_a_draw_is_the_single_run_of_its_scenario_and_seed(made):
    folder, found = made
    place = next((folder / "ledger" / "runs").iterdir())
    plan = pd.read_parquet(place / "plan.parquet")
    claims = claims_in(folder)
    number = claims["E10"]["pair"].numbers["visits"]
    for world, numbers in ((HISTORY, "numbers"), ("without-kinship", "without")):
        seed = int(plan[(plan["point"] == 1) & (plan["scenario"] == world)]["seed"].iloc[0])
        run = Simulation(Scenario.load("history", end=END, without=[] if world == HISTORY else ["kinship"]), households=60, rng=seed).run()
        assert getattr(found.gathered["E10", "pair"], numbers)["visits"][1] == number_of(number, Years(run.results.yearly))


def test_the_levels_of_a_sweep_and_its_effect_by_hand(made):
    _folder, found = made
    got = found.gathered["E11", "sweep"]
    low, high = (np.array(got.levels[level]["workers"]) for level in (0.7, 0.95))
    assert np.allclose(np.array(got.effects)[:, 0], high - low)
    assert np.allclose(np.array(got.sizes)[:, 0], 0.05 * np.abs(low))


def test_a_pair_s_effect_by_hand_and_its_difference_in_the_row(made):
    _folder, found = made
    got = found.gathered["E10", "pair"]
    on, off = np.array(got.numbers["visits"]), np.array(got.without["visits"])
    assert np.allclose(np.array(got.effects)[:, 0], on - off)  # "below": the run without is lower
    result = found.ledger.rows[0].patterns[0]
    assert result.difference["visits"].median == pytest.approx(float(np.median(on - off)))
    assert result.numbers["visits"] == Interval.of(on)


def test_the_counts_of_runs_and_what_is_open(made):
    folder, found = made
    assert (found.ledger.units, found.ledger.runs, found.ledger.failed) == (3, 12, 0)
    assert [(look.draws, look.runs, look.open) for look in found.looks] == [(3, 12, 3)]
    assert found.gathered["E10", "pair"].runs == 6 and found.gathered["E11", "sweep"].runs == 9
    assert {row.claim.id: row.verdict for row in found.ledger.rows} == {"E10": "cannot tell", "E11": "cannot tell", "E12": "no mechanism"}
    assert looked_at(claims_in(folder)) == tuple(
        n for n in making.yearly_outputs() if n in ("care_share_across", "visits_across", "workers_across")
    )


def test_units_and_draws_as_tables(made):
    _folder, found = made
    units = units_of(found)
    assert len(units) == 9 and set(units["pattern"]) == {"pair", "share", "sweep"}
    told = found.gathered["E10", "pair"].units(found.ledger.rows[0].claim["pair"])
    mine = units[units["pattern"] == "pair"]
    assert mine["misses"].tolist() == told.misses.tolist() and mine["shows"].tolist() == told.shows.tolist()
    both = made_up.made([made_up.claim("E01", made_up.pattern())], {("E01", "visits"): made_up.got(np.array([0.04, 0.01, 0.06]), 0.05)})
    assert units_of(both)[["shows", "misses"]].to_numpy().tolist() == [[True, True], [False, True], [True, False]]
    assert list(found.draws["draw"]) == [0, 1, 2] and dict(found.draws.iloc[0].drop("draw")) == dict(fitted_of(REGION).values)


def test_bands_are_quantiles_over_draws(made):
    folder, found = made
    mine = found.bands[(found.bands["world"] == HISTORY) & (found.bands["output"] == "visits_across") & (found.bands["side"] == "id")]
    assert mine["n"].tolist() == [3] * 4 and mine["year"].tolist() == [1980, 1981, 1982, 1983]
    place = next((folder / "ledger" / "runs").iterdir())
    plan = pd.read_parquet(place / "plan.parquet")
    seeds = plan[plan["scenario"] == HISTORY].sort_values("point")["seed"].tolist()
    runs = [Simulation(Scenario.load("history", end=END), households=60, rng=int(seed)).run() for seed in seeds]
    single = np.array([list(Years(run.results.yearly).of("visits_across", "id").values()) for run in runs])
    for name, at in (("low", 0.05), ("median", 0.5), ("high", 0.95)):
        assert mine[name].tolist() == pytest.approx(np.quantile(single, at, axis=0)), name
    assert (mine["low"] < mine["high"]).all(), "the draws differ"


def test_the_same_command_again_makes_no_run_and_gives_the_same_ledger(made):
    folder, found = made
    before = sorted(path.stat().st_mtime_ns for path in (folder / "ledger").rglob("*.parquet"))
    again = small_ledger(folder)
    assert as_dict(again.ledger) == as_dict(found.ledger)
    assert sorted(path.stat().st_mtime_ns for path in (folder / "ledger").rglob("*.parquet")) == before


def test_runs_of_another_ledger_are_not_taken(made):
    from experiments.studies.study import StudyError

    folder, _found = made
    with pytest.raises(StudyError, match="holds the runs of another command"):
        small_ledger(folder, seed=2)


def test_a_batch_has_only_the_worlds_of_open_patterns(tmp_path, monkeypatch):
    """The sweep is decided after the first batch: its worlds are not run again."""
    from experiments.evidence import runs

    monkeypatch.setattr(runs, "FIRST", 2)
    monkeypatch.setattr(runs, "NEXT", 1)
    monkeypatch.setattr(making, "_open", lambda *_: [("E10", "pair")])
    found = small_ledger(tmp_path, draws=3)
    places = sorted((tmp_path / "ledger" / "runs").iterdir())
    assert [place.name for place in places] == ["draws-00000-00002", "draws-00002-00003"]
    assert sorted(pd.read_parquet(places[1] / "plan.parquet")["scenario"].unique()) == ["history", "without-kinship"]
    assert found.ledger.runs == 2 * 4 + 2
    assert found.gathered["E10", "share"].draws == [0, 1, 2] and found.gathered["E11", "sweep"].draws == [0, 1]


def test_it_ends_when_no_pattern_is_open(tmp_path, monkeypatch):
    from experiments.evidence import runs

    monkeypatch.setattr(runs, "FIRST", 1)
    monkeypatch.setattr(runs, "NEXT", 1)
    monkeypatch.setattr(making, "_open", lambda *_: [])
    assert small_ledger(tmp_path, draws=9).ledger.units == 1


# --- units by hand ----------------------------------------------------------------------------------------------------
