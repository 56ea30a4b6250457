"""A mistake in a study file or in its table is refused in one sentence with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.errors import UserError
from agents.core.declare import PARAMETERS
from experiments.studies import design, plan
from experiments.studies.study import StudyError
from experiments.studies.study_file import load_study
from tests.experiments.study_files import FROM_ZERO, OUTPUT, SHIPPED, SWITCH, A, B, inside, study, write

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


def test_what_a_table_varies_is_neither_set_nor_switched_off(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{A},switch.{SWITCH}\n{inside(A)},1\n", "utf-8")
    for text, words in (
        (f"table = 'd.csv'\n[set]\n'{A}' = {inside(A)}\n", "is set and varied; keep it in .set. or in the table"),
        (f"table = 'd.csv'\nwithout = ['{SWITCH}']\n", "is switched off and varied; keep it in without or in the table"),
    ):
        with pytest.raises(StudyError, match=words):
            load_study(write(tmp_path, text))
