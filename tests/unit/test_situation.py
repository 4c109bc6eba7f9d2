"""The guards that rules share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import Any

import pytest

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Network, VantagePoint
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.situation import (
    NotThis,
    answering_interface,
    attachment_of,
    failing_clients,
    intercepted,
    is_silent,
    live_macs,
    macs_used,
    of_failing_clients,
    of_silent_clients,
    silent_clients,
    symptom,
    translated,
)
from probes.arp import ArpAnswers, ArpFacts
from probes.br_netfilter import BrNetfilterFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.probe import Scope
from probes.questions.neighbours import ArpReply
from probes.questions.routing import ConnectedPrefix, Route
from probes.questions.traffic import Endpoint, Handshake, HandshakeAnswer, TcpFrame
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol, parse_target
from probes.tcp import TcpFacts

VIP, CLIENT, NODE, GATEWAY, FAR = (
    IPv4Address(text) for text in ("192.0.2.53", "192.0.2.10", "192.0.2.20", "192.0.2.1", "203.0.113.1")
)
MAC, OTHER = "02:00:00:00:00:02", "02:00:00:00:00:99"
POD = Endpoint(IPv4Address("10.0.0.5"), 8080)
CONNECTED = (ConnectedPrefix(IPv4Network("192.0.2.0/24"), "eth0"),)
CLEARED, QUESTION = Cleared("it is not"), Undetermined("what", "how")
CAUSE = Diagnosis("it is this", (), Severity.BROKEN, Confidence.LIKELY)
Point = Callable[..., VantagePoint]


def routes(kind: str = "unicast", gateway: IPv4Address | None = None) -> RouteFacts:
    return RouteFacts((RouteFound(VIP, Route(kind, "eth0", gateway, CLIENT, 254)),), None, (), CONNECTED)


def heard(*macs: str) -> ArpFacts:
    replies = tuple(ArpReply(VIP, mac, mac, float(n)) for n, mac in enumerate(macs))
    return ArpFacts((ArpAnswers("eth0", "packet socket", (VIP,), replies),))


def tcp(outcome: Handshake, to: str | None = None) -> TcpFacts:
    syn = TcpFrame(True, "02::1", to or "", Endpoint(CLIENT, 40000), "SYN")
    return TcpFacts((HandshakeAnswer(Endpoint(VIP, 80), outcome, None, (syn,) if to else None, None),), ())


def programmed(port: int = 80, *endpoints: Endpoint) -> ProgrammedPort:
    kind: Any = "dnat" if endpoints else "drop"
    return ProgrammedPort(
        VIP, port, Protocol.TCP, "nftables", None, endpoints, True, kind, True, True, (), ""
    )


def client(
    point: Point,
    *facts: Any,
    outcome: Handshake = Handshake.SILENT,
    to: str | None = None,
    name: str = "vm",
) -> VantagePoint:
    return point(name, InterfaceSysctlFacts((), (), 0), tcp(outcome, to), *facts)


def host(point: Point, *facts: Any) -> VantagePoint:
    return point("n5", ServiceRulesFacts((programmed(80, POD),), (), (), ()), *facts)


def test_a_vip_that_works_is_no_failure_and_one_that_nobody_tried_is_open(point: Point) -> None:
    broken = client(point)
    assert failing_clients(Network([broken]), VIP) == (broken,)
    with pytest.raises(NotThis, match="works from vm"):
        failing_clients(Network([client(point, outcome=Handshake.OPEN)]), VIP)
    with pytest.raises(MissingFacts, match="name its port"):
        failing_clients(Network([point("vm", InterfaceSysctlFacts((), (), 0))]), VIP)
    with pytest.raises(MissingFacts, match="path of a client"):
        failing_clients(Network([host(point)]), VIP)


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ((CLEARED, CAUSE), CAUSE),
        ((NotThis("no"), CAUSE), CAUSE),
        ((MissingFacts("facts", "vm", "as root"), CAUSE), CAUSE),
        ((CLEARED, QUESTION), QUESTION),
        ((QUESTION, CAUSE), CAUSE),
        ((NotThis("no"), CLEARED), CLEARED),
        ((CLEARED, MissingFacts("facts", "vm", "as root")), MissingFacts),
        ((NotThis("no"), MissingFacts("facts", "vm", "as root")), MissingFacts),
        ((NotThis("no"), NotThis("nor")), NotThis),
    ],
)
def test_one_failing_client_for_which_the_cause_holds_is_enough(
    point: Point, says: tuple[Any, Any], found: Any
) -> None:
    clients = [client(point), client(point)]

    def judge(_: Network, one: VantagePoint, vip: IPv4Address) -> Any:
        said = says[clients.index(one)]
        if isinstance(said, Exception):
            raise said
        return said

    def look() -> Any:
        return of_failing_clients(Network(clients), VIP, judge)

    if isinstance(found, type):
        with pytest.raises(found):
            look()
    elif found is CAUSE:
        assert look() == replace(CAUSE, clients=(clients[says.index(CAUSE)].name,))
    else:
        assert look() is found


def test_what_holds_for_several_clients_names_them_all_and_takes_the_surest(point: Point) -> None:
    first, second = client(point, name="vm"), client(point, name="laptop")
    sure = replace(CAUSE, summary="it is that", confidence=Confidence.PROVEN)
    says = {first: CAUSE, second: sure}
    verdict = of_failing_clients(Network([first, second]), VIP, lambda _, one, __: says[one])
    assert isinstance(verdict, Diagnosis)
    assert verdict.summary == "it is that (likewise for vm)"
    assert verdict.because == ("Likewise for vm: it is this.",)
    assert verdict.confidence is Confidence.PROVEN
    assert verdict.clients == ("vm", "laptop")


def test_a_client_that_hears_nobody_at_all_hides_no_silent_one(point: Point) -> None:
    unheard = ArpFacts((ArpAnswers("eth0", "packet socket", (VIP, GATEWAY), ()),))
    deaf, silent = (
        client(point, routes(), unheard, name="vm"),
        client(point, routes(), heard(), name="laptop"),
    )
    assert silent_clients(Network([deaf, silent]), VIP) == (silent,)
    found = of_silent_clients(Network([deaf, silent]), VIP, lambda _, one, __: CAUSE)
    assert found == replace(CAUSE, clients=("laptop",))
    with pytest.raises(MissingFacts, match="hears no ARP answer at all"):
        silent_clients(Network([deaf]), VIP)


def test_who_answers_matters_only_for_a_vip_on_the_link(point: Point) -> None:
    assert live_macs(client(point, routes(), heard(MAC, OTHER)), VIP) == (MAC, OTHER)
    for away in (routes(gateway=GATEWAY), routes("local")):
        with pytest.raises(NotThis, match="not on-link"):
            live_macs(client(point, away, heard(MAC)), VIP)
    with pytest.raises(MissingFacts):
        live_macs(client(point, routes()), VIP)


def test_silence_is_an_unanswered_question_on_the_link(point: Point) -> None:
    assert is_silent(client(point, routes(), heard()), VIP)
    assert not is_silent(client(point, routes(), heard(MAC)), VIP)
    assert not is_silent(client(point, routes(), ArpFacts(())), VIP)  # nobody asked
    assert not is_silent(client(point, routes(gateway=GATEWAY), heard()), VIP)


def test_silent_clients_are_told_from_answered_ones_and_those_that_never_asked(point: Point) -> None:
    silent = client(point, routes(), heard())
    assert silent_clients(Network([client(point, routes(), heard(MAC)), silent]), VIP) == (silent,)
    with pytest.raises(NotThis, match=f"{MAC} answers ARP"):
        silent_clients(Network([client(point, routes(), heard(MAC))]), VIP)
    with pytest.raises(NotThis, match="did not need to ask"):
        silent_clients(Network([client(point, routes(), ArpFacts(()))]), VIP)


def test_the_answering_interface_is_that_of_the_mac_that_was_really_used(point: Point, link: Any) -> None:
    node = host(point, InterfaceFacts((link(2, "br0", mac=MAC), link(3, "metallb0", mac=OTHER))))
    for used, name in ((None, "br0"), (OTHER, "metallb0"), (MAC, "br0")):
        vm = client(point, routes(), heard(MAC, OTHER), to=used)
        assert answering_interface(Network([vm, node]), vm, VIP, "x").owner.link.name == name
        assert macs_used(vm, VIP) == ({used} if used else set())


def test_an_answer_of_nobody_of_a_stranger_or_without_a_host_is_refused(point: Point, link: Any) -> None:
    node = host(point, InterfaceFacts((link(2, "br0", mac=MAC),)))
    silent, strange = client(point, routes(), heard()), client(point, routes(), heard(OTHER))
    with pytest.raises(NotThis, match="nobody answers"):
        answering_interface(Network([silent, node]), silent, VIP, "x")
    with pytest.raises(NotThis, match="no interface of n5"):
        answering_interface(Network([strange, node]), strange, VIP, "x")
    with pytest.raises(MissingFacts, match="whether it holds"):
        answering_interface(Network([strange]), strange, VIP, "whether it holds")


def test_an_unknown_place_of_the_client_asks_for_the_scan_that_is_missing(point: Point) -> None:
    vm = client(point, routes())
    with pytest.raises(MissingFacts, match="needs a scan on the host"):
        attachment_of(Network([vm]), vm, VIP)
    n5 = host(point)
    with pytest.raises(MissingFacts, match="n5 was scanned without the report of vm"):
        attachment_of(Network([vm, n5]), vm, VIP)
    aware = replace(n5, scope=replace(n5.scope, clients=(CLIENT,)))
    with pytest.raises(MissingFacts, match="no forwarding database of n5"):
        attachment_of(Network([vm, aware]), vm, VIP)


def test_only_bridged_frames_are_intercepted(point: Point, link: Any) -> None:
    bridge, port = link(3, "br0"), link(4, "vnet1", master=3)
    on, off = (host(point, BrNetfilterFacts(value, ())) for value in (1, 0))
    assert intercepted(Attachment(on, bridge, port), VIP)
    assert not intercepted(Attachment(off, bridge, port), VIP)
    assert not intercepted(Attachment(on, bridge, None), VIP)  # routed, not bridged
    assert not intercepted(Attachment(on, bridge, port), ip_address("2001:db8::53"))  # by a switch of its own
    with pytest.raises(MissingFacts):
        intercepted(Attachment(host(point), bridge, port), VIP)


def test_translated_ports_are_those_in_scope_that_lead_to_endpoints(point: Point) -> None:
    rules = ServiceRulesFacts((programmed(80, POD), programmed(443, POD), programmed(81)), (), (), ())
    node = point("n5", rules)

    def ports(target: str) -> list[int]:
        return [each.port for each in translated(node, VIP, Scope((parse_target(target),)))]

    assert ports("192.0.2.53:80/tcp") == [80]
    assert ports("192.0.2.53:81/tcp") == []
    assert ports("192.0.2.53") == [80, 443]
    assert ports("192.0.2.54:80/tcp") == []


def test_the_symptom_names_what_fails_and_what_works(point: Point) -> None:
    facts = TcpFacts(
        tuple(
            HandshakeAnswer(Endpoint(VIP, port), outcome, None, None, None)
            for port, outcome in ((80, Handshake.SILENT), (443, Handshake.OPEN))
        ),
        (),
    )
    vm = point("vm", facts, targets=("192.0.2.53:80/tcp", "192.0.2.53:443/tcp"))
    assert symptom(vm, VIP) == "From vm: 80/tcp no answer; 443/tcp works; ping was not tried."
    assert symptom(point("vm", targets=("192.0.2.53",)), VIP).startswith("From vm: no port answers;")
