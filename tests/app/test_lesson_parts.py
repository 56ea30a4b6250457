"""Places in lessons, predictions, pictures, runs in turns, and the file to hand in."""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import pytest

from abm.errors import UserError
from experiments.app.lessons import chance, fit, household, road
from experiments.app.lessons.all import LESSONS
from experiments.app.lessons.drawing import dots, lines, ticks
from experiments.app.lessons.hand_in import compared, hand_in
from experiments.app.lessons.lesson import CODES, Ask, Going, Lesson, LessonAnswer, Told
from experiments.app.lessons.run import FoundNumbers, LessonRunner, going
from experiments.app.lessons.sugar import LESSON as SUGAR
from experiments.app.lessons.sugar import find as find_sugar
from experiments.app.lessons.taken import At, is_taken, read
from experiments.app.runner import region
from experiments.app.turns import Turns
from experiments.words.languages import LANGUAGES

# --- places in lessons ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["sugar", "sugar:0:", "sugar:0:a", "sugar:2:a,d,34.5", "sugar:5:a,d,34.5,12,8", "chance:1:c"])
def test_a_place_in_a_lesson_is_read_and_written(text: str) -> None:
    at = read(text)
    assert at is not None and is_taken(text)
    assert read(at.written()) == at and at.written() == (text if ":" in text else f"{text}:0:")


@pytest.mark.parametrize(
    "text",
    ["", "salt", "sugar:", "sugar:0", "sugar:6:a,d,34,12,8", "sugar:-1:", "sugar:1:", "sugar:0:z", "sugar:0:ab", "sugar:3:a,d,nan", "sugar:3:a,d,1e999",
     "sugar:3:a,d,301", "sugar:3:a,d,-1", "sugar:5:a,d,34,12,8,9", "sugar:0:a:b", "sugar:٣:", "sugar:999:", "<script>:0:", "sugar:3:a,d,034"],
)  # fmt: skip
def test_what_no_lesson_has_is_not_taken(text: str) -> None:
    assert read(text) is None and not is_taken(text)


def test_the_next_step_is_seen_after_a_prediction_only() -> None:
    at = At(SUGAR)
    assert not at.may_go_on and at.went(1) == at and at.went(-1) == at
    bad, _ = at.predicted("z")
    assert bad == at
    given, is_same = at.predicted("b")
    assert is_same and given.prediction == "b" and given.may_go_on and given.predicted("a") == (given, True)  # it stays as it was
    on = given.went(1)
    assert on.step == 1 and on.prediction == "" and on.went(-1).prediction == "b"
    number, is_same = At(SUGAR, 2, ("b", "a")).predicted("400")
    assert (number.prediction, is_same) == ("300", False)
    end = At(SUGAR, 5, ("b", "a", "1", "2", "3"))
    assert end.prediction == "" and not end.may_go_on and end.went(1) == end


@pytest.mark.parametrize("text", ["", "nan", "inf", "-inf", "1e999", "x", "1" * 31, "１２x"])
def test_a_number_that_is_none_is_not_taken(text: str) -> None:
    assert Ask("?").taken(text) == ("", False)


def test_predictions_and_answers_in_words() -> None:
    told, ask = Told({}, "en"), Ask("?", unit="hours", high=50)
    assert ask.taken("12") == ("12", True) and ask.taken("60") == ("50", False) and ask.said("12", told) == "12 hours"
    assert compared(ask, "10", LessonAnswer("12.5", ()), told) == "You predicted 10 hours; the model gives 12.5 hours: 2.50 apart."
    choice = Ask("?", ("one", "two"))
    assert compared(choice, "a", LessonAnswer("a", ()), told) == "You predicted: one. So does the model."
    assert compared(choice, "a", LessonAnswer("b", ()), told) == "You predicted: one. The model gives: two."
    assert [choice.taken(code)[0] for code in "abcé"] == ["a", "b", "", ""]


# --- lessons as they are ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """The numbers of every lesson, with the fewest runs that it can have."""
    with pytest.MonkeyPatch.context() as patch:
        for lesson, few in ((chance, 2), (road, 2)):
            patch.setattr(lesson, "SEEDS", few)
        patch.setattr(fit, "DRAWS", 2)
        return {
            "sugar": find_sugar(7, going()), "chance": chance.find(7, going()), "road": road.find(7, going()), "fit": fit.find(7, going()),
            "household": household.find(7, going()),
        }  # fmt: skip


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "DRAWS", 2)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", LESSONS)
def test_each_lesson_asks_first_and_its_answers_are_among_those_offered(key: str, language: str, found: dict[str, Any], few: None) -> None:
    lesson, told = LESSONS[key], Told(found[key], language)
    assert len(lesson.asks) >= 4 and lesson.steps[-1].ask is None and len(lesson.notes) >= 3 and lesson.find is not None
    given: list[str] = []
    for step in lesson.steps:
        paragraphs = step.text(told)
        assert paragraphs and not any("{" in one for one in paragraphs)
        if step.ask is None:
            continue
        assert step.answer is not None
        answer = step.answer(told)
        taken, is_same = step.ask.taken(answer.right)
        assert taken and (is_same or not step.ask.options), (step.title, answer.right)
        if not step.ask.options:
            assert step.ask.low <= float(answer.right) <= step.ask.high or step.ask.question.startswith("How many pairs")
        assert answer.sentences and not any("{" in one for one in answer.sentences)
        assert all(len(row) == len(answer.head) for row in answer.rows)
        if answer.picture:
            ElementTree.fromstring(answer.picture)  # well formed
        given.append(taken)
    file = hand_in(At(lesson, len(lesson.steps) - 1, tuple(given)), 7, told, region(), "A & B", "x < y").decode()
    assert (
        "A &amp; B" in file
        and "x &lt; y" in file
        and f"<html lang='{language}'" in file
        and "http://" not in file.replace("http://www.w3.org", "")
    )
    assert region().hash in file and "find(7, going())" in file and file.count("<section>") == len(lesson.steps) + 2
    assert not re.search(r"<script|<link|src=", file)


def test_a_file_holds_no_answer_that_was_not_seen(found: dict[str, Any]) -> None:
    told = Told(found["sugar"], "en")
    file = hand_in(At(SUGAR, 1, ("a",)), 7, told, region()).decode()
    assert file.count("Not answered.") == 1 and "1. Two prices" in file and "2. Four ways" in file and "3. The fee" not in file
    first = SUGAR.steps[0].answer(told)  # type: ignore[misc]
    second = SUGAR.steps[1].answer(told)  # type: ignore[misc]
    assert first.sentences[0] in file and second.sentences[0] not in file
    assert "Name: …" in file and "In my own words" not in file


def test_codes_are_enough() -> None:
    assert max(len(ask.options) for lesson in LESSONS.values() for ask in lesson.asks) <= len(CODES)


# --- pictures ---------------------------------------------------------------------------------------------------------------


def test_ticks_are_round() -> None:
    assert ticks(0, 10) == [0, 2, 4, 6, 8, 10] or ticks(0, 10) == [0, 5, 10]
    assert ticks(3, 3) == [3] and ticks(0, 0.6)[:2] == [0, 0.2]
    for low, high in ((0, 7), (-3, 11), (1e-4, 9e-4), (0, 123_456)):
        some = ticks(low, high)
        assert 2 <= len(some) <= 6 and all(low - 1e-9 <= one <= high + 1e-9 for one in some)


def test_pictures_escape_their_words_and_leave_out_what_is_no_number() -> None:
    for one in (
        lines("a 'b' <c>", [0, 1, 2], {"<x>": [1, float("nan"), 3], "y": [0, 0, 0]}, ("x & y", "z"), (str, str), (1, "<mark>")),
        dots("a 'b' <c>", {"<x>": [1, float("nan")], "none": []}, "x & y", str),
    ):
        root = ElementTree.fromstring(one)
        assert root.attrib["aria-label"] == "a 'b' <c>" and root.attrib["role"] == "img"
        words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        assert "<x>" in words and "x & y" in words and "nan" not in one
    assert "<mark>" not in lines("a", [0, 1], {"y": [0, 1]}, ("x", "z"), (str, str), (5, "mark"))  # beyond the scale


def test_a_scale_begins_below_nothing_where_its_numbers_do() -> None:
    root = ElementTree.fromstring(lines("a", [0, 1, 2], {"y": [-10, 0, 10]}, ("x", "z"), (str, str)))
    points = next(iter(root.iter("{http://www.w3.org/2000/svg}polyline"))).attrib["points"].split()
    low, middle, high = (float(point.split(",")[1]) for point in points)
    assert low - middle == pytest.approx(middle - high, abs=0.2) and high > 0 and low < float(root.attrib["viewBox"].split()[3])


def test_a_line_goes_where_its_numbers_are() -> None:
    root = ElementTree.fromstring(lines("a", [0, 1, 2], {"y": [0, 5, 10]}, ("x", "z"), (str, str)))
    points = next(iter(root.iter("{http://www.w3.org/2000/svg}polyline"))).attrib["points"].split()
    (x0, y0), (x1, y1), (x2, y2) = ([float(part) for part in point.split(",")] for point in points)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2) and y0 - y1 == pytest.approx(y1 - y2, abs=0.2) and y2 < y0


# --- runs in turns ----------------------------------------------------------------------------------------------------------


class Heard:
    def __init__(self) -> None:
        self.progress: list[tuple[int, int, int]] = []
        self.ends: list[tuple[str, int, str]] = []


def lesson_of(find: Any) -> Lesson:
    return replace(SUGAR, key="made-up", find=find)


def runner_of(heard: Heard, turns: Turns, numbers: FoundNumbers) -> LessonRunner:
    return LessonRunner(lambda *one: heard.progress.append(one), lambda *one: heard.ends.append(one), turns, numbers)


def test_numbers_are_found_once_for_all() -> None:
    heard, numbers, turns, calls = Heard(), FoundNumbers(), Turns(), []

    def find(seed: int, how: Going) -> dict[str, int]:
        calls.append(seed)
        how.tell(1, 2)
        return {"x": seed}

    runner = runner_of(heard, turns, numbers)
    runner.start(lesson_of(find), 7)
    while not heard.ends:
        pass
    assert heard.ends == [("made-up", 7, "")] and (1, 2, 0) in heard.progress and numbers.get("made-up", 7) == {"x": 7}
    runner.start(lesson_of(find), 7)
    assert heard.ends == [("made-up", 7, "")] * 2 and calls == [7] and numbers.get("made-up", 8) is None


@pytest.mark.parametrize(("error", "said"), [(UserError("no such thing"), "no such thing"), (ValueError("odd"), "ValueError: odd")])
def test_an_error_is_told_in_one_sentence(error: Exception, said: str) -> None:
    def find(seed: int, how: Going) -> dict[str, int]:
        raise error

    heard, numbers = Heard(), FoundNumbers()
    runner_of(heard, Turns(), numbers).start(lesson_of(find), 7)
    while not heard.ends:
        pass
    assert heard.ends == [("made-up", 7, said)] and numbers.get("made-up", 7) is None


@pytest.mark.parametrize("tells", [True, False])
def test_a_lesson_that_is_no_longer_wanted_ends_and_tells_nothing(tells: bool) -> None:
    heard, numbers, begun, go = Heard(), FoundNumbers(), threading.Event(), threading.Event()
    over = threading.Event()

    def find(seed: int, how: Going) -> dict[str, int]:
        begun.set()
        go.wait(30)
        try:
            if tells:
                how.tell(1, 2)
        finally:
            over.set()
        return {"x": 1}

    turns = Turns()
    runner = runner_of(heard, turns, numbers)
    runner.start(lesson_of(find), 7)
    assert begun.wait(30)
    runner.stop()
    go.set()
    assert over.wait(30)
    with numbers.once.alone(("made-up", 7), threading.Event()):  # the first one has said all that it says
        pass
    assert heard.ends == [] and (1, 2, 0) not in heard.progress and (numbers.get("made-up", 7) is None) == tells


def test_other_pages_come_between_the_runs_of_a_lesson() -> None:
    turns, order, heard, first = Turns(), [], Heard(), threading.Event()
    other_over: list[threading.Event] = []

    def find(seed: int, how: Going) -> dict[str, int]:
        with how.turn():
            order.append("one")
            other_over.append(turns.enter("another page", lambda: order.append("other"), lambda ahead: None))
            first.set()
        with how.turn():
            order.append("two")
        return {}

    runner_of(heard, turns, FoundNumbers()).start(lesson_of(find), 7)
    while not heard.ends:
        pass
    assert heard.ends == [("made-up", 7, "")] and order == ["one", "other", "two"] and other_over[0].wait(30)


def test_the_same_lesson_is_found_once_where_two_ask_together() -> None:
    turns, numbers, calls, go = Turns(), FoundNumbers(), [], threading.Event()
    both = Heard(), Heard()

    def find(seed: int, how: Going) -> dict[str, int]:
        calls.append(seed)
        go.wait(30)
        return {}

    runners = [runner_of(heard, turns, numbers) for heard in both]
    for runner in runners:
        runner.start(lesson_of(find), 7)
    while not calls:
        pass
    go.set()
    while not all(heard.ends for heard in both):
        pass
    assert calls == [7]


def test_one_that_waits_for_its_turn_gives_it_up_when_it_is_no_longer_wanted() -> None:
    turns, over, heard, waits = Turns(), threading.Event(), Heard(), threading.Event()

    def hold() -> None:
        over.wait(30)

    turns.enter("another page", hold, lambda ahead: None)
    order = []

    def find(seed: int, how: Going) -> dict[str, int]:
        try:
            with how.turn():
                order.append("ran")
        finally:
            waits.set()
        return {}

    runner = runner_of(heard, turns, FoundNumbers())
    runner.start(lesson_of(find), 7)
    while (0, 0, 1) not in heard.progress:
        pass
    runner.stop()
    assert waits.wait(30)
    over.set()
    assert order == [] and heard.ends == []


def test_few_numbers_are_kept() -> None:
    numbers = FoundNumbers(2)
    for seed in range(3):
        numbers.put("x", seed, {})
    assert [numbers.get("x", seed) is None for seed in range(3)] == [True, False, False]
