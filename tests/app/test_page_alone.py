"""The page in a browser when things go wrong: foreign pages, a full server, a server that stops and starts; and what stays open."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from experiments.app.serve import SENTENCES
from experiments.words.languages import LANGUAGES, translator
from tests.app.client import Client, Server, ask, serving
from tests.app.test_page import CHROMIUM, FLAGS, QUERY, Seen, need_chromium, ready
from tests.app.test_serve import proxy

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: Milliseconds, only to end a hang.
PATIENCE = 60_000

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield one
        one.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("alone")) as running:
        yield running


def opened(browser: Any, address: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(address + QUERY)
    page.get_by_role("button", name="Run", exact=True).wait_for()
    return page


@contextmanager
def foreign(html: str) -> Iterator[str]:
    """A page of another site: another port of this machine, its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None: ...  # type: ignore[override]

    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{other.server_address[1]}/"
    finally:
        other.shutdown()
        other.server_close()


def test_a_foreign_page_in_the_same_browser_gets_nothing(browser: Any, server: Server) -> None:
    """The browser holds the cookie of the real page, and the foreign page is, in the browser's words, of the same site."""
    import solara.server.settings as settings

    folder = settings.assets.proxy_cache_dir
    before = sorted(str(path) for path in folder.rglob("*"))
    context = browser.new_context()
    own = context.new_page()
    own.set_default_timeout(PATIENCE)
    own.goto(server.address + QUERY)
    own.get_by_role("button", name="Run", exact=True).wait_for()
    html = """<script>
      const results = {};
      const put = (name, value) => { results[name] = value; document.title = Object.keys(results).length; };
      const port = PORT, root = `127.0.0.1:${port}`;
      const socket = new WebSocket(`ws://${root}/jupyter/api/kernels/0a/channels?session_id=0b`);
      socket.onopen = () => put("socket", "opened"); socket.onerror = () => put("socket", "refused");
      for (const [name, path] of [["folder", "/_solara/cdn/@widgetti/solara-vuetify-app@10.1.1/dist"], ["picture", "/static/assets/favicon.png"]]) {
        const image = new Image(); image.onload = () => put(name, "shown"); image.onerror = () => put(name, "refused");
        image.src = `http://${root}${path}`; }
      const script = document.createElement("script"); script.src = `http://${root}/static/main-vuetify.js`;
      script.onload = () => put("script", "loaded"); script.onerror = () => put("script", "refused"); document.documentElement.append(script);
      fetch(`http://${root}/`, {credentials: "include"}).then(() => put("fetch", "read"), () => put("fetch", "refused"));
      fetch(`http://${root}/_solara/api/close/KERNEL?session_id=SESSION`, {method: "POST", mode: "no-cors", credentials: "include"});
      const frame = document.createElement("iframe"); frame.src = `http://${root}/`; document.documentElement.append(frame);
    </script>"""
    kernel, session = own.evaluate("() => [solara.debug.kernel().id, solara.debug.kernel().clientId]")
    html = html.replace("PORT", str(server.port)).replace("KERNEL", kernel).replace("SESSION", session)
    with foreign(html) as address:
        other = context.new_page()
        other.set_default_timeout(PATIENCE)
        other.goto(address)
        other.wait_for_function("() => document.title === '5'")
        results = other.evaluate("() => results")
        assert results == dict.fromkeys(("socket", "folder", "picture", "script", "fetch"), "refused")
        assert other.frames[1].locator("main.lintas").count() == 0  # not shown in a frame
    assert sorted(str(path) for path in folder.rglob("*")) == before
    # the real page is alive: it was not closed from outside
    own.get_by_role("slider", name="Simulated households, both sides together").press("ArrowRight")
    own.get_by_text("400", exact=True).first.wait_for()
    context.close()


def test_a_foreign_page_can_be_answered_where_nothing_is_checked(browser: Any) -> None:
    """The test above can fail: a plain server that checks nothing shows the same picture to a foreign page."""
    with foreign("<svg xmlns='http://www.w3.org/2000/svg'/>") as plain, foreign(f"<script src='{plain}' onload='x' onerror='x'></script>"
        f"<script>fetch('{plain}', {{mode: 'no-cors'}}).then(() => document.title = 'read', () => document.title = 'refused')</script>") as address:  # fmt: skip
        page = browser.new_page()
        page.goto(address)
        page.wait_for_function("() => document.title !== ''")
        assert page.title() == "read"
        page.close()


def test_a_full_server_says_so_in_three_languages(browser: Any, tmp_path: Path) -> None:
    with serving(tmp_path, "--max-sessions", "1") as running:
        first = opened(browser, running.address)
        second = browser.new_page()
        second.goto(running.address)
        for code in LANGUAGES:
            assert second.locator(f"p[lang={code}]").inner_text() == translator(code)(SENTENCES["full"])
        first.close(run_before_unload=True)
        third = browser.new_page()
        third.set_default_timeout(PATIENCE)
        third.wait_for_timeout(200)
        while ask(running.port, "/").status == 503:
            third.wait_for_timeout(200)
        third.goto(running.address)
        third.get_by_role("button", name="Run", exact=True).wait_for()
        # a page that came when there was a place and connects when there is none is told too
        third.close()
        second.close()


def test_a_page_whose_server_stops_and_starts_says_so_in_its_language(browser: Any, tmp_path: Path) -> None:
    notice = "#lintas-notice:not([hidden])"
    with serving(tmp_path) as running:
        page = opened(browser, running.address)
        page.get_by_role("button", name="Bahasa Melayu").click()
        page.wait_for_function("() => document.querySelector('main.lintas').lang === 'ms'")
        page.locator(".lintas-lever [role=slider]").nth(1).press("End")
        page.get_by_label(translator("ms")("Seed: the same seed gives the same history")).fill("8")
        page.wait_for_function("() => location.search.includes('seed=8') && location.search.includes('doctrine_id:1')")
        assert page.locator(notice).count() == 0
        assert running.end() == 0
        page.get_by_text(translator("ms")(SENTENCES["stopped"])).wait_for()
        page.get_by_role("button", name=translator("ms")(SENTENCES["reload"])).wait_for()
        assert page.evaluate("() => document.documentElement.lang") == "ms"
        page.screenshot(path=str(tmp_path / "stopped.png"))
        with serving(tmp_path, port=running.port):
            page.get_by_text(translator("ms")(SENTENCES["renewed"])).wait_for()
            page.screenshot(path=str(tmp_path / "renewed.png"))
            # nothing else lies over it
            for other in (".v-dialog--active", ".v-overlay--active", ".v-alert"):
                assert page.locator(other).count() == 0, other
            page.get_by_role("button", name=translator("ms")(SENTENCES["reload"])).click()
            # what was chosen is in the link, so it is there again, language and lever too
            run = translator("ms")("{scenario}, {households} households, seed {seed}{changes}").split(", ")[-1]
            page.get_by_text(run.format(seed=8, changes=", official.set_strictness.doctrine_id = 1")).first.wait_for()
            ready(page, "ms")
            assert page.evaluate("() => document.documentElement.lang") == "ms"
            assert page.locator(notice).count() == 0
        page.close()


def test_a_connection_that_breaks_off_is_mended_and_nothing_is_lost(browser: Any, server: Server) -> None:
    page = opened(browser, server.address)
    slider = page.get_by_role("slider", name="Simulated households, both sides together")
    page.get_by_text("300", exact=True).first.wait_for()
    assert page.evaluate("() => solara.debug.dropConnection()") is True
    page.wait_for_function("() => solara.debug.reconnectCount === 1")
    slider.press("ArrowRight")
    page.get_by_text("400", exact=True).first.wait_for()
    assert page.locator("#lintas-notice:not([hidden])").count() == 0
    page.close()


#: Set the slider of households to 500 while the connection breaks off: before the change is sent, after it, or after it without
#: receiving the server's answer.
CHANGE_AND_DROP = """async lost => {
  const models = await Promise.all(Object.values(solara.debug.widgetManager()._models));
  const slider = models.find(m => (m.get("attributes") || {})["aria-label"] === "Simulated households, both sides together");
  if (lost === "answer") solara.debug.ws().onmessage = () => {};
  if (lost === "change") solara.debug.ws().close();
  slider.set("v_model", 500);
  slider.save_changes();
  if (lost === "answer") await new Promise(done => setTimeout(done, 3000));  // the server has answered by then
  if (lost !== "change") solara.debug.ws().close();
  return slider._pending_msgs;
}"""


@pytest.mark.parametrize("lost", ["change", "answer", "nothing"])
def test_a_change_whose_answer_is_lost_is_sent_again_and_holds_up_none_after_it(browser: Any, server: Server, lost: str) -> None:
    """A widget sends nothing while it waits for an answer; one that was lost with its connection must not be waited for."""
    page = opened(browser, server.address)
    slider = page.get_by_role("slider", name="Simulated households, both sides together")
    for round in (1, 2):  # and again after it was restored
        slider.press("Home")
        page.get_by_text("300", exact=True).first.wait_for()
        page.wait_for_function("() => app.$data.kernelBusy === false")
        assert page.evaluate(CHANGE_AND_DROP, lost) == 1
        page.wait_for_function("round => solara.debug.reconnectCount === round", arg=round)
        page.get_by_text("500", exact=True).first.wait_for()  # what was set before the break is kept
        slider.press("ArrowRight")
        page.get_by_text("600", exact=True).first.wait_for()
    page.close()


def test_an_open_table_stays_open_while_its_numbers_change(browser: Any, server: Server) -> None:
    page = opened(browser, server.address)
    ready(page)
    fold = page.locator(".lintas-map details")
    fold.locator("summary").click()
    table = page.locator(".lintas-map .lintas-table tbody")
    before = table.inner_text()
    slider = page.get_by_role("slider", name="Year of the map")
    for _ in range(12):  # held down
        slider.press("ArrowRight")
    page.locator(".lintas-map .lintas-lever b", has_text="1997").wait_for()
    page.wait_for_function("before => document.querySelector('.lintas-map .lintas-table tbody').innerText !== before", arg=before)
    assert fold.evaluate("one => one.open") is True and table.is_visible()
    first = page.locator("article details").first
    first.locator("summary").click()
    rows = first.locator("tbody tr")
    rows.first.wait_for()
    group = page.locator(".lintas-controls details").nth(1)  # a fold of controls
    group.locator("summary").click()
    for name, summary in (("Bahasa Indonesia", translator("id")("The numbers as a table")), ("English", "The numbers as a table")):
        page.get_by_role("button", name=name).click()
        page.locator("summary", has_text=summary).first.wait_for()
        assert all(one.evaluate("one => one.open") for one in (first, fold, group))
    one_run = first.locator("thead").inner_text()
    page.get_by_role("slider", name="Indonesian officials' doctrine in 1980").press("End")
    page.wait_for_function("before => document.querySelector('article thead').innerText !== before", arg=one_run)
    assert first.evaluate("one => one.open") is True and rows.count() == 36
    page.close()


def test_the_page_works_under_a_path_in_a_browser(browser: Any, tmp_path: Path) -> None:
    seen = Seen()
    with serving(tmp_path, "--root-path", "/class") as running, proxy(running.port, "/class", strip=True) as port:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        seen.watch(page)
        page.goto(f"http://127.0.0.1:{port}/class{QUERY}")
        ready(page)
        page.locator(".lintas-chart canvas").nth(6).wait_for()  # the script of the charts is found under the path
        page.get_by_label("Indicator", exact=True).select_option("births")
        page.wait_for_function("() => location.pathname + location.search === '/class/?v=1&n=300&i=births'")
        assert seen.bad == [] and seen.requests > 5
        page.close()


def test_a_closed_page_gives_its_place_back_and_ends_its_run(browser: Any, tmp_path: Path) -> None:
    with serving(tmp_path, "--max-sessions", "2") as running, Client(running.port) as other:
        other.open()
        page = opened(browser, running.address)
        ready(page)
        other.until(other.shown)
        page.get_by_role("slider", name="Simulated households, both sides together").press("End")
        page.get_by_text("Simulating").wait_for()
        other.seed("11")
        other.until(lambda: "one other run comes first" in other.text())
        assert json.loads(ask(running.port, "/lintas/state").text)["is_full"] is True
        page.close(run_before_unload=True)
        other.until(lambda: "Simulating" in other.text())
        other.until(lambda: json.loads(ask(running.port, "/lintas/state").text)["is_full"] is False)
