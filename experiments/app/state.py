"""What a reader of the page chooses, and what is kept of a finished run; no model logic, nothing of the browser.

A :class:`Choice` is everything that decides the numbers. It is checked before a run and becomes a scenario, so that the
page can do nothing that the command line and a script cannot do. A :class:`Finished` run keeps its tables and what is
needed to repeat it, not the model, whose record is a hundred times larger.
"""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from abm.errors import UserError, shorten
from abm.fitted import fitted_of
from abm.scenario import FOLDER, Scenario
from agents.core.declare import PARAMETERS, SWITCHES, Parameter, near
from experiments.files import csv_of
from experiments.runs.run import StoredResults
from experiments.words.languages import Translate

if TYPE_CHECKING:
    from abm import Region, Simulation

REGION = "west-kalimantan-sarawak"
FEWEST, MOST, HOUSEHOLDS, HOUSEHOLD_STEP, SEED = 300, 5_000, 2_000, 100, 7
#: Levers shown at once; every other parameter declared as a lever follows under a fold.
FIRST_LEVERS = ("official.set_strictness.doctrine_id", "world.set_month.allowance", "official.spend_budget.programme")


@cache
def names() -> tuple[str, ...]:
    """The scenarios that a page may choose: those that ship, ``history`` first."""
    return tuple(sorted(Scenario.names(), key=lambda name: (name != "history", name)))


def shipped(name: str) -> Scenario:
    """A listed scenario as it ships. Anything else is refused before any file is touched: a page's message can hold any text."""
    if name not in names():
        raise UserError(f"there is no scenario '{shorten(name, 80)}'; {near(name[:80], names())}")
    return _read(name)


@cache
def _read(name: str) -> Scenario:
    # By its path: a file of that name in the current folder is not what the page offers.
    return Scenario.load(FOLDER / f"{name}.toml")


def levers() -> list[Parameter]:
    """The declared levers, the ones shown at once first, the others by name."""
    others = sorted(name for name, one in PARAMETERS.items() if one.role == "lever" and name not in FIRST_LEVERS)
    return [PARAMETERS[name] for name in (*FIRST_LEVERS, *others)]


@cache
def assumptions() -> tuple[Parameter, ...]:
    """The declared uncertain parameters, by name; a page may move them too, but they are no levers of anybody's policy."""
    return tuple(PARAMETERS[name] for name in sorted(PARAMETERS) if PARAMETERS[name].role == "uncertain")


@cache
def _at_start() -> Mapping[str, float]:
    """What parameters are where no scenario sets them: as declared, or as fitted to the page's region."""
    return {name: one.default for name, one in PARAMETERS.items()} | dict(fitted_of(REGION).values)


def step_of(lever: Parameter) -> float:
    """The step of a lever's slider: round, at least twenty to the range, and one that meets low, default and high."""
    wide = (lever.high - lever.low) / 20
    size = math.floor(math.log10(wide))
    for exponent in range(size, size - 4, -1):
        for digit in (5, 2, 1):
            step = digit * 10.0**exponent
            parts = ((lever.default - lever.low) / step, (lever.high - lever.low) / step)
            if step <= wide * (1 + 1e-9) and all(abs(part - round(part)) < 1e-6 for part in parts):
                return round(step, 10)
    return (lever.high - lever.low) / 1000


@dataclass(frozen=True)
class Choice:
    """A scenario, and what is changed in it; the seed is text as typed until it is checked."""

    scenario: str = "history"
    households: int = HOUSEHOLDS
    seed: str = str(SEED)
    #: Levers that were moved away from the scenario's value.
    changed: Mapping[str, float] = field(default_factory=dict)
    #: Mechanisms switched off beyond those that the scenario switches off.
    off: frozenset[str] = frozenset()

    def value(self, lever: str) -> float:
        """The value of a lever: as moved, else the scenario's, else the declared one."""
        return self.changed.get(lever, self.value_of_scenario(lever))

    def value_of_scenario(self, lever: str) -> float:
        """The value of a lever that was not moved: the scenario's, else the one fitted to the region, else the declared one."""
        return float(shipped(self.scenario).parameters.get(lever, _at_start()[lever]))

    @property
    def key(self) -> Hashable:
        """The same for two choices exactly if they are the same run; a seed that is no number yet stays the text that it is."""
        seed = self.seed.strip()
        number = str(int(seed)) if seed.isascii() and seed.isdigit() and len(seed) <= 20 else seed
        return self.scenario, self.households, number, tuple(sorted(self.changed.items())), tuple(sorted(self.off))

    def of_scenario(self, scenario: str) -> Choice:
        """This choice with another scenario; what that one sets by itself is no change of it."""
        other = Choice(scenario, self.households, self.seed, {}, frozenset())
        kept = {name: value for name, value in self.changed.items() if value != other.value_of_scenario(name)}
        return Choice(scenario, self.households, self.seed, kept, self.off - other.off_in_scenario())

    def baseline(self, scenario: str) -> Choice:
        """What this choice is compared with: a scenario as it ships, with the same households and the same seed."""
        return Choice(scenario, self.households, self.seed)

    def off_in_scenario(self) -> frozenset[str]:
        """Mechanisms that the scenario itself switches off."""
        return frozenset(name for name, on in shipped(self.scenario).switches.items() if not on)

    def moved(self, lever: str, value: float) -> Choice:
        """The choice with one lever moved; a lever moved back is no change."""
        given = float(round(value, 10))
        rest = {name: v for name, v in self.changed.items() if name != lever}
        changed = rest if given == round(self.value_of_scenario(lever), 10) else rest | {lever: given}
        return Choice(self.scenario, self.households, self.seed, dict(sorted(changed.items())), self.off)

    def switched(self, mechanism: str, on: bool) -> Choice:
        """The choice with one mechanism switched on or off."""
        off = self.off - {mechanism} if on else self.off | {mechanism}
        return Choice(self.scenario, self.households, self.seed, self.changed, off - self.off_in_scenario())

    def checked(self, _: Translate) -> tuple[Scenario, int, int]:
        """Scenario, households and seed that can be run, or one sentence that says what cannot."""
        try:
            seed = int(self.seed.strip())
        except ValueError:
            raise UserError(
                _("The seed is “{found}”; it must be a whole number of 0 or more, for example 7.").format(found=self.seed.strip()[:30])
            ) from None
        if not 0 <= seed <= 2**62:
            raise UserError(
                _("The seed is {found}; it must be a whole number from 0 to {most}.").format(found=self.seed.strip()[:30], most=2**62)
            )
        if not FEWEST <= self.households <= MOST:
            raise UserError(
                _("{found} households cannot be run on this page; choose from {low} to {high}, or use the command line.").format(
                    found=self.households, low=FEWEST, high=MOST
                )
            )
        unknown = sorted(self.off - set(SWITCHES))
        if unknown:
            raise UserError(_("There is no mechanism “{name}”.").format(name=unknown[0]))
        shipped(self.scenario)  # refuses what is not listed
        where = FOLDER / f"{self.scenario}.toml"
        return Scenario.load(where, set=self.changed, without=sorted(self.off)), self.households, seed


@dataclass(frozen=True, eq=False)
class Finished:
    """The tables of one finished run and all that is needed to repeat it; shared by all who ask for the same run, never changed."""

    choice: Choice
    manifest: Mapping[str, Any]
    results: StoredResults
    region: Region

    @classmethod
    def of(cls, model: Simulation, choice: Choice) -> Finished:
        """The tables of a model that has run to its end."""
        tables = model.results
        kept = StoredResults(yearly=tables.yearly, monthly=tables.monthly.iloc[:0], places=tables.places, flows=tables.flows.iloc[:0])
        return cls(choice, model.manifest(), kept, model.region)

    @property
    def years(self) -> tuple[int, int]:
        """First and last year of the run."""
        return int(self.results.yearly["year"].min()), int(self.results.yearly["year"].max())

    @property
    def file_name(self) -> str:
        """A name for the yearly table that says what it is."""
        return f"lintas-{self.choice.scenario}-{self.manifest['households']}-{self.manifest['seed']}-yearly.csv"

    def yearly_csv(self) -> bytes:
        """The yearly table; the lines above it, marked #, say how to get it again."""
        lines = "".join(f"# {name}: {value}\n" for name, value in self.provenance().items())
        return (lines + csv_of(self.results.yearly)).encode()

    def provenance(self) -> dict[str, Any]:
        """What says how to get the run again: version, region, scenario, size, seed, what is set and what is fitted."""
        said = self.manifest
        scenario = said["scenario"]
        head = {
            "lintas": said["lintas"],
            "region": f"{said['region']['id']} ({said['region']['hash']})",
            "scenario": f"{scenario['name']} ({said['scenario_hash']})",
            "households": said["households"],
            "seed": said["seed"],
            "parameters": json.dumps(scenario["parameters"], sort_keys=True),
            "switched_off": json.dumps(sorted(name for name, on in scenario["switches"].items() if not on)),
            "events": json.dumps(scenario["events"]),
        }
        fitted = said.get("fitted", {})
        if fitted.get("parameters"):
            head |= {"fitted": json.dumps(fitted["parameters"], sort_keys=True), "posterior": fitted.get("posterior")}
        return head
