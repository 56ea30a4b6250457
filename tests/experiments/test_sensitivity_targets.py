"""A sensitivity analysis takes each arm and target for itself, and refuses targets and methods that do not suit."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from abm.errors import UserError
from agents.core.declare import OUTPUTS, PARAMETERS
from experiments.analysis import indices
from experiments.analysis.indices import analyse
from experiments.cli.sensitivity import sensitivity
from experiments.studies import design, outcomes, target_names
from experiments.studies.outcomes import CONSTANT
from experiments.studies.study import Study, Summary, Varied
from experiments.studies.target_names import StudyTarget
from tests.experiments.made_up_outcomes import NAMES, OUTPUT, _two_scenarios, make, only


def test_each_arm_has_its_own_analysis(tmp_path: Path) -> None:
    scenarios = _two_scenarios()
    analysis = analyse(make(tmp_path / "s", "saltelli", 64, scenarios=scenarios, households=(60, 80)))
    assert [(p.arm.scenario, p.arm.households) for p in analysis.parts] == [(s, h) for s in scenarios for h in (60, 80)]
    means = {p.arm.scenario: p.mean for p in analysis.parts}
    assert means[scenarios[1]] - means[scenarios[0]] == pytest.approx(100.0)
    table = analysis.table()
    assert len(table) == 4 * 3 * 2 and set(table["label"]) == {PARAMETERS[n].label for n in NAMES[:3]}


def test_an_outcome_from_the_yearly_record(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "saltelli", 128, record="yearly", replicates=2)
    key = f"{OUTPUT}:id:1981-1982"
    analysis = analyse(folder, [key, f"{OUTPUT}:my:1982:max"])
    same = analyse(make(tmp_path / "t", "saltelli", 128, replicates=2))
    assert np.allclose(analysis.parts[0].indices["ST"][0], only(same, "ST")[0])
    assert analysis.parts[0].mean == pytest.approx(same.parts[0].mean)
    assert analysis.parts[1].mean == pytest.approx(same.parts[0].mean + 1001.0)
    assert OUTPUTS[OUTPUT].label in analysis.sentences()[0] and PARAMETERS[NAMES[0]].label in analysis.sentences()[0]
    # as Summary.of takes it, run by run
    from experiments.studies.collect import collect

    table = collect(folder)
    one = table[table["run_id"] == table["run_id"].iloc[0]]
    for take in ("mean", "sum", "min", "max", "first", "last"):
        summary = Summary("x", OUTPUT, "id", 1981, 1982, take)
        assert outcomes.values_of(one, StudyTarget("x", summary)).iloc[0] == pytest.approx(summary.of(one))
        nothing = one.assign(**{OUTPUT: math.nan})  # the sum of no number is no number
        assert outcomes.values_of(nothing, StudyTarget("x", summary)).empty and math.isnan(summary.of(nothing))


def test_targets_are_summaries_or_outputs_with_side_and_years(tmp_path: Path) -> None:
    study = Study(name="s", summaries=(Summary("mine", OUTPUT, "id", 1980, 2030, "max"),), outputs=(OUTPUT,))
    manifest = {"scenarios": {"history": {"scenario": {"end": "1982-12"}}}}
    wanted = lambda said, **more: target_names.target_of(said, study, manifest, ("own",), **more)  # noqa: E731
    assert wanted("mine") == StudyTarget("mine", study.summaries[0], is_column=True) and wanted("own") == StudyTarget("own", is_column=True)
    for said, side, first, last in ((f"{OUTPUT}:my:1980-1981", "my", 1980, 1981), (f"{OUTPUT}:id:1980", "id", 1980, 1980)):
        assert wanted(said) == StudyTarget(said, Summary(said, OUTPUT, side, first, last))
    for said, side in ((OUTPUT, "id"), (f"{OUTPUT}:my", "my")):  # as an extension to a precision takes them
        assert wanted(said, may_be_short=True) == StudyTarget(said, Summary(said, OUTPUT, side, 1980, 2030))
        with pytest.raises(UserError, match=r"needs a side and years|not of the form"):
            wanted(said)
    for said, words in (
        ("mien", "did you mean mine"),
        (f"{OUTPUT}:sg", "side"),
        (f"{OUTPUT}:id:then", "FIRST-LAST"),
        (f"{OUTPUT}:id:1:2", "FIRST-LAST"),
    ):
        with pytest.raises(UserError, match=words):
            wanted(said, may_be_short=True)


def test_an_outcome_that_does_not_vary(tmp_path: Path) -> None:
    for kind, points in (("saltelli", 16), ("morris", 8), ("shapley", 8), ("lhs", 80)):
        analysis = analyse(make(tmp_path / kind, kind, points, lambda u, k: np.full(len(u), 7.25 + k), replicates=2))
        assert analysis.parts[0].status == CONSTANT and not analysis.parts[0].indices
        assert "does not vary" in analysis.sentences()[0]
        assert "NaN" not in json.dumps(analysis.to_dict())
        sensitivity(tmp_path / kind, as_json=True)


@pytest.mark.parametrize(("target", "said"), [
    ("made_upp", "there is no target 'made_upp' in this study; did you mean made_up?"),
    (f"{OUTPUT}:id:1980-1981", "keeps summaries only"),
])  # fmt: skip
def test_targets_of_summaries_are_refused(tmp_path: Path, target: str, said: str) -> None:
    folder = make(tmp_path / "s", "saltelli", 8)
    with pytest.raises(UserError, match=said):
        analyse(folder, [target])


@pytest.mark.parametrize(("target", "said"), [
    (OUTPUT, "needs a side and years"), (f"{OUTPUT}x:id:1980-1981", f"did you mean {OUTPUT}"), (f"{OUTPUT}:xx:1980-1981", "neither id nor my"),
    (f"{OUTPUT}:id:1981-1980", "1981 comes after 1980"), (f"{OUTPUT}:id:80-81", "not of the form"), (f"{OUTPUT}:id", "not of the form"),
    (f"{OUTPUT}:id:1980-1981:meen", "did you mean mean"), (f"{OUTPUT}:id:1999-2001", "the runs end in 1982-12"), ("", "there is no target"), ("a:b:c:d:e", "no output 'a'"),
])  # fmt: skip
def test_targets_of_the_yearly_record_are_refused(tmp_path: Path, target: str, said: str) -> None:
    folder = make(tmp_path / "s", "saltelli", 8, record="yearly")
    with pytest.raises(UserError, match=said):
        analyse(folder, [target])
    with pytest.raises(UserError, match=r"declares no \[summaries\]"):
        analyse(folder)


def test_methods_that_do_not_suit_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "morris", 8)
    for method, said in (("sobl", "did you mean sobol"), ("sobol", 'needs design = "saltelli", the study has "morris"')):
        with pytest.raises(UserError, match=said):
            analyse(folder, method=method)
    assert analyse(folder, method="morris").method == "morris"
    study = Study(name="x", design="factorial", vary=(Varied(NAMES[0], 0, 1, levels=(0, 1)),))
    with pytest.raises(UserError, match='design = "factorial"'):
        indices.method_of(study, None)
    with pytest.raises(UserError, match="there is no study folder"):
        analyse(tmp_path / "nowhere")


def test_a_design_made_by_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "s", "saltelli", 16)
    made = design.points_of
    monkeypatch.setattr(design, "points_of", lambda study: made(study).sample(frac=1.0, random_state=1))
    with pytest.raises(UserError, match="not those in its plan"):
        analyse(folder)
