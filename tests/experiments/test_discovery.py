"""Scenario discovery finds a box that is known, and none in chance."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from abm.errors import UserError
from agents.core.declare import PARAMETERS, SWITCHES
from experiments.analysis import discovery
from experiments.analysis.discovery import discover
from experiments.cli.sensitivity import sensitivity
from experiments.reports import sensitivity_figures
from experiments.reports.sensitivity_figures import picture
from experiments.studies import design, plan_files
from experiments.studies.manifest import study_of
from experiments.studies.study import SWITCH, Varied
from experiments.words.languages import Numbers
from tests.experiments.made_up_outcomes import NAMES, chance, make


def boxed(u: np.ndarray, _replicate: int = 0) -> np.ndarray:
    """1 in the corner where the first is above 0.7 and the second below 0.4, else 0."""
    return ((u[:, 0] > 0.7) & (u[:, 1] < 0.4)).astype(float)


@pytest.mark.parametrize(("direction", "sign"), [("above", 1.0), ("below", -1.0)])
def test_prim_finds_a_known_box(tmp_path: Path, direction: str, sign: float) -> None:
    pytest.importorskip("ema_workbench")
    folder = make(tmp_path / "s", "lhs", 600, lambda u, k: sign * boxed(u), d=5)
    (found,) = discover(folder, "made_up", sign * 0.5, direction).parts
    assert found.coverage > 0.9 and found.density > 0.9 and found.interesting == pytest.approx(72, abs=15)
    limits = {x.name: x for x in found.limits}
    assert set(limits) == set(NAMES[:2])  # the other three do not bound it
    first, second = (limits[n] for n in NAMES[:2])
    for limit, value, other in ((first, 0.7, first.high), (second, 0.4, second.low)):
        p = PARAMETERS[limit.name]
        at = limit.low if limit is first else limit.high
        assert at is not None and (at - p.low) / (p.high - p.low) == pytest.approx(value, abs=0.05)
        assert other is None
    assert first.p_low is not None and first.p_low < 0.01 and second.p_high is not None and second.p_high < 0.01
    text = discovery.box_sentence(found)
    assert PARAMETERS[NAMES[0]].label in text and "is above" in text and "is below" in text


def test_prim_with_a_mechanism_and_in_each_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ema_workbench")
    switch = f"{SWITCH}{next(iter(SWITCHES))}"
    vary = (Varied(switch, 0.0, 1.0, levels=(0.0, 1.0)), *(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:2]))
    folder = make(tmp_path / "s", "sobol", 256, lambda u, k: ((u[:, 0] < 0.5) & (u[:, 1] > 0.6)).astype(float), vary=vary)
    result = discover(folder, None, 0.5)
    (found,) = result.parts
    assert {x.name: x.states for x in found.limits} == {switch: ("off",), NAMES[0]: ()}
    assert "is off" in discovery.box_sentence(found)
    for lang in ("en", "id", "ms"):
        sensitivity(folder, discover="above", threshold="0.5", out=tmp_path / lang, lang=lang)
    assert switch in capsys.readouterr().out
    assert (tmp_path / "en" / "discovery.csv").read_bytes() == (tmp_path / "ms" / "discovery.csv").read_bytes()
    assert any(p.suffix == ".svg" for p in (tmp_path / "en").iterdir())
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_box_is_drawn_on_the_scale_of_its_parameter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ema_workbench")
    name = next(n for n in NAMES[1:] if PARAMETERS[n].low > 0)
    vary = tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high, "log" if n == name else "linear") for n in (name, NAMES[0]))
    (found,) = discover(make(tmp_path / "s", "lhs", 400, lambda u, _k: (u[:, 0] > 0.7) * 1.0, vary=vary), None, 0.5).parts
    (limit,) = found.limits
    assert limit.name == name and limit.is_log and limit.low is not None
    assert limit.place(limit.low) == pytest.approx(0.7, abs=0.03) and [limit.place(v) for v in limit.range] == [0.0, 1.0]
    drawn = picture(found)
    assert drawn is not None and "is above" in sensitivity_figures._condition(limit, str, Numbers("en"))
    long = "word " * 40
    monkeypatch.setattr(discovery, "parameter_label", lambda *_: long)
    monkeypatch.setattr(sensitivity_figures, "parameter_label", lambda *_: long)
    said = sensitivity_figures._condition(limit, str, Numbers("en"))  # what is said of a name is never cut
    assert len(said) <= sensitivity_figures.MOST_LETTERS and "…" in said and said.endswith("(logarithmic scale)") and "is above" in said


def test_prim_finds_no_box_in_chance(tmp_path: Path) -> None:
    pytest.importorskip("ema_workbench")
    (found,) = discover(make(tmp_path / "s", "lhs", 300, chance(1.0), d=4), None, 0.0).parts
    assert not found.limits or found.density < 0.8
    assert isinstance(discovery.box_sentence(found), str)


@pytest.mark.parametrize(("points", "seed"), [(80, 1), (100, 2), (120, 3)])
def test_prim_drops_limits_that_chance_would_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: int, seed: int) -> None:
    """Few noisy points: peeling goes on into chance, and the box told of does not; its numbers are those of its limits."""
    pytest.importorskip("ema_workbench")
    function = lambda u, k: (u[:, 0] > 0.7) + chance(0.4)(u, k)  # noqa: E731
    folder = make(tmp_path / "s", "lhs", points, function, d=5, seed=seed)
    sides = lambda found: [p for x in found.limits for p in (x.p_low, x.p_high) if p is not None]  # noqa: E731
    (found,) = discover(folder, None, 0.5).parts
    assert [x.name for x in found.limits] == [NAMES[0]] and max(sides(found)) <= 0.05
    study = study_of(plan_files.read_study_manifest(folder)["study"])
    inside, wanted = np.ones(points, dtype=bool), function(design.unit_points_of(study), 0) > 0.5
    for x in found.limits:
        values = design.points_of(study)[x.name].to_numpy()
        inside &= (values >= (-np.inf if x.low is None else x.low)) & (values <= (np.inf if x.high is None else x.high))
    assert found.coverage == pytest.approx(wanted[inside].sum() / wanted.sum())
    assert found.density == pytest.approx(wanted[inside].mean())
    assert found.mass == pytest.approx(inside.mean()) and found.interesting == wanted.sum()
    monkeypatch.setattr(discovery, "QUASI_P", 2.0)
    (peeled,) = discover(folder, None, 0.5).parts
    assert len(sides(peeled)) > len(sides(found)) and max(sides(peeled)) > 0.05


def test_discovery_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "s", "lhs", 100, boxed)
    with pytest.raises(UserError, match="above 5 lie all or none of the points: 'made_up' goes from 0 to 1"):
        discover(folder, "made_up", 5.0)
    with pytest.raises(UserError, match="only 20 of 20 blocks of points are complete"):
        discover(make(tmp_path / "few", "lhs", 20, boxed), None, 0.5)
    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis", None)
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis.prim", None)
    with pytest.raises(UserError, match=r'pip install "lintas\[discovery\]"'):
        discover(folder, "made_up", 0.5)
