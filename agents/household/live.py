"""Who is born, dies, comes of age and leaves the parents' house in a year, and who of a household is in the labour force?

Members are known by their age alone. Half of the adults of 15 to 49 are women, so an adult of that age has a child with half of a woman's chance.
Deaths and births by age are tables of the side and year (:mod:`agents.household.life_table`).
The oldest grown child decides whether to leave; a brother or sister who is grown too goes along: the household stands for the couples that
such children of households like it make with each other. In a house that keeps a child, the last do not leave: two who stay stand for the child that
stays with its parents and the wife or husband who comes in (the stem family of Freeman's bilek).

Not modelled: sex, who marries whom, who the parents of a child are (a child goes with an adult by the chance that it is his), divorce, orphans (the last adult
does not die in a year in which nobody else could look after the children), an eighth child that is still at home when another is born.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from agents.core.compiled import compiled
from agents.core.declare import Column, Source, judgement, parameter, parameters
from agents.core.draws import stem, stream, uniform, uniform_of
from agents.household.fields import MAX_ADULTS, MAX_CHILDREN
from agents.household.life_table import AGES, births_by_age, life_table
from agents.surroundings import LOOKING

BIRTH, DEATH, LEAVE = stream("live.birth"), stream("live.death"), stream("live.leave")
KEEPS = stream("live.keeps")
GOES_ALONG, WORKS = stream("live.goes_along"), stream("live.works")

#: Ages in years at which a child is an adult, and from which nobody is in the labour force.
ADULT_AGE, OLD_AGE = 15, 65
#: Ages of an adult who may leave the parents' house of his own will, and least years between him and the oldest of the house.
LEAVES_FROM, LEAVES_BEFORE, GENERATION = 18, 35, 15
#: What is recorded of people by year and community: since the January before, and what the weights of all households took up.
PEOPLE = {name: k for k, name in enumerate(("births", "deaths", "moved_in", "moved_out", "reweighted"))}


@parameters("household.live")
class Parameters(NamedTuple):
    """Deaths, leaving home and the labour force."""

    death_level: float = parameter(
        "Logit of the dead by age, added to what infant deaths say", unit="1", default=0.0, low=-0.2, high=0.2,
        source=judgement("expectation of life of districts in 2008 (HH16) lies within this of the standard table"),
    )  # fmt: skip
    death_slope_my: float = parameter(
        "Logits of the dead by age stretched, Malaysian side: more die at high ages than infant deaths tell", unit="1", default=1.15, low=1.0, high=1.3,
        source=Source("76.5 years of life in Sarawak in 2020 (HH35), 78.4 of women and 74.6 of men; the standard gives 80 beside 7 infant deaths", "derived"),
    )  # fmt: skip
    leave_18: float = parameter(
        "Chance in a year that the oldest grown child leaves the parents' house at 18 to 20", unit="probability", default=0.05, low=0.02, high=0.15,
        source=judgement("marriage at about 20 of women and 24 of men (recalled); households of 4 to 5 people later too (HH4)"),
    )  # fmt: skip
    leave_21: float = parameter(
        "The same at 21 to 24", unit="probability", default=0.1, low=0.05, high=0.25,
        source=judgement("as for 18 to 20: most have left by 25"),
    )  # fmt: skip
    leave_25: float = parameter(
        "The same at 25 to 34", unit="probability", default=0.12, low=0.05, high=0.3,
        source=judgement("as for 18 to 20: one child stays with old parents"),
    )  # fmt: skip
    leave_alone: float = parameter(
        "Chance of a child without grown brother or sister relative to that of one with", unit="1", default=0.1, low=0.02, high=0.5,
        source=judgement("one person alone seldom begins a household"),
    )  # fmt: skip
    one_stays: float = parameter(
        "Houses of parents in which a grown child stays, married, for good", unit="share", default=0.75, low=0.6, high=0.9,
        source=Source("about three quarters of old people of Asia live with a grown child (HH33, first page), more than two thirds of those of Malaysia; "
                      "one child stays in each bilek of the Iban (HH32)", "opened"),
    )  # fmt: skip
    participation_id: float = parameter(
        "People of 15 to 64 in the labour force relative to the region's table, Indonesian side", unit="1", default=1.0, low=0.93, high=1.1,
        source=Source("69.75 % of people of 15 and over in August 2013, 79 % in Sintang (EMP9); the table is of 15 and over", "fact"),
    )  # fmt: skip
    participation_my: float = parameter(
        "People of 15 to 64 in the labour force relative to the region's table, Malaysian side", unit="1", default=1.0, low=0.93, high=1.1,
        source=Source("66.5 % in Sarawak in 2010 (EMP1); villages are not the state's mean", "fact"),
    )  # fmt: skip


@compiled
def chance_to_leave(age: int, has_company: bool, p: Parameters) -> float:
    """Chance that the oldest grown child leaves the parents' house in a year.

    age [year]: of the child
    has_company [1]: whether a grown brother or sister goes along
    returns [probability]: 0 below 18 and from 35 on
    """
    if age < LEAVES_FROM or age >= LEAVES_BEFORE:
        return 0.0
    chance = p.leave_18 if age < 21 else p.leave_21 if age < 25 else p.leave_25
    return chance if has_company else min(chance * p.leave_alone, 1.0)


@compiled
def wanted_workers(n_of_age: int, share: float, u: float) -> int:
    """How many of a household are in the labour force.

    n_of_age [person]: its members of 15 to 64
    share [share]: of such people who are in the labour force
    u [probability]: draw of the household, kept for life
    returns [person]: one at least where there is one of that age
    """
    return 0 if n_of_age == 0 else max(1, min(int(share * n_of_age + u), n_of_age))


@compiled
def order_workers(n: int, share: float, u: float, age: Column, activity: Column) -> int:
    """Settle who of the ``n`` adults is in the labour force, and put them first; gives their number. ``age`` and ``activity`` are of one household.

    Who works goes on. The oldest below 65 enter first, and look for work; the youngest leave the labour force first.
    """
    of_age = workers = 0
    for a in range(n):
        if age[a] >= OLD_AGE:
            activity[a] = -1
        else:
            of_age += 1
            workers += activity[a] >= 0
    wanted = wanted_workers(of_age, share, u)
    while workers != wanted:
        enters, best = workers < wanted, -1
        for a in range(n):
            if age[a] < OLD_AGE and (activity[a] < 0) == enters and (best < 0 or (age[a] > age[best] if enters else age[a] < age[best])):
                best = a
        activity[best] = LOOKING if enters else -1
        workers += 1 if enters else -1
    free = 0
    for a in range(n):
        if activity[a] >= 0:
            years, doing = age[a], activity[a]
            for b in range(a, free, -1):
                age[b], activity[b] = age[b - 1], activity[b - 1]
            age[free], activity[free] = years, doing
            free += 1
    return workers


@compiled
def settle_workers(
    seed: int, share: Column, uid: Column, side: Column, n_adults: Column, adult_age: Column, activity: Column, n_workers: Column
) -> None:
    """:func:`order_workers` for every household; ``share`` (sides,) are in the labour force."""
    for i in range(uid.shape[0]):
        u = uniform(seed, WORKS, 0, uid[i], 0)
        n_workers[i] = order_workers(int(n_adults[i]), float(share[side[i]]), u, adult_age[i], activity[i])


@compiled
def _oldest(n: int, age: Column, least: int, below: int, but: int) -> int:
    """Which of ``n`` adults is the oldest of those from ``least`` and below ``below`` years, but for the two oldest of all and for ``but``; -1 for none."""
    first = second = -1
    for a in range(n):
        if first < 0 or age[a] > age[first]:
            first, second = a, first
        elif second < 0 or age[a] > age[second]:
            second = a
    best = -1
    for a in range(n):
        if a != first and a != second and a != but and least <= age[a] < below and (best < 0 or age[a] > age[best]):
            best = a
    return best


@compiled
def _goes_along(child: int, one: int, other: int, n: int, age: Column, birth: Column) -> float:
    """Chance that a child of this age is one of the leaving adults' (``other`` may be -1), by how likely each adult had a child at that age."""
    own = everybody = 0.0
    for a in range(n):
        then = int(age[a]) - child
        if 0 <= then < birth.shape[0]:
            everybody += birth[then]
            if a in (one, other):
                own += birth[then]
    return own / everybody if everybody > 0.0 else 0.0


@compiled
def _live_on(
    seed: int, month: int, birth: Column, born: float, survive: Column, who: int, n_adults: int, n_children: int, adult_age: Column,
    child_age: Column, activity: Column, age: Column, doing: Column, kid: Column
) -> tuple[int, int, int, int]:  # fmt: skip
    """Births, deaths and coming of age in household ``who``; its adults are then in ``age`` and ``doing``, its children in ``kid``.

    Gives the numbers of adults, children, births and deaths. ``birth`` and ``survive`` are by age; ``born`` of the newborn live.
    """
    n = k = births = deaths = newborn = 0
    birth_of, death_of = stem(seed, BIRTH, month, who), stem(seed, DEATH, month, who)
    for a in range(n_adults):
        if n_children + births < MAX_CHILDREN and uniform_of(birth_of, a) < birth[adult_age[a]]:
            births += 1
            if uniform_of(death_of, 32 + a) < born:
                newborn += 1
    deaths = births - newborn
    youngest = -1
    for a in range(n_adults):
        if uniform_of(death_of, a) < survive[adult_age[a]]:
            age[n], doing[n] = adult_age[a] + 1, activity[a]
            n += 1
        else:
            deaths += 1
            if youngest < 0 or adult_age[a] < adult_age[youngest]:
                youngest = a
    for c in range(n_children):
        if uniform_of(death_of, 16 + c) >= survive[child_age[c]]:
            deaths += 1
        elif child_age[c] + 1 >= ADULT_AGE:
            age[n], doing[n] = child_age[c] + 1, -1
            n += 1
        else:
            kid[k] = child_age[c] + 1
            k += 1
    for _ in range(newborn):
        kid[k] = 0
        k += 1
    if n == 0 and k > 0:  # nobody else could look after the children
        age[0], doing[0] = min(int(adult_age[youngest]) + 1, AGES - 1), activity[youngest]
        n = 1
        deaths -= 1
    return n, k, births, deaths


@compiled
def least_who_stay(one_stays: float, u: float) -> int:
    """How many of the children of a house stay for good.

    A child stays and a partner comes in from another house like it. So each such house keeps one of its own children and gets one: two live there, and of ``n``
    children ``n`` - 2 found houses of their own. Children leave in pairs, so of an even number two stay; of an odd number one stays in half of the houses and
    three in the others, two in the mean.

    one_stays [share]: of the houses of parents that keep a child
    u [probability]: draw of the household, kept for life
    returns [person]: 0, 1 or 2
    """
    return 2 if u < 0.5 * one_stays else 1 if u < one_stays else 0


@compiled
def _who_stay(one: int, other: int, n: int, k: int, age: Column, kid: Column, birth: Column) -> int:
    """How many brothers and sisters stay when ``one`` and ``other`` (-1 for nobody) leave: of the ``n`` adults and, but for their own, the ``k`` children."""
    stay = 0
    for a in range(n):
        stay += 1 if a != one and a != other and age[a] < age[one] + GENERATION else 0
    for c in range(k):
        stay += 1 if _goes_along(int(kid[c]), one, other, n, age, birth) < 0.5 else 0
    return stay


@compiled
def _leaving(
    seed: int, month: int, who: int, turn: int, n: int, k: int, age: Column, kid: Column, birth: Column, p: Parameters
) -> tuple[int, int]:  # fmt: skip
    """Which two of ``n`` adults leave the house now, -1 for nobody: the oldest grown child by the year's draw, or whoever there is no room for.

    Of the ``k`` children and the grown ones some stay, see :func:`least_who_stay`.
    """
    oldest = 0
    for a in range(n):
        oldest = max(oldest, int(age[a]))
    below = min(LEAVES_BEFORE, oldest - GENERATION + 1)
    one = _oldest(n, age, LEAVES_FROM, below, -1)
    other = _oldest(n, age, LEAVES_FROM, below, one) if one >= 0 else -1
    if n > MAX_ADULTS:
        if one < 0:
            one = _oldest(n, age, 0, AGES, -1)
        if other < 0:
            other = _oldest(n, age, 0, AGES, one)
        return one, other
    if turn > 0 or one < 0 or uniform(seed, LEAVE, month, who, 0) >= chance_to_leave(int(age[one]), other >= 0, p):
        return -1, -1
    least = least_who_stay(p.one_stays, uniform(seed, KEEPS, 0, who, 0))
    if least > 0 and _who_stay(one, other, n, k, age, kid, birth) < least:
        return -1, -1
    return one, other


@compiled
def _put_members(n: int, values: Column, column: Column) -> None:
    """Write the first ``n`` values to a household's row of a column, and -1 beyond them."""
    for k in range(column.shape[0]):
        column[k] = values[k] if k < n else -1


@compiled
def live_year(
    seed: int, month: int, p: Parameters, birth: Column, born: Column, survive: Column, uid: Column, side: Column, n_adults: Column,
    n_children: Column, adult_age: Column, child_age: Column, activity: Column, births: Column, deaths: Column, mother: Column, turn: Column,
    new_adults: Column, new_children: Column, new_adult_age: Column, new_child_age: Column, new_activity: Column
) -> int:  # fmt: skip
    """Let every household live through the year before a January; who leaves the parents' house is listed. Gives the number of households that split off.

    ``birth`` and ``survive`` (sides, AGES) and ``born`` (sides,) are chances. Written are the members (an empty household has no adults), ``births`` and
    ``deaths`` (households,), and of those who split off the row of the ``mother``, which of hers they are (``turn``) and their members.
    ``activity`` follows the adults; who is in the labour force is not settled (:func:`settle_workers`).
    """
    most = MAX_ADULTS + MAX_CHILDREN
    age, doing, kid = np.empty(most, np.int8), np.empty(most, np.int8), np.empty(most, np.int8)
    gone_age, gone_doing, gone_kid = np.empty(2, np.int8), np.empty(2, np.int8), np.empty(most, np.int8)
    n_new = 0
    for i in range(uid.shape[0]):
        s, who, turns = int(side[i]), uid[i], 0
        n, k, births[i], deaths[i] = _live_on(
            seed, month, birth[s], born[s], survive[s], who, int(n_adults[i]), int(n_children[i]), adult_age[i], child_age[i], activity[i], age,
            doing, kid,
        )  # fmt: skip
        while n > 2:
            one, other = _leaving(seed, month, who, turns, n, k, age, kid, birth[s], p)
            if one < 0:
                break
            stay = size = 0
            for c in range(k):
                if uniform(seed, GOES_ALONG, month, who, 16 * turns + c) < _goes_along(int(kid[c]), one, other, n, age, birth[s]):
                    gone_kid[size] = kid[c]
                    size += 1
                else:
                    kid[stay] = kid[c]
                    stay += 1
            k, new_children[n_new] = stay, size
            _put_members(size, gone_kid, new_child_age[n_new])
            gone_age[0], gone_doing[0] = age[one], doing[one]
            if other >= 0:
                gone_age[1], gone_doing[1] = age[other], doing[other]
            new_adults[n_new] = 2 if other >= 0 else 1
            _put_members(new_adults[n_new], gone_age, new_adult_age[n_new])
            _put_members(new_adults[n_new], gone_doing, new_activity[n_new])
            stay = 0
            for a in range(n):
                if a not in (one, other):
                    age[stay], doing[stay] = age[a], doing[a]
                    stay += 1
            n, mother[n_new], turn[n_new] = stay, i, turns
            turns += 1
            n_new += 1
        n_adults[i], n_children[i] = n, k
        _put_members(n, age, adult_age[i])
        _put_members(n, doing, activity[i])
        _put_members(k, kid, child_age[i])
    return n_new


def most_splits(n_adults: np.ndarray, child_age: np.ndarray) -> int:
    """No more households than this can split off in a year: each takes an adult, and two stay. ``child_age`` is (households, MAX_CHILDREN)."""
    return _most_splits(n_adults, child_age)


@compiled
def _most_splits(n_adults: Column, child_age: Column) -> int:
    most = 0
    for i in range(n_adults.shape[0]):
        adults = int(n_adults[i])
        for c in range(child_age.shape[1]):
            adults += child_age[i, c] == ADULT_AGE - 1
        most += max(adults - 2, 0)
    return most


def chances(of_sides: Any, p: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Births (sides, AGES), newborn alive (sides,) and survival (sides, AGES) for ``of_sides``: births per woman and infant deaths per 1,000 of each side."""
    slopes = (1.0, p.death_slope_my)
    tables = [life_table(infant_deaths, p.death_level, slope) for (_, infant_deaths), slope in zip(of_sides, slopes, strict=True)]
    birth = np.stack([births_by_age(births) for births, _ in of_sides])
    return birth, np.array([table.born for table in tables]), np.stack([table.survive for table in tables])
