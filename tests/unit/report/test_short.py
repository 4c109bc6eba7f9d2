"""The short form: the answer, and only what is not fine."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.short import show_short

EXPECTED = """\
× diagnosed  192.0.2.53 answers with the MAC of eno1 (HD301, likely).
× fails  192.0.2.53 53/udp from vm: DNS: no answer
× broken  HD301  vip-answers-with-a-port-mac (likely). Fix: Announce on
                 metallb0.
hairpin-doctor explain HD301
"""


def shown(report: Report) -> str:
    stream = io.StringIO()
    show_short(report, Page(stream, Look(unicode=True, colour=False, width=80)))
    return stream.getvalue()


def test_what_works_and_mere_notes_are_left_out(diagnosed: Report) -> None:
    assert shown(diagnosed) == EXPECTED


def test_a_healthy_report_is_one_line(diagnosed: Report) -> None:
    target = replace(diagnosed.targets[0], states=diagnosed.targets[0].states[:1])
    healthy = replace(diagnosed, verdict="healthy", answer="all works", diagnoses=(), targets=(target,))
    assert shown(healthy) == "√ healthy  all works.\n"


def test_what_is_not_known_and_the_next_command_are_told(poisoned: Callable[[str], Report]) -> None:
    text = shown(poisoned(""))
    assert "– note  client path not tested.\n" in text
    assert "Next, on vm:\nsudo hairpin-doctor scan 192.0.2.53\n" in text


def test_nothing_steers_the_terminal(poisoned: Callable[[str], Report]) -> None:
    assert "\x1b" not in shown(poisoned("\x1b[2J\n"))
