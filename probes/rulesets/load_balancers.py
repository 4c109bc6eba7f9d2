"""Find the LoadBalancer and external addresses that kube-proxy has programmed, by mechanism, never ClusterIPs.

iptables mode (pkg/proxy/iptables/proxier.go): rules of KUBE-SERVICES that go to KUBE-EXT-, KUBE-FW- or KUBE-XLB- chains
or whose comment ends in "loadbalancer IP" or "external IP"; rules of KUBE-EXTERNAL-SERVICES (no endpoints) and
KUBE-PROXY-FIREWALL that name an address. nftables mode (pkg/proxy/nftables/proxier.go): elements of verdict maps keyed by
address, protocol and port that lead to external-* or firewall-* chains, and those of no-endpoint-services whose address
is not in the set cluster-ips.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probes.rulesets.conditions import In
from probes.rulesets.fields import Field
from probes.rulesets.lookup import Element
from probes.rulesets.model import Rule, Ruleset
from probes.rulesets.naming import service_in_chain, service_in_comment
from probes.rulesets.nftables_sets import Sets
from probes.rulesets.values import Values
from probes.rulesets.verdicts import Jump
from probes.target import Address, Protocol

EXTERNAL_CHAINS = ("KUBE-EXT-", "KUBE-FW-", "KUBE-XLB-")
EXTERNAL_COMMENTS = ("loadbalancer IP", "external IP")
KEY: tuple[Field, ...] = ("destination", "protocol", "port")
KEY_TYPES = (["ipv4_addr", "inet_proto", "inet_service"], ["ipv6_addr", "inet_proto", "inet_service"])


@dataclass(frozen=True)
class Front:
    """One programmed external address and port; `service` is "namespace/name:portname" where the ruleset tells it."""

    vip: Address
    port: int
    protocol: Protocol
    service: str | None
    backend: str


def fronts(ruleset: Ruleset) -> Iterator[Front]:
    """All of one ruleset, possibly with repetitions."""
    for table, name in (
        ("nat", "KUBE-SERVICES"),
        ("filter", "KUBE-EXTERNAL-SERVICES"),
        ("filter", "KUBE-PROXY-FIREWALL"),
    ):
        chain = ruleset.chain(table, name)
        for rule in chain.rules if chain else ():
            if name != "KUBE-SERVICES" or _external(rule):
                yield from _of_rule(rule, ruleset.backend)
    for sets in ruleset.sets.values():
        yield from _of_maps(sets, ruleset.backend)


def _external(rule: Rule) -> bool:
    last = rule.steps[-1] if rule.steps else None
    leads = isinstance(last, Jump) and last.chain.startswith(EXTERNAL_CHAINS)
    return leads or (rule.comment or "").endswith(EXTERNAL_COMMENTS)


def _of_rule(rule: Rule, backend: str) -> Iterator[Front]:
    tests = {step.field: step.values for step in rule.steps if isinstance(step, In) and not step.negated}
    if all(field in tests for field in KEY):
        yield from _fronts(tuple(tests[field] for field in KEY), service_in_comment(rule.comment), backend)


def _of_maps(sets: Sets, backend: str) -> Iterator[Front]:
    cluster = sets.values("cluster-ips", "destination")
    for name, item in sets.items.items():
        if item.get("type") not in KEY_TYPES or item.get("map") != "verdict":
            continue
        for element in sets.lookup(name, KEY).elements:
            if _leads_out(element) or (name == "no-endpoint-services" and not _among(element, cluster)):
                chain = element.leads_to.chain if isinstance(element.leads_to, Jump) else ""
                service = service_in_comment(element.comment) or service_in_chain(chain)
                yield from _fronts(element.key, service, backend)


def _leads_out(element: Element) -> bool:
    verdict = element.leads_to
    return isinstance(verdict, Jump) and verdict.chain.startswith(("external-", "firewall-"))


def _among(element: Element, cluster: Values) -> bool:
    return bool(element.key) and element.key[0].exact <= cluster.exact


def _fronts(key: tuple[Values, ...], service: str | None, backend: str) -> Iterator[Front]:
    if len(key) != len(KEY):
        return
    addresses, protocols, ports = key
    for address in addresses.exact:
        for port in ports.exact:
            for protocol in Protocol:
                if (
                    str(protocol) in protocols
                    and isinstance(port, int)
                    and not isinstance(address, int | str)
                ):
                    yield Front(address, port, protocol, service, backend)
