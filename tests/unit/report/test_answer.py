"""The first sentence of a report says what is known, of whom, and what would decide the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hairpin_doctor.report.answer import answer
from hairpin_doctor.report.report import Report, State, Target, Undetermined, Verdict, VipVerdict

VIP, OTHER = "192.0.2.53", "192.0.2.54"
WORKS = State("n5", True, "open", 1.0)
FROM_A_CLIENT = f"whether anybody answers: needs a scan from a client of {VIP}"


def suspecting(report: Report, missing: str, *targets: Target) -> Report:
    open_cause = Undetermined("HD104", "deaf", "A deaf interface", "broken", VIP, missing, "scan it", True)
    return replace(
        report,
        verdict="undetermined",
        vips=(VipVerdict(VIP, "undetermined"),),
        targets=targets or (Target(VIP, 53, "tcp", (WORKS,)),),
        diagnoses=(),
        undetermined=(open_cause,),
    )


@pytest.mark.parametrize(
    ("missing", "decides"),
    [
        (FROM_A_CLIENT, "a look from a client decides"),
        (f"whose it is: needs a scan on the host that serves {VIP}", "a look at the host that serves it decides"),
        (f"whether 192.0.2.1 is told of {VIP}", f"still open: whether 192.0.2.1 is told of {VIP}"),
    ],
)  # fmt: skip
def test_what_decides_a_suspicion_is_what_it_lacks(diagnosed: Report, missing: str, decides: str) -> None:
    host = replace(diagnosed, vantage_points=diagnosed.vantage_points[:1])
    assert answer(suspecting(host, missing)) == (
        f"nothing failed from n5, but there are signs of HD104; {decides}"
    )


def test_where_only_a_bare_address_was_tried_a_port_decides(diagnosed: Report) -> None:
    bare = Target(VIP, None, None, (State("vm", None, "ping does not answer", None),))
    said = answer(suspecting(diagnosed, FROM_A_CLIENT, bare))
    assert said.endswith("signs of HD104; name a port that fails: only that is a symptom")


def test_an_unexplained_vip_is_told_apart_from_one_that_has_a_cause(diagnosed: Report) -> None:
    fails = State("vm", False, "no answer", None)
    report = replace(
        diagnosed,
        verdict="unexplained",
        vips=(VipVerdict(VIP, "diagnosed"), VipVerdict(OTHER, "unexplained")),
        targets=(Target(VIP, 53, "tcp", (fails,)), Target(OTHER, 80, "tcp", (fails,))),
    )
    said = answer(report)
    assert said.startswith(f"{OTHER} fails from vm (80/tcp no answer), and none of the ")
    assert said.endswith(f"explains it; for {VIP} see HD301")


@pytest.mark.parametrize("verdict", ["unexplained", "undetermined", "diagnosed"])
def test_a_fault_of_one_version_of_ip_is_told_as_such(diagnosed: Report, verdict: Verdict) -> None:
    six = "2001:db8::53"
    fails, works = State("vm", False, "no answer", None), State("vm", True, "open", 1.0)
    vips = (VipVerdict(VIP, "healthy"), VipVerdict(six, verdict))
    targets = (Target(VIP, 53, "tcp", (works,)), Target(six, 53, "tcp", (fails,)))
    found = tuple(replace(each, vip=six) for each in diagnosed.diagnoses)
    report = replace(diagnosed, verdict=verdict, vips=vips, targets=targets, diagnoses=found)
    divided = "; IPv4 works from vm, IPv6 does not"
    assert divided in answer(report)
    both = replace(report, targets=(*targets, Target(VIP, 80, "tcp", (fails,))))
    assert divided not in answer(both)
