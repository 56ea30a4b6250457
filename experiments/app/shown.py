"""What does one page hold? Its view, its runner, its charts and what they show; each visitor has their own, a module keeps none.

Parts of the page read only what they show, so that a slider that moves redraws its own words, the status and the charts, not the page.
"""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import solara
from solara.server.kernel_context import get_current_context

from abm.errors import UserError
from experiments.app import sessions
from experiments.app.charts import Board
from experiments.app.compare import PagePair, PageWords
from experiments.app.kept import KEPT
from experiments.app.link import YEARS, View, read
from experiments.app.runner import RunEnd, Runner, RunProgress, region
from experiments.app.state import Choice, Finished
from experiments.app.tabs import HOLDS
from experiments.reports.figures import Drawing
from experiments.words.languages import translator


def of_this_page[**P](call: Callable[P, None]) -> Callable[P, None]:
    """``call``, done as of the page that is being made, whatever thread calls it; nothing once the page is closed."""
    page = weakref.ref(get_current_context())

    def inside(*given: P.args, **named: P.kwargs) -> None:
        context = page()
        if context is not None and not context.closed_event.is_set():
            with context:
                call(*given, **named)

    return inside


class Shown:
    """The state of one page. ``query`` is that of its link."""

    def __init__(self, query: str | None) -> None:
        view, told = read(query)
        self.view: solara.Reactive[View] = solara.Reactive(view)
        #: Parts of the view by themselves, for parts of the page that show nothing else of it.
        self.language: solara.Reactive[str] = solara.Reactive(view.language)
        self.indicator: solara.Reactive[str] = solara.Reactive(view.indicator)
        self.year: solara.Reactive[int] = solara.Reactive(view.year)
        self.tab: solara.Reactive[str] = solara.Reactive(view.tab)
        #: What of the link was not taken as it stands.
        self.told: solara.Reactive[str] = solara.Reactive(told)
        self.progress: solara.Reactive[RunProgress | None] = solara.Reactive(None)
        self.is_running: solara.Reactive[bool] = solara.Reactive(False)
        self.refused: solara.Reactive[str] = solara.Reactive("")
        self.is_given_up: solara.Reactive[bool] = solara.Reactive(False)
        self.pair: solara.Reactive[PagePair | None] = solara.Reactive(None)
        self.board = Board(region(), YEARS, view.indicator)
        page = get_current_context().id
        self._runner = Runner(of_this_page(self._progress), of_this_page(self._end), lambda: sessions.away(page))
        #: The first sentences of a run by language, made once.
        self._history: dict[tuple[Finished, str], list[str]] = {}

    # --- the view -----------------------------------------------------------------------------------------------------

    def change(self, **new: Any) -> None:
        """Change parts of the view; the page runs a choice that is another run."""
        self._set(replace(self.view.peek(), **new))

    def _set(self, view: View) -> None:
        self.view.value = view
        self.language.value, self.indicator.value, self.year.value = view.language, view.indicator, view.year
        self.tab.value = view.tab

    def hold(self, **parts: str) -> None:
        """Set parts of the link that belong to tabs (``Tab.holds``); an empty text takes a part out."""
        held = {name: text for name, text in (self.view.peek().held | parts).items() if text}
        if not all(name in HOLDS and HOLDS[name](text) for name, text in held.items()):
            raise ValueError(f"no tab holds {held}")  # what a message of a browser holds is checked by whoever takes it
        self.change(held=held)

    def choose(self, change: Callable[[Choice], Choice]) -> None:
        """Change the choice."""
        self.change(choice=change(self.view.peek().choice))

    def reset(self) -> None:
        """Everything as the page opens, but for the tab, what it holds, and the language."""
        self.told.value = self.refused.value = ""
        self.is_given_up.value = False
        view = self.view.peek()
        self._set(View(language=view.language, tab=view.tab, held=view.held))

    # --- runs ---------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run what is chosen, after its baseline; refused in one sentence where it cannot be run."""
        view = self.view.peek()
        self.refused.value = ""
        self.is_given_up.value = False
        try:
            self._runner.start(view.choice, translator(view.language), view.choice.baseline(view.baseline))
        except UserError as error:
            self.stop()
            self.refused.value = str(error)

    def stop(self) -> None:
        """End the run that is under way or waits."""
        self._runner.stop()
        self._tell(None)

    def _tell(self, progress: RunProgress | None) -> None:
        self.is_running.value = progress is not None
        self.progress.value = progress

    def close(self) -> None:
        """A page that is closed leaves no run and no widget behind."""
        self._runner.stop()
        self.board.close()

    def _progress(self, progress: RunProgress) -> None:
        if progress.asked != self.view.peek().choice.key or not self._is_earlier():
            return  # of a run that was replaced just now; it must not hide the end of the one that replaced it
        self._tell(progress)
        if progress.grown is None:
            return
        if progress.is_baseline:
            self.board.show(progress.grown, None)
        else:
            view = self.view.peek()
            baseline = KEPT.find(view.choice.baseline(view.baseline).key)
            self.board.show(None if baseline is None else baseline.results.yearly, progress.grown)

    def _end(self, outcome: RunEnd) -> None:
        view, finished, baseline = self.view.peek(), outcome.finished, outcome.baseline
        if finished is not None and baseline is not None and _keys(view) != (finished.choice.key, baseline.choice.key):
            return  # of a run that was replaced just now
        self.refused.value = outcome.refused
        self.is_given_up.value = outcome.is_given_up
        if finished is not None:
            pair = PagePair(baseline or finished, finished)
            self.board.show(pair.baseline.results.yearly, pair.variant.results.yearly)
            self.pair.value = pair
        self._tell(None)

    @property
    def is_earlier(self) -> bool:
        """Whether what is shown belongs to other controls than those of now; who asks is told when that changes."""
        return _is_earlier(self.pair.value, self.view.value)

    def _is_earlier(self) -> bool:
        return _is_earlier(self.pair.peek(), self.view.peek())

    # --- words --------------------------------------------------------------------------------------------------------

    def words(self, pair: PagePair, language: str) -> PageWords:
        """What a pair says in a language; the charts are told their part of it."""
        words = PageWords(pair, region(), language)
        for spec in self.board.specs.values():
            self.board.say(spec.key, words.said(spec), words.saved(spec))
        return words

    def sentences(self, words: PageWords) -> list[str]:
        """Three sentences about what is shown."""
        run = words.pair.baseline
        key = run, words.language
        if words.pair.is_same and key not in self._history:
            draw = Drawing(run.results, run.region, words.language)
            self._history = {key: [draw.income().sentence, draw.care().sentence, draw.work().sentence]}
        return words.summary(self._history.get(key, []))


def _keys(view: View) -> tuple[Hashable, Hashable]:
    """The runs that a view shows: its choice and its baseline."""
    return view.choice.key, view.choice.baseline(view.baseline).key


def _is_earlier(pair: PagePair | None, view: View) -> bool:
    return pair is None or _keys(view) != (pair.variant.choice.key, pair.baseline.choice.key)
