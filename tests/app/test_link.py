"""Links: what is written is read again, and what a hostile link holds is told in one line and does nothing."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from abm.model import BorderModel  # noqa: F401 – registers the world's levers too
from agents.core.declare import SWITCHES
from experiments.app.charts import indicators
from experiments.app.link import LONGEST, LONGEST_HELD, View, read, write
from experiments.app.state import Choice, assumptions, levers, names
from experiments.app.tabs import BY_KEY, HOLDS, TABS

DOCTRINE = "official.set_strictness.doctrine_id"

#: A part of each tab that holds one, as a link may have it.
HELD = {"claim": "E10", "verdict": "does-not-hold", "ind": "gini", "ran": "16d", "pairs": "8s", "years": "2005-2007"}

FULL = View(
    Choice("closed-border", 1200, "99").moved(DOCTRINE, 0.35).switched("crisis", False), "no-kinship", "id", "income_ratio", 2003, "compare", HELD
)  # fmt: skip


@pytest.mark.parametrize(
    "view",
    [
        View(), FULL, View(language="ms"), View(Choice(seed="0")), View(Choice(seed=str(2**62))), View(indicator=indicators()[-1], year=1980),
        *(View(tab=tab.key) for tab in TABS), *(View(held={name: text}) for name, text in HELD.items()),
        View(Choice().moved(assumptions()[0].name, assumptions()[0].high)), View(Choice().moved(DOCTRINE, 0.123456789)),
        *(View(Choice(name)) for name in names()),
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(view: View) -> None:
    query = write(view)
    assert read(query) == (view, "") and read(query.removeprefix("?")) == (view, "")
    assert (query == "") == (view == View())


def test_every_lever_moved_and_every_mechanism_off_fit_into_a_link() -> None:
    choice = Choice()
    for lever in levers():
        choice = choice.moved(lever.name, lever.high)
    for name in SWITCHES:
        choice = choice.switched(name, False)
    assert len(write(View(choice))) < LONGEST / 4 and read(write(View(choice))) == (View(choice), "")


def test_the_order_and_the_spelling_of_a_link_do_not_matter() -> None:
    one, _told = read(f"lang=id&off=crisis&seed=007&v=1&set={quote(DOCTRINE)}%3A5e-1&n=300")
    assert one == View(Choice(households=300, seed="7").moved(DOCTRINE, 0.5).switched("crisis", False), language="id")


@pytest.mark.parametrize(
    ("query", "view", "told"),
    [
        (f"v=1&set={DOCTRINE}:7", View(Choice().moved(DOCTRINE, 1.0)), f"{DOCTRINE} = 7 became 1"),
        (f"v=1&set={DOCTRINE}:-1e300", View(Choice().moved(DOCTRINE, 0.0)), "became 0"),
        (f"v=1&set={DOCTRINE}:inf", View(Choice().moved(DOCTRINE, 1.0)), "inf became 1"),
        (f"v=1&set={DOCTRINE}:nan", View(), f"“nan” for {DOCTRINE}"),
        (f"v=1&set={DOCTRINE}", View(), "is not known"),
        ("v=1&set=gravity:1", View(), "“gravity” for set"),
        ("v=1&off=gravity,crisis", View(Choice().switched("crisis", False)), "“gravity” for off"),
        ("v=1&n=99999999999", View(Choice(households=5000)), "n = 99999999999 became 5000"),
        ("v=1&n=-5", View(Choice(households=300)), "n = -5 became 300"),
        ("v=1&n=351", View(Choice(households=300)), ""),
        ("v=1&n=1e3", View(), "“1e3” for n"),
        ("v=1&n=٣٠٠", View(), "for n is not known"),
        (f"v=1&seed={2**70}", View(Choice(seed=str(2**62))), "became 4611686018427387904"),
        ("v=1&seed=-1", View(Choice(seed="0")), "seed = -1 became 0"),
        ("v=1&s=/etc/passwd", View(), "“/etc/passwd” for s"),
        ("v=1&s=../history&b=x&i=y", View(), "for s is not known"),
        ("v=1&y=1066&lang=tlh", View(year=1980), "“tlh” for lang"),
        ("v=2&n=300", View(), "version “2” of links is not known"),
        ("n=300", View(), "version “”"),
        ("v=1&<script>=1&x=<img src=x onerror=alert(1)>", View(), "is not known"),
        ("v=1&region=atlantis", View(), "“atlantis” for region"),
        ("v=1&off=%00%0a%ff,kinship", View(Choice().switched("kinship", False)), "??"),
        ("v=1&" + "&".join(f"a{n}=1" for n in range(90)), View(), "and 87 more"),
        ("&".join(f"a{n}=1" for n in range(200)), View(), "too many parts"),
        ("v=1&x=" + "9" * 100_000, View(), "too long (100006 letters)"),
        ("%%%===&&&", View(), "version “”"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_in_one_line(query: str, view: View, told: str) -> None:
    found, said = read(query)
    assert found == view
    assert told in said and "\n" not in said and len(said) < 400
    assert (said == "") == (told == "")


def test_a_fault_is_told_in_the_language_of_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.app import link

    monkeypatch.setattr(link, "translator", lambda language: lambda sentence: f"{language}|{sentence}")
    assert read("v=1&n=1&lang=ms")[1].startswith("ms|")
    assert read("v=1&n=1&lang=xx")[1].startswith("en|")


def test_tabs_hold_parts_of_their_own_and_are_there() -> None:
    assert len(BY_KEY) == len(TABS) and len(HOLDS) == sum(len(tab.holds) for tab in TABS)
    assert set(HELD) <= set(HOLDS) and not set(HOLDS) & {"v", "s", "b", "n", "seed", "set", "off", "i", "y", "lang", "region", "tab"}
    for tab in TABS:
        assert callable(tab.load()) and tab.title
    for check in HOLDS.values():
        for text in ("", "<script>", "x" * 5000, "\x00", "९s", "-1", "1e9", "E99", "holds,", " holds"):
            assert check(text) is False


@pytest.mark.parametrize("name", ["claim", "verdict", "ind", "ran", "pairs", "years", "tab"])
def test_what_a_tab_does_not_offer_is_told(name: str) -> None:
    view, told = read(f"v=1&{name}={quote('<b>x' + 5000 * 'x')}")
    assert view == View() and f"for {name} is not known" in told and len(told) < 200


def test_a_part_of_a_tab_is_short_whatever_its_check_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOLDS, "claim", lambda _text: True)  # type: ignore[arg-type]
    assert read(f"v=1&claim={LONGEST_HELD * 'x'}")[0].held == {"claim": LONGEST_HELD * "x"}
    assert read(f"v=1&claim={LONGEST_HELD * 'x'}y")[0].held == {}
