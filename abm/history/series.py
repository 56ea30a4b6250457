"""What comes from outside, month by month: rates, world prices, national incomes, wages, fees, seasons?

The series of the region become arrays by month here, once for the real history and once for a declared world without
the crisis; beyond the end of the data they go on by a stated rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from abm.region import Region, month_number
from abm.region.contract import FIRST_YEAR
from agents.core.compiled import compiled
from agents.core.declare import Column, Field, Source, fields, judgement, parameter, parameters, switch
from agents.core.exact import exps, log, logs
from agents.surroundings import GOODS, REGION, SECTORS

CRISIS = switch("crisis", "The crisis of 1997-07 to 2001-12 in rates, prices, incomes and jobs")


@parameters("world.series")
class SeriesParameters(NamedTuple):
    """How the series are made from the region's data, before the first month."""

    wage_lag: float = parameter(
        "Part of the way that pay makes in a month towards prices and real product", unit="1/month", default=0.12, low=0.04, high=0.5,
        source=judgement("pay takes most of a year to follow, so that a sudden inflation cuts real pay"),
    )  # fmt: skip
    wage_elasticity: float = parameter(
        "Elasticity of real pay to real product per head, where no pay is known", unit="1", default=0.7, low=0.4, high=1.0,
        source=Source("the real farm wage of Indonesia fell by 10 % in 2009-2013 while product per head grew by 20 % (WAGE9); over decades pay follows more: judgement", "derived"),
    )  # fmt: skip
    follow_id: float = parameter(
        "Part of the way that prices of goods on the Indonesian side make in a month towards world prices at the month's rate", unit="1/month", default=0.05, low=0.03, high=0.3,
        source=Source("farm prices of rubber and unmilled rice rose 1.42- and 1.74-fold in 1998 (PRC4, PRC6), world prices at the rate 2.5- and 3.6-fold: 0.05 and 0.03; in other years faster", "derived"),
    )  # fmt: skip
    follow_my: float = parameter(
        "Part of the way that prices of goods on the Malaysian side make in a month towards world prices at the month's rate", unit="1/month", default=1.0, low=0.2, high=1.0,
        source=Source("farm prices of rubber were the same part of world prices in 2000 to 2015, within the year (PRC5)", "derived"),
    )  # fmt: skip


fields(
    "series",
    Field("idr_per_usd", "Rupiah for a US dollar", "IDR/USD", "float64", "fixed", REGION),
    Field("myr_per_usd", "Ringgit for a US dollar", "MYR/USD", "float64", "fixed", REGION),
    Field("cpi", "Consumer prices by side", "index 2005=100", "float64", "fixed", REGION, 2, ("id", "my")),
    Field(
        "world_price",
        "World prices of the goods as far as prices of each side have followed them, at the month's rate",
        "USD",
        "float64",
        "fixed",
        REGION,
        axes=("month", "side", "good"),
    ),
    Field("real_income", "Real product per head by side, relative to 2005", "1", "float64", "fixed", REGION, 2, ("id", "my")),
    Field(
        "wage_index", "Pay by side relative to 2005: prices and real product, with a lag", "1", "float64", "fixed", REGION, 2, ("id", "my")
    ),
    Field(
        "pay",
        "Pay of a month of full work by side and sector",
        "own currency",
        "float64",
        "fixed",
        REGION,
        axes=("month", "side", "sector"),
    ),
    Field(
        "jobs",
        "Jobs in timber, trade and services, and public service for each worker, by side",
        "share",
        "float64",
        "fixed",
        REGION,
        axes=("month", "side", "sector_beside_estates"),
    ),
    Field("estates", "Planted oil palm of the whole province or state", "ha", "float64", "fixed", REGION, 2, ("id", "my")),
    Field("logs", "Logs cut in Sarawak", "thousand cubic metres/year", "float64", "fixed", REGION),
    Field("cycle", "Real product per head relative to its highest so far, by side", "1", "float64", "fixed", REGION, 2, ("id", "my")),
    Field("dry", "Part of the harvest lost to drought, by side", "share", "float64", "fixed", REGION, 2, ("id", "my")),
    Field(
        "base",
        "Product per head of 2005 a month, by side, in own currency",
        "own currency/month",
        "float64",
        "fixed",
        REGION,
        axes=("side",),
    ),
    Field("markup", "Market price over world price at the rate, by side and good", "1", "float64", "fixed", REGION, axes=("side", "good")),
    Field("basket", "Part of spending, by side and good", "share", "float64", "fixed", REGION, axes=("side", "good")),
    Field(
        "base_price",
        "Mean price of 2005 at the side's centres, by side and good",
        "own currency/kg",
        "float64",
        "fixed",
        REGION,
        axes=("side", "good"),
    ),
    Field(
        "fee",
        "Fee of one episode by side of the facility, tier and patient (citizen, foreigner)",
        "own currency",
        "float64",
        "fixed",
        REGION,
        axes=("month", "side", "tier", "patient"),
    ),
    Field(
        "season",
        "Part of the year's harvest in each calendar month, times 12, by crop",
        "1",
        "float64",
        "fixed",
        REGION,
        axes=("calendar_month", "crop"),
    ),
    Field(
        "way_season",
        "Season of the ways of villages: 0 the usual one, then those of way_seasons.csv in the order of their months",
        "code",
        "int64",
        "fixed",
        REGION,
        axes=("calendar_month",),
    ),
)


@dataclass
class Series:
    """Arrays by month (first axis) for the months asked for."""

    idr_per_usd: np.ndarray
    myr_per_usd: np.ndarray
    cpi: np.ndarray
    world_price: np.ndarray
    real_income: np.ndarray
    wage_index: np.ndarray
    pay: np.ndarray
    jobs: np.ndarray
    estates: np.ndarray
    logs: np.ndarray
    cycle: np.ndarray
    national_usd: np.ndarray
    dry: np.ndarray
    base: np.ndarray
    markup: np.ndarray
    basket: np.ndarray
    base_price: np.ndarray
    fee: np.ndarray
    season: np.ndarray
    way_season: np.ndarray
    n_data: int

    def __post_init__(self) -> None:
        for name, values in vars(self).items():
            if isinstance(values, np.ndarray):  # rules are compiled for one order in memory
                setattr(self, name, np.ascontiguousarray(values))


def _yearly_to_monthly(values: np.ndarray) -> np.ndarray:
    """Yearly figures as months: straight lines between mid-years."""
    years = np.arange(len(values)) * 12 + 5.5
    return np.interp(np.arange(len(values) * 12), years, values)


def _carry_on(values: np.ndarray, n: int, grows: bool) -> np.ndarray:
    """Projection beyond the data: rates and world prices stay, prices and incomes grow as in the last five years."""
    have = len(values)
    if n <= have:
        return values[:n]
    ahead = np.arange(1, n - have + 1)
    last = values[-1]
    change = logs(values[-1] / values[-61]) / 60.0 if grows else np.zeros_like(last)  # of a month, in logarithms
    more = last * exps(change * (ahead if values.ndim == 1 else ahead[:, None]))
    return np.concatenate([values, more])


def make_series(region: Region, n_months: int, crisis: bool = True, p: Any = None) -> Series:
    """The region's series as arrays of ``n_months`` months; with ``crisis`` off, the world without it that the region declares.

    ``p`` are the :class:`SeriesParameters` in force (their defaults, if left out).
    """
    p = SeriesParameters() if p is None else p
    m, annual = region.monthly, region.annual
    idr, myr = m["idr_per_usd"].to_numpy(float).copy(), m["myr_per_usd"].to_numpy(float).copy()
    cpi = m[["cpi_id", "cpi_my"]].to_numpy(float).copy()
    real = np.stack([_yearly_to_monthly(region.real_income[f"real_gdp_pc_{s}"].to_numpy(float)) for s in ("id", "my")], axis=1)
    world = np.stack([m[s].to_numpy(float) for s in region.goods.set_index("good").loc[list(GOODS), "world_series"]], axis=1)
    national = _yearly_to_monthly((annual["gdp_pc_idn_usd"] * annual["pop_idn_m"] * 1e6).to_numpy(float))
    as_it_was, followed = _pay_index(real, cpi, p), _followed(world, idr, myr, p)
    if not crisis:
        series = {"rate_id": idr, "rate_my": myr, "prices_id": cpi[:, 0], "prices_my": cpi[:, 1]}
        series |= {"real_product_id": real[:, 0], "real_product_my": real[:, 1], "national_product_usd": national}
        _take_out_crisis(series, region.meta["without_crisis"])
    n_data = len(m)
    in_2005 = np.flatnonzero((m["year"] == 2005).to_numpy())
    rate_2005 = np.array([m["idr_per_usd"].to_numpy(float)[in_2005].mean(), m["myr_per_usd"].to_numpy(float)[in_2005].mean()])
    row = annual.set_index("year").loc[2005]
    base = np.array([row["gdp_pc_idn_usd"], row["gdp_pc_mys_usd"]]) / 12.0 * rate_2005
    goods = region.goods.set_index("good").loc[list(GOODS)]
    markup = np.stack([goods["id_markup"].to_numpy(float), goods["my_markup"].to_numpy(float)])
    basket = np.stack([goods["basket_share_id"].to_numpy(float), goods["basket_share_my"].to_numpy(float)])
    base_price = followed[in_2005].mean(axis=0) * markup * rate_2005[:, None]
    cpi, real = _carry_on(cpi, n_months, True), _carry_on(real, n_months, True)
    wage_index = _pay_index(real, cpi, p)
    dry = np.zeros((n_months, 2))
    for month, side, target, value in zip(*(region.events[c] for c in ("month", "side", "target", "value")), strict=True):
        if target == "farm.dry":
            dry[month_number(str(month)) :, [s for s in (0, 1) if side in ("both", ("id", "my")[s])]] = float(value)
    season = region.seasons[["rice", "rubber"]].to_numpy(float)
    idr, myr = _carry_on(idr, n_months, False), _carry_on(myr, n_months, False)
    return Series(
        idr_per_usd=idr, myr_per_usd=myr, cpi=cpi, world_price=_followed(_carry_on(world, n_months, False), idr, myr, p), real_income=real, wage_index=wage_index,
        pay=_pay(region, as_it_was, wage_index), jobs=_jobs(region, n_months), estates=_estates(region, n_months),
        logs=_logs(region, n_months),
        cycle=real / np.maximum.accumulate(real, axis=0), national_usd=_carry_on(national, n_months, True), dry=dry, base=base,
        markup=markup, basket=basket, base_price=base_price, fee=_fees(region, n_months), season=season, way_season=np.array(region.seasons_of_ways()[0], dtype=np.int64), n_data=n_data,
    )  # fmt: skip


def _pay_index(real: np.ndarray, cpi: np.ndarray, p: Any) -> np.ndarray:
    """Pay that follows prices and, less than in proportion, real product, both (months, sides), with a lag: a sudden inflation cuts real pay."""
    target = exps(p.wage_elasticity * logs(real)) * cpi / 100.0
    index = np.empty_like(target)
    _follow(p.wage_lag, target, index)
    return index


@compiled
def _follow(lag: float, target: Column, index: Column) -> None:
    """Let ``index`` follow the ``target``, both (months, columns), by the part ``lag`` of the way in each month."""
    for s in range(target.shape[1]):
        index[0, s] = target[0, s]
        for t in range(1, target.shape[0]):
            index[t, s] = index[t - 1, s] + lag * (target[t, s] - index[t - 1, s])


def _followed(world: np.ndarray, idr: np.ndarray, myr: np.ndarray, p: Any) -> np.ndarray:
    """World prices (months, goods) in US$ as far as each side's prices have followed them in own money, (months, sides, goods) in US$ at the month's rate."""
    made = np.empty((len(world), 2, world.shape[1]))
    for s, (rate, follow) in enumerate(((idr, p.follow_id), (myr, p.follow_my))):
        target = world * rate[:, None]
        own = np.empty_like(target)
        _follow(follow, target, own)
        made[:, s] = own / rate[:, None]
    return made


def between_years(years: np.ndarray, values: np.ndarray, n_months: int) -> np.ndarray:
    """Values known for some years at every month (months,): straight lines between mid-years, before the first and after the last as there.

    ``years`` and ``values`` are (years,), in order.
    """
    return np.interp(np.arange(n_months), (np.asarray(years) - FIRST_YEAR) * 12 + 5.5, values)


def _pay(region: Region, as_it_was: np.ndarray, wage_index: np.ndarray) -> np.ndarray:
    """Pay of a month of full work, (months, sides, sectors) in own currency.

    In the middle of a year of the table it is the table's; between such years its logarithm relative to the index of pay moves in a straight line,
    before the first and after the last it stays. ``as_it_was`` (months of data, sides) is the index of the real history, ``wage_index`` that of the world
    asked for.
    """
    n = len(wage_index)
    made, rows = np.empty((n, 2, len(SECTORS))), _by_side_and_sector(region.pay, "pay")
    for s, side in enumerate(("id", "my")):
        for k, sector in enumerate(SECTORS):
            years, pay = rows(side, sector)
            middle = (years - FIRST_YEAR) * 12 + 5
            relative = logs(pay / (0.5 * (as_it_was[middle, s] + as_it_was[middle + 1, s])))
            made[:, s, k] = wage_index[:, s] * exps(between_years(years, relative, n))
    return made


def _by_side_and_sector(table: Any, column: str) -> Callable[[str, str], tuple[np.ndarray, np.ndarray]]:
    """What looks up the years of a side and sector in a table, in order, and the values of this column then."""
    table = table.sort_values("year")
    sides, sectors = (table[name].to_numpy(object) for name in ("side", "sector"))
    years, values = table["year"].to_numpy(int), table[column].to_numpy(float)

    def rows(side: str, sector: str) -> tuple[np.ndarray, np.ndarray]:
        found = (sides == side) & (sectors == sector)
        return years[found], values[found]

    return rows


def _jobs(region: Region, n_months: int) -> np.ndarray:
    """Jobs for each worker in timber, in trade and services, and in public service, (months, sides, 3)."""
    rows, made = _by_side_and_sector(region.employment, "share"), np.empty((n_months, 2, 3))
    for s, side in enumerate(("id", "my")):
        for k, sector in enumerate(SECTORS[1:]):
            made[:, s, k] = between_years(*rows(side, sector), n_months)
    return made


def _estates(region: Region, n_months: int) -> np.ndarray:
    """Planted oil palm of the province and the state, (months, sides) in ha."""
    table, made = region.estates.sort_values("year"), np.empty((n_months, 2))
    sides, years, areas = table["side"].to_numpy(object), table["year"].to_numpy(int), table["area_ha"].to_numpy(float)
    for s, side in enumerate(("id", "my")):
        made[:, s] = between_years(years[sides == side], areas[sides == side], n_months)
    return made


def _logs(region: Region, n_months: int) -> np.ndarray:
    """Logs cut on the Malaysian side, (months,) in thousand cubic metres a year; none where the region has no row."""
    rows = region.logs[region.logs["side"] == "my"].sort_values("year")
    return (
        between_years(rows["year"].to_numpy(int), rows["logs_thousand_m3"].to_numpy(float), n_months) if len(rows) else np.zeros(n_months)
    )


def _take_out_crisis(series: dict[str, np.ndarray], said: dict[str, Any]) -> None:
    """Put the yearly changes that the region declares in place of those of the crisis, in place; ``said`` is its [without_crisis]."""
    t = np.arange(month_number(said["from"]), month_number(said["to"]) + 1)
    before, end = t[0] - 1, t[-1]
    years = (t - before) / 12.0
    for key, values in series.items():
        happened = values[end]
        values[t] = values[before] * exps(log(1.0 + said[key]) * years)
        # afterwards the changes are those that happened, from the level reached
        values[end + 1 :] *= values[end] / happened


def _fees(region: Region, n_months: int) -> np.ndarray:
    """Fees (months, side of the facility, tier, citizen or foreigner)."""
    fee = np.zeros((n_months, 2, 2, 2))
    table = region.fees.sort_values("from", kind="stable")
    for side, tier, patient, start, amount in zip(table["side"], table["tier"], table["patient"], table["from"], table["fee"], strict=True):
        at = max(month_number(start), 0)
        fee[at:, ("id", "my").index(side), ("primary", "hospital").index(tier), ("citizen", "foreigner").index(patient)] = amount
    return fee
