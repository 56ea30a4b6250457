"""Are the ledger's verdicts as reliable as it says, with the model's own numbers? Two arms that both lack the mechanism, and an effect of just the practical size.

The bank is real runs without kinship, each with its own draw of the posterior and its own seed. In a null, a "pair" is two different runs of the bank: draws and chance differ, the
mechanism does not. The slow form has more and larger runs and is the one whose figures are quoted in docs/evidence.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from abm import simulate_list
from abm.claims.claim import claims as shipped
from abm.claims.interpret import effects, number_of
from abm.claims.years import Years
from abm.many import Member
from abm.scenario import Scenario
from calibration.posterior import Posterior
from experiments.evidence.runs import AskedOfRuns
from experiments.evidence.verdict import ERROR, Units, found_with_chance, judge

REPETITIONS = 200
#: Runs of the bank and households of each.
SIZES = [pytest.param((160, 60), id="small"), pytest.param((1200, 300), id="large", marks=pytest.mark.slow)]
#: Units of each arm.
UNITS = 64


def pair_patterns():
    """The shipped patterns that compare a run with one without a mechanism."""
    return {f"{c.id} {p.id}": p for c in shipped().values() for p in c.asked if p.comparison == "pair"}


@pytest.fixture(scope="module", params=SIZES)
def bank(request):
    """Every run of the bank as the years it gave."""
    runs, households = request.param
    draws = AskedOfRuns(Posterior.load("west-kalimantan-sarawak"), "west-kalimantan-sarawak", households, 1, 5).draws(0, runs)
    scenario = Scenario.load("history", without=["kinship"])
    members = [
        Member(scenario, 10_000 + k, draw)
        for k, draw in enumerate({str(n): float(v) for n, v in row.items()} for row in draws.to_dict("records"))
    ]
    return [Years(end.value) for end in simulate_list(members, 2, households=households)]


def test_two_arms_without_the_mechanism_hold_no_pattern_more_often_than_stated(bank):
    """New draws and seeds in each arm, every paired pattern of the shipped claims, 200 times: how often is any said to hold or to go the other way?"""
    patterns, rng = pair_patterns(), np.random.default_rng(1)
    half = len(bank) // 2
    false, verdicts = 0, 0
    for _ in range(REPETITIONS):
        order = rng.permutation(len(bank))
        arms = order[:half][:UNITS], order[half:][:UNITS]
        units = {}
        for name, pattern in patterns.items():
            found = [effects(pattern, bank[a], without=bank[b]) for a, b in zip(*arms, strict=True)]
            units[name] = Units(np.array([[e.effect for e in one] for one in found]), np.array([[e.size for e in one] for one in found]))
        judged = judge(units)
        wrong = [f for f in judged.values() if f.said == "holds" or f.reason == "opposite"]
        false += bool(wrong)
        verdicts += len(judged)
    print(f"{false} of {REPETITIONS} repetitions had a false verdict; {verdicts} verdicts in all")
    assert false / REPETITIONS <= ERROR


def test_an_effect_of_the_practical_size_is_found_as_often_as_stated(bank):
    """The model's own spread of a paired difference, shifted to be of the practical size on average: "holds" comes as often as :func:`found_with_chance` says."""
    pattern = next(p for p in pair_patterns().values() if len(p.conditions) == 1)
    number = pattern.numbers[pattern.conditions[0].number]
    values = np.array([number_of(number, run) for run in bank])
    values = values[np.isfinite(values)]
    rng = np.random.default_rng(2)
    spread = (values - values.mean()) / values.std()
    for share in (0.15, 0.25):  # spread of the differences, in practical sizes
        hits = []
        for _ in range(REPETITIONS):
            sample = 1.0 + share * rng.choice(spread, 96)
            hits.append(judge({"one": Units(sample[:, None], np.ones((96, 1)))})["one"].said == "holds")
        stated = found_with_chance(1.0, share, 1.0, 96)
        print(f"spread of {share:.0%} of the practical size: found in {np.mean(hits):.1%}, stated {stated:.1%} for normal differences")
        assert np.mean(hits) >= stated - 0.15
        if share <= 0.2:
            assert np.mean(hits) >= 0.9
