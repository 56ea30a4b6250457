"""Kin: the ties are reproducible, the same from both ends, and as many as the declared ranges say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.region.checks import MOST_BORDER_PLACES
from abm.start import sums_of_slices
from abm.world.kinship import KIN_PLACE, KIN_WHO, N_ACROSS, N_WITHIN, Kin, Parameters, choose_kin, contact_by_distance
from agents.core.declare import PARAMETERS
from agents.core.draws import uniform
from agents.core.frame import AgentFrame
from agents.household.keep_ties import Parameters as KeepTies
from agents.household.keep_ties import fixed_point
from tests.model.same import differing, make, months


@pytest.fixture(scope="module")
def model() -> BorderModel:
    return months(make(n_months=30, households=1200), 24)


def test_reproducible_and_of_the_seed():
    ties = [make(households=300, rng=r).kin.ties for r in (4, 4, 5)]
    assert ties[0].tobytes() == ties[1].tobytes() != ties[2].tobytes()


def test_each_tie_once_and_never_to_oneself(model):
    ties = model.kin.ties
    assert (ties[:, 0] < ties[:, 1]).all()
    assert len(np.unique(ties, axis=0)) == len(ties)
    assert set(ties.ravel().tolist()) <= set(model.frames["household"]["uid"].tolist())


def test_rows_hold_each_tie_at_both_ends(model):
    kin, h = model.kin, model.frames["household"]
    c = kin.columns
    assert len(c["other"]) == 2 * len(kin.ties)
    assert c["first"][0] == 0 and c["end"][-1] == len(c["other"]) and (c["first"][1:] == c["end"][:-1]).all()
    source = np.repeat(np.arange(len(h)), c["end"] - c["first"])
    pairs = np.sort(np.stack([h["uid"][source], h["uid"][c["other"]]], axis=1), axis=1)
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    assert found.tobytes() == kin.ties.tobytes() and (counts == 2).all()
    across = np.arange(len(source)) >= c["first_across"][source]
    assert (across == (h["side"][source] != h["side"][c["other"]])).all()


def test_both_ends_are_as_strong_after_two_years(model):
    c, h = model.kin.columns, model.frames["household"]
    again = Kin.of_ties(h, model.kin.ties, model.kin.strengths(), c["contact"], float(c["income_gap"][0]), model.kin.kinds(), c["feast"])
    again.columns["n_new"][:] = c["n_new"]
    assert again.columns["strength"].tobytes() == c["strength"].tobytes(), "one strength for each tie gives both ends back"
    assert differing(again.columns, c) == []
    assert ((c["strength"] >= 0) & (c["strength"] <= 1)).all()


def test_ties_are_made_at_the_fixed_point_of_visits_and_of_their_kind():
    model = make(households=300)
    w, h, p, keep = model.world, model.frames["household"], model.settings.of(Parameters), model.settings.of(KeepTies)
    chosen = choose_kin(model.seed_of_run, h["uid"], h["place"], w.population, w.groups, w.hours_between, w.place["side"], p)
    kin = Kin.begun(h, chosen, w.hours_between, 1.5, p, keep)
    c = kin.columns
    source, at = kin.ends()
    across = at >= c["first_across"][source]
    for e in range(0, len(source), 7):
        often, fading = (1.0, 1.0) if c["is_kin"][e] else (keep.weak_visits, keep.weak_decay)
        meets = often * float(c["contact"][c["pair"][e]])
        expected = fixed_point(meets, 1.5 if across[e] else 0.0, keep.gain, keep.decay * fading, keep.inequality)
        assert c["strength"][e] == pytest.approx(expected, rel=1e-6)
    assert c["is_kin"][across].all(), "those across begin as kin"
    assert 0.4 < c["is_kin"][~across].mean() < 0.6, "half of those within are kin"


def test_ties_within_are_about_twice_those_started(model):
    c = model.kin.columns
    degree = (c["first_across"] - c["first"]).mean()
    assert 0.8 * 2 * N_WITHIN <= degree <= 2 * N_WITHIN
    assert c["is_kin"][across_of(model)].sum() / 2 <= N_ACROSS * (model.frames["household"]["side"] == 0).sum()


def across_of(model: BorderModel) -> np.ndarray:
    """Which ends of ties lead across, (ends,)."""
    source, at = model.kin.ends()
    return at >= model.kin.columns["first_across"][source]


def share_with_kin_across(model: BorderModel) -> float:
    source, _ = model.kin.ends()
    kin = np.bincount(source, across_of(model) & (model.kin.columns["is_kin"] > 0), len(model.frames["household"]))
    return float((kin > 0)[model.frames["household"]["side"] == 0].mean())


def test_share_of_households_with_kin_across(model):
    """The judgement behind the prior: 0.1 to 0.5 of households in all, more only in twinned valleys."""
    assert 0.1 <= share_with_kin_across(model) <= 0.5


def test_more_kin_across_with_a_higher_chance_and_none_beyond_reach():
    shares = []
    prior = PARAMETERS["world.kinship.across"]
    for value in (prior.low, prior.default, prior.high):
        shares.append(share_with_kin_across(BorderModel(Scenario.load(end="1980-01", set={prior.name: value}), households=1200, rng=7)))
    assert shares[0] < shares[1] < shares[2]


def test_kin_are_nearer_than_people_in_general(model):
    h, c = model.frames["household"], model.kin.columns
    source = np.repeat(np.arange(len(h)), c["end"] - c["first"])
    place = h["place"].astype(int)
    hours = model.world.hours_between
    of_kin = np.median(hours[place[source], place[c["other"]]])
    one_side = h["side"][:, None] == h["side"][None, :]
    assert of_kin < np.median(hours[np.ix_(place, place)][one_side])


def test_graph_is_the_rows(model):
    h, c = model.frames["household"], model.kin.columns
    graph = model.kin.graph(h, model.world.place_names)
    assert set(graph.nodes) == set(h["uid"].tolist())
    assert graph.number_of_edges() == len(model.kin.ties)
    for row in range(0, len(h), 11):
        uid = int(h["uid"][row])
        assert graph.nodes[uid]["place"] == model.world.place_names[int(h["place"][row])]
        others = {int(h["uid"][j]): e for e, j in enumerate(c["other"][c["first"][row] : c["end"][row]], start=c["first"][row])}
        assert set(graph[uid]) == set(others)
        for other, e in others.items():
            assert graph[uid][other]["strength"] == pytest.approx(float(c["strength"][e]))
            assert graph[uid][other]["kin"] == (c["is_kin"][e] > 0)
            assert graph[uid][other]["across"] == (e >= c["first_across"][row])
    across = sum(d["across"] for *_, d in graph.edges(data=True))
    assert across == (c["end"] - c["first_across"]).sum() // 2


def tie_by_tie(model: BorderModel) -> list[tuple[int, int]]:
    """The ties of the start as plain Python: one household after another, one slot after another."""
    w, h, p, seed = model.world, model.frames["household"], model.settings.of(Parameters), model.seed_of_run
    side, hours, place, uids = w.place["side"].tolist(), w.hours_between, h["place"].tolist(), h["uid"].tolist()
    places, found = range(w.n_places), set()
    decay = np.exp(-hours / p.length)
    for i, uid in enumerate(uids):
        q = place[i]
        alike = [p.same_group if w.groups[t] == w.groups[q] else 1.0 for t in places]
        across = [side[t] != side[q] for t in places]
        chance = p.across * max(decay[q, t] * alike[t] / p.same_group if across[t] else 0.0 for t in places)
        for k in range(N_WITHIN + N_ACROSS):
            over = k >= N_WITHIN
            if over and (side[q] == 1 or uniform(seed, KIN_PLACE, 0, uid, k + N_ACROSS) >= chance):
                continue
            pull = np.array([w.population[t] * alike[t] * decay[q, t] if across[t] == over else 0.0 for t in places])
            sums = np.cumsum(pull) / pull.sum()
            target = min(int((sums <= uniform(seed, KIN_PLACE, 0, uid, k)).sum()), w.n_places - 1)
            there = [row for row, at in enumerate(place) if at == target]
            other = there[min(int(uniform(seed, KIN_WHO, 0, uid, k) * len(there)), len(there) - 1)]
            if other != i:
                found.add((min(uid, uids[other]), max(uid, uids[other])))
    return sorted(found)


def test_the_ties_are_those_drawn_one_by_one():
    model = make(households=130, rng=3)
    at, c = model.kin._pairs()[1], model.kin.columns
    drawn = ~(across_of(model)[at] & (c["is_kin"][at] == 0))  # acquaintances across have come later
    assert [tuple(t) for t in model.kin.ties[drawn].tolist()] == tie_by_tie(model)


def test_rows_are_sorted_by_side_and_uid_and_know_the_places(model):
    h, c = model.frames["household"], model.kin.columns
    source, at = model.kin.ends()
    assert at.tolist() == list(range(len(c["other"]))) and (np.diff(source) >= 0).all()
    over = h["side"][source] != h["side"][c["other"]]
    assert np.lexsort((h["uid"][c["other"]], over, source)).tolist() == at.tolist()
    place, n = h["place"].astype(int), model.world.n_places
    assert (c["pair"] == place[source] * n + place[c["other"]]).all()


def four(place: tuple[int, ...] = (0, 0, 1, 1)) -> AgentFrame:
    return AgentFrame("household", {"uid": [30, 10, 20, 40], "place": place, "side": [0, 0, 1, 1]})


def test_one_tie_of_each_pair_however_often_it_was_drawn():
    frame = four()  # rows: uids 10, 30, 20, 40
    a, b = np.array([0, 1, 0, 0, 3, 2], dtype=np.int32), np.array([1, 0, 1, 3, 0, -1], dtype=np.int32)
    strength = np.array([0.5, 0.5, 0.5, 0.25, 0.25, 9.0], dtype=np.float32)
    kin = Kin(frame, a, b, strength, strength, np.zeros(4), 0.5)
    assert kin.ties.tolist() == [[10, 30], [10, 40]] and kin.strengths().tolist() == [0.5, 0.25]
    c = kin.columns
    assert [c[k].tolist() for k in ("first", "first_across", "end")] == [[0, 2, 3, 3], [1, 3, 3, 3], [2, 3, 3, 4]]
    assert c["other"].tolist() == [1, 3, 0, 0] and c["pair"].tolist() == [0, 1, 0, 2] and c["income_gap"].tolist() == [0.5]


def test_kinds_stay_with_their_ties():
    kin = Kin.of_ties(
        four(), np.array([[20, 40], [10, 40], [10, 30]]), np.array([0.1, 0.2, 0.3]), np.zeros(4), 0.0, np.array([1, 0, 1], np.int8)
    )
    assert kin.ties.tolist() == [[10, 30], [10, 40], [20, 40]] and kin.kinds().tolist() == [1, 0, 1]
    assert kin.columns["is_kin"].tolist() == [1, 0, 1, 1, 1, 0]
    a, b, kinds = np.array([0, 1], np.int32), np.array([1, 0], np.int32), np.array([0, 1], np.int8)
    twice = Kin(four(), a, b, np.full(2, 0.5, np.float32), np.full(2, 0.5, np.float32), np.zeros(4), 0.0, kinds)
    assert twice.columns["is_kin"].tolist() == [0, 0], "of a pair given twice the first counts, at both ends"


def test_a_tie_to_a_household_that_is_not_there_is_refused():
    with pytest.raises(KeyError, match="no household has uid 11"):
        Kin.of_ties(four(), np.array([[10, 11]]), np.array([0.5]), np.zeros(4), 0.0)


def test_gaps_between_the_rows_of_ties_are_passed_over():
    kin = Kin.of_ties(four(), np.array([[10, 20], [10, 30], [30, 40]]), np.array([0.1, 0.2, 0.3]), np.zeros(4), 0.0)
    ties, strengths, c = kin.ties, kin.strengths(), kin.columns
    wide = {k: c[k] + 2 * np.arange(1, 5, dtype=np.int32) for k in ("first", "first_across", "end")}
    source, at = kin.ends()
    for name in ("other", "strength"):
        roomy = np.full(len(at) + 10, 7, dtype=c[name].dtype)
        roomy[at + 2 * (source + 1)] = c[name]
        c[name] = roomy
    c.update(wide)
    assert kin.ties.tolist() == ties.tolist() and kin.strengths().tolist() == strengths.tolist()


def test_pairs_of_as_many_places_as_a_region_may_have():
    last = MOST_BORDER_PLACES - 1
    frame, ties = four((0, 0, last, last)), np.array([[10, 20], [20, 40]])
    kin = Kin.of_ties(frame, ties, np.array([0.5, 0.25]), np.zeros(MOST_BORDER_PLACES**2), 0.0)
    assert kin.columns["pair"].tolist() == [last, 2**16 - 1, last * MOST_BORDER_PLACES, 2**16 - 1]
    with pytest.raises(ValueError, match="between 257 places"):
        Kin.of_ties(frame, ties, np.array([0.5, 0.25]), np.zeros(257**2), 0.0)


def test_sums_of_slices_have_the_bits_of_sums_one_by_one():
    rng = np.random.default_rng(5)
    values = rng.random(4000).astype(np.float32)
    length = np.concatenate([rng.integers(0, 12, 200), rng.integers(0, 400, 20)])
    first = rng.integers(0, 3000, len(length))
    one_by_one = np.array([values[a : a + n].sum() for a, n in zip(first, length, strict=True)], dtype=float)
    assert sums_of_slices(values, first, first + length).tobytes() == one_by_one.tobytes()


def test_the_chance_to_meet_falls_by_63_percent_over_each_length() -> None:
    p = Parameters(contact=0.5, length=6.0)
    assert contact_by_distance(np.array([0.0, 6.0, 12.0]), p) == pytest.approx([0.5, 0.5 / math.e, 0.5 / math.e**2])
    assert contact_by_distance(np.array([3.0]), p._replace(length=3.0, contact=1.0)) == pytest.approx([1 / math.e])
