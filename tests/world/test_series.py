"""The series of the region, month by month: what they are made of, how they go between and beyond known years, and the declared world without the crisis."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from abm import Region
from abm.history.series import SeriesParameters, between_years, make_series
from abm.region import month_number
from agents.core.declare import FIELDS
from agents.surroundings import GOODS, SECTORS

N = 432


def test_national_product_is_that_of_the_year_in_its_middle(region: Region) -> None:
    annual = region.annual
    product = (annual["gdp_pc_idn_usd"] * annual["pop_idn_m"]).to_numpy(float) * 1_000_000
    found = make_series(region, N).national_usd
    assert found[0] == pytest.approx(product[0]) and found[-1] == pytest.approx(product[35])
    for year in (1, 17, 30):  # mid-year lies between June and July: a straight line on each side of it
        before, after = product[year] - product[year - 1], product[year + 1] - product[year]
        assert found[12 * year + 5] == pytest.approx(product[year] - before / 24)
        assert found[12 * year + 6] == pytest.approx(product[year] + after / 24)


@pytest.mark.parametrize("lag", [0.05, 0.4])
@pytest.mark.parametrize("elasticity", [0.4, 0.7, 1.0])
def test_pay_goes_a_part_of_the_way_to_prices_and_real_product(region: Region, lag: float, elasticity: float) -> None:
    """Towards prices in full, towards real product by its elasticity: the square root of it at 0.5, all of it at 1."""
    s = make_series(region, N, p=SeriesParameters(wage_lag=lag, wage_elasticity=elasticity))
    target = s.real_income**elasticity * s.cpi / 100.0
    assert s.wage_index[0] == pytest.approx(target[0], rel=1e-12)
    assert s.wage_index[1:] == pytest.approx(s.wage_index[:-1] + lag * (target[1:] - s.wage_index[:-1]))


def test_without_the_crisis_every_month_of_it_grows_as_declared(region: Region) -> None:
    said = region.meta["without_crisis"]
    first, last = month_number(said["from"]), month_number(said["to"])
    real, without = make_series(region, N), make_series(region, N, crisis=False)
    columns = {"rate_id": ("idr_per_usd", ...), "rate_my": ("myr_per_usd", ...), "prices_id": ("cpi", 0), "prices_my": ("cpi", 1),
               "real_product_id": ("real_income", 0), "real_product_my": ("real_income", 1), "national_product_usd": ("national_usd", ...)}  # fmt: skip
    months = np.arange(first, last + 1)
    for key, (name, side) in columns.items():
        a, b = getattr(real, name).T[side], getattr(without, name).T[side]
        assert b[months] == pytest.approx(a[first - 1] * (1 + said[key]) ** ((months - first + 1) / 12)), key
        assert b[last + 1] / b[last] == pytest.approx(a[last + 1] / a[last]), key


def test_drought_and_fees_begin_in_their_month(region: Region) -> None:
    s = make_series(region, N)
    dry = region.events[region.events["target"] == "farm.dry"]
    for month, side, value in zip(dry["month"], dry["side"], dry["value"], strict=True):
        at, rows = month_number(str(month)), {"id": [0], "my": [1], "both": [0, 1]}[side]
        assert (s.dry[at, rows] == float(value)).all()
    for row in region.fees.itertuples():
        at = max(month_number(str(row[list(region.fees.columns).index("from") + 1])), 0)
        if at >= N:
            continue  # begins after the series end
        place = (("id", "my").index(row.side), ("primary", "hospital").index(row.tier), ("citizen", "foreigner").index(row.patient))  # type: ignore[arg-type]
        assert s.fee[(at, *place)] == row.fee


def test_product_and_prices_of_2005(region: Region) -> None:
    """Product per head a month in own currency, and the mean price of each good at the centres, at the year's mean rate."""
    s, row = make_series(region, N), region.annual.set_index("year").loc[2005]
    at = slice(25 * 12, 26 * 12)
    rate = s.idr_per_usd[at].mean(), s.myr_per_usd[at].mean()
    for side, name in enumerate(("idn", "mys")):
        assert s.base[side] == pytest.approx(row[f"gdp_pc_{name}_usd"] / 12 * rate[side])
        assert s.base_price[side] == pytest.approx(s.world_price[at, side].mean(axis=0) * s.markup[side] * rate[side])


def test_columns_by_side_are_in_the_order_of_the_sides() -> None:
    for name in ("cpi", "real_income", "wage_index", "estates", "cycle", "dry"):
        assert FIELDS["series"][name].options == ("id", "my")


def test_mark_ups_and_baskets_are_those_of_each_side(region: Region) -> None:
    goods = region.goods.set_index("good").loc[list(GOODS)]
    s = make_series(region, N)
    for side, name in enumerate(("id", "my")):
        assert s.markup[side].tolist() == goods[f"{name}_markup"].tolist()
        assert s.basket[side].tolist() == goods[f"basket_share_{name}"].tolist()
    assert s.basket[0].tolist() != s.basket[1].tolist() and s.markup[0].tolist() != s.markup[1].tolist()


@pytest.mark.parametrize("n", [1, 12, 431, 432, 433, 500])
def test_every_series_is_as_long_as_the_run_and_goes_on_after_the_data(region: Region, n: int) -> None:
    """Rates stay, world prices are followed; prices, incomes and pay grow by the mean rate of the last five years."""
    s, data = make_series(region, n), make_series(region, N)
    stays, grows = ("idr_per_usd", "myr_per_usd"), ("cpi", "real_income", "national_usd")
    for name in (*stays, *grows, "world_price", "wage_index", "pay", "jobs", "estates", "logs", "cycle", "dry", "fee"):
        values, known = getattr(s, name), getattr(data, name)
        assert len(values) == n, name
        assert np.array_equal(values[: min(n, N)], known[: min(n, N)]), name
        if n > N and name in (*stays, *grows):
            rate = (known[-1] / known[-61]) ** (1 / 60) if name in grows else np.ones_like(known[-1])
            assert values[N:] == pytest.approx(np.stack([known[-1] * rate**k for k in range(1, n - N + 1)])), name


# ---- pay, jobs, estates, logs: known for some years --------------------------------------------------------------------------


def test_between_years_by_hand() -> None:
    # 1981 is known in its middle, between June (17) and July (18), 1983 two years later; before and after as there
    found = between_years(np.array([1981, 1983]), np.array([10.0, 34.0]), 60)
    assert (
        (found[:18] == 10.0)[:17].all()
        and found[17] == 10.0
        and found[18] == pytest.approx(10.5)
        and found[29] == pytest.approx(22.0 - 0.5)
    )
    assert found[17] + found[18] == pytest.approx(20.5) and found[41] == pytest.approx(34.0 - 0.5) and (found[42:] == 34.0).all()
    assert between_years(np.array([1990]), np.array([3.0]), 5).tolist() == [3.0] * 5


def in_the_middle(values: np.ndarray, year: int) -> float:
    """A column by month, carried on for half a month from June: months before lie on one straight line with the middle of the year."""
    june = (year - 1980) * 12 + 5
    return float(values[june] + 0.5 * (values[june] - values[june - 1]))


def test_pay_in_the_middle_of_a_year_of_the_table_is_the_tables(region: Region) -> None:
    s, known = make_series(region, N), 0
    for row in region.pay.itertuples():
        side, sector, june = ("id", "my").index(row.side), SECTORS.index(row.sector), (int(row.year) - 1980) * 12 + 5  # type: ignore[arg-type]
        relative = np.log(s.pay[:, side, sector] / s.wage_index[:, side])
        index = 0.5 * (s.wage_index[june, side] + s.wage_index[june + 1, side])
        assert np.exp(in_the_middle(relative, int(row.year))) * index == pytest.approx(row.pay), row  # type: ignore[arg-type]
        known += 1
    assert known > 50 and np.isfinite(s.pay).all() and (s.pay > 0).all()


def test_pay_relative_to_the_index_moves_in_a_straight_line_of_logarithms(region: Region) -> None:
    s = make_series(region, N)
    relative = np.log(s.pay / s.wage_index[:, :, None])
    for side, name in enumerate(("id", "my")):
        for k, sector in enumerate(SECTORS):
            years = np.sort(region.pay[(region.pay["side"] == name) & (region.pay["sector"] == sector)]["year"].to_numpy(int))
            middle = (years - 1980) * 12 + 5
            assert np.ptp(relative[: middle[0] + 1, side, k]) < 1e-9 and np.ptp(relative[middle[-1] + 1 :, side, k]) < 1e-9
            for a, b in itertools.pairwise(middle):
                steps = np.diff(relative[a + 1 : b + 1, side, k])
                assert np.ptp(steps) < 1e-9, (name, sector)


def test_without_the_crisis_pay_follows_prices_and_product_of_that_world(region: Region) -> None:
    real, without = make_series(region, N), make_series(region, N, crisis=False)
    assert without.pay / without.wage_index[:, :, None] == pytest.approx(real.pay / real.wage_index[:, :, None])
    before, after = month_number("1997-06"), month_number("1999-01")
    assert np.array_equal(without.pay[: before + 1], real.pay[: before + 1]) and (without.pay[after, 0] != real.pay[after, 0]).all()
    # tables of counts are what they are
    for name in ("jobs", "estates", "logs"):
        assert np.array_equal(getattr(real, name), getattr(without, name)), name


def test_jobs_estates_and_logs_are_those_of_the_tables(region: Region) -> None:
    s = make_series(region, N)
    tables = [
        (region.employment, "share", lambda side, row: s.jobs[:, side, SECTORS[1:].index(row.sector)]),
        (region.estates, "area_ha", lambda side, row: s.estates[:, side]),
        (region.logs, "logs_thousand_m3", lambda side, row: s.logs),
    ]
    for table, column, of in tables:
        rows = table[table["side"] == "my"] if column == "logs_thousand_m3" else table
        assert len(rows) > 5
        for row in rows.itertuples():
            values = of(("id", "my").index(row.side), row)  # type: ignore[arg-type]
            assert in_the_middle(values, int(row.year)) == pytest.approx(getattr(row, column)), row  # type: ignore[arg-type]
    assert (s.jobs >= 0).all() and (s.jobs < 1).all() and (np.diff(s.estates[:, 0]) >= 0).all()


def test_the_cycle_is_product_over_its_height_so_far(region: Region) -> None:
    for crisis in (True, False):
        s = make_series(region, N, crisis=crisis)
        for side in (0, 1):
            highest = 0.0
            for t in range(N):
                highest = max(highest, s.real_income[t, side])
                assert s.cycle[t, side] == pytest.approx(s.real_income[t, side] / highest)
        assert (s.cycle[0] == 1.0).all() and (s.cycle <= 1.0).all()
    history = make_series(region, N)
    assert history.cycle[month_number("1999-01"), 0] < 0.95, "the crisis is in it"


def test_a_region_without_logs_has_none(region: Region) -> None:
    import dataclasses

    without = dataclasses.replace(region, logs=region.logs[:0])
    assert (make_series(without, 24).logs == 0).all() and make_series(without, 24).logs.shape == (24,)
