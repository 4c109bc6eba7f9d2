"""A bridge port on the client's way passes no frames of it: isolated, blocked by STP, in another VLAN, not learning, down.

Why: A bridge drops what comes in by a port that is not forwarding, passes nothing between two isolated ports
(br_handle_frame_finish and should_deliver, net/bridge), finds no way to a station behind a port that neither learns nor
floods, and where it filters by VLAN keeps the frames of one VLAN from the ports of another (net/bridge/br_vlan.c).
Seen as: ARP is not answered (or not heard), so everything is unreachable; other clients of the bridge are served.
Told apart from: HD201, HD104 and HD105 by the port: the announcer answers on the same bridge, and the frames of one side
never cross to the other.
By hand: On the host, look at the state and the flags of the ports of client and announcer.
    bridge -d link show
    bridge vlan show
    ip -br link show master BRIDGE
    bridge fdb show br BRIDGE
Fix: Set the port right; where STP blocks it, find out why it sees a loop there.
Unsure when: Several ports do not pass frames and the client was heard on none.
References: net/bridge/br_input.c; net/bridge/br_forward.c; bridge(8); Documentation/networking/bridge.rst.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_interface

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import BridgePortFlag, Change, LinkState
from hairpin_doctor.fixes.changes.bridges import STATES
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.likewise import together
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, failing_clients, is_silent, symptom
from hairpin_doctor.vantage_point import STAND_IN_PORT, VantagePoint
from hairpin_doctor.vlan_membership import access_vlan, file_under, misfiled
from probes.arp import ArpFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link
from probes.target import Address, resolution

PASSES = "forwarding"


@dataclass(frozen=True)
class _Obstacle:
    """What keeps the client's frames away, and the change that ends it; None where only a person can."""

    host: VantagePoint
    port: Link
    why: tuple[str, ...]
    change: Change | None


@rule(
    "HD307",
    "port-not-forwarding",
    Severity.BROKEN,
    explains=("HD104", "HD105", "HD201", "HD302"),
    ipv6=Ipv6.PROVEN,
)
def port_not_forwarding(network: Network, vip: Address) -> Verdict:
    """The client is silent towards the VIP, and a port of a scanned bridge explains it."""
    silent = [each for each in failing_clients(network, vip) if is_silent(each, vip)]
    if not silent:
        raise NotThis(f"{resolution(vip)} for {vip} is answered: frames cross every bridge on the way")
    others = [each for each in network.vantage_points if each not in silent]
    if not others:
        raise network.need_host(vip, f"the bridge that {silent[0].name} hangs on")
    diagnoses: list[tuple[str, Diagnosis]] = []
    for client in silent:
        found = [
            *_isolated(network, client, vip),
            *_misfiled(network, client, vip),
            *_deaf(client, vip, others),
        ]
        if len(found) == 1:
            diagnoses.append((client.name, _diagnosis(client, vip, found[0])))
    if diagnoses:
        return together(diagnoses)
    return Cleared(f"no bridge port that was seen keeps frames of {silent[0].name} from {vip}")


def _isolated(network: Network, client: VantagePoint, vip: Address) -> Iterator[_Obstacle]:
    """Client and answering station behind two isolated ports of one bridge."""
    for attachment in network.bridged_by(client, vip):
        host, port = attachment.host, attachment.port
        arp, interfaces = host.findings.get(ArpFacts), host.findings[InterfaceFacts]
        if port is None or port.port is None or not port.port.isolated or arp is None:
            continue
        for mac in arp.macs(vip):
            for entry in host.findings[ForwardingDatabaseFacts].learned(mac):
                far = interfaces.by_index(entry.port)
                if far is None or far.port is None or not far.port.isolated or far.index == port.index:
                    continue
                if far.master == port.master:
                    why = (
                        f"{mac}, which answers {host.name} for {vip}, is behind {far.name}.",
                        f"{client.name} is behind {port.name}.",
                        f"Both ports are isolated: {attachment.interface.name} passes nothing between them.",
                    )
                    yield _Obstacle(host, port, why, BridgePortFlag(port.name, "isolated", 0, 1))


def _misfiled(network: Network, client: VantagePoint, vip: Address) -> Iterator[_Obstacle]:
    """The client is heard in another VLAN than that of the host's interface in its subnet."""
    address = client.address_towards(vip)
    for attachment in network.bridged_by(client, vip):
        found = misfiled(attachment, address, client.name) if address is not None else None
        if found is not None and attachment.port is not None:
            yield _Obstacle(attachment.host, attachment.port, found.why, found.change)


def _deaf(client: VantagePoint, vip: Address, others: list[VantagePoint]) -> Iterator[_Obstacle]:
    """Ports behind which the client may be, of a bridge in its subnet that never heard it nor anybody whom it hears."""
    link, address = client.link_towards(vip), client.address_towards(vip)
    for host in others:
        interfaces, fdb = host.findings.get(InterfaceFacts), host.findings.get(ForwardingDatabaseFacts)
        if link is None or link.mac is None or interfaces is None or fdb is None or address is None:
            continue
        heard = _heard(client) | {link.mac}
        for bridge in interfaces.bridges():
            if not _in_subnet(bridge, address) or any(_passes(interfaces, fdb, mac) for mac in heard):
                continue
            yield from (
                obstacle
                for port in _may_be_behind(client, interfaces, bridge)
                if (obstacle := _obstacle(client, link, host, bridge, port)) is not None
            )


def _may_be_behind(client: VantagePoint, interfaces: InterfaceFacts, bridge: Link) -> tuple[Link, ...]:
    """Ports behind which the client may be: of a stand-in here, whose own is a copy of one of them, that one."""
    ports = interfaces.ports_of(bridge)
    if client.stands_in_for is None or interfaces.by_name(STAND_IN_PORT) is None:
        return ports
    return tuple(each for each in ports if each.name == client.stands_in_for)


def _heard(client: VantagePoint) -> set[str]:
    """The MACs of stations that answered the client."""
    arp = client.findings.get(ArpFacts)
    return {reply.mac for each in (arp.answers if arp else ()) for reply in each.replies}


def _in_subnet(bridge: Link, address: Address) -> bool:
    networks = (ip_interface(f"{own.address}/{own.prefix_length}").network for own in bridge.addresses)
    return any(address in network for network in networks)


def _passes(interfaces: InterfaceFacts, fdb: ForwardingDatabaseFacts, mac: str) -> bool:
    """Whether the station is known behind a port that forwards."""
    ports = (interfaces.by_index(entry.port) for entry in fdb.learned(mac))
    return any(port is not None and port.port is not None and port.port.state == PASSES for port in ports)


def _obstacle(
    client: VantagePoint, link: Link, host: VantagePoint, bridge: Link, port: Link
) -> _Obstacle | None:
    if port.port is None:
        return None
    why: tuple[str, ...]
    unheard = f"{bridge.name} of {host.name} never heard {link.mac}, {client.name}."
    if not port.up and not link.carrier:
        why = (
            f"{link.name} of {client.name} has no carrier.",
            f"{port.name} on {host.name} is down.",
            unheard,
        )
        return _Obstacle(host, port, why, LinkState(port.name))
    if not port.up or not port.carrier:
        return None
    if port.port.state != PASSES:
        why = (f"{port.name} on {host.name} is {port.port.state}, not forwarding (STP).", unheard)
        if bridge.bridge is not None and bridge.bridge.stp:  # the kernel refuses to be overruled (EBUSY)
            return _Obstacle(host, port, why, None)
        state = STATES.get(port.port.state, STATES["blocking"])
        return _Obstacle(host, port, why, BridgePortFlag(port.name, "state", STATES["forwarding"], state))
    if bridge.bridge is not None and bridge.bridge.vlan_filtering and access_vlan(port.port.vlans) is None:
        why = (f"{port.name} on {host.name} files frames without a tag under no VLAN (no PVID).", unheard)
        own = access_vlan(bridge.bridge.vlans)
        return _Obstacle(host, port, why, file_under(port, own) if own is not None else None)
    if not port.port.learning and not port.port.unicast_flood:
        why = (
            f"{port.name} on {host.name} learns no station and floods nothing it does not know: no answer gets out there.",
            unheard,
        )
        return _Obstacle(host, port, why, BridgePortFlag(port.name, "learning", 1, 0))
    return None


def _diagnosis(client: VantagePoint, vip: Address, found: _Obstacle) -> Diagnosis:
    step = Step(
        place="host",
        machine=found.host.name,
        why=f"{found.port.name} then passes the frames of {client.name}",
        changes=(found.change,) if found.change else (),
        instructions=None
        if found.change
        else f"Find the loop that STP sees at {found.port.name}, and end it.",
    )
    caution = "Set it where the port is configured as well; where STP sees a loop, end the loop instead of overruling it."
    return Diagnosis(
        summary=f"{found.port.name} on {found.host.name} does not pass the frames of {client.name}",
        because=(
            symptom(client, vip),
            f"Nobody answers {resolution(vip)} for {vip} at {client.name}.",
            *found.why,
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(
            Fix(
                f"Let {found.port.name} pass frames", (step,), check_from_client(vip, client.name), (caution,)
            ),
        ),
        ruled_out=("HD201, HD104, HD105: the question, or the answer, does not cross the bridge.",),
        at=(found.host.name, found.port.name),
    )
