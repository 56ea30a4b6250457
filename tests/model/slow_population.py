"""The reference for :func:`abm.world.population.renew`: the same change household by household, with tables of plain Python, nothing in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from abm.running import Run
from abm.world.kinship import Kin, draw
from agents.core.declare import FIELDS
from agents.core.draws import STREAMS


def one_by_one(columns: Any) -> list[dict[str, Any]]:
    """Columns as a list of agents."""
    return [{name: values[k] for name, values in columns.items()} for k in range(len(columns["uid"]))] if columns else []


def _put(h: Any, row: int, name: str, values: list[int]) -> None:
    """Values of the members of a household, and -1 beyond them."""
    h[name][row] = values + [-1] * (FIELDS["household"][name].width - len(values))


def _village(run: Run, one: dict[str, Any]) -> int:
    """The village that a household comes to: the one given, or the one with whose people the sum of shares passes its draw."""
    if one.get("village", -1) >= 0:
        return int(one["village"])
    u, villages = draw(run.seed_of_run, STREAMS["population.village"], np.array([one["uid"]]))[0, 0], run.world.village
    of_place = [k for k, place in enumerate(villages["place"]) if place == one["place"]]
    so_far, total = 0.0, sum(villages["share"][k] for k in of_place)
    for k in of_place[:-1]:
        so_far += villages["share"][k]
        if u < so_far / total:
            return k
    return of_place[-1]


def renew_slowly(run: Run, leave: Any = (), newcomers: Any = None, ties: Any = (), strengths: Any = (), traders: Any = None) -> None:
    """As :func:`abm.world.population.renew`, for what that does not refuse."""
    h, t, kin, gone = run.frames["household"], run.frames["trader"], run.kin, [int(uid) for uid in leave]
    places = run.world.place["side"].tolist(), run.world.groups
    known = {
        tuple(pair): (s, kind) for pair, s, kind in zip(kin.ties.tolist(), kin.strengths().tolist(), kin.kinds().tolist(), strict=True)
    }
    owner = {int(uid): int(h["uid"][row]) for uid, row in zip(t["uid"], t["household"], strict=True)}
    account = [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]  # of households out, traders out, households in, traders in: sides

    for uid in gone:
        row = h.row(uid)
        account[0][h["side"][row]] += float(h["weight"][row] * h["savings"][row])
        own = [uid_of for uid_of, its in owner.items() if its == uid]
        for trader in own:
            at = t.row(trader)
            account[1][t["side"][at]] += float(t["weight"][at] * t["profit"][at])
            t.remove([trader])
            del owner[trader]
        h.remove([uid])
    for one in one_by_one(newcomers):
        place = int(one["place"])
        follows = {"side": [places[0][place]], "group": [places[1][place]], "village": [_village(run, one)]}
        h.add({name: np.array([value]) for name, value in one.items()} | follows)
        account[2][places[0][place]] += float(one["weight"] * one.get("savings", 0.0))
    for one in one_by_one(traders):
        row = h.row(int(one["household"]))
        given = {name: np.array([value]) for name, value in one.items() if name != "household"}
        t.add(given | {name: h[name][row : row + 1] for name in ("place", "side", "weight")})
        owner[int(one["uid"])] = int(one["household"])
        account[3][h["side"][row]] += float(h["weight"][row] * one.get("profit", 0.0))
    for k, out in enumerate((1, 1, 0, 0)):
        if run.month < len(run.carried):
            run.carried[run.month, :, out] += account[k]

    h["trader"][:] = -1
    for row, uid in enumerate(t["uid"].tolist()):
        t["household"][row] = h.row(owner[uid])
        h["trader"][h.row(owner[uid])] = row
    known = {pair: s for pair, s in known.items() if not set(gone) & set(pair)}
    for (a, b), s in zip(np.asarray(ties).reshape(-1, 2).tolist(), strengths, strict=True):
        known.setdefault((min(a, b), max(a, b)), (float(np.float32(s)), 1))
    pairs = sorted(known)
    c = kin.columns
    run.kin = Kin.of_ties(
        h,
        np.array(pairs, dtype=np.int64).reshape(-1, 2),
        np.array([known[p][0] for p in pairs], dtype=np.float32),
        c["contact"],
        c["income_gap"][0],
        np.array([known[p][1] for p in pairs], dtype=np.int8),
        c["feast"],
    )
    for name in ("is_on", "n_new"):
        run.kin.columns[name][:] = c[name]

    adults, workers = [0.0] * run.world.n_places, [0.0] * run.world.n_places
    for row in range(len(h)):
        known_adults = list(zip(h["adult_age"][row].tolist(), h["activity"][row].tolist(), strict=True))[: int(h["n_adults"][row])]
        members = [(age, doing) if age >= 0 else (30, max(doing, 0)) for age, doing in known_adults]
        members.sort(key=lambda member: member[1] < 0)
        _put(h, row, "adult_age", [age for age, _ in members])
        _put(h, row, "activity", [doing for _, doing in members])
        _put(h, row, "child_age", [age if age >= 0 else 7 for age in h["child_age"][row].tolist()[: int(h["n_children"][row])]])
        h["n_workers"][row] = sum(doing >= 0 for _, doing in members)
        place, weight = int(h["place"][row]), float(h["weight"][row])
        adults[place] += weight * len(members)
        workers[place] += weight * int(h["n_workers"][row])
    run.world.place["adults"][:], run.world.place["workers"][:] = adults, workers
    for uid in [uid for uid in run.follow if uid in gone]:
        run.traces.append({"month": run.month, "uid": uid, "rule": "population", "calls": [], "has_left": True})
        run.follow.remove(uid)
