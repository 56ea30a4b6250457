"""Who may ask the page's server for anything, and what each answer says about itself?

Any web page that is open in the same browser can send requests to a server on the same machine. Three things tell such a request
from one of our own page, and all three are checked here, before anything else sees the request:

* ``Host`` must be a name or address by which this server was told to be known. A foreign site that makes its own name resolve to this
  machine (DNS rebinding) sends its own name, and is refused.
* ``Origin``, which a browser adds to every web socket and every POST, must be this server itself or a name given for a proxy.
  A web socket or a POST without it is refused too: no browser sends one.
* ``Sec-Fetch-Site``, which newer browsers add to everything: a picture, script or form of another site is refused. Following a link
  to the page is allowed.

Nothing here knows Solara.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Names of this machine for itself.
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

#: Everything a page of this server may load comes from this server. Solara writes scripts into its page and makes templates from
#: text while it runs, hence 'unsafe-inline' and 'unsafe-eval', and anywidget loads the script of the charts as a text of its own ('blob:'); what
#: such a script could fetch or send is limited all the same.
POLICY = "; ".join((
    "default-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:", "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:", "font-src 'self' data:", "connect-src 'self'", "object-src 'none'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'",
))  # fmt: skip

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def name_and_port(host: str) -> tuple[str, str]:
    """The name and the port of a ``Host`` header or of an origin without its scheme; the port is empty where none is given."""
    host = host.strip().lower()
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):  # no port; the colons of an IPv6 address are inside brackets
        return host.rstrip("."), ""
    return name.rstrip("."), port


class Guard:
    """ASGI middleware that refuses what does not come from the page itself, and adds :data:`HEADERS` to each answer.

    ``hosts`` are further names, addresses (an IPv6 address in brackets) or ``name:port`` beside those of :data:`LOOPBACK`.
    A refused request gets status 403 and one sentence; a refused web socket is closed before it is opened.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._given = {name_and_port(host) for host in hosts}
        self._names = {*LOOPBACK, *(name for name, _port in self._given)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)

        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        if not refused:
            await self._app(scope, receive, with_headers)
        elif scope["type"] == "http":
            await PlainTextResponse(f"{refused}\n", status_code=403)(scope, receive, with_headers)
        else:
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": 1008, "reason": refused})

    def _refused(self, scope: Scope) -> str:
        """Why a request is refused; empty if it is not."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or name_and_port(hosts[0])[0] not in self._names:
            return "This server is not known by that name."
        if origins:
            if len(origins) != 1 or not self._is_own(origins[0], hosts[0]):
                return "Requests from other sites are not answered."
        elif scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD"):
            return "A request of this kind must say where it comes from."
        if scope["type"] == "http" and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            if not (is_link and scope["method"] in ("GET", "HEAD")):
                return "Requests from other sites are not answered."
        return ""

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether an origin is the host that was asked, or one that was given by name."""
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            return False
        name, port = name_and_port(parts.netloc)
        usual = {"http": "80", "https": "443"}[parts.scheme]
        asked_name, asked_port = name_and_port(host)
        if name == asked_name and (port or usual) == (asked_port or usual):
            return True
        # Behind a proxy that sends on another Host: what the browser asked for is a name that was given.
        return (name, port) in self._given
