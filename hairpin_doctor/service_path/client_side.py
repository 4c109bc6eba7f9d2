"""From the client's interface to the end of its link: the NIC, the tap and bridge it hangs on, and the uplink beside."""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.attachment import Attachment, addresses_like, segment
from hairpin_doctor.service_path.hop import Evidence, Hop, Kind
from hairpin_doctor.service_path.trip import Trip
from hairpin_doctor.situation import behind_the_clients_port, macs_used
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.links import Link
from probes.routes import RouteFacts


def client_hop(trip: Trip) -> Hop:
    """The interface by which the client sends, or would send."""
    link, route, address = (
        trip.client.link_towards(trip.vip),
        trip.route,
        trip.client.address_towards(trip.vip),
    )
    evidence, said = trip.passage, f"{trip.client.name} sends from here"
    if macs_used(trip.client, trip.vip):
        evidence = Evidence.PASSED
    if evidence not in (Evidence.PASSED, Evidence.SERVED):
        trouble = _trouble(trip, link)
        evidence, said = trouble or (evidence, said)
    name = link.name if link else route.interface if route else None
    addresses = (address,) if address else ()
    return Hop(Kind.CLIENT, name, trip.client.name, link.mac if link else None, addresses, evidence, said)


def _trouble(trip: Trip, link: Link | None) -> tuple[Evidence, str] | None:
    """What stops packets before they leave the client, as its kernel says."""
    if trip.client.findings.get(RouteFacts) is None:
        return None
    if trip.route is None:
        return Evidence.BROKEN, f"{trip.client.name} has no route to {trip.vip}"
    if trip.route.type not in ("unicast", "local"):
        return Evidence.BROKEN, f"the route of {trip.client.name} to {trip.vip} is of type {trip.route.type}"
    if link is not None and not link.up:
        return Evidence.BROKEN, f"{link.name} is down"
    if link is not None and not link.carrier:
        return Evidence.NO_CARRIER, f"{link.name} has no carrier"
    return None


def link_hops(trip: Trip) -> Iterator[Hop]:
    """The tap and bridge behind which the client is, or one hop that says that nobody looked there."""
    attachment = trip.attachment
    if attachment is None:
        said = f"switches and bridges next to {trip.client.name} were not looked at"
        yield Hop(Kind.LINK, None, None, None, (), Evidence.NOT_SEEN, said)
        return
    evidence = _across(trip, attachment)
    if attachment.port is not None:
        said = f"frames of {trip.client.name} come in here (forwarding database)"
        yield _of_link(trip, Kind.PORT, attachment, attachment.port, evidence, said)
        said = f"{trip.client.name} hangs on it"
        yield _of_link(trip, Kind.BRIDGE, attachment, attachment.interface, evidence, said)
    else:
        said = f"{attachment.host.name} hears {trip.client.name} by this interface"
        yield _of_link(trip, Kind.LINK, attachment, attachment.interface, evidence, said)
    uplink = _uplink(trip, attachment)
    if uplink is not None:
        yield uplink


def _passed_by(trip: Trip, attachment: Attachment) -> bool:
    """Whether the client's frames go to a MAC that is on its own side of this machine: the way does not lead through it."""
    mac = trip.next_mac
    if mac is None or trip.taker is not None:
        return False
    at, owners = attachment.interface, trip.network.owners(mac)
    here = (at, *segment(attachment))
    if owners:
        mine = [each.link for each in owners if each.vantage_point is attachment.host]
        return not any(link in here or link.master == at.index for link in mine)
    if attachment.port is not None:
        return behind_the_clients_port(attachment, mac)
    return mac in _heard_by(attachment.host, at)


def _heard_by(host: VantagePoint, link: Link) -> set[str | None]:
    """The MACs of others that a machine found by this interface."""
    cache, arp = host.findings.get(NeighbourFacts), host.findings.get(ArpFacts)
    cached = {each.mac for each in (cache.entries if cache else ()) if each.interface == link.index}
    asked = [each for each in (arp.answers if arp else ()) if each.interface == link.name]
    return cached | {reply.mac for each in asked for reply in each.replies}


def _across(trip: Trip, attachment: Attachment) -> Evidence:
    """ARP shows that frames cross the bridge only where who answered is not behind the client's own port."""
    if trip.passage is not Evidence.HEARD or attachment.port is None:
        return trip.passage
    fdb = attachment.host.findings.get(ForwardingDatabaseFacts)
    near = {
        mac
        for mac in trip.heard_macs
        for entry in (fdb.learned(mac) if fdb else ())
        if entry.port == attachment.port.index
    }
    return Evidence.HEARD if trip.heard_macs - near or trip.gateway_spoke else Evidence.NONE


def _of_link(
    trip: Trip, kind: Kind, attachment: Attachment, link: Link, evidence: Evidence, said: str
) -> Hop:
    beside = _passed_by(trip, attachment)
    addresses = addresses_like(link, trip.vip)
    return Hop(kind, link.name, attachment.host.name, link.mac, addresses, evidence, said, beside)


def _uplink(trip: Trip, attachment: Attachment) -> Hop | None:
    """The port behind which the client's router was heard, where that is another one than the client's."""
    fdb, interfaces = (
        attachment.host.findings.get(ForwardingDatabaseFacts),
        attachment.host.findings.get(InterfaceFacts),
    )
    if fdb is None or interfaces is None or attachment.port is None:
        return None
    for mac in trip.client.gateway_macs():
        for entry in fdb.learned(mac):
            port = interfaces.by_index(entry.port)
            if (
                port is None
                or port.index == attachment.port.index
                or port.index == attachment.interface.index
            ):
                continue
            evidence = Evidence.HEARD if mac in trip.heard_macs else Evidence.NONE
            said = f"the router ({mac}) is behind it"
            return Hop(
                Kind.UPLINK, port.name, attachment.host.name, port.mac, (), evidence, said, beside=True
            )
    return None
