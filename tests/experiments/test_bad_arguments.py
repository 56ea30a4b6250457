"""A mistake in what is typed gets one clear sentence and exit code 2, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cli.main import main
from tests.experiments.refusals import nothing_written, refused

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "histroy"], ["histroy", "history"]),
        (["--scenario", "missing/file.toml"], ["missing/file.toml"]),
        (["--set", "household.seek_care.wieght_quality=3"], ["wieght_quality", "household.seek_care.weight_quality"]),
        (["--set", "household.seek_care.weight_quality"], ["PARAMETER=VALUE", "household.seek_care.weight_quality"]),
        (["--set", "household.seek_care.weight_quality=many"], ["many", "number"]),
        (["--set", "household.seek_care.weight_quality=99999"], ["99999", "range"]),
        (["--set", "household.seek_care.weight_quality=nan"], ["nan", "takes a number", "household.seek_care.weight_quality"]),
        (["--set", "household.seek_care.weight_quality=inf"], ["inf", "takes a number"]),
        (["--set", "household.seek_care.weight_quality=1_0"], ["1_0", "takes a number"]),
        (["--set", "household.seek_care.weight_quality=٣"], ["٣", "takes a number"]),
        (["--set", "household.seek_care.weight_quality=" + "9" * 5000], ["999", "takes a number"]),
        (["--seed", "100000000000000000000000000"], ["--seed is 100000000000000000000000000", "0 to 4611686018427387904"]),
        (["--seed", "9" * 5000], ["--seed is 999", "0 to 4611686018427387904"]),
        (["--seed", "1_000"], ["1_000", "whole number"]),
        (["--households", "٣٠٠"], ["٣٠٠", "whole number"]),
        (["--posterior", "--draws", "1000000000000"], ["--draws", "1 to 10000"]),
        (["--without", "kinshp"], ["kinshp", "kinship"]),
        (["--households", "-5"], ["-5"]),
        (["--households", "0"], ["0", "at least 1"]),
        (["--households", "1000000000000"], ["1000000000000"]),
        (["--households", "many"], ["many", "whole number"]),
        (["--seed", "1.5"], ["1.5", "whole number"]),
        (["--seed", "-1"], ["-1"]),
        (["--end", "2015"], ["2015", "YYYY-MM"]),
        (["--end", "2015-13"], ["2015-13", "YYYY-MM"]),
        (["--end", "1979-12"], ["1979-12", "1980-01"]),
        (["--end", "2031-01"], ["2031-01", "2030-12"]),
        (["--region", "west-kalimantan-sarawk"], ["west-kalimantan-sarawk", "west-kalimantan-sarawak"]),
        (["--region", "no/such/folder"], ["no/such/folder"]),
        (["--lang", "fr"], ["fr", "English"]),
        (["--frobnicate"], ["--frobnicate", "lintas run --help"]),
    ],
)
def test_run_refuses(capsys: pytest.CaptureFixture[str], arguments: list[str], words: list[str]) -> None:
    sentence = refused(capsys, "run", "--quiet", *arguments)
    for word in words:
        assert word in sentence
    assert nothing_written()


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "scenarios" in refused(capsys, "scenario")


def test_an_unknown_command_of_a_group_names_the_nearest_of_that_group(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "calibrate", "repot", "x")
    assert "report" in said and "retry" not in said
    assert "adopt" in refused(capsys, "calibrate", "nonsense")


def test_describe_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "household.seek_care" in refused(capsys, "describe", "seek_caer")
    assert "Entikong" in refused(capsys, "describe", "Entikonk")


def test_a_folder_of_something_else_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("thesis").mkdir()
    Path("thesis/chapter.txt").write_text("years of work")
    assert "thesis" in refused(capsys, "run", "--quiet", "--out", "thesis")
    assert Path("thesis/chapter.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("")
    assert "file" in refused(capsys, "run", "--quiet", "--out", "file/results")
    assert "file" in refused(capsys, "run", "--quiet", "--out", "file")


def test_an_interruption_writes_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import experiments.runs.run

    def interrupted(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments.runs.run, "run", interrupted)
    assert main(["run", "--quiet"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert nothing_written()
