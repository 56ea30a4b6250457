"""Verdicts: bets by hand, error rates by simulation, power for an effect of the practical size, and every corner of a unit."""

import math

import numpy as np
import pytest

from experiments.evidence.verdict import ERROR, STAKES, SURE, Units, chosen, found_with_chance, judge, wealth


def units(effects, sizes=0.0, **more):
    effects = np.array(effects, float)
    effects = effects[:, None] if effects.ndim == 1 else effects
    return Units(effects, np.broadcast_to(np.array(sizes, float), effects.shape).copy(), **more)


# --- the bets ---------------------------------------------------------------------------------------------------------


def test_without_a_unit_nothing_is_won_or_lost():
    assert wealth(np.array([], bool), 0.9) == pytest.approx(1.0)


def test_one_hit_and_one_miss_by_hand():
    # a stake s ÷ 0.9 wins s ÷ 0.9 × 0.1 on a hit and loses s on a miss; the wealth is the mean over the stakes
    assert wealth(np.array([True]), 0.9) == pytest.approx(1 + np.mean(STAKES) * 0.1 / 0.9)
    assert wealth(np.array([False]), 0.9) == pytest.approx(1 - np.mean(STAKES))


def test_the_order_of_the_units_does_not_matter_to_the_final_wealth():
    hits = np.array([True] * 30 + [False] * 2)
    assert wealth(hits, 0.9) == pytest.approx(wealth(hits[::-1], 0.9))


def test_against_at_least_is_the_bet_against_at_most_with_hits_and_misses_exchanged():
    hits = np.random.default_rng(1).random(40) < 0.5
    assert wealth(hits, 0.9, above=False) == pytest.approx(wealth(~hits, 0.1))
    assert wealth(hits, 0.9, above=False) > 1000
    assert wealth(hits, 0.9) < 1


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, math.nan])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        wealth(np.array([True]), share)


def test_the_expected_wealth_of_a_true_hypothesis_is_1():
    # all outcomes of 12 units, each with its chance
    share, n, total = 0.9, 12, 0.0
    for k in range(n + 1):
        chance = math.comb(n, k) * share**k * (1 - share) ** (n - k)
        total += chance * wealth(np.array([True] * k + [False] * (n - k)), share)
    assert total == pytest.approx(1.0)


def test_looking_after_every_unit_refutes_a_true_hypothesis_at_most_at_the_stated_rate():
    rng, false = np.random.default_rng(7), 0
    for _ in range(1000):
        hits = rng.random(150) < SURE  # the largest share for which the hypothesis is true
        false += any(wealth(hits[:n], SURE) >= 1 / ERROR for n in range(1, 151))
    assert false / 1000 <= ERROR


# --- many patterns together -------------------------------------------------------------------------------------------


def test_three_hypotheses_by_hand():
    # 3 ÷ (0.05 × 1) = 60, 3 ÷ (0.05 × 2) = 30, 3 ÷ (0.05 × 3) = 20
    assert chosen([3, 100, 50]) == [False, True, True]
    assert chosen([59, 3, 3]) == [False, False, False]
    assert chosen([60, 3, 3]) == [True, False, False]
    assert chosen([20, 20, 20]) == [True, True, True]
    assert chosen([19.9, 20, 20]) == [False, False, False]
    assert chosen([]) == []


@pytest.mark.parametrize("error", [0, 1, -0.1])
def test_an_error_rate_outside_0_to_1_is_refused(error):
    with pytest.raises(ValueError, match="between 0 and 1"):
        chosen([1.0], error)


def test_the_expected_share_of_wrong_verdicts_is_at_most_the_stated_one():
    """Twelve patterns with no effect and new draws on both sides, eight that every unit shows: the share of wrong ones among the verdicts, 200 times."""
    rng, shares = np.random.default_rng(3), []
    for _ in range(200):
        patterns = {f"null {k}": units(rng.normal(0.0, 1.0, 96), 0.5) for k in range(12)}
        patterns |= {f"real {k}": units(rng.normal(2.0, 0.3, 96), 0.5) for k in range(8)}
        found = judge(patterns)
        given = [name for name, f in found.items() if f.said in ("holds", "does not hold")]
        shares.append(sum(name.startswith("null") and found[name].said == "holds" for name in given) / max(len(given), 1))
    assert np.mean(shares) <= ERROR


def test_patterns_at_the_edge_of_the_hypothesis_are_found_no_more_often_than_stated():
    """Each unit shows the pattern with a chance of exactly 0.9: the hardest case in which "holds" is wrong."""
    rng, wrong = np.random.default_rng(4), []
    for _ in range(200):
        found = judge({f"{k}": units(np.where(rng.random(144) < SURE, 1.0, -1.0)) for k in range(10)})
        wrong.append(any(f.said == "holds" for f in found.values()))
    assert np.mean(wrong) <= ERROR


def test_an_effect_of_the_practical_size_is_found_within_the_usual_draws():
    """With a spread over units of a fifth of the size: nine times in ten or more after 112 units, as one of 30 patterns after 144."""
    assert found_with_chance(1.0, 0.2, 1.0, 112) >= 0.9
    assert found_with_chance(1.0, 0.2, 1.0, 144, patterns=30) >= 0.9


def test_an_effect_below_half_the_practical_size_is_never_found_however_sure_its_sign():
    assert found_with_chance(0.45, 0.02, 1.0, 144) < 1e-12
    found = judge({"small": units(np.full(144, 0.45), 1.0)})["small"]
    assert (found.said, found.reason) == ("does not hold", "no effect of use")


def test_a_pattern_that_every_unit_shows_needs_fewer_units_than_the_first_batch_has():
    n = next(n for n in range(1, 200) if wealth(np.ones(n, bool), SURE) >= 2 / ERROR)
    assert n <= 48
    assert judge({str(k): units(np.ones(n)) for k in range(30)})["0"].said == "holds"
    assert judge({str(k): units(np.ones(n - 1)) for k in range(30)})["0"].said == "open"


# --- units ------------------------------------------------------------------------------------------------------------


def test_where_the_size_is_0_an_effect_above_0_shows_and_any_other_misses():
    one = units([1e-12, 0.0, -1e-12])
    assert one.shows.tolist() == [True, False, False]
    assert one.misses.tolist() == [False, True, True]


def test_between_half_the_size_and_the_size_a_unit_both_shows_and_misses():
    one = units([0.5, 0.51, 0.99, 1.0], 1.0)
    assert one.shows.tolist() == [False, True, True, True]
    assert one.misses.tolist() == [True, True, True, False]


def test_all_conditions_must_show_and_one_is_enough_to_miss():
    one = units([[2, 2], [2, -2], [-2, 2]], 1.0)
    assert one.shows.tolist() == [True, False, False]
    assert one.misses.tolist() == [False, True, True]


def test_a_number_that_cannot_be_computed_misses_and_never_shows():
    one = units([math.nan, math.inf, 1.0], 0.0)
    assert one.shows.tolist() == [False, False, True]
    assert one.misses.tolist() == [True, True, False]
    no_size = Units(np.array([[1.0], [1.0]]), np.array([[math.nan], [0.5]]))
    assert no_size.shows.tolist() == [False, True] and no_size.misses.tolist() == [True, False]


def test_where_a_number_can_be_computed_in_no_unit_nothing_is_told():
    """The runs may end before its years: that they miss the pattern has not been seen, nor that the posterior holds draws of both kinds."""
    none = units(np.full(144, math.nan), 1.0)
    found = judge({"none": none, "beside": units(np.column_stack([np.full(144, math.nan), np.ones(144)]), 0.5)})
    assert {f.said for f in found.values()} == {"no number"} and [f.failing for f in found.values()] == [0, 0]
    assert all(math.isnan(share) for f in found.values() for share in (f.shows, f.misses))
    assert not none.shows.any() and not none.misses.any() and none.never.tolist() == [True]
    no_size = judge({"no size": Units(np.ones((144, 1)), np.full((144, 1), math.nan))})["no size"]
    assert no_size.said == "no number"


def test_a_pattern_that_fails_in_another_condition_fails_without_the_number():
    one = judge({"one": units(np.column_stack([np.full(144, math.nan), np.full(144, -2.0)]), 1.0)})["one"]
    assert (one.said, one.reason, one.failing) == ("does not hold", "opposite", 1)


def test_effects_and_sizes_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        Units(np.ones((2, 1)), np.ones((1, 2)))


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_each_verdict_and_its_reason():
    rng = np.random.default_rng(5)
    found = judge(
        {
            "holds": units(np.full(96, 2.0), 1.0),
            "opposite": units(np.full(96, -2.0), 1.0),
            "small": units(np.full(96, 0.1), 1.0),
            "zero": units(np.zeros(96)),
            "number": units(np.full(96, -3.0), is_number=True),
            "mixed": units(np.where(rng.random(96) < 0.5, 2.0, -2.0), 1.0),
            "differ": units([2.0] + [-2.0] * 40 + [0.1] * 55, 1.0),
            "few": units([2.0, 2.0, 2.0], 1.0),
        }
    )
    said = {name: (f.said, f.reason) for name, f in found.items()}
    assert said == {
        "holds": ("holds", ""), "opposite": ("does not hold", "opposite"), "small": ("does not hold", "no effect of use"),
        "zero": ("does not hold", "no effect of use"), "number": ("does not hold", "not near"), "mixed": ("undecided", ""), "few": ("open", ""),
        "differ": ("does not hold", "draws differ"),
    }  # fmt: skip
    assert found["holds"].shows == 1.0 and found["opposite"].misses == 1.0 and found["few"].units == 3


def test_what_goes_the_other_way_by_more_than_half_the_size_in_nine_tenths_of_the_units_is_opposite():
    assert judge({"one": units(np.full(96, -0.75), 1.0)})["one"].reason == "opposite"
    assert judge({"one": units(np.full(96, -0.5), 1.0)})["one"].reason == "no effect of use"
    some = np.where(np.arange(100) < 80, -2.0, -0.1)
    assert judge({"one": units(some, 1.0)})["one"].reason == "draws differ"
    assert judge({"one": units(np.where(np.arange(100) < 90, -2.0, -0.1), 1.0)})["one"].reason == "opposite"


def test_the_posterior_is_undecided_only_where_both_bets_reach_the_bar_of_one_pattern():
    n = next(n for n in range(2, 60, 2) if wealth(np.arange(n) % 2 == 0, SURE, above=False) >= 2 / ERROR)
    said = {k: judge({"one": units(np.where(np.arange(k) % 2 == 0, 1.0, -1.0))})["one"].said for k in (n - 2, n)}
    assert said == {n - 2: "open", n: "undecided"}
    one_kind = np.where(np.arange(40) % 10 == 0, 1.0, -1.0)  # too few show it, and perhaps nine tenths miss it
    assert judge({"one": units(one_kind)})["one"].said == "open"


def test_the_condition_that_fails_most_often_is_named():
    found = judge({"two": units(np.column_stack([np.full(96, 2.0), np.full(96, -2.0)]), 1.0)})["two"]
    assert (found.said, found.failing, found.reason) == ("does not hold", 1, "opposite")
    assert judge({"one": units(np.full(96, 2.0), 1.0)})["one"].failing is None


def test_a_pattern_that_is_surely_of_more_than_half_the_size_and_surely_less_than_it_does_not_hold():
    assert judge({"between": units(np.full(144, 0.75), 1.0)})["between"].said == "does not hold"


def test_without_units_a_pattern_is_open():
    found = judge({"none": Units(np.zeros((0, 1)), np.zeros((0, 1)))})["none"]
    assert found.said == "open" and math.isnan(found.shows)


def test_more_patterns_that_are_not_clear_raise_the_bar_for_one_that_is():
    rng = np.random.default_rng(6)
    noise = {str(k): units(rng.normal(0, 1, 60)) for k in range(40)}
    assert judge({"clear": units(np.ones(60))})["clear"].said == "holds"
    assert judge(noise | {"clear": units(np.ones(60))})["clear"].said == "open"


def test_the_chance_of_finding_an_effect_by_hand_and_by_simulation():
    # no spread: all units show an effect above half the size, none shows one at it
    assert found_with_chance(0.51, 0.0, 1.0, 60) == 1.0
    assert found_with_chance(0.5, 0.0, 1.0, 60) == 0.0
    assert found_with_chance(1.0, 0.1, 1.0, 10) == 0.0  # ten units are too few whatever they show
    assert math.isnan(found_with_chance(1.0, math.nan, 1.0, 60))
    rng, n = np.random.default_rng(8), 90
    hits = [wealth(rng.normal(1.0, 0.25, n) > 0.5, SURE) >= 2 / ERROR for _ in range(2000)]
    assert found_with_chance(1.0, 0.25, 1.0, n) == pytest.approx(np.mean(hits), abs=0.04)
    assert found_with_chance(1.0, 0.25, 1.0, n, patterns=30) < found_with_chance(1.0, 0.25, 1.0, n)
