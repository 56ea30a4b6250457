"""How strong are ties across in January 1980? As strong as they stay while people go across as they do in the conditions of that month.

Care, work and trade go on month by month with nothing else changing: first so that the trips of a usual month are known, then, after many years of
ties at these trips (a year at a time, with acquaintances that begin and end), once more with the ties, month by month. Opinions of care, which visits
change too seldom to settle in such a time, start at what the visits of each community were like. Money does not move. What is left are trips,
opinions, ties, and what each place expects of the search for work.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from abm import year
from abm.running import Run
from abm.world.meet import after_a_year
from agents.core.compiled import compiled
from agents.core.declare import RULES, Column
from agents.household.keep_ties import Parameters as KeepTies

#: Years in which the trips of usual years become known; years of ties at these trips, one such year after the other; months of both together.
KNOWN_YEARS, YEARS, LAST_MONTHS = 6, 42, 12
#: Options of care at home, which stand first (agents.surroundings.VILLAGE_CARE).
_AT_HOME = 3
#: What people do in a month, as far as it makes them go across, and what they then know.
STEPS = ("household.fall_ill", "household.seek_care", "official.ration_care", "household.receive_care", "household.choose_work",
         "household.leave_work", "household.get_work", "trader.choose_deal", "household.remember")  # fmt: skip


def settle_ties(run: Run, months_before: int) -> None:
    """Let ties settle together with the trips of January 1980.

    The draws are those of the months before 1980, counted down from -1, without the last ``months_before`` of them, which others have used.
    """
    h, c = run.frames["household"], run.kin.columns
    last = -months_before
    first = last - 12 * KNOWN_YEARS - LAST_MONTHS
    trips, good = np.zeros((KNOWN_YEARS, len(h))), np.zeros((3, run.world.n_places))
    live = _in_month(run, STEPS)
    for k in range(12 * KNOWN_YEARS):
        live(first + k)
        trips[k // 12] += h["trips_across"] / 12.0
        good += good_visits(h["place"], h["village"], h["care_visits"], run.world.village["quality_care"], run.world.n_places)
    for name, values in zip(("opinion_home", "opinion_across"), usual_opinions(good, run.world.place["side"]), strict=True):
        h[name][:] = values[h["place"].astype(int)]
    pull, keep = year.pull_now(run), run.settings.of(KeepTies)
    if run.settings.on["kinship"]:
        for k in range(YEARS):
            h["trips_mean"][:] = trips[k % KNOWN_YEARS]
            year.meet_across(run, first - 12 * (YEARS - k), pull)
            after_a_year(
                keep, c["first"], c["first_across"], c["end"], c["other"], c["pair"], c["is_kin"], c["contact"], float(c["income_gap"][0]),
                h["trips_mean"], c["strength"],
            )  # fmt: skip
    steps = (*STEPS, "household.keep_ties")
    live = _in_month(run, steps)
    for month in range(last - LAST_MONTHS, last):
        if run.settings.on["kinship"] and month % 12 == 0:
            year.meet_across(run, month, pull)
            live = _in_month(run, steps)  # the columns of ties are others
        live(month)
    c["n_new"][0] = 0.0


def good_visits(place: np.ndarray, village: np.ndarray, care_visits: np.ndarray, quality_care: np.ndarray, n_places: int) -> np.ndarray:
    """Of one month by place, (3, places): what households' opinions of care at home and across are told, summed, and the households that made visits.

    ``place`` and ``village`` (households,), ``care_visits`` (households, 5) and ``quality_care`` (villages, 5) as the rules have them.
    """
    good = np.zeros((3, n_places))
    _add_visits(place, village, care_visits, quality_care, good)
    return good


@compiled
def _add_visits(place: Column, village: Column, care_visits: Column, quality_care: Column, good: Column) -> None:
    for i in range(place.shape[0]):
        visits = home = across = 0.0
        for k in range(care_visits.shape[1]):
            of_kind = float(care_visits[i, k])
            visits += of_kind
            if k < _AT_HOME:
                home += of_kind * quality_care[village[i], k]
            else:
                across += of_kind * quality_care[village[i], k]
        if visits > 0.0:
            good[0, place[i]] += home / visits
            good[1, place[i]] += across / visits
            good[2, place[i]] += 1.0


def usual_opinions(good: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Opinions of care at home and across, by place, (2, places), at which visits like these leave them on average; see :func:`good_visits`.

    The mean of the side (0 where it made no visits) counts in each place as one visit, as few visits say little.
    """
    of_side = np.stack([good[:, side == s].sum(axis=1) for s in (0, 1)], axis=1)
    mean = of_side[:2] / np.maximum(of_side[2], 1.0)
    return (good[:2] + mean[:, side]) / (good[2] + 1.0)


def _in_month(run: Run, steps: tuple[str, ...]) -> Callable[[int], None]:
    """What runs these rules with the draws of a month, facilities first; what villages know and pay is that of January 1980."""
    keep_facility, rules = run.in_month([RULES["official.keep_facility"]]), run.in_month([RULES[name] for name in steps])

    def live(month: int) -> None:
        keep_facility(month)
        run.run_rule(RULES["world.set_care"])
        rules(month)

    return live
