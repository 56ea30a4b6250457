"""A made-up demography for tests: who leaves, splits off, is born or dies in January is a draw of each household, and of nobody else.

Run as a module it makes a run in a fresh process and prints its hashes, as :mod:`tests.model.same` does.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from abm.running import Run
from abm.world.kinship import draw
from abm.world.population import newcomer_uids, renew, trader_uids
from agents.core.draws import stream, uniform
from agents.household.fields import MAX_ADULTS
from tests.model.same import make, parts

LEAVES, SPLITS, MEMBERS, TRADES = (stream(f"test.{name}") for name in ("leaves", "splits", "members", "trades"))
#: Share of households that leave in a year, and of those that send one off.
SHARE = 0.02


def drawn(run: Run, number: int, slot: int = 0) -> np.ndarray:
    """A draw of each household for this month."""
    uids = run.frames["household"]["uid"]
    return np.array([uniform(run.seed_of_run, number, run.month, int(uid), slot) for uid in uids])


def change_members(run: Run) -> None:
    """In some households a child is born, grows up or dies, or an adult dies."""
    h, u = run.frames["household"], drawn(run, MEMBERS)
    born, grown = (u < 0.08) & (h["n_children"] < 8), (u > 0.9) & (h["n_children"] > 0) & (h["n_adults"] < MAX_ADULTS)
    dead = (u > 0.2) & (u < 0.22) & (h["n_adults"] > 1)
    h["n_children"][:] += born.astype(np.int8) - grown.astype(np.int8)
    h["n_adults"][:] += grown.astype(np.int8) - dead.astype(np.int8)


def kin_of(run: Run, row: int) -> list[int]:
    """Rows of those to whom a household is tied."""
    c = run.kin.columns
    return c["other"][c["first"][row] : c["end"][row]].tolist()


def splits(run: Run, mothers: np.ndarray, gone: set[int], slot: int = 0) -> dict[str, Any]:
    """What :func:`renew` is told of households that split off: one adult or two, tied to the mother and her kin; some trade."""
    h = run.frames["household"]
    uid = newcomer_uids(run.seed_of_run, run.month, h["uid"][mothers], slot)
    two = (h["n_adults"][mothers] > 2).astype(int)
    new = {name: h[name][mothers].copy() for name in ("place", "weight", "schooling", "land", "ability")}
    new |= {"uid": uid, "n_adults": 1 + two, "n_children": np.zeros(len(uid), dtype=int), "savings": 0.1 * h["savings"][mothers]}
    new["income_mean"] = 0.5 * h["income_mean"][mothers]
    h["savings"][mothers] -= new["savings"]
    ties, strengths = [], []
    for mother, child in zip(mothers.tolist(), uid.tolist(), strict=True):
        for k, row in enumerate([mother, *kin_of(run, mother)]):
            if int(h["uid"][row]) not in gone and (k < 1 or k % 2):
                ties.append((child, int(h["uid"][row])))
                strengths.append(0.9 if k == 0 else 0.25)
    trade = draw(run.seed_of_run, TRADES, uid)[:, 0] < 0.3
    owners = uid[trade]
    traders = {"uid": trader_uids(run.seed_of_run, owners), "household": owners, "load": np.full(len(owners), 60.0), "cards": np.ones(len(owners)),
               "skill": np.full(len(owners), 0.4)}  # fmt: skip
    return {"newcomers": new, "ties": ties, "strengths": strengths, "traders": traders}


def changes(run: Run) -> dict[str, Any]:
    """What a January asks of :func:`renew`; ``savings`` of the newcomers are taken from their mothers'."""
    h = run.frames["household"]
    gone = np.flatnonzero(drawn(run, LEAVES) < SHARE)
    mothers = np.flatnonzero((drawn(run, SPLITS) < SHARE) & (h["n_adults"] > 1))
    mothers = np.setdiff1d(mothers, gone)
    uids = h["uid"][gone].copy()
    return {"leave": uids, **splits(run, mothers, set(uids.tolist()))}


def nobody(run: Run) -> None:
    """A January in which nobody is born, dies, comes or goes."""


def january(run: Run) -> None:
    """The made-up January: members change, two of a hundred households leave, about as many split off and take a tenth of the savings along."""
    change_members(run)
    asked = changes(run)
    given = asked["newcomers"].pop("savings")
    renew(run, **asked)
    # what a mother gives is no money from outside: it is moved in the column
    h = run.frames["household"]
    if len(given):
        h["savings"][h.find(asked["newcomers"]["uid"])] = given


def grown(years: float = 4.0, **settings: Any) -> Any:
    """A model with the made-up Januaries (see :func:`tests.model.same.make`)."""
    return make(**{"n_months": round(12 * years), "households": 240, "rules": {"population": january}, **settings})


if __name__ == "__main__":
    print(json.dumps(parts(grown(**json.loads(sys.argv[1])).run())))
