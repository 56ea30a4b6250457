"""Who comes and goes? Households leave, others come and are tied to those who are there, and members are born or die.

The rules of a demography are not here: they say who, :func:`renew` does it, in the memory that the columns have. The shipped one is
:mod:`abm.world.demography`; another is a function of the run that is called in January in its place (``rules={"population": …}``, see
:class:`abm.simulation.Simulation`). A member who is born, grows up or dies is a change of the columns ``n_adults`` and ``n_children``, and of
``adult_age`` and ``child_age`` where ages are to count, before :func:`renew`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from abm.errors import UserError, shorten
from abm.world import retie
from abm.world.columns import World
from abm.world.kinship import Kin, draw
from agents.core.compiled import compiled
from agents.core.declare import Column, near
from agents.core.draws import origin_uids, stream
from agents.core.frame import AgentFrame
from agents.core.moves import Moves, find_rows
from agents.household.fields import MAX_ADULTS, MAX_CHILDREN
from agents.household.live import ADULT_AGE, AGES
from agents.surroundings import ACTIVITIES

VILLAGE = stream("population.village")
#: First part of a newcomer's origin; those of the start have 1 (households), 2 (traders, then their household) and 3 (officials).
NEWCOMER, TRADER = 4, 2
#: Age in years of an adult and of a child for whom a demography gives none.
USUAL_ADULT, USUAL_CHILD = 30, 7


class RunWithPeople(Protocol):
    """What of a run (:class:`abm.running.Run`) changes when households come and go."""

    frames: dict[str, AgentFrame]
    kin: Kin
    world: World
    month: int
    seed_of_run: int
    #: Savings that newcomers brought in and that who left took out, see :class:`abm.state.State`.
    carried: np.ndarray
    #: Households whose decisions are traced, and the traces.
    follow: list[int]
    traces: list[dict[str, Any]]

    def sum_by_place(self, values: np.ndarray) -> np.ndarray: ...


def newcomer_uids(seed: int, month: int, mothers: Any, slot: int = 0) -> np.ndarray:
    """Uids of households that split off in a month, a function of their origin alone, (newcomers,) of int64.

    ``mothers`` (newcomers,) are the uids of the households that they come from; ``slot`` tells several of one mother and month apart. ``seed`` is that of
    the run, ``month`` the run's (January 1980 is 0).
    """
    return origin_uids(seed, NEWCOMER, month, slot, last=np.asarray(mothers, dtype=np.int64))


def trader_uids(seed: int, households: Any) -> np.ndarray:
    """Uids of the traders of these households, (households,) of int64, as those of the start have them: a function of the household's uid."""
    return origin_uids(seed, TRADER, last=np.asarray(households, dtype=np.int64))


class _Comers(NamedTuple):
    """What was asked for, as arrays that fit each other."""

    leave: np.ndarray
    newcomers: dict[str, np.ndarray]
    ties: np.ndarray
    strengths: np.ndarray
    traders: dict[str, np.ndarray]


def renew(
    run: RunWithPeople,
    leave: Any = (),
    newcomers: Mapping[str, Any] | None = None,
    ties: Any = (),
    strengths: Any = (),
    traders: Mapping[str, Any] | None = None,
) -> None:
    """Let households leave and others come, with their ties and traders, between two months; everything that knows households by row follows.

    Parameters
    ----------
    run : the run, at the end of a month or in its January (a demography is called there).
    leave : uids of the households that leave, (households,). Their traders leave with them, and their ties end.
    newcomers : columns of the households that come, (newcomers, …), by name of a field of ``household``. ``uid``, ``place`` (number of the community),
        ``weight`` and ``n_adults`` are needed; ``side``, ``group`` and ``trader`` are not given, they follow from the place and from ``traders``; without ``village`` (or with -1) it is drawn. What else is left out starts
        at the field's initial value: without ``land`` and ``ability`` a household has no farm output and no pay. Adults for whom neither ``activity`` nor ``adult_age`` is given are in the
        labour force and work on the farm. ``n_workers`` is not given, it follows from ``activity``.
    ties : pairs of uids, (ties, 2), of households that are there afterwards. A pair that is tied already keeps its strength, and of a pair given twice the first counts.
    strengths : of these ties, (ties,), index from 0 to 1.
    traders : columns of the traders that come, (traders, …), by name of a field of ``trader``. ``uid`` and ``household`` (uid of the household,
        which has no trader yet) are needed; ``place``, ``side`` and ``weight`` are those of the household.

    Savings that newcomers bring and that who leaves takes along, with the profit of a trader that is not home yet, are booked in ``run.carried``. What one household gives another
    (a mother's household to one that splits off, a last will) is for the caller to move in the column ``savings``, so that the weighted sum stays.

    The columns ``n_adults`` and ``n_children`` may have been changed before: ``activity``, ``n_workers`` and ages follow here. Adults beyond the former ones
    are 30 years old and begin on the farm, children beyond them are 7; where there are fewer, the last of the column have gone.

    UserError, in one sentence, and nothing is changed: for a uid that is not there, comes though it is there or leaves in the same call, or is given twice; a place that is not one; a
    tie to nobody, to who leaves, or of a household to itself; columns that are not declared, written anew each month, or of other lengths; numbers that are not finite or that a column cannot hold; numbers of members that
    cannot be; a second trader.
    """
    household = run.frames["household"]
    asked = _read(run, leave, newcomers, ties, strengths, traders)
    new_uid, tied, owner = asked.newcomers["uid"], asked.ties.ravel(), asked.traders["household"]
    row, same = find_rows(household["uid"], np.concatenate([asked.leave, new_uid, tied, owner]))
    n_leave, n_new = len(asked.leave), len(new_uid)
    known = n_leave + n_new
    gone, ends = row[:n_leave], same[known:]
    _check_uids(asked, row, same)
    old_owner = row[known + len(tied) :]
    _check_traders(run, asked, old_owner)
    _check_members(household, gone)

    # rows of those at the ends of ties and of those with a new trader: of who is there, or ~k of the k-th newcomer
    at = np.where((ends >= n_leave) & (ends < known), ~(ends - n_leave), row[known:])
    renew_rows(run, gone, asked.newcomers, at[: len(tied)].reshape(-1, 2), asked.strengths, asked.traders, at[len(tied) :])
    c = household
    _set_members(c["n_adults"], c["n_children"], c["adult_age"], c["child_age"], c["activity"], c["n_workers"])
    run.world.place["adults"][:] = run.sum_by_place(household["n_adults"])
    run.world.place["workers"][:] = run.sum_by_place(household["n_workers"])


def renew_rows(
    run: RunWithPeople,
    gone: np.ndarray,
    newcomers: Mapping[str, np.ndarray],
    ties: np.ndarray,
    strengths: np.ndarray,
    traders: Mapping[str, np.ndarray],
    owners: np.ndarray,
) -> Moves:
    """:func:`renew` for a caller who knows that what it gives fits: households are named by their rows, and nothing is checked.

    ``gone`` (households,) and ``ties`` (ties, 2) of int64 are rows before; in ``ties`` and ``owners`` (traders,) ~k stands for the k-th newcomer. ``newcomers``
    have ``side``, ``group`` and ``village`` too, and numbers of members, ``activity``, ``n_workers`` and ages that fit each other; ``household`` of ``traders`` is not read. What is counted
    of the people by place does not follow. Gives where the households' rows have gone.
    """
    household, trader = run.frames["household"], run.frames["trader"]
    _tell_followed(run, household["uid"][gone])
    gone_traders = household["trader"][gone]
    gone_traders = gone_traders[gone_traders >= 0].astype(np.int64)
    _book(run, 1, household, gone, "savings")
    _book(run, 1, trader, gone_traders, "profit")
    moves = household.renew(gone, newcomers)
    retie.leave(run.kin, moves)
    a, b = (_rows_now(ends, moves) for ends in (ties[:, 0], ties[:, 1]))
    retie.tie(run.kin, household, a, b, strengths)
    came_traders = _renew_traders(household, trader, traders, gone_traders, moves.row_now, _rows_now(owners, moves))
    _book(run, 0, household, moves.new, "savings")
    _book(run, 0, trader, came_traders, "profit")
    return moves


def drawn_villages(run: RunWithPeople, place: np.ndarray, village: np.ndarray, uid: np.ndarray) -> np.ndarray:
    """Village of each newcomer, (newcomers,) of int16: as given, and where that is -1 by a draw that belongs to its uid, in proportion to the villages' people."""
    none, found = village < 0, village.astype(np.int16)
    if none.any():
        found[none] = run.world.villages_of(place[none], draw(run.seed_of_run, VILLAGE, uid[none])[:, 0])
    return found


def _rows_now(rows: np.ndarray, moves: Moves) -> np.ndarray:
    """Rows as they are now, of rows before and of ~k for the k-th newcomer, (rows,) of int64."""
    came, now = rows < 0, np.empty(len(rows), dtype=np.int64)
    now[came], now[~came] = moves.new[~rows[came]], moves.row_now[rows[~came]]
    return now


def _renew_traders(
    household: AgentFrame, trader: AgentFrame, traders: Mapping[str, np.ndarray], gone: np.ndarray, row_now: np.ndarray, owner: np.ndarray
) -> np.ndarray:
    """Let traders leave and come, and say again which household each belongs to; gives the rows of those who came.

    ``owner`` (newcomers,) are the rows of their households now.
    """
    given = dict(traders)
    given |= {name: household[name][owner] for name in ("place", "side", "weight")}
    trader["household"][:] = row_now[trader["household"]]
    given["household"] = owner
    came = trader.renew(gone, given).new
    household["trader"][trader["household"]] = np.arange(len(trader), dtype=np.int32)
    return came


def _book(run: RunWithPeople, out: int, frame: AgentFrame, rows: np.ndarray, column: str) -> None:
    """Book money of these rows that comes in (0) or goes out (1), by side in own currency, in the month that comes next; after the last there is none."""
    if run.month < len(run.carried):
        amount = frame["weight"][rows] * frame[column][rows]
        run.carried[run.month, :, out] += np.bincount(frame["side"][rows], amount, 2)


def _tell_followed(run: RunWithPeople, leave: np.ndarray) -> None:
    """Say in the traces which followed households have left, and follow them no longer."""
    left = set(leave.tolist()).intersection(run.follow) if run.follow else set()
    for uid in [uid for uid in run.follow if uid in left]:
        run.traces.append({"month": run.month, "uid": uid, "rule": "population", "calls": [], "has_left": True})
        run.follow.remove(uid)


# --- what was asked for ------------------------------------------------------------------------------------------------


def _read(run: RunWithPeople, leave: Any, newcomers: Any, ties: Any, strengths: Any, traders: Any) -> _Comers:
    """What was asked for as arrays; UserError where they do not fit each other."""
    leave, ties = _uids("leave", leave), _uids("ties", ties)
    if leave.ndim != 1:
        raise UserError(f"leave has the shape {leave.shape}: give a list of uids")
    ties = ties if ties.size else np.zeros((0, 2), dtype=np.int64)
    strengths = _numbers("strengths", strengths, "float32")
    if ties.ndim != 2 or ties.shape[1] != 2 or strengths.shape != (len(ties),):
        raise UserError(
            f"ties of shape {ties.shape} with strengths of shape {strengths.shape}: give pairs of uids (ties, 2) and a strength of each"
        )
    if len(ties) and not (strengths.min() >= 0.0 and strengths.max() <= 1.0):
        raise UserError("a tie has a strength that is not from 0 to 1")
    new = _columns(run.frames["household"], newcomers, ("uid", "place", "weight", "n_adults"), ("side", "group", "trader", "n_workers"))
    place, world = new["place"], run.world
    if len(place):
        if not (place.min() >= 0 and place.max() < world.n_places):
            wrong = place[(place < 0) | (place >= world.n_places)][0]
            raise UserError(f"there is no place {wrong}: households live in places 0 to {world.n_places - 1} (world.place_names)")
        for name, least, words in (("weight", 0.0, "0 or more"), ("land", 0.0, "0 or more"), ("ability", 0.0, "0 or more")):
            if name in new and new[name].min() < least:
                raise UserError(f"a household that comes has a {name} of {new[name].min():g}: {words} is needed")
        if "activity" in new and not (new["activity"].min() >= -1 and new["activity"].max() < len(ACTIVITIES)):
            raise UserError(
                f"the activity of an adult that comes is none of 0 to {len(ACTIVITIES) - 1}, or -1 where there is no such adult"
            )
        for name, least in (("adult_age", ADULT_AGE), ("child_age", 0)):
            if name in new and not (((new[name] >= least) & (new[name] < (AGES if least else ADULT_AGE))) | (new[name] == -1)).all():
                raise UserError(
                    f"the {name} of a household that comes is none of {least} to {(AGES if least else ADULT_AGE) - 1} years, or -1 where there is no such member"
                )
        children = new.get("n_children", np.zeros(len(place)))
        bad = np.flatnonzero((new["n_adults"] < 1) | (new["n_adults"] > MAX_ADULTS) | (children < 0) | (children > MAX_CHILDREN))
        if len(bad):
            _refuse_members(new["uid"][bad[0]], new["n_adults"][bad[0]], children[bad[0]])
    new["village"] = _villages(run, new)
    new["side"] = world.place["side"][place].astype(np.int8)
    new["group"] = np.asarray(world.groups, dtype=np.int8)[place]
    own = _columns(run.frames["trader"], traders, ("uid", "household"), ("place", "side", "weight"))
    return _Comers(leave, new, ties, strengths, own)


def _villages(run: RunWithPeople, new: Mapping[str, np.ndarray]) -> np.ndarray:
    """Village of each newcomer: as given, or drawn where none is given; UserError where it is none of the place."""
    place, world = new["place"], run.world
    village = new.get("village", np.full(len(place), -1, dtype=np.int16))
    found = drawn_villages(run, place, village, new["uid"])
    last = len(world.village_names) - 1
    wrong = (village < -1) | (found > last) | (world.village["place"][np.minimum(found, last)] != place)
    if wrong.any():
        k = np.flatnonzero(wrong)[0]
        raise UserError(
            f"household {new['uid'][k]} is to come to place {place[k]} and its village {village[k]}: give a village of that place (world.village_names), or -1 for one by chance"
        )
    return found


def _uids(what: str, said: Any) -> np.ndarray:
    """Uids as an array; UserError where they are no whole numbers."""
    return _numbers(what, said, "int64", "uids: give whole numbers, as in frames['household']['uid']")


def _numbers(what: str, said: Any, dtype: str, allowed: str = "") -> np.ndarray:
    """Numbers as an array of this type; UserError for anything else, for what is not finite, and for what the type cannot hold."""
    if isinstance(said, np.ndarray) and said.dtype == dtype and (said.dtype.kind == "i" or np.isfinite(said).all()):
        return said.copy()  # it may be a column of the run
    limits = f"whole numbers from {np.iinfo(dtype).min} to {np.iinfo(dtype).max}" if np.dtype(dtype).kind == "i" else "finite numbers"
    try:
        array = np.asarray(said)
    except ValueError:  # lists of several lengths
        array = np.asarray(None)
    array = array.astype(np.int64) if not array.size and array.dtype.kind == "f" else array  # an empty list
    fits = array.dtype.kind in "iufb" and bool(np.isfinite(array).all())
    if fits:
        with np.errstate(all="ignore"):
            made = array.astype(dtype)
            fits = bool((made == array).all()) if np.dtype(dtype).kind == "i" else bool(np.isfinite(made).all())
            # a number beyond the type's may come back as an equal one after rounding
            fits &= np.dtype(dtype).kind != "i" or not array.size or (array.max() < 2**63 and array.min() >= -(2**63))
        if fits:
            return made
    raise UserError(f"{what}: {shorten(repr(said))} are not {allowed or limits}")


def _columns(frame: AgentFrame, given: Mapping[str, Any] | None, needed: tuple[str, ...], follow: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The columns of newcomers as arrays of one length; UserError for what is lacking, not declared, or follows from other things."""
    if given is None:
        return {name: np.zeros(0, dtype=np.int64) for name in needed}
    if lacking := [name for name in needed if name not in given]:
        raise UserError(f"a {frame.entity} that comes needs {', '.join(lacking)}: give the columns {', '.join(needed)}")
    count = np.asarray(given["uid"]).shape[:1]
    if not count:
        raise UserError(f"{frame.entity}.uid of those who come is no list: give the columns as lists, also for one")
    found = {}
    for name, values in given.items():
        if name not in frame.fields:
            raise UserError(f"a {frame.entity} has no field '{shorten(name)}'; {near(str(name), frame.fields)}")
        if frame.fields[name].kind == "month":
            raise UserError(f"'{name}' of a {frame.entity} is written anew each month: leave it out")
        if name in follow:
            raise UserError(
                f"'{name}' of a {frame.entity} that comes follows from its {'household' if frame.entity == 'trader' else 'place, its trader or what its adults do'}: leave it out"
            )
        width, dtype = frame.fields[name].width, "int64" if name in ("uid", "place", "household") else frame.fields[name].dtype
        array = _numbers(f"{frame.entity}.{name}", values, dtype)
        shape = (*count, *((width,) if width > 1 else ()))
        if array.shape != shape:
            raise UserError(f"{frame.entity}.{name} of those who come has the shape {array.shape}, and {shape} is needed")
        found[name] = array
    return found


def _check_uids(asked: _Comers, row: np.ndarray, same: np.ndarray) -> None:
    """Refuse uids that are not there, are there already, or are given twice; ``row`` and ``same`` are of leaving, coming, tied and trading ones."""
    uids = np.concatenate([asked.leave, asked.newcomers["uid"], asked.ties.ravel(), asked.traders["household"]])
    n_leave, known, n = len(asked.leave), len(asked.leave) + len(asked.newcomers["uid"]), len(uids)
    at = np.arange(n)
    is_leaving, is_coming = at < n_leave, (at >= n_leave) & (at < known)
    is_there, is_first = row >= 0, same == at
    came, left = (same >= n_leave) & (same < known), same < n_leave
    for wrong, what in (
        (is_leaving & ~is_first, "household {} is to leave twice"),
        (is_leaving & ~is_there, "household {} is to leave, and there is none of this uid"),
        (is_coming & left, "household {} is to leave and to come: give a newcomer a uid of its own"),
        (is_coming & ~is_first, "household {} is to come twice"),
        (is_coming & is_there, "household {} is to come, and one of this uid is there already"),
        ((at >= known) & left, "household {} is to leave: it cannot have a new tie or trader"),
        ((at >= known) & ~came & ~is_there, "there is no household {} for a tie or a trader"),
    ):  # fmt: skip
        if wrong.any():
            raise UserError(what.format(uids[np.flatnonzero(wrong)[0]]))
    to_itself = np.flatnonzero(asked.ties[:, 0] == asked.ties[:, 1])
    if len(to_itself):
        raise UserError(f"household {asked.ties[to_itself[0], 0]} is to be tied to itself")


def _check_traders(run: RunWithPeople, asked: _Comers, old_owner: np.ndarray) -> None:
    """Refuse a trader whose uid is there or given twice, or whose household has one; ``old_owner`` (traders,) are its rows before, -1 for newcomers."""
    uid, owner = asked.traders["uid"], asked.traders["household"]
    if not len(uid):
        return
    row, same = find_rows(run.frames["trader"]["uid"], uid)
    if (row >= 0).any() or (same != np.arange(len(uid))).any():
        wrong = np.flatnonzero((row >= 0) | (same != np.arange(len(uid))))[0]
        raise UserError(f"trader {uid[wrong]} is to come twice, or is there already")
    has_one = run.frames["household"]["trader"][old_owner[old_owner >= 0]] >= 0
    if has_one.any() or len(np.unique(owner)) < len(owner):
        raise UserError("a household is to have a second trader: it can have one")


def _check_members(household: AgentFrame, gone: np.ndarray) -> None:
    """Refuse households of too few or too many members among those that stay."""
    n_adults, n_children = household["n_adults"], household["n_children"]
    bad = np.flatnonzero((n_adults < 1) | (n_adults > MAX_ADULTS) | (n_children < 0) | (n_children > MAX_CHILDREN))
    bad = bad[~np.isin(bad, gone)] if len(bad) else bad
    if len(bad):
        _refuse_members(household["uid"][bad[0]], n_adults[bad[0]], n_children[bad[0]])


def _refuse_members(uid: Any, n_adults: Any, n_children: Any) -> None:
    raise UserError(
        f"household {uid} has {n_adults} adults and {n_children} children: a household that is there has 1 to {MAX_ADULTS} adults and 0 to {MAX_CHILDREN} children"
    )


@compiled
def _set_members(n_adults: Column, n_children: Column, adult_age: Column, child_age: Column, activity: Column, n_workers: Column) -> None:
    """Let ages and ``activity`` fit the numbers of members; those in the labour force stand first, and are counted."""
    for i in range(n_adults.shape[0]):
        free = 0
        for a in range(MAX_ADULTS):
            if a >= n_adults[i]:
                adult_age[i, a] = activity[i, a] = -1
            elif adult_age[i, a] < 0:
                adult_age[i, a] = USUAL_ADULT
                if activity[i, a] < 0:
                    activity[i, a] = 0
            if activity[i, a] >= 0:
                age, doing = adult_age[i, a], activity[i, a]
                for b in range(a, free, -1):
                    adult_age[i, b], activity[i, b] = adult_age[i, b - 1], activity[i, b - 1]
                adult_age[i, free], activity[i, free] = age, doing
                free += 1
        n_workers[i] = free
        for c in range(MAX_CHILDREN):
            if c >= n_children[i]:
                child_age[i, c] = -1
            elif child_age[i, c] < 0:
                child_age[i, c] = USUAL_CHILD
