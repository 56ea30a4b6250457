"""What happens in a month, in order. This list is what runs; the documentation and the command line print it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import abm.declarations  # noqa: F401  (fills RULES)
from agents.core.declare import RULES, Rule


class MonthlyRun(Protocol):
    """What the steps of the month that are not rules need of a run (:class:`abm.simulation.Simulation` is one)."""

    def take_over_events(self) -> None:
        """Take over the scenario's changes and the region's dated events."""

    def renew_year(self) -> None:
        """Renew budgets, ways and access when they are due."""


class Step(NamedTuple):
    """One step of the month: a rule, or a function of the run."""

    number: int
    name: str
    title: str
    rule: Rule | None
    function: Callable[[MonthlyRun], None] | None
    note: str


def begin(run: MonthlyRun) -> None:
    """Take over the scenario's changes and the region's dated events of this month."""
    run.take_over_events()


def january(run: MonthlyRun) -> None:
    """Once a year: budgets, stocks, facilities; then travel hours and what each place can reach."""
    run.renew_year()


def _rule(number: int, name: str, title: str, note: str = "") -> Step:
    return Step(number, name, title, RULES[name], None, note)


MONTH: tuple[Step, ...] = (
    Step(1, "begin", "History: the month's events", None, begin, "scenario changes and dated policy events act from here on"),
    _rule(2, "official.set_strictness", "Officials: doctrine, and how strict each post is", "before budgets: planners split by this year's doctrine"),
    Step(3, "january", "Officials: in January the yearly budget; roads, clinics, travel hours follow", None, january,
         "runs official.spend_budget; also whenever a crossing opens or closes"),
    _rule(4, "official.keep_facility", "Facilities: staff and drugs come and go; how many people each can see"),
    _rule(5, "record.prices", "Record: the prices of the month", "trade moves them at the end of the month, for the next"),
    _rule(6, "world.set_work", "History: pay and jobs of the month"),
    _rule(7, "world.set_prices", "History: harvest, prices and cost of living of the month", "empties the sum of what is traded"),
    _rule(8, "world.set_fees", "History: fares and open ways of the month"),
    _rule(9, "world.set_ways", "History: how long the way to care is from every village in this season"),
    _rule(10, "world.set_care", "History: what villages know of care and what it costs", "empties the sum of who asks for care"),
    _rule(11, "official.inspect", "Officials: how likely a load or a worker is found", "traffic is last month's"),
    _rule(12, "household.fall_ill", "Illness: who falls ill, and how badly"),
    _rule(13, "household.seek_care", "Care: where the sick go", "demand only; also summed by village"),
    _rule(14, "official.ration_care", "Care: the part of those who come that each facility sees", "worst first; allocation in its own step, so the order of households does not matter"),
    _rule(15, "household.receive_care", "Care: who is served, at what cost in money and days"),
    _rule(16, "household.choose_work", "Work: what each adult would like to do", "demand only"),
    _rule(17, "household.leave_work", "Work: whose job ends, who is sent home, who goes back to the farm"),
    _rule(18, "household.get_work", "Work: who gets a job, and who loses it because there are fewer", "in its own step: jobs of a market are filled by weight, in an order by draws"),
    _rule(19, "household.earn", "Income: harvest, pay, last month's trade; spending", "the only rule that changes savings"),
    _rule(20, "household.help_kin", "Help: who has much less than others of the community gets some of theirs", "what is given is received; savings stay"),
    _rule(21, "trader.choose_deal", "Trade: which deal, by which channel", "at the prices of the start of the month"),
    _rule(22, "trader.settle_deal", "Trade: inspection, loss, fines, profit", "profit comes home next month"),
    _rule(23, "market.adjust_prices", "Markets: prices move", "after trade, for the next month"),
    _rule(24, "household.remember", "Ties: what households know of each side"),
    _rule(25, "household.keep_ties", "Ties: contact strengthens, absence and inequality weaken", "reads this month's memories of everybody, writes its own"),
    _rule(26, "record.households", "Record: sums by community"),
    _rule(27, "record.care", "Record: illness and care by community"),
    _rule(28, "record.deals", "Record: trade", "also next month's traffic for the patrols"),
    _rule(29, "record.places", "Record: what places reach"),
    _rule(30, "record.officials", "Record: posts, stocks and doctrine"),
    _rule(31, "record.ties", "Record: ties"),
    _rule(32, "world.close_month", "What the next month goes by"),
)  # fmt: skip
