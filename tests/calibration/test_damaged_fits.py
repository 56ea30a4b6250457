"""A damaged manifest, population or result of a fit gives one sentence and no traceback."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from abm import Region
from calibration.emulator import Emulator, Polynomial
from calibration.infer import Proposal
from calibration.targets import Targets
from experiments.fits.asked import FitError
from experiments.fits.files import CHECK, FIT, read_result
from experiments.fits.fit import Fit
from experiments.reports.fit_figures import FitDrawing
from experiments.reports.fit_report import report
from tests.calibration.damage import WRONG, damaged, paths, refusal, sentence
from tests.calibration.test_report import made, place
from tests.shares import share, some

COMMANDS = ("bank", "fit", "check", "report", "point", "adopt", "retarget")


def command(name: str, folder: Path) -> list[str]:
    """A command of ``lintas calibrate`` on a folder."""
    more = ["--targets", str(folder / "targets.toml"), "-o", str(folder.parent / "new")] if name == "retarget" else []
    return ["calibrate", name, str(folder), *more]


@share(4)
def test_a_manifest_of_a_fit(one_in: int, planned: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    file = planned / "manifest.json"
    text = file.read_text("utf-8")
    said = json.loads(text)
    capsys.readouterr()
    needed = {("asked",), ("model_version",), ("region_hash",), ("targets_hash",), *((("asked", k)) for k in said["asked"])}
    try:
        for n, path in some(enumerate(paths(said)), one_in):
            for k, value in enumerate(WRONG):
                file.write_text(json.dumps(damaged(said, path, value)), "utf-8")
                name = COMMANDS[(k + n) % len(COMMANDS)] if path in needed else "fit"  # each command meets each entry twice
                assert sentence(capsys, *command(name, planned)) == 2, (path, k, name)
        for text_ in ("", "{", "[]", "3", "null", "[" * 200_000, '{"kind": "lintas fit", "format": 1}', "\x00"):
            file.write_text(text_, "utf-8")
            assert sentence(capsys, *command("fit", planned)) == 2
        file.write_bytes(b"\xff\xfe")
        assert sentence(capsys, *command("fit", planned)) == 2
        file.unlink()
        file.mkdir()
        assert sentence(capsys, *command("fit", planned)) == 2
        file.rmdir()
    finally:
        file.write_text(text, "utf-8")


@share(8)
@pytest.mark.parametrize("name", ["fit", "check"])
def test_results_of_a_fit(
    name: str, one_in: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report of a damaged ``fit.json`` or ``check.json`` (of a retarget, which is never made anew on the way).

    Every value is checked against what the file may hold; of those that it may, the first two of each place are made into a page (all in the slow tests).
    """
    from experiments.fits.fit import inference_version

    most = 100 if one_in == 1 else 2
    monkeypatch.setattr(Region, "load", cache(Region.load))
    content = made(Targets.load())
    manifest = content[0] | {"retargeted_from": "fit", "folder": "new"}
    folder = place(tmp_path, (manifest, content[1] | {"inference": inference_version()}, content[2]))
    file = folder / f"{name}.json"
    said = json.loads(file.read_text("utf-8"))
    assert sentence(capsys, "calibrate", "report", str(folder)) == 0
    monkeypatch.setattr("experiments.reports.fit_figures.svg", lambda canvas: b"")
    draw = FitDrawing.all
    drawn = {"parameters", "years", "sbc", "predictive"}  # what figures are made of
    monkeypatch.setattr(
        FitDrawing,
        "all",
        lambda self: (
            draw(self) if path[0] in drawn and (path[0] != "predictive" or "years" in path) and (made_into_pages == 1 or most > 2) else {}
        ),
    )
    from jinja2 import Environment

    template = Environment.from_string
    ready: dict[str, Any] = {}  # the page's template is made ready once

    def once(self: Environment, source: str) -> Any:
        if source not in ready:
            ready[source] = template(self, source)
        return ready[source]

    monkeypatch.setattr(Environment, "from_string", once)
    places = [p for p in paths(said) if not ("years" in p and p.index("years") + 2 < len(p) and p[p.index("years") + 1] in MANY_ALIKE)]
    for path in some(places, one_in):
        if path[0] == "predictive" and len(path) > 1 and path[1] not in ("all", "puskesmas_programme"):
            continue
        if path[0] == "predictive" and len(path) > 3 and path[2] == "targets" and path[3] not in ("care_majority", "visits_fall"):
            continue
        made_into_pages = 0
        for k, value in enumerate(reversed(WRONG)):
            file.write_text(json.dumps(damaged(said, path, value)), "utf-8")
            try:
                if refusal(lambda: read_result(file, KINDS[name])) or made_into_pages >= most:
                    continue
                made_into_pages += 1
                refusal(lambda: report(folder))
            except Exception as error:
                raise AssertionError((path, k)) from error
    file.write_text("{", "utf-8")
    assert sentence(capsys, "calibrate", "report", str(folder)) == 2


KINDS = {"fit": FIT, "check": CHECK}
#: Outputs of the bands that are treated as others are.
MANY_ALIKE = ("visits_primary_across", "visits_hospital_across", "visits_hospital_home", "care_share_across")


def test_a_proposal(planned: Path, tmp_path: Path) -> None:
    """``population-K.npz``: arrays of another kind or shape, a pickle, no archive at all."""
    fit = Fit.open(planned)
    file = planned / "population-1.npz"
    each = tuple(
        Polynomial(np.array([0]), np.array([[1]]), np.array([0.1]), 0.0, 0.1, 0.5, np.zeros(4)) for _ in fit.targets.fit
    )  # fmt: skip
    from experiments.fits.fit import probe

    proposal = Proposal(Emulator(each), 0.0, 0.0)
    good = {"probe": proposal.log_density(fit.likelihood, probe(2)), **proposal.pack()}
    try:
        np.savez(file, **good)
        assert np.array_equal(fit.proposal(1).log_density(fit.likelihood, probe(2)), good["probe"])
        wrong: list[Any] = [
            np.zeros(0), np.zeros((2, 2)), np.array("x"), np.array([np.nan] * 4), np.array([10**6]), np.array(3), np.array([{}], dtype=object), np.array([-1]),
            np.array([1j] * 4),
        ]  # fmt: skip
        for key in good:
            for value in [*(wrong[1:] if key.endswith("noise") else wrong), None]:  # a list of no residuals is one
                np.savez(file, **{k: v for k, v in good.items() if k != key}, **({} if value is None else {key: value}))
                with pytest.raises(FitError, match="population"):
                    fit.proposal(1)
        for raw in (b"", b"PK\x03\x04", b"\x80\x04N.", b"\x93NUMPY\x01\x00"):
            file.write_bytes(raw)
            with pytest.raises(FitError, match="is damaged"):
                fit.proposal(1)
    finally:
        file.unlink()
