"""What can be read of a run that has not ended, and a record that is used again."""

from __future__ import annotations

import numpy as np
import pytest

from abm.results.facts import Facts
from abm.results.sums import READABLE
from tests.model.same import make, months


@pytest.mark.parametrize(("done", "years"), [(1, 1), (12, 1), (13, 2), (25, 3), (36, 3)])
def test_years_that_have_begun_and_months_that_are_over(done: int, years: int) -> None:
    model = months(make(n_months=36, households=60), done)
    facts = Facts.of(model)
    for name in ("poor", "gini", "near", "old"):
        assert len(READABLE[name](model.record, facts)) == years, name
    assert len(READABLE["price"](model.record, facts)) == done
    assert len(READABLE["sums.persons"](model.record, facts)) == done


def test_an_emptied_record_is_a_new_one() -> None:
    model = make(n_months=12, households=60)
    fresh = {name: values.copy() for name, values in vars(model.record).items()}
    model.run()
    assert any(values.tobytes() != fresh[name].tobytes() for name, values in vars(model.record).items())
    memory = {name: values.ctypes.data for name, values in vars(model.record).items()}
    model.record.empty()
    for name, values in vars(model.record).items():
        assert values.tobytes() == fresh[name].tobytes() and values.ctypes.data == memory[name], name
    assert np.isnan(model.record.gini).all() and not model.record.sums.any()
