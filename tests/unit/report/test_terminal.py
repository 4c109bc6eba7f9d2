"""The terminal report, as a tired person sees it at width 80."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.report import NextStep, Report, Undetermined
from hairpin_doctor.report.terminal import show

PLAIN = Look(unicode=True, colour=False, width=80)
EXPECTED = """\
× diagnosed  192.0.2.53 answers with the MAC of eno1 (HD301, likely).

From vm (a client, report of 2026-01-02 03:00 UTC)
──────────────────────────────────────────────────
  × fails  192.0.2.53 53/udp  DNS: no answer

From n5 (serves the VIP itself, now)
────────────────────────────────────
  √ works  192.0.2.53 53/udp  DNS answers NOERROR, 0.2 ms

What is wrong
─────────────
× broken  HD301 vip-answers-with-a-port-mac (likely)
  192.0.2.53 answers with the MAC of eno1.
  Because
    · From vm: 53/udp no answer.

  Fix: Announce on metallb0
  ‼ careful  Does not outlive a reboot.
  1. on n5, as root: an interface of its own

ip link add link br0 name metallb0 address 02:00:00:00:00:01 type macvlan mode bridge

  To undo:

ip link del metallb0

  2. on any machine with kubectl: announce there

kubectl apply -f - <<'EOF'
kind: L2Advertisement
spec:
  # a comment that is longer than any terminal of eighty columns could show in one line
EOF

  Then check: on vm: hairpin-doctor scan 192.0.2.53

Good to know
────────────
– note  HD001  192.0.2.53 does not answer ping.

hairpin-doctor explain HD301
hairpin-doctor explain HD001
"""


def shown(report: Report, look: Look = PLAIN, *, verbose: bool = False) -> str:
    stream = io.StringIO()
    show(report, Page(stream, look), verbose=verbose)
    return stream.getvalue()


def test_a_diagnosis_reads_from_the_answer_to_the_fix(diagnosed: Report) -> None:
    assert shown(diagnosed) == EXPECTED


def test_colour_changes_no_letter(diagnosed: Report) -> None:
    coloured = shown(diagnosed, Look(unicode=True, colour=True, width=80))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == EXPECTED


def test_without_unicode_every_line_is_ascii_and_as_long(diagnosed: Report) -> None:
    plain = shown(diagnosed, Look(unicode=False, colour=False, width=80))
    assert plain.isascii()
    assert plain.startswith("x diagnosed  ")
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in EXPECTED.splitlines()]


def test_verbose_adds_probes_and_what_it_is_not(diagnosed: Report) -> None:
    text = shown(diagnosed, verbose=True)
    assert "√ ok       arp                   12.5 ms" in text
    assert "– skipped  udp                   left out by --only or --skip" in text
    assert "HD310 duplicate-mac (192.0.2.53): no MAC is used twice" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_only_what_is_to_be_pasted_is_wider_than_the_terminal(diagnosed: Report, width: int) -> None:
    pasted = ("ip ", "kubectl ", "hairpin-doctor ", "  # ")
    for line in shown(diagnosed, Look(True, False, width), verbose=True).splitlines():
        assert line.startswith(pasted) or len(line) <= width, line


def open_cause(code: str) -> Undetermined:
    missing = "whose MAC it is: needs a scan on the host"
    return Undetermined(code, "x", "X", "broken", "192.0.2.53", missing, "", False)


def test_an_undetermined_report_names_symptom_open_causes_and_next_command(diagnosed: Report) -> None:
    command = "sudo hairpin-doctor scan --with vm.json"
    report = replace(
        diagnosed,
        verdict="undetermined",
        answer="192.0.2.53 fails from vm",
        diagnoses=(),
        vantage_points=diagnosed.vantage_points[:1],
        undetermined=(open_cause("HD301"), open_cause("HD302")),
        next_steps=(NextStep("copy vm.json to the host", "judged together", (command,)),),
    )
    text = shown(report)
    assert text.startswith("? undetermined  192.0.2.53 fails from vm.\n")
    assert "2 causes are still open; they hang on what has not been seen.\n(-v shows each" in text
    open_causes = "they hang on what has not been seen:\n  · HD301, HD302: whose MAC it is\n"
    assert open_causes in shown(report, verbose=True)
    assert text.endswith(f"Copy vm.json to the host (judged together):\n{command}\n")


def test_causes_that_lack_the_same_are_one_line_of_verbose(diagnosed: Report) -> None:
    causes = tuple(replace(open_cause(code), how_to_get="scan there") for code in ("HD301", "HD302", "HD304"))
    text = shown(replace(diagnosed, undetermined=causes), Look(True, False, 200), verbose=True)
    assert "3 causes, HD301, HD302, HD304 (192.0.2.53): whose MAC it is: needs a scan on the host." in text
    assert text.count("whose MAC it is") == 1
    alone = shown(replace(diagnosed, undetermined=causes[:1]), Look(True, False, 200), verbose=True)
    assert "HD301 x (192.0.2.53): whose MAC it is" in alone


def test_one_suspected_cause_is_told_with_what_decides_where_nothing_else_does(diagnosed: Report) -> None:
    suspected = replace(open_cause("HD202"), suspected=True, how_to_get="on 192.0.2.7: scan there")
    report = replace(
        diagnosed, verdict="undetermined", diagnoses=(), undetermined=(suspected,), next_steps=()
    )
    assert (
        "1 cause is still open; it hangs on what has not been seen:\n"
        "  · HD202 (suspected): whose MAC it is\n    On 192.0.2.7: scan there\n"
    ) in shown(report)


def test_the_same_cause_at_two_addresses_is_told_once(diagnosed: Report) -> None:
    first = diagnosed.diagnoses[0]
    second = replace(first, vip="192.0.2.50", summary=first.summary.replace("192.0.2.53", "192.0.2.50"))
    text = shown(replace(diagnosed, diagnoses=(first, second)))
    assert text.count("HD301 vip-answers-with-a-port-mac") == 1
    assert "The same holds for 192.0.2.50." in text


def test_where_both_ends_were_looked_at_each_open_question_says_how_to_know_it(diagnosed: Report) -> None:
    """No further scan is the obvious next step then."""
    causes = tuple(replace(open_cause(code), how_to_get="on n6: scan there") for code in ("HD301", "HD302"))
    report = replace(diagnosed, verdict="undetermined", diagnoses=(), undetermined=causes)
    assert "  · HD301, HD302: whose MAC it is\n    On n6: scan there\n" in shown(report)


def test_what_follows_from_a_cause_is_told_once_and_a_suspicion_as_answered(diagnosed: Report) -> None:
    follows = replace(diagnosed.diagnoses[0], explained_by="HD408", confidence="proven")
    twice = (follows, replace(follows, vip="192.0.2.54"))
    assert shown(replace(diagnosed, consequences=twice)).count("holds too, and follows from HD408.") == 1
    suspicion = replace(follows, confidence="possible")
    text = shown(replace(diagnosed, consequences=(suspicion,)))
    assert "was a suspicion, which HD408 explains." in text
    assert "holds too" not in text
