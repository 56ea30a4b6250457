"""A saved run goes on as if it had never been saved, and one that cannot be saved leaves no file."""

from __future__ import annotations

import numpy as np
import pytest

from abm import BorderModel
from abm.errors import UserError
from tests.model.same import differing, make, months, parts, state
from tests.model.tools import one_sentence, scenario


@pytest.fixture(scope="module", params=["history", "closed-border"])
def usual(request):
    return request.param, parts(BorderModel(scenario(request.param), households=200, rng=9).run())


@pytest.mark.parametrize("saved_at", [0, 5, 12, 125, 149])
def test_saved_and_continued(usual, saved_at, tmp_path):
    name, expected = usual
    path = tmp_path / "half"
    model = months(BorderModel(scenario(name), households=200, rng=9), saved_at)
    held = state(model)
    model.save(path)
    again = BorderModel.load(path)
    assert differing(held, state(again)) == [] and again.month == saved_at and again.steps == saved_at
    assert parts(again.run()) == expected
    assert parts(model.run()) == expected, "saving changes nothing"
    assert [p.name for p in tmp_path.iterdir()] == ["half"], "no temporary file is left"


def test_a_loaded_run_goes_on_by_mesas_clock(tmp_path):
    months(make(n_months=40, households=120), 17).save(tmp_path / "half")
    again = BorderModel.load(tmp_path / "half")
    assert again.time == 17.0
    again.run_for(5)
    assert again.month == again.steps == 22
    again.run_until(30)
    assert again.month == again.steps == 30
    again.run_until(99)
    assert parts(again) == parts(make(n_months=40, households=120).run())


def test_saved_twice_over(usual, tmp_path):
    name, expected = usual
    model = BorderModel(scenario(name), households=200, rng=9)
    for at in (7, 60, 122):
        months(model, at - model.month).save(tmp_path / "run")
        model = BorderModel.load(tmp_path / "run")
    assert parts(model.run()) == expected


def test_an_added_household_is_saved_too(tmp_path):
    model = months(make(n_months=40, households=120), 17)
    model.add_household("Entikong", weight=50.0)
    months(model, 3).save(tmp_path / "half")
    again = BorderModel.load(tmp_path / "half")
    for one in (model, again):
        one.add_household("Nanga Badau")
    assert parts(again.run()) == parts(model.run())


def test_every_state_of_a_run_can_be_taken_up_again(tmp_path):
    """What the reader allows holds every state that a run has."""
    model = make(n_months=30, households=120)
    for _ in range(30):
        model.step()
        model.save(tmp_path / "run")
        BorderModel.load(tmp_path / "run")


def test_a_run_cannot_be_saved_where_no_file_can_stand(tmp_path):
    model = make(households=120)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path, tmp_path / "missing" / "run", tmp_path / "file" / "run", tmp_path / "folder", tmp_path / ("a" * 300)):
        with pytest.raises(UserError) as refusal:
            model.save(path)
        assert "saved" in one_sentence(refusal)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"] and (tmp_path / "file").read_text() == "kept"


def test_a_failed_save_leaves_no_file(tmp_path, monkeypatch):
    def full(*_given, **_named):
        raise OSError(28, "No space left on device")

    model = make(households=120)
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(UserError) as refusal:
        model.save(tmp_path / "half")
    assert "No space left" in one_sentence(refusal)
    assert list(tmp_path.iterdir()) == []
