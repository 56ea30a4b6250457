"""The tab 'What the paper says': the ledger row by row, and pairs of runs with a claim's mechanism and without it."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from dataclasses import replace
from html import escape

import solara
from solara.server.kernel_context import get_current_context

from abm.claims.claim import claims
from abm.errors import UserError
from agents.core.declare import OUTPUTS, SWITCHES
from experiments.app import sessions
from experiments.app.charts import Board, indicators
from experiments.app.compare import PagePair, PageWords
from experiments.app.controls import Select, Size
from experiments.app.explore import Csv, Fold
from experiments.app.figures import table_html
from experiments.app.link import YEARS, View
from experiments.app.pairs import MOST, ClaimPairs, WantedPairs, indicators_of
from experiments.app.paper_words import ORDER, chip, claim_html, counted, head, pairs_html, reasons_html, said_of_units, words_of
from experiments.app.runner import region
from experiments.app.series import RunSeries, finished_of, posterior
from experiments.app.shown import Shown, of_this_page
from experiments.app.state import shipped
from experiments.evidence.ledger import LedgerRow
from experiments.reports.evidence_words import SIGNS, VERDICTS
from experiments.words.languages import Numbers, Translate, translator


class PairRuns:
    """The runs of one page for its open claim: how many are done, the pair that is drawn, and what cannot be run."""

    def __init__(self) -> None:
        #: Runs that are done and asked for; None while nothing runs.
        self.done: solara.Reactive[tuple[int, int] | None] = solara.Reactive(None)
        #: Changes with each finished run, so that what is said of them is made anew.
        self.changes: solara.Reactive[int] = solara.Reactive(0)
        self.refused: solara.Reactive[str] = solara.Reactive("")
        self.pair: solara.Reactive[PagePair | None] = solara.Reactive(None)
        self.board = Board(region(), YEARS, indicators()[0], ())
        page = get_current_context().id
        self._series = RunSeries(of_this_page(self._on_done), of_this_page(self._on_end), lambda: sessions.away(page))
        self._pairs: ClaimPairs | None = None

    def start(self, pairs: ClaimPairs, asked: WantedPairs, _: Translate) -> None:
        """Run what is asked for of a claim's worlds; what is there already is shown at once."""
        self.refused.value = ""
        if self._pairs is None or self._pairs.claim.id != pairs.claim.id or self._pairs.history.key != pairs.history.key:
            self.pair.value = None
        self._pairs = pairs
        try:
            pairs.history.checked(_)
            self._series.start(pairs.jobs(asked), pairs.first, _)
        except UserError as error:
            self.stop()
            self.refused.value = str(error)

    def stop(self) -> None:
        """End what runs; what is done stays."""
        self._series.stop()
        self.done.value = None

    def clear(self) -> None:
        """Show no pair."""
        self.stop()
        self._pairs, self.pair.value, self.refused.value = None, None, ""

    def close(self) -> None:
        """The tab or the page is closed."""
        self._series.stop()
        self.board.close()

    def _on_done(self, done: int, of: int) -> None:
        self._draw()
        self.done.value = (done, of)
        self.changes.value += 1

    def _draw(self) -> None:
        if self._pairs is None or self.pair.peek() is not None:
            return
        runs = [run for job in self._pairs.first if (run := finished_of(job)) is not None]
        if len(runs) == len(self._pairs.first):
            self.board.show(runs[0].results.yearly, runs[-1].results.yearly)
            self.pair.value = PagePair(runs[0], runs[-1])

    def _on_end(self, refused: str) -> None:
        self.refused.value = refused
        self.done.value = None


@solara.component
def Paper(shown: Shown, language: str):
    """The tab."""
    _, view = translator(language), shown.view.value
    runs = solara.use_memo(PairRuns, [])
    solara.use_effect(lambda: runs.close, [])
    open_claim, verdict = view.held.get("claim", ""), view.held.get("verdict", "").replace("-", " ")
    with solara.v.Html(tag="section", attributes={"aria-label": _("What the paper says")}, class_="lintas-paper"):
        solara.HTML(tag="div", unsafe_innerHTML="".join(f"<p>{escape(one)}</p>" for one in head(language)), classes=["lintas-said"])
        Filter(shown, verdict, language)
        for row in counted(verdict or None):
            Row(shown, runs, row, row.claim.id == open_claim, language).key(row.claim.id)


@solara.component
def Filter(shown: Shown, verdict: str, language: str):
    """One button for each verdict with the number of its rows, those that fail first."""
    _, n = translator(language), Numbers(language)
    with solara.Div(classes=["lintas-buttons"], attributes={"role": "group", "aria-label": _("Show claims by verdict")}):
        for one in ("", *ORDER):
            rows = counted(one or None)
            if not rows:
                continue
            words = _("all claims") if not one else f"{SIGNS[one]} {_(VERDICTS[one])}"
            solara.Button(
                f"{words} ({n.number(len(rows))})", on_click=lambda one=one: shown.hold(verdict=one.replace(" ", "-")), text=True, small=True,
                attributes={"aria-pressed": str(one == verdict).lower()}, classes=["lintas-pressed"] if one == verdict else [],
            ).key(one or "all")  # fmt: skip


@solara.component
def Row(shown: Shown, runs: PairRuns, row: LedgerRow, is_open: bool, language: str):
    """A claim with its verdict; opened, all that is known of it."""
    _, words, claim = translator(language), words_of(language), row.claim

    def toggle(*_given: object) -> None:
        runs.clear()
        shown.hold(claim="" if is_open else claim.id, ran="", ind="")

    with solara.v.Html(tag="article", class_="lintas-row" + (" lintas-open-row" if is_open else "")):
        why = words.short(row)
        with solara.v.Html(tag="h2"):
            button = solara.v.Html(
                tag="button", class_="lintas-row-head",
                attributes={"type": "button", "aria-expanded": str(is_open).lower(), "id": f"lintas-row-{claim.id}"},
                children=[
                    solara.HTML(tag="span", unsafe_innerHTML=chip(words, row)),
                    solara.HTML(
                        tag="span",
                        unsafe_innerHTML=f"<b>{claim.id}</b> {escape(_(claim.claim))}" + (f" <small>{escape(why)}</small>" if why else ""),
                    ),
                ],
            )  # fmt: skip
            solara.v.use_event(button, "click", toggle)
        if is_open:
            with solara.Div(classes=["lintas-row-body"]):
                solara.HTML(tag="div", unsafe_innerHTML=reasons_html(claim.id, language))
                PairPanel(shown, runs, claim.id, language)
                solara.HTML(tag="div", unsafe_innerHTML=claim_html(claim.id, language), attributes={"id": f"lintas-claim-{claim.id}"})


def what_it_runs(pairs: ClaimPairs, _: Translate) -> str:
    """The words of the button: what is switched off, or which other world is run."""
    claim, beside = pairs.claim, pairs.beside
    if beside is None:
        return _("Run the history")
    if claim.scenario is not None:
        return _("Switch it off: run the history and “{scenario}”").format(scenario=_(shipped(claim.scenario).title))
    off = sorted(beside.off)
    if off:
        return _("Switch off “{mechanism}” and run both worlds").format(mechanism=_(SWITCHES[off[0]]))
    return _("Run the history and its other worlds")


@solara.component
def PairPanel(shown: Shown, runs: PairRuns, claim: str, language: str):
    """The button that runs the pair, its chart and its verdict, and further pairs."""
    _, view = translator(language), shown.view.value
    pairs = solara.use_memo(lambda: ClaimPairs(claims()[claim], view.choice), [claim, view.choice.households, view.choice.seed])
    asked = WantedPairs.read(view.held.get("ran", ""))

    def run() -> None:
        if asked is not None:
            runs.start(pairs, asked, _)

    solara.use_effect(run, [claim, pairs.history.key, asked])
    solara.use_effect(lambda: runs.stop, [])
    if not pairs.patterns:
        return
    with solara.Div(classes=["lintas-pair"]):
        solara.Button(
            what_it_runs(pairs, _), on_click=lambda: shown.hold(ran=WantedPairs(1).write()), color="primary", icon_name="mdi-play", disabled=asked is not None
        ).key("run")  # fmt: skip
        Progress(runs, asked is not None, language).key("progress")
        if asked is None:
            return
        Drawn(shown, runs, pairs, view, language).key("drawn")
        Given(runs, pairs, asked, language).key("given")
        More(shown, asked, language).key("more")
        with solara.v.Html(tag="details"):
            solara.v.Html(tag="summary", children=[_("Size and seed of these runs")])
            Size(shown, language)


@solara.component
def Progress(runs: PairRuns, is_asked: bool, language: str):
    """How many runs are done, or why there are none; read out as it changes."""
    _, n, done, refused = translator(language), Numbers(language), runs.done.value, runs.refused.value
    if refused:
        text = _(refused)
    elif done is not None:
        text = _("{done} of {n} runs are done.").format(done=n.number(done[0]), n=n.number(done[1]))
    else:
        text = _("All runs are done.") if is_asked else ""
    solara.HTML(
        tag="p", unsafe_innerHTML=escape(text), classes=["lintas-refused"] if refused else [],
        attributes={"role": "status", "aria-live": "polite", "id": "lintas-pairs-status"},
    )  # fmt: skip


@solara.component
def Drawn(shown: Shown, runs: PairRuns, pairs: ClaimPairs, view: View, language: str):
    """The chart of the pair with the fitted values: one indicator of the claim, solid without the mechanism, dashed with it."""
    _, pair = translator(language), runs.pair.value
    offered = indicators_of(pairs.claim, indicators())
    indicator = view.held.get("ind", "")
    indicator = indicator if indicator in offered else offered[0]
    solara.use_memo(lambda: runs.board.speak(language, indicator), [language, indicator])
    spec = runs.board.specs["chosen"]

    def say() -> PageWords | None:
        if pair is None:
            return None
        words = PageWords(pair, region(), language)
        runs.board.say("chosen", words.said(spec), words.saved(spec))
        return words

    words = solara.use_memo(say, [pair, language, indicator])
    Select(_("Indicator"), indicator, {name: _(OUTPUTS[name].label) for name in offered}, lambda name: shown.hold(ind=name))
    solara.v.Html(tag="div", children=[runs.board.widgets["chosen"]])
    if words is None:
        return
    said = "".join(f"<p>{escape(one)}</p>" for one in words.sentences(spec))
    notes = "".join(f"<li>{escape(one)}</li>" for one in words.provenance())
    solara.HTML(unsafe_innerHTML=f"<div id='lintas-said-pair'>{said}</div><ul class='lintas-notes'>{notes}</ul>")
    Csv(lambda: words.csv(spec), f"{words.file(spec)}.csv", "CSV", _("{title}: numbers (CSV)").format(title=_(spec.title)))
    Fold(lambda: table_html(words.head(spec), words.rows(spec), _(spec.title)), language)


@solara.component
def Given(runs: PairRuns, pairs: ClaimPairs, asked: WantedPairs, language: str):
    """What the pairs gave for each condition of the claim."""
    changes = runs.changes.value
    html = solara.use_memo(lambda: pairs_html(pairs, asked, language), [changes, pairs, asked, language])
    said = said_of_units(pairs, asked, language)
    solara.HTML(tag="div", unsafe_innerHTML=f"{html}<p>{escape(said)}</p>", attributes={"id": "lintas-pairs"})


@solara.component
def More(shown: Shown, asked: WantedPairs, language: str):
    """Further seeds, or draws of the posterior."""
    _ = translator(language)

    def ask(is_draws: bool) -> None:
        more = asked.more if is_draws == asked.is_draws else replace(asked, count=1, is_draws=is_draws).more
        shown.hold(ran=more.write())

    with solara.Div(classes=["lintas-buttons"]):
        solara.Button(
            _("More seeds"), on_click=lambda: ask(False), outlined=True, disabled=not asked.is_draws and asked.count >= MOST
        ).key("seeds")  # fmt: skip
        if posterior() is not None:
            solara.Button(
                _("More draws"), on_click=lambda: ask(True), outlined=True, disabled=asked.is_draws and asked.count >= MOST
            ).key("draws")  # fmt: skip
