"""What vantage points say of one address that cannot both be so: whose MAC it is. Evidence, shown and not judged here.

Only addresses of a common link are compared: VIPs, default gateways, and the addresses that the scanned machines have
there. An answer heard now counts before what a cache remembers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from hairpin_doctor.network import Network
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.routes import RouteFacts
from probes.target import Address


@dataclass(frozen=True)
class Claim:
    """Where one vantage point finds an address, and how it knows."""

    vantage_point: str
    macs: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class Contradiction:
    """Two claims about one address that have no MAC in common; `what` the address is."""

    address: Address
    what: str
    claims: tuple[Claim, Claim]


def contradictions(network: Network) -> tuple[Contradiction, ...]:
    """Everything that the vantage points contradict each other in, VIPs first."""
    return tuple(dict.fromkeys((*_of_others(network), *_of_own(network))))


def _of_others(network: Network) -> Iterator[Contradiction]:
    for one, other in combinations(network.vantage_points, 2):
        for address, what in _shared(network, one, other).items():
            claims = _claim(network, one, address), _claim(network, other, address)
            if claims[0] and claims[1] and not set(claims[0].macs) & set(claims[1].macs):
                yield Contradiction(address, what, (claims[0], claims[1]))


def _shared(network: Network, one: VantagePoint, other: VantagePoint) -> dict[Address, str]:
    """Addresses that both ask for by ARP: the VIPs, and the default gateway if it is the same."""
    found: dict[Address, str] = {}
    if one.on_same_link(other):
        routes = [point.findings.get(RouteFacts) for point in (one, other)]
        for vip in network.vips:
            if all(facts is not None and facts.on_link(vip) for facts in routes):
                found[vip] = "the VIP"
        for version in (4, 6):
            defaults = (facts.default_of(version) if facts else None for facts in routes)
            gateways = {each.gateway if each else None for each in defaults}
            gateway = gateways.pop() if len(gateways) == 1 else None
            if gateway is not None:
                found.setdefault(gateway, "the gateway")
    return found


def _of_own(network: Network) -> Iterator[Contradiction]:
    """A machine's own address, which another one of its link finds at a MAC that the machine does not have."""
    for owner in network.vantage_points:
        interfaces = owner.findings.get(InterfaceFacts)
        if interfaces is None:
            continue
        macs = {link.mac for link in interfaces.links}
        for address in dict.fromkeys(owner.address_towards(vip) for vip in network.vips):
            link = interfaces.with_address(address) if address is not None else None
            if address is None or address in network.vips or link is None or not link.mac:
                continue
            for other in network.vantage_points:
                claim = (
                    _claim(network, other, address)
                    if other is not owner and other.on_same_link(owner)
                    else None
                )
                if claim is not None and not set(claim.macs) & macs:
                    own = Claim(owner.name, (link.mac,), f"its own address, on {link.name}")
                    yield Contradiction(address, f"{owner.name} itself", (own, claim))


def _claim(network: Network, point: VantagePoint, address: Address) -> Claim | None:
    arp, cache = point.findings.get(ArpFacts), point.findings.get(NeighbourFacts)
    macs = arp.macs(address) if arp else ()
    if macs:
        return Claim(point.name, macs, _whose(network, macs, "answers ARP"))
    entry = cache.entry(address) if cache else None
    if entry is None or not entry.mac:
        return None
    return Claim(
        point.name, (entry.mac,), _whose(network, (entry.mac,), f"{entry.state.lower()} in its cache")
    )


def _whose(network: Network, macs: tuple[str, ...], how: str) -> str:
    owners = dict.fromkeys(str(owner) for mac in macs for owner in network.owners(mac)[:1])
    return f"{how}; {', '.join(owners)}" if owners else how
