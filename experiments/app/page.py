"""The page that ``lintas app`` serves: a baseline and its variant beside each other, with the same households in both.

State is kept in the components (:class:`~experiments.app.shown.Shown`), so every visitor has their own; a module keeps none. What the
server keeps for all are finished runs, which are only read.
"""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from html import escape

import solara

from experiments.app.controls import Controls
from experiments.app.explore import Results, Summary
from experiments.app.link import write
from experiments.app.runner import RunProgress
from experiments.app.shown import Shown
from experiments.words.languages import LANGUAGES, Numbers, Translate, mark, translator

GIVEN_UP = mark("The connection to this page was lost for a while and its run was given up: press Run to start it again.")


@solara.component
def Layout(children: list = []):  # noqa: B006 – the way the page's frame is handed its children
    """The page without a frame of its own: nothing covers a telephone's screen."""
    return solara.v.Html(tag="div", children=children)


@solara.component
def Page():
    """One visitor's page."""
    query = solara.use_router().search
    shown = solara.use_memo(lambda: Shown(query), [])
    # A page that is closed leaves no run behind.
    solara.use_effect(lambda: shown.close, [])
    language = shown.language.value
    solara.Title("lintas")
    with solara.v.Html(tag="main", class_="lintas", attributes={"lang": language}):
        Head(shown, language)
        Bar(shown, language)
        Summary(shown, language)
        with solara.Div(classes=["lintas-body"]):
            Controls(shown, language)
            Results(shown, language)
        Runs(shown)


@solara.component
def Head(shown: Shown, language: str):
    """What the page is, its languages, and what of its link was not taken."""
    _, told = translator(language), shown.told.value
    with solara.Div(classes=["lintas-head"]):
        solara.HTML(
            unsafe_innerHTML="<h1>lintas</h1>"
            + escape(
                _("The border communities of Kalimantan and Sarawak, 1980–2015: move a lever and see both histories beside each other.")
            )
        )
        with solara.Div(classes=["lintas-languages"], attributes={"role": "group", "aria-label": "Language / Bahasa"}):
            for code, name in LANGUAGES.items():
                solara.Button(
                    name, on_click=lambda code=code: shown.change(language=code), text=True, small=True,
                    attributes={"lang": code, "aria-pressed": str(code == language).lower()},
                    classes=["lintas-pressed"] if code == language else [],
                ).key(code)  # fmt: skip
    solara.HTML(tag="p", unsafe_innerHTML=escape(told), classes=["lintas-told"] if told else [], attributes={"role": "status"}).key("told")


@solara.component
def Bar(shown: Shown, language: str):
    """What can be pressed and how far the run is; every part keeps its place whatever happens."""
    _ = translator(language)
    is_running = shown.is_running.value
    with solara.Div(classes=["lintas-bar"]):
        with solara.Div(classes=["lintas-buttons"]):
            solara.Button(
                _("Run"), on_click=shown.run, color="primary", icon_name="mdi-play", disabled=is_running or not shown.is_earlier
            ).key("run")
            solara.Button(_("Stop"), on_click=shown.stop, outlined=True, disabled=not is_running).key("stop")
            solara.Button(_("Reset"), on_click=shown.reset, outlined=True).key("reset")
        Status(shown, language).key("status")


@solara.component
def Status(shown: Shown, language: str):
    """How far the run is, or why there is none; read out by a screen reader as it changes."""
    _, n = translator(language), Numbers(language)
    progress, is_refused = shown.progress.value, False
    if progress is None:
        is_refused = bool(shown.refused.value or shown.is_given_up.value)
        text = shown.refused.value or (_(GIVEN_UP) if shown.is_given_up.value else "")
        if not text and shown.pair.value is not None:
            text = (
                _("The controls have changed since: press Run to bring the figures up to date.") if shown.is_earlier else _("Up to date.")
            )
    else:
        text = said_of(progress, _, n)
    share = 0.0 if progress is None else 100 * progress.month / max(progress.months, 1)
    solara.v.ProgressLinear(
        value=share, indeterminate=progress is not None and progress.months == 0, class_="" if progress else "lintas-unseen",
        attributes={"aria-label": _("Progress of the run")},
    ).key("progress")  # fmt: skip
    solara.HTML(
        tag="p", unsafe_innerHTML=escape(text), classes=["lintas-refused"] if is_refused else [],
        attributes={"role": "status", "aria-live": "polite", "id": "lintas-status"},
    ).key("said")  # fmt: skip


def said_of(progress: RunProgress, _: Translate, n: Numbers) -> str:
    """How far a run is, in words."""
    if progress.ahead == 1:
        return _("Waiting: one other run comes first.")
    if progress.ahead > 1:
        return _("Waiting: {n} other runs come first.").format(n=progress.ahead)
    if progress.months == 0:
        return _("Making the people (after an install the rules are prepared first, which takes a minute)")
    year, month = divmod(progress.month - 1, 12)
    said = n.month(1980 + year, month + 1)
    return (_("Simulating the baseline: {month}") if progress.is_baseline else _("Simulating {month}")).format(month=said)


@solara.component
def Runs(shown: Shown):
    """Runs what is chosen whenever that changes, and says what the page's link is (``files/page.js`` puts it into the address)."""
    view = shown.view.value
    solara.use_effect(shown.run, [view.choice.key, view.baseline])
    solara.v.Html(tag="span", attributes={"id": "lintas-link", "hidden": "", "data-query": write(view)})
