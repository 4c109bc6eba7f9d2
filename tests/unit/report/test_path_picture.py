"""The path as lines of a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.path_picture import chosen, show_paths
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.service_path import Hop, ServicePath

HOPS = (
    Hop("client", "enp1s0", "vm", "52:54:00:00:00:01", ("192.0.2.10",), "fine", "vm sends", (), False),
    Hop("link", None, None, None, (), "not seen", "switches were not looked at", (), False),
    Hop("uplink", "eno1", "n5", "02:00:00:00:00:02", (), "fine", "the router is behind it", (), True),
    Hop("announcer", "eno1", "n5", "02:00:00:00:00:02", (), "broken",
        "192.0.2.53 answers with the MAC of eno1, a port of br0 other than that of vm", ("HD301",), False),
    Hop("endpoint", "10.244.0.83:53", None, None, (), "not reached", "answers n5 directly", (), False),
)  # fmt: skip
FAILS = ServicePath("vm", "192.0.2.53", False, HOPS)
WORKS = ServicePath("vm", "192.0.2.54", True, HOPS[:2])
EXPECTED = """\

The path from vm to 192.0.2.53
──────────────────────────────
  √ fine         client enp1s0 of vm  192.0.2.10  52:54:00:00:00:01
  – not seen     link: switches were not looked at
  √ fine         uplink eno1 of n5 (beside the path)  02:00:00:00:00:02
  × BREAKS HERE  ARP answer eno1 of n5  02:00:00:00:00:02
                 HD301 vip-answers-with-a-port-mac
  – not reached  endpoint 10.244.0.83:53
"""


def shown(report: Report, look: Look) -> str:
    stream = io.StringIO()
    show_paths(report, Page(stream, look))
    return stream.getvalue()


def test_every_hop_has_a_sign_and_a_word_and_the_break_its_cause(diagnosed: Report) -> None:
    assert shown(replace(diagnosed, paths=(FAILS,)), Look(True, False, 80)) == EXPECTED


def test_without_unicode_the_words_still_tell_all(diagnosed: Report) -> None:
    text = shown(replace(diagnosed, paths=(FAILS,)), Look(False, False, 80))
    assert text.isascii()
    assert "x BREAKS HERE  ARP answer eno1 of n5" in text


def test_of_several_paths_of_a_client_one_that_fails_is_shown(diagnosed: Report) -> None:
    report = replace(diagnosed, paths=(FAILS, WORKS))
    assert chosen(report) == (FAILS,)
    assert chosen(report, every=True) == (FAILS, WORKS)
    assert "(-v shows 1 more path)" in shown(report, Look(True, False, 80))


def test_a_cause_that_the_report_does_not_tell_is_told_here(diagnosed: Report) -> None:
    report = replace(diagnosed, paths=(FAILS,), diagnoses=())
    assert "192.0.2.53 answers with the MAC of eno1, a port of br0 other\n" in shown(
        report, Look(True, False, 80)
    )


def test_what_answers_is_named_after_what_asks_and_after_a_router_nothing_is_asked(
    diagnosed: Report,
) -> None:
    ipv6 = replace(FAILS, vip="2001:db8::53")
    assert "NDP answer eno1 of n5" in shown(replace(diagnosed, paths=(ipv6,)), Look(True, False, 80))
    routed = replace(FAILS, hops=(HOPS[0], replace(HOPS[0], kind="router"), *HOPS[3:]))
    assert "way in eno1 of n5" in shown(replace(diagnosed, paths=(routed,)), Look(True, False, 80))


def test_a_report_without_paths_draws_nothing(diagnosed: Report) -> None:
    assert shown(diagnosed, Look(True, False, 80)) == ""
