"""Who gets a job, who keeps it, and who is sent home?

Jobs are limited, at home and across alike. First the share of holders that can stay and the share of seekers for whom
there is a place are worked out by community; then each adult has its own draw. Who asks for another job keeps the old
one until it has the new one. People expect next month what seekers found recently (adaptive expectations).

Not modelled: employers that choose, contracts, seniority.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, judgement, parameter, parameters, rule
from agents.core.draws import stream, uniform

DISMISSED = stream("household.get_work.dismissed")
FOUND = stream("household.get_work.found")
SENT_HOME = stream("household.get_work.sent_home")


@parameters("household.offer_jobs")
class Parameters(NamedTuple):
    """How people learn what to expect of the search for work."""

    learning: float = parameter(
        "Weight of this month in what seekers expect", unit="share", default=0.2, low=0.05, high=0.5,
        source=judgement("half a year of memory"),
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
def offer_loop(
    start: int, stop: int, p: Parameters, job_holders: Column, job_seekers: Column, job_slots: Column, keep_share: Column,
    job_offer: Column, job_chance: Column
) -> None:  # fmt: skip
    """Work out the shares by community and activity; all columns are (places, 4). Farm work (0) needs no slot."""
    for where in range(start, stop):
        for k in range(1, 4):
            keep = share_that_fits(job_slots[where, k], job_holders[where, k])
            offer = share_that_fits(job_slots[where, k] - job_holders[where, k] * keep, job_seekers[where, k])
            keep_share[where, k] = keep
            job_offer[where, k] = offer
            job_chance[where, k] += p.learning * (offer - job_chance[where, k])


rule(
    Rule(
        name="household.offer_jobs",
        rows="place",
        question="How many jobs are free, and what chance do people learn to expect?",
        loop=offer_loop,
        reads=("place.job_holders", "place.job_seekers", "place.job_slots"),
        writes=("place.keep_share", "place.job_offer", "place.job_chance"),
        parameters=Parameters,
        decide=(share_that_fits,),
    )
)


@compiled
def next_activity(
    now: int, wanted: int, u_keep: float, u_found: float, u_home: float, keep_share: float, offer: float, caught_away: float
) -> int:
    """What the adult does this month, plus 10 when refused a job and 100 when sent home.

    now [code]: activity of last month, -1 to 3
    wanted [code]: activity asked for, -1 for no change
    u_keep [1]: the draw of keeping the job
    u_found [1]: the draw of finding one
    u_home [1]: the draw of being sent home
    keep_share [share]: of holders of the present job who can stay
    offer [share]: of seekers of the wanted job for whom there is one
    caught_away [probability/month]: that an undocumented worker is sent home
    returns [code]: 0 to 3, and 10 or 100 more
    """
    if now == 3 and u_home < caught_away:
        return 100
    stays = now if now <= 0 or u_keep < keep_share else 0
    if wanted < 0:
        return stays
    if wanted == 0:
        return 0
    if u_found < offer:
        return wanted
    return stays + 10


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, uid: Column, place: Column, n_workers: Column, keep_share: Column, job_offer: Column,
    caught_away: Column, work_sought: Column, activity: Column, n_refused: Column, n_deported: Column
) -> None:  # fmt: skip
    """Settle each adult's activity for the month."""
    for i in range(start, stop):
        where = int(place[i])
        refused = deported = 0
        for a in range(int(n_workers[i])):
            now, wanted = int(activity[i, a]), int(work_sought[i, a])
            if now <= 0 and wanted < 0:
                continue
            offer = job_offer[where, wanted] if wanted > 0 else 0.0
            keep = keep_share[where, now] if now > 0 else 1.0
            u_keep = u_found = u_home = 1.0  # a draw that nothing depends on is not made
            if now > 0:
                u_keep = uniform(seed, DISMISSED, month, uid[i], a)
            if wanted > 0:
                u_found = uniform(seed, FOUND, month, uid[i], a)
            if now == 3:
                u_home = uniform(seed, SENT_HOME, month, uid[i], a)
            outcome = next_activity(now, wanted, u_keep, u_found, u_home, keep, offer, caught_away[where])
            if outcome >= 100:
                deported += 1
                outcome -= 100
            if outcome >= 10:
                outcome -= 10
                refused += 1 if outcome == 0 else 0  # who holds a job and found no better one is not out of work
            activity[i, a] = outcome
        n_refused[i] = refused
        n_deported[i] = deported


rule(
    Rule(
        name="household.get_work",
        question="Who gets a job, who keeps it, and who is sent home?",
        loop=loop,
        reads=("household.uid", "household.place", "household.n_workers", "place.keep_share", "place.job_offer", "place.caught_away",
               "household.work_sought"),
        writes=("household.activity", "household.n_refused", "household.n_deported"),
        streams=("household.get_work.dismissed", "household.get_work.found", "household.get_work.sent_home"),
        decide=(next_activity,),
        not_modelled="employers that choose, contracts, seniority",
    )
)  # fmt: skip
