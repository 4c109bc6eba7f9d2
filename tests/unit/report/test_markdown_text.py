"""Prose, cells and code blocks for Markdown, out of text that a stranger chose."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from hairpin_doctor.report import markdown_text as md

RENDERER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize(
    "raw",
    ["a_b_c *x*", "<b>x</b>", "[x](http://x)", "![x](y)", "\\`x", "# x", "- x", "+ x", "1. x", "1) x", "&lt;", "~~x~~",
     "> x", "| x |", "192.0.2.1 is it", "=== x", "x\\"],
)  # fmt: skip
def test_prose_reads_as_it_was_written(raw: str) -> None:
    found = RENDERER.render(md.text(raw)).replace("<!-- -->", "")
    plain = raw.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert found == f"<p>{plain}</p>\n"


def test_what_stands_between_backticks_is_code_and_nothing_in_it_is_more() -> None:
    assert RENDERER.render(md.text("set `interfaces_of <b> *x*` now")) == (
        "<p>set <code>interfaces_of &lt;b&gt; *x*</code> now</p>\n"
    )


@pytest.mark.parametrize("raw", ["a | b", "`a | b`", "a \\| b", "x\\", "a\nb", "`| a |"])
def test_a_cell_stays_one_cell(raw: str) -> None:
    html = RENDERER.render(md.table(("one", "two"), [(raw, "end")]))
    assert html.count("<td>") == 2
    assert "<td>end</td>" in html


@pytest.mark.parametrize("raw", ["x\n```\n<b>y</b>", "````\n`````\n", "~~~\nx"])
def test_nothing_in_a_block_ends_it(raw: str) -> None:
    tokens = RENDERER.parse(md.fenced(raw, "sh"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == raw.rstrip("\n") + "\n"


@pytest.mark.parametrize(
    ("raw", "joined"),
    [("@admin", "@admin"), ("see #12", "#12"), ("http://x.y", "http://"), ("www.x.y", "www.")],
)
def test_nobody_is_addressed_and_nothing_becomes_a_link_by_itself(raw: str, joined: str) -> None:
    assert joined not in md.text(raw)


def test_what_steers_a_terminal_is_shown() -> None:
    assert md.text("a\x1b[2Jb\u202ec") == "a\\\\x1b\\[2Jb\\\\u202ec"
