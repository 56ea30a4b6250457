"""Acquaintances across: who meets whom, how many, which end, and what a year of the same contact does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm.world.feasts import N_MONTHS, feast_table, feasts, months_of, no_feasts
from abm.world.kinship import Kin
from abm.world.meet import Parameters, after_a_year, meet, pull_across, room_left
from agents.core.compiled import plain
from agents.core.frame import AgentFrame
from agents.household.keep_ties import Parameters as KeepTies
from agents.household.keep_ties import next_strength

P = Parameters(meets=0.8, most=3.0, same_group=2.0, begins=0.25, ends=0.1)


def people(n: int = 40, trips: float = 1.0, weight: Any = 1.0) -> tuple[AgentFrame, Kin]:
    """``n`` households at each of places 0 and 1, one on each side, without ties."""
    uid = np.random.default_rng(3).integers(0, 2**62, 2 * n)
    columns = {"uid": uid, "place": np.repeat([0, 1], n), "side": np.repeat([0, 1], n), "weight": np.broadcast_to(weight, 2 * n),
               "trips_mean": np.full(2 * n, trips)}  # fmt: skip
    frame = AgentFrame("household", columns)
    none = np.zeros(0)
    return frame, Kin.of_ties(frame, np.zeros((0, 2), dtype=np.int64), none, np.zeros(4), 0.0)


PULL = np.array([[0.0, 1.0], [1.0, 1.0]])


def test_pull_by_hand() -> None:
    # places 0 and 1 here, 2 and 3 there; from 0: 100 people of its own at no distance count twice, 50 others an hour's length off
    hours = np.zeros((4, 4))
    hours[0, 3] = 2.0
    pull = pull_across(np.array([9.0, 9.0, 100.0, 50.0]), [1, 2, 1, 2], hours, np.array([0, 0, 1, 1]), 2.0, 2.0)
    far = 50 / np.e
    assert pull[0].tolist() == pytest.approx([0, 0, 200 / (200 + far), 1])
    assert pull[1].tolist() == pytest.approx([0, 0, 0.5, 1.0])
    assert pull[2].tolist() == pytest.approx([18 / 27, 1, 1, 1])
    alone = pull_across(np.array([1.0, 1.0]), [0, 0], np.zeros((2, 2)), np.array([0, 0]), 2.0, 2.0)
    assert (alone == 0.0).all(), "nobody lives across"


def test_new_acquaintances_are_as_many_as_trips_say() -> None:
    made = []
    for month in range(0, 240, 12):
        frame, kin = people()
        meet(kin, frame, 7, month, PULL, P)
        c = kin.columns
        assert (
            (c["is_kin"] == 0).all() and (c["strength"] == np.float32(0.25)).all() and c["n_new"][0] == len(c["other"]) == 2 * len(kin.ties)
        )
        assert (frame["side"][kin.ends()[0]] != frame["side"][c["other"]]).all() and kin.version == 1
        made.append(len(kin.ties))
    # 80 households, two chances of 0.4 each; a pair that two draws come to counts once
    assert 0.75 * 64 < np.mean(made) < 64


def test_nobody_new_without_trips_without_people_across_and_when_one_knows_enough() -> None:
    for frame, kin, pull in ((*people(trips=0.0), PULL), (*people(), 0.0 * PULL), (*people(weight=0.0), PULL)):
        meet(kin, frame, 7, 12, pull, P)
        assert len(kin.ties) == 0 and kin.columns["n_new"][0] == 0.0
    frame, kin = people(6, trips=6.0)
    for month in range(0, 1200, 12):
        meet(kin, frame, 7, month, PULL, P)
    c = kin.columns
    # who has room left may meet several in one January, as the order of households must not matter
    assert 3 <= (c["end"] - c["first"]).max() <= 6 and (c["end"] - c["first"]).min() >= 3 and kin.columns["n_new"][0] == 0.0
    assert [room_left(k, 4.0) for k in (0.0, 1.0, 4.0, 5.0)] == [1.0, 0.75, 0.0, 0.0]


def test_kin_count_for_nothing_in_what_a_household_keeps_up() -> None:
    made = []
    for kind in (0, 1):
        frame, kin = people()
        a, b = frame["uid"][:40], frame["uid"][40:]
        ties = np.concatenate([np.stack([a, np.roll(b, k)], axis=1) for k in range(3)])
        kin = Kin.of_ties(frame, ties, np.full(120, 0.5), np.zeros(4), 0.0, np.full(120, kind, np.int8))
        meet(kin, frame, 7, 12, PULL, P)
        made.append(kin.columns["n_new"][0])
    assert made[0] == 0.0 < made[1]


def test_a_household_more_without_weight_changes_nobody_s_acquaintances() -> None:
    frame, kin = people()
    meet(kin, frame, 7, 12, PULL, P)
    names = ("uid", "place", "side", "weight", "trips_mean")
    more = {name: np.append(frame[name], value) for name, value in zip(names, (2**60 + 5, 1, 1, 0.0, 3.0), strict=True)}
    wider = AgentFrame("household", more)
    again = Kin.of_ties(wider, np.zeros((0, 2), dtype=np.int64), np.zeros(0), np.zeros(4), 0.0)
    meet(again, wider, 7, 12, PULL, P)
    assert again.ties.tolist() == kin.ties.tolist()


def test_heavier_households_are_met_more_often() -> None:
    """Of 12 across, whose weights are 1 and 5, the heavy ones are met five times as often."""
    met = np.zeros(2)
    weight = np.concatenate([np.ones(12), np.tile([1.0, 5.0], 6)])
    for month in range(0, 2400, 12):
        frame, kin = people(12, weight=weight)
        frame["trips_mean"][12:] = 0.0
        meet(kin, frame, 7, month, PULL, P)
        across = frame["weight"][12:][np.repeat(np.arange(24), kin.columns["end"] - kin.columns["first"])[kin.ends()[0] >= 12] - 12]
        met += [(across == 1.0).sum(), (across == 5.0).sum()]
    assert met[1] / met[0] == pytest.approx(5.0, rel=0.2)


def test_weak_acquaintances_end() -> None:
    frame, kin = people(trips=0.0)
    ties = np.stack([frame["uid"][:3], frame["uid"][40:43]], axis=1)
    kin = Kin.of_ties(frame, ties, np.array([0.05, 0.05, 0.2]), np.zeros(4), 0.0, np.array([0, 1, 0], np.int8))
    meet(kin, frame, 7, 12, PULL, P)
    left = sorted(tuple(sorted(pair)) for pair in ties[1:].tolist())
    assert [tuple(pair) for pair in kin.ties.tolist()] == left


def test_a_year_at_once_is_twelve_months() -> None:
    frame, kin = people(3)
    a, b = frame["uid"][:3], frame["uid"][3:]
    contact, keep = np.array([0.0, 0.3, 0.3, 0.0]), KeepTies()
    kin = Kin.of_ties(frame, np.stack([a, b], axis=1), np.array([0.1, 0.5, 0.9]), contact, 1.2, np.array([0, 1, 0], np.int8))
    c, trips = kin.columns, np.array([0.25, 0.0, 1.5, 0.5, 0.0, 1.0], dtype=np.float32)
    for run in (after_a_year, plain(after_a_year)):
        strength = c["strength"].copy()
        columns = [c[name] for name in ("first", "first_across", "end", "other", "pair", "is_kin", "contact")]
        run(keep, *columns, 1.2, trips, strength)
        for i in range(3):
            e, weak = c["first"][i], not c["is_kin"][c["first"][i]]
            s = float(c["strength"][e])
            meets = 0.3 * (keep.weak_visits if weak else 1.0) + keep.trip_contact * min(float(trips[i] + trips[c["other"][e]]), 2.0)
            for _ in range(12):
                s = next_strength(s, meets, 1.2, keep.gain, keep.decay * (keep.weak_decay if weak else 1.0), keep.inequality)
            assert strength[e] == pytest.approx(s, rel=1e-5)


def test_feasts_of_the_peoples() -> None:
    table = feast_table(["iban", "malay", "chinese", "somebody"])
    assert table.shape == (N_MONTHS, 4) and not table[:, 2:].any()
    assert [t % 12 for t in np.flatnonzero(table[:, 0] == 1)] == [5] * 51 and [t % 12 for t in np.flatnonzero(table[:, 0] == 2)] == [
        11
    ] * 51
    # 1 Syawal: August 1980, January and December 2000, July 2015, February 2030
    assert {7, 240, 251, 12 * 35 + 6, 12 * 50 + 1} <= set(np.flatnonzero(table[:, 1]).tolist())
    years = np.bincount(np.flatnonzero(table[:, 1]) // 12, minlength=51)
    assert years.tolist() == [2 if year == 2000 else 1 for year in range(1980, 2031)]
    assert not no_feasts().any() and all(feast["source"] and feast["assumption"] for feast in feasts().values())
    days = feasts()["aidilfitri"]["days"]
    gaps = np.diff(np.array(days, dtype="datetime64[D]")).astype(int)
    assert set(gaps.tolist()) <= {353, 354, 355, 356}, "a lunar year, give or take a day of sighting"
    assert len(months_of(feasts()["aidilfitri"])) == 52
