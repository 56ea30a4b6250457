"""Whose job ends, who is sent home, and who goes back to the farm?

Some jobs end by themselves, and some of those without papers are sent home by a patrol. Who loses a job, or is sent home, looks for work and has none
until the next step gives one: that is open unemployment. Who is sent home asks for no other job in that month, and remembers it. Who asked for the own farm
gets it at once. Jobs are given in a step of their own (agents/household/get_work.py), which also says how often jobs end.

Not modelled: contracts, seniority, dismissal pay.
"""

from __future__ import annotations

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, rule
from agents.core.draws import stream, uniform
from agents.household.get_work import Parameters
from agents.surroundings import FARM, LOOKING, N_WORK, PUBLIC, UNDOCUMENTED

LEFT = stream("household.get_work.left")


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
def loop(
    start: int, stop: int, seed: int, month: int, q: Parameters, uid: Column, place: Column, weight: Column, n_workers: Column,
    caught_away: Column, work_sought: Column, activity: Column, fear: Column, n_deported: Column, job_holders: Column, job_seekers: Column
) -> None:  # fmt: skip
    """Take jobs away that end, and add up who still holds one and who asks for one; the columns of places are (places, 8)."""
    last = -1
    for i in range(start, stop):
        where = int(place[i])
        if where != last:
            job_holders[where, :] = 0.0
            job_seekers[where, :] = 0.0
            last = where
        fear[i] = float(fear[i]) * (1.0 - q.forget)
        deported = 0
        for a in range(int(n_workers[i])):
            now = int(activity[i, a])
            if FARM < now < LOOKING:
                caught = caught_away[where] if now == UNDOCUMENTED else 0.0
                ends = q.ends_public if now == PUBLIC else q.ends
                leaves = who_leaves(uniform(seed, LEFT, month, uid[i], a), caught, ends)
                if leaves > 0:
                    now = LOOKING
                    if leaves == 2:
                        deported += 1
                        work_sought[i, a] = -1
            if work_sought[i, a] == FARM:
                now = FARM
                work_sought[i, a] = -1
            activity[i, a] = now
            if FARM < now < LOOKING:
                job_holders[where, now] += weight[i]
            asks = int(work_sought[i, a])
            if FARM < asks < N_WORK:
                job_seekers[where, asks] += weight[i]
        n_deported[i] = deported
        if deported > 0:
            fear[i] = 1.0


rule(
    Rule(
        name="household.leave_work",
        question="Whose job ends, who is sent home, and who goes back to the farm?",
        loop=loop,
        reads=("household.uid", "household.place", "household.weight", "household.n_workers", "place.caught_away"),
        writes=("household.work_sought", "household.activity", "household.fear", "household.n_deported", "place.job_holders", "place.job_seekers"),
        other_parameters=Parameters,
        streams=("household.get_work.left",),
        decide=(who_leaves,),
        not_modelled="contracts, seniority, dismissal pay",
    )
)  # fmt: skip
