"""Where do people live, and where do they cross? The places of one year on a map, with crossings, rivers and the border."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from experiments.reports.figure_sheet import Picture, Sheet, years_of
from experiments.reports.svg import (
    GREY,
    INK,
    KALIMANTAN,
    PAPER,
    SIZES,
    WIDTH,
    closed,
    height_of,
    legend,
    line,
    shape,
    sheet,
    width_of,
    words,
    wrapped,
)

SEA, LAND, COAST, RIVER, SOFT, YELLOW = "#e8eff3", "#faf8f2", "#b9b6aa", "#8db4cc", "#5a5a58", "#c99700"
#: Colours from no share to all of it, at equal steps: matplotlib's "viridis" the other way round, which is as readable in grey and for the colour-blind.
COLOURS = (
    "#fde725", "#d5e21a", "#aadc32", "#81d34d", "#5cc863", "#3dbc74", "#27ad81", "#1f9f88", "#21908d", "#26818e", "#2c718e", "#33628d", "#3b518b",
    "#423f85", "#472c7a", "#481769", "#440154",
)  # fmt: skip
#: Degrees around the places that are shown: west and south, east, north.
AROUND = (0.35, 0.35, 0.3)


#: Rows of a table.
Rows = Sequence[Mapping[Any, Any]]


class Ground(NamedTuple):
    """Where a longitude and a latitude lie in the figure; at the equator a degree is as long in both directions."""

    west: float
    north: float
    scale: float
    left: float
    top: float

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Units from the left and from the top."""
        return self.left + (lon - self.west) * self.scale, self.top + (self.north - lat) * self.scale


class MapDrawing(Sheet):
    """The map of one run."""

    def map(self, indicator: str = "care_share_across", year: int | None = None) -> Picture:
        """The places of one year, sized by people and coloured by an indicator of the ``places`` table."""
        _, n = self._, self.n
        shown = self.map_year if year is None else year
        rows = self.results.places[self.results.places["year"] == shown]
        label, as_share = self._label(indicator)
        values = rows[indicator].to_numpy(dtype=float)
        figure = sheet()
        figure_height = self.draw_map(figure, 2.0, indicator, shown)
        ranked = [(str(p), float(v)) for p, v, s in zip(rows["place"], values, rows["side"], strict=True) if s == "id" and math.isfinite(v)]
        ranked.sort(key=lambda pair: (-pair[1], pair[0]))
        show: Callable[[float], str] = n.percent if as_share else n.short
        if ranked:
            sentence = _("{label} in {year} on the Kalimantan side: highest in {top} ({high}), lowest in {bottom} ({low}).").format(
                label=label, year=shown, top=ranked[0][0], high=show(ranked[0][1]), bottom=ranked[-1][0], low=show(ranked[-1][1])
            )
        else:
            sentence = _("There is no value of this indicator in {year}.").format(year=shown)
        side = lambda code: self.side_names[str(code)]  # noqa: E731
        return self._picture(
            "map",
            _("The border, place by place"),
            closed(figure, figure_height),
            _("Map of the border with rivers, places sized by population and coloured by: {label}; crossings marked by kind.").format(
                label=label
            ),
            sentence,
            head=(_("place"), _("side"), label),
            rows=tuple((str(p), side(s), show(v)) for p, s, v in zip(rows["place"], rows["side"], values, strict=True)),
        )

    @property
    def map_year(self) -> int:
        """The year of the map: the middle of those in which, the paper says, most care was sought across, or the run's last."""
        return min(self.last, (sum(years_of(self.claims["E02"]["visits"], "share")) + 1) // 2)

    def draw_map(self, parent: Element, y: float, indicator: str, year: int) -> float:
        """Places sized by people and coloured by an indicator, from ``y`` down, with the colour key and the legend below; returns the lower edge."""
        _ = self._
        label, as_share = self._label(indicator)
        for text in wrapped(_("{label}, {year}").format(label=label, year=year), "heading", WIDTH - 8):
            y += height_of("heading")
            words(parent, text, 4, y - 3, "heading")
        rows = self.results.places[self.results.places["year"] == year]
        values = rows[indicator].to_numpy(dtype=float)
        most = 1.0 if as_share else float(max([v for v in values if math.isfinite(v) and v > 0] or [1.0]))
        bottom = self._land(parent, y + 4, rows.to_dict("records"), [v / most for v in values], year)
        ticks = [(part, self.n.percent(part) if as_share else self.n.short(part * most)) for part in (0.0, 0.5, 1.0)]
        below = _colour_key(parent, bottom + 12, ticks)
        signs = [(_diamond, _("post")), (_triangle, _("traditional crossing")), (_cross, _("path")), (_square, _("service town"))]
        return legend(parent, signs, below, 4, WIDTH - 4)

    def _land(self, parent: Element, top: float, records: Rows, parts: list[float], year: int) -> float:
        """The map itself: outline, places (each with its part of the largest value), crossings, names; returns the lower edge."""
        places = self.region.places
        west, east = float(places["lon"].min()) - AROUND[0], float(places["lon"].max()) + AROUND[1]
        south, north = float(places["lat"].min()) - AROUND[0], float(places["lat"].max()) + AROUND[2]
        scale = min(WIDTH / (east - west), 1.2 * WIDTH / (north - south))
        width, height = (east - west) * scale, (north - south) * scale
        # what lies outside is cut off at the edges of an svg of its own
        inside = shape(parent, "svg", x=(WIDTH - width) / 2, y=top, width=width, height=height)
        shape(inside, "rect", width=width, height=height, fill=SEA)
        ground = Ground(west, north, scale, 0.0, 0.0)
        self._outline(inside, ground)
        service = self.region.places[self.region.places["kind"] == "service"].to_dict("records")
        for row in service:
            _square(inside, *ground.at(row["lon"], row["lat"]))
        for row, part in sorted(zip(records, parts, strict=True), key=lambda pair: -float(pair[0]["population"])):
            x, y = ground.at(row["lon"], row["lat"])
            shape(inside, "circle", cx=x, cy=y, r=_radius(row), fill=colour(part), stroke=INK, stroke_width=0.8)
        self._crossings(inside, ground, year)
        self._names(inside, ground, service, records, width)
        return top + height

    def _names(self, parent: Element, ground: Ground, service: Rows, records: Rows, width: float) -> None:
        """Names of service towns, then of places, the larger ones first, above or below the sign.

        One that would cover another name or the middle of another place is left out (the table below the map has them all).
        """
        taken = []
        for row in records:
            x, y = ground.at(row["lon"], row["lat"])
            taken.append((x - 1, y - 1, x + 1, y + 1))
        tall = SIZES["name"][1]
        ranked = sorted(records, key=lambda row: (-float(row["population"]), str(row["place"])))
        for row, is_service in [*((row, True) for row in service), *((row, False) for row in ranked)]:
            text, (x, y) = str(row["place"]), ground.at(row["lon"], row["lat"])
            half, reach = width_of(text, "name") / 2, 4.0 if is_service else _radius(row) + 2
            x = min(max(x, half + 2), width - half - 2)
            above, below = y - reach - 1, y + reach + tall - 1
            for base in (below, above) if is_service else (above, below):
                left, top, right, bottom = x - half, base - tall, x + half, base + 1
                if top >= 0 and not any(left < other[2] and right > other[0] and top < other[3] and bottom > other[1] for other in taken):
                    words(parent, text, x, base, "name", anchor="middle", halo=LAND, colour=SOFT if is_service else INK)
                    taken.append((left, top, right, bottom))
                    break

    def _label(self, indicator: str) -> tuple[str, bool]:
        """The declared label of an output, and whether it is a share."""
        from agents.core.declare import OUTPUTS

        said = OUTPUTS.get(indicator)
        return (self._(said.label), said.unit == "share") if said else (indicator, "share" in indicator)

    def _outline(self, parent: Element, ground: Ground) -> None:
        """Land, rivers and the border."""
        shapes: dict[str, Any] = json.loads(self.region.map_path.read_text(encoding="utf-8"))
        looks: dict[str, dict[str, Any]] = {
            "land": {"fill": LAND, "stroke": COAST, "stroke_width": 0.9},
            "river": {"fill": "none", "stroke": RIVER, "stroke_width": 1.1},
            "border": {"fill": "none", "stroke": INK, "stroke_width": 1.5, "stroke_dasharray": "5 2.5"},
        }
        for kind, look in looks.items():  # in this order, one over the other
            for feature in shapes["features"]:
                if feature["properties"].get("kind") == kind:
                    for points in _rings(feature["geometry"]):
                        shape(parent, "path", d=line(ground.at(p[0], p[1]) for p in points) + ("Z" if kind == "land" else ""), **look)

    def _crossings(self, parent: Element, ground: Ground, year: int) -> None:
        """Crossings by kind; a post that is not yet open is drawn as a traditional crossing."""
        for row in self.region.crossings.to_dict("records"):
            kind, opened = str(row["kind"]), str(row["opened"])
            is_open = opened[:4].isdigit() and int(opened[:4]) <= year
            draw = _diamond if kind == "post" and is_open else _cross if kind == "path" else _triangle
            draw(parent, *ground.at(row["lon"], row["lat"]))


def colour(part: float) -> str:
    """The colour of a part of the largest value, 0 to 1; white where there is none."""
    if not math.isfinite(part):
        return PAPER
    at = min(max(part, 0.0), 1.0) * (len(COLOURS) - 1)
    low = min(int(at), len(COLOURS) - 2)
    pairs = zip(*(bytes.fromhex(COLOURS[k][1:]) for k in (low, low + 1)), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (at - low)):02x}" for a, b in pairs)


def _radius(row: Mapping[Any, Any]) -> float:
    """Of the circle of a place: its area is in proportion to people; a floor keeps the smallest visible."""
    return 0.575 * math.sqrt(max(14.0, float(row["population"]) / 120))


def _colour_key(parent: Element, y: float, ticks: list[tuple[float, str]]) -> float:
    """The colours from the lowest to the highest value, marked at ``ticks`` (part of the way, words); returns the lower edge."""
    left, width, height = 36.0, 190.0, 11.0
    gradient = shape(shape(parent, "defs"), "linearGradient", id="colours")
    for k, said in enumerate(COLOURS):
        shape(gradient, "stop", offset=k / (len(COLOURS) - 1), stop_color=said)
    shape(parent, "rect", x=left, y=y, width=width, height=height, fill="url(#colours)", stroke=GREY, stroke_width=0.6)
    for part, label in ticks:
        x = left + part * width
        shape(parent, "path", d=line([(x, y + height), (x, y + height + 3)]), stroke=GREY)
        words(parent, label, x, y + height + 1 + height_of("mark"), "mark", anchor="middle")
    return y + height + height_of("mark") + 8


# --- signs, drawn around a point ------------------------------------------------------------------------------------


def _diamond(parent: Element, x: float, y: float) -> None:
    shape(parent, "path", d=line([(x, y - 4.3), (x + 4.3, y), (x, y + 4.3), (x - 4.3, y)]) + "Z", fill=KALIMANTAN)


def _triangle(parent: Element, x: float, y: float) -> None:
    shape(parent, "path", d=line([(x, y - 3.8), (x + 3.8, y + 3), (x - 3.8, y + 3)]) + "Z", fill=YELLOW)


def _cross(parent: Element, x: float, y: float) -> None:
    for dx in (3.0, -3.0):
        shape(parent, "path", d=line([(x - dx, y - 3), (x + dx, y + 3)]), stroke=GREY, stroke_width=1.2)


def _square(parent: Element, x: float, y: float) -> None:
    shape(parent, "rect", x=x - 3, y=y - 3, width=6.0, height=6.0, fill=PAPER, stroke=GREY, stroke_width=1.2)


def _rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    """All lines of a GeoJSON geometry (holes are drawn as lines of their own)."""
    kind, points = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        return [points]
    if kind in ("MultiLineString", "Polygon"):
        return list(points)
    if kind == "MultiPolygon":
        return [ring for polygon in points for ring in polygon]
    return []
