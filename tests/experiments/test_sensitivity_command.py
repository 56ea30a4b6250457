"""What lintas sensitivity shows, writes and refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from abm.errors import UserError
from experiments.analysis.discovery import discover
from experiments.analysis.indices import Analysis, analyse
from experiments.cli.sensitivity import sensitivity
from experiments.reports.sensitivity import write
from experiments.studies.target_names import SensitivityError
from tests.experiments.made_up_outcomes import NAMES, chance, ishigami, make


def test_same_study_same_bytes(tmp_path: Path) -> None:
    for kind, points in (("saltelli", 32), ("morris", 10), ("lhs", 100)):
        folder = make(tmp_path / kind, kind, points, lambda u, k: ishigami(u) + chance(1.0)(u, k), replicates=2)
        outs = [tmp_path / f"{kind}-{k}" for k in (1, 2)]
        for out in outs:
            sensitivity(folder, out=out)
        files = sorted(p.name for p in outs[0].iterdir())
        assert files == sorted(p.name for p in outs[1].iterdir()) and any(f.endswith(".svg") for f in files)
        for name in files:
            assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes(), name


@pytest.mark.parametrize("lang", ["en", "id", "ms"])
def test_the_command_shows_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str) -> None:
    folder = make(tmp_path / "études ñ", "saltelli", 64, lose=lambda r: r["point"] == 0)
    sensitivity(folder, lang=lang)
    shown = capsys.readouterr().out
    assert NAMES[0] in shown and "[" in shown and "63" not in shown.split("\n")[0]
    written = {p.name for p in (folder / "sensitivity").iterdir()}
    assert {"sensitivity.csv", "sensitivity.parquet", "sensitivity-targets.csv", "sensitivity.json"} < written
    table = pq.read_table(folder / "sensitivity" / "sensitivity.parquet").to_pandas()
    assert list(table["parameter"].unique()) == [*NAMES[:3]] and set(table["measure"]) == {"ST", "S1"}
    assert (table["low"] <= table["estimate"]).all() and (table["estimate"] <= table["high"]).all()
    sensitivity(folder, as_json=True, lang=lang)
    said = json.loads(capsys.readouterr().out)
    assert said["targets"][0]["left_out"] == 1 and set(said["targets"][0]["parameters"]) == set(NAMES[:3])


def test_the_command_refuses(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "saltelli", 16)
    for arguments, said in (
        ({"threshold": "1.0"}, "goes with --discover"),
        ({"discover": "above"}, "needs --threshold"),
        ({"discover": "abov", "threshold": "1.0"}, "did you mean above"),
        ({"discover": "above", "threshold": "nan"}, "--threshold takes a number"),
        ({"discover": "above", "threshold": "1.0", "method": "sobol"}, "does not go with"),
        ({"lang": "xx"}, "there is no language"),
    ):
        with pytest.raises(UserError, match=said):
            sensitivity(folder, **arguments)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="not a finite number"):
        discover(folder, None, math.nan, "above")
    assert not (folder / "sensitivity").exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="name another folder with --out"):
        sensitivity(folder, out=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_words_do_not_claim_an_order_that_is_not_certain(tmp_path: Path) -> None:
    equal = analyse(make(tmp_path / "equal", "saltelli", 64, lambda u, _k: u[:, 0] + u[:, 1]))
    assert "their order is not certain" in equal.sentences()[0]
    clear = analyse(make(tmp_path / "clear", "saltelli", 64, lambda u, _k: 9 * u[:, 0] + u[:, 1]))
    assert "Most of the differences" in clear.sentences()[0] and "not certain" not in clear.sentences()[0]
    apart = analyse(make(tmp_path / "apart", "saltelli", 64, lambda u, _k: (u[:, 0] - 0.5) * (u[:, 1] - 0.5)))
    assert "acts in combination" in apart.sentences()[0]


def test_files_of_another_study_are_not_written_over(tmp_path: Path) -> None:
    def found(study: str) -> Analysis:
        return Analysis(study=study, design="morris", method="morris", parts=())

    place = tmp_path / "place"
    write(found("a"), place)
    write(found("a"), place)  # the same study again
    before = {p.name: p.read_bytes() for p in place.iterdir()}
    with pytest.raises(SensitivityError, match="--overwrite"):
        write(found("b"), place)
    assert {p.name: p.read_bytes() for p in place.iterdir()} == before
    write(found("b"), place, overwrite=True)
    assert json.loads((place / "sensitivity.json").read_text("utf-8"))["study"] == "b"
    own = tmp_path / "own"
    own.mkdir()
    (own / "sensitivity.csv").write_text("mine", "utf-8")
    with pytest.raises(SensitivityError, match=r"sensitivity\.csv"):
        write(found("a"), own)
    assert [(p.name, p.read_text("utf-8")) for p in own.iterdir()] == [("sensitivity.csv", "mine")]
