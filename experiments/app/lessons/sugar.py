"""Lesson: why does sugar cross? What a trader expects of a deal, by fee, chance to be found and distance, as the rule of deals works it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from abm import Scenario, Simulation
from agents.core.compiled import plain
from agents.core.declare import RULES, argument_names
from agents.surroundings import CHANNELS, GOODS
from agents.trader import choose_deal
from agents.trader.choose_deal import Parameters
from experiments.app.lessons import drawing
from experiments.app.lessons.lesson import HOUSEHOLDS, Ask, Found, Going, Lesson, LessonAnswer, LessonStep, Told, chosen
from experiments.app.people.decisions import CHANNEL_WORDS
from experiments.words.languages import mark

#: The month looked at: June 2005, counted from January 1980.
MONTH = 12 * 25 + 5
SUGAR = GOODS.index("sugar")
ALLOWANCE, DECLARED, BRIBE, PATH = range(4)
RULE = RULES["trader.choose_deal"]
#: So many months' draws are made with the same prices, for steady amounts.
DRAWS = 200
FEES = tuple(k / 20 for k in range(13))
CHANCES = tuple(k / 20 for k in range(13))
HOURS = tuple(float(k) for k in range(0, 49, 4))

_plain = plain(choose_deal.expected_profit)


class SugarLook:
    """The columns of the rule of deals in one month of a run, and deals made from them with one thing changed."""

    def __init__(self, run: Simulation) -> None:
        self.run = run
        self.p: Parameters = run.settings.of(Parameters)
        self.columns: dict[str, np.ndarray] = {}

    def see(self) -> None:
        """Copy the columns as they are now."""
        self.columns = {name: np.array(self.run.column(name), copy=True) for name in (*RULE.reads, *RULE.writes)}

    def place(self) -> int:
        """The Indonesian place with a post and traders where buying sugar on the other side brings most for each unit of money."""
        c = self.columns
        has = np.unique(c["trader.place"][self.run.frames["trader"]["side"] == 0])
        gains = {int(q): self.gain(int(q)) for q in has if c["trade_link.is_post"][q] > 0 and (c["trade_link.partner"][q] >= 0).all()}
        return max(gains, key=lambda q: (gains[q], -q))

    def gain(self, place: int) -> float:
        """Gain for each unit of money when sugar is bought across and sold here."""
        here, there = self.prices(place)
        return float(plain(choose_deal.margin)(there, here, self.p.price_impact))

    def prices(self, place: int) -> tuple[float, float]:
        """Price of sugar here and on the other side, in the currency of here."""
        c = self.columns
        there = int(c["trade_link.partner"][place, 0])
        return float(c["place.price"][place, SUGAR]), float(c["place.price"][there, SUGAR] * c["place.exchange"][place])

    def profit(self, channel: int, place: int, row: int, **other: float) -> float:
        """Expected profit of a trader's month with sugar by a channel, as the rule says it.

        ``fee`` (duty, part of value), ``chance`` (that a load is found), ``hours`` and ``allowance`` replace those of the place.
        """
        c, p, way = self.columns, self.p, 1 if channel == PATH else 0
        kin = float(c["household.support_across"][c["trader.household"][row]])
        hours = other.get("hours", float(c["trade_link.hours"][place, way]))
        found = other.get("chance", float(c["trade_link.detection"][place, way]) * (1.0 - float(c["trader.skill"][row])))
        free = other.get("allowance", float(c["trader.cards"][row] * c["trade_link.allowance"][place]))
        carriage = float(c["trade_link.transport"][place, SUGAR]) * hours * (p.path_carriage if channel == PATH else 1.0)
        load = float(c["trader.load"][row]) * (1.0 + p.kin_credit * kin)
        value = load * plain(choose_deal.trips_a_month)(p.trading_days, hours) * self.prices(place)[1]
        waiting = p.waiting * float(c["trade_link.strictness"][place, 0]) if channel != PATH else 0.0
        duty = other.get("fee", float(c["trade_link.duty_in"][place, SUGAR]))
        return float(_plain(channel, value, free, self.gain(place), carriage * (1.0 - p.kin_saving * kin), duty, waiting, found, p)[0])

    def amounts(self, change: Callable[[dict[str, np.ndarray]], None]) -> list[float]:
        """Kilograms of sugar a month that Indonesian traders set out to bring home, by channel, when ``change`` has been made to the columns.

        Shape: the four channels. The rule chooses with the draws of many months, and amounts are their mean.
        """
        columns = {name: column.copy() for name, column in self.columns.items()}
        change(columns)
        total = np.zeros(4)
        n = len(columns["trader.uid"])
        home = self.run.frames["trader"]["side"] == 0
        for month in range(DRAWS):
            lead: dict[str, Any] = {"start": 0, "stop": n, "seed": self.run.seed_of_run, "month": month, "p": self.p}
            given = iter(columns[name] for name in (*RULE.reads, *RULE.writes))
            RULE.loop(*(lead[k] if k in lead else next(given) for k in argument_names(RULE.loop)))
            is_sugar = home & (columns["trader.good"] == SUGAR) & (columns["trader.direction"] == 1)
            weight = self.run.frames["trader"]["weight"] * columns["trader.quantity"]
            for channel in range(4):
                total[channel] += float(weight[is_sugar & (columns["trader.channel"] == channel)].sum())
        return [float(value) for value in total / DRAWS]


def break_even(profit: Callable[[float], float], high: float) -> float:
    """Where a profit that falls becomes nothing, from 0 to ``high``, by halving; 0 or ``high`` where that lies outside."""
    if profit(0.0) <= 0.0:
        return 0.0
    if profit(high) > 0.0:
        return high
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if profit(middle) > 0.0 else (low, middle)
    return (low + high) / 2


def look_at(seed: int, going: Going) -> SugarLook:
    """A run of the history up to the month looked at, and the columns of the rule of deals as it meets them."""

    class Stopped(Simulation):
        def run_rules(self, rules: Any) -> None:
            for rule in rules:
                if rule.name == RULE.name and self.month == MONTH:
                    look.see()
                self.run_rule(rule)

    run = Stopped(Scenario.load("history"), households=HOUSEHOLDS, rng=seed, shared=going.shared)
    look = SugarLook(run)
    run.go_on(MONTH)
    run.follow = [int(run.frames["household"]["uid"][0])]  # rules one by one in this month
    run.go_on(MONTH + 1)
    return look


def find(seed: int, going: Going) -> Found:
    """The numbers of the lesson."""
    going.tell(0, 5)
    with going.turn():
        look = look_at(seed, going)
    going.tell(1, 5)
    place = look.place()
    c, world = look.columns, look.run.world
    row = int(np.flatnonzero(c["trader.place"] == place)[0])
    here, there = look.prices(place)
    fee = break_even(lambda x: look.profit(DECLARED, place, row, fee=x, allowance=0.0), 3.0)
    chance = break_even(lambda x: look.profit(PATH, place, row, chance=x), 1.0)
    hours = break_even(lambda x: look.profit(PATH, place, row, hours=x, chance=0.05), 500.0)

    def with_fee(x: float) -> list[float]:
        def change(columns: dict[str, np.ndarray]) -> None:
            columns["trade_link.duty_in"][:, SUGAR] = x
            columns["trade_link.allowance"][:] = 0.0

        return look.amounts(change)

    def with_chance(x: float) -> list[float]:
        return look.amounts(lambda columns: columns["trade_link.detection"].__setitem__((slice(None), 1), x))

    def with_hours(x: float) -> list[float]:
        def change(columns: dict[str, np.ndarray]) -> None:
            reached = columns["trade_link.partner"] >= 0
            columns["trade_link.hours"][reached] = x

        return look.amounts(change)

    by: dict[str, list[list[float]]] = {}
    for k, (name, made, points) in enumerate((("fee", with_fee, FEES), ("chance", with_chance, CHANCES), ("hours", with_hours, HOURS))):
        with going.turn():
            by[name] = [made(x) for x in points]
        going.tell(2 + k, 5)
    return {
        "place": world.place_names[place], "partner": world.place_names[int(c["trade_link.partner"][place, 0])], "row": row,
        "load": float(c["trader.load"][row]), "here": here, "there": there, "gain": look.gain(place),
        "profit": {CHANNELS[k]: look.profit(k, place, row) for k in range(4)},
        "duty": float(c["trade_link.duty_in"][place, SUGAR]), "detection": float(c["trade_link.detection"][place, 1]),
        "hours_path": float(c["trade_link.hours"][place, 1]), "fee": fee, "chance": chance, "hours": hours, "by": by,
    }  # fmt: skip


# --- words --------------------------------------------------------------------------------------------------------------


def _first(t: Told) -> list[str]:
    _, n, f = t._, t.n, t.found
    return [
        _("It is June 2005 in {place}, in West Kalimantan. A kilogram of sugar costs {here} rupiah there, and {there} rupiah in {partner}, on the other side of the border.").format(
            place=f["place"], partner=f["partner"], here=n.number(f["here"]), there=n.number(f["there"])
        ),
        _("In the model a trader thinks each month about every good, both directions and four ways: within the duty-free allowance of the border card, declared at the post, past the post with a bribe, or by a path through the forest."),
    ]  # fmt: skip


def _which(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    right = "a" if f["gain"] > 0 else "b"
    return LessonAnswer(right, (
        _("Bought in {partner} and sold in {place}, a trader gets {gain} of the money laid out, before all costs.").format(
            partner=f["partner"], place=f["place"], gain=n.percent(f["gain"], 1)
        ),
        _("The trader expects its own load to move the price a little; that is taken off already."),
    ))  # fmt: skip


def _costs(t: Told) -> list[str]:
    _, n, f = t._, t.n, t.found
    return [
        _("Look at one trader of {place}. It can carry {load} kg of sugar at a time.").format(place=f["place"], load=n.number(f["load"])),
        _("Each way has its costs: waiting at the post, forms and duty ({duty} of the value above the allowance), what an officer asks, or the longer way by path and the chance to lose the load.").format(
            duty=n.percent(f["duty"])
        ),
    ]  # fmt: skip


def _ways(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    best = chosen(f["profit"])
    rows = tuple((_(CHANNEL_WORDS[name]), n.number(f["profit"][name])) for name in CHANNELS)
    return LessonAnswer(
        "abcd"[CHANNELS.index(best)],
        (
            _("Most is expected {way}: {profit} rupiah in the month.").format(way=_(CHANNEL_WORDS[best]), profit=n.number(f["profit"][best])),
            _("A profit below nothing means that this way is never taken. The model's traders do not always take the best way: the better it is, the more often they take it."),
        ),
        head=(_("way"), _("expected profit in the month, rupiah")), rows=rows,
    )  # fmt: skip


def _curve(t: Told, key: str, points: tuple[float, ...], name: str, is_share: bool, said: str, line: str) -> str:
    _, n, by = t._, t.n, t.found["by"][key]
    series = {_(CHANNEL_WORDS[channel]): [one[k] for one in by] for k, channel in enumerate(CHANNELS)}
    show = n.percent if is_share else n.number
    return drawing.lines(said, points, series, (name, _("kg of sugar in a month")), (show, n.short), (t.found[key], line))


def _table(t: Told, key: str, points: tuple[float, ...], name: str, is_share: bool) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    _, n = t._, t.n
    head = (name, *(_(CHANNEL_WORDS[channel]) for channel in CHANNELS))
    return head, tuple(
        (n.percent(x) if is_share else n.number(x), *(n.number(one) for one in amounts))
        for x, amounts in zip(points, t.found["by"][key], strict=True)
    )


def _fee(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    said = _("For this trader declaring no longer pays at a duty of {fee} of the value. The duty of the time was {duty}.").format(
        fee=n.percent(f["fee"], 1), duty=n.percent(f["duty"])
    )
    head, rows = _table(t, "fee", FEES, _("duty"), True)
    return LessonAnswer(
        f"{100 * f['fee']:g}",
        (
            said,
            _("The picture is for all traders of the Indonesian side, who choose by the model's rule while every duty on sugar is set to the same value and nothing is free of duty: what is no longer declared does not all stop, a part goes by path."),
        ),
        _curve(t, "fee", FEES, _("duty, part of value"), True, said, _("no longer pays")), head, rows,
    )  # fmt: skip


def _chance(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    said = _(
        "For this trader the path no longer pays when {chance} of loads are found. In {place} it was {detection} in that month."
    ).format(chance=n.percent(f["chance"], 1), place=f["place"], detection=n.percent(f["detection"], 1))
    head, rows = _table(t, "chance", CHANCES, _("chance to be found"), True)
    return LessonAnswer(
        f"{100 * f['chance']:g}",
        (
            said,
            _("A load that is found costs its whole value and a fine, so a small chance weighs more than a small cost. Traders who know the paths are found less often, so some go on."),
        ),
        _curve(t, "chance", CHANCES, _("chance that a load is found"), True, said, _("no longer pays")), head, rows,
    )  # fmt: skip


def _hours(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    said = _("If one load in twenty is found, the path no longer pays for this trader at {hours} hours one way. From {place} it is {now} hours.").format(
        hours=n.number(f["hours"], 1), place=f["place"], now=n.number(f["hours_path"], 1)
    )  # fmt: skip
    head, rows = _table(t, "hours", HOURS, _("hours"), False)
    return LessonAnswer(
        f"{f['hours']:g}",
        (
            said,
            _("Distance costs twice: each hour takes a part of the value, and longer trips leave fewer trips in a month. In the picture all ways of all traders have the same hours."),
        ),
        _curve(t, "hours", HOURS, _("hours one way"), False, said, _("no longer pays")), head, rows,
    )  # fmt: skip


def _last(t: Told) -> list[str]:
    _ = t._
    return [
        _("Sugar crosses while the gap in prices is larger than what the cheapest way costs. A fee moves it to another way; only a gap that closes, or costs on every way, ends it."),
        _("In your own words: a government raises the duty on sugar and does nothing else. What happens to what is declared, to what is carried by path, and to the price of sugar? Write two or three sentences below."),
    ]  # fmt: skip


LESSON = Lesson(
    "sugar",
    mark("Why does sugar cross?"),
    mark("One trader, one month, four ways: find the duty, the chance to be found and the distance at which each way no longer pays."),
    (
        LessonStep(mark("Two prices"), _first, Ask(mark("Which way will sugar go?"), (mark("From Sarawak to Kalimantan"), mark("From Kalimantan to Sarawak"))), _which),
        LessonStep(mark("Four ways"), _costs, Ask(
            mark("Which way brings this trader most?"),
            (mark("Within the allowance"), mark("Declared at the post"), mark("Past the post with a bribe"), mark("By a path")),
        ), _ways),
        LessonStep(mark("The fee"), lambda t: [
            t._("Now take the allowance away: all sugar has to be declared and pays duty. The higher the duty, the less remains of the gap in prices."),
        ], Ask(mark("At which duty, in percent of the value, does declaring no longer pay for this trader?"), unit=mark("% of the value"), high=300.0), _fee),
        LessonStep(mark("The patrol"), lambda t: [
            t._("The same trader looks at the path. There is no duty, but a patrol may find the load."),
        ], Ask(mark("Out of 100 loads by path, how many must be found before the path no longer pays?"), unit=mark("of 100 loads")), _chance),
        LessonStep(mark("The distance"), lambda t: [
            t._("Last, the way itself. Suppose that one load in twenty is found, wherever the path leads."),
        ], Ask(mark("At how many hours one way does the path no longer pay?"), unit=mark("hours"), high=500.0), _hours),
        LessonStep(mark("What you found"), _last),
    ),
    (
        mark("Aim: students see that smuggling is a comparison of costs, that a fee moves trade between ways, and that the answer can be worked out before a model is run."),
        mark("Before: draw the two prices on the board and let the class name every cost of carrying 50 kg of sugar home."),
        mark("Usual mistakes: to compare the duty with the gap in prices without the other costs; to think that a fee ends trade instead of moving it; to forget that a load that is found is lost with its value."),
        mark("To discuss: who gains from a higher allowance? Why does the model let traders take a worse way now and then? Which cost is left out (money that a trader has to borrow, goods that spoil)?"),
    ),
    find,
    runs=mark("The history as it ships, up to June 2005; deals from the rule trader.choose_deal with 200 draws"),
    again="from experiments.app.lessons.sugar import find\nfrom experiments.app.lessons.run import going\nprint(find({seed}, going()))",
)  # fmt: skip
