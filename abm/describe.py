"""What a name means: made from the declarations alone.

``describe("care_share_across")`` tells what the output is; ``describe("household.seek_care")`` what the rule asks,
reads and writes and when in the month it runs; a place is described from the region's tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from abm.errors import UserError
from agents.core import declare

if TYPE_CHECKING:
    from abm.month import Step
    from abm.region import Region

#: Words that head a line or name a kind; they are translated where they are shown.
WORDS = (
    "a rule", "a step of the month", "a parameter", "a group of parameters", "a state variable", "an output", "a switch", "a place",
    "in the month", "note", "reads", "writes", "parameters", "random draws", "switch", "not modelled", "default", "fitted", "range", "role", "source",
    "used by", "rules", "change it", "unit", "kind", "options", "read by", "written by", "meaning", "tables", "claims",
    "rules that stop without it", "switch it off", "side", "district", "people", "main group", "health facilities", "crossings",
    "coordinates",
)  # fmt: skip


@dataclass(frozen=True)
class Described:
    """One thing that has the name: its kind, and lines of a heading and a text."""

    name: str
    kind: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MonthRow:
    """One step of the month as a reader sees it."""

    number: str
    name: str
    title: str
    rule: str
    question: str
    note: str


def month_rows() -> list[MonthRow]:
    """The month in order."""
    return [
        MonthRow(
            number=str(step.number),
            name=step.name,
            title=step.title,
            rule=step.rule.name if step.rule else "",
            question=step.rule.question if step.rule else "",
            note=step.note,
        )
        for step in _month()
    ]


def parameter_rows(region: str | None = None) -> list[dict[str, Any]]:
    """Every parameter as plain values, in the order of its rule's declaration.

    With a region (a name or folder), ``fitted`` and ``posterior`` are given beside the default where a value was fitted to it.
    """
    _load()
    from abm.fitted import fitted_of

    values, posterior = fitted_of(region) if region is not None else ({}, None)
    return [
        {
            "name": p.name,
            "label": p.label,
            "unit": p.unit,
            "default": p.default,
            "low": p.low,
            "high": p.high,
            "role": p.role,
            "prior": p.prior,
            "source": p.source.reference,
            "basis": p.source.basis,
        }
        | ({"fitted": values[p.name], "posterior": posterior} if p.name in values else {})
        for p in declare.PARAMETERS.values()
    ]


def describe(name: str, region: str = "west-kalimantan-sarawak") -> list[Described]:
    """Everything that has this name (a full name, its last part, or the name of a place)."""
    _load()
    wanted = name.strip()
    found = list(_declared(wanted, region)) + list(_place(wanted, region))
    if not found:
        known = [*_names(), *_place_names(region)]
        raise UserError(f"there is nothing called '{wanted}'; {declare.near(wanted, known)}")
    return found


def _load() -> None:
    import abm.declarations  # noqa: F401  (fills the registries)


def _month() -> list[Step]:
    _load()
    from abm.month import MONTH

    return list(MONTH)


def _names() -> Iterator[str]:
    yield from declare.RULES
    yield from _groups()
    yield from declare.PARAMETERS
    for entity, table in declare.FIELDS.items():
        yield from (f"{entity}.{column}" for column in table)
    yield from declare.OUTPUTS
    yield from declare.SWITCHES


def _groups() -> list[str]:
    """Names under which parameters are declared that are no rule's name, such as ``world.set_month``."""
    return [name for name in dict.fromkeys(p.rpartition(".")[0] for p in declare.PARAMETERS) if name not in declare.RULES]


def _is(full: str, wanted: str) -> bool:
    return full == wanted or full.split(".")[-1] == wanted


def _some(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"


def _declared(wanted: str, region: str) -> Iterator[Described]:
    for rule in declare.RULES.values():
        if _is(rule.name, wanted):
            yield _rule(rule)
    for step in _month():
        if step.rule is None and step.name == wanted:
            yield Described(
                step.name, "a step of the month", (("in the month", f"{step.number}. {step.title}"), ("note", step.note or "–"))
            )
    for group in _groups():
        if _is(group, wanted):
            lines = (
                ("parameters", _some(p for p in declare.PARAMETERS if p.rpartition(".")[0] == group)),
                ("rules", _some(_users(group))),
            )
            yield Described(group, "a group of parameters", lines)
    for one in declare.PARAMETERS.values():
        if _is(one.name, wanted):
            yield _parameter(one, region)
    for entity, table in declare.FIELDS.items():
        for column in table.values():
            if _is(f"{entity}.{column.name}", wanted):
                yield _field(entity, column)
    if wanted in declare.OUTPUTS:
        yield _output(declare.OUTPUTS[wanted])
    if wanted in declare.SWITCHES:
        rules = [r.name for r in declare.RULES.values() if r.switch == wanted]
        lines = (
            ("", declare.SWITCHES[wanted]),
            ("rules that stop without it", _some(rules)),
            ("switch it off", f"lintas run --without {wanted}"),
        )
        yield Described(wanted, "a switch", lines)


def _when(rule: str) -> str:
    """The steps of the month that run a rule."""
    steps = [f"{step.number}. {step.title}" for step in _month() if step.rule is not None and step.rule.name == rule]
    return "; ".join(steps) or "in a step of its own kind, see 'lintas describe'"


def _rule(rule: declare.Rule) -> Described:
    lines = [
        ("", rule.question),
        ("in the month", _when(rule.name)),
        ("reads", _some(rule.reads)),
        ("writes", _some(rule.writes)),
        ("parameters", _some(name for name in declare.PARAMETERS if name.rpartition(".")[0] == rule.name)),
        ("random draws", _some(rule.streams)),
    ]
    if rule.switch:
        lines.append(("switch", rule.switch))
    if rule.not_modelled:
        lines.append(("not modelled", rule.not_modelled))
    return Described(rule.name, "a rule", tuple(lines))


def _users(group: str) -> list[str]:
    """Rules that take the parameters declared under a name."""
    return [r.name for r in declare.RULES.values() if declare.PARAMETER_CLASSES[group] in (r.parameters, r.other_parameters)]


def _parameter(one: declare.Parameter, region: str) -> Described:
    from abm.fitted import fitted_of

    values, posterior = fitted_of(region)
    rule = one.name.rpartition(".")[0]
    users = _users(rule)
    return Described(
        one.name,
        "a parameter",
        (
            ("", one.label),
            ("default", f"{one.default:g} [{one.unit}]"),
            *((("fitted", f"{values[one.name]:g} [{one.unit}] ({posterior})"),) if one.name in values else ()),
            ("range", f"{one.low:g} – {one.high:g}" if one.low != one.high else "–"),
            ("role", one.role + (f", {one.prior}" if one.prior != "none" else "")),
            ("source", f"{one.source.reference} ({one.source.basis})"),
            ("used by", _some(users) if users else rule),
            ("change it", f"lintas run --set {one.name}={one.default:g}"),
        ),
    )


def _field(entity: str, column: declare.Field) -> Described:
    full = f"{entity}.{column.name}"

    def touching(side: str) -> list[str]:
        return [r.name for r in declare.RULES.values() if full in getattr(r, side)]

    kinds = {"state": "carried from month to month", "month": "written anew each month", "fixed": "never changes"}
    lines = [
        ("", column.label),
        ("unit", f"{column.unit} ({declare.UNITS[column.unit]})"),
        ("kind", kinds[column.kind]),
        ("read by", _some(touching("reads"))),
        ("written by", _some(touching("writes"))),
        ("source", f"{column.source.reference} ({column.source.basis})"),
    ]
    if column.options:
        lines.insert(2, ("options", ", ".join(column.options)))
    return Described(full, "a state variable", tuple(lines))


def _output(one: declare.Output) -> Described:
    from abm.results.declare import Indicator

    return Described(
        one.name,
        "an output",
        (
            ("", one.label),
            ("meaning", one.meaning),
            ("unit", f"{one.unit} ({declare.UNITS[one.unit]})"),
            ("tables", ", ".join(one.tables)),
            *((("reads", _some(one.reads)),) if isinstance(one, Indicator) else ()),
            ("claims", ", ".join(one.claims) or "–"),
            ("source", f"{one.source.reference} ({one.source.basis})"),
        ),
    )


# --- places ---------------------------------------------------------------------------------------------------------


@cache
def _region(name: str) -> Region:
    from abm.region import Region

    return Region.load(name)


def _place_names(region: str) -> list[str]:
    return [str(name) for name in _region(region).places["place"]]


def _years(facility: Any) -> str:
    """The year in which a facility opened, or the first and the last that are possible."""
    low, high = facility["opened_low"], facility["opened_high"]
    return str(low) if low == high else f"{low}–{high}"


def _place(wanted: str, region: str) -> Iterator[Described]:
    data = _region(region)
    for row in data.places.to_dict("records"):
        name = str(row["place"])
        if name.casefold() != wanted.casefold():
            continue
        side = data.meta["sides"][row["side"]]
        of_place = data.facilities[data.facilities["place"] == name]
        care = "; ".join(f"{f['facility']} ({f['kind'] or f['tier']}, from {_years(f)}, {f['basis']})" for f in of_place.to_dict("records"))
        ends = data.crossings[(data.crossings["id_place"] == name) | (data.crossings["my_place"] == name)]
        crossings = "; ".join(f"{c['crossing']} ({c['kind']})" for c in ends.to_dict("records"))
        people = (
            f"{row['population']:,.0f} ({row['population_basis']}, about {row['population_year']:.0f})" if row["kind"] == "border" else "–"
        )
        yield Described(
            name,
            "a place",
            (
                ("side", f"{side['name']} ({row['side']}), {side['currency']}"),
                ("kind", "border: households live here" if row["kind"] == "border" else "service: market and facilities only"),
                ("district", f"{row['district']}, {row['province']}"),
                ("people", people),
                ("main group", str(row["group"]) or "–"),
                ("health facilities", care or "–"),
                ("crossings", crossings or "–"),
                ("coordinates", f"{row['lat']:g}, {row['lon']:g} ({row['coord_source']})"),
            ),
        )
