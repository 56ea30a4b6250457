"""Who cannot leave or come: one sentence says why, and nothing is changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from abm import BorderModel
from abm.errors import UserError
from abm.world.population import renew
from tests.model.same import differing, make, state
from tests.model.tools import one_sentence
from tests.world.test_renewal import household, uids


@pytest.fixture
def model() -> BorderModel:
    return make(households=60, n_months=14)


# ---- what is refused ----------------------------------------------------------------------------------------------------

REFUSED = {
    "unknown leaves": ({"leave": [3]}, "household 3 is to leave, and there is none"),
    "leaves twice": ({"leave": ["a", "a"]}, "is to leave twice"),
    "not uids": ({"leave": [1.5]}, "are not uids"),
    "comes twice": ({"newcomers": household([4, 4])}, "household 4 is to come twice"),
    "is there": ({"newcomers": household(["a"])}, "is there already"),
    "leaves and comes": ({"leave": ["a"], "newcomers": household(["a"])}, "is to leave and to come: give a newcomer a uid of its own"),
    "tie to nobody": ({"ties": [("a", 3)], "strengths": [0.5]}, "there is no household 3 for a tie"),
    "tie to who leaves": ({"leave": ["a"], "ties": [("b", "a")], "strengths": [0.5]}, "is to leave: it cannot have a new tie"),
    "tie to itself": ({"ties": [("a", "a")], "strengths": [0.5]}, "is to be tied to itself"),
    "no strength": ({"ties": [("a", "b")]}, "a strength of each"),
    "no pairs": ({"ties": [("a", "b", "c")], "strengths": [0.5]}, "give pairs of uids"),
    "too strong": ({"ties": [("a", "b"), ("a", "c")], "strengths": [0.5, 1.001]}, "not from 0 to 1"),
    "weak": ({"ties": [("a", "b"), ("a", "c")], "strengths": [0.5, -0.001]}, "not from 0 to 1"),
    "no number": ({"ties": [("a", "b")], "strengths": [float("nan")]}, "are not finite numbers"),
    "no such place": ({"newcomers": household([4, 5]) | {"place": [0, 99]}}, "there is no place 99"),
    "place before the first": ({"newcomers": household(4, place=-1)}, "there is no place -1"),
    "one place that is none": ({"newcomers": household([4, 5, 6]) | {"place": [0, -3, 99]}}, "there is no place -3"),
    "weight": ({"newcomers": household(4, weight=[-1.0])}, "0 or more is needed"),
    "weight of none": ({"newcomers": household(4, weight=[float("inf")])}, "household.weight"),
    "no adults": ({"newcomers": household(4, n_adults=[0])}, "household 4 has 0 adults"),
    "two without": ({"newcomers": household([4, 5, 6, 8], n_adults=[1, 0, 7, 9], n_children=[0, 3, 0, 0])}, "household 5 has 0 adults and 3 children"),
    "seven adults": ({"newcomers": household(4, n_adults=[7])}, "household 4 has 7 adults"),
    "children": ({"newcomers": household(4, n_children=[-1])}, "-1 children"),
    "many children": ({"newcomers": household(4, n_children=[128])}, "household.n_children"),
    "unknown column": ({"newcomers": household(4, lnd=[1.0])}, "did you mean land"),
    "column that follows": ({"newcomers": household(4, side=[1])}, "'side' of a household that comes follows from its place"),
    "lacking": ({"newcomers": {"uid": [4], "place": [0]}}, "needs weight, n_adults"),
    "words": ({"newcomers": household(4, savings=["x"])}, "household.savings"),
    "nothing": ({"newcomers": household(4, land=[float("nan")])}, "household.land"),
    "without end": ({"newcomers": household(4, ability=[float("inf")])}, "household.ability"),
    "less than nothing": ({"newcomers": household(4, land=[-1.0])}, "land of -1: 0 or more is needed"),
    "a part of a person": ({"newcomers": household(4, n_adults=[2.7])}, "household.n_adults: [2.7] are not whole numbers from -128 to 127"),
    "no number of adults": ({"newcomers": household(4, n_adults=[float("nan")])}, "household.n_adults"),
    "more than fits": ({"newcomers": household(4, n_children=[300])}, "household.n_children"),
    "unknown activity": ({"newcomers": household(4, activity=[[0, 9, -1, -1, -1, -1]])}, "activity of an adult that comes is none of 0 to 8"),
    "a ninth child": ({"newcomers": household(4, n_children=[9])}, "2 adults and 9 children"),
    "too young for an adult": ({"newcomers": household(4, adult_age=[[14, 20, -1, -1, -1, -1]])}, "the adult_age of a household that comes is none of 15 to 100"),
    "too old": ({"newcomers": household(4, adult_age=[[101, 20, -1, -1, -1, -1]])}, "none of 15 to 100"),
    "too old for a child": ({"newcomers": household(4, child_age=[[15] + [-1] * 7])}, "the child_age of a household that comes is none of 0 to 14"),
    "age below none": ({"newcomers": household(4, child_age=[[-2] + [-1] * 7])}, "the child_age of a household that comes"),
    "labour force": ({"newcomers": household(4, n_workers=[1])}, "'n_workers' of a household that comes follows from"),
    "activity below none": ({"newcomers": household(4, activity=[[0, -2, -1, -1, -1, -1]])}, "activity of an adult that comes"),
    "of the month": ({"newcomers": household(4, episodes=[[1, 0, 0]])}, "'episodes' of a household is written anew each month"),
    "profit": ({"traders": {"uid": [9], "household": ["a"], "profit": [float("nan")]}}, "trader.profit"),
    "deal of the month": ({"traders": {"uid": [9], "household": ["a"], "good": [77]}}, "written anew each month"),
    "leave one": ({"leave": 5}, "leave has the shape ()"),
    "leave nothing": ({"leave": None}, "leave: None are not uids"),
    "leave a table": ({"leave": [[5, 6]]}, "leave has the shape (1, 2)"),
    "lists of two lengths": ({"leave": [[5], [6, 7]]}, "are not uids"),
    "no ties": ({"ties": None}, "ties: None are not uids"),
    "strength of words": ({"ties": [("a", "b")], "strengths": ["x"]}, "strengths"),
    "a part of a uid": ({"leave": [0.5]}, "are not uids"),
    "a very large uid": ({"leave": np.array([2**63], dtype=np.uint64)}, "are not uids"),
    "length": ({"newcomers": household(4, land=[1.0, 2.0])}, "household.land of those who come has the shape (2,)"),
    "width": ({"newcomers": household(4, activity=[0])}, "and (1, 6) is needed"),
    "trader of nobody": ({"traders": {"uid": [9], "household": [3]}}, "there is no household 3 for a tie or a trader"),
    "trader of who leaves": ({"leave": ["a"], "traders": {"uid": [9], "household": ["a"]}}, "cannot have a new tie or trader"),
    "second trader": ({"traders": {"uid": [9], "household": ["trading"]}}, "a second trader"),
    "two traders": ({"traders": {"uid": [9, 8], "household": ["a", "a"]}}, "a second trader"),
    "trader twice": ({"traders": {"uid": [9, 9], "household": ["a", "b"]}}, "trader 9 is to come twice"),
    "which trader": ({"traders": {"uid": [8, 9, 9, 7, 7], "household": ["a", "b", "c", "a", "b"]}}, "trader 9 is to come twice"),
    "trader is there": ({"traders": {"uid": ["t"], "household": ["a"]}}, "is there already"),
    "trader's place": ({"traders": {"uid": [9], "household": ["a"], "place": [1]}}, "follows from its household"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_changed(model: BorderModel, what: str) -> None:
    h, t = model.frames["household"], model.frames["trader"]
    free = h["uid"][h["trader"] < 0].tolist()
    named = {"a": free[0], "b": free[1], "c": free[2], "trading": int(h["uid"][t["household"][0]]), "t": int(t["uid"][0])}

    def meant(said: Any) -> Any:
        if isinstance(said, dict):
            return {name: meant(values) for name, values in said.items()}
        if isinstance(said, (list, tuple, np.ndarray)):
            return [meant(one) for one in said]
        return named.get(said, said) if isinstance(said, str) else said.item() if isinstance(said, np.generic) else said

    asked, says = REFUSED[what]
    before = state(model)
    with pytest.raises(UserError) as refusal:
        renew(
            model,
            **{name: meant({k: list(v) for k, v in said.items()} if isinstance(said, dict) else said) for name, said in asked.items()},
        )
    assert says in one_sentence(refusal)
    assert differing(before, state(model)) == [] and not model.carried.any()


@pytest.mark.parametrize(("n_adults", "n_children"), [(0, 2), (7, 0), (1, -1), (1, 9)])
def test_members_that_cannot_be_are_refused_unless_their_household_leaves(model: BorderModel, n_adults: int, n_children: int) -> None:
    h = model.frames["household"]
    h["n_adults"][3], h["n_children"][3] = n_adults, n_children
    with pytest.raises(UserError) as refusal:
        renew(model, leave=uids(model, 2))
    assert f"household {h['uid'][3]} has {n_adults} adults and {n_children} children" in one_sentence(refusal) and len(h) == 60
    renew(model, leave=uids(model, 3))
    assert len(h) == 59


def test_one_household_is_a_list_too(model: BorderModel) -> None:
    with pytest.raises(UserError, match=r"household\.uid of those who come is no list"):
        renew(model, newcomers={"uid": 4, "place": 0, "weight": 1.0, "n_adults": 2})
    assert len(model.frames["household"]) == 60
