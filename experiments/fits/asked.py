"""What are the settings of a fit? Region, sizes, seed, what varies and how widely: all that its numbers depend on besides model, data and targets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from abm.errors import UserError, shorten
from abm.reading import Entries, Listed, Name
from abm.simulation import MOST_HOUSEHOLDS
from agents.core.declare import PARAMETERS, near
from calibration.priors import Prior
from experiments.options import DEFAULT_REGION

#: Limits of the settings: prior runs or runs of a population, populations, seed, simulated truths of the checks, draws run again.
MOST_POINTS, MOST_POPULATIONS, MOST_SEED, MOST_TESTS, MOST_DRAWS = 2**20, 100, 2**62, 100_000, 1_000_000
#: Mechanisms that predictive runs are repeated without.
SWITCHED_OFF = ("puskesmas_programme", "kinship", "cross_border_work", "cross_border_care", "infrastructure_investment", "crisis")


class FitError(UserError):
    """A fit that cannot be made or continued."""


def _month(text: str) -> str:
    from abm.parameters import month_index

    month_index(text, "the month")
    if not text.endswith("-12"):
        raise ValueError(f"{text}: yearly numbers need whole years, so end a fit in a December")
    return text


def _power_of_two(n: int) -> int:
    if n & (n - 1):
        raise ValueError(
            f"{n}: a Sobol sequence is balanced at powers of two only; use {2 ** (n.bit_length() - 1)} or {2 ** n.bit_length()}"
        )
    return n


def _once[T](said: tuple[T, ...]) -> tuple[T, ...]:
    names = [s[0] if isinstance(s, tuple) else s for s in said]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"'{shorten(name)}' is given twice; keep one")
    return said


def _range(said: tuple[str, float, float]) -> tuple[str, float, float]:
    name, low, high = said
    if not low < high:
        raise ValueError(
            f"the prior of '{shorten(name)}' has no width ({low:g} to {high:g}), so the parameter cannot be fitted; write LOW:HIGH, the lower first"
        )
    return said


ShortName = Annotated[Name, Field(max_length=200)]
Once = AfterValidator(_once)


class Asked(Entries):
    """The settings of a fit; everything that its numbers depend on besides model, data and targets."""

    region: Name = DEFAULT_REGION
    points: Annotated[int, Field(ge=64, le=MOST_POINTS), AfterValidator(_power_of_two)] = 2048
    population: Annotated[int, Field(ge=32, le=MOST_POINTS)] = 1024
    most_populations: Annotated[int, Field(ge=0, le=MOST_POPULATIONS)] = 6
    households: Annotated[int, Field(ge=60, le=MOST_HOUSEHOLDS)] = 2000
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)] = 1
    end: Annotated[Name, AfterValidator(_month)] = "2015-12"
    without: Annotated[tuple[ShortName, ...], Listed, Once] = ()
    names: Annotated[tuple[ShortName, ...], Listed, Once] = ()  #: parameters that vary; all uncertain ones when empty
    #: priors other than the declared ones
    ranges: Annotated[tuple[Annotated[tuple[ShortName, float, float], Listed, AfterValidator(_range)], ...], Listed, Once] = ()
    widen: Annotated[float, Field(ge=0, le=1)] = 0.0
    tests: Annotated[int, Field(ge=20, le=MOST_TESTS)] = 256
    draws: Annotated[int, Field(ge=10, le=MOST_DRAWS)] = 200

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return self.model_dump(mode="json")


def prior_of(asked: Asked) -> Prior:
    """The priors of what varies, as declared or widened."""
    prior = Prior.of(asked.names or None)
    wide = {n: PARAMETERS[n].widened(asked.widen) for n in prior.names}
    for name, low, high in asked.ranges:
        if name not in prior.names:
            raise FitError(f"the prior of '{shorten(name)}' is given, but the parameter is not fitted; {near(name, prior.names)}")
        if not wide[name][0] <= low < high <= wide[name][1]:
            raise FitError(
                f"the prior of '{name}' ({low:g} to {high:g}) leaves its declared range {wide[name][0]:g} to {wide[name][1]:g}; see --widen"
            )
        wide[name] = (low, high)
    return Prior.of(prior.names, wide)
