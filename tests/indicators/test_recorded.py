"""The model writes into each column of the record what it says: compared with the agents and places at the end of each month."""

from __future__ import annotations

import numpy as np
import pytest

from abm import BorderModel, Scenario
from abm.results.record import S, gini


@pytest.fixture(scope="module")
def run() -> list[str]:
    """Columns that differ from the state of the model, over two years."""
    model = BorderModel(Scenario(end="1981-12"), households=120, rng=3)
    world, record = model.world, model.record
    wrong: list[str] = []
    income, line = np.zeros(len(model.frames["household"])), np.zeros(world.n_places)
    for t in range(24):
        model.step()
        h, officials, kin = model.frames["household"], model.frames["official"], model.kin.columns
        income += h["income"]
        line += world.place["subsistence"]
        at_home = [
            (kin["strength"][a:b], kin["strength"][b:c]) for a, b, c in zip(kin["first"], kin["first_across"], kin["end"], strict=True)
        ]
        within, across = (np.concatenate(parts).astype(float) for parts in zip(*at_home, strict=True))
        expected = {
            "cost_of_living": world.place["cost_of_living"], "strictness": world.crossing["strictness"],
            "stock": np.stack([world.district["road"], world.district["clinic"]], axis=1), "security": world.district["split"][:, 0],
            "doctrine": [officials["doctrine"][officials["side"] == s].mean() for s in (0, 1)],
            "care_crossing": world.place["crossing_care"][:, 2:], "work_crossing": world.place["crossing_work"][:, 5:], "wage": world.place["wage"],
            "trade_crossing": world.trade_link["crossing"], "partner": world.trade_link["partner"][:, 0],
            "hours_care": world.place["hours_care"], "ties": [within.sum(), len(within), across.sum(), len(across)],
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
