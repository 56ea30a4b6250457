"""What is carried across, at what prices, and how many people cross?"""

from __future__ import annotations

from functools import partial

import numpy as np

from abm.results.declare import indicator
from abm.results.indicators.care import ACROSS, across
from abm.results.sums import Sums, ratio, shared
from agents.core.exact import logs
from agents.surroundings import GOODS

#: Axes of the deals after months and places.
_GOOD, _DIRECTION, _CHANNEL = 2, 3, 4
#: Channels from here on pass officers with a bribe or go by path.
UNDECLARED = 2


@shared
def _value(of: Sums) -> np.ndarray:
    """Value of the deals at the place of purchase in US dollars (months, places, goods, directions, channels)."""
    return of.read("deals.outlay") / of.rate()[:, :, None, None, None]


@shared
def _value_by_direction(of: Sums) -> np.ndarray:
    """The same of all goods and channels (months, places, directions)."""
    return _value(of).sum(axis=(_GOOD, _CHANNEL))


@shared
def _loads(of: Sums) -> np.ndarray:
    """Loads of all goods and ways, summed over periods and groups."""
    return of.gather(of.read("deals.loads").sum(axis=(_GOOD, _DIRECTION, _CHANNEL)))


def _carried(of: Sums, by_id: int) -> np.ndarray:
    """Value carried one way: by traders of the Indonesian side in direction ``by_id`` (0 sells across), by those of the other in the other."""
    value = _value_by_direction(of)
    return of.gather(np.where(of.side == 0, value[:, :, by_id], value[:, :, 1 - by_id]))


@indicator(
    "Goods carried from Indonesia to Malaysia", "USD", "value at the place of purchase, of the period; traders of that side",
    reads=("deals.outlay", "series.rate"), claims=("E13", "E17"),
)  # fmt: skip
def trade_out_usd(of: Sums) -> np.ndarray:
    return _carried(of, 0)


@indicator(
    "Goods carried from Malaysia to Indonesia", "USD", "value at the place of purchase, of the period; traders of that side",
    reads=("deals.outlay", "series.rate"), claims=("E13", "E17"),
)  # fmt: skip
def trade_in_usd(of: Sums) -> np.ndarray:
    return _carried(of, 1)


@indicator(
    "Undeclared share of trade", "share", "value past officers with a bribe or by path ÷ value",
    reads=("deals.outlay", "series.rate"), claims=("E15", "E18"),
)  # fmt: skip
def undeclared_share(of: Sums) -> np.ndarray:
    value = _value(of)
    every = (_GOOD, _DIRECTION, _CHANNEL)
    return ratio(of.gather(value[..., UNDECLARED:].sum(axis=every)), of.gather(value.sum(axis=every)))


@shared
def _gaps(of: Sums) -> np.ndarray:
    """Log price here less that at the market across, in the currency of here (months, places, goods)."""
    price, rate = logs(of.read("price")), of.read("series.rate")
    exchange = np.where(of.side == 0, 1.0, -1.0) * logs(rate[:, 0] / rate[:, 1])[:, None]
    market = np.maximum(of.read("partner"), 0)
    return price - (price[np.arange(len(price))[:, None], market] + exchange[:, :, None])


def price_gap(of: Sums, good: int) -> np.ndarray:
    """Mean over the communities that reach a market across; no value where none does."""
    has_market = of.read("partner") >= 0
    return ratio(of.gather(np.where(has_market, _gaps(of)[:, :, good], 0.0)), of.gather(has_market.astype(float)))


for _k, _good in enumerate(GOODS):
    indicator(
        f"Price gap of {_good.replace('_', ' ')}", "log", "log price here less log price at the market across, mean of communities",
        reads=("price", "partner", "series.rate"), claims=("E13",), name=f"price_gap_{_good}",
    )(partial(price_gap, good=_k))  # fmt: skip


@indicator("Traders with a deal", "trader", "mean of the period's months", reads=("deals.loads",), claims=("E13",))
def traders_active(of: Sums) -> np.ndarray:
    return _loads(of) / of.months


@indicator(
    "Trips across", "person", "by patients, workers (one a month) and traders, one way, of the period",
    reads=(*ACROSS, "sums.pass", "sums.permit", "sums.undocumented", "deals.loads"),
)  # fmt: skip
def crossings(of: Sums) -> np.ndarray:
    return across(of) + of.total("sums.pass") + of.total("sums.permit") + of.total("sums.undocumented") + _loads(of)
