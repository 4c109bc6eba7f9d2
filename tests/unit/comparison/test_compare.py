"""What changed between two scans is told in facts, and what differs by chance is not."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from hairpin_doctor.comparison.compare import SCHEMA, Comparison, compare
from hairpin_doctor.comparison.page import show
from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.report.files import to_json
from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.schema import schema_of
from hairpin_doctor.scan import judge
from probes import questions as q
from probes.host import Denied, Question
from probes.probe import Scope
from probes.questions.links import FdbEntry, Link, LinkAddress
from probes.questions.machine import Identity, Moment
from probes.questions.neighbours import ArpReply, Neighbour
from probes.questions.routing import ConnectedPrefix, Route
from probes.questions.sockets import PacketSocket
from probes.questions.traffic import EchoAnswer, Endpoint, Handshake, HandshakeAnswer
from probes.target import parse_target

VIP, OWN = IPv4Address("192.168.8.53"), IPv4Address("192.168.8.10")
SWEEP = q.ArpSweep("br0", OWN, (VIP,), (), 850)
FORWARD = "*filter\n:FORWARD ACCEPT [7:9]\n[3:4] -A FORWARD -i br0 -p tcp --dport 80 -j ACCEPT\nCOMMIT\n"


def link(index: int, name: str, **changes: Any) -> Link:
    plain = Link(index, name, None, f"52:54:00:00:00:{index:02x}", None, 1500, True, True, True, True, 0, None, None, (),
                 None, None, None)  # fmt: skip
    return replace(plain, **changes)


ANSWERS: dict[Question[Any], Any] = {
    q.MachineIdentity(): Identity("vm", "boot-1", 1, "6.1.0", True),
    q.Sysctl("net/ipv4/ip_forward"): 0,
    q.Links(): (link(2, "br0", addresses=(LinkAddress(OWN, 24),)), link(3, "eth0", master=2)),
    q.ForwardingDatabase(): (FdbEntry("52:54:00:00:00:99", 3, 2, None, False, False),),
    q.Neighbours(Moment.BEFORE): (Neighbour(2, VIP, "02:00:00:00:00:01", "REACHABLE", False),),
    SWEEP: (ArpReply(VIP, "02:00:00:00:00:01", "02:00:00:00:00:01", 0.3),),
    q.RouteTo(VIP): Route("unicast", "br0", None, OWN, 254),
    q.RoutingRules(): (),
    q.ConnectedPrefixes(): (),
    q.IptablesRules("nft", 4): FORWARD,
    q.PacketSockets(): (PacketSocket(0x0806, 2, "speaker"),),
    q.Handshakes((Endpoint(VIP, 80),), 2000): (HandshakeAnswer(Endpoint(VIP, 80), Handshake.OPEN, 1.0, None, None),),
}  # fmt: skip


def scanned(changes: dict[Question[Any], Any] | None = None, **head: Any) -> Any:
    answers = {**ANSWERS, **(changes or {})}
    asked = tuple(
        Asked(question, unanswered=answer) if isinstance(answer, Denied) else Asked(question, answer)
        for question, answer in answers.items()
    )
    scope = Scope((parse_target("192.168.8.53:80/tcp"),))
    return judge([replace(Recording("vm", "2026-01-02T03:04:05+00:00", scope, asked), **head)])


def differences(changes: dict[Question[Any], Any]) -> list[tuple[str, str | None, str | None]]:
    return [(each.what, each.before, each.after) for each in compare(scanned(), scanned(changes)).facts]


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({q.Sysctl("net/ipv4/ip_forward"): 1}, ("sysctl net.ipv4.ip_forward", "0", "1")),
        ({q.Links(): (link(2, "br0", addresses=(LinkAddress(OWN, 24),)), link(3, "eth0"))},
         ("interface eth0: master", "br0", "none")),
        ({q.Neighbours(Moment.BEFORE): (Neighbour(2, VIP, "02:00:00:00:00:02", "PERMANENT", False),)},
         ("neighbour 192.168.8.53 on br0", "02:00:00:00:00:01", "02:00:00:00:00:02 (permanent)")),
        ({SWEEP: ()}, ("ARP on br0: who has 192.168.8.53", "02:00:00:00:00:01", "nobody")),
        ({q.RouteTo(VIP): Route("unicast", "br0", IPv4Address("192.168.8.1"), OWN, 100)},
         ("route to 192.168.8.53", "by br0, from 192.168.8.10", "via 192.168.8.1 by br0, from 192.168.8.10, table 100")),
        ({q.PacketSockets(): ()}, ("who listens for ARP on br0", "speaker", None)),
        ({q.IptablesRules("nft", 4): FORWARD.replace("FORWARD ACCEPT", "FORWARD DROP")},
         ("policy of FORWARD (iptables-nft, filter)", "accept", "drop")),
        ({q.IptablesRules("nft", 4): FORWARD.replace("80", "81")},
         ("rule (iptables-nft, filter): -A FORWARD -i br0 -p tcp --dport 81 -j ACCEPT", None, "there")),
        ({q.ForwardingDatabase(): (FdbEntry("52:54:00:00:00:99", 2, 2, None, False, False),)},
         ("52:54:00:00:00:99 is behind", "eth0", "br0")),
        ({q.ConnectedPrefixes(): (ConnectedPrefix(IPv4Network("10.0.0.0/8"), "br0"),)},
         ("prefix 10.0.0.0/8 on br0", None, "on-link")),
    ],
)  # fmt: skip
def test_a_change_that_matters_is_told_as_a_fact(
    changes: dict[Question[Any], Any], fact: tuple[str, str | None, str | None]
) -> None:
    assert fact in differences(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {q.IptablesRules("nft", 4): FORWARD.replace("[3:4]", "[300:40000]").replace("[7:9]", "[1:1]")},
        {q.Neighbours(Moment.BEFORE): (Neighbour(2, VIP, "02:00:00:00:00:01", "STALE", False),)},
        {q.Neighbours(Moment.BEFORE): ()},
        {q.ForwardingDatabase(): ()},
        {SWEEP: (ArpReply(VIP, "02:00:00:00:00:01", "02:00:00:00:00:01", 77.0),)},
    ],
)
def test_counters_ages_times_and_forgotten_entries_are_no_change(changes: dict[Question[Any], Any]) -> None:
    assert differences(changes) == []


def test_what_one_of_the_two_could_not_see_is_said_and_not_taken_for_a_change() -> None:
    found = compare(
        scanned(),
        scanned(
            {q.Links(): Denied("CAP_X", "links"), q.IptablesRules("nft", 4): Denied("CAP_NET_ADMIN", "rules")}
        ),
    )
    assert not any("interface" in each.what or "rule" in each.what for each in found.facts)
    assert found.not_comparable == ("Not seen on vm after, so not compared: Links, the service rules",)


def test_states_that_changed_and_vantage_points_that_are_missing_are_told() -> None:
    silent = (HandshakeAnswer(Endpoint(VIP, 80), Handshake.SILENT, None, None, None),)
    found = compare(scanned(), scanned({q.Handshakes((Endpoint(VIP, 80),), 2000): silent}))
    assert [(each.vantage_point, each.what, each.before, each.after) for each in found.states] == [
        ("vm", "192.168.8.53 80/tcp", "open", "no answer")
    ]
    other = compare(scanned(), scanned(vantage_point="laptop"))
    assert set(other.not_comparable) == {
        "vm was looked from before only",
        "laptop was looked from after only",
    }


def test_causes_that_came_and_went_are_told(recorded: Callable[..., Recording]) -> None:
    before, after = (judge([recorded(outcome)]) for outcome in (Handshake.SILENT, Handshake.OPEN))
    found = compare(before, after)
    assert (found.before.verdict, found.after.verdict) == ("undetermined", "healthy")
    assert [each.code for each in found.came] == ["HD001"]


@pytest.fixture
def recorded() -> Callable[[Handshake], Recording]:
    def make(outcome: Handshake) -> Recording:
        end = Endpoint(VIP, 80)
        answers = {
            q.Handshakes((end,), 2000): (HandshakeAnswer(end, outcome, None, None, None),),
            q.Echoes((VIP,), 1000): (EchoAnswer(VIP, None, None, (), None),),
            q.Sysctl("net/ipv4/ip_forward"): 0,
        }
        recording: Recording = scanned(answers).recordings[0]
        return recording

    return make


@pytest.mark.parametrize(
    ("head", "machine", "said"),
    [
        ({"taken_at": "2026-01-02T03:04:04+00:00"}, "m", ("may be in the wrong order",)),
        ({"taken_at": "2026-01-02T03:04:06+00:00"}, "m", ()),
        ({}, "another", ("vm is not the same machine both times",)),
        ({}, None, ()),
        ({"vantage_point": "laptop"}, "m", ("No machine was looked from both times",)),
    ],
)
def test_what_may_be_no_before_and_after_is_doubted(
    head: dict[str, str], machine: str | None, said: tuple[str, ...]
) -> None:
    def identity(machine: str | None) -> dict[Question[Any], Any]:
        return {q.MachineIdentity(): Identity("vm", "boot-1", 1, "6.1.0", True, machine)}

    found = compare(scanned(identity("m")), scanned(identity(machine), **head)).doubts
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))


def test_the_page_says_so_where_nothing_changed_and_shows_what_did() -> None:
    def page(found: Comparison) -> str:
        stream = io.StringIO()
        show(found, Page(stream, Look(unicode=False, colour=False, width=80)))
        return stream.getvalue()

    assert "Nothing that matters has changed" in page(compare(scanned(), scanned()))
    shown = page(
        compare(scanned(), scanned({q.Sysctl("net/ipv4/ip_forward"): 1, q.IptablesRules("nft", 4): ""}))
    )
    assert "sysctl net.ipv4.ip_forward: 0 -> 1" in shown
    assert "gone: rule (iptables-nft, filter): -A FORWARD" in shown


def test_the_json_follows_its_schema() -> None:
    found = json.loads(to_json(compare(scanned(), scanned({q.Sysctl("net/ipv4/ip_forward"): 1}))))
    jsonschema.Draft202012Validator(schema_of(Comparison, SCHEMA)).validate(found)
    assert found["facts"] == [
        {"vantage_point": "vm", "what": "sysctl net.ipv4.ip_forward", "before": "0", "after": "1"}
    ]


def test_a_cause_of_a_vip_that_only_one_of_them_asked_about_has_neither_come_nor_gone() -> None:
    words = {
        "code": "HD205",
        "slug": "stale-neighbour",
        "severity": "broken",
        "confidence": "proven",
        "summary": "-",
    }
    plain, other = scanned(), scanned(scope=Scope((parse_target("192.168.8.54:80/tcp"),)))
    report = replace(plain.report, diagnoses=(SimpleNamespace(vip=str(VIP), **words),))
    before = replace(plain, report=report)
    assert [each.code for each in compare(before, plain).gone] == ["HD205"]
    assert [each.code for each in compare(plain, before).came] == ["HD205"]
    for found in (compare(before, other), compare(other, before)):
        assert "HD205" not in [each.code for each in (*found.gone, *found.came)]
        assert any(each.startswith("192.168.8.53 was asked about") for each in found.not_comparable)
