"""The node that takes the packets does not reach an endpoint on another node: the pod network between them is broken.

Why: The service proxy sends connections to endpoints of all nodes. Between nodes the pod network (routes, a tunnel, the
other node's forwarding and filters) must carry them; what is sent to an endpoint of the other node is lost on the way. So it
is where the route that the CNI plugin sets, to another node's pods or to a pod of the own node, is not there: then the
default route takes the packets, or the blackhole route that a plugin keeps for the addresses of its own pods.
Seen as: With endpoints on both nodes some connections work and others time out; else all time out. From a client on the
other node, or to a pod of the own node, all is well.
Told apart from: HD503 by silence, not a refusal; HD404 and HD405 by the host's own direct question, which fails too; HD406
by the main table, which has no route for the endpoint itself. A pod that filters or is gone is told by the next hop, which
sends packets on to it, or by its ping.
By hand: On the node that takes the packets: the way to the endpoint, each hop of it, and the endpoint itself.
    ip route get ENDPOINT
    ip route show table all match ENDPOINT
    ping -c2 -t1 ENDPOINT
    nc -zvw2 ENDPOINT TARGETPORT
    tcpdump -ni any host ENDPOINT
Fix: Mend the pod network between the two nodes: the route, the tunnel, forwarding on the other node.
Unsure when: The next hop sends the packets on: whether the pod is reached from its own node needs a scan there.
References: https://kubernetes.io/docs/concepts/services-networking/; RFC 792; ip-route(8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.fixes.pod_network import mend_pod_network, mend_pod_route
from hairpin_doctor.fixes.way_back import without_the_ban
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import NotThis, failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from hairpin_doctor.ways_to_endpoints import captured_endpoints, refusal, refused_endpoints
from probes.arp import ArpFacts
from probes.endpoints import EndpointFacts
from probes.pod_paths import Diverted, PodPath, PodPathFacts
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address, resolution


@dataclass(frozen=True)
class _Broken:
    """A silent endpoint elsewhere, and what stands between; None: the next hop sends packets on to it."""

    host: VantagePoint
    path: PodPath
    between: str | None


@rule("HD508", "cross-node-pod-network-broken", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def cross_node_pod_network_broken(network: Network, vip: Address) -> Verdict:
    """A silent endpoint behind a next hop that does not take packets for it, or that its own node reaches."""
    hosts = network.hosts(vip)
    if not hosts:
        failing_clients(network, vip)
        raise network.need_host(vip, "whether it reaches the endpoints of other nodes")
    hosts = tuple(host for host in hosts if not _another_answers(host, vip))
    if not hosts:
        raise NotThis(
            f"another machine answers {resolution(vip)} for {vip}: it takes the packets, not the node that was scanned"
        )
    for host in hosts:
        refused = refused_endpoints(host, vip)
        if refused:
            return _refused(network, vip, host, refused[0])
    found = [each for host in hosts for each in _silent(network, host, vip)]
    for each in found:
        reached_by = _reached_by(network, each)
        if each.between or reached_by:
            return _diagnosis(network, vip, each, reached_by)
    if not found:
        return Cleared(
            f"{hosts[0].name} gets an answer from each endpoint of {vip} on another node, or there is none"
        )
    path = found[0].path
    hop = path.next_hop or path.route.interface
    what = f"whether {path.endpoint} is reached on its own node: {hop} sends packets on to it"
    return Undetermined(
        what, f"on the node that runs {path.endpoint}: sudo hairpin-doctor scan --with <this report>"
    )


def _another_answers(host: VantagePoint, vip: Address) -> bool:
    """Whether the node hears another machine answer for the VIP; it never hears its own announcer."""
    arp = host.findings.get(ArpFacts)
    return bool(arp and arp.macs(vip))


def _silent(network: Network, host: VantagePoint, vip: Address) -> Iterator[_Broken]:
    captured = {each.endpoint for each in captured_endpoints(host, vip)}
    ends = dict.fromkeys(end.address for end in host.findings[ServiceRulesFacts].endpoints(vip))
    if not ends:
        return
    facts = host.findings[PodPathFacts]
    for end in ends:
        path = facts.to(end)
        if (
            path is not None
            and end not in captured
            and not path.answers_ping
            and not (path.over_udp and not _fails_over_udp(network, host, vip, end))
            and path.route.type == "unicast"
            and not _pod_is_gone(path)
        ):
            yield _Broken(host, path, _between(host, path))


def _fails_over_udp(network: Network, host: VantagePoint, vip: Address, endpoint: Address) -> bool:
    """Whether a port that leads there fails from somewhere: by itself a silent UDP endpoint may be well."""
    programmed = [
        each.port
        for each in host.findings[ServiceRulesFacts].ports
        if each.vip == vip and any(end.address == endpoint for end in each.endpoints)
    ]
    asked = (state for point in network.vantage_points for state in point.states_of(vip))
    return any(each.unreached and each.target.port in programmed for each in asked)


def _pod_is_gone(path: PodPath) -> bool:
    """Whether a machine behind the next hop says that the pod is not there: then the network has carried the packet."""
    return any(each.sender not in (path.next_hop, path.route.source) for each in path.messages)


def _between(host: VantagePoint, path: PodPath) -> str | None:
    where = path.next_hop or path.route.interface
    if _by_default(host, path):
        return (
            f"{host.name} has no route of its own to it and sends it to its default gateway {path.next_hop}"
        )
    if path.said is not None and path.said.is_time_exceeded:
        return None
    if path.hop_answers_ping is False:
        return f"the next hop {where} does not answer {host.name}'s ping either: the path between the nodes is down"
    said = f" and says ICMP {path.said.type}/{path.said.code}" if path.said else ""
    well = (
        f"the path to {where} is well (it answers ping)" if path.hop_answers_ping else f"it goes into {where}"
    )
    return f"{well}, and what is there does not send packets on to it{said}"


def _by_default(host: VantagePoint, path: PodPath) -> bool:
    """Whether no route of the pod network leads there: the packets go to the default gateway."""
    default = host.findings[RouteFacts].default_towards(path.endpoint)
    return bool(default and path.next_hop is not None and path.next_hop == default.gateway)


def _reached_by(network: Network, broken: _Broken) -> VantagePoint | None:
    """Another vantage point that gets an answer from the same endpoint."""
    for point in network.vantage_points:
        facts = point.findings.get(EndpointFacts)
        found = (
            (each for each in facts.endpoints if each.endpoint.address == broken.path.endpoint)
            if facts
            else ()
        )
        if point is not broken.host and any(each.answers for each in found):
            return point
    return None


def _refused(network: Network, vip: Address, host: VantagePoint, found: Diverted) -> Diagnosis:
    """The host's own main table has no route to the endpoint, or one that forbids it."""
    client = next(iter(network.failing(vip)), host)
    endpoint, main = found.endpoint, found.main
    because = [symptom(client, vip), f"Asked for the way to {endpoint}, the kernel of {host.name} refuses."]
    if main is None:
        because.append(f"No route of its main table holds {endpoint}.")
    else:
        because.append(f"Its main table forbids it: {main.type} {main.prefix}.")
    alone = main is not None and main.prefix.prefixlen == main.prefix.max_prefixlen
    if not alone:
        because.append(
            "A CNI plugin sets a route for each pod, or for the pods of each node: there is none for this one."
        )
    return Diagnosis(
        summary=f"{host.name} {refusal(main)} for {endpoint}, an endpoint of {vip}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN,
        fixes=(
            without_the_ban(host.name, client.name, vip, main)
            if main is not None and alone
            else mend_pod_route(host.name, endpoint, vip, client.name),
        ),
        ruled_out=(
            "HD406: the main table decides, no policy rule.",
            "HD503: nothing refuses but the node itself.",
        ),
    )


def _diagnosis(network: Network, vip: Address, broken: _Broken, reached_by: VantagePoint | None) -> Diagnosis:
    host, path = broken.host, broken.path
    client = next(iter(network.failing(vip)), host)
    own = [each for each in host.findings[EndpointFacts].endpoints if each.answers]
    because = [
        symptom(client, vip),
        f"{host.name} gets no answer from {path.endpoint}, neither over TCP nor to ping.",
    ]
    because.append(
        f"Of the way to {path.endpoint}: {broken.between or 'its next hop sends packets on to it'}."
    )
    if reached_by:
        because.append(f"{reached_by.name} reaches the same endpoint.")
    if own:
        because.append(f"{', '.join(dict.fromkeys(str(each.endpoint) for each in own))} answers {host.name}.")
    astray = _by_default(host, path)
    if astray and not reached_by:
        because.append(
            "A CNI plugin sets a route for each pod, or for the pods of each node: there is none for this one."
        )
    why = f"has no route for {path.endpoint} of its own" if astray else f"does not reach {path.endpoint}"
    return Diagnosis(
        summary=f"{host.name} {why}, an endpoint of {vip}" + ("" if astray else " on another node"),
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if reached_by else Confidence.LIKELY,
        fixes=(
            mend_pod_route(host.name, path.endpoint, vip, client.name)
            if astray
            else mend_pod_network(host.name, path.endpoint, path.next_hop, vip, client.name),
        ),
        ruled_out=("HD503: nothing refuses; the question itself is lost.",),
    )
