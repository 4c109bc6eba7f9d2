"""The probe service_rules on what a real kube-proxy v1.20.2 wrote, in each of three configurations (recorded/README.md)."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal

import pytest

from probes.host import Absent, Question
from probes.probe import Scope
from probes.questions.firewall import IptablesRules
from probes.questions.routing import Route, RouteTo
from probes.service_rules import ProgrammedPort, ServiceRulesFacts, service_rules
from probes.target import Address, Protocol, Target

RECORDED = Path(__file__).parent / "rulesets" / "recorded"
TCP, UDP = Protocol.TCP, Protocol.UDP
PODS: dict[Literal[4, 6], str] = {4: "10.244.{}.{}", 6: "fd00:244:{}::{}"}
CASES: list[tuple[str, Literal[4, 6]]] = [
    ("kube-proxy-1.20.2.nft.save", 4),
    ("kube-proxy-1.20.2.ip6.nft.save", 6),
    ("kube-proxy-1.20.2-masquerade-all.nft.save", 4),
]


class Recorded:
    """The node: it has this ruleset, and no VIP is an address of its own."""

    def __init__(self, name: str, family: Literal[4, 6]) -> None:
        self.family, self.text = family, (RECORDED / name).read_text()

    def ask(self, question: Question[Any]) -> Any:
        if question == IptablesRules("nft", self.family):
            return self.text
        if isinstance(question, RouteTo):
            return Route("unicast", "bridge0", None, None, 254)
        raise Absent("not installed")

    def vip(self, last: int) -> Address:
        return ip_address(f"192.168.8.{last}" if self.family == 4 else f"fd00:8::{last}")

    def pod(self, node: int, last: int) -> Address:
        return ip_address(PODS[self.family].format(node, last))

    def look(self, *lasts: int) -> ServiceRulesFacts:
        return service_rules.look(self, Scope(tuple(Target(self.vip(last)) for last in lasts)))

    def only(self, last: int, port: int = 80, protocol: Protocol = TCP) -> ProgrammedPort:
        (found,) = self.look(last).at(self.vip(last), port, protocol)
        return found


@pytest.fixture(params=CASES, ids=[name for name, _ in CASES])
def node(request: pytest.FixtureRequest) -> Recorded:
    return Recorded(*request.param)


def test_both_endpoints_and_both_protocols(node: Recorded) -> None:
    for port in (node.only(53, 53), node.only(53, 53, UDP)):
        assert [each.address for each in port.endpoints] == [node.pod(0, 83), node.pod(1, 84)]
        assert (port.kind, port.masquerade, port.certain) == ("dnat", True, True)
    assert node.only(53, 53).service == "v/dns:dns-tcp"


def test_session_affinity_hides_nothing(node: Recorded) -> None:
    port = node.only(60)
    assert [each.address for each in port.endpoints] == [node.pod(0, 11), node.pod(0, 12)]
    assert port.certain


def test_policy_local_without_an_endpoint_here_is_refused_though_nothing_drops_the_mark(
    node: Recorded,
) -> None:
    port = node.only(61)
    assert (port.kind, port.service, port.certain) == ("drop", "v/local-none-here:http", True)
    assert not port.source_ranges


def test_policy_local_uses_the_endpoint_here_alone_and_keeps_the_source(node: Recorded) -> None:
    port = node.only(62)
    assert [each.address for each in port.endpoints] == [node.pod(0, 14)]
    assert port.masquerade is False


def test_source_ranges(node: Recorded) -> None:
    port = node.only(63)
    admitted = ("10.9.0.0/16", "192.168.8.100/32") if node.family == 4 else ("fd00:9::/64", "fd00:8::64/128")
    assert set(port.source_ranges) == {ip_network(each) for each in admitted}
    assert (port.kind, port.certain) == ("dnat", False)


def test_no_endpoint_anywhere_is_a_reject(node: Recorded) -> None:
    port = node.only(65)
    assert (port.kind, port.service, port.certain) == ("reject", "v/no-endpoints:http", True)


def test_an_external_ip_is_served_beside_the_load_balancers(node: Recorded) -> None:
    """Not to everybody: before 1.22 frames that a bridge port brought in are left out (`! --physdev-is-in`)."""
    assert node.only(67).certain
    assert (node.only(167).kind, node.only(167).certain) == ("dnat", False)


def test_external_addresses_are_found_and_no_cluster_ips(node: Recorded) -> None:
    found = {front.vip for front in node.look().load_balancer_ports if front.vip.version == node.family}
    assert found == {node.vip(last) for last in (53, 60, 61, 62, 63, 65, 67, 167)}
