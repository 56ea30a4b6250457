"""A file of a user is read whole or refused with one sentence that names file, key, line and what was found."""

from __future__ import annotations

import os
import re
import tracemalloc
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from abm.errors import MOST_ECHOED, UserError, shorten
from abm.reading import (
    Entries,
    Listed,
    Name,
    OpenEntries,
    check,
    is_ordinary,
    key_of,
    known_name,
    parse_json,
    parse_toml,
    read_bytes,
    read_text,
)


class Inner(Entries):
    """A table inside another."""

    first: int = Field(ge=1980, le=2030)
    share: float = Field(gt=0, le=1)


class Outer(Entries):
    """A table with every kind of entry."""

    name: Name
    route: Literal["jobqueue", "array"] = "jobqueue"
    of: Inner | None = None
    names: Annotated[tuple[str, ...], Listed] = ()
    rows: dict[str, Inner] = {}  # noqa: RUF012
    output: Annotated[str, known_name(lambda: ("income", "care"), "yearly output")] = "care"


class Wide(OpenEntries):
    """A table that others may add to."""

    name: str


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "file: the key name is missing"),
        ([], "file: [] is not a table of names and values"),
        ({"name": 3}, "file: name = 3 is not a text: write it in quotation marks"),
        ({"name": "a\nb"}, "file: name holds a line break"),
        ({"nmae": "a"}, "file: unknown key 'nmae'; did you mean name or names?"),
        ({"name": "a", "route": "arry"}, "file: route = 'arry' is unknown; did you mean array?"),
        ({"name": "a", "of": {"first": "1980", "share": 1.0}}, "file: of.first = '1980' is not a whole number"),
        ({"name": "a", "of": {"first": True, "share": 1.0}}, "file: of.first = True is not a whole number"),
        ({"name": "a", "of": {"first": 1980.5, "share": 1.0}}, "file: of.first = 1980.5 is not a whole number"),
        ({"name": "a", "of": {"first": 1979, "share": 1.0}}, "file: of.first = 1979; it must be at least 1980"),
        ({"name": "a", "of": {"first": 2031, "share": 1.0}}, "file: of.first = 2031; it must be at most 2030"),
        ({"name": "a", "of": {"first": 1980, "share": 0}}, "file: of.share = 0; it must be above 0"),
        ({"name": "a", "of": {"first": 1980, "share": float("nan")}}, "file: of.share = nan"),
        ({"name": "a", "of": {"first": 1980, "share": "x"}}, "file: of.share = 'x' is not a number"),
        ({"name": "a", "of": {"first": 1980, "shares": 1}}, "file: of: unknown key 'shares'; did you mean share?"),
        ({"name": "a", "names": "b"}, "file: names = 'b' is not a list"),
        ({"name": "a", "names": ["b", 3]}, "file: names[2] = 3 is not a text"),
        ({"name": "a", "rows": {"x": 3}}, "file: rows.x = 3 is not a table of names and values"),
        ({"name": "a", "output": "incom"}, "file: output: there is no yearly output 'incom'; did you mean income?"),
        ({"name": "a", "output": 7}, "file: output: there is no yearly output '7'"),
    ],
)
def test_what_is_wrong_is_one_sentence(said: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        check(Outer, said, "file")


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        (Annotated[str, Field(min_length=2)], "a", "file: 'a' is too short: give at least 2"),
        (Annotated[list[int], Field(min_length=1)], [], "file: [] is too short: give at least 1"),
        (Annotated[str, Field(max_length=3)], "abcd", "file: 'abcd' is too long: at most 3"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "file: [1, 2] is too long: at most 1"),
    ],
)
def test_lengths(kind: Any, said: Any, words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        check(kind, said, "file")


def test_what_is_right_is_taken() -> None:
    got = check(Outer, {"name": "a", "of": {"first": 1980, "share": 1}, "names": ["x", "y"]}, "file")
    assert (got.name, got.of, got.names) == ("a", Inner(first=1980, share=1.0), ("x", "y"))
    assert check(Wide, {"name": "a", "more": 3}, "file").name == "a"
    assert check(list[int], [1, 2], "file") == [1, 2]


@pytest.mark.parametrize(
    "said", [{"name": "x" * 100_000}, {"name": ["x" * 100_000]}, {"x" * 100_000: 1}, {"name": "a", "route": "y" * 5000}]
)
def test_no_input_is_repeated_at_length(said: Any) -> None:
    with pytest.raises(UserError) as refused:
        check(Outer, said, "file")
    assert "x" * (MOST_ECHOED + 1) not in str(refused.value) and "y" * (MOST_ECHOED + 1) not in str(refused.value)


def test_text_is_shortened_to_one_printable_line() -> None:
    assert shorten("a\nb\t c") == "a b c"
    assert shorten("a\x1b[31mb") == "a\\x1b[31mb"
    assert shorten("\0") == "\\x00"
    assert len(shorten("x" * 200)) == MOST_ECHOED and shorten("x" * 200).endswith("…")
    assert shorten("x" * MOST_ECHOED) == "x" * MOST_ECHOED
    assert "too long" in shorten(10**6000)
    assert (
        shorten(Path("/" + "a" * 200 + "/name.toml")).endswith("aaa/name.toml")
        and len(shorten(Path("/" + "a" * 200 + "/b"))) == MOST_ECHOED
    )
    assert shorten("\udcff") == "\\udcff"


def test_only_ordinary_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    assert read_bytes(tmp_path / "a", "the file") == b"x" and is_ordinary(tmp_path / "a")
    for name, words in (("pipe", "a pipe"), (".", "a folder"), ("none", "no file"), ("x" * 300, "too long"), ("a\0b", "null")):
        assert not is_ordinary(tmp_path / name)
        with pytest.raises(UserError, match=words):
            read_bytes(tmp_path / name, "the file")
    with pytest.raises(UserError, match="a device"):
        read_bytes("/dev/zero", "the file")
    with pytest.raises(UserError, match="1 bytes, more than the 0"):
        read_bytes(tmp_path / "a", "the file", most=0)


def test_text_says_which_line_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"good\nbad \xff\n")
    with pytest.raises(UserError, match="line 2 is no UTF-8 text"):
        read_text(tmp_path / "a", "the file")
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfgood")
    assert read_text(tmp_path / "a", "the file") == "good"


def test_data_that_cannot_be_read() -> None:
    with pytest.raises(UserError, match=r"it is damaged: it is not complete JSON \(line 2"):
        parse_json('{"a": 1,\n', "it")
    for text in ("[" * 200_000, "1" * 5000):
        with pytest.raises(UserError, match="too deep or too long"):
            parse_json(text, "it")
    with pytest.raises(UserError, match="line 2"):
        parse_toml("a = 1\nb = \n", "it")
    with pytest.raises(UserError, match="not readable TOML"):
        parse_toml("a = " + "[" * 5000, "it")
    with pytest.raises(UserError, match="not readable TOML"):
        parse_toml("a = " + "1" * 5000, "it")


def test_a_small_file_takes_no_more_memory_than_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        assert read_bytes(tmp_path / "a", "the file", most=20_000_000_000) == b"x" * 1000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("place", "text"),
    [(("vary", "high"), "vary.high"), (("target", 2, "of"), "target[3].of"), (("vary", "function-after[f(), X]", "low"), "vary.low"),
     (("str",), "str"), (("x", "str"), "x"), ((0, "a"), "[1].a"), ((), "")],
)  # fmt: skip
def test_where_a_mistake_is(place: tuple[str | int, ...], text: str) -> None:
    assert key_of(place) == text


def test_a_table_may_have_a_row_of_two_kinds() -> None:
    """Of a choice between types the mistake that went deepest is told."""

    class Inner(Entries):
        low: float

    class Outer(Entries):
        vary: int | Inner

    with pytest.raises(UserError, match=r"file: vary\..*low = 'x'"):
        check(Outer, {"vary": {"low": "x"}}, "file")
