"""Figures made from numbers: each value is where it belongs, the same numbers give the same bytes, and words fit at both sizes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import numpy as np
import pytest

from abm.region import Region
from experiments.reports import map_figure, panel, svg
from experiments.reports.figures import FIGURES, Drawing, pictures, readme_picture
from experiments.reports.panel import Panel, stacked, steps, years_shown
from experiments.words.languages import LANGUAGES
from tests.app.test_page import CHROMIUM, FLAGS, need_chromium
from tests.experiments import made_up

SVG = "{http://www.w3.org/2000/svg}"


def drawn(one: Panel) -> Element:
    return fromstring(stacked([one]))


def points(path: Element) -> list[tuple[float, float]]:
    found = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.attrib["d"])
    return [(float(x), float(y)) for x, y in found]


def of_colour(figure: Element, colour: str) -> list[Element]:
    return [e for e in figure.iter(f"{SVG}path") if e.get("stroke") == colour]


def grid(figure: Element) -> list[float]:
    """Heights of the marks of the scale, from the lowest value up."""
    return [points(e)[0][1] for e in of_colour(figure, panel.GRID)]


# ---- a panel --------------------------------------------------------------------------------------------------------


def test_a_line_is_where_its_values_are() -> None:
    one = Panel("Heading", 1980, 1989, 100)
    one.line({1980: 0.0, 1984: 10.0, 1989: 5.0}, "#123456")
    one.scale(10.0, str, 5)
    figure = drawn(one)
    heights = grid(figure)
    assert [round(heights[0] - h, 2) for h in heights] == [0, 20, 40, 60, 80, 100]  # 0, 2, 4, 6, 8, 10
    (path,) = of_colour(figure, "#123456")
    (x0, y0), (x1, y1), (x2, y2) = points(path)
    assert (y0, y1, y2) == (heights[0], heights[-1], pytest.approx((heights[0] + heights[-1]) / 2, abs=0.01))
    axis = points(next(e for e in figure.iter(f"{SVG}path") if e.get("fill") == "none" and e.get("stroke") == svg.GREY))
    left, right = axis[1][0], axis[2][0]
    year = (right - left) / 10
    assert (x0, x1, x2) == (
        pytest.approx(left + year / 2, abs=0.01),
        pytest.approx(left + 4.5 * year, abs=0.01),
        pytest.approx(right - year / 2, abs=0.01),
    )


def test_a_logarithmic_scale() -> None:
    one = Panel("Heading", 1980, 1989, 100)
    one.line({1980: 10.0, 1981: 100.0, 1982: 1000.0}, "#123456")
    one.log_scale(10.0, 1000.0, (5, 10, 100, 1000, 2000), str)
    figure = drawn(one)
    heights = grid(figure)
    assert [round(heights[0] - h, 2) for h in heights] == [0, 50, 100]  # 5 and 2000 are not on it
    assert [y for _x, y in points(of_colour(figure, "#123456")[0])] == heights


def test_a_line_has_a_gap_where_there_is_no_value_and_stays_in_its_panel() -> None:
    one = Panel("Heading", 1980, 1989, 100)
    one.line({1980: 1.0, 1981: math.nan, 1982: 1.0, 1983: 99.0, 1984: -99.0}, "#123456")
    one.scale(2.0, str)
    figure = drawn(one)
    (path,) = of_colour(figure, "#123456")
    assert path.attrib["d"].count("M") == 2 and len(points(path)) == 4
    assert "nan" not in stacked([one]).decode()
    heights = grid(figure)
    assert min(y for _x, y in points(path)) == heights[-1] and max(y for _x, y in points(path)) == heights[0]


def test_marks_of_the_paper_events_and_shaded_years() -> None:
    one = Panel("Heading", 1980, 1989, 100)
    one.scale(10.0, str, 5)
    one.bar(1982, 1983, 4.0, "paper: 4")
    one.event(1985.0, 1, 0)
    one.event(1985.5, 2, 1)
    one.shade(1986.0, 1988.0)
    figure = drawn(one)
    (bar,) = [e for e in figure.iter(f"{SVG}path") if e.get("stroke-width") == "3.6"]
    assert {y for _x, y in points(bar)} == {grid(figure)[2]}
    first, second = figure.iter(f"{SVG}circle")
    year = float(second.attrib["cx"]) - float(first.attrib["cx"])
    assert year > 0 and float(second.attrib["cy"]) > float(first.attrib["cy"])
    (shade,) = [e for e in figure.iter(f"{SVG}rect") if e.get("fill") == panel.SHADE]
    assert float(shade.attrib["width"]) == pytest.approx(4 * year, abs=0.05)
    assert [e.text for e in figure.iter(f"{SVG}text") if e.get("class") == "mark"] == ["paper: 4", "1", "2"]


@pytest.mark.parametrize(
    ("high", "most", "expected"),
    [
        (1.0, 7, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (8.05, 5, [0, 2, 4, 6, 8]),
        (0.046, 5, [0, 0.01, 0.02, 0.03, 0.04]),
        (15_000, 7, [0, 5000, 10_000, 15_000]),
    ],
)
def test_steps_of_a_scale_are_round(high: float, most: int, expected: list[float]) -> None:
    assert steps(high, most) == pytest.approx(expected)


def test_years_that_are_written() -> None:
    assert years_shown(1980, 2015) == [1980, 1985, 1990, 1995, 2000, 2005, 2010, 2015]
    assert years_shown(1980, 1980) == [1980, 1981]
    assert len(years_shown(1980, 2030)) <= 8


def test_the_same_numbers_give_the_same_bytes_and_markup_is_harmless() -> None:
    def figure() -> bytes:
        one = Panel('<script>alert("x")</script> & more', 1980, 1981, 50)
        one.line({1980: 0.5, 1981: 0.25}, "#123456", "<b>")
        return stacked([one])

    assert figure() == figure()
    assert b"<script" not in figure() and b"<b>" not in figure()
    assert fromstring(figure()).tag == f"{SVG}svg"


def test_long_headings_are_wrapped() -> None:
    lines = svg.wrapped("word " * 40, "heading", 300)
    assert len(lines) > 2 and " ".join(lines) == ("word " * 40).strip()
    assert all(svg.width_of(one, "heading") <= 300 for one in lines)
    assert svg.wrapped("w" * 100, "heading", 10) == ["w" * 100]


def test_numbers_are_short() -> None:
    assert [svg.number(v) for v in (1.0, 1.234, -0.001, 10.5, 100.0, -3.1)] == ["1", "1.23", "0", "10.5", "100", "-3.1"]


# ---- the map --------------------------------------------------------------------------------------------------------


def test_colours_of_the_map_are_those_of_viridis() -> None:
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    for k in range(21):
        ours, theirs = to_rgb(map_figure.colour(k / 20)), colormaps["viridis_r"](k / 20)[:3]
        assert ours == pytest.approx(theirs, abs=0.02), k
    assert map_figure.colour(math.nan) == svg.PAPER


def test_places_of_the_map() -> None:
    results, region = made_up.results(), Region.load()
    figure = fromstring(Drawing(results, region, "en").map("care_share_across", 2000).svg)
    rows = results.places[results.places["year"] == 2000]
    circles = list(figure.iter(f"{SVG}circle"))
    assert len(circles) == len(rows)
    # the largest place is drawn first, so below the others, and areas are in proportion to people
    ranked = rows.sort_values("population", ascending=False)
    people, radius = ranked["population"].to_numpy(float), [float(c.attrib["r"]) for c in circles]
    assert radius == sorted(radius, reverse=True)
    assert (radius[0] / radius[1]) ** 2 == pytest.approx(people[0] / people[1], rel=0.01)
    # east is right, north is up, and a degree is as long in both directions
    (x0, y0), (x1, y1) = ((float(c.attrib["cx"]), float(c.attrib["cy"])) for c in circles[:2])
    (a, b) = (ranked.iloc[k] for k in (0, 1))
    scale = (x1 - x0) / (b["lon"] - a["lon"])
    assert scale > 0 and (y0 - y1) / (b["lat"] - a["lat"]) == pytest.approx(scale, rel=0.02)


# ---- in a browser ---------------------------------------------------------------------------------------------------

BOXES = """() => {
  const all = document.querySelector('svg').getBoundingClientRect();
  return {width: all.width, height: all.height, words: [...document.querySelectorAll('text')].map(t => {
    const b = t.getBoundingClientRect();
    return {text: t.textContent, name: t.getAttribute('class'), size: parseFloat(getComputedStyle(t).fontSize),
            left: b.left - all.left, right: b.right - all.left, top: b.top - all.top, bottom: b.bottom - all.top};
  })};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield one
        one.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_words_fit_on_a_wide_and_a_narrow_screen(browser: Any, language: str) -> None:
    """No word leaves its figure or covers another; on a telephone they are larger for their figure, so no less than 8 pixels."""
    page = browser.new_page()
    for picture in pictures(made_up.results(), Region.load(), language):
        for width in (736, 358):
            page.set_viewport_size({"width": width, "height": 900})
            page.set_content(
                f"<body style='margin:0'><style>svg{{width:{width}px;height:auto}}</style>{picture.svg.decode().split('?>', 1)[1]}"
            )
            seen = page.evaluate(BOXES)
            boxes = seen["words"]
            assert len(boxes) > 8, picture.key
            for k, box in enumerate(boxes):
                where = (language, picture.key, width, box["text"])
                assert box["size"] * width / svg.WIDTH >= 8, where
                assert box["left"] >= -1 and box["right"] <= seen["width"] + 1, where
                assert box["top"] >= -2 and box["bottom"] <= seen["height"] + 2, where
                for other in boxes[:k]:
                    over = min(box["right"], other["right"]) - max(box["left"], other["left"])
                    down = min(box["bottom"], other["bottom"]) - max(box["top"], other["top"])
                    assert over <= 1 or down <= 0.35 * box["size"] * width / svg.WIDTH, (*where, other["text"])
    page.close()


@pytest.mark.browser
def test_an_image_of_a_figure_takes_its_words_from_its_own_width(browser: Any) -> None:
    """As the page shows it: an image, whose words are large where the image is narrow, whatever the width of the screen."""
    import base64
    import io

    from PIL import Image

    page = browser.new_page(viewport={"width": 1280, "height": 900})
    source = base64.b64encode(pictures(made_up.results(), Region.load(), "en", ["work"])[0].svg).decode()
    inked = []
    for width in (481, 479):
        page.set_content(f"<body style='margin:0'><img style='width:{width}px' src='data:image/svg+xml;base64,{source}'>")
        page.wait_for_function("document.images[0].complete")
        shot = Image.open(io.BytesIO(page.locator("img").screenshot())).convert("L")
        inked.append(int((np.asarray(shot)[:40] < 120).sum()))
    assert inked[1] > 1.2 * inked[0], inked
    page.close()


def test_the_picture_of_the_readme() -> None:
    figure = fromstring(readme_picture(made_up.results(), Region.load()))
    texts = [e.text or "" for e in figure.iter(f"{SVG}text")]
    assert any("Product per person" in t for t in texts) and any("Share of visits" in t for t in texts) and "Serian" in texts
    assert FIGURES[-1] == "map"
