"""Reported levels that were not fitted: rows worked by hand, what is refused, and that the shipped rows rest on what there is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.claims.level import LevelFound, compare_levels
from abm.claims.level_file import LEVELS, AllowedError, LevelError, ReportedLevel, levels_of, read_levels, years_of
from abm.region import Region
from agents.core.declare import OUTPUTS
from calibration.targets import Targets
from tests.world.damaged_region import FOLDER

FACTS, PLACES = ("A1", "B2"), ("East", "West", "North")
ROW = """
[[level]]
id = "poor"
title = "Poverty"
kind = "side"
side = "my"
outputs = ["poverty_rate"]
unit = "share"
reported = { "1991" = 0.2 }
within = { factor = 2, reason = "a survey" }
source = "a survey"
facts = ["A1"]
"""
RANK = """
[[level]]
id = "order"
title = "Order"
kind = "rank"
groups = { Up = ["East", "West"], Down = ["North"] }
outputs = ["product_local"]
unit = "order"
reported = { "1990" = ["Up", "Down"] }
source = "accounts"
facts = ["A1", "B2"]
"""


def rows(text: str) -> tuple[ReportedLevel, ...]:
    return read_levels(text, "levels.toml", facts=FACTS, places=PLACES)


def one(text: str = ROW, **changes: Any) -> ReportedLevel:
    (row,) = rows(text)
    return ReportedLevel.model_validate(row.model_dump() | changes)


def yearly() -> pd.DataFrame:
    """Two sides, 1990 to 1992."""
    return pd.DataFrame(
        {
            "year": [1990, 1990, 1991, 1991, 1992, 1992], "side": ["id", "my"] * 3,
            "poverty_rate": [0.9, 0.4, 0.9, 0.3, 0.9, 0.1], "labour_force": [50.0, 100.0, 50.0, 200.0, 50.0, 400.0],
            "adults_farm": [1.0, 20.0, 1.0, 50.0, 1.0, 80.0], "adults_estate": [1.0, 10.0, 1.0, 10.0, 1.0, 40.0],
        }
    )  # fmt: skip


def places() -> pd.DataFrame:
    """Three places, 1990 and 1991; East has thrice the people of West."""
    return pd.DataFrame(
        {
            "year": [1990] * 3 + [1991] * 3, "place": ["East", "West", "North"] * 2, "population": [300.0, 100.0, 50.0] * 2,
            "product_local": [10.0, 30.0, 16.0, 20.0, 60.0, 12.0], "workers_across": [1.0, 2.0, 4.0, 3.0, 5.0, 9.0],
        }
    )  # fmt: skip


def found(row: ReportedLevel, yearly_of: pd.DataFrame | None = None, places_of: pd.DataFrame | None = None) -> LevelFound:
    (only,) = compare_levels([row], yearly() if yearly_of is None else yearly_of, places() if places_of is None else places_of)
    return only


# --- rows worked by hand ------------------------------------------------------------------------------------------------


def test_a_number_of_one_side() -> None:
    assert found(one()).median == 0.3 and found(one()).reported == 0.2 and found(one()).verdict == "holds"
    assert found(one(side="id")).median == 0.9 and found(one(side="id")).verdict == "fails"


def test_the_mean_of_years_and_a_change_between_two() -> None:
    assert found(one(reported={"1990-1992": 0.3})).median == pytest.approx(0.8 / 3)
    assert found(one(reported={"1990-1992": 0.3}, change=True)).median == pytest.approx(0.25), "0.1 in 1992 over 0.4 in 1990"
    assert found(one(reported={"1990-1991": 0.3}, change=True)).median == pytest.approx(0.75)


def test_a_share_and_a_conversion() -> None:
    row = one(outputs=("adults_farm", "adults_estate"), over=("labour_force",), reported={"1990": 0.3, "1991": 0.3, "1992": 0.3})
    assert [f.median for f in compare_levels([row], yearly(), places())] == pytest.approx([0.3, 0.3, 0.3])
    assert found(one(outputs=("adults_farm",), times=0.5, times_reason="half", unit="adult")).median == 25.0
    assert found(one(outputs=("adults_farm",), over=("adults_estate",), reported={"1990-1992": 1.0})).median == pytest.approx(
        (2 + 5 + 2) / 3
    )


def test_places_together() -> None:
    row = one(kind="places", side="", places=("East", "West"), outputs=("product_local",), unit="Rp", reported={"1990": 15.0})
    assert found(row).median == 15.0, "(300 × 10 + 100 × 30) ÷ 400"
    assert found(row.model_copy(update={"places": ("North",)})).median == 16.0
    assert found(row.model_copy(update={"outputs": ("workers_across",), "combine": "sum"})).median == 3.0
    assert found(row.model_copy(update={"reported": {"1990-1991": 2.0}, "change": True})).median == 2.0
    over = row.model_copy(update={"outputs": ("workers_across",), "over": ("population",), "combine": "sum", "reported": {"1991": 0.1}})
    assert found(over).median == pytest.approx(8 / 400)


def test_an_order_of_places() -> None:
    row = one(RANK)
    assert found(row).order == ("Down", "Up") and found(row).verdict == "fails", "16 of North against 15"
    later = one(RANK, reported={"1991": ("Up", "Down")})
    assert found(later).order == ("Up", "Down") and found(later).verdict == "holds" and np.isnan(found(later).median)
    change = one(RANK, reported={"1990-1991": ("Up", "Down")}, change=True)
    assert found(change).values.tolist() == [[2.0, 0.75]] and found(change).verdict == "holds"
    tied = places().assign(product_local=5.0)
    assert found(row, places_of=tied).order == ("Up", "Down"), "equal ones as they are listed"


def test_several_runs_have_a_median_an_interval_and_a_share() -> None:
    draws = [(0, 0.15), (1, 0.25), (2, 0.35), (3, 0.45), (4, 0.55)]
    many = pd.concat([yearly().assign(draw=k, poverty_rate=value) for k, value in draws], ignore_index=True)
    of_places = pd.concat([places().assign(draw=k) for k, _value in draws], ignore_index=True)
    it = found(one(), many, of_places)
    assert it.values.tolist() == [0.15, 0.25, 0.35, 0.45, 0.55] and it.median == 0.35
    assert it.quantile(0.05) == pytest.approx(0.17) and it.share == 0.6, "0.1 to 0.4 are near enough"
    assert it.verdict == "holds" and found(one(reported={"1991": 0.1}), many, of_places).verdict == "fails"
    ranks = found(one(RANK), many, of_places)
    assert ranks.values.shape == (5, 2) and ranks.share == 0.0 and ranks.order == ("Down", "Up")


def test_what_the_run_does_not_hold_is_outside() -> None:
    for row in (one(reported={"1993": 0.2}), one(reported={"1989-1990": 0.2}), one(outputs=("gini",))):
        it = found(row)
        assert it.verdict == "outside" and np.isnan(it.median) and np.isnan(it.share)
    nothing = yearly().assign(poverty_rate=np.nan)
    assert found(one(), nothing).verdict == "outside"
    assert (
        found(one(RANK, reported={"1992": ("Up", "Down")})).verdict == "outside"
        and found(one(RANK), places_of=places().iloc[:2]).order == ()
    )
    assert found(one(RANK), places_of=places().drop(columns="population")).verdict == "outside"
    assert found(one(outputs=("adults_farm",), over=("adults_estate",)), yearly().assign(adults_estate=0.0)).verdict == "outside"


@pytest.mark.parametrize(
    ("allowed", "given", "holds"),
    [
        ({"factor": 2.0}, 20.0, True), ({"factor": 2.0}, 20.1, False), ({"factor": 2.0}, 5.0, True), ({"factor": 2.0}, 4.99, False),
        ({"factor": 2.0}, 0.0, False), ({"factor": 2.0}, -10.0, False), ({"factor": 2.0}, float("nan"), False),
        ({"quotients": (0.5, 1.1)}, 11.0, True), ({"quotients": (0.5, 1.1)}, 11.1, False), ({"quotients": (0.5, 1.1)}, 5.0, True),
        ({"quotients": (0.5, 1.1)}, 4.9, False), ({"difference": 3.0}, 13.0, True), ({"difference": 3.0}, 13.1, False),
        ({"difference": 3.0}, 7.0, True), ({"difference": 3.0}, 6.9, False), ({"difference": 3.0}, float("nan"), False),
    ],
)  # fmt: skip
def test_as_near_as_the_report_allows(allowed: dict[str, Any], given: float, holds: bool) -> None:
    assert AllowedError(reason="a reason", **allowed).holds(given, 10.0) is holds


# --- what is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "side"', 'kind = "sides"', "kind = 'sides' is unknown"),
        ('side = "my"', "", "a row of kind side needs side"),
        ('side = "my"', 'side = "my"\nplaces = ["East"]', "a row of kind side has no places"),
        ('"poverty_rate"', '"poverty"', "there is no output 'poverty' of the table yearly; did you mean poverty_rate?"),
        ('"poverty_rate"', '"hours_primary_home"', "no output 'hours_primary_home' of the table yearly"),
        ('outputs = ["poverty_rate"]', "outputs = []", "outputs"),
        ('"1991" = 0.2', "", "holds no year"),
        ('"1991"', '"91"', "'91' is no year of a run"),
        ('"1991"', '"1979"', "'1979' is no year of a run"),
        ('"1991"', '"1992-1991"', "'1992-1991' is no year of a run"),
        ("0.2 }", "-0.2 }", "a factor goes with numbers above 0"),
        ("0.2 }", '["East"] }', "only a row of kind rank reports an order"),
        ('within = { factor = 2, reason = "a survey" }', "", "it has no within"),
        ('factor = 2, reason = "a survey"', "factor = 2", "reason is missing"),
        ('factor = 2, reason = "a survey"', 'factor = 2, reason = ""', "reason = '' is too short"),
        ('title = "Poverty"', 'title = ""', "title = '' is too short"),
        ('side = "my"', 'side = "my"\ntimes = 0\ntimes_reason = "x"', "times = 0; it must be above 0"),
        ("factor = 2,", "", "give a factor, two quotients or a difference"),
        ("factor = 2,", "factor = 2, difference = 1,", "give a factor, two quotients or a difference"),
        ("factor = 2,", "factor = 1,", "above 1"),
        ("factor = 2,", "difference = 0,", "above 0"),
        ("factor = 2,", "quotients = [2, 1],", "the first must be the lower one"),
        ("factor = 2,", "quotients = [0, 1],", "above 0"),
        ('side = "my"', 'side = "my"\nchange = true', "a change needs two years"),
        ('side = "my"', 'side = "my"\ntimes = 2', "times and times_reason go together"),
        ('side = "my"', 'side = "my"\ntimes_reason = "x"', "times and times_reason go together"),
        ('side = "my"', 'side = "my"\nsides = "id"', "unknown key 'sides'"),
        ('source = "a survey"', 'source = ""', "source"),
        ('source = "a survey"', "", "the key source is missing"),
        ('facts = ["A1"]', "facts = []", "facts"),
        ('facts = ["A1"]', 'facts = ["A2"]', "there is no fact 'A2' in facts.csv"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_in_one_sentence(old: str, new: str, words: str) -> None:
    assert old in ROW
    with pytest.raises(LevelError, match=re.escape(words)) as refused:
        rows(ROW.replace(old, new, 1))
    assert str(refused.value).startswith("levels.toml, level 'poor'") and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["Up", "Down"]', '["Up"]', "must list every group once"),
        ('["Up", "Down"]', '["Up", "Up"]', "must list every group once"),
        ('["Up", "Down"]', "3", "must list every group once"),
        ('unit = "order"', 'unit = "order"\nwithin = { factor = 2, reason = "x" }', "an order of places has no within"),
        ('"North"', '"South"', "there is no border place 'South'"),
        ('unit = "order"', 'unit = "order"\nside = "id"', "a row of kind rank has no side"),
        ('unit = "order"', 'unit = "order"\nchange = true', "a change needs two years"),
        ('"product_local"', '"gini"', "there is no output 'gini' of the table places"),
    ],
)  # fmt: skip
def test_a_bad_order_is_refused(old: str, new: str, words: str) -> None:
    assert old in RANK
    with pytest.raises(LevelError, match=re.escape(words)):
        rows(RANK.replace(old, new, 1))
    with pytest.raises(LevelError, match="two groups or more"):
        rows(RANK.replace(', Down = ["North"]', "").replace(', "Down"]', "]"))


@pytest.mark.parametrize(
    "text", ["", "level = 3", "level = []", "[level]", "level = [3]", "x = 1", "[[level]]", "[[level", "a = " + "[" * 5000]
)
def test_a_bad_file_is_refused(text: str) -> None:
    with pytest.raises(LevelError, match=r"levels\.toml"):
        rows(text)


def test_an_id_given_twice_is_refused() -> None:
    assert len(rows(ROW + RANK)) == 2
    with pytest.raises(LevelError, match="'poor' is given twice"):
        rows(ROW + ROW)


def test_years() -> None:
    assert years_of("1980") == (1980, 1980) and years_of("1997-1998") == (1997, 1998) and years_of("2030") == (2030, 2030)
    for wrong in ("", "19", "1979", "2031", "1998-1997", "1998-", "1998–1999", "1998 "):
        with pytest.raises(ValueError, match="no year of a run"):
            years_of(wrong)


# --- the file of a region -----------------------------------------------------------------------------------------------


def test_a_region_may_lack_the_file_and_its_hash_does_not_know_it(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "r")
    before = Region.load(tmp_path / "r")
    assert levels_of(before) == levels_of(Region.load())
    (tmp_path / "r" / LEVELS).unlink()
    after = Region.load(tmp_path / "r")
    assert levels_of(after) == () and after.hash == before.hash
    (tmp_path / "r" / LEVELS).mkdir()
    with pytest.raises(LevelError, match="not an ordinary file"):
        levels_of(after)


def test_every_shipped_row_names_an_output_a_fact_and_a_reason() -> None:
    region = Region.load()
    shipped = levels_of(region)
    assert len(shipped) >= 20 and {row.kind for row in shipped} == {"side", "places", "rank"}
    facts = set(region.facts["id"])
    for row in shipped:
        assert set(row.facts) <= facts and all(name in OUTPUTS for name in (*row.outputs, *row.over)), row.id
        assert row.kind == "rank" or (row.within is not None and len(row.within.reason) > 10), row.id
        assert (
            set(re.findall(r"\b(?!RM)[A-Z]{2,7}\d+\b", " ".join((row.note, row.built_in, row.within.reason if row.within else ""))))
            <= facts
        ), row.id


def test_no_shipped_row_is_a_number_that_was_fitted() -> None:
    fitted = {(t.of.output, t.of.side, year) for t in Targets.load().fit for year in range(t.of.first, t.of.last + 1)}
    for row in levels_of(Region.load()):
        for key in row.reported:
            first, last = years_of(key)
            asked = {(name, row.side, year) for name in row.outputs for year in range(first, last + 1)}
            assert not asked & fitted, (row.id, key)
