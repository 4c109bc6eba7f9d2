"""The HTML report: one file, no scripts, nothing loaded, well-formed, and safe whatever the names in it are."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from hairpin_doctor.report.html import to_html
from hairpin_doctor.report.html_text import VOID
from hairpin_doctor.report.report import Report

PAYLOADS = (
    "<script>alert(1)</script>",
    '" onload="x',
    "`</code><b>`",
    "</pre><img src=x>",
    "\x1b[2J\u202e",
    "&lt;b>",
)
LOADING = {"src", "href", "srcset", "data", "action", "poster", "background"}


class Reader(HTMLParser):
    """Collects tags in order, attributes and text; an end without its start is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_everything_of_the_report_is_on_the_page(diagnosed: Report) -> None:
    text = "".join(Reader(to_html(diagnosed)).words)
    for part in ("× diagnosed 192.0.2.53 answers with the MAC of eno1 (HD301, likely).", "DNS: no answer",
                 "HD302: not the bridge's MAC.", "ip link del metallb0", "kind: L2Advertisement", "Does not outlive",
                 "HD001 ping-silent-by-design", "no MAC is used twice", "CAP_NET_RAW", "12.5 ms"):  # fmt: skip
        assert part in text


def test_it_opens_anywhere_and_loads_nothing(diagnosed: Report) -> None:
    page = to_html(diagnosed)
    found = Reader(page)
    assert found.attributes & LOADING == set()
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(found.tags)
    assert "default-src &#x27;none&#x27;" in page
    assert re.search(r"url\(|@import|https?://", page) is None


def test_it_can_be_heard_as_well_as_seen(diagnosed: Report) -> None:
    page = to_html(diagnosed)
    assert '<html lang="en">' in page
    assert page.count("<h1>") == 1
    assert '<th scope="col">' in page
    assert '<th scope="row">' in page
    assert '<span aria-hidden="true">×</span> fails' in page


def test_it_is_light_and_dark_by_the_readers_setting(diagnosed: Report) -> None:
    assert "prefers-color-scheme:dark" in to_html(diagnosed)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_become_text_and_nothing_else(poisoned: Callable[[str], Report], payload: str) -> None:
    harmless, hostile = (Reader(to_html(poisoned(text))) for text in ("x", payload))
    assert [tag for tag in hostile.tags if tag != "code"] == [tag for tag in harmless.tags if tag != "code"]
    assert hostile.attributes == harmless.attributes
    assert "\x1b" not in "".join(hostile.words)
