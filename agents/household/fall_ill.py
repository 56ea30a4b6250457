"""Who falls ill this month, and how badly?

Each member of a household may have one episode a month: minor, disrupting work, or one that needs a hospital. Clean
water, schooling and season have no effect in this version.

Not modelled: epidemics, chronic illness, births, age.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule
from agents.core.draws import stream, uniform

FALL_ILL = stream("household.fall_ill")


@parameters("household.fall_ill")
class Parameters(NamedTuple):
    """How often people fall ill."""

    p_minor: float = parameter(
        "Minor episodes", unit="episodes/person-month", default=0.12, low=0.08, high=0.18,
        source=Source("trial on the region's data: 0.12-0.18 in all gives about twice the visits reported at Entikong (HEALTH8)", "derived"),
    )  # fmt: skip
    p_disrupting: float = parameter(
        "Episodes that disrupt work", unit="episodes/person-month", default=0.025, low=0.02, high=0.04,
        source=Source("Susenas, order of magnitude", "recalled"),
    )  # fmt: skip
    p_hospital: float = parameter(
        "Episodes that need a hospital", unit="episodes/person-month", default=0.003, low=0.002, high=0.004,
        source=judgement("0.2-0.4 % a month gives hospital visits of the order of those counted (HEALTH facts)"),
    )  # fmt: skip


@compiled
def severity(u: float, p_minor: float, p_disrupting: float, p_hospital: float) -> int:
    """Severity of one person's month: 0 well, 1 minor, 2 disrupting, 3 needs a hospital.

    Low draws give the worst episodes, so that a higher rate of one severity makes nobody well.

    u [1]: the draw, 0 to 1
    p_minor [episodes/person-month]: rate of minor episodes
    p_disrupting [episodes/person-month]: rate of those that disrupt work
    p_hospital [episodes/person-month]: rate of those that need a hospital
    returns [code]: 0 to 3
    """
    if u < p_hospital:
        return 3
    if u < p_hospital + p_disrupting:
        return 2
    if u < p_hospital + p_disrupting + p_minor:
        return 1
    return 0


@compiled
def loop(
    start: int, stop: int, seed: int, month: int, p: Parameters, uid: Column, n_adults: Column, n_children: Column, episodes: Column
) -> None:  # fmt: skip
    """Draw the month's episodes of every member. ``episodes`` has shape (households, 3)."""
    for i in range(start, stop):
        minor = disrupting = hospital = 0
        for member in range(int(n_adults[i]) + int(n_children[i])):
            s = severity(uniform(seed, FALL_ILL, month, uid[i], member), p.p_minor, p.p_disrupting, p.p_hospital)
            if s == 1:
                minor += 1
            elif s == 2:
                disrupting += 1
            elif s == 3:
                hospital += 1
        episodes[i, 0] = minor
        episodes[i, 1] = disrupting
        episodes[i, 2] = hospital


rule(
    Rule(
        name="household.fall_ill",
        question="Who falls ill this month, and how badly?",
        loop=loop,
        reads=("household.uid", "household.n_adults", "household.n_children"),
        writes=("household.episodes",),
        parameters=Parameters,
        streams=("household.fall_ill",),
        decide=(severity,),
        not_modelled="epidemics, chronic illness, births, age",
    )
)
