"""Which tabs does the page have, and what of each is held in the link? Only what all parts of the page need to know of a tab.

A new tab is one entry of :data:`TABS`: its key (``tab=`` of the link), its title, the parts of the link that are its own, and a function that
loads its component when the tab is opened first. A component takes the :class:`~experiments.app.shown.Shown` of its page and a language; what
the link holds of its tab it reads as ``shown.view.value.held`` and changes with ``shown.hold``.
"""

# Solara passes on its parts without saying so in its types.
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from experiments.words.languages import mark

if TYPE_CHECKING:
    from experiments.app.shown import Shown

#: A tab's component: ``Component(shown, language)``.
Component = Callable[["Shown", str], Any]


@dataclass(frozen=True)
class Tab:
    """A tab. ``holds`` are the names of its parts of the link, unique among all tabs and short, each with what tells whether a text of a link is taken.

    A check is given what anybody may have written: it must only compare, and must not raise.
    """

    key: str
    title: str
    load: Callable[[], Component]
    holds: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    #: Whether the tab shows the pair of runs of the controls, so that they are run as soon as it is open.
    needs_pair: bool = False


def _explore() -> Component:
    from experiments.app.explore import Explore

    return Explore


def _lessons() -> Component:
    from experiments.app.lessons.panel import Lessons

    return Lessons


def _people() -> Component:
    from experiments.app.people.panel import People

    return People


def _is_somebody(text: str) -> bool:
    from experiments.app.people.directory import is_taken

    return is_taken(text)


def _is_year(text: str) -> bool:
    return text in {str(year) for year in range(1980, 2016)}


def _about() -> Component:
    from experiments.app.about import About

    return About


def _is_lesson(text: str) -> bool:
    from experiments.app.lessons.taken import is_taken

    return is_taken(text)


def _paper() -> Component:
    from experiments.app.paper import Paper

    return Paper


def _compare() -> Component:
    from experiments.app.compare_tab import Compare

    return Compare


def _is_pairs(text: str) -> bool:
    from experiments.app.over_pairs import is_over

    return is_over(text)


def _is_span(text: str) -> bool:
    from experiments.app.over_pairs import SPANS

    return text in SPANS


def _is_claim(text: str) -> bool:
    from abm.claims.claim import claims

    return text in claims()


def _is_verdict(text: str) -> bool:
    return text in ("does-not-hold", "cannot-tell", "holds", "built-in", "no-mechanism")


def _is_indicator(text: str) -> bool:
    from experiments.app.charts import indicators

    return text in indicators()


def _is_asked(text: str) -> bool:
    from experiments.app.pairs import WantedPairs

    return WantedPairs.read(text) is not None


TABS: tuple[Tab, ...] = (
    Tab("explore", mark("Explore"), _explore, needs_pair=True),
    Tab("people", mark("People"), _people, {"who": _is_somebody, "wy": _is_year}, needs_pair=True),
    Tab(
        "paper", mark("What the paper says"), _paper,
        {"claim": _is_claim, "verdict": _is_verdict, "ind": _is_indicator, "ran": _is_asked},
    ),
    Tab("compare", mark("Compare"), _compare, {"pairs": _is_pairs, "years": _is_span}),
    Tab("lessons", mark("Lessons"), _lessons, {"les": _is_lesson}),
    Tab("about", mark("About"), _about),
)  # fmt: skip
#: Tabs by key; the first is the one with which a page opens.
BY_KEY: Mapping[str, Tab] = {tab.key: tab for tab in TABS}
FIRST = TABS[0].key
#: What tells whether a part of a link is taken, by the part's name.
HOLDS: Mapping[str, Callable[[str], bool]] = {name: check for tab in TABS for name, check in tab.holds.items()}
