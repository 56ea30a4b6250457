"""What a fact is worth agrees with closed forms where there are any, and with plain loops where there are none."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.stats import norm

from calibration import worth as module
from calibration.worth import ENOUGH_ESS, LEAST_DRAWS, FactsInWorld, Worth, open_questions, worth


def normal(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Draws whose columns are nearly independent and have exactly the quantiles of a standard normal, shape (n, d)."""
    rng = np.random.default_rng(seed)
    column = norm.ppf((np.arange(n) + 0.5) / n)
    column /= column.std()
    return np.stack([rng.permutation(column) for _ in range(d)], axis=1)


def world(*columns: np.ndarray, noise: float = 0.0) -> FactsInWorld:
    return FactsInWorld(np.stack(columns, axis=1), np.full(len(columns), noise))


def judged(
    unit: np.ndarray, on: FactsInWorld, error: list[float], claims: np.ndarray | None = None, off: dict[str, FactsInWorld] | None = None
) -> list[Worth]:
    return worth(unit, on, off or {}, np.zeros((len(unit), 0)) if claims is None else claims, np.array(error))


@pytest.mark.parametrize(
    ("spread", "error", "noise"), [(1.0, 0.5, 0.0), (1.0, 1.0, 0.0), (2.0, 1.0, 0.0), (1.0, 2.0, 0.0), (1.0, 0.4, 0.3)]
)
def test_a_normal_fact(spread: float, error: float, noise: float) -> None:
    """A number with a normal prior and a normal error: s² / (s² + e²) of the variance goes, ½ log₂(1 + s²/e²) bits come."""
    unit = normal(500, 3)
    found = judged(unit, world(spread * unit[:, 0], noise=noise), [error])[0]
    square = error**2 + noise**2
    assert found.parameters[0] == pytest.approx(spread**2 / (spread**2 + square), abs=0.015)
    assert found.bits == pytest.approx(0.5 * math.log2(1 + spread**2 / square), rel=0.06)
    assert found.moved.tolist() == [True, False, False]
    assert not found.is_thin


def test_a_sum_of_two_parameters() -> None:
    """y = θ₁ + θ₂ / 2, error 1: of θ₁ 1 / (1 + ¼ + 1) of the variance goes, of θ₂ a quarter of that."""
    unit = normal(500, 2)
    found = judged(unit, world(unit[:, 0] + 0.5 * unit[:, 1]), [1.0])[0]
    assert found.parameters == pytest.approx([1 / 2.25, 0.25 / 2.25], abs=0.03)


@pytest.mark.parametrize(("apart", "error"), [(1.0, 0.5), (2.0, 1.0), (4.0, 0.5)])
def test_on_or_off_of_two_normals(apart: float, error: float) -> None:
    """Two normal predictions of equal spread: Φ(δ / 2 sd), where sd holds the spread, the error and chance."""
    unit = normal(500, 1)
    found = judged(unit, world(unit[:, 0], noise=0.3), [error], off={"without": world(unit[:, 0] + apart, noise=0.3)})[0]
    exact = float(norm.cdf(apart / 2 / math.sqrt(1 + error**2 + 0.3**2)))
    assert found.right["without"] == pytest.approx(exact, abs=0.02)
    assert found.tells("without")


def test_on_or_off_of_unequal_spreads() -> None:
    """A world without a mechanism may differ by its spread, or by its chance, alone: ½ ∫ max of the two densities."""
    unit = normal(500, 2)
    grid = np.linspace(-40, 40, 200_001)
    step = grid[1] - grid[0]
    off = {"spread": world(4.0 * unit[:, 1]), "chance": world(unit[:, 1], noise=4.0)}
    found = judged(unit, world(unit[:, 0]), [0.5], off=off)[0]
    for name, sd in (("spread", math.hypot(4.0, 0.5)), ("chance", math.sqrt(1 + 0.25 + 16))):
        exact = 0.5 * step * float(np.maximum(norm.pdf(grid, 0, math.hypot(1, 0.5)), norm.pdf(grid, 0, sd)).sum())
        assert found.right[name] == pytest.approx(exact, abs=0.02), name


def test_the_chance_that_a_claim_is_settled() -> None:
    """The claim is θ > 0.3; after a reading r its probability is Φ((m(r) − 0.3) / sd) with normal m and constant sd."""
    unit, error, mark = normal(600, 1), 0.5, 0.3
    found = judged(unit, world(unit[:, 0]), [error], (unit > mark).astype(float))[0]
    sd_after, sd_middle = math.sqrt(error**2 / (1 + error**2)), 1 / math.sqrt(1 + error**2)
    low, high = (mark + float(norm.ppf(p)) * sd_after for p in (0.1, 0.9))
    settles = float(norm.cdf(low / sd_middle) + norm.sf(high / sd_middle))
    assert found.settles[0] == pytest.approx(settles, abs=0.03)
    middle = np.linspace(-8, 8, 4001)
    p = norm.cdf((middle * sd_middle - mark) / sd_after)
    after = float((p * (1 - p) * norm.pdf(middle)).sum() / norm.pdf(middle).sum())
    before = float(norm.sf(mark) * norm.cdf(mark))
    assert found.claims[0] == pytest.approx(1 - after / before, abs=0.02)
    assert found.told.tolist() == [True]


def test_weights_of_draws() -> None:
    """Draws spread evenly and weighted by a normal density give what normal draws give."""
    at = np.linspace(-4, 4, 401)
    weights = norm.pdf(at) * 7.0
    shifted = {"without": world(at + 2.0)}
    found = worth(at[:, None], world(at), shifted, (at[:, None] > 0.3).astype(float), np.array([1.0]), weights)[0]
    assert found.parameters[0] == pytest.approx(0.5, abs=0.01)
    assert found.bits == pytest.approx(0.5, abs=0.02)
    assert found.right["without"] == pytest.approx(norm.cdf(1 / math.sqrt(2)), abs=0.02)
    even = worth(at[:, None], world(at), {}, np.zeros((401, 0)), np.array([1.0]))[0]
    assert abs(even.parameters[0] - 0.5) > 0.1


def test_a_fact_with_an_infinite_error_tells_nothing() -> None:
    unit = normal(200, 2)
    found = judged(unit, world(unit[:, 0]), [math.inf], (unit > 0).astype(float), {"without": world(unit[:, 0] + 100)})[0]
    assert found.bits == pytest.approx(0, abs=1e-12)
    assert found.parameters == pytest.approx([0, 0], abs=1e-12)
    assert found.claims == pytest.approx([0, 0], abs=1e-12)
    assert found.settles.tolist() == [0, 0]
    assert min(found.parameters_by_chance, found.claims_by_chance) >= module.ROUNDING
    assert found.right == {"without": 0.5}
    assert not found.moved.any() and not found.told.any() and not found.tells("without")
    assert found.ess == pytest.approx(199)


def test_a_number_that_is_the_same_in_all_draws_tells_nothing() -> None:
    unit = normal(200, 2)
    found = judged(unit, world(np.full(200, 3.0)), [0.1], (unit > 0).astype(float), {"without": world(np.full(200, 3.0))})[0]
    assert found.bits == pytest.approx(0, abs=1e-12)
    assert found.parameters == pytest.approx([0, 0], abs=1e-12)
    assert found.right == {"without": pytest.approx(0.5, abs=1e-12)}
    assert not found.moved.any() and not found.told.any() and not found.tells("without")


@pytest.mark.parametrize("error", [0.05, 0.3])
def test_an_unrelated_number_narrows_nothing(error: float) -> None:
    """Few effective draws look like less variance unless this is corrected: over many parameters the mean of what goes is 0."""
    unit = normal(200, 119)
    found = judged(unit, world(np.random.default_rng(5).standard_normal(200)), [error], (unit[:, :30] > 0).astype(float))[0]
    assert abs(found.parameters.mean()) < 0.012
    assert abs(found.claims.mean()) < 0.02
    assert not found.moved.any() and not found.told.any()
    assert 0.02 < found.parameters_by_chance < 0.9


def test_two_worlds_that_differ_by_chance_alone_are_not_told_apart() -> None:
    unit = normal(200, 2)
    rng = np.random.default_rng(7)
    off = {f"without-{k}": world(rng.standard_normal(200)) for k in range(12)}
    found = judged(unit, world(unit[:, 0]), [0.3], off=off)[0]
    assert not any(found.tells(name) for name in off)
    assert abs(float(np.mean(list(found.right.values()))) - 0.5) < 0.02


def test_how_often_a_choice_must_be_right() -> None:
    """2.6 standard errors of a guess: with 400 draws on both sides 0.046 above a half, with 400 and 25 as much as 0.134."""
    unit = normal(400, 1)
    few = np.where(np.arange(400) % 16 == 0, unit[:, 0] + 0.6, np.nan)
    found = judged(unit, world(unit[:, 0]), [0.5], off={"many": world(unit[:, 0] + 0.6), "few": world(few)})[0]
    assert found.draws_off == {"many": 400, "few": 25}
    for name, chance in (("many", 0.545), ("many", 0.547), ("few", 0.633), ("few", 0.636)):
        assert replace(found, right={name: chance}).tells(name) == (chance in (0.547, 0.636))
    assert not replace(found, right={"few": math.nan}).tells("few") and not found.tells("other")
    for ess, off, is_thin in ((5.1, 5.1, False), (4.9, 30.0, True), (30.0, 4.9, True), (math.nan, 30.0, True)):
        assert replace(found, ess=ess, ess_off={"few": off}).is_thin_for("few") == is_thin


def test_a_world_in_which_draws_lie_far_apart_is_thin() -> None:
    """Where no draw without the mechanism agrees with another one, the choice rests on nothing and closes no question."""
    unit = normal(100, 1)
    found = judged(unit, world(unit[:, 0] * 0.1), [1.0], off={"without": world(1000.0 * np.arange(100.0) + 1e4)})[0]
    assert found.ess > 90 and found.ess_off["without"] == pytest.approx(1.0)
    assert found.is_thin_for("without") and not found.is_thin
    assert open_questions([replace(found, right={"without": 0.9})], ["without"])["mechanisms"][0] == 0.0


def test_the_truth_itself_is_left_out() -> None:
    """With next to no error a draw would recognise itself, and every unrelated fact would tell all."""
    unit = normal(150, 5)
    found = judged(
        unit, world(np.random.default_rng(3).standard_normal(150)), [1e-4], (unit[:, :1] > 0).astype(float), {"without": world(unit[:, 1])}
    )[0]
    assert found.is_thin and found.is_thin_for("without") and found.ess < 2
    assert found.parameters == pytest.approx(np.zeros(5), abs=0.1)
    assert abs(found.bits) < 0.5 and found.settles[0] < 0.05
    assert not found.moved.any() and not found.told.any() and not found.tells("without")


def test_against_plain_loops() -> None:
    """The same figures from loops over truths, errors and draws, with weights and answers between 0 and 1."""
    rng = np.random.default_rng(2)
    n, sd = LEAST_DRAWS + 5, 0.6
    unit, y, c, w = rng.random((n, 2)), rng.standard_normal(n), rng.random(n), rng.random(n) + 0.5
    w /= w.sum()
    found = worth(unit, world(y), {}, c[:, None], np.array([sd]), w)[0]
    points, shares = np.polynomial.hermite_e.hermegauss(module.NODES)
    shares = shares / shares.sum()
    before = after = doubt = bits = settled = 0.0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        prior = np.array([w[j] for j in others]) / sum(w[j] for j in others)
        before += w[i] * variance(prior, unit[others, 0])
        for z, share in zip(points, shares, strict=True):
            likelihood = np.array([math.exp(-0.5 * ((y[i] + sd * z - y[j]) / sd) ** 2) for j in others])
            mean = float(prior @ likelihood)
            posterior = prior * likelihood / mean
            if 1 / float((posterior**2).sum()) < module.LEAST_ESS:
                posterior, mean = prior, math.exp(-0.5 * z**2)
            after += w[i] * share * variance(posterior, unit[others, 0])
            doubt += w[i] * share * (variance(prior, c[others]) - variance(posterior, c[others]))
            bits += w[i] * share * math.log2(math.exp(-0.5 * z**2) / mean)
            p = float(posterior @ c[others])
            settled += w[i] * share * (not 0.1 < p < 0.9)
    p = float(w @ c)
    assert found.parameters[0] == pytest.approx(1 - after / before, abs=1e-9)
    assert found.claims[0] == pytest.approx(doubt / (p * (1 - p)), abs=1e-9)
    assert found.bits == pytest.approx(bits, abs=1e-9)
    assert found.settles[0] == pytest.approx(settled, abs=1e-9)


def test_on_or_off_against_plain_loops() -> None:
    """Unequal weights, other draws without a number in each world, an sd of chance in one of them."""
    rng = np.random.default_rng(6)
    n, error, noise = LEAST_DRAWS + 10, 0.5, 0.8
    y, z, w = rng.standard_normal(n), rng.standard_normal(n) * 1.5 + 1.0, rng.random(n) ** 3 + 0.05
    y[:2], z[1:9] = np.nan, np.nan
    off = {"without": FactsInWorld(z[:, None], np.array([noise]))}
    found = worth(np.zeros((n, 1)), world(y), off, np.zeros((n, 0)), np.array([error]), w)[0]
    sds = (error, math.hypot(error, noise))
    points, shares = np.polynomial.hermite_e.hermegauss(module.NODES)

    def density(reading: float, values: np.ndarray, sd: float, leave: int) -> float:
        kept = [j for j in range(n) if j != leave and np.isfinite(values[j])]
        return float(sum(w[j] * norm.pdf(reading, values[j], sd) for j in kept) / sum(w[j] for j in kept))

    right = []
    for own, other in ((0, 1), (1, 0)):
        values, chance = (y, z)[own], 0.0
        known = [i for i in range(n) if np.isfinite(values[i])]
        for i in known:
            for point, share in zip(points, shares / shares.sum(), strict=True):
                reading = values[i] + sds[own] * point
                is_right = density(reading, values, sds[own], i) > density(reading, (y, z)[other], sds[other], i)
                chance += w[i] / sum(w[j] for j in known) * share * is_right
        right.append(chance)
    assert right[0] != pytest.approx(right[1], abs=0.02)
    assert found.right["without"] == pytest.approx(sum(right) / 2, abs=1e-9)


def test_a_world_with_fewer_draws_is_not_less_likely_for_that() -> None:
    unit = normal(400, 1)
    few = np.where(np.arange(400) % 4 == 0, unit[:, 0] + 2.0, np.nan)
    found = judged(unit, world(unit[:, 0]), [0.5], off={"without": world(few)})[0]
    assert found.right["without"] == pytest.approx(norm.cdf(1 / math.hypot(1, 0.5)), abs=0.03)


def variance(w: np.ndarray, x: np.ndarray) -> float:
    """Unbiased variance of a weighted sample."""
    mean = float(w @ x)
    return float(w @ (x - mean) ** 2) / (1 - float((w**2).sum()))


def test_the_effective_sample_size_is_that_of_nine_readings_in_ten() -> None:
    """Two kinds of draws, far apart: a twentieth would leave 10 draws, the others 190; then a fifth, where 40 is the answer."""
    for few, expected in ((10, 189), (40, 39)):
        y = np.where(np.arange(200) < few, 1000.0, 0.0)
        found = judged(normal(200, 1), world(y), [1.0])[0]
        assert found.ess == pytest.approx(expected, abs=1e-6)
        assert found.is_thin == (expected < ENOUGH_ESS)


def test_the_order_of_facts_does_not_matter() -> None:
    unit = normal(100, 4)
    claims = (unit[:, :2] > 0.2).astype(float)
    columns = [
        unit[:, 0],
        unit[:, 1] + unit[:, 2],
        np.random.default_rng(4).standard_normal(100),
        np.where(unit[:, 0] > 1, np.nan, unit[:, 3]),
    ]
    error = [0.3, 0.5, 0.4, 1.0]
    forwards = judged(unit, world(*columns), error, claims, {"without": world(*[c + 0.5 for c in columns])})
    backwards = judged(unit, world(*columns[::-1]), error[::-1], claims, {"without": world(*[c + 0.5 for c in columns[::-1]])})
    for one, other in zip(forwards, reversed(backwards), strict=True):
        assert_same(one, other)


def assert_same(one: Worth, other: Worth) -> None:
    for part in fields(Worth):
        a, b = getattr(one, part.name), getattr(other, part.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, err_msg=part.name)
        else:
            assert a == b or (math.isnan(a) and math.isnan(b)), part.name


def test_draws_without_a_number_are_as_if_they_were_not_there() -> None:
    unit = normal(120, 2)
    claims = (unit > 0).astype(float)
    gone = np.arange(120) % 4 == 1
    y = np.where(gone, np.nan, unit[:, 0])
    z = np.where(gone, np.nan, unit[:, 0] + 1.0)
    with_gaps = judged(unit, world(y), [0.5], claims, {"without": world(z)})[0]
    kept = ~gone
    without = judged(unit[kept], world(y[kept]), [0.5], claims[kept], {"without": world(z[kept])})[0]
    assert with_gaps.draws == 90
    assert_same(with_gaps, without)


def test_a_draw_may_have_a_number_in_one_world_only() -> None:
    unit = normal(300, 1)
    y, z = unit[:, 0].copy(), unit[:, 0] + 2.0
    y[::5], z[1::5] = np.nan, np.nan
    found = judged(unit, world(y), [0.5], off={"without": world(z), "empty": world(np.full(300, np.nan))})[0]
    assert found.right["without"] == pytest.approx(norm.cdf(1 / math.hypot(1, 0.5)), abs=0.03)
    assert math.isnan(found.right["empty"]) and not found.tells("empty") and found.is_thin_for("empty")
    assert open_questions([found], ["without", "empty"])["mechanisms"][0] == pytest.approx(2 * found.right["without"] - 1)


def test_a_fact_that_hardly_any_draw_has_is_not_judged() -> None:
    unit = normal(100, 2)
    y = np.full(100, np.nan)
    y[: LEAST_DRAWS - 1] = 1.0
    found = judged(unit, world(y), [0.5], (unit > 0).astype(float), {"without": world(unit[:, 0])})[0]
    assert found.draws == LEAST_DRAWS - 1 and found.is_thin and found.is_thin_for("without")
    assert math.isnan(found.bits) and np.isnan(found.parameters).all() and np.isnan(found.claims).all()
    assert not found.moved.any() and not found.told.any() and not found.tells("without")
    assert [v.tolist() for v in open_questions([found], ["without"]).values()] == [[0.0], [0.0], [0.0]]


def test_answers_that_are_missing() -> None:
    """A draw without an answer counts as the claim's probability; a claim without any answer has no figure."""
    unit = normal(300, 1)
    answered = (unit[:, 0] > 0.3).astype(float)
    gaps = np.where(np.arange(300) % 10 == 0, np.nan, answered)
    p = np.nanmean(gaps)
    claims = np.stack([gaps, np.where(np.isnan(gaps), p, gaps), np.full(300, np.nan)], axis=1)
    found = judged(unit, world(unit[:, 0]), [0.5], claims)[0]
    assert found.claims[0] == pytest.approx(found.claims[1], abs=1e-12)
    assert found.settles[0] == pytest.approx(found.settles[1])
    assert math.isnan(found.claims[2]) and math.isnan(found.settles[2])
    assert found.told.tolist() == [True, True, False]


def test_a_claim_that_is_decided_is_not_settled() -> None:
    unit = normal(200, 1)
    found = judged(unit, world(unit[:, 0]), [0.5], np.stack([unit[:, 0] > 1.6, unit[:, 0] > 0, np.ones(200)], axis=1).astype(float))[0]
    assert math.isnan(found.settles[0]) and math.isnan(found.settles[2])
    assert found.settles[1] > 0.3
    assert found.claims[2] == 0.0
    closed = open_questions([found], [])
    assert closed["claims"][0] == pytest.approx(found.claims[1])


def test_the_most_informative_fact_closes_most() -> None:
    """Of the same number read with three errors, and one that has nothing to do with anything, the order is that of the errors."""
    unit = normal(250, 30)
    y = unit[:, 0]
    claims = (unit[:, :3] > 0.2).astype(float)
    found = judged(
        unit, world(y, y, y, unit[:, 29] * 0), [0.9, 0.3, 2.5, 0.3], claims, {"without": world(y + 2, y + 2, y + 2, unit[:, 29] * 0)}
    )
    for kind, closed in open_questions(found, ["without"]).items():
        assert closed[1] > closed[0] > closed[2] > closed[3] == 0.0, kind


def test_many_draws_are_sampled_as_truths(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the truths, spread evenly over the values, gives nearly the same."""
    unit = normal(500, 2)
    claims = (unit > 0.3).astype(float)
    everything = judged(unit, world(unit[:, 0]), [0.5], claims)[0]
    monkeypatch.setattr(module, "MOST_TRUTHS", 50)
    some = judged(unit, world(unit[:, 0]), [0.5], claims)[0]
    assert some.parameters[0] == pytest.approx(everything.parameters[0], abs=0.02)
    assert some.bits == pytest.approx(everything.bits, abs=0.05)
    assert some.settles[0] == pytest.approx(everything.settles[0], abs=0.04)
    assert some.parameters[0] != everything.parameters[0]
    ranks = np.argsort(np.argsort(unit[:, 0]))[module._Truths.of(unit[:, 0], np.full(500, 0.002)).at]
    assert (ranks // 10).tolist() == list(range(50)), "one of every ten draws, by their values"


@pytest.mark.parametrize(
    "wrong",
    [
        {"error": np.array([0.0])}, {"error": np.array([-1.0])}, {"error": np.array([np.nan])}, {"error": np.array([1.0, 1.0])},
        {"weights": np.zeros(30)}, {"weights": np.ones(29)}, {"claims": np.zeros((29, 1))}, {"unit": np.zeros((31, 2))},
        {"off": {"a": FactsInWorld(np.zeros((30, 2)), np.zeros(2))}}, {"off": {"a": FactsInWorld(np.zeros((30, 1)), np.array([-1.0]))}},
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit(wrong: dict[str, np.ndarray]) -> None:
    said = {
        "unit": np.zeros((30, 2)), "on": FactsInWorld(np.zeros((30, 1)), np.zeros(1)), "off": {}, "claims": np.zeros((30, 1)), "error": np.ones(1),
        "weights": None,
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"agree|above 0"):
        worth(**(said | wrong))  # type: ignore[arg-type]
