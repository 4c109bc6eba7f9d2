"""Does the present contradict a line of the kernel's log that says a station behind a port has a MAC of our own?

The log remembers a minute; what it tells of may have been mended since. Whoever sends with a MAC of the bridge brings a
line per frame (br_fdb_update, net/bridge/br_fdb.c; net_ratelimit leaves ten in 5 s), and is never learned: the bridge keeps
its own entry. So a port that brings no more lines, and behind which every station that was learned is known to be there
now, with a MAC of its own, is one where the line is of the past.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from hairpin_doctor.network import Network
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.client_links import ClientLinkFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.own_address_warnings import OwnAddressWarning
from probes.questions.links import Link
from probes.target import Address

QUIET_SECONDS = 10
"""Longer than a scan asks around: a younger line was written while it did, so the twin may well be there."""


def is_outdated(
    network: Network, vip: Address, host: VantagePoint, port: Link, warning: OwnAddressWarning, *, hits: bool
) -> bool:
    """Whether a client behind that port works since, or those who are heard there now have MACs of their own.

    `hits`: a client behind the port fails and sends to that MAC. Then others who are heard there do not contradict a twin
    that merely keeps silent, unless the port is a guest's tap, behind which there is but one station.
    """
    finished = host.finished()
    written = finished - timedelta(seconds=warning.seconds_ago) if finished else None
    if written is not None and _works_since(network, vip, host, port, written):
        return True
    if warning.seconds_ago < QUIET_SECONDS or (hits and port.kind != "tun"):
        return False
    fdb = host.findings.get(ForwardingDatabaseFacts)
    learned = {each.mac for each in fdb.entries if each.port == port.index and not each.own} if fdb else set()
    return bool(learned) and learned <= {*_answered(host), *_scanned_since(network, host, written)}


def _works_since(network: Network, vip: Address, host: VantagePoint, port: Link, written: datetime) -> bool:
    for client in network.working(vip):
        attachment, then = network.attachment(client, vip), client.finished()
        behind = attachment.port if attachment and attachment.host is host else None
        if behind is not None and behind.index == port.index and then:
            return then > written
    return False


def _answered(host: VantagePoint) -> Iterator[str]:
    """MACs that answered during the host's own scan, or just before it (REACHABLE, RFC 4861 section 7.3.2)."""
    arp, links, cache = (
        host.findings.get(ArpFacts),
        host.findings.get(ClientLinkFacts),
        host.findings.get(NeighbourFacts),
    )
    for answers in arp.answers if arp else ():
        yield from (reply.mac for reply in answers.replies)
    yield from (heard.mac for heard in (links.heard if links else ()))
    yield from (
        each.mac for each in (cache.entries if cache else ()) if each.mac and each.state == "REACHABLE"
    )


def _scanned_since(network: Network, host: VantagePoint, written: datetime | None) -> Iterator[str]:
    """MACs of other machines that were scanned after the line was written."""
    for other in network.vantage_points:
        then = other.finished()
        if other is not host and written is not None and then is not None and then > written:
            interfaces = other.findings.get(InterfaceFacts)
            yield from (link.mac for link in (interfaces.links if interfaces else ()) if link.mac)
