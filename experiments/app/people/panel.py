"""The tab of people: find somebody, and read the life in both worlds."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable
from html import escape

import solara
import solara.lab

from abm.errors import UserError
from agents.core.declare import OUTPUTS
from experiments.app.charts import SHARES
from experiments.app.controls import Select
from experiments.app.figures import table_html
from experiments.app.parts import Heading
from experiments.app.people.directory import DIRECTORIES, FOUND, Directory, Who, read
from experiments.app.people.run import LIVES, LifeRunner
from experiments.app.people.words import YEARS, LifeWords, place_picture
from experiments.app.shown import Shown, of_this_page
from experiments.app.state import Choice
from experiments.words.languages import Numbers, translator

#: Indicators of a place that are drawn; its table has all that it has.
DRAWN = ("income_per_capita", "care_share_across")
#: Decisions of a year that are shown at once.
MOST_SHOWN = 40
#: Months done, all months, runs that come first; how often a life was noted, and what went wrong the last time.
NOTHING_DONE: tuple[int, int, int] = (0, 0, 0)
NO_END: tuple[int, str] = (0, "")


@solara.component
def People(shown: Shown, language: str):
    """Search, and who was found."""
    _, view = translator(language), shown.view.value
    choice = view.choice
    wanted = choice.key

    def make() -> tuple[Directory | None, str]:
        try:
            return DIRECTORIES.of(choice), ""
        except UserError as error:
            return None, str(error)

    who = read(view.held.get("who", ""))
    opened_with = solara.use_ref(who)  # who the link named: whoever is chosen after that takes the keyboard's place
    made = solara.lab.use_task(make, dependencies=[wanted])
    found, error = made.latest if made.latest is not None and not made.pending else (None, "")
    with solara.v.Html(tag="section", attributes={"aria-label": _("People")}, class_="lintas-people"):
        solara.HTML(tag="p", unsafe_innerHTML=escape(
            _("Those who are there in January 1980, with a number for each. Baseline and variant are those of Explore; households that come later cannot be followed.")
        ))  # fmt: skip
        if found is None:
            solara.HTML(tag="p", unsafe_innerHTML=escape(error or _("The people are being made.")), attributes={"role": "status"})
            return
        Search(shown, found, language).key("search")
        if who is None:
            return
        if not found.has(who):
            told = _("There is no {who} in this run: numbers go from 1 to {most}.").format(who=who.written(), most=found.count(who.entity))
            solara.HTML(tag="p", unsafe_innerHTML=escape(told), classes=["lintas-told"], attributes={"role": "status"})
        elif who.entity == "place":
            Place(shown, found, who, who != opened_with.current, language).key(who.written())
        else:
            Person(shown, found, who, who != opened_with.current, language).key(who.written())


@solara.component
def Search(shown: Shown, directory: Directory, language: str):
    """A field to type in, and what it finds as buttons."""
    _ = translator(language)
    text, set_text = solara.use_state("")
    solara.InputText(
        _("Name of a place, or a number (“Entikong”, “134”, “trader 5”)"),
        value=text,
        on_value=lambda new: set_text(str(new)[:60]),
        continuous_update=True,
    )
    if not text.strip():
        places = [Who("place", k + 1) for k in range(len(directory.places))]
        Choose(shown, directory, places, language)
        return
    found = directory.search(text, _)
    said = _("{n} found").format(n=len(found)) if len(found) <= FOUND else _("{n} found, {shown} shown").format(n=len(found), shown=FOUND)
    solara.HTML(tag="p", unsafe_innerHTML=escape(said), attributes={"role": "status"})
    Choose(shown, directory, found[:FOUND], language)


@solara.component
def Choose(shown: Shown, directory: Directory, some: list[Who], language: str):
    """Buttons, one for each of some that can be looked at."""
    _ = translator(language)
    with solara.Div(classes=["lintas-found"]):
        for who in some:
            name = directory.place_of(who) if who.entity == "place" else directory.name(who, _)
            solara.Button(name, on_click=lambda who=who: shown.hold(who=who.written()), outlined=True, small=True).key(who.written())


@solara.component
def Person(shown: Shown, directory: Directory, who: Who, takes_focus: bool, language: str):
    """The life of a household, of a trader with its household, or of an official."""
    _, n, view = translator(language), Numbers(language), shown.view.value
    baseline = view.choice.baseline(view.baseline)
    is_same = baseline.key == view.choice.key
    choices: list[Choice] = [baseline] if is_same else [baseline, view.choice]
    entity, uid = directory.followed(who)
    progress, set_progress = solara.use_state(NOTHING_DONE)
    (_ends, ended), set_ended = solara.use_state(NO_END)
    runner = solara.use_memo(
        lambda: LifeRunner(
            of_this_page(lambda done, parts, ahead: set_progress((done, parts, ahead))),
            of_this_page(lambda error: set_ended(lambda old: (old[0] + 1, error))),
        ),
        [],
    )
    solara.use_effect(lambda: runner.start(choices, entity, uid), [tuple(one.key for one in choices), uid])
    solara.use_effect(lambda: runner.stop, [])
    title = directory.name(who, _)
    Heading(text=title, takes_focus=takes_focus)
    said = []
    if who.entity != "official":
        row = who.number - 1 if who.entity == "household" else int(directory.household[who.number - 1])
        said.append(
            _("In January 1980: adults {adults}, children {children}.").format(
                adults=int(directory.adults[row]), children=int(directory.children[row])
            )
        )
        trader = int(directory.trader[row])
        if who.entity == "trader":
            said.append(_("Shown is the life of its household, household {n}, with its deals.").format(n=row + 1))
        elif trader >= 0:
            said.append(_("It has a trader, number {n}.").format(n=trader + 1))
    solara.HTML(unsafe_innerHTML="".join(f"<p>{escape(one)}</p>" for one in said))
    lives = [LIVES.get(one, entity, uid) for one in choices]
    first = lives[0]
    if first is None or (not is_same and lives[1] is None):
        done, parts, ahead = progress
        text = ended or (_("Other runs come first: {n}.").format(n=ahead) if ahead else _("The runs are being done once more, to note this life: {done} of {all} months.").format(done=n.number(done), all=n.number(parts)))  # fmt: skip
        solara.v.ProgressLinear(
            value=100 * done / max(parts, 1), indeterminate=not parts and not ended, attributes={"aria-label": _("Progress of the run")}
        )
        solara.HTML(tag="p", unsafe_innerHTML=escape(text), classes=["lintas-refused"] if ended else [], attributes={"role": "status"})
        return
    words = LifeWords(first, None if is_same else lives[1], language)
    LifePart(shown, words, title, language)


@solara.component
def LifePart(shown: Shown, words: LifeWords, title: str, language: str):
    """Sentences, a picture, the years, and the decisions of one year."""
    _ = translator(language)
    only, set_only = solara.use_state(words.variant is not None)
    solara.HTML(
        unsafe_innerHTML="".join(f"<p>{escape(one)}</p>" for one in words.sentences())
        + f"<div class='lintas-picture'>{words.picture(title)}</div>"
    )
    solara.HTML(unsafe_innerHTML=table_html(words.head(), words.rows(), title))
    if words.baseline.entity == "official":
        return
    held = shown.view.value.held.get("wy", "")
    first = next((one.month for pair in words.changed[:1] for one in pair if one is not None), 0)
    year = int(held) if held else 1980 + first // 12
    solara.v.Html(tag="h3", children=[_("Decisions of a year")])
    Select(_("Year"), str(year), {str(y): str(y) for y in YEARS}, lambda text: shown.hold(wy=text))
    if words.variant is not None:
        solara.Checkbox(label=_("Only decisions that differ"), value=only, on_value=lambda on: set_only(bool(on)))
    pairs = words.decisions(year, only and words.variant is not None)
    work = "".join(f"<p>{escape(one)}</p>" for one in words.work(year))
    note = (
        _("{n} decisions.").format(n=len(pairs))
        if len(pairs) <= MOST_SHOWN
        else _("{n} decisions, {shown} shown.").format(n=len(pairs), shown=MOST_SHOWN)
    )
    body = ""
    for pair in pairs[:MOST_SHOWN]:
        told = words.told(pair)
        head, rows = words.options(pair)
        body += f"<details><summary>{escape(told)}</summary>{table_html(head, rows, told)}</details>"
    why = _("The draw is the same number in both worlds. Each option has a share of the numbers from 0 to 1, larger the higher its utility; a decision differs where the draw lies between shares that have moved, or where an option or the occasion itself is there in one world only.")  # fmt: skip
    solara.HTML(unsafe_innerHTML=f"{work}<p role='status'>{escape(note)}</p><p><small>{escape(why)}</small></p>{body}")


@solara.component
def Place(shown: Shown, directory: Directory, who: Who, takes_focus: bool, language: str):
    """A place: its years in both worlds, and who is there."""
    _, pair = translator(language), shown.pair.value
    name = directory.place_of(who)
    Heading(text=name, takes_focus=takes_focus)
    if pair is None:
        solara.HTML(
            tag="p", unsafe_innerHTML=escape(_("The history is being run; its charts grow as it goes.")), attributes={"role": "status"}
        )
    else:
        solara.HTML(unsafe_innerHTML=place_html(shown, name, language))
    solara.v.Html(tag="h3", children=[_("Who is there in January 1980")])
    Choose(shown, directory, directory.at(who.number - 1)[:60], language)


def place_html(shown: Shown, name: str, language: str) -> str:
    """Pictures and tables of a place's years."""
    _, n, pair = translator(language), Numbers(language), shown.pair.peek()
    assert pair is not None
    worlds = {_("baseline"): pair.baseline} if pair.is_same else {_("variant"): pair.variant, _("baseline"): pair.baseline}
    body = ""
    for indicator in DRAWN:
        label, is_share = _(OUTPUTS[indicator].label), OUTPUTS[indicator].unit in SHARES
        series: dict[str, dict[int, float]] = {}
        for world, run in worlds.items():
            table = run.results.places
            rows = table[table["place"] == name]
            series[world] = dict(zip(rows["year"].astype(int), rows[indicator].astype(float), strict=True))
        show: Callable[[float], str] = (lambda x: n.percent(x, 1)) if is_share else n.short
        last = max(next(iter(series.values())))
        said = f"{name}. {label}: " + "; ".join(f"{world} {show(some[last])} ({last})" for world, some in series.items())
        body += f"<h3>{escape(label)}</h3><p>{escape(said)}</p><div class='lintas-picture'>{place_picture(said, series, label, (_('year'), ''), show)}</div>"
        head = (_("year"), *series)
        rows_of = tuple((str(y), *(show(some[y]) for some in series.values())) for y in sorted(next(iter(series.values()))))
        body += f"<details><summary>{escape(_('The numbers as a table'))}</summary>{table_html(head, rows_of, label)}</details>"
    return body
