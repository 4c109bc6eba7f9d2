"""Who takes the packets next: the router on their way, and the interface whose MAC answers ARP for the VIP."""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.attachment import addresses_like
from hairpin_doctor.claimants import Claimant
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Owner
from hairpin_doctor.service_path.hop import Evidence, Hop, Kind
from hairpin_doctor.service_path.trip import Trip
from hairpin_doctor.situation import NotThis, live_macs
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts
from probes.arp import ArpFacts
from probes.target import Address, resolution


def router_hops(trip: Trip) -> Iterator[Hop]:
    """The client's router, where the packets go to it."""
    if not trip.by_router:
        return
    claimant = trip.claimants[0] if trip.claimants else None
    address = trip.gateway or (claimant.address if claimant else None)
    mac = claimant.mac if claimant else (trip.neighbour_mac(address) if address else None)
    owner = _router_owner(trip, mac)
    how = (
        f"it answers {resolution(trip.vip)} for the VIP itself"
        if claimant
        else f"{trip.client.name} routes the VIP to it"
    )
    onward = f", and it sends on to {trip.next_hop}" if trip.next_hop else ""
    name, machine = (owner.link.name, owner.vantage_point.name) if owner else (None, None)
    addresses = (address,) if address else ()
    evidence = Evidence.HEARD if trip.passage is Evidence.NONE and mac else trip.passage
    yield Hop(Kind.ROUTER, name, machine, mac, addresses, evidence, how + onward)


def _router_owner(trip: Trip, mac: str | None) -> Owner | None:
    """The interface that has the router's MAC; of several (Calico gives all of its one MAC) the one next to the client."""
    owners = trip.network.owners(mac) if mac else ()
    near = trip.attachment.interface if trip.attachment else None
    return next((each for each in owners if each.link is near), owners[0] if len(owners) == 1 else None)


def announcer_hops(trip: Trip) -> Iterator[Hop]:
    """Who answers ARP or NDP for the VIP; nothing where the client itself, or its very router, serves it."""
    if trip.route is not None and trip.route.type == "local":
        return
    router = _router_owner(trip, trip.neighbour_mac(trip.gateway)) if trip.gateway else None
    if router is not None and router.vantage_point is trip.server:
        return
    if trip.by_router:
        yield _behind_the_router(trip)
    elif trip.claimants:
        yield _answering(trip, trip.claimants[0])
    else:
        yield _nobody(trip)


def _behind_the_router(trip: Trip) -> Hop:
    server = trip.server
    known = server is not None and trip.passage in (Evidence.PASSED, Evidence.SERVED)
    evidence = trip.passage if known else Evidence.NOT_SEEN
    said = "by which interface packets come in from the router was not seen"
    addresses = (trip.next_hop,) if trip.next_hop else ()
    return Hop(Kind.ANNOUNCER, None, server.name if server else None, None, addresses, evidence, said)


def _answering(trip: Trip, claimant: Claimant) -> Hop:
    others = [str(each) for each in trip.claimants[1:]]
    said = f"answers {resolution(trip.vip)} for {trip.vip}" + (
        f", and so does {', '.join(others)}" if others else ""
    )
    evidence = Evidence.HEARD
    reached = any(host is claimant.machine for host, _ in trip.flows)
    if trip.works or (not others and reached):
        evidence = Evidence.PASSED
    elif trip.served and not others:
        evidence = trip.by_others
    beside = trip.taker is not None
    if trip.taker is not None:
        said += f"; {trip.taker.name} takes the frames on their way to it"
    owner = claimant.owner
    if owner is None:
        said += "; whose interface that is was not seen"
        addresses = (claimant.address,) if claimant.address else ()
        return Hop(Kind.ANNOUNCER, None, None, claimant.mac, addresses, evidence, said, beside)
    return Hop(
        Kind.ANNOUNCER,
        owner.link.name,
        owner.vantage_point.name,
        claimant.mac,
        addresses_like(owner.link, trip.vip),
        evidence,
        said,
        beside,
    )


def _nobody(trip: Trip) -> Hop:
    arp = trip.client.findings.get(ArpFacts)
    cached, by = trip.neighbour_mac(trip.vip), resolution(trip.vip)
    evidence, said = Evidence.NOT_SEEN, f"who answers {by} for {trip.vip} was not asked"
    if arp is not None and arp.asked(trip.vip):
        evidence, said = Evidence.BROKEN, f"nobody answers {by} for {trip.vip}"
        if _deaf(trip):
            evidence, said = Evidence.NONE, f"{trip.client.name} hears no {by} answer at all, from anybody"
        elif trip.served:
            evidence, said = trip.by_others, f"nobody answered {by} for {trip.vip} in time, but it works"
        elif _may_announce(trip.client):
            evidence = Evidence.NONE
            said = f"nobody answers {trip.client.name}, which would not hear an announcer of its own"
        elif cached:
            evidence = Evidence.NONE
            said = f"nobody answers {by} for {trip.vip} now; {trip.client.name} remembers {cached}"
    return Hop(Kind.ANNOUNCER, None, None, None, (), evidence, said)


def _deaf(trip: Trip) -> bool:
    """Whether the client asked others too and heard none of them: the silence says nothing about the VIP then."""
    try:
        live_macs(trip.client, trip.vip)
    except MissingFacts:
        return True
    except NotThis:
        return False
    return False


def _may_announce(machine: VantagePoint) -> bool:
    facts = machine.findings.get(AnnouncerFacts)
    return bool(facts and facts.listeners)


def heard_on_the_host(host: VantagePoint, vip: Address) -> Hop:
    """Where no client was looked at: the interfaces on which the host listens for ARP, and may answer."""
    facts = host.findings.get(AnnouncerFacts)
    listening = facts.interfaces() if facts and vip.version == 4 else ()
    names = ", ".join(listening)
    said = (
        f"{host.name} listens for ARP on {names}; which of them answers for {vip} is heard by a client alone"
        if listening
        else f"who answers {resolution(vip)} for {vip} is heard by a client alone"
    )
    only = listening[0] if len(listening) == 1 else None
    return Hop(Kind.ANNOUNCER, only, host.name, None, (), Evidence.NOT_SEEN, said)
