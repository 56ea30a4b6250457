"""Inference on a simulator whose truth is known: exactness, coverage, agreement, determinism."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import qmc

from calibration import check as checks
from calibration import infer
from calibration.emulator import Emulator, fit_emulator
from calibration.infer import Pool, Proposal, Weighted
from calibration.likelihood import Likelihood, statistics
from calibration.priors import UNIT_SD, Prior, PriorError
from tests.calibration.toy import PARAMETERS, simulate, targets


@pytest.fixture(scope="module")
def bank():
    unit = qmc.Sobol(8, rng=np.random.default_rng(1)).random(2048)
    runs = simulate(unit, 3)
    likelihood = Likelihood(targets())
    return runs, statistics(targets(), runs), likelihood


@pytest.fixture(scope="module")
def proposed(bank):
    runs, z, likelihood = bank
    return infer.next_proposal(runs.unit, z, likelihood, 5, pool_size=40_000)


def by_brute_force(n: int = 400_000) -> Weighted:
    """The posterior by plain weighting of very many runs from the prior: slow, but exact."""
    unit = np.random.default_rng(99).random((n, 8))
    likelihood = Likelihood(targets())
    return Weighted.from_log(unit, likelihood(statistics(targets(), simulate(unit, 7))))


def test_population_monte_carlo_is_the_posterior(bank, proposed):
    runs, _, likelihood = bank
    proposal, _ = proposed
    unit = proposal.draw(likelihood, 1024, 8, 11)
    both = np.concatenate([runs.unit, unit])
    z = statistics(targets(), simulate(both, 17))
    found, evidence = infer.mixture_weights(both, likelihood(z), [2048, 1024], [proposal], likelihood)
    truth = by_brute_force()
    assert found.ess > infer.ENOUGH_ESS
    assert found.weights.max() < infer.MOST_WEIGHT
    error = 4.0 * truth.sd() / np.sqrt(found.ess)
    assert (np.abs(found.mean() - truth.mean()) < error).all()
    assert np.abs(found.sd() / truth.sd() - 1.0).max() < 0.15
    brute = np.random.default_rng(4).random((400_000, 8))
    direct = np.log(np.mean(np.exp(likelihood(statistics(targets(), simulate(brute, 8))))))
    assert abs(evidence - direct) < 0.12


def test_a_proposal_has_the_density_that_it_says(bank, proposed):
    _runs, _, likelihood = bank
    proposal, _ = proposed
    fresh = np.random.default_rng(8).random((60_000, 8))
    density = np.exp(proposal.log_density(likelihood, fresh))
    assert np.mean(density) == pytest.approx(1.0, abs=0.05)  # it integrates to one over the prior
    drawn = proposal.draw(likelihood, 4000, 8, 21)
    assert drawn.shape == (4000, 8)
    expected = (density[:, None] * fresh).mean(axis=0) / density.mean()
    assert np.abs(drawn.mean(axis=0) - expected).max() < 5 * UNIT_SD / np.sqrt(4000) + 0.01
    back = Proposal.unpack(proposal.pack(), 8, 4)
    assert np.array_equal(back.log_density(likelihood, fresh[:100]), proposal.log_density(likelihood, fresh[:100]))


def test_a_wrong_emulator_makes_it_slow_but_not_wrong(bank, proposed):
    runs, _z, likelihood = bank
    proposal, _ = proposed
    bent = replace(proposal, emulator=Emulator(tuple(replace(p, intercept=p.intercept + 0.15) for p in proposal.emulator.each)))
    pool = Pool.of(bent.emulator, 8, 3, 40_000)
    bent = Proposal.of(bent.emulator, likelihood, pool)
    unit = bent.draw(likelihood, 2048, 8, 11)
    both = np.concatenate([runs.unit, unit])
    found, _ = infer.mixture_weights(both, likelihood(statistics(targets(), simulate(both, 17))), [2048, 2048], [bent], likelihood)
    truth = by_brute_force()
    assert (np.abs(found.mean() - truth.mean()) < 4.0 * truth.sd() / np.sqrt(found.ess)).all()


def test_the_approximate_ways_agree_with_it(bank, proposed):
    runs, z, likelihood = bank
    _, pool = proposed
    emulated = pool.posterior(likelihood)
    abc = infer.regression_abc(likelihood, runs.unit, infer.simulated_reports(likelihood, z, 3))
    truth = by_brute_force()
    assert checks.disagreement(emulated, truth, np.arange(8)).max() < 0.15
    assert checks.disagreement(abc, truth, np.arange(8)).max() < 0.3
    assert checks.disagreement(emulated, abc, np.arange(8)).max() < 0.3


@pytest.mark.parametrize("method", ["emulated", "abc"])
def test_intervals_hold_the_truth_as_often_as_they_say(bank, method):
    runs, z, likelihood = bank
    found = checks.sbc(runs.unit, z, likelihood, method=method, tests=256, seed=9, positions=np.arange(8), pool_size=20_000)
    said = found.to_dict(PARAMETERS)
    assert 0.86 < said["coverage_90"] < 0.94
    assert 0.44 < said["coverage_50"] < 0.56
    assert said["smallest_p"] > said["needed_p"]
    assert found.error[0] < 0.5  # the identified parameter is found …
    assert found.error[6] > 0.8  # … and the one that moves nothing is not


def test_overconfidence_shows(bank):
    runs, z, likelihood = bank
    sure = Likelihood(tuple(replace(t, tolerance=t.tolerance * 0.3) if t.kind == "value" else t for t in likelihood.targets))
    reports = likelihood.report(z[-200:], np.random.default_rng(5))
    emulator = fit_emulator(runs.unit[:-200], z[:-200])
    pool = Pool.of(emulator, 8, 3, 20_000)
    inside = []
    for k in range(200):
        q = pool.posterior(sure, reports[k]).quantiles([0.05, 0.95])
        inside.append((runs.unit[-200 + k, :2] >= q[0, :2]) & (runs.unit[-200 + k, :2] <= q[1, :2]))
    assert np.mean(inside) < 0.8


def test_simulated_truths_are_found(bank):
    runs, z, likelihood = bank
    for found in checks.simulated_truths(runs.unit, z, likelihood, [3, 500, 900], 1):
        assert len(found.positions)
        assert (found.off < 2.5).all()


def test_labels_pairs_and_directions(bank, proposed):
    _runs, _z, likelihood = bank
    _, pool = proposed
    posterior = pool.posterior(likelihood)
    named = dict(zip(PARAMETERS, checks.labels(posterior), strict=True))
    assert named["world.set_month.farm_id"] == "informed"
    assert named["household.keep_ties.gain"] == named["household.keep_ties.decay"] == "prior only"
    pairs = checks.sloppy_pairs(posterior, np.arange(8))
    assert {frozenset(p[:2]) for p in pairs[:2]} == {frozenset((0, 2)), frozenset((1, 3))}
    assert all(p[2] < 0 for p in pairs[:2])  # both raise the same income: more of one, less of the other
    first = checks.directions(posterior, np.arange(8))[0]
    assert first.ratio < 0.3
    assert checks.label(0.49) == "informed" and checks.label(0.5) == "weak" and checks.label(0.91) == "prior only"


def test_leaving_a_target_out_moves_its_own_parameters(bank, proposed):
    runs, z, likelihood = bank
    _proposal, _ = proposed
    found, _ = infer.mixture_weights(runs.unit, likelihood(z), [2048], [], likelihood)
    rows = {r["target"]: r for r in checks.leave_one_out(found, z, likelihood, np.arange(8))}
    assert {m["position"] for m in rows["income_my"]["moves"][:2]} & {1, 3}
    assert rows["income_id"]["moves"][0]["width"] > 1.2
    assert all(r["observed_inside"] for r in rows.values())


def test_contradictory_targets_show_as_conflict():
    unit = np.random.default_rng(2).random((4000, 8))
    runs = simulate(unit, 3)
    rows = list(targets())
    rows.append(replace(rows[0], id="again", value=1100.0, group="", correlation=0.0, source="another"))
    likelihood = Likelihood(tuple(rows))
    z = statistics(rows, runs)
    found = Weighted.from_log(unit, likelihood(z))
    surprise = [checks.surprise(t, z[:, i], found.weights) for i, t in enumerate(rows) if t.id in ("income_id", "again")]
    assert max(surprise) < 0.1


def test_everything_is_a_function_of_its_seed(bank):
    runs, z, likelihood = bank
    first, second = (infer.next_proposal(runs.unit, z, likelihood, 5, pool_size=20_000)[0] for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first.pack().values(), second.pack().values(), strict=True))
    assert np.array_equal(first.draw(likelihood, 200, 8, 3), second.draw(likelihood, 200, 8, 3))


def test_systematic_resampling_represents_each_weight():
    weights = np.array([0.5, 0.25, 0.125, 0.125])
    assert np.bincount(infer.systematic(weights, 80)).tolist() == [40, 20, 10, 10]
    assert infer.weighted_quantile(np.array([1.0, 2.0, 3.0]), np.ones(3) / 3, [0.5])[0] == pytest.approx(2.0)
    assert Weighted(np.zeros((4, 1)), np.ones(4) / 4).ess == pytest.approx(4.0)


def test_priors_are_the_declared_ones():
    prior = Prior.of(PARAMETERS)
    unit = np.random.default_rng(1).random((50, 8))
    assert np.allclose(prior.unit(prior.values(unit)), unit)
    with pytest.raises(PriorError, match="no width"):
        Prior.of(PARAMETERS, {PARAMETERS[0]: (1.0, 1.0)})
    with pytest.raises(PriorError, match="there is no parameter"):
        Prior.of(["world.set_month.farm"])
    with pytest.raises(PriorError, match="is lever"):
        Prior.of(["official.set_strictness.doctrine_id"])


def test_other_shapes_of_priors_go_both_ways():
    base = Prior.of(PARAMETERS[:2])
    prior = replace(base, low=np.array([0.5, 1.0]), high=np.array([5.0, 3.0]), shape=("log-uniform", "triangular"))
    unit = np.random.default_rng(1).random((200, 2))
    values = prior.values(unit)
    assert (values >= prior.low).all() and (values <= prior.high).all()
    assert np.allclose(prior.unit(values), unit, atol=1e-9)
    assert np.log(values[:, 0]).mean() == pytest.approx(np.log([0.5, 5.0]).mean(), abs=0.15)
