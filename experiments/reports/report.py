"""The report of one run: a single page that needs no other file and no network.

It shows what the paper says beside what the run gave, the figures, the assumptions that decide, and how to repeat the
run. It says nothing of when or where it was made, so the same run gives the same bytes.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from abm.claims.claim import claims
from experiments.reports.levels import environment, level_table
from experiments.reports.paper import VERDICTS, readings
from experiments.words.languages import LANGUAGES, Numbers, Translate, mark, translator

if TYPE_CHECKING:
    from abm.region import Region
    from experiments.runs.run import Drawn

#: Kinds of assumptions (the first word of their id) that decide most, in that order, and what depends on them.
DECIDING: dict[str, str] = {
    "opened": mark(
        "The years in which puskesmas and clinics opened. No list was found, so the calendar is a guess with wide bounds; "
        "it decides more than any rule how many people went across for care in the 1980s."
    ),
    "puskesmas": mark("The year by which every kecamatan had a puskesmas."),
    "quality": mark("The quality of each facility at the start. Nobody measured it; with the calendar it sets the share of care across."),
    "wage": mark("Day wages on Sarawak's plantations before 2009. They set the wage gap, and with it work across."),
    "population": mark("The people of single villages and towns, divided from district counts by hand."),
    "population_1980_ratio": mark("How many people there were in 1980 for one in 2010, by district."),
    "idr": mark("The rupiah's months of 1983 and 1997–1998: recalled levels, fitted to the measured yearly means."),
    "cpi": mark("Consumer prices inside the year: drawn smoothly through the yearly inflation."),
    "markup": mark("Shop and farm-gate prices relative to the world price. They set farm income and the gaps that traders use."),
    "duty": mark("Import duties of the period."),
    "transport": mark("What it costs to carry goods for an hour."),
    "basket": mark("Shares of goods in household spending."),
    "fee": mark("What patients pay, on both sides, before the dated changes that are known."),
    "class": mark("Which way was paved when. The years of some roads are recalled and may be off by some years."),
    "speed": mark("Speeds on each class of way."),
    "detour": mark("How much longer a way is than the straight line."),
    "officers": mark("How many officers there are at each post."),
    "event": mark("How large a step each dated policy makes; the dates are sourced, the sizes are judgement."),
    "border_km": mark("Which stretch of the line each district guards."),
    "group": mark("The main culture group of each place."),
    "point": mark("Where a few villages lie on the map."),
}


@dataclass(frozen=True)
class AssumptionGroup:
    """Assumptions of one kind: what depends on them, and the rows of the region's table."""

    text: str
    rows: tuple[Mapping[str, Any], ...]


def assumption_groups(region: Region, language: str = "en") -> list[AssumptionGroup]:
    """The region's assumptions by kind, those that decide most first; kinds that only one region has come last."""
    _ = translator(language)
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in region.assumptions.to_dict("records"):
        found.setdefault(str(row["id"]).split(".")[0], []).append({str(k): v for k, v in row.items()})
    known = [kind for kind in DECIDING if kind in found]
    groups = [AssumptionGroup(_(DECIDING[kind]), tuple(found[kind])) for kind in known]
    other = tuple(row for kind, rows in found.items() if kind not in DECIDING for row in rows)
    return groups + ([AssumptionGroup(_("Other figures of this region that no source backs."), other)] if other else [])


def page(results: Drawn, manifest: Mapping[str, Any], region: Region | None, language: str) -> Callable[[], str]:
    """The page of :func:`report`, made when the function that is returned is called (see :class:`experiments.runs.run.Page`)."""
    return lambda: report(results, manifest, region=region, language=language)


def report(
    results: Drawn,
    manifest: Mapping[str, Any],
    *,
    region: Region | None = None,
    language: str = "en",
) -> str:
    """The page as HTML; the region is the manifest's where none is given."""
    from abm.region import Region
    from experiments.reports.figures import pictures

    _, n = translator(language), Numbers(language)
    region = region or Region.load(region_name(manifest))
    template = resources.files("experiments.reports").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    page = environment(language).from_string(template)
    scenario = _scenario(manifest)
    yearly = results.yearly
    said: dict[str, Any] = {
        "language": language,
        "language_name": LANGUAGES[language],
        "title": _(str(scenario.get("title", scenario.get("name", "")))),
        "description": _(str(scenario.get("description", ""))),
        "region": _(str(region.title)),
        "first": int(yearly["year"].min()),
        "last": int(yearly["year"].max()),
        "households": n.number(int(manifest.get("households", 0))),
        "seed": manifest.get("seed", manifest.get("rng", "")),
        "is_fitted": bool((manifest.get("fitted") or {}).get("parameters")),
        "is_projection": int(yearly["year"].max()) > int(str(region.meta["data_end"])[:4]),
        "data_end": str(region.meta["data_end"])[:4],
        "readings": [(r, _(VERDICTS[r.verdict])) for r in readings(yearly, language)],
        "levels": level_table(results, region, language),
        "groups": assumption_groups(region, language),
        "later": [c for c in claims().values() if not c.in_the_model],
        "facts": manifest_rows(manifest, _),
        "credits": credits_html(region),
    }  # fmt: skip
    figures = [
        {
            "key": p.key,
            "title": p.title,
            "alt": p.alt,
            "sentence": p.sentence,
            "head": p.head,
            "rows": p.rows,
            "notes": p.notes,
            "source": "data:image/svg+xml;base64," + base64.b64encode(p.svg).decode("ascii"),
        }
        for p in pictures(results, region, language)
    ]
    return page.render(**said, figures=figures) + "\n"


def _scenario(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    scenario = manifest.get("scenario", {})
    return scenario if isinstance(scenario, Mapping) else {"name": str(scenario), "title": str(scenario)}


def region_name(manifest: Mapping[str, Any]) -> str:
    region = manifest.get("region", "west-kalimantan-sarawak")
    if isinstance(region, Mapping):
        region = region.get("id", "west-kalimantan-sarawak")
    return str(region)


def manifest_rows(manifest: Mapping[str, Any], _: Translate) -> list[tuple[str, str]]:
    """The manifest as rows of a table, without the moment, the command and the hashes of the tables."""
    rows: list[tuple[str, str]] = []

    def add(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                add(f"{name}.{key}" if name else str(key), inner)
            if not value and name:
                rows.append((name, "–"))
        elif isinstance(value, list | tuple):
            simple = all(not isinstance(v, Mapping | list | tuple) for v in value)
            rows.append((name, ", ".join(map(str, value)) or "–") if simple else (name, "; ".join(map(str, value))))
        else:
            rows.append((name, "–" if value is None or value == "" else str(value)))

    add("", {k: v for k, v in manifest.items() if k not in ("created", "command_line", "tables", "kind", "language")})
    return rows


# --- credits: the few forms of Markdown that a region's CREDITS.md uses ----------------------------------------------


def credits_html(region: Region) -> str:
    """The region's credits as HTML (headings, paragraphs, lists, tables, links, code)."""
    path = region.folder / "CREDITS.md"
    return markdown(path.read_text(encoding="utf-8")) if path.is_file() else ""


def markdown(text: str) -> str:
    """A small Markdown: enough for a page of credits, and nothing that could carry a script."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in block.splitlines()]
        if lines[0].startswith("#"):
            level = min(4, len(lines[0]) - len(lines[0].lstrip("#")) + 2)
            out.append(f"<h{level}>{_inline(lines[0].lstrip('# '))}</h{level}>")
            lines = lines[1:]
        if not lines:
            continue
        if all(line.lstrip().startswith("|") for line in lines):
            cells = [[c.strip() for c in line.strip().strip("|").split("|")] for line in lines]
            body = [row for row in cells[1:] if not all(re.fullmatch(r":?-+:?", c) for c in row)]
            head = "".join(f'<th scope="col">{_inline(c)}</th>' for c in cells[0])
            rows = "".join("<tr>" + "".join(f"<td>{_inline(c)}</td>" for c in row) + "</tr>" for row in body)
            out.append(f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')
        elif all(line.lstrip().startswith(("- ", "* ")) for line in lines):
            out.append("<ul>" + "".join(f"<li>{_inline(line.lstrip()[2:])}</li>" for line in lines) + "</ul>")
        else:
            out.append(f"<p>{_inline(' '.join(lines))}</p>")
    return "\n".join(out)


def _inline(text: str) -> str:
    safe = html.escape(text, quote=True)
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
    return re.sub(r"\[([^\]]+)\]\((https?://[^)\s]+)\)", r'<a href="\2">\1</a>', safe)
