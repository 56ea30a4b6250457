"""A plan of a small fit of the real model, and the sentence of a refusal."""

from __future__ import annotations

from pathlib import Path

from experiments.cli.main import main

TARGETS = """
[[target]]
id = "income_id"
title = "Income, West Kalimantan"
kind = "value"
role = "fit"
value = 140
scale = "log"
tolerance = 0.15
tolerance_reason = "a small trial"
group = "incomes"
correlation = 0.5
built_in = true
quote = "US $ 700"
source = "Haryatie 2015"
reason = "a small trial"
of = { output = "income_per_capita", side = "id", first = 1986, last = 1987 }

[[target]]
id = "income_my"
title = "Income, Sarawak"
kind = "value"
role = "fit"
value = 430
scale = "log"
tolerance = 0.25
tolerance_reason = "a small trial"
group = "incomes"
correlation = 0.5
quote = "US $ 4.000"
source = "Haryatie 2015"
reason = "a small trial"
of = { output = "income_per_capita", side = "my", first = 1986, last = 1987 }

[[target]]
id = "across"
title = "Care across"
kind = "threshold"
role = "held-out"
threshold = 0.3
width = 0.5
quote = "kebanyakan"
source = "Haryatie 2015"
reason = "a small trial"
of = { output = "care_share_across", side = "id", first = 1982, last = 1987 }

[[target]]
id = "income_before"
reading_of = "income_id"
title = "Income, West Kalimantan, some years earlier"
kind = "value"
role = "check"
value = 250
scale = "log"
tolerance = 0.2
tolerance_reason = "a small trial"
quote = "US $ 700"
source = "Haryatie 2015"
reason = "a small trial"
of = { output = "income_per_capita", side = "id", first = 1981, last = 1982 }
"""
SMALL = [
    "--points",
    "128",
    "--population",
    "64",
    "--most",
    "2",
    "--households",
    "100",
    "--end",
    "1987-12",
    "--tests",
    "24",
    "--draws",
    "12",
]
ONLY = ["world.set_month.farm_id", "world.set_month.farm_my", "household.seek_care.foreign_penalty"]


def plan(folder: Path, *more: str, targets: str = TARGETS) -> int:
    file = folder.parent / "small-targets.toml"
    file.write_text(targets, "utf-8")
    only = [x for name in ONLY for x in ("--only", name)]
    return main(["calibrate", "plan", "-o", str(folder), "--targets", str(file), *SMALL, *only, *more])


def refused(capsys, *arguments: str) -> str:
    assert main(["calibrate", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("lintas: ")
    return said
