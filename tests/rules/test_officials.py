"""Officials: strictness, inspection, budgets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from agents.official import inspect, set_strictness, spend_budget
from tests.rules.tools import both_forms, columns_of, run_rule, take, traced

# ---- strictness -----------------------------------------------------------------------------------------------------------

POSTURE = set_strictness.Parameters(doctrine_id=0.2, doctrine_my=0.7, strictness_prosperity=0.1, strictness_security=0.9, step=0.5)


@both_forms
def test_doctrine_and_strictness_by_hand(form: str) -> None:
    f = take(set_strictness.doctrine_of, form)
    assert f(0.2, 0.1, 0.3) == pytest.approx(0.6)
    assert f(0.2, -0.5, 0.0) == 0.0 and f(0.9, 0.1, 0.5) == 1.0
    g = take(set_strictness.next_strictness, form)
    assert g(0.5, 0.0, POSTURE) == pytest.approx(0.7)  # half way to 0.9
    assert g(0.5, 1.0, POSTURE) == pytest.approx(0.3)  # half way to 0.1
    assert g(0.5, 0.5, POSTURE) == pytest.approx(0.5)  # the middle


@both_forms
def test_posture_of_crossings(form: str) -> None:
    # two officers at crossing 0 (doctrines 0.2+0.1+0.1 = 0.4 and 0.7-0.1+0 = 0.6), a planner at none, nobody at crossing 1
    columns = columns_of(
        "official.set_strictness", {"official": 3, "crossing": 2},
        {"official.side": (0, 1, 0), "official.crossing": (0, 0, -1), "official.deviation": (0.1, -0.1, 0.0), "policy.turn": (0.1, 0.0),
         "crossing.strictness": (0.9, 0.4)},
    )  # fmt: skip
    done = run_rule("official.set_strictness", columns, form, stop=3, p=POSTURE)
    assert done["official.doctrine"].tolist() == pytest.approx([0.4, 0.6, 0.3])
    assert done["crossing.doctrine"].tolist() == pytest.approx([0.5, 0.0])
    # target 0.9 - 0.8*0.5 = 0.5, half way from 0.9; a crossing without officers stays as it is
    assert done["crossing.strictness"].tolist() == pytest.approx([0.7, 0.4])
    for _ in range(9):
        run_rule("official.set_strictness", columns, form, stop=3, p=POSTURE)
    assert columns["crossing.strictness"][0] == pytest.approx(0.5 + 0.4 * 0.5**10)


# ---- inspection --------------------------------------------------------------------------------------------------------

INSPECT = inspect.Parameters(per_patrol=0.1, hours_half=3.0, loads_half=400.0, sent_home=0.01)


# 1 - exp(-0.1 * patrol * (0.5 + 0.5 road) / (1 + hours/3) / (1 + loads/400))
@both_forms
@pytest.mark.parametrize(
    ("patrol", "road", "hours", "loads", "exponent"),
    [
        (1.0, 1.0, 0.0, 0.0, 0.1),
        (1.0, 0.0, 0.0, 0.0, 0.05),
        (1.0, 1.0, 3.0, 0.0, 0.05),
        (1.0, 1.0, 0.0, 400.0, 0.05),
        (8.0, 1.0, 3.0, 400.0, 0.2),
        (0.0, 1.0, 0.0, 0.0, 0.0),
    ],
)
def test_chance_found_by_hand(form: str, patrol: float, road: float, hours: float, loads: float, exponent: float) -> None:
    assert take(inspect.chance_found, form)(patrol, road, hours, loads, INSPECT) == pytest.approx(1.0 - math.exp(-exponent))


@both_forms
def test_inspection_of_places(form: str) -> None:
    # place 0 has a legal way by crossing 0 and a path by crossing 1; place 1 reaches no crossing for trade. People of place 0 work
    # by crossing 1, in Malaysian district 1 with 4 patrols; those of place 1 (Malaysian) by crossing 0, in district 0 with 3
    values = {
        "place.side": (0, 1), "place.crossing_work": [(-1,) * 7 + (1,), (-1,) * 7 + (0,)], "crossing.district_id": (0, 0),
        "crossing.district_my": (1, 1), "district.patrol": (3.0, 4.0), "place.road": 1.0, "trade_link.hours": [(3.0, 3.0), (0.0, 0.0)], "trade_link.crossing": [(0, 1), (-1, -1)], "crossing.patrol": (1.0, 2.0),
        "crossing.strictness": (0.6, 0.3), "place.path_loads": 0.0, "policy.enforced": 1.0, "crossing.honest": (0.4, 1.0),
    }  # fmt: skip
    sizes = {"place": 2, "trade_link": 2, "crossing": 2, "district": 2}
    done = run_rule("official.inspect", columns_of("official.inspect", sizes, values), form, stop=2, p=INSPECT)
    # the post itself is where the officers are (no distance); the path lies 3 hours off: half
    assert done["trade_link.detection"].tolist() == [pytest.approx([1 - math.exp(-0.1), 1 - math.exp(-0.1)]), [0.0, 0.0]]
    assert done["trade_link.strictness"].tolist() == [[0.6, 0.3], [0.0, 0.0]]
    assert done["trade_link.share_honest"].tolist() == [0.4, 0.0]
    assert done["place.caught_away"].tolist() == pytest.approx([1 - math.exp(-0.04), 1 - math.exp(-0.03)])
    values |= {"place.caught_away": 9.0}  # of the month before
    stays = {**values, "place.crossing_work": -1}
    home = run_rule("official.inspect", columns_of("official.inspect", sizes, stays), form, stop=2, p=INSPECT)
    assert (home["place.caught_away"] == 0).all()  # nowhere to work, nobody to send home
    off = run_rule("official.inspect", columns_of("official.inspect", sizes, {**values, "policy.enforced": 0.0}), form, stop=2, p=INSPECT)
    # nobody looks: no load is found, nobody is sent home, no officer refuses
    assert all((off[c] == 0).all() for c in ("trade_link.detection", "place.caught_away", "trade_link.share_honest"))


@pytest.mark.parametrize(
    ("change", "sign"),
    [({"crossing.patrol": 4.0}, 1), ({"place.road": 0.1}, -1), ({"trade_link.hours": 9.0}, -1), ({"place.path_loads": 900.0}, -1)],
)
def test_detection_moves_the_right_way(change: dict[str, float], sign: int) -> None:
    base = {
        "place.road": 0.5,
        "trade_link.hours": 3.0,
        "trade_link.crossing": 0,
        "crossing.patrol": 1.0,
        "place.path_loads": 100.0,
        "policy.enforced": 1.0,
    }
    found = [
        run_rule("official.inspect", columns_of("official.inspect", {}, v), stop=1)["trade_link.detection"][0, 1]
        for v in (base, {**base, **change})
    ]
    assert (found[1] - found[0]) * sign > 0


# ---- budgets -----------------------------------------------------------------------------------------------------------

BUDGET = spend_budget.Parameters(
    budget_id=0.4, budget_my=1.0, security_most=0.7, security_least=0.1, to_roads=0.4, to_health=0.25, to_primary=0.5, programme=0.16,
    programme_years=20.0, decay=0.1, upkeep_threshold=0.3, patrol_per_money=2.0, start_id=0.2, start_my=0.6,
    programme_my=0.0, hospitals_id=0.0,
)  # fmt: skip


@both_forms
def test_security_share_by_hand(form: str) -> None:
    f = take(spend_budget.security_share, form)
    assert [f(d, BUDGET) for d in (0.0, 0.5, 1.0)] == pytest.approx([0.7, 0.4, 0.1])


# stock + spending (1 - stock) - decay stock; decay 0.1, doubled below 0.3 * 0.1 * stock
@both_forms
@pytest.mark.parametrize(
    ("stock", "spending", "expected"),
    [
        (0.5, 0.1, 0.5),
        (0.5, 0.015, 0.5 + 0.0075 - 0.05),
        (0.5, 0.014, 0.5 + 0.007 - 0.1),
        (0.5, 0.0, 0.4),
        (1.0, 5.0, 0.9),
        (0.2, 5.0, 1.0),
        (0.0, 0.0, 0.0),
    ],
)
def test_next_stock_by_hand(form: str, stock: float, spending: float, expected: float) -> None:
    assert take(spend_budget.next_stock, form)(stock, spending, 0.1, 0.3) == pytest.approx(expected)


@both_forms
@pytest.mark.parametrize("spending", [0.001, 0.03, 0.1, 0.4])
def test_a_stock_settles_at_spending_over_spending_and_decay(form: str, spending: float) -> None:
    # neglect makes decay faster, but what is left in the end is enough to keep up so little
    f = take(spend_budget.next_stock, form)
    for start in (0.0, 1.0):
        stock = start
        for _ in range(600):
            stock = f(stock, spending, 0.07, 0.3)
        assert stock == pytest.approx(spending / (spending + 0.07))


@both_forms
def test_no_stock_falls_below_nothing(form: str) -> None:
    # a decay of 0.6, doubled, would take 0.6 of a stock of 0.5
    assert take(spend_budget.next_stock, form)(0.5, 0.0, 0.6, 0.3) == 0.0


@both_forms
def test_neglect_costs_twice(form: str) -> None:
    # just below and above 0.7 * 0.07 * 0.5 = 0.0245: the difference is one more decay, 0.07 * 0.5
    f = take(spend_budget.next_stock, form)
    assert f(0.5, 0.0246, 0.07, 0.7) - f(0.5, 0.0244, 0.07, 0.7) == pytest.approx(0.035 + 0.0002 * 0.5)


def january(form: str, month: int = 120, p: Any = BUDGET, **said: Any) -> dict[str, np.ndarray]:
    """Two districts, Indonesian and Malaysian, with planners of doctrines 0.2 and 0.8, all stocks at 0.5."""
    values = {
        "district.side": (0, 1), "district.population": 10_000.0, "district.line_km": 100.0, "policy.real_income": (0.5, 1.0),
        "official.district": (0, 1, 0), "official.kind": (2, 2, 0), "official.doctrine": (0.2, 0.8, 1.0), "policy.invests": 1.0,
        "policy.has_programme": 1.0, "district.road": 0.5, "district.clinic": 0.5, "district.hospital": 0.5, "district.other": 0.5,
    } | {k.replace("__", "."): v for k, v in said.items()}  # fmt: skip
    return run_rule(
        "official.spend_budget", columns_of("official.spend_budget", {"district": 2, "official": 3}, values), form, stop=2, p=p, month=month
    )


@both_forms
def test_a_january_by_hand(form: str) -> None:
    done = january(form)
    # budgets 0.4*0.5 = 0.2 and 1.0; only planners count: security 0.7-0.6*0.2 = 0.58 and 0.7-0.6*0.8 = 0.22
    assert done["district.budget"].tolist() == pytest.approx([0.2, 1.0])
    assert done["district.split"].tolist() == [pytest.approx([0.58, 0.168, 0.105, 0.147]), pytest.approx([0.22, 0.312, 0.195, 0.273])]
    assert done["district.split"].sum(axis=1) == pytest.approx(1.0)
    # roads: 0.5 + 0.0336*0.5 - 0.05; 0.5 + 0.312*0.5 - 0.05
    assert done["district.road"].tolist() == pytest.approx([0.4668, 0.606])
    # the programme after ten of twenty years adds 0.08 on the Indonesian side: 0.5*0.021 + 0.08 = 0.0905
    assert done["district.clinic"].tolist() == pytest.approx([0.5 + 0.0905 * 0.5 - 0.05, 0.5 + 0.0975 * 0.5 - 0.05])
    # hospitals there get 0.0105, less than 0.3 * 0.1 * 0.5: decay doubles
    assert done["district.hospital"].tolist() == pytest.approx([0.5 + 0.0105 * 0.5 - 0.1, 0.5 + 0.0975 * 0.5 - 0.05])
    # patrols: 2 * 0.2 * 0.58 * 10 / 10 and 2 * 1 * 0.22 * 10 / 10
    assert done["district.patrol"].tolist() == pytest.approx([0.232, 0.44])


@both_forms
def test_the_state_pays_for_indonesian_hospitals_as_its_income_grows(form: str) -> None:
    p = BUDGET._replace(hospitals_id=0.06)
    before, done = january(form), january(form, p=p)
    # 0.0105 of the district and 0.06 * 0.5 of the state are 0.0405, more than 0.3 * 0.1 * 0.5, so decay does not double; nothing else gets any
    assert done["district.hospital"].tolist() == pytest.approx([0.5 + 0.0405 * 0.5 - 0.05, before["district.hospital"][1]])
    assert all((done[k] == before[k]).all() for k in done if k != "district.hospital")
    rich, idle = january(form, p=p, policy__real_income=(1.0, 0.5)), january(form, p=p, policy__invests=0.0)
    assert rich["district.hospital"][0] == pytest.approx(0.5 + (0.021 + 0.06) * 0.5 - 0.05)
    assert idle["district.hospital"].tolist() == pytest.approx([0.4, 0.4])
    # the programme of health centres pays for none of it
    without = january(form, p=p, policy__has_programme=0.0)
    assert without["district.hospital"].tolist() == done["district.hospital"].tolist()


@both_forms
def test_switches_of_the_budget(form: str) -> None:
    without = january(form, policy__has_programme=0.0)
    # district money alone, 0.5 * 0.021 = 0.0105, is less than 0.3 * 0.1 * 0.5: decay doubles
    assert without["district.clinic"][0] == pytest.approx(0.5 + 0.0105 * 0.5 - 0.1)
    assert without["district.clinic"][1] == january(form)["district.clinic"][1]
    nothing = january(form, policy__invests=0.0, policy__has_programme=0.0)
    for stock in ("road", "hospital", "other"):
        assert nothing[f"district.{stock}"].tolist() == pytest.approx([0.4, 0.4])  # decay, doubled
    assert (nothing["district.patrol"] == january(form)["district.patrol"]).all()
    full = [january(form, month=m)["district.clinic"][0] for m in (0, 120, 240, 420)]
    assert full[0] < full[1] < full[2] == full[3]


@both_forms
@pytest.mark.parametrize("part", [0.25, 1.0])
def test_money_of_the_programme_that_goes_to_roads(form: str, part: float) -> None:
    usual, moved = january(form), january(form, p=BUDGET._replace(programme_to_roads=part))
    # 0.08 of programme money on stocks of one half, on the Indonesian side alone; without it all, the clinics' 0.0105 let decay double
    assert (moved["district.road"] - usual["district.road"]).tolist() == pytest.approx([0.04 * part, 0.0])
    assert (moved["district.clinic"] - usual["district.clinic"]).tolist() == pytest.approx(
        [-0.04 * part - (0.05 if part == 1 else 0.0), 0.0]
    )
    for name in ("district.hospital", "district.other", "district.patrol", "district.budget"):
        assert (moved[name] == usual[name]).all()
    off = january(form, p=BUDGET._replace(programme_to_roads=part), policy__has_programme=0.0)
    assert (off["district.road"] == usual["district.road"]).all(), "no programme, no money for roads from it"


@both_forms
def test_money_for_rural_health_in_malaysia(form: str) -> None:
    p = BUDGET._replace(programme_my=0.05)
    before, after = january(form), january(form, p=p)
    # a twentieth of a point each for clinics and hospitals at a stock of one half, there alone and whatever the switch of the puskesmas programme says
    for stock in ("clinic", "hospital"):
        assert (after[f"district.{stock}"] - before[f"district.{stock}"]).tolist() == pytest.approx([0.0, 0.025])
    assert january(form, p=p, policy__has_programme=0.0)["district.clinic"][1] == after["district.clinic"][1]
    assert (after["district.road"] == before["district.road"]).all()
    assert january(form, p=p, policy__invests=0.0)["district.hospital"].tolist() == pytest.approx([0.4, 0.4])


@pytest.mark.parametrize("corner", range(8))
def test_no_part_of_a_budget_is_negative(corner: int) -> None:
    ranges = {n: _range(n) for n in ("to_roads", "to_health", "security_most")}
    p = BUDGET._replace(**{n: r[corner >> k & 1] for k, (n, r) in enumerate(ranges.items())})
    split = january("compiled", p=p)["district.split"]
    assert (split >= 0).all() and split.sum(axis=1) == pytest.approx(1.0)


def _range(name: str) -> tuple[float, float]:
    from agents.core.declare import PARAMETERS

    said = PARAMETERS[f"official.spend_budget.{name}"]
    return said.low, said.high


@pytest.mark.parametrize(("name", "stock", "sign"), [
    ("to_roads", "road", 1), ("to_health", "hospital", 1), ("to_primary", "clinic", 1), ("to_primary", "hospital", -1),
    ("security_most", "road", -1), ("decay", "road", -1),
])  # fmt: skip
def test_money_builds_what_it_is_spent_on(name: str, stock: str, sign: int) -> None:
    low, high = (january("compiled", p=BUDGET._replace(**{name: v}))[f"district.{stock}"] for v in _range(name))
    assert ((high - low) * sign > 0).all()


# ---- several of each, by hand ----------------------------------------------------------------------------------------------


@both_forms
def test_posture_of_both_sides(form: str) -> None:
    side, crossing, deviation = (0, 1, 1, 0, 1), (2, 0, 2, -1, 2), (0.05, 0.1, -0.2, 0.4, 0.25)
    columns = columns_of(
        "official.set_strictness", {"official": 5, "crossing": 3},
        {"official.side": side, "official.crossing": crossing, "official.deviation": deviation, "policy.turn": (0.1, -0.3),
         "crossing.strictness": (0.2, 0.4, 0.6), "crossing.doctrine": 5.0, "official.doctrine": 6.0},
    )  # fmt: skip
    before = {name: values.copy() for name, values in columns.items()}
    done = run_rule("official.set_strictness", columns, form, stop=5, p=POSTURE._replace(step=0.25))
    calls = traced("official.set_strictness", before, "doctrine_of", stop=5, p=POSTURE)
    assert calls["doctrine_of"] == [((0.2, 0.7)[s], own, (0.1, -0.3)[s]) for s, own in zip(side, deviation, strict=True)]
    held = [0.35, 0.5, 0.2, 0.7, 0.65]  # 0.2 or 0.7, the deviation, and the turn of the side
    assert done["official.doctrine"].tolist() == pytest.approx(held)
    mean = [held[1], 0.0, (held[0] + held[2] + held[4]) / 3]
    assert done["crossing.doctrine"].tolist() == pytest.approx(mean)
    strict = [now + 0.25 * (0.9 - 0.8 * m - now) for now, m in zip((0.2, 0.4, 0.6), mean, strict=True)]
    assert done["crossing.strictness"].tolist() == pytest.approx([strict[0], 0.4, strict[2]])


def test_inspection_of_several_places() -> None:
    values = {
        "place.side": (0, 1, 0), "place.road": (0.2, 0.6, 1.0), "place.crossing_work": [(9,) * 7 + (2,), (9,) * 7 + (1,), (9,) * 7 + (0,)],
        "trade_link.hours": [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)], "trade_link.crossing": [(2, 1), (-1, 0), (1, -1)],
        "crossing.patrol": (1.0, 2.0, 3.0), "crossing.strictness": (0.1, 0.2, 0.3), "crossing.district_id": (1, 2, 3), "crossing.district_my": (0, 3, 2),
        "district.patrol": (1.0, 2.0, 4.0, 8.0), "place.path_loads": (10.0, 200.0, 3000.0), "policy.enforced": 1.0, "crossing.honest": (0.4, 0.5, 0.6),
        "trade_link.detection": 9.0, "trade_link.strictness": 9.0, "trade_link.share_honest": 9.0, "place.caught_away": 9.0,
    }  # fmt: skip
    columns = columns_of("official.inspect", {"place": 3, "trade_link": 3, "crossing": 3, "district": 4}, values)
    calls = traced("official.inspect", columns, "chance_found", stop=3, p=INSPECT)
    # patrols and road where the way leads; on a legal way the officers are at the crossing itself
    said = [(3.0, 0.2, 0.0, 10.0), (2.0, 0.2, 2.0, 10.0), (1.0, 0.6, 4.0, 200.0), (2.0, 1.0, 0.0, 3000.0)]
    assert calls["chance_found"] == said
    found = [inspect.chance_found(*x, INSPECT) for x in said]
    assert columns["trade_link.detection"].tolist() == [[found[0], found[1]], [0.0, found[2]], [found[3], 0.0]]
    assert columns["trade_link.strictness"].tolist() == [[0.3, 0.2], [9.0, 0.1], [0.2, 9.0]]
    assert columns["trade_link.share_honest"].tolist() == [0.6, 0.0, 0.5]
    # an Indonesian worker meets the patrols of the Malaysian district where the way leads, a Malaysian one those of the Indonesian
    assert columns["place.caught_away"].tolist() == pytest.approx([1 - math.exp(-0.01 * x) for x in (4.0, 4.0, 1.0)])


@both_forms
def test_who_works_by_the_first_crossing_is_looked_for_as_well(form: str) -> None:
    values = {
        "place.crossing_work": (-1,) * 7 + (0,),
        "district.patrol": 5.0,
        "policy.enforced": 1.0,
        "crossing.patrol": 1.0,
        "crossing.honest": 0.3,
    }
    done = run_rule("official.inspect", columns_of("official.inspect", {}, {**values, "trade_link.crossing": 0}), form, stop=1, p=INSPECT)
    assert done["place.caught_away"][0] == pytest.approx(1 - math.exp(-0.05))
    assert done["trade_link.share_honest"][0] == 0.3


@both_forms
def test_budgets_of_three_districts(form: str) -> None:
    p = BUDGET._replace(to_primary=0.3)
    values = {
        "district.side": (1, 0, 0), "district.population": (5000.0, 20_000.0, 8000.0), "district.line_km": (50.0, 200.0, 25.0),
        "policy.real_income": (0.5, 2.0), "official.district": (1, 0, 1, 1, 0), "official.kind": (2, 2, 2, 1, 3), "official.doctrine": (0.2, 0.9, 0.6, 1.0, 0.0),
        "policy.invests": 1.0, "policy.has_programme": 1.0, "district.road": (0.1, 0.2, 0.3), "district.clinic": (0.4, 0.5, 0.6),
        "district.hospital": (0.7, 0.8, 0.9), "district.other": (0.15, 0.25, 0.35),
    }  # fmt: skip
    columns = columns_of("official.spend_budget", {"district": 3, "official": 5}, values)
    if form == "plain":
        calls = traced("official.spend_budget", columns, "security_share", "next_stock", stop=3, p=p, month=36)
        assert calls["security_share"] == [(0.9,), (pytest.approx(0.4),), (0.0,)]  # planners alone; nobody plans in the third
        assert all(said[2:] == (0.1, 0.3) for said in calls["next_stock"])
    else:
        run_rule("official.spend_budget", columns, form, stop=3, p=p, month=36)
    doctrine, budget = (0.9, 0.4, 0.0), (2.0, 0.2, 0.2)
    for d in range(3):
        security = 0.7 - 0.6 * doctrine[d]
        rest = 1 - security
        extra = 0.0 if d == 0 else 0.16 * 3 / 20  # three of twenty years of the programme
        split = [security, rest * 0.4, rest * 0.25, rest * 0.35]
        assert columns["district.budget"][d] == pytest.approx(budget[d])
        assert columns["district.split"][d].tolist() == pytest.approx(split)
        health = budget[d] * split[2]
        for name, money in (
            ("road", budget[d] * split[1]),
            ("other", budget[d] * split[3]),
            ("clinic", 0.3 * health + extra),
            ("hospital", 0.7 * health),
        ):
            expected = spend_budget.next_stock(values[f"district.{name}"][d], money, 0.1, 0.3)
            assert columns[f"district.{name}"][d] == pytest.approx(expected), (d, name)
        people, km = values["district.population"][d], values["district.line_km"][d]
        assert columns["district.patrol"][d] == pytest.approx(2.0 * budget[d] * security * (people / 1000) / (km / 10))


@both_forms
def test_the_programme_takes_its_years(form: str) -> None:
    # at the end of 5 and of 30 declared years; half of either before; and no more afterwards
    for years in (5.0, 30.0):
        p = BUDGET._replace(programme_years=years)
        extra = [january(form, month=int(12 * t * years), p=p)["district.clinic"][0] - january(form, month=0, p=p, district__clinic=0.5)["district.clinic"][0]
                 for t in (0.5, 1.0, 2.0)]  # fmt: skip
        # 0.08 and 0.16 of programme money on a stock of 0.5; with any of it decay is no longer doubled
        assert extra == pytest.approx([0.04 + 0.05, 0.08 + 0.05, 0.08 + 0.05])
