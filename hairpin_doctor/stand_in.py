"""A scan from a stand-in client on a bridge of this machine: what a VM there would see, without access to one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import islice

from hairpin_doctor.machine.change import Undo
from hairpin_doctor.machine.commands import CommandFailed
from hairpin_doctor.machine.stand_in import NIC, Cable, StandIn, remove_leftovers
from hairpin_doctor.recording import Recording
from hairpin_doctor.scan import Request, scan
from probes.host import Host, Unanswered
from probes.probe import Scope
from probes.questions.links import Link, Links
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, ArpSweep, Neighbours
from probes.questions.routing import RouteTo
from probes.service_rules import service_rules

AT_ONCE, TRIES = 4, 4
PROBE_WINDOW_MS = 1500
FORWARDS_WITHIN = 35.0  # s: two forward delays of 15 s (IEEE 802.1D), and some more
ANYWHERE = IPv4Address("1.1.1.1")  # any address beyond the gateway; it is looked up, never sent to
Tell = Callable[[str], None]


class CannotStandIn(Exception):
    """No client can be put on that bridge; one sentence with the reason."""


@dataclass(frozen=True)
class Wanted:
    """Which bridge, and the address with its prefix length where the user gave one."""

    bridge: str
    address: IPv4Interface | None = None


@contextmanager
def standing_in(
    host: Callable[[], Host], wanted: Wanted, request: Request, tell: Tell
) -> Iterator[Recording]:
    """The recording of a scan from the stand-in, which stays until the block ends: the host is then seen with it.

    `host` makes a Host of the network that the calling thread is in. `request` must name its targets. Raises
    CannotStandIn.
    """
    links = host().ask(Links())
    bridge = _bridge(links, wanted.bridge)
    stand_in = StandIn(_cable(links, bridge))
    remove_leftovers()
    try:
        with Undo() as undo:
            tell(
                f"a stand-in client is put on {bridge.name} for some seconds: namespace {stand_in.namespace}, port "
                f"{stand_in.port}, MAC {stand_in.mac}"
            )
            undo.carry_out(stand_in)
            _await_port(host(), stand_in.port, tell)
            address = wanted.address or _free_address(host(), stand_in, bridge, request, host)
            stand_in.settle(address, _gateway(host(), bridge, address))
            tell(f"the stand-in client scans from {address}")
            scanned = stand_in.inside(lambda: scan(host(), replace(request, others=())))
            yield replace(scanned.recordings[0], vantage_point=f"stand-in-{bridge.name}")
    except CommandFailed as error:
        raise CannotStandIn(f"no client could be put on {bridge.name}: {error}") from None
    _unchanged(bridge, host().ask(Links()))
    tell("the stand-in client is gone")


def _bridge(links: Iterable[Link], name: str) -> Link:
    known = list(links)
    found = next((link for link in known if link.name == name), None)
    others = ", ".join(link.name for link in known if link.bridge is not None) or "none"
    if found is None:
        raise CannotStandIn(f"there is no interface {name} here; bridges are: {others}")
    if found.bridge is None:
        raise CannotStandIn(f"{name} is no bridge, so no VM can hang on it as a port; bridges are: {others}")
    if not found.up:
        raise CannotStandIn(f"{name} is down: ip link set {name} up")
    return found


def _cable(links: Iterable[Link], bridge: Link) -> Cable:
    alone = not any(link.master == bridge.index for link in links)
    return Cable(bridge.name, bridge.mac or "", bridge.mtu, pin=alone)


def _await_port(host: Host, name: str, tell: Tell) -> None:
    """With STP a new port listens and learns first, which takes two forward delays."""
    end, said = time.monotonic() + FORWARDS_WITHIN, False
    while time.monotonic() < end:
        port = next((link.port for link in host.ask(Links()) if link.name == name), None)
        if port is not None and port.state == "forwarding":
            return
        if port is not None and not said and port.state in ("listening", "learning"):
            tell("the bridge runs STP: its new port passes frames only after two forward delays")
            said = True
        time.sleep(0.02)
    raise CannotStandIn(
        f"the bridge did not let its new port {name} forward within {FORWARDS_WITHIN:.0f} s (STP)"
    )


def _free_address(
    here: Host, stand_in: StandIn, bridge: Link, request: Request, host: Callable[[], Host]
) -> IPv4Interface:
    """The first of a few addresses of the bridge's prefix that nobody claims when asked twice (RFC 5227, 2.1.1)."""
    own = next((each for each in bridge.addresses if isinstance(each.address, IPv4Address)), None)
    if own is None:
        raise CannotStandIn(
            f"{bridge.name} has no IPv4 address, so its subnet is not known: give one with --stand-in-address "
            "ADDRESS/PREFIX that nobody uses"
        )
    network = IPv4Interface(f"{own.address}/{own.prefix_length}").network
    found = candidates(network, _taken(here, request))
    for _ in range(TRIES):
        batch = tuple(islice(found, AT_ONCE))
        if not batch:
            break
        question = ArpSweep(NIC, IPv4Address(0), batch, (), PROBE_WINDOW_MS)
        claimed = {reply.address for reply in stand_in.inside(partial(_ask, host, question))}
        free = next((each for each in batch if each not in claimed), None)
        if free is not None:
            return IPv4Interface((free, network.prefixlen))
    raise CannotStandIn(
        f"no free address was found in {network}: give one with --stand-in-address ADDRESS/PREFIX"
    )


def _ask(host: Callable[[], Host], question: ArpSweep) -> tuple[ArpReply, ...]:
    return host().ask(question)


def candidates(network: IPv4Network, taken: frozenset[IPv4Address]) -> Iterator[IPv4Address]:
    """Addresses from the upper end downwards, where fewer things are put by hand or by DHCP than at the lower one."""
    first, last = int(network.network_address) + 1, int(network.broadcast_address) - 1
    for number in range(last, first - 1, -1):
        address = IPv4Address(number)
        if address not in taken:
            yield address


def _taken(host: Host, request: Request) -> frozenset[IPv4Address]:
    """What is certainly somebody's: our own addresses, neighbours, gateways, and every VIP that is known here."""
    vips = [target.vip for target in request.targets]
    links = [each.address for link in host.ask(Links()) for each in link.addresses]
    known = [each.address for each in host.ask(Neighbours(Moment.BEFORE))]
    try:
        known += [front.vip for front in service_rules.look(host, Scope(())).load_balancer_ports]
        gateway = host.ask(RouteTo(ANYWHERE)).gateway
    except Unanswered:
        gateway = None
    found = (*vips, *links, *known, *([gateway] if gateway else []))
    return frozenset(each for each in found if isinstance(each, IPv4Address))


def _gateway(host: Host, bridge: Link, address: IPv4Interface) -> IPv4Address | None:
    """The machine's own gateway where it lies on the bridge; else the machine, which then routes for its VMs."""
    try:
        gateway = host.ask(RouteTo(ANYWHERE)).gateway
    except Unanswered:
        gateway = None
    if isinstance(gateway, IPv4Address) and gateway in address.network:
        return gateway
    own = (each.address for each in bridge.addresses if isinstance(each.address, IPv4Address))
    return next((each for each in own if each in address.network), None)


def _unchanged(before: Link, links: Iterable[Link]) -> None:
    """A port that comes and goes can change a bridge's MAC and MTU: it must not have."""
    after = next((link for link in links if link.index == before.index), None)
    if after is None or (after.mac, after.mtu) != (before.mac, before.mtu):
        now = f"MAC {after.mac}, MTU {after.mtu}" if after else "gone"
        raise CannotStandIn(
            f"{before.name} had MAC {before.mac} and MTU {before.mtu} and now is {now}: set it back with "
            f"`ip link set dev {before.name} address {before.mac} mtu {before.mtu}`"
        )
