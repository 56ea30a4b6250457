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
#: How two numbers are set against each other, and whether that is done year by year.
SET_AGAINST: dict[tuple[str, bool], str] = {
    ("ratio", False): mark("({one}) divided by ({other})"),
    ("difference", False): mark("({one}) less ({other})"),
    ("change", False): mark("change to ({one}) from ({other})"),
    ("ratio", True): mark("({one}) divided by ({other}), year by year"),
    ("difference", True): mark("({one}) less ({other}), year by year"),
    ("change", True): mark("change to ({one}) from ({other}), year by year"),
}
#: The same where both are one output on one side in different years.
OVER_TIME: dict[tuple[str, bool], str] = {
    ("ratio", False): mark("{what}: {years} divided by {base}"),
    ("difference", False): mark("{what}: {years} less {base}"),
    ("change", False): mark("{what}: change from {base} to {years}"),
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
