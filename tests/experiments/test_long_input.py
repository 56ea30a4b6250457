"""Whatever is typed after any option or argument of any command, the answer is one short sentence that does not repeat it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from abm.errors import UserError
from experiments.cli.main import app, main
from experiments.options import bounded, check_end, finite_number, parse_changes, parse_precision, seed_number, whole_number

LONG = "x" * 100_000
#: What an option takes before the long text, where it takes a pair.
BEFORE = {"--set": ("", "a=", "household.seek_care.weight_quality="), "--precision": ("", "early=")}
#: Arguments that let a command get as far as looking at an option.
FILLED = {
    "plan": {"study": "small.toml", "--out": "made"},
    "estimate": {"folder": "s"},
    "batch": {"folder": "s"},
    "status": {"folder": "s"},
    "retry": {"folder": "s", "--status": "failed"},
    "extend": {"folder": "s", "--replicates": "1"},
    "collect": {"folder": "s", "--out": "out.csv"},
    "compact": {"folder": "s"},
    "sensitivity": {"folder": "s"},
    "compare": {"a": "history", "b": "closed-border"},
    "describe": {"name": "Entikong"},
    "rerun": {"manifest": "manifest.json"},
}
#: What would start work of minutes, or a server, were an option taken: there only the options are looked at that cannot be taken.
NOT_STARTED = ("app", "bench")


def commands() -> Iterator[tuple[list[str], Any]]:
    """Every command with its words, groups of commands too."""

    def below(words: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
        for name, inner in sorted(getattr(command, "commands", {}).items()):
            yield from below([*words, name], inner)
        if words and not getattr(command, "commands", {}):
            yield words, command

    yield from below([], typer.main.get_command(app))


def cases() -> list[tuple[str, list[str]]]:
    """A line for each option and each argument of each command, with a long text there."""
    found: list[tuple[str, list[str]]] = []
    for words, command in commands():
        filled = FILLED.get(words[0], {}) if len(words) == 1 else {}
        for parameter in command.params:
            is_option = parameter.param_type_name == "option"
            if is_option and (parameter.is_flag or "--help" in parameter.opts):
                name = parameter.opts[0]
                found.append((f"{' '.join(words)} {name}=", [*words, f"{name}={LONG}"]))
                continue
            name = next((o for o in parameter.opts if o.startswith("--")), parameter.name)
            for before in BEFORE.get(name, ("",)):
                line = list(words)
                for other in command.params:  # arguments come in their order
                    if other.param_type_name != "argument":
                        continue
                    if other is parameter:
                        line.append(before + LONG)
                    elif other.name in filled:
                        line.append(filled[other.name])
                    elif other.required:
                        line.append("nothing")
                for other in command.params:
                    option = next((o for o in other.opts if o.startswith("--")), "")
                    if other.param_type_name == "option" and other is not parameter and (option in filled or other.required):
                        line += [option, filled.get(option, "nothing")]
                if is_option:
                    line += [name, before + LONG]
                found.append((f"{' '.join(words)} {name} {before}", line))
    return found


CASES = cases()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a planned study and a study file in it."""
    folder = tmp_path_factory.mktemp("place")
    text = 'households = 60\nend = "1980-01"\nscenarios = ["history", "closed-border"]\n'
    (folder / "small.toml").write_text(text, "utf-8")
    assert main(["plan", str(folder / "small.toml"), "-o", str(folder / "s")]) == 0
    return folder


@pytest.mark.parametrize("line", [line for _, line in CASES], ids=[name for name, _ in CASES])
def test_no_input_is_repeated_at_length(
    line: list[str], place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_given: object, **_named: object) -> None:
        raise UserError("taken: work would begin here")

    for where in ("abm.BorderModel.run", "experiments.execution.drive.drive", "experiments.execution.batch.drive"):
        monkeypatch.setattr(where, taken)
    monkeypatch.chdir(place)
    code = main(line)
    out, err = capsys.readouterr()
    assert code in (0, 2), (code, err[:500])
    assert "x" * 81 not in err, err[:500]
    said = [text for text in err.splitlines() if text.strip()]
    assert len(err) <= 2_010 and len(said) == (code == 2), err[:500]
    if code == 2:
        assert said[0].startswith("lintas: ") and "x" * 81 not in out, err[:500]
        # the engine, which is not started here, refuses a scheduler file
        assert "taken: " not in err or "--scheduler-file" in line, err[:500]


def test_the_walk_meets_every_command() -> None:
    words = {" ".join(words) for words, _ in commands()}
    assert {"run", "batch", "compare", "sensitivity", "extend", "rerun", "calibrate plan"} <= words
    assert len(CASES) > 150, len(CASES)


def test_an_unknown_command_and_option_of_any_length(capsys: pytest.CaptureFixture[str]) -> None:
    for line in (
        [LONG],
        [f"--{LONG}"],
        ["run", LONG],
        ["run", f"--{LONG}"],
        ["calibrate", LONG],
        ["run", "-" + LONG],
        ["status", LONG, LONG],
    ):
        assert main(line) == 2
        err = capsys.readouterr().err
        assert "x" * 81 not in err and err.count("\n") == 1 and len(err) < 1000, err[:300]


# --- numbers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "1_000", "٣", "²", "1.0", "1e3", "inf", "nan", "0x10", "+", "--1", "1 0", "True", "x", "１"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(UserError, match="--n takes a whole number, found '"):
        whole_number("--n", text, low=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-1", "at least 0"),
        ("9" * 30, "0 to 4611686018427387904"),
        ("9" * 5000, "0 to 4611686018427387904"),
        ("-" + "9" * 5000, "at least 0"),
    ],
)
def test_whole_numbers_out_of_range(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as refused:
        whole_number("--n", text, low=0)
    assert "9" * 81 not in str(refused.value)


def test_whole_numbers_that_are_taken() -> None:
    assert [whole_number("--n", t, low=-5) for t in ("0", "007", " 12 ", "+3", "-5")] == [0, 7, 12, 3, -5]
    assert seed_number("--seed", str(2**62)) == 2**62 and whole_number("--n", "0" * 500 + "1", low=0) == 1
    with pytest.raises(UserError, match=re.escape(f"--seed is {2**62 + 1}; it must be 0 to {2**62}")):
        seed_number("--seed", str(2**62 + 1))
    with pytest.raises(UserError, match="it must be 1 to 5"):
        whole_number("--n", "6", low=1, high=5)


@pytest.mark.parametrize(
    "text", ["", "inf", "-inf", "nan", "Infinity", "1_0", "٣", "1e400", "9" * 5000, "0x1p3", "1,5", "e5", ".", "1e", "½"]
)
def test_what_is_no_finite_number(text: str) -> None:
    with pytest.raises(UserError, match="--x takes a number, found '") as refused:
        finite_number("--x", text)
    assert len(str(refused.value)) < 200


def test_finite_numbers_and_their_ranges() -> None:
    assert [finite_number("--x", t) for t in ("1", "-2.5", ".5", "3.", "1e-3", "+4E2", "1e-400")] == [
        1.0,
        -2.5,
        0.5,
        3.0,
        0.001,
        400.0,
        0.0,
    ]
    for said, limits in (("0.01", {"low": 0.05, "high": 3600.0}), ("0", {"above": 0.0}), ("-1", {"low": 0.0})):
        with pytest.raises(UserError, match=r"--x takes a number (from 0.05 to 3600|above 0|of at least 0), found"):
            finite_number("--x", said, **limits)


def test_pairs_and_months() -> None:
    assert parse_changes(["a.b=3", " c = 1e-3"]) == {"a.b": 3.0, "c": 0.001}
    assert parse_precision(["income:id:1980-1989=0.5"]) == {"income:id:1980-1989": 0.5}
    for wrong in ("x", "=3", "a=", "a=inf", "a=text"):
        with pytest.raises(UserError, match="--set"):
            parse_changes([wrong])
    for wrong in ("x", "=3", "a=inf", "a=nan", "a=0", "a=-1", "a=1_0", "a=" + "9" * 400):
        with pytest.raises(UserError, match="--precision"):
            parse_precision([wrong])
    for wrong in ("1995", "1995-13", "١٩٩٥-01", "1979-12", LONG, "1995-01\n"):
        with pytest.raises(UserError, match="--end") as refused:
            check_end(wrong)
        assert len(str(refused.value)) < 300


def test_a_sentence_is_bounded() -> None:
    assert bounded("a  b\nc") == "a b c"
    spaced = "a b " * 100
    assert len(bounded(f"found '{spaced}'", [spaced])) < 120
    assert "x" * 81 not in bounded(f"found '{LONG}' here", []) and bounded(f"found '{LONG}' here").endswith("here")
    assert len(bounded("word " * 5000)) <= 2000
