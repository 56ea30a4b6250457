"""The results of the page: main numbers and sentences, charts with their words, tables and files, the map, the paper's claims."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable
from html import escape

import solara
import solara.lab

from agents.core.declare import OUTPUTS
from experiments.app import figures
from experiments.app.charts import ChartSpec, indicators
from experiments.app.compare import PageWords
from experiments.app.controls import Controls, Select, Slider
from experiments.app.runner import region
from experiments.app.shown import Shown
from experiments.app.state import Finished
from experiments.app.status import Bar
from experiments.reports.figure_sheet import Picture
from experiments.words.languages import translator

NO_PICTURE: Picture | None = None


@solara.component
def Explore(shown: Shown, language: str):
    """The tab: a baseline and its variant beside each other."""
    with solara.Div():
        Bar(shown, language)
        Summary(shown, language)
        with solara.Div(classes=["lintas-body"]):
            Controls(shown, language)
            Results(shown, language)


@solara.component
def Results(shown: Shown, language: str):
    """Everything that came of the runs; charts are there from the beginning, words when both runs are finished."""
    _ = translator(language)
    pair, indicator = shown.pair.value, shown.indicator.value
    solara.use_memo(lambda: shown.board.speak(language, indicator), [language, indicator])
    words = solara.use_memo(lambda: pair and shown.words(pair, language), [pair, language, indicator])
    with solara.v.Html(tag="section", attributes={"aria-label": _("What came of it")}, class_="lintas-results"):
        with solara.Div(classes=["lintas-figures"]).key("charts"):
            for spec in shown.board.specs.values():
                ChartPart(shown, spec, words, language).key(spec.key)
            if pair is not None:
                Map(shown, pair.variant, language).key("map")
        if pair is not None:
            Claims(pair.variant, language).key("claims")


@solara.component
def Summary(shown: Shown, language: str):
    """Three sentences, the main numbers, and to which runs they belong."""
    _, pair = translator(language), shown.pair.value
    with solara.v.Html(tag="section", attributes={"aria-label": _("In short")}):
        if pair is None:
            solara.HTML(tag="p", unsafe_innerHTML=escape(_("The history is being run; its charts grow as it goes.")))
            return
        words = PageWords(pair, region(), language)
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in shown.sentences(words))
        runs = "".join(f"<li>{escape(line)}</li>" for line in words.provenance())
        solara.HTML(
            tag="div",
            unsafe_innerHTML=f"<div class='lintas-said'>{said}<ul class='lintas-notes' id='lintas-shown'>{runs}</ul></div>"
            + f"<div>{words.main_numbers()}</div>",
            classes=["lintas-summary"],
        )
        Csv(pair.variant.yearly_csv, pair.variant.file_name, _("Download the yearly table (CSV)"), _("Download the yearly table (CSV)"))


@solara.component
def Csv(content: Callable[[], bytes], name: str, text: str, label: str):
    """A button that downloads a table, made when it is pressed."""
    with solara.FileDownload(content, filename=name, mime_type="text/csv"):
        solara.Button(text, icon_name="mdi-download", small=True, outlined=True, attributes={"aria-label": label})


@solara.component
def Fold(rows: Callable[[], str], language: str):
    """A table under a fold; its rows are made when it is opened first. One that is open stays so while its numbers change."""
    _ = translator(language)
    is_opened, set_opened = solara.use_state(False)
    with solara.v.Html(tag="details"):
        summary = solara.v.Html(tag="summary", children=[_("The numbers as a table")])
        solara.v.use_event(summary, "click", lambda *_given: set_opened(True))
        solara.HTML(unsafe_innerHTML=rows() if is_opened else "")


@solara.component
def ChartPart(shown: Shown, spec: ChartSpec, words: PageWords | None, language: str):
    """A chart, what changed in words, its events, its numbers as a table and as a file."""
    _ = translator(language)
    with solara.v.Html(tag="article"):
        if spec.key == "chosen":
            labels = sorted(((name, _(OUTPUTS[name].label)) for name in indicators()), key=lambda one: one[1].casefold())
            solara.v.Html(tag="h2", children=[_("Any other indicator")])
            Select(_("Indicator"), spec.lines[0].indicator, dict(labels), lambda name: shown.change(indicator=name))
        else:
            solara.v.Html(tag="h2", children=[_(spec.title)])
        unit = "" if spec.unit in ("1", "index", "share") else _(spec.unit)
        solara.HTML(tag="small", unsafe_innerHTML=escape(unit))
        solara.v.Html(tag="div", children=[shown.board.widgets[spec.key]])
        if words is None:
            return
        with solara.Div(classes=["lintas-csv"]):
            Csv(lambda: words.csv(spec), f"{words.file(spec)}.csv", "CSV", _("{title}: numbers (CSV)").format(title=_(spec.title)))
        said = "".join(f"<p>{escape(sentence)}</p>" for sentence in words.sentences(spec))
        notes = "".join(f"<li>{escape(note)}</li>" for note in words.notes(spec))
        events = f"<ul class='lintas-notes'>{notes}</ul>" if notes else ""
        solara.HTML(unsafe_innerHTML=f"<div class='lintas-sentence' id='lintas-said-{spec.key}'>{said}</div>{events}")
        Fold(lambda: figures.table_html(words.head(spec), words.rows(spec), _(spec.title)), language)


@solara.component
def Claims(finished: Finished, language: str):
    """What the paper says beside what the variant gave."""
    html = solara.use_memo(lambda: figures.claims_html(finished, language), [finished, language])
    solara.HTML(tag="article", unsafe_innerHTML=html)


@solara.component
def Map(shown: Shown, finished: Finished, language: str):
    """The map of a chosen year of the variant."""
    _ = translator(language)
    first, last = finished.years
    year = min(max(shown.year.value, first), last)
    # Of years that pass by while the slider is drawn, only the one still wanted when its turn comes gets a map.
    wanted = solara.use_ref((finished, language, year))
    wanted.current = (finished, language, year)

    kept = solara.use_ref(NO_PICTURE)

    def draw() -> Picture | None:
        drawn = figures.map_picture(finished, language, year, lambda: wanted.current == (finished, language, year))
        kept.current = drawn or kept.current
        return kept.current

    drawn = solara.lab.use_task(draw, dependencies=[finished, language, year])
    with solara.v.Html(tag="article", class_="lintas-map"):
        Slider(
            _("Year of the map"), str(year), year, (first, last, 1),
            lambda value: shown.change(year=int(min(max(value, first), last))), "",
        )  # fmt: skip
        if drawn.latest:
            FigureParts(drawn.latest, language)


@solara.component
def FigureParts(picture: Picture, language: str):
    """A picture with its words, and its numbers under a fold."""
    with solara.Div():
        solara.HTML(unsafe_innerHTML=figures.figure_html(picture))
        Fold(lambda: figures.table_html(picture.head, picture.rows, picture.title), language)
