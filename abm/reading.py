"""How is a file that a user gives read, so that whatever is wrong in it becomes one sentence?

Three steps, the same for every kind of file: :func:`read_text` takes the bytes of an ordinary file of a sensible size;
:func:`parse_json` and :func:`parse_toml` turn them into plain data; :func:`check` checks the data against a type that pydantic
knows, often a class made from :class:`Entries`. Each step raises a ``UserError`` (or a class of it) that names the file, the key, the
line where the form of the file gives one, what was found, and the nearest name where a name is wrong.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from abm.errors import UserError, shorten
from agents.core.declare import near

#: Bytes of the largest file that is read whole: far above any that lintas writes or a person types.
MOST_BYTES = 200_000_000
#: Letters of a text that a file may give as a name or a title.
MOST_LETTERS = 10_000


# --- bytes and text --------------------------------------------------------------------------------------------------


def read_bytes(path: str | Path, what: str, *, error: type[UserError] = UserError, most: int = MOST_BYTES) -> bytes:
    """The bytes of an ordinary file; ``what`` says in a refusal what the file is meant to be ("the study file").

    A pipe, a device or a folder is refused without being read, so that none of them blocks a command. ``most`` is the largest size
    in bytes. A file that is not there raises ``error`` too, with a sentence of its own: callers that have a better one look first.
    """
    shown = shorten(path)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise error(f"there is no file '{shown}' to be read as {what}") from None
    except (OSError, ValueError) as refused:  # ValueError: a null character in the name
        raise error(f"cannot read {what} '{shown}': {getattr(refused, 'strerror', None) or shorten(refused)}") from None
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode):
        os.close(handle)
        raise error(f"cannot read {what} '{shown}': it is {_kind_of(about.st_mode)}, not an ordinary file")
    with os.fdopen(handle, "rb") as file:
        if about.st_size > most:
            raise error(f"cannot read {what} '{shown}': it holds {about.st_size:,} bytes, more than the {most:,} that such a file may have")
        try:
            return file.read()
        except OSError as refused:
            raise error(f"cannot read {what} '{shown}': {refused.strerror or refused}") from None


def _kind_of(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def is_ordinary(path: str | Path) -> bool:
    """Whether there is an ordinary file at this path (following links); a name that no file can have is none."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def read_text(path: str | Path, what: str, *, error: type[UserError] = UserError, most: int = MOST_BYTES) -> str:
    """The text of an ordinary UTF-8 file (a byte-order mark at its beginning is dropped); see :func:`read_bytes`."""
    raw = read_bytes(path, what, error=error, most=most)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw.count(b"\n", 0, wrong.start) + 1
        raise error(f"cannot read {what} '{shorten(path)}': line {line} is no UTF-8 text") from None


# --- plain data -------------------------------------------------------------------------------------------------------


def parse_json(text: str, name: str, *, error: type[UserError] = UserError) -> Any:
    """The data of a JSON text; ``name`` says in a refusal where the text is from ("the manifest 'manifest.json'")."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as wrong:
        raise error(f"{name} is damaged: it is not complete JSON (line {wrong.lineno}: {shorten(wrong.msg)})") from None
    except (RecursionError, ValueError):  # lists nested thousands deep, or a number of thousands of digits
        raise error(f"{name} is not one that lintas wrote: its values are too deep or too long to be read") from None


def parse_toml(text: str, name: str, *, error: type[UserError] = UserError) -> dict[str, Any]:
    """The data of a TOML text; ``name`` says in a refusal where the text is from ("care.toml")."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise error(f"{name} is not readable TOML: its values are nested too deep") from None
    except ValueError as wrong:  # a mistake in the form (which names line and column), or a number of thousands of digits
        raise error(f"{name} is not readable TOML: {shorten(wrong)}") from None


# --- data checked against a type ------------------------------------------------------------------------------------------


class Entries(BaseModel):
    """A table with the keys that a class declares and no other. Types are strict: ``"3"`` is no number, ``true`` none either."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, said: Any) -> Any:
        """An unknown key is refused with the nearest ones."""
        if isinstance(said, Mapping) and cls.model_config.get("extra") == "forbid":
            known = [f.alias or n for n, f in cls.model_fields.items()]
            for key in said:
                if key not in known:
                    raise PydanticCustomError(
                        "unknown_key", "unknown key '{key}'; {near}", {"key": shorten(key), "near": near(shorten(key), known)}
                    )
        return said


class OpenEntries(Entries):
    """A table with the keys that a class declares; others are allowed and ignored."""

    model_config = ConfigDict(extra="ignore")


def _as_tuple(said: Any) -> Any:
    return tuple(said) if isinstance(said, list) else said


#: Put around a ``tuple[…]`` that files write as a list.
Listed = BeforeValidator(_as_tuple)


def one_line(text: str) -> str:
    """A text without control characters; for fields of names, through ``AfterValidator``."""
    if re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise PydanticCustomError(
            "control_letter", "holds a line break or another control character: write it in one line of plain letters"
        )
    if len(text) > MOST_LETTERS:
        raise PydanticCustomError("many_letters", "has {n} letters, more than {most}", {"n": len(text), "most": MOST_LETTERS})
    return text


def known_name(known: Callable[[], Iterable[str]], what: str) -> BeforeValidator:
    """A validator of a name out of a list that is asked for when a name is read; ``what`` is what the list holds ("yearly output")."""

    def look(said: Any) -> Any:
        names = list(known())
        if not isinstance(said, str) or said not in names:
            raise PydanticCustomError(
                "unknown_name",
                "there is no {what} '{said}'; {near}",
                {"what": what, "said": shorten(said), "near": near(shorten(said), names)},
            )
        return said

    return BeforeValidator(look)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def check[T](kind: type[T] | Any, said: Any, where: str, *, error: type[UserError] = UserError, hint: str = "") -> T:
    """The data as the type has them; raises ``error`` with one sentence on the first thing that is wrong.

    ``kind`` is a type that pydantic knows. ``where`` begins the sentence ("slurm.toml"), ``hint`` ends it ("; plan the study again").
    """
    try:
        return _adapter(kind).validate_python(said)
    except ValidationError as wrong:
        raise error(f"{where}: {sentence(wrong)}{hint}") from None
    except RecursionError:
        raise error(f"{where}: its values are nested too deep{hint}") from None


#: What was expected, by pydantic's name of the mistake.
_EXPECTED = {
    "int_type": "a whole number", "int_from_float": "a whole number", "int_parsing": "a whole number", "int_parsing_size": "a whole number that short",
    "float_type": "a number", "float_parsing": "a number", "finite_number": "a finite number",
    "string_type": "a text: write it in quotation marks", "bool_type": "true or false",
    "list_type": 'a list: write ["…", "…"]', "tuple_type": 'a list: write ["…", "…"]',
    "dict_type": "a table of names and values", "model_type": "a table of names and values", "mapping_type": "a table of names and values",
    "model_attributes_type": "a table of names and values", "dataclass_type": "a table of names and values", "none_required": "left out",
}  # fmt: skip
_LIMITS = {
    "greater_than": ("gt", "above"), "greater_than_equal": ("ge", "at least"), "less_than": ("lt", "below"), "less_than_equal": ("le", "at most"),
}  # fmt: skip


def sentence(wrong: ValidationError) -> str:
    """The first mistake that pydantic found, in words: the key, what was found, what is allowed."""
    first = _first(wrong)
    key, kind, about, found = key_of(first["loc"]), first["type"], first.get("ctx", {}), first["input"]
    if kind == "missing":
        return f"the key {key} is missing"
    if kind in ("value_error", "assertion_error"):
        return _after(key, str(about.get("error", first["msg"])))
    if kind in ("unknown_key", "unknown_name"):
        return _after(key, first["msg"])
    if kind in ("control_letter", "many_letters"):
        return f"{key or 'a text'} {first['msg']}"
    said = f"{key} = {shown(found)}" if key else shown(found)
    if kind in _EXPECTED:
        return f"{said} is not {_EXPECTED[kind]}"
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        return f"{said}; it must be {words} {about[limit]:g}" if isinstance(about[limit], (int, float)) else f"{said} is out of range"
    if kind in ("literal_error", "enum"):
        names = re.findall(r"'([^']*)'", str(about.get("expected", "")))
        return f"{said} is unknown; {near(shorten(found), names)}" if names else f"{said} is not {about.get('expected')}"
    if kind in ("too_short", "string_too_short"):
        return f"{said} is too short: give at least {about.get('min_length')}"
    if kind in ("too_long", "string_too_long"):
        return f"{said} is too long" + (f": at most {about['max_length']}" if "max_length" in about else "")
    return f"{said}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def _first(wrong: ValidationError) -> Any:
    """The first mistake; of a choice between types, the one that went deepest."""
    mistakes = wrong.errors(include_url=False)
    first = mistakes[0]
    for other in mistakes[1:]:
        if len(other["loc"]) > len(first["loc"]) and other["loc"][: len(first["loc"]) - 1] == first["loc"][:-1]:
            first = other
    return first


def _after(key: str, text: str) -> str:
    return f"{key}: {text}" if key else text


#: Parts of a location that pydantic puts in for a branch of a union or a validator, not for a key.
_NO_KEY = re.compile(
    r"^(function-|tagged-union|union|constrained-|literal\[|list\[|tuple\[|dict\[|is-instance|lax-or-strict|nullable)|^(str|int|float|bool|none)$"
)


def key_of(place: Iterable[str | int]) -> str:
    """A location as ``vary.high`` or ``target[3].of`` (counted from 1)."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif not _NO_KEY.match(part) or not text:
            text += f"{'.' if text else ''}{shorten(part, 40)}"
    return text


def shown(found: Any) -> str:
    """A value that was found, as one sentence can show it."""
    if isinstance(found, float) and not math.isfinite(found):
        return str(found)
    try:
        return shorten(repr(found) if isinstance(found, (str, list, tuple, dict)) else found)
    except (RecursionError, ValueError):  # nested too deep, or a number of thousands of digits
        return f"a {type(found).__name__}"


Name = Annotated[str, BeforeValidator(lambda v: one_line(v) if isinstance(v, str) else v)]
"""A text of one line."""
