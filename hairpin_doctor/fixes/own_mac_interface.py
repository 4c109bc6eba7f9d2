"""The announcing interface with a MAC of its own: a macvlan on the bridge, in the one recipe without traps.

Each line answers a trap that was measured in a namespace lab (docs/design/own-mac-interface.md): an address-less
interface is dropped by any rp_filter, arp_ignore 0 makes it answer for the node's own address, and a MAC that the
bridge does not know is flooded to every port.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address
from typing import Literal

from hairpin_doctor.fixes.announce import EXISTING, announce_step, check_from_client
from hairpin_doctor.fixes.changes import (
    Change,
    FdbEntry,
    InterfaceAddress,
    LinkMac,
    LinkState,
    MacvlanLink,
    RouteEntry,
    Sysctl,
    VethPort,
)
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.vantage_point import VantagePoint
from probes.interfaces import InterfaceFacts
from probes.machine import MachineFacts
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.target import Address

BASE_NAME = "metallb"
BEHIND_OTHERS = 4096
"""A metric: the kernel gives its own IPv6 routes 256, ip(8) 1024."""
LINK_LOCAL = int(IPv4Address("169.254.0.0"))


def own_mac_interface(
    host: VantagePoint, base: Link, vip: Address, client: str, *, leave_bgp: bool = False
) -> Fix:
    """Make the interface on the bridge (or NIC) `base` and announce on it."""
    name = own_name(host, base, "macvlan")
    create = Step(
        place="host",
        machine=host.name,
        why=f"an interface in the client's segment with a MAC that no port and no bridge has, on {base.name}",
        changes=(
            *recipe(name, base, _mac(host, base, name), link_local(host, name)),
            *ways_back(host, base, name, vip),
        ),
    )
    return Fix(
        title=f"Announce {vip} on {name}, an interface with a MAC of its own on {base.name}",
        steps=(create, announce_step(name, vip, leave_bgp=leave_bgp)),
        check=check_from_client(vip, client),
        cautions=(
            "These commands alone do not outlive a reboot: `fix --persist` installs files that do.",
            f"Adding a macvlan raises the promiscuity of {base.name} by one; on a bridge this changes nothing.",
            EXISTING,
        ),
        reason=f"frames to a MAC of its own are taken up whatever the ports of {base.name} do; one more thing to set up",
    )


def own_mac_port(host: VantagePoint, base: Link, vip: Address, client: str) -> Fix:
    """The same by a veth into the bridge. No cleaner than the macvlan (docs/design/own-mac-interface.md): it comes last."""
    name = own_name(host, base, "veth")
    port, mac = f"{name}p", _mac(host, base, name)
    pinned = (LinkMac(base.name, base.mac, base.mac),) if base.mac else ()
    create = Step(
        place="host",
        machine=host.name,
        why=f"an interface with a MAC of its own behind a port of {base.name}, whose own MAC is pinned first",
        changes=(
            *pinned,
            VethPort(name, port, base.name, mac, base.mtu),
            *settings(name, link_local(host, name)),
            FdbEntry(mac, port, "master"),
            *ways_back(host, base, name, vip),
        ),
    )
    return Fix(
        title=f"Announce {vip} on {name}, the end of a veth whose other end is a port of {base.name}",
        steps=(create, announce_step(name, vip)),
        check=check_from_client(vip, client),
        cautions=(
            f"A pinned MAC of {base.name} stays pinned when this is undone.",
            "Where br_netfilter hands bridged frames to iptables, FORWARD rules see this port's traffic twice.",
            "With STP the port passes frames only after its forward delay.",
            EXISTING,
        ),
        reason=f"{base.name} stays as it is but for one port more; that port meets FORWARD rules, which a macvlan does not",
    )


def recipe(name: str, base: Link, mac: str, address: IPv4Address) -> tuple[Change, ...]:
    """The changes, in the order in which no moment has a trap: settings first, then up."""
    known = (FdbEntry(mac, base.name),) if base.bridge is not None else ()
    return (MacvlanLink(name, base.name, mac, base.mtu), *settings(name, address), *known)


def settings(name: str, address: IPv4Address) -> tuple[Change, ...]:
    """What every announcing interface without the node's own address needs, whatever it is made of."""
    return (
        Sysctl(f"net/ipv4/conf/{name}/arp_ignore", 1),
        Sysctl(f"net/ipv4/conf/{name}/rp_filter", 2),
        InterfaceAddress(f"{address}/32", name),
        LinkState(name),
    )


def ways_back(host: VantagePoint, base: Link, name: str, vip: Address) -> tuple[RouteEntry, ...]:
    """Over IPv6 a speaker answers from a socket that is bound to its interface, and only where a route leads out there.

    Behind all others by its metric: nothing else takes it. (An ARP answer leaves by a packet socket, without any route.)
    """
    routes = host.findings.get(RouteFacts) if vip.version == 6 else None
    connected = (each.prefix for each in (routes.connected if routes else ()) if each.interface == base.name)
    return tuple(
        RouteEntry(str(prefix), name, metric=BEHIND_OTHERS)
        for prefix in connected
        if prefix.version == 6 and not prefix.is_link_local and prefix.num_addresses > 1
    )


def own_name(host: VantagePoint, base: Link, kind: Literal["macvlan", "veth"]) -> str:
    """The name that the interface gets: that of one of ours which is there already, by its MAC, else a free one."""
    names = (f"{BASE_NAME}{number}" for number in range(1000))
    return next(name for name in names if _free_or_ours(host, base, name, kind))


def _free_or_ours(host: VantagePoint, base: Link, name: str, kind: str) -> bool:
    there = host.findings[InterfaceFacts].by_name(name)
    return there is None or (there.kind == kind and there.mac == _mac(host, base, name))


def _digest(host: VantagePoint, base: Link | None, *parts: str) -> bytes:
    """From the machine's id and its uplinks' permanent MACs: cloned machines differ, and a reboot changes nothing."""
    known = host.findings.get(MachineFacts)
    machine = (known.identity.machine,) if known is not None and known.identity.machine is not None else ()
    macs = _lasting_macs(host.findings[InterfaceFacts], base)
    return hashlib.sha256("|".join((*machine, *macs, host.name, *parts)).encode()).digest()


def _lasting_macs(interfaces: InterfaceFacts, base: Link | None) -> list[str]:
    """The permanent MACs of what `base` leads out by (another NIC, plugged in, changes nothing); else all that last."""
    uplinks = (base, *interfaces.ports_of(base)) if base is not None else ()
    for links in (uplinks, interfaces.links):
        permanent = sorted(link.permanent_mac for link in links if link.permanent_mac)
        if permanent:
            return permanent
    return sorted(link.mac for link in interfaces.links if link.mac and link.kind is None)


def _mac(host: VantagePoint, base: Link, name: str) -> str:
    """Locally administered, unicast (IEEE 802): second lowest bit of the first octet set, lowest clear."""
    return (b"\x02" + _digest(host, base, base.name, name)[:5]).hex(":")


def link_local(host: VantagePoint, name: str) -> IPv4Address:
    """A stable link-local address for an interface: an RFC 3927 address outside the reserved first and last 256."""
    offset = 256 + int.from_bytes(_digest(host, None, name, "address")[:2]) % (65536 - 512)
    return IPv4Address(LINK_LOCAL + offset)


def unused_mac(machine: VantagePoint, link: Link) -> str:
    """A MAC for an interface of a machine that shares its own with another; random-looking, stable, locally administered."""
    return (b"\x02" + _digest(machine, link, link.name, link.mac or "", "instead")[:5]).hex(":")
