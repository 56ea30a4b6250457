"""A study file: what it refuses and how it says so, the points of each design, and the identities of its runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abm import Scenario
from abm.errors import UserError
from agents.core.declare import OUTPUTS, PARAMETERS, SWITCHES
from experiments.studies import design, plan, plan_files
from experiments.studies.manifest import study_of
from experiments.studies.study import Study, StudyError, Summary, Varied
from experiments.studies.study_file import load_study, read_study

RANGED = [n for n, p in PARAMETERS.items() if p.low < p.high]
A, B, C = RANGED[0], RANGED[1], RANGED[2]
POSITIVE = next(n for n in RANGED if PARAMETERS[n].low > 0)
FROM_ZERO = next(n for n in RANGED if PARAMETERS[n].low == 0)
SWITCH = next(iter(SWITCHES))
OUTPUT = next(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
SHIPPED = Scenario.names()


def inside(name: str, share: float = 0.5) -> float:
    """A value of a parameter inside its range."""
    p = PARAMETERS[name]
    return p.low + share * (p.high - p.low)


def write(folder: Path, text: str, name: str = "study.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def study(folder: Path, **said: Any) -> Study:
    return read_study({"households": 60, "end": "1980-06", **said}, folder, "made up")


# --- refusals --------------------------------------------------------------------------------------------------------

TOO_HIGH = PARAMETERS[A].high + 1.0
REFUSED: dict[str, tuple[str, list[str]]] = {
    "misspelt key": ("desing = 'lhs'", ["unknown key 'desing'", "did you mean design?"]),
    "name that is a path": ("name = 'a/b'", ["name = 'a/b'", "cannot name a folder"]),
    "name that is a folder above": ("name = '..'", ["name = '..'", "cannot name a folder"]),
    "empty name": ("name = ' '", ["name = ' '", "cannot name a folder"]),
    "name that is no text": ("name = 3", ["name = 3 is not a text", "quotation marks"]),
    "misspelt design": ("design = 'lsh'", ["design = 'lsh' is unknown", "did you mean lhs?"]),
    "design that is no text": ("design = ['lhs']", ["design = ['lhs'] is unknown", "did you mean lhs?"]),
    "design without vary": ("design = 'lhs'", ['design = "lhs" needs a table [vary]', "declared range"]),
    "factorial without vary": ("design = 'factorial'", ['design = "factorial" needs a table [vary]']),
    "vary beside a list": (f"design = 'list'\n[vary]\n'{A}' = {{}}", ["[vary] does not go with", '"list"']),
    "vary beside a posterior": (f"design = 'posterior'\ntable = 'd.csv'\n[vary]\n'{A}' = {{}}", ["[vary] does not go with"]),
    "posterior without table": ("design = 'posterior'", ['design = "posterior" needs table']),
    "table beside a sample": (f"design = 'lhs'\ntable = 'd.csv'\n[vary]\n'{A}' = {{}}", ['table = "d.csv" goes with', 'found "lhs"']),
    "list given twice": (f"table = 'd.csv'\n[[vary]]\n'{A}' = {inside(A)}", ["given twice", "keep one"]),
    "rows beside a sample": (f"design = 'sobol'\n[[vary]]\n'{A}' = {inside(A)}", ["[[vary]] rows go with", 'found "sobol"']),
    "rows of different names": (f"[[vary]]\n'{A}' = {inside(A)}\n[[vary]]\n'{B}' = {inside(B)}", ["row 1 of [[vary]] lacks"]),
    "rows that are no tables": ("vary = [1, 2]", ["row 1 of [[vary]] is not a table"]),
    "row outside the range": (f"[[vary]]\n'{A}' = {TOO_HIGH}", [A, "outside its range"]),
    "row with a half switch": (f"[[vary]]\n'switch.{SWITCH}' = 0.5", [f"switch.{SWITCH}", "neither on nor off"]),
    "vary that is no table": ("design = 'lhs'\nvary = 'all'", ["vary is not a table"]),
    "entry that is no table": (f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = 0.3", [f"vary '{A}' = 0.3", "{}"]),
    "misspelt key of an entry": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ lwo = 0.1 }}",
        [f"vary '{A}': unknown key 'lwo'", "did you mean low?"],
    ),
    "misspelt parameter": (f"design = 'lhs'\npoints = 4\n[vary]\n'{A}x' = {{}}", [f"no parameter '{A}x'", f"did you mean {A}"]),
    "misspelt switch": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'switch.{SWITCH}x' = {{}}",
        [f"no mechanism '{SWITCH}x'", f"did you mean {SWITCH}"],
    ),
    "range of a switch": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'switch.{SWITCH}' = {{ low = 0 }}",
        ["a mechanism is on or off", "write {}"],
    ),
    "low outside": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ low = {PARAMETERS[A].low - 1} }}",
        [f"vary '{A}': low", "outside the declared range"],
    ),
    "high outside": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ high = {TOO_HIGH} }}",
        [f"vary '{A}': high", "outside the declared range"],
    ),
    "low above high": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ low = {inside(A, 0.7)}, high = {inside(A, 0.2)} }}",
        [f"vary '{A}': low", "not below high", "[set]"],
    ),
    "low that is no number": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ low = 'small' }}",
        [f"vary '{A}': low = 'small' is not a number"],
    ),
    "low that is true": (f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ low = true }}", [f"vary '{A}': low = True is not a number"]),
    "low that is not finite": (f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ low = nan }}", [f"vary '{A}': low", "not a finite number"]),
    "unknown scale": (f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ scale = 'sqrt' }}", [f"vary '{A}': scale = 'sqrt'", '"log"']),
    "log from zero": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'{FROM_ZERO}' = {{ scale = 'log' }}",
        [f"vary '{FROM_ZERO}'", "needs low above 0"],
    ),
    "levels of a sample": (
        f"design = 'lhs'\npoints = 4\n[vary]\n'{A}' = {{ levels = [{inside(A)}] }}",
        ["levels and steps go with", '"factorial"'],
    ),
    "levels and steps": (f"design = 'factorial'\n[vary]\n'{A}' = {{ levels = [{inside(A)}], steps = 2 }}", [f"vary '{A}'", "keep one"]),
    "no levels": (f"design = 'factorial'\n[vary]\n'{A}' = {{ levels = [] }}", [f"vary '{A}': levels = [] is not a list of values"]),
    "levels twice": (f"design = 'factorial'\n[vary]\n'{A}' = {{ levels = [{inside(A)}, {inside(A)}] }}", [f"vary '{A}'", "a value twice"]),
    "levels and low": (
        f"design = 'factorial'\n[vary]\n'{A}' = {{ levels = [{inside(A)}], low = {inside(A)} }}",
        ["leave out low and high"],
    ),
    "one step": (f"design = 'factorial'\n[vary]\n'{A}' = {{ steps = 1 }}", [f"vary '{A}': steps = 1", "must be 2 to"]),
    "no points": (f"design = 'lhs'\npoints = 0\n[vary]\n'{A}' = {{}}", ["points = 0; it must be 1 to"]),
    "points that are no number": (f"design = 'lhs'\npoints = '64'\n[vary]\n'{A}' = {{}}", ["points = '64' is not a whole number"]),
    "points that are broken": (f"design = 'lhs'\npoints = 6.5\n[vary]\n'{A}' = {{}}", ["points = 6.5 is not a whole number"]),
    "unbalanced Sobol": (f"design = 'sobol'\npoints = 100\n[vary]\n'{A}' = {{}}", ["points = 100", "use 64 or 128"]),
    "unbalanced Saltelli": (f"design = 'saltelli'\npoints = 3\n[vary]\n'{A}' = {{}}", ["points = 3", "use 2 or 4"]),
    "single Saltelli point": (f"design = 'saltelli'\npoints = 1\n[vary]\n'{A}' = {{}}", ["points = 1", "at least 2"]),
    **{
        f"no size of {kind}": (f"design = '{kind}'\n[vary]\n'{A}' = {{}}", [f'design = "{kind}" needs points = N'])
        for kind in ("lhs", "sobol", "saltelli", "morris", "shapley")
    },
    "points of a list": ("points = 64", ['points does not go with design = "list"', "leave it out"]),
    "no replicates": ("replicates = 0", ["replicates = 0; it must be 1 to"]),
    "negative seed": ("seed = -1", ["seed = -1; it must be 0 to"]),
    "seed that is true": ("seed = true", ["seed = True is not a whole number"]),
    "set and varied": (f"design = 'lhs'\npoints = 4\n[set]\n'{A}' = {inside(A)}\n[vary]\n'{A}' = {{}}", [f"'{A}' is set and varied"]),
    "set outside": (f"[set]\n'{A}' = {TOO_HIGH}", [A, "outside its range"]),
    "set misspelt": (f"[set]\n'{A}x' = 1", [f"no parameter '{A}x'", f"did you mean {A}"]),
    "set that is no table": ("set = 3", ["set = 3 is not a table"]),
    "set a switch": (f"[set]\n'switch.{SWITCH}' = 0", [f'without = ["{SWITCH}"]']),
    "without and varied": (
        f"design = 'lhs'\npoints = 4\nwithout = ['{SWITCH}']\n[vary]\n'switch.{SWITCH}' = {{}}",
        [f"the mechanism '{SWITCH}' is switched off and varied"],
    ),
    "without misspelt": (f"without = ['{SWITCH}x']", [f"no mechanism '{SWITCH}x'", f"did you mean {SWITCH}"]),
    "without that is a text": (f"without = '{SWITCH}'", [f"without = '{SWITCH}' is not a list"]),
    "unknown record": ("record = 'monthly'", ["record = 'monthly' is unknown", '"yearly"']),
    "summaries without any": ("record = 'summaries'", ["needs [summaries]"]),
    "outputs beside summaries": (
        f"record = 'summaries'\noutputs = ['{OUTPUT}']\n[summaries]\na = {{ output = '{OUTPUT}' }}",
        ['outputs goes with record = "yearly"'],
    ),
    "misspelt output": (f"outputs = ['{OUTPUT}x']", [f"no yearly output '{OUTPUT}x'", f"did you mean {OUTPUT}"]),
    "summaries that are no table": ("summaries = 3", ["summaries = 3 is not a table"]),
    "summary that is no table": ("[summaries]\na = 3", ["summary 'a'", "output ="]),
    "misspelt key of a summary": (
        f"[summaries]\na = {{ output = '{OUTPUT}', frist = 1980 }}",
        ["summary 'a'", "'frist'", "did you mean first"],
    ),
    "summary of nothing": ("[summaries]\na = { side = 'id' }", ["summary 'a': the key output is missing"]),
    "summary of a misspelt output": (f"[summaries]\na = {{ output = '{OUTPUT}x' }}", ["summary 'a'", f"did you mean {OUTPUT}"]),
    "summary of a third side": (f"[summaries]\na = {{ output = '{OUTPUT}', side = 'sg' }}", ["summary 'a': side = 'sg' is unknown", "my"]),
    "summary taken otherwise": (
        f"[summaries]\na = {{ output = '{OUTPUT}', take = 'meen' }}",
        ["summary 'a': take = 'meen'", "did you mean mean"],
    ),
    "summary that runs back": (
        f"[summaries]\na = {{ output = '{OUTPUT}', first = 1990, last = 1985 }}",
        ["first = 1990 comes after last = 1985"],
    ),
    "summary before the start": (
        f"[summaries]\na = {{ output = '{OUTPUT}', first = 1900 }}",
        ["summary 'a': first = 1900; it must be at least 1980"],
    ),
    "summary after the end": (
        f"end = '1985-12'\n[summaries]\na = {{ output = '{OUTPUT}', first = 1990 }}",
        ["starts in 1990", "end in 1985-12"],
    ),
    "summary called as a column": (f"[summaries]\nstatus = {{ output = '{OUTPUT}' }}", ["summary 'status'", "another column"]),
    "summary called as a hidden column": (f"[summaries]\nattempt = {{ output = '{OUTPUT}' }}", ["summary 'attempt'", "another column"]),
    "summary called as a recorded output": (
        f"[summaries]\n{OUTPUT} = {{ output = '{OUTPUT}' }}",
        [f"summary '{OUTPUT}'", "another column"],
    ),
    "summary called as what varies": (
        f"design = 'lhs'\npoints = 4\nrecord = 'summaries'\n[summaries]\n'{A}' = {{ output = '{OUTPUT}' }}\n[vary]\n'{A}' = {{}}",
        [f"summary '{A}'", "another column"],
    ),
    "misspelt scenario": (f"scenarios = ['{SHIPPED[0]}x']", [f"'{SHIPPED[0]}x'", f"did you mean {SHIPPED[0]}"]),
    "scenarios as a text": (f"scenarios = '{SHIPPED[0]}'", ["scenarios = ", "is not a list: write [", "]"]),
    "no scenario": ("scenarios = []", ["scenarios is an empty list", "no run"]),
    "a scenario twice": (f"scenarios = ['{SHIPPED[0]}', '{SHIPPED[0]}']", ["scenarios names the same twice"]),
    "unknown region": ("regions = ['atlantis']", ["'atlantis'", "known"]),
    "no region": ("regions = []", ["regions is an empty list"]),
    "too few households": ("households = 10", ["households = 10; it must be 60 to"]),
    "households that are no number": ("households = ['many']", ["households = 'many' is not a whole number"]),
    "no size": ("households = []", ["households is an empty list"]),
    "a size twice": ("households = [60, 60]", ["households names the same twice"]),
    "end that is no month": ("end = '1995-13'", ["end '1995-13'", "YYYY-MM"]),
    "end that is a date": ("end = 1995-12-01", ["end", "YYYY-MM"]),
    "end that is a number": ("end = 1995", ["end", "YYYY-MM"]),
    "no time at all": ("deadline = 0", ["deadline = 0", "above 0"]),
    "deadline that is no number": ("deadline = 'soon'", ["deadline = 'soon' is not a number"]),
    "measure without function": ("measure = 'own.py'", ["measure = 'own.py'", "FILE.py:FUNCTION"]),
    "measure without file": ("measure = 'own.py:numbers'", ["measure: there is no file", "own.py"]),
    "not TOML": ("name = ", ["not readable TOML"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_mistake_gives_one_sentence_with_file_and_key(case: str, tmp_path: Path) -> None:
    text, words = REFUSED[case]
    path = write(tmp_path, text, "mine.toml")
    with pytest.raises(UserError) as caught:
        load_study(path)
    said = str(caught.value)
    assert said.startswith("mine.toml") and "\n" not in said and len(said) < 500
    for word in words:
        assert word in said, (word, said)


TABLES: dict[str, tuple[str, list[str]]] = {
    "misspelt column": (f"{A}x\n0.1\n", [f"no parameter '{A}x'", f"did you mean {A}"]),
    "value outside": (f"{A},{B}\n{inside(A)},{inside(B)}\n{TOO_HIGH},{inside(B)}\n", ["d.csv, row 2", A, "outside its range"]),
    "value that is no number": (f"{A}\nsmall\n", ["d.csv, row 1", A, "not a number"]),
    "value left out": (f"{A},{B}\n{inside(A)},\n", ["d.csv, row 1", B, "not a finite number"]),
    "switch half on": (f"switch.{SWITCH}\n0.5\n", ["d.csv, row 1", "neither on nor off"]),
    "nothing": ("", ["cannot read the table"]),
    "no rows": (f"{A}\n", ["the table has no rows", "no run"]),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_mistake_in_a_table_is_told_with_its_row(case: str, tmp_path: Path) -> None:
    text, words = TABLES[case]
    (tmp_path / "d.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        plan.make(study(tmp_path, table="d.csv"), tmp_path / "s")
    for word in words:
        assert word in str(caught.value), (word, str(caught.value))
    assert not (tmp_path / "s").exists()


def test_a_table_that_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no table PAR1")
    (tmp_path / "folder.csv").mkdir()
    for name, word in (("none.csv", "there is no table"), ("broken.parquet", "cannot read"), ("folder.csv", "cannot read")):
        with pytest.raises(StudyError, match=word):
            design.n_points(study(tmp_path, table=name))


@pytest.mark.parametrize("weights", [["-1", "2"], ["0", "0"], ["much", "1"], ["", "1"]])
def test_weights_are_numbers_from_zero_up(weights: list[str], tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{A},weight\n{inside(A)},{weights[0]}\n{inside(A)},{weights[1]}\n", encoding="utf-8")
    with pytest.raises(StudyError, match="weight"):
        design.points_of(study(tmp_path, design="posterior", table="d.csv", points=4))


def test_a_study_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"there is no study file .*none\.toml"):
        load_study(tmp_path / "none.toml")
    with pytest.raises(StudyError, match="cannot read the study file"):
        load_study(tmp_path)
    (tmp_path / "latin.toml").write_bytes('name = "caf\xe9"'.encode("latin-1"))
    with pytest.raises(StudyError, match=r"latin\.toml': line 1 is no UTF-8 text"):
        load_study(tmp_path / "latin.toml")


def test_a_study_too_large_to_be_meant_is_refused(tmp_path: Path) -> None:
    huge = study(tmp_path, design="lhs", points=2**30, replicates=1_000_000, vary={A: {}})
    with pytest.raises(StudyError, match="at most"):
        plan.make(huge, tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_summary_takes_what_it_says() -> None:
    yearly = pd.DataFrame({"side": ["id"] * 4 + ["my"], "year": [1981, 1980, 1982, 1983, 1981], OUTPUT: [3.0, 1.0, 8.0, np.nan, 100.0]})
    takes = {"mean": 4.0, "sum": 12.0, "min": 1.0, "max": 8.0, "first": 1.0, "last": 8.0}
    assert {t: Summary("s", OUTPUT, "id", 1980, 1983, t).of(yearly) for t in takes} == takes  # type: ignore[arg-type]
    assert np.isnan(Summary("s", OUTPUT, "id", 1990, 1995).of(yearly))


# --- points ----------------------------------------------------------------------------------------------------------

COUNTS = {"lhs": 8, "sobol": 8, "saltelli": 8 * 5, "morris": 8 * 4, "shapley": 8 * 4}


@pytest.mark.parametrize("name", COUNTS)
def test_a_sample_has_its_points_in_range_and_drawn_from_the_seed_alone(name: str, tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "design": name, "points": 8,
        "vary": {A: {"low": inside(A, 0.2), "high": inside(A, 0.9)}, POSITIVE if POSITIVE != A else B: {"scale": "log"}, f"switch.{SWITCH}": {}},
    }  # fmt: skip
    one = study(tmp_path, **said)
    points = design.points_of(one)
    assert len(points) == design.n_points(one) == COUNTS[name]
    assert list(points.columns) == list(said["vary"])
    for varied in one.vary:
        assert points[varied.name].between(varied.low, varied.high).all()
    assert set(points[f"switch.{SWITCH}"]) == {0.0, 1.0}
    np.random.seed(99)  # noqa: NPY002  (a global state that a sampler must not look at)
    pd.testing.assert_frame_equal(points, design.points_of(study(tmp_path, **said)))
    assert not points.equals(design.points_of(study(tmp_path, **said, seed=2)))
    unit = design.unit_points_of(one)
    assert unit.shape == points.shape and unit.min() >= 0 and unit.max() <= 1
    assert design.problem_of(one)["names"] == list(said["vary"])


def test_a_latin_hypercube_has_one_point_in_each_slice(tmp_path: Path) -> None:
    unit = design.unit_points_of(study(tmp_path, design="lhs", points=50, vary={A: {}, B: {}, C: {}}))
    assert (np.sort(np.floor(unit * 50), axis=0) == np.arange(50)[:, None]).all()


def test_a_sobol_sequence_fills_every_half_and_quarter(tmp_path: Path) -> None:
    unit = design.unit_points_of(study(tmp_path, design="sobol", points=64, vary={A: {}, B: {}}))
    boxes = Counter(map(tuple, np.floor(unit * 8).astype(int).tolist()))
    assert len(boxes) == 64 and set(boxes.values()) == {1}


def test_a_long_sobol_sequence_does_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = study(tmp_path, design="sobol", points=256, vary={A: {}, B: {}})
    whole = design.points_of(long)
    monkeypatch.setattr(design, "BLOCK", 32)
    pd.testing.assert_frame_equal(design.points_of(long), whole)


def test_a_log_scale_has_equal_shares_in_equal_ratios(tmp_path: Path) -> None:
    one = study(tmp_path, design="lhs", points=400, vary={POSITIVE: {"scale": "log"}})
    low, high = PARAMETERS[POSITIVE].low, PARAMETERS[POSITIVE].high
    values = design.points_of(one)[POSITIVE]
    assert (values < np.sqrt(low * high)).sum() == 200
    linear = design.points_of(study(tmp_path, design="lhs", points=400, vary={POSITIVE: {"scale": "linear"}}))[POSITIVE]
    assert (linear < (low + high) / 2).sum() == 200


@given(st.floats(0.0, 1.0), st.floats(1e-9, 1e9), st.floats(1e-6, 10.0), st.sampled_from(["linear", "log"]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_a_value_never_leaves_its_range(unit: float, low: float, more: float, scale: Any) -> None:
    varied = Varied("x", low, low * (1 + more), scale)
    assert varied.low <= float(varied.at(unit)) <= varied.high
    assert np.isclose(float(varied.at(0.0)), varied.low) and np.isclose(float(varied.at(1.0)), varied.high)


@given(
    name=st.sampled_from(sorted(COUNTS)),
    names=st.lists(st.sampled_from([*RANGED, *(f"switch.{s}" for s in SWITCHES)]), min_size=1, max_size=5, unique=True),
    shares=st.tuples(st.floats(0.0, 0.45), st.floats(0.55, 1.0)),
    seed=st.integers(0, 2**62),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_points_lie_inside_any_ranges(name: str, names: list[str], shares: tuple[float, float], seed: int) -> None:
    vary: dict[str, Any] = {
        n: {} if n.startswith("switch.") else {"low": inside(n, shares[0]), "high": inside(n, shares[1])} for n in names
    }
    one = read_study({"design": name, "points": 4, "seed": seed, "vary": vary}, Path(), "any")
    points = design.points_of(one)
    assert len(points) == design.n_points(one) and not points.isna().any(axis=None)
    for varied in one.vary:
        values = points[varied.name]
        assert values.isin([0.0, 1.0]).all() if varied.is_switch else values.between(varied.low, varied.high).all()


def test_a_factorial_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = [inside(C, 0.9), inside(C, 0.1)]
    said = {"design": "factorial", "points": 4, "vary": {A: {}, B: {"steps": 3}, C: {"levels": levels}, f"switch.{SWITCH}": {}}}
    one = study(tmp_path, **said)
    points = design.points_of(one)
    assert len(points) == design.n_points(one) == 4 * 3 * 2 * 2 == len(points.drop_duplicates())
    assert [points[n].nunique() for n in said["vary"]] == [4, 3, 2, 2]
    assert points[A].min() == PARAMETERS[A].low and points[A].max() == PARAMETERS[A].high
    assert points[B].drop_duplicates().tolist() == pytest.approx([inside(B, 0.0), inside(B), inside(B, 1.0)])
    assert points[C].drop_duplicates().tolist() == levels
    monkeypatch.setattr(design, "BLOCK", 7)
    pd.testing.assert_frame_equal(design.points_of(one), points)


def test_a_list_may_stand_in_the_file_or_in_a_table(tmp_path: Path) -> None:
    values = pd.DataFrame({A: [inside(A, 0.1), inside(A, 0.2), inside(A, 0.3)], f"switch.{SWITCH}": [True, False, True]})
    values.to_csv(tmp_path / "d.csv", index=False)
    values.set_index(pd.Index([7, 8, 9])).to_parquet(tmp_path / "d.parquet")
    rows = "".join(f"[[vary]]\n'{A}' = {a!r}\n'switch.{SWITCH}' = {str(s).lower()}\n" for a, s in values.to_numpy().tolist())
    write(tmp_path, "design = 'list'\n" + rows)
    wanted = values.astype(float)
    for one in (load_study(tmp_path / "study.toml"), study(tmp_path, table="d.csv"), study(tmp_path, table="d.parquet")):
        pd.testing.assert_frame_equal(design.points_of(one)[list(wanted.columns)], wanted)
        assert design.n_points(one) == 3


def test_what_a_table_varies_is_neither_set_nor_switched_off(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{A},switch.{SWITCH}\n{inside(A)},1\n", "utf-8")
    for text, words in (
        (f"table = 'd.csv'\n[set]\n'{A}' = {inside(A)}\n", "is set and varied; keep it in .set. or in the table"),
        (f"table = 'd.csv'\nwithout = ['{SWITCH}']\n", "is switched off and varied; keep it in without or in the table"),
    ):
        with pytest.raises(StudyError, match=words):
            load_study(write(tmp_path, text))


def test_a_posterior_has_all_its_rows_where_no_number_is_said(tmp_path: Path) -> None:
    values = [inside(A, s) for s in (0.1, 0.5, 0.7)]
    pd.DataFrame({A: values}).to_csv(tmp_path / "d.csv", index=False)
    for seed in range(20):
        one = study(tmp_path, design="posterior", table="d.csv", seed=seed)
        assert one.points == design.n_points(one) == 3 and design.points_of(one)[A].tolist() == pytest.approx(values)


def test_more_replicates_come_from_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{A}\n{inside(A)}\n", "utf-8")
    plan.make(study(tmp_path, table="d.csv", households=60, end="1980-02"), tmp_path / "s")
    manifest = plan_files.read_study_manifest(tmp_path / "s")
    (tmp_path / "d.csv").write_text(f"{A}\n{inside(A, 0.9)}\n", "utf-8")
    for change in (lambda: None, (tmp_path / "d.csv").unlink):
        change()
        with pytest.raises(StudyError, match="has changed or was removed since the study was planned"):
            plan.extend(tmp_path / "s", 2)
    assert plan_files.read_study_manifest(tmp_path / "s") == manifest and len(plan_files.plan_files(tmp_path / "s")) == 1


def test_a_switch_in_a_table_may_be_written_as_a_number(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"switch.{SWITCH}\n1\n0\n", encoding="utf-8")
    assert design.points_of(study(tmp_path, table="d.csv")).to_numpy().tolist() == [[1.0], [0.0]]


def test_no_design_at_all_is_one_point_without_values(tmp_path: Path) -> None:
    one = study(tmp_path)
    assert design.n_points(one) == 1 and design.points_of(one).shape == (1, 0)


def test_posterior_draws_come_in_proportion_to_their_weights(tmp_path: Path) -> None:
    weight = np.array([0.0, 1.0, 3.0, 6.0, 0.0])
    values = np.array([inside(A, s) for s in (0.1, 0.3, 0.5, 0.7, 0.9)])
    table = pd.DataFrame({"draw": [f"d{k}" for k in range(5)], A: values, "weight": weight})
    table.to_csv(tmp_path / "d.csv", index=False)
    one = study(tmp_path, design="posterior", table="d.csv", points=1000)
    points = design.points_of(one)
    assert list(points.columns) == [A] and len(points) == design.n_points(one) == 1000
    counts = [int((points[A] == v).sum()) for v in values]
    assert np.allclose(counts, 1000 * weight / weight.sum(), atol=1)  # systematic resampling: within one
    assert counts[0] == counts[4] == 0
    pd.testing.assert_frame_equal(points, design.points_of(one))
    assert sum(a != b for a, b in zip(points[A], design.points_of(replace(one, seed=2))[A], strict=True)) <= 5
    table.drop(columns="weight").to_parquet(tmp_path / "d.parquet")
    even = design.points_of(study(tmp_path, design="posterior", table="d.parquet", points=10))[A]
    assert [int((even == v).sum()) for v in values] == [2] * 5


# --- plans and identities --------------------------------------------------------------------------------------------

EXAMPLE = """
name = "care"
design = "sobol"                      # factorial | lhs | sobol | list
points = 64
replicates = 4
scenarios = ["{0}", "{1}"]
households = 400
end = "1995-12"
[vary]                                # an empty table means the declared range
"{2}" = {{}}
"{3}" = {{ low = {4!r}, high = {5!r} }}
"""


def read_plan(folder: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(p) for p in plan_files.plan_files(folder)], ignore_index=True)


def test_the_example_of_the_design_plans_its_runs(tmp_path: Path) -> None:
    write(tmp_path, EXAMPLE.format("history", "no-puskesmas", A, B, inside(B, 0.25), inside(B, 0.75)), "care.toml")
    read = load_study(tmp_path / "care.toml")
    assert plan.make(read, tmp_path / "s") == plan.n_runs(read) == 64 * 2 * 4
    rows = read_plan(tmp_path / "s")
    assert len(rows) == rows["run_id"].nunique() == 512
    assert rows["run_id"].str.fullmatch("[0-9a-f]{16}").all()
    assert list(rows.columns) == ["run_id", "point", "scenario", "region", "households", "replicate", "seed", A, B]
    assert rows.groupby(["point", "scenario", "replicate"]).size().eq(1).all()
    assert rows[A].between(PARAMETERS[A].low, PARAMETERS[A].high).all() and rows[B].between(inside(B, 0.25), inside(B, 0.75)).all()
    seeds = rows.groupby("replicate")["seed"].unique()
    assert all(len(s) == 1 for s in seeds) and len({int(s[0]) for s in seeds}) == 4, "a replicate has one seed in all arms and points"
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text("utf-8"))
    assert manifest["runs"] == 512 and set(manifest["scenarios"]) == {"history", "no-puskesmas"}
    assert manifest["model_version"] == plan.model_version() and len({s["hash"] for s in manifest["scenarios"].values()}) == 2
    assert study_of(manifest["study"]) == read


def test_arms_are_crossed_and_replicates_share_draws_across_them(tmp_path: Path) -> None:
    one = study(tmp_path, scenarios=SHIPPED[:2], households=[60, 80], replicates=3, design="lhs", points=2, vary={A: {}})
    rows = [*plan.rows(one, plan.make_manifest(one, []))]
    assert len(rows) == plan.n_runs(one) == 2 * 4 * 3
    by_replicate = {k: {r.seed for r in rows if r.replicate == k} for k in range(3)}
    assert all(len(s) == 1 for s in by_replicate.values()) and len(set.union(*by_replicate.values())) == 3
    assert {r.values[A] for r in rows if r.point == 0} == {design.points_of(one)[A][0]}


def test_equal_runs_are_planned_once(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{A}\n{inside(A)}\n{inside(A)}\n{inside(A, 0.1)}\n", encoding="utf-8")
    assert plan.make(study(tmp_path, table="d.csv", replicates=2), tmp_path / "s") == 4


def ids(one: Study, **changed: Any) -> list[str]:
    manifest = plan.make_manifest(one, [])
    for key, value in changed.items():
        manifest = manifest | {key: value}
    return [r.run_id for r in plan.rows(one, manifest)]


def test_an_identity_changes_with_everything_that_numbers_depend_on(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def numbers(model):\n    return {'n': 1.0}\n", encoding="utf-8")
    row = {A: inside(A), B: inside(B)}
    base = study(tmp_path, vary=[row])
    (was,) = ids(base)
    assert ids(base) == [was] and ids(study(tmp_path, vary=[row], replicates=2))[0] == was
    others = {
        "scenario": ids(study(tmp_path, vary=[row], scenarios=["no-puskesmas"])),
        "end": ids(study(tmp_path, vary=[row], end="1980-07")),
        "set": ids(study(tmp_path, vary=[row], set={C: inside(C, 0.123)})),
        "without": ids(study(tmp_path, vary=[row], without=[SWITCH])),
        "value": ids(study(tmp_path, vary=[row | {A: np.nextafter(inside(A), 1e9).item()}])),
        "swapped names": ids(base, names=list(reversed(design.names_of(base)))),
        "seed": ids(study(tmp_path, vary=[row], seed=2)),
        "replicate": ids(study(tmp_path, vary=[row], replicates=2))[1:],
        "households": ids(study(tmp_path, vary=[row], households=61)),
        "model": ids(base, model_version="another"),
        "region data": ids(base, regions={base.regions[0]: {"hash": "another"}}),
        "measure": ids(study(tmp_path, vary=[row], measure="own.py:numbers")),
    }
    found = [was, *(i for (i,) in others.values())]
    assert len(set(found)) == len(found), others
    (tmp_path / "own.py").write_text("def numbers(model):\n    return {'n': 2.0}\n", encoding="utf-8")
    assert ids(study(tmp_path, vary=[row], measure="own.py:numbers")) != others["measure"]


def test_identities_are_the_same_in_every_process(tmp_path: Path) -> None:
    text = f"design = 'sobol'\npoints = 4\nhouseholds = [60, 61]\nreplicates = 2\n[vary]\n'{A}' = {{}}\n'switch.{SWITCH}' = {{}}\n"
    path = write(tmp_path, text)
    code = (
        "import sys; from experiments.studies import plan; from experiments.studies.study_file import load_study; s = load_study(sys.argv[1]); "
        "print(*[r.run_id for r in plan.rows(s, plan.make_manifest(s, []))])"
    )
    here = [r.run_id for r in plan.rows(load_study(path), plan.make_manifest(load_study(path), []))]
    out = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "12345", "PATH": ""}
    ).stdout
    assert out.split() == here and len(here) == 16


def test_extending_keeps_every_identity(tmp_path: Path) -> None:
    said: dict[str, Any] = {"design": "lhs", "points": 3, "vary": {A: {}}}
    plan.make(study(tmp_path, **said, replicates=2), tmp_path / "s")
    before = read_plan(tmp_path / "s")["run_id"].tolist()
    assert plan.extend(tmp_path / "s", 2) == 0
    assert plan.extend(tmp_path / "s", 3) == 3 and plan.extend(tmp_path / "s", 5) == 6
    after = read_plan(tmp_path / "s")
    plan.make(study(tmp_path, **said, replicates=5), tmp_path / "at once")
    assert after["run_id"].tolist()[:6] == before
    assert set(after["run_id"]) == set(read_plan(tmp_path / "at once")["run_id"]) and len(after) == 15
    assert plan_files.read_study_manifest(tmp_path / "s")["runs"] == 15


def test_names_and_paths_may_be_in_any_script(tmp_path: Path) -> None:
    place = tmp_path / "Kajian Šarāwak 研究 🌿"
    place.mkdir()
    own = "title = 'Sempadan ditutup'\ndescription = '边境'\nend = '1980-12'\n"
    scenario = write(place, own, "senario ö.toml")
    pd.DataFrame({A: [inside(A)]}).to_csv(place / "titik ñ.csv", index=False)
    path = write(place, "name = 'Kajian Šarāwak 研究'\ntable = 'titik ñ.csv'\nhouseholds = 60\nscenarios = ['senario ö.toml']\n")
    try:
        read = load_study(path)
    except UserError as error:  # what a scenario file must hold is checked elsewhere
        pytest.fail(f"{scenario.read_text('utf-8')!r}: {error}")
    assert plan.make(read, place / "hasil 結果") == 1
    manifest = plan_files.read_study_manifest(place / "hasil 結果")
    assert manifest["name"] == "Kajian Šarāwak 研究" and "研究" in (place / "hasil 結果" / "manifest.json").read_text("utf-8")
    assert read_plan(place / "hasil 結果")["scenario"].tolist() == [str(scenario)]


def test_a_study_goes_into_a_new_folder_only(tmp_path: Path) -> None:
    one = study(tmp_path)
    plan.make(one, tmp_path / "s")
    with pytest.raises(UserError, match="is a study already"):
        plan.make(one, tmp_path / "s")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.docx").write_text("years of work")
    with pytest.raises(UserError):
        plan.make(one, tmp_path / "full")
    assert (tmp_path / "full" / "thesis.docx").read_text() == "years of work"
