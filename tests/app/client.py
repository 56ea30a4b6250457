"""A page without a browser: enough of the widget protocol to open the page, move its controls, run and read what is shown.

Used by the tests that need many pages at once, and by those that send what no browser would.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

#: Only to end a hang: no test depends on how fast the machine is.
PATIENCE = 60.0


class Answer:
    """An HTTP answer."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.text = (
            reply.status,
            {k.lower(): v for k, v in reply.getheaders()},
            reply.read().decode("utf-8", "replace"),
        )


def ask(port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    """One request, with exactly these headers beside Host (which ``headers`` may replace)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        given = {"Host": f"127.0.0.1:{port}"} | (headers or {})
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in given.items():
            connection.putheader(name, value)
        if method == "POST":
            connection.putheader("Content-Length", "0")
        connection.endheaders()
        return Answer(connection.getresponse())
    finally:
        connection.close()


def handshake(port: int, headers: dict[str, str]) -> int:
    """Ask for a web socket with these headers beside its own; the status of the answer, 101 if it was opened."""
    own = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.putrequest("GET", f"/jupyter/api/kernels/{uuid.uuid4()}/channels?session_id={uuid.uuid4()}", skip_host=True)
        for name, value in {"Host": f"127.0.0.1:{port}", **own, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


class Client:
    """One page. ``prefix`` is the path under which a proxy shows it; ``origin`` is that of an honest browser unless given."""

    def __init__(
        self, port: int, *, prefix: str = "", origin: str | None = "own", cookie: str | None = "new", page: str | None = None,
        session: str | None = None,
    ) -> None:  # fmt: skip
        self.port, self.prefix = port, prefix
        self.page, self.session = page or str(uuid.uuid4()), session or str(uuid.uuid4())
        self.models: dict[str, dict[str, Any]] = {}
        self.said: dict[str, dict[str, Any]] = {}
        self.idle: set[str] = set()
        #: What the server said of its own accord, not as the echo of a change: widget and its new values.
        self.updates: list[tuple[str, dict[str, Any]]] = []
        if cookie == "new":
            answer = ask(port, f"{prefix}/")
            assert answer.status == 200, answer.text
            cookie = answer.headers["set-cookie"].split(";")[0]
        self.cookie = cookie
        self.origin = f"http://127.0.0.1:{port}" if origin == "own" else origin
        extra = {} if cookie is None else {"Cookie": cookie}
        self._open = ExitStack()
        self.socket: ClientConnection = self._open.enter_context(connect(
            f"ws://127.0.0.1:{port}{prefix}/jupyter/api/kernels/{self.page}/channels?session_id={self.session}",
            origin=self.origin, additional_headers=extra, open_timeout=PATIENCE, max_size=2**26, proxy=None, compression=None,
        ))  # type: ignore[arg-type]  # fmt: skip

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- messages ---------------------------------------------------------------------------------------------------

    def send(self, kind: str, content: dict[str, Any]) -> str:
        """Send a message; its id."""
        number = uuid.uuid4().hex
        header = {
            "msg_id": number,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "version": "5.2",
            "date": "2020-01-01T00:00:00Z",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}
        self.socket.send(json.dumps(message))
        return number

    def receive(self, seconds: float) -> bool:
        """Take one message in; whether there was one."""
        try:
            text = self.socket.recv(timeout=seconds)
        except TimeoutError:
            return False
        if isinstance(text, bytes):  # the first number says how many parts follow, then their places; the first part is the message
            places = [int.from_bytes(text[4 * i : 4 * i + 4], "big") for i in range(1, 1 + int.from_bytes(text[:4], "big"))]
            text = text[places[0] : places[1] if len(places) > 1 else None].decode()
        message = json.loads(text)
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "comm_open":
            self.models[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif kind == "comm_msg":
            data = content["data"]
            if data.get("method") in ("update", "echo_update"):
                self.models.setdefault(content["comm_id"], {}).update(data["state"])
                if data["method"] == "update":
                    self.updates.append((content["comm_id"], data["state"]))
            elif data.get("method") in ("finished", "app-status"):
                self.said[data["method"]] = data
        elif kind == "comm_close":
            self.models.pop(content["comm_id"], None)
        elif kind == "status" and content["execution_state"] == "idle":
            self.idle.add(message["parent_header"].get("msg_id", ""))
        return True

    def until(self, ready: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Take messages in until ``ready`` gives something."""
        end = time.monotonic() + seconds
        while not (found := ready()):
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not seen within {seconds:.0f} s; shown is: {self.text()[:2000]}")
            self.receive(min(left, 1.0))
        return found

    # --- the page ---------------------------------------------------------------------------------------------------

    def open(self) -> Client:
        """Have the page made."""
        comm = uuid.uuid4().hex
        self.send("comm_open", {"comm_id": comm, "target_name": "solara.control", "data": {}})
        themes = {"light": {}, "dark": {}}
        self.send(
            "comm_msg",
            {"comm_id": comm, "data": {"method": "run", "args": {"path": "/", "appName": None, "dark": False, "themes": themes}}},
        )
        self.until(lambda: "finished" in self.said)
        self.until(lambda: self.find(_is_button("Run")))
        return self

    def find(self, suits: Callable[[dict[str, Any]], bool]) -> str | None:
        """The first widget that suits."""
        return next((name for name, state in list(self.models.items()) if suits(state)), None)

    def slider(self, label: str) -> str:
        found = self.find(lambda state: (state.get("attributes") or {}).get("aria-label") == label and "v_model" in state)
        assert found is not None, label
        return found

    def choose(self, label: str, value: Any) -> str:
        """Say that another entry of a list was chosen."""
        found = self.find(lambda state: state.get("label") == label and "options" in state)
        assert found is not None, label
        return self.send("comm_msg", {"comm_id": found, "data": {"method": "custom", "content": {"event": "choose", "data": value}}})

    def set(self, widget: str, value: Any, name: str = "v_model") -> str:
        """Say that a control has another value."""
        return self.send("comm_msg", {"comm_id": widget, "data": {"method": "update", "state": {name: value}, "buffer_paths": []}})

    def seed(self, text: str) -> None:
        found = self.find(lambda state: str(state.get("label", "")).startswith("Seed"))
        assert found is not None
        self.set(found, text)

    def click(self, label: str) -> str:
        found = self.find(_is_button(label))
        assert found is not None, label
        return self.send("comm_msg", {"comm_id": found, "data": {"method": "custom", "content": {"event": "click", "data": {}}}})

    def text(self) -> str:
        """All HTML and words that the page holds."""
        return "\n".join(str(state["unsafe_innerHTML"]) for state in list(self.models.values()) if state.get("unsafe_innerHTML"))

    def shown(self) -> str:
        """The run that is drawn solid, in words; empty before the first."""
        found = re.search(r"Solid: ([^<\n]*)", self.text())
        return found.group(1).strip() if found else ""

    def close(self, beacon: bool = True) -> None:
        """Close the page as a browser does, or (without ``beacon``) as a broken connection does."""
        with suppress(ConnectionClosed, OSError):
            self._open.close()
        if beacon:
            headers = {"Origin": self.origin or f"http://127.0.0.1:{self.port}"} | ({"Cookie": self.cookie} if self.cookie else {})
            ask(self.port, f"{self.prefix}/_solara/api/close/{self.page}?session_id={self.session}", "POST", headers)


def _is_button(label: str) -> Callable[[dict[str, Any]], bool]:
    return lambda state: state.get("_model_name") == "BtnModel" and label in (state.get("children") or [])


class Server:
    """A running ``lintas app``."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> float:
        """Resident memory in MB."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def processor_seconds(self) -> float:
        """Time on a processor since the start."""
        used = psutil.Process(self.process.pid).cpu_times()
        return used.user + used.system

    def end(self) -> int:
        """Stop it as Ctrl-C does; its exit code."""
        self.process.send_signal(2)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(
    folder: Path, *options: str, environment: dict[str, str] | None = None, port: int = 0, command: list[str] | None = None
) -> Iterator[Server]:
    """A server for the length of a block, that answers when the block begins."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"log-{uuid.uuid4().hex[:6]}.txt"
    arguments = [*(command or [sys.executable, "-P", "-m", "experiments.cli.main"]), "app", "--no-open", "--port", str(port), *options]
    with log.open("wb") as out:
        process = subprocess.Popen(arguments, stdout=out, stderr=out, env={**os.environ, **(environment or {})}, cwd=folder)
    try:
        end = time.monotonic() + PATIENCE
        found = None
        while found is None or not _answers(found):
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the page's server did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
            said = re.match(r"http://[^ ]*?:(\d+)/", log.read_text())
            found = int(said.group(1)) if said else None
        yield Server(process, found, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    try:
        return ask(port, "/readyz").status == 200
    except OSError:
        return False
