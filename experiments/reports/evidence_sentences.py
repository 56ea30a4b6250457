"""How is a number of a claim named, and how is it said what must hold of it? The sentences, with places for labels, years and numbers."""

from __future__ import annotations

from experiments.words.languages import mark

#: What is taken of the years; nothing is said of their mean.
TAKEN: dict[str, str] = {
    "sum": mark("sum of the years"), "min": mark("lowest year"), "max": mark("highest year"), "first": mark("first year"), "last": mark("last year"),
    "slope": mark("trend in a year"), "year_of_max": mark("year of the highest value"), "years": mark("count of years"),
    "years_above_0": mark("count of years above 0"),
}  # fmt: skip
#: Of these, those that are no amount of the output.
COUNTS = ("year_of_max", "years", "years_above_0")
#: How two numbers are set against each other.
SET_AGAINST: dict[str, str] = {
    "ratio": mark("({one}) divided by ({other})"),
    "difference": mark("({one}) less ({other})"),
    "change": mark("change to ({one}) from ({other})"),
}
#: The same where both are one output on one side in different years.
OVER_TIME: dict[str, str] = {
    "ratio": mark("{what}: {years} divided by {base}"),
    "difference": mark("{what}: {years} less {base}"),
    "change": mark("{what}: change from {base} to {years}"),
}
#: The same where both are one output in the same years on different sides.
BETWEEN_SIDES: dict[str, str] = {
    "ratio": mark("{what}: {one} divided by {other}"),
    "difference": mark("{what}: {one} less {other}"),
    "change": mark("{what}: change to {one} from {other}"),
}
#: What must hold of a number, by what it is compared with and the relation.
SENTENCES: dict[str, dict[str, str]] = {
    "value": {
        "near": mark("{what}: within {within} of {mark}"),
        "above": mark("{what}: more than {mark}"),
        "below": mark("{what}: less than {mark}"),
        "at_least": mark("{what}: at least {mark}"),
        "at_most": mark("{what}: at most {mark}"),
    },
    "than": {
        "above": mark("{what}: more than {other}"),
        "below": mark("{what}: less than {other}"),
        "at_least": mark("{what}: at least as much as {other}"),
        "at_most": mark("{what}: at most as much as {other}"),
    },
    "than times": {
        "above": mark("{what}: more than {times} times {other}"),
        "below": mark("{what}: less than {times} times {other}"),
        "at_least": mark("{what}: at least {times} times {other}"),
        "at_most": mark("{what}: at most {times} times {other}"),
    },
    "pair": {
        "above": mark("{what}: more without the mechanism than with it"),
        "below": mark("{what}: less without the mechanism than with it"),
        "at_least": mark("{what}: without the mechanism at least as much as with it"),
        "at_most": mark("{what}: without the mechanism at most as much as with it"),
    },
    "pair times": {
        "above": mark("{what}: without the mechanism more than {times} times what it is with it"),
        "below": mark("{what}: without the mechanism less than {times} times what it is with it"),
        "at_least": mark("{what}: without the mechanism at least {times} times what it is with it"),
        "at_most": mark("{what}: without the mechanism at most {times} times what it is with it"),
    },
    "sweep": {"rises": mark("{what}: rises with “{parameter}”"), "falls": mark("{what}: falls with “{parameter}”")},
}
