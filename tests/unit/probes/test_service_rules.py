"""The probe service_rules, on recorded rulesets."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from probes.host import Absent, Denied, Question
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset
from probes.questions.routing import Route, RouteTo
from probes.service_rules import ProgrammedPort, ServiceRulesFacts, service_rules
from probes.target import Address, Protocol, Target

RECORDED = Path(__file__).parent / "rulesets" / "recorded"
TCP, UDP = Protocol.TCP, Protocol.UDP
KUBE_PROXY = [
    "kube-proxy.nft.save",
    "kube-proxy.legacy.save",
    "kube-proxy-nftables.json",
    "kube-proxy-1.31.json",
]


class Recorded:
    """A host that has one recorded ruleset; `local` are its addresses; `denied` everything else is refused."""

    def __init__(self, name: str, local: tuple[str, ...] = (), denied: bool = False) -> None:
        text = (RECORDED / name).read_text() if name else ""
        variant = "legacy" if ".legacy." in name else "nft"
        question = IptablesRules(variant, 4) if name.endswith("save") else NftRuleset()
        self.answers: dict[object, str] = {question: text} if name else {}
        self.local, self.denied = local, denied

    def ask(self, question: Question[Any]) -> Any:
        if isinstance(question, RouteTo):
            local = str(question.destination) in self.local
            return Route("local" if local else "unicast", "lo" if local else "bridge0", None, None, 254)
        if question in self.answers:
            return self.answers[question]
        if self.denied:
            raise Denied("CAP_NET_ADMIN", "reading rules")
        raise Absent("not installed")


def vip(last: int) -> Address:
    return ip_address(f"192.168.8.{last}")


def look(name: str, *lasts: int, local: tuple[str, ...] = ()) -> ServiceRulesFacts:
    return service_rules.look(Recorded(name, local), Scope(tuple(Target(vip(last)) for last in lasts)))


def only(facts: ServiceRulesFacts, last: int, port: int, protocol: Protocol = TCP) -> ProgrammedPort:
    (found,) = facts.at(vip(last), port, protocol)
    return found


@pytest.mark.parametrize("name", KUBE_PROXY)
def test_two_endpoints_and_both_protocols(name: str) -> None:
    facts = look(name, 53)
    tcp = only(facts, 53, 53)
    assert [str(endpoint) for endpoint in tcp.endpoints] == ["10.244.0.83:53", "10.244.1.9:53"]
    assert (tcp.service, tcp.kind, tcp.masquerade, tcp.certain, tcp.names_vip) == (
        "dns/pihole:dns",
        "dnat",
        True,
        True,
        True,
    )
    assert facts.serves(vip(53), 53, UDP)
    assert not facts.serves(vip(53), 80, TCP)


@pytest.mark.parametrize("name", KUBE_PROXY)
def test_policy_local_without_local_endpoint_is_a_drop(name: str) -> None:
    facts = look(name, 80)
    assert only(facts, 80, 80).kind == "drop"
    assert only(facts, 80, 80).service == "web/local:http"
    assert facts.refuses(vip(80), 80, TCP)


@pytest.mark.parametrize("name", KUBE_PROXY)
def test_no_endpoints_is_a_reject(name: str) -> None:
    port = only(look(name, 82), 82, 80)
    assert (port.kind, port.certain, port.service) == ("reject", True, "web/empty:http")


@pytest.mark.parametrize("name", KUBE_PROXY)
def test_source_ranges(name: str) -> None:
    port = only(look(name, 81), 81, 443)
    assert set(port.source_ranges) == {ip_network("192.168.8.0/25"), ip_network("203.0.113.7/32")}
    assert not port.certain
    assert port.admits(ip_address("192.168.8.100"))
    assert not port.admits(ip_address("192.168.8.200"))


@pytest.mark.parametrize("name", KUBE_PROXY[:3])
def test_policy_local_with_local_endpoint_keeps_the_source(name: str) -> None:
    port = only(look(name, 84), 84, 80)
    assert [str(endpoint) for endpoint in port.endpoints] == ["10.244.0.12:8080"]
    assert port.masquerade is False


@pytest.mark.parametrize("name", KUBE_PROXY)
def test_discovery_finds_external_addresses_and_no_cluster_ips(name: str) -> None:
    found = {str(front.vip) for front in look(name).load_balancer_ports}
    wanted = {"192.168.8.53", "192.168.8.80", "192.168.8.81", "192.168.8.82", "192.168.8.84"}
    assert found == wanted - ({"192.168.8.84"} if name == "kube-proxy-1.31.json" else set())


def test_an_admins_dnat_to_a_range() -> None:
    port = only(look("docker.nft.save", 95), 95, 53, UDP)
    assert [endpoint.port for endpoint in port.endpoints] == [5353] * 3
    assert port.service is None


def test_host_ports_serve_a_local_address_without_naming_it() -> None:
    facts = look("docker.nft.save", 246, local=("192.168.8.246",))
    assert [port.port for port in facts.programmed(vip(246))] == [80, 443, 8080]
    assert not any(port.names_vip for port in facts.ports)
    assert not look("docker.nft.save", 246).ports


def test_hand_written_maps_and_redirects() -> None:
    facts = look("hand-written.json", 91, 92, local=("192.168.8.92",))
    assert str(only(facts, 91, 81).endpoints[0]) == "10.9.0.5:81"
    assert str(only(facts, 92, 2222).endpoints[0]) == "192.168.8.92:22"


def test_what_is_unread_is_told() -> None:
    facts = look("kube-proxy.legacy.save", 53)
    assert facts.backends == ("iptables-legacy",)
    assert len(facts.unread) == 2


def test_denied_everywhere_is_denied() -> None:
    with pytest.raises(Denied):
        service_rules.look(Recorded("", denied=True), Scope((Target(vip(53)),)))


def test_partly_denied_is_told() -> None:
    host = Recorded("kube-proxy.nft.save", denied=True)
    assert any("CAP_NET_ADMIN" in text for text in service_rules.look(host, Scope((Target(vip(53)),))).unread)
