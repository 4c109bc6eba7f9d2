"""A stand-in client: what a VM on a bridge of this host would see, without access to a VM.

It changes the host for seconds: a port more on the bridge, gone afterwards. The bridge's MAC, MTU and promiscuity are
compared before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hairpin_doctor.examine import of_the_machine
from hairpin_doctor.machine.change import Undo
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.stand_in_port import FORWARDING, StandInPort, Wiring
from hairpin_doctor.recording import Recording
from hairpin_doctor.scan import NoTarget, Request, scan
from hairpin_doctor.stand_in_address import InterfaceAddress, stable_mac
from hairpin_doctor.stand_in_settling import Subnet, joined, settle, subnet_of
from hairpin_doctor.targets import choose_targets
from hairpin_doctor.vantage_point import NOT_A_STAND_INS, STAND_IN, STAND_IN_PORT
from probes.host import Host
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link, Links
from probes.questions.machine import MachineIdentity
from probes.target import Target

__all__ = ["CannotStandIn", "NoTarget", "Place", "standing_in"]
FORWARDING_WITHIN_S = 65.0  # twice the largest forward delay of STP (30 s), and a little
SLOW_TO_FORWARD_S = 1.0


class CannotStandIn(RuntimeError):
    """No client can stand in here; the message is one sentence, and the host is as it was."""


@dataclass(frozen=True)
class Place:
    """Where to stand in. `like`: a port whose flags, VLAN and state it gets.

    `addresses`: the client's, one at most for each version of IP; what is not given is chosen.
    """

    bridge: str
    addresses: tuple[InterfaceAddress, ...] = ()
    like: str | None = None


@contextmanager
def standing_in(
    host: Host, place: Place, request: Request, say: Callable[[str], None]
) -> Iterator[Recording]:
    """Let a client look; inside the block it still stands there, so that the host sees its port and MAC.

    Raises CannotStandIn, or what scan raises. `say` gets a sentence before each thing that is done.
    """
    before = InterfaceFacts(host.ask(Links()))
    wiring = _wiring(host, before, place)
    targets = choose_targets(host, request.targets, request.others)
    subnets = _subnets(joined(before, wiring.bridge), place, targets, say)
    targets = tuple(each for each in targets if each.vip.version in subnets)
    wiring = replace(wiring, ipv6=6 in subnets)
    port = StandInPort(wiring)
    say(
        f"standing in on {place.bridge}: a port {STAND_IN_PORT} ({wiring.port_mac}) for some seconds, a client {wiring.mac} "
        "in a nameless network namespace; both go when this ends, however it ends"
    )
    try:
        with Undo() as undo:
            undo.carry_out(port)
            _unaltered(
                before.by_name(place.bridge), host, "was altered by the new port, so it is removed again"
            )
            _await(port, wiring.bridge, say)
            settle(host, port, subnets.values(), [each.vip for each in targets], say)
            found = port.inside(lambda: scan(host, _of_the_client(request, targets)))
            yield replace(found.recordings[0], vantage_point=f"{STAND_IN}{place.like or place.bridge}")
    except CannotChange as error:
        raise CannotStandIn(str(error)) from None
    _unaltered(before.by_name(place.bridge), host, "is not as it was before", promiscuity=True)


def _subnets(
    bridges: tuple[Link, ...], place: Place, targets: tuple[Target, ...], say: Callable[[str], None]
) -> dict[int, Subnet]:
    """For each version of IP that a target has: where the client's address is to be. Raises CannotStandIn without any."""
    found: dict[int, Subnet] = {}
    unknown: list[str] = []
    for version in dict.fromkeys(each.vip.version for each in targets):
        subnet = subnet_of(
            bridges, place.addresses, [each.vip for each in targets if each.vip.version == version]
        )
        if subnet is None:
            unknown.append(
                f"{place.bridge} has no IPv{version} address, so its clients' prefix is unknown; give one by "
                "--stand-in-address A/P"
            )
        else:
            found[version] = subnet
    if not found:
        raise CannotStandIn(unknown[0])
    for each in unknown:
        say(f"{each}; without it, the stand-in looks at the other targets alone")
    return found


def _of_the_client(request: Request, targets: tuple[Target, ...]) -> Request:
    probes = tuple(each for each in of_the_machine(request.probes) if each.id not in NOT_A_STAND_INS)
    return replace(request, targets=targets, others=(), probes=probes, saved=None)


def _wiring(host: Host, facts: InterfaceFacts, place: Place) -> Wiring:
    bridge = facts.by_name(place.bridge)
    if bridge is None or bridge.bridge is None:
        known = ", ".join(each.name for each in facts.bridges()) or "none"
        what = f"there is no interface {place.bridge}" if bridge is None else f"{place.bridge} is no bridge"
        raise CannotStandIn(f"{what}; the bridges here: {known}")
    ports = facts.ports_of(bridge)
    if not bridge.up:
        raise CannotStandIn(f"{place.bridge} is down, so no client on it reaches anything")
    if not ports:  # it would take the MAC of its first port, and lose it with that
        raise CannotStandIn(f"{place.bridge} has no port, so there is no client that one could stand in for")
    like = _like(bridge, ports, place.like) if place.like is not None else None
    mac = stable_mac(host.ask(MachineIdentity()).hostname, bridge.mac or bridge.name)
    if any(mac in (each.mac, f"fe:{(each.mac or '')[3:]}") for each in facts.links):
        raise CannotStandIn(f"{mac}, which the stand-in would have, is a MAC of this machine already")
    return Wiring(bridge, STAND_IN_PORT, mac, like)


def _like(bridge: Link, ports: tuple[Link, ...], name: str) -> Link:
    """The port to copy. Raises CannotStandIn where there is none of that name, or a copy would not be alike."""
    found = next((each for each in ports if each.name == name), None)
    if found is None or found.port is None or bridge.bridge is None:
        raise CannotStandIn(
            f"{name} is no port of {bridge.name}; its ports: {', '.join(each.name for each in ports)}"
        )
    if found.up and not found.carrier:
        raise CannotStandIn(f"{name} has no carrier: what is behind it is off, so nobody can be like it")
    if bridge.bridge.vlan_filtering and not any(vlan.pvid for vlan in found.port.vlans):
        raise CannotStandIn(
            f"{name} files frames without a tag under no VLAN (no PVID), and a stand-in sends no others"
        )
    if bridge.bridge.stp and found.up and found.port.state != FORWARDING:
        raise CannotStandIn(
            f"{bridge.name} runs the spanning tree protocol and keeps {name} {found.port.state}: nothing behind it "
            "reaches anybody; hairpin-doctor explain HD307 says more"
        )
    return found


def _await(port: StandInPort, bridge: Link, say: Callable[[str], None]) -> None:
    if not port.wiring.forwards or port.await_forwarding(SLOW_TO_FORWARD_S):
        return
    say(f"{bridge.name} runs the spanning tree protocol: waiting until the new port forwards, up to a minute")
    if not port.await_forwarding(FORWARDING_WITHIN_S):
        raise CannotStandIn(
            f"{bridge.name} does not let a new port forward, not even after {FORWARDING_WITHIN_S:g} s"
        )


def _unaltered(before: Link | None, host: Host, what: str, *, promiscuity: bool = False) -> None:
    """Raises CannotStandIn where the bridge has another MAC or MTU (an unpinned one takes them from its ports)."""
    now = InterfaceFacts(host.ask(Links())).by_name(before.name) if before else None
    if before is None or now is None:
        raise CannotStandIn("the bridge vanished meanwhile")
    for name in ("mac", "mtu", *(("promiscuity",) if promiscuity else ())):
        was, is_ = getattr(before, name), getattr(now, name)
        if was != is_:
            raise CannotStandIn(f"{before.name} {what}: its {name.upper()} was {was} and is {is_}")
