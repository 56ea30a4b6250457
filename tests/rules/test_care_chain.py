"""From falling ill to being seen, over some months: nobody is lost on the way, at every corner of who lives where and of what facilities have."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from abm import BorderModel, Scenario
from agents.core.declare import RULES
from agents.household.fall_ill import Parameters as FallIll
from agents.household.receive_care import Parameters as Receive
from agents.household.receive_care import days_lost_to
from agents.official.keep_facility import Parameters as Keep
from agents.surroundings import PUBLIC
from tests.rules.tools import run_rule

CHAIN = (
    "official.keep_facility",
    "world.set_care",
    "household.fall_ill",
    "household.seek_care",
    "official.ration_care",
    "household.receive_care",
)
Columns = dict[str, np.ndarray]
#: Everybody ill more often than not, so that a few months of one household say something.
SICK = FallIll(p_minor=0.3, p_disrupting=0.2, p_hospital=0.15, p_emergency=0.1)
#: Nobody falls ill, nobody is born, and nothing lasts.
WELL = FallIll(p_minor=0.0, p_disrupting=0.0, p_hospital=0.0, p_emergency=0.0, injury=0.0, lasts=0.0, lasts_hospital=0.0)
START, MONTHS = 24, 6


@pytest.fixture(scope="module")
def model() -> BorderModel:
    made = BorderModel(Scenario.load("history", end="1983-12"), households=160, rng=3)
    for _ in range(START):
        made.step()
    return made


def taken(model: BorderModel, keep: Callable[[Columns], Any] | None = None) -> Columns:
    """Copies of the columns of all the rules, of the households that are kept."""
    names = dict.fromkeys(name for rule in CHAIN for name in (*RULES[rule].reads, *RULES[rule].writes))
    columns = {name: np.array(model.column(name), copy=True) for name in names}
    rows = np.arange(len(columns["household.uid"])) if keep is None else np.atleast_1d(keep(columns))
    columns |= {name: values[rows] for name, values in columns.items() if name.startswith("household.")}
    columns["household.ill"][:] = 0
    return columns


def a_month(columns: Columns, month: int, p: dict[str, Any], ends: tuple[int, ...] = ()) -> None:
    """One month of all the rules; households in blocks that end at these rows."""
    of = {"household": len(columns["household.uid"]), "village": len(columns["village.place"]), "facility": len(columns["facility.kind"])}
    for rule in CHAIN:
        entity = rule.split(".")[0] if rule.startswith("household") else RULES[rule].rows
        cuts = [0, *ends, of[entity]] if entity == "household" else [0, of[entity]]
        for start, stop in itertools.pairwise(cuts):
            run_rule(rule, columns, start=start, stop=stop, seed=11, month=month, p=p.get(rule))


def check(columns: Columns) -> None:
    """Sought is served and turned away, by place, option and severity; who is ill is treated or not; facilities see what villages send."""
    h = {name.split(".")[1]: values for name, values in columns.items() if name.startswith("household.")}
    sought, visits, turned = (h[name].astype(int) for name in ("care_sought", "care_visits", "turned_away"))
    assert np.array_equal(sought, visits + turned)
    n_places, n_villages, village = len(columns["place.side"]), len(columns["village.place"]), columns["village.facility_care"]
    asked = columns["village.care_demand"].reshape(n_villages, 5, 4)
    for k in range(5):
        by_place = [np.bincount(h["place"], h["weight"] * of[:, k], n_places) for of in (sought, visits, turned)]
        assert np.allclose(by_place[0], by_place[1] + by_place[2], rtol=1e-12)
        assert np.allclose(by_place[0], np.bincount(columns["village.place"], asked[:, k].sum(axis=1), n_places), rtol=1e-12)
        assert (sought[village[h["village"], k] < 0, k] == 0).all(), "nobody asks for what there is not"
    for s in range(4):  # the same by severity, from each illness and the visits that it leads to
        ill = h["ill"] == s + 1
        by_village = np.zeros((n_villages, 5))
        for of in (h["care"], h["care_next"]):
            row, slot = np.nonzero(ill & (of >= 0))
            np.add.at(by_village, (h["village"][row], of[row, slot].astype(int)), h["weight"][row])
        assert np.allclose(by_village, asked[:, :, s], rtol=1e-12)
        assert np.array_equal((ill & (h["care_given"] >= 0)).sum(axis=1) + h["untreated"][:, s], ill.sum(axis=1))
        assert np.array_equal(ill.sum(axis=1), h["episodes"][:, s])
    there = np.repeat(village >= 0, 4, axis=1)
    assert columns["facility.demand"].sum() == pytest.approx(columns["village.care_demand"][there].sum())
    seen = (columns["village.served_share"] * columns["village.care_demand"]).sum()
    assert columns["facility.served"].sum() == pytest.approx(seen) and seen <= columns["village.care_demand"].sum() * (1 + 1e-12)


def over(columns: Columns, p: dict[str, Any], n: int = MONTHS) -> np.ndarray:
    """Sums over some months, each of them checked: ill, sought, served, turned away."""
    sums = np.zeros(4, int)
    for month in range(START, START + n):
        a_month(columns, month, p)
        check(columns)
        sums += [int(columns[f"household.{name}"].sum()) for name in ("episodes", "care_sought", "care_visits", "turned_away")]
    return sums


ILL = {"household.fall_ill": SICK}
WHO: dict[str, Callable[[Columns], Any] | None] = {
    "all": None,
    "one household": lambda c: 7,
    "one of the other side": lambda c: np.flatnonzero(c["household.side"] == 1)[5],
    "all Indonesian": lambda c: np.flatnonzero(c["household.side"] == 0),
    "all Malaysian": lambda c: np.flatnonzero(c["household.side"] == 1),
    "one village": lambda c: np.flatnonzero(c["household.village"] == c["household.village"][0]),
    "nobody": lambda c: np.zeros(0, int),
}


@pytest.mark.parametrize("who", WHO)
def test_nobody_is_lost_whoever_lives_there(model, who):
    ill, sought, served, turned = over(taken(model, WHO[who]), ILL)
    assert sought == served + turned and ill >= sought // 2
    assert (sought > 0) == (who != "nobody") and (who != "all" or turned > 0)


def test_more_ill_than_places_turns_away_and_fewer_does_not(model):
    columns = taken(model)
    columns["household.weight"] *= 1e6
    _, sought, served, turned = over(columns, ILL)
    assert turned > 0.95 * sought and served + turned == sought
    columns = taken(model)
    columns["household.weight"] *= 1e-9
    columns["facility.usual_demand"][:] = 0.0
    for month in range(START, START + MONTHS):
        a_month(columns, month, ILL)
        check(columns)
        # who is turned away comes to a facility that has no staff at all this month
        h = columns
        row, option = np.nonzero(h["household.turned_away"])
        assert (h["facility.capacity"][h["village.facility_care"][h["household.village"][row], option]].min(axis=1) == 0).all()


def test_nobody_ill(model):
    columns = taken(model)
    columns["household.child_age"][columns["household.child_age"] == 0] = 1  # nobody is born
    columns["village.word_care"][:], columns["household.found_care"][:] = 0.5, 0.25
    assert over(columns, {"household.fall_ill": WELL}, 1).tolist() == [0, 0, 0, 0]
    for name in ("days_lost", "care_cost", "deaths_expected", "untreated", "sent_on", "new_patients", "insured", "serious_visits"):
        assert (columns[f"household.{name}"] == 0).all(), name
    assert (
        (columns["household.care"] == -1).all()
        and (columns["household.care_next"] == -1).all()
        and (columns["household.care_given"] == -1).all()
    )
    assert (columns["facility.served"] == 0).all() and (columns["facility.demand"] == 0).all()
    # what was found is kept; of a bad word 3 parts of 100 are forgotten: 0.5 + 0.03 * 0.5
    there = columns["village.facility_care"] >= 0
    assert (columns["household.found_care"] == 0.25).all() and columns["village.word_care"][there] == pytest.approx(0.515)
    assert (columns["village.word_care"][~there] == 0.5).all()


def test_no_facility_anywhere(model):
    columns = taken(model)
    columns["village.facility_care"][:] = -1
    ill, sought, _, _ = over(columns, ILL)
    assert ill > 0 and sought == 0
    assert np.array_equal(columns["household.untreated"], columns["household.episodes"])
    assert (
        (columns["household.care_cost"] == 0).all()
        and (columns["village.served_share"] == 0).all()
        and (columns["household.seen_year"] == 0).all()
    )
    # days of illness alone, in full for who works and in part for the others
    p = Receive()
    works = np.arange(14) < columns["household.n_workers"][:, None]
    days = np.array([0.0, *(days_lost_to(s, 0.0, p) for s in (1, 2, 3, 4))])[columns["household.ill"]] * np.where(works, 1.0, p.nursing)
    assert columns["household.days_lost"] == pytest.approx(days.sum(axis=1), rel=1e-6)


def test_no_facility_at_home(model):
    columns = taken(model, lambda c: np.flatnonzero(c["household.side"] == 0))
    columns["village.facility_care"][:, :3] = -1
    _, sought, _, _ = over(columns, ILL)
    assert sought > 0 and (columns["household.care_sought"][:, :3] == 0).all()


def test_no_hospital_to_be_sent_to(model):
    columns = taken(model)
    columns["village.facility_care"][:, [2, 4]] = -1
    _, sought, _, _ = over(columns, ILL)
    assert sought > 0 and (columns["household.care_next"] == -1).all() and (columns["household.sent_on"] == 0).all()
    assert (columns["household.serious_visits"] > 0).any(), "primary care does what it can"


def test_no_staff_on_one_side(model):
    """All staff leave and nobody is sent: who goes to the facilities of that side finds no place there, and word of it goes round."""
    columns = taken(model)
    columns["facility.usual_demand"][:], columns["village.word_care"][:] = 0.0, 1.0
    p = ILL | {"official.keep_facility": Keep(staff_id=0.0, turnover=1.0, recruitment=0.2)}
    home = columns["facility.side"] == 0
    _, _, served, turned = over(columns, p, 2)
    assert (columns["facility.staff"][home] == 0).all() and (columns["facility.capacity"][home] == 0).all()
    assert (columns["facility.served"][home] == 0).all() and served > 0 and turned > 0
    ours = columns["household.side"] == 0
    assert (columns["household.care_visits"][ours, :3] == 0).all() and (columns["household.care_visits"][~ours, 3:] == 0).all()
    assert columns["household.turned_away"][ours, :3].any()
    asked = columns["village.care_demand"].reshape(-1, 5, 4).sum(axis=2)[:, :3] > 0
    of_ours = columns["place.side"][columns["village.place"]] == 0
    assert (columns["village.word_care"][of_ours, :3][asked[of_ours]] < 1.0).all()


def test_free_care_costs_nothing_and_insurance_changes_nothing(model):
    found = []
    for activity in (-1, PUBLIC):
        columns = taken(model)
        columns["series.fee"] = np.zeros_like(columns["series.fee"])
        columns["place.fare"][:] = 0.0
        columns["household.activity"][:] = activity
        over(columns, ILL)
        assert (columns["household.care_cost"] == 0).all() and (columns["village.fee_care"] == 0).all()
        found.append({name: values for name, values in columns.items() if name not in ("household.insured", "household.activity")})
    assert [n for n in found[0] if found[0][n].tobytes() != found[1][n].tobytes()] == []
    # a fee keeps some of them away
    columns = taken(model)
    free = sum(over(columns | {"series.fee": np.zeros_like(columns["series.fee"])}, ILL)[1:2])
    columns = taken(model)
    dear = over(columns | {"series.fee": 50.0 * columns["series.fee"]}, ILL)[1]
    assert dear < free


def test_blocks_of_households_give_the_same(model):
    n = len(model.frames["household"])
    whole, parts = taken(model), taken(model)
    for columns, ends in ((whole, ()), (parts, (1, n // 3, n // 3 + 1, n - 1))):
        columns["household.weight"][:] = 3.0  # sums of demand are exact
        for month in range(START, START + 3):
            a_month(columns, month, ILL, ends)
    assert [name for name in whole if whole[name].tobytes() != parts[name].tobytes()] == []
