"""What a population that changes costs: a made-up year of comings and goings for ``lintas bench``."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from abm.world.population import newcomer_uids, renew, trader_uids

#: Share of households that leave in a year; as many come.
SHARE = 0.01


def made_up_year(run: Any, year: int) -> dict[str, Any]:
    """What :func:`abm.world.population.renew` is asked for: one household of a hundred leaves, another splits off from its mother's.

    Newcomers are tied to the mother and to four of her kin at most; one of ten trades. ``year`` tells the years of one run apart.
    """
    h, kin = run.frames["household"], run.kin.columns
    rows = np.random.default_rng(year).permutation(len(h))[: 2 * round(SHARE * len(h))]
    gone, mothers = np.split(rows, 2)
    leaves = np.zeros(len(h), dtype=bool)
    leaves[gone] = True
    uid = newcomer_uids(run.seed_of_run, run.month, h["uid"][mothers], slot=year)
    ties = [np.stack([uid, h["uid"][mothers]], axis=1)]
    for k in range(4):
        at = kin["first"][mothers] + k
        has = np.flatnonzero(at < kin["end"][mothers])
        other = kin["other"][at[has]]
        ties.append(np.stack([uid[has], h["uid"][other]], axis=1)[~leaves[other]])
    pairs, owners = np.concatenate(ties), uid[::10]
    columns = {name: h[name][mothers] for name in ("place", "weight", "schooling", "land", "ability", "income_mean")}
    return {
        "leave": h["uid"][gone],
        "newcomers": columns | {"uid": uid, "n_adults": np.ones(len(uid), dtype=np.int8)},
        "ties": pairs,
        "strengths": np.full(len(pairs), 0.5),
        "traders": {"uid": trader_uids(run.seed_of_run, owners), "household": owners, "load": np.full(len(owners), 60.0)},
    }


def share_of_months(run: Any, turns: int) -> float:
    """CPU of one renewal, and of finding columns again in the month after it, over that of twelve months; the median of so many turns.

    What the demography itself thinks about does not count. A first turn, which finds machine code and makes room, does not either.
    """
    shares = []
    for turn in range(turns + 1):
        asked = made_up_year(run, turn)
        start = time.process_time()
        renew(run, **asked)
        run.step()
        after = time.process_time()
        run.step()
        month = time.process_time() - after
        shares.append((after - start - month) / (12.0 * month))
    return statistics.median(shares[1:])
