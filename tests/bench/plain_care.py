"""How do households of the plain-Mesa twin fall ill, choose care and get it? See :mod:`tests.bench.plain_mesa`."""

from __future__ import annotations

from typing import Any

import mesa

from agents.core.draws import uniform
from agents.household import fall_ill, pay_care, receive_care, seek_care
from agents.household.fields import MAX_ADULTS
from agents.surroundings import PUBLIC, TIMBER

MISSING = -1.0e9


class PlainPatient(mesa.Agent):
    """A household as far as illness and care go. Its attributes are the columns of the households' frame."""

    model: Any
    activity: list[int]

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def draw(self, stream: int, slot: int) -> float:
        """The household's draw in a decision: that of the model's household with this uid."""
        return uniform(self.model.seed_of_run, stream, self.model.month, self.uid, slot)

    def fall_ill(self) -> None:
        p, at, w = self.model.p[fall_ill], self.model.met, self.place
        poor = self.income_mean < at["subsistence"][w] * (self.n_adults + self.n_children)
        more = fall_ill.risk(fall_ill.is_wet(self.model.month), self.model.water[at["district"][w]], poor, p)
        before, self.ill, self.episodes = self.ill, [0] * len(self.ill), [0] * 4
        for m, age, works in self.members():
            mild, serious = (more * fall_ill.of_age(age, p.small, old) for old in (p.old, p.old_serious))
            hurt = p.injury * (p.injury_timber if self.activity[m] == TIMBER else 1.0) if works else 0.0
            severity = fall_ill.severity(self.draw(fall_ill.FALL_ILL, m), p.p_minor * mild, p.p_disrupting * mild + hurt * (1.0 - p.injury_emergency),
                                         p.p_hospital * serious, p.p_emergency * serious + hurt * p.injury_emergency)  # fmt: skip
            lasts = fall_ill.chance_to_last(before[m], self.care_given[m] >= 0, age >= fall_ill.OLD, p)
            if lasts and self.draw(fall_ill.LASTS, m) < lasts:
                severity = max(severity, min(before[m], 3))
            if m >= MAX_ADULTS and age == 0:
                u = uniform(self.model.seed_of_run, fall_ill.DELIVERY, self.model.month // 12, self.uid, m)
                severity = max(severity, fall_ill.birth_of(u, self.model.month, p))
            self.ill[m] = severity
            if severity:
                self.episodes[severity - 1] += 1

    def members(self) -> list[tuple[int, int, bool]]:
        """Slot, age and whether at work of each member."""
        adults = [(m, self.adult_age[m], m < self.n_workers) for m in range(self.n_adults)]
        return adults + [(MAX_ADULTS + c, self.child_age[c], False) for c in range(self.n_children)]

    def seek_care(self) -> None:
        p, at, here, w, v = self.model.p[seek_care], self.model.met, self.model.reached, self.place, self.village
        self.care, self.care_next, self.care_sought, self.insured = [-1] * len(self.ill), [-1] * len(self.ill), [0] * 5, 0
        if not any(self.ill):
            return
        poor = self.income_mean < at["subsistence"][w] * (self.n_adults + self.n_children)
        u = uniform(self.model.seed_of_run, seek_care.CARD, 0, self.uid, 0)
        self.insured = int(pay_care.is_insured(self.activity.count(PUBLIC), self.side, self.model.month, poor, u, p.card_share))
        people = float(self.n_adults + self.n_children)
        can_pay = max(pay_care.left_for_care(self.income_mean, at["subsistence"][w], people, p.food, p.least_left), 1.0)
        for m, severity in enumerate(self.ill):
            if not severity:
                continue
            values, none = [MISSING] * 5, seek_care.value_of_none(severity, self.schooling, p)
            for k, kind in enumerate((0, 1, 2, 1, 2)):
                if here["facility_care"][v][k] < 0:
                    continue
                hours, fee = here["hours_care"][v][k], here["fee_care"][v][k]
                along = p.companions * (1.0 if kind == 2 else 0.5)
                cost = pay_care.cost_of_visit(
                    0.0 if self.insured and k < 3 else fee, at["fare"][w] * here["ridden_care"][v][k], hours, along
                )
                cost /= can_pay * (12.0 if kind == 2 else 1.0)
                known = here["known_care"][v][k] * (1.0 - p.own_word + p.own_word * self.found_care[k])
                values[k] = seek_care.value_of_facility(known, severity, hours, min(cost, 0.9), kind, k > 2, self.support_across, self.heard_across,
                                                        here["friction_care"][v][k], p)  # fmt: skip
            option = seek_care.choose_care(self.draw(seek_care.SEEK_CARE, m), none, *values, p.nest_scale)
            self.ask(m, severity, option)
            if severity > 2 and option in (0, 1, 3):
                hospitals = (4, 2) if option == 3 else (2, 4)
                to = seek_care.choose_next(self.draw(seek_care.SENT_ON, m), none, *(values[k] for k in hospitals), p.letter)
                if to >= 0:
                    self.ask(m, severity, hospitals[to], self.care_next)

    def ask(self, m: int, severity: int, option: int, where: list[int] | None = None) -> None:
        if option >= 0:
            (self.care if where is None else where)[m] = option
            self.care_sought[option] += 1
            self.model.care_demand[self.village][4 * option + severity - 1] += self.weight

    def receive_care(self) -> None:
        p, q, here = self.model.p[receive_care], self.model.p[seek_care], self.model.reached
        v, n = self.village, len(self.ill)
        self.care_given, self.care_visits, self.turned_away, self.untreated = [-1] * n, [0] * 5, [0] * 5, [0] * 4
        self.days_lost = self.care_cost = self.deaths_expected = 0.0
        if self.model.month % 12 == 0:
            self.seen_year = self.seen_across = 0
        for m, severity in enumerate(self.ill):
            if not severity:
                continue
            works, effect = m < self.n_workers, 0.0
            for step, k in [(n, k) for n, k in enumerate((self.care[m], self.care_next[m])) if k >= 0]:
                kind, hours = (0, 1, 2, 1, 2)[k], here["hours_care"][v][k]
                along = q.companions * (1.0 if kind == 2 else 0.5)
                self.days_lost += hours / 4.0 * (works + along)
                u = self.draw(receive_care.RECEIVE_CARE, 2 * m + step)
                served = receive_care.is_served(u, here["served_share"][v][4 * k + severity - 1])
                fee = here["fee_care"][v][k] if served and not (self.insured and k < 3) else 0.0
                self.care_cost += pay_care.cost_of_visit(fee, self.model.met["fare"][self.place] * here["ridden_care"][v][k], hours, along)
                quality, met = here["quality_care"][v][k], 0.0
                self.turned_away[k] += not served
                if served:
                    self.care_visits[k] += 1
                    self.care_given[m] = k
                    self.days_lost += p.stay * along if kind == 2 and severity > 2 else 0.0
                    effect = max(effect, receive_care.effect_of(quality, severity, kind, q))
                    met = min(quality / max(here["standard_care"][v][k], 1e-9), 1.0)
                    if k > 2:
                        self.seen_across |= 1 << m
                self.found_care[k] += p.memory * (met - self.found_care[k])
            self.seen_year |= (self.care_given[m] >= 0) << m
            self.untreated[severity - 1] += self.care_given[m] < 0
            self.days_lost += receive_care.days_lost_to(severity, effect, p) * (1.0 if works else p.nursing)
            self.deaths_expected += receive_care.chance_to_die(severity, effect, p)
