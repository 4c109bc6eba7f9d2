"""Where the cluster tells a scanned host to announce a VIP by L2: the word that decides where a speaker listens everywhere.

MetalLB's speaker opens a socket on every suitable interface and answers only on those that its L2Advertisement names, so
what listens on the host does not tell. Of several nodes one is elected: the one with the lowest SHA-256 of "node#VIP"
among those with a speaker (speaker/layer2_controller.go), which the host's own speaker confirms or denies by its metrics.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from hairpin_doctor.cluster_view import ClusterView, names_of
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import failing_ports
from hairpin_doctor.rule import Confidence
from hairpin_doctor.situation import NotThis, failing_clients, live_macs
from hairpin_doctor.speaker_says import LAYER2, protocols
from hairpin_doctor.vantage_point import VantagePoint
from probes.cluster_nodes import EXCLUDED
from probes.dns import DnsFacts
from probes.questions.cluster import ClusterNode, Workload
from probes.questions.traffic import DatagramOutcome, Handshake
from probes.routes import RouteFacts
from probes.target import Address, Protocol, ServicePort, resolution
from probes.tcp import TcpFacts
from probes.udp import DNS_PORT

SERVICELB_NAME = "svccontroller.k3s.cattle.io/svcname"
SERVICELB_NAMESPACE = "svccontroller.k3s.cattle.io/svcnamespace"


@dataclass(frozen=True)
class Told:
    """`interfaces`: those and no others. `alone`: no other node could be the one that announces, or its speaker says so."""

    view: ClusterView
    node: ClusterNode
    interfaces: tuple[str, ...]
    alone: bool

    @property
    def sentence(self) -> str:
        """For `because`."""
        return (
            f"{names_of(self.view.l2)} tells {self.node.name} to announce {self.view.service} on "
            f"{', '.join(self.interfaces)} only ({self.view.said_by})."
        )

    @property
    def confidence(self) -> Confidence:
        """The election among several nodes is reckoned, not seen, unless the node's own speaker told."""
        return Confidence.PROVEN if self.alone else Confidence.LIKELY


def told(network: Network, vip: Address, host: VantagePoint) -> Told | None:
    """None where the cluster names no interface for this host, another node announces, or the cluster says nothing."""
    view = network.cluster(vip)
    try:
        if view is None or not view.is_metallbs:
            return None
        node, able = view.node_of(host), _able(view)
        own_word = protocols(host, vip)
        elected = (
            LAYER2 in own_word if own_word is not None else node in able and node is _elected(able, view)
        )
        if node is None or not elected:
            return None
        interfaces = view.interfaces_on(node)
    except MissingFacts:
        return None
    return Told(view, node, interfaces, own_word is not None or len(able) == 1) if interfaces else None


def _able(view: ClusterView) -> tuple[ClusterNode, ...]:
    """The nodes that may announce: selected, with a speaker and a network, not excluded unless all are."""
    selected = [each for each in view.candidates() if each.network_unavailable is not True]
    running = {pod.node for pod in view.speaker_pods_seen if pod.ready}
    with_speaker = [each for each in selected if not running or each.name in running]
    free = [each for each in with_speaker if EXCLUDED not in each.labels]
    if view.service.traffic_policy == "Local":
        here = {each.node for each in view.endpoints or () if each.serving}
        free = [each for each in free if each.name in here] or free
    return tuple(free or with_speaker)


def _elected(nodes: tuple[ClusterNode, ...], view: ClusterView) -> ClusterNode:
    said = {each.node for each in view.l2_statuses}
    told = [each for each in nodes if each.name in said]
    if len(told) == 1:
        return told[0]
    address = view.service.addresses[0] if view.service.addresses else view.vip
    return min(nodes, key=lambda each: sha256(f"{each.name}#{address}".encode()).digest())


def unanswered_client(network: Network, vip: Address) -> VantagePoint:
    """A failing client that nobody answers by ARP, or that sends to a router; raises NotThis where somebody answers."""
    answered: NotThis | MissingFacts | None = None
    for client in failing_clients(network, vip):
        if not client.findings[RouteFacts].on_link(vip):
            return client
        try:
            macs = live_macs(client, vip)
        except MissingFacts as reason:
            answered = reason
            continue
        if not macs:
            return client
        answered = answered or NotThis(
            f"{', '.join(macs)} answers {resolution(vip)} for {vip} at {client.name}"
        )
    assert answered is not None
    raise answered


def failing_services(network: Network, point: VantagePoint, vip: Address) -> tuple[ClusterView, ...]:
    """The cluster's word on each Service with this VIP that has a port which fails there; on all where no port was named."""
    failing = set(failing_ports(point, vip))
    return tuple(each for each in network.clusters(vip) if not failing or failing & set(each.service.ports))


def services_that_drop(network: Network, client: VantagePoint, vip: Address) -> tuple[ClusterView, ...]:
    """The cluster's word on each Service with this VIP whose port is silent at the client, as under a rule that drops.

    None of them where nobody takes the client's packets at all. A port that is refused was not dropped.
    """
    if client.findings[RouteFacts].on_link(vip) and not live_macs(client, vip):
        return ()
    silent = {each for each in failing_ports(client, vip) if _is_silent(client, vip, each)}
    return tuple(each for each in network.clusters(vip) if silent & set(each.service.ports))


def _is_silent(client: VantagePoint, vip: Address, port: ServicePort) -> bool:
    if port.protocol is Protocol.TCP:
        tcp = client.findings.get(TcpFacts)
        tried = tcp.answer(vip, port.port) if tcp else None
        return tried is not None and tried.outcome is Handshake.SILENT
    dns = client.findings.get(DnsFacts)
    asked = dns.answer(vip, "udp") if dns and port.port == DNS_PORT else None
    return asked is not None and asked.outcome is DatagramOutcome.SILENT


def announced_by_metallb(network: Network, vip: Address) -> ClusterView:
    """The cluster's word where MetalLB should announce the VIP; raises NotThis where it should not."""
    view = network.cluster(vip)
    if view is None:
        raise NotThis(f"no Service of the cluster that was asked has {vip}")
    if not view.is_metallbs:
        raise NotThis(
            f"MetalLB has no part in {view.service}: neither its pool nor its class of load balancer"
        )
    return view


def readable_word(network: Network, vip: Address) -> ClusterView | None:
    """The cluster's word where MetalLB announces the VIP and all advertisements could be read."""
    view = network.cluster(vip)
    lists = (
        (view.metallb.pools, view.metallb.l2_advertisements, view.metallb.bgp_advertisements) if view else ()
    )
    return view if view is not None and None not in lists and view.is_metallbs else None


def serves_by_service_lb(workload: Workload, view: ClusterView) -> bool:
    """Whether it is the DaemonSet that ServiceLB (klipper, part of k3s) has made for this Service, by its labels."""
    service = view.service
    namespace = workload.labels.get(SERVICELB_NAMESPACE, service.namespace)
    named = (workload.labels.get(SERVICELB_NAME), namespace) == (service.name, service.namespace)
    return workload.controller == "servicelb" and named
