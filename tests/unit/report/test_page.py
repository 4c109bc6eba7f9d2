"""A page shows marks with words, never lets a string steer the terminal, and never breaks what is to be pasted."""

from __future__ import annotations

import io

import pytest

from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.printable import ascii_only, printable

PLAIN = Look(unicode=True, colour=False, width=80)


def page(look: Look = PLAIN) -> tuple[Page, io.StringIO]:
    stream = io.StringIO()
    return Page(stream, look), stream


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "unicode", "colour"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "vt100"}, False, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_a_terminal_gets_what_it_can_show(environment: dict[str, str], unicode: bool, colour: bool) -> None:
    look = Look.of(Terminal(), {**environment, "COLUMNS": "72"})
    assert (look.unicode, look.colour, look.width) == (unicode, colour, 72)


def test_a_pipe_gets_no_colour_and_eighty_columns() -> None:
    look = Look.of(io.TextIOWrapper(io.BytesIO(), encoding="ascii"), {"TERM": "xterm"})
    assert look == Look(unicode=False, colour=False, width=80)


@pytest.mark.parametrize("colour", [True, False])
def test_no_control_character_from_outside_reaches_the_terminal(colour: bool) -> None:
    shown, stream = page(Look(True, colour, 80))
    evil = "a\x1b]0;owned\x07\x1b[2J\x9b31m\u202eb\r\nc [red]d[/red]"
    for write in (shown.heading, shown.item, shown.text, shown.verbatim, shown.line):
        write(evil)
    shown.marked("bad", evil, evil)
    shown.columns([("good", (evil, evil))])
    text = stream.getvalue()
    for bad in ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\u202e", "\r"):
        assert bad not in text
    assert "[red]d[/red]" in text


def test_a_long_command_stays_one_line_from_the_first_column() -> None:
    command = "ip link add link br0 name metallb0 " + "x" * 100
    for look in (PLAIN, Look(True, False, 40), Look(False, False, 80)):
        shown, stream = page(look)
        shown.verbatim(command)
        assert stream.getvalue() == f"{command}\n"


def test_a_long_command_stays_one_line_in_colour_too() -> None:
    shown, stream = page(Look(True, True, 80))
    shown.verbatim("y" * 300)
    assert stream.getvalue().count("\n") == 1
    assert "y" * 300 in stream.getvalue()


def test_a_command_in_prose_is_not_broken_across_lines() -> None:
    shown, stream = page()
    shown.text("Words " * 11 + "then `kubectl get services -A` and so on.", 2)
    assert any("`kubectl get services -A`" in line for line in stream.getvalue().splitlines())


def test_text_is_wrapped_below_its_own_start() -> None:
    shown, stream = page()
    shown.marked("bad", "broken", "word " * 30)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("× broken  word")
    assert all(line.startswith(" " * 10 + "word") for line in lines[1:])
    assert all(len(line) <= 80 for line in lines)


def test_without_unicode_signs_have_stand_ins_and_words_stay() -> None:
    shown, stream = page(Look(False, False, 80))
    for mark in ("good", "bad", "warn", "note", "unknown"):
        shown.marked(mark, mark, "n – m × k ü")
    assert stream.getvalue().isascii()
    assert [line.split()[:2] for line in stream.getvalue().splitlines()] == [
        ["+", "good"],
        ["x", "bad"],
        ["!", "warn"],
        ["-", "note"],
        ["?", "unknown"],
    ]


def test_harmless_text_stays_as_it_is() -> None:
    assert printable("Zürich · √ 日本") == "Zürich · √ 日本"
    assert ascii_only("a – b → c") == "a - b -> c"
