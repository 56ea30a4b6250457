"""Pay and jobs of every community, worked by hand on four made-up ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from abm.history.set_work import Parameters, at_crossing, jobs_at_home, jobs_of_indonesians, of_side, to_later
from agents.core.declare import FIELDS, RULES
from agents.surroundings import ESTATE, N_WORK, PASS, PERMIT, PUBLIC, SERVICES, TIMBER, UNDOCUMENTED
from tests.rules.tools import both_forms, run_rule, take

RULE = "world.set_work"
#: Half the way from January 1980 to mid-2010.
MONTH = 183
P = Parameters(
    pay_id=0.9, pay_my=0.8, pay_by_district=0.5, jobs_id=1.0, jobs_my=0.5, jobs_cycle=2.0, workers_per_ha=0.1, estates_near_id=0.04,
    estates_near_my=0.1, foreign_1980=0.2, foreign_2010=0.8, workers_per_log=6.0, timber_foreign_1980=0.1, timber_foreign_2010=0.5, from_border=0.1,
    nearness=8.0, legal_1980=0.2, legal_2010=0.6, day_jobs_my=0.02, day_jobs_id=0.01, pay_of_day_work=0.7, pay_undocumented=0.8, schooling_id=0.05,
    schooling_my=0.08, schooled_id=6.5, schooled_my=9.5, schooled_public=11.5,
)  # fmt: skip


@both_forms
def test_small_functions_by_hand(form: str) -> None:
    assert [take(of_side, form)(s, 1.0, 2.0) for s in (0, 1)] == [1.0, 2.0]
    assert [take(at_crossing, form)(np.array([0.3, 0.7]), c) for c in (-1, 0, 1)] == [0.0, 0.3, 0.7]


@both_forms
@pytest.mark.parametrize(
    ("month", "expected"), [(-36, 0.2), (0, 0.2), (183, 0.5), (365, 0.2 + 0.6 * 365 / 366), (366, 0.8), (432, 0.8), (10_000, 0.8)]
)
def test_shares_move_until_mid_2010(form: str, month: int, expected: float) -> None:
    assert take(to_later, form)(0.2, 0.8, month) == pytest.approx(expected)
    assert take(to_later, form)(0.8, 0.2, month) == pytest.approx(1.0 - expected)


@both_forms
@pytest.mark.parametrize(
    ("share", "relative", "cycle", "elasticity", "expected"),
    [
        (0.4, 1.0, 1.0, 2.0, 0.4),
        (0.4, 0.5, 1.0, 2.0, 0.2),
        (0.4, 1.0, 0.9, 1.0, 0.36),
        (0.4, 1.0, 0.5, 2.0, 0.1),
        (0.4, 1.0, 0.5, 0.0, 0.4),
        (0.8, 1.3, 1.0, 1.0, 0.9),  # a tenth has no job at home in any case
        (0.0, 1.0, 0.5, 1.0, 0.0),
    ],
)
def test_jobs_at_home_by_hand(form: str, share: float, relative: float, cycle: float, elasticity: float, expected: float) -> None:
    assert take(jobs_at_home, form)(share, relative, cycle, elasticity) == pytest.approx(expected)


@both_forms
def test_jobs_of_indonesians_by_hand(form: str) -> None:
    f = take(jobs_of_indonesians, form)
    assert f(50_000.0, 10_000.0, 0.5, 0.3, P) == pytest.approx(5_000 * 0.5 + 60_000 * 0.3)
    assert f(50_000.0, 0.0, 0.5, 0.3, P) == pytest.approx(2_500) and f(0.0, 10_000.0, 0.5, 0.3, P) == pytest.approx(18_000)
    assert f(0.0, 0.0, 0.5, 0.3, P) == 0.0 == f(50_000.0, 10_000.0, 0.0, 0.0, P)


#: Figures of the month; those of all others are nonsense.
SERIES: dict[str, Any] = {
    "idr_per_usd": 2000.0, "myr_per_usd": 2.5, "real_income": (0.6, 0.7), "wage_index": (1.2, 1.5), "cycle": (0.5, 1.0), "logs": 10_000.0,
    "pay": ((50e3, 60e3, 80e3, 100e3), (200.0, 260.0, 400.0, 700.0)), "jobs": ((0.03, 0.06, 0.02), (0.08, 0.2, 0.07)), "estates": (10e3, 50e3),
}  # fmt: skip
FAR_2, FAR_4 = 8.0 * math.log(2.0), 8.0 * math.log(4.0)  # a half and a quarter of the part of a place at the line


def columns(**said: Any) -> dict[str, np.ndarray]:
    """Places: 0 Indonesian near, 1 Malaysian, 2 Indonesian far, 3 Malaysian without people. Crossings: 0 open, 1 closed, 2 a path."""
    hours, crossing = np.full((4, N_WORK), 99.0), np.full((4, N_WORK), -1)
    hours[:, UNDOCUMENTED] = FAR_2, 3.0, FAR_4, 3.0
    crossing[:, PASS], crossing[:, PERMIT], crossing[:, UNDOCUMENTED] = (0, 0, 1, -1), (0, 0, 1, 0), (2, 2, 2, 2)
    made: dict[str, Any] = {
        "series.base": (60e3, 500.0), "place.side": (0, 1, 0, 1), "place.workers": (1000.0, 2000.0, 500.0, 0.0), "place.pay_level": (4.0, 1.0, 1.0, 0.25),
        "place.hours_work": hours, "place.crossing_work": crossing, "place.place_work": (1, 0, 1, 0), "crossing.is_open": (1.0, 0.0, 0.0),
        "policy.may_cross": (1.0, 1.0),
    }  # fmt: skip
    for name, value in (SERIES | {k[8:]: v for k, v in said.items() if k.startswith("series__")}).items():
        full = np.full((MONTH + 2, *np.shape(value)), 777.0)
        full[MONTH] = value
        made[f"series.{name}"] = full
    made |= {k.replace("__", ".", 1): v for k, v in said.items() if not k.startswith("series__")}
    arrays = {}
    for name in (*RULES[RULE].reads, *RULES[RULE].writes):
        declared = FIELDS[name.split(".")[0]][name.split(".")[1]]
        if name in made:
            arrays[name] = np.array(made[name], dtype=declared.dtype)
        else:
            rows = () if name.startswith("policy") else (4,)
            arrays[name] = np.full((*rows, declared.width) if declared.width > 1 else rows, 55, dtype=declared.dtype)
    return arrays


def set_work(form: str = "compiled", p: Parameters = P, **said: Any) -> dict[str, np.ndarray]:
    return run_rule(RULE, columns(**said), form, stop=4, p=p, month=MONTH)


@both_forms
def test_pay_by_hand(form: str) -> None:
    d = set_work(form)
    assert d["place.exchange"].tolist() == pytest.approx([800.0, 1 / 800, 800.0, 1 / 800])
    assert d["place.product_per_head"].tolist() == pytest.approx([72e3, 750.0, 72e3, 750.0])
    # product of the district four times the side's: twice the pay, not in public jobs
    expected = [
        (0.0, 100e3, 120e3, 80e3 * 2 * 0.9, 100e3, 0.7 * 160e3, 160e3, 0.8 * 160e3),
        (0.0, 200.0, 260.0, 400 * 0.8, 700.0, 0.7 * 62.5, 62.5, 0.8 * 62.5),
        (0.0, 50e3, 60e3, 80e3 * 0.9, 100e3, 0.7 * 160e3, 160e3, 0.8 * 160e3),
        (0.0, 100.0, 130.0, 200 * 0.8, 700.0, 0.7 * 62.5, 62.5, 0.8 * 62.5),
    ]
    for where in range(4):
        assert d["place.wage"][where].tolist() == pytest.approx(expected[where]), where
    # gap in product per head 750 * 800 / 72000, in estate pay 160/100 and 160/50
    gap = 750 * 800 / 72e3
    assert d["place.income_over_pay"].tolist() == pytest.approx([gap / 1.6, (1 / gap) / (62.5 / 200), gap / 3.2, (1 / gap) / (62.5 / 100)])
    assert d["place.schooling_return"].tolist() == [0.05, 0.08, 0.05, 0.08]
    assert d["place.schooling_of_pay"].tolist() == [[6.5, 11.5], [9.5, 11.5], [6.5, 11.5], [9.5, 11.5]]
    assert d["policy.real_income"].tolist() == [0.6, 0.7]


@both_forms
def test_jobs_by_hand(form: str) -> None:
    d = set_work(form, crossing__is_open=(1.0, 1.0, 0.0))
    # estates: 10,000 ha give 1,000 jobs, 40 near the line for 1,500 workers; 5,000 in Sarawak, half of them held by citizens, a tenth of those near
    # timber and services: real product at half its height leaves a quarter of them on the Indonesian side
    # on a pass: 2 % of 2,000 for 1,500 people of two communities; 1 % of 1,000 for 2,000 of two
    # across: (2,500 on estates + 18,000 in timber) * 0.1 = 2,050, of which 0.4 legally; the near community has 500 of 625 parts
    expected = [
        (0.0, 40 / 1.5, 1000 * 0.03 / 4, 1000 * 0.06 / 4, 20.0, 40 / 1.5, 2050 * 0.4 * 0.8, 2050 * 0.6 * 0.8),
        (0.0, 250.0, 2000 * 0.04, 2000 * 0.1, 70.0, 10.0, 0.0, 0.0),
        (0.0, 20 / 1.5, 500 * 0.03 / 4, 500 * 0.06 / 4, 10.0, 20 / 1.5, 2050 * 0.4 * 0.2, 2050 * 0.6 * 0.2),
        (0.0,) * 8,
    ]
    for where in range(4):
        assert d["place.job_slots"][where].tolist() == pytest.approx(expected[where]), where


@both_forms
def test_what_is_open(form: str) -> None:
    """A pass and a permit need a crossing that lets people pass with papers; without papers people take any. Only Indonesians work on estates across."""
    may = set_work(form)["place.may_work"]
    assert (may[:, :PASS] == 1.0).all()
    assert may[:, PASS].tolist() == [1.0, 1.0, 0.0, 0.0]  # closed for the third, none within reach of the fourth
    assert may[:, PERMIT].tolist() == [1.0, 0.0, 0.0, 0.0] and may[:, UNDOCUMENTED].tolist() == [1.0, 0.0, 1.0, 0.0]
    none = set_work(form, policy__may_cross=(0.0, 1.0))
    assert (none["place.may_work"][:, PASS:] == 0).all() and (none["place.job_slots"][:, PASS:] == 0).all()
    legal = set_work(form, policy__may_cross=(1.0, 0.0))
    assert (legal["place.may_work"][:, UNDOCUMENTED] == 0).all() and (
        legal["place.may_work"][:, :UNDOCUMENTED] == may[:, :UNDOCUMENTED]
    ).all()
    assert (legal["place.job_slots"][:, UNDOCUMENTED] == 0).all() and legal["place.job_slots"][0, PERMIT] > 0
    # jobs of a way that is closed are given to nobody
    closed = set_work(form)
    assert (
        closed["place.job_slots"][2, PASS] == 0 == closed["place.job_slots"][2, PERMIT] and closed["place.job_slots"][2, UNDOCUMENTED] > 0
    )


@both_forms
def test_no_way_across(form: str) -> None:
    d = set_work(form, place__crossing_work=-np.ones((4, N_WORK)), place__place_work=np.full(4, -1))
    assert (
        (d["place.may_work"][:, PASS:] == 0).all()
        and (d["place.job_slots"][:, PASS:] == 0).all()
        and np.isfinite(d["place.job_slots"]).all()
    )


@both_forms
def test_without_people_there_are_no_jobs(form: str) -> None:
    d = set_work(form, place__workers=np.zeros(4))
    assert (d["place.job_slots"] == 0).all() and all(np.isfinite(values).all() for values in d.values())
    # on one side only: day jobs go by those of the other side, estates by those of the own
    d = set_work(form, place__workers=(1000.0, 0.0, 500.0, 0.0))
    assert (d["place.job_slots"][:, PASS] == 0).all() and d["place.job_slots"][0, PERMIT] > 0 and d["place.job_slots"][0, ESTATE] > 0
    assert (d["place.job_slots"][[1, 3]] == 0).all()


@both_forms
def test_a_tenth_has_no_estate_job_however_large_the_estates(form: str) -> None:
    d = set_work(form, series__estates=(1e9, 50e3))
    assert d["place.job_slots"][:, ESTATE].tolist() == pytest.approx([900.0, 250.0, 450.0, 0.0])


ACROSS = (PERMIT, UNDOCUMENTED)


@pytest.mark.parametrize(
    ("change", "where", "jobs", "sign"),
    [
        ({"series__estates": (10e3, 80e3)}, 0, ACROSS, 1),
        ({"series__logs": 15e3}, 0, ACROSS, 1),
        ({"series__estates": (20e3, 50e3)}, 0, (ESTATE,), 1),
        ({"series__estates": (20e3, 50e3)}, 0, ACROSS, 0),
        ({"series__logs": 15e3}, 1, tuple(range(N_WORK)), 0),
        ({"series__cycle": (0.4, 1.0)}, 0, (TIMBER, SERVICES), -1),
        ({"series__cycle": (0.4, 1.0)}, 0, (ESTATE, PUBLIC, PASS, *ACROSS), 0),
        ({"p": P._replace(from_border=0.15)}, 0, ACROSS, 1),
        ({"p": P._replace(foreign_2010=0.9)}, 0, ACROSS, 1),
        ({"p": P._replace(foreign_2010=0.9)}, 1, (ESTATE,), -1),
        ({"p": P._replace(foreign_1980=0.3)}, 0, ACROSS, 1),
        ({"p": P._replace(timber_foreign_1980=0.15)}, 0, ACROSS, 1),
        ({"p": P._replace(legal_2010=0.65)}, 0, (PERMIT,), 1),
        ({"p": P._replace(legal_2010=0.65)}, 0, (UNDOCUMENTED,), -1),
        ({"p": P._replace(legal_1980=0.3)}, 0, (PERMIT,), 1),
        ({"p": P._replace(nearness=16.0)}, 0, ACROSS, -1),  # the far one gets a larger part
        ({"p": P._replace(nearness=16.0)}, 2, (UNDOCUMENTED,), 1),
        ({"p": P._replace(jobs_id=1.2)}, 0, (TIMBER, SERVICES, PUBLIC), 1),
        ({"p": P._replace(jobs_my=0.6)}, 1, (TIMBER, SERVICES, PUBLIC), 1),
        ({"p": P._replace(workers_per_log=8.0)}, 0, ACROSS, 1),
        ({"p": P._replace(workers_per_ha=0.12)}, 0, (ESTATE, *ACROSS), 1),
        ({"p": P._replace(estates_near_id=0.05)}, 0, (ESTATE,), 1),
        ({"p": P._replace(estates_near_my=0.12)}, 1, (ESTATE,), 1),
        ({"p": P._replace(day_jobs_my=0.03)}, 0, (PASS,), 1),
        ({"p": P._replace(day_jobs_my=0.03)}, 1, (PASS,), 0),
        ({"p": P._replace(day_jobs_id=0.02)}, 1, (PASS,), 1),
    ],
)
def test_jobs_change_the_right_way(change: dict[str, Any], where: int, jobs: tuple[int, ...], sign: int) -> None:
    before, after = set_work()["place.job_slots"][where], set_work(**change)["place.job_slots"][where]
    assert (np.sign(after - before)[list(jobs)] == sign).all()


def test_the_jobs_across_are_divided_without_rest() -> None:
    for is_open in ((1.0, 1.0, 0.0), (0.0, 0.0, 0.0)):
        slots = set_work(crossing__is_open=is_open)["place.job_slots"]
        assert slots[:, UNDOCUMENTED].sum() == pytest.approx(2050 * 0.6)
        assert slots[:, PERMIT].sum() == pytest.approx(2050 * 0.4 if is_open[0] else 0.0)


def test_only_the_rows_asked_for_are_set() -> None:
    d = run_rule(RULE, columns(), "plain", start=1, stop=3, p=P, month=MONTH)
    assert (d["place.wage"][[0, 3]] == 55).all() and (d["place.job_slots"][[0, 3]] == 55).all() and (d["place.wage"][1:3] != 55).all()
