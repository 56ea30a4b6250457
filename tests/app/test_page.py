"""The page in a real browser: what it shows equals a direct run, it asks nobody but this machine, and it fits a telephone."""

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

import pandas as pd
import pytest

from abm import BorderModel
from abm.scenario import Scenario
from experiments.app import figures
from experiments.app.state import Choice, Finished
from experiments.words.languages import translator
from tests.app.test_state import read_yearly

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


@pytest.fixture(scope="module")
def expected() -> Finished:
    """What the page must show: the same choice, run directly."""
    return Finished.of(BorderModel(Scenario.load("history"), households=300, rng=7).run(), Choice(households=300))


def opened(browser: Any, server: str, seen: Seen, width: int = 1280, height: int = 900) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height}, accept_downloads=True)
    page.set_default_timeout(PATIENCE)
    seen.watch(page)
    page.goto(server)
    page.get_by_role("button", name="Run", exact=True).wait_for()
    return page


def run_small(page: Page) -> None:
    """Choose the fewest households with the keyboard, and run."""
    page.get_by_role("slider", name="Simulated households, both sides together").press("Home")
    page.get_by_text("300", exact=True).first.wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("#lintas-shown").wait_for()
    page.wait_for_function("() => document.querySelectorAll('.lintas-figures img').length === 6")


def table_of(page: Page, title: str) -> list[list[str]]:
    """The rows of the table behind a figure."""
    return page.locator(f".lintas-table[aria-label='{title}'] tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def width_of(page: Page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth")


def test_the_page_shows_a_direct_run_in_every_language(browser: Any, server: str, expected: Finished, tmp_path: Path) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    run_small(page)
    for language, name in (("en", "English"), ("id", "Bahasa Indonesia"), ("ms", "Bahasa Melayu"), ("en", "English")):
        page.get_by_role("button", name=name).click()
        _ = translator(language)
        page.get_by_role("button", name=_("Run"), exact=True).wait_for()
        for picture in (*figures.pictures(expected, language), figures.map_picture(expected, language, 1985)):
            page.get_by_text(picture.sentence, exact=True).wait_for()
            assert table_of(page, picture.title) == [list(row) for row in picture.rows]
            assert page.get_by_alt_text(picture.alt, exact=True).count() == 1
        shown = page.locator("#lintas-shown").inner_text()
        assert page.locator("main").get_attribute("lang") == language
        assert "300" in shown and _("History") in shown
        # the choice is the same in every language
        assert page.get_by_role("slider", name=_("Simulated households, both sides together")).get_attribute("aria-valuenow") == "300"
        assert page.locator(".lintas-earlier").count() == 0

    with page.expect_download() as download:
        page.get_by_role("button", name="Download the yearly table (CSV)").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "lintas-history-300-7-yearly.csv"
    assert file.read_bytes() == expected.yearly_csv()
    pd.testing.assert_frame_equal(read_yearly(file.read_text()), expected.results.yearly, check_exact=True, check_dtype=False)
    assert seen.requests > 5 and seen.bad == []


def test_a_moved_lever_a_refusal_and_the_way_back(browser: Any, server: str) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    run_small(page)
    lever = page.get_by_role("slider", name="Indonesian officials' doctrine in 1980")
    lever.press("End")
    page.locator(".lintas-earlier").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Shown: History, 300 households, seed 7, official.set_strictness.doctrine_id = 1.").wait_for()
    scenario = Scenario.load("history", set={"official.set_strictness.doctrine_id": 1.0})
    other = Finished.of(BorderModel(scenario, households=300, rng=7).run(), Choice(households=300))
    page.get_by_text(figures.pictures(other, "en", ("income",))[0].sentence, exact=True).wait_for()

    seed = page.get_by_role("textbox", name="Seed: the same seed gives the same history")
    seed.fill("seven")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("The seed is “seven”; it must be a whole number of 0 or more, for example 7.").wait_for()

    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function("() => document.querySelector('input[type=text]:not([readonly])').value === '7'")
    assert lever.get_attribute("aria-valuenow") == "0.2"
    assert page.get_by_role("slider", name="Simulated households, both sides together").get_attribute("aria-valuenow") == "2000"
    page.locator(".lintas-refused").wait_for(state="detached", timeout=10_000)
    assert page.locator(".lintas-earlier").count() == 1  # the figures still say which run they show
    assert seen.bad == []


def test_the_map_of_another_year_and_another_scenario(browser: Any, server: str, expected: Finished) -> None:
    seen = Seen()
    page = opened(browser, server, seen)
    run_small(page)
    page.get_by_role("slider", name="Year of the map").press("End")
    page.get_by_text(figures.map_picture(expected, "en", 2015).sentence, exact=True).wait_for()

    page.get_by_role("button", name="Scenario").click()
    page.get_by_role("option", name="Closed border").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Shown: Closed border, 300 households, seed 7.").wait_for()
    closed = Finished.of(BorderModel(Scenario.load("closed-border"), households=300, rng=7).run(), Choice("closed-border", 300))
    page.get_by_text(figures.pictures(closed, "en", ("care",))[0].sentence, exact=True).wait_for()
    page.get_by_text(figures.map_picture(closed, "en", 2015).sentence, exact=True).wait_for()
    assert seen.bad == []


def test_two_visitors_do_not_meet(browser: Any, server: str) -> None:
    seen = Seen()
    one, two = opened(browser, server, seen), opened(browser, server, seen)
    run_small(one)
    assert two.locator("#lintas-shown").count() == 0
    assert two.get_by_role("slider", name="Simulated households, both sides together").get_attribute("aria-valuenow") == "2000"
    assert seen.bad == []


def test_a_telephone_needs_no_sideways_scrolling(browser: Any, server: str) -> None:
    seen = Seen()
    page = opened(browser, server, seen, 390, 844)
    assert width_of(page) <= 390
    for fold in ("More levers", "Mechanisms that can be switched off"):
        page.get_by_role("button", name=fold).click()
    run_small(page)
    for summary in page.locator(".lintas summary").all():
        summary.click()
    for name in ("Bahasa Indonesia", "Bahasa Melayu", "English"):
        page.get_by_role("button", name=name).click()
        page.wait_for_timeout(500)
        assert width_of(page) <= 390, name
    assert seen.bad == []
