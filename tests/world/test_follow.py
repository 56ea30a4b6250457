"""How prices of goods at home follow world prices at the month's rate."""

from __future__ import annotations

import numpy as np
import pytest

from abm import Region
from abm.history.series import SeriesParameters, make_series
from agents.surroundings import GOODS

N = 432


def at_once(region: Region) -> np.ndarray:
    """World prices of the region's table (months, goods)."""
    columns = region.goods.set_index("good").loc[list(GOODS), "world_series"]
    return np.stack([region.monthly[c].to_numpy(float) for c in columns], axis=1)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("follow", [0.03, 0.25, 1.0])
def test_prices_follow_by_hand(region: Region, side: int, follow: float) -> None:
    """In own money a price goes a part of the way each month; the other side's does not go by it."""
    p = SeriesParameters()._replace(**{("follow_id", "follow_my")[side]: follow, ("follow_my", "follow_id")[side]: 0.1})
    s, world = make_series(region, N, p=p), at_once(region)
    rate = (s.idr_per_usd, s.myr_per_usd)[side]
    own = s.world_price[:, side] * rate[:, None]
    target = world * rate[:, None]
    assert own[0] == pytest.approx(target[0])  # the first month has nothing to follow
    for t in (1, 2, 100, 215, 431):
        assert own[t] == pytest.approx(own[t - 1] + follow * (target[t] - own[t - 1]))
    if follow == 1.0:
        assert s.world_price[:, side] == pytest.approx(world)
    else:  # what a price was sixty months ago counts for little, but counts
        weights = follow * (1 - follow) ** np.arange(300)
        assert own[400] == pytest.approx(weights @ target[400:100:-1] + (1 - follow) ** 300 * own[100])


def test_a_fall_of_the_rate_reaches_prices_later_where_they_follow_slowly(region: Region) -> None:
    """Mean of 1998 over that of 1997: the rupiah lost two thirds."""
    rise = {}
    for follow in (0.05, 0.3, 1.0):
        s = make_series(region, N, p=SeriesParameters()._replace(follow_id=follow))
        own = s.world_price[:, 0] * s.idr_per_usd[:, None]
        rise[follow] = own[216:228].mean(axis=0) / own[204:216].mean(axis=0)
    assert (rise[0.05] < rise[0.3]).all() and (rise[0.05] < rise[1.0]).all() and all(rise[0.3][g] < rise[1.0][g] for g in (0, 3))
    # beside 1.74 of paddy (PRC6) and 1.42 of rubber (PRC4)
    assert rise[0.05][0] == pytest.approx(1.74, rel=0.2) and rise[0.05][3] == pytest.approx(1.42, rel=0.2)
    assert rise[1.0][0] > 3.0 and rise[1.0][3] > 2.0


def test_prices_of_2005_are_those_of_the_real_history_in_both_worlds(region: Region) -> None:
    real, without = (make_series(region, N, crisis) for crisis in (True, False))
    assert np.array_equal(real.base_price, without.base_price)
    assert np.array_equal(real.world_price[:210], without.world_price[:210])
    assert (real.world_price[216:228, 0] < without.world_price[216:228, 0]).all()  # at the rate of the crisis, behind


def test_after_the_data_prices_go_on_to_what_they_follow(region: Region) -> None:
    s, world = make_series(region, N + 180), at_once(region)
    assert s.world_price[-1, 0] == pytest.approx(world[-1], rel=1e-3) and s.world_price[-1, 1] == pytest.approx(world[-1])
