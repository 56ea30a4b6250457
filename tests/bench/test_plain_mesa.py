"""The plain-Mesa twin decides as the model's own rules do: one month of both, household by household."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from abm import BorderModel
from agents.core.compiled import plain
from agents.core.declare import RULES
from tests.bench import plain_mesa
from tests.bench.plain_mesa import PHASES, PlainModel, january

#: Columns of single precision, which the twin keeps in double.
ROUNDED = 2e-6
EXACT = ("episodes", "care_sought", "care_visits", "untreated", "work_sought", "activity", "n_deported", "under_employed", "works_home", "works_across",
         "trips_across")  # fmt: skip
CLOSE = ("days_lost", "care_cost", "income", "income_farm", "income_wage", "income_across", "own_use", "spending", "savings", "income_mean", "product", "fear",
         "opinion_home", "opinion_across", "support_across", "heard_across", "heard_work")  # fmt: skip


@pytest.fixture(scope="module")
def both() -> tuple[BorderModel, PlainModel]:
    """The model and the twin after the households' part of January 1980, in which not all who ask are served, kept or spared."""
    border = january(600)
    place = border.world.place
    place["served_share"][:], place["caught_away"][:] = 0.6, 0.3
    place["job_slots"][::2] *= 0.5
    place["job_slots"][1::2] *= 1.3
    twin = PlainModel(border)
    twin.step()
    for phase in PHASES:
        border.run_rule(RULES[f"household.{phase}"])
    return border, twin


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
    assert np.asarray(twin.care_demand) == pytest.approx(border.world.place["care_demand"])
    assert np.asarray(twin.met["job_chance"]) == pytest.approx(border.world.place["job_chance"])
    strengths = [tie.strength for one in twin.households for tie in one.kin]
    assert strengths == pytest.approx(border.kin.columns["strength"].tolist(), rel=ROUNDED)


def test_every_kind_of_draw_occurs(both: tuple[BorderModel, PlainModel]) -> None:
    border, _ = both
    h = border.frames["household"]
    assert h["care_visits"].sum() > 0 and (h["untreated"] > 0).any()
    assert h["n_deported"].sum() > 0 and (h["activity"] == 8).any() and ((h["activity"] > 0) & (h["activity"] < 8)).any()
    assert ((h["work_sought"] > 0) & (h["work_sought"] == h["activity"])).any() and (
        (h["work_sought"] > 0) & (h["work_sought"] != h["activity"])
    ).any()


@pytest.mark.parametrize("phase", PHASES)
def test_every_function_of_one_agent_is_called_and_none_is_copied(phase: str) -> None:
    source = inspect.getsource(plain_mesa)
    for function in RULES[f"household.{phase}"].decide:
        bare = plain(function)
        assert f"{bare.__module__.rsplit('.', 1)[-1]}.{bare.__name__}(" in source, bare.__name__


def test_all_phases_of_households_are_there_in_the_order_of_the_month() -> None:
    from abm.month import MONTH

    decided = [s.name.split(".")[1] for s in MONTH if s.name.startswith("household.")]
    assert tuple(decided) == PHASES
