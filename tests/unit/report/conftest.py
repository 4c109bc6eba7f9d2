"""A fake machine (question type -> answer), recordings made with it, and a report written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from hairpin_doctor.examine import examine
from hairpin_doctor.recording import Recording
from hairpin_doctor.report import report as r
from probes import questions as q
from probes.catalogue import CATALOGUE
from probes.host import Absent, Question
from probes.probe import Scope
from probes.questions.links import Link, LinkAddress
from probes.questions.machine import Identity
from probes.questions.routing import ConnectedPrefix, Route
from probes.questions.traffic import (
    DatagramOutcome,
    DnsAnswer,
    EchoAnswer,
    Handshake,
    HandshakeAnswer,
)
from probes.target import parse_target

VIP = IPv4Address("192.0.2.53")
OWN = IPv4Address("192.0.2.10")


@dataclass
class FakeHost:
    """Answers by the question's type; a function gets the question, an exception is raised, the rest is Absent."""

    answers: Mapping[type, Any] = field(default_factory=dict)

    def ask(self, question: Question[Any]) -> Any:
        if type(question) not in self.answers:
            raise Absent(f"{type(question).__name__} is not here")
        answer = self.answers[type(question)]
        if isinstance(answer, Exception):
            raise answer
        return answer(question) if callable(answer) else answer


def client_answers(
    outcome: Handshake, name: str = "vm", boot: str = "boot-vm", root: bool = True
) -> dict[type, Any]:
    """A client on the VIP's link whose TCP attempts all end in `outcome`."""
    good = outcome is Handshake.OPEN
    link = Link(2, "eth0", None, "52:54:00:00:00:01", None, 1500, True, True, True, True, 0, None, None,
                (LinkAddress(OWN, 24),), None, None, None)  # fmt: skip

    def handshakes(question: q.Handshakes) -> tuple[HandshakeAnswer, ...]:
        return tuple(
            HandshakeAnswer(end, outcome, 1.25 if good else None, None, None) for end in question.destinations
        )

    def dns(question: q.DnsExchanges) -> tuple[DnsAnswer, ...]:
        said = DatagramOutcome.ANSWERED if good else DatagramOutcome.SILENT
        rcode, took = ("NOERROR", 0.9) if good else (None, None)
        return tuple(
            DnsAnswer(s, question.transport, said, rcode, False, took, None, None) for s in question.servers
        )

    return {
        q.MachineIdentity: Identity(name, boot, 4026531840, "6.1.0", root),
        q.Sysctl: 0,
        q.Counters: {"TcpExt.TCPTimeouts": 0},
        q.KernelLog: (),
        q.Links: (link,),
        q.ForwardingDatabase: (),
        q.Neighbours: (),
        q.ArpSweep: (),
        q.RouteTo: Route("unicast", "eth0", None, OWN, 254),
        q.RoutingRules: (),
        q.ConnectedPrefixes: (ConnectedPrefix(IPv4Network("192.0.2.0/24"), "eth0"),),
        q.Echoes: lambda question: tuple(EchoAnswer(d, None, None, (), None) for d in question.destinations),
        q.Handshakes: handshakes,
        q.Datagrams: (),
        q.DnsExchanges: dns,
        q.PacketSockets: (),
        q.TcpConnections: (),
        q.TrackedConnections: (),
    }


@pytest.fixture
def fake_client() -> Callable[..., FakeHost]:
    """`fake_client(Handshake.OPEN)`: a client for whom the VIP works."""

    def make(outcome: Handshake = Handshake.OPEN, **how: Any) -> FakeHost:
        return FakeHost(client_answers(outcome, **how))

    return make


@pytest.fixture
def recorded() -> Callable[..., Recording]:
    """A recording of a client, with the targets as in `scan`."""

    def make(outcome: Handshake = Handshake.OPEN, *targets: str, **how: Any) -> Recording:
        scope = Scope(tuple(map(parse_target, targets or ("192.0.2.53:53",))))
        return examine(FakeHost(client_answers(outcome, **how)), scope, CATALOGUE).recording

    return make


@pytest.fixture
def diagnosed() -> r.Report:
    """A report with one cause, one fix of two steps, a latent finding and a note."""
    comment = "a comment that is longer than any terminal of eighty columns could show in one line"
    manifest = f"kind: L2Advertisement\nspec:\n  # {comment}\n"
    seen = (r.State("n5", True, "DNS answers NOERROR", 0.24), r.State("vm", False, "DNS: no answer", None))
    skipped = r.ProbeRun("udp", "traffic", "n5", "skipped", "left out by --only or --skip", None)
    steps = (
        r.Step(
            "host",
            "n5",
            "an interface of its own",
            ("ip link add link br0 name metallb0 address 02:00:00:00:00:01 type macvlan mode bridge",),
            ("ip link del metallb0",),
            None,
            None,
        ),
        r.Step("cluster", "any machine with kubectl", "announce there", (), (), manifest, None),
    )
    fix = r.Fix(
        "Announce on metallb0",
        steps,
        "on vm: hairpin-doctor scan 192.0.2.53",
        ("Does not outlive a reboot.",),
    )
    cause = r.Diagnosis("HD301", "vip-answers-with-a-port-mac", "The VIP answers with a port's MAC",
                        "192.0.2.53 answers with the MAC of eno1", "192.0.2.53", "broken", "likely",
                        ("From vm: 53/udp no answer.",), ("HD302: not the bridge's MAC.",), (fix,), None)  # fmt: skip
    note = r.Diagnosis("HD001", "ping-silent-by-design", "Ping is silent", "192.0.2.53 does not answer ping",
                       "192.0.2.53", "note", "proven", (), (), (), None)  # fmt: skip
    return r.Report(
        schema="hairpin-doctor/report/1",
        tool_version="0.1.0",
        made_at="2026-01-02T03:04:05+00:00",
        verdict="diagnosed",
        answer="192.0.2.53 answers with the MAC of eno1 (HD301, likely)",
        vantage_points=(
            r.VantagePoint("n5", "host", True, (), "2026-01-02T03:04:05+00:00", True),
            r.VantagePoint("vm", "client", False, ("CAP_NET_RAW",), "2026-01-02T03:00:05+00:00", False),
        ),
        vips=(r.VipVerdict("192.0.2.53", "diagnosed"),),
        targets=(
            r.Target("192.0.2.53", 53, "udp", seen),
        ),
        diagnoses=(cause, note),
        consequences=(),
        undetermined=(),
        cleared=(r.Cleared("HD310", "duplicate-mac", "Two stations use one MAC", "192.0.2.53", "no MAC is used twice"),),
        not_tested=(),
        not_seen=(),
        notices=(),
        next_steps=(),
        probes=(r.ProbeRun("arp", "neighbour", "n5", "ok", None, 12.5), skipped),
    )  # fmt: skip


FIXED = {
    "verdict",
    "role",
    "protocol",
    "severity",
    "confidence",
    "status",
    "place",
    "taken_at",
    "made_at",
    "schema",
}


@pytest.fixture
def poisoned(diagnosed: r.Report) -> Callable[[str], r.Report]:
    """`poisoned("<b>")`: a full report in which every text that could come from outside is followed by that one."""
    full = replace(
        diagnosed,
        undetermined=(
            r.Undetermined("HD201", "s", "t", "broken", "192.0.2.53", "the host", "scan it", True),
        ),
        consequences=(replace(diagnosed.diagnoses[0], explained_by="HD601"),),
        not_tested=("client path not tested",),
        notices=("a notice",),
        next_steps=(r.NextStep("on vm", "to see more", ("sudo hairpin-doctor scan 192.0.2.53",)),),
    )

    def spoil(value: Any, payload: str) -> Any:
        if isinstance(value, str):
            return value + payload
        if isinstance(value, tuple):
            return tuple(spoil(each, payload) for each in value)
        if is_dataclass(value) and not isinstance(value, type):
            changed = {
                each.name: spoil(getattr(value, each.name), payload)
                for each in fields(value)
                if each.name not in FIXED
            }
            return replace(value, **changed)
        return value

    return lambda payload: spoil(full, payload)
