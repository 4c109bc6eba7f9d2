"""VIPs that reach their clients by routes (BGP) and not by ARP: when is the route what is missing?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.bgp import Sides
from hairpin_doctor.gateway_route import gateway_on_a_host, node_behind_gateway
from hairpin_doctor.listening import listeners
from hairpin_doctor.network import Network
from hairpin_doctor.situation import NotThis, names
from hairpin_doctor.speaker_says import by_bgp_alone
from hairpin_doctor.told_bgp import BgpWord, bgp_word
from hairpin_doctor.told_sessions import Told, speakers_sessions, told_sessions
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.bgp_daemon import BgpDaemonFacts
from probes.bgp_sessions import BGP_PORT, BgpSessionFacts
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address

CONNECTING = ("SYN_SENT", "SYN_RECV")


@dataclass(frozen=True)
class RoutedVip:
    """A client that reaches the VIP by its gateway, hosts that do not announce it by ARP, and the BGP that they speak.

    `hosts`: none where the cluster alone tells (`word`). `told`: sessions by the word of daemons, of MetalLB's metrics and
    of the cluster, empty where none could be asked. `peers`, `connecting`: TCP peers of port 179, where the cluster names
    its peers only those. `untold`: nodes that should have a session of which nobody says how it stands. `no_route`: the
    gateway itself says that it has none.
    """

    client: VantagePoint
    hosts: tuple[VantagePoint, ...]
    word: BgpWord | None
    told: tuple[Told, ...]
    peers: tuple[Address, ...]
    connecting: tuple[Address, ...]
    listening: bool
    untold: tuple[str, ...]
    no_route: bool

    @property
    def host_names(self) -> str:
        """For a sentence."""
        nodes = dict.fromkeys(each.node.name for each in self.word.peerings) if self.word else ()
        return names(self.hosts) or ", ".join(nodes) or "the cluster"

    @property
    def machine(self) -> str:
        """Where to look at the sessions."""
        if self.hosts:
            return self.hosts[0].name
        return next((each.machine for each in self.told), None) or "a node of the cluster"

    def sides(self, peers: Iterable[str]) -> Sides:
        """For a fix of the sessions with these peers."""
        bird = not self.word or any(each.said_by.startswith("BIRD") for each in self.told)
        return Sides(self.machine, tuple(dict.fromkeys(peers)), self.client.name, bird)

    @property
    def up(self) -> tuple[Told, ...]:
        """The sessions that are established."""
        return tuple(each for each in self.told if each.is_established)

    @property
    def nobody_to_tell(self) -> str | None:
        """By the cluster's word: why no node has a peer to tell of the VIP. None where one has, or no cluster speaks."""
        return self.word.why_nobody if self.word and not self.word.peerings else None


def routed_vip(network: Network, client: VantagePoint, vip: Address) -> RoutedVip:
    """What a client, the hosts and the cluster show.

    Raises NotThis where ARP decides or the packets arrive, MissingFacts where neither a host was scanned nor the cluster
    says how the VIP is announced, or either may be so.
    """
    if client.findings[RouteFacts].on_link(vip):
        raise NotThis(f"{vip} is on-link for {client.name}: it asks by ARP, not its gateway")
    hosts = network.hosts(vip)
    word = _word(network, vip, needed=not hosts)
    _no_way_yet(network, client, vip, hosts, word)
    for host in hosts:
        _not_by_arp(network, host, vip, word)
    told = told_sessions(hosts, vip, word)
    connections = [each for host in hosts for each in host.findings[BgpSessionFacts].connections]
    wanted = {each.peer.address for each in word.peerings} if word else None
    peers = (peer for host in hosts for peer in host.findings[BgpSessionFacts].established_peers())
    connecting = (
        each.remote.address
        for each in connections
        if each.state in CONNECTING and each.remote.port == BGP_PORT
    )
    path = client.findings.get(RoutedPathFacts)
    return RoutedVip(
        client=client,
        hosts=hosts,
        word=word,
        told=told,
        peers=_those(peers, wanted),
        connecting=_those(connecting, wanted),
        listening=any(each.state == "LISTEN" for each in connections),
        untold=tuple(dict.fromkeys(_untold(word, hosts))) if word else (),
        no_route=bool(path and path.gateway_has_no_route(vip)),
    )


def _untold(word: BgpWord, hosts: tuple[VantagePoint, ...]) -> Iterator[str]:
    """Nodes with a peering that the cluster gives no state of, and that were not scanned with a sign of their sessions."""
    seen = {node.name for host in hosts if _shows_sessions(host) and (node := word.view.node_of(host))}
    for each in word.peerings:
        if each.session is None and each.node.name not in seen:
            yield each.node.name


def _shows_sessions(host: VantagePoint) -> bool:
    daemon = host.findings.get(BgpDaemonFacts)
    busy = any(each.state != "LISTEN" for each in host.findings[BgpSessionFacts].connections)
    return busy or bool(daemon and daemon.sessions) or bool(speakers_sessions(host))


def _word(network: Network, vip: Address, *, needed: bool) -> BgpWord | None:
    """The cluster's; raises MissingFacts where nothing else tells, and it does not either."""
    try:
        word = bgp_word(network, vip)
    except MissingFacts:
        if needed:
            raise
        return None
    if word is None and needed:
        raise network.need_host(vip, "whether a route to it is advertised")
    return word


def _those(found: Iterable[Address], wanted: set[Address | None] | None) -> tuple[Address, ...]:
    """Each once; only the wanted ones where it is known who is wanted: other sessions may be the pod network's."""
    return tuple(dict.fromkeys(each for each in found if wanted is None or each in wanted))


def _no_way_yet(
    network: Network,
    client: VantagePoint,
    vip: Address,
    hosts: tuple[VantagePoint, ...],
    word: BgpWord | None,
) -> None:
    """Raises where the gateway has a way to a node, or a host has seen the client's packets."""
    own = gateway_on_a_host(network, client, vip)
    if own is not None:
        raise NotThis(f"the gateway of {client.name} is {own}, which serves {vip} itself")
    hop = node_behind_gateway(network, client, vip)
    if hop is not None:
        raise NotThis(f"the gateway of {client.name} sends {vip} on to {hop}")
    arrived = next((host for host in hosts if tracked(host, client, vip)), None)
    if arrived:
        raise NotThis(f"{arrived.name} has seen packets of {client.name} to {vip}")
    path = client.findings.get(RoutedPathFacts)
    other = path.next_hop(vip) if path else None
    node = next((each for each in word.view.nodes if other in each.addresses), None) if word else None
    if node is not None:
        raise NotThis(f"the gateway of {client.name} sends {vip} on to {node.name}")
    if other is not None and any(
        other in each.prefix for host in hosts for each in host.findings[RouteFacts].connected
    ):
        how = f"on {other}: sudo hairpin-doctor scan --with <this report>"
        raise MissingFacts(f"what {other} does, to which the gateway sends {vip}", None, how)


def _not_by_arp(network: Network, host: VantagePoint, vip: Address, word: BgpWord | None) -> None:
    """Raises NotThis for a VIP of its own, MissingFacts where it may be announced by ARP just as well.

    MetalLB's speaker listens for ARP in BGP mode too: the cluster's word decides, or its own.
    """
    routes = host.findings[RouteFacts]
    if routes.is_local(vip):
        raise NotThis(f"{vip} is an address of {host.name} itself, which answers ARP for it")
    connected = any(vip in each.prefix for each in routes.connected)
    only_bgp = word is not None or by_bgp_alone(host, vip)
    if not only_bgp and connected and listeners(host, vip):
        what = f"whether {vip} is announced by ARP or by BGP: a speaker on {host.name} listens for ARP in either mode"
        raise network.need_client(vip, f"{what}; a client in its subnet tells")
