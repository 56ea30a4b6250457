"""How many of each age die in a year, and how many have a child? Tables of a side and year.

Deaths by age follow one standard table in logits (Brass 1971, "On the scale of mortality"): moved to the infant deaths of the side and year, and
stretched where adults die more than infants tell, as where infant deaths fell first.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from agents.core.exact import exps, log

#: One more than the highest age: nobody lives beyond 100.
AGES = 101
#: Logit of the dead by exact age in Brass's general standard (recalled: no source opened); the level comes from the infant deaths given.
STANDARD = (
    (1, -0.8670), (2, -0.7152), (3, -0.6552), (4, -0.6219), (5, -0.6015), (10, -0.5498), (15, -0.5131), (20, -0.4551), (25, -0.3829), (30, -0.3150),
    (35, -0.2496), (40, -0.1817), (45, -0.1073), (50, -0.0212), (55, 0.0832), (60, 0.2100), (65, 0.3746), (70, 0.5818), (75, 0.8611), (80, 1.2433),
    (85, 1.7810), (90, 2.5634), (95, 3.7424), (101, 5.5),
)  # fmt: skip
#: Births per 1,000 women and year by age 15-19, 20-24, ... 45-49: Indonesia, late 1970s (recalled: no source opened). Only the shape is used.
BIRTHS_BY_AGE = (116.0, 248.0, 232.0, 177.0, 104.0, 46.0, 13.0)
#: The standard's logits by exact age from 1 year on, and births by completed years from 15 to 49 with their sum.
_LOGITS = np.interp(np.arange(1, AGES + 1), [float(age) for age, _ in STANDARD], [logit for _, logit in STANDARD])
_BIRTH_SHAPE = np.repeat(BIRTHS_BY_AGE, 5)
_BIRTHS = _BIRTH_SHAPE.sum()


class LifeTable(NamedTuple):
    """Deaths by age of one side and year."""

    #: Share of the births of a year that are alive at its end.
    born: float
    #: Share of the people of each age in completed years who are alive a year later, (AGES,).
    survive: np.ndarray
    #: Expectation of life at birth [year].
    expectation: float


@lru_cache(maxsize=1024)
def life_table(infant_deaths: float, death_level: float, death_slope: float = 1.0) -> LifeTable:
    """Deaths by age.

    Parameters
    ----------
    infant_deaths : deaths before the first birthday per 1,000 births, above 0 and below 1,000.
    death_level : added to the logit of the dead at each age.
    death_slope : logits of the standard are multiplied by it, so that above 1 more die at high ages beside the same infant deaths.
    """
    q = infant_deaths / 1000.0
    shift = 0.5 * log(q / (1.0 - q)) - death_slope * STANDARD[0][1] + death_level
    alive = np.ones(AGES + 1)
    alive[1:] = 1.0 / (1.0 + exps(2.0 * (shift + death_slope * _LOGITS)))
    alive[AGES] = 0.0
    lived = 0.5 * (alive[:-1] + alive[1:])
    lived[0] = 0.3 + 0.7 * alive[1]
    survive = np.zeros(AGES)
    survive[:-1] = lived[1:] / lived[:-1]
    return LifeTable(float(lived[0]), survive, float(lived.sum()))


def births_by_age(births_per_woman: float) -> np.ndarray:
    """Chance that an adult of each age has a child in a year, (AGES,): half of the adults are women; ``births_per_woman`` is the total of a woman's life."""
    chance = np.zeros(AGES)
    chance[15:50] = 0.5 * births_per_woman * _BIRTH_SHAPE / _BIRTHS
    return chance
