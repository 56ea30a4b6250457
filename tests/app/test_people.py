"""A life that was noted is that of a run without notes, and its decisions are those that the rules took."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from abm import BorderModel, Scenario
from agents.core.declare import RULES
from agents.core.draws import uniform
from agents.trader.choose_deal import CHOOSE_DEAL
from agents.trader.choose_deal import Parameters as DealParameters
from experiments.app.people.decisions import MISSING, Decision, differ, of_traces
from experiments.app.people.directory import DIRECTORIES, Directories, Directory, Who, is_taken, read
from experiments.app.people.life import Life, Watched, watch
from experiments.app.people.run import LifeRunner, Lives
from experiments.app.people.words import LifeWords
from experiments.app.state import Choice
from experiments.app.turns import Turns
from experiments.words.languages import LANGUAGES, translator

SIZE: dict[str, Any] = {"households": 300, "rng": 7}
HISTORY = Scenario.load("history", end="1985-12")
WITHOUT = Scenario.load("no-kinship", end="1985-12")
SMALL = Choice(households=300)


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.of(BorderModel("history", **SIZE))


@pytest.fixture(scope="module")
def trading(directory: Directory) -> int:
    """The uid of a household with a trader on the Indonesian side."""
    return directory.followed(Who("trader", 3))[1]


@pytest.fixture(scope="module")
def lives(trading: int) -> tuple[Life, Life]:
    return watch(HISTORY, "household", trading, **SIZE), watch(WITHOUT, "household", trading, **SIZE)


# --- lives ------------------------------------------------------------------------------------------------------------------


def test_notes_change_nothing_and_hold_what_a_run_has(trading: int, lives: tuple[Life, Life]) -> None:
    plain, watched = BorderModel(HISTORY, **SIZE), Watched(HISTORY, "household", trading, **SIZE)
    watched.run()
    life = lives[0]
    for month in range(72):
        plain.step()
        h, t = plain.frames["household"], plain.frames["trader"]
        row = h.row(trading)
        for name in ("income", "savings", "n_adults", "untreated", "support_across"):
            assert life.months[name][month] == h[name][row], (name, month)
        assert life.months["care_visits"][month].tolist() == h["care_visits"][row].tolist()
        assert life.months["adults_farm"][month] == (h["activity"][row] == 0).sum()
        for name in ("good", "channel", "quantity", "seized", "profit"):
            assert life.months[f"trader_{name}"][month] == t[name][h["trader"][row]]
    assert plain.results.yearly.equals(watched.results.yearly)
    assert len(life.months["income"]) == 72 and life.left is None and life.place in plain.world.place_names and life.side in ("id", "my")


def test_decisions_are_those_that_the_rules_took(trading: int, lives: tuple[Life, Life]) -> None:
    plain = BorderModel(HISTORY, **SIZE)
    by_month: dict[int, list[Decision]] = {}
    for one in lives[0].decisions:
        by_month.setdefault(one.month, []).append(one)
    seen = 0
    for month in range(72):
        plain.step()
        h, t = plain.frames["household"], plain.frames["trader"]
        row = h.row(trading)
        decisions = by_month[month]
        care = [one for one in decisions if one.kind == "care"]
        assert [sum(one.chosen == k for one in care) for k in range(4)] == h["care_sought"][row].tolist()
        assert [sum(one.about == k + 1 for one in care) for k in range(3)] == h["episodes"][row].tolist()
        (deal,) = (one for one in decisions if one.kind == "trade")
        trader = h["trader"][row]
        good, direction, channel = (int(t[name][trader]) for name in ("good", "direction", "channel"))
        assert deal.chosen == (-1 if good < 0 else 8 * good + 4 * direction + channel)
        assert deal.draw == uniform(7, CHOOSE_DEAL, month, t["uid"][trader], 0)
        # the draw falls into the share of what was chosen: shares follow from the utilities
        weights = {code: float(np.exp(value)) for code, value in deal.options.items()}
        order = [-1, *sorted(code for code in weights if code >= 0)]
        below = sum(weights[code] for code in order[: order.index(deal.chosen)])
        assert (
            below <= deal.draw * sum(weights.values()) * (1 + 1e-12)
            and deal.draw * sum(weights.values()) <= below + weights[deal.chosen] + 1e-9
        )
        assert deal.options[-1] == 0.0 and all(value > MISSING for one in decisions for value in one.options.values())
        seen += len(care) + (good >= 0)
    assert seen > 20


def test_two_worlds_differ_where_an_answer_or_an_occasion_does(lives: tuple[Life, Life]) -> None:
    one = Decision(3, "care", 0, 1, 0.5, {-1: 0.0, 0: 1.0}, 0)
    assert differ([one], [one]) == [] and differ([one], [replace(one, options={})]) == []
    other = replace(one, chosen=-1)
    assert differ([one], [other]) == [(one, other)] and differ([one], []) == [(one, None)] and differ([], [one]) == [(None, one)]
    # another adult may come first in one world only: decisions are matched by their draws
    assert differ([one, replace(one, slot=1, draw=0.6)], [replace(one, draw=0.6)]) == [(one, None)]
    deal = Decision(3, "trade", 0, 0, float("nan"), {-1: 0.0}, -1)  # nothing to choose from, so nothing was drawn
    assert differ([deal], [replace(deal, draw=0.2)]) == [] and differ([deal], [replace(deal, draw=0.2, chosen=3)])[0][1] is not None
    late = replace(one, month=9)
    assert differ([late, one], []) == [(one, None), (late, None)]
    first, second = lives
    assert differ(first.decisions, first.decisions) == []
    both = [(a, b) for a, b in differ(first.decisions, second.decisions) if a and b]
    assert both and all(
        a.key == b.key and (a.draw == b.draw or a.kind == "trade") for a, b in both
    )  # the draw is the decision's own in both worlds


def test_an_official_is_noted_each_month(directory: Directory) -> None:
    number = next(k for k in range(directory.count("official")) if directory.kind[k] == 0) + 1
    entity, uid = directory.followed(Who("official", number))
    life = watch(HISTORY, entity, uid, **SIZE)
    plain = BorderModel(HISTORY, **SIZE)
    for month in range(72):
        plain.step()
        o = plain.frames["official"]
        row = o.row(uid)
        assert life.months["doctrine"][month] == o["doctrine"][row]
        assert life.months["strictness"][month] == plain.world.crossing["strictness"][o["crossing"][row]]
    assert life.entity == "official" and life.decisions == ()


def test_one_that_leaves_is_noted_until_then() -> None:
    start = BorderModel("history", **SIZE).frames["household"]["uid"].copy()
    run = BorderModel("history", **SIZE).run()
    gone = start[run.frames["household"].find(start) < 0]
    life = watch(Scenario.load("history"), "household", int(gone[0]), **SIZE)
    assert life.left is not None and life.left % 12 == 0 and len(life.months["income"]) == life.left
    assert max(one.month for one in life.decisions) < life.left
    words = LifeWords(life, None, "en")
    assert words.sentences()[0].startswith("In the baseline it left in Jan ")
    assert words.rows()[-1][1:] == ("–",) * 9 and words.rows()[0][1] != "–"


def test_illnesses_are_matched_in_the_order_in_which_the_rule_of_care_looks_at_them() -> None:
    def call(function: str, answer: int, **inputs: float) -> dict[str, Any]:
        return {"function": function, "inputs": inputs, "answer": answer}

    none = {"hospital_home": -1e9, "primary_across": -1.0, "hospital_across": -1e9, "nest_scale": 0.5}
    traces = [
        {"month": 5, "uid": 1, "rule": "household.fall_ill", "calls": [call("severity", k, u=0.5) for k in (3, 0, 1)]},
        {"month": 5, "uid": 1, "rule": "household.seek_care", "calls": [
            call("choose_care", -1, u=0.25, value_none=0.5, primary_home=2.0, **none), call("choose_care", 2, u=0.75, value_none=0.5, primary_home=-1e9, **none),
        ]},
        {"month": 5, "uid": 1, "rule": "population", "calls": [], "has_left": True},
    ]  # fmt: skip
    assert of_traces(traces) == [
        Decision(5, "care", 0, 1, 0.25, {-1: 0.5, 0: 2.0, 2: -1.0}, -1), Decision(5, "care", 1, 3, 0.75, {-1: 0.5, 2: -1.0}, 2)
    ]  # fmt: skip


# --- words ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_life_in_words(lives: tuple[Life, Life], language: str) -> None:
    words, alone = LifeWords(*lives, language), LifeWords(lives[0], None, language)
    same = LifeWords(lives[0], lives[0], language)
    assert words.changed and not same.changed and len(same.sentences()) == 1
    for one in (words, alone, same):
        assert len(one.rows()) == 36 and all(len(row) == len(one.head()) for row in one.rows())
        assert not any("{" in said for said in (*one.sentences(), *one.work(1983)))
        pairs = one.decisions(1981, False)
        assert pairs and all((a or b).month // 12 == 1 for a, b in pairs)  # type: ignore[union-attr]
        for pair in pairs:
            head, rows = one.options(pair)
            assert rows and all(len(row) == len(head) for row in rows) and "{" not in one.told(pair)
            for k, of in enumerate(pair if one.variant is not None else pair[:1]):
                assert sum("✓" in row[k + 1] for row in rows) == (of is not None)
    assert sum(len(words.decisions(year, True)) for year in range(1980, 1986)) == len(words.changed)
    assert sum(int(row[-1]) for row in words.rows()) == len(words.changed)
    assert words.rows()[0][words.head().index(words.head()[9])] == translated_number(int(lives[0].year("episodes", 1980).sum()), language)


def test_the_numbers_of_a_year_by_hand() -> None:
    def months(first: float, other: float = 0.0) -> np.ndarray:
        return np.array([first] + [other] * 11)

    values = {
        "income": months(1200.0), "n_adults": np.array([2.0] * 11 + [3.0]), "n_children": months(4.0, 1.0), "adults_pass": months(12),
        "adults_permit": months(6), "adults_undocumented": months(6), "episodes": np.array([[1, 2, 3]] * 12), "untreated": months(5.0, 1.0),
        "care_visits": np.array([[1, 10, 2, 3]] * 12), "trader_good": np.array([0.0] * 5 + [-1.0] * 7), "trader_seized": months(7.0),
    }  # fmt: skip
    life = Life("household", 1, "Entikong", "id", values)
    rows = LifeWords(life, None, "en").rows()
    assert rows[0] == ("1980", "100", "3", "1", "2.00", "72", "16", "60", "5", "7.00") and set(rows[1][1:]) == {"–"}
    without = Life("household", 1, "Entikong", "id", values | {"trader_good": np.full(12, np.nan)})
    assert LifeWords(without, None, "en").rows()[0][-2:] == ("–", "–")


def translated_number(value: int, language: str) -> str:
    from experiments.words.languages import Numbers

    return Numbers(language).number(value)


# --- who there is -----------------------------------------------------------------------------------------------------------


def test_a_directory_is_that_of_january_1980(directory: Directory) -> None:
    run = BorderModel("history", **SIZE)
    h, t = run.frames["household"], run.frames["trader"]
    assert directory.count("household") == len(h) and directory.count("trader") == len(t) and directory.count("place") == run.world.n_places
    who = Who("household", 134)
    assert (
        directory.followed(who) == ("household", int(h["uid"][133])) and directory.place_of(who) == run.world.place_names[h["place"][133]]
    )
    trader = Who("trader", 5)
    entity, uid = directory.followed(trader)
    assert entity == "household" and uid == h["uid"][t["household"][4]] and h["trader"][h.row(uid)] == 4
    assert directory.name(who, str) == f"Household 134 of {directory.place_of(who)}"
    assert directory.has(who) and not directory.has(Who("household", len(h) + 1)) and not directory.has(Who("place", 0))
    everybody = [one for place in range(run.world.n_places) for one in directory.at(place)]
    assert len(everybody) == len(set(everybody)) == len(h) + len(t) + len(run.frames["official"])
    assert all(directory.place_of(one) == run.world.place_names[place] for place in (0, 6) for one in directory.at(place))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_search_finds_places_and_numbers(directory: Directory, language: str) -> None:
    _ = translator(language)
    assert Who("place", 1 + directory.places.index("Entikong")) in directory.search("entikong", _)
    assert directory.search("134", _) == [Who("household", 134)] and directory.search("5", _)[:2] == [Who("household", 5), Who("trader", 5)]
    name = directory.name(Who("trader", 5), _)
    assert directory.search(name, _) == [Who("trader", 5)] and directory.search("", _) == [] and directory.search("<script>", _) == []
    assert directory.search("99999", _) == [] and directory.search("9" * 400, _) == []


@pytest.mark.parametrize(
    ("text", "who"), [("household:134", Who("household", 134)), ("place:1", Who("place", 1)), ("official:07", Who("official", 7))]
)
def test_somebody_in_a_link(text: str, who: Who) -> None:
    assert read(text) == who and is_taken(text) == (who.written() == text)


@pytest.mark.parametrize(
    "text", ["", "household", "household:", "household:0", "household:-1", "household:1e3", "household:123456", "ghost:1", "household:١"]
)
def test_nobody_in_a_link(text: str) -> None:
    assert read(text) is None and not is_taken(text)


def test_directories_are_kept_by_what_decides_them() -> None:
    some = Directories(1)
    one = some.of(SMALL)
    assert some.of(SMALL) is one
    other = some.of(replace(SMALL, seed="8"))
    assert other.uid["household"][0] != one.uid["household"][0] and some.of(SMALL) is not one
    assert DIRECTORIES is not some


# --- runs in turns ----------------------------------------------------------------------------------------------------------


def test_lives_are_noted_once_and_errors_told(trading: int) -> None:
    ends: list[str] = []
    progress: list[tuple[int, int, int]] = []
    lives, turns = Lives(2), Turns()
    runner = LifeRunner(lambda *one: progress.append(one), ends.append, turns, lives)
    runner.start([SMALL], "household", trading)
    while not ends:
        pass
    assert ends == [""] and (432, 432, 0) in progress and lives.get(SMALL, "household", trading) is not None
    runner.start([SMALL], "household", trading)
    assert ends == ["", ""]
    runner.start([SMALL], "household", 12345)
    while len(ends) < 3:
        pass
    assert "no household has uid 12345" in ends[2]
    assert RULES["trader.choose_deal"].parameters is DealParameters  # what the notes of deals read
