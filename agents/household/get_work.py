"""Who gets a job, who keeps it, and who is sent home?

Jobs are limited, at home and across alike, and given community by community in three steps. First some leave: those without papers whom a patrol
sends home, and those whose job ends. Then, where more hold a job than there are jobs, the last in the order of their own draws lose it. Then the
vacancies go to the seekers in the order of their own draws. A sampled adult stands for as many as its household's weight: weights are added up in
that order until the jobs are filled, and the one in whom they end gets (or loses) the job by chance, with the part of its weight that still
fits. So over communities and runs as many hold jobs as there are, however few households are simulated. This chance is drawn once for each
community and kind of job, not every month: else the last one would be dismissed and another one found every few months for no other reason than that
few are simulated, and who is dismissed and who is found would not be the same part of a weight.

Who asks for another job keeps the old one until it has the new one. Who loses a job, or is sent home, looks for work and has none that month: that is open
unemployment. Who asked for the own farm gets it at once. People expect next month what seekers found recently (adaptive expectations), and
remember that they were sent home.

Not modelled: employers that choose, contracts, seniority, dismissal pay.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, judgement, parameter, parameters, rule
from agents.core.draws import stream, uniform
from agents.surroundings import FARM, LOOKING, N_WORK, PUBLIC, UNDOCUMENTED

LEFT = stream("household.get_work.left")
DISMISSED = stream("household.get_work.dismissed")
FOUND = stream("household.get_work.found")
LAST = stream("household.get_work.last")


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
def who_leaves(u: float, caught: float, ends: float) -> int:
    """What becomes of a job by itself: 0 it goes on, 1 it ends, 2 its holder is sent home.

    u [1]: the draw, 0 to 1
    caught [probability/month]: of being sent home, 0 for who has papers
    ends [probability/month]: that the job ends
    returns [code]: 0 to 2
    """
    if u < caught:
        return 2
    return 1 if u < caught + (1.0 - caught) * ends else 0


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
def give(jobs: float, u: Column, weights: Column, last: float, n: int, has: Column) -> float:
    """Give jobs in the order of the draws until they are filled.

    jobs [adult]: there are to give; none where negative
    u [1]: the draw of each who asks, the first ``n`` count
    weights [adult]: how many each stands for
    last [1]: the draw for the one in whom the jobs end, 0 to 1
    n [1]: who ask
    has [1]: filled: True for who gets a job
    returns [adult]: weight of those who get one
    """
    given = 0.0
    for k in range(n):
        has[k] = False
    for at in np.argsort(u[:n]):
        k = int(at)
        if not fits(given, float(weights[k]), jobs, last):
            break
        has[k] = True
        given += float(weights[k])
    return given


@compiled
def _take_turns(
    stream_of: int, jobs: float, seed: int, month: int, uid: Column, weight: Column, rows: Column, slots: Column, n: int, u: Column,
    weights: Column, last: float, has: Column
) -> float:  # fmt: skip
    """Draw for the ``n`` adults (``rows`` and ``slots``) who ask for a job, or who want to keep it, and give the jobs; gives the weight of who has one."""
    for c in range(n):
        u[c] = uniform(seed, stream_of, month, uid[rows[c]], slots[c])
        weights[c] = weight[rows[c]]
    return give(jobs, u, weights, last, n, has)


@compiled
def loop(  # noqa: C901 (one community after the other, in the three steps above)
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, place: Column, weight: Column, n_workers: Column,
    caught_away: Column, job_slots: Column, work_sought: Column, activity: Column, fear: Column, n_deported: Column, job_holders: Column,
    job_seekers: Column, job_offer: Column, jobs_found: Column, jobs_asked: Column, job_chance: Column
) -> None:  # fmt: skip
    """Settle each adult's activity for the month; the columns of places are (places, 8)."""
    first = start
    while first < stop:
        where = int(place[first])
        end, adults = first, 0
        while end < stop and place[end] == where:
            adults += int(n_workers[end])
            end += 1
        rows, slots, has = np.empty(adults, np.int64), np.empty(adults, np.int64), np.empty(adults, np.bool_)
        u, weights, people, n_real = np.empty(adults), np.empty(adults), 0.0, 0
        held, n_held, n_sought = np.zeros(N_WORK), np.zeros(N_WORK, np.int64), np.zeros(N_WORK, np.int64)
        # who leaves
        for i in range(first, end):
            fear[i] = float(fear[i]) * (1.0 - p.forget)
            people += weight[i]
            n_real += 1 if weight[i] > 0.0 else 0
            deported = 0
            for a in range(int(n_workers[i])):
                now = int(activity[i, a])
                if FARM < now < LOOKING:
                    caught = caught_away[where] if now == UNDOCUMENTED else 0.0
                    ends = p.ends_public if now == PUBLIC else p.ends
                    leaves = who_leaves(uniform(seed, LEFT, month, uid[i], a), caught, ends)
                    if leaves > 0:
                        now = LOOKING
                        activity[i, a] = LOOKING
                        if leaves == 2:
                            deported += 1
                            work_sought[i, a] = -1
                if work_sought[i, a] == FARM:
                    now = FARM
                    activity[i, a] = FARM
                    work_sought[i, a] = -1
                elif work_sought[i, a] > FARM:
                    n_sought[int(work_sought[i, a])] += 1
                if FARM < now < LOOKING:
                    held[now] += weight[i]
                    n_held[now] += 1
            n_deported[i] = deported
            if deported > 0:
                fear[i] = 1.0
        usual = people / max(n_real, 1)  # weight of a household
        # who is dismissed
        for k in range(1, N_WORK):
            if held[k] > job_slots[where, k] and n_held[k] > 0:
                n = 0
                for i in range(first, end):
                    for a in range(int(n_workers[i])):
                        if activity[i, a] == k:
                            rows[n], slots[n] = i, a
                            n += 1
                last = uniform(seed, LAST, 0, where, k)
                held[k] = _take_turns(DISMISSED, job_slots[where, k], seed, month, uid, weight, rows, slots, n, u, weights, last, has)
                for c in range(n):
                    if not has[c]:
                        activity[rows[c], slots[c]] = LOOKING
            job_holders[where, k] = held[k]
        # who gets a vacancy; jobs that they leave for it are free next month
        moved = np.zeros(N_WORK)
        for k in range(1, N_WORK):
            vacant, last = job_slots[where, k] - job_holders[where, k], uniform(seed, LAST, 0, where, k)
            n, sought, found = 0, 0.0, 0.0
            if n_sought[k] > 0:
                for i in range(first, end):
                    for a in range(int(n_workers[i])):
                        if work_sought[i, a] == k:
                            rows[n], slots[n] = i, a
                            sought += weight[i]
                            n += 1
                found = _take_turns(FOUND, vacant, seed, month, uid, weight, rows, slots, n, u, weights, last, has)
                for c in range(n):
                    if has[c]:
                        moved[activity[rows[c], slots[c]] % LOOKING] += weight[rows[c]]
                        activity[rows[c], slots[c]] = k
                        work_sought[rows[c], slots[c]] = -1
            job_seekers[where, k] = sought
            job_holders[where, k] += found
            if sought <= 0.0 and usual > 0.0 and fits(0.0, usual, vacant, last):  # a free job that nobody asks for is known of
                sought = found = usual
            # jobs found and asked for are remembered apart: a share month by month would be 0 or 1 where few are simulated
            jobs_found[where, k] += p.learning * (found - jobs_found[where, k])
            jobs_asked[where, k] += p.learning * (sought - jobs_asked[where, k])
            if sought > 0.0:
                job_offer[where, k] = share_that_fits(found, sought)
                job_chance[where, k] = share_that_fits(jobs_found[where, k], jobs_asked[where, k])
        for k in range(1, N_WORK):
            job_holders[where, k] = max(job_holders[where, k] - moved[k], 0.0)
        first = end


rule(
    Rule(
        name="household.get_work",
        question="Who gets a job, who keeps it, and who is sent home?",
        loop=loop,
        reads=("household.uid", "household.place", "household.weight", "household.n_workers", "place.caught_away",
               "place.job_slots"),
        writes=("household.work_sought", "household.activity", "household.fear", "household.n_deported", "place.job_holders", "place.job_seekers",
                "place.job_offer", "place.jobs_found", "place.jobs_asked", "place.job_chance"),
        parameters=Parameters,
        streams=("household.get_work.left", "household.get_work.dismissed", "household.get_work.found", "household.get_work.last"),
        decide=(who_leaves, share_that_fits),
        not_modelled="employers that choose, contracts, seniority, dismissal pay",
    )
)  # fmt: skip
