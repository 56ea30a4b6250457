"""A page read tag by tag, for the tests of the pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from experiments.evidence.make import Made
from experiments.reports.evidence import pages

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """A page read tag by tag: what is not closed, what it loads, where it links, its ids and its words."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags.append((tag, said))
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for value in (said.get("id"),) if value]
        for name in ("src", "srcset", "data", "poster", "action"):
            self.loads += [value for value in (said.get(name),) if value]
        (self.links if tag == "a" else self.loads).extend(value for value in (said.get("href"),) if value)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words += data


def one(result: Made, name: str = "E02", language: str = "en") -> Page:
    return Page(pages(result, language)[f"{name}.html"])


def cells_of(text: str, row: str) -> str:
    """The row of a claim in the table of the index."""
    match = re.search(rf'<tr id="{row}">.*?(?=<tr id=|</tbody>)', text, re.S)
    assert match is not None
    return match[0]
