"""Who is kin to whom: ties within a side and across the border, by place, culture and distance.

Every tie is drawn by its first household, slot by slot, so that one more household changes no ties but its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.core.compiled import compiled, plain
from agents.core.declare import Column, Source, judgement, parameter, parameters
from agents.core.draws import stream, uniform
from agents.household.keep_ties import fixed_point

if TYPE_CHECKING:
    import networkx as nx

KIN_PLACE = stream("kinship.place")
KIN_WHO = stream("kinship.household")
N_WITHIN = 4  # ties that each household starts; each is also a tie of the other household, so about twice as many in all
N_ACROSS = 2


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
    return p.contact * np.exp(-hours / p.length)


def make_ties(
    seed: int, uid: np.ndarray, place: np.ndarray, population: np.ndarray, groups: Any, hours: np.ndarray, side: np.ndarray, p: Any
) -> np.ndarray:
    """Pairs of uids, (ties, 2), each once, sorted. ``hours`` (places, places) holds home hours within and across hours between."""
    n_places = len(population)
    group = np.asarray(groups)
    alike = np.where(group[:, None] == group[None, :], p.same_group, 1.0)
    pull = population[None, :] * alike * np.exp(-hours / p.length)
    within = np.where(side[:, None] == side[None, :], pull, 0.0)
    nearness = np.where(side[:, None] != side[None, :], np.exp(-hours / p.length) * alike / p.same_group, 0.0)
    over = np.where(side[:, None] != side[None, :], pull, 0.0)
    p_across = p.across * nearness.max(axis=1)
    first = np.searchsorted(place, np.arange(n_places + 1))
    counts = np.diff(first)
    slots = N_WITHIN + N_ACROSS
    where, who = draw(seed, KIN_PLACE, uid, slots + N_ACROSS), draw(seed, KIN_WHO, uid, slots)
    pairs = []
    for k in range(slots):
        table = within if k < N_WITHIN else over
        total = table.sum(axis=1)
        cumulative = np.cumsum(table, axis=1) / np.where(total > 0, total, 1.0)[:, None]
        target = np.empty(len(uid), dtype=np.int64)
        for q in range(n_places):
            rows = slice(first[q], first[q + 1])
            target[rows] = np.minimum(np.searchsorted(cumulative[q], where[rows, k], side="right"), n_places - 1)
        made = (total[place] > 0) & (counts[target] > 0)
        if k >= N_WITHIN:
            made &= (side[place] == 0) & (where[:, k + N_ACROSS] < p_across[place])
        other = first[target] + np.minimum((who[:, k] * counts[target]).astype(np.int64), np.maximum(counts[target] - 1, 0))
        rows = np.flatnonzero(made)
        rows = rows[other[rows] != rows]
        pairs.append(np.stack([uid[rows], uid[other[rows]]], axis=1))
    ties = np.concatenate(pairs)
    ties.sort(axis=1)
    return np.unique(ties, axis=0)


class Kin:
    """The ties as rows of neighbours: those within the side first, then those across."""

    def __init__(
        self,
        households: Any,
        ties: np.ndarray,
        hours: np.ndarray,
        side: np.ndarray,
        strength: np.ndarray | None,
        gap: float,
        p: Any,
        rule: Any,
    ) -> None:
        """``ties`` (ties, 2) of uids; ``strength`` (ties,) or None to start at the fixed point."""
        self.ties = ties
        n = len(households)
        a, b = households.rows(ties[:, 0]), households.rows(ties[:, 1])
        source, other = np.concatenate([a, b]), np.concatenate([b, a])
        place = households["place"].astype(np.int64)
        self.over = side[place[source]] != side[place[other]]
        edge = np.concatenate([np.arange(len(ties))] * 2)
        order = np.lexsort((households["uid"][other], self.over, source))
        source, other, edge, over = source[order], other[order], edge[order], self.over[order]
        contact = contact_by_distance(hours, p)[place[source], place[other]].astype(np.float32)
        if strength is None:
            fixed = fixed_point_array(contact.astype(float), np.where(over, gap, 0.0), rule)
        else:
            fixed = strength[edge]
        bounds = np.searchsorted(source, np.arange(n + 1))
        n_within = np.bincount(source[~over], minlength=n)
        self._edge = edge.astype(np.int32)
        self.columns: dict[str, np.ndarray] = {
            "first": bounds[:-1].astype(np.int64),
            "first_across": (bounds[:-1] + n_within).astype(np.int64),
            "end": bounds[1:].astype(np.int64),
            "other": other.astype(np.int32),
            "contact": contact,
            "strength": np.asarray(fixed, dtype=np.float32),
            "is_on": np.ones(1),
            "income_gap": np.full(1, gap),
        }

    def strengths(self) -> np.ndarray:
        """Strength of each tie, in the order of ``ties`` (both ends hold the same value)."""
        out = np.empty(len(self.ties), dtype=np.float32)
        out[self._edge] = self.columns["strength"]
        return out

    def renew_contact(self, hours: np.ndarray, place: np.ndarray, p: Any) -> None:
        """Chances to meet after the ways have changed."""
        at = place.astype(np.int64)
        source = np.repeat(at, self.columns["end"] - self.columns["first"])
        # by pairs of places first: they are far fewer than ties
        self.columns["contact"][:] = contact_by_distance(hours, p)[source, at[self.columns["other"]]]

    def graph(self, households: Any, place_names: list[str]) -> nx.Graph:
        """The ties as a networkx graph: nodes are uids with their place, edges carry strength and whether they lead across."""
        import networkx as nx

        graph = nx.Graph()
        place, side = households["place"], households["side"]
        for row, uid in enumerate(households["uid"]):
            graph.add_node(int(uid), place=place_names[int(place[row])], side=("id", "my")[int(side[row])])
        strength = self.strengths()
        for (a, b), s in zip(self.ties, strength, strict=True):
            ends = [side[households.row(int(u))] for u in (a, b)]
            graph.add_edge(int(a), int(b), strength=float(s), across=bool(ends[0] != ends[1]))
        return graph


def fixed_point_array(contact: np.ndarray, gap: np.ndarray, rule: Any) -> np.ndarray:
    """Fixed points of many ties."""
    return plain(fixed_point)(contact, gap, rule.gain, rule.decay, rule.inequality)
