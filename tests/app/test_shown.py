"""What one page holds: a run that was replaced in the very moment of its end hides nothing of the one that replaced it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import solara.server.kernel_context as kernel_context

from abm import BorderModel
from abm.scenario import Scenario
from experiments.app.link import View
from experiments.app.runner import RunEnd, RunProgress
from experiments.app.shown import Shown
from experiments.app.state import Choice, Finished

SMALL = Choice(households=300)


@pytest.fixture(scope="module")
def small() -> Finished:
    return Finished.of(BorderModel(Scenario.load("history"), households=300, rng=7).run(), SMALL)


@pytest.fixture
def shown() -> Iterator[Shown]:
    """A page whose link asks for the fewest households; nothing runs."""
    context = kernel_context.create_dummy_context()
    with context:
        yield Shown("v=1&n=300")


def of(small: Finished, choice: Choice) -> Finished:
    return Finished(choice, small.manifest, small.results, small.region)


def test_it_opens_with_what_its_link_says(shown: Shown) -> None:
    assert shown.view.peek() == View(SMALL) and shown.told.peek() == "" and shown.pair.peek() is None
    assert shown.is_earlier and not shown.is_running.peek()


def test_a_run_that_was_replaced_hides_nothing(shown: Shown, small: Finished) -> None:
    other = of(small, replace(SMALL, seed="8"))
    shown._progress(RunProgress(12, 432, asked=SMALL.key))
    assert shown.is_running.peek()
    shown._progress(RunProgress(24, 432, asked=other.choice.key))  # not what is chosen
    assert shown.progress.peek() == RunProgress(12, 432)
    shown._end(RunEnd(finished=small, baseline=small))
    pair = shown.pair.peek()
    assert pair is not None and pair.variant is small and not shown.is_earlier and not shown.is_running.peek()
    # late words of the run that has ended, and the late end of another one
    shown._progress(RunProgress(24, 432, asked=SMALL.key))
    shown._end(RunEnd(finished=other, baseline=other))
    assert shown.pair.peek() is pair and not shown.is_running.peek()
    # once the other one is chosen, it counts
    shown.choose(lambda choice: replace(choice, seed="8"))
    assert shown.is_earlier
    shown._progress(RunProgress(24, 432, asked=other.choice.key))
    assert shown.is_running.peek()
    shown._end(RunEnd(finished=other, baseline=other))
    assert shown.pair.peek() is not pair and not shown.is_earlier


def test_a_tab_holds_what_is_checked_and_gives_up_what_is_empty(shown: Shown) -> None:
    shown.hold(claim="E10", ran="1s")
    shown.hold(ran="8d")
    assert shown.view.peek().held == {"claim": "E10", "ran": "8d"}
    for parts in ({"claim": "<b>"}, {"nothing": "1"}, {"ran": "9999s"}):
        with pytest.raises(ValueError, match="no tab holds"):
            shown.hold(**parts)
    shown.hold(claim="", ran="")
    assert shown.view.peek() == View(SMALL)


def test_reset_keeps_the_language_the_tab_and_what_tabs_hold(shown: Shown) -> None:
    shown.change(language="ms", indicator="births", baseline="closed-border", tab="paper", held={"claim": "E10"})
    shown.refused.value = "no"
    shown.reset()
    assert (
        shown.view.peek() == View(language="ms", tab="paper", held={"claim": "E10"})
        and shown.language.peek() == "ms"
        and shown.indicator.peek() == "gini"
    )
    assert shown.refused.peek() == ""
