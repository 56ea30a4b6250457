"""When is a control's new value taken over, if the page is being brought up to date at the same time?

Solara brings a page up to date in two kinds of threads: in the one that takes the browser's messages, and in those that report how far
a run is or that a figure is drawn. The latter read the year of the map as 1986, say, and a moment later write 1986 into its slider. If
the browser said 1988 in between, the slider of the server had 1988 already, the year not yet: 1988 was replaced by 1986, and the browser
was told so. A key that is held down, or a slider that is drawn, then goes on from 1986.

So a message to a control is handled while no other thread brings its page up to date, and none begins before what follows from the
message (the year is 1988) is settled too. After that the page never holds a value that is older than the one the browser gave.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate

import ipywidgets


def _page() -> Any:
    """Reacton's object for the page whose message is being handled; none before the page is made."""
    from solara.server.kernel_context import get_current_context

    return get_current_context().app_object


def undisturbed[**P, R](
    handle: Callable[Concatenate[ipywidgets.Widget, P], R], page: Callable[[], Any] = _page
) -> Callable[Concatenate[ipywidgets.Widget, P], R]:
    """``handle``, a widget's method that takes a message, for the time in which no other thread brings the page up to date.

    Reacton does not wait for ``thread_lock``: a thread that does not get it leaves its work to the one that has it. ``with shown``
    puts off what is to be shown until its end, where the lock is free again, so nothing that another thread left is forgotten.
    """

    @functools.wraps(handle)
    def handled(widget: ipywidgets.Widget, *given: P.args, **named: P.kwargs) -> R:
        shown = page()
        if shown is None:
            return handle(widget, *given, **named)
        with shown, shown.thread_lock:
            return handle(widget, *given, **named)

    return handled


def install() -> None:
    """Have every widget's messages handled this way, in this process; to do it again changes nothing."""
    if not hasattr(ipywidgets.Widget._handle_msg, "__wrapped__"):
        ipywidgets.Widget._handle_msg = undisturbed(ipywidgets.Widget._handle_msg)  # type: ignore[method-assign]
