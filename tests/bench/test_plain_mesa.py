"""The plain-Mesa twin decides as the model's own rules do: one month of both, household by household."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from abm import BorderModel
from agents.core.compiled import plain
from agents.core.declare import RULES
from agents.surroundings import FARM, LOOKING, PASS, PERMIT, UNDOCUMENTED
from tests.bench import plain_care, plain_mesa
from tests.bench.plain_mesa import PHASES, PlainModel, january

#: Columns of single precision, which the twin keeps in double.
ROUNDED = 2e-6
EXACT = ("ill", "episodes", "care", "care_next", "care_given", "insured", "care_sought", "care_visits", "turned_away", "untreated", "seen_year", "seen_across", "work_sought", "activity", "n_deported", "under_employed", "works_home", "works_across",
         "trips_across")  # fmt: skip
CLOSE = ("days_lost", "care_cost", "deaths_expected", "found_care", "income", "income_farm", "income_wage", "income_across", "own_use", "spending", "savings", "income_mean", "product", "product_farming",
         "kin_help", "fear", "opinion_home", "opinion_across", "support_across", "heard_across", "heard_work", "knows_work", "trips_mean", "visits_across")  # fmt: skip


@pytest.fixture(scope="module")
def all_three() -> tuple[BorderModel, PlainModel, dict[str, np.ndarray]]:
    """The model and the twin after the households' part of January 1980, in which more work across and not all who ask are served, kept or spared.

    And what adults did and asked for before.
    """
    border = january(600)
    place, h = border.world.place, border.frames["household"]
    for k, across in enumerate((PASS, PERMIT, UNDOCUMENTED)):  # one of six households has somebody across
        h["activity"][k::18, 0] = np.where(h["n_workers"][k::18] > 0, across, -1)
    place["job_slots"][:, PASS:] += 0.4 * place["workers"][:, None] / 6
    place["caught_away"][:] = 0.3
    border.world.village["served_share"][:] = 0.6
    place["job_slots"][::2] *= 0.5
    place["job_slots"][1::2] *= 1.3
    place["job_slots"][:, PERMIT] *= 0.1  # fewer than hold one
    place["job_slots"][3::7, UNDOCUMENTED] = 0.0  # open to nobody of these communities
    h["ill"][::3, 0] = 3  # of whom some are ill still, and sent on to a hospital
    twin = PlainModel(border)
    before = {name: h[name].copy() for name in ("activity", "work_sought")}
    twin.step()
    for phase in PHASES:
        border.run_rule(RULES[f"household.{phase}"])
    return border, twin, before


@pytest.fixture(scope="module")
def both(all_three: tuple[BorderModel, PlainModel, dict[str, np.ndarray]]) -> tuple[BorderModel, PlainModel]:
    """The model and the twin."""
    return all_three[:2]


@pytest.mark.parametrize("name", [*EXACT, *CLOSE])
def test_a_month_is_that_of_the_rules(both: tuple[BorderModel, PlainModel], name: str) -> None:
    border, twin = both
    frame = border.frames["household"]
    differs = False
    for row, one in enumerate(twin.households):
        said, found = frame[name][row], np.asarray(getattr(one, name))
        if name in ("activity", "work_sought"):
            said = said[: one.n_workers]
        assert one.uid == frame["uid"][row]
        if name in EXACT:
            assert np.array_equal(found, said), (row, name)
        else:
            assert found == pytest.approx(said, rel=ROUNDED, abs=1e-5), (row, name)
        differs = differs or not np.array_equal(said, frame[name][0][: len(said)] if np.ndim(said) else frame[name][0])
    assert differs or name == "works_across", "all households alike: this says nothing"


def test_demand_and_ties_are_those_of_the_rules(both: tuple[BorderModel, PlainModel]) -> None:
    border, twin = both
    assert np.asarray(twin.care_demand) == pytest.approx(border.world.village["care_demand"])
    for name in ("jobs_found", "jobs_asked", "job_offer", "job_chance"):
        assert np.asarray(twin.met[name]) == pytest.approx(border.world.place[name]), name
    strengths = [tie.strength for one in twin.households for tie in one.kin]
    assert strengths == pytest.approx(border.kin.columns["strength"].tolist(), rel=ROUNDED)


def test_every_kind_of_draw_occurs(all_three: tuple[BorderModel, PlainModel, dict[str, np.ndarray]]) -> None:
    border, twin, before = all_three
    h, did, asked = border.frames["household"], before["activity"], before["work_sought"]
    does, asks = h["activity"], h["work_sought"]
    assert h["care_visits"].sum() > 0 and (h["untreated"] > 0).any()
    assert h["n_deported"].sum() > 0 and ((does == LOOKING) & (did != LOOKING)).any() and ((does > FARM) & (does < LOOKING)).any()
    assert ((does != did) & (does > FARM) & (does < LOOKING)).any() and ((does == FARM) & (did > FARM)).any(), (
        "some find a job, some a farm"
    )
    lost = [((does == LOOKING) & (did == k)).sum() / max((did == k).sum(), 10) for k in range(FARM + 1, LOOKING) if k != UNDOCUMENTED]
    assert max(lost) > 0.2, "some are dismissed: of themselves about 2 % of jobs end"
    assert (twin.met["job_offer"] != np.ones_like(twin.met["job_offer"])).any(), "not all who ask get a job"
    assert (h["kin_help"] > 0.0).any() and (h["kin_help"] < 0.0).any() and twin.may_help
    # some who asked in an earlier month go on asking, some think of something else or ask no more
    assert ((asks == asked) & (asked > FARM) & (did != LOOKING)).any() and ((asks != asked) & (asked > FARM)).any()
    assert ((asks > FARM) & (asked < 0)).any() and (asks != does)[does >= 0].all()
    kinds = {(tie.across, tie.is_kin) for one in twin.households for tie in one.kin}
    assert kinds == {(False, False), (False, True), (True, False), (True, True)} and len(set(twin.lift)) > 1


@pytest.mark.parametrize("phase", PHASES)
def test_every_function_of_one_agent_is_called_and_none_is_copied(phase: str) -> None:
    source = inspect.getsource(plain_mesa) + inspect.getsource(plain_care)
    for function in RULES[f"household.{phase}"].decide:
        bare = plain(function)
        assert f"{bare.__module__.rsplit('.', 1)[-1]}.{bare.__name__}(" in source, bare.__name__


def test_all_phases_of_households_are_there_in_the_order_of_the_month() -> None:
    from abm.month import MONTH

    decided = [s.name.split(".")[1] for s in MONTH if s.name.startswith("household.")]
    assert tuple(decided) == PHASES
