"""The series of the region, month by month: what they are made of, and the declared world without the crisis."""

from __future__ import annotations

import numpy as np
import pytest

from abm import Region
from abm.history.series import SeriesParameters, make_series
from abm.region import month_number
from agents.core.declare import FIELDS
from agents.surroundings import GOODS

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
def test_pay_goes_a_part_of_the_way_to_prices_and_real_product(region: Region, lag: float) -> None:
    s = make_series(region, N, p=SeriesParameters(wage_lag=lag))
    target = s.real_income * s.cpi / 100.0
    assert np.array_equal(s.wage_index[0], target[0])
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
        place = (("id", "my").index(row.side), ("primary", "hospital").index(row.tier), ("citizen", "foreigner").index(row.patient))  # type: ignore[arg-type]
        assert s.fee[(at, *place)] == row.fee


def test_product_and_prices_of_2005(region: Region) -> None:
    """Product per head a month in own currency, and the mean price of each good at the centres, at the year's mean rate."""
    s, row = make_series(region, N), region.annual.set_index("year").loc[2005]
    at = slice(25 * 12, 26 * 12)
    rate = s.idr_per_usd[at].mean(), s.myr_per_usd[at].mean()
    for side, name in enumerate(("idn", "mys")):
        assert s.base[side] == pytest.approx(row[f"gdp_pc_{name}_usd"] / 12 * rate[side])
        assert s.base_price[side] == pytest.approx(s.world_price[at].mean(axis=0) * s.markup[side] * rate[side])


def test_columns_by_side_are_in_the_order_of_the_sides() -> None:
    for name in ("cpi", "real_income", "wage_index", "dry"):
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
    """Rates and world prices stay; prices, incomes and pay grow by the mean rate of the last five years."""
    s, data = make_series(region, n), make_series(region, N)
    stays, grows = ("idr_per_usd", "myr_per_usd", "world_price"), ("cpi", "real_income", "plantation", "national_usd")
    for name in (*stays, *grows, "wage_index", "dry", "fee"):
        values, known = getattr(s, name), getattr(data, name)
        assert len(values) == n, name
        assert np.array_equal(values[: min(n, N)], known[: min(n, N)]), name
        if n > N and name in (*stays, *grows):
            rate = (known[-1] / known[-61]) ** (1 / 60) if name in grows else np.ones_like(known[-1])
            assert values[N:] == pytest.approx(np.stack([known[-1] * rate**k for k in range(1, n - N + 1)])), name
