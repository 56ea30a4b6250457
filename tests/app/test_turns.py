"""Places, turns and what becomes of a page that is away, without a server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from abm.errors import UserError
from abm.scenario import FOLDER
from experiments.app import figures
from experiments.app.runner import GRACE, RunEnd, Runner, RunProgress
from experiments.app.sessions import LEAST_AWAY, Sessions
from experiments.app.state import Choice, names, shipped
from experiments.app.turns import Turns

PATIENCE = 120


def same(sentence: str) -> str:
    return sentence


class Work:
    """Runs that last until they are told to end, and the order in which they began."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.told: dict[str, list[int]] = {}
        self.go_on = threading.Semaphore(0)
        self.beginning = threading.Semaphore(0)
        self.alive = self.most = 0
        self.lock = threading.Lock()

    def run(self, name: str) -> Callable[[], None]:
        def work() -> None:
            with self.lock:
                self.began.append(name)
                self.alive += 1
                self.most = max(self.most, self.alive)
            self.beginning.release()
            assert self.go_on.acquire(timeout=PATIENCE)
            with self.lock:
                self.alive -= 1

        return work

    def tell(self, name: str) -> Callable[[int], None]:
        return self.told.setdefault(name, []).append


def test_pages_take_turns_and_the_latest_of_a_page_counts() -> None:
    turns, work = Turns(), Work()
    over = [turns.enter("a", work.run("a1"), work.tell("a1"))]
    assert work.beginning.acquire(timeout=PATIENCE)
    # one page asks again and again; two others ask once
    for number in range(2, 30):
        over.append(turns.enter("a", work.run(f"a{number}"), work.tell(f"a{number}")))
    over += [turns.enter("b", work.run("b"), work.tell("b")), turns.enter("c", work.run("c"), work.tell("c"))]
    over.append(turns.enter("a", work.run("last"), work.tell("last")))
    assert work.told["c"] == [3] and work.told["last"] == [1]
    for number in range(4):
        work.go_on.release()
        if number < 3:
            assert work.beginning.acquire(timeout=PATIENCE)
        if number == 0:  # while the second run of a is under way, its next one goes behind the others
            over.append(turns.enter("a", work.run("after"), work.tell("after")))
    work.go_on.release()
    assert all(one.wait(PATIENCE) for one in over)
    assert work.began == ["a1", "last", "b", "c", "after"]
    told = work.told["c"]  # a number that was over before it could be told is left out
    assert work.most == 1 and told == sorted(set(told), reverse=True) and (told[0], told[-1]) == (3, 0)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_no_more_runs_than_allowed_and_never_two_of_a_page(at_once: int) -> None:
    turns, work = Turns(at_once), Work()
    over = [turns.enter(page, work.run(page), work.tell(page)) for page in "abcde"]
    over.append(turns.enter("a", work.run("a"), work.tell("a2")))
    for _ in range(at_once):
        assert work.beginning.acquire(timeout=PATIENCE)
    assert len(work.began) == at_once and set(work.began) == set("abcde"[:at_once])
    for _ in range(6):
        work.go_on.release()
    assert all(one.wait(PATIENCE) for one in over)
    assert work.most == at_once and sorted(work.began) == ["a", "a", "b", "c", "d", "e"]


def test_a_page_that_leaves_makes_room_and_a_run_that_fails_does_not_hold_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # the run that fails is meant to
    turns, work = Turns(), Work()
    turns.enter("a", work.run("a"), work.tell("a"))
    assert work.beginning.acquire(timeout=PATIENCE)
    gone, last = turns.enter("b", work.run("b"), work.tell("b")), turns.enter("c", work.run("c"), work.tell("c"))
    turns.leave("b")
    assert gone.wait(PATIENCE) and work.told["c"] == [2, 1]
    work.go_on.release(2)
    assert last.wait(PATIENCE) and work.began == ["a", "c"]

    def fails(*_: object) -> None:
        raise SystemExit  # ends its thread without a message

    assert turns.enter("d", fails, work.tell("d")).wait(PATIENCE)
    work.go_on.release()
    assert turns.enter("e", work.run("e"), work.tell("e")).wait(PATIENCE)


class Heard:
    def __init__(self) -> None:
        self.progress: list[RunProgress] = []
        self.ends: list[RunEnd] = []
        self.ended, self.first_month = threading.Event(), threading.Event()

    def on_progress(self, progress: RunProgress) -> None:
        self.progress.append(progress)
        if progress.months:
            self.first_month.set()

    def on_end(self, outcome: RunEnd) -> None:
        self.ends.append(outcome)
        self.ended.set()


def test_the_run_of_a_page_that_lost_its_connection_is_given_up() -> None:
    heard, away = Heard(), [0.0]
    runner = Runner(heard.on_progress, heard.on_end, lambda: away[0], Turns())
    runner.start(Choice(households=5000), same)
    assert heard.first_month.wait(PATIENCE)
    away[0] = GRACE + 1
    assert runner.wait(PATIENCE)
    assert heard.ends == [RunEnd(is_given_up=True)]
    assert heard.progress[-1].month < heard.progress[-1].months
    # one that was away before its turn came is given up before any work
    heard.progress.clear()
    runner.start(Choice(households=5000), same)
    assert runner.wait(PATIENCE) and all(one.months == 0 for one in heard.progress)
    # a short break is no loss
    away[0] = GRACE / 2
    heard.ended.clear()
    runner.start(Choice(households=300), same)
    assert heard.ended.wait(PATIENCE) and heard.ends[-1].finished is not None


def test_a_page_that_waits_is_told_how_many_come_first() -> None:
    turns, first, second = Turns(), Heard(), Heard()
    one, two = Runner(first.on_progress, first.on_end, turns=turns), Runner(second.on_progress, second.on_end, turns=turns)
    one.start(Choice(households=5000, seed="1"), same)
    two.start(Choice(households=300, seed="2"), same)
    assert second.progress[0] == RunProgress(ahead=1)
    one.stop()
    assert second.ended.wait(PATIENCE) and first.ends == []
    assert second.ends[0].finished is not None and second.ends[0].finished.choice.seed == "2"


def test_answers_come_one_at_a_time_and_one_that_hangs_is_not_waited_for() -> None:
    from experiments.app.serve import one_at_a_time

    inside, most, go_on, begun = [0], [0], threading.Event(), threading.Semaphore(0)

    def answer(hangs: bool) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        begun.release()
        if hangs:
            assert go_on.wait(PATIENCE)
        inside[0] -= 1

    patient = one_at_a_time(answer, hold=PATIENCE)
    threads = [threading.Thread(target=patient, args=(number == 0,)) for number in range(8)]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=PATIENCE)
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert most[0] == 1 and inside[0] == 0

    go_on.clear()
    hasty = one_at_a_time(answer, hold=0.01)
    hanging = threading.Thread(target=hasty, args=(True,))
    hanging.start()
    hasty(False)  # comes back although the other one has not
    assert hanging.is_alive()
    go_on.set()
    hanging.join(PATIENCE)


# --- places -----------------------------------------------------------------------------------------------------------


class Kernels:
    """Kernels that are open, and a clock."""

    def __init__(self, most: int) -> None:
        self.open: set[str] = set()
        self.closed: list[str] = []
        self.now = 100.0
        self.sessions = Sessions(most, lambda page: page in self.open, self.close, lambda: self.now)

    def close(self, page: str) -> None:
        self.open.discard(page)
        self.closed.append(page)

    def come(self, page: str) -> bool:
        is_taken = self.sessions.come(page)
        if is_taken:
            self.open.add(page)
        return is_taken


def test_no_more_pages_than_places_and_who_is_away_longest_goes_first() -> None:
    kernels = Kernels(3)
    assert all(kernels.come(page) for page in "abc")
    assert not kernels.come("d") and kernels.sessions.is_full() and kernels.sessions.count() == 3
    assert kernels.come("a")  # a second connection of a page that has a place
    kernels.sessions.go("a")
    assert kernels.sessions.away("a") == 0 and not kernels.come("d")
    for page in "ba":
        kernels.sessions.go(page)
        kernels.now += 1
    assert kernels.sessions.away("b") == 2 and kernels.sessions.away("c") == 0 and kernels.sessions.away("x") == 0
    assert not kernels.come("d")  # they may come back in a moment
    kernels.now += LEAST_AWAY
    assert not kernels.sessions.is_full()
    assert kernels.come("d") and kernels.closed == ["b"]
    assert kernels.come("a") and not kernels.come("b") and kernels.sessions.count() == 3


def test_a_closed_kernel_leaves_a_place_at_once() -> None:
    kernels = Kernels(1)
    assert kernels.come("a")
    kernels.sessions.go("a")
    kernels.open.discard("a")
    assert kernels.sessions.count() == 0 and not kernels.sessions.is_full() and kernels.come("b")


# --- what is read and drawn ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../history", "history.toml", "", "x" * 1000, "no-such", "{folder}/own", "{folder}/own.toml"]
)
def test_only_listed_scenarios_are_taken(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text((FOLDER / "history.toml").read_text())
    name = name.format(folder=tmp_path)
    for refused in (lambda: shipped(name), lambda: Choice(scenario=name).checked(same), lambda: Choice(scenario=name).value("x"),
                    Choice(scenario=name).off_in_scenario):  # fmt: skip
        with pytest.raises(UserError) as said:
            refused()
        assert "there is no scenario" in str(said.value) and "x" * 81 not in str(said.value)
    assert names()[0] == "history" and set(names()) >= {"history", "closed-border", "no-kinship"}


def test_a_picture_that_is_not_wanted_when_its_turn_comes_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Years that pass while a slider is drawn wait for one another; none of those that have passed may take time."""
    drawn: list[int] = []

    class Drawing:
        def __init__(self, *_: object) -> None: ...

        def map(self, _kind: str, year: int) -> int:
            drawn.append(year)
            return year

    class Finished:
        results = region = None
        years = (1980, 2015)

    monkeypatch.setattr(figures, "Drawing", Drawing)
    wanted = [1980]
    with figures._DRAWING:  # something is being drawn while the slider moves on
        threads = []
        for year in range(1980, 2010):
            wanted[0] = year
            draw = lambda year=year: figures.map_picture(Finished, "en", year, lambda: wanted[0] == year)  # type: ignore[arg-type]  # noqa: E731
            threads.append(threading.Thread(target=draw))
            threads[-1].start()
    for thread in threads:
        thread.join(PATIENCE)
    assert drawn == [2009]
