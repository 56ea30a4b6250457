"""What is a formula given? The record, summed over periods of months and over sides or places, and only what it declares that it reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from abm.results.facts import Facts
from abm.results.record import STOCKS, TIES, D, Record, S
from agents.core.declare import DeclarationError, near
from agents.household.live import PEOPLE
from agents.surroundings import CARE_OPTIONS, WORK


def _column(table: str, k: int) -> Callable[[Record, Facts], np.ndarray]:
    """The ``k``-th column of a table of the record, whose columns are its last axis."""
    return lambda record, facts: getattr(record, table)[: facts.n_months, ..., k]


def _whole(table: str) -> Callable[[Record, Facts], np.ndarray]:
    return lambda record, facts: getattr(record, table)[: facts.n_months]


def _people(k: int) -> Callable[[Record, Facts], np.ndarray]:
    return lambda record, facts: record.people[: (facts.n_months + 11) // 12, :, k]


def _by_year(table: str) -> Callable[[Record, Facts], np.ndarray]:
    return lambda record, facts: getattr(record, table)[: (facts.n_months + 11) // 12]


#: All that an indicator can read, by name: how it is found, with the months (years for people, ``poor``, ``gini``, ``near`` and ``old``) on the first axis.
READABLE: dict[str, Callable[[Record, Facts], np.ndarray]] = {
    **{f"sums.{name}": _column("sums", k) for name, k in S.items()},
    **{f"deals.{name}": _column("deals", k) for name, k in D.items()},
    **{f"ties.{name}": _column("ties", k) for k, name in enumerate(TIES)},
    **{f"people.{name}": _people(k) for name, k in PEOPLE.items()},
    **{f"stock.{name}": _column("stock", k) for k, name in enumerate(STOCKS)},
    **{f"hours_care.{name}": _column("hours_care", k) for k, name in enumerate(CARE_OPTIONS)},
    **{f"wage.{name}": _column("wage", k) for k, name in enumerate(WORK)},
    **{name: _whole(name) for name in ("price", "cost_of_living", "strictness", "security", "doctrine", "partner")},
    "care_crossing.primary": _column("care_crossing", 0),
    "care_crossing.hospital": _column("care_crossing", 1),
    "work_crossing.pass": _column("work_crossing", 0),
    "work_crossing.permit": _column("work_crossing", 1),
    "work_crossing.undocumented": _column("work_crossing", 2),
    "trade_crossing.legal": _column("trade_crossing", 0),
    "trade_crossing.path": _column("trade_crossing", 1),
    **{name: _by_year(name) for name in ("poor", "gini", "near", "old")},
    "series.rate": lambda record, facts: facts.rate,
    "series.national_usd": lambda record, facts: facts.national_usd,
}


def check_readable(names: tuple[str, ...], who: str) -> None:
    """Refuse names of sums that do not exist, and names given twice."""
    for name in names:
        if name not in READABLE:
            raise DeclarationError(f"{who} reads '{name}', which is not recorded; {near(name, READABLE)}")
        if names.count(name) > 1:
            raise DeclarationError(f"{who} says twice that it reads '{name}'")


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a / b``, and no value where ``b`` is not above 0."""
    return np.divide(a, b, out=np.full(np.broadcast(a, b).shape, np.nan), where=np.asarray(b) > 0)


class Sums:
    """The record of a run, summed over periods and groups.

    A group is a side, or a place in the table of places. What a formula makes has the shape (periods, groups).
    """

    def __init__(self, record: Record, facts: Facts, period: np.ndarray, *, by_place: bool = False) -> None:
        """``period`` (months,) numbers the period of each month from 0 up."""
        self.facts, self.by_place = facts, by_place
        #: Side of each place.
        self.side = facts.side
        #: Months in each period (periods, 1).
        self.months = np.bincount(period).astype(float)[:, None]
        #: Who reads now, what it may read, and what it has read.
        self.who, self.may_read, self.has_read = "", frozenset(READABLE), set[str]()
        self._record, self._period = record, period
        places = np.arange(len(facts.side))
        #: Places of each group.
        self.groups = [places[q : q + 1] for q in places] if by_place else [np.flatnonzero(facts.side == s) for s in (0, 1)]
        self._known: dict[Any, Any] = {}

    def of(self, who: str, reads: tuple[str, ...]) -> Sums:
        """The same for one indicator that may read only what it says; what was summed for another is not summed again."""
        view = object.__new__(Sums)
        view.__dict__.update(self.__dict__)
        view.who, view.may_read, view.has_read = who, frozenset(reads), set()
        return view

    def read(self, name: str) -> np.ndarray:
        """A recorded column as it is, by month (or year) first; DeclarationError where the indicator does not say that it reads it."""
        if name not in self.may_read:
            raise DeclarationError(f"indicator '{self.who}' reads '{name}' and does not say so: add it to its reads")
        self.has_read.add(name)
        return READABLE[name](self._record, self.facts)

    # ---- sums over months and places -----------------------------------------------------------------------------------

    def gather(self, monthly: np.ndarray) -> np.ndarray:
        """Values by month and place (months, places), summed over periods and groups."""
        by_group = np.zeros((len(monthly), len(self.groups)))
        for g, places in enumerate(self.groups):
            by_group[:, g] = monthly[:, places].sum(axis=1)
        return self.over_months(by_group)

    def over_months(self, monthly: np.ndarray) -> np.ndarray:
        """Values by month (months, …), summed over periods (periods, …)."""
        out = np.zeros((len(self.months), *monthly.shape[1:]))
        np.add.at(out, self._period, monthly)
        return out

    def total(self, name: str) -> np.ndarray:
        """A recorded column by month and place, summed over periods and groups."""
        return self._sum(name, False)

    def usd(self, name: str) -> np.ndarray:
        """The same for a column of money, in US dollars: each month's sum at that month's rate."""
        return self._sum(name, True)

    def _sum(self, name: str, in_usd: bool) -> np.ndarray:
        monthly, rate = self.read(name), self.read("series.rate") if in_usd else None
        if (name, in_usd) not in self._known:
            self._known[name, in_usd] = self.gather(monthly if rate is None else monthly / rate[:, self.side])
        return self._known[name, in_usd]

    def rate(self) -> np.ndarray:
        """Own currency of each place for a US dollar (months, places)."""
        return self.read("series.rate")[:, self.side]

    # ---- one value of each period ----------------------------------------------------------------------------------------

    def last(self, name: str) -> np.ndarray:
        """A recorded column in the last month of each period (periods, …)."""
        return self.read(name)[np.flatnonzero(np.diff(self._period, append=-1))]

    def by_month(self, name: str) -> np.ndarray:
        """A yearly column for each month of its year (months, …)."""
        return self.read(name)[np.arange(self.facts.n_months) // 12]

    # ---- groups ------------------------------------------------------------------------------------------------------------

    def over_places(self, values: np.ndarray) -> np.ndarray:
        """Values by period and place (periods, places), summed over groups."""
        return np.stack([values[:, places].sum(axis=1) for places in self.groups], axis=1)


def shared(make: Callable[[Sums], np.ndarray]) -> Callable[[Sums], np.ndarray]:
    """Work a part of several formulas out once for a table; each indicator that uses it must still say what the part reads."""

    @wraps(make)
    def once(of: Sums) -> np.ndarray:
        if make not in of._known:
            part = of.of(of.who, tuple(of.may_read))
            of._known[make] = make(part), part.has_read
        made, reads = of._known[make]
        for name in reads:
            of.read(name)
        return made

    return once
