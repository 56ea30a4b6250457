"""How far is the run of the page's controls, and what can be pressed? The bar of the tab Explore."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from html import escape

import solara

from experiments.app.runner import RunProgress
from experiments.app.shown import Shown
from experiments.words.languages import Numbers, Translate, mark, translator

GIVEN_UP = mark("The connection to this page was lost for a while and its run was given up: press Run to start it again.")


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
