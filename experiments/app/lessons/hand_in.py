"""The file that a student hands in: predictions, answers, pictures, own words, and how to get the numbers again. One HTML file that needs nothing else."""

from __future__ import annotations

from html import escape
from importlib import metadata
from typing import TYPE_CHECKING

from experiments.app.figures import table_html
from experiments.app.lessons.lesson import HOUSEHOLDS, Ask, Lesson, LessonAnswer, Told
from experiments.app.lessons.taken import At

if TYPE_CHECKING:
    from abm.region import Region

#: Letters of a name and of own words that are kept.
NAME, WORDS = 100, 5_000
STYLE = (
    "body{font-family:sans-serif;line-height:1.45;max-width:44em;margin:2em auto;padding:0 1em;color:#26262a;background:#fff}"
    "table{border-collapse:collapse;font-size:.9em}th,td{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid #e6e6e2}"
    "h2{margin-top:1.6em}.p{font-weight:600}dl{font-size:.9em}dt{font-weight:600}pre{white-space:pre-wrap;background:#f4f4f2;padding:8px}"
    "@media print{section{break-inside:avoid}}"
)


def compared(ask: Ask, given: str, answer: LessonAnswer, told: Told) -> str:
    """A prediction beside the model's answer, in one sentence."""
    _ = told._
    said, right = ask.said(given, told), ask.said(answer.right, told)
    if ask.options:
        if given == answer.right:
            return _("You predicted: {said}. So does the model.").format(said=said)
        return _("You predicted: {said}. The model gives: {right}.").format(said=said, right=right)
    off = told.n.short(abs(float(given) - float(answer.right)))
    return _("You predicted {said}; the model gives {right}: {off} apart.").format(said=said, right=right, off=off)


def answer_html(answer: LessonAnswer, told: Told, title: str) -> str:
    """Sentences, picture and table of an answer."""
    said = "".join(f"<p>{escape(one)}</p>" for one in answer.sentences)
    table = table_html(answer.head, answer.rows, title) if answer.rows and not answer.picture else ""
    if answer.rows and answer.picture:
        table = (
            f"<details><summary>{escape(told._('The numbers as a table'))}</summary>{table_html(answer.head, answer.rows, title)}</details>"
        )
    return said + (f"<div class='lintas-picture'>{answer.picture}</div>" if answer.picture else "") + table


def provenance(lesson: Lesson, seed: int, told: Told, region: Region) -> list[tuple[str, str]]:
    """What says how to get the numbers again: name and value."""
    _ = told._
    return [
        (_("lesson"), lesson.key),
        (_("scenario"), _(lesson.runs)),
        (_("simulated households"), told.n.number(HOUSEHOLDS)),
        (_("seed"), str(seed)),
        (_("region"), f"{region.id} ({region.hash})"),
        (_("version"), f"lintas {metadata.version('lintas')}"),
        (_("the numbers again, in Python"), lesson.again.format(seed=seed)),
    ]


def hand_in(at: At, seed: int, told: Told, region: Region, name: str = "", words: str = "") -> bytes:
    """The file, with everything that was answered; ``name`` and ``words`` are the student's own."""
    _, lesson = told._, at.lesson
    body = f"<h1>{escape(_(lesson.title))}</h1><p>{escape(_(lesson.about))}</p>"
    body += f"<p class='p'>{escape(_('Name'))}: {escape(name[:NAME]) or '…'}</p>"
    for k, step in enumerate(lesson.steps):
        title = _(step.title)
        part = f"<h2>{k + 1}. {escape(title)}</h2>" + "".join(f"<p>{escape(one)}</p>" for one in step.text(told))
        before = lesson.asks_before(k)
        if step.ask is not None and step.answer is not None:
            part += f"<p class='p'>{escape(_(step.ask.question))}</p>"
            if before >= len(at.given):
                body += f"<section>{part}<p>{escape(_('Not answered.'))}</p></section>"
                break  # what comes after it was not seen
            answer = step.answer(told)
            part += f"<p class='p'>{escape(compared(step.ask, at.given[before], answer, told))}</p>{answer_html(answer, told, title)}"
        body += f"<section>{part}</section>"
    if words.strip():
        body += f"<section><h2>{escape(_('In my own words'))}</h2><p style='white-space:pre-wrap'>{escape(words[:WORDS])}</p></section>"
    listed = "".join(f"<dt>{escape(a)}</dt><dd><pre>{escape(b)}</pre></dd>" for a, b in provenance(lesson, seed, told, region))
    body += f"<section><h2>{escape(_('How to get these numbers again'))}</h2><dl>{listed}</dl></section>"
    return (
        f"<!doctype html><html lang='{told.language}'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>lintas: {escape(_(lesson.title))}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    ).encode()
