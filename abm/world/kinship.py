"""Who is tied to whom at the start: kin and acquaintances within a side, kin across the border, by place, culture and distance.

Every tie is drawn by its first household, slot by slot, so that one more household changes no ties but its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from abm.world.feasts import no_feasts
from agents.core.compiled import compiled, plain
from agents.core.declare import Column, Source, judgement, parameter, parameters
from agents.core.draws import stream, uniform
from agents.core.exact import exps
from agents.household.keep_ties import fixed_point

if TYPE_CHECKING:
    import networkx as nx

KIN_PLACE = stream("kinship.place")
KIN_WHO = stream("kinship.household")
N_WITHIN = 4  # ties that each household starts; each is also a tie of the other household, so about twice as many in all
N_ACROSS = 2
#: The first so many of those within are kin, the others acquaintances; those across are kin, acquaintances there come later (see abm.world.meet).
N_KIN_WITHIN = 2


@parameters("world.kinship")
class Parameters(NamedTuple):
    """Where kin live and how often they meet."""

    length: float = parameter(
        "Hours over which the chance of a tie falls by 63 %", unit="hour", default=6.0, low=1.5, high=12.0,
        source=judgement("families within a day's walk or ride of the time"),
    )  # fmt: skip
    same_group: float = parameter(
        "Ties between households of one people relative to others", unit="1", default=6.0, low=2.0, high=15.0,
        source=Source("strong segregation in 75 Indian villages (Montes, Jimenez and Onnela); size: judgement", "opened"),
    )  # fmt: skip
    across: float = parameter(
        "Chance of a tie across at no distance and within one people, for each of two", unit="probability", default=0.7, low=0.1, high=0.95,
        source=judgement("share of households with kin across 0.1-0.5, more only in twinned valleys; no survey (HH9)"),
    )  # fmt: skip
    contact: float = parameter(
        "Chance to meet in a month at no distance", unit="probability/month", default=0.5, low=0.1, high=1.0,
        source=judgement("feasts, markets, Sundays"),
    )  # fmt: skip


@compiled
def many_uniform(seed: int, stream_number: int, uid: Column, slots: int, out: Column) -> None:
    """Draws of many agents and slots; ``out`` is (agents, slots)."""
    for i in range(uid.shape[0]):
        for k in range(slots):
            out[i, k] = uniform(seed, stream_number, 0, uid[i], k)


def draw(seed: int, number: int, uids: np.ndarray, slots: int = 1) -> np.ndarray:
    """(agents, slots) draws that belong to the agents and the stream, at no month."""
    out = np.empty((len(uids), slots))
    many_uniform(seed, number, np.ascontiguousarray(uids, dtype=np.int64), slots, out)
    return out


def contact_by_distance(hours: np.ndarray, p: Any) -> np.ndarray:
    """Chance to meet in a month at this distance [hours]."""
    return p.contact * exps(-hours / p.length)


def choose_kin(
    seed: int, uid: np.ndarray, place: np.ndarray, population: np.ndarray, groups: Any, hours: np.ndarray, side: np.ndarray, p: Any
) -> np.ndarray:
    """Whom each household starts a tie with: rows of households, -1 where a slot stays empty, (households, N_WITHIN + N_ACROSS) of int32.

    Two households may choose each other, and one may choose another twice: that makes one tie.

    ``uid`` and ``place`` (households,) are in the order of rows, so sorted by place. By place are ``population`` [persons], ``groups`` and
    ``side`` (places,), and ``hours`` [hours] (places, places): home hours within a side, hours across between the sides. ``p`` are
    :class:`Parameters`.
    """
    n_places = len(population)
    group = np.asarray(groups)
    alike = np.where(group[:, None] == group[None, :], p.same_group, 1.0)
    pull = population[None, :] * alike * exps(-hours / p.length)
    is_within = side[:, None] == side[None, :]
    nearness = np.where(is_within, 0.0, exps(-hours / p.length) * alike / p.same_group)
    # across: only households of the first side start ties, each of a few with its own chance
    chance = np.where(side == 0, p.across * nearness.max(axis=1), 0.0)
    cumulative, has_any = np.empty((2, n_places, n_places)), np.empty((2, n_places), dtype=bool)
    for k, table in enumerate((np.where(is_within, pull, 0.0), np.where(is_within, 0.0, pull))):
        total = table.sum(axis=1)
        cumulative[k], has_any[k] = np.cumsum(table, axis=1) / np.where(total > 0, total, 1.0)[:, None], total > 0
    first = np.searchsorted(place, np.arange(n_places + 1))
    chosen = np.empty((len(uid), N_WITHIN + N_ACROSS), dtype=np.int32)
    _choose(seed, np.ascontiguousarray(uid, dtype=np.int64), first, cumulative, has_any, chance, chosen)
    return chosen


@compiled
def _choose(seed: int, uid: Column, first: Column, cumulative: Column, has_any: Column, chance: Column, chosen: Column) -> None:
    """Fill ``chosen``; ``first`` (places + 1,) bounds each place's rows, ``cumulative`` and ``has_any`` are within, then across."""
    n_places = has_any.shape[1]
    for q in range(n_places):
        for i in range(first[q], first[q + 1]):
            for k in range(chosen.shape[1]):
                chosen[i, k] = -1
                over = 1 if k >= N_WITHIN else 0
                if not has_any[over, q] or (over == 1 and uniform(seed, KIN_PLACE, 0, uid[i], k + N_ACROSS) >= chance[q]):
                    continue
                at = uniform(seed, KIN_PLACE, 0, uid[i], k)
                target = 0
                while target < n_places - 1 and cumulative[over, q, target] <= at:
                    target += 1
                count = first[target + 1] - first[target]
                if count == 0:
                    continue
                other = first[target] + min(int(uniform(seed, KIN_WHO, 0, uid[i], k) * count), count - 1)
                if other != i:
                    chosen[i, k] = other


@compiled
def _count_ends(a: Column, b: Column, count: Column) -> None:
    """Add the ends of each pair of rows to ``count`` (households,); a pair whose ``b`` is -1 is none."""
    for k in range(a.shape[0]):
        if b[k] >= 0:
            count[a[k]] += 1
            count[b[k]] += 1


@compiled
def _write_ends(
    a: Column, b: Column, at_a: Column, at_b: Column, kinds: Column, free: Column, other: Column, strength: Column, is_kin: Column
) -> None:  # fmt: skip
    """Write each pair at both ends, from ``free`` (households,) on, with its kind and the strength that it has at each end."""
    for k in range(a.shape[0]):
        if b[k] >= 0:
            i, j = a[k], b[k]
            other[free[i]], strength[free[i]] = j, at_a[k]
            other[free[j]], strength[free[j]] = i, at_b[k]
            is_kin[free[i]] = is_kin[free[j]] = kinds[k]
            free[i] += 1
            free[j] += 1


@compiled
def _sort_ends(
    uid: Column, side: Column, first: Column, first_across: Column, end: Column, other: Column, strength: Column, is_kin: Column
) -> int:  # fmt: skip
    """Sort each household's ties, those within its side first, then by uid; drop repeated ones and close the gaps. Gives their number."""
    free = 0
    for i in range(first.shape[0]):
        start, stop = first[i], end[i]
        for e in range(start + 1, stop):
            j, s, kind = other[e], strength[e], is_kin[e]
            to = e
            while to > start:
                before = other[to - 1]
                over, over_before = side[j] != side[i], side[before] != side[i]
                if over_before < over or (over_before == over and uid[before] <= uid[j]):
                    break
                other[to], strength[to], is_kin[to] = before, strength[to - 1], is_kin[to - 1]
                to -= 1
            other[to], strength[to], is_kin[to] = j, s, kind
        first[i] = free
        first_across[i] = free
        for e in range(start, stop):
            j = other[e]
            if free > first[i] and other[free - 1] == j:
                continue
            other[free], strength[free], is_kin[free] = j, strength[e], is_kin[e]
            free += 1
            if side[j] == side[i]:
                first_across[i] = free
        end[i] = free
    return free


class Kin:
    """The ties as rows of neighbours: those within the side first, then those across; each tie is in the rows of both its households.

    ``columns`` are what the rules read and write, as declared in ``agents/household/fields.py``. Ties as a list of pairs are worked out
    when they are asked for.
    """

    def __init__(
        self, households: Any, a: np.ndarray, b: np.ndarray, at_a: np.ndarray, at_b: np.ndarray, contact: np.ndarray, gap: float,
        kinds: np.ndarray | None = None, feast: np.ndarray | None = None
    ) -> None:  # fmt: skip
        """The ties between rows ``a`` and ``b`` (pairs,) of int32, none where ``b`` is -1; a pair may be given twice.

        ``at_a`` and ``at_b`` (pairs,) of float32 are the strength at each end, ``kinds`` (pairs,) of int8 is 1 for kin and 0 for acquaintances (left
        out: all kin); of a pair given twice the first counts. ``feast`` as :func:`abm.world.feasts.feast_table` (left out: no feasts). ``contact`` is the chance to meet in a month: of one place with
        each, then of the next, so that there are as many as the square of the number of places; ValueError for more than 256 places.
        ``gap`` is the logarithm of income per head there over here.
        """
        kinds = np.ones(len(a), dtype=np.int8) if kinds is None else kinds
        if contact.size > 2**16:
            raise ValueError(f"ties between {math.isqrt(contact.size)} places: a region has 256 at most")
        n = len(households)
        count = np.zeros(n, dtype=np.int32)
        _count_ends(a, b, count)
        end = np.cumsum(count, dtype=np.int32)
        first = end - count
        n_ends = int(count.sum())
        other, strength = np.empty(n_ends, dtype=np.int32), np.empty(n_ends, dtype=np.float32)
        is_kin = np.empty(n_ends, dtype=np.int8)
        _write_ends(a, b, at_a, at_b, kinds, first.copy(), other, strength, is_kin)
        first_across = np.empty_like(first)
        number = _sort_ends(households["uid"], households["side"], first, first_across, end, other, strength, is_kin)
        self._households, place = households, households["place"].astype(np.int32)
        other = other[:number].copy()
        pair = np.repeat(place, end - first) * math.isqrt(contact.size) + place[other]
        self.columns: dict[str, np.ndarray] = {
            "first": first,
            "first_across": first_across,
            "end": end,
            "other": other,
            "pair": pair.astype(np.uint16),
            "contact": contact.astype(np.float32),
            "is_kin": is_kin[:number].copy(),
            "feast": no_feasts() if feast is None else feast,
            "n_new": np.zeros(1),
            "strength": strength[:number].copy(),
            "is_on": np.ones(1),
            "income_gap": np.full(1, gap),
        }
        #: How often ties have begun or ended beside the comings and goings of households: the columns have then been made anew.
        self.version = 0

    @classmethod
    def begun(
        cls, households: Any, chosen: np.ndarray, hours: np.ndarray, gap: float, p: Any, rule: Any, feast: np.ndarray | None = None
    ) -> Kin:  # fmt: skip
        """The ties of the start (see :func:`choose_kin`), each at the strength where visits alone would keep it.

        ``hours`` (places, places) as there, ``gap`` the logarithm of income per head there over here, ``p`` :class:`Parameters`, ``rule`` the
        parameters of ``household.keep_ties``, ``feast`` as for a new :class:`Kin`.
        """
        contact = contact_by_distance(hours, p).astype(np.float32)
        place, slots = households["place"], chosen.shape[1]
        side = np.zeros(len(hours), dtype=np.int8)
        side[place] = households["side"]
        gaps = np.where(side[:, None] != side[None, :], gap, 0.0)
        stays = np.stack([fixed_point_array(contact.astype(float), gaps, rule, kind).astype(np.float32) for kind in (0, 1)])
        a, b = np.repeat(np.arange(len(households), dtype=np.int32), slots), chosen.ravel()
        slot = np.tile(np.arange(slots), len(households))
        kinds = ((slot < N_KIN_WITHIN) | (slot >= N_WITHIN)).astype(np.int8)
        at_a, at_b = stays[kinds, place[a], place[b]], stays[kinds, place[b], place[a]]
        return cls(households, a, b, at_a, at_b, contact.ravel(), gap, kinds, feast)

    @classmethod
    def of_ties(
        cls, households: Any, ties: np.ndarray, strengths: np.ndarray, contact: np.ndarray, gap: float, kinds: np.ndarray | None = None,
        feast: np.ndarray | None = None
    ) -> Kin:  # fmt: skip
        """Ties given as :attr:`ties`, :meth:`strengths` and :meth:`kinds` say them; KeyError where one ties a household that is not there.

        ``ties`` (ties, 2) of uids, ``strengths`` (ties,), ``contact`` the column of other ties of the same region, ``gap`` the logarithm of
        income per head there over here, ``kinds`` and ``feast`` as for a new :class:`Kin`.
        """
        a, b = (households.rows(ties[:, k]).astype(np.int32) for k in (0, 1))
        values = np.asarray(strengths, dtype=np.float32)
        return cls(households, a, b, values, values, contact, gap, kinds, feast)

    @property
    def ties(self) -> np.ndarray:
        """Pairs of uids, (ties, 2), the smaller first, each tie once, in order; worked out at each call."""
        return self._pairs()[0]

    def strengths(self) -> np.ndarray:
        """Strength of each tie, (ties,), in the order of :attr:`ties` (both ends hold the same value); worked out at each call."""
        c = self.columns
        return c["strength"][self._pairs()[1]]

    def kinds(self) -> np.ndarray:
        """Kind of each tie, 1 kin and 0 acquaintances, (ties,) of int8, in the order of :attr:`ties`; worked out at each call."""
        return self.columns["is_kin"][self._pairs()[1]]

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each end of a tie the row of its household, and where it is in the columns of ties; both (ends,), by household."""
        c = self.columns
        count = c["end"] - c["first"]
        source = np.repeat(np.arange(len(count), dtype=np.int32), count)
        return source, np.arange(len(source)) + np.repeat(c["first"] - (np.cumsum(count) - count), count)

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The ties as pairs of uids in order, and where in the columns the end of each is that lies in the later row."""
        uid = self._households["uid"]
        source, at = self.ends()
        later = self.columns["other"][at] < source
        source, at = source[later], at[later]
        pairs = np.stack([uid[source], uid[self.columns["other"][at]]], axis=1)
        pairs.sort(axis=1)
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        return pairs[order], at[order]

    def renew_contact(self, hours: np.ndarray, p: Any) -> None:
        """Chances to meet after the ways have changed: ``hours`` (places, places), ``p`` :class:`Parameters`."""
        self.columns["contact"][:] = contact_by_distance(hours, p).ravel()

    def graph(self, households: Any, place_names: list[str]) -> nx.Graph:
        """The ties as a networkx graph: nodes are uids with their place, edges carry strength, whether they are of kin and whether they lead across."""
        import networkx as nx

        graph = nx.Graph()
        place, side = households["place"], households["side"]
        for row, uid in enumerate(households["uid"]):
            graph.add_node(int(uid), place=place_names[int(place[row])], side=("id", "my")[int(side[row])])
        ties, at = self._pairs()
        across = side[households.rows(ties[:, 0])] != side[households.rows(ties[:, 1])]
        strength, kind = self.columns["strength"][at].tolist(), self.columns["is_kin"][at].tolist()
        for (a, b), s, kin, over in zip(ties.tolist(), strength, kind, across.tolist(), strict=True):
            graph.add_edge(a, b, strength=s, kin=kin > 0, across=over)
        return graph


def fixed_point_array(contact: np.ndarray, gap: np.ndarray, rule: Any, kind: int = 1) -> np.ndarray:
    """Fixed points of many ties of one kind (1 kin, 0 acquaintances) that only visits keep; ``contact`` is that of kin."""
    often, fading = (1.0, 1.0) if kind else (rule.weak_visits, rule.weak_decay)
    return plain(fixed_point)(contact * often, gap, rule.gain, rule.decay * fading, rule.inequality)
