"""The tab 'Compare': any two scenarios over many pairs of runs, as a table of differences with intervals that can be taken away."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from html import escape
from importlib import metadata

import solara
from solara.server.kernel_context import get_current_context

from abm.errors import UserError
from agents.core.declare import PARAMETERS, SWITCHES
from experiments.app import sessions
from experiments.app.controls import Select, Size
from experiments.app.explore import Csv
from experiments.app.over_pairs import COUNTS, SPANS, Two, csv, span_of, table_html
from experiments.app.pairs import WantedPairs
from experiments.app.series import RunSeries, posterior
from experiments.app.shown import Shown, of_this_page
from experiments.app.state import Choice, names, shipped
from experiments.words.languages import Numbers, Translate, translator

#: Pairs that a page begins with.
USUAL = WantedPairs(8)


class Differences:
    """The runs of one page for its two scenarios."""

    def __init__(self) -> None:
        #: Runs that are done and asked for; None while nothing runs.
        self.done: solara.Reactive[tuple[int, int] | None] = solara.Reactive(None)
        #: Changes with each finished pair.
        self.pairs: solara.Reactive[int] = solara.Reactive(0)
        self.refused: solara.Reactive[str] = solara.Reactive("")
        page = get_current_context().id
        self._series = RunSeries(of_this_page(self._on_done), of_this_page(self._on_end), lambda: sessions.away(page))

    def start(self, two: Two, _: Translate) -> None:
        """Run what is not there yet."""
        self.refused.value = ""
        self.pairs.value = 0
        try:
            two.a.checked(_)
            self._series.start(two.jobs(), (), _)
        except UserError as error:
            self.stop()
            self.refused.value = str(error)

    def stop(self) -> None:
        """End what runs; what is done stays."""
        self._series.stop()
        self.done.value = None

    def _on_done(self, done: int, of: int) -> None:
        self.done.value = (done, of)
        self.pairs.value = done // 2

    def _on_end(self, refused: str) -> None:
        self.refused.value = refused
        self.done.value = None


@solara.component
def Compare(shown: Shown, language: str):
    """The tab."""
    _, view = translator(language), shown.view.value
    runs = solara.use_memo(Differences, [])
    asked = WantedPairs.read(view.held.get("pairs", ""))
    chosen, choose = solara.use_state(asked or USUAL)
    two = Two(view.choice.baseline(view.baseline), view.choice, asked or chosen)

    def run() -> None:
        if asked is not None and not two.is_same:
            runs.start(two, _)

    solara.use_effect(run, [two.a.key, two.b.key, asked])
    solara.use_effect(lambda: runs.stop, [])

    def ask(one: WantedPairs) -> None:
        choose(one)
        if asked is not None:
            shown.hold(pairs=one.write())

    with solara.v.Html(tag="section", attributes={"aria-label": _("Compare")}, class_="lintas-body"):
        with solara.Div(classes=["lintas-controls"]):
            Which(shown, two, language)
            Size(shown, language)
            HowMany(shown, two.asked, ask, language)
            with solara.Div(classes=["lintas-buttons"]):
                solara.Button(
                    _("Compare"), on_click=lambda: shown.hold(pairs=two.asked.write()), color="primary", icon_name="mdi-play",
                    disabled=asked is not None or two.is_same,
                ).key("compare")  # fmt: skip
                solara.Button(_("Stop"), on_click=runs.stop, outlined=True, disabled=runs.done.value is None).key("stop")
        with solara.Div():
            Said(runs, two, asked is not None, language)
            if asked is not None and not two.is_same:
                Table(runs, two, view.held.get("years", ""), language)


@solara.component
def Which(shown: Shown, two: Two, language: str):
    """The two scenarios, and what is changed in the second."""
    _ = translator(language)
    titles = {name: _(shipped(name).title) for name in names()}
    Select(_("A: compared with"), two.a.scenario, titles, lambda name: shown.change(baseline=name))
    Select(_("B: what is compared"), two.b.scenario, titles, lambda name: shown.choose(lambda choice: choice.of_scenario(name)))
    changes = changes_of(two.b, _, Numbers(language))
    items = "".join(f"<li>{escape(one)}</li>" for one in changes)
    said = (
        f"<p>{escape(_('Changed in B:'))}</p><ul>{items}</ul>"
        if changes
        else f"<small>{escape(_('Levers that are moved in Explore change B.'))}</small>"
    )
    solara.HTML(tag="div", unsafe_innerHTML=said, attributes={"id": "lintas-changes"})


def changes_of(choice: Choice, _: Translate, n: Numbers) -> list[str]:
    """What is changed in a scenario, line by line."""
    moved = [f"{_(PARAMETERS[name].label)}: {n.short(value)}" for name, value in sorted(choice.changed.items())]
    return moved + [_("without {mechanism}").format(mechanism=_(SWITCHES[name])) for name in sorted(choice.off)]


@solara.component
def HowMany(shown: Shown, asked: WantedPairs, ask, language: str):
    """Over how many pairs, of what, and over which years."""
    _, n = translator(language), Numbers(language)
    Select(
        _("Pairs of runs"),
        str(asked.count),
        {str(one): n.number(one) for one in COUNTS},
        lambda one: ask(WantedPairs(int(one), asked.is_draws)),
    )
    kinds = {"s": _("seeds, with the fitted values")}
    if posterior() is not None:
        kinds["d"] = _("draws of the posterior, each with a seed")
    Select(_("The pairs differ in"), "d" if asked.is_draws else "s", kinds, lambda one: ask(WantedPairs(asked.count, one == "d")))
    spans = {"": _("the last three years")} | {one: one.replace("-", "–") for one in SPANS}
    Select(_("Mean of the years"), shown.view.value.held.get("years", ""), spans, lambda one: shown.hold(years=one))


@solara.component
def Said(runs: Differences, two: Two, is_asked: bool, language: str):
    """How far the runs are, or why there are none; read out as it changes."""
    _, n, done, refused = translator(language), Numbers(language), runs.done.value, runs.refused.value
    text = _(refused)
    if two.is_same:
        text = _("A and B are the same, so nothing can differ: choose another scenario, or move a lever in Explore.")
    elif not text and done is not None:
        text = _("{done} of {n} runs are done.").format(done=n.number(done[0]), n=n.number(done[1]))
    elif not text and is_asked:
        text = (
            _("All runs are done.")
            if runs.pairs.value >= two.asked.count
            else _("Stopped: {n} pairs are done.").format(n=n.number(runs.pairs.value))
        )
    elif not text:
        text = _("Press Compare: each pair has the same households in A and B, so that chance is the same in both.")
    solara.HTML(
        tag="p", unsafe_innerHTML=escape(text), classes=["lintas-refused"] if refused else [],
        attributes={"role": "status", "aria-live": "polite", "id": "lintas-pairs-status"},
    )  # fmt: skip


@solara.component
def Table(runs: Differences, two: Two, years: str, language: str):
    """The differences so far."""
    _, n, pairs = translator(language), Numbers(language), runs.pairs.value
    part = solara.use_memo(lambda: two.comparison(span_of(years)), [pairs, two.a.key, two.b.key, two.asked, years])
    if part is None or part.years is None:
        return
    title = _("Mean of {first} to {last}; pairs of runs: {n}").format(first=part.years[0], last=part.years[1], n=n.number(part.pairs))
    titles = (f"A: {_(shipped(two.a.scenario).title)}", f"B: {_(shipped(two.b.scenario).title)}")
    html = table_html(part, two, language, titles)
    command = two.command(part.years)
    again = f"<p>{escape(_('The same from the command line:'))} <code>{escape(command)}</code></p>" if command else ""
    solara.HTML(
        tag="div", unsafe_innerHTML=f"<h2>{escape(title)}</h2>{html}{again}", attributes={"id": "lintas-differences"}
    )  # fmt: skip
    name = f"lintas-compare-{two.names[0]}-{two.names[1]}-{two.a.households}-{two.asked.write()}.csv"
    Csv(lambda: csv(part, two, metadata.version("lintas")), name, _("Download all differences (CSV)"), _("Download all differences (CSV)"))
