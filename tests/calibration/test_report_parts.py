"""The parts of a fit's report: what is left out, what is said of checks that were not made, and what is refused."""

from __future__ import annotations

import html
import json
import math
import re
from copy import deepcopy
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from abm.errors import UserError
from agents.core.declare import PARAMETERS
from calibration.target import MEASURED
from calibration.targets import Targets
from experiments.fits.asked import SWITCHED_OFF
from experiments.reports.fit_report import Page, refuse, report, write_report
from experiments.reports.fit_tables import spark
from experiments.reports.fit_words import Words

DETOUR, FARM, TIES = "world.travel.path_detour", "world.set_month.farm_id", "household.keep_ties.gain"
VERSION = "0.0.0+test"
YEARS = list(range(1980, 2016))


def parameter(name: str, known: str, ratio: float, piles_up: str = "") -> dict[str, Any]:
    """A row of fit.json."""
    p = PARAMETERS[name]
    width = p.high - p.low
    return {
        "parameter": name, "label": p.label, "unit": p.unit, "low": p.low, "high": p.high, "default": p.default, "known": known, "ratio": ratio,
        "mean": p.low + 0.6 * width, "quantiles": [p.low + q * width for q in (0.41, 0.5, 0.61, 0.7, 0.83)], "density": [0.05] * 20, "piles_up": piles_up,
        "prior_basis": "judgement", "unit_mean": 0.61, "emulated": {"mean": 0.6, "ratio": ratio}, "abc": {"mean": 0.59, "ratio": ratio},
    }  # fmt: skip


def rows(targets: Targets) -> list[dict[str, Any]]:
    """Rows of all shipped targets, with numbers that are easily found again."""
    found = []
    for t in targets:
        measured = t.kind in MEASURED
        middle = t.value * 0.98 if measured else 1.2 if t.kind in ("trend", "sign", "monotone") else 0.57
        quantiles = [middle * f for f in (0.8, 0.9, 1.0, 1.1, 1.25)]
        found.append({
            "id": t.id, "title": t.title, "kind": t.kind, "role": t.role, "observed": t.value if measured else None, "unit": t.unit, "scale": t.scale,
            "tolerance": t.tolerance if measured else None, "tolerance_reason": t.tolerance_reason, "width": None if math.isnan(t.width) else t.width,
            "threshold": None if math.isnan(t.threshold) else t.threshold, "direction": t.direction, "reason": t.reason, "quote": t.quote, "lines": t.lines,
            "source": t.source, "facts": list(t.facts), "claims": list(t.claims), "built_in": t.built_in, "group": t.group, "quantiles": quantiles,
            "prior": {"target": t.id, "inside": True, "quantiles": quantiles, "pass": 0.13}, "pass": 0.77, "surprise": 0.5, "off": -0.02 if measured else None,
        })  # fmt: skip
    by_id = {r["id"]: r for r in found}
    by_id["crisis_income_usd"]["prior"]["pass"] = 0.97
    by_id["workers_growth"]["pass"] = 0.03
    return found


def years(factor: float = 1.0) -> dict[str, Any]:
    """Bands of every output that is drawn."""
    names = ("income_per_capita", "care_share_across", "visits_across_per_1000", "visits_primary_across", "visits_hospital_across",
             "visits_primary_home", "visits_hospital_home")  # fmt: skip
    band = [[0.2 * factor, 0.3 * factor, 0.4 * factor]] * len(YEARS)
    return {"years": YEARS, "income_ratio": {"id": band}} | {name: {"id": band, "my": band} for name in names}


def made(targets: Targets) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A manifest, a fit and its checks."""
    asked = {
        "region": "west-kalimantan-sarawak", "points": 64, "population": 32, "most_populations": 1, "households": 1234, "seed": 9, "end": "2015-12",
        "without": [], "names": [], "ranges": [], "widen": 0.0, "tests": 20, "draws": 10,
    }  # fmt: skip
    manifest = {
        "kind": "lintas fit", "format": 1, "model_version": VERSION, "asked": asked, "region_hash": "abc", "targets_hash": targets.hash,
        "created": "2020-01-01T00:00:00", "command_line": ["/somewhere/else"],
    }  # fmt: skip
    income = [594.0, 648.0, 686.0, 735.0, 799.0]
    fit = {
        "kind": "lintas fit result", "model_version": VERSION, "region": asked["region"], "targets_hash": targets.hash, "households": 1234, "without": [],
        "runs": 4321, "ess": 432.0, "largest_weight": 0.01, "log_evidence": -5.0,
        "populations": [{"runs": 4321, "ess": 432.0, "largest_weight": 0.01, "log_evidence": -5.0}], "active": [DETOUR, FARM], "not_ruled_out": 0.2,
        "emulators": [{"target": "income_id", "r2": 0.95, "spread": 0.06, "active": [FARM], "tail": 0.01}],
        "parameters": [parameter(DETOUR, "informed", 0.43, "high"), parameter(FARM, "weak", 0.68), parameter(TIES, "prior only", 1.0)],
        "targets": rows(targets),
        "tolerances": [{"tolerance": t, "ess": 300.0, "income_id": income, "income_my": income, "ratio": [4.81, 5.2, 5.6, 6.0, 6.52]} for t in (0.05, 0.1, 0.2)],
        "leave_one_out": [{"target": "care_majority", "ess": 70.0, "predicted": [0.06, 0.16, 0.62], "observed_inside": False,
                           "moves": [{"parameter": DETOUR, "shift": -1.2, "width": 2.3}]}],
        "directions": [{"ratio": 0.32, "parameters": [FARM, DETOUR], "loadings": [0.8, 0.4]}],
        "pairs": [{"a": FARM, "b": DETOUR, "correlation": -0.51}],
        "disagreement": {"emulated_abc": [{"parameter": FARM, "sd": 0.31}], "emulated_population": [{"parameter": FARM, "sd": 0.1}], "largest": 0.31,
                         "largest_population": 0.1},
        "readings": [{"target": "care_majority", "reading": "care_majority_near", "ess": 222.0, "log_evidence": -6.0,
                      "pass": {"care_majority": 0.23, "care_majority_near": 0.91}, "moves": [{"parameter": DETOUR, "shift": -0.7}],
                      "quantiles": {"care_majority": income, "care_majority_near": income}}],
        "years": years(), "alarms": [{"what": "disagreement", "value": 0.31, "parameter": FARM}, {"what": "piles_up", "value": "high", "parameter": DETOUR},
                                     {"what": "conflict", "target": "care_majority", "value": 70.0}, {"what": "new sort", "value": 3}],
    }  # fmt: skip
    sbc = [
        {"method": m, "n": 20, "coverage_90": 0.9, "coverage_50": 0.5, "error": 0.6, "smallest_p": 0.2, "needed_p": 0.01,
         "parameters": [{"parameter": DETOUR, "coverage_90": 0.9, "coverage_50": 0.5, "error": 0.444, "p_value": 0.2, "bins": [1] * 20}]}
        for m in ("emulated", "abc", "prior")
    ]  # fmt: skip
    agrees = {t.id: {"quantiles": [0.8, 0.9, 1.0, 1.1, 1.2], "pass": 0.91} for t in targets}
    off = agrees | {"visits_fall": {"quantiles": None, "pass": 0.04}}
    check = {
        "kind": "lintas fit checks", "model_version": VERSION, "sbc": sbc,
        "simulated_truths": [{"parameters": [DETOUR], "truth": [0.3], "mean": [0.4], "sd": [0.1], "off": [1.0], "known": ["informed"]}],
        "predictive": {name: {"runs": 10, "targets": agrees if name == "all" else off, "years": years(2.0)} for name in ("all", *SWITCHED_OFF)},
        "priors": [{"share": s, "ess": 300, "parameters": [], "targets": [{"target": "income_id", "quantiles": income}]} for s in (1.0, 0.6)],
        "sensitivity": [{"target": "income_id", "r2": 0.9, "indices": [{"parameter": FARM, "total": 0.58, "half_width": 0.05}]}],
    }  # fmt: skip
    return manifest, fit, check


@pytest.fixture(scope="module")
def content() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    return made(Targets.load())


def place(folder: Path, content: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], *, with_check: bool = True) -> Path:
    """A fit folder of these contents."""
    for name, said in zip(("manifest", "fit", "check"), content, strict=True):
        if name != "check" or with_check:
            (folder / f"{name}.json").write_text(json.dumps(said), "utf-8")
    (folder / "targets.toml").write_text(resources.files("calibration").joinpath("data/targets.toml").read_text("utf-8"), "utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, content: Any) -> Path:
    return place(tmp_path_factory.mktemp("fit"), content)


@pytest.fixture(scope="module")
def english(folder: Path) -> str:
    return report(folder, "en")


def plain(page: str) -> str:
    """The words of a page."""
    text = re.sub(r"<style.*?</style>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_other_reading_stands_on_the_first_page(english: str) -> None:
    words = plain(english)
    assert "If the report is taken to mean only these, their chance is 91%, and that of a majority of all border communities 23%." in words
    assert "If the words meant something else" in words and "−0.70" in words
    assert "These two chances are rough, since the reweighted draws have an effective sample size of only 222." in words
    row = re.search(r"<tr><td>Most care sought in Sarawak in the 1980s<span.*?</tr>", english, re.S)
    assert row is not None and re.findall(r"\d+%", plain(row[0])) == ["77%", "77%", "23%", "91%"], "as fitted, then read the other way"


def test_a_reading_that_few_runs_bear_out_is_left_out(tmp_path: Path, content: Any) -> None:
    manifest, fit, check = deepcopy(content)
    fit["readings"][0]["ess"] = 1.4
    fit["alarms"].append({"what": "reading", "value": 1.4, "target": "care_majority_near"})
    words = plain(report(place(tmp_path, (manifest, fit, check)), "en"))
    assert "If the report is taken to mean only these" not in words and "results for that reading are unreliable" in words
    fit["readings"] = []
    assert "No fact was given another reading." in plain(report(place(tmp_path, (manifest, fit, check)), "en"))


def test_the_level_of_care_is_told_from_its_figures(tmp_path: Path, content: Any) -> None:
    for most, before, after, said in ((0.7, 0.6, 0.1, True), (0.3, 0.6, 0.1, False), (0.7, 0.6, 0.5, False), (0.7, None, 0.1, False)):
        manifest, fit, check = deepcopy(content)
        rows_ = {r["id"]: r for r in fit["targets"]}
        rows_["care_majority"]["pass"], rows_["care_contacts"]["pass"] = most, after
        rows_["care_contacts"]["prior"]["pass"] = before
        words = plain(report(place(tmp_path, (manifest, fit, check)), "en"))
        assert "How much care there was at all" in words
        assert ("few people were treated anywhere" in words) is said


def test_a_fit_without_a_mechanism_says_whether_the_facts_notice(tmp_path: Path, content: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, fit, check = deepcopy(content)
    fit["without"] = ["kinship"]
    for log_evidence, said in (
        (-5.05, "do not show whether the mechanism matters"),
        (-8.0, "favour the whole model by a factor of 20.1"),
        (-3.0, "favour the model without it by a factor of 7.4"),
        (-80.0, "by a factor of more than 1,000"),
    ):
        monkeypatch.setattr(Page, "_shipped", lambda _: {"log_evidence": -5.0})
        fit["log_evidence"] = log_evidence
        words = plain(report(place(tmp_path, (manifest, fit, check)), "en"))
        assert "This fit was made without: kin ties." in words and said in words
    monkeypatch.undo()
    assert "it is not known which model the facts favour" in plain(report(tmp_path, "en"))


def test_what_cannot_be_known_names_the_calendar(english: str) -> None:
    words = plain(english)
    assert "Each run draws the year of each facility from the years that are possible" in words
    assert "kin ties across the border (1 of 1 numbers unchanged)" in words
    assert "5 of the 7 fitted facts can be met by one scale or one guessed number alone" in words


def test_held_out_patterns_stand_beside_the_priors_rate(english: str) -> None:
    words = plain(english)
    assert "this is true of 1 of 20 held-out patterns" in words
    assert "validates nothing: prior runs agree as well" in words
    assert "does not hold: a finding about the model" in words and "“More people at work across in 2010 than in 1991”" in words


def test_what_was_not_checked_is_said(tmp_path: Path, content: Any) -> None:
    words = plain(report(place(tmp_path, content, with_check=False), "en"))
    assert words.count("This part of the checks was not made yet.") == 5
    assert "those runs were not made" in words and "the columns of new runs are missing" in words
    some = deepcopy(content)
    del some[2]["predictive"]["kinship"]
    del some[2]["sensitivity"]
    words = plain(report(place(tmp_path, some), "en"))
    assert "No new runs were made yet without: kin ties." in words
    assert words.count("This part of the checks was not made yet.") == 1


def test_a_result_without_extras_is_still_a_page(tmp_path: Path, content: Any) -> None:
    manifest, fit, _check = deepcopy(content)
    for key in (
        "tolerances",
        "readings",
        "leave_one_out",
        "directions",
        "pairs",
        "disagreement",
        "years",
        "alarms",
        "emulators",
        "populations",
        "not_ruled_out",
    ):
        del fit[key]
    words = plain(report(place(tmp_path, (manifest, fit, {}), with_check=False), "en"))
    assert "No alarm was raised." in words and "This part was not made for this fit." in words


def test_a_parameter_without_a_label_is_refused(content: Any) -> None:
    fit = deepcopy(content[1])
    fit["parameters"][1]["known"] = ""
    with pytest.raises(UserError, match=f"'{FARM}' has no identifiability label"):
        refuse(fit, Targets.load())
    del fit["parameters"][1]["known"]
    with pytest.raises(UserError, match="no identifiability label"):
        refuse(fit, Targets.load())


@pytest.mark.parametrize(
    ("target", "changed", "message"),
    [
        ("income_id", {"quote": " ", "facts": []}, "'income_id' has neither quote nor facts"),
        ("crisis_poverty", {"quote": "", "facts": []}, "'crisis_poverty' has neither quote nor facts"),
        ("visits_fall", {"source": ""}, "'visits_fall' has no source"),
        ("poverty_my", {"tolerance_reason": ""}, "'poverty_my' has no reason for its tolerance"),
        ("growth_nominal", {"tolerance_reason": None}, "'growth_nominal' has no reason for its tolerance"),
    ],
)
def test_a_fact_that_cannot_be_judged_is_refused(tmp_path: Path, content: Any, target: str, changed: dict[str, Any], message: str) -> None:
    bad = deepcopy(content)
    next(r for r in bad[1]["targets"] if r["id"] == target).update(changed)
    with pytest.raises(UserError, match=message):
        write_report(place(tmp_path, bad), "en")
    assert not (tmp_path / "report").exists()


def test_checks_are_not_refused(content: Any) -> None:
    fit = deepcopy(content[1])
    next(r for r in fit["targets"] if r["id"] == "sugar_gap")["source"] = ""
    refuse(fit, Targets.load())


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path, content: Any) -> None:
    other = deepcopy(content)
    other[2]["model_version"] = "another"
    with pytest.raises(UserError, match="belongs to model another"):
        report(place(tmp_path, other))
    other = deepcopy(content)
    other[1]["targets_hash"] = "x"
    with pytest.raises(UserError, match=r"targets\.toml was changed after the fit"):
        report(place(tmp_path, other))
    (tmp_path / "fit.json").unlink()
    with pytest.raises(UserError, match="lintas calibrate fit"):
        report(tmp_path)
    with pytest.raises(UserError, match="no language"):
        write_report(tmp_path, "xx")


def test_a_spark_stays_in_its_box() -> None:
    points = [tuple(map(float, p.split(","))) for p in spark([0.0, 0.2, 0.8, 0.0]).split()]
    assert points[0] == (0, 19) and points[-1] == (80, 19)
    assert all(0 <= x <= 80 and 2 <= y <= 19 for x, y in points)


def test_a_number_at_a_cap_is_marked_also_when_it_was_shortened(content: Any) -> None:
    """The files of a shipped posterior hold six digits."""
    manifest, fit, check = content
    words = Words(manifest, fit, check, Targets.load(), "en")
    row = next(r for r in fit["targets"] if words._limits(words.targets[r["id"]])[0] > 0)
    low, high = words._limits(words.targets[row["id"]])
    assert words.value(row, float(f"{low:.6g}")).startswith("≤ ") and words.value(row, low).startswith("≤ ")
    assert words.value(row, float(f"{high:.6g}")).startswith("≥ ")
    assert words.value(row, low * 1.001)[0] not in "≤≥" and words.value(row, high * 0.999)[0] not in "≤≥"
