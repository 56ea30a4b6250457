"""Who is born, dies, sets up house, comes and goes in a year? Settled each January but the first, for the year before it.

Of the year before the first only births and deaths are noted: those that leave the people of January 1980 (reverse survival).

Households live through the year (:mod:`agents.household.live`). Young households then move out of the region or into it, so that each place follows the
people that its censuses say (:mod:`abm.world.people_path`): whole households of the sample by their own draws, and what is less than one of them by the weights
of all. Money that comes or goes with them is booked in ``run.carried``.

Switched off (``demography``), the people of one year stay: nobody is born, ages or dies.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from abm.world import populate
from abm.world.moving import choose_moves, choose_settlers, count_old, draws, forget_work, hand_on, inherit, reweigh
from abm.world.population import drawn_villages, newcomer_uids, renew_rows
from agents.core.declare import Source, judgement, parameter, parameters, switch
from agents.core.exact import exps, logs
from agents.core.normal import normal_quantiles
from agents.household.fields import MAX_ADULTS, MAX_CHILDREN
from agents.household.live import AGES, OLD_AGE, PARTNERS, PEOPLE, chances, live_year, most_splits, settle_workers
from agents.household.live import Parameters as Live

switch("demography", "People are born, age, die, set up house and move; without it the people of world.demography.held_year stay")
#: What a household that moves in comes from its model in the region: told apart from those that split off by the slot of their uid.
MOVED_IN = 100
#: Columns that a new household has as its mother.
_AS_MOTHER = ("opinion_home", "opinion_across", "heard_across", "heard_work", "support_across")


@parameters("world.demography")
class Parameters(NamedTuple):
    """Setting up house, and moves."""

    held_year: float = parameter(
        "Year whose people stay where the demography is switched off", unit="year", default=2010.0, low=1980.0, high=2015.0, role="lever",
        source=judgement("the census on which the sizes of places rest"),
    )  # fmt: skip
    share_taken: float = parameter(
        "Land and savings that leave with grown children, relative to an equal part for each adult", unit="1", default=0.7, low=0.3, high=1.0,
        source=judgement("who stays keeps house and garden; who leaves clears new land"),
    )  # fmt: skip
    cleared_id: float = parameter(
        "Part of a new household's land that it clears itself, Indonesian side", unit="share", default=0.8, low=0.4, high=1.0,
        source=judgement("forest and old fallows were free to clear until estates came; the rest is the parents'"),
    )  # fmt: skip
    cleared_my: float = parameter(
        "Part of a new household's land that it clears itself, Malaysian side", unit="share", default=0.4, low=0.0, high=0.8,
        source=Source("fields of longhouses shrink and turn to wet rice (HH28); size: judgement", "opened"),
    )  # fmt: skip
    schooling_gain_id: float = parameter(
        "Schooling of a new household beyond that of the parents, Indonesian side", unit="year", default=2.5, low=1.0, high=4.0,
        source=Source("attendance of ages 13 to 15 from 45 to 84 % in 1980-2010 (HH26, recalled), mean of the employed 6.8 years in 2008 (ECON36)", "derived"),
    )  # fmt: skip
    schooling_gain_my: float = parameter(
        "Schooling of a new household beyond that of the parents, Malaysian side", unit="year", default=2.5, low=1.0, high=4.0,
        source=Source("literacy in rural Sarawak from 55 to 90 % in 1980-2010 (HH27, recalled)", "derived"),
    )  # fmt: skip
    schooling_spread: float = parameter(
        "Spread of schooling around that of the parents", unit="year", default=1.5, low=0.5, high=3.0,
        source=judgement("half of the spread on a side"),
    )  # fmt: skip
    ability_kept: float = parameter(
        "Correlation of earnings among equals between parents and children", unit="1", default=0.4, low=0.2, high=0.6,
        source=judgement("persistence of earnings in developing countries 0.3-0.6"),
    )  # fmt: skip
    tie_to_parents: float = parameter(
        "Strength of the tie to the parents' house at first", unit="index", default=0.9, low=0.6, high=1.0, source=judgement("a close tie"),
    )  # fmt: skip
    ties_inherited: float = parameter(
        "Ties of the parents that a new household has too", unit="share", default=0.5, low=0.2, high=0.9,
        source=judgement("uncles and cousins; half of them by the other partner"),
    )  # fmt: skip
    mover_below: float = parameter(
        "Age of the oldest of a household below which it may move", unit="year", default=40.0, low=30.0, high=50.0,
        source=judgement("migrants are young; the districts of the line grew old (HH22)"),
    )  # fmt: skip


def wanted_people(run: Any) -> np.ndarray:
    """People of each place in the run's January, (places,): of its year, or of the year that is held."""
    on = run.settings.on["demography"]
    return run.world.people_path.people_in(1980 + run.month // 12 if on else run.settings.of(Parameters).held_year)


def in_labour_force(run: Any) -> np.ndarray:
    """Share of the people of 15 to 64 of each side who are in the labour force in the run's year, (sides,)."""
    live = run.settings.of(Live)
    table = run.world.people_path.working_in(1980 + run.month // 12)
    return np.minimum(table * np.array([live.participation_id, live.participation_my]), 1.0)


def january(run: Any) -> None:
    """Let the people of a run live through the year before this January."""
    wanted = wanted_people(run)
    if run.settings.on["demography"]:
        _live(run, wanted)
    _weigh(run, wanted)


def year_before(run: Any) -> None:
    """Note births and deaths of the year before the first January, which leave the people of that January (reverse survival by the tables of the year)."""
    if not run.settings.on["demography"]:
        return
    h = run.frames["household"]
    _, born, survive = chances(run.world.people_path.rates_in(1979.5 + run.month // 12), run.settings.of(Live))
    lost = np.zeros((len(born), AGES + 1))  # dead of last year for each of the people of an age; none at age -1, where nobody is
    lost[:, 0], lost[:, 1:AGES] = 1.0 / born - 1.0, 1.0 / survive[:, : AGES - 1] - 1.0
    side = h["side"].astype(np.int64)
    newborn = (h["child_age"] == 0).sum(axis=1)
    deaths = sum(lost[side[:, None], h[name]].sum(axis=1) for name in ("child_age", "adult_age"))
    record = run.record.people[run.month // 12]
    record[:, PEOPLE["births"]] = run.sum_by_place(newborn / born[side])
    record[:, PEOPLE["deaths"]] = run.sum_by_place(deaths)


def follow_people(run: Any) -> None:
    """Let what is counted of the people follow them: adults and labour force of places, people of districts, and those for whom a clinic at a border place is there."""
    h, world = run.frames["household"], run.world
    people = _people(run)
    world.place["adults"][:] = run.sum_by_place(h["n_adults"])
    world.place["workers"][:] = run.sum_by_place(h["n_workers"])
    world.district["population"][:] = np.bincount(world.place["district"], people, len(world.district_names))
    world.set_catchment(people)


def note_old(run: Any) -> None:
    """Note the people of 65 and over of this January."""
    ages = run.frames["household"]["adult_age"]
    old = np.empty(len(ages))
    count_old(ages, OLD_AGE, old)
    run.record.old[run.month // 12] = run.sum_by_place(old)


def _people(run: Any) -> np.ndarray:
    """People of each place, (places,)."""
    return run.sum_by_place(_persons(run.frames["household"]))


def _persons(columns: Any) -> np.ndarray:
    """Members of each household, (households,)."""
    return columns["n_adults"].astype(np.float64) + columns["n_children"]


class _Split(NamedTuple):
    """Households that split off in a year."""

    #: Row of the household that each comes from, and which of its own in the year it is, (newcomers,).
    mother: np.ndarray
    turn: np.ndarray
    #: Their members, by column of households.
    members: dict[str, np.ndarray]


class _Moves(NamedTuple):
    """Households that leave or come from outside."""

    #: Who has died out and who moves out, (households,).
    ends: np.ndarray
    goes: np.ndarray
    #: Rows of the households that those who come are like, and where they come to, at which weight, (comers,).
    models: np.ndarray
    place: np.ndarray
    weight: np.ndarray


def _live(run: Any, path: np.ndarray) -> None:
    """Let all households live through the year, leave and come, so that places have about the people of the ``path`` (places,)."""
    h, p, seed = run.frames["household"], run.settings.of(Parameters), run.seed_of_run
    before = h["activity"].copy()
    split = _year_of_households(run)
    moves = _moves_of_the_year(run, path, split)
    leave = moves.ends | moves.goes
    hand_on(
        moves.ends,
        moves.goes,
        h["weight"],
        h["place"],
        h["savings"],
        h["land"],
        *(run.kin.columns[k] for k in ("first", "end", "other", "strength")),
    )
    columns, savings = _newcomers(run, split)
    copies = _copies(run, moves)
    given = {name: np.concatenate([columns[name], copies[name]]) for name in columns}
    uid, sides, working = given["uid"], run.world.place["side"][given["place"]].astype(np.int8), in_labour_force(run)
    given |= {"side": sides, "group": np.asarray(run.world.groups, dtype=np.int8)[given["place"]], "n_workers": np.empty_like(sides)}
    settle_workers(seed, working, uid, sides, given["n_adults"], given["adult_age"], given["activity"], given["n_workers"])
    settle_workers(seed, working, h["uid"], h["side"], h["n_adults"], h["adult_age"], h["activity"], h["n_workers"])
    forget_work(before, h["activity"], h["work_sought"])
    ties, strengths = _ties(run, uid, np.concatenate([split.mother, moves.models]), leave, p)
    start = run.settings.of(populate.Parameters)
    trade = np.flatnonzero(populate.trades(seed, uid, sides, start))
    traders = populate.trader_columns(seed, uid[trade], sides[trade], start)
    now = renew_rows(run, np.flatnonzero(leave), given, ties, strengths, traders, ~trade)
    h["savings"][now.new[: len(savings)]] = savings  # what a mother's household gives is no money from outside


def _year_of_households(run: Any) -> _Split:
    """Births, deaths, coming of age and leaving home; noted in the record."""
    h, live = run.frames["household"], run.settings.of(Live)
    tables = chances(run.world.people_path.rates_in(1979.5 + run.month // 12), live)
    births, deaths = np.zeros((2, len(h)), dtype=np.int64)
    most = most_splits(h["n_adults"], h["child_age"])
    mother, turn = np.empty((2, most), dtype=np.int64)
    made = {
        "n_adults": np.empty(most, dtype=np.int8), "n_children": np.empty(most, dtype=np.int8), "adult_age": np.empty((most, MAX_ADULTS), dtype=np.int8),
        "child_age": np.empty((most, MAX_CHILDREN), dtype=np.int8), "activity": np.empty((most, MAX_ADULTS), dtype=np.int8),
    }  # fmt: skip
    n = live_year(
        run.seed_of_run, run.month, live, *tables, h["uid"], h["side"], h["n_adults"], h["n_children"], h["adult_age"], h["child_age"], h["activity"],
        births, deaths, mother, turn, *made.values(),
    )  # fmt: skip
    record = run.record.people[run.month // 12]
    for name, values in (("births", births), ("deaths", deaths)):
        record[:, PEOPLE[name]] = run.sum_by_place(values)
    return _Split(mother[:n], turn[:n], {name: values[:n] for name, values in made.items()})


def _moves_of_the_year(run: Any, path: np.ndarray, split: _Split) -> _Moves:
    """Who moves in and out so that places have about the people of the ``path`` (places,); noted in the record.

    A place whose last household has died out gets one like another of its side.
    """
    h, p, seed, n_places = run.frames["household"], run.settings.of(Parameters), run.seed_of_run, run.world.n_places
    place, weight, persons, bounds = h["place"].astype(np.int64), h["weight"], _persons(h), h.bounds(n_places)
    split_off = weight[split.mother] / PARTNERS * _persons(split.members)
    wanted = path - run.sum_by_place(persons) - np.bincount(place[split.mother], split_off, n_places)
    moves = np.zeros(len(h), dtype=np.bool_)
    choose_moves(seed, run.month, p.mover_below, wanted, bounds, h["uid"], weight, h["n_adults"], h["n_children"], h["adult_age"], moves)
    ends = h["n_adults"] == 0
    goes = moves & (wanted[place] < 0)
    models = np.flatnonzero(moves & (wanted[place] > 0))
    left = np.bincount(place, ~(ends | goes) & (weight > 0.0), n_places)
    left[place[split.mother[weight[split.mother] > 0.0]]] += 1
    dies_out = (left == 0) & (np.bincount(place, weight > 0.0, n_places) > 0)
    again = np.full(n_places, -1)
    if dies_out.any():
        choose_settlers(seed, run.month, dies_out, run.world.place["side"], h["uid"], h["side"], ~(ends | goes) & (weight > 0.0), again)
    settled = np.flatnonzero(again >= 0)
    found = _Moves(
        ends, goes, np.concatenate([models, again[settled]]), np.concatenate([place[models], settled]),
        np.concatenate([weight[models], path[settled] / persons[again[settled]]]),
    )  # fmt: skip
    record = run.record.people[run.month // 12]
    record[:, PEOPLE["moved_in"]] = np.bincount(found.place, found.weight * persons[found.models], n_places)
    record[:, PEOPLE["moved_out"]] = np.bincount(place, np.where(goes, weight * persons, 0.0), n_places)
    return found


def _new_uids(run: Any, mother: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Uids of households that split off, of rows ``mother``, the ``turn``-th of each."""
    uids, of_mother = np.empty(len(mother), dtype=np.int64), run.frames["household"]["uid"][mother]
    for k in range(turn.max(initial=-1) + 1):
        at = turn == k
        uids[at] = newcomer_uids(run.seed_of_run, run.month, of_mother[at], k)
    return uids


def _newcomers(run: Any, split: _Split) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns of households that split off, and the savings that they take along; savings, income and what land they do not clear are the mothers' no more.

    Each partner brings the part of one adult: the household has as much from each, and a weight that keeps the sums.
    """
    h, p, start, mother = run.frames["household"], run.settings.of(Parameters), run.settings.of(populate.Parameters), split.mother
    adults = h["n_adults"].astype(np.float64)
    np.add.at(adults, mother, 1.0)  # before any left the house
    part, uids = p.share_taken / adults[mother], _new_uids(run, mother, split.turn)
    z = np.empty((len(uids), 2))
    draws(run.seed_of_run, run.month, uids, z)
    z = normal_quantiles(z.ravel()).reshape(z.shape)
    spread, kept = start.ability_spread, p.ability_kept
    usual = -0.5 * spread * spread
    ability = usual + kept * (logs(h["ability"][mother]) - usual) + spread * np.sqrt(1.0 - kept * kept) * z[:, 1]
    taken = {}
    is_my = h["side"][mother] == 1
    land = PARTNERS * part * h["land"][mother]
    for name, share in (("land", 1.0 - np.where(is_my, p.cleared_my, p.cleared_id)), ("savings", 1.0), ("income_mean", 1.0)):
        from_mother = part * share * h[name][mother]
        taken[name] = PARTNERS * from_mother
        # one after the other, as a mother may have several
        np.subtract.at(h[name], mother, from_mother)
    columns = {name: h[name][mother] for name in ("village", *_AS_MOTHER)} | split.members
    columns |= {
        "uid": uids, "weight": h["weight"][mother] / PARTNERS, "place": h["place"][mother].astype(np.int64), "land": land, "income_mean": taken["income_mean"], "ability": exps(ability),
        "schooling": np.clip(h["schooling"][mother] + np.where(is_my, p.schooling_gain_my, p.schooling_gain_id) + p.schooling_spread * z[:, 0], 0.0, 15.0), "savings": np.zeros(len(uids)),
    }  # fmt: skip
    return columns, taken["savings"]


def _copies(run: Any, moves: _Moves) -> dict[str, np.ndarray]:
    """Columns of households that come from outside: each is as one that lives there."""
    h, models = run.frames["household"], moves.models
    names = (
        "n_adults",
        "n_children",
        "adult_age",
        "child_age",
        "activity",
        "schooling",
        "land",
        "ability",
        "savings",
        "income_mean",
        *_AS_MOTHER,
    )
    uids = newcomer_uids(run.seed_of_run, run.month, h["uid"][models], MOVED_IN)
    for k in np.flatnonzero(moves.place != h["place"][models]):  # a model of several places
        uids[k] = newcomer_uids(run.seed_of_run, run.month, h["uid"][models[k : k + 1]], MOVED_IN + 1 + int(moves.place[k]))[0]
    village = np.where(moves.place == h["place"][models], h["village"][models], -1)
    village = drawn_villages(run, moves.place, village, uids)
    return {name: h[name][models] for name in names} | {"uid": uids, "place": moves.place, "village": village, "weight": moves.weight}


def _ties(run: Any, uids: np.ndarray, mother: np.ndarray, leave: np.ndarray, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Ties of new households, as :func:`abm.world.population.renew_rows` takes them: to the mother's (or their model's), and each of hers by a draw of the pair; none to who leaves."""
    kin, uid = run.kin.columns, run.frames["household"]["uid"]
    most = int((kin["end"][mother] - kin["first"][mother]).sum()) + len(mother)
    pairs, strengths = np.empty((most, 2), dtype=np.int64), np.empty(most)
    n = inherit(run.seed_of_run, run.month, p.tie_to_parents, p.ties_inherited, uids, mother, leave, uid, kin["first"], kin["end"], kin["other"],
                 kin["strength"], pairs, strengths)  # fmt: skip
    return pairs[:n], strengths[:n]


def _weigh(run: Any, wanted: np.ndarray) -> None:
    """Let the weights of each place's households add up to its people, and book what their savings gain by it."""
    h, trader, people = run.frames["household"], run.frames["trader"], _people(run)
    factor = np.ones(len(people))
    np.divide(wanted, people, out=factor, where=people > 0.0)
    factor[np.abs(factor - 1.0) < 1e-12] = 1.0
    if (factor == 1.0).all():
        return
    run.record.people[run.month // 12, :, PEOPLE["reweighted"]] = people * (factor - 1.0)
    for frame, column in ((h, "savings"), (trader, "profit")):
        gained = np.zeros((2, 2))
        reweigh(factor, frame["place"], frame["side"], frame[column], frame["weight"], gained)
        if run.month < len(run.carried):
            run.carried[run.month] += gained
