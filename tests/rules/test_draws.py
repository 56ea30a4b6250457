"""Random numbers that belong to a decision, a month and an agent."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest, pearsonr

from agents.core import draws
from agents.core.compiled import PLAIN
from agents.core.draws import (
    STREAMS,
    origin_uid,
    origin_uids,
    pair_uniform,
    pair_uniform_python,
    splitmix,
    splitmix_python,
    stem,
    stem_python,
    stream,
    uniform,
    uniform_of,
    uniform_of_python,
    uniform_python,
)

N = 20_000
BAD_LUCK = 1.0e-4


def test_reference_values() -> None:
    # the first five outputs of SplitMix64 from the seed 1234567, as its authors' C code prints them
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert [splitmix_python(1234567, n) for n in range(1, 6)] == expected
    assert [int(splitmix(np.uint64(1234567), n) if not PLAIN else splitmix(1234567, n)) for n in range(1, 6)] == expected


KEY = st.integers(0, 2**63 - 2)
SMALL = st.integers(0, 2**31 - 1)
MONTH = st.integers(-1, 2**20)


@settings(max_examples=400, deadline=None)
@given(KEY, SMALL, MONTH, KEY, st.integers(-1, 2**20))
@example(0, 0, 0, 0, 0)
@example(2**62, 2**31 - 1, 431, 2**63 - 2, 2**31 - 1)
@example(1, 2**31 - 1, -1, 2**63 - 2, -1)
def test_compiled_and_plain_give_the_same_bits(seed: int, number: int, month: int, uid: int, slot: int) -> None:
    drawn = uniform(seed, number, month, uid, slot)
    assert drawn == uniform_python(seed, number, month, uid, slot)
    assert 0.0 < drawn < 1.0


@settings(max_examples=200, deadline=None)
@given(KEY, SMALL, MONTH, KEY, KEY, st.integers(0, 100))
@example(7, 99, -48, 2**63 - 2, 0, 0)
def test_a_draw_of_a_pair_is_the_same_whoever_is_named_first(seed: int, number: int, month: int, uid: int, other: int, slot: int) -> None:
    drawn = pair_uniform(seed, number, month, uid, other, slot)
    assert drawn == pair_uniform(seed, number, month, other, uid, slot) == pair_uniform_python(seed, number, month, other, uid, slot)
    assert 0.0 < drawn < 1.0


def test_a_draw_of_a_pair_depends_on_all_of_its_keys() -> None:
    keys = [(7, 9, 3, 11, 12, 0), (8, 9, 3, 11, 12, 0), (7, 8, 3, 11, 12, 0), (7, 9, 4, 11, 12, 0), (7, 9, 3, 10, 12, 0), (7, 9, 3, 11, 13, 0),
            (7, 9, 3, 11, 12, 1), (7, 9, 3, 11, 11, 0)]  # fmt: skip
    assert len({pair_uniform(*key) for key in keys}) == len(keys)
    # the two uids are two more steps of the same chain
    h = 7
    for key in (9, 3, 11, 12, 0):
        h = splitmix_python(h, key + 1)
    assert pair_uniform(7, 9, 3, 12, 11, 0) == ((h >> 12) + 0.5) * 2.0**-52
    all_pairs = np.array([pair_uniform(7, 9, 3, a, b, 0) for a in range(150) for b in range(a)])
    assert kstest(all_pairs, "uniform").pvalue > BAD_LUCK


def test_narrow_types_give_the_same_bits() -> None:
    # loops hand in columns of several widths
    for uid in (np.int64(2**63 - 2), np.int32(2**31 - 1), np.int16(7), np.int8(3)):
        assert uniform(7, 99, 3, uid, np.int64(2)) == uniform_python(7, 99, 3, int(uid), 2)


@pytest.mark.parametrize("h", [0, 2**64 - 1])
def test_the_interval_is_open_at_both_ends(h: int) -> None:
    # the last step of a draw, at the least and the greatest state
    assert 0.0 < ((h >> 12) + 0.5) * 2.220446049250313e-16 < 1.0


def test_streams_are_unique() -> None:
    import abm.declarations  # noqa: F401

    assert len(set(STREAMS.values())) == len(STREAMS) >= 15
    assert all(0 <= v < 2**31 for v in STREAMS.values())
    assert stream("household.fall_ill") == STREAMS["household.fall_ill"]


def test_a_clash_of_streams_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "STREAMS", {"somebody.else": stream("household.fall_ill")})
    with pytest.raises(ValueError, match=r"'household\.fall_ill' and 'somebody\.else'"):
        stream("household.fall_ill")


def test_origins_give_identities() -> None:
    uids = {origin_uid(seed, kind, place, k) for seed in (0, 7) for kind in (1, 2) for place in range(30) for k in range(100)}
    assert len(uids) == 2 * 2 * 30 * 100 and all(0 <= u < 2**63 for u in uids)
    assert origin_uid(7, 1, 2) != origin_uid(7, 2, 1)
    # each part of the origin is the place in the sequence that begins at the state before it
    assert origin_uid(7, 1, 2) == splitmix_python(splitmix_python(7, 2), 3) >> 1
    assert origin_uid(7, 1, -1) == splitmix_python(splitmix_python(7, 2), 2**64) >> 1 and origin_uid(2**64 + 7, 1) == origin_uid(7, 1)


# what varies while the other keys stay: each should look like independent draws
UIDS = [origin_uid(7, 1, k % 26, k // 26) for k in range(N)]
FALL_ILL = stream("household.fall_ill")
WALKS = {
    "neighbouring uids": lambda k: (7, FALL_ILL, 12, k, 0),
    "the model's uids": lambda k: (7, FALL_ILL, 12, UIDS[k], 0),
    "months": lambda k: (7, FALL_ILL, k, UIDS[0], 0),
    "streams": lambda k: (7, k, 12, UIDS[0], 0),
    "seeds": lambda k: (k, FALL_ILL, 12, UIDS[0], 0),
    "slots": lambda k: (7, FALL_ILL, 12, UIDS[0], k),
}
STEPS = {"uid": 3, "month": 2, "stream": 1, "seed": 0, "slot": 4}


def walk(name: str, n: int = N) -> np.ndarray:
    """Draws along one key."""
    return np.array([uniform(*WALKS[name](k)) for k in range(n)])


@pytest.mark.parametrize("name", WALKS)
def test_uniform_along_every_key(name: str) -> None:
    u = walk(name)
    assert kstest(u, "uniform").pvalue > BAD_LUCK
    for lag in (1, 2, 12):
        assert pearsonr(u[:-lag], u[lag:]).pvalue > BAD_LUCK
    # pairs of neighbours fall evenly on a 16 by 16 board
    pairs = np.histogram2d(u[0::2], u[1::2], bins=16, range=[[0, 1], [0, 1]])[0]
    assert chisquare(pairs.ravel()).pvalue > BAD_LUCK
    # and so do the last bits of a draw
    assert chisquare(np.bincount((u * 2**40).astype(np.int64) % 64, minlength=64)).pvalue > BAD_LUCK


@pytest.mark.parametrize("other", STEPS)
def test_agents_do_not_move_together(other: str) -> None:
    # the same agents at the next month, slot, seed, stream, or their neighbours' identity
    a = np.array([uniform(7, FALL_ILL, 12, u, 0) for u in UIDS])
    keys = [7, FALL_ILL, 12, 0, 0]
    b = []
    for u in UIDS:
        keys[3] = u
        shifted = keys.copy()
        shifted[STEPS[other]] += 1
        b.append(uniform(*shifted))
    assert pearsonr(a, b).pvalue > BAD_LUCK
    table = np.histogram2d(a, b, bins=16, range=[[0, 1], [0, 1]])[0]
    assert chisquare(table.ravel()).pvalue > BAD_LUCK


def test_streams_of_the_model_are_independent() -> None:
    names = sorted(STREAMS)[:8]
    drawn = np.array([[uniform(7, STREAMS[name], 5, u, 1) for u in UIDS[:5000]] for name in names])
    r = np.corrcoef(drawn)[np.triu_indices(len(names), 1)]
    # 28 correlations of 5,000 pairs: each has a standard deviation of 1/sqrt(5000); five of them is once in two million
    assert np.abs(r).max() < 5 / np.sqrt(5000)


@pytest.mark.parametrize("name", ["LINTAS_PLAIN", "NUMBA_DISABLE_JIT"])
def test_rules_run_as_plain_python_where_compiling_is_switched_off(name: str) -> None:
    """numba's own switch means the same as ours: on its own it leaves numpy's whole numbers, which overflow, in the draws."""
    code = (
        "from abm import BorderModel, Scenario\n"
        "model = BorderModel(Scenario(end='1980-02'), households=60, rng=7).run()\n"
        "print(repr(float(model.frames['household']['income'].sum())))"
    )
    said = {}
    for environment in ({}, {name: "1"}):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, check=False)
        assert done.returncode == 0, done.stderr
        said[len(environment)] = done.stdout
    assert said[0] == said[1]


def test_uids_of_many_are_those_of_each() -> None:
    last = [0, 1, 5, 2**31, 2**62, -1]
    for origin in ((), (1,), (1, 25), (3, -1, 7)):
        made = origin_uids(7, *origin, last=np.array(last))
        assert made.dtype == np.int64
        assert made.tolist() == [origin_uid(7, *origin, k) for k in last]
    assert origin_uids(2**64 - 1, 1, last=np.arange(3)).tolist() == [origin_uid(2**64 - 1, 1, k) for k in range(3)]
    assert len(origin_uids(7, 1, last=np.arange(0))) == 0


def test_a_draw_from_the_stem_of_its_decision_is_the_same() -> None:
    for key in ((7, 9, 3, 12), (0, 0, -5, 2**62), (2**62, 2**31 - 1, 431, 0)):
        for slot in (0, 1, 47):
            assert uniform_of(stem(*key), slot) == uniform(*key, slot) == uniform_of_python(stem_python(*key), slot)
