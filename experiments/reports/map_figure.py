"""Where do people live, and where do they cross? The places of one year on a map, with crossings, rivers and the border."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from experiments.reports.figure_sheet import GREY, INK, KALIMANTAN, Picture, Sheet, years_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas


class MapDrawing(Sheet):
    """The map of one run."""

    def map(self, indicator: str = "care_share_across", year: int | None = None, height: float = 4.9) -> Picture:
        """The places of one year, sized by people and coloured by an indicator of the ``places`` table."""
        _, n = self._, self.n
        shown = self.map_year if year is None else year
        rows = self.results.places[self.results.places["year"] == shown]
        label, as_share = self._label(indicator)
        values = rows[indicator].to_numpy(dtype=float)
        canvas, (axes,) = self._canvas(height, 1)
        axes.set_position((0.0, 0.17, 1.0, 0.77))
        self.draw_map(canvas, axes, indicator, shown, keys=(0.05, 0.115, 0.34, 0.022))
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
            canvas,
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

    def draw_map(self, canvas: Canvas, axes: Axes, indicator: str, year: int, keys: tuple[float, float, float, float]) -> None:
        """Places sized by people and coloured by an indicator; the colour key and the legend are below."""
        _, n = self._, self.n
        from matplotlib import colormaps
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize
        from matplotlib.lines import Line2D

        rows = self.results.places[self.results.places["year"] == year]
        self._outline(axes)
        label, as_share = self._label(indicator)
        values = rows[indicator].to_numpy(dtype=float)
        colours = colormaps["viridis_r"]
        scale = Normalize(0, 1 if as_share else float(max([v for v in values if math.isfinite(v)] or [1.0])))
        records = rows.to_dict("records")
        for row, value in sorted(zip(records, values, strict=True), key=lambda pair: -float(pair[0]["population"])):
            face: Any = colours(scale(value)) if math.isfinite(value) else "#ffffff"
            # Area in proportion to people; a floor keeps the smallest place visible.
            axes.scatter(row["lon"], row["lat"], s=max(14, row["population"] / 120), color=[face], edgecolor=INK, linewidth=0.7, zorder=4)
        self._crossings(axes, year)
        from matplotlib.patheffects import withStroke

        halo = [withStroke(linewidth=2, foreground="#faf8f2")]
        written: list[tuple[float, float]] = []
        service = self.region.places[self.region.places["kind"] == "service"]
        for row in service.to_dict("records"):
            x, y = float(row["lon"]), float(row["lat"])
            axes.scatter(x, y, s=22, marker="s", color="#ffffff", edgecolor=GREY, linewidth=1, zorder=3)
            axes.annotate(
                str(row["place"]),
                (x, y),
                xytext=(0, -11),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color="#5a5a58",
                path_effects=halo,
            )
            written.append((x, y - 0.15))
        # Names of the larger places first; a name that would cover another is left out (the table below has them all).
        for row in sorted(records, key=lambda r: (-float(r["population"]), str(r["place"]))):
            x, y = float(row["lon"]), float(row["lat"])
            if any(abs(x - other_x) <= 0.6 and abs(y - other_y) <= 0.16 for other_x, other_y in written):
                continue
            lift = math.sqrt(max(14, float(row["population"]) / 120)) / 2 + 2
            axes.annotate(
                str(row["place"]),
                (x, y),
                xytext=(0, lift),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=INK,
                zorder=6,
                path_effects=halo,
            )
            written.append((x, y))
        self._heading(axes, _("{label}, {year}").format(label=label, year=year))
        bar = canvas.colorbar(ScalarMappable(scale, colours), cax=canvas.add_axes(keys), orientation="horizontal")
        if as_share:
            bar.set_ticks([0, 0.5, 1], labels=[n.percent(v) for v in (0, 0.5, 1)])
        bar.ax.tick_params(labelsize=8, length=2)
        kinds = {
            "post": ("D", KALIMANTAN, _("post")),
            "traditional": ("^", "#c99700", _("traditional crossing")),
            "path": ("x", GREY, _("path")),
        }
        handles = [Line2D([], [], ls="", marker=m, color=c, ms=6, label=word) for m, c, word in kinds.values()]
        handles.append(Line2D([], [], ls="", marker="s", mfc="#ffffff", mec=GREY, ms=6, label=_("service town")))
        canvas.legend(handles=handles, loc="lower right", bbox_to_anchor=(0.99, 0.01), ncols=2, frameon=False, fontsize=8)

    def _label(self, indicator: str) -> tuple[str, bool]:
        """The declared label of an output, and whether it is a share."""
        from agents.core.declare import OUTPUTS

        said = OUTPUTS.get(indicator)
        return (self._(said.label), said.unit == "share") if said else (indicator, "share" in indicator)

    def _outline(self, axes: Axes) -> None:
        shapes: dict[str, Any] = json.loads((self.region.folder / "map.geojson").read_text(encoding="utf-8"))
        places = self.region.places
        west, east = float(places["lon"].min()) - 0.35, float(places["lon"].max()) + 0.35
        south, north = float(places["lat"].min()) - 0.35, float(places["lat"].max()) + 0.3
        axes.set_facecolor("#e8eff3")
        styles: dict[str, dict[str, Any]] = {
            "river": {"color": "#8db4cc", "lw": 1.0, "zorder": 2},
            "border": {"color": INK, "lw": 1.3, "ls": (0, (4, 2)), "zorder": 3},
        }
        for feature in shapes["features"]:
            kind = feature["properties"].get("kind")
            for line in _rings(feature["geometry"]):
                x, y = [p[0] for p in line], [p[1] for p in line]
                if kind == "land":
                    axes.fill(x, y, facecolor="#faf8f2", edgecolor="#b9b6aa", lw=0.8, zorder=1)
                elif kind in styles:
                    axes.plot(x, y, **styles[kind])
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.set_aspect("equal", adjustable="box")  # at the equator a degree is as long in both directions
        axes.grid(False)
        axes.set_xticks([])
        axes.set_yticks([])
        for edge in axes.spines.values():
            edge.set_visible(False)

    def _crossings(self, axes: Axes, year: int) -> None:
        """Crossings by kind; a post that is not yet open is drawn as a traditional crossing."""
        for row in self.region.crossings.to_dict("records"):
            kind, opened = str(row["kind"]), str(row["opened"])
            is_open = opened[:4].isdigit() and int(opened[:4]) <= year
            if kind == "post" and is_open:
                style: dict[str, Any] = {"marker": "D", "color": KALIMANTAN, "s": 26}
            elif kind == "path":
                style = {"marker": "x", "color": GREY, "s": 16}
            else:
                style = {"marker": "^", "color": "#c99700", "s": 26}
            axes.scatter(row["lon"], row["lat"], zorder=5, linewidth=1, **style)


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
