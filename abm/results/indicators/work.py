"""What do adults do, what are they paid, and what do those who work across bring home?"""

from __future__ import annotations

from functools import partial

import numpy as np

from abm.results.declare import indicator
from abm.results.sums import Sums, ratio
from agents.surroundings import SECTORS

HOME = tuple(f"sums.{sector}" for sector in SECTORS)
ACROSS = ("sums.pass", "sums.permit", "sums.undocumented")


def mean_of_months(of: Sums, name: str) -> np.ndarray:
    """A column of adults, mean of the period's months."""
    return of.total(name) / of.months


def all_of(of: Sums, names: tuple[str, ...]) -> np.ndarray:
    """Several columns added up, mean of the period's months."""
    return sum((of.total(name) for name in names), np.zeros(())) / of.months


def _count(name: str, label: str, of_sum: str, claims: tuple[str, ...] = ()) -> None:
    indicator(label, "adult", "mean of the period's months", reads=(of_sum,), claims=claims, name=name)(
        partial(mean_of_months, name=of_sum)
    )


_count("labour_force", "Labour force", "sums.workers")
_count("adults_farm", "Adults on the own farm", "sums.farm")


@indicator("Adults in a job at home", "adult", "mean of the period's months", reads=HOME)
def adults_wage(of: Sums) -> np.ndarray:
    return all_of(of, HOME)


_count("adults_estate", "Adults at work on estates at home", "sums.estate")
_count("adults_timber", "Adults at work in timber at home", "sums.timber")
_count("adults_services", "Adults at work in trade, building and services at home", "sums.services")
_count("adults_public", "Adults in public jobs", "sums.public")
_count("adults_pass", "Adults in day work across", "sums.pass", ("E10",))
_count("adults_permit", "Adults at work across with a permit", "sums.permit", ("E10", "E11"))
_count("adults_undocumented", "Adults at work across without papers", "sums.undocumented", ("E11",))


@indicator(
    "Workers across", "adult", "on a pass, with a permit and without papers",
    reads=ACROSS, claims=("E10", "E11"), tables=("yearly", "monthly", "places"),
)  # fmt: skip
def workers_across(of: Sums) -> np.ndarray:
    return all_of(of, ACROSS)


@indicator(
    "Share of workers across without papers", "share", "of those on a pass, with a permit and without papers", reads=ACROSS, claims=("E11",)
)
def undocumented_share(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.undocumented"), of.total("sums.pass") + of.total("sums.permit") + of.total("sums.undocumented"))


@indicator("Workers sent home", "adult", "of the period", reads=("sums.sent_home",), claims=("E11",))
def sent_home(of: Sums) -> np.ndarray:
    return of.total("sums.sent_home")


@indicator("Earnings across brought home", "USD", "net of living costs there, of the period", reads=("sums.income_across", "series.rate"))
def remittances_usd(of: Sums) -> np.ndarray:
    return of.usd("sums.income_across")


@indicator(
    "Open unemployment",
    "share",
    "adults without work who look for it ÷ labour force",
    reads=("sums.looking", "sums.workers"),
    claims=("E05",),
)
def unemployment_rate(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.looking"), of.total("sums.workers"))


@indicator(
    "Under-employment", "share", "adults on farms that have less than 35 hours of work a week for each ÷ labour force",
    reads=("sums.under_employed", "sums.workers"), claims=("E05",),
)  # fmt: skip
def under_employment_rate(of: Sums) -> np.ndarray:
    return ratio(of.total("sums.under_employed"), of.total("sums.workers"))


def pay(of: Sums, name: str) -> np.ndarray:
    """Pay of a month of full work [own currency]: mean over communities by their labour force, and over the period's months."""
    workers = of.read("sums.workers")
    return ratio(of.gather(of.read(name) * workers), of.gather(workers))


@indicator(
    "Pay of a month on an estate or farm at home", "own currency/month", "of full work, mean of communities by labour force",
    reads=("wage.estate", "sums.workers"), claims=("E11",),
)  # fmt: skip
def pay_estate(of: Sums) -> np.ndarray:
    return pay(of, "wage.estate")


@indicator(
    "Pay of a month in trade and services at home", "own currency/month", "of full work, mean of communities by labour force",
    reads=("wage.services", "sums.workers"),
)  # fmt: skip
def pay_services(of: Sums) -> np.ndarray:
    return pay(of, "wage.services")


@indicator(
    "Wage gap of estate work", "1", "pay of estate work across at the month's rate ÷ pay on an estate or farm at home, before what living there and papers cost",
    reads=("wage.permit", "wage.estate", "sums.workers"), claims=("E11",),
)  # fmt: skip
def wage_gap(of: Sums) -> np.ndarray:
    return ratio(pay(of, "wage.permit"), pay(of, "wage.estate"))
