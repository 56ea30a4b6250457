"""A student does a lesson in a real browser with the keyboard alone, and hands in what direct runs give."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from experiments.app.lessons import sugar
from experiments.app.lessons.hand_in import hand_in
from experiments.app.lessons.lesson import CODES, Told
from experiments.app.lessons.run import going
from experiments.app.lessons.taken import At
from experiments.app.runner import region
from tests.app.test_page import PATIENCE, Seen, browser, server  # noqa: F401 (fixtures)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LESSON = sugar.LESSON
#: What this student predicts, in order.
PREDICTIONS = ("b", "d", "30", "12", "8.5")
FOCUS = "() => [document.activeElement.tagName, document.activeElement.innerText || document.activeElement.getAttribute('aria-label') || document.activeElement.type]"


def tab_to(page: Page, tag: str, text: str, key: str = "Tab") -> None:
    """Press a key until what has the keyboard is of a tag and holds a text."""
    for _ in range(60):
        found_tag, found = page.evaluate(FOCUS)
        if found_tag == tag and text in str(found):
            return
        page.keyboard.press(key)
    pytest.fail(f"no {tag} with {text!r} is reached with {key}")


def test_a_student_finishes_the_lesson_on_sugar_with_the_keyboard_alone(browser: Any, server: str, tmp_path: Path) -> None:  # noqa: F811
    seen = Seen()
    page = browser.new_page(viewport={"width": 390, "height": 844}, accept_downloads=True)
    page.set_default_timeout(PATIENCE)
    seen.watch(page)
    page.goto(f"{server}/?v=1&n=300")
    page.get_by_role("tab", name="Explore").wait_for()
    tab_to(page, "BUTTON", "Explore")
    for _ in range(10):  # along the tabs
        if page.evaluate(FOCUS)[1] == "Lessons":
            break
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Begin: Why does sugar cross?").wait_for()
    tab_to(page, "BUTTON", "Begin")  # the first lesson's; the second one's has its own name
    for _ in range(20):
        if page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Begin: Why does sugar cross?":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    told = Told(sugar.find(7, going()), "en")
    at = At(LESSON)
    for k, step in enumerate(LESSON.steps):
        page.get_by_role("heading", name=re.compile(f"Step {k + 1} of {len(LESSON.steps)}: {step.title}")).wait_for()
        shown = page.locator(".lintas-lesson-open").inner_text()
        for paragraph in step.text(told):
            assert paragraph in shown
        if step.ask is not None and step.answer is not None:
            assert page.locator(".lintas-answer").count() == 0  # not before there is a prediction
            assert page.get_by_role("button", name="Next").is_disabled()
            prediction = PREDICTIONS[len(at.given)]
            tab_to(page, "INPUT", "radio" if step.ask.options else "number")
            if step.ask.options:
                page.keyboard.press("Space")
                for _ in range(CODES.index(prediction)):
                    page.keyboard.press("ArrowDown")
                tab_to(page, "BUTTON", "That is my prediction")
            else:
                page.keyboard.type(prediction)
            page.keyboard.press("Enter")
            at, _is_same = at.predicted(prediction)
            answer = step.answer(told)
            page.locator(".lintas-answer").wait_for()
            shown = page.locator(".lintas-answer").inner_text()
            for sentence in answer.sentences:
                assert sentence in shown
            if answer.picture:
                assert page.locator(".lintas-answer svg[role=img]").count() == 1
            page.wait_for_function("() => document.activeElement.innerText === 'What the model gives'")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
        if k + 1 < len(LESSON.steps):
            tab_to(page, "BUTTON", "Next")
            page.keyboard.press("Enter")
            at = at.went(1)
    # own words, name, and the file
    tab_to(page, "TEXTAREA", "")
    page.keyboard.type("The gap in <prices> stays.")
    page.keyboard.press("Tab")
    page.keyboard.type("Siti")
    tab_to(page, "BUTTON", "Download the file to hand in")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "lintas-lesson-sugar-7.html"
    download.value.save_as(tmp_path / "file.html")
    written = (tmp_path / "file.html").read_text(encoding="utf-8")
    assert written == hand_in(at, 7, told, region(), "Siti", "The gap in <prices> stays.").decode()
    assert escape("The gap in <prices> stays.") in written and "Siti" not in page.url
    # the link keeps the place: a fresh page of it shows the answers that were given
    page.wait_for_function("text => decodeURIComponent(location.search).includes(text)", arg=f"les={at.written()}")
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    seen.watch(other)
    other.goto(page.url.replace(f":{len(LESSON.steps) - 1}:", ":2:").replace(f"%3A{len(LESSON.steps) - 1}%3A", "%3A2%3A"))
    other.locator(".lintas-compared", has_text="You predicted 30 % of the value").wait_for()
    assert seen.bad == []


@pytest.mark.parametrize("held", ["sugar:2:", "sugar:9:a", "sugar:1:<script>alert(1)</script>", "nothing", "sugar:0:a,b,1e999", "x" * 5000])
def test_a_place_that_no_lesson_has_is_told_in_one_line(browser: Any, server: str, held: str) -> None:  # noqa: F811
    seen = Seen()
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    seen.watch(page)
    page.goto(f"{server}/?v=1&n=300&tab=lessons&les={held}")
    page.get_by_text("The link was not taken as it stands").wait_for()
    page.get_by_role("button", name="Begin: Why does sugar cross?").wait_for()
    assert seen.bad == []
