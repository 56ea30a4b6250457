"""What is settled once a year? In January who was born, died, came and went; budgets and stocks of the districts; what each place then reaches."""

from __future__ import annotations

import numpy as np

from abm.running import Run
from abm.world import access, demography
from abm.world.kinship import Parameters as Kinship
from abm.world.meet import Parameters as Meet
from abm.world.meet import meet, pull_across
from abm.world.travel import Parameters as Travel
from abm.world.travel import set_hours
from agents.core.declare import RULES
from agents.household.seek_care import Parameters as SeekCare
from agents.official.keep_facility import Parameters as KeepFacility
from agents.official.keep_facility import set_standards

#: Stocks of a district that its budget keeps up.
STOCKS = ("road", "clinic", "hospital", "other")


def renew(run: Run) -> None:
    """In January: who comes and goes, budgets and stocks, then access. Otherwise access again when a crossing or the scenario changed."""
    if run.month % 12 == 0:
        if run.month > 0:
            (demography.january if run.demography is None else run.demography)(run)
            demography.follow_people(run)
            run.world.policy["real_income"][:] = run.series.real_income[run.month]
            run.run_rule(RULES["official.spend_budget"])
        else:
            if run.demography is None:
                demography.year_before(run)
            first_budget(run)
        demography.note_old(run)
        settle_access(run)
        renew_ties(run)
        if run.month > 0 and run.settings.on["kinship"]:
            meet_across(run, run.month, pull_now(run))
        run.record.near[run.month // 12] = is_near(run)
    elif run.crossing_changed:
        settle_access(run)
        renew_ties(run)


def first_budget(run: Run) -> None:
    """Budget and patrols of 1980, with the stocks as they are given for its start."""
    run.world.policy["real_income"][:] = run.series.real_income[0]
    district = run.world.district
    stocks = {k: district[k].copy() for k in STOCKS}
    run.run_rule(RULES["official.spend_budget"])
    for name, values in stocks.items():
        district[name][:] = values
    _set_patrols(run)


def settle_access(run: Run) -> None:
    """Travel hours of the year, what each place reaches, and who patrols which crossing."""
    world, travel, on = run.world, run.settings.of(Travel), run.settings.on
    year = 1980 + run.month // 12
    access.set_progress(world, run.stock_start)
    set_standards(
        run.settings.of(KeepFacility), *(world.facility[k] for k in ("side", "kind", "staff_start", "drugs_start", "progress", "standard"))
    )
    set_hours(world, year, world.district["road"])
    is_built = access.facilities_in(world, year, run.seed_of_run, on["puskesmas_programme"], travel.openings_until)
    world.facility["is_open"][:] = is_built
    care = run.settings.of(SeekCare)
    access.settle_access(world, year, travel, care, is_built, run.open_now, on["cross_border_care"], run.choose_facilities)
    _set_patrols(run)


def renew_ties(run: Run) -> None:
    """Chances of kin to meet on the ways as they are now, and in January the gap of incomes between the sides."""
    run.kin.renew_contact(run.world.hours_between, run.settings.of(Kinship))
    if run.month % 12 == 0:  # a yearly figure: a change of ways within the year must not change it
        run.kin.columns["income_gap"][0] = run.income_gap()


def pull_now(run: Run) -> np.ndarray:
    """Where households of each place meet others across on the ways as they are now, see :func:`abm.world.meet.pull_across`."""
    world, length, same = run.world, run.settings.of(Kinship).length, run.settings.of(Meet).same_group
    return pull_across(world.population, world.groups, world.hours_between, world.place["side"], length, same)


def meet_across(run: Run, month: int, pull: np.ndarray) -> None:
    """Acquaintances across that end and that begin, with the draws of a month; ``pull`` is that of :func:`pull_now`."""
    meet(run.kin, run.frames["household"], run.seed_of_run, month, pull, run.settings.of(Meet))


def _set_patrols(run: Run) -> None:
    """Both sides patrol a crossing: the mean of the two districts."""
    crossing, patrol = run.world.crossing, run.world.district["patrol"]
    crossing["patrol"][:] = 0.5 * (patrol[crossing["district_id"]] + patrol[crossing["district_my"]])


def is_near(run: Run) -> np.ndarray:
    """Places within the set hours of a primary clinic across, (places,)."""
    hours = run.world.place["hours_care"][:, 2]
    return (run.world.place["facility_care"][:, 2] >= 0) & (hours <= run.settings.of(Travel).near_hours)
