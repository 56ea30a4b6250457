"""A control that is moved while its page is brought up to date keeps the value that the browser gave."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import reacton

from experiments.app import controls
from experiments.app.messages import install, undisturbed
from tests.app.client import PATIENCE, Client, serving

LABEL = "Year of the map"


class Moved:
    """A slider of the page, whose message comes just when another thread has begun to write its earlier value into it."""

    def __init__(self, is_undisturbed: bool) -> None:
        import ipyvuetify
        import ipywidgets
        from solara.widgets import HTML

        self.set_other: Any = None
        #: What the slider held, one value after another.
        self.held: list[float] = []
        #: The years that the page was made with.
        self.years: list[int] = []

        @reacton.component
        def Whole() -> None:
            year, set_year = reacton.use_state(1985)
            other, self.set_other = reacton.use_state(0)
            self.years.append(year)
            controls.Slider(LABEL, f"{year} {other}", year, (1980, 2015, 1), lambda value: set_year(int(value)), "")

        box, self.shown = reacton.render(Whole(), handle_error=False)
        self.slider: Any = self.shown.find(ipyvuetify.Slider).widget
        # The words above the slider are written before the slider itself.
        words: Any = self.shown.find(HTML).widget
        begun, go_on = threading.Event(), threading.Event()

        def hold(_change: object) -> None:
            if threading.current_thread() is writer:
                begun.set()
                assert go_on.wait(PATIENCE)

        words.observe(hold, "unsafe_innerHTML")
        self.slider.observe(lambda change: self.held.append(change["new"]), "v_model")
        handle = ipywidgets.Widget._handle_msg
        handle = getattr(handle, "__wrapped__", handle)
        if is_undisturbed:
            handle = undisturbed(handle, lambda: self.shown)
        message = {"content": {"data": {"method": "update", "state": {"v_model": 1988}}}, "buffers": []}
        writer = threading.Thread(target=lambda: self.set_other(1))
        taker = threading.Thread(target=lambda: handle(self.slider, message))
        writer.start()
        assert begun.wait(PATIENCE)
        taker.start()
        taker.join(0.3)
        go_on.set()
        for thread in (writer, taker):
            thread.join(PATIENCE)
            assert not thread.is_alive()
        box.close()


def test_a_moved_slider_is_not_set_back_by_another_thread() -> None:
    moved = Moved(is_undisturbed=True)
    assert moved.held == [1988] and moved.years[-1] == 1988


def test_without_that_it_would_be_set_back() -> None:
    """The test above can fail."""
    assert Moved(is_undisturbed=False).held == [1988, 1985, 1988]


def test_it_is_installed_once() -> None:
    import ipywidgets

    install()
    once = ipywidgets.Widget._handle_msg
    install()
    assert ipywidgets.Widget._handle_msg is once


def test_pandas_is_loaded_before_a_page_is_made() -> None:
    """If the first run loaded it in its own thread, Reacton would stumble over a module that is not whole and show a traceback."""
    code = "import sys; from experiments.app.serve import prepare; prepare(); print('pandas' in sys.modules)"
    said = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert said.stdout.strip() == "True", said.stderr


def test_the_server_never_says_an_earlier_value_of_a_slider_that_is_moved(tmp_path: Path) -> None:
    """As in a browser, the next value is sent when the former is answered, whether its map is drawn or not; from when the map is there."""
    with serving(tmp_path) as running, Client(running.port) as client:
        client.open()
        client.set(client.slider("Simulated households, both sides together"), 300)
        client.until(lambda: " 300 households" in client.shown() and "The border, place by place" in client.text())
        slider = client.slider(LABEL)
        client.updates.clear()
        for year in [*range(1985, 2016), *range(2014, 1980, -1)]:
            number = client.set(slider, year)
            client.until(lambda number=number: number in client.idle)
        client.until(lambda: f"{LABEL}: <b>1981</b>" in client.text())
        assert [state for widget, state in client.updates if widget == slider] == []
        client.until(lambda: "in 1981" in client.text())
        assert client.slider(LABEL) == slider and client.models[slider]["v_model"] == 1981
