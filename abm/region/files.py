"""What may be written in ``region.toml``, ``fitted.toml`` and ``map.geojson`` of a region folder?

The classes are types of pydantic; :func:`abm.reading.check` checks a file against them and names the first thing that is wrong.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from abm.errors import shorten
from abm.reading import Name, OpenEntries, check, parse_json
from abm.region.contract import BASE_YEAR, CRISIS_RATES, FIRST_YEAR
from abm.region.table import RegionError
from agents.core.declare import near


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("it is blank; give a text in quotes")
    return text


Text = Annotated[Name, AfterValidator(_not_blank)]


def _month(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text):
        raise ValueError(f'found {shorten(text)!r}; give a month as YYYY-MM in quotes, for example "1997-07"')
    return text


def _december(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-12", text):
        raise ValueError(f'found {shorten(text)!r}; give the December in which the series end, for example "2015-12"')
    return text


Month = Annotated[str, AfterValidator(_month)]
YearlyChange = Annotated[float, Field(ge=CRISIS_RATES[0], le=CRISIS_RATES[1])]
Amount = Annotated[float, Field(gt=0, le=1e6)]


# --- region.toml -----------------------------------------------------------------------------------------------------


class Side(OpenEntries):
    """A section ``[sides.id]`` or ``[sides.my]``."""

    name: Text
    currency: Text
    capital: Text


class Sides(OpenEntries):
    """Both sides."""

    id: Side
    my: Side


class WithoutCrisis(OpenEntries):
    """Months of the crisis, and the yearly changes that replace them in a world without it."""

    first: Month = Field(alias="from")
    last: Month = Field(alias="to")
    rate_id: YearlyChange
    rate_my: YearlyChange
    prices_id: YearlyChange
    prices_my: YearlyChange
    real_product_id: YearlyChange
    real_product_my: YearlyChange
    national_product_usd: YearlyChange


class MeasuredWay(OpenEntries):
    """A section ``[[measured_ways]]``: a journey whose hours were reported."""

    model_config = {"extra": "forbid"}  # noqa: RUF012

    start: Text
    end: Text
    year: Annotated[int, Field(ge=FIRST_YEAR, le=2100)]
    low: Amount
    high: Amount
    within: Amount
    fact: Text
    note: Name


class Meta(OpenEntries):
    """``region.toml``; further keys are allowed."""

    id: Text
    title: Text
    data_end: Annotated[str, AfterValidator(_december)]
    groups: Annotated[list[Name], Field(min_length=1)]
    without_crisis: WithoutCrisis
    sides: Sides
    measured_ways: list[MeasuredWay] = []  # noqa: RUF012
    hours_class: dict[str, Annotated[float, Field(gt=0, le=1000)]] | None = None
    border_km: Annotated[float, Field(ge=0, le=1e5)] = 0.0

    @model_validator(mode="after")
    def _months_fit(self) -> Meta:
        """The months of the crisis lie within the data, after a first month to start from."""
        if int(self.data_end[:4]) < BASE_YEAR:
            raise ValueError(
                f"data_end is {self.data_end}, but prices are stated relative to {BASE_YEAR}; give series that end in {BASE_YEAR}-12 or later"
            )
        first = f"{FIRST_YEAR}-02"  # the changes start from the level of the month before
        for key, month in (("from", self.without_crisis.first), ("to", self.without_crisis.last)):
            if not first <= month <= self.data_end:
                raise ValueError(f"without_crisis: {key} is {month}; give a month from {first} to {self.data_end}")
        if self.without_crisis.first > self.without_crisis.last:
            raise ValueError(
                f"without_crisis: from is {self.without_crisis.first}, which lies after to, {self.without_crisis.last}; put them in order"
            )
        return self


# --- fitted.toml -----------------------------------------------------------------------------------------------------


class FittedFile(OpenEntries):
    """``fitted.toml``; names and ranges of the values are checked with those of a scenario."""

    model_config = {"extra": "forbid"}  # noqa: RUF012

    posterior: Text
    model_version: Text
    parameters: dict[str, Any]


# --- map.geojson -----------------------------------------------------------------------------------------------------

Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


def _position(said: Any) -> Any:
    """Longitude and latitude; a height may follow."""
    if isinstance(said, list) and 2 <= len(said) <= 3:
        return said
    raise ValueError("a position is a list of longitude and latitude")


Position = Annotated[list[Degrees], BeforeValidator(_position)]
Line = Annotated[list[Position], Field(min_length=2)]


class LineString(OpenEntries):
    """One line."""

    type: Literal["LineString"]
    coordinates: Line


class Lines(OpenEntries):
    """Several lines, or the rings of an area."""

    type: Literal["MultiLineString", "Polygon"]
    coordinates: list[Line]


class Areas(OpenEntries):
    """Several areas."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[Line]]


#: Kinds of shapes that the map knows; a shape of another kind is left out of the drawing.
SHAPES: dict[str, Any] = {"LineString": LineString, "MultiLineString": Lines, "Polygon": Lines, "MultiPolygon": Areas}


def _shape(said: Any) -> Any:
    """A geometry checked against the class of its type."""
    if not isinstance(said, dict) or said.get("type") not in SHAPES:
        found = said.get("type") if isinstance(said, dict) else said
        raise ValueError(f"the type of a shape is {str(found)[:40]!r}; {near(str(found)[:40], SHAPES)}")
    return SHAPES[said["type"]].model_validate(said)


class Feature(OpenEntries):
    """One shape with what it represents."""

    type: Literal["Feature"]
    properties: dict[str, Any]
    geometry: Annotated[Any, BeforeValidator(_shape)]


class Outline(OpenEntries):
    """``map.geojson``: outline of land, borders and rivers, for the map of the report and the page."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


def check_outline(text: str) -> None:
    """Refuse a ``map.geojson`` that could not be drawn (RegionError)."""
    check(Outline, parse_json(text, "map.geojson", error=RegionError), "map.geojson", error=RegionError)
