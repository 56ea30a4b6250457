"""The tab about the model: what it is in one page, what is assumed, how sure it is, how to cite it, and licences."""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from functools import cache
from html import escape
from importlib import metadata
from typing import Any

import solara

from abm.errors import UserError
from abm.month import MONTH
from agents.core.declare import PARAMETERS, SWITCHES
from experiments.app.runner import region
from experiments.app.shown import Shown
from experiments.app.state import REGION
from experiments.words.languages import Numbers, Translate, mark, translator

#: Title and authors, as CITATION.cff says them (a test compares); the file is no part of an installed package.
TITLE = "lintas: an agent-based model of the border communities of Kalimantan and Sarawak"
AUTHORS = "The lintas authors"
PAPER = "Nira Haryatie (2015). Jurnal Proyeksi 20(2), 19–29"
MODEL = (
    mark(
        "lintas is an agent-based model of the communities on both sides of the border between West Kalimantan (Indonesia) and Sarawak (Malaysia), month by month from January 1980 to December 2015."
    ),
    mark(
        "Households fall ill and seek care, farm, look for work on their side or the other, help each other and keep kin and acquaintances across the line. Traders carry rice, sugar, cooking oil and rubber within the allowance, declared, with a bribe or by a path. Officials at posts, on patrol and in districts decide how strict a post is and what money is spent on."
    ),
    mark(
        "Prices, exchange rates, national product, populations, roads, posts and dated events come from sources. What people do with them is decided by rules; each rule says what it leaves out."
    ),
    mark(
        "It was made to ask of the claims of one paper whether people who behave by these rules could produce what it says. Where the model has a mechanism for a claim, it can be switched off, and a number shows what becomes of the claim."
    ),
)
ASSUMED = (
    mark("Of {n} parameters, {uncertain} are uncertain, {levers} are levers of policy or of the question, {fixed} are fixed. {judged} rest on a judgement, since no source with a number was found; the others on a source that is named beside each of them in Explore."),
    mark("Each parameter has a range. No range was chosen so that a claim of the paper would pass."),
    mark("{n} mechanisms can be switched off, one by one or together."),
)  # fmt: skip
LIMITS = (
    mark("A posterior says which values of the parameters come near to the facts that were fitted, if the model is right. What all its draws share because the model is built so, it cannot question."),
    mark("A verdict is about the model's world. The paper's claim may be true where the model lacks its cause."),
    mark("One run with one seed shows what can be, not how sure it is; for that, draws of the posterior and several seeds are needed."),
    mark("Places are communities, not persons on a map: no household of the model is a real one."),
)  # fmt: skip
LICENCES = (
    (mark("the program"), "Apache License 2.0"),
    (mark("outlines, borders, rivers"), "Natural Earth, public domain"),
    (mark("coordinates"), "GeoNames, CC BY 4.0; wilayah-indonesia, ODbL 1.0"),
    (mark("product, population, prices"), "World Bank (WDI, Commodity Price Data), CC BY 4.0; Penn World Table 10.01 and 10.0, CC BY 4.0"),
    (mark("Malaysian statistics"), "Department of Statistics Malaysia (DOSM), Open Data License"),
    (mark("ringgit rates"), "Board of Governors of the US Federal Reserve System, public domain"),
)  # fmt: skip


@cache
def posterior() -> dict[str, Any]:
    """What the region's posterior says of itself; empty where there is none that can be used."""
    from calibration.posterior import Posterior

    try:
        one = Posterior.load(REGION)
    except UserError:
        return {}
    said = one.manifest
    return {
        "id": one.id, "versions": one.model_versions, "parameters": len(one.parameters), "draws": len(one.draws), "households": one.households,
        "runs": said.get("runs"), "ess": said.get("ess"),
    }  # fmt: skip


def citation() -> str:
    """How to cite the program, in one line."""
    return f"{AUTHORS} (2026). {TITLE}. Version {metadata.version('lintas')}. Apache-2.0."


@solara.component
def About(shown: Shown, language: str):
    """The page about the model."""
    html = solara.use_memo(lambda: about_html(language), [language])
    solara.HTML(tag="article", unsafe_innerHTML=html, classes=["lintas-about"])


def about_html(language: str) -> str:
    """The page about the model as HTML."""
    _, n = translator(language), Numbers(language)
    roles = [one.role for one in PARAMETERS.values()]
    judged = sum(one.source.basis == "judgement" for one in PARAMETERS.values())
    counts = {
        "n": len(roles),
        "uncertain": roles.count("uncertain"),
        "levers": roles.count("lever"),
        "fixed": roles.count("fixed"),
        "judged": judged,
    }
    month = "".join(f"<li>{escape(_(step.title))}</li>" for step in MONTH if not step.name.startswith("record."))
    assumed = (_(ASSUMED[0]).format(**counts), _(ASSUMED[1]), _(ASSUMED[2]).format(n=len(SWITCHES)))
    switches = "".join(f"<li>{escape(_(meaning))} (<code>{escape(name)}</code>)</li>" for name, meaning in sorted(SWITCHES.items()))
    licences = "".join(f"<tr><th scope='row'>{escape(_(what))}</th><td>{escape(licence)}</td></tr>" for what, licence in LICENCES)
    r = region()
    return (
        f"<h2>{escape(_('The model in one page'))}</h2>{_paragraphs(_(one) for one in MODEL)}"
        f"<details><summary>{escape(_('What happens in a month, in order'))}</summary><ol>{month}</ol></details>"
        f"<h2>{escape(_('What is assumed'))}</h2>{_paragraphs(assumed)}"
        f"<details><summary>{escape(_('The mechanisms'))}</summary><ul>{switches}</ul></details>"
        f"<h2>{escape(_('How sure it is'))}</h2>{_paragraphs((*posterior_said(_, n), *(_(one) for one in LIMITS)))}"
        f"<h2>{escape(_('How to cite'))}</h2><p>{escape(_('The program:'))}</p><pre>{escape(citation())}</pre>"
        f"<p>{escape(_('The paper whose claims it holds the model beside:'))}</p><pre>{escape(PAPER)}</pre>"
        f"<p>{escape(_('Say also the region, {region}, and for a run its scenario, parameters and seed; every file that this page gives carries them.').format(region=f'{r.id} ({r.hash[:12]})'))}</p>"
        f"<h2>{escape(_('Licences'))}</h2><table><tbody>{licences}</tbody></table>"
        f"<p>{escape(_('Each table of the region names its sources; the file CREDITS.md in its folder tells what was done with each.'))}</p>"
    )


def posterior_said(_: Translate, n: Numbers) -> list[str]:
    """What the posterior is, in sentences."""
    p = posterior()
    if not p:
        return [_("There is no posterior for this region that can be used.")]
    said = [
        _("{parameters} parameters were fitted to facts of the region: {draws} weighted draws, from runs with {households} households. The posterior is {id}.").format(
            parameters=n.number(p["parameters"]), draws=n.number(p["draws"]), households=n.number(p["households"]), id=p["id"]
        )
    ]  # fmt: skip
    if p["ess"]:
        said.append(_("They are worth {ess} independent draws.").format(ess=n.number(p["ess"])))
    said.append(_("It was made with the model {versions}.").format(versions=p["versions"][0]))
    return said


def _paragraphs(some: Any) -> str:
    return "".join(f"<p>{escape(one)}</p>" for one in some)
