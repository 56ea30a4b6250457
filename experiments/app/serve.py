"""What does the page's server answer, and to whom?

The page is made with Solara. Solara's own server asks other machines for things (a version, an address, files that it does not find)
and has routes that the page does not need, one of which deletes folders. So only its parts that talk to the browser are used here,
behind :class:`~experiments.app.guard.Guard`, and everything else is left out:

==================================  =======================================================================================
Solara's route                      here
==================================  =======================================================================================
``/``                               kept as :meth:`_Page.answer`: the same HTML, made once; 503 and one sentence when full
``/{fullpath}``                     left out: there is one page
``/jupyter/api/kernels/{id}/…``     kept for web sockets of the name ``channels``, with a limit on pages (:mod:`~experiments.app.sessions`)
``/jupyter/api/kernels/{id}``       left out: a constant that nothing asks for
``/_solara/api/close/{id}``         kept as :func:`_close`: only for the browser to which the page belongs
``/_solara/api/evict/{id}``         left out: a tool for tests of Solara
``/_solara/cdn/…``                  replaced by read-only files of the package solara-assets. Solara's own fetches what it does not find
                                    from a content network and removes a folder that is asked for as a file
``/static/assets``, ``/static``     kept: read-only files of Solara
``/static/public``                  left out: the page has no such files
``/jupyter/nbextensions``           kept: read-only, from the folder in which ipyvuetify is installed, not from the user's home folder
``/readyz``                         kept: says that the server is up, for a proxy
``/resourcez``                      left out: counts of threads and kernels are not for visitors
``/_solara/auth/…``                 left out: there is no log-in
download routes                     there are none: a table is sent over the page's own web socket
==================================  =======================================================================================

Added: ``/lintas/state`` (how many pages are open, and whether there is a place for another) and ``/lintas/files`` (the page's own script).
"""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import contextlib
import functools
import os
import re
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from uuid import uuid4

from abm.errors import UserError
from experiments.own_matplotlib import cache_folder, in_our_folder
from experiments.words.languages import LANGUAGES, mark, translator

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"

#: What a browser may call its page and its connection: Solara makes these names with random numbers.
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")

FULL = mark("All places on this page are taken just now: please come back in a few minutes.")

#: What :file:`files/page.js` says when the connection is lost, in the language that the page has then.
SENTENCES = {
    "lost": mark("The connection to the page's server is lost. The page tries to connect again; what you see stays as it is."),
    "stopped": mark("The page's server does not answer: it was stopped, or the network is down. Start it again, then reload this page."),
    "renewed": mark("The page's server was started again, or this page was away for too long. Reload the page to go on."),
    "full": FULL,
    "reload": mark("Reload the page"),
}


#: The script that draws the charts, below the files of solara-assets; :file:`files/chart.js` names it too.
ECHARTS = "echarts@5.4.0/dist/echarts.esm.min.js"

#: Seconds after which the next page is answered although the former answer is not done: a browser that takes nothing in must not
#: hold up the others.
HOLD = 0.5


def one_at_a_time[**P, R](handle: Callable[P, R], hold: float = HOLD) -> Callable[P, R]:
    """``handle``, for one caller at a time; one that takes longer than ``hold`` seconds is not waited for.

    The interpreter shares its time among the threads that want it. Twenty pages that drag a slider would leave a run one part in
    twenty-one; this way it gets one in two, and the pages together get no less than before.
    """
    changed = threading.Condition()
    since: dict[object, float] = {}
    waiting: deque[object] = deque()

    @functools.wraps(handle)
    def handled(*given: P.args, **named: P.kwargs) -> R:
        mine = object()
        with changed:
            waiting.append(mine)  # who came first is answered first
            while True:
                left = max(since.values()) + hold - time.monotonic() if since else 0.0
                if waiting[0] is mine and left <= 0:
                    break
                changed.wait(max(left, 0.001) if waiting[0] is mine else None)
            waiting.popleft()
            since[mine] = time.monotonic()
            changed.notify_all()  # the next one may have to wait for no more than this one's time
        try:
            return handle(*given, **named)
        finally:
            with changed:
                del since[mine]
                changed.notify_all()

    return handled


def prepare(root_path: str = "") -> None:
    """Load Solara so that it asks no other machine for anything and reads no setting from outside.

    ``root_path`` is the path under which a proxy shows the page, as ``/class`` (empty without one). Must come before anything else
    loads Solara's server; what matters is set again afterwards, for the case that something did.
    """
    for name in [name for name in os.environ if name.startswith("SOLARA_")]:
        del os.environ[name]  # a theme leaves the page blank, a store would be asked over the network, and so on
    os.environ |= {
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
        "SOLARA_TELEMETRY_SERVER_USER_ID": "none",
        "SOLARA_MODE": "production",
        # What IPython and Solara keep (such as a history of commands) goes into our own folder, not into the user's home.
        "IPYTHONDIR": str(cache_folder("ipython")),
        "SOLARA_HOME": str(cache_folder("solara")),
    }
    # Solara looks for its page, and for a file with settings, in the current folder first: nothing there is meant for us.
    with in_our_folder():
        import solara.server.settings as settings

        settings.telemetry.mixpanel_enable = False
        settings.telemetry.mixpanel_token = ""
        settings.main.mode = "production"
        settings.main.root_path = root_path
        settings.state.backend = ""
        settings.search.enabled = settings.ssg.enabled = settings.oauth.private = False
        settings.assets.fontawesome_enabled = False
        from experiments.app import messages, sessions

        settings.kernel.cull_timeout = sessions.KEPT
        settings.kernel.gc_after_close = False  # experiments.app.memory does it
        settings.theme.variant = settings.ThemeVariant.light
        settings.theme.show_banner = False
        settings.theme.title = "lintas"
        settings.theme.loader = "plain"

        # Reacton looks whether a value is a table of pandas, if pandas is loaded. It fails, and the page with it, if another thread
        # (that of the first run) is only just loading it.
        import pandas  # noqa: F401
        import solara.server.app
        import solara.server.server
        import solara.settings

        solara.settings.assets.proxy = True  # the HTML names the files under /_solara/cdn, which we serve
        if "__default__" not in solara.server.app.apps:
            solara.server.app.apps["__default__"] = solara.server.app.AppScript("experiments.app.page")
        if not hasattr(solara.server.server.process_kernel_messages, "__wrapped__"):
            solara.server.server.process_kernel_messages = one_at_a_time(solara.server.server.process_kernel_messages)
        messages.install()
        # Extensions of notebooks in the user's home folder are not used by this page.
        server = solara.server.server
        ours = [
            path for path in server.nbextensions_directories
            if all((path / name / "extension.js").is_file() for name in ("jupyter-vuetify", "anywidget"))
        ]  # fmt: skip
        server.nbextensions_directories[:] = ours[:1]
    cdn = settings.assets.proxy_cache_dir
    if not ours or not any((cdn / "@widgetti").glob("solara-vuetify-app@*")) or not (cdn / ECHARTS).is_file():
        raise UserError("the files of the page are missing (packages solara-assets, ipyvuetify and anywidget); install lintas again")


def page_html(root_path: str = "") -> str:
    """The HTML of the page: Solara's, with a language, zoom allowed, and the page's own words for a lost connection."""
    import json

    import solara.server.server

    html = solara.server.server.read_root("/", root_path)
    if html is None:
        raise RuntimeError("Solara does not know the page")
    words = {code: {name: translator(code)(text) for name, text in SENTENCES.items()} for code in LANGUAGES}
    said = json.dumps({"root": root_path, "words": words}).replace("<", "\\u003c")
    ours = (
        f'<link rel="stylesheet" href="{root_path}/lintas/files/page.css">'
        f'<script id="lintas-words" type="application/json">{said}</script>'
        f'<script src="{root_path}/lintas/files/page.js" defer></script>'
    )
    for old, new in (
        ("<html>", '<html lang="en">'),
        # light or dark as the browser is set; Solara's own way of saying so leaves its page without a place for the app
        ('"variant": "light"', '"variant": "auto"'),
        (", maximum-scale=1, user-scalable=no, minimal-ui", ""),
        ("</head>", f"{ours}</head>"),
        # A lost connection is told by page.js; Solara's spinner, bar and dialog would cover each other and speak English only.
        ('<v-alert v-if="needsRefresh || cancelAutoRefresh"', '<v-alert v-if="false"'),
        ('<v-overlay style="z-index: 100002;"', '<v-overlay v-if="false" style="z-index: 100002;"'),
        ('<v-dialog v-if="!vue3"', '<v-dialog v-if="false"'),
    ):
        if html.count(old) != 1:
            raise RuntimeError(f"Solara's page is not the one this version was made for: {old!r} occurs in it {html.count(old)} times")
        html = html.replace(old, new)
    return html


def full_html() -> str:
    """A page that says in each language that there is no place just now."""
    said = "".join(f"<p lang='{code}'>{translator(code)(FULL)}</p>" for code in LANGUAGES)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>lintas</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'></head>"
        f"<body style='font-family: sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em'><h1>lintas</h1>{said}</body></html>"
    )


def application(most: int, hosts: Collection[str] = (), root_path: str = ""):
    """The ASGI application: at most ``most`` pages at once, known by ``hosts`` beside this machine's own names, shown under ``root_path``.

    :func:`prepare` comes first.
    """
    import solara.server.settings as settings
    from solara.lifecycle import on_kernel_start
    from solara.server import app as solara_app
    from solara.server import kernel_context, server
    from solara.server.starlette import SolaraGZipMiddleware, StaticAssets, StaticFilesOptionalAuth, StaticNbFiles, kernel_connection
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
    from starlette.routing import Mount, Route, WebSocketRoute
    from starlette.websockets import WebSocket

    from experiments.app import memory, runner, sessions
    from experiments.app.guard import Guard

    class Assets(StaticFilesOptionalAuth):
        """The files of solara-assets. Each has the number of its version in its path, so a browser may keep it."""

        def file_response(self, *given, **named):
            response = super().file_response(*given, **named)
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
            return response

    def is_open(page: str) -> bool:
        return page in kernel_context.contexts

    def close_page(page: str) -> None:
        context = kernel_context.contexts.get(page)
        if context is not None:
            context.close(reason="cull")

    pages = sessions.Sessions(most, is_open, close_page)
    sessions.current = pages
    html: list[str] = []

    def answer(request: Request) -> Response:
        """The page, and a name for the browser by which only it can come back to its page."""
        if pages.is_full():
            return HTMLResponse(full_html(), status_code=503, headers={"retry-after": "120", "cache-control": "no-store"})
        if not html:
            html.append(page_html(root_path))
        response = HTMLResponse(html[0], headers={"cache-control": "no-store"})
        if not _NAME.fullmatch(server.get_session_id_cookie(request.cookies) or ""):
            response.set_cookie(
                server.COOKIE_KEY_SESSION_ID, str(uuid4()), max_age=400 * 24 * 3600, path=f"{root_path}/", httponly=True,
                samesite="strict", secure=request.url.scheme == "https",
            )  # fmt: skip
        return response

    async def connect(socket: WebSocket) -> None:
        page = socket.path_params["kernel_id"]
        session = socket.query_params.get("session_id", "")
        browser = server.get_session_id_cookie(socket.cookies) or ""
        if not (_NAME.fullmatch(page) and _NAME.fullmatch(session) and _NAME.fullmatch(browser)):
            await socket.close(1008, "This is no request of the page.")
            return
        context = kernel_context.contexts.get(page)
        if context is not None and context.session_id != browser:
            await socket.close(1008, "This page belongs to another browser.")
            return
        if not await run_in_threadpool(pages.come, page):
            await socket.close(1013, "All places are taken.")
            return
        try:
            await kernel_connection(socket)
        finally:
            pages.go(page)

    def close(request: Request) -> Response:
        """The browser says that a page was closed: give its memory back at once."""
        context = kernel_context.contexts.get(request.path_params["kernel_id"])
        session = request.query_params.get("session_id", "")
        browser = server.get_session_id_cookie(request.cookies)
        if context is not None and context.session_id == browser and session in context.page_status:
            context.page_close(session)
        return Response(status_code=204)

    def state(request: Request) -> Response:
        return JSONResponse({"open": pages.count(), "is_full": pages.is_full()}, headers={"cache-control": "no-store"})

    def ready(request: Request) -> Response:
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with in_our_folder():
            solara_app.ensure_apps_initialized()
        threading.Thread(target=runner.run_first, daemon=True, name="lintas first run").start()
        forget = on_kernel_start(lambda: memory.give_back_soon)  # what is returned is called when a kernel is closed
        yield
        forget()

    served = Starlette(
        routes=[
            Route("/", answer),
            Route("/readyz", ready),
            Route("/lintas/state", state),
            Mount("/lintas/files", StaticFilesOptionalAuth(directory=FILES)),
            WebSocketRoute("/jupyter/api/kernels/{kernel_id}/channels", connect),
            Route("/_solara/api/close/{kernel_id}", close, methods=["POST"]),
            Mount("/_solara/cdn", Assets(directory=settings.assets.proxy_cache_dir)),
            Mount("/static/assets", StaticAssets()),
            Mount("/jupyter/nbextensions", StaticNbFiles()),
            Mount("/static", StaticFilesOptionalAuth(directory=server.solara_static)),
        ],
        middleware=[
            Middleware(Guard, hosts=hosts),
            Middleware(Prefix, path=root_path),
            Middleware(SolaraGZipMiddleware, minimum_size=1000),
        ],
        lifespan=lifespan,
    )
    served.router.redirect_slashes = False
    return served


class Prefix:
    """ASGI middleware that takes a proxy's path off a request: some proxies leave it there, some do not, and both work."""

    def __init__(self, app, path: str) -> None:
        self._app, self._path = app, path

    async def __call__(self, scope, receive, send) -> None:
        path = scope.get("path", "")
        if self._path and (path == self._path or path.startswith(f"{self._path}/")):
            rest = path.removeprefix(self._path) or "/"
            scope = scope | {"path": rest, "raw_path": rest.encode()}
        await self._app(scope, receive, send)
