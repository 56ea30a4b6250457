"""Who is answered: names, origins, routes and methods, asked as no browser would ask."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import solara
from websockets.exceptions import InvalidStatus

from experiments.app.guard import POLICY, Guard, name_and_port
from tests.app.client import Client, Server, ask, handshake, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("guard"), "--max-sessions", "8", "--allow-host", "class.example.org") as running:
        yield running


def cookie_of(port: int) -> str:
    return ask(port, "/").headers["set-cookie"].split(";")[0]


# --- names and origins ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("127.0.0.1:8765", ("127.0.0.1", "8765")), ("LocalHost", ("localhost", "")), ("[::1]:80", ("[::1]", "80")), ("[::1]", ("[::1]", "")),
        ("example.org.", ("example.org", "")),
    ],
)  # fmt: skip
def test_a_host_is_a_name_and_a_port(host: str, parts: tuple[str, str]) -> None:
    assert name_and_port(host) == parts


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("http://127.0.0.1:8765", "127.0.0.1:8765", True),
        ("http://localhost:8765", "localhost:8765", True),
        ("http://[::1]:8765", "[::1]:8765", True),
        ("https://class.example.org", "class.example.org", True),
        ("https://class.example.org", "127.0.0.1:8765", True),  # a proxy that sends on its own Host
        ("https://class.example.org:444", "127.0.0.1:8765", False),
        ("http://127.0.0.1:9000", "127.0.0.1:8765", False),
        ("http://localhost:8765", "127.0.0.1:8765", False),
        ("http://127.0.0.1:8765.evil.example", "127.0.0.1:8765", False),
        ("http://127.0.0.1:8765@evil.example", "127.0.0.1:8765", False),
        ("http://evil.example", "127.0.0.1:8765", False),
        ("null", "127.0.0.1:8765", False),
        ("file://", "127.0.0.1:8765", False),
        ("", "127.0.0.1:8765", False),
    ],
)
def test_an_origin_is_own_or_not(origin: str, host: str, is_own: bool) -> None:
    assert Guard(None, ["class.example.org"])._is_own(origin, host) is is_own  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "169.254.0.1", ""])
def test_a_foreign_name_is_refused(server: Server, host: str) -> None:
    for path in ("/", "/readyz", "/static/main-vuetify.js", "/_solara/cdn/requirejs@2.3.6/require.js"):
        assert ask(server.port, path, headers={"Host": host}).status == 403
    assert handshake(server.port, {"Host": host, "Origin": f"http://{host}", "Cookie": cookie_of(server.port)}) == 403


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}", "class.example.org"])
def test_own_names_are_answered(server: Server, host: str) -> None:
    assert ask(server.port, "/", headers={"Host": host.format(port=server.port)}).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost:{port}", None])
def test_a_foreign_page_opens_no_web_socket_and_makes_no_kernel(server: Server, origin: str | None) -> None:
    """A raw client that says what a browser says for a page of another site; also one that says nothing."""
    cookie = cookie_of(server.port)
    with pytest.raises(InvalidStatus) as refused:
        Client(server.port, cookie=cookie, origin=origin.format(port=server.port) if origin else None)
    assert refused.value.response.status_code == 403


def test_an_own_page_opens_a_web_socket(server: Server) -> None:
    with Client(server.port) as page:
        page.open()
    cookie = cookie_of(server.port)
    assert handshake(server.port, {"Host": "class.example.org", "Origin": "https://class.example.org", "Cookie": cookie}) == 101
    assert handshake(server.port, {"Host": "class.example.org", "Origin": "https://evil.example", "Cookie": cookie}) == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        ({"Origin": "http://evil.example"}, 403),
    ],
)
def test_what_another_site_may_ask_for(server: Server, headers: dict[str, str], status: int) -> None:
    assert ask(server.port, "/", headers=headers).status == status


def test_a_page_is_closed_by_its_own_browser_only(server: Server) -> None:
    with Client(server.port) as page:
        page.open()
        path, own = f"/_solara/api/close/{page.page}?session_id={page.session}", {"Origin": server.address}
        assert ask(server.port, path, "POST", {"Origin": "http://evil.example", "Cookie": str(page.cookie)}).status == 403
        assert ask(server.port, path, "POST", {"Cookie": str(page.cookie)}).status == 403  # no browser sends a POST without Origin
        assert ask(server.port, path, "POST", own | {"Cookie": cookie_of(server.port)}).status == 204  # another browser: nothing happens
        page.until(lambda: page.send("kernel_info_request", {}) and page.receive(5))
        assert ask(server.port, path, "GET", own | {"Cookie": str(page.cookie)}).status == 405


def test_a_page_of_another_browser_cannot_be_taken_over(server: Server) -> None:
    with Client(server.port) as page:
        page.open()
        for cookie in (cookie_of(server.port), None, "solara-session-id=x y"):
            with pytest.raises(InvalidStatus):
                Client(server.port, cookie=cookie, page=page.page)


@pytest.mark.parametrize("page", ["a" * 65, "a%2Fb", "..", "a%00b", "a b".replace(" ", "%20"), "x;y"])
def test_a_page_with_an_odd_name_is_refused(server: Server, page: str) -> None:
    with pytest.raises(InvalidStatus):
        Client(server.port, page=page)
    with pytest.raises(InvalidStatus):
        Client(server.port, session="b" * 65)


# --- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/resourcez", "/jupyter/api/kernels/1", "/_solara/api/evict/1", "/static/public/x", "/other", "/docs", "/_solara/auth/login",
        "/_solara/cdn/vega-embed@6.20.2/build", "/_solara/cdn/vega-embed@6.20.2", "/_solara/cdn/", "/_solara/cdn", "/_solara/cdn/left-pad@1.0.0/x.js",
        "/_solara/cdn/../../../pyvenv.cfg", "/_solara/cdn/%2e%2e/%2e%2e/%2e%2e/pyvenv.cfg", "/static/../settings.py", "/lintas/files/../serve.py",
        "/lintas/files/%2e%2e/serve.py", "/jupyter/nbextensions/../../../pyvenv.cfg",
    ],
)  # fmt: skip
def test_what_is_not_of_the_page_is_not_there(server: Server, path: str) -> None:
    assert ask(server.port, path).status == 404


def test_files_are_only_read(server: Server) -> None:
    """A GET of a folder used to remove it from the installation, one of a missing file used to fetch it from a content network."""
    import solara.server.settings as settings

    folder = settings.assets.proxy_cache_dir
    before = sorted(str(path) for path in folder.rglob("*"))
    folders = [path for path in before if not Path(path).is_file()]
    for number, one in enumerate(folders):
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS") if number == 0 else ("GET",):
            path = f"/_solara/cdn/{Path(one).relative_to(folder)}"
            assert ask(server.port, path, method, {"Origin": server.address}).status in (404, 405), (method, path)
    assert sorted(str(path) for path in folder.rglob("*")) == before
    file = ask(server.port, "/_solara/cdn/requirejs@2.3.6/require.js")
    assert file.status == 200 and "requirejs" in file.text and "immutable" in file.headers["cache-control"]


def test_answers_say_what_they_are(server: Server) -> None:
    for path in ("/", "/readyz", "/static/main-vuetify.js", "/not-there"):
        headers = ask(server.port, path).headers
        assert headers["content-security-policy"] == POLICY and headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer" and "frame-ancestors 'none'" in POLICY
    assert "unsafe" not in POLICY.split("default-src")[1].split(";")[0]
    page = ask(server.port, "/")
    assert '<html lang="en">' in page.text and "user-scalable" not in page.text and "maximum-scale" not in page.text
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    packed = ask(server.port, "/static/main-vuetify.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"


def test_a_header_of_a_visitor_does_not_move_the_page(server: Server) -> None:
    """Solara's own server takes its path from such a header, for everybody and for good."""
    ask(server.port, "/", headers={"X-Script-Name": "/evil", "Script-Name": "/evil", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in ask(server.port, "/").text


def test_the_solara_of_this_version_is_the_one_tried() -> None:
    assert solara.__version__.startswith("1.64.")


# --- what a message can hold --------------------------------------------------------------------------------------------


def test_a_scenario_that_is_not_listed_is_never_read(tmp_path: Path) -> None:
    """The audit hook writes down every file that is opened; a web socket says that another entry was chosen."""
    secret = tmp_path / "secret.toml"
    secret.write_text('title = "x"\ndescription = "a private description"\nbase = "history"\n')
    (tmp_path / "hook").mkdir()
    seen = tmp_path / "opened.txt"
    hook = f"import os, sys\nfile = os.open({str(seen)!r}, os.O_CREAT | os.O_APPEND | os.O_WRONLY)\n"
    hook += "sys.addaudithook(lambda event, given: os.write(file, f'{given[0]}\\n'.encode()) if event == 'open' else None)\n"
    (tmp_path / "hook" / "sitecustomize.py").write_text(hook)
    with serving(tmp_path, environment={"PYTHONPATH": str(tmp_path / "hook")}) as running, Client(running.port) as page:
        page.open()
        for value in (
            "/etc/hostname",
            str(secret),
            str(secret.with_suffix("")),
            "../../../etc/hostname",
            "secret.toml",
            7,
            None,
            ["history"],
            {"a": 1},
        ):
            page.choose("Scenario", value)
        page.choose("Scenario", "no-kinship")
        page.until(lambda: "Kin ties across the border do not help" in page.text())
        assert "private description" not in page.text()
    opened = {Path(line).name for line in seen.read_text().splitlines()}
    assert "no-kinship.toml" in opened  # the hook sees what is read
    assert not opened & {"hostname", "secret", "secret.toml"}


def test_one_page_after_another_from_one_origin_meets_the_limit(tmp_path: Path) -> None:
    with serving(tmp_path, "--max-sessions", "3") as running:
        cookie = cookie_of(running.port)
        pages = [Client(running.port, cookie=cookie).open() for _ in range(3)]
        with pytest.raises(InvalidStatus) as refused:
            Client(running.port, cookie=cookie)
        assert refused.value.response.status_code == 403
        full = ask(running.port, "/")
        assert full.status == 503 and int(full.headers["retry-after"]) > 0
        for code in ("en", "id", "ms"):
            assert f"<p lang='{code}'>" in full.text
        assert len(set(full.text.split("<p lang=")[1:])) == 3
        pages.pop().close()  # a closed page makes room at once
        pages.append(Client(running.port, cookie=cookie).open())
        pages.pop().close(beacon=False)  # one that only lost its connection keeps its place for a moment
        end = time.monotonic() + 120
        while True:  # then a newcomer takes it
            try:
                pages.append(Client(running.port, cookie=cookie).open())
                break
            except InvalidStatus:
                assert time.monotonic() < end
                time.sleep(0.5)
        for page in pages:
            page.close()


def test_a_page_that_lost_its_connection_finds_its_state_again(server: Server) -> None:
    with Client(server.port) as page:
        page.open()
        page.seed("123")
        page.until(lambda: any(state.get("value") == "123" or state.get("v_model") == "123" for state in page.models.values()))
        page.close(beacon=False)
        with Client(server.port, cookie=page.cookie, page=page.page, session=page.session) as again:
            comm = uuid.uuid4().hex
            again.send("comm_open", {"comm_id": comm, "target_name": "solara.control", "data": {}})
            again.send("comm_msg", {"comm_id": comm, "data": {"method": "app-status"}})
            again.until(lambda: "app-status" in again.said)
            assert again.said["app-status"]["started"] is True
            other = Client(server.port)  # a page of its own has not been started
            other.send("comm_open", {"comm_id": comm, "target_name": "solara.control", "data": {}})
            other.send("comm_msg", {"comm_id": comm, "data": {"method": "app-status"}})
            other.until(lambda: "app-status" in other.said)
            assert other.said["app-status"]["started"] is False
            other.close()


def test_a_large_message_ends_the_connection_not_the_server(server: Server) -> None:
    with Client(server.port) as page:
        page.open()
        with pytest.raises(Exception, match=r"1009|closed|message too big"):
            page.send("comm_msg", {"comm_id": "x", "data": {"method": "update", "state": {"v_model": "9" * (2**21)}}})
            while True:
                page.receive(5)
    assert ask(server.port, "/readyz").status == 200


def test_requests_that_are_no_http_do_not_end_the_server(server: Server) -> None:
    for text in (b"\r\n\r\n", b"GET", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"\x16\x03\x01\x02\x00" * 50):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
            raw.sendall(text)
    assert ask(server.port, "/readyz").status == 200
