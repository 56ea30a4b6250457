"""The page that ``lintas app`` serves: controls made from the declarations, one run at a time, figures and words.

State is kept in the components, so every visitor has their own; a module keeps none. The results are in components of
their own, which are not touched while a control moves. A message from a browser can hold anything, so what a control passes on is
taken only if it is one of what the control offers.
"""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import math
import weakref
from collections.abc import Callable

import solara
import solara.lab
from solara.server.kernel_context import get_current_context

import abm.simulation  # noqa: F401 – registers the world's levers too
from abm.errors import UserError
from agents.core.declare import SWITCHES, Parameter
from experiments.app import figures, sessions
from experiments.app.runner import RunEnd, Runner, RunProgress
from experiments.app.state import FEWEST, FIRST_LEVERS, HOUSEHOLD_STEP, MOST, Choice, Finished, levers, names, shipped, step_of
from experiments.reports.figure_sheet import Picture
from experiments.words.languages import LANGUAGES, Numbers, mark, translator

FIRST_MAP_YEAR = 1985
NO_PICTURE: Picture | None = None

GIVEN_UP = mark("The connection to this page was lost for a while and its run was given up: press Run to start it again.")

STYLE = """
.lintas { max-width: 1180px; margin: 0 auto; padding: 12px 16px 40px; color: #26262a; background: #fff; line-height: 1.45;
  overflow-wrap: break-word; }
.lintas h1 { font-size: 1.5rem; margin: 0; } .lintas h2 { font-size: 1.15rem; margin: 0 0 6px; } .lintas p { margin: 6px 0 10px; }
.lintas-head { display: flex; flex-wrap: wrap; gap: 8px 24px; justify-content: space-between; align-items: center; }
.lintas-body { display: grid; grid-template-columns: minmax(0, 340px) minmax(0, 1fr); gap: 32px; margin-top: 12px; align-items: start; }
.lintas-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 28px 24px; align-items: start; }
.lintas-map { grid-column: 1 / -1; max-width: 760px; } .lintas-map .lintas-lever { max-width: 340px; margin-top: 0; }
.lintas img { width: 100%; height: auto; display: block; }
.lintas small { display: block; color: #55555a; font-size: .8rem; line-height: 1.35; }
.lintas-lever { margin: 14px 0 4px; } .lintas-lever b { font-weight: 600; }
.lintas-refused { color: #a11212; font-weight: 600; } .lintas-earlier { background: #fbf1d9; padding: 8px 12px; border-radius: 4px; }
.lintas-notes { padding-left: 0 !important; list-style: none; font-size: .85rem; }
.lintas summary { cursor: pointer; padding: 6px 0; color: #8a340a; }
.lintas-table { overflow: auto; max-height: 340px; max-width: 100%; }
.lintas table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; width: 100%; }
.lintas th, .lintas td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid #e6e6e2; vertical-align: top; }
.lintas th[scope=row] { font-weight: 600; } .lintas thead th { color: #55555a; font-weight: 600; }
.lintas-table td { white-space: nowrap; }
.lintas-yes { color: #23652a; font-weight: 600; } .lintas-no { color: #a11212; font-weight: 600; } .lintas-open { color: #55555a; }
.lintas-buttons { display: flex; flex-wrap: wrap; gap: 8px; margin: 10px 0; }
.lintas .v-btn { text-transform: none; letter-spacing: 0; } .lintas .v-btn:focus-visible, .lintas summary:focus-visible { outline: 3px solid #1c5d99; }
.lintas .v-input--selection-controls { margin-top: 2px; padding-top: 0; } .lintas .v-input--selection-controls label { color: #26262a; font-size: .9rem; }
@media (max-width: 800px) {
  .lintas-body { grid-template-columns: minmax(0, 1fr); gap: 16px; }
  .lintas-claims thead { display: none; } .lintas-claims tr { display: block; border-bottom: 1px solid #b9b6aa; padding: 8px 0; }
  .lintas-claims th, .lintas-claims td { display: block; border: 0; padding: 1px 0; }
  .lintas-claims td::before { content: attr(data-head) ": "; color: #55555a; }
}
"""


@solara.component
def Layout(children: list = []):  # noqa: B006 – the way the page's frame is handed its children
    """The page without a frame of its own: nothing covers a telephone's screen."""
    return solara.v.Html(tag="div", children=children)


def of_this_page[**P](call: Callable[P, None]) -> Callable[P, None]:
    """``call``, done as of the page that is being made, whatever thread calls it; nothing once the page is closed."""
    page = weakref.ref(get_current_context())

    def inside(*given: P.args, **named: P.kwargs) -> None:
        context = page()
        if context is not None and not context.closed_event.is_set():
            with context:
                call(*given, **named)

    return inside


@solara.component
def Page():
    """One visitor's page."""
    language, set_language = solara.use_state("en")
    choice, set_choice = solara.use_state(Choice())
    progress: solara.Reactive[RunProgress | None] = solara.use_reactive(None)
    finished: solara.Reactive[Finished | None] = solara.use_reactive(None)
    refused: solara.Reactive[str] = solara.use_reactive("")
    is_given_up: solara.Reactive[bool] = solara.use_reactive(False)

    def made() -> Runner:
        def end(outcome: RunEnd) -> None:
            progress.set(None)
            refused.set(outcome.refused)
            is_given_up.set(outcome.is_given_up)
            if outcome.finished is not None:
                finished.set(outcome.finished)

        page = get_current_context().id
        return Runner(of_this_page(progress.set), of_this_page(end), lambda: sessions.away(page))

    runner = solara.use_memo(made, [])
    # A page that is closed leaves no run behind.
    solara.use_effect(lambda: runner.stop, [])

    _ = translator(language)

    def run() -> None:
        refused.set("")
        is_given_up.set(False)
        try:
            runner.start(choice, _)
        except UserError as error:
            refused.set(str(error))

    def stop() -> None:
        runner.stop()
        progress.set(None)

    def reset() -> None:
        refused.set("")
        is_given_up.set(False)
        set_choice(Choice())

    solara.Title("lintas")
    solara.Style(STYLE)
    with solara.v.Html(tag="main", class_="lintas", attributes={"lang": language}):
        with solara.Div(classes=["lintas-head"]):
            solara.HTML(
                unsafe_innerHTML="<h1>lintas</h1>"
                + figures.escape(
                    _("The border communities of Kalimantan and Sarawak, 1980–2015: choose a history, run it, read it beside the paper.")
                )
            )
            with solara.ToggleButtonsSingle(
                value=language,
                on_value=lambda value: set_language(value) if isinstance(value, str) and value in LANGUAGES else None,
                dense=True,
            ):
                for code, name in LANGUAGES.items():
                    solara.Button(name, value=code, text=True, attributes={"lang": code})
        with solara.Div(classes=["lintas-body"]):
            with solara.v.Html(tag="section", attributes={"aria-label": _("What to run")}):
                Controls(choice, set_choice, language)
                with solara.Div(classes=["lintas-buttons"]):
                    solara.Button(_("Run"), on_click=run, color="primary", icon_name="mdi-play")
                    if progress.value is not None:
                        solara.Button(_("Stop"), on_click=stop, outlined=True)
                    solara.Button(_("Reset"), on_click=reset, outlined=True)
                Status(progress.value, refused.value or (_(GIVEN_UP) if is_given_up.value else ""), language)
                More(choice, set_choice, language)
            with solara.v.Html(tag="section", attributes={"aria-label": _("What came of it")}):
                if finished.value is None:
                    solara.HTML(
                        tag="p", unsafe_innerHTML=figures.escape(_("Nothing has been run yet. A run of 36 years takes a few seconds."))
                    )
                else:
                    Shown(finished.value, finished.value.choice != choice, language)
                    Figures(finished.value, language)


@solara.component
def Controls(choice: Choice, set_choice: Callable[[Choice], None], language: str):
    """Everything that decides the numbers."""
    _, n = translator(language), Numbers(language)

    def change(**new: object) -> None:
        said = {
            "scenario": choice.scenario,
            "households": choice.households,
            "seed": choice.seed,
            "changed": choice.changed,
            "off": choice.off,
        }
        other = Choice(**(said | new))  # type: ignore[arg-type]
        # what another scenario sets by itself is no change of it
        kept = {name: value for name, value in other.changed.items() if value != other.value_of_scenario(name)}
        set_choice(Choice(other.scenario, other.households, other.seed, kept, other.off - other.off_in_scenario()))

    scenario = shipped(choice.scenario)
    titles = {name: _(shipped(name).title) for name in names()}
    with solara.Column(gap="0px"):
        solara.v.Select(
            label=_("Scenario"),
            items=[{"text": title, "value": name} for name, title in titles.items()],
            v_model=choice.scenario,
            on_v_model=lambda value: change(scenario=value) if isinstance(value, str) and value in titles else None,
            hide_details=True,
        )
        solara.HTML(tag="small", unsafe_innerHTML=figures.escape(_(scenario.description)), style="margin-top: 6px")
        Slider(
            _("Simulated households, both sides together"),
            n.number(choice.households),
            choice.households,
            (FEWEST, MOST, HOUSEHOLD_STEP),
            lambda value: change(households=int(value)),
            _("More households give steadier numbers and take longer."),
        )
        solara.InputText(
            _("Seed: the same seed gives the same history"),
            value=choice.seed,
            on_value=lambda text: change(seed=text),
            continuous_update=True,
        )
        for lever in levers()[: len(FIRST_LEVERS)]:
            Lever(lever, choice, set_choice, language)


@solara.component
def More(choice: Choice, set_choice: Callable[[Choice], None], language: str):
    """The levers and mechanisms that few need, each group under a fold."""
    _ = translator(language)
    with solara.Details(_("More levers")):
        for lever in levers()[len(FIRST_LEVERS) :]:
            Lever(lever, choice, set_choice, language)
    with solara.Details(_("Mechanisms that can be switched off")):
        fixed = choice.off_in_scenario()
        for name, meaning in sorted(SWITCHES.items(), key=lambda pair: _(pair[1])):
            solara.Checkbox(
                label=_(meaning),
                value=name not in fixed and name not in choice.off,
                on_value=lambda on, name=name: set_choice(choice.switched(name, bool(on))),
                disabled=name in fixed,
            )


@solara.component
def Lever(lever: Parameter, choice: Choice, set_choice: Callable[[Choice], None], language: str):
    """The slider of one declared lever, with its unit, range, value in the scenario and source."""
    _, n = translator(language), Numbers(language)
    step, value = step_of(lever), choice.value(lever.name)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))

    def show(number: float) -> str:
        needed = next((d for d in range(decimals) if math.isclose(round(number, d), number)), decimals)
        return n.number(number, needed)

    unit = "" if lever.unit in ("1", "index", "share") else f" {_(lever.unit)}"
    said = _("Range {low} to {high}, in this scenario {default}. Source: {source}").format(
        low=show(lever.low), high=show(lever.high), default=show(choice.value_of_scenario(lever.name)), source=lever.source.reference
    )
    Slider(
        _(lever.label),
        show(value) + unit,
        value,
        (lever.low, lever.high, step),
        lambda new: set_choice(choice.moved(lever.name, new)),
        said,
    )


@solara.component
def Slider(label: str, shown: str, value: float, span: tuple[float, float, float], on_value: Callable[[float], None], said: str):
    """A slider with its name and value above and its explanation below."""
    low, high, step = span
    with solara.Div(classes=["lintas-lever"]):
        solara.HTML(unsafe_innerHTML=f"{figures.escape(label)}: <b>{figures.escape(shown)}</b>")
        solara.v.Slider(
            v_model=value, on_v_model=lambda new: on_value(float(new)), min=low, max=high, step=step, hide_details=True,
            attributes={"aria-label": label},
        )  # fmt: skip
        if said:
            solara.HTML(tag="small", unsafe_innerHTML=figures.escape(said))


@solara.component
def Status(progress: RunProgress | None, refused: str, language: str):
    """How far the run is, or why there is none; read out by a screen reader as it changes."""
    _, n = translator(language), Numbers(language)
    if progress is None:
        text = figures.escape(refused)
    elif progress.ahead > 0:
        if progress.ahead == 1:
            text = figures.escape(_("Waiting: one other run comes first."))
        else:
            text = figures.escape(_("Waiting: {n} other runs come first.").format(n=progress.ahead))
    elif progress.months == 0:
        text = figures.escape(_("Making the people (after an install the rules are prepared first, which takes a minute)"))
    else:
        year, month = divmod(progress.month - 1, 12)
        text = figures.escape(_("Simulating {month}").format(month=n.month(1980 + year, month + 1)))
    if progress is not None:
        solara.v.ProgressLinear(
            value=100 * progress.month / max(progress.months, 1),
            indeterminate=progress.months == 0,
            attributes={"aria-label": _("Progress of the run")},
        )
    classes = ["lintas-refused"] if progress is None and refused else []
    solara.HTML(tag="p", unsafe_innerHTML=text, classes=classes, attributes={"role": "status", "aria-live": "polite"})


@solara.component
def Shown(finished: Finished, is_earlier: bool, language: str):
    """What the figures belong to, and the yearly table to take away."""
    _, n = translator(language), Numbers(language)
    said = finished.manifest
    changed = [f"{name} = {value:g}" for name, value in finished.choice.changed.items()]
    changed += [_("without {mechanism}").format(mechanism=name) for name in sorted(finished.choice.off)]
    words = _("Shown: {scenario}, {households} households, seed {seed}{changes}.").format(
        scenario=_(said["scenario"]["title"]), households=n.number(said["households"]), seed=said["seed"],
        changes="".join(f", {one}" for one in changed),
    )  # fmt: skip
    solara.HTML(tag="p", unsafe_innerHTML=figures.escape(words), attributes={"id": "lintas-shown"})
    if is_earlier:
        again = _("The controls have changed since: press Run to bring the figures up to date.")
        solara.HTML(tag="p", unsafe_innerHTML=figures.escape(again), classes=["lintas-earlier"])
    with solara.Div(classes=["lintas-buttons"]):
        solara.FileDownload(
            finished.yearly_csv,
            filename=finished.file_name,
            label=_("Download the yearly table (CSV)"),
            mime_type="text/csv",
            icon_name="mdi-download",
        )


@solara.component
def Figures(finished: Finished, language: str):
    """Figures, map and table of claims; what is drawn stays until its successor is ready."""
    _ = translator(language)
    # Of runs and languages that follow one another quickly, only the one still wanted when its turn comes is drawn.
    wanted = solara.use_ref((finished, language))
    wanted.current = (finished, language)

    # If one was not drawn, the former figures stay: the page would jump if they were removed and shown again.
    shown = solara.use_ref(dict[tuple[str, ...], tuple[Picture, ...]]())

    def drawing(keys: tuple[str, ...]) -> tuple[Picture, ...]:
        drawn = figures.pictures(finished, language, keys, lambda: wanted.current == (finished, language))
        if drawn:
            shown.current[keys] = drawn
        return shown.current.get(keys, ())

    first = solara.lab.use_task(lambda: drawing(figures.ALWAYS), dependencies=[finished, language])
    claims = solara.use_memo(lambda: figures.claims_html(finished, language), [finished, language])
    more = solara.lab.use_task(lambda: drawing(figures.MORE), dependencies=[finished, language])
    if not first.latest:
        solara.HTML(tag="p", unsafe_innerHTML=figures.escape(_("Drawing the figures …")))
    # With a name of its own each part stays the same part when others come before it: otherwise the map would be made anew, with the
    # first year instead of the chosen one, and opened folds would close.
    with solara.Div(classes=["lintas-figures"]).key("figures"):
        for key, picture in zip(figures.ALWAYS, first.latest or (), strict=False):
            Figure(picture, language).key(key)
        Map(finished, language).key("map")
        for key, picture in zip(figures.MORE, more.latest or (), strict=False):
            Figure(picture, language).key(key)
    solara.HTML(tag="article", unsafe_innerHTML=claims).key("claims")


@solara.component
def Figure(picture: Picture, language: str):
    """A figure with its words, and its numbers under a fold."""
    with solara.v.Html(tag="article"):
        FigureParts(picture, language)


@solara.component
def FigureParts(picture: Picture, language: str):
    """The fold is an element of its own whose content is replaced, so that one that was opened stays open."""
    _ = translator(language)
    with solara.Div():
        solara.HTML(unsafe_innerHTML=figures.figure_html(picture))
        with solara.v.Html(tag="details"):
            solara.v.Html(tag="summary", children=[_("The numbers as a table")])
            solara.HTML(unsafe_innerHTML=figures.table_html(picture.head, picture.rows, picture.title))


@solara.component
def Map(finished: Finished, language: str):
    """The map of a chosen year."""
    _ = translator(language)
    first, last = finished.years
    year, set_year = solara.use_state(min(max(FIRST_MAP_YEAR, first), last))
    # Of years that pass by while the slider is drawn, only the one still wanted when its turn comes gets a map.
    wanted = solara.use_ref((finished, language, year))
    wanted.current = (finished, language, year)

    shown = solara.use_ref(NO_PICTURE)

    def draw() -> Picture | None:
        drawn = figures.map_picture(finished, language, year, lambda: wanted.current == (finished, language, year))
        shown.current = drawn or shown.current
        return shown.current

    drawn = solara.lab.use_task(draw, dependencies=[finished, language, year])
    with solara.v.Html(tag="article", class_="lintas-map"):
        Slider(_("Year of the map"), str(year), year, (first, last, 1), lambda value: set_year(int(min(max(value, first), last))), "")
        if drawn.latest:
            FigureParts(drawn.latest, language)
