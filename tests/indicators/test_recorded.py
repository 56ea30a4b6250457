"""The model writes into each column of the record what it says: compared with the agents and places at the end of each month."""

from __future__ import annotations

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.results.record import S, gini


def of_ties(model: BorderModel) -> list[float]:
    """The sums over ties of the month before the one that comes, in the order of TIES; new acquaintances are read from the columns."""
    c, h, month = model.kin.columns, model.frames["household"], model.month - 1
    source, at = model.kin.ends()
    over, kin, strength = at >= c["first_across"][source], c["is_kin"][at] > 0, c["strength"][at].astype(float)
    found = [
        value for held in (~over, over, ~over & kin, over & kin, ~over & ~kin, over & ~kin) for value in (strength[held].sum(), held.sum())
    ]
    keeps = c["feast"][month, h["group"]] > 0
    new = c["n_new"][0] if month % 12 == 0 else 0.0
    return [*found, new, h["visits_across"].astype(float).sum(), h["visits_across"][keeps].astype(float).sum()]


@pytest.fixture(scope="module")
def run() -> list[str]:
    """Columns that differ from the state of the model, over two years."""
    model = BorderModel(Scenario(end="1981-12"), households=120, rng=3)
    world, record = model.world, model.record
    wrong: list[str] = []
    income, line = np.zeros(0), np.zeros(world.n_places)
    for t in range(24):
        model.step()
        h, officials = model.frames["household"], model.frames["official"]
        if t % 12 == 0:  # in January households come and go, and the year's income begins with none; within a year they are the same
            income = np.zeros(len(h))
            if t > 0:
                since = record.people[t // 12] @ (
                    1.0,
                    -1.0,
                    1.0,
                    -1.0,
                    1.0,
                )  # births, deaths, who moved in and out, and what weights took up
                if record.sums[t, :, S["persons"]] != pytest.approx(record.sums[t - 1, :, S["persons"]] + since, rel=1e-9):
                    wrong.append("people")
        assert len(h) == len(income)
        income += h["income"]
        line += world.place["subsistence"]
        expected = {
            "cost_of_living": world.place["cost_of_living"], "strictness": world.crossing["strictness"],
            "stock": np.stack([world.district["road"], world.district["clinic"]], axis=1), "security": world.district["split"][:, 0],
            "doctrine": [officials["doctrine"][officials["side"] == s].mean() for s in (0, 1)],
            "care_crossing": world.place["crossing_care"][:, 2:], "work_crossing": world.place["crossing_work"][:, 5:], "wage": world.place["wage"],
            "trade_crossing": world.trade_link["crossing"], "partner": world.trade_link["partner"][:, 0],
            "hours_care": world.place["hours_care"], "ties": of_ties(model),
        }  # fmt: skip
        wrong += [
            name for name, values in expected.items() if getattr(record, name)[t] != pytest.approx(np.asarray(values, float), rel=1e-9)
        ]
        near = (world.place["facility_care"][:, 2] >= 0) & (world.place["hours_care"][:, 2] <= 7)
        if not np.array_equal(record.near[t // 12], near):
            wrong.append("near")
        if t % 12 == 11:
            persons = h["n_adults"].astype(float) + h["n_children"]
            people, head = h["weight"] * persons, income / persons
            for q in range(world.n_places):
                here = h["place"] == q
                if record.poor[t // 12, q] != pytest.approx(people[here & (head < line[q])].sum() / people[here].sum()):
                    wrong.append("poor")
            for s in (0, 1):
                if record.gini[t // 12, s] != pytest.approx(gini(head[h["side"] == s], people[h["side"] == s])):
                    wrong.append("gini")
            # the next year begins with no income and no line
            assert (h["income_year"] == 0).all() and (world.place["line"] == 0).all()
            income[:], line[:] = 0, 0
        elif not (np.isnan(record.poor[t // 12]).all() and np.isnan(record.gini[t // 12]).all()):
            wrong.append("a year that is not over")
    wrong += [name for name, values in vars(record).items() if name != "near" and np.ptp(np.nan_to_num(values)) == 0]
    assert (record.sums[..., S["persons"]] > 0).all()
    return sorted(set(wrong))


def test_the_record_is_what_the_model_shows(run: list[str]) -> None:
    assert run == []
