"""Which cause explains which symptom, and the verdict of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest

from hairpin_doctor.diagnose import IPV4_ONLY, UNPROVEN, UNPROVEN_ADVICE, Judgement, Outcome, diagnose, judge
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Network, VantagePoint
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Rule, Severity, Undetermined, Verdict
from hairpin_doctor.situation import NotThis
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.questions.traffic import Endpoint, Handshake, HandshakeAnswer
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Address, Protocol
from probes.tcp import TcpFacts

VIP, SECOND = IPv4Address("192.0.2.53"), IPv4Address("192.0.2.54")
BROKEN, LATENT, NOTE = Severity
PROVEN, LIKELY, POSSIBLE = Confidence
OPEN = Undetermined("something is missing", "look there")
PORT = ProgrammedPort(VIP, 80, Protocol.TCP, "nftables", None, (), True, "dnat", True, True, (), "")
Point = Callable[..., VantagePoint]


def cause(severity: Severity = BROKEN, confidence: Confidence = LIKELY) -> Diagnosis:
    return Diagnosis("it is this", (), severity, confidence)


def rule(
    code: str,
    verdict: Verdict | Exception | Callable[[Address], Verdict],
    explains: tuple[str, ...] = (),
    severity: Severity = BROKEN,
) -> Rule:
    def judge(_: Network, vip: Address) -> Verdict:
        if isinstance(verdict, Exception):
            raise verdict
        return verdict(vip) if callable(verdict) else verdict

    return Rule(code, code.lower(), code, severity, judge, "", explains)


def client(point: Point, outcomes: dict[IPv4Address, Handshake]) -> VantagePoint:
    """A machine that does not forward; `outcomes` of its connections per VIP."""
    tcp = TcpFacts(
        tuple(HandshakeAnswer(Endpoint(v, 80), o, None, None, None) for v, o in outcomes.items()), ()
    )
    return point(
        "vm", tcp, InterfaceSysctlFacts((), (), 0), targets=tuple(f"{vip}:80/tcp" for vip in outcomes)
    )


def judged(point: Point, outcome: Handshake, *rules: Rule) -> Judgement:
    return diagnose(Network([client(point, {VIP: outcome})]), rules)


def failing(point: Point, *rules: Rule) -> Judgement:
    return judged(point, Handshake.SILENT, *rules)


def test_diagnoses_come_broken_first_then_surest_then_in_the_order_of_the_catalogue(point: Point) -> None:
    rules = (
        rule("A", cause(NOTE, PROVEN)),
        rule("B", cause(BROKEN, LIKELY)),
        rule("C", cause(LATENT, PROVEN)),
        rule("D", cause(BROKEN, PROVEN)),
        rule("E", cause(BROKEN, LIKELY)),
        rule("F", cause(BROKEN, POSSIBLE)),
    )
    assert "".join(each.rule.code for each in failing(point, *rules).diagnoses) == "DBEFCA"


@pytest.mark.parametrize(
    ("severity", "confidence", "explains"),
    [
        (BROKEN, PROVEN, True),
        (BROKEN, LIKELY, True),
        (BROKEN, POSSIBLE, False),
        (LATENT, PROVEN, False),
        (NOTE, PROVEN, False),
    ],
)
def test_only_a_cause_that_breaks_traffic_and_is_at_least_likely_has_consequences(
    point: Point, severity: Severity, confidence: Confidence, explains: bool
) -> None:
    found = failing(point, rule("B", cause()), rule("A", cause(severity, confidence), ("B",)))
    assert [(each.rule.code, each.explained_by) for each in found.consequences] == (
        [("B", "A")] if explains else []
    )
    assert ("B" in {each.rule.code for each in found.diagnoses}) is not explains


def test_the_first_cause_that_explains_it_is_named(point: Point) -> None:
    found = failing(point, rule("A", cause(), ("C",)), rule("B", cause(), ("C",)), rule("C", cause()))
    assert [each.explained_by for each in found.consequences] == ["A"]


def test_what_is_cleared_or_open_is_no_consequence(point: Point) -> None:
    found = failing(point, rule("A", cause(), ("B", "C")), rule("B", Cleared("no")), rule("C", OPEN))
    assert found.consequences == ()
    assert [each.rule.code for each in found.cleared] == ["B"]
    assert [each.rule.code for each in found.undetermined] == ["C"]


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ([rule("A", cause())], Outcome.DIAGNOSED),
        ([rule("A", cause(BROKEN, POSSIBLE))], Outcome.UNEXPLAINED),
        ([rule("A", cause(LATENT, PROVEN))], Outcome.UNEXPLAINED),
        ([rule("A", Cleared("no"))], Outcome.UNEXPLAINED),
        ([], Outcome.UNEXPLAINED),
        ([rule("A", OPEN)], Outcome.UNDETERMINED),
        ([rule("A", OPEN, severity=LATENT)], Outcome.UNEXPLAINED),
        ([rule("A", cause(BROKEN, POSSIBLE)), rule("B", OPEN)], Outcome.UNDETERMINED),
        ([rule("A", cause()), rule("B", OPEN)], Outcome.DIAGNOSED),
    ],
)
def test_a_symptom_is_explained_only_by_a_likely_cause_and_open_questions_leave_it_open(
    point: Point, rules: list[Rule], outcome: Outcome
) -> None:
    assert failing(point, *rules).outcome is outcome


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ([rule("A", Cleared("works"))], Outcome.HEALTHY),
        ([rule("A", cause(LATENT, PROVEN))], Outcome.HEALTHY),
        ([rule("A", OPEN)], Outcome.HEALTHY),
        ([rule("A", replace(OPEN, suspected=True))], Outcome.UNDETERMINED),
    ],
)
def test_what_works_is_healthy_unless_something_is_suspected(
    point: Point, rules: list[Rule], outcome: Outcome
) -> None:
    assert judged(point, Handshake.OPEN, *rules).outcome is outcome


def test_unknown_is_never_healthy(point: Point) -> None:
    unseen = point("vm", InterfaceSysctlFacts((), (), 0), targets=("192.0.2.53:80/tcp",))
    assert diagnose(Network([unseen]), ()).outcome is Outcome.UNDETERMINED
    other = point("tv", InterfaceSysctlFacts((), (), 0), targets=("192.0.2.53:80/tcp",))
    assert (
        diagnose(Network([client(point, {VIP: Handshake.OPEN}), other]), ()).outcome is Outcome.UNDETERMINED
    )


def test_a_suspicion_on_the_host_alone_leaves_it_open(point: Point) -> None:
    tcp = TcpFacts((HandshakeAnswer(Endpoint(VIP, 80), Handshake.OPEN, 1.0, None, None),), ())
    host = point("n5", ServiceRulesFacts((PORT,), (), (), ()), tcp)
    suspicion = rule("A", replace(OPEN, suspected=True))
    assert diagnose(Network([host]), [suspicion]).outcome is Outcome.UNDETERMINED
    assert diagnose(Network([host]), [rule("A", OPEN)]).outcome is Outcome.HEALTHY


def test_a_serving_machine_that_does_not_get_through_itself_is_a_symptom(point: Point) -> None:
    tcp = TcpFacts((HandshakeAnswer(Endpoint(VIP, 80), Handshake.REFUSED, None, None, None),), ())
    host = point("n5", ServiceRulesFacts((PORT,), (), (), ()), tcp)
    assert diagnose(Network([host]), []).outcome is Outcome.UNEXPLAINED


def test_suspected_questions_come_first(point: Point) -> None:
    found = failing(point, rule("A", OPEN), rule("B", replace(OPEN, suspected=True)), rule("C", OPEN))
    assert [each.rule.code for each in found.undetermined] == ["B", "A", "C"]


def test_a_crashing_rule_is_open_and_stops_no_other(point: Point) -> None:
    found = failing(point, rule("A", ZeroDivisionError("by zero")), rule("B", cause()))
    (crashed,) = found.undetermined
    assert isinstance(crashed.verdict, Undetermined)
    assert "ZeroDivisionError: by zero" in crashed.verdict.missing
    assert found.outcome is Outcome.DIAGNOSED
    assert failing(point, rule("A", ZeroDivisionError("by zero"))).outcome is Outcome.UNDETERMINED


def test_guards_become_verdicts(point: Point) -> None:
    found = failing(point, rule("A", NotThis("it is not")), rule("B", MissingFacts("facts", "vm", "as root")))
    assert [each.verdict for each in found.judged] == [Cleared("it is not"), Undetermined("facts", "as root")]


@pytest.mark.parametrize(
    ("first", "second", "overall"),
    [
        (Handshake.OPEN, Handshake.OPEN, Outcome.HEALTHY),
        (Handshake.OPEN, Handshake.SILENT, Outcome.DIAGNOSED),
        (Handshake.SILENT, Handshake.OPEN, Outcome.UNEXPLAINED),
        (Handshake.SILENT, Handshake.SILENT, Outcome.UNEXPLAINED),
    ],
)
def test_each_vip_has_its_own_verdict_and_the_run_that_which_needs_a_person_most(
    point: Point, first: Handshake, second: Handshake, overall: Outcome
) -> None:
    """The only rule explains the second VIP alone."""
    network = Network([client(point, {VIP: first, SECOND: second})])
    only_second = rule(
        "A", lambda vip: cause() if vip == SECOND and second is Handshake.SILENT else Cleared("no")
    )
    found = diagnose(network, [only_second])
    assert found.outcome is overall
    assert found.per_vip == {
        VIP: Outcome.HEALTHY if first is Handshake.OPEN else Outcome.UNEXPLAINED,
        SECOND: Outcome.HEALTHY if second is Handshake.OPEN else Outcome.DIAGNOSED,
    }
    assert [state.target.vip for state in found.symptoms] == [
        vip for vip, outcome in ((VIP, first), (SECOND, second)) if outcome is Handshake.SILENT
    ]


def test_a_cause_of_one_vip_explains_nothing_of_another(point: Point) -> None:
    network = Network([client(point, {VIP: Handshake.SILENT, SECOND: Handshake.SILENT})])
    explains_first = rule("A", lambda vip: cause() if vip == VIP else Cleared("no"), ("B",))
    found = diagnose(network, [explains_first, rule("B", cause())])
    assert [(each.rule.code, each.vip) for each in found.consequences] == [("B", VIP)]


def test_without_any_target_nothing_is_healthy() -> None:
    assert diagnose(Network([]), [rule("A", cause())]).outcome is Outcome.UNDETERMINED


@pytest.mark.parametrize(
    ("ipv6", "expected"),
    [
        (Ipv6.PROVEN, cause()),
        (Ipv6.UNPROVEN, Undetermined(UNPROVEN, UNPROVEN_ADVICE)),
        (Ipv6.NEVER, Cleared(IPV4_ONLY)),
    ],
)
def test_a_rule_judges_an_ipv6_vip_only_where_it_is_proven(ipv6: Ipv6, expected: Verdict) -> None:
    chosen = replace(rule("HD201", cause()), ipv6=ipv6)
    assert judge(chosen, Network([]), IPv6Address("2001:db8::53")) == expected
    assert judge(chosen, Network([]), VIP) == cause()
