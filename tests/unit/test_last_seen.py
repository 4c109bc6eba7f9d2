"""Where packets were last seen, on recordings of faults that no rule describes."""

from __future__ import annotations

import gzip
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from hairpin_doctor.examine import replay
from hairpin_doctor.last_seen import last_seen
from hairpin_doctor.network import Network
from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.scan import judge
from hairpin_doctor.vantage_point import VantagePoint
from probes.catalogue import CATALOGUE as PROBES
from probes.hops import AT_MOST
from probes.host import Absent
from probes.questions.hops import Hops, HopsTowards
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import RouteTo

RECORDINGS = Path(__file__).parents[1] / "golden" / "recordings"


def recorded(case: str) -> tuple[Recording, ...]:
    report = parse(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
    return tuple(decode_recording(each) for each in report["recordings"])


def trail(case: str) -> list[str]:
    notices = judge(recorded(case)).report.notices
    return [each for each in notices if each.startswith("Last seen")]


@pytest.mark.parametrize(
    ("case", "ports", "where"),
    [
        ("unknown-tap-ingress-drop", "port 53/udp:", "leaving homeassistant for"),
        ("unknown-tap-ingress-drop", "port 53/udp:", "(bridge0 of n5); n5 tracks nothing of them"),
        ("unknown-pod-filters", "port 53/udp, 53/tcp:", "on n5, sent on to 10.244.0.83 port 53; nothing"),
        ("unknown-host-misled", "port 53/udp, 53/tcp:", "on n5, where 10.244.0.83 answers them"),
        ("unknown-notrack", "port 53/udp, 53/tcp:", "n5 tracks nothing of them"),
    ],
)
def test_the_last_point_where_packets_show_is_told(case: str, ports: str, where: str) -> None:
    (said,) = trail(case)
    assert ports in said
    assert where in said


def test_where_the_host_has_no_route_back_it_says_so() -> None:
    def lost(asked: Asked) -> Asked:
        back = isinstance(asked.question, RouteTo) and asked.question.source is not None
        return Asked(asked.question, unanswered=Absent("no route")) if back else asked

    host, client = recorded("unknown-host-misled")
    host = replace(host, asked=tuple(map(lost, host.asked)))
    found = [replay(each, PROBES) for each in (host, client)]
    points = [VantagePoint(each.findings, each.recording.scope) for each in found]
    (trail,) = last_seen(Network(points), points[0].scope.vips[0])
    assert "n5 has no route by which answers could go to 192.168.8.10" in trail.said


@pytest.mark.parametrize("case", ["unknown-pod-filters", "unknown-host-misled", "unknown-notrack"])
def test_what_the_host_itself_refuses_was_not_sent_on_nor_answered(case: str) -> None:
    def refused(asked: Asked) -> Asked:
        to_the_pod = isinstance(asked.question, RouteTo) and str(asked.question.destination) == "10.244.0.83"
        return Asked(asked.question, unanswered=Absent("no route")) if to_the_pod else asked

    host, client = recorded(case)
    host = replace(host, asked=tuple(map(refused, host.asked)))
    found = [replay(each, PROBES) for each in (host, client)]
    points = [VantagePoint(each.findings, each.recording.scope) for each in found]
    (trail,) = last_seen(Network(points), points[0].scope.vips[0])
    assert "n5 has no route for 10.244.0.83" in trail.said
    assert "sent on" not in trail.said
    assert "answers" not in trail.said


def test_a_client_behind_a_router_was_last_seen_sending_to_it() -> None:
    found = [replay(each, PROBES) for each in recorded("beyond-router-filters")]
    points = [VantagePoint(each.findings, each.recording.scope) for each in found]
    (trail,) = last_seen(Network(points), points[0].scope.vips[0])
    assert "leaving remote for its router 192.168.20.1; n5 tracks nothing" in trail.said


@pytest.mark.parametrize(
    ("case", "where", "command"),
    [
        ("unknown-pod-filters", "on n5", "sudo tcpdump -eni any host 10.244.0.83 and port 53"),
        ("unknown-host-misled", "on n5", "sudo tcpdump -eni any host 192.168.8.10"),
        ("unknown-notrack", "on n5", "sudo tcpdump -eni any host 192.168.8.53"),
    ],
)
def test_where_packets_were_last_seen_one_looks_next(case: str, where: str, command: str) -> None:
    steps = judge(recorded(case)).report.next_steps
    assert (where, (command,)) in [(each.where, each.commands) for each in steps]


@pytest.mark.parametrize("case", ["healthy", "vip-on-port-mac"])
def test_what_is_explained_or_well_needs_no_trail(case: str) -> None:
    assert trail(case) == []


def test_what_stays_open_though_both_ends_were_seen_has_a_trail_as_well() -> None:
    (line,) = trail("beyond-router-filters")
    assert "leaving remote for its router 192.168.20.1; n5 tracks nothing of them" in line


ROUTER, OTHER = ip_address("198.51.100.1"), ip_address("198.51.100.2")


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ((IcmpMessage(11, 0, ROUTER), None), "at 198.51.100.1, the last router that says that it had them"),
        (
            (IcmpMessage(3, 1, ROUTER),),
            "at 198.51.100.1, which has no route for them or no answer to its ARP",
        ),
        ((IcmpMessage(3, 13, ROUTER),), "at 198.51.100.1, which refuses them (ICMP Unreachable, code 13)"),
        (
            tuple(IcmpMessage(11, 0, each) for each in (ROUTER, OTHER, ROUTER)),
            "going round between 198.51.100.1 and 198.51.100.2",
        ),
        ((None,), "leaving remote"),
    ],
)
def test_of_a_client_beyond_routers_the_last_one_that_spoke_is_named(
    messages: tuple[IcmpMessage | None, ...], said: str
) -> None:
    """On the recording of a fault of a router, with these words of routers on the way."""
    recordings = [
        replace(each, asked=(*each.asked, *_hops(each, messages)))
        for each in recorded("beyond-router-filters")
    ]
    notices = judge(tuple(recordings)).report.notices
    assert said in next(each for each in notices if each.startswith("Last seen"))


def _hops(recording: Recording, messages: tuple[IcmpMessage | None, ...]) -> tuple[Asked, ...]:
    vips = recording.scope.vips
    return (Asked(HopsTowards(vips, AT_MOST, 0), tuple(Hops(each, messages) for each in vips)),)
