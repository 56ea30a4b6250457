"""The command ``lintas app``: where does the page's server listen, by which names is it known, and how does it end?

The server runs in the command's own process, so that it ends with the command, however the command ends.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import UserError, shorten
from experiments.words.languages import Translate, check_language, translator

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Seconds that open connections get to end once the server is to stop.
LEAVE = 2


def open_app(
    port: Annotated[str, typer.Option("--port", metavar="PORT", help="Port on this machine; 0 takes a free one.")] = "8765",
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; other machines reach the page unless it is 127.0.0.1.")
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A further name of this server, such as that of a proxy (may be repeated)."),
    ] = None,
    max_sessions: Annotated[str, typer.Option("--max-sessions", metavar="N", help="Pages that may be open at once.")] = "20",
    root_path: Annotated[
        str, typer.Option("--root-path", metavar="PREFIX", help="Path under which a proxy shows the page, such as /lintas.")
    ] = "",
    lang: Annotated[str, typer.Option("--lang", metavar="en|id|ms", help="Language of the messages.")] = "en",
) -> None:
    """Start the interactive page on this machine (stop it with Ctrl-C)."""
    from experiments.options import whole_number

    _ = translator(check_language(lang))
    wanted = whole_number("--port", port, low=0, high=65535)
    most = whole_number("--max-sessions", max_sessions, low=1, high=1000)
    address = check_address(host)
    names = [check_name(name) for name in allow_host or []]
    prefix = check_prefix(root_path)
    with listen(address, wanted) as listening:
        shown = "127.0.0.1" if address in ("0.0.0.0", "::") else f"[{address}]" if ":" in address else address
        url = f"http://{shown}:{listening.getsockname()[1]}{prefix}/"
        print(f"{url}  {_('(stop it with Ctrl-C)')}", flush=True)
        if not ipaddress.ip_address(address).is_loopback:
            warn(_, address)
        _serve(listening, [*names, *own_addresses(address)], most, prefix, None if no_open else url)


def check_address(host: str) -> str:
    """An address to listen on; ``localhost`` is 127.0.0.1."""
    text = "127.0.0.1" if host == "localhost" else host[1:-1] if host[:1] + host[-1:] == "[]" else host
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise UserError(
            f"--host is '{shorten(host, 80)}'; write an address of this machine, 127.0.0.1 for this machine only or 0.0.0.0 for all its addresses"
        ) from None


def check_name(name: str) -> str:
    """A name by which browsers ask for the page, with a port if it has one."""
    found = re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:([0-9]{1,5}))?", name)
    if not found or int(found[4] or 1) not in range(1, 65536):
        raise UserError(f"--allow-host is '{shorten(name, 80)}'; write a name as the browser shows it, such as class.example.org")
    return name.lower()


def check_prefix(path: str) -> str:
    """A path without the slash at its end."""
    if not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?", path) or len(path) > 200:
        raise UserError(f"--root-path is '{shorten(path, 80)}'; write a path of letters, digits, - and _, such as /lintas")
    return path.rstrip("/")


def own_addresses(address: str) -> list[str]:
    """The addresses by which a server that listens on ``address`` is known, as a browser shows them.

    An address cannot be made to resolve elsewhere as a name can, so all addresses of this machine are allowed where the server listens on all.
    """
    if address not in ("0.0.0.0", "::"):
        return [f"[{address}]" if ":" in address else address]
    import psutil

    found: list[str] = []
    for interface in psutil.net_if_addrs().values():
        for one in interface:
            if one.family == socket.AF_INET:
                found.append(one.address)
            elif one.family == socket.AF_INET6 and "%" not in one.address:
                found.append(f"[{one.address}]")
    return found


def listen(address: str, port: int) -> socket.socket:
    """A socket that listens, for the server to take over: nobody can take the port in between."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=128)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise UserError(f"--host {address} is no address of this machine; 127.0.0.1 is this machine only") from None
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise UserError(f"port {port} is in use or not allowed; choose another with --port, or 0 for a free one") from None
        raise UserError(f"cannot listen on --host {address}, port {port}: {error.strerror or error}") from None


def warn(_: Translate, address: str) -> None:
    """Say what it means to listen beyond this machine."""
    import sys

    text = _(
        "Warning: other machines can reach this page at {address}. Who reaches it can use this machine's processor and memory; there "
        "is no log-in, and nothing is encrypted without a proxy. See docs/class.md."
    )
    print(text.format(address=address), file=sys.stderr, flush=True)


def _serve(listening: socket.socket, hosts: Sequence[str], most: int, prefix: str, url: str | None) -> None:
    """Serve the page until the command is told to stop; ``url`` is opened in a browser once the server answers."""
    import gc
    import logging
    import threading
    import webbrowser

    from experiments.app import memory
    from experiments.app.serve import application, prepare

    memory.keep_together()
    gc.set_threshold(2_000, 10, 10)  # other commands are short-lived and look for garbage rarely; this one is not
    prepare(prefix)
    import uvicorn

    class Server(uvicorn.Server):
        """Stops without a message: an interruption is its usual end."""

        def handle_exit(self, sig: int, frame: Any) -> None:
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            self.force_exit = self.should_exit  # asked twice: at once
            self.should_exit = True

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if url is not None and self.started:
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    config = uvicorn.Config(
        application(most, hosts, prefix), log_level="warning", access_log=False, lifespan="on", server_header=False,
        timeout_graceful_shutdown=LEAVE, ws_max_size=2**20, workers=1, forwarded_allow_ips="127.0.0.1",  # not from the environment
    )  # fmt: skip
    Server(config).run([listening])
