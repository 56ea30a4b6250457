"""What would the households' month look like, and cost, as plain Mesa agents?

A twin of the model for comparison: registered ``mesa.Agent`` objects with attributes and methods, which call the very functions of one agent
that the compiled loops call (which illness, which clinic, which job, how much is spent), with the same draws. Only the households' decisions:
no trade, prices, officials or record, so the surroundings of a community stay as they were when the twin was made. ``lintas bench`` runs this module in a
fresh process, with rules as plain Python; ``tests/bench/test_plain_mesa.py`` compares a month of it with the rules.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from typing import Any

import mesa

from abm import BorderModel, Scenario
from abm.month import MONTH
from agents.core.draws import uniform
from agents.household import choose_work, earn, fall_ill, get_work, keep_ties, receive_care, seek_care

#: The phases of a month, in the order of the model's list.
PHASES = ("fall_ill", "seek_care", "receive_care", "choose_work", "get_work", "earn", "remember", "keep_ties")
MISSING = -1.0e9


class PlainHousehold(mesa.Agent):
    """A household as Mesa's own agents are written. Its attributes are the columns of the households' frame."""

    model: PlainModel
    kin: list[Tie]

    def __init__(self, model: PlainModel, columns: dict[str, Any]) -> None:
        super().__init__(model)
        self.__dict__.update(columns)
        self.kin = []

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def draw(self, stream: int, slot: int) -> float:
        """The household's draw in a decision: that of the model's household with this uid."""
        return uniform(self.model.seed_of_run, stream, self.model.month, self.uid, slot)

    def fall_ill(self) -> None:
        p = self.model.p[fall_ill]
        self.episodes = [0, 0, 0]
        for member in range(self.n_adults + self.n_children):
            severity = fall_ill.severity(self.draw(fall_ill.FALL_ILL, member), p.p_minor, p.p_disrupting, p.p_hospital)
            if severity:
                self.episodes[severity - 1] += 1

    def seek_care(self) -> None:
        p, at, w = self.model.p[seek_care], self.model.met, self.place
        self.care_sought = [0, 0, 0, 0]
        income = max(self.income_mean, 1.0)
        none = p.value_no_care - p.schooling_effect * (self.schooling - 6.0)
        episode = 0
        for severity in (1, 2, 3):
            if not self.episodes[severity - 1]:
                continue
            values = [MISSING] * 4
            for k in range(4):
                if at["facility_care"][w][k] >= 0:
                    hours = at["hours_care"][w][k]
                    cost = at["fee_care"][w][k] + 2.0 * at["fare"][w] * hours
                    share = min(cost / (income if k % 2 == 0 else 12.0 * income), 0.9)
                    values[k] = seek_care.value_of_facility(at["quality_care"][w][k], severity, hours, share, k % 2 == 0, k >= 2, self.support_across,
                                                            self.heard_across, at["friction_care"][w][k], p)  # fmt: skip
            for _ in range(self.episodes[severity - 1]):
                option = seek_care.choose_care(self.draw(seek_care.SEEK_CARE, episode), none, *values, p.nest_scale)
                episode += 1
                if option >= 0:
                    self.care_sought[option] += 1
        for k in range(4):
            self.model.care_demand[w][k] += self.weight * self.care_sought[k]

    def receive_care(self) -> None:
        p, at, w = self.model.p[receive_care], self.model.met, self.place
        self.care_visits = [0, 0, 0, 0]
        self.days_lost = self.care_cost = 0.0
        ill = [severity for severity in (3, 2, 1) for _ in range(self.episodes[severity - 1])]
        slot = 0
        for k in (1, 3, 0, 2):
            hours = at["hours_care"][w][k]
            for _ in range(self.care_sought[k]):
                quality = 0.0
                if receive_care.is_served(self.draw(receive_care.RECEIVE_CARE, slot), at["served_share"][w][k]):
                    self.care_visits[k] += 1
                    self.care_cost += at["fee_care"][w][k] + 2.0 * at["fare"][w] * hours
                    quality = at["quality_care"][w][k]
                self.days_lost += receive_care.days_lost_to(ill[slot], quality, hours, p)
                slot += 1
        for severity in ill[slot:]:
            self.days_lost += receive_care.days_lost_to(severity, 0.0, 0.0, p)
        self.untreated = len(ill) - sum(self.care_visits)

    def choose_work(self) -> None:
        p, at, w = self.model.p[choose_work], self.model.met, self.place
        self.work_sought = [-1] * self.n_adults
        thinking = [a for a in range(self.n_adults) if choose_work.think_again(self.draw(choose_work.THINK_AGAIN, a), p)]
        if not thinking:
            return
        n_farm = self.activity.count(0)
        hands = max(float(n_farm), 0.5)
        farm_income = earn.farm_output(at["technique"][w], self.ability, self.land, hands, p.labour_share)
        farm_income *= sum(at["yields"][w][c] * at["farm_gate"][w][c] for c in (0, 1))
        farm = choose_work.added_by_one_more(farm_income, hands, p.labour_share) if n_farm else farm_income
        wage, hours, chance = at["wage"][w], at["hours_work"][w], at["job_chance"][w]
        pull = p.kin_word * self.heard_work
        away = p.away * (1.0 - p.kin_relief * self.support_across) + p.hour_away * hours[3] - pull
        abroad = (1.0 - p.living_cost) * (1.0 - at["caught_away"][w])
        jobs = (
            (1, wage[1] * self.pay(), 1.0, p.hour_daily * hours[1]),
            (2, wage[2], 1.0, p.hour_daily * hours[2] - pull),
            (3, wage[3], abroad, away),
        )
        values = [choose_work.value_of_work(farm, farm, 0.0, p.scale), MISSING, MISSING, MISSING]
        for k, gross, part_left, burden in jobs:
            if at["may_work"][w][k] > 0.0:
                values[k] = choose_work.value_of_work(gross * part_left * chance[k], gross, burden, p.scale)
        for a in thinking:
            wanted = choose_work.choose_work(self.draw(choose_work.CHOOSE_WORK, a), *values)
            if wanted != self.activity[a]:
                self.work_sought[a] = wanted

    def get_work(self) -> None:
        at, w = self.model.met, self.place
        self.n_refused = self.n_deported = 0
        for a in range(self.n_adults):
            now, wanted = self.activity[a], self.work_sought[a]
            if now <= 0 and wanted < 0:
                continue
            draws = [self.draw(stream, a) for stream in (get_work.DISMISSED, get_work.FOUND, get_work.SENT_HOME)]
            keep = at["keep_share"][w][now] if now > 0 else 1.0
            offer = at["job_offer"][w][wanted] if wanted > 0 else 0.0
            outcome = get_work.next_activity(now, wanted, *draws, keep, offer, at["caught_away"][w])
            self.n_deported += outcome >= 100
            self.n_refused += outcome % 100 == 10
            self.activity[a] = outcome % 10

    def earn(self) -> None:
        p, q, at, w = self.model.p[earn], self.model.p[choose_work], self.model.met, self.place
        farmers, employed, with_pass, undocumented = (self.activity.count(k) for k in range(4))
        at_work = 1.0 - min(self.days_lost / (p.days_worked * max(self.n_adults, 1)), 1.0)
        units = earn.farm_output(at["technique"][w], self.ability, self.land, farmers * at_work, q.labour_share)
        rice, rubber = (units * at["yields"][w][c] * at["harvest"][w][c] for c in (0, 1))
        value = rice * at["farm_gate"][w][0] + rubber * at["farm_gate"][w][1]
        self.own_use = min(rice, p.own_rice * (self.n_adults + self.n_children)) * at["farm_gate"][w][0]
        self.income_farm = value - p.inputs * value
        self.income_wage = employed * at["wage"][w][1] * self.pay() * at_work
        self.income_across = (with_pass * at["wage"][w][2] + undocumented * at["wage"][w][3] * (1.0 - q.living_cost)) * at_work
        self.income = self.income_farm + self.income_wage + self.income_across
        cash = self.income - self.own_use - self.care_cost
        self.spending = earn.spend(max(self.income_mean - self.own_use, 0.0), cash, self.savings, p.spend_from_savings)
        self.savings += cash - self.spending
        self.income_mean += p.memory * (max(self.income, 0.0) - self.income_mean)
        self.idle = max(farmers - p.adults_per_ha * self.land, 0.0) / max(self.n_adults, 1)

    def remember(self) -> None:
        memory, visits, quality = self.model.memory, self.care_visits, self.model.met["quality_care"][self.place]
        if sum(visits):
            home, across = (sum(visits[k] * quality[k] for k in pair) / sum(visits) for pair in ((0, 1), (2, 3)))
            self.opinion_home = keep_ties.remembered(self.opinion_home, home, memory)
            self.opinion_across = keep_ties.remembered(self.opinion_across, across, memory)
        n_across = self.activity.count(2) + self.activity.count(3)
        self.works_home, self.works_across = int(1 in self.activity), int(n_across > 0)
        self.trips_across = visits[2] + visits[3] + n_across

    def keep_ties(self) -> None:
        p = self.model.p[keep_ties]
        total = told = heard = working = 0.0
        for tie in self.kin:
            other, contact = tie.other, tie.contact
            if tie.across:
                contact += p.trip_contact * min(self.trips_across + other.trips_across, 2.0)
            gap = self.model.income_gap if tie.across else 0.0
            tie.strength = keep_ties.next_strength(tie.strength, contact, gap, p.gain, p.decay, p.inequality)
            told += tie.strength
            total += tie.strength if tie.across else 0.0
            heard += tie.strength * (other.opinion_home if tie.across else other.opinion_across)
            working += tie.strength * (other.works_home if tie.across else other.works_across)
        self.support_across = keep_ties.support_from(total, p.enough)
        self.heard_across = heard / told if told else 0.0
        self.heard_work = working / told if told else 0.0

    def pay(self) -> float:
        """Its pay relative to others: ability and schooling."""
        return self.ability * math.exp(self.model.met["schooling_return"][self.place] * (self.schooling - 6.0))


class Tie:
    """A tie of a household to another."""

    __slots__ = ("across", "contact", "other", "strength")

    def __init__(self, other: PlainHousehold, contact: float, strength: float, across: bool) -> None:
        self.other, self.contact, self.strength, self.across = other, contact, strength, across


class PlainModel(mesa.Model):
    """The households' month, phase by phase, from the state of a border model whose communities know the month's surroundings."""

    def __init__(self, border: BorderModel) -> None:
        super().__init__(rng=border.seed_of_run)
        self.month, self.seed_of_run = border.month, border.seed_of_run
        self.p: dict[Any, Any] = {
            m: border.settings.of(m.Parameters) for m in (fall_ill, seek_care, receive_care, choose_work, earn, keep_ties)
        }
        self.memory: float = border.settings.of(keep_ties.Memory).memory
        self.income_gap = float(border.kin.columns["income_gap"][0])
        self.met: dict[str, Any] = {name: column.tolist() for name, column in border.world.place.items()}
        self.care_demand: list[list[float]] = [[0.0] * 4 for _ in range(border.world.n_places)]
        frame, c = border.frames["household"], border.kin.columns
        self.households = [PlainHousehold(self, {name: frame[name][row].tolist() for name in frame.fields}) for row in range(len(frame))]
        for row, one in enumerate(self.households):
            one.activity = one.activity[: one.n_adults]
            for e in range(c["first"][row], c["end"][row]):
                one.kin.append(
                    Tie(
                        self.households[c["other"][e]],
                        float(c["contact"][c["pair"][e]]),
                        float(c["strength"][e]),
                        bool(e >= c["first_across"][row]),
                    )
                )

    def step(self) -> None:
        """Everybody takes a phase before anybody takes the next."""
        for phase in PHASES:
            self.agents.do(phase)
        self.month += 1


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
