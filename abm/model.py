"""The border as a Mesa model: state in frames, the month's list of rules, results.

>>> from abm import BorderModel, Scenario
>>> model = BorderModel(Scenario.load("no-puskesmas"), households=300, rng=7)  # doctest: +SKIP
>>> model.run()  # doctest: +SKIP
>>> model.results.yearly  # doctest: +SKIP
"""

from __future__ import annotations

import itertools
import operator
import platform
import threading
import types
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import mesa
import numpy as np
from mesa.agent import AgentSet
from mesa.experimental.scenarios import Scenario as MesaScenario

from abm import populate, saving
from abm.errors import ManifestError, UserError, shorten
from abm.history import SeriesParameters, make_series
from abm.kinship import Kin, make_ties
from abm.kinship import Parameters as Kinship
from abm.month import MONTH
from abm.own_rules import own_rules, swap
from abm.parameters import START_ONLY, Scenario, ScenarioError, Settings, check_fitted, month_text
from abm.region import REGIONS, Region, month_number, regions
from abm.results import Facts, Record, Results
from abm.results.record import S, close_year, record_ties
from abm.world import Parameters as Travel
from abm.world import World
from agents.core.compiled import entry, plain
from agents.core.declare import CALL_ARGUMENTS, PARAMETERS, RULES, Rule, argument_names, near
from agents.core.frame import AgentFrame
from agents.core.view import AgentView, Household, Official, Trader
from agents.household.keep_ties import Parameters as KeepTies
from agents.household.seek_care import Parameters as SeekCare

MOST_HOUSEHOLDS = 5_000_000
#: Months in which work settles before January 1980.
SETTLING_MONTHS = 36
#: Below this many households threads cost more than they bring.
THREADS_FROM = 100_000
_VIEWS: dict[str, type[AgentView]] = {"household": Household, "trader": Trader, "official": Official}


class Bound(NamedTuple):
    """What a rule is called with, as it stays while no agent comes or goes: found once, not every month."""

    stamp: tuple[Any, ...]
    columns: list[np.ndarray]
    n: int
    #: Which of ``columns`` are rows of the record, so others every month, and their names.
    monthly: tuple[tuple[int, str], ...]
    #: Which of CALL_ARGUMENTS the loop takes before the columns.
    lead: tuple[int, ...]


class StoppedError(RuntimeError):
    """The run was asked to stop before its end."""


class RunScenario(MesaScenario):
    """The scenario of a run in the form that Mesa's page asks for: it has the scenario's attributes, and its class, called
    without arguments, gives the same scenario again (so the page's Reset keeps it)."""

    _said: Scenario

    def __init__(self, **other: Any) -> None:
        super().__init__(rng=None)

    def __getattr__(self, name: str) -> Any:
        return getattr(type(self)._said, name)

    def __eq__(self, other: object) -> bool:
        return self._said == getattr(other, "_said", other)

    def __hash__(self) -> int:
        return hash(self._said.hash)

    def to_dict(self) -> dict[str, Any]:
        """The scenario in full, as plain data."""
        return self._said.to_dict()


class BorderModel(mesa.Model):
    """Households, traders and officials on both sides of the border, month by month.

    Parameters
    ----------
    scenario : Scenario, name or path of one; the history when left out.
    region : Region, or its name or folder.
    households : number of simulated households, both sides together.
    rng : seed (a non-negative integer); everything random is a function of it.
    threads : run household loops on so many threads; the results are the same bytes.
    rules : own one-agent functions in place of shipped ones, by rule name, e.g. ``{"household.fall_ill": my_severity}``
        (the first function of the rule) or ``{"household.seek_care.choose_care": …}``.
    follow : uids of households whose decisions are traced (see :attr:`traces`).
    fitted : values in place of the declared starting values of uncertain parameters, by name; the region's when left out,
        ``{}`` for the declared ones. What the scenario sets holds over them.
    """

    def __init__(
        self,
        scenario: Scenario | RunScenario | str | Path | None = None,
        *,
        region: Region | str | Path = "west-kalimantan-sarawak",
        households: int = 2000,
        rng: int | None = 7,
        threads: int = 1,
        rules: Mapping[str, Callable[..., Any]] | None = None,
        follow: Iterable[int] = (),
        fitted: Mapping[str, float] | None = None,
    ) -> None:
        seed = _whole("seed", rng if rng is not None else 7, 0, 2**62)
        households = _whole("households", households, 60, MOST_HOUSEHOLDS)
        threads = _whole("threads", threads, 1, 256)
        if isinstance(scenario, RunScenario):
            scenario = scenario._said
        self._said = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario or "history")
        super().__init__(rng=seed)
        self.seed_of_run = seed
        self.region = region if isinstance(region, Region) else Region.load(region)
        self.n_households, self.threads = households, threads
        self.n_months = self._said.n_months
        self.month = 0
        self._is_winding = False
        self._draws_of: int | None = None
        #: Fitted values of this run by parameter, and the posterior they come from (None where that is not known).
        self.fitted = dict(self.region.fitted) if fitted is None else check_fitted(fitted, self._said.widen)
        self.fitted_from = self.region.fitted_from if self.fitted == self.region.fitted else None
        self.settings = Settings(self._said, self.fitted)
        self.world = World(self.region, self.n_months)
        for change in self._said.events:
            if change.name.startswith("crossing.") and change.name[9:-5] not in ("all", *self.world.crossing_names):
                known = self.world.crossing_names
                raise ScenarioError(
                    f"scenario '{self._said.name}': there is no crossing '{change.name[9:-5]}'; {near(change.name[9:-5], known)}"
                )
            if change.name.startswith("crossing.") and change.name[9:-5] in self._paths():
                raise ScenarioError(
                    f"scenario '{self._said.name}': '{change.name[9:-5]}' is an unofficial path, which nobody opens or closes: "
                    f"name a post or a traditional crossing, or leave the event out"
                )
        own = own_rules(rules)
        self._rules = swap(own)
        self.swapped = sorted(own)
        self._series = {on: make_series(self.region, self.n_months, on, self.settings.of(SeriesParameters)) for on in (True, False)}
        self._crisis_of_month = np.ones(self.n_months, dtype=bool)
        self.record = Record(self.n_months, self.world.n_places, len(self.world.crossing_names), len(self.world.district_names))
        self._bound: dict[str, Bound] = {}
        self._entries: dict[str, Callable[..., Any]] = {}
        self._views: dict[tuple[str, int], AgentView] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._branched = False
        self._follow: list[int] = []  # nobody is followed before January 1980
        self.traces: list[dict[str, Any]] = []
        self._closed_known: tuple[dict[str, bool], np.ndarray] | None = None  # what is closed, and which crossings are open then
        self._line = np.zeros(self.world.n_places)  # the poverty line of the year so far
        self._found()
        self._follow = self._to_follow(follow)

    # ---- the start ---------------------------------------------------------------------------------------------------

    def _found(self) -> None:
        """Make the people, then the state of January 1980 before its first step."""
        world, p = self.world, self.settings.of(populate.Parameters)
        seed = self.seed_of_run
        self.frames: dict[str, AgentFrame] = {"household": populate.make_households(seed, world, self.n_households, p)}
        self.frames["trader"] = populate.make_traders(seed, world, self.frames["household"], p)
        self.frames["official"] = populate.make_officials(seed, world, p)
        budget = self.settings.of(_parameters("official.spend_budget"))
        start = np.where(world.district["side"] == 0, budget.start_id, budget.start_my)
        for stock in ("road", "clinic", "hospital", "other"):
            world.district[stock][:] = start
        self._stock_start = {"clinic": world.district["clinic"].copy(), "hospital": world.district["hospital"].copy()}
        officials = self.frames["official"]
        posture = self.settings.of(_parameters("official.set_posture"))
        base = np.where(officials["side"] == 0, posture.doctrine_id, posture.doctrine_my)
        officials["doctrine"][:] = np.clip(base + officials["leaning"], 0.0, 1.0)
        for c in range(len(world.crossing_names)):
            at = officials["crossing"] == c
            if at.any():
                doctrine = officials["doctrine"][at].mean()
                world.crossing["honest"][c] = officials["honesty"][at].mean()
                world.crossing["strictness"][c] = (
                    posture.strictness_security + (posture.strictness_prosperity - posture.strictness_security) * doctrine
                )
            else:
                world.crossing["honest"][c] = 1.0
        world.place["adults"][:] = self._sum_by_place(self.frames["household"]["n_adults"])
        self._open_state = np.zeros(len(world.crossing_names), dtype=bool)
        self._set_policy()
        self._set_open()
        self._settle()
        s = self.series
        side = world.place["side"]
        rate = np.where(side == 0, s.idr_per_usd[0], s.myr_per_usd[0])
        world.place["price"][:] = s.world_price[0] * rate[:, None] * s.markup[side]
        wage = np.where(side == 0, *(self.settings.of(_parameters("world.set_month"))[:2])) * s.base[side] * s.wage_index[0, side]
        h = self.frames["household"]
        at = h["place"].astype(int)
        h["income_mean"][:] = 0.6 * h["n_adults"] * wage[at] * h["ability"]
        h["savings"][:] = h["income_mean"]
        world.place["income_last"][:] = self._sum_by_place(h["income_mean"])
        world.place["output_last"][:] = 20.0 * world.place["adults"]
        jobs = self.settings.of(_parameters("world.set_month"))
        share = np.where(side == 0, jobs.jobs_id, jobs.jobs_my) * np.exp(jobs.jobs_elasticity * np.log(s.real_income[0, side]))
        from abm.kinship import draw

        u = draw(self.seed_of_run, populate.FIRST_JOB, h["uid"], h["activity"].shape[1])
        h["activity"][:] = np.where(h["activity"] < 0, -1, (u < share[at][:, None]).astype(np.int8))
        ties = make_ties(
            self.seed_of_run, h["uid"], at, world.population, world.groups, world.hours_between, side, self.settings.of(Kinship)
        )
        self.kin = Kin(h, ties, world.hours_between, side, None, self._income_gap(), self.settings.of(Kinship), self.settings.of(KeepTies))
        c = self.kin.columns
        kept = self.settings.of(KeepTies).enough
        if self.settings.on["kinship"]:
            total = np.array([c["strength"][a:b].sum() for a, b in zip(c["first_across"], c["end"], strict=True)], dtype=float)
            h["support_across"][:] = total / (total + kept)
        self._settle_work()
        self.purse_at_start = [float((h["savings"] * h["weight"])[h["side"] == k].sum()) for k in (0, 1)]

    def _settle_work(self) -> None:
        """Let people look for work under the conditions of January 1980 until it has settled, so that the first years show no start.

        The draws of these months are those of the months before 1980, counted down from -1.
        """
        self._first_year()
        self.run_rule(RULES["world.set_month"])
        self.run_rule(RULES["official.inspect"])
        for month in range(-SETTLING_MONTHS, 0):
            self._draws_of = month
            for name in ("household.choose_work", "household.offer_jobs", "household.get_work"):
                self.run_rule(RULES[name])
            self.world.place["job_holders"][:] = 0.0
            self.world.place["job_seekers"][:] = 0.0
        self._draws_of = None
        self.run_rule(RULES["household.remember"])

    def _paths(self) -> list[str]:
        """Names of the unofficial crossings."""
        return [name for name, is_path in zip(self.world.crossing_names, self.world.crossing["is_path"], strict=True) if is_path]

    def _to_follow(self, said: Any) -> list[int]:
        """The uids of the households to follow, all of which exist."""
        try:
            uids = [operator.index(u) for u in said]
        except TypeError:
            raise UserError(
                f"follow = {shorten(repr(said))} is not a list of whole numbers: give uids of households, as in frames['household']['uid']"
            ) from None
        for uid in uids:
            try:
                self.frames["household"].row(uid)
            except (KeyError, OverflowError):
                raise UserError(
                    f"follow: no household has uid {shorten(uid)}; uids of this run stand in frames['household']['uid'], "
                    f"for example {self.frames['household']['uid'][0]}"
                ) from None
        return uids

    def _sum_by_place(self, values: np.ndarray) -> np.ndarray:
        h = self.frames["household"]
        return np.bincount(h["place"], h["weight"] * values, self.world.n_places)

    def _income_gap(self) -> float:
        """Logarithm of national product per head there over here, at the month's rates, no less than 0."""
        s, t = self.series, self.month
        usd = s.base * s.real_income[t] * s.cpi[t] / 100.0 / np.array([s.idr_per_usd[t], s.myr_per_usd[t]])
        return float(max(np.log(usd[1] / usd[0]), 0.0))

    # ---- the month ---------------------------------------------------------------------------------------------------

    @property
    def scenario(self) -> Any:
        """The scenario of this run."""
        return type("RunScenario", (RunScenario,), {"_said": self._said})()

    @scenario.setter
    def scenario(self, scenario: Any) -> None:
        # Mesa hands in a scenario object of its own; ours is frozen and known already
        del scenario

    @property
    def series(self) -> Any:
        """The series in force: the real history, or the declared one without the crisis."""
        return self._series[self.settings.on["crisis"]]

    @property
    def months_run(self) -> int:
        """Months simulated so far."""
        return self.month

    def step(self) -> None:
        """Simulate one month."""
        if self._is_winding:
            return
        if self.month >= self.n_months:
            self.running = False
            return
        self.crossing_changed = False
        for step in MONTH:
            if step.function is not None:
                step.function(self)
            else:
                assert step.rule is not None
                self.run_rule(step.rule)
        self._record_month()
        self.month += 1
        if self.month >= self.n_months:
            self.running = False

    def run(self, progress: Callable[[int, int], None] | None = None, stop: threading.Event | None = None) -> BorderModel:
        """Run to the scenario's end; ``progress(months_done, months)`` after each month; raises StoppedError on ``stop``."""
        while self.month < self.n_months:
            if stop is not None and stop.is_set():
                raise StoppedError("the run was stopped before its end")
            self.step()
            if progress is not None:
                progress(self.month, self.n_months)
        return self

    def run_rule(self, rule: Rule) -> None:
        """Run one rule over all its agents, in blocks on threads where that was asked for."""
        bound = self._bind(rule)
        columns = bound.columns
        if self._follow and self._draws_of is None and rule.rows == "household" and rule.decide:
            self._trace(rule, tuple(columns))
        month = self.month if self._draws_of is None else self._draws_of
        p = self.settings.of(rule.parameters) if rule.parameters else None
        q = self.settings.of(rule.other_parameters) if rule.other_parameters else None
        given = (0, bound.n, self.seed_of_run, month, p, q)  # in the order of CALL_ARGUMENTS
        arguments = (*[given[k] for k in bound.lead], *columns)
        call = self._entries.get(rule.name)
        if call is None:
            call = self._entries[rule.name] = entry(self._rules.get(rule.name, rule.loop), arguments)
        if rule.rows == "household" and self.threads > 1:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.threads)
            work = [self._pool.submit(call, *((a, b, *given[2:])[k] for k in bound.lead), *columns) for a, b in self._blocks()]
            for one in work:
                one.result()
        else:
            call(*arguments)

    def _blocks(self) -> list[tuple[int, int]]:
        """Rows in as many blocks as threads, cut between communities so that each community's sums have one writer."""
        bounds = self.frames["household"].bounds(self.world.n_places)
        n = int(bounds[-1])
        cuts = sorted({0, n, *(int(bounds[np.abs(bounds - n * k // self.threads).argmin()]) for k in range(1, self.threads))})
        return [(a, b) for a, b in itertools.pairwise(cuts) if b > a]

    def column(self, name: str) -> np.ndarray:
        """The live array of a declared column, e.g. ``household.savings`` or ``place.price``."""
        entity, field = name.split(".")
        if entity in self.frames:
            return self.frames[entity][field]
        if entity == "series":
            return getattr(self.series, field)
        if entity == "kin":
            return self.kin.columns[field]
        if entity == "record":
            return getattr(self.record, field)[self.month]
        return getattr(self.world, entity)[field]

    def _arguments(self, rule: Rule) -> tuple[tuple[Any, ...], int]:
        """Columns in the order of the loop's arguments (what is only read cannot be written), and the number of rows."""
        bound = self._bind(rule)
        return tuple(bound.columns), bound.n

    def _bind(self, rule: Rule) -> Bound:
        frames = self.frames
        stamp = (frames["household"].version, frames["trader"].version, frames["official"].version, self.settings.on["crisis"])
        bound = self._bound.get(rule.name)
        if bound is not None and bound.stamp == stamp:
            for at, name in bound.monthly:
                bound.columns[at] = self.column(name)
            return bound
        columns = []
        for name in rule.reads:
            view = self.column(name).view()
            view.flags.writeable = False
            columns.append(view)
        columns += [self.column(name) for name in rule.writes]
        monthly = tuple((at, name) for at, name in enumerate(rule.writes, len(rule.reads)) if name.startswith("record."))
        lead = tuple(CALL_ARGUMENTS.index(a) for a in argument_names(rule.loop) if a in CALL_ARGUMENTS)
        self._entries.pop(rule.name, None)  # columns made anew may be of another type
        bound = self._bound[rule.name] = Bound(stamp, columns, self.rows_of(rule.rows), monthly, lead)
        return bound

    def rows_of(self, entity: str) -> int:
        """How many rows the columns of an entity have."""
        if entity in self.frames:
            return len(self.frames[entity])
        return len(next(iter(getattr(self.world, entity).values())))

    def take_over_events(self) -> None:
        """Apply the scenario's changes of this month, the region's dated events, and openings of crossings."""
        changed = self.settings.apply(self.month)
        if changed or self.month == 0:
            self._set_policy()
        self._crisis_of_month[self.month] = self.settings.on["crisis"]
        if self.settings.on["doctrine_change"]:
            for row in self._events_at(self.month):
                if row["target"] == "official.doctrine":
                    sides = {"id": (0,), "my": (1,), "both": (0, 1)}[row["side"]]
                    for s in sides:
                        self.world.policy["turn"][s] += float(row["value"])
        self.crossing_changed = self._set_open() or changed or self._branched
        self._branched = False

    def _events_at(self, month: int) -> list[Any]:
        if not hasattr(self, "_events_by_month"):
            self._events_by_month: dict[int, list[Any]] = {}
            for row in self.region.events.to_dict("records"):
                self._events_by_month.setdefault(month_number(str(row["month"])), []).append(row)
        return self._events_by_month.get(month, [])

    def _set_policy(self) -> None:
        on, policy = self.settings.on, self.world.policy
        policy["enforced"][0] = on["enforcement"]
        policy["invests"][0] = on["infrastructure_investment"]
        policy["has_programme"][0] = on["puskesmas_programme"]
        policy["prices_move"][0] = on["price_adjustment"]
        policy["may_trade"][:] = (on["traditional_trade"], on["undeclared_trade"], on["bribery"])
        policy["may_cross"][:] = (on["cross_border_work"], on["undocumented_work"])
        if hasattr(self, "kin"):
            self.kin.columns["is_on"][0] = on["kinship"]

    def _set_open(self) -> bool:
        """Which crossings let people pass with papers this month; True when that changed."""
        world, closed = self.world, self.settings.closed
        if self._closed_known is None or closed != self._closed_known[0]:
            is_path = world.crossing["is_path"] > 0
            open_now = np.array([not (closed.get(name, closed.get("all", False))) for name in world.crossing_names]) & ~is_path
            self._closed_known = dict(closed), open_now
        open_now = self._closed_known[1]
        world.crossing["is_open"][:] = open_now
        world.crossing["is_post"][:] = world.is_post_kind & (world.opened <= self.month)
        changed = open_now is not self._open_state and not np.array_equal(open_now, self._open_state)
        self._open_state = open_now
        return changed

    def renew_year(self) -> None:
        """In January: budgets and stocks, then access. Otherwise access again when a crossing or the scenario changed."""
        if self.month % 12 == 0:
            if self.month > 0:
                self.world.policy["real_income"][:] = self.series.real_income[self.month]
                self.run_rule(RULES["official.spend_budget"])
            else:
                self._first_year()
            self._settle()
            self.record.near[self.month // 12] = self._near()
        elif self.crossing_changed:
            self._settle()

    def _first_year(self) -> None:
        """Budget and patrols of 1980, with the stocks left as they are given for its start."""
        self.world.policy["real_income"][:] = self.series.real_income[0]
        district = self.world.district
        stocks = {k: district[k].copy() for k in ("road", "clinic", "hospital", "other")}
        self.run_rule(RULES["official.spend_budget"])
        for name, values in stocks.items():
            district[name][:] = values
        self._set_patrols()

    def _settle(self) -> None:
        world, travel = self.world, self.settings.of(Travel)
        year = 1980 + self.month // 12
        world.set_quality(self._stock_start)
        world.travel(year, world.district["road"])
        standing = world.facility_open(year, travel.puskesmas_delay, self.settings.on["puskesmas_programme"])
        world.settle_access(travel, self.settings.of(SeekCare), standing, self._open_state, self.settings.on["cross_border_care"])
        self._set_patrols()
        if hasattr(self, "kin"):
            self.kin.renew_contact(world.hours_between, self.frames["household"]["place"], self.settings.of(Kinship))
            if self.month % 12 == 0:  # a yearly figure: a change of ways in between must not renew it
                self.kin.columns["income_gap"][0] = self._income_gap()

    def _set_patrols(self) -> None:
        """Both sides patrol a crossing: the mean of the two districts."""
        crossing, patrol = self.world.crossing, self.world.district["patrol"]
        crossing["patrol"][:] = 0.5 * (patrol[crossing["district_id"]] + patrol[crossing["district_my"]])

    def _near(self) -> np.ndarray:
        """Places within the set hours of a primary clinic across."""
        hours = self.world.place["hours_care"][:, 2]
        return (self.world.place["facility_care"][:, 2] >= 0) & (hours <= self.settings.of(Travel).near_hours)

    def _record_month(self) -> None:
        world, record, t = self.world, self.record, self.month
        record.cost_of_living[t] = world.place["cost_of_living"]
        record.strictness[t] = world.crossing["strictness"]
        record.stock[t, :, 0], record.stock[t, :, 1] = world.district["road"], world.district["clinic"]
        record.security[t] = world.district["split"][:, 0]
        officials = self.frames["official"]
        record.doctrine[t] = np.bincount(officials["side"], officials["doctrine"], 2) / np.maximum(
            np.bincount(officials["side"], minlength=2), 1
        )
        record.care_crossing[t], record.work_crossing[t] = world.place["crossing_care"][:, 2:], world.place["crossing_work"][:, 2:]
        record.trade_crossing[t], record.partner[t] = world.trade_link["crossing"], world.trade_link["partner"][:, 0]
        record.hours_care[t] = world.place["hours_care"]
        c = self.kin.columns
        record_ties(0, len(self.frames["household"]), c["first"], c["first_across"], c["end"], c["strength"], record.ties[t])
        world.place["income_last"][:] = record.sums[t, :, S["income"]]
        rubber_value = np.maximum(record.sums[t, :, S["income_farm"]], 0.0)
        world.place["output_last"][:] = np.maximum(0.5 * rubber_value / np.maximum(world.place["farm_gate"][:, 1], 1e-9), 1.0)
        self._line += world.place["subsistence"]
        if t % 12 == 11:
            self._close_year(t // 12)

    def _close_year(self, year: int) -> None:
        h = self.frames["household"]
        persons = h["n_adults"].astype(float) + h["n_children"]
        self.record.poor[year], self.record.gini[year] = close_year(
            h["place"], h["side"], h["weight"], persons, h["income_year"], self._line
        )
        h["income_year"][:] = 0.0
        self._line = np.zeros(self.world.n_places)

    # ---- results and identity ------------------------------------------------------------------------------------------

    @property
    def results(self) -> Results:
        """Tables of the months run so far."""
        known = self.__dict__.get("_results")
        if known is None or known.n_months != self.month:
            known = self.__dict__["_results"] = Results(self.record, Facts.of(self))
        return known

    def series_of_run(self) -> dict[str, np.ndarray]:
        """Rates and national product of the months run so far, as the run met them."""
        n = self.month
        on = self._crisis_of_month[:n]
        names = ("idr_per_usd", "myr_per_usd", "national_usd")
        return {k: np.where(on, getattr(self._series[True], k)[:n], getattr(self._series[False], k)[:n]) for k in names}

    def _region_name(self) -> str:
        """How to find the region again: its name where it ships, its folder otherwise."""
        return self.region.id if self.region.id in regions() and REGIONS / self.region.id == self.region.folder else str(self.region.folder)

    def _fitted_said(self) -> dict[str, Any]:
        return {"posterior": self.fitted_from, "parameters": dict(self.fitted)}

    def manifest(self) -> dict[str, Any]:
        """All that is needed to run this again, and what it was run with."""
        packages = ("lintas", "mesa", "numpy", "pandas", "networkx", "numba")
        return {
            "format": 1,
            "lintas": metadata.version("lintas"),
            "scenario": self._said.to_dict(),
            "scenario_hash": self._said.hash,
            "region": {"id": self.region.id, "hash": self.region.hash, "where": self._region_name()},
            "fitted": self._fitted_said(),
            "households": self.n_households,
            "seed": self.seed_of_run,
            "threads": self.threads,
            "rules_swapped": self.swapped,
            "switched_off": sorted(n for n, on in self.settings.on.items() if not on),
            "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in packages}},
            "platform": platform.platform(),
        }

    @classmethod
    def from_manifest(cls, said: Mapping[str, Any], allow_other: bool = False) -> BorderModel:
        """The model that a manifest describes, before its first month; refuses another version or other data."""
        read = saving.RunManifest.read(said)
        if read.rules_swapped:
            raise ManifestError(
                f"this run used rules of its own ({shorten(', '.join(read.rules_swapped))}): run it from the script that holds them"
            )
        here = metadata.version("lintas")
        if read.lintas != here and not allow_other:
            raise ManifestError(
                f"the manifest was written by lintas {shorten(read.lintas, 20)}, this is {here}: install that version to reproduce it"
            )
        try:
            region = Region.load(read.region.id if read.region.where is None else read.region.where)
        except UserError as exc:
            raise ManifestError(f"the manifest's region cannot be used: {exc}") from exc
        if read.region.hash != region.hash and not allow_other:
            raise ManifestError(
                f"the data of region '{region.id}' have changed since the manifest was written: the numbers would not be the same"
            )
        try:
            model = cls(
                Scenario.from_dict(read.scenario),
                region=region,
                households=read.households,
                rng=read.seed,
                threads=read.threads,
                fitted=read.fitted.parameters,
            )
            model.fitted_from = read.fitted.posterior  # which the region may no longer name
            return model
        except UserError as exc:
            raise ManifestError(f"the manifest cannot be run again: {exc}") from exc

    # ---- save, continue, branch ------------------------------------------------------------------------------------------

    def save(self, path: str | Path) -> None:
        """Write the whole state to a file (temp file, then renamed), to be continued with :meth:`load`."""
        saving.save(self, path)

    @classmethod
    def load(
        cls, path: str | Path, scenario: Scenario | str | None = None, rules: Mapping[str, Callable[..., Any]] | None = None
    ) -> BorderModel:
        """Continue a saved run, under its own scenario or another one from here on (a branch).

        A run with rules of its own is continued with the same ``rules``: functions are not saved.
        """
        said, arrays = saving.read(path)
        shown, given = shorten(path), sorted(own_rules(rules))
        if said.rules != given:
            names = [", ".join(r) or "none" for r in (said.rules, given)]
            raise UserError(
                f"{shown} was saved by a run with these rules of its own: {shorten(names[0])}; given are: {shorten(names[1])}; give the same as "
                f"rules="
            )
        own = Scenario.from_dict(said.scenario)
        if isinstance(scenario, RunScenario):
            scenario = scenario._said
        chosen = own if scenario is None else scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
        if chosen.n_months < said.month:
            raise UserError(
                f"{shown} was saved after {month_text(said.month - 1)}, but scenario '{chosen.name}' ends in {chosen.end}: give one that ends later"
            )
        fitted = check_fitted(said.fitted.parameters, own.widen)
        model = cls(chosen, region=said.region, households=said.households, rng=said.seed, threads=said.threads, rules=rules, fitted=fitted)
        model.fitted_from = said.fitted.posterior
        if model.region.hash != said.region_hash:
            raise UserError(f"the data of region '{model.region.id}' have changed since {shown} was saved")
        for name in (n for n in PARAMETERS if n.startswith(START_ONLY)):
            if model.settings.values[name] != said.values[name]:
                raise UserError(
                    f"scenario '{chosen.name}' sets {name} = {model.settings.values[name]:g}, which only shapes the world of January 1980, and the "
                    f"run in {shown} started with {said.values[name]:g}: start a new run for it"
                )
        saving.check_arrays(model, arrays, said.month, f"{shown} is not a saved run that lintas wrote")
        model._restore(said, arrays, own_scenario=scenario is None)
        return model

    def _restore(self, said: saving.Said, arrays: Mapping[str, np.ndarray], own_scenario: bool) -> None:
        saving.restore(self, said, arrays, own_scenario=own_scenario)
        self._set_policy()
        # another scenario may reach other facilities and crossings: work access out again before its first month
        self._branched = not own_scenario
        self.world.travel(1980 + max(self.month - 1, 0) // 12, self.world.district["road"])
        # Mesa's clock is moved by Mesa itself, with months that do nothing
        if self.month > 0:
            self._is_winding = True
            self.run_for(self.month)
            self._is_winding = False
        self._bound.clear()
        self._views.clear()

    # ---- agents, as Mesa sees them ----------------------------------------------------------------------------------------

    def _view(self, entity: str, uid: int) -> AgentView:
        key = (entity, int(uid))
        if key not in self._views:
            self._views[key] = _VIEWS[entity](self, self.frames[entity], int(uid))
        return self._views[key]

    def household(self, uid: int) -> Household:
        """The household with this uid."""
        self.frames["household"].row(uid)
        return self._view("household", uid)  # type: ignore[return-value]

    def kinship_graph(self) -> Any:
        """The ties of this month as a networkx graph (nodes are uids with place and side; edges carry strength and ``across``)."""
        return self.kin.graph(self.frames["household"], self.world.place_names)

    def _set_of(self, entities: Iterable[str]) -> AgentSet:
        views = [self._view(e, int(u)) for e in entities for u in self.frames[e]["uid"]]
        return AgentSet(views, random=self.random)

    @property
    def agents(self) -> AgentSet:  # type: ignore[override]
        """All agents as views, made now: costly for a large world."""
        return self._set_of(_VIEWS)

    @property
    def agents_by_type(self) -> Mapping[type, AgentSet]:  # type: ignore[override]
        """Agents of each type; a type's views are made when it is asked for."""
        return _ByType(self)

    @property
    def agent_types(self) -> list[type]:
        """The kinds of agents."""
        return list(_VIEWS.values())

    def add_household(self, place: str, **columns: Any) -> Household:
        """Add one household to a community (for experiments and tests); it has no ties and weight 0 unless given."""
        if place not in self.world.place_names:
            raise UserError(f"there is no place '{place}' with households; {near(place, self.world.place_names)}")
        q = self.world.place_names.index(place)
        frame = self.frames["household"]
        number = 1_000_000 + len(frame)
        made = populate.household_columns(self.seed_of_run, self.world, q, np.array([number]), self.settings.of(populate.Parameters))
        made["weight"] = np.zeros(1)
        made |= {k: np.asarray([v]) for k, v in columns.items()}
        strengths = self.kin.strengths()
        owners = frame["uid"][self.frames["trader"]["household"]]
        frame.add(made)
        self.frames["trader"]["household"][:] = frame.rows(owners)
        self.kin = Kin(frame, self.kin.ties, self.world.hours_between, self.world.place["side"], strengths,
                       float(self.kin.columns["income_gap"][0]), self.settings.of(Kinship), self.settings.of(KeepTies))  # fmt: skip
        self._set_policy()
        self._views.clear()
        return self.household(int(made["uid"][0]))

    # ---- following a household ----------------------------------------------------------------------------------------------

    def _trace(self, rule: Rule, arguments: tuple[Any, ...]) -> None:
        """Run the rule's loop as plain Python on copies for each followed household, noting what every one-agent function saw and said."""
        import inspect

        loop = plain(self._rules.get(rule.name, rule.loop))
        names = argument_names(rule.loop)
        for uid in self._follow:
            row = self.frames["household"].row(uid)
            log: list[dict[str, Any]] = []
            swapped: dict[str, Any] = {}
            for function in rule.decide:
                bare = plain(loop.__globals__[plain(function).__name__])  # the user's own, where one stands in place of it
                labels = list(inspect.signature(bare).parameters)

                def note(*values: Any, _bare: Any = bare, _labels: list[str] = labels, _log: list[Any] = log) -> Any:
                    answer = _bare(*values)
                    seen = {k: (v if not hasattr(v, "_fields") else type(v).__name__) for k, v in zip(_labels, values, strict=True)}
                    _log.append({"function": _bare.__name__, "inputs": seen, "answer": answer})
                    return answer

                swapped[bare.__name__] = note
            traced = types.FunctionType(loop.__code__, {**loop.__globals__, **swapped}, loop.__name__)
            lead: dict[str, Any] = {"start": row, "stop": row + 1, "seed": self.seed_of_run, "month": self.month}
            lead["p"] = self.settings.of(rule.parameters) if rule.parameters else None
            lead["q"] = self.settings.of(rule.other_parameters) if rule.other_parameters else None
            given = iter([np.array(a, copy=True) if isinstance(a, np.ndarray) else a for a in arguments])
            traced(*(lead[k] if k in lead else next(given) for k in names))
            self.traces.append({"month": self.month, "uid": uid, "rule": rule.name, "calls": log})


class _ByType(Mapping):
    """Agents by type, each set made when asked for."""

    def __init__(self, model: BorderModel) -> None:
        self._model = model
        self._names = {cls: name for name, cls in _VIEWS.items()}

    def __getitem__(self, cls: type) -> AgentSet:
        if cls not in self._names:
            raise KeyError(f"no agents of type {getattr(cls, '__name__', cls)}; there are {', '.join(c.__name__ for c in self._names)}")
        return self._model._set_of([self._names[cls]])

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _whole(what: str, value: Any, low: int, high: int) -> int:
    try:
        number = int(value)
        if isinstance(value, float) and number != value:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{what} = {shorten(repr(value))} is not a whole number") from None
    if not low <= number <= high:
        shown = number if abs(number) < 10**20 else "a number of more than twenty digits"
        raise UserError(f"{what} = {shown} cannot be simulated: give a whole number from {low} to {high}")
    return number


def _parameters(rule: str) -> type:
    from agents.core.declare import PARAMETER_CLASSES

    return PARAMETER_CLASSES[rule]
