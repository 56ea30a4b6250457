"""The controls of the page, made from the declarations: scenarios, levers and mechanisms by group, search among all that can be set.

A message from a browser can hold anything, so what a control passes on is taken only if it is one of what the control offers.
"""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html import escape

import solara

import abm.simulation  # noqa: F401 – registers the world's levers too
from agents.core.declare import SWITCHES, Parameter
from experiments.app.shown import Shown
from experiments.app.state import FEWEST, HOUSEHOLD_STEP, MOST, assumptions, levers, names, shipped, step_of
from experiments.words.languages import Numbers, Translate, mark, translator

#: Groups of the page: title, mechanisms, and beginnings of the names of the parameters that belong there.
GROUPS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (mark("Officials and posts"), ("doctrine_change", "enforcement", "bribery"), ("official.set_strictness.", "official.inspect.")),
    (mark("Budgets, roads and clinics"), ("infrastructure_investment", "puskesmas_programme"), ("official.spend_budget.", "world.travel.")),
    (
        mark("Illness and care"), ("cross_border_care",),
        ("household.fall_ill.", "household.seek_care.", "household.receive_care.", "official.ration_care.", "official.keep_facility.", "world.set_care."),
    ),
    (
        mark("Work and income"), ("cross_border_work", "undocumented_work"),
        ("household.choose_work.", "household.get_work.", "household.earn.", "world.set_work."),
    ),
    (
        mark("Trade and prices"), ("traditional_trade", "undeclared_trade", "price_adjustment"),
        ("trader.", "market.", "world.set_month.allowance"),
    ),
    (mark("Ties across the border"), ("kinship", "kin_help"), ("household.help_kin.", "household.keep_ties.", "household.remember.", "world.kinship.", "world.meet.")),
    (mark("People"), ("demography",), ("world.demography.", "world.populate.", "household.live.")),
    (mark("History"), ("crisis",), ("world.series.", "world.set_month.")),
)  # fmt: skip
#: What later rules declare and no group names.
OTHER = mark("Other")
#: Found controls that are shown at once.
MOST_FOUND = 12


@cache
def group_of(name: str) -> str:
    """The title of the group of a parameter or a mechanism; of a parameter, that of the longest beginning that fits."""
    fits = [(len(start), title) for title, _switches, starts in GROUPS for start in starts if name.startswith(start)]
    return next((title for title, switches, _starts in GROUPS if name in switches), max(fits, default=(0, OTHER))[1])


def grouped() -> list[tuple[str, list[Parameter], list[str]]]:
    """Every lever and every mechanism in its group, groups without either left out."""
    titles = [*(title for title, _switches, _starts in GROUPS), OTHER]
    both = [
        (title, [one for one in levers() if group_of(one.name) == title], sorted(name for name in SWITCHES if group_of(name) == title))
        for title in titles
    ]
    return [group for group in both if group[1] or group[2]]


def found(text: str, _: Translate) -> tuple[list[Parameter], list[str]]:
    """Levers and assumptions, and mechanisms, whose words or name hold every word of ``text``."""
    wanted = text.casefold().split()

    def fits(*words: str) -> bool:
        everything = " ".join(words).casefold()
        return all(one in everything for one in wanted)

    parameters = [one for one in (*levers(), *assumptions()) if fits(_(one.label), one.name, _(group_of(one.name)))]
    return parameters, [name for name, meaning in sorted(SWITCHES.items()) if fits(_(meaning), name, _(group_of(name)))]


@solara.component_vue("files/select.vue")
def NativeSelect(
    label: str,
    value: str,
    options: list[dict[str, str]],
    event_choose: Callable[[object], None] = lambda _value: None,
):
    """The browser's own list to choose from: it works with keyboard and screen reader as they know it."""


@solara.component
def Select(label: str, value: str, offered: dict[str, str], on_value: Callable[[str], None]):
    """A list to choose from; ``offered`` are the words of each value."""

    def choose(value: object) -> None:
        if isinstance(value, str) and value in offered:
            on_value(value)

    NativeSelect(label=label, value=value, options=[{"value": key, "text": text} for key, text in offered.items()], event_choose=choose)


@solara.component
def Controls(shown: Shown, language: str):
    """Scenario, baseline, size and seed, then all that can be moved and switched."""
    _ = translator(language)
    looked_for, look_for = solara.use_state("")
    with solara.v.Html(tag="section", attributes={"aria-label": _("What to run")}, class_="lintas-controls"):
        Scenarios(shown, language)
        Size(shown, language)
        solara.InputText(
            _("Search levers, mechanisms and assumptions"), value=looked_for, on_value=look_for, continuous_update=True
        )  # fmt: skip
        if len(looked_for.strip()) > 1:
            Found(shown, looked_for, language)
        for title, parameters, switches in grouped():
            with solara.v.Html(tag="details", attributes={"open": ""} if title == GROUPS[0][0] else {}).key(title):
                solara.v.Html(tag="summary", children=[_(title)])
                for parameter in parameters:
                    Lever(parameter, shown, language).key(parameter.name)
                for name in switches:
                    Switch(name, shown, language).key(name)


@solara.component
def Scenarios(shown: Shown, language: str):
    """The scenario to look at, and the one that it is compared with."""
    _, view = translator(language), shown.view.value
    titles = {name: _(shipped(name).title) for name in names()}
    Select(
        _("Scenario"), view.choice.scenario, titles, lambda name: shown.choose(lambda choice: choice.of_scenario(name))
    )  # fmt: skip
    solara.HTML(tag="small", unsafe_innerHTML=escape(_(shipped(view.choice.scenario).description)))
    Select(_("Baseline, with the same households"), view.baseline, titles, lambda name: shown.change(baseline=name))


@solara.component
def Size(shown: Shown, language: str):
    """Households and seed, of baseline and variant alike."""
    _, n, choice = translator(language), Numbers(language), shown.view.value.choice

    def resize(value: float) -> None:
        households = int(min(max(value, FEWEST), MOST))
        shown.choose(lambda choice: replace(choice, households=households - (households - FEWEST) % HOUSEHOLD_STEP))

    Slider(
        _("Simulated households, both sides together"),
        n.number(choice.households),
        choice.households,
        (FEWEST, MOST, HOUSEHOLD_STEP),
        resize,
        _("More households give steadier numbers and take longer."),
    )
    solara.InputText(
        _("Seed: the same seed gives the same history"),
        value=choice.seed,
        on_value=lambda text: shown.choose(lambda choice: replace(choice, seed=text)),
        continuous_update=True,
    )


@solara.component
def Found(shown: Shown, text: str, language: str):
    """What a search found, the first of it as controls."""
    _ = translator(language)
    parameters, switches = found(text, _)
    number = len(parameters) + len(switches)
    said = _("{n} found").format(n=number) if number <= MOST_FOUND else _("{n} found, {shown} shown").format(n=number, shown=MOST_FOUND)
    solara.HTML(tag="p", unsafe_innerHTML=escape(said), attributes={"role": "status"})
    switches = switches[:MOST_FOUND]
    for name in switches:
        Switch(name, shown, language).key(f"found {name}")
    for parameter in parameters[: MOST_FOUND - len(switches)]:
        Lever(parameter, shown, language).key(f"found {parameter.name}")


@solara.component
def Switch(name: str, shown: Shown, language: str):
    """A mechanism that can be switched off."""
    _, choice = translator(language), shown.view.value.choice
    fixed = choice.off_in_scenario()
    solara.Checkbox(
        label=_(SWITCHES[name]),
        value=name not in fixed and name not in choice.off,
        on_value=lambda on: shown.choose(lambda choice: choice.switched(name, bool(on))),
        disabled=name in fixed,
    )


@solara.component
def Lever(lever: Parameter, shown: Shown, language: str):
    """The slider of one declared parameter, with its unit, range, value in the scenario, source, and a way back."""
    _, n, choice = translator(language), Numbers(language), shown.view.value.choice
    step, value, usual = step_of(lever), choice.value(lever.name), choice.value_of_scenario(lever.name)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))

    def show(number: float) -> str:
        needed = next((d for d in range(decimals) if math.isclose(round(number, d), number)), decimals)
        return n.number(number, needed)

    def move(number: float) -> None:
        if math.isfinite(number):
            shown.choose(lambda choice: choice.moved(lever.name, min(max(number, lever.low), lever.high)))

    unit = "" if lever.unit in ("1", "index", "share") else f" {_(lever.unit)}"
    said = _("Range {low} to {high}, in this scenario {default}. Source: {source}").format(
        low=show(lever.low), high=show(lever.high), default=show(usual), source=lever.source.reference
    )
    Slider(_(lever.label), show(value) + unit, value, (lever.low, lever.high, step), move, said, back=(
        _("Reset"), lever.name in choice.changed, lambda: shown.choose(lambda choice: choice.moved(lever.name, usual)),
    ))  # fmt: skip


@solara.component
def Slider(
    label: str,
    shown: str,
    value: float,
    span: tuple[float, float, float],
    on_value: Callable[[float], None],
    said: str,
    back: tuple[str, bool, Callable[[], None]] | None = None,
):
    """A slider with its name and value above, its explanation below, and a button back to its value in the scenario."""
    low, high, step = span

    def move(new: object) -> None:
        if isinstance(new, (int, float)):
            on_value(float(new))

    with solara.Div(classes=["lintas-lever"]):
        with solara.Div(classes=["lintas-lever-head"]):
            solara.HTML(unsafe_innerHTML=f"{escape(label)}: <b>{escape(shown)}</b>")
            if back is not None:
                name, is_moved, go_back = back
                solara.Button(
                    icon_name="mdi-undo", on_click=go_back, disabled=not is_moved, icon=True, small=True,
                    attributes={"aria-label": f"{name}: {label}", "title": name},
                )  # fmt: skip
        solara.v.Slider(
            v_model=value, on_v_model=move, min=low, max=high, step=step, hide_details=True,
            attributes={"aria-label": label},
        )  # fmt: skip
        if said:
            solara.HTML(tag="small", unsafe_innerHTML=escape(said))
