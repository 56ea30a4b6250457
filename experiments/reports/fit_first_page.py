"""What is on the first page of a fit's report? The results for a reader of policy, the warnings, and what cannot be known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from abm.errors import shorten
from calibration.infer import ENOUGH_ESS, LEAST_ESS
from experiments.reports.fit_figures import METHODS
from experiments.reports.fit_words import KNOWN, Words
from experiments.words.languages import mark

#: Subjects about which no fitted fact says anything directly, with the beginnings of their parameter names.
SILENT = {
    mark("kin ties across the border"): ("household.keep_ties.", "world.kinship."),
    mark("border posts and bribes"): ("official.inspect.", "official.set_strictness."),
    mark("trade across"): ("trader.", "market."),
    mark("public budgets"): ("official.spend_budget.",),
}


class FirstPage(Words):
    """Paragraphs, warnings and gaps."""

    def short(self) -> list[str]:
        """The first page, one paragraph a subject."""
        return [
            p
            for p in (
                self._short_runs(),
                self._short_incomes(),
                self._short_care(),
                self._short_reading(),
                self._short_programme(),
                self._short_known(),
            )
            if p
        ]

    def _short_runs(self) -> str:
        n = self.n
        return self._(
            "{runs} runs of the model, each with {households} simulated households, were weighted by their agreement with {facts} "
            "reported facts, to learn what these say about {parameters} uncertain numbers of the model."
        ).format(
            runs=n.number(self.fit["runs"]), households=n.number(self.fit["households"]), facts=len(self.targets.fit),
            parameters=len(self.parameters),
        )  # fmt: skip

    def _short_other_reading(self) -> str:
        """What the paper's figures would take if they meant what households earn, and what surveys of households found."""
        _, n = self._, self.n
        own, across, survey = (self.rows.get(name) for name in ("income_id_household", "income_my_household", "household_income_my_2007"))
        if own is None or across is None or not own["quantiles"] or not across["quantiles"]:
            return ""
        words = " " + _(
            "The paper's figures are read as product per head, what is made where people live. If they meant what households earn, pay and farming would have to bring {own} times as much "
            "on the Kalimantan side and {across} times as much on the Sarawak side as with the pay that is known."
        ).format(own=n.number(own["observed"] / own["quantiles"][2], 1), across=n.number(across["observed"] / across["quantiles"][2], 1))
        if survey is not None and survey["quantiles"]:
            words += " " + _(
                "A survey of Sarawak's households gives about US${survey} for {year}, the model US${model}, which was not fitted."
            ).format(
                survey=n.number(survey["observed"]),
                year=self.targets["household_income_my_2007"].of.first,
                model=n.short(survey["quantiles"][2]),
            )
        return words

    def _short_incomes(self) -> str:
        _, n = self._, self.n
        own, across = self.rows.get("income_id"), self.rows.get("income_my")
        if own is None or across is None or not own["quantiles"] or not across["quantiles"]:
            return ""
        words = _(
            "The fitted model gives a product of US${own} per person and year on the Kalimantan side (90 % interval {own_low} to {own_high}) "
            "and of US${across} on the Sarawak side ({across_low} to {across_high}); the paper says {said_own} and {said_across}."
        ).format(
            own=n.short(own["quantiles"][2]), own_low=n.short(own["quantiles"][0]), own_high=n.short(own["quantiles"][-1]),
            across=n.short(across["quantiles"][2]), across_low=n.short(across["quantiles"][0]), across_high=n.short(across["quantiles"][-1]),
            said_own=n.number(own["observed"]), said_across=n.number(across["observed"]),
        )  # fmt: skip
        ratio = self._ratio()
        if ratio:
            words += " " + _("Their ratio is {middle} ({low} to {high}) in the model and {said} in the paper.").format(
                middle=n.number(ratio[2], 1), low=n.number(ratio[0], 1), high=n.number(ratio[-1], 1),
                said=n.number(across["observed"] / own["observed"], 1),
            )  # fmt: skip
        words += self._short_other_reading()
        if own["built_in"] and across["built_in"]:
            words += " " + _("Scale factors in the model can produce these incomes by themselves, so agreement with them proves nothing.")
        return words

    def _ratio(self) -> list[float] | None:
        """Quantiles of the quotient of the two incomes at the declared tolerance."""
        declared = self.rows["income_id"]["tolerance"] if "income_id" in self.rows else None
        for row in self.fit.get("tolerances") or ():
            if declared is not None and math.isclose(row["tolerance"], declared):
                return row["ratio"]
        return self.rows["income_ratio"]["quantiles"] if "income_ratio" in self.rows else None

    def _short_care(self) -> str:
        _ = self._
        most, fall = self.rows.get("care_majority"), self.rows.get("visits_fall")
        words = []
        if most is not None and most["quantiles"]:
            of = self.targets["care_majority"].of
            words.append(
                _(
                    "In the fitted model the chance that most care was sought in Sarawak in {first}–{last} is {after}; before any fact was "
                    "used it was {before}. The share sought across then is {middle} (90 % interval {low} to {high})."
                ).format(
                    first=of.first, last=of.last, after=self.share(most["pass"]), before=self.share(most["prior"]["pass"]), middle=self.value(most, most["quantiles"][2]),
                    low=self.value(most, most["quantiles"][0]), high=self.value(most, most["quantiles"][-1]),
                )
            )  # fmt: skip
        if fall is not None and (later := self.targets["visits_fall"].against) is not None:
            of = self.targets["visits_fall"].of
            words.append(
                _(
                    "The chance that fewer visits were made across in {later_first}–{later_last} than in {first}–{last} is {after}; before "
                    "any fact was used it was {before}."
                ).format(
                    first=of.first, last=of.last, later_first=later.first, later_last=later.last, after=self.share(fall["pass"]),
                    before=self.share(fall["prior"]["pass"]),
                )
            )  # fmt: skip
        return " ".join(words)

    def _short_reading(self) -> str:
        """The paper does not say which communities "most people" means: the chances in the other reading."""
        row = next((r for r in self.fit.get("readings") or () if r["reading"] == "care_majority_near"), None)
        if row is None or not {"care_majority", "care_majority_near"} <= set(self.rows):
            return ""
        _, near = self._, self.rows["care_majority_near"]
        words = _(
            "The paper does not say which communities are meant. For those near a clinic across, the chance that most "
            "care was sought there is {near} ({before} before any fact was used)."
        ).format(near=self.share(near["pass"]), before=self.share(near["prior"]["pass"]))
        if row["ess"] < LEAST_ESS:
            return words
        words += " " + _(
            "If the report is taken to mean only these, their chance is {near_alone}, and that of a majority of all border communities {all_alone}."
        ).format(near_alone=self.share(row["pass"]["care_majority_near"]), all_alone=self.share(row["pass"]["care_majority"]))
        if row["ess"] < ENOUGH_ESS:
            words += " " + _("These two chances are rough, since the reweighted draws have an effective sample size of only {ess}.").format(
                ess=self.n.number(row["ess"])
            )
        return words

    def _short_programme(self) -> str:
        _, n = self._, self.n
        if not {"care_majority", "visits_fall"} & set(self.rows):
            return ""
        if not {"all", "puskesmas_programme"} <= set(self.predictive):
            return _("What happens without the puskesmas programme is not known yet: those runs were not made.")
        on, off = (self.predictive[a]["targets"] for a in ("all", "puskesmas_programme"))
        words = [
            _(
                "To see the effect of the puskesmas programme, {runs} draws were run again with new random numbers, with the programme and without it."
            ).format(runs=n.number(self.predictive["puskesmas_programme"]["runs"]))
        ]
        if "care_majority" in on and "care_majority" in off:
            of = self.targets["care_majority"].of
            words.append(
                _("A majority across in {first}–{last}: {on} of the runs with it, {off} without.").format(
                    first=of.first, last=of.last, on=self.share(on["care_majority"]["pass"]), off=self.share(off["care_majority"]["pass"])
                )
            )  # fmt: skip
        if "visits_fall" in on and "visits_fall" in off:
            with_it, without = on["visits_fall"]["pass"], off["visits_fall"]["pass"]
            words.append(_("Fewer visits later: {on} with it, {off} without.").format(on=self.share(with_it), off=self.share(without)))
            if with_it is not None and without is not None:
                words.append(
                    _("So in this model the fall of visits comes mostly from the programme, as the paper says.")
                    if with_it - without >= 0.5
                    else _("So in this model the programme causes part of the fall.")
                    if with_it - without >= 0.1
                    else _("So in this model the fall does not depend on the programme: the paper's reason for it is not confirmed.")
                )
        if "care_share_fall" in off and (off["care_share_fall"]["pass"] or 0.0) > 0.5:
            words.append(
                _(
                    "The share of care sought across falls in {off} of the runs without it as well, since care at home improves in other ways too."
                ).format(off=self.share(off["care_share_fall"]["pass"]))
            )
        return " ".join(words)

    def _short_known(self) -> str:
        count = {kind: sum(p["known"] == kind for p in self.parameters) for kind in KNOWN}
        return self._(
            "Of the {total} uncertain numbers the facts inform {informed} (spread less than half of what it was) and weakly inform "
            "{weak}; they say nothing about {silent}. These last keep the ranges chosen by the authors: a result that depends on them"
            " depends on these assumptions, and its interval shows how uncertain it is."
        ).format(total=len(self.parameters), informed=count["informed"], weak=count["weak"], silent=count["prior only"])

    def alarm(self, alarm: Mapping[str, Any]) -> str:
        """One sentence for one alarm."""
        what = str(alarm.get("what"))
        if what == "piles_up":
            return self._piles_up(self.label(str(alarm.get("parameter", ""))), alarm.get("value"))
        said = alarm.get("value")
        value = float(said) if isinstance(said, (int, float)) else 0.0
        if what in ("coverage", "coverage of one", "ranks", "error", "simulated_truths"):
            return self._check_alarm(what, value, self.label(str(alarm.get("parameter", ""))), alarm)
        if what == "conflict":
            return self._conflict(str(alarm.get("target", "")), self.title(str(alarm.get("target", ""))))
        return (
            self._alarm_of_the_runs(what, value, self.label(str(alarm.get("parameter", ""))))
            or self._alarm_of_a_target(what, value, self.title(str(alarm.get("target", ""))))
            or self._("The fit raised the alarm “{what}”, which this page cannot describe: {values}.").format(
                what=shorten(alarm.get("what")), values=shorten(", ".join(str(v) for k, v in alarm.items() if k != "what"))
            )
        )

    def _piles_up(self, parameter: str, end: Any) -> str:
        _ = self._
        words = (
            _("“{parameter}” piles up at the lower end of its range.")
            if end == "low"
            else _("“{parameter}” piles up at the upper end of its range.")
        )
        return (
            words.format(parameter=parameter)
            + " "
            + _("The facts may favour values outside this range: the result depends on the range, or a mechanism is missing.")
        )

    def _alarm_of_the_runs(self, what: str, value: float, parameter: str) -> str:
        """Too few effective draws, or two methods that disagree; empty for other alarms."""
        _, n = self._, self.n
        if what == "ess":
            return _("The effective sample size is only {value}; intervals are rough.").format(value=n.short(value))
        if what == "weight":
            return _("A single run has {value} of the total weight; intervals are rough.").format(value=n.percent(value))
        if what == "disagreement":
            return _(
                "Two methods for the same posterior give means of “{parameter}” that are {value} of its spread apart; do not base a result on it."
            ).format(parameter=parameter, value=n.number(value, 2))
        return ""

    def _alarm_of_a_target(self, what: str, value: float, target: str) -> str:
        """A weak emulator, a missed target or a rare reading of a target; empty for other alarms."""
        _, n = self._, self.n
        if what == "emulator":
            return _("The emulator of “{target}” explains only {value} of its spread: the checks that use it are weak.").format(
                target=target, value=n.percent(max(0.0, value))
            )
        if what == "missed":
            return _(
                "The fit misses “{target}”: only {value} of the reports that the fitted model would give are as far off as the fact."
            ).format(target=target, value=n.percent(value, 1))
        if what == "median":
            return _("The median of “{target}” differs by {value} from the reported value.").format(
                target=target, value=self.signed_percent(value)
            )
        if what == "reading":
            return _(
                "If one of the facts is read as “{target}”, the effective sample size is only {value}: results for that reading are "
                "unreliable."
            ).format(target=target, value=n.number(value))
        return ""

    def _check_alarm(self, what: str, value: float, parameter: str, alarm: Mapping[str, Any]) -> str:
        _, n = self._, self.n
        way = _(METHODS[alarm["method"]]) if alarm.get("method") in METHODS else ""
        if what == "coverage":
            return _(
                "With the method “{way}”, {found} of the {promised} intervals contain the simulated truth: their coverage is wrong."
            ).format(found=n.percent(value, 1), promised=n.percent(float(alarm["promised"])), way=way)
        if what == "coverage of one":
            return _(
                "With the method “{way}”, the 90 % intervals of more than one parameter in twenty contain too few or too many simulated "
                "truths; the worst is “{parameter}”: {found}."
            ).format(way=way, parameter=parameter, found=n.percent(value))
        if what == "ranks":
            return _("With the method “{way}”, the ranks of simulated truths of “{parameter}” are not uniform (p = {p}).").format(
                parameter=parameter, way=way, p=n.short(value)
            )
        if what == "error":
            return _(
                "“{parameter}” is labelled informed, but with the method “{way}” its simulated truths are found with a mean error of "
                "{error} sd of the prior."
            ).format(parameter=parameter, error=n.number(value, 2), way=way)
        return _("Simulated truth {number} of “{parameter}” is {off} posterior sd away from the posterior mean.").format(
            number=alarm.get("number", "?"), parameter=parameter, off=n.number(value, 1)
        )

    def _conflict(self, name: str, title: str) -> str:
        words = self._(
            "The other facts do not predict “{target}”: the fitted model agrees with it only because this fact itself was fitted."
        ).format(target=title)
        row = next((r for r in self.fit.get("leave_one_out") or () if r["target"] == name), None)
        if row is None or name not in self.rows:
            return words
        low, middle, high = (self.value(self.rows[name], v) for v in row["predicted"])
        return words + " " + self._("Without it the model gives {middle} ({low} to {high}).").format(middle=middle, low=low, high=high)

    def unknown(self) -> list[str]:
        """What cannot be known from these facts."""
        return [p for p in (self._calendar(), self._contacts(), self._silent(), self._built_in()) if p]

    def _calendar(self) -> str:
        """What is not known about the opening of each puskesmas."""
        return self._(
            "When each puskesmas opened: no list was found. Each run draws the year of each facility from the years that are possible, so what is not known of "
            "the calendar is in the spread between runs, and no parameter stands for it."
        )

    def _contacts(self) -> str:
        """What is not known about how much care there was."""
        _, n = self._, self.n
        contacts = self.rows.get("care_contacts")
        if contacts is None or not contacts["quantiles"]:
            return ""
        middle, of = contacts["quantiles"][2], self.targets["care_contacts"].of
        words = _(
            "How much care there was at all: the fitted model has {model} visits per 1,000 people and year in {first}–{last} (90 % "
            "interval {low} to {high}); ordinary rural districts of Indonesia then had about {said}."
        ).format(
            first=of.first, last=of.last, model=self.value(contacts, middle), low=self.value(contacts, contacts["quantiles"][0]),
            high=self.value(contacts, contacts["quantiles"][-1]), said=n.number(contacts["observed"]),
        )  # fmt: skip
        most, before, after = self.rows.get("care_majority"), contacts["prior"]["pass"], contacts["pass"]
        if most and (most["pass"] or 0.0) >= 0.5 and None not in (before, after) and after < before / 2:
            words += " " + _(
                "Within its tolerance {before} of the runs agree with that figure before the facts and {after} after them: the model has"
                " a majority across mostly in runs in which few people were treated anywhere. A count of visits from the border would be"
                " more informative than any other fact."
            ).format(before=self.share(before), after=self.share(after))
        return words

    def _silent(self) -> str:
        """The subjects about which the fitted facts say nothing directly."""
        _ = self._
        counted = []
        for subject, prefixes in SILENT.items():
            mine = [p for p in self.parameters if p["parameter"].startswith(prefixes)]
            if mine:
                silent = sum(p["known"] == "prior only" for p in mine)
                counted.append(
                    _("{subject} ({silent} of {total} numbers unchanged)").format(subject=_(subject), silent=silent, total=len(mine))
                )
        return _("No fitted fact is directly about: {subjects}.").format(subjects="; ".join(counted)) if counted else ""

    def _built_in(self) -> str:
        """The fitted facts that one number alone can reach."""
        built_in = [self.title(t.id) for t in self.targets.fit if t.built_in]
        other = [self.title(t.id) for t in self.targets.fit if not t.built_in]
        if not built_in:
            return ""
        return self._(
            "{count} of the {total} fitted facts can be met by one scale or one guessed number alone, so meeting them shows nothing: "
            "{names}."
        ).format(count=len(built_in), total=len(built_in) + len(other), names="; ".join(built_in))
