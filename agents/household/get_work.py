"""Who gets a job, and who loses it because there are fewer?

Jobs are limited, at home and across alike, and given market by market. All communities that reach the same place share its day work on a pass; those of a
side share each other kind of job, as the tables of jobs are by side. How many jobs there are is said by community: that is the part of each in the
market's jobs, and where none is open to a community, nobody of it holds one.

First, where too many of a market hold a job, the last in the order of their own draws lose it. Then its vacancies go to those who ask, in an order of their
own draws in which a community comes first more often the more of its own jobs are vacant for each who asks: so over time communities hold
jobs as they are said to have them, and yet none is left vacant while somebody of the market asks for it. A sampled adult stands for as many as its household's weight:
weights are added up in that order until the jobs are filled, and the one in whom they end gets (or keeps) the job by chance, with the part of its weight
that still fits. So as many hold jobs as there are, however few households are simulated. This chance is drawn every month for the markets of a side;
for those of a place, which may have fewer jobs than a household's weight, once a year: tried anew every month, they would be filled too often. Nobody is
dismissed as long as no more than the largest weight of a household is too many: else the last one would come and go for no other reason than that few are simulated.

Who asks for another job keeps the old one until it has the new one. People expect next month what seekers of the whole market found recently (adaptive
expectations): in a community of which few are simulated, what they found would be all or nothing. Jobs that are left free when all who ask have one are known of,
and count as if as many had asked and found.

Not modelled: employers that choose, contracts, seniority, dismissal pay.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, judgement, parameter, parameters, rule
from agents.core.draws import stream, uniform
from agents.core.exact import log
from agents.surroundings import FARM, LOOKING, N_WORK, PASS

DISMISSED = stream("household.get_work.dismissed")
FOUND = stream("household.get_work.found")
LAST = stream("household.get_work.last")
#: Turn of who comes after all whose community has a vacancy.
LATER = 1.0e30


@parameters("household.get_work")
class Parameters(NamedTuple):
    """How jobs end, and what people learn from the search."""

    learning: float = parameter(
        "Weight of this month in what seekers expect", unit="share", default=0.2, low=0.05, high=0.5,
        source=judgement("half a year of memory"),
    )  # fmt: skip
    ends: float = parameter(
        "Chance that a job ends in a month: estates, timber, trade and services, and across", unit="probability/month", default=0.02, low=0.01, high=0.04,
        source=judgement("a job of two to eight years; contracts on estates run for two years"),
    )  # fmt: skip
    ends_public: float = parameter(
        "Chance that a public job ends in a month", unit="probability/month", default=0.003, low=0.001, high=0.006,
        source=judgement("a working life of about thirty years, and some moves"),
    )  # fmt: skip
    forget: float = parameter(
        "Part of the memory of being sent home that fades in a month", unit="1/month", default=0.03, low=0.01, high=0.1,
        source=judgement("halves in two years"),
    )  # fmt: skip


@compiled
def share_that_fits(slots: float, people: float) -> float:
    """Share of people for whom there is a place.

    slots [1]: places there are (jobs, visits); none where negative
    people [1]: who ask for one, in the same unit
    returns [share]: 0 to 1; 1 where there are places and nobody asks
    """
    if people <= 0.0:
        return 1.0 if slots > 0.0 else 0.0
    return min(max(slots, 0.0) / people, 1.0)


@compiled
def fits(given: float, weight: float, jobs: float, u: float) -> bool:
    """Whether a job goes to the next in the order: surely where the whole weight fits, by chance where a part does.

    given [adult]: jobs given to those before
    weight [adult]: how many the next one stands for, more than 0
    jobs [adult]: there are to give
    u [1]: the draw for the one in whom the jobs end, 0 to 1
    returns [1]: True where it gets one
    """
    return u * weight < jobs - given


@compiled
def turn(u: float, weight: float, vacant: float, asked: float) -> float:
    """When it is somebody's turn: seekers are served in the order of this number, the smallest first.

    The smallest of several is each one's with a chance in proportion to its rate, the vacancies of its community that it would fill if they were shared evenly.

    u [1]: the draw, more than 0 and less than 1
    weight [adult]: how many the seeker stands for, more than 0
    vacant [adult]: jobs of its community that nobody holds; none where negative
    asked [adult]: who ask for one in its community, more than 0
    returns [1]: more than 0; beyond ``LATER`` where the community has no vacancy of its own
    """
    rate = weight * max(vacant, 0.0) / asked
    return min(-log(u) / rate, LATER) if rate > 0.0 else LATER * (1.0 + u)


@compiled
def market_of(kind: int, side: int, place_work: int) -> int:
    """The market that a community belongs to: those of one number share the jobs of a kind.

    kind [code]: the activity, a job
    side [code]: of the community
    place_work [code]: the place across where its day work on a pass is, -1 for none
    returns [code]: that place for day work on a pass, the side for all other jobs
    """
    return place_work if kind == PASS else side


@compiled
def serve(
    n: int, order: Column, weights: Column, groups: Column, jobs: Column, last: Column, given: Column, refused: Column, has: Column
) -> None:  # fmt: skip
    """Give the jobs of each market in one order until they are filled.

    n [1]: who ask
    order [1]: the smallest first; the first ``n`` count
    weights [adult]: how many each stands for, more than 0
    groups [row]: the market and kind of job of each
    jobs [adult]: there are in each; none where negative
    last [1]: the draw of each for the one in whom its jobs end, 0 to 1
    given [adult]: filled: the weight of those who get one, of each market
    refused [1]: filled: True for markets in which somebody gets none
    has [1]: filled: True for who gets a job
    """
    refused[:] = False
    given[:] = 0.0
    for at in np.argsort(order[:n]):
        k = int(at)
        g = int(groups[k])
        has[k] = not refused[g] and fits(float(given[g]), float(weights[k]), float(jobs[g]), float(last[g]))
        if has[k]:
            given[g] += float(weights[k])
        else:
            refused[g] = True


@compiled
def loop(  # noqa: C901 (all markets together, in the two steps above)
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, weight: Column, n_workers: Column,
    side: Column, place_work: Column, job_slots: Column, job_seekers: Column, work_sought: Column, activity: Column, job_holders: Column,
    job_offer: Column, jobs_found: Column, jobs_asked: Column, job_chance: Column
) -> None:  # fmt: skip
    """Settle each adult's activity for the month; the columns of places are (places, 8). All communities are settled in one call."""
    n, n_places = len(weight), stop - start
    width = n_places + 2  # markets of a kind: none, and those of places or sides
    group = np.empty((n_places, N_WORK), np.int64)
    slots, held, asked, last = np.zeros(N_WORK * width), np.zeros(N_WORK * width), np.zeros(N_WORK * width), np.zeros(N_WORK * width)
    largest, largest_of_place, adults = np.zeros(N_WORK * width), np.zeros(n_places), 0
    for i in range(n):
        adults += int(n_workers[i])
        largest_of_place[int(place[i])] = max(largest_of_place[int(place[i])], weight[i])
    is_over = False
    for where in range(n_places):
        for k in range(1, N_WORK):
            g = k * width + market_of(k, int(side[where]), int(place_work[where])) + 1
            group[where, k] = g
            slots[g] += job_slots[where, k]
            held[g] += job_holders[where, k]
            largest[g] = max(largest[g], largest_of_place[where])
            last[g] = uniform(seed, LAST, month // 12 if k == PASS else month, g % width, k)
            if job_slots[where, k] > 0.0:
                asked[g] += job_seekers[where, k]
            elif job_holders[where, k] > 0.0:
                is_over = True
    too_many = held - slots > largest
    is_over = is_over or too_many.any()
    rows, columns, groups = np.empty(adults, np.int64), np.empty(adults, np.int64), np.empty(adults, np.int64)
    has = np.empty(adults, np.bool_)
    order, weights, given, refused = np.empty(adults), np.empty(adults), np.zeros(N_WORK * width), np.zeros(N_WORK * width, np.bool_)
    # who is dismissed
    if is_over:
        m = 0
        for i in range(n):
            where = int(place[i])
            for a in range(int(n_workers[i])):
                k = int(activity[i, a])
                if FARM < k < LOOKING and (job_slots[where, k] <= 0.0 or too_many[group[where, k]]):
                    if job_slots[where, k] <= 0.0:  # open to nobody of this community
                        activity[i, a] = LOOKING
                        held[group[where, k]] -= weight[i]
                        job_holders[where, k] -= weight[i]
                        continue
                    rows[m], columns[m], groups[m], weights[m] = i, a, group[where, k], weight[i]
                    order[m] = uniform(seed, DISMISSED, month, uid[i], a)
                    m += 1
        for where in range(n_places):
            for k in range(1, N_WORK):
                if job_slots[where, k] <= 0.0:
                    job_holders[where, k] = 0.0
        serve(m, order, weights, groups, slots, last, given, refused, has)
        for c in range(m):
            if not has[c]:
                i, k = int(rows[c]), int(activity[rows[c], columns[c]])
                activity[i, columns[c]] = LOOKING
                held[groups[c]] -= weight[i]
                job_holders[int(place[i]), k] -= weight[i]
    # who gets a vacancy; jobs that they leave for it are free next month
    m = 0
    for i in range(n):
        where = int(place[i])
        for a in range(int(n_workers[i])):
            k = int(work_sought[i, a])
            if k > FARM and job_slots[where, k] > 0.0 and weight[i] > 0.0:
                rows[m], columns[m], groups[m], weights[m] = i, a, group[where, k], weight[i]
                vacant = job_slots[where, k] - job_holders[where, k]
                order[m] = turn(uniform(seed, FOUND, month, uid[i], a), weight[i], vacant, job_seekers[where, k])
                m += 1
    vacancies = slots - held
    serve(m, order, weights, groups, vacancies, last, given, refused, has)
    for c in range(m):
        if has[c]:
            i, a = int(rows[c]), int(columns[c])
            where, before, k = int(place[i]), int(activity[i, a]), int(work_sought[i, a])
            if FARM < before < LOOKING:
                job_holders[where, before] = max(job_holders[where, before] - weight[i], 0.0)
            job_holders[where, k] += weight[i]
            activity[i, a] = k
            work_sought[i, a] = -1
    # what people expect
    for where in range(n_places):
        for k in range(1, N_WORK):
            g = int(group[where, k])
            found, sought = given[g], asked[g]
            left = vacancies[g] - found
            if not refused[g] and left > 0.0:  # free jobs that nobody asks for are known of
                sought, found = sought + left, found + left
            # jobs found and asked for are remembered apart: a share month by month would be 0 or 1 where few are simulated
            jobs_found[where, k] += p.learning * (found - jobs_found[where, k])
            jobs_asked[where, k] += p.learning * (sought - jobs_asked[where, k])
            if sought > 0.0:
                job_offer[where, k] = share_that_fits(found, sought)
                job_chance[where, k] = share_that_fits(jobs_found[where, k], jobs_asked[where, k])


rule(
    Rule(
        name="household.get_work",
        rows="place",
        question="Who gets a job, and who loses it because there are fewer?",
        loop=loop,
        reads=("household.uid", "household.place", "household.weight", "household.n_workers", "place.side", "place.place_work",
               "place.job_slots", "place.job_seekers"),
        writes=("household.work_sought", "household.activity", "place.job_holders", "place.job_offer", "place.jobs_found",
                "place.jobs_asked", "place.job_chance"),
        parameters=Parameters,
        streams=("household.get_work.dismissed", "household.get_work.found", "household.get_work.last"),
        decide=(turn, market_of, share_that_fits),
        not_modelled="employers that choose, contracts, seniority, dismissal pay",
    )
)  # fmt: skip
