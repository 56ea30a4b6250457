"""The page in a real browser: what it shows equals direct runs, it asks nobody but this machine, and it fits a telephone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from abm import BorderModel
from abm.claims.years import Years
from experiments.app import figures
from experiments.app.charts import CHARTS, chosen, numbers_of
from experiments.app.compare import PagePair, PageWords
from experiments.app.controls import GROUPS
from experiments.app.runner import region
from experiments.app.state import Choice, Finished
from experiments.words.languages import LANGUAGES, translator
from tests.app.test_state import DOCTRINE, same

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # Every other machine has a name that cannot be found, so that what the page tries is seen and fails.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]  # fmt: skip
PATIENCE = 120_000


class Seen:
    """Everything that a page should not do."""

    def __init__(self) -> None:
        self.bad: list[str] = []
        self.requests = 0

    def watch(self, page: Page) -> None:
        page.on("console", lambda m: self.bad.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: self.bad.append(f"page error: {error}"))
        page.on("requestfailed", lambda request: self.bad.append(f"failed: {request.url}"))
        page.on("response", lambda r: self.bad.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.on("request", lambda request: self.address(request.url))
        page.on("websocket", lambda socket: self.address(socket.url))

    def address(self, url: str) -> None:
        self.requests += 1
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in ("127.0.0.1", "localhost"):
            self.bad.append(f"outside request: {url[:200]}")


def need_chromium() -> None:
    """Skip where there is no browser; in CI it is a failure."""
    if not CHROMIUM.exists():
        need = "the browser tests need Chromium: run 'apt-get install chromium'"
        pytest.fail(need) if os.environ.get("CI") == "true" else pytest.skip(need)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need_chromium()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-P", "-m", "experiments.cli.main", "app", "--no-open", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + 60
        while True:
            try:
                direct.open(address, timeout=5).read(1)
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    pytest.fail(f"the page's server did not start:\n{log.read_text()[-3000:]}")
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture
def browser(server: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield one
        one.close()


def direct(choice: Choice) -> Finished:
    """What the page must show: the same choice, run directly."""
    scenario, households, seed = choice.checked(same)
    return Finished.of(BorderModel(scenario, households=households, rng=seed).run(), choice)


@pytest.fixture(scope="module")
def history() -> Finished:
    return direct(SMALL)


SMALL = Choice(households=300)
#: The link of a page with the fewest households.
QUERY = "/?v=1&n=300"
#: The numbers that a chart has drawn, line by line; the page's script and this one are the same module.
DRAWN = """async () => {
  const echarts = await import("/_solara/cdn/echarts@5.4.0/dist/echarts.esm.min.js");
  return [...document.querySelectorAll(".lintas-chart")].map((box) =>
    Object.fromEntries(echarts.getInstanceByDom(box).getOption().series.map((one) => [one.id, one.data])));
}"""


def opened(browser: Any, server: str, seen: Seen, query: str = QUERY, language: str = "en", **settings: Any) -> Page:
    page = browser.new_page(**({"viewport": {"width": 1280, "height": 900}, "accept_downloads": True} | settings))
    page.set_default_timeout(PATIENCE)
    seen.watch(page)
    page.goto(server + query)
    ready(page, language)
    return page


def ready(page: Page, language: str = "en") -> None:
    """Wait until what is chosen is shown, words, charts and map."""
    page.wait_for_function(
        "text => document.getElementById('lintas-status')?.textContent === text && document.querySelector('.lintas-map img')",
        arg=translator(language)("Up to date."),
    )


def check_shown(page: Page, pair: PagePair, language: str = "en", indicator: str = "gini") -> None:
    """Everything that the page says about its charts is what two direct runs say, and so is every number drawn."""
    words, specs = PageWords(pair, region(), language), (*CHARTS, chosen(indicator))
    for spec in specs:
        page.wait_for_function(
            "([key, said]) => document.getElementById('lintas-said-' + key)?.innerText.replace(/\\s+/g, ' ') === said",
            arg=[spec.key, " ".join(words.sentences(spec))],
        )
    assert page.locator("#lintas-shown li").all_inner_texts() == words.provenance()
    cells = page.locator(".lintas-main tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent)).flat()")
    assert "".join(cells) == "".join(_text(words.main_numbers()))
    for spec, drawn in zip(specs, page.evaluate(DRAWN), strict=True):
        for kind, run in (("b", pair.baseline), ("v", pair.variant)):
            numbers = numbers_of(spec, Years(run.results.yearly), (1980, 2015))
            for k, row in enumerate(numbers):
                found = np.array([np.nan if one is None else one for one in drawn[f"{kind}{k}"]], dtype=np.float32)
                np.testing.assert_array_equal(found, row)


def _text(html: str) -> list[str]:
    """The words of a table."""
    import re
    from html import unescape

    return [unescape(one) for one in re.findall(r">([^<]+)<", html)]


def table_of(page: Page, title: str) -> list[list[str]]:
    """The rows of the table behind a chart."""
    return page.locator(f".lintas-table[aria-label='{title}'] tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def width_of(page: Page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth")


def test_the_page_opens_with_the_history_in_every_language(browser: Any, server: str, history: Finished) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    first = page.locator("article").first
    first.locator("summary").click()
    for language, name in (*LANGUAGES.items(), ("en", "English")):
        page.get_by_role("button", name=name).click()
        page.wait_for_function(
            "code => document.querySelector('main').lang === code && document.documentElement.lang === code", arg=language
        )
        pair, _ = PagePair(history, history), translator(language)
        check_shown(page, pair, language)
        words = PageWords(pair, region(), language)
        page.locator(f".lintas-table[aria-label='{_(CHARTS[0].title)}']").wait_for()
        assert table_of(page, _(CHARTS[0].title)) == [list(row) for row in words.rows(CHARTS[0])]
        picture = figures.map_picture(history, language, 1985)
        assert picture is not None
        page.get_by_text(picture.sentence, exact=True).wait_for()
        assert page.get_by_alt_text(picture.alt, exact=True).count() == 1
        # each chart says its words to a screen reader in place of the picture
        said = page.locator(".lintas-chart[role=img]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
        assert said == [words.said(spec) for spec in (*CHARTS, chosen("gini"))]
    assert seen.requests > 5 and seen.bad == []


def test_a_moved_lever_beside_the_baseline_its_link_and_its_files(browser: Any, server: str, history: Finished, tmp_path: Path) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    lever = page.get_by_role("slider", name="Indonesian officials' doctrine in 1980")
    lever.press("End")
    page.wait_for_function("() => location.search.includes('doctrine_id:1')")
    pair = PagePair(history, direct(SMALL.moved(DOCTRINE, 1.0)))
    check_shown(page, pair)
    words = PageWords(pair, region(), "en")

    def files(one: Page) -> dict[str, bytes]:
        got = {}
        for button in ("Download the yearly table (CSV)", "Income on both sides: numbers (CSV)", "Income on both sides: save as PNG",
                       "Income on both sides: save as SVG"):  # fmt: skip
            with one.expect_download() as download:
                one.get_by_role("button", name=button, exact=True).click()
            file = tmp_path / download.value.suggested_filename
            download.value.save_as(file)
            got[file.name] = file.read_bytes()
        return got

    got = files(page)
    name = "lintas-income-history-300-7"
    assert got["lintas-history-300-7-yearly.csv"] == pair.variant.yearly_csv()
    assert got[f"{name}.csv"] == words.csv(CHARTS[0])
    assert got[f"{name}.png"].startswith(b"\x89PNG") and len(got[f"{name}.png"]) > 10_000
    picture = got[f"{name}.svg"].decode()
    assert picture.startswith("<svg") and "<script" not in picture
    for line in words.provenance():
        assert line in picture
    # the link in a fresh browser shows the same
    other = opened(browser, server, seen, page.url.removeprefix(server))
    check_shown(other, pair)
    again = files(other)
    assert {key: again[key] for key in again if key.endswith("csv")} == {key: got[key] for key in got if key.endswith("csv")}
    other.close()

    page.get_by_role("button", name="Reset: Indonesian officials' doctrine in 1980").click()
    check_shown(page, PagePair(history, history))
    assert lever.get_attribute("aria-valuenow") == "0.2"
    assert seen.bad == []


def test_a_refusal_and_the_way_back(browser: Any, server: str) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    before = page.locator("#lintas-shown").inner_text()
    page.get_by_role("textbox", name="Seed: the same seed gives the same history").fill("seven")
    page.get_by_text("The seed is “seven”; it must be a whole number of 0 or more, for example 7.").wait_for()
    assert page.locator("#lintas-shown").inner_text() == before
    page.get_by_role("button", name="Reset", exact=True).click()
    ready(page)
    page.get_by_text("Solid: History, 2,000 households, seed 7").wait_for()
    assert page.get_by_role("textbox", name="Seed: the same seed gives the same history").input_value() == "7"
    page.wait_for_function("() => location.search === ''")
    assert seen.bad == []


def test_another_scenario_baseline_year_and_indicator(browser: Any, server: str, history: Finished) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    page.get_by_role("slider", name="Year of the map").press("End")
    page.get_by_label("Scenario", exact=True).select_option("closed-border")
    page.get_by_label("Indicator", exact=True).select_option("income_ratio")
    closed = direct(Choice("closed-border", 300))
    check_shown(page, PagePair(history, closed), indicator="income_ratio")
    picture = figures.map_picture(closed, "en", 2015)
    assert picture is not None
    page.get_by_text(picture.sentence, exact=True).wait_for()
    page.get_by_label("Baseline, with the same households").select_option("closed-border")
    check_shown(page, PagePair(closed, closed), indicator="income_ratio")
    page.wait_for_function("() => location.search === '?v=1&s=closed-border&b=closed-border&n=300&i=income_ratio&y=2015'")
    assert seen.bad == []


def test_the_cursor_is_shared_and_values_are_rounded(browser: Any, server: str, history: Finished) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    page.locator(".lintas-chart").nth(0).hover(position={"x": 200, "y": 200})
    page.wait_for_function(
        "() => [...document.querySelectorAll('.lintas-chart')].slice(0, 2).every(one => /[12][0-9]{3}/.test(one.innerText))"
    )
    tips = page.locator(".lintas-chart").evaluate_all("all => all.map(one => one.innerText)")
    year = int(tips[0].strip()[:4])
    assert {tip.strip()[:4] for tip in tips if tip.strip()} == {str(year)}
    income = Years(history.results.yearly).of("income_per_capita")[year]
    assert f"Income per head, West Kalimantan: {income:,.0f}" in tips[0]
    share = 100 * Years(history.results.yearly).of("care_share_across_hospital")[year]
    assert f"Share of hospital care across, West Kalimantan: {share:.1f}%".replace(".0%", "%") in tips[1]
    assert seen.bad == []


def test_the_buttons_keep_their_place_while_a_run_is_under_way(browser: Any, server: str) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    buttons = page.locator(".lintas-bar button")
    where = lambda: [(buttons.nth(k).text_content(), buttons.nth(k).bounding_box()) for k in range(3)]  # noqa: E731
    before = where()
    page.get_by_role("slider", name="Simulated households, both sides together").press("End")
    page.get_by_text("Simulating").wait_for()
    assert where() == before
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("The controls have changed since").wait_for()
    assert where() == before and page.get_by_role("button", name="Run", exact=True).is_enabled()
    assert seen.bad == []


def test_two_visitors_do_not_meet(browser: Any, server: str) -> None:
    seen = Seen()
    one, two = opened(browser, server, seen), opened(browser, server, seen)
    one.get_by_label("Scenario", exact=True).select_option("no-kinship")
    one.get_by_text("Solid: No kinship across the border, 300 households, seed 7").wait_for()
    assert "Solid: History, 300 households, seed 7" in two.locator("#lintas-shown").inner_text()
    assert two.get_by_label("Scenario", exact=True).input_value() == "history"
    assert seen.bad == []


def test_a_hostile_link_is_told_in_one_line_and_does_nothing(browser: Any, server: str) -> None:
    seen = Seen()
    query = f"/?v=1&n=300&set={DOCTRINE}:1e300,x:1&off=<img src=x onerror=window.hurt=1>&y=<script>window.hurt=1</script>"
    page = opened(browser, server, seen, query)
    told = page.locator(".lintas-told").inner_text()
    assert f"{DOCTRINE} = 1e+300 became 1" in told and "“x” for set is not known" in told and "\n" not in told
    assert page.evaluate("() => window.hurt === undefined && document.querySelectorAll('.lintas-told *').length === 0")
    page.wait_for_function("() => location.search === '?v=1&n=300&set=official.set_strictness.doctrine_id:1.0'")
    page.get_by_text("Solid: History, 300 households, seed 7, official.set_strictness.doctrine_id = 1").wait_for()
    assert seen.bad == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_needs_no_sideways_scrolling(browser: Any, server: str, scheme: str) -> None:
    seen = Seen()
    page = opened(browser, server, seen, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert width_of(page) <= 390
    for title, _switches, _starts in GROUPS[1:]:
        page.locator("summary", has_text=title).first.click()
    page.get_by_role("textbox", name="Search levers, mechanisms and assumptions").fill("care")
    page.get_by_text("found, 12 shown").wait_for()
    for summary in page.locator(".lintas-results summary").all():
        summary.click()
    for code, name in LANGUAGES.items():
        page.get_by_role("button", name=name).click()
        page.wait_for_function("code => document.querySelector('main').lang === code", arg=code)
        assert width_of(page) <= 390, name
    paper = page.evaluate("() => getComputedStyle(document.querySelector('main')).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    assert seen.bad == []
