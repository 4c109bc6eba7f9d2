"""The client is a macvtap or macvlan child of the interface on which the host answers: parent and child never talk.

Why: A macvlan hands frames of its children to the wire and to siblings in bridge mode, never up to the parent itself, and
what the parent sends goes to the wire, never down to a child (drivers/net/macvlan.c). So the host, its announcer and its
services do not exist for a guest on a macvtap of the host's own NIC, while all other machines do.
Seen as: Nobody answers the guest's ARP for the VIP nor for the host; the LAN reaches both, and the guest reaches the LAN.
Told apart from: HD104, HD105 and HD201 by the guest's link, which sits on the very interface that should answer: the host
has a macvtap with the guest's MAC there, or the guest's macvlan names that interface as its lower device.
By hand: On the host, the guest's MAC belongs to a macvtap whose lower device is the interface that announces.
    ip -d link show type macvtap
    virsh domiflist GUEST
    tcpdump -eni IF arp and host VIP
Fix: A sibling in bridge mode that announces, and by which the host answers the guest; or a real bridge for the guests.
Unsure when: Only the guest was scanned: whose child it is, the host tells.
References: drivers/net/macvlan.c; ip-link(8); https://libvirt.org/formatdomain.html.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_network

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import RouteEntry
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.own_mac_interface import own_mac_interface, own_name
from hairpin_doctor.listening import listening_interfaces
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, silent_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.interfaces import InterfaceFacts
from probes.machine import MachineFacts
from probes.questions.links import Link
from probes.target import Address, resolution

CHILDREN = ("macvlan", "macvtap")


@dataclass(frozen=True)
class _Child:
    """A client's link, and the host's interface that it is a child of; `seen`: how that shows."""

    client: VantagePoint
    host: VantagePoint
    parent: Link
    mode: str | None
    seen: str


@rule("HD110", "macvtap-cannot-reach-parent", Severity.BROKEN, explains=("HD201",), ipv6=Ipv6.PROVEN)
def macvtap_cannot_reach_parent(network: Network, vip: Address) -> Verdict:
    """Silence at a client that is a child of an interface of the host that serves the VIP."""
    silent = silent_clients(network, vip)
    hosts = network.hosts(vip)
    suspects = [client for client in silent if _may_be_a_child(client, vip)]
    if not hosts:
        raise network.need_host(vip, "whose child the client's interface is")
    found = [child for client in silent for host in hosts if (child := _child(client, host, vip)) is not None]
    if not found:
        what = "sits on no interface of the host" if suspects else "is no macvlan or macvtap of the host"
        raise NotThis(f"{silent[0].name} {what}")
    child = found[0]
    listening = listening_interfaces(child.host, vip)
    siblings = [s.name for s in child.host.findings[InterfaceFacts].stacked_on(child.parent)]
    if any(name in listening for name in siblings) and child.mode == "bridge":
        return Cleared(
            f"{child.host.name} listens for {resolution(vip)} on a sibling of {child.client.name} too"
        )
    return _diagnosis(network, child, vip)


def _may_be_a_child(client: VantagePoint, vip: Address) -> bool:
    link = client.link_towards(vip)
    return link is not None and link.kind in CHILDREN


def _child(client: VantagePoint, host: VantagePoint, vip: Address) -> _Child | None:
    link, interfaces = client.link_towards(vip), host.findings[InterfaceFacts]
    if link is None:
        return None
    for tap in interfaces.links:
        parent = interfaces.by_index(tap.lower)
        if tap.kind in CHILDREN and tap.mac == link.mac and parent is not None:
            seen = f"{host.name} has {tap.name}, a {tap.kind} with the MAC of {client.name} ({tap.mac}), on {parent.name}."
            return _Child(client, host, parent, tap.macvlan_mode, seen)
    if link.kind in CHILDREN and link.lower_elsewhere is not None and _same_kernel(client, host):
        parent = interfaces.by_index(link.lower_elsewhere)
        if parent is not None and parent.kind != "loopback":
            seen = (
                f"{link.name} of {client.name} is a {link.kind} on interface {parent.index} of another network namespace of "
                f"the same machine: {parent.name} of {host.name}."
            )
            return _Child(client, host, parent, link.macvlan_mode, seen)
    return None


def _same_kernel(client: VantagePoint, host: VantagePoint) -> bool:
    one, other = client.findings[MachineFacts].identity, host.findings[MachineFacts].identity
    return one.boot_id == other.boot_id and one.network_namespace != other.network_namespace


def _diagnosis(network: Network, child: _Child, vip: Address) -> Diagnosis:
    client, host, parent = child.client, child.host, child.parent
    works = [other.name for other in network.working(vip)]
    return Diagnosis(
        summary=f"{client.name} is a child of {parent.name} of {host.name}, which therefore never hears it",
        because=(
            symptom(client, vip),
            f"Nobody answers {resolution(vip)} for {vip} at {client.name}.",
            child.seen,
            *([f"{', '.join(works)} is served."] if works else ()),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=_fixes(child, vip),
        ruled_out=("HD104, HD105: no interface of the host hears this client, whatever it announces on.",),
    )


def _fixes(child: _Child, vip: Address) -> tuple[Fix, ...]:
    check = check_from_client(vip, child.client.name)
    bridge = Step(
        place="host",
        machine=child.host.name,
        why="a bridge passes frames between its ports and the host itself",
        instructions=(
            f"Make a bridge, enslave {child.parent.name}, move the host's address to the bridge, and give the guest a tap "
            "on it (libvirt: <interface type='bridge'>). Pin the bridge's MAC first: clients know the old one."
        ),
    )
    caution = "Moving the host's address cuts connections that use it: do it from the console."
    on_a_bridge = Fix("Put the guests on a bridge", (bridge,), check, (caution,))
    return (_sibling(child, vip), on_a_bridge) if child.mode == "bridge" else (on_a_bridge,)


def _sibling(child: _Child, vip: Address) -> Fix:
    """Announce on a sibling, and answer the guest by it: the connected route would lead by the parent."""
    host, client = child.host, child.client
    announce = own_mac_interface(host, child.parent, vip, client.name)
    name = own_name(host, child.parent, "macvlan")
    address = client.address_towards(vip)
    if address is None:
        return announce
    step = Step(
        place="host",
        machine=host.name,
        why="answers to the guest must leave by the sibling as well",
        changes=(RouteEntry(str(ip_network(address)), name),),
    )
    caution = "Every guest needs such a route, or the host's own address moves to the sibling."
    return replace(announce, steps=(*announce.steps, step), cautions=(*announce.cautions, caution))
