"""How the server starts, which other machines it contacts (none), how it works behind a proxy, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from abm.errors import UserError
from experiments.cli import app as command
from experiments.cli.main import main
from tests.app.client import PATIENCE, Client, ask, serving

HOUSEHOLDS = "Simulated households, both sides together"

#: Written beside the server as the first thing Python loads: every attempt to reach or to look up another machine is written down.
AUDIT = """
import os, sys
place = os.open({file!r}, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

def is_here(address):
    name = address[0] if isinstance(address, tuple) else address
    name = name.decode() if isinstance(name, bytes) else name
    return name is None or not isinstance(address, tuple) or name in ("127.0.0.1", "::1", "localhost", "", "0.0.0.0", "::")

def hook(event, given):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if not is_here(given[1]):
            os.write(place, f"{{event}} {{given[1]}}\\n".encode())
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"):
        if not is_here((given[0],)):
            os.write(place, f"{{event}} {{given}}\\n".encode())

sys.addaudithook(hook)
os.write(place, b"begun\\n")
{extra}
"""


def audited(folder: Path, extra: str = "") -> tuple[Path, dict[str, str]]:
    """A file in which attempts are written down, and the environment of a server that does so."""
    (folder / "hook").mkdir()
    file = folder / "attempts.txt"
    (folder / "hook" / "sitecustomize.py").write_text(AUDIT.format(file=str(file), extra=extra))
    return file, {"PYTHONPATH": str(folder / "hook")}


def run_once(port: int, prefix: str = "", seed: str = "7") -> str:
    with Client(port, prefix=prefix) as page:
        page.open()
        page.set(page.slider(HOUSEHOLDS), 300)
        page.seed(seed)
        page.until(lambda: " 300 households" in page.shown() and f"seed {seed}" in page.shown() and "<img" in page.text())
        return page.shown()


# --- nothing leaves the machine -----------------------------------------------------------------------------------------


def test_the_server_asks_no_other_machine_at_start_use_and_stop(tmp_path: Path) -> None:
    file, environment = audited(tmp_path)
    # what a user's environment may hold must not switch it on again
    environment |= {"SOLARA_TELEMETRY_MIXPANEL_ENABLE": "True", "SOLARA_STATE_BACKEND": "redis", "SOLARA_THEME_VARIANT": "auto"}
    with serving(tmp_path, environment=environment) as running:
        assert run_once(running.port) == "History, 300 households, seed 7"
        for path in ("/_solara/cdn/vega-embed@6.20.2/build", "/_solara/cdn/left-pad@1.0.0/index.js", "/_solara/cdn/x"):
            assert ask(running.port, path).status == 404
        assert running.end() == 0
    assert file.read_text().splitlines() == ["begun"]


def test_the_audit_of_the_test_above_sees_what_solara_does_by_itself(tmp_path: Path) -> None:
    """With Solara's own server and its settings as they come, the same audit must find something, or the test shows nothing."""
    file, environment = audited(tmp_path)
    own = [sys.executable, "-P", "-m", "solara", "run", "experiments.app.page", "--production", "--no-open", "--port", "0"]
    environment = {**os.environ, **environment}
    with (tmp_path / "log.txt").open("wb") as log, subprocess.Popen(own, env=environment, stdout=log, stderr=log) as process:
        try:
            end = time.monotonic() + PATIENCE
            while "getaddrinfo" not in file.read_text() if file.exists() else True:
                assert time.monotonic() < end, file.read_text()
                time.sleep(0.1)
        finally:
            process.kill()
    assert "pypi.org" in file.read_text() or "ipify" in file.read_text() or "mixpanel" in file.read_text()


def test_nothing_in_the_current_folder_is_executed_or_read(tmp_path: Path) -> None:
    for name in ("solara.py", "experiments.py", "uvicorn.py", "starlette.py", "abm.py", "sitecustomize_.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'executed')!r}, 'a').write({name!r})\n")
    (tmp_path / "experiments.app.page").mkdir()  # Solara takes a folder of its page's name for the page
    (tmp_path / "experiments.app.page" / "__init__.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'a').write('page')\n")
    (tmp_path / "experiments.app.page" / "01-home.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'a').write('home')\n")
    (tmp_path / "history").write_text('title = "a file of the name of a scenario"\nbase = "history"\n')
    script = Path(sys.executable).with_name("lintas")
    with serving(tmp_path, command=[str(script)]) as running:
        assert run_once(running.port) == "History, 300 households, seed 7"
    assert not (tmp_path / "executed").exists()


# --- behind a proxy -------------------------------------------------------------------------------------------------------


@contextmanager
def proxy(port: int, prefix: str, strip: bool) -> Iterator[int]:
    """A proxy that shows a server under a path, as nginx does with and without a path in proxy_pass; its port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        method, path, rest = head.split(" ", 2)
        if not path.startswith(f"{prefix}/"):
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        if strip:
            path = path.removeprefix(prefix)
        if "upgrade: websocket" not in head.lower():  # one request to a connection, so that each is seen
            lines = [line for line in rest.split("\r\n") if not line.lower().startswith("connection:")]
            rest = "\r\n".join([*lines[:-2], "Connection: close", "", ""])
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
        to_writer.write(f"{method} {path} {rest}".encode("latin-1"))
        await asyncio.gather(pump(reader, to_writer), pump(to_reader, writer))

    async def run(started: threading.Event) -> None:
        server = await asyncio.start_server(serve_one, sock=listening)
        started.set()
        async with server:
            await stop.wait()

    listening = socket.create_server(("127.0.0.1", 0))
    loop, started = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run(started)), daemon=True)
    thread.start()
    assert started.wait(PATIENCE)
    try:
        yield listening.getsockname()[1]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


@pytest.mark.parametrize("strip", [True, False])
def test_the_page_works_under_a_path(tmp_path: Path, strip: bool) -> None:
    with serving(tmp_path, "--root-path", "/class/lintas") as running, proxy(running.port, "/class/lintas", strip) as port:
        page = ask(port, "/class/lintas/")
        assert page.status == 200 and "path=/class/lintas/" in page.headers["set-cookie"].lower()
        for part in page.text.split('src="')[1:] + page.text.split("src='")[1:]:
            path = part.split(part[0] if part[0] in "\"'" else '"')[0].split("'")[0]
            assert path.startswith("/class/lintas/"), path
            assert ask(port, path).status == 200, path
        assert run_once(port, "/class/lintas") == "History, 300 households, seed 7"


# --- starting and stopping ------------------------------------------------------------------------------------------------


def test_the_first_line_says_where_the_page_is_and_how_to_stop(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        assert running.log.read_text() == f"http://127.0.0.1:{running.port}/  (stop it with Ctrl-C)\n"
        # this machine only
        listening = [c.laddr.ip for c in psutil.Process(running.process.pid).net_connections() if c.status == psutil.CONN_LISTEN]
        assert listening == ["127.0.0.1"]
        assert psutil.Process(running.process.pid).children() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_its_command_and_can_start_again_at_once(tmp_path: Path, number: int) -> None:
    with serving(tmp_path) as running:
        page = Client(running.port).open()  # a page that is open keeps nothing waiting
        page.set(page.slider(HOUSEHOLDS), 5000)
        page.until(lambda: "Simulating" in page.text())
        tree = [psutil.Process(running.process.pid), *psutil.Process(running.process.pid).children(recursive=True)]
        running.process.send_signal(number)
        code = running.process.wait(PATIENCE)
        assert code == (-9 if number == signal.SIGKILL else 0)
        assert not [process for process in tree if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
        assert running.log.read_text().count("\n") == 1  # quiet
        # connections of the former server linger: the port can be taken all the same
        with serving(tmp_path, port=running.port) as again:
            assert again.port == running.port and ask(again.port, "/readyz").status == 200
            assert main(["app", "--no-open", "--port", str(again.port)]) == 2  # while it is taken, that is said
        page.close(beacon=False)


def test_beyond_this_machine_there_is_a_warning_and_every_own_address_is_known(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as running:
        log = running.log.read_text()
        assert "Warning: other machines can reach this page at 0.0.0.0." in log and "no log-in" in log
        others = [one for one in command.own_addresses("0.0.0.0") if one != "127.0.0.1" and not one.startswith("[")]
        for host in others:
            assert ask(running.port, "/", headers={"Host": f"{host}:{running.port}"}).status == 200
        assert ask(running.port, "/", headers={"Host": "evil.example"}).status == 403


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--host", "example.org"], "--host is 'example.org'"),
        (["--host", "203.0.113.7"], "is no address of this machine"),
        (["--host", "x" * 500], "x" * 79 + "…"),
        (["--port", "99999"], "--port"),
        (["--max-sessions", "0"], "--max-sessions"),
        (["--max-sessions", "many"], "--max-sessions"),
        (["--root-path", "lintas"], "--root-path is 'lintas'"),
        (["--root-path", "/a/../b"], "--root-path"),
        (["--root-path", "/<script>"], "--root-path"),
        (["--allow-host", "http://example.org"], "--allow-host"),
        (["--allow-host", "*"], "--allow-host"),
        (["--lang", "xx"], "no language"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_sentence(options: list[str], found: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "--no-open", "--port", "0", *options]) == 2
    said = capsys.readouterr()
    assert found in said.err and said.err.count("\n") == 1 and said.out == "" and "x" * 81 not in said.err


@pytest.mark.parametrize(("path", "kept"), [("", ""), ("/", ""), ("/lintas", "/lintas"), ("/a/b-c_d/", "/a/b-c_d")])
def test_a_prefix_has_no_slash_at_its_end(path: str, kept: str) -> None:
    assert command.check_prefix(path) == kept


def test_a_taken_port_is_refused() -> None:
    with command.listen("127.0.0.1", 0) as first, pytest.raises(UserError, match="in use"):
        command.listen("127.0.0.1", first.getsockname()[1])
