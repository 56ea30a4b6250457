"""What would the households' month look like, and cost, as plain Mesa agents?

A twin of the model for comparison: registered ``mesa.Agent`` objects with attributes and methods, which call the very functions of one agent
that the compiled loops call (which illness, which clinic, which job, how much is spent), with the same draws. Only the households' decisions:
no trade, prices, officials or record, so the surroundings of a community, and what its traders
carry, stay as they were when the twin was made. ``lintas bench`` runs this module in a
fresh process, with rules as plain Python; ``tests/bench/test_plain_mesa.py`` compares a month of it with the rules.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from typing import Any

import mesa

from abm import BorderModel, Scenario
from abm.month import MONTH
from agents.core.draws import uniform
from agents.household import choose_work, earn, fall_ill, get_work, help_kin, keep_ties, leave_work, receive_care, seek_care
from agents.surroundings import FARM, LOOKING, N_WORK, PASS, PERMIT, PUBLIC, SERVICES, UNDOCUMENTED
from tests.bench.plain_care import MISSING, PlainPatient

#: The phases of a month, in the order of the model's list.
PHASES = ("fall_ill", "seek_care", "receive_care", "choose_work", "leave_work", "get_work", "earn", "help_kin", "remember", "keep_ties")
#: Those of them in which households wait for each other: methods of the model.
TOGETHER = ("get_work", "help_kin")
type Worker = tuple[PlainHousehold, int]


class PlainHousehold(PlainPatient):
    """A household as Mesa's own agents are written. Its attributes are the columns of the households' frame."""

    model: PlainModel
    kin: list[Tie]
    activity: list[int]
    work_sought: list[int]
    carries_goods: int

    def __init__(self, model: PlainModel, columns: dict[str, Any]) -> None:
        super().__init__(model)
        self.__dict__.update(columns)
        self.kin = []

    def choose_work(self) -> None:
        p, at, w = self.model.p[choose_work], self.model.met, self.place
        thinking = [a for a in range(self.n_workers)
                    if self.activity[a] == LOOKING or choose_work.think_again(self.draw(choose_work.THINK_AGAIN, a), p)]  # fmt: skip
        if not thinking:
            return
        n_farm = self.activity.count(FARM)
        work = max(float(n_farm), 0.5)
        farm_income = earn.farm_output(at["technique"][w], self.ability, self.land, work, p.labour_share)
        farm_income *= sum(at["yields"][w][c] * at["farm_gate"][w][c] for c in (0, 1))
        farm = choose_work.added_by_one_more(farm_income, work, p.labour_share) if n_farm else farm_income
        hours, chance = at["hours_work"][w], at["job_chance"][w]
        pull = p.kin_word * self.heard_work
        away = p.away * (1.0 - p.kin_relief * self.support_across) - pull
        caught = at["caught_away"][w] + p.fear * self.fear
        values = [choose_work.value_of_work(farm, farm, 0.0, p.scale), *[MISSING] * 7]
        for k in range(1, N_WORK):
            if at["may_work"][w][k] <= 0.0:
                continue
            if k < PASS:
                gross, burden = self.pay(k), p.hour_daily * hours[k]
                if k == PUBLIC:
                    burden += p.missing_schooling * max(p.public_schooling - self.schooling, 0.0)
                kept = gross
            else:
                gross = kept = choose_work.believed_pay(at["wage"][w][k], at["income_over_pay"][w], p.income_motive)
                burden = p.hour_daily * hours[k] - pull if k == PASS else away + p.hour_away * hours[k]
                if k == PERMIT:
                    kept = gross * (1.0 - p.living_cost - p.permit_cost)
                if k == UNDOCUMENTED:
                    kept = choose_work.net_without_papers(gross, p.living_cost, caught, p.loss_when_caught)
            values[k] = choose_work.value_of_work(kept * chance[k], gross, burden, p.scale)
        for a in thinking:
            wanted = choose_work.choose_work(self.draw(choose_work.CHOOSE_WORK, a), *values)
            self.work_sought[a] = wanted if wanted != self.activity[a] else -1

    def leave_work(self) -> None:
        """Its jobs that end and who goes back to the farm; jobs are given by market, in :meth:`PlainModel.get_work`."""
        p, caught = self.model.p[get_work], self.model.met["caught_away"][self.place]
        self.fear *= 1.0 - p.forget
        self.n_deported = 0
        for a in range(self.n_workers):
            now = self.activity[a]
            if FARM < now < LOOKING:
                ends = p.ends_public if now == PUBLIC else p.ends
                left = leave_work.who_leaves(self.draw(leave_work.LEFT, a), caught if now == UNDOCUMENTED else 0.0, ends)
                if left:
                    self.activity[a] = LOOKING
                if left == 2:
                    self.n_deported += 1
                    self.work_sought[a] = -1
            if self.work_sought[a] == FARM:
                self.activity[a] = FARM
                self.work_sought[a] = -1
        if self.n_deported:
            self.fear = 1.0

    def earn(self) -> None:
        p, q, at, w = self.model.p[earn], self.model.p[choose_work], self.model.met, self.place
        farmers = self.activity.count(FARM)
        at_work = 1.0 - min(self.days_lost / (p.days_worked * max(self.n_adults, 1)), 1.0)
        units = earn.farm_output(at["technique"][w], self.ability, self.land, farmers * at_work, q.labour_share)
        rice, rubber = (units * at["yields"][w][c] * at["harvest"][w][c] for c in (0, 1))
        value = rice * at["farm_gate"][w][0] + rubber * at["farm_gate"][w][1]
        self.own_use = min(rice, p.own_rice * (self.n_adults + self.n_children)) * at["farm_gate"][w][0]
        self.income_farm = value - p.inputs * value
        wages = [self.activity.count(k) * self.pay(k) * at_work for k in range(1, PASS)]
        self.income_wage = sum(wages)
        kept = {PASS: 1.0, PERMIT: 1.0 - q.living_cost - q.permit_cost, UNDOCUMENTED: 1.0 - q.living_cost}
        self.income_across = sum(self.activity.count(k) * at["wage"][w][k] * part for k, part in kept.items()) * at_work
        self.income = self.income_farm + self.income_wage + self.income_across
        self.product = earn.product_of(self.side, self.income_farm, 0.0, *wages, p)
        self.product_farming = self.income_farm + wages[0] / p.share_estate
        cash = self.income - self.own_use - self.care_cost
        self.spending = earn.spend(max(self.income_mean - self.own_use, 0.0), cash, self.savings, p.spend_from_savings)
        self.savings += cash - self.spending
        self.income_mean += p.memory * (max(self.income, 0.0) - self.income_mean)
        self.under_employed = earn.under_employed_of(farmers, self.land, p.adults_per_ha)

    def remember(self) -> None:
        memory, visits, quality = self.model.memory, self.care_visits, self.model.reached["quality_care"][self.village]
        if sum(visits):
            home, across = (sum(visits[k] * quality[k] for k in pair) / sum(visits) for pair in ((0, 1, 2), (3, 4)))
            self.opinion_home = keep_ties.remembered(self.opinion_home, home, memory)
            self.opinion_across = keep_ties.remembered(self.opinion_across, across, memory)
        n_home = sum(FARM < k < PASS for k in self.activity)
        n_across = sum(PASS <= k < LOOKING for k in self.activity)
        self.works_home, self.works_across = int(n_home > 0), int(n_across > 0)
        self.knows_work = 1.0 if n_across else self.heard_work
        self.trips_across = visits[3] + visits[4] + n_across + self.carries_goods
        self.trips_mean += (self.trips_across - self.trips_mean) / 12.0

    def keep_ties(self) -> None:
        p, lift = self.model.p[keep_ties], self.model.lift
        total = told = heard = working = visits = 0.0
        for tie in self.kin:
            other = tie.other
            if tie.across and not self.model.ties_count:
                continue
            often, fading = (1.0, p.decay) if tie.is_kin else (p.weak_visits, p.decay * p.weak_decay)
            contact = tie.contact * often * 0.5 * (lift[self.group] + lift[other.group])
            if tie.across:
                visits += contact
                contact += p.trip_contact * min(self.trips_across + other.trips_across, 2.0)
            gap = self.model.income_gap if tie.across else 0.0
            tie.strength = keep_ties.next_strength(tie.strength, contact, gap, p.gain, fading, p.inequality)
            told += tie.strength
            if tie.across:
                total += tie.strength * (1.0 if tie.is_kin else p.weak_support)
            heard += tie.strength * (other.opinion_home if tie.across else other.opinion_across)
            does = other.works_home if tie.across else other.works_across
            working += tie.strength * (1.0 if does else p.told_by_others * (1.0 if tie.across else other.knows_work))
        self.support_across = keep_ties.support_from(total, p.enough)
        self.heard_across = heard / told if told else 0.0
        self.heard_work = working / told if told else 0.0
        self.visits_across = visits

    def pay(self, k: int) -> float:
        """Its pay in a job at home: by ability and, in services and public jobs, schooling."""
        wage, returns, usual = (self.model.met[name][self.place] for name in ("wage", "schooling_return", "schooling_of_pay"))
        if k < SERVICES:
            return wage[k] * self.ability
        return choose_work.skilled_pay(wage[k], self.ability, self.schooling, returns, usual[k - SERVICES])


class Tie:
    """A tie of a household to another."""

    __slots__ = ("across", "contact", "is_kin", "other", "strength")

    def __init__(self, other: PlainHousehold, contact: float, strength: float, across: bool, is_kin: bool) -> None:
        self.other, self.contact, self.strength, self.across, self.is_kin = other, contact, strength, across, is_kin


class PlainModel(mesa.Model):
    """The households' month, phase by phase, from the state of a border model whose communities know the month's surroundings."""

    def __init__(self, border: BorderModel) -> None:
        super().__init__(rng=border.seed_of_run)
        self.month, self.seed_of_run = border.month, border.seed_of_run
        of_rules: Any = (fall_ill, seek_care, receive_care, choose_work, get_work, earn, help_kin, keep_ties)
        self.p: dict[Any, Any] = {m: border.settings.of(m.Parameters) for m in of_rules}
        self.memory: float = border.settings.of(keep_ties.Memory).memory
        self.income_gap, self.ties_count = float(border.kin.columns["income_gap"][0]), float(border.kin.columns["is_on"][0]) > 0.0
        self.may_help = float(border.world.policy["may_help"][0]) > 0.0
        self.feasts: list[list[int]] = border.kin.columns["feast"].tolist()
        self.met: dict[str, Any] = {name: column.tolist() for name, column in border.world.place.items()}
        self.reached: dict[str, Any] = {name: column.tolist() for name, column in border.world.village.items()}
        self.water: list[float] = border.world.district["other"].tolist()
        self.care_demand: list[list[float]] = [[0.0] * 20 for _ in range(len(border.world.village_names))]
        frame, c, good = border.frames["household"], border.kin.columns, border.frames["trader"]["good"]
        self.households = [PlainHousehold(self, {name: frame[name][row].tolist() for name in frame.fields}) for row in range(len(frame))]
        self.people = [[one for one in self.households if one.place == w] for w in range(border.world.n_places)]
        for row, one in enumerate(self.households):
            one.activity, one.work_sought = one.activity[: one.n_workers], one.work_sought[: one.n_workers]
            one.carries_goods = int(one.trader >= 0 and good[one.trader] >= 0)
            for e in range(c["first"][row], c["end"][row]):
                across, is_kin = bool(e >= c["first_across"][row]), bool(c["is_kin"][e])
                contact, strength = float(c["contact"][c["pair"][e]]), float(c["strength"][e])
                one.kin.append(Tie(self.households[c["other"][e]], contact, strength, across, is_kin))

    def step(self) -> None:
        """Everybody takes a phase before anybody takes the next."""
        self.lift = self.lift_of_month()
        for phase in PHASES:
            getattr(self, phase)() if phase in TOGETHER else self.agents.do(phase)
        self.month += 1

    def lift_of_month(self) -> list[float]:
        """Visits of the month relative to those of a mean month, by people."""
        p = self.p[keep_ties]
        of_year = self.feasts[self.month - self.month % 12 :][:12]
        sizes = [[keep_ties.feast_size(code, p.christmas) for code in codes] for codes in zip(*of_year, strict=True)]
        return [keep_ties.feast_factor(of_people[self.month % 12], sum(of_people), p.feast) for of_people in sizes]

    def get_work(self) -> None:
        """Dismiss those for whom there is no job, then give the jobs that are free, market by market."""
        p, at = self.p[get_work], self.met
        holders, seekers = self.who("activity"), self.who("work_sought")
        left = [(k, market, places, *self.dismiss(k, market, places, holders)) for k, market, places in self.markets()]
        for k, market, places, held, free in left:
            who, asked = [], 0.0
            for w in places:
                of_place, slots = seekers[w, k], at["job_slots"][w][k]
                asking = sum(one.weight for one, _ in of_place)
                if slots > 0.0:
                    asked += asking
                    who += [(get_work.turn(one.draw(get_work.FOUND, a), one.weight, slots - held[w], asking), one, a)
                            for one, a in of_place if one.weight > 0.0]  # fmt: skip
            found = self.in_turn(who, free, self.last(k, market))
            for one, a in found:
                one.activity[a], one.work_sought[a] = k, -1
            given = sum(one.weight for one, _ in found)
            unfilled = free - given if len(found) == len(who) and free > given else 0.0
            for w in places:
                for name, now in (("jobs_found", given + unfilled), ("jobs_asked", asked + unfilled)):
                    at[name][w][k] += p.learning * (now - at[name][w][k])
                if asked + unfilled > 0.0:
                    at["job_offer"][w][k] = get_work.share_that_fits(given + unfilled, asked + unfilled)
                    at["job_chance"][w][k] = get_work.share_that_fits(at["jobs_found"][w][k], at["jobs_asked"][w][k])

    def who(self, what: str) -> defaultdict[tuple[int, int], list[Worker]]:
        """Who does, or asks for, each kind of work in each community."""
        found: defaultdict[tuple[int, int], list[Worker]] = defaultdict(list)
        for one in self.households:
            for a, k in enumerate(getattr(one, what)):
                found[one.place, k].append((one, a))
        return found

    def markets(self) -> list[tuple[int, int, list[int]]]:
        """The kind of job, the number and the communities of each market."""
        found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for w, (side, place_work) in enumerate(zip(self.met["side"], self.met["place_work"], strict=True)):
            for k in range(1, N_WORK):
                found[k, get_work.market_of(k, side, place_work)].append(w)
        return [(k, market, places) for (k, market), places in found.items()]

    def dismiss(self, k: int, market: int, places: list[int], holders: dict[Any, list[Worker]]) -> tuple[dict[int, float], float]:
        """Dismiss who holds too much of a market; gives what is held then, by community, and the vacancies of the market."""
        slots = {w: self.met["job_slots"][w][k] for w in places}
        hold = [(one, a) for w in places for one, a in holders[w, k]]
        kept = [(one, a) for one, a in hold if slots[one.place] > 0.0]
        largest = max((one.weight for w in places for one in self.people[w]), default=0.0)
        jobs = sum(slots.values())
        if sum(one.weight for one, _ in hold) - jobs > largest:
            kept = self.in_turn([(one.draw(get_work.DISMISSED, a), one, a) for one, a in kept], jobs, self.last(k, market))
        for one, a in {*hold} - {*kept}:
            one.activity[a] = LOOKING
        held = dict.fromkeys(places, 0.0)
        for one, _ in kept:
            held[one.place] += one.weight
        return held, jobs - sum(held.values())

    def last(self, k: int, market: int) -> float:
        """The draw for the one in whom the jobs of a market end."""
        return uniform(self.seed_of_run, get_work.LAST, self.month // 12 if k == PASS else self.month, market + 1, k)

    def in_turn(self, who: list[tuple[float, PlainHousehold, int]], jobs: float, last: float) -> list[Worker]:
        """Those who get a job, in the order of the numbers that come first."""
        given, has = 0.0, []
        for _, one, a in sorted(who, key=lambda w: w[0]):
            if not get_work.fits(given, one.weight, jobs, last):
                break
            given += one.weight
            has.append((one, a))
        return has

    def help_kin(self) -> None:
        """Community by community, who has much less gets some of what the others have."""
        p = self.p[help_kin]
        for people in self.people:
            persons = [float(one.n_adults + one.n_children) for one in people]
            of_all = sum(one.weight * n for one, n in zip(people, persons, strict=True))
            line = p.enough * sum(one.weight * one.income_mean for one in people) / of_all if of_all > 0.0 and self.may_help else 0.0
            needed = can_give = 0.0
            for one, n in zip(people, persons, strict=True):
                lacks = help_kin.lacking(one.income_mean, n, line)
                one.kin_help = 0.0
                if line > 0.0 and lacks > 0.0:
                    one.kin_help = lacks * help_kin.part_made_good(one.n_workers, p)
                    needed += one.weight * one.kin_help
                elif line > 0.0:
                    one.kin_help = -min(-lacks * p.most, max(one.spending, 0.0))
                    can_give -= one.weight * one.kin_help
            for one in people:
                one.kin_help *= help_kin.part_paid(needed, can_give) if one.kin_help > 0.0 else help_kin.part_paid(can_give, needed)
                one.income += one.kin_help
                one.spending += one.kin_help


def january(households: int) -> BorderModel:
    """A border model at the point of January 1980 from which its households decide: its communities know what the month brings."""
    border = BorderModel(Scenario.load("history"), households=households)
    for step in MONTH:
        if step.name == "household.fall_ill":
            break
        step.function(border) if step.function else border.run_rule(step.rule)
    return border


def seconds_a_month(households: int, months: int) -> float:
    """CPU seconds of a month of the twin: the median of ``months``, after a first one."""
    twin = PlainModel(january(households))
    twin.step()
    found = []
    for _ in range(months):
        start = time.process_time()
        twin.step()
        found.append(time.process_time() - start)
    return statistics.median(found)


if __name__ == "__main__":
    print(seconds_a_month(int(sys.argv[1]), int(sys.argv[2])))
