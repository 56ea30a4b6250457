"""What chance adds to a sensitivity analysis is measured, and nothing stands out of it alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis import indices
from experiments.analysis.indices import analyse
from experiments.studies import outcomes
from tests.experiments.made_up_outcomes import TOTAL, V1, V2, V13, chance, ishigami, make, only


def test_share_of_chance() -> None:
    rng = np.random.default_rng(1)
    effect, noise = rng.normal(0, 3, (4000, 1)), rng.normal(0, 1, (4000, 5))
    one, left = outcomes.noise_shares(effect + noise)
    assert one == pytest.approx(1 / 10, abs=0.01) and left == pytest.approx(0.2 / 9.2, abs=0.003)
    # what a seed adds everywhere makes runs differ, but no two points
    together = np.array([[0.0, 1.0, 2.0, 3.0, 4.0]])
    one, left = outcomes.noise_shares(effect + together)
    assert one == pytest.approx(2.5 / 11.5, abs=0.01) and left == pytest.approx(0, abs=1e-9)
    assert outcomes.noise_shares(noise)[1] == pytest.approx(1.0, abs=0.06)
    assert all(math.isnan(v) for v in outcomes.noise_shares(effect))


def test_replicates_take_chance_out_and_widen_the_interval(tmp_path: Path) -> None:
    function = lambda u, k: ishigami(u) + chance(2.0)(u, k)  # noqa: E731
    one = analyse(make(tmp_path / "one", "saltelli", 128, function))
    five = analyse(make(tmp_path / "five", "saltelli", 128, function, replicates=5))
    (part,) = five.parts
    assert part.replicates == (0, 1, 2, 3, 4)
    variance = V1 + V2 + V13
    assert part.noise == pytest.approx(4 / (4 + variance), abs=0.04)
    assert part.noise_left == pytest.approx(0.8 / (0.8 + variance), abs=0.03)
    # pure noise raises the total order of the third; its mean over five replicates less so
    assert abs(only(five, "ST")[0] - TOTAL).max() < abs(only(one, "ST")[0] - TOTAL).max()
    clean = analyse(make(tmp_path / "clean", "saltelli", 128, replicates=5))
    width = lambda a: float((only(a, "ST")[2] - only(a, "ST")[1]).mean())  # noqa: E731
    assert width(five) > width(clean)
    assert "five" not in five.sentences()[0] and "5 replicates" in five.sentences()[0]
    assert "one replicate" in one.sentences()[0].lower()
    assert indices.covers(one.parts) != indices.covers(five.parts)


def test_what_seeds_add_everywhere_changes_nothing(tmp_path: Path) -> None:
    function = lambda u, k: ishigami(u) + chance(50.0, per_point=False)(u, k)  # noqa: E731
    with_seeds = analyse(make(tmp_path / "a", "saltelli", 64, function, replicates=3))
    without = analyse(make(tmp_path / "b", "saltelli", 64, replicates=3))
    assert np.allclose(only(with_seeds, "ST")[0], only(without, "ST")[0])
    assert with_seeds.parts[0].noise > 0.9 and with_seeds.parts[0].noise_left == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("kind", "points"), [("saltelli", 128), ("morris", 40), ("shapley", 200), ("lhs", 300)])
def test_nothing_stands_out_of_pure_chance(tmp_path: Path, kind: str, points: int) -> None:
    """A total order of chance alone is 1, a mean effect of it is no less than one: what matters is the floor."""
    (part,) = analyse(make(tmp_path / "s", kind, points, chance(1.0), replicates=4)).parts
    assert part.noise > 0.9 and part.noise_left > 0.8
    estimate = part.indices[part.measure][0]
    assert np.allclose(estimate, part.floor, rtol=0.25, atol=0.15)
    assert "No parameter has a larger effect" in indices.sentence(part)
    strong = lambda u, k: chance(1.0)(u, k) + 6 * u[:, 1]  # noqa: E731
    (part,) = analyse(make(tmp_path / "t", kind, points, strong, replicates=4)).parts
    assert part.ranked()[0] == 1 and [part.stands_out(k) for k in range(3)] == [False, True, False]
