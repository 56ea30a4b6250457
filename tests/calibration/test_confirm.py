"""A posterior whose model gives the same numbers under another version is confirmed; one whose numbers changed is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from abm.errors import UserError
from calibration.posterior import FOLDER, Posterior
from experiments.cli.main import main
from experiments.fits import confirm as calibrate_confirm
from experiments.fits.confirm import FILE, confirm, write_numbers
from experiments.runs.identity import model_version
from experiments.runs.posterior import check_posterior

REGION = "west-kalimantan-sarawak"


@pytest.fixture
def posterior(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped draws as if today's model had made them, with the numbers of two small runs."""
    monkeypatch.setattr(calibrate_confirm, "RUNS", 2)
    monkeypatch.setattr(calibrate_confirm, "HOUSEHOLDS", 60)
    place = tmp_path / "posterior"
    place.mkdir()
    shutil.copyfile(FOLDER / REGION / "draws.parquet", place / "draws.parquet")
    said = json.loads((FOLDER / REGION / "manifest.json").read_text("utf-8"))
    said.pop("same_numbers", None)
    (place / "manifest.json").write_text(json.dumps(said | {"model_version": model_version()}), "utf-8")
    write_numbers(place)
    return place


def test_another_version_with_the_same_numbers_is_taken(posterior: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from abm import Region

    first = model_version()
    monkeypatch.setattr(calibrate_confirm, "model_version", lambda: "0.1.0+another")
    monkeypatch.setattr("experiments.runs.posterior.model_version", lambda: "0.1.0+another")
    with pytest.raises(UserError, match="was made with model"):
        check_posterior(Posterior.load(posterior), Region.load(REGION))
    assert main(["calibrate", "confirm", str(posterior)]) == 0
    assert Posterior.load(posterior).model_versions == (first, "0.1.0+another")
    assert check_posterior(Posterior.load(posterior), Region.load(REGION)) == []
    assert main(["calibrate", "confirm", str(posterior)]) == 0
    assert Posterior.load(posterior).model_versions == (first, "0.1.0+another"), "once is enough"


def test_changed_numbers_are_not_confirmed(posterior: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = json.loads((posterior / FILE).read_text("utf-8"))
    said["runs"][1]["tables"]["flows"] = "0" * 64
    (posterior / FILE).write_text(json.dumps(said), "utf-8")
    monkeypatch.setattr(calibrate_confirm, "model_version", lambda: "0.1.0+another")
    before = (posterior / "manifest.json").read_bytes()
    assert len(confirm(posterior)) == 1
    assert main(["calibrate", "confirm", str(posterior)]) == 1
    assert "flows" in capsys.readouterr().out
    assert (posterior / "manifest.json").read_bytes() == before


def test_only_the_model_of_the_fit_says_its_numbers(posterior: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate_confirm, "model_version", lambda: "0.1.0+another")
    with pytest.raises(UserError, match="only the former can give its numbers"):
        write_numbers(posterior)
    manifest = json.loads((posterior / "manifest.json").read_text("utf-8"))
    (posterior / "manifest.json").write_text(json.dumps(manifest | {"same_numbers": ["0.1.0+another"]}), "utf-8")
    before = json.loads((posterior / FILE).read_text("utf-8"))
    write_numbers(posterior)  # a model of which that was confirmed says them too, in the name of the first
    assert json.loads((posterior / FILE).read_text("utf-8")) == before


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"kind": "x"}', "[" * 100_000])
def test_damaged_numbers_are_refused(posterior: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    (posterior / FILE).write_text(content)
    assert main(["calibrate", "confirm", str(posterior)]) == 2
    assert FILE in capsys.readouterr().err
    (posterior / FILE).unlink()
    assert main(["calibrate", "confirm", str(posterior)]) == 2
