"""The tab of lessons: their list, and one lesson step by step. A prediction is asked for before its answer is made and sent to the browser."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable
from html import escape

import solara

from experiments.app.lessons.all import LESSONS
from experiments.app.lessons.hand_in import answer_html, compared, hand_in
from experiments.app.lessons.lesson import CODES, Ask, Lesson, Told
from experiments.app.lessons.run import NUMBERS, LessonRunner
from experiments.app.lessons.taken import At, read
from experiments.app.parts import Heading
from experiments.app.runner import region
from experiments.app.shown import Shown, of_this_page
from experiments.app.state import SEED
from experiments.words.languages import translator


@solara.component_vue("../files/ask.vue")
def NativeAsk(
    name: str,
    question: str,
    options: list[dict[str, str]],
    given: str,
    low: float,
    high: float,
    unit: str,
    button: str,
    event_give: Callable[[object], None] = lambda _value: None,
):
    """A question with the browser's own parts: options to choose from, or a number, and a button that gives the prediction."""


@solara.component_vue("../files/hand_in.vue")
def NativeHandIn(
    words_label: str,
    name_label: str,
    button: str,
    filename: str,
    html: str,
    number: int,
    event_make: Callable[[object], None] = lambda _own: None,
):
    """Own words, name, and a button; the browser downloads ``html`` each time that ``number`` changes."""


#: Parts done, all parts, runs that come first; which lesson's numbers were found with which seed, and what went wrong; files made, and the last one.
NOTHING_DONE: tuple[int, int, int] = (0, 0, 0)
NO_END: tuple[str, int, str] = ("", 0, "")
NO_FILE: tuple[int, str] = (0, "")


def seed_of(shown: Shown) -> int:
    """The seed of the controls, where it is one that can be run; else the one with which the page opens."""
    text = shown.view.value.choice.seed.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else SEED


@solara.component
def Lessons(shown: Shown, language: str):
    """The list of lessons, or the one that was begun."""
    at = read(shown.view.value.held.get("les", ""))
    if at is None:
        LessonList(shown, language)
    else:
        LessonPart(shown, at, language).key(at.lesson.key)


@solara.component
def LessonList(shown: Shown, language: str):
    """What there is to learn, and notes for the teacher."""
    _ = translator(language)
    with solara.v.Html(tag="section", attributes={"aria-label": _("Lessons")}, class_="lintas-lessons"):
        solara.HTML(tag="p", unsafe_innerHTML=escape(
            _("Each lesson takes about {n} minutes. It asks what you expect before it shows what the model gives, and ends in a file that you can hand in. The link in the address bar keeps your place.").format(n=15)
        ))  # fmt: skip
        for lesson in LESSONS.values():
            with solara.v.Html(tag="article", class_="lintas-lesson").key(lesson.key):
                solara.v.Html(tag="h2", children=[_(lesson.title)])
                solara.HTML(tag="p", unsafe_innerHTML=escape(_(lesson.about)))
                solara.Button(
                    _("Begin"), on_click=lambda lesson=lesson: shown.hold(les=At(lesson).written()), color="primary",
                    attributes={"aria-label": _("Begin: {title}").format(title=_(lesson.title))},
                )  # fmt: skip
                Notes(lesson, language)


@solara.component
def Notes(lesson: Lesson, language: str):
    """The teacher's notes of a lesson, under a fold."""
    _ = translator(language)
    notes = "".join(f"<li>{escape(_(note))}</li>" for note in lesson.notes)
    runs = _("Numbers: {runs}. The seed is the one in Explore; with another seed for each student, each has numbers of their own.").format(
        runs=_(lesson.runs)
    )
    with solara.v.Html(tag="details"):
        solara.v.Html(tag="summary", children=[_("Notes for the teacher")])
        solara.HTML(unsafe_innerHTML=f"<ul>{notes}</ul><p>{escape(runs)}</p>")


@solara.component
def LessonPart(shown: Shown, at: At, language: str):
    """One lesson: its runs, its steps, the file at its end."""
    _, lesson, seed = translator(language), at.lesson, seed_of(shown)
    progress, set_progress = solara.use_state(NOTHING_DONE)
    ended, set_ended = solara.use_state(NO_END)
    moved = solara.use_ref(False)
    runner = solara.use_memo(
        lambda: LessonRunner(
            of_this_page(lambda done, parts, ahead: set_progress((done, parts, ahead))),
            of_this_page(lambda key, of, error: set_ended((key, of, error))),
        ),
        [],
    )
    solara.use_effect(lambda: runner.start(lesson, seed), [seed])
    solara.use_effect(lambda: runner.stop, [])

    def go(to: At) -> None:
        moved.current = True
        shown.hold(les=to.written())

    with solara.v.Html(tag="section", attributes={"aria-label": _(lesson.title)}, class_="lintas-lesson-open"):
        solara.v.Html(tag="h2", children=[_(lesson.title)])
        solara.Button(_("All lessons"), on_click=lambda: shown.hold(les=""), text=True, small=True, icon_name="mdi-arrow-left")
        found = NUMBERS.get(lesson.key, seed)
        if found is None:
            Waiting(progress, ended[2] if ended[:2] == (lesson.key, seed) else "", language)
            return
        told = Told(found, language)
        StepPart(at, told, go, moved.current, language).key(f"step {at.step}")
        if at.step + 1 == len(lesson.steps):
            End(at, seed, told, language).key("end")


@solara.component
def Waiting(progress: tuple[int, int, int], error: str, language: str):
    """How far the lesson's runs are, or why there are none."""
    _ = translator(language)
    done, parts, ahead = progress
    text = error or (
        _("Waiting: {n} other runs come first.").format(n=ahead)
        if ahead > 1
        else _("Waiting: one other run comes first.")
        if ahead
        else _("The lesson's runs: {done} of {all} done. The first time this may take a minute.").format(done=done, all=max(parts, 1))
    )
    solara.v.ProgressLinear(
        value=100 * done / max(parts, 1), indeterminate=parts == 0 and not error, attributes={"aria-label": _("Progress of the run")}
    )
    solara.HTML(tag="p", unsafe_innerHTML=escape(text), classes=["lintas-refused"] if error else [], attributes={"role": "status"})


@solara.component
def StepPart(at: At, told: Told, go: Callable[[At], None], takes_focus: bool, language: str):
    """One step: what it tells and asks, the answer once a prediction was given, and the ways back and on."""
    _, step = translator(language), at.lesson.steps[at.step]
    told_that, tell = solara.use_state("")
    has_given, set_has_given = solara.use_state(False)
    title = _("Step {k} of {n}: {title}").format(k=at.step + 1, n=len(at.lesson.steps), title=_(step.title))
    Heading(text=title, takes_focus=takes_focus)
    solara.HTML(unsafe_innerHTML="".join(f"<p>{escape(one)}</p>" for one in step.text(told)))
    if step.ask is not None and step.answer is not None:
        ask = step.ask

        def give(text: object) -> None:
            to, is_same = at.predicted(str(text)[:40])
            if to is at:
                tell(_("This is no prediction that can be taken: {text}").format(text=str(text)[:40]))
                return
            tell("" if is_same else _("Your number was set to the nearest that can be: {number}").format(number=to.prediction))
            set_has_given(True)
            go(to)

        Question(ask, at, give, language)
        solara.HTML(
            tag="p", unsafe_innerHTML=escape(told_that), classes=["lintas-told"] if told_that else [], attributes={"role": "status"}
        )
        if at.prediction:
            answer = step.answer(told)
            with solara.v.Html(tag="div", class_="lintas-answer"):
                Heading(text=_("What the model gives"), takes_focus=has_given)
                solara.HTML(tag="p", unsafe_innerHTML=escape(compared(ask, at.prediction, answer, told)), classes=["lintas-compared"])
                solara.HTML(unsafe_innerHTML=answer_html(answer, told, title))
    with solara.Div(classes=["lintas-buttons"]):
        solara.Button(_("Back"), on_click=lambda: go(at.went(-1)), outlined=True, disabled=at.step == 0)
        if at.step + 1 < len(at.lesson.steps):
            solara.Button(_("Next"), on_click=lambda: go(at.went(1)), color="primary", disabled=not at.may_go_on)


@solara.component
def Question(ask: Ask, at: At, give: Callable[[object], None], language: str):
    """A question, open until a prediction was given."""
    _ = translator(language)
    NativeAsk(
        name=f"{at.lesson.key}-{at.step}",
        question=_(ask.question),
        options=[{"value": code, "text": _(text)} for code, text in zip(CODES, ask.options, strict=False)],
        given=at.prediction,
        low=ask.low,
        high=ask.high,
        unit=_(ask.unit),
        button=_("That is my prediction: show the answer"),
        event_give=give,
    )


@solara.component
def End(at: At, seed: int, told: Told, language: str):
    """The end of a lesson: own words, name, and the file to hand in. Name and words stay on this page and are in no link."""
    _ = translator(language)
    (number, html), set_made = solara.use_state(NO_FILE)

    def make(own: object) -> None:
        name, words = (str(own.get(key, "")) if isinstance(own, dict) else "" for key in ("name", "words"))
        set_made((number + 1, hand_in(at, seed, told, region(), name, words).decode()))

    NativeHandIn(
        words_label=_("In my own words"), name_label=_("Name"), button=_("Download the file to hand in (HTML)"),
        filename=f"lintas-lesson-{at.lesson.key}-{seed}.html", html=html, number=number, event_make=make,
    )  # fmt: skip
