"""Two stations use one MAC: another station has the MAC of the bridge or of the announcing interface.

Why: A bridge sends frames for its own MAC up and never to a port (br_handle_frame_finish, net/bridge/br_input.c), and a MAC
that is learned on a port draws the frames there. Whoever shares the MAC loses frames. The kernel logs "received packet
with own address as source address".
Seen as: The station with the doubled MAC has no working network at all, or the VIP works now and then.
Told apart from: HD302 and HD002, where VIP and bridge share a MAC within one machine, which is well.
By hand: The kernel says so, and the forwarding database shows the MAC on a port where it should not be.
    dmesg | grep 'own address as source'
    bridge fdb show br BRIDGE | grep -i MAC
    ip -br link
Fix: Give one of them its own MAC, in the guest's definition if it is a guest.
Unsure when: Only one of the two machines was scanned and the bridge learned nothing. The kernel's log remembers what was
mended: a line counts where the interface that it names is here and has that MAC now, and not where a client behind that
port has reached the VIP since, or no line came for 10 s and everyone heard behind that port is known, with another MAC.
References: net/bridge/br_input.c; net/bridge/br_fdb.c; bridge(8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import ForgottenNeighbour, LinkMac
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.own_mac_interface import unused_mac
from hairpin_doctor.network import Network, Owner
from hairpin_doctor.own_address_log import is_outdated
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import names, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.own_address_warnings import OwnAddressWarningFacts
from probes.questions.links import Link
from probes.target import Address


@dataclass(frozen=True)
class _Collision:
    """Who has the MAC, who else, and how that shows; `port`: behind which bridge port the station is.

    Not `certain` where a loop would look the same.
    """

    mac: str
    station: str
    other: str
    seen: str
    client: VantagePoint | None = None
    link: Link | None = None
    port: Link | None = None
    certain: bool = True


@rule("HD310", "duplicate-mac", Severity.BROKEN, explains=("HD201", "HD205", "HD302"), ipv6=Ipv6.PROVEN)
def duplicate_mac(network: Network, vip: Address) -> Verdict:
    """A client's own MAC answers it, two known machines have one MAC, or a host's own MAC is heard behind a port."""
    found = [*_of_clients(network, vip), *_of_machines(network, vip), *_on_hosts(network, vip)]
    if found:
        return _diagnosis(
            network, vip, next((each for each in found if _victim(network, vip, each)), found[0])
        )
    if not network.hosts(vip):
        raise network.need_host(vip, "whether a bridge of the host has a client's MAC")
    return Cleared(f"no MAC of {names(network.vantage_points)} is used by another station")


def _of_clients(network: Network, vip: Address) -> Iterator[_Collision]:
    for client in network.clients(vip):
        link, arp = client.link_towards(vip), client.findings.get(ArpFacts)
        if link is not None and link.mac and arp is not None and link.mac in arp.macs(vip):
            seen = f"{vip} answers {client.name} with {link.mac}, the MAC of its own {link.name}."
            yield _Collision(link.mac, client.name, f"the machine that answers for {vip}", seen, client, link)


def _of_machines(network: Network, vip: Address) -> Iterator[_Collision]:
    """Interfaces towards the VIP whose MAC a host that serves it has too, in the client's segment."""
    for client in network.clients(vip):
        link = client.link_towards(vip)
        for owner in network.owners(link.mac) if link is not None and link.mac else ():
            if owner.vantage_point in network.hosts(vip) and _same_machine(owner, client) is False:
                seen = (
                    f"{link.name} of {client.name} and {owner} both have the MAC {link.mac}." if link else ""
                )
                yield _Collision(owner.link.mac or "", client.name, str(owner), seen, client, link)


def _same_machine(owner: Owner, client: VantagePoint) -> bool:
    return owner.vantage_point is client


def _on_hosts(network: Network, vip: Address) -> Iterator[_Collision]:
    for host in network.hosts(vip):
        interfaces, fdb = host.findings.get(InterfaceFacts), host.findings.get(ForwardingDatabaseFacts)
        if interfaces is None or fdb is None:
            continue
        for bridge in interfaces.bridges():
            family = [bridge, *interfaces.ports_of(bridge), *_own(interfaces.stacked_on(bridge))]
            for link in family:
                yield from _learned_elsewhere(host, interfaces, fdb, bridge, link)
            yield from _neighbour_with_own_mac(host, bridge, family)
            yield from _logged(network, vip, host, bridge, family)


def _own(links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Without macvtaps, whose MAC is meant to be the guest's."""
    return tuple(link for link in links if link.kind != "macvtap")


def _learned_elsewhere(
    host: VantagePoint, interfaces: InterfaceFacts, fdb: ForwardingDatabaseFacts, bridge: Link, link: Link
) -> Iterator[_Collision]:
    """A port's entry for one of our own MACs that nobody set by hand: a station behind it sends with that MAC."""
    for entry in fdb.learned(link.mac or ""):
        port = interfaces.by_index(entry.port)
        if port is not None and port.master == bridge.index and not entry.static and port.index != link.index:
            seen = f"{bridge.name} learned {link.mac} behind {port.name}: a station there sends with the MAC of {link.name}."
            yield _Collision(
                link.mac or "", f"a station behind {port.name}", f"{link.name} of {host.name}", seen
            )


def _neighbour_with_own_mac(host: VantagePoint, bridge: Link, family: list[Link]) -> Iterator[_Collision]:
    """Somebody else's address resolved to a MAC of our own."""
    macs = {link.mac: link for link in family if link.mac}
    cache = host.findings.get(NeighbourFacts)
    for neighbour in cache.entries if cache else ():
        link = macs.get(neighbour.mac or "")
        if link is not None and neighbour.interface == bridge.index:
            seen = f"{host.name} resolved {neighbour.address} to {neighbour.mac}, the MAC of its own {link.name}."
            yield _Collision(neighbour.mac or "", str(neighbour.address), f"{link.name} of {host.name}", seen)


def _logged(
    network: Network, vip: Address, host: VantagePoint, bridge: Link, family: list[Link]
) -> Iterator[_Collision]:
    """The kernel met frames with one of our own MACs as their source on a port of the bridge."""
    interfaces, log = host.findings[InterfaceFacts], host.findings.get(OwnAddressWarningFacts)
    macs = {link.mac: link for link in family if link.mac}
    ports = {port.name: port for port in interfaces.ports_of(bridge)}
    for warning in log.warnings if log else ():
        link, port = macs.get(warning.mac), ports.get(warning.port)
        if link is None or port is None:
            continue
        seen = (
            f"The kernel of {host.name} logged frames that came in by {port.name} with {warning.mac}, the MAC of "
            f"{link.name}, as their source, the last one {_ago(warning.seconds_ago)}: a station there has this MAC, or "
            "frames loop back from there."
        )
        station, other = f"a station behind {port.name}", f"{link.name} of {host.name}"
        found = _Collision(warning.mac, station, other, seen, port=port, certain=False)
        hits = _victim(network, vip, found) is not None
        if not is_outdated(network, vip, host, port, warning, hits=hits):
            yield found


def _ago(seconds: float) -> str:
    return f"{max(1, round(seconds))} s before its scan ended"


def _victim(network: Network, vip: Address, collision: _Collision) -> VantagePoint | None:
    """The failing client that the collision hits.

    It is the one with the doubled MAC; or it sends to that MAC and is behind the same port as the other station.
    """
    for client in network.failing(vip):
        if collision.client is not None:
            if collision.client is client:
                return client
            continue
        arp, attachment = client.findings.get(ArpFacts), network.attachment(client, vip)
        behind = attachment.port if attachment else None
        same_port = collision.port is None or (behind is not None and behind.index == collision.port.index)
        if same_port and arp is not None and collision.mac in arp.macs(vip):
            return client
    return None


def _diagnosis(network: Network, vip: Address, collision: _Collision) -> Diagnosis:
    client = _victim(network, vip, collision)
    because = ([symptom(client, vip)] if client else []) + [collision.seen]
    return Diagnosis(
        summary=f"{collision.station} and {collision.other} use the same MAC {collision.mac}",
        because=tuple(because),
        severity=Severity.BROKEN if client else Severity.LATENT,
        confidence=Confidence.PROVEN if collision.certain else Confidence.LIKELY,
        fixes=(_fix(network, collision, vip),),
        ruled_out=("HD002, HD302: the MAC belongs to two machines, not to one.",),
    )


def _fix(network: Network, collision: _Collision, vip: Address) -> Fix:
    client, link = collision.client, collision.link
    if client is None or link is None:
        text = (
            f"Give {collision.station} a MAC of its own, where it is defined (a guest's definition, a container's "
            f"network, a cloned machine's settings). Undo: set {collision.mac} again."
        )
        step = Step("client", collision.station, "no two stations may share a MAC", instructions=text)
        return Fix(f"A new MAC for {collision.station}", (step,), f"sudo hairpin-doctor scan {vip}")
    step = Step(
        place="client",
        machine=client.name,
        why="no two stations of a segment may share a MAC",
        changes=(LinkMac(link.name, unused_mac(client, link), collision.mac),),
    )
    caution = "Set it in the guest's definition as well (libvirt `<mac address=...>`, Proxmox net0), or it comes back."
    steps = (step, *_forgotten(network, client, vip))
    return Fix(f"A new MAC for {client.name}", steps, check_from_client(vip, client.name), (caution,))


def _forgotten(network: Network, client: VantagePoint, vip: Address) -> Iterator[Step]:
    """Over IPv6 nobody tells the hosts of the new MAC: a question for the VIP, which is none of the kernel's own addresses,
    teaches it nothing (ndisc_recv_ns), as an ARP request would; the old entry is used until it fails, some 8 s.
    """
    address = client.address_towards(vip)
    for host in network.hosts(vip) if vip.version == 6 and address is not None else ():
        yield Step(
            place="host",
            machine=host.name,
            why=f"it still sends what is for {address} to the old MAC",
            changes=(ForgottenNeighbour(str(address)),),
        )
