"""Which targets a scan is about: given ones, those of other reports, or what the service rules here serve."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hairpin_doctor.recording import Recording
from probes.host import Denied, Host, Unanswered, listed
from probes.probe import Scope
from probes.questions.cluster import LoadBalancerService, LoadBalancerServices
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbours
from probes.service_rules import ServiceRulesFacts, service_rules
from probes.target import Address, BadTarget, Target


class NoTarget(Exception):
    """Nothing was named and nothing was found; the message is one sentence."""


def choose_targets(
    host: Host, given: Iterable[Target], others: Iterable[Recording], *, cluster: bool = False
) -> tuple[Target, ...]:
    """The targets. Raises NoTarget where there is none.

    `cluster`: whether one is configured that can be asked for its Services.
    """
    named = [*given, *(target for each in others for target in each.scope.targets)]
    if named:
        return _widened(host, tuple(dict.fromkeys(named)), cluster=cluster)
    of_cluster = _of_cluster(host) if cluster else []
    if of_cluster:
        return tuple(dict.fromkeys(of_cluster))
    fronts = _service_rules(host, Scope(()))
    found = (
        [Target(front.vip, front.port, front.protocol) for front in fronts.load_balancer_ports]
        if fronts
        else []
    )
    if not found:
        raise NoTarget(_why_none(fronts) + _suggestion(host))
    return tuple(dict.fromkeys(found))


def _of_cluster(host: Host) -> list[Target]:
    """Every port of every LoadBalancer Service that has an address; none where no cluster is configured or answers."""
    return [target for each in listed(host, LoadBalancerServices()) or () for target in _targets_of(each)]


def _targets_of(service: LoadBalancerService) -> list[Target]:
    """Every port at each of its addresses, of both families where it has both."""
    return [Target(vip, port.port, port.protocol) for vip in service.addresses for port in service.ports]


SERVICE = re.compile(r"[a-z][a-z0-9-]{0,62}/[a-z][a-z0-9-]{0,62}", re.ASCII)  # RFC 1035 labels


def names_a_service(text: str) -> bool:
    """Whether a target is NAMESPACE/SERVICE: no address begins with a letter, but for IPv6 ones, which hold a colon."""
    return SERVICE.fullmatch(text) is not None


def service_targets(host: Host, name: str) -> tuple[Target, ...]:
    """The targets of NAMESPACE/SERVICE. Raises BadTarget with one sentence where the cluster has no such address."""
    try:
        services = host.ask(LoadBalancerServices())
    except Denied as error:
        how = "docs/cluster-access.yaml grants it"
        raise BadTarget(
            f"{name}: the cluster does not let us look it up, without {error.right}; {how}."
        ) from None
    except Unanswered as error:
        raise BadTarget(f"{name}: a Service is looked up in the cluster, and that failed: {error}") from None
    service = next((each for each in services if str(each) == name), None)
    if service is None:
        raise BadTarget(
            f"{name}: the cluster has no Service of type LoadBalancer with this namespace and name."
        )
    found = _targets_of(service)
    if not found:
        raise BadTarget(
            f"{name}: the Service has no address yet; its controller gives it one, see its events."
        )
    return tuple(found)


def _suggestion(host: Host) -> str:
    """Addresses that share a MAC with another one in the neighbour cache: a node's, and perhaps VIPs that it announces."""
    try:
        entries = host.ask(Neighbours(Moment.BEFORE))
    except Unanswered:
        return ""
    behind: dict[str, list[Address]] = {}
    for each in entries:
        if each.mac and each.address.version == 4:
            behind.setdefault(each.mac, []).append(each.address)
    shared = sorted(
        {address for found in behind.values() if len(set(found)) > 1 for address in found}, key=int
    )
    if not shared:
        return ""
    return f" (candidates, since they share a MAC with another address: {', '.join(map(str, shared[:8]))})"


def _why_none(facts: ServiceRulesFacts | None) -> str:
    name_one = "name one, for example: hairpin-doctor scan 192.0.2.53:53/udp"
    if facts is None or facts.unread:
        unread = "the service rules of this machine could not all be read"
        return f"no target was given, and {unread}; run it as root, or {name_one}"
    return f"no target was given, and this machine serves no LoadBalancer address; {name_one}"


def _widened(host: Host, targets: tuple[Target, ...], *, cluster: bool) -> tuple[Target, ...]:
    """A bare VIP becomes the ports that are programmed for it here, else those of its Service, where there are any."""
    if all(target.port for target in targets):
        return targets
    facts = _service_rules(host, Scope(targets))
    found: list[Target] = []
    for target in targets:
        ports = _programmed(facts, target.vip) if facts and target.port is None else []
        if not ports and target.port is None and cluster:
            ports = [each for each in _of_cluster(host) if each.vip == target.vip]
        found.extend(ports or [target])
    return tuple(dict.fromkeys(found))


def _programmed(facts: ServiceRulesFacts, vip: Address) -> list[Target]:
    here = [Target(each.vip, each.port, each.protocol) for each in facts.programmed(vip) if each.names_vip]
    fronts = [
        Target(each.vip, each.port, each.protocol) for each in facts.load_balancer_ports if each.vip == vip
    ]
    return list(dict.fromkeys((*here, *fronts)))


def _service_rules(host: Host, scope: Scope) -> ServiceRulesFacts | None:
    try:
        return service_rules.look(host, scope)
    except Unanswered:
        return None
