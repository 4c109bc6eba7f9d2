"""How a stand-in client comes by its addresses and its routes: in the subnet of the bridge, proven free, then taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_interface
from typing import TYPE_CHECKING

from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.stand_in_port import INSIDE, StandInPort
from hairpin_doctor.stand_in_address import InterfaceAddress, candidates, candidates_ipv6, find_free
from probes.host import Host, Unanswered
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link, Links
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbours
from probes.questions.routing import RouteTo
from probes.routes import SOMEWHERE_ELSE, SOMEWHERE_ELSE_IPV6
from probes.target import Address, Network

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Subnet:
    """Where the client's address is to be. `own`: the bridge's there; `given`: the client's, where the user chose it."""

    prefix: Network
    own: Address | None
    given: Address | None = None


def joined(facts: InterfaceFacts, bridge: Link) -> tuple[Link, ...]:
    """The bridge, and those that a veth pair joins to it: Proxmox' firewall bridges have no address, the one behind has."""
    found = [bridge]
    for port in facts.ports_of(bridge):
        far = facts.by_index(port.lower) if port.kind == "veth" else None
        other = facts.by_index(far.master) if far is not None and far.master else None
        if other is not None and other not in found:
            found.append(other)
    return tuple(found)


def subnet_of(
    bridges: Sequence[Link], given: Iterable[InterfaceAddress], vips: Sequence[Address]
) -> Subnet | None:
    """The subnet for clients of these VIPs, all of one version of IP: the given address's, else one of these bridges' own.

    Of several, one that holds a VIP, as the client would reach that without a router.
    """
    version = vips[0].version
    own = [
        ip_interface(f"{each.address}/{each.prefix_length}")
        for bridge in bridges
        for each in bridge.addresses
        if each.address.version == version and not (version == 6 and each.address.is_link_local)
    ]
    for each in given:
        if each.version == version:
            mine = next((one.ip for one in own if one.ip in each.network), None)
            return Subnet(each.network, mine, each.ip)
    usable = [each for each in own if each.network.num_addresses > 2]
    holding = [each for each in usable if any(vip in each.network for vip in vips)]
    found = next(iter((*holding, *usable)), None)
    return Subnet(found.network, found.ip) if found is not None else None


def settle(
    host: Host, port: StandInPort, subnets: Iterable[Subnet], vips: list[Address], say: Callable[[str], None]
) -> None:
    """Give the client an address of each subnet, and a default route, and say which. Raises CannotChange."""
    facts = InterfaceFacts(host.ask(Links()))
    known = host.ask(Neighbours(Moment.BEFORE))
    taken = {each for _, each in facts.own_addresses()} | set(vips)
    taken |= {
        each.address for each in known if each.mac != port.wiring.mac
    }  # its own of the last time is free again
    for subnet in subnets:
        gateway = default_route(host, joined(facts, port.wiring.bridge), subnet)
        address = _taken(host, port, subnet, _wanted(port, subnet, taken, vips), gateway)
        asked = (
            "for which nobody answered" if port.wiring.forwards else "as good as any: its port passes nothing"
        )
        say(
            f"the stand-in is {address}/{subnet.prefix.prefixlen}, {asked}; default route: {gateway or 'none'}"
        )


def _wanted(port: StandInPort, subnet: Subnet, taken: set[Address], vips: list[Address]) -> Iterator[Address]:
    if subnet.given is not None:
        return iter([subnet.given])
    if isinstance(subnet.prefix, IPv4Network):
        return candidates(subnet.prefix, taken, vips)
    return candidates_ipv6(subnet.prefix, taken, port.wiring.mac)


def _taken(
    host: Host, port: StandInPort, subnet: Subnet, wanted: Iterator[Address], gateway: Address | None
) -> Address:
    """The first of the wanted ones that is free, which is the client's then."""
    prefix = subnet.prefix
    if isinstance(prefix, IPv4Network):
        address, claimed = _free(host, port, wanted)
        if address is not None:
            port.configure(f"{address}/{prefix.prefixlen}", str(gateway) if gateway else None)
            return address
        raise CannotChange(_none_is_free(subnet, claimed))
    if port.wiring.forwards and not port.has_a_link_local_address():
        raise CannotChange(
            f"the stand-in got no link-local address: somebody has the one that is made of its MAC, {port.wiring.mac}"
        )
    tried = []
    for each in wanted:
        if port.configure(f"{each}/{prefix.prefixlen}", str(gateway) if gateway else None):
            return each
        tried.append(each)
    raise CannotChange(_none_is_free(subnet, tried))


def _free(
    host: Host, port: StandInPort, wanted: Iterator[Address]
) -> tuple[Address | None, Sequence[Address]]:
    """An IPv4 address that nobody claims. Where nothing gets through, nobody can, and nobody is disturbed."""
    asked = (each for each in wanted if isinstance(each, IPv4Address))
    if not port.wiring.forwards:
        return next(asked, None), ()
    found = port.inside(lambda: find_free(host, INSIDE, asked))
    return found.address, found.claimed


def _none_is_free(subnet: Subnet, claimed: Sequence[Address]) -> str:
    if subnet.given is not None:
        return f"{subnet.given} is taken: somebody answers for it; give another one by --stand-in-address"
    tried = ", ".join(map(str, claimed)) or "none was left to try"
    return f"no free address was found in {subnet.prefix} ({tried}); give one by --stand-in-address A/P"


def default_route(host: Host, bridges: Sequence[Link], subnet: Subnet) -> Address | None:
    """The host's own gateway if it is on one of these bridges; else the host, as for VMs on a bridge without an uplink."""
    try:
        found = host.ask(RouteTo(SOMEWHERE_ELSE if subnet.prefix.version == 4 else SOMEWHERE_ELSE_IPV6))
    except Unanswered:
        return subnet.own
    gateway = found.gateway
    here = found.interface in [each.name for each in bridges]
    linked = isinstance(gateway, IPv6Address) and gateway.is_link_local and here
    return gateway if linked or gateway in subnet.prefix else subnet.own
