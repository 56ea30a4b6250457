"""Who helps whom in a community when some have much less than others?

Households whose usual income per head lies below a part of the community's mean get a part of what they lack: a larger one where nobody is in the labour
force, whose grown children have mostly left the house, a smaller one where somebody works and has little land, skill or luck. Those above give in proportion to
what they have beyond that line, no more than a part of it and no more than they would spend; where that is not enough for everybody, all get the same
part of what they should. So what is given is what is received, community by community, and nobody's savings change: who gives spends less in shops, who gets spends more.

Usual income is what a household earns itself (:mod:`agents.household.earn`): help is not counted in it, so that it does not make itself needless. Income of the month, and so
poverty and the Gini, count help as surveys count money from kin.

Not modelled: help by single ties, between communities or across the border, from those who moved away, pensions and public aid, what help asks in return.
"""

from __future__ import annotations

from typing import NamedTuple

from agents.core.compiled import compiled, inlined
from agents.core.declare import Column, Rule, Source, judgement, parameter, parameters, rule, switch

KIN_HELP = switch("kin_help", "Households that have more help those of their community that have much less")


@parameters("household.help_kin")
class Parameters(NamedTuple):
    """Who needs help, and how much is given."""

    enough: float = parameter(
        "Usual income per head, relative to the community's mean, below which a household is helped", unit="1", default=0.5, low=0.3, high=0.7,
        source=judgement("half of what is usual is a common line of relative poverty; 14 to 20 % of the households of Sarawak lay below half the median in 1995 to 2014"),
    )  # fmt: skip
    made_good: float = parameter(
        "Part of what a household lacks that is made good where somebody is in the labour force", unit="share", default=0.2, low=0.0, high=0.4,
        source=Source("gifts rose by up to 0.4 for a unit of income that poor households of the Philippines lacked (Cox, Hansen and Jimenez 2004); Indonesia and Malaysia: gifts insure kin (Frankenberg, Lillard and Willis 2002)", "recalled"),
    )  # fmt: skip
    made_good_without_workers: float = parameter(
        "Part of what a household lacks that is made good where nobody is in the labour force", unit="share", default=0.6, low=0.3, high=0.9,
        source=Source("in Peninsular Malaysia in 1988 more than two thirds of people of 60 and over lived with a grown child, and most who had grown children got money from them (DaVanzo and Amin 2003, abstract); size: judgement", "opened"),
    )  # fmt: skip
    most: float = parameter(
        "Most that a household gives, part of its usual income beyond that line", unit="share", default=0.15, low=0.05, high=0.3,
        source=judgement("current transfers were some 8 % of household income in surveys of Malaysia, pensions and public aid among them (recalled)"),
    )  # fmt: skip


@inlined
def lacking(income: float, persons: float, line: float) -> float:
    """What a household lacks for the line below which it is helped; negative for what it has beyond it.

    income [own currency/month]: usual, of its own
    persons [person]: its members
    line [own currency/person/month]: below which it is helped
    returns [own currency/month]: lacking
    """
    return line * persons - income


@inlined
def part_made_good(n_workers: int, p: Parameters) -> float:
    """Part of what a household lacks that kin should make good.

    n_workers [adult]: of the household in the labour force
    p: the rule's parameters
    returns [share]: 0 to 1
    """
    return p.made_good_without_workers if n_workers == 0 else p.made_good


@compiled
def part_paid(needed: float, can_give: float) -> float:
    """Part of what should be given that there is.

    needed [own currency/month]: by all who are to be helped, no less than 0
    can_give [own currency/month]: by all others, no less than 0
    returns [share]: 0 to 1
    """
    return min(can_give / needed, 1.0) if needed > 0.0 else 0.0


@compiled
def loop(
    start: int, stop: int, p: Parameters, place: Column, weight: Column, n_adults: Column, n_workers: Column, n_children: Column,
    income_mean: Column, may_help: Column, kin_help: Column, income: Column, spending: Column
) -> None:  # fmt: skip
    """Settle who gives and gets what, one community after the other. All money is in its own currency."""
    first = start
    while first < stop:
        where = int(place[first])
        end, earned, people = first, 0.0, 0.0
        while end < stop and place[end] == where:
            earned += weight[end] * income_mean[end]
            people += weight[end] * (int(n_adults[end]) + int(n_children[end]))
            end += 1
        line = p.enough * earned / people if people > 0.0 and may_help[0] > 0.0 else 0.0
        needed = can_give = 0.0
        for i in range(first, end):
            lacks = lacking(income_mean[i], float(int(n_adults[i]) + int(n_children[i])), line)
            if line <= 0.0:
                kin_help[i] = 0.0
            elif lacks > 0.0:
                kin_help[i] = lacks * part_made_good(int(n_workers[i]), p)
                needed += weight[i] * kin_help[i]
            else:
                kin_help[i] = -min(-lacks * p.most, max(spending[i], 0.0))
                can_give -= weight[i] * kin_help[i]
        got = part_paid(needed, can_give)
        given = part_paid(can_give, needed)
        for i in range(first, end):
            kin_help[i] *= got if kin_help[i] > 0.0 else given
            income[i] += kin_help[i]
            spending[i] += kin_help[i]
        first = end


rule(
    Rule(
        name="household.help_kin",
        question="Who helps whom in a community when some have much less than others?",
        loop=loop,
        reads=("household.place", "household.weight", "household.n_adults", "household.n_workers", "household.n_children", "household.income_mean",
               "policy.may_help"),
        writes=("household.kin_help", "household.income", "household.spending"),
        parameters=Parameters,
        switch=KIN_HELP,
        decide=(lacking, part_made_good, part_paid),
        not_modelled="help by single ties, between communities or across the border, from those who moved away, pensions and public aid, what help asks in return",
    )
)  # fmt: skip
