"""The probe forward_chain, on recorded rulesets."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from probes.forward_chain import ForwardChainFacts, forward_chain
from probes.host import Absent, Question
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset
from probes.questions.links import BridgeSettings, Link, Links, PortSettings
from probes.questions.routing import Route, RouteTo
from probes.target import Protocol, parse_target

RECORDED = Path(__file__).parent / "rulesets" / "recorded"
TCP, UDP = Protocol.TCP, Protocol.UDP


def link(index: int, name: str, master: int | None = None) -> Link:
    bridge = BridgeSettings(False, False, False, True) if master is None else None
    port = PortSettings(False, True, False, "forwarding", True) if master else None
    kind = None if master else "bridge"
    return Link(
        index, name, kind, None, None, 1500, True, True, True, True, 0, master, None, (), bridge, port, None
    )


class Recorded:
    """A host with recorded rulesets, one bridge, and pods behind cni0."""

    def __init__(self, *names: str, local: tuple[str, ...] = ()) -> None:
        self.answers: dict[object, str] = {}
        for name in names:
            variant = "legacy" if ".legacy." in name else "nft"
            question = IptablesRules(variant, 4) if name.endswith("save") else NftRuleset()
            self.answers[question] = (RECORDED / name).read_text()
        self.local = local

    def ask(self, question: Question[Any]) -> Any:
        if isinstance(question, Links):
            return (link(2, "bridge0"), link(3, "eno1", 2), link(4, "vnet1", 2))
        if isinstance(question, RouteTo):
            address = str(question.destination)
            interface = "cni0" if address.startswith("10.") else "bridge0"
            return Route("local" if address in self.local else "unicast", interface, None, None, 254)
        if question in self.answers:
            return self.answers[question]
        raise Absent("not installed")


def look(*names: str, target: str, client: str = "", local: tuple[str, ...] = ()) -> ForwardChainFacts:
    clients = (ip_address(client),) if client else ()
    return forward_chain.look(Recorded(*names, local=local), Scope((parse_target(target),), clients=clients))


@pytest.mark.parametrize(
    "name", ["kube-proxy.nft.save", "kube-proxy.legacy.save", "kube-proxy-nftables.json"]
)
def test_kube_proxy_lets_a_served_port_through(name: str) -> None:
    facts = look(name, target="192.168.8.53:53/tcp")
    assert {str(p.endpoint) for p in facts.passages} == {"10.244.0.83:53", "10.244.1.9:53"}
    assert all(passage.passes for passage in facts.passages)
    assert not facts.may_drop(ip_address("192.168.8.53"), 53, TCP)


@pytest.mark.parametrize(
    "name", ["kube-proxy.nft.save", "kube-proxy.legacy.save", "kube-proxy-nftables.json"]
)
def test_policy_local_without_local_endpoint_drops_routed_and_bridged(name: str) -> None:
    facts, vip = look(name, target="192.168.8.80:80/tcp"), ip_address("192.168.8.80")
    assert [stopper.action for stopper in facts.drops(vip, 80, TCP)] == ["drop"]
    assert facts.drops_bridged(vip, 80, TCP, "bridge0")[0].hook == "forward"
    assert "192.168.8.80" in facts.drops(vip, 80, TCP)[0].rule


@pytest.mark.parametrize(("client", "passes"), [("192.168.8.100", True), ("192.168.8.200", False)])
@pytest.mark.parametrize("name", ["kube-proxy.nft.save", "kube-proxy-nftables.json"])
def test_source_ranges_for_a_known_client(name: str, client: str, passes: bool) -> None:
    facts = look(name, target="192.168.8.81:443/tcp", client=client)
    assert {passage.passes for passage in facts.passages} == {passes}


def test_dockers_policy_stops_bridged_frames_too() -> None:
    facts, vip = (
        look("docker.nft.save", "docker.nft.json", target="192.168.8.53:53/udp"),
        ip_address("192.168.8.53"),
    )
    (stopper,) = facts.drops_bridged(vip, 53, UDP)
    assert (stopper.is_policy, stopper.chain, stopper.backend) == (True, "FORWARD", "iptables-nft")
    assert facts.populated == ("iptables-nft",)
    assert [policy.policy for policy in facts.policies if policy.hook == "forward"] == ["drop"]


def test_bridged_frames_that_are_accepted() -> None:
    facts, vip = look("docker-bridged.legacy.save", target="192.168.8.53:53/udp"), ip_address("192.168.8.53")
    assert not facts.drops_bridged(vip, 53, UDP)
    assert facts.drops(vip, 53, UDP)


def test_a_mark_of_mangle_is_dropped_in_input() -> None:
    facts = look(
        "ufw.legacy.save", target="192.168.8.97:25/tcp", client="192.168.8.100", local=("192.168.8.97",)
    )
    stoppers = facts.drops(ip_address("192.168.8.97"), 25, TCP)
    assert [(stopper.hook, stopper.certain) for stopper in stoppers] == [("input", True)]
    assert "0x8000" in stoppers[0].rule


def test_flannel_lets_pods_be_reached_for_a_known_client() -> None:
    facts = look("ufw.legacy.save", target="192.168.8.96:443/tcp", client="192.168.8.100")
    assert [p.passes for p in facts.of(ip_address("192.168.8.96"), way="routed")] == [True]


def test_a_blacklist_before_all_else() -> None:
    facts = look("ufw.legacy.save", target="192.168.8.96:443/tcp", client="198.51.100.7")
    (stopper,) = facts.drops(ip_address("192.168.8.96"), 443, TCP)
    assert (stopper.table, stopper.hook) == ("raw", "prerouting")


def test_reject_of_a_whole_vip_without_a_known_port() -> None:
    facts = look("ufw.legacy.save", target="192.168.8.98", client="192.168.8.100")
    routed = facts.of(ip_address("192.168.8.98"), way="routed")
    assert [(p.port, p.passes, p.stoppers[0].action) for p in routed] == [(None, False, "reject")]


def test_bridge_family_sees_bridged_frames_only() -> None:
    facts, vip = (
        look("hand-written.json", target="192.168.8.66:22/tcp", client="10.1.0.200"),
        ip_address("192.168.8.66"),
    )
    tables = {
        way: {s.table for p in facts.of(vip, way=way) for s in p.stoppers} for way in ("routed", "bridged")
    }
    assert tables == {"routed": {"inet fw"}, "bridged": {"inet fw"}}


def test_redirect_ends_on_this_machine() -> None:
    facts = look("hand-written.json", target="192.168.8.92:2222/tcp", local=("192.168.8.92",))
    assert [p.way for p in facts.passages if p.endpoint] == ["local"]


def firewall(*expressions: dict[str, Any]) -> str:
    """A table inet whose chain at forward drops what these do not accept."""
    where = {"family": "inet", "table": "firewall"}
    chain = {"name": "forward", "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}
    rules = [
        {"rule": {**where, "chain": "forward", "handle": 3 + n, "expr": [each, {"accept": None}]}}
        for n, each in enumerate(expressions)
    ]
    table = {"family": "inet", "name": "firewall"}
    return json.dumps({"nftables": [{"table": table}, {"chain": {**where, **chain}}, *rules]})


ICMPV6 = {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "ipv6-icmp"}}
ECHO = {
    "match": {
        "op": "==",
        "left": {"payload": {"protocol": "icmpv6", "field": "type"}},
        "right": "echo-request",
    }
}


@pytest.mark.parametrize(("accepted", "passes"), [((), False), ((ICMPV6,), True)])
def test_a_solicitation_that_a_bridge_passes_on_meets_the_rules_of_forward(
    accepted: tuple[dict[str, Any], ...], passes: bool
) -> None:
    host = Recorded()
    host.answers[NftRuleset()] = firewall(*accepted)
    found = forward_chain.look(host, Scope((parse_target("[2001:db8::53]:53/tcp"),))).solicitations
    assert [(str(each.vip), each.bridge, each.passes) for each in found] == [
        ("2001:db8::53", "bridge0", passes)
    ]
    assert not [each for each in found if passes and each.stoppers]


def test_where_only_some_icmp_passes_a_solicitation_is_not_said_to_pass() -> None:
    host = Recorded()
    host.answers[NftRuleset()] = firewall(ECHO)
    found = forward_chain.look(host, Scope((parse_target("[2001:db8::53]:53/tcp"),))).solicitations
    assert found[0].passes is not True
