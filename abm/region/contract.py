"""Which tables does a region folder hold, and what may each column hold?"""

from __future__ import annotations

import re

SIDES = ("id", "my")
MODES = ("road", "river", "sea", "path")
FIRST_YEAR = 1980
#: Sectors of wage work: those with a pay of their own, and those whose jobs are a share of the labour force (jobs of estates follow area).
PAY_SECTORS = ("estate", "timber", "services", "public")
JOB_SECTORS = PAY_SECTORS[1:]
#: Prices and product are stated relative to this year, so the series must reach it.
BASE_YEAR = 2005
#: Yearly changes of [without_crisis] are shares in this range.
CRISIS_RATES = (-0.5, 1.0)

#: Targets of events.csv besides crossing.NAME.open. Those of EVENT_VALUES act on the run, so their value is bounded; the others
#: give dates of what fees.csv, crossings.csv and the rules hold already, for the marks in figures.
EVENT_VALUES: dict[str, tuple[float, float]] = {"official.doctrine": (-1.0, 1.0), "farm.dry": (0.0, 1.0)}
EVENT_TARGETS = (
    *EVENT_VALUES,
    "rule.log_ban",
    "rule.import_stop",
    "rule.note",
    "committee.founded",
    "committee.layers",
    "budget.decentralised",
    "care.foreign_fee_level",
)

#: The columns of each table. A kind is a name of `KINDS` in :mod:`abm.region.table`, or `a|b|c` for a closed list; `?` at the end allows
#: a blank cell.
TABLES: dict[str, dict[str, str]] = {
    "places.csv": {
        "place": "name",
        "side": "side",
        "kind": "border|service",
        "district": "name",
        "kecamatan": "text",
        "province": "text",
        "lat": "latitude",
        "lon": "longitude",
        "population": "people?",
        "population_year": "year?",
        "population_basis": "fact|assumption?",
        "group": "name",
        "coord_source": "text",
        "coord_confidence": "text",
        "population_source": "text",
        "hours_to_capital_basis": "text",
        "note": "text",
    },
    "districts.csv": {
        "district": "name",
        "side": "side",
        "province": "text",
        "population": "people",
        "population_1980_ratio": "ratio",
        "hours_class": "near|middle|far",
        "centre": "place",
        "border_km": "km or none",
        "population_1980_basis": "fact|assumption",
        "pay_level": "ratio",
        "pay_level_basis": "fact|assumption",
        "note": "text",
    },
    "population.csv": {"place": "place", "year": "year", "people": "people", "basis": "fact|assumption", "source": "text"},
    "rates.csv": {
        "side": "side",
        "year": "year",
        "births_per_woman": "children",
        "infant_deaths": "per thousand",
        "crude_births": "per thousand",
        "crude_deaths": "per thousand",
        "basis": "fact|assumption",
        "source": "text",
    },
    "links.csv": {
        "from": "place",
        "to": "place",
        "mode": "|".join(MODES),
        "scope": "id|my|cross",
        "km": "km",
        "km_basis": "measured|line",
        "class_1980": "name",
        "later_classes": "steps",
        "crossing": "text",
        "basis": "text",
        "note": "text",
    },
    "road_classes.csv": {
        "class": "name",
        "mode": "vehicle|foot|boat",
        "speed_id_kmh": "speed",
        "speed_my_kmh": "speed",
        "basis": "fact|assumption",
        "source": "text",
    },
    "crossings.csv": {
        "crossing": "name",
        "id_place": "place",
        "my_place": "place",
        "kind": "post|traditional|path",
        "opened": "month?",
        "officers_1980": "officers",
        "officers_full": "officers",
        "officers_basis": "fact|assumption",
        "lat": "latitude",
        "lon": "longitude",
        "note": "text",
    },
    "villages.csv": {
        "village": "name",
        "place": "place",
        "kind": "desa|dusun|kampung|rest",
        "parent": "text",
        "is_line": "yes|no",
        "lat": "latitude",
        "lon": "longitude",
        "coord_confidence": "text",
        "share": "share",
        "share_basis": "fact|assumption",
        "people": "people?",
        "people_year": "year?",
        "source": "text",
        "note": "text",
    },
    "village_ways.csv": {
        "village": "name",
        "to_kind": "place|village|facility",
        "to": "name",
        "km": "km or none",
        "km_basis": "measured|line|hours",
        "class_1980": "name",
        "later_classes": "steps",
        "basis": "fact|assumption",
        "source": "text",
        "note": "text",
    },
    "way_seasons.csv": {"class": "name", "month": "month of year", "factor": "ratio", "basis": "fact|assumption", "source": "text"},
    "facilities.csv": {
        "facility": "name",
        "place": "place",
        "side": "side",
        "tier": "primary|hospital",
        "kind": "dispensary|centre|hospital?",
        "village": "text",
        "lat": "latitude?",
        "lon": "longitude?",
        "km": "km or none?",
        "class_1980": "text",
        "later_classes": "steps",
        "opened": "year",
        "opened_low": "year",
        "opened_high": "year",
        "quality_1980": "share",
        "doctors": "staff?",
        "nurses": "staff?",
        "beds": "staff?",
        "drugs": "share?",
        "staff_basis": "fact|assumption?",
        "replaced_by": "text",
        "basis": "fact|assumption",
        "reason": "text",
    },
    "annual.csv": {
        "year": "year",
        "gdp_pc_idn_usd": "income",
        "gdp_pc_mys_usd": "income",
        "idr_per_usd": "exchange rate",
        "myr_per_usd": "exchange rate",
        "myr_per_usd_fed": "exchange rate",
        "inflation_idn_pct": "percent",
        "inflation_mys_pct": "percent",
        "pop_idn_m": "millions",
        "pop_mys_m": "millions",
        "rgdpe_pc_idn_ppp2017usd": "income",
        "rgdpe_pc_mys_ppp2017usd": "income",
    },
    "monthly.csv": {
        "year": "year",
        "month": "month of year",
        "idr_per_usd": "exchange rate",
        "idr_basis": "measured|assumption",
        "myr_per_usd": "exchange rate",
        "cpi_id": "index",
        "cpi_my": "index",
        "rubber_usd_kg": "price",
        "rice_usd_kg": "price",
        "palm_oil_usd_kg": "price",
        "sugar_usd_kg": "price",
        "log_usd_m3": "price",
    },
    "real_income.csv": {"year": "year", "real_gdp_pc_id": "ratio", "real_gdp_pc_my": "ratio"},
    "pay.csv": {
        "side": "side",
        "sector": "|".join(PAY_SECTORS),
        "year": "year",
        "pay": "pay",
        "basis": "fact|assumption",
        "source": "text",
    },
    "employment.csv": {
        "side": "side",
        "sector": "|".join(JOB_SECTORS),
        "year": "year",
        "share": "share",
        "basis": "fact|assumption",
        "source": "text",
    },
    "estates.csv": {"side": "side", "year": "year", "area_ha": "hectares", "basis": "fact|assumption", "source": "text"},
    "logs.csv": {"side": "side", "year": "year", "logs_thousand_m3": "cubic metres", "basis": "fact|assumption", "source": "text"},
    "labour.csv": {"side": "side", "year": "year", "participation": "share", "basis": "fact|assumption", "source": "text"},
    "seasons.csv": {
        "month": "month of year",
        "rice": "season",
        "rubber": "season",
        "basis": "fact|assumption",
        "source": "text",
    },
    "goods.csv": {
        "good": "name",
        "label": "name",
        "unit": "name",
        "kind": "food|shop|cash_crop",
        "world_series": "name",
        "id_markup": "ratio",
        "my_markup": "ratio",
        "basket_share_id": "share",
        "basket_share_my": "share",
        "duty_id": "duty",
        "duty_my": "duty",
        "transport_share_per_hour": "share",
        "basis": "fact|assumption",
        "reason": "text",
        "source": "text",
    },
    "events.csv": {
        "month": "month",
        "name": "name",
        "side": "id|my|both?",
        "target": "name",
        "value": "number?",
        "label_en": "name",
        "source": "text",
        "claims": "text",
    },
    "fees.csv": {
        "side": "side",
        "tier": "primary|hospital",
        "patient": "citizen|foreigner",
        "from": "month",
        "fee": "fee",
        "currency": "IDR|MYR",
        "basis": "fact|assumption",
        "source": "text",
    },
    "assumptions.csv": {
        "id": "name",
        "quantity": "name",
        "value": "name",
        "low": "text",
        "high": "text",
        "unit": "name",
        "reason": "name",
        "where": "name",
    },
    "facts.csv": {
        "id": "name",
        "quantity": "name",
        "value": "text",
        "unit": "text",
        "year": "text",
        "place": "text",
        "role": "input|target",
        "source_ids": "text",
    },
    "sources.csv": {"source_id": "name", "reference": "name", "stored_page_address": "text"},
}
#: Columns that together must not repeat in a table.
KEYS: dict[str, tuple[str, ...]] = {
    "places.csv": ("place",),
    "districts.csv": ("district",),
    "population.csv": ("place", "year"),
    "rates.csv": ("side", "year"),
    "links.csv": ("from", "to", "crossing"),
    "road_classes.csv": ("class",),
    "crossings.csv": ("crossing",),
    "villages.csv": ("village",),
    "village_ways.csv": ("village", "to_kind", "to"),
    "way_seasons.csv": ("class", "month"),
    "facilities.csv": ("facility",),
    "annual.csv": ("year",),
    "monthly.csv": ("year", "month"),
    "real_income.csv": ("year",),
    "pay.csv": ("side", "sector", "year"),
    "employment.csv": ("side", "sector", "year"),
    "estates.csv": ("side", "year"),
    "logs.csv": ("side", "year"),
    "labour.csv": ("side", "year"),
    "seasons.csv": ("month",),
    "goods.csv": ("good",),
    "events.csv": ("name",),
    "fees.csv": ("side", "tier", "patient", "from"),
    "assumptions.csv": ("id",),
    "facts.csv": ("id",),
    "sources.csv": ("source_id",),
}


#: Tables whose rows are values of one thing (these columns) in some years, in order; whether they must reach from the first year to the last.
DATED: dict[str, tuple[tuple[str, ...], bool]] = {
    "population.csv": (("place",), True),
    "rates.csv": (("side",), True),
    "pay.csv": (("side", "sector"), False),
    "employment.csv": (("side", "sector"), True),
    "estates.csv": (("side",), True),
    "labour.csv": (("side",), True),
}

#: Tables that may have no rows below the header; every other one needs rows.
MAY_BE_EMPTY = ("events.csv", "assumptions.csv", "facts.csv", "sources.csv")

#: Tables that a region may lack: they then have no rows, and a file without any is refused. Without villages each place is one.
MAY_LACK = ("villages.csv", "village_ways.csv", "way_seasons.csv")

#: Columns that a table may lack: all their cells are then blank.
MAY_LACK_COLUMNS = {
    "facilities.csv": ("kind", "village", "lat", "lon", "km", "class_1980", "later_classes", "doctors", "nurses", "beds", "drugs", "staff_basis", "replaced_by"),
}  # fmt: skip

#: Name of the class of a way that is not there yet.
NO_WAY = "none"
#: Of the usual speed, that of the wet months and that of low rivers.
MOST_SEASONS = 3

#: The file of fitted values.
FITTED = "fitted.toml"


def parse_steps(text: str) -> list[tuple[int, str]]:
    """`1989:gravel;1991:paved` as [(1989, "gravel"), (1991, "paved")]."""
    steps = []
    for part in text.split(";") if text else []:
        match = re.fullmatch(r"(\d{4}):([a-z_]+)", part)
        if not match:
            raise ValueError(part)
        steps.append((int(match[1]), match[2]))
    if [year for year, _ in steps] != sorted({year for year, _ in steps}):
        raise ValueError(text)
    return steps
