"""The tabs 'What the paper says' and 'Compare' in a browser: with real clicks and keys, the numbers on the page are those of direct runs."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from abm.claims.claim import claims
from abm.claims.years import Years
from abm.scenario import Scenario
from experiments.analysis.compare import compare_scenarios
from experiments.app.charts import chosen, numbers_of
from experiments.app.compare import PagePair, PageWords
from experiments.app.kept import KEPT
from experiments.app.over_pairs import Two, table_html
from experiments.app.pairs import ClaimPairs, WantedPairs
from experiments.app.paper_words import counted, pairs_html
from experiments.app.runner import region
from experiments.app.state import Choice
from tests.app.test_page import DRAWN, PATIENCE, SMALL, Seen, browser, direct, server, width_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["browser", "server"]  # the fixtures


def at(browser: Any, server: str, seen: Seen, query: str, **settings: Any) -> Page:
    """A page of a link."""
    page = browser.new_page(**({"viewport": {"width": 1280, "height": 900}, "accept_downloads": True} | settings))
    page.set_default_timeout(PATIENCE)
    seen.watch(page)
    page.goto(server + query)
    page.get_by_role("tab").first.wait_for()
    return page


def cells_in(html: str) -> list[str]:
    """The words of a table's cells."""
    rows = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html)
    return [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in rows]


def cells_of(page: Page, place: str) -> list[str]:
    """The same of the page."""
    return page.locator(f"{place} table tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent)).flat()")


def test_a_mechanism_is_switched_off_and_the_pair_is_that_of_direct_runs(browser: Any, server: str) -> None:
    seen = Seen()
    page = at(browser, server, seen, "/?v=1&n=300")
    page.get_by_role("tab", name="Explore").press("ArrowRight")  # tabs go by arrows, as a screen reader expects
    page.locator("#lintas-row-E10").wait_for()
    assert (
        page.get_by_role("tab", name="What the paper says").evaluate("one => one === document.activeElement && one.ariaSelected") == "true"
    )
    rows = page.locator(".lintas-row-head b")
    assert rows.all_inner_texts() == [row.claim.id for row in counted()]
    page.get_by_role("button", name="cannot tell (").click()
    page.wait_for_function("n => document.querySelectorAll('.lintas-row').length === n", arg=len(counted("cannot tell")))
    page.locator("#lintas-row-E10").press("Enter")
    page.locator("#lintas-claim-E10").get_by_text("Felbermayr").first.wait_for()
    page.get_by_role("button", name="Switch it off: run the history and “No kinship across the border”").click()
    page.locator("#lintas-pairs table").wait_for()
    pairs = ClaimPairs(claims()["E10"], SMALL)
    history, without = (direct(job.choice) for job in pairs.first)
    for run in (history, without):
        KEPT.put(run)
    assert pairs.off is not None and without.choice == pairs.off
    page.get_by_text("All runs are done.").wait_for()
    assert cells_of(page, "#lintas-pairs") == cells_in(pairs_html(pairs, WantedPairs(1), "en"))
    words, spec = PageWords(PagePair(history, without), region(), "en"), chosen("care_share_across")
    assert " ".join(page.locator("#lintas-said-pair").inner_text().split()) == " ".join(words.sentences(spec))
    (drawn,) = page.evaluate(DRAWN)
    for kind, run in (("b", history), ("v", without)):
        for k, row in enumerate(numbers_of(spec, Years(run.results.yearly), (1980, 2015))):
            np.testing.assert_array_equal(np.array([np.nan if one is None else one for one in drawn[f"{kind}{k}"]], dtype=np.float32), row)
    page.wait_for_function("() => location.search === '?v=1&n=300&tab=paper&verdict=cannot-tell&claim=E10&ran=1s'")
    page.reload()
    page.locator("#lintas-pairs table").wait_for()
    assert cells_of(page, "#lintas-pairs") == cells_in(pairs_html(pairs, WantedPairs(1), "en"))
    page.get_by_role("button", name="More seeds").click()
    page.wait_for_function("() => location.search.endsWith('ran=8s')")
    page.locator("#lintas-pairs").get_by_text("of 8", exact=False).first.wait_for()
    # the first pair is the one that was run before, the others have seeds of their own
    page.locator("#lintas-row-E10").click()
    page.wait_for_function(
        "() => !document.querySelector('#lintas-pairs') && location.search === '?v=1&n=300&tab=paper&verdict=cannot-tell'"
    )
    assert seen.bad == []


def test_two_scenarios_over_pairs_are_those_of_lintas_compare(browser: Any, server: str, tmp_path: Path) -> None:
    seen = Seen()
    page = at(browser, server, seen, "/?v=1&n=300&tab=compare&off=crisis")
    page.get_by_label("B: what is compared").select_option("no-kinship")
    page.get_by_label("Pairs of runs").select_option("2")
    page.get_by_label("Mean of the years").select_option("2005-2007")
    page.get_by_text("Changed in B:").wait_for()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("All runs are done.").wait_for()
    a, b = SMALL, replace(SMALL.of_scenario("no-kinship"), off=frozenset({"crisis"}))
    two = Two(a, b, WantedPairs(2))
    other = Scenario.load("no-kinship", without=["crisis"])
    part = compare_scenarios(Scenario.load("history"), other, replicates=2, households=300, seed=7, years=(2005, 2007))
    expected = cells_in(table_html(part, two, "en", ("A: History", "B: No kinship across the border")))
    page.wait_for_function("() => document.querySelector('#lintas-differences h2').textContent.endsWith('pairs of runs: 2')")
    assert cells_of(page, "#lintas-differences") == expected
    assert page.locator("#lintas-differences code").inner_text() == two.command((2005, 2007))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download all differences (CSV)").click()
    file = tmp_path / "differences.csv"
    waiting.value.save_as(file)
    effect = part.effects[0]
    line = next(one for one in file.read_text().splitlines() if one.startswith(f"{effect.output},{effect.side},"))
    assert float(line.split(",")[5]) == effect.difference
    page.wait_for_function(
        "() => location.search.includes('tab=compare') && location.search.includes('pairs=2s') && location.search.includes('years=2005-2007')"
    )
    assert seen.bad == []


def test_a_hostile_link_of_these_tabs_is_told_and_does_nothing(browser: Any, server: str) -> None:
    seen = Seen()
    query = "/?v=1&n=300&tab=paper&claim=<img src=x onerror=window.hurt=1>&ran=9999s&verdict=<b>&pairs=64d&years=1-9"
    page = at(browser, server, seen, query)
    told = page.locator(".lintas-told").inner_text()
    assert told.count("is not known") == 3 and "and 2 more" in told and "\n" not in told
    page.wait_for_function("() => location.search === '?v=1&n=300&tab=paper'")
    assert page.evaluate("() => window.hurt === undefined && document.querySelectorAll('.lintas-told *').length === 0")
    assert seen.bad == []


def test_a_telephone_needs_no_sideways_scrolling_on_these_tabs(browser: Any, server: str) -> None:
    seen = Seen()
    for query, place in (
        ("tab=paper&claim=E10&ran=1s&lang=id", "#lintas-pairs table"),
        ("tab=compare&s=no-kinship&pairs=2s&lang=ms", "#lintas-differences table"),
    ):
        page = at(browser, server, seen, f"/?v=1&n=300&{query}", viewport={"width": 390, "height": 844})
        page.locator(place).wait_for()
        assert width_of(page) == 390
        page.close()
    assert seen.bad == []


def test_a_choice_that_cannot_be_run_is_refused_in_one_sentence(browser: Any, server: str) -> None:
    seen = Seen()
    page = at(browser, server, seen, "/?v=1&n=300&tab=compare&pairs=2s")
    page.get_by_text("A and B are the same").wait_for()
    page.get_by_label("Seed: the same seed gives the same history").fill("x")
    page.get_by_label("B: what is compared").select_option("closed-border")
    page.get_by_text("The seed is “x”; it must be a whole number").wait_for()
    assert page.locator("#lintas-differences").count() == 0 and Choice(seed="x").key != Choice(seed="7").key
    assert seen.bad == []
