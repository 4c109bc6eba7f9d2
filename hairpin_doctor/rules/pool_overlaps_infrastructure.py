"""The VIP, or another address of its pool, is the address of the gateway or the main address of a node.

Why: An address of a pool that somebody needs for itself has two owners: the announcer and the machine both answer ARP for
it. Clients that take the announcer for their gateway lose the way out; clients that take the gateway for the service
are refused. A load balancer that uses node addresses on purpose (ServiceLB, klipper) announces nothing: there it is well.
Seen as: The VIP is refused though the Service is sound; or the whole segment loses its way out now and then.
Told apart from: HD203 (a stranger has it) and HD206 (the gateway answers for foreign addresses) by the address: it is the
next hop of a default route, or the source that a node's packets carry.
By hand: The VIP is a next hop on the client, or the address of a node, and its owner answers ARP beside the announcer.
    ip route show default
    kubectl get nodes -o wide
    kubectl -n metallb-system get ipaddresspools -o yaml
    arping -c 3 -I IF VIP
Fix: Take the address out of the pool and give the Service another one.
Unsure when: The address belongs to a machine that was not scanned, is no gateway, and no node of a cluster that was asked:
then it shows as HD203. What a DHCP server gives away is not known.
References: RFC 5227; metallb/metallb#772; metallb/metallb#1397.
"""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.claimants import Claimant, claimants, met, ports
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.forget import forget
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import is_the_gateway, names, symptom
from hairpin_doctor.told import readable_word, serves_by_service_lb
from hairpin_doctor.vantage_point import VantagePoint
from probes.cluster_nodes import ClusterNodeFacts
from probes.load_balancer_controllers import LoadBalancerControllerFacts
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address, resolution


@rule(
    "HD109",
    "pool-overlaps-infrastructure",
    Severity.BROKEN,
    explains=("HD203", "HD205", "HD206", "HD302", "HD510"),
    ipv6=Ipv6.PROVEN,
)
def pool_overlaps_infrastructure(network: Network, vip: Address) -> Verdict:
    """The VIP is a default gateway of a scanned machine, the source of its own packets, or an address of a node."""
    seen = network.vantage_points
    routed = [each for each in seen if is_the_gateway(each, vip)]
    if routed:
        return _diagnosis(network, vip, f"the default gateway of {names(tuple(routed))}", None)
    on_purpose = _served_by_node_addresses(network, vip)
    if on_purpose is not None:
        return on_purpose
    for machine in seen:
        if _main_address(machine, vip):
            return _diagnosis(network, vip, f"the main address of {machine.name}", machine)
    told = _by_the_clusters_word(network, vip)
    return told or Cleared(f"{vip} is no gateway and no main address of {names(seen)}")


def _served_by_node_addresses(network: Network, vip: Address) -> Cleared | None:
    """ServiceLB gives its Services the addresses of the nodes."""
    for view in network.clusters(vip):
        controllers = view.point.findings.get(LoadBalancerControllerFacts)
        workloads = controllers.workloads if controllers else ()
        if any(serves_by_service_lb(each, view) for each in workloads):
            return Cleared(f"ServiceLB serves {view.service} by the addresses of nodes ({view.said_by})")
    return None


def _by_the_clusters_word(network: Network, vip: Address) -> Diagnosis | None:
    """A node that was not scanned has the VIP, or the pool holds addresses that others have and can be given away next."""
    view = readable_word(network, vip)
    if view is None:
        return None
    nodes = view.point.findings.get(ClusterNodeFacts)
    node = nodes.with_address(vip) if nodes else None
    if node is not None:
        return _diagnosis(network, vip, f"an address of the node {node.name} ({view.said_by})", None)
    pool = view.pool
    if pool is None or not pool.auto_assign:
        return None
    taken: dict[Address, str] = {}
    for address, what in _addresses_of_others(network, nodes):
        if address in pool:
            taken.setdefault(address, f"{address} ({what})")
    if not taken:
        return None
    within = ", ".join(taken.values())
    return Diagnosis(
        summary=f"the pool {pool.name}, which {vip} is from, holds addresses of others: {within}",
        because=(
            f"{view.service} has {vip} from the pool {pool.name} ({view.said_by}).",
            f"The pool holds {within}, and MetalLB gives its addresses to Services as they come.",
        ),
        severity=Severity.LATENT,
        confidence=Confidence.PROVEN,
        fixes=(_exclude(list(map(str, taken)), vip),),
    )


def _addresses_of_others(network: Network, nodes: ClusterNodeFacts | None) -> Iterator[tuple[Address, str]]:
    for node in nodes.nodes if nodes else ():
        yield from ((address, f"the node {node.name}") for address in node.addresses)
    for machine in network.vantage_points:
        routes = machine.findings.get(RouteFacts)
        for default in (routes.default, routes.default_ipv6) if routes else ():
            if default is not None and default.gateway is not None:
                yield default.gateway, f"the default gateway of {machine.name}"
            if default is not None and default.source is not None:
                yield default.source, machine.name


def _main_address(machine: VantagePoint, vip: Address) -> bool:
    """Whether packets of the machine itself leave with this source (a VIP that is merely held is not chosen)."""
    routes = machine.findings.get(RouteFacts)
    default = routes.default_towards(vip) if routes else None
    return bool(routes and default and routes.is_local(vip) and default.source == vip)


def _diagnosis(network: Network, vip: Address, what: str, owner: VantagePoint | None) -> Diagnosis:
    clients = sorted(network.clients(vip), key=lambda each: each not in network.failing(vip))
    client = next(iter(clients), None)
    found = claimants(network, client, vip) if client else ()
    because = [symptom(client, vip)] if client and client in network.failing(vip) else []
    because.append(f"{vip} is {what}.")
    because.extend(_says(each, vip) for each in found)
    contested = len({each.machine.name if each.machine else each.mac for each in found}) > 1
    works = client is None or client not in network.failing(vip) or _translates(owner, vip)
    meant = readable_word(network, vip) is None  # MetalLB never gives an address that it should not announce
    if (owner is not None or found) and not contested and works and meant:
        severity = Severity.NOTE
        because.append("One machine answers for it: so it is meant to be where node addresses serve as VIPs.")
    else:
        severity = _severity(network, vip, client, found)
    return Diagnosis(
        summary=f"{vip} is {what} as well",
        because=tuple(because),
        severity=severity,
        confidence=Confidence.PROVEN,
        fixes=(_exclude([str(vip)], vip, client.name if client else None),),
        ruled_out=("HD203, HD206: it is no stranger's address, and nobody answers for a foreign one.",),
    )


def _translates(owner: VantagePoint | None, vip: Address) -> bool:
    """Whether its own rules send a port of the address on to a backend, as ServiceLB, NodePort and hostPort have it."""
    rules = owner.findings.get(ServiceRulesFacts) if owner else None
    return bool(rules and any(each.endpoints for each in rules.programmed(vip)))


def _severity(
    network: Network, vip: Address, client: VantagePoint | None, found: tuple[Claimant, ...]
) -> Severity:
    """Broken where the client's packets go to one that does not serve it."""
    if client is None or client not in network.failing(vip):
        return Severity.LATENT
    wrong = [each for each in found if not each.serves]
    return Severity.BROKEN if not wrong or any(met(client, each, vip) for each in wrong) else Severity.LATENT


def _says(claimant: Claimant, vip: Address) -> str:
    parts = [f"answers {resolution(vip)} for it"]
    if claimant.serves:
        parts.append(f"serves {ports(claimant.serves)}")
    if claimant.refuses:
        parts.append(f"refuses {ports(claimant.refuses)} itself")
    return f"{claimant} {' and '.join(parts)}."


def _exclude(taken: list[str], vip: Address, client: str | None = None) -> Fix:
    """`client`: who may have learned the announcer's MAC for the address; None where none was scanned."""
    another = (
        ""
        if str(vip) not in taken
        else (
            " Then give the Service another VIP: delete its loadBalancerIP or its metallb.io/loadBalancerIPs annotation."
        )
    )
    step = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="an address has one owner",
        instructions=(
            f"Take {', '.join(taken)} out of the IPAddressPool (spec.addresses takes ranges: end one before it, begin one "
            f"after it).{another}"
        ),
    )
    forgotten = (forget(vip, client),) if client and another else ()
    check = check_from_client(vip, client or "a client")
    return Fix(f"Take {', '.join(taken)} out of the pool", (step, *forgotten), check)
