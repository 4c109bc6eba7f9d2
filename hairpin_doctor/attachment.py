"""Where a client hangs on a host: the interface that its frames arrive by, and who else hears its broadcasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_network

from hairpin_doctor.vantage_point import STAND_IN_PORT, VantagePoint
from probes.arp import ArpFacts
from probes.client_links import ClientLinkFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.links import Link
from probes.target import Address


@dataclass(frozen=True)
class Attachment:
    """Where a client hangs on a serving host: the interface its frames arrive by, and the bridge port if it is one.

    `tagged`: the client sends from a VLAN interface of its own, whose number is `tag`. `vlan`: where the bridge filters by
    VLAN, the one in which it heard the client.
    """

    host: VantagePoint
    interface: Link
    port: Link | None
    tagged: bool = False
    tag: int | None = None
    vlan: int | None = None


def heard_behind(host: VantagePoint, mac: str | None, address: Address | None) -> Attachment | None:
    interfaces, fdb = host.findings.get(InterfaceFacts), host.findings.get(ForwardingDatabaseFacts)
    if interfaces is None or mac is None:
        return None
    bridged = [
        Attachment(host, bridge, port, vlan=entry.vlan if _filters(bridge) else None)
        for entry in (fdb.learned(mac) if fdb else ())
        if (port := interfaces.by_index(entry.port)) and (bridge := interfaces.by_index(entry.bridge))
        if port is not bridge
    ]
    if bridged:
        return min(bridged, key=lambda each: _leads_into_another_bridge(interfaces, each.port))
    cache = host.findings.get(NeighbourFacts)
    for neighbour in cache.entries if cache else ():
        if neighbour.mac == mac and neighbour.address == address:
            link = interfaces.by_index(neighbour.interface)
            return Attachment(host, link, None) if link is not None else None
    asked = host.findings.get(ClientLinkFacts)
    answer = asked.of(address, mac) if asked else None
    link = interfaces.by_name(answer.interface) if answer else None
    return Attachment(host, link, None) if link is not None else None


def _filters(bridge: Link) -> bool:
    return bridge.bridge is not None and bridge.bridge.vlan_filtering


def _leads_into_another_bridge(interfaces: InterfaceFacts, port: Link | None) -> bool:
    """Whether the port is an end of a veth between two bridges of the host: then the client hangs on the other one."""
    far = interfaces.by_index(port.lower) if port is not None and port.kind == "veth" else None
    return far is not None and far.master is not None


def stood_in_for(attachment: Attachment, client: VantagePoint) -> Attachment:
    """A stand-in client hangs on the port that its own is a copy of, if it is one: that port is what a finding is about."""
    interfaces, copied = attachment.host.findings.get(InterfaceFacts), client.stands_in_for
    port = interfaces.by_name(copied) if interfaces and copied else None
    own = attachment.port is not None and attachment.port.name == STAND_IN_PORT
    if port is None or port.master != attachment.interface.index or not own:
        return attachment
    return replace(attachment, port=port)


def by_a_common_station(
    host: VantagePoint, client: VantagePoint, link: Link | None, vips: tuple[Address, ...]
) -> Attachment | None:
    """A plain interface of a host that hears a third station, such as the gateway, at the MAC at which the client hears it.

    Not of a bridge: behind which of its ports the client is, that does not tell. MAC and address must be equal, since
    routers have one MAC in all of their networks.
    """
    interfaces, theirs, ours = (
        host.findings.get(InterfaceFacts),
        client.findings.get(ArpFacts),
        host.findings.get(ArpFacts),
    )
    if interfaces is None or theirs is None or ours is None or link is None:
        return None
    heard = {
        (reply.address, reply.mac)
        for answers in theirs.answers
        for reply in answers.replies
        if answers.interface == link.name and reply.address not in vips
    }
    for answers in ours.answers:
        here = interfaces.by_name(answers.interface)
        plain = here is not None and here.bridge is None and here.master is None
        if plain and any((each.address, each.mac) in heard for each in answers.replies):
            return Attachment(host, here, None) if here else None
    return None


def segment(attachment: Attachment) -> tuple[Link, ...]:
    """The host's interfaces that hear the client's broadcasts: the one it hangs on and what is stacked on that.

    A veth whose peer is a port of the same bridge hears them too, and so does another bridge that it leads into. A VLAN
    interface hears only frames with its tag: those that the client sends so, or that a bridge that filters by VLAN keeps in
    that VLAN. Such a bridge hears itself only what lies in an untagged VLAN of its own.
    """
    interfaces = attachment.host.findings[InterfaceFacts]
    found = [attachment.interface]
    for base in found:
        ports = {link.index for link in interfaces.ports_of(base)}
        above = [each for each in interfaces.stacked_on(base) if _hears(attachment, base, each)]
        ends = [each for each in interfaces.links if each.kind == "veth" and each.lower in ports]
        beyond = (interfaces.by_index(each.master) if each.master else each for each in ends)
        found.extend(each for each in (*above, *beyond) if each is not None and each not in found)
    return tuple(each for each in found if each is not attachment.interface or _hears_itself(attachment))


def _hears(attachment: Attachment, base: Link, link: Link) -> bool:
    """Whether what is stacked on `base` gets the client's broadcasts, as far as VLANs decide that."""
    here = base is attachment.interface
    if link.kind != "vlan":
        return not here or _hears_itself(attachment)
    if here and attachment.vlan is not None:
        return link.vlan_id in (None, attachment.vlan) and _goes_up(attachment, untagged=False)
    filters = base.bridge is not None and base.bridge.vlan_filtering
    return filters or (attachment.tagged and link.vlan_id in (None, attachment.tag or link.vlan_id))


def _hears_itself(attachment: Attachment) -> bool:
    """Whether the interface itself, without a tag, gets what the client sends."""
    return attachment.vlan is None or _goes_up(attachment, untagged=True)


def _goes_up(attachment: Attachment, *, untagged: bool) -> bool:
    """Whether a bridge that filters passes the client's VLAN up to itself so; where its own VLANs are unknown, it may."""
    settings, vlan = attachment.interface.bridge, attachment.vlan
    if settings is None or vlan is None or not settings.vlans:
        return True
    return any(each.holds(vlan) and each.untagged is untagged for each in settings.vlans)


def addresses_like(link: Link, vip: Address) -> tuple[Address, ...]:
    """The address of the VIP's family by which people know an interface, best in its subnet; not what IPv6 gives to all."""
    found = [each for each in link.addresses if each.address.version == vip.version]
    found.sort(key=lambda each: vip not in ip_network((each.address, each.prefix_length), strict=False))
    return tuple(e.address for e in found if e.address.version == 4 or not e.address.is_link_local)[:1]


def ipv4_addresses(link: Link) -> Iterator[IPv4Address]:
    """The IPv4 addresses of an interface."""
    return (each.address for each in link.addresses if isinstance(each.address, IPv4Address))
