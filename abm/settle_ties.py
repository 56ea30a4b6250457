"""How strong are ties across in January 1980? As strong as they stay while people go across as they do in the conditions of that month.

Care, work and trade go on month by month with nothing else changing: first so that the trips of a usual month are known, then, after many years of
ties at these trips (a year at a time, with acquaintances that begin and end), once more with the ties, month by month. Money does not
move. What is left are trips, opinions, ties, and what each place expects of the search for work.
"""

from __future__ import annotations

import numpy as np

from abm import year
from abm.running import Run
from abm.world.meet import after_a_year
from agents.core.declare import RULES
from agents.household.keep_ties import Parameters as KeepTies

#: Months in which the trips of a usual month become known; years of ties at these trips; months of both together.
KNOWN_MONTHS, YEARS, LAST_MONTHS = 24, 40, 36
#: What people do in a month, as far as it makes them go across, and what they then know.
STEPS = ("household.fall_ill", "household.seek_care", "official.ration_care", "household.receive_care", "household.choose_work",
         "household.offer_jobs", "household.get_work", "trader.choose_deal", "household.remember")  # fmt: skip
_SUMS = ("care_demand", "job_holders", "job_seekers")


def settle_ties(run: Run, months_before: int) -> None:
    """Let ties settle together with the trips of January 1980.

    The draws are those of the months before 1980, counted down from -1, without the last ``months_before`` of them, which others have used.
    """
    h, c = run.frames["household"], run.kin.columns
    last = -months_before
    first = last - KNOWN_MONTHS - LAST_MONTHS
    total = np.zeros(len(h))
    for month in range(first, first + KNOWN_MONTHS):
        _month(run, month, STEPS)
        total += h["trips_across"]
    h["trips_mean"][:] = total / KNOWN_MONTHS
    if run.settings.on["kinship"]:
        keep = run.settings.of(KeepTies)
        for k in range(YEARS):
            year.meet_across(run, first - 12 * (YEARS - k))
            after_a_year(
                keep, c["first"], c["first_across"], c["end"], c["other"], c["pair"], c["is_kin"], c["contact"], float(c["income_gap"][0]),
                h["trips_mean"], c["strength"],
            )  # fmt: skip
    for month in range(last - LAST_MONTHS, last):
        if run.settings.on["kinship"] and month % 12 == 0:
            year.meet_across(run, month)
        _month(run, month, (*STEPS, "household.keep_ties"))
    c["n_new"][0] = 0.0
    run.draws_of = None


def _month(run: Run, month: int, steps: tuple[str, ...]) -> None:
    """Run these rules with the draws of a month, and empty what they add up."""
    run.draws_of = month
    for name in steps:
        run.run_rule(RULES[name])
    for name in _SUMS:
        run.world.place[name][:] = 0.0
