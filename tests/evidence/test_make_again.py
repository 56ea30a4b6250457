"""Draws, replicates and runs that failed in the making of the ledger, and what is judged of them."""

import math

import numpy as np
import pandas as pd
import pytest

from experiments.evidence import make as making
from experiments.evidence import runs as runs_module
from experiments.evidence.ledger import Interval, as_dict, together, verdict_of
from experiments.evidence.make import bands_of, units_of
from experiments.evidence.runs import BatchRuns, EvidenceError, read_batch
from experiments.evidence.stored import shown_by
from experiments.evidence.units import Gathered, gather
from experiments.evidence.verdict import found_with_chance
from experiments.evidence.worlds import worlds_of
from tests.evidence import made_up
from tests.evidence.small import END, asked, carry, claims_in, small_ledger


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    return folder, small_ledger(folder)


# --- worlds -----------------------------------------------------------------------------------------------------------


def batch_of(values, well=None):
    """A batch with one output on the Kalimantan side in the years 1980 to 1982; ``values`` by world, shape (draws, replicates)."""
    worlds, good = {}, {}
    for name, table in values.items():
        table = np.array(table, float)
        worlds[name] = np.broadcast_to(table[:, :, None, None, None], (*table.shape, 3, 2, 1)).copy()
        good[name] = np.ones(table.shape, bool) if well is None else np.array(well[name], bool)
    return BatchRuns(
        np.array([1980, 1981, 1982]), ("visits_across",), worlds, good, pd.DataFrame({"a": [0.0] * len(next(iter(good.values())))})
    )


def gathered_of(tmp_path, batch, first=0):
    claims = claims_in(tmp_path)
    worlds = worlds_of(claims, END)
    got = Gathered()
    gather(claims["E10"]["pair"], worlds.of["E10", "pair"], batch, first, got)
    return got


def test_a_draw_counts_with_the_mean_of_its_replicates(tmp_path):
    got = gathered_of(tmp_path, batch_of({"history": [[10, 20], [5, 5]], "without-kinship": [[8, 12], [5, 6]]}), first=7)
    assert got.draws == [7, 8] and got.runs == 8
    assert np.array(got.effects)[:, 0].tolist() == [(2 + 8) / 2, (0 - 1) / 2]
    assert np.array(got.sizes)[:, 0] == pytest.approx([0.15, 0.05])
    assert got.numbers["visits"] == [15, 5] and got.without["visits"] == [10, 5.5]


def test_a_replicate_that_failed_in_one_world_is_left_out_in_both_and_a_draw_without_any_is_counted(tmp_path):
    well = {"history": [[True, True], [False, True]], "without-kinship": [[True, False], [True, False]]}
    got = gathered_of(tmp_path, batch_of({"history": [[10, 20], [5, 5]], "without-kinship": [[8, 12], [5, 6]]}, well))
    assert got.draws == [0] and got.failed == 1
    assert np.array(got.effects)[:, 0].tolist() == [2.0] and got.numbers["visits"] == [10]


def test_a_batch_without_a_world_of_the_pattern_adds_nothing(tmp_path):
    got = gathered_of(tmp_path, batch_of({"history": [[1]]}))
    assert got.draws == [] and got.runs == 0


def test_draws_that_lack_a_number_in_a_span_have_the_same_conditions_as_the_others():
    spanned = made_up.claim("E06", made_up.spanned(spans=[[1980, 1981], [1982, 1983], [1990, 1991]]), switch=None)
    rates = np.zeros((3, 2, 3, 2, 1))
    rates[..., 0, 0] = 0.3
    rates[1, :, 2] = np.nan  # the second draw has no rate in 1982
    rates[2, 0, 2] = np.nan  # nor has a replicate of the third
    batch = BatchRuns(np.array([1980, 1981, 1982]), ("poverty_rate",), {"history": rates}, {"history": np.ones((3, 2), bool)}, pd.DataFrame({"a": [0.0] * 3}))  # fmt: skip
    got = Gathered()
    gather(spanned["decades"], worlds_of({"E06": spanned}, END).of["E06", "decades"], batch, 0, got)
    assert got.conditions == ("own_1980", "own_1982")
    assert np.array_equal(np.array(got.effects), [[0.3, 0.3], [0.3, math.nan], [0.3, math.nan]], equal_nan=True)
    assert np.array_equal(got.numbers["own_1982"], [0.3, math.nan, math.nan], equal_nan=True)
    assert got.units(spanned["decades"]).misses.tolist() == [False, True, True]


def test_bands_leave_out_runs_that_failed():
    values = {"history": [[1.0], [3.0], [50.0]]}
    batch = batch_of(values)
    batch.worlds["history"][2] = np.nan
    found = bands_of([batch], ("visits_across",))
    assert found["n"].tolist() == [2] * 6 and found["median"].tolist() == [2.0] * 6
    one = batch_of({"history": [[1.0, 5.0], [3.0, 3.0]]})
    one.worlds["history"][0, 1] = np.nan  # a draw counts with the replicates that it has
    found = bands_of([one], ("visits_across",))
    assert found["n"].tolist() == [2] * 6 and found["median"].tolist() == [2.0] * 6


def test_runs_without_one_that_ended_well_are_refused(made, monkeypatch):
    from experiments.evidence import runs

    folder, _found = made
    place = next((folder / "ledger" / "runs").iterdir())
    table = runs.collect(place)
    monkeypatch.setattr(runs, "collect", lambda _: table.assign(status="failed", cause="no memory"))
    with pytest.raises(EvidenceError, match="no run ended well: no memory"):
        read_batch(place, ("visits_across",))
    monkeypatch.setattr(runs, "collect", lambda _: table.iloc[1:])
    with pytest.raises(EvidenceError, match="the same years"):
        read_batch(place, ("visits_across",))


# --- rows -------------------------------------------------------------------------------------------------------------


def test_what_must_hold_together():
    assert together(["holds", "built in"]) == "holds"
    assert together(["built in", "built in"]) == "built in"
    assert together(["holds", "cannot tell"]) == "cannot tell"
    assert together(["cannot tell", "does not hold"]) == "does not hold"


def test_meanings_that_disagree_leave_a_claim_open():
    assert verdict_of(["holds", "built in"]) == "holds"
    assert verdict_of(["built in"]) == "built in"
    assert verdict_of(["does not hold", "does not hold"]) == "does not hold"
    assert verdict_of(["holds", "does not hold"]) == "cannot tell"
    assert verdict_of(["holds", "cannot tell"]) == "cannot tell"
    assert verdict_of(["does not hold", "cannot tell"]) == "cannot tell"


def test_an_interval_of_numbers_that_cannot_be_computed_is_none():
    assert Interval.of([1.0, math.nan, 3.0]).median == 2.0
    assert math.isnan(Interval.of([math.nan]).median) and math.isnan(Interval.of([]).low)


def test_carry_ends_well(made):
    folder, _found = made
    assert carry(next((folder / "ledger" / "runs").iterdir())) == 0


def test_a_pattern_without_a_run_that_ended_well_leaves_its_reading_and_its_claim_open():
    """It is neither left out of what must hold, nor built in."""
    only = made_up.claim("E01", made_up.pattern("a", reading="x"), made_up.pair("b", reading="y"))
    both = made_up.claim("E02", made_up.pattern("a"), made_up.pair("b"))
    shows = made_up.got(made_up.effects(0.2, 0.05))
    gathered = {("E01", "a"): shows, ("E01", "b"): Gathered(), ("E02", "a"): shows, ("E02", "b"): Gathered(failed=60)}
    found = made_up.made([only, both], gathered).ledger.rows
    assert [[r.verdict for r in row.readings] for row in found] == [["holds", "cannot tell"], ["cannot tell"]]
    assert [row.verdict for row in found] == ["cannot tell", "cannot tell"]
    assert not found[0].conditions["pattern"] and not found[1].conditions["pattern"]
    assert together([]) == "cannot tell"


def test_what_draws_show_of_a_claim_whose_pattern_has_no_units_is_not_known():
    made = made_up.made([made_up.claim("E02", made_up.pattern("a"), made_up.pair("b"))], {("E02", "a"): made_up.got(made_up.effects(0.2, 0.05)), ("E02", "b"): Gathered()})  # fmt: skip
    shown = shown_by(units_of(made), as_dict(made.ledger)["rows"], 60)
    assert list(shown.columns) == ["E02"] and shown["E02"].isna().all()


def test_power_counts_only_the_patterns_that_are_judged_together():
    alone = made_up.made([made_up.claim("E01", made_up.pattern())], {("E01", "visits"): made_up.got(made_up.effects(0.1, 0.03))})
    apart = [made_up.without_mechanism(f"E{k}", pattern=[made_up.pattern()]) for k in range(10, 40)]
    gathered = {(one.id, "visits"): made_up.got(made_up.effects(0.1, 0.03)) for one in [made_up.claim("E01", made_up.pattern()), *apart]}
    beside = made_up.made([made_up.claim("E01", made_up.pattern()), *apart], gathered)
    power = [made.ledger.rows[0].patterns[0].conditions[0].power for made in (alone, beside)]
    assert 0 < power[0] < 1 and power[1] == power[0]


def test_a_pattern_that_stays_without_the_mechanism_fails_the_ablation_whatever_another_one_does():
    shows, gone = made_up.effects(0.2, 0.05), made_up.effects(-0.3)
    mixed = np.where(np.arange(made_up.UNITS) % 2 == 0, 0.3, -0.3)
    met = {}
    for name, off in {"gone": gone, "stays": shows, "part": mixed}.items():
        one = made_up.claim("E01", made_up.pattern("a"), made_up.pattern("b"), made_up.pair("c"))
        gathered = {("E01", "a"): made_up.got(shows, off=gone), ("E01", "b"): made_up.got(shows, off=off), ("E01", "c"): made_up.got(shows)}
        row = made_up.made([one], gathered).ledger.rows[0]
        assert row.verdict == "holds" and row.conditions["pattern"]
        met[name] = row.conditions["ablation"]
    assert met == {"gone": True, "stays": False, "part": False}


def test_what_becomes_of_a_pattern_without_the_mechanism_is_not_asked_where_it_does_not_show_with_it():
    gathered = {("E01", "visits"): made_up.got(made_up.effects(-0.3), off=made_up.effects(-0.3))}
    (result,) = made_up.made([made_up.claim("E01", made_up.pattern())], gathered).ledger.rows[0].patterns
    assert (result.ablation, result.shows_without) == ("none", 0.0)


def test_the_shares_and_the_power_of_a_condition_by_hand():
    """An effect of 0 has not the stated sign, one of just the practical size is of use."""
    effects = np.array([0.0] * 15 + [0.05] * 30 + [0.1] * 15)
    got = made_up.got(effects, 0.05)
    (condition,) = made_up.made([made_up.claim("E01", made_up.pattern())], {("E01", "visits"): got}).ledger.rows[0].patterns[0].conditions
    assert (condition.stated_sign, condition.of_use, condition.size) == (0.75, 0.75, 0.05)
    assert condition.power == found_with_chance(0.05, float(np.std(effects, ddof=1)), 0.05, 60)
    smooth = made_up.effects(0.1, 0.03)
    (condition,) = made_up.made([made_up.claim("E01", made_up.pattern())], {("E01", "visits"): made_up.got(smooth)}).ledger.rows[0].patterns[0].conditions  # fmt: skip
    assert condition.power == found_with_chance(0.05, float(np.std(smooth, ddof=1)), 0.05, 60)


def test_a_failed_driver_is_told_and_patterns_without_a_mechanism_add_no_draws(tmp_path, monkeypatch):
    monkeypatch.setattr(runs_module, "FIRST", 1)
    monkeypatch.setattr(runs_module, "NEXT", 1)
    codes = iter([3, 0])
    of_1980 = {"share": {"of": {"output": "care_share_across", "first": 1980, "last": 1980}}}
    claims = {"E12": made_up.without_mechanism("E12", pattern=[made_up.pattern(numbers=of_1980)]), "E11": claims_in(tmp_path)["E11"]}
    found = making.make(tmp_path / "ledger", claims, asked(), 2, lambda place: carry(place) or next(codes), end="1980-12")
    assert found.code == 3 and [look.open for look in found.looks] == [1, 1]
    places = sorted((tmp_path / "ledger" / "runs").iterdir())
    assert sorted(pd.read_parquet(places[1] / "plan.parquet")["scenario"].unique()) == sorted(found.worlds.needed([("E11", "sweep")]))


def test_batches_have_seeds_of_their_own(tmp_path):
    """Otherwise the draws of one batch would share their chance with those of another, and count as if they did not."""
    seeds = [asked(seed=k).study(tmp_path, span, ["history"], ["gini"]).seed for k in (1, 2) for span in ((0, 64), (64, 104))]
    assert len(set(seeds)) == 4
