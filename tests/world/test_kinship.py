"""Kin: the ties are reproducible, the same from both ends, and as many as the declared ranges say."""

from __future__ import annotations

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.world.kinship import N_ACROSS, N_WITHIN, Kin, Parameters
from agents.core.declare import PARAMETERS
from agents.household.keep_ties import Parameters as KeepTies
from agents.household.keep_ties import fixed_point
from tests.model.same import make, months


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


def kinship(model: BorderModel) -> Parameters:
    return model.settings.of(Parameters)


def test_both_ends_are_as_strong_after_two_years(model):
    c, h = model.kin.columns, model.frames["household"]
    start = Kin(h, model.kin.ties, model.world.hours_between, model.world.place["side"], model.kin.strengths(), 0.0, kinship(model), None)
    assert start.columns["strength"].tobytes() == c["strength"].tobytes(), "one strength for each tie gives both ends back"
    assert ((c["strength"] >= 0) & (c["strength"] <= 1)).all()


def test_ties_start_at_the_fixed_point_of_their_contact():
    model = make(households=300)
    c, p = model.kin.columns, model.settings.of(KeepTies)
    n = len(model.frames["household"])
    source = np.repeat(np.arange(n), c["end"] - c["first"])
    across = np.arange(len(source)) >= c["first_across"][source]
    for e in range(0, len(source), 37):
        expected = fixed_point(float(c["contact"][e]), c["income_gap"][0] if across[e] else 0.0, p.gain, p.decay, p.inequality)
        assert c["strength"][e] == pytest.approx(expected, rel=1e-6)


def test_ties_within_are_about_twice_those_started(model):
    c = model.kin.columns
    degree = (c["first_across"] - c["first"]).mean()
    assert 0.8 * 2 * N_WITHIN <= degree <= 2 * N_WITHIN
    assert (c["end"] - c["first_across"]).sum() / 2 <= N_ACROSS * (model.frames["household"]["side"] == 0).sum()


def share_with_kin_across(model: BorderModel) -> float:
    c, mine = model.kin.columns, model.frames["household"]["side"] == 0
    return float(((c["end"] - c["first_across"]) > 0)[mine].mean())


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
            assert graph[uid][other]["across"] == (e >= c["first_across"][row])
    across = sum(d["across"] for *_, d in graph.edges(data=True))
    assert across == (c["end"] - c["first_across"]).sum() // 2
