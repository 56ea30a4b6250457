"""The page that ``lintas app`` serves: a baseline and its variant beside each other, with the same households in both.

State is kept in the components (:class:`~experiments.app.shown.Shown`), so every visitor has their own; a module keeps none. What the
server keeps for all are finished runs, which are only read.
"""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable
from html import escape

import solara

from experiments.app.link import write
from experiments.app.shown import Shown
from experiments.app.tabs import BY_KEY, TABS
from experiments.words.languages import LANGUAGES, translator


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
        TabBar(shown, language)
        tab = shown.tab.value
        with solara.v.Html(
            tag="div", class_="lintas-panel",
            attributes={"role": "tabpanel", "id": "lintas-panel", "aria-labelledby": f"lintas-tab-{tab}"},
        ):  # fmt: skip
            BY_KEY[tab].load()(shown, language).key(tab)
        Runs(shown)


@solara.component_vue("files/tabs.vue")
def NativeTabs(label: str, value: str, options: list[dict[str, str]], event_choose: Callable[[object], None] = lambda _value: None):
    """The row of tabs: arrows, Home and End go from one to the next, as keyboard and screen reader expect."""


@solara.component
def TabBar(shown: Shown, language: str):
    """The tabs of the page."""
    _ = translator(language)

    def choose(key: object) -> None:
        if isinstance(key, str) and key in BY_KEY:
            shown.change(tab=key)

    NativeTabs(
        label=_("Parts of the page"), value=shown.tab.value, options=[{"value": one.key, "text": _(one.title)} for one in TABS],
        event_choose=choose,
    )  # fmt: skip


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
def Runs(shown: Shown):
    """Runs what is chosen whenever that changes, and says what the page's link is (``files/page.js`` puts it into the address)."""
    view = shown.view.value
    needs_pair = BY_KEY[view.tab].needs_pair
    solara.use_effect(lambda: shown.run() if needs_pair else None, [view.choice.key, view.baseline, needs_pair])
    solara.v.Html(tag="span", attributes={"id": "lintas-link", "hidden": "", "data-query": write(view)})
