"""Targets: every mistake one sentence; every shipped one with quote or fact, source and reasons; likelihoods by hand."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from abm.claims.statistic import Statistic
from calibration.likelihood import Likelihood, statistics
from calibration.target import Target, TargetError, logit
from calibration.targets import Targets
from tests.calibration.toy import simulate, targets

GOOD = """
[[target]]
id = "income"
title = "Income"
kind = "value"
role = "fit"
value = 700
unit = "USD/person/year"
scale = "log"
tolerance = 0.1
tolerance_reason = "made up"
quote = "700"
source = "a page"
reason = "made up"
of = { output = "income_per_capita", side = "id", first = 2005, last = 2007 }
"""


def read(tmp_path, text):
    file = tmp_path / "targets.toml"
    file.write_text(text, "utf-8")
    return Targets.load(file)


def test_a_good_row_is_read(tmp_path):
    row = read(tmp_path, GOOD)["income"]
    assert row.observed == pytest.approx(math.log(700))
    assert row.of == Statistic("income_per_capita", "id", 2005, 2007)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('source = "a page"\n', ""), "has no source"),
        (('source = "a page"', 'source = " "'), "has no source"),
        (("tolerance = 0.1\n", ""), "no tolerance above 0"),
        (('tolerance_reason = "made up"\n', ""), "no tolerance_reason"),
        (('quote = "700"\n', ""), "neither quote nor facts"),
        (("value = 700\n", ""), "has no value"),
        (("value = 700", "value = -1"), "no logarithm"),
        (('"income_per_capita"', '"income_per_capta"'), "there is no yearly output"),
        (("first = 2005", "first = 2009"), "before it starts"),
        (('side = "id"', 'side = "sg"'), "side"),
        (('kind = "value"', 'kind = "sign"'), "needs against"),
        (('kind = "value"', 'kind = "vale"'), "is unknown"),
        (("tolerance = 0.1", "tolerance = 0.1\ntolerence = 2"), "unknown key"),
        (("[[target]]", "[target]"), "no [[target]] rows"),
        (("id =", "id ="), None),
    ],
)
def test_a_mistake_gives_one_sentence(tmp_path, change, said):
    if said is None:
        read(tmp_path, GOOD)
        return
    with pytest.raises(TargetError) as caught:
        read(tmp_path, GOOD.replace(*change))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_contradictory_targets_are_refused(tmp_path):
    with pytest.raises(TargetError, match="contradict each other"):
        read(tmp_path, GOOD + GOOD.replace('"income"', '"other"').replace("value = 700", "value = 1400"))
    read(tmp_path, GOOD + GOOD.replace('"income"', '"other"').replace("value = 700", "value = 800"))
    with pytest.raises(TargetError, match="twice"):
        read(tmp_path, GOOD + GOOD)


def test_a_direction_cannot_be_fitted(tmp_path):
    text = GOOD.replace('kind = "value"', 'kind = "monotone"\ndirection = "up"')
    with pytest.raises(TargetError, match="cannot be fitted"):
        read(tmp_path, text)


def test_shipped_targets_say_where_they_come_from():
    facts = {r["id"]: r for r in csv.DictReader(resources.files("calibration").joinpath("data/facts.csv").read_text("utf-8").splitlines())}
    shipped = Targets.load()
    assert {"income_id", "income_my", "farm_share", "poverty_my_1984", "care_contacts"} <= {t.id for t in shipped.fit}
    assert {shipped[i].role for i in ("care_majority", "visits_fall")} == {"held-out"}, "what the paper says of care is asked, not fitted"
    for t in shipped:
        assert t.source and t.reason and (t.quote or t.facts), t.id
        assert t.tolerance_reason or t.kind not in ("value", "ratio"), t.id
        assert set(t.facts) <= set(facts), t.id
    assert all(r["use"] in ("input", "fit", "held-out", "check", "unused") and len(r["reason"]) > 20 for r in facts.values())
    fitted = {f for t in shipped.fit for f in t.facts}
    assert {i for i, r in facts.items() if r["use"] == "fit"} == fitted
    assert len(facts) == 329


def test_the_likelihood_of_a_group_is_the_joint_one():
    rows = targets()[:2]
    z = np.log(np.array([[700.0, 4000.0], [800.0, 3000.0]]))
    cov = np.array([[0.01, 0.005], [0.005, 0.01]])
    assert np.allclose(Likelihood(rows)(z), multivariate_normal(np.log([700.0, 4000.0]), cov).logpdf(z))
    spread = Likelihood(rows, np.array([0.1, 0.0]))
    assert np.allclose(spread(z), multivariate_normal(np.log([700.0, 4000.0]), cov + np.diag([0.01, 0])).logpdf(z))


def test_reported_marks_are_probits_and_flat_beyond():
    most, fall = targets()[2:]
    z = logit(np.array([0.3, 0.5, 0.75, 0.95]))
    expected = norm.cdf(np.minimum(z, logit(np.array(0.75))) / 0.5)
    assert np.allclose(np.exp(most.log_likelihood(z, 1.0)), expected)
    assert np.allclose(np.exp(most.log_likelihood(z, 0.0)), 1.0 - expected)
    assert np.exp(fall.log_likelihood(np.array([0.15]), 1.0))[0] == pytest.approx(0.5)


def test_what_an_emulator_leaves_open_is_averaged_before_the_cap():
    """Beyond the cap a report is no likelier, so a statistic known up to a spread counts for the mean of what it may be."""
    most = targets()[2]
    z = np.array([-4.0, -1.0, 0.0, 0.6, 1.1, 2.0, 5.0])
    for spread in (0.2, 1.0):
        x = np.minimum(z[:, None] + spread * np.random.default_rng(0).standard_normal((len(z), 400_000)), most.cap)
        expected = norm.cdf((x - most.mark) / most.width).mean(axis=1)
        assert np.allclose(np.exp(most.log_likelihood(z, 1.0, spread)), expected, atol=2e-3)
        assert np.allclose(np.exp(most.log_likelihood(z, 0.0, spread)), 1.0 - expected, atol=2e-3)
    assert np.allclose(most.log_likelihood(z, 1.0, 1e-9), most.log_likelihood(z, 1.0), atol=1e-6)


def test_another_reading_names_a_fitted_target_and_has_a_size(tmp_path):
    other = GOOD.replace('"income"', '"other"').replace('role = "fit"', 'role = "check"\nreading_of = "income"')
    found = read(tmp_path, GOOD + other)
    assert [(a.id, b.id) for a, b in found.readings] == [("income", "other")]
    (fitted,) = found.read_as("other").targets
    assert (fitted.id, fitted.role) == ("other", "fit")
    with pytest.raises(TargetError, match="is not a reading"):
        found.read_as("income")
    left = found.without("income")
    assert left.readings == ()
    with pytest.raises(TargetError, match="which is not fitted"):
        left.read_as("other")
    assert read(tmp_path, GOOD).hash.startswith("8d8964d9a03ae49f"), (
        "the hash of targets without readings is that of fits made before there were any"
    )
    for change, said in (
        (('reading_of = "income"', 'reading_of = "incme"'), "did you mean income"),
        (('reading_of = "income"', 'reading_of = "other"'), "is not another target; known are income"),
        (('reading_of = "income"', 'reading_of = "othr"'), "is not another target; known are income"),  # not the row itself
        (('role = "check"', 'role = "fit"'), "is fitted itself"),
        (('kind = "value"', 'kind = "monotone"\ndirection = "up"'), "cannot replace"),
        (('reading_of = "income"', "reading_of = 3"), "is not a text"),
    ):
        with pytest.raises(TargetError) as caught:
            read(tmp_path, GOOD + other.replace(*change))
        assert said in str(caught.value) and "\n" not in str(caught.value)


def test_statistics_of_runs():
    runs = simulate(np.full((3, 8), 0.5), noise=0.0)
    z = statistics(targets(), runs)
    income = runs.outputs["income_per_capita"][0, 25:28, 0].mean()
    assert z[0, 0] == pytest.approx(math.log(income))
    share = runs.outputs["care_share_across"][0, :10, 0].mean()
    assert targets()[2].natural(runs)[0] == pytest.approx(share)
    late = replace(targets()[0], of=Statistic("income_per_capita", "id", 2014, 2017))
    assert np.isnan(late.statistic(runs)).all()  # years that were not run are no number


def test_reports_are_drawn_with_the_declared_errors():
    rows = targets()
    z = np.tile(np.array([[6.5, 8.3, 0.2, 0.3]]), (20_000, 1))
    made = Likelihood(rows).report(z, np.random.default_rng(1))
    assert made[:, :2].std(axis=0) == pytest.approx([0.1, 0.1], rel=0.05)
    assert np.corrcoef(made[:, 0], made[:, 1])[0, 1] == pytest.approx(0.5, abs=0.03)
    assert made[:, 2].mean() == pytest.approx(norm.cdf(0.2 / 0.5), abs=0.01)
    assert made[:, 3].mean() == pytest.approx(norm.cdf(0.15 / 0.15), abs=0.01)


def test_a_sign_passes_by_its_direction():
    base = targets()[0]
    up = Target("s", "s", "sign", "held-out", base.of, "x", "x", against=base.of, direction="up", scale="linear")
    assert up.passes(np.array([0.1, -0.1])).tolist() == [True, False]
    assert replace(up, direction="down").passes(np.array([0.1, -0.1])).tolist() == [False, True]
