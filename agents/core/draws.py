"""Random numbers that belong to a decision, a month and an agent, and to nothing else.

``uniform(seed, stream, month, uid, slot)`` is a pure function: no hidden state, no order of calls. Two runs that differ
in one policy therefore have the same draws everywhere else, however the work is divided. ``stream`` names the decision,
``slot`` tells several draws of one decision apart.

The mixer is SplitMix64 (Steele, Lea and Flood 2014, OOPSLA, doi 10.1145/2660193.2660195): from a state ``s`` the n-th
output is ``mix(s + n·γ)``. The five keys are chained: each output is the state for the next key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from agents.core.compiled import PLAIN, compiled, inlined

_MASK = 0xFFFFFFFFFFFFFFFF
_GAMMA = 0x9E3779B97F4A7C15
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB

#: Streams by name; two decisions may not share one.
STREAMS: dict[str, int] = {}


def stream(name: str) -> int:
    """Number of the stream of decision ``name`` (31 bits of its SHA-256), registered so that a clash is refused."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1
    for other, taken in STREAMS.items():
        if taken == number and other != name:
            raise ValueError(f"streams '{name}' and '{other}' have the same number: rename one of them")
    STREAMS[name] = number
    return number


def splitmix_python(state: int, n: int) -> int:
    """The n-th output (n ≥ 1) of SplitMix64 from ``state``, as plain integers."""
    z = (state + n * _GAMMA) & _MASK
    z = ((z ^ (z >> 30)) * _M1) & _MASK
    z = ((z ^ (z >> 27)) * _M2) & _MASK
    return z ^ (z >> 31)


def uniform_python(seed: int, stream: int, month: int, uid: int, slot: int) -> float:
    """:func:`uniform` as plain Python; the compiled form gives the same bits (a test checks this)."""
    h = splitmix_python(int(seed) & _MASK, int(stream) + 1)
    h = splitmix_python(h, int(month) + 1)
    h = splitmix_python(h, int(uid) + 1)
    h = splitmix_python(h, int(slot) + 1)
    return ((h >> 12) + 0.5) * 2.220446049250313e-16


def pair_uniform_python(seed: int, stream: int, month: int, uid: int, other: int, slot: int) -> float:
    """:func:`pair_uniform` as plain Python; the compiled form gives the same bits (a test checks this)."""
    h = splitmix_python(int(seed) & _MASK, int(stream) + 1)
    h = splitmix_python(h, int(month) + 1)
    h = splitmix_python(h, min(int(uid), int(other)) + 1)
    h = splitmix_python(h, max(int(uid), int(other)) + 1)
    h = splitmix_python(h, int(slot) + 1)
    return ((h >> 12) + 0.5) * 2.220446049250313e-16


def stem_python(seed: int, stream: int, month: int, uid: int) -> int:
    """:func:`stem` as plain Python; the compiled form gives the same bits (a test checks this)."""
    h = splitmix_python(int(seed) & _MASK, int(stream) + 1)
    return splitmix_python(splitmix_python(h, int(month) + 1), int(uid) + 1)


def uniform_of_python(stem: int, slot: int) -> float:
    """:func:`uniform_of` as plain Python; the compiled form gives the same bits (a test checks this)."""
    return ((splitmix_python(int(stem), int(slot) + 1) >> 12) + 0.5) * 2.220446049250313e-16


_GAMMA64, _M1_64, _M2_64 = np.uint64(_GAMMA), np.uint64(_M1), np.uint64(_M2)
_S1, _S12, _S27, _S30, _S31 = np.uint64(1), np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)


@inlined
def _splitmix(state: Any, n: Any) -> Any:
    """The n-th output (n ≥ 1) of SplitMix64 from ``state`` (both unsigned 64-bit)."""
    z = np.uint64(state) + np.uint64(n) * _GAMMA64
    z = (z ^ (z >> _S30)) * _M1_64
    z = (z ^ (z >> _S27)) * _M2_64
    return z ^ (z >> _S31)


@inlined
def _uniform(seed: int, stream: int, month: int, uid: int, slot: int) -> float:
    """A draw from the open interval (0, 1) that belongs to these five integers and to nothing else."""
    h = _splitmix(seed, stream + 1)
    h = _splitmix(h, month + 1)
    h = _splitmix(h, uid + 1)
    h = _splitmix(h, slot + 1)
    return (np.float64(h >> _S12) + 0.5) * 2.220446049250313e-16


@inlined
def _stem(seed: int, stream: int, month: int, uid: int) -> Any:
    """What all slots of one decision of an agent have in common: ``uniform_of(stem(seed, stream, month, uid), slot)`` is :func:`uniform` of the five."""
    return _splitmix(_splitmix(_splitmix(seed, stream + 1), month + 1), uid + 1)


@inlined
def _uniform_of(stem: Any, slot: int) -> float:
    """The draw of a slot from the :func:`stem` of its decision: a quarter of the work where an agent has several."""
    return (np.float64(_splitmix(stem, slot + 1) >> _S12) + 0.5) * 2.220446049250313e-16


@inlined
def _pair_uniform(seed: int, stream: int, month: int, uid: int, other: int, slot: int) -> float:
    """A draw from (0, 1) that belongs to a pair of agents: the same whichever of the two is named first."""
    h = _splitmix(seed, stream + 1)
    h = _splitmix(h, month + 1)
    h = _splitmix(h, min(uid, other) + 1)
    h = _splitmix(h, max(uid, other) + 1)
    h = _splitmix(h, slot + 1)
    return (np.float64(h >> _S12) + 0.5) * 2.220446049250313e-16


#: The forms that rules call: compiled, or plain Python when rules run as such (numpy's wrapping integers would give warnings and be slow).
splitmix: Any = splitmix_python if PLAIN else _splitmix
uniform: Any = uniform_python if PLAIN else _uniform
pair_uniform: Any = pair_uniform_python if PLAIN else _pair_uniform
stem: Any = stem_python if PLAIN else _stem
uniform_of: Any = uniform_of_python if PLAIN else _uniform_of


def origin_uid(seed: int, *origin: int) -> int:
    """Lifelong identity (63 bits) of an agent from its origin, e.g. (place, slot) or (mother household, month, slot).

    With a counter, one more agent made earlier would change the numbers of all later ones; the origin does not.
    """
    return _chained(seed, origin) >> 1


def origin_uids(seed: int, *origin: int, last: np.ndarray) -> np.ndarray:
    """:func:`origin_uid` of many agents that differ in the last part of their origin.

    ``last`` (agents,) holds that part, ``origin`` the parts before it; the uids have shape (agents,) and type int64.
    """
    head = _chained(seed, origin)
    if PLAIN:
        return np.array([splitmix_python(head, (int(part) & _MASK) + 1) >> 1 for part in last], dtype=np.int64)
    out = np.empty(len(last), dtype=np.int64)
    _last_parts(np.uint64(head), np.ascontiguousarray(last, dtype=np.int64), out)
    return out


def _chained(seed: int, parts: Iterable[int]) -> int:
    h = int(seed) & _MASK
    for part in parts:
        h = splitmix_python(h, (int(part) & _MASK) + 1)
    return h


@compiled
def _last_parts(head: Any, last: Any, out: Any) -> None:
    for i in range(last.shape[0]):
        out[i] = _splitmix(head, last[i] + 1) >> _S1
