"""The shapes are those of the rule dumps in Kubernetes' own tests (pkg/proxy/{iptables,nftables}/proxier_test.go)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from hairpin_doctor.lab.kube_proxy import (
    Cluster,
    Endpoint,
    Service,
    ServicePort,
    iptables_rules,
    nftables_rules,
)

CLUSTER = Cluster(IPv4Network("10.0.0.0/8"), IPv4Network("172.30.0.0/16"), IPv4Address("192.168.0.2"))
PLAIN = Service(
    name="svc1",
    namespace="ns1",
    cluster_ip=IPv4Address("172.30.0.41"),
    ports=(ServicePort("p80", 80, "tcp", 80),),
    endpoints=(Endpoint(IPv4Address("10.180.0.1")),),
)
BALANCED = replace(
    PLAIN, vip=IPv4Address("1.2.3.4"), ports=(ServicePort("p80", 80, "tcp", 80, node_port=3001),)
)
SVC, SEP = "XPGD46QRK7WJZT7O", "SXIVWICOYRO3J4NJ"
REMOTE = (Endpoint(IPv4Address("10.180.0.2"), local=False),)


def iptables(service: Service) -> list[str]:
    return iptables_rules((service,), CLUSTER).splitlines()


def nftables(service: Service) -> str:
    return nftables_rules((service,), CLUSTER)


def test_chains_are_hashed_as_kube_proxy_hashes_them() -> None:
    rules = iptables(PLAIN)
    assert f":KUBE-SVC-{SVC} - [0:0]" in rules
    assert f":KUBE-SEP-{SEP} - [0:0]" in rules
    assert "chain service-ULMVA6XW-ns1/svc1/tcp/p80 {" in nftables(PLAIN)
    assert "chain endpoint-5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80 {" in nftables(PLAIN)


def test_a_cluster_ip_service_has_no_external_chain() -> None:
    assert not any("KUBE-EXT-" in rule for rule in iptables(PLAIN))
    assert "chain external-" not in nftables(PLAIN)


def test_a_load_balancer_address_goes_through_masquerade_to_the_pod() -> None:
    rules = iptables(BALANCED)
    comment = '-m comment --comment "ns1/svc1:p80 loadbalancer IP"'
    assert f"-A KUBE-SERVICES -d 1.2.3.4/32 -p tcp -m tcp --dport 80 {comment} -j KUBE-EXT-{SVC}" in rules
    assert any(
        rule.startswith(f"-A KUBE-EXT-{SVC} ") and rule.endswith("-j KUBE-MARK-MASQ") for rule in rules
    )
    assert any(rule.endswith("-j DNAT --to-destination 10.180.0.1:80") for rule in rules)
    table = nftables(BALANCED)
    assert "1.2.3.4 . tcp . 80 : goto external-ULMVA6XW-ns1/svc1/tcp/p80" in table
    assert "tcp . 3001 : goto external-ULMVA6XW-ns1/svc1/tcp/p80" in table


def test_node_ports_are_the_last_rule_of_the_services_chain() -> None:
    rules = [rule for rule in iptables(BALANCED) if rule.startswith("-A KUBE-SERVICES")]
    assert rules[-1].endswith("-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")


def test_forwarding_drops_invalid_before_it_accepts_marked_and_established() -> None:
    verdicts = [rule.rsplit(" ", 1)[1] for rule in iptables(PLAIN) if rule.startswith("-A KUBE-FORWARD")]
    assert verdicts == ["DROP", "ACCEPT", "ACCEPT"]


def test_a_service_without_endpoints_is_rejected() -> None:
    rules = iptables(replace(BALANCED, endpoints=()))
    refused = [rule for rule in rules if rule.endswith("-j REJECT")]
    assert {rule.split()[1] for rule in refused} == {"KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES"}
    assert not any(rule.startswith("-A KUBE-SVC") for rule in rules)
    assert '1.2.3.4 . tcp . 80 comment "ns1/svc1:p80" : goto reject-chain' in nftables(
        replace(BALANCED, endpoints=())
    )


def test_policy_local_without_a_local_endpoint_drops_traffic_from_outside() -> None:
    service = replace(BALANCED, traffic_policy="Local", endpoints=REMOTE)
    dropped = [
        rule for rule in iptables(service) if rule.endswith("-j DROP") and "no local endpoints" in rule
    ]
    assert len(dropped) == 1
    assert dropped[0].startswith("-A KUBE-EXTERNAL-SERVICES -d 1.2.3.4/32")
    assert '1.2.3.4 . tcp . 80 comment "ns1/svc1:p80" : drop' in nftables(service)
    assert "172.30.0.41 . tcp . 80 : goto service-" in nftables(service)


def test_policy_local_keeps_the_clients_address_and_uses_local_endpoints_only() -> None:
    service = replace(BALANCED, traffic_policy="Local", endpoints=(*BALANCED.endpoints, *REMOTE))
    rules = iptables(service)
    local = [rule for rule in rules if rule.startswith(f"-A KUBE-SVL-{SVC}")]
    assert len(local) == 1
    assert local[0].endswith(f"-j KUBE-SEP-{SEP}")
    assert f"-A KUBE-EXT-{SVC} -j KUBE-SVL-{SVC}" in rules
    assert "goto local-ULMVA6XW-ns1/svc1/tcp/p80" in nftables(service)


def test_source_ranges_let_only_those_clients_in() -> None:
    service = replace(BALANCED, source_ranges=(IPv4Network("203.0.113.0/25"),))
    rules = iptables(service)
    assert any(rule.startswith(f"-A KUBE-FW-{SVC} -s 203.0.113.0/25") for rule in rules)
    assert any(
        rule.startswith("-A KUBE-PROXY-FIREWALL -d 1.2.3.4/32") and rule.endswith("-j DROP") for rule in rules
    )
    table = nftables(service)
    assert "ip saddr != { 203.0.113.0/25 } drop" in table
    assert "1.2.3.4 . tcp . 80 : goto firewall-ULMVA6XW-ns1/svc1/tcp/p80" in table


def test_several_endpoints_share_the_load_evenly() -> None:
    service = replace(PLAIN, endpoints=(*PLAIN.endpoints, *REMOTE))
    chances = [rule for rule in iptables(service) if "--probability" in rule]
    assert len(chances) == 1
    assert "--probability 0.50000000000" in chances[0]
    assert "numgen random mod 2 vmap { 0 : goto endpoint-" in nftables(service)
